/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman read: X12 to canonical records, without a store.
 *
 * Prints a line of JSON for each set that is not rejected.  What is wrong is
 * told on standard error.  The exit status is 65 when anything is rejected, and
 * 1 when a run would hold a document for a person: its map found something, or
 * there is none.
 */
#include <string.h>
#include <sysexits.h>

#include "command/command.h"
#include "command/records.h"

static int
work(struct records *r, const char *dir, char **file)
{
	struct tally_err err;
	int status = EX_OK;

	if (records_begin(r, dir, &err) != TALLY_OK)
		return command_fail(&err);
	for (; *file != NULL; file++)
		if (records_file(r, *file, &err) != TALLY_OK)
			status = command_fail(&err);
	if (status == EX_OK && r->rejected > 0)
		status = EX_DATAERR;
	if (status == EX_OK && r->held > 0)
		status = EXIT_ATTENTION;
	return status;
}

static int
run(const struct invocation *in, int argc, char **argv)
{
	struct records r = { .json = in->json,
		.quiet = in->quiet,
		.lines = stdout,
		.told = stderr };
	int i = 1, status;

	for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		if (strncmp(argv[i], "--map=", 6) == 0)
			r.map = argv[i] + 6;
		else if (!judging_option(&r.judging, argc, argv, &i))
			return command_usage(&command_read,
			    "the options are --map=NAME, --guide FILE and "
			    "--partner=NAME");
	}
	if (i == argc)
		return command_usage(
		    &command_read, "the file is missing; - is standard input");
	status = work(&r, in->dir, argv + i);
	records_end(&r);
	return status;
}

const struct command command_read = {
	.name = "read",
	.synopsis = "[--map=NAME] " JUDGING_SYNOPSIS " FILE...",
	.summary = "print the records of X12 files as lines of JSON",
	.run = run,
};
