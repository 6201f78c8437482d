/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman status: what needs a person, how mailboxes do, what there is.
 *
 * JSON: {"command":"status","status":N,"attention":[…],"mailboxes":[…],
 * "counts":[…],"recent":[…]}, each row an object of the store's columns.
 */
#include "command/command.h"

#include <string.h>
#include <sysexits.h>

#include "command/rows.h"
#include "flow/flow.h"

#define RECENT 10

/* Kinds of which there can be thousands: people are shown the oldest of them,
 * and which list has all.  Of mailboxes that are well, as many. */
#define SHOWN 20
static const struct kind {
	const char *what, *state, *list;
} kind[] = {
	{ "file", "quarantined", "quarantine" },
	{ "interchange", "rejected", "interchanges --state=rejected" },
	{ "document", "held", "documents --state=held" },
	{ "document", "rejected", "documents --state=rejected" },
	{ "document", "unanswered", "expected --state=overdue" },
	{ "answer", "rejected", "answers" },
	{ "answer", "unmatched", "answers --state=unmatched" },
	{ "outbox", "failed", "outbox --state=failed" },
};
#define KINDS (sizeof(kind) / sizeof(kind[0]))

struct rows {
	const char *title; /* still to be printed; null */
	unsigned n;
	char what[64]; /* of the row before: counts of a kind share a line */
	unsigned of[KINDS];
	unsigned well;   /* mailboxes; and of those that are not shown: */
	char oldest[32]; /* which was last reached before all others */
};

static void print_attention(struct rows *, const struct rows_row *);
static void print_mailbox(struct rows *, const struct rows_row *);
static void print_count(struct rows *, const struct rows_row *);
static void print_recent(struct rows *, const struct rows_row *);

static const struct section {
	const char *name;  /* in JSON */
	const char *title; /* for people */
	enum store_question question;
	int64_t argument;
	void (*print)(struct rows *, const struct rows_row *);
} section[] = {
	{ "attention", "Needs a person", STORE_Q_ATTENTION, 0,
	    print_attention },
	{ "mailboxes", "Mailboxes", STORE_Q_MAILBOXES, 0, print_mailbox },
	{ "counts", "Counts", STORE_Q_COUNTS, 0, print_count },
	{ "recent", "Newest documents", STORE_Q_RECENT, RECENT, print_recent },
};
#define SECTIONS (sizeof(section) / sizeof(section[0]))

/* Texts one after the other, each escaped; null ends them. */
static void
print_all(const char *const *text)
{
	for (; *text != NULL; text++)
		command_print_safe(stdout, *text);
}
#define PRINT(...) print_all((const char *const[]){ __VA_ARGS__, NULL })

static bool
is_shown(struct rows *rows, const struct rows_row *r)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(rows_get(r, "what"), kind[i].what) == 0 &&
		    strcmp(rows_get(r, "state"), kind[i].state) == 0)
			return rows->of[i]++ < SHOWN;
	return true;
}

static void
print_more(const struct rows *rows)
{
	for (size_t i = 0; i < KINDS; i++)
		if (rows->of[i] > SHOWN)
			printf("  %s %s: %u more, 'tallyman list %s' has "
			       "them all\n",
			    kind[i].what, kind[i].state, rows->of[i] - SHOWN,
			    kind[i].list);
}

static void
print_attention(struct rows *rows, const struct rows_row *r)
{
	if (!is_shown(rows, r))
		return;
	PRINT("  ", rows_get(r, "what"), " ");
	if (*rows_get(r, "id") != '\0')
		PRINT(rows_get(r, "id"), " ");
	PRINT(rows_get(r, "state"), " since ", rows_get(r, "since"), ": ",
	    rows_get(r, "name"));
	if (*rows_get(r, "reason") != '\0')
		PRINT(": ", rows_get(r, "reason"));
	putchar('\n');
}

static void
print_mailbox(struct rows *rows, const struct rows_row *r)
{
	const char *ok = rows_get(r, "last_ok"),
		   *next = rows_get(r, "next_try");
	const bool well = strcmp(rows_get(r, "failures"), "0") == 0;

	if (well && rows->well++ >= SHOWN) {
		if (rows->oldest[0] == '\0' || strcmp(ok, rows->oldest) < 0)
			snprintf(rows->oldest, sizeof(rows->oldest), "%s", ok);
		return;
	}
	PRINT("  ", rows_get(r, "name"), ": ");
	if (well)
		PRINT("well, last reached ", *ok != '\0' ? ok : "never");
	else
		PRINT(rows_get(r, "failures"),
		    " failed runs in a row, last reached ",
		    *ok != '\0' ? ok : "never", ", tried again ",
		    *next != '\0' ? next : "by the next run", ": ",
		    rows_get(r, "reason"));
	putchar('\n');
}

