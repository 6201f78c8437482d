/* SPDX-License-Identifier: Apache-2.0 */
/* Maps over documents; see reading.h. */
#include "support/reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/embed.h"
#include "tallyman/judge.h"

struct tally_model *reading_model;
const struct tally_version *reading_version;

static void
put_all(struct reading *r)
{
	const struct tally_residue *x;
	const struct tally_finding *f;

	tally_batch_json(&r->batch, r->batch.ndocument - 1, &r->out);
	for (size_t i = 0; i < r->residues.n; i++) {
		x = &r->residues.v[i];
		tally_buf_printf(&r->out, "residue %u.%u %.*s\n", x->segment,
		    x->element, (int)x->text.n, x->text.p);
	}
	for (size_t i = 0; i < r->findings.n; i++) {
		f = &r->findings.v[i];
		tally_buf_printf(&r->out, "%s %u %s%02u %.*s: %.*s\n",
		    tally_finding_info(f->kind)->name, f->segment, f->tag,
		    f->element, (int)f->value.n, f->value.p, (int)f->expected.n,
		    f->expected.p);
	}
}

static size_t
elements(const struct tally_set *set, const struct tally_segment *s)
{
	size_t n = 0;

	for (uint32_t k = 1; k <= s->n; k++)
		n += tally_element(set, s, k).n > 0;
	return n;
}

static void
count(struct reading *r, const struct tally_set *set)
{
	const struct tally_residue *x;

	for (uint32_t i = 1; i + 1 < set->nsegment; i++)
		r->elements += elements(set, &set->segment[i]);
	for (size_t i = 0; i < r->residues.n; i++) {
		x = &r->residues.v[i];
		r->left += x->element > 0
		    ? 1
		    : elements(set, &set->segment[x->segment - 1]);
	}
}

static enum tally_rc
visit(void *ctx, const struct tally_visit *v, struct tally_err *err)
{
	struct reading *r = ctx;
	enum tally_rc rc;

	if (!v->checked || strcmp(v->set->spec->id, tally_map_set(r->map)) != 0)
		return TALLY_OK;
	if (v->set->spec->version != NULL &&
	    strcmp(v->set->spec->version, reading_version->version) != 0)
		return TALLY_OK;
	if (r->accepted_only && v->judged->verdict == TALLY_REJECTED)
		return TALLY_OK;
	rc = tally_map_read(
	    r->map, v->set, &r->batch, &r->residues, &r->findings, err);
	if (rc == TALLY_OK)
		put_all(r);
	if (rc == TALLY_OK)
		count(r, v->set);
	r->sets++;
	return rc;
}

void
reading_judge(struct reading *r, struct tally_str text)
{
	struct tally_judge_options options = { .limits = &tally_limits_default,
		.dictionary = &tally_builtin,
		.visit = visit,
		.ctx = r };
	struct tally_source source = tally_source_str(&text);
	const struct tally_interchange_judged *x;
	struct tally_judge *j;
	struct tally_err err;

	assert_int_equal(
	    tally_judge_new(&j, source, 0, &options, &err), TALLY_OK);
	do {
		if (tally_judge_next(j, &x, &err) != TALLY_OK)
			fail_msg("%s", err.text);
	} while (x != NULL);
	tally_judge_free(j);
}

void
reading_wrap(struct tally_buf *b, const char *segments, char repetition)
{
	unsigned n = 2;

	for (const char *p = segments; *p != '\0'; p++)
		n += *p == '~';
	tally_buf_printf(b,
	    "ISA*00*          *00*          *ZZ*%-15s*ZZ*%-15s*260105*1200*"
	    "%c*00401*000000001*0*P*>~GS*PO*A*B*20260105*1200*1*X*004010~"
	    "ST*850*0001~%sSE*%u*0001~GE*1*1~IEA*1*000000001~",
	    "A", "B", repetition, segments, n);
}

void
reading_begin(struct reading *r, const char *map)
{
	struct tally_map *m;
	struct tally_err err;

	if (tally_map_load(&m, reading_model, reading_version, NULL, "t.xml",
		tally_cstr(map), &err) != TALLY_OK)
		fail_msg("%s:%u: %s", err.file, err.line, err.text);
	reading_through(r, m);
}

void
reading_through(struct reading *r, struct tally_map *map)
{
	struct tally_err err;

	*r = (struct reading){ .map = map };
	assert_int_equal(
	    tally_batch_init(&r->batch, reading_model, 64 << 20, &err),
	    TALLY_OK);
	tally_findings_init(&r->findings, 100);
	tally_buf_init(&r->out, 1 << 20);
}

void
reading_end(struct reading *r)
{
	tally_map_free(r->map);
	tally_batch_free(&r->batch);
	tally_residues_free(&r->residues);
	tally_findings_free(&r->findings);
	tally_buf_free(&r->out);
}

void
reading_expect(
    const char *map, const char *segments, char repetition, const char *want)
{
	struct tally_buf text;
	struct reading r;

	tally_buf_init(&text, 1 << 20);
	reading_wrap(&text, segments, repetition);
	reading_begin(&r, map);
	reading_judge(&r, tally_buf_view(&text));
	assert_int_equal(r.sets, 1);
	assert_string_equal(r.out.p, want);
	reading_end(&r);
	tally_buf_free(&text);
}

int
reading_setup(void **state)
{
	struct tally_err err;

	(void)state;
	reading_version =
	    tally_version_find(&tally_builtin, TALLY_STR("004010"));
	return reading_version == NULL ||
	    tally_model_load(&reading_model, "records.xml",
		tally_embedded_find("records.xml"), &err) != TALLY_OK;
}

int
reading_teardown(void **state)
{
	(void)state;
	tally_model_free(reading_model);
	return 0;
}
