/* SPDX-License-Identifier: Apache-2.0 */
/* What tallyman write is asked for, and what it has in hand. */
#ifndef TALLYMAN_COMMAND_WRITING_H
#define TALLYMAN_COMMAND_WRITING_H

#include "command/judging.h"
#include "flow/compose.h"
#include "store/store.h"

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
	const struct site_mailbox *mailbox; /* with send */
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
/* The id that "--document=ID" names; 0 when an argument is no such option. */
int64_t writing_document(const char *arg);

#endif
