/* SPDX-License-Identifier: Apache-2.0 */
/* Rows through maps that are run backwards; see writing.h. */
#include "support/writing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "map/write_plan.h"

void
writing_begin_unplanned(struct reading *r, const char *map)
{
	struct map_scratch *s;

	reading_begin(r, map);
	s = &r->map->scratch;
	s->style = tally_calloc(PLAN_STYLES, sizeof(*s->style));
	assert_non_null(s->style);
	s->nstyle = PLAN_STYLES;
}

void
writing_rules(struct tally_buf *map, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		tally_buf_printf(map,
		    "<rows table='reference_numbers' segment='REF'>"
		    "<constant column='kind' value='k%u'/>"
		    "<field column='qualifier' ref='REF01'/>"
		    "<field column='value' ref='REF02'/></rows>",
		    i);
}

static void
put_json(struct tally_buf *b, const char *text)
{
	tally_buf_putc(b, '{');
	for (; *text != '\0'; text++)
		tally_buf_putc(b, *text == '\'' ? '"' : *text);
	tally_buf_putc(b, '}');
}

static void
put_findings(struct tally_buf *out, const struct tally_findings *findings)
{
	const struct tally_finding *f;

	for (size_t i = 0; i < findings->n; i++) {
		f = &findings->v[i];
		tally_buf_printf(out, "\n%s %s%02u %s \"%.*s\": %.*s",
		    tally_finding_info(f->kind)->name, f->tag, f->element,
		    f->name, (int)f->value.n, f->value.p, (int)f->expected.n,
		    f->expected.p);
	}
}

void
writing_put(struct tally_buf *out, struct reading *r, const char *records,
    const struct tally_residues *residues, const struct tally_map_writing *how)
{
	struct tally_buf json;
	struct tally_err err = { .text = "" };
	uint32_t n;

	tally_buf_init(&json, 1 << 20);
	put_json(&json, records);
	if (tally_batch_parse(
		&r->batch, "records", tally_buf_view(&json), &err) != TALLY_OK)
		fail_msg("%u: %s", err.line, err.text);
	if (tally_map_write(r->map, &r->batch, r->batch.ndocument - 1, residues,
		how, out, &n, &r->findings, &err) != TALLY_OK)
		fail_msg("%s", err.text);
	put_findings(out, &r->findings);
	tally_buf_free(&json);
}