static void
print_other_mailboxes(const struct rows *rows)
{
	if (rows->well > SHOWN)
		printf("  %u more are well, last reached %s or later\n",
		    rows->well - SHOWN, rows->oldest);
}

static void
print_count(struct rows *rows, const struct rows_row *r)
{
	const char *what = rows_get(r, "what");

	if (strcmp(rows->what, what) == 0) {
		PRINT(", ");
	} else {
		if (rows->what[0] != '\0')
			putchar('\n');
		PRINT("  ", what, ": ");
		snprintf(rows->what, sizeof(rows->what), "%s", what);
	}
	PRINT(rows_get(r, "number"), " ", rows_get(r, "state"));
}

static void
print_recent(struct rows *rows, const struct rows_row *r)
{
	(void)rows;
	PRINT("  ", rows_get(r, "id"), " ", rows_get(r, "set"), " ",
	    rows_get(r, "key"), " ", rows_get(r, "state"), ", from ",
	    rows_get(r, "partner"), ", received ", rows_get(r, "received"));
	putchar('\n');
}

static void
row_json(void *ctx, int n, const char *const *names, const char *const *values)
{
	struct rows *r = ctx;
	const struct rows_row row = { n, names, values };

	if (r->n++ > 0)
		putchar(',');
	rows_print_json(&row, NULL);
}

struct text {
	struct rows rows;
	const struct section *section;
};

static void
row_text(void *ctx, int n, const char *const *names, const char *const *values)
{
	struct text *t = ctx;
	const struct rows_row r = { n, names, values };

	if (t->rows.title != NULL)
		printf("%s:\n", t->rows.title);
	t->rows.title = NULL;
	t->rows.n++;
	t->section->print(&t->rows, &r);
}

static enum tally_rc
print(struct flow *f, bool json, bool quiet, bool *attention,
    struct tally_err *err)
{
	struct text t;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < SECTIONS && rc == TALLY_OK; i++) {
		t = (struct text){ { .title = section[i].title }, &section[i] };
		if (json)
			printf("%s\"%s\":[", i > 0 ? "," : "", section[i].name);
		else if (quiet && section[i].question != STORE_Q_ATTENTION)
			continue;
		rc = store_ask(f->store, section[i].question,
		    section[i].argument, json ? row_json : row_text,
		    json ? (void *)&t.rows : (void *)&t, err);
		if (json)
			putchar(']');
		else if (t.rows.what[0] != '\0')
			putchar('\n');
		print_other_mailboxes(&t.rows);
		if (section[i].question != STORE_Q_ATTENTION)
			continue;
		*attention = t.rows.n > 0;
		print_more(&t.rows);
		if (*attention && !json && !quiet)
			puts("  decide with 'tallyman release' or 'tallyman "
			     "reject'");
	}
	return rc;
}

static int
run(const struct invocation *in, int argc, char **argv)
{
	struct flow f = { .clock = in->clock };
	struct tally_err err;
	bool attention = false;
	enum tally_rc rc;
	int status = command_no_arguments(&command_status, argc, argv);

	if (status != EX_OK)
		return status;
	log_begin(&f.log, in->quiet, in->verbose);
	rc = flow_begin(&f, in->dir, FLOW_LOOK, &err);
	if (rc != TALLY_OK)
		return command_fail(&err);
	if (in->json)
		fputs("{\"command\":\"status\",", stdout);
	rc = print(&f, in->json, in->quiet, &attention, &err);
	flow_end(&f);
	status = attention ? EXIT_ATTENTION : EX_OK;
	if (in->json)
		printf(",\"status\":%d}\n", status);
	if (rc != TALLY_OK)
		return command_fail(&err);
	if (!attention && !in->json && !in->quiet)
		puts("Nothing needs a person.");
	return status;
}

const struct command command_status = {
	"status",
	"",
	"say what needs a person, how mailboxes do, what came and went",
	run,
};
