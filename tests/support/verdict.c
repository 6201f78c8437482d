/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts as text; see verdict.h. */
#include "support/verdict.h"

#include <assert.h>

#include "tallyman/judge.h"

/* Bytes of which it gives chunk at a time; 0: all at once. */
struct source {
	struct tally_str left;
	size_t chunk;
};

static enum tally_rc
give(void *ctx, void *buf, size_t max, size_t *got, struct tally_err *err)
{
	struct source *s = ctx;

	(void)err;
	*got = s->left.n < max ? s->left.n : max;
	if (s->chunk != 0 && *got > s->chunk)
		*got = s->chunk;
	if (*got > 0)
		memcpy(buf, s->left.p, *got);
	s->left.p += *got;
	s->left.n -= *got;
	return TALLY_OK;
}

static void
show_interchange(
    struct tally_buf *out, const struct tally_interchange_judged *ic)
{
	tally_buf_printf(out, "I=%c", ic->verdict);
	for (uint32_t g = 0; g < ic->ngroup; g++) {
		tally_buf_printf(
		    out, "%sG=%c", g == 0 ? "(" : " ", ic->group[g].verdict);
		for (uint32_t s = 0; s < ic->group[g].nset; s++)
			tally_buf_printf(out, "%sS=%c%s", s == 0 ? "(" : " ",
			    ic->group[g].set[s].verdict,
			    s + 1 == ic->group[g].nset ? ")" : "");
	}
	tally_buf_puts(out, ic->ngroup > 0 ? ") " : " ");
}

static void
show_findings(struct tally_buf *out, const struct tally_findings *fs)
{
	for (size_t i = 0; i < fs->n; i++) {
		const struct tally_finding *f = &fs->v[i];

		if (f->severity == TALLY_NOTE)
			continue;
		tally_buf_puts(out, tally_finding_info(f->kind)->name);
		if (f->tag[0] != '\0')
			tally_buf_printf(out, " %s", f->tag);
		if (f->element != 0)
			tally_buf_printf(out, "%02u", f->element);
		if (f->component != 0)
			tally_buf_printf(out, "-%u", f->component);
		if (f->segment != 0)
			tally_buf_printf(out, " @%u", f->segment);
		tally_buf_puts(out, "; ");
	}
}

void
verdict_by(struct tally_judge **judge, struct tally_buf *out,
    struct tally_str bytes, size_t chunk)
{
	struct source s = { bytes, chunk };
	const struct tally_source source = { give, &s };
	struct tally_judge_options options = { .limits = &tally_limits_default,
		.dictionary = &tally_builtin };
	/* The same versions, as each partner has those that it may use. */
	struct tally_dictionary other = tally_builtin;
	const struct tally_interchange_judged *ic;
	struct tally_err err;
	enum tally_rc rc = TALLY_OK;

	if (*judge == NULL) {
		rc = tally_judge_new(judge, source, 0, &options, &err);
	} else {
		options.dictionary = &other;
		tally_judge_again(*judge, source, 0, &options);
	}
	assert(rc == TALLY_OK);
	do {
		rc = tally_judge_next(*judge, &ic, &err);
		assert(rc == TALLY_OK);
		if (ic != NULL)
			show_interchange(out, ic);
		show_findings(out, tally_judge_findings(*judge));
	} while (ic != NULL);
	while (out->n > 0 &&
	    (out->p[out->n - 1] == ' ' || out->p[out->n - 1] == ';'))
		out->p[--out->n] = '\0';
}

void
verdict_of(struct tally_buf *out, struct tally_str bytes, size_t chunk)
{
	struct tally_judge *judge = NULL;

	verdict_by(&judge, out, bytes, chunk);
	tally_judge_free(judge);
}
