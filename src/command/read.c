/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman read: X12 to canonical records, without a store.
 *
 * Prints a line of JSON for each set that is not rejected, as flow/line.h
 * describes it.  What is wrong is told on standard error as validate tells it,
 * interchange by interchange.  The exit status is 65 when anything is
 * rejected, and 1 when a run would hold a document for a person: its map found
 * something, or there is none.
 */
#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "base/charset.h"
#include "command/command.h"
#include "command/sets.h"
#include "flow/line.h"
#include "flow/report.h"
#include "tallyman/answer.h"

#define BATCH_MAX  ((size_t)256 << 20)
#define OUTPUT_MAX ((size_t)1 << 30) /* of a document that the batch can hold */

struct reading {
	const struct invocation *in;
	struct judging judging;
	const char *map; /* null: that of the agreement, or of the set's name */
	struct sets sets;
	struct tally_batch batch;
	struct tally_residues residues;
	struct tally_findings findings; /* of maps */
	struct tally_charset *charset;
	struct tally_buf out;
	uint64_t rejected, held;
};

static enum tally_rc
no_memory(const char *file, struct tally_err *err)
{
	return tally_err_set(
	    err, TALLY_NOMEM, "there is no memory to read %s", file);
}

/* Prints and empties what was gathered. */
static enum tally_rc
flush(struct reading *r, FILE *to, const char *file, struct tally_err *err)
{
	if (r->out.failed)
		return no_memory(file, err);
	if (r->out.n > 0)
		fwrite(r->out.p, 1, r->out.n, to);
	tally_buf_reset(&r->out);
	return TALLY_OK;
}

/* An interchange in which anything was found, or what is outside of them. */
static enum tally_rc
interchange(void *ctx, const char *file,
    const struct tally_interchange_judged *ic,
    const struct tally_findings *findings, struct tally_err *err)
{
	struct reading *r = ctx;
	const struct report report = { .file = file, .json = r->in->json };

	bool told =
	    findings->errors > 0 || (findings->warnings > 0 && !r->in->quiet);

	r->rejected += findings->errors > 0;
	if (ic != NULL && told)
		report_interchange(&r->out, &report, ic, findings);
	if (told)
		report_outside(&r->out, &report, ic, findings);
	return flush(r, stderr, file, err);
}

/* Why a run would hold the document. */
static enum tally_rc
tell(struct reading *r, const char *file, const struct tally_visit *v,
    struct tally_err *err)
{
	const struct report report = { .file = file, .json = r->in->json };
	const struct report_place place = { v->interchange, v->group,
		v->judged };

	for (size_t i = 0; i < r->findings.n; i++)
		report_finding(&r->out, &report, &place, &r->findings.v[i]);
	r->held += r->findings.n > 0;
	return flush(r, stderr, file, err);
}

static enum tally_rc
no_map(struct reading *r, const char *file, const struct tally_visit *v,
    struct tally_err *err)
{
	struct tally_finding f = { .kind = TALLY_F_map_missing,
		.offset = v->judged->offset,
		.tag = "",
		.loop = "",
		.id = "",
		.name = "" };

	if (r->map == NULL && tally_answers_is(v->judged->id))
		return TALLY_OK;
	tally_findings_reset(&r->findings);
	tally_findings_add(&r->findings, &f);
	return tell(r, file, v, err);
}

static const char *
word(const struct reading *r, enum tally_verdict v)
{
	if (r->findings.n > 0)
		return "held";
	return v == TALLY_ACCEPTED ? "accepted" : "accepted_with_errors";
}

static enum tally_rc
set(void *ctx, const char *file, const struct tally_visit *v,
    enum tally_verdict verdict, struct tally_err *err)
{
	struct reading *r = ctx;
	struct line l = {
		.visit = v, .batch = &r->batch, .residues = &r->residues
	};
	struct tally_map *map;
	enum tally_rc rc;

	if (verdict == TALLY_REJECTED || !v->checked || v->set->spec == NULL)
		return TALLY_OK;
	rc = judging_map(&r->judging, r->map, v->set->spec, &map, err);
	if (rc != TALLY_OK)
		return rc;
	if (map == NULL)
		return no_map(r, file, v, err);
	tally_findings_reset(&r->findings);
	tally_batch_reset(&r->batch);
	rc = tally_map_read(
	    map, v->set, &r->batch, &r->residues, &r->findings, err);
	lookups_explain(&r->findings, 0, r->judging.lookups);
	if (rc == TALLY_OK)
		rc = tell(r, file, v, err);
	if (rc != TALLY_OK)
		return rc;
	l.map = map;
	l.verdict = word(r, verdict);
	line_put(&r->out, &l, r->charset);
	return flush(r, stdout, file, err);
}

static int
work(struct reading *r, char **file)
{
	struct tally_err err;
	int status = EX_OK;

	r->sets = (struct sets){ &r->judging, interchange, set, r, { 0 } };
	for (; *file != NULL; file++)
		if (sets_read(&r->sets, *file, &err) != TALLY_OK)
			status = command_fail(&err);
	sets_free(&r->sets);
	if (status == EX_OK && r->rejected > 0)
		status = EX_DATAERR;
	if (status == EX_OK && r->held > 0)
		status = EXIT_ATTENTION;
	return status;
}

static int
begin(struct reading *r, char **file)
{
	struct tally_err err;
	enum tally_rc rc = judging_load(&r->judging, r->in->dir, &err);
	int status;

	if (rc == TALLY_OK)
		rc = judging_maps(&r->judging, r->in->dir, r->map, &err);
	if (rc == TALLY_OK)
		rc =
		    tally_charset_new(&r->charset, TALLY_CHARSET_DEFAULT, &err);
	if (rc == TALLY_OK)
		rc = tally_batch_init(
		    &r->batch, maps_model(r->judging.maps), BATCH_MAX, &err);
	if (rc != TALLY_OK)
		return command_fail(&err);
	tally_findings_init(&r->findings, tally_limits_default.findings_set);
	status = work(r, file);
	tally_findings_free(&r->findings);
	tally_batch_free(&r->batch);
	return status;
}

static int
run(const struct invocation *in, int argc, char **argv)
{
	struct reading r = { .in = in };
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
	tally_buf_init(&r.out, OUTPUT_MAX);
	status = begin(&r, argv + i);
	tally_buf_free(&r.out);
	tally_residues_free(&r.residues);
	tally_charset_free(r.charset);
	judging_free(&r.judging);
	return status;
}

const struct command command_read = {
	.name = "read",
	.synopsis = "[--map=NAME] " JUDGING_SYNOPSIS " FILE...",
	.summary = "print the records of X12 files as lines of JSON",
	.run = run,
};
