/* SPDX-License-Identifier: Apache-2.0 */
/* Reading files without a store; see records.h. */
#include "command/records.h"

#include "base/charset.h"
#include "flow/line.h"
#include "flow/report.h"
#include "tallyman/answer.h"

#define BATCH_MAX  ((size_t)256 << 20)
#define OUTPUT_MAX ((size_t)1 << 30) /* of a document that the batch can hold */

static enum tally_rc
no_memory(const char *file, struct tally_err *err)
{
	return tally_err_set(
	    err, TALLY_NOMEM, "there is no memory to read %s", file);
}

/* Prints and empties what was gathered. */
static enum tally_rc
flush(struct records *r, FILE *to, const char *file, struct tally_err *err)
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
	struct records *r = ctx;
	const struct report report = { .file = file, .json = r->json };
	bool told =
	    findings->errors > 0 || (findings->warnings > 0 && !r->quiet);
	enum tally_rc rc;

	r->rejected += findings->errors > 0;
	if (r->answers != NULL && ic != NULL) {
		rc = answer_write(
		    &r->out, ic, findings, r->answer, r->when, err);
		if (rc == TALLY_OK)
			rc = flush(r, r->answers, file, err);
		if (rc != TALLY_OK)
			return rc;
	}
	if (ic != NULL && told)
		report_interchange(&r->out, &report, ic, findings);
	if (told)
		report_outside(&r->out, &report, ic, findings);
	return flush(r, r->told, file, err);
}

/* Why a run would hold the document. */
static enum tally_rc
tell(struct records *r, const char *file, const struct tally_visit *v,
    struct tally_err *err)
{
	const struct report report = { .file = file, .json = r->json };
	const struct report_place place = { v->interchange, v->group,
		v->judged };

	for (size_t i = 0; i < r->findings.n; i++)
		report_finding(&r->out, &report, &place, &r->findings.v[i]);
	r->held += r->findings.n > 0;
	return flush(r, r->told, file, err);
}

static enum tally_rc
no_map(struct records *r, const char *file, const struct tally_visit *v,
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
word(const struct records *r, enum tally_verdict v)
{
	if (r->findings.n > 0)
		return "held";
	return v == TALLY_ACCEPTED ? "accepted" : "accepted_with_errors";
}

static enum tally_rc
set(void *ctx, const char *file, const struct tally_visit *v,
    enum tally_verdict verdict, struct tally_err *err)
{
	struct records *r = ctx;
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
	if (r->judging.lookups != NULL)
		lookups_explain(&r->findings, 0, r->judging.partner->name);
	if (rc == TALLY_OK)
		rc = tell(r, file, v, err);
	if (rc != TALLY_OK)
		return rc;
	l.map = map;
	l.verdict = word(r, verdict);
	line_put(&r->out, &l, r->charset);
	return flush(r, r->lines, file, err);
}

enum tally_rc
records_begin(struct records *r, const char *dir, struct tally_err *err)
{
	enum tally_rc rc = judging_load(&r->judging, dir, err);

	tally_buf_init(&r->out, OUTPUT_MAX);
	tally_findings_init(&r->findings, tally_limits_default.findings_set);
	r->sets = (struct sets){ &r->judging, interchange, set, r, { 0 } };
	if (rc == TALLY_OK)
		rc = judging_maps(&r->judging, dir, r->map, err);
	if (rc == TALLY_OK)
		rc = tally_charset_new(&r->charset, TALLY_CHARSET_DEFAULT, err);
	if (rc == TALLY_OK)
		rc = tally_batch_init(
		    &r->batch, maps_model(r->judging.maps), BATCH_MAX, err);
	return rc;
}

enum tally_rc
records_file(struct records *r, const char *file, struct tally_err *err)
{
	return sets_read(&r->sets, file, err);
}

void
records_end(struct records *r)
{
	sets_free(&r->sets);
	if (r->batch.model != NULL)
		tally_batch_free(&r->batch);
	tally_findings_free(&r->findings);
	tally_residues_free(&r->residues);
	tally_charset_free(r->charset);
	tally_buf_free(&r->out);
	judging_free(&r->judging);
}
