/* SPDX-License-Identifier: Apache-2.0 */
/* A workspace of its own for a test, with what is put in and what comes out. */
#ifndef TALLYMAN_TESTS_WORKSPACE_H
#define TALLYMAN_TESTS_WORKSPACE_H

#include "flow/flow.h"

/* A configuration, and in it the partner THEM: attributes of the partner, of
 * what is pulled from its folder drop, and of what is received. */
#define WORKSPACE_SITE(inside) \
	"<tallyman xmlns=\"urn:tallyman:config:1\">" inside "</tallyman>"
#define WORKSPACE_THEM(partner, pull, receive) \
	"<partner name=\"them\" qualifier=\"ZZ\" id=\"THEM\" " partner ">" \
	"<mailbox url=\"dir:.\"><pull from=\"drop\" " pull "/>" \
	"<push to=\"out\"/></mailbox><receive " receive "/></partner>"
#define WORKSPACE_SELF "<self qualifier=\"ZZ\" id=\"US\"/>"
/* Takes orders as they come. */
#define WORKSPACE_USUAL \
	WORKSPACE_SITE( \
	    WORKSPACE_SELF WORKSPACE_THEM("", "settle=\"0\"", "set=\"850\""))

/* A partner whose mailbox cannot be reached. */
#define WORKSPACE_GONE \
	"<partner name=\"gone\" qualifier=\"ZZ\" id=\"GONE\">" \
	"<mailbox url=\"sftp://a@127.0.0.1:1\"" \
	" password-command=\"/bin/echo x\">" \
	"<host-key>SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	"</host-key><pull from=\"x\"/></mailbox></partner>"
/* The same orders behind it. */
#define WORKSPACE_ONE_GONE \
	WORKSPACE_SITE( \
	    WORKSPACE_GONE WORKSPACE_THEM("", "settle=\"0\"", "set=\"850\""))

struct workspace {
	char dir[64];
	struct flow f;        /* of the newest run: its counts */
	int64_t later;        /* added to the time of runs, ms */
	void (*opened)(void); /* called when a run has opened all, and no parser
	                         is made yet; null */
};

/* As "init" makes it; xml, if not null, becomes its configuration. */
void workspace_make(struct workspace *, const char *xml);
void workspace_remove(struct workspace *);

void workspace_put(const struct workspace *, const char *folder,
    const char *name, struct tally_str bytes);
unsigned workspace_files(const struct workspace *, const char *folder);
/* A text that a group of tests has in hand, made and freed with the group. */
extern struct tally_buf workspace_text;
int workspace_text_make(void **state);
int workspace_text_free(void **state);

/* Names and contents of a folder, in the order of names. */
void workspace_read(
    const struct workspace *, const char *folder, struct tally_buf *);

/* When a run takes place now, in milliseconds since 1970. */
int64_t workspace_now(const struct workspace *);

/* A run of all stages at a fixed time; returns the exit status. */
int workspace_run(struct workspace *);

/* One stage alone, an index of flow_stage; returns the exit status. */
int workspace_stage(struct workspace *, int stage);

/* Changes a byte in the middle of every archived file. */
void workspace_damage_archive(const struct workspace *);

/* "documents accepted 2\n…": what, state, number of all that there is. */
void workspace_counts(const struct workspace *, struct tally_buf *);
/* The kinds of findings of a file, each followed by a blank. */
void workspace_findings(
    const struct workspace *, int64_t file, struct tally_buf *);

/*
 * An interchange with one group of n orders, each of one line; the first is
 * numbered PO-first.  Sender ZZ/THEM, receiver ZZ/US.
 */
struct workspace_order {
	unsigned control, first, n;
	char usage;
	const char *sender; /* null: THEM */
};
void workspace_order(struct tally_buf *, const struct workspace_order *);
/* Such orders of THEM, usage P, in place of what was in the buffer. */
struct tally_str workspace_orders(
    struct tally_buf *, unsigned control, unsigned first, unsigned n);

#endif
