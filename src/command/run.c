/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman run, fetch, translate and deliver: all stages, or one.
 *
 * JSON: an object with "command", "status" and a count under each of
 * flow_count_name; with --dry-run one with "command", "dry_run", "status" and
 * "actions", objects of "stage", "mailbox", "name" and "note".
 */
#include "command/command.h"

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "base/text.h"
#include "flow/flow.h"

static void
print_json(const char *command, const struct flow *f)
{
	printf("{\"command\":\"%s\",\"status\":%d", command, flow_status(f));
	for (int i = 0; i < FLOW_COUNTS; i++)
		printf(",\"%s\":%" PRIu64, flow_count_name[i], f->count[i]);
	puts("}");
}

/* "3 files_received" is for programs; people get the words apart. */
static void
print_text(const struct flow *f)
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
	if (flow_status(f) == EXIT_ATTENTION)
		puts("something needs a person: 'tallyman status' tells what");
}

struct listing {
	bool json;
	unsigned n;
};

static void
print_action(void *ctx, const struct flow_action *a)
{
	struct listing *l = ctx;
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
dry(const struct invocation *in, const struct command *c, int stage)
{
	struct flow f = { .clock = in->clock };
	struct listing l = { in->json, 0 };
	struct tally_err err;
	enum tally_rc rc;

	log_begin(&f.log, in->quiet, in->verbose);
	if (flow_begin(&f, in->dir, FLOW_LOOK, &err) != TALLY_OK)
		return command_fail(&err);
	if (in->json)
		printf("{\"command\":\"%s\",\"dry_run\":true,\"actions\":[",
		    c->name);
	rc = flow_plan(&f, stage, print_action, &l, &err);
	flow_end(&f);
	if (in->json)
		printf("],\"status\":%d}\n", flow_status(&f));
	else if (l.n == 0 && rc == TALLY_OK && !in->quiet)
		puts("nothing to do");
	return rc == TALLY_OK ? flow_status(&f) : command_fail(&err);
}

static int
stages(const struct invocation *in, const struct command *c, int stage,
    int argc, char **argv)
{
	struct flow f = { .clock = in->clock };
	struct tally_err err;
	enum tally_rc rc;

	if (argc == 2 && strcmp(argv[1], "--dry-run") == 0)
		return dry(in, c, stage);
	if (argc > 1)
		return command_usage(c, "the only option is --dry-run");
	log_begin(&f.log, in->quiet, in->verbose);
	rc = flow_begin(&f, in->dir, FLOW_WORK, &err);
	if (rc != TALLY_OK)
		return command_fail(&err);
	rc = flow_run(&f, stage, &err);
	flow_end(&f);
	if (rc != TALLY_OK)
		return command_fail(&err);
	if (in->json)
		print_json(c->name, &f);
	else if (!in->quiet)
		print_text(&f);
	return flow_status(&f);
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

static int
run_translate(const struct invocation *in, int argc, char **argv)
{
	return stages(in, &command_translate, 1, argc, argv);
}

static int
run_deliver(const struct invocation *in, int argc, char **argv)
{
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
const struct command command_translate = {
	"translate",
	"[--dry-run]",
	"check and record what was fetched, and queue the answers",
	run_translate,
};
const struct command command_deliver = {
	"deliver",
	"[--dry-run]",
	"put what is queued into the mailboxes",
	run_deliver,
};
