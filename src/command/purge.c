/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman purge: removes what is old, after it was shown.
 *
 * JSON: {"command":"purge","dry_run":B,"before":…,"purged":[{"what":…,
 * "rows":N,"bytes":N},…],"status":0}.
 */
#include "command/command.h"

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "command/select.h"
#include "flow/flow.h"

struct purge {
	const struct invocation *in;
	bool what[STORE_PURGES];
	char before[32];
	bool dry;
	unsigned n;
	struct flow f;
};

static void
tell(struct purge *p, enum store_purge what, const struct store_purged *n)
{
	if (p->in->json)
		printf("%s{\"what\":\"%s\",\"rows\":%" PRIu64
		       ",\"bytes\":%" PRIu64 "}",
		    p->n++ > 0 ? "," : "", store_purged_name[what], n->rows,
		    n->bytes);
	else if (!p->in->quiet)
		printf("%s: %" PRIu64 ", %" PRIu64 " bytes%s\n",
		    store_purged_name[what], n->rows, n->bytes,
		    p->dry ? "; --yes removes them" : " removed");
}

static enum tally_rc
all(struct purge *p, struct tally_err *err)
{
	struct store_purged n;
	enum tally_rc rc = TALLY_OK;

	for (int i = 0; i < STORE_PURGES && rc == TALLY_OK; i++) {
		if (!p->what[i])
			continue;
		if (p->dry)
			rc = store_purge_plan(p->f.store, (enum store_purge)i,
			    p->before, &n, err);
		else
			rc = store_purge(p->f.store, (enum store_purge)i,
			    p->before, flow_clock_now(&p->f.clock), &n, err);
		if (rc == TALLY_OK)
			tell(p, (enum store_purge)i, &n);
	}
	return rc;
}

static bool
class_option(struct purge *p, const char *arg)
{
	for (int i = 0; i < STORE_PURGES; i++)
		if (strncmp(arg, "--", 2) == 0 &&
		    strcmp(arg + 2, store_purged_name[i]) == 0) {
			p->what[i] = true;
			return true;
		}
	return false;
}

static bool
read_arguments(struct purge *p, int argc, char **argv, const char **why)
{
	bool yes = false, dry = false, any = false;
	const char *v;

	for (int i = 1; i < argc && *why == NULL; i++) {
		if (strcmp(argv[i], "--yes") == 0)
			yes = true;
		else if (strcmp(argv[i], "--dry-run") == 0)
			dry = true;
		else if (class_option(p, argv[i]))
			any = true;
		else if ((v = select_value(argc, argv, &i, "--before")) == NULL)
			*why = "there is no such option";
		else if (!select_time(p->before, &p->in->clock, v))
			*why = "a time is a day such as 2026-01-31, an "
			       "instant, or 400d for so many days ago";
	}
	if (*why == NULL && p->before[0] == '\0')
		*why = "--before is missing: what is older is removed";
	if (*why == NULL && !any)
		*why = "what is missing: --payloads, --findings, --residue";
	p->dry = dry || !yes;
	return *why == NULL;
}

static int
run(const struct invocation *in, int argc, char **argv)
{
	struct purge p = { .in = in, .f = { .clock = in->clock } };
	const char *why = NULL;
	struct tally_err err;
	enum tally_rc rc;

	if (!read_arguments(&p, argc, argv, &why))
		return command_usage(&command_purge, why);
	log_begin(&p.f.log, in->quiet, in->verbose);
	rc = flow_begin(&p.f, in->dir, p.dry ? FLOW_LOOK : FLOW_WORK, &err);
	if (rc != TALLY_OK)
		return command_fail(&err);
	if (in->json)
		printf("{\"command\":\"purge\",\"dry_run\":%s,\"before\":"
		       "\"%s\",\"purged\":[",
		    p.dry ? "true" : "false", p.before);
	rc = all(&p, &err);
	flow_end(&p.f);
	if (in->json)
		printf("],\"status\":%d}\n", tally_rc_exit(rc));
	return rc == TALLY_OK ? EX_OK : command_fail(&err);
}

const struct command command_purge = {
	"purge",
	"--before=TIME [--payloads] [--findings] [--residue] [--yes]",
	"remove what is old, after it was shown",
	run,
};
