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

#include "flow/flow.h"

#define RECENT 10

static const struct section {
	const char *name;  /* in JSON */
	const char *title; /* for people */
	enum store_question question;
	int64_t argument;
} section[] = {
	{ "attention", "Needs a person", STORE_Q_ATTENTION, 0 },
	{ "mailboxes", "Mailboxes", STORE_Q_MAILBOXES, 0 },
	{ "counts", "Counts", STORE_Q_COUNTS, 0 },
	{ "recent", "Newest documents", STORE_Q_RECENT, RECENT },
};
#define SECTIONS (sizeof(section) / sizeof(section[0]))

struct rows {
	const char *title; /* still to be printed; null */
	unsigned n;
};

static void
row_json(void *ctx, int n, const char *const *names, const char *const *values)
{
	struct rows *r = ctx;

	printf("%s{", r->n++ > 0 ? "," : "");
	for (int i = 0; i < n; i++) {
		if (i > 0)
			putchar(',');
		command_print_json(stdout, names[i]);
		putchar(':');
		command_print_json(stdout, values[i]);
	}
	putchar('}');
}

/* "name: value" pairs, those without a value left out. */
static void
row_text(void *ctx, int n, const char *const *names, const char *const *values)
{
	struct rows *r = ctx;
	const char *between = "  ";

	if (r->title != NULL)
		printf("%s:\n", r->title);
	r->title = NULL;
	r->n++;
	for (int i = 0; i < n; i++) {
		if (values[i] == NULL || *values[i] == '\0')
			continue;
		printf("%s%s ", between, names[i]);
		command_print_safe(stdout, values[i]);
		between = ", ";
	}
	putchar('\n');
}

static enum tally_rc
print(struct flow *f, bool json, bool quiet, bool *attention,
    struct tally_err *err)
{
	struct rows rows;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < SECTIONS && rc == TALLY_OK; i++) {
		rows = (struct rows){ section[i].title, 0 };
		if (json)
			printf("%s\"%s\":[", i > 0 ? "," : "", section[i].name);
		else if (quiet && section[i].question != STORE_Q_ATTENTION)
			continue;
		rc = store_ask(f->store, section[i].question,
		    section[i].argument, json ? row_json : row_text, &rows,
		    err);
		if (json)
			putchar(']');
		if (section[i].question == STORE_Q_ATTENTION)
			*attention = rows.n > 0;
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
