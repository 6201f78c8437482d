/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the two files that read tallyman.xml share.  A function that fails has
 * filled the reader's err.
 */
#ifndef TALLYMAN_FLOW_SITE_READ_H
#define TALLYMAN_FLOW_SITE_READ_H

#include "base/xml.h"
#include "flow/site.h"

#define SITE_MEMORY_MAX (16u << 20) /* of all strings and structs */
#define SITE_NAME_MAX   40 /* of a partner; the store has room for 63 */

/* What is resolved downwards. */
struct site_settings {
	int acknowledge, list, ta1, test;
	int validate, store, takes, unique, together;
	unsigned char treatment[TALLY_FINDING_COUNT];
	int64_t ack_bytes, number_days;
	int64_t settle_s;
	struct site_spelling spelling; /* of what is sent */
	const struct tally_zone *zone;
	int64_t depth, connect_s, login_s, reply_s, run_s;
	struct mailbox_proxy proxy;
};

struct site_reader {
	struct site *site;
	const struct tally_dictionary *dictionary;
	struct tally_err *err;
	struct site_mailbox *mailbox; /* of site->mailbox, being filled */
	struct site_sending *send;    /* of the partner in hand */
};

enum tally_rc site_read_no_memory(struct site_reader *);
/* "FILE:LINE: <ELEMENT> has ATTRIBUTE="VALUE"; expected …" */
enum tally_rc site_read_wrong(struct site_reader *, const struct tally_xml *,
    const char *attribute, const char *expected);

/* Names of a map and a guide, or null, that are no paths. */
enum tally_rc site_read_no_folder(struct site_reader *,
    const struct tally_xml *, const char *map, const char *guide);

/* n zeroed structs in the site's arena; null when there is no memory. */
void *site_read_many(struct site_reader *, size_t n, size_t size);
size_t site_read_children(const struct tally_xml *, const char *name);
/* The first sibling of a name at or behind c. */
const struct tally_xml *site_read_named(
    const struct tally_xml *c, const char *name);

/* A copy of an attribute, or fallback where there is none. */
enum tally_rc site_read_text(struct site_reader *, const struct tally_xml *,
    const char *attribute, const char *fallback, const char **out);
/* One of two or three words, as its index; *out stays where there is none. */
enum tally_rc site_read_word(struct site_reader *, const struct tally_xml *,
    const char *attribute, const char *const words[3], int *out);
extern const char *const site_word_yes[3];
/* One of NAME-file, NAME-command and NAME-credential, or none of them. */
enum tally_rc site_read_secret(struct site_reader *, const struct tally_xml *,
    const char *name, struct mailbox_secret *);
/* The <proxy> in an element, if there is one. */
enum tally_rc site_read_proxy(
    struct site_reader *, const struct tally_xml *, struct mailbox_proxy *);
/* A whole number from min to max; *out stays where there is none. */
enum tally_rc site_read_number(struct site_reader *, const struct tally_xml *,
    const char *attribute, int64_t min, int64_t max, int64_t *out);
/* A zone of time; *out stays where there is none. */
enum tally_rc site_read_zone(struct site_reader *, const struct tally_xml *,
    const struct tally_zone **out);
/* What any level may set; a level that may not has no such attribute. */
enum tally_rc site_read_settings(
    struct site_reader *, const struct tally_xml *, struct site_settings *);
/* The <finding>s of a level; those of envelopes are not for all. */
enum tally_rc site_read_findings(struct site_reader *, const struct tally_xml *,
    bool envelopes, struct site_settings *);
/* What settings say of findings, all things considered. */
void site_read_terms(struct tally_terms *, const struct site_settings *);
/* Names serve in file names, tables and logs. */
enum tally_rc site_read_name_fits(
    struct site_reader *, const struct tally_xml *, const char *name);

/* Whether a version has the set; "*" stands for any. */
bool site_read_known(
    const struct tally_dictionary *, const char *set, const char *version);
/* How what is sent is spelled; and the partner's <send>s. */
enum tally_rc site_read_spelling(
    struct site_reader *, const struct tally_xml *, struct site_spelling *);
enum tally_rc site_read_sends(struct site_reader *, const struct tally_xml *,
    const struct site_spelling *above, struct site_partner *);
/* When the partner's mailboxes are there: those that its <send>s name. */
enum tally_rc site_read_send_mailboxes(
    struct site_reader *, const struct tally_xml *, struct site_partner *);

/* The partner's mailbox nth (from 0), into the reader's next one. */
enum tally_rc site_read_mailbox(struct site_reader *, const struct tally_xml *,
    const struct site_settings *above, const struct site_partner *, size_t nth);

/* The place of a name, in which 0 is where nothing has it. */
uint32_t *site_name_at(const struct site_names *, const char *name);

#endif
