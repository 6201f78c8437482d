/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman coverage: what of partners' documents the maps do not read.
 *
 * Over all sets of the files, or of the archive, that are not rejected, by set,
 * version and map: elements of which some or all stay residue, with their
 * number, their share and the shapes of their values; elements that always
 * have the same value; codes that the dictionary does not list, and codes that
 * did not occur before.  Values themselves are shown only where the dictionary
 * has a list of codes: reports go to other people.
 *
 * JSON: an object a line, "type" first, then "set" and "version":
 *	"set": map (null: none reads it), documents, elements, read
 *	"unread": place, element, id, name, seen, unread, samples
 *	"constant": place, element, id, name, seen, value
 *	"code", "new_code": place, element, id, name, value, seen
 */
#include "command/coverage.h"

#include <string.h>
#include <sysexits.h>

#include "command/archive.h"
#include "command/command.h"
#include "command/select.h"

#define OUTPUT_MAX ((size_t)64 << 20)

/* What is asked for. */
struct asked {
	const struct invocation *in;
	struct judging judging;
	struct select select;
	char **file; /* those that are named; none: the archive */
	bool archive, json;
	struct coverage *coverage;
	struct sets sets;
};

static enum tally_rc
interchange(void *ctx, const char *file,
    const struct tally_interchange_judged *ic,
    const struct tally_findings *findings, struct tally_err *err)
{
	(void)ctx;
	(void)file;
	(void)ic;
	(void)findings;
	(void)err;
	return TALLY_OK;
}

/* The codes of what came before: in the archive before the time that is asked
 * for, or in all of it. */
static enum tally_rc
gather_before(struct asked *a, struct tally_err *err)
{
	const struct site_partner *partner = a->judging.partner;
	struct store_filter f = a->select.filter;
	uint64_t purged = 0;
	enum tally_rc rc;

	if (!a->archive && partner != NULL && !partner->any)
		f.partner = partner->name;
	f.before = f.since;
	f.since = NULL;
	a->coverage->before = true;
	rc = archive_read(&a->sets, &f, &purged, err);
	a->coverage->before = false;
	a->judging.partner = partner;
	return rc;
}

static int
gather(struct asked *a)
{
	struct coverage *c = a->coverage;
	struct tally_err err;
	enum tally_rc rc = TALLY_OK;
	int status = EX_OK;

	if (c->compare)
		rc = gather_before(a, &err);
	if (rc == TALLY_OK && a->archive)
		rc =
		    archive_read(&a->sets, &a->select.filter, &c->purged, &err);
	if (rc != TALLY_OK)
		return command_fail(&err);
	for (; !a->archive && *a->file != NULL; a->file++)
		if (sets_read(&a->sets, *a->file, &err) != TALLY_OK)
			status = command_fail(&err);
	return status;
}

static int
tell(struct asked *a)
{
	struct tally_buf out;
	int status = EX_OK;

	tally_buf_init(&out, OUTPUT_MAX);
	coverage_tell(a->coverage, &out, a->json);
	if (out.failed) {
		fputs("tallyman: no memory for the report\n", stderr);
		status = EX_TEMPFAIL;
	} else if (out.n > 0) {
		fwrite(out.p, 1, out.n, stdout);
	}
	tally_buf_free(&out);
	return status;
}

static int
work(struct asked *a)
{
	const char *dir = a->in->dir;
	struct tally_err err;
	enum tally_rc rc;
	int status, told;

	/* in the archive each file is of a partner of its own */
	if (a->archive) {
		a->select.filter.partner = a->judging.name;
		a->judging.name = NULL;
	}
	rc = judging_load(&a->judging, dir, &err);
	if (rc == TALLY_OK && (a->archive || a->coverage->compare))
		rc = judging_site(&a->judging, dir, &err);
	if (rc == TALLY_OK)
		rc = judging_maps(&a->judging, dir, a->coverage->map, &err);
	if (rc == TALLY_OK)
		rc = coverage_begin(a->coverage, &err);
	if (rc != TALLY_OK)
		return command_fail(&err);
	a->sets = (struct sets){ &a->judging, interchange, coverage_set,
		a->coverage, { 0 } };
	status = gather(a);
	told = tell(a);
	sets_free(&a->sets);
	return status != EX_OK ? status : told;
}

/* One option; false when it is none. */
static bool
option(struct asked *a, int argc, char **argv, int *i, const char **why)
{
	struct coverage *c = a->coverage;

	if (strcmp(argv[*i], "--json") == 0)
		a->json = true;
	else if (strcmp(argv[*i], "--archive") == 0)
		a->archive = true;
	else if (strcmp(argv[*i], "--new-codes") == 0)
		c->compare = true;
	else if (strncmp(argv[*i], "--map=", 6) == 0)
		c->map = argv[*i] + 6;
	else
		return judging_option(&a->judging, argc, argv, i) ||
		    select_option(
			&a->select, &a->in->clock, argc, argv, i, why);
	return true;
}

/* Null, or why what is asked for cannot be. */
static const char *
wrong(const struct asked *a)
{
	const struct store_filter *f = &a->select.filter;

	if (f->state != NULL || f->mailbox != NULL || f->file != 0)
		return "of the filters there are --partner, --set, --since and "
		       "--before";
	if (a->archive && *a->file != NULL)
		return "it is either --archive or files";
	if (!a->archive && (f->since != NULL || f->before != NULL))
		return "--since and --before are for --archive";
	if (a->archive && a->coverage->compare && f->since == NULL)
		return "--new-codes with --archive needs --since: codes are "
		       "compared with those that came before";
	if (!a->archive && *a->file == NULL)
		return "the file is missing; - is standard input, --archive "
		       "what was received";
	return NULL;
}

static int
run(const struct invocation *in, int argc, char **argv)
{
	struct coverage *c = tally_calloc(1, sizeof(*c));
	struct asked a = { .in = in, .json = in->json, .coverage = c };
	const char *why = NULL;
	int i = 1, status;

	if (c == NULL) {
		fputs("tallyman: out of memory\n", stderr);
		return EX_TEMPFAIL;
	}
	c->judging = &a.judging;
	for (;
	     i < argc && argv[i][0] == '-' && argv[i][1] != '\0' && why == NULL;
	     i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		if (!option(&a, argc, argv, &i, &why))
			why =
			    "the options are --archive, --new-codes, "
			    "--map=NAME, --guide FILE, --partner=NAME, "
			    "--set=ID, --since=TIME, --before=TIME and --json";
	}
	a.file = argv + i;
	c->set = a.select.filter.set;
	a.select.filter.set = NULL;
	if (why == NULL)
		why = wrong(&a);
	status = why != NULL ? command_usage(&command_coverage, why) : work(&a);
	coverage_end(c);
	judging_free(&a.judging);
	tally_free(c);
	return status;
}

const struct command command_coverage = {
	.name = "coverage",
	.synopsis =
	    "[--map=NAME] " JUDGING_SYNOPSIS
	    " [--set=ID] [--new-codes] [--json]\n"
	    "    { FILE... | --archive [--since=TIME] [--before=TIME] }",
	.summary = "say which elements of X12 files no map reads",
	.run = run,
};
