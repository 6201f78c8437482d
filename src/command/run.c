/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman run, fetch and deliver: all stages, or one; translate.c has the
 * command that takes files, too.
 *
 * JSON: an object with "command", "status" and a count under each of
 * flow_count_name; with --dry-run one with "command", "dry_run", "status" and
 * "actions", objects of "stage", "mailbox", "name" and "note".
 */
#include "command/run.h"

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "base/text.h"

void
run_print_counts(const struct flow *f)
{
	for (int i = 0; i < FLOW_COUNTS; i++)
		printf(",\"%s\":%" PRIu64, flow_count_name[i], f->count[i]);
}

static void
print_json(const char *command, const struct flow *f)
{
	printf("{\"command\":\"%s\",\"status\":%d", command, flow_status(f));
	run_print_counts(f);
	puts("}");
}

/* "3 files_received" is for programs; people get the words apart. */
void
run_print_text(const struct flow *f)
{
	const char *separator = "", *p;

	for (int i = 0; i < FLOW_COUNTS; i++) {
		if (f->count[i] == 0)
			continue;
		printf("%s", separator);
		for (p = flow_count_name[i]; *p != '\0'; p++)
			putchar(*p == '_' ? ' ' : *p);
		printf(": %" PRIu64, f->count[i]);
		separator = ", ";
	}
	puts(*separator != '\0'        ? ""
		: f->worst == TALLY_OK ? "nothing to do"
				       : "nothing could be done");
	if (f->count[FLOW_WAITING] != 0)
		puts("what waits is not complete, or has just changed: a later "
		     "run takes it");
	if (flow_status(f) == EXIT_ATTENTION)
		puts("something needs a person: 'tallyman status' tells what");
}

void
run_print_action(void *ctx, const struct flow_action *a)
{
	struct run_listing *l = ctx;
	struct tally_buf b;

	tally_buf_init(&b, 64u << 10);
	if (l->json) {
		tally_buf_printf(&b,
		    "%s{\"stage\":\"%s\",\"mailbox\":", l->n > 0 ? "," : "",
		    a->stage);
		tally_text_json(&b, tally_cstr(a->mailbox));
		tally_buf_puts(&b, ",\"name\":");
		tally_text_json(&b, a->name);
		tally_buf_puts(&b, ",\"note\":");
		tally_text_json(&b, tally_cstr(a->note));
		tally_buf_putc(&b, '}');
	} else {
		tally_buf_printf(&b, "%s, mailbox %s: ", a->stage, a->mailbox);
		tally_text_safe(&b, a->name);
		if (a->note[0] != '\0') {
			tally_buf_puts(&b, a->name.n > 0 ? ", " : "");
			tally_text_safe(&b, tally_cstr(a->note));
		}
		tally_buf_putc(&b, '\n');
	}
	fputs(b.p != NULL ? b.p : "", stdout);
	tally_buf_free(&b);
	l->n++;
}

/* What would be done; the store is only read. */
static int
plan(const struct invocation *in, const struct command *c, int stage)
{
	struct flow f = { .clock = in->clock };
	struct run_listing l = { in->json, 0 };
	struct tally_err err;
	enum tally_rc rc;

	log_begin(&f.log, in->quiet, in->verbose);
	if (flow_begin(&f, in->dir, FLOW_LOOK, &err) != TALLY_OK)
		return command_fail(&err);
	if (in->json)
		printf("{\"command\":\"%s\",\"dry_run\":true,\"actions\":[",
		    c->name);
	rc = flow_plan(&f, stage, run_print_action, &l, &err);
	flow_end(&f);
	if (in->json)
		printf("],\"status\":%d}\n", flow_status(&f));
	else if (l.n == 0 && rc == TALLY_OK && !in->quiet)
		puts("nothing to do");
	return rc == TALLY_OK ? flow_status(&f) : command_fail(&err);
}

int
run_stages(
    const struct invocation *in, const struct command *c, int stage, bool dry)
{
	struct flow f = { .clock = in->clock };
	struct tally_err err;
	enum tally_rc rc;

	if (dry)
		return plan(in, c, stage);
	log_begin(&f.log, in->quiet, in->verbose);
	rc = flow_begin(
	    &f, in->dir, stage == FLOW_STAGES ? FLOW_RUN : FLOW_WORK, &err);
	if (rc != TALLY_OK)
		return command_fail(&err);
	rc = flow_run(&f, stage, &err);
	flow_end(&f);
	if (rc != TALLY_OK)
		return command_fail(&err);
	if (in->json)
		print_json(c->name, &f);
	else if (!in->quiet)
		run_print_text(&f);
	return flow_status(&f);
}

static int
stages(const struct invocation *in, const struct command *c, int stage,
    int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--dry-run") == 0)
		return run_stages(in, c, stage, true);
	if (argc > 1)
		return command_usage(c, "the only option is --dry-run");
	return run_stages(in, c, stage, false);
}

static int
run_all(const struct invocation *in, int argc, char **argv)
{
	return stages(in, &command_run, FLOW_STAGES, argc, argv);
}

static int
run_fetch(const struct invocation *in, int argc, char **argv)
{
	return stages(in, &command_fetch, 0, argc, argv);
}

/* A person has looked at what was restored: its numbers go on, and its
 * outgoing files go out. */
static int
deliver_restored(const struct invocation *in)
{
	struct flow f = { .clock = in->clock };
	struct tally_err err;
	enum tally_rc rc;

	log_begin(&f.log, in->quiet, in->verbose);
	rc = flow_begin(&f, in->dir, FLOW_WORK, &err);
	if (rc != TALLY_OK)
		return command_fail(&err);
	rc = flow_mark_adopt(&f, &err);
	flow_end(&f);
	return rc == TALLY_OK ? run_stages(in, &command_deliver, 2, false)
			      : command_fail(&err);
}

static int
run_deliver(const struct invocation *in, int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--restored") == 0)
		return deliver_restored(in);
	if (argc > 1 && strcmp(argv[1], "--dry-run") != 0)
		return command_usage(&command_deliver,
		    "the options are --dry-run and --restored");
	return stages(in, &command_deliver, 2, argc, argv);
}

const struct command command_run = {
	"run",
	"[--dry-run]",
	"go once through fetch, translate and deliver",
	run_all,
};
const struct command command_fetch = {
	"fetch",
	"[--dry-run]",
	"take new files from the mailboxes",
	run_fetch,
};
const struct command command_deliver = {
	"deliver",
	"[--dry-run | --restored]",
	"put what is queued into the mailboxes",
	run_deliver,
};
