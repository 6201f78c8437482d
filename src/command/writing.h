/* SPDX-License-Identifier: Apache-2.0 */
/* What tallyman write is asked for, and what it has in hand. */
#ifndef TALLYMAN_COMMAND_WRITING_H
#define TALLYMAN_COMMAND_WRITING_H

#include "command/judging.h"
#include "flow/compose.h"
#include "store/store.h"
#include "tallyman/judge.h"

struct invocation;

struct writing {
	const struct invocation *in;
	struct judging judging;
	struct compose_options options;
	struct compose *compose;
	struct store *store; /* null: numbers are not drawn */
	struct tally_findings findings;
	struct tally_buf input, report, sent;
	struct tally_arena tree;
	bool wrong, send;
	int argc;
	char **argv; /* with options --document among them */
	size_t ndocument;
	const char *script, *set; /* file, and what it makes; or null */
	struct tally_buf sql;
	const struct site_mailbox *mailbox; /* with send: the first one */
	/* The sets of the interchange in hand, in its order, and of each of its
	 * groups how many they are up to its end; both owned. */
	struct store_document *doc;
	size_t ndoc, doc_cap, nset; /* nset: of all interchanges */
	size_t *group_end;
	size_t group_cap;
	/* What options are read into. */
	struct tally_separators separators;
	enum site_line_end line_end;
	char replacement[2];
	char sender_qualifier[3], receiver_qualifier[3];
};

/* Takes argv[*i]; EX_USAGE, and told, when it is no option or a wrong one. */
int writing_option(struct writing *, int argc, char **argv, int *i);
/* What options do not go together, and with files; null: they do. */
const char *writing_mismatch(const struct writing *, bool files);
/* Each set, while what is sent is judged; then its interchange, which becomes
 * a file of the outbox, with evidence of what was sent. */
enum tally_rc writing_sends_set(
    void *ctx, const struct tally_visit *, struct tally_err *);
enum tally_rc writing_sends(struct writing *,
    const struct tally_interchange_judged *, struct tally_str bytes,
    struct tally_err *) TALLY_MUST_USE;
/* The id that "--document=ID" names; 0 when an argument is no such option. */
int64_t writing_document(const char *arg);

#endif
