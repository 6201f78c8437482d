/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The subcommands: a file each, a row each in main.c's table.
 */
#ifndef TALLYMAN_COMMAND_COMMAND_H
#define TALLYMAN_COMMAND_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "flow/clock.h"
#include "tallyman/err.h"

/* Exit status beside those of sysexits: done, but something needs a person. */
#define EXIT_ATTENTION 1

/* What stands before the subcommand on the command line. */
struct invocation {
	const char *dir; /* -C, or null: look for the workspace */
	bool json;
	bool quiet;
	int verbose;
	bool color;              /* standard output takes colours */
	struct flow_clock clock; /* the time; fixed by TALLYMAN_NOW */
};

struct command {
	const char *name;
	const char *synopsis; /* "[--ack=ta1|997] FILE…" */
	const char *summary;  /* one line for --help */
	/* argv[0] is the subcommand; returns the exit status. */
	int (*run)(const struct invocation *, int argc, char **argv);
};

extern const struct command command_init, command_run, command_fetch,
    command_translate, command_deliver, command_check, command_validate,
    command_host_key, command_show, command_read, command_write,
    command_coverage, command_map, command_lookup, command_test,
    command_explain, command_status, command_list, command_find, command_trace,
    command_release, command_reject, command_replay, command_backup,
    command_verify, command_purge, command_redact, command_doctor;

/* Prints "tallyman: FILE:LINE: text" to stderr; returns its exit status. */
int command_fail(const struct tally_err *);

/* Prints the command's usage to stderr; returns EX_USAGE. */
int command_usage(const struct command *, const char *why);

/* EX_OK, or usage when anything stands behind the command. */
int command_no_arguments(const struct command *, int argc, char **argv);

/* Text that is not ours, escaped for people or as a JSON string (null for
 * null). */
void command_print_safe(FILE *, const char *text);
void command_print_json(FILE *, const char *text);

#endif
