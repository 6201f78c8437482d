/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program: what stands before the subcommand, the table of subcommands.
 */
#include "command/command.h"
#include "mailbox/mailbox.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* In the order of --help. */
static const struct command *const commands[] = {
	&command_init,
	&command_run,
	&command_fetch,
	&command_translate,
	&command_deliver,
	&command_check,
	&command_host_key,
	&command_validate,
	&command_show,
	&command_read,
	&command_write,
	&command_map,
	&command_coverage,
	&command_lookup,
	&command_test,
	&command_explain,
	&command_status,
	&command_list,
	&command_find,
	&command_trace,
	&command_release,
	&command_reject,
	&command_replay,
	&command_backup,
	&command_verify,
	&command_purge,
	&command_redact,
	&command_doctor,
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const char options[] =
    "  -C DIR        the workspace; else TALLYMAN_DIR, this folder or one\n"
    "                above it, /var/lib/tallyman\n"
    "  --json        print JSON\n"
    "  -q            print alarms only\n"
    "  -v            tell each step; twice: each decision\n"
    "  --color=WHEN  auto, always or never\n"
    "  --version     print the version\n"
    "  --help        print this\n";

static void
help(void)
{
	fputs("usage: tallyman [OPTION...] COMMAND [ARGUMENT...]\n\n", stdout);
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	printf("\n%s\nEach command has its own --help; tallyman(1) has all.\n",
	    options);
}

static void
help_command(const struct command *c)
{
	printf("usage: tallyman [OPTION...] %s%s%s\n\n%s.\n\n%s", c->name,
	    c->synopsis[0] != '\0' ? " " : "", c->synopsis, c->summary,
	    options);
}

static int
misused(const char *what, const char *value)
{
	fprintf(stderr,
	    "tallyman: %s%s; 'tallyman --help' says what there is\n", what,
	    value);
	return EX_USAGE;
}

/* auto: a terminal, and nobody asked for plain text (no-color.org). */
static int
colour(struct invocation *in, const char *when)
{
	const char *no = getenv("NO_COLOR");

	if (strcmp(when, "always") == 0)
		in->color = true;
	else if (strcmp(when, "never") == 0)
		in->color = false;
	else if (strcmp(when, "auto") == 0)
		in->color =
		    isatty(STDOUT_FILENO) == 1 && (no == NULL || *no == '\0');
	else
		return misused("--color is auto, always or never, not ", when);
	return EX_OK;
}

/* Reads the options at argv[*i]…; *what is set to 'h' or 'v' for --help and
 * --version. */
static int
read_options(struct invocation *in, int argc, char **argv, int *i, char *what)
{
	int status = EX_OK;

	for (; *i < argc && argv[*i][0] == '-' && status == EX_OK; ++*i) {
		const char *a = argv[*i];

		if (strcmp(a, "-C") == 0 && *i + 1 < argc)
			in->dir = argv[++*i];
		else if (strcmp(a, "-C") == 0)
			status = misused("a folder is missing behind ", a);
		else if (strcmp(a, "--json") == 0)
			in->json = true;
		else if (strcmp(a, "-q") == 0)
			in->quiet = true;
		else if (strcmp(a, "-v") == 0)
			in->verbose++;
		else if (strcmp(a, "-vv") == 0)
			in->verbose += 2;
		else if (strncmp(a, "--color=", 8) == 0)
			status = colour(in, a + 8);
		else if (strcmp(a, "--help") == 0)
			*what = 'h';
		else if (strcmp(a, "--version") == 0)
			*what = 'v';
		else
			status = misused("there is no option ", a);
	}
	return status;
}

static const struct command *
find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static bool
asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0)
			return true;
	return false;
}

/* A fixed time makes a run repeatable; nothing else reads the variable. */
static int
set_clock(struct flow_clock *clock)
{
	const char *now = getenv("TALLYMAN_NOW");

	if (now == NULL || *now == '\0')
		return EX_OK;
	if (!flow_clock_parse(now, &clock->fixed) || clock->fixed == 0)
		return misused("TALLYMAN_NOW is not of the form "
			       "2026-01-31T23:59:59Z: ",
		    now);
	return EX_OK;
}

/* Output that nobody could write must not look like success. */
static int
closing(int status)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		if (status == EX_OK)
			status = EX_IOERR;
		fputs("tallyman: standard output cannot be written\n", stderr);
	}
	return status;
}

/*
 * Each file wants buffers of some megabytes; given back to the system after
 * each and asked for again, they would be zeroed and mapped anew, which takes
 * longer than a small file.
 */
static void
keep_memory(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, 4 << 20);
	mallopt(M_TRIM_THRESHOLD, 16 << 20);
#endif
}

/* Others' data and keys are in memory: no file of it, nobody looks in.  Where
 * that is refused the work is done all the same. */
static void
keep_private(void)
{
	static const struct rlimit none = { 0, 0 };

	umask(027);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
}

int
main(int argc, char **argv)
{
	struct invocation in = { 0 };
	const struct command *c;
	char what = 0;
	int i = 1, status;

	keep_private();
	keep_memory();
	mailbox_end_without_memory(EX_TEMPFAIL);
	signal(SIGPIPE, SIG_IGN);
	(void)colour(&in, "auto");
	status = read_options(&in, argc, argv, &i, &what);
	if (status == EX_OK)
		status = set_clock(&in.clock);
	if (status != EX_OK)
		return status;
	if (what == 'v') {
		puts("tallyman " TALLYMAN_VERSION);
		return closing(EX_OK);
	}
	if (what == 'h') {
		help();
		return closing(EX_OK);
	}
	if (i >= argc)
		return misused("what is to be done is missing", "");
	c = find(argv[i]);
	if (c == NULL)
		return misused("there is no command ", argv[i]);
	if (asks_for_help(argc - i, argv + i)) {
		help_command(c);
		return closing(EX_OK);
	}
	return closing(c->run(&in, argc - i, argv + i));
}
