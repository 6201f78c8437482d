/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman run, fetch, translate and deliver: all stages, or one.
 *
 * JSON: {"command":…, "status":…, COUNT:… for each of flow_count_name}.
 */
#include "command/command.h"

#include <inttypes.h>
#include <sysexits.h>

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
	puts(*separator == '\0' ? "nothing to do" : "");
	if (flow_status(f) == EXIT_ATTENTION)
		puts("something needs a person: 'tallyman status' tells what");
}

static int
stages(const struct invocation *in, const struct command *c, int stage,
    int argc, char **argv)
{
	struct flow f = { .clock = in->clock };
	struct tally_err err;
	enum tally_rc rc;
	int status = command_no_arguments(c, argc, argv);

	if (status != EX_OK)
		return status;
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
	"",
	"go once through fetch, translate and deliver",
	run_all,
};
const struct command command_fetch = {
	"fetch",
	"",
	"take new files from the mailboxes",
	run_fetch,
};
const struct command command_translate = {
	"translate",
	"",
	"check and record what was fetched, and queue the answers",
	run_translate,
};
const struct command command_deliver = {
	"deliver",
	"",
	"put what is queued into the mailboxes",
	run_deliver,
};
