/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman list, find and trace: what there is, where a number occurs, and
 * what happened to an order.
 *
 * JSON: an object a line, "type" first, then the store's columns, whose values
 * are strings or null.
 */
#include "command/command.h"

#include <string.h>
#include <sysexits.h>

#include "command/rows.h"
#include "command/select.h"
#include "flow/flow.h"

static const struct listing {
	const char *name;
	enum store_list list;
	const char *state; /* only those; null: all */
	const char *type;
	const char *pattern;
} listing[] = {
	{ "documents", STORE_LIST_DOCUMENTS, NULL, "document",
	    "{id} {set}[ {key}] {state}, {direction}, {partner}, "
	    "{received}[, map {map}][: {reason}][ ({decision} by a person)]" },
	{ "files", STORE_LIST_FILES, NULL, "file",
	    "{id} {state}, {mailbox}: {name}, {size} bytes, "
	    "{received}[: {reason}]" },
	{ "quarantine", STORE_LIST_FILES, "quarantined", "file",
	    "{id} {mailbox}: {name}, {size} bytes, since {since}: {reason}" },
	{ "interchanges", STORE_LIST_INTERCHANGES, NULL, "interchange",
	    "{id} {control} {state}, {direction}, {sender_qualifier}/{sender} "
	    "to {receiver_qualifier}/{receiver}, {documents} documents, "
	    "{received}[, answered by outgoing file {answer}][: {reason}]" },
	{ "outbox", STORE_LIST_OUTBOX, NULL, "outbox",
	    "{id} {state} since {since}, {mailbox}: {name}, {attempts} "
	    "attempts[, again at {next}][: {reason}]" },
	{ "answers", STORE_LIST_ANSWERS, NULL, "answer",
	    "{id} {kind} {verdict}[, group {functional} {group_control}]"
	    "[, set {set}][ {control}], {state}, {partner}, {received}"
	    "[, codes {codes}]" },
	{ "expected", STORE_LIST_EXPECTED, NULL, "expected",
	    "{id} {set}[ {key}] {control}, {state}, {partner}[, {file}]"
	    "[, sent {sent}][, due {due}]" },
};
#define LISTINGS (sizeof(listing) / sizeof(listing[0]))

static const struct listing *
find_listing(const char *name)
{
	for (size_t i = 0; i < LISTINGS; i++)
		if (strcmp(listing[i].name, name) == 0)
			return &listing[i];
	return NULL;
}

static enum tally_rc
list_rows(
    struct flow *f, void *ctx, struct rows_listing *rows, struct tally_err *err)
{
	struct select *s = ctx;

	for (size_t i = 0; i < LISTINGS; i++)
		if (listing[i].pattern == rows->pattern)
			return store_list(f->store, listing[i].list, &s->filter,
			    rows_list, rows, err);
	return TALLY_OK;
}

static enum tally_rc
find_rows(
    struct flow *f, void *ctx, struct rows_listing *rows, struct tally_err *err)
{
	return store_find(f->store, ctx, rows_list, rows, err);
}

static enum tally_rc
trace_rows(
    struct flow *f, void *ctx, struct rows_listing *rows, struct tally_err *err)
{
	return store_trace(f->store, ctx, rows_list, rows, err);
}

/* Opens the store to look at it, and prints rows; status none when there are
 * none. */
static int
print(const struct invocation *in, struct rows_listing *rows, void *ctx,
    enum tally_rc (*give)(
	struct flow *, void *, struct rows_listing *, struct tally_err *),
    int none)
{
	struct flow f = { .clock = in->clock };
	struct tally_err err;
	enum tally_rc rc;

	rows->json = in->json;
	log_begin(&f.log, in->quiet, in->verbose);
	rc = flow_begin(&f, in->dir, FLOW_LOOK, &err);
	if (rc != TALLY_OK)
		return command_fail(&err);
	rc = give(&f, ctx, rows, &err);
	flow_end(&f);
	if (rc != TALLY_OK)
		return command_fail(&err);
	if (rows->n == 0 && !in->json && !in->quiet)
		puts("there is nothing of the kind");
	return rows->n > 0 ? EX_OK : none;
}

static int
run_list(const struct invocation *in, int argc, char **argv)
{
	const struct listing *l = &listing[0];
	struct select s = { .filtered = false };
	struct rows_listing rows = { 0 };
	const char *why = NULL;
	int i = 1;

	if (argc > 1 && argv[1][0] != '-') {
		l = find_listing(argv[1]);
		if (l == NULL)
			return command_usage(&command_list,
			    "there is a list of documents, files, quarantine, "
			    "interchanges, outbox and answers");
		i = 2;
	}
	for (; i < argc && why == NULL; i++)
		if (!select_option(&s, &in->clock, argc, argv, &i, &why))
			return command_usage(
			    &command_list, "there is no such option");
	if (why == NULL && (s.by & ~store_filters(l->list)) != 0)
		why = "that list has nothing of what one of the options asks "
		      "for";
	if (why == NULL && l->state != NULL && s.filter.state != NULL)
		why = "the state is quarantined already";
	if (why != NULL)
		return command_usage(&command_list, why);
	if (l->state != NULL)
		s.filter.state = l->state;
	rows.type = l->type;
	rows.pattern = l->pattern;
	return print(in, &rows, &s, list_rows, EX_OK);
}

static int
run_find(const struct invocation *in, int argc, char **argv)
{
	struct rows_listing rows = { .pattern =
					 "{what} {id}[ {set}][ {name}] "
					 "{state}, {partner}, {at} ({place})" };

	if (argc != 2 || argv[1][0] == '\0')
		return command_usage(&command_find, "one key is expected");
	return print(in, &rows, argv[1], find_rows, EX_NOINPUT);
}

static int
run_trace(const struct invocation *in, int argc, char **argv)
{
	struct rows_listing rows = { .pattern =
					 "{at} {what} {id} {state}[ {name}]"
					 "[, {partner}][: {reason}]" };

	if (argc != 2 || argv[1][0] == '\0')
		return command_usage(&command_trace, "one key is expected");
	return print(in, &rows, argv[1], trace_rows, EX_NOINPUT);
}

const struct command command_list = {
	"list",
	"[documents|files|quarantine|interchanges|outbox|answers]\n"
	"    " SELECT_OPTIONS,
	"list what there is, all or some of it",
	run_list,
};
const struct command command_find = {
	"find",
	"KEY",
	"say where an order, a control number or a file's name occurs",
	run_find,
};
const struct command command_trace = {
	"trace",
	"KEY",
	"tell what happened to an order, in order of time",
	run_trace,
};
