/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A segment for a person: its number at the left, then, further right the
 * deeper its loop, its tag and name, and below that its elements.  Findings
 * stand right below what they are about, with a ! at the left.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "command/show.h"

#define GUTTER     8  /* width of the segment's number and what is behind */
#define STEP       2  /* per loop */
#define NAME_WIDTH 26 /* of an element; longer names push the value */

static uint32_t
depth(const struct tally_set *set, const struct tally_segment *seg)
{
	uint32_t n = 0, i = seg->loop;

	if (set->instance == NULL)
		return 0;
	for (; i != 0 && i < set->ninstance; i = set->instance[i].parent)
		n++;
	return n;
}

static void
put_loop(struct tally_buf *b, const struct show_set *s, uint32_t i, int indent)
{
	const struct tally_set *set = s->visit->set;
	const struct tally_segment *seg = &set->segment[i];

	if (set->instance == NULL || seg->loop == 0 ||
	    seg->loop >= set->ninstance || set->instance[seg->loop].first != i)
		return;
	tally_buf_printf(b, "%*sloop ", GUTTER + indent - STEP, "");
	tally_text_safe(b, tally_cstr(show_loop(s, seg)));
	tally_buf_putc(b, '\n');
}

static void
put_value(struct tally_buf *b, const struct show_value *v, int indent)
{
	const char *name = v->spec != NULL ? v->spec->name : "";
	const char *meaning = show_meaning(v);
	char position[48];
	int n;

	n = snprintf(position, sizeof(position), "%02" PRIu32, v->position);
	if (v->component != 0)
		n += snprintf(position + n, sizeof(position) - (size_t)n,
		    "-%" PRIu32, v->component);
	if (v->repetition > 1)
		snprintf(position + n, sizeof(position) - (size_t)n,
		    " #%" PRIu32, v->repetition);
	tally_buf_printf(b, "%*s%-6s %-*s  ", GUTTER + indent + 5, "", position,
	    NAME_WIDTH, name);
	tally_text_safe(b, v->text);
	if (*meaning != '\0') {
		tally_buf_puts(b, "  = ");
		tally_text_safe(b, tally_cstr(meaning));
	}
	tally_buf_putc(b, '\n');
}

void
show_text_mark(
    struct tally_buf *b, const struct report *r, const struct tally_finding *f)
{
	static const char *const color[] = { "36", "33", "1;31" };
	const struct tally_finding_info *i = tally_finding_info(f->kind);

	tally_buf_printf(b, "%5s   ", "!");
	if (r->color)
		tally_buf_printf(b, "\033[%sm%s\033[0m", color[f->severity],
		    tally_severity_name(f->severity));
	else
		tally_buf_puts(b, tally_severity_name(f->severity));
	tally_buf_puts(b, ": ");
	/* A tag that no dictionary has is the finding's value. */
	if (*f->tag != '\0')
		tally_text_safe(b, tally_cstr(f->tag));
	else if (i->level == TALLY_LEVEL_SEGMENT)
		tally_text_safe(b, f->value);
	if (f->element != 0)
		tally_buf_printf(b, "%02u", f->element);
	if (f->component != 0)
		tally_buf_printf(b, "-%u", f->component);
	if (*f->tag != '\0' || i->level == TALLY_LEVEL_SEGMENT)
		tally_buf_puts(b, ": ");
	tally_buf_puts(b, i->what);
	if (f->expected.n > 0) {
		tally_buf_puts(b, "; expected ");
		tally_text_safe(b, f->expected);
	}
	tally_buf_printf(b, " [%s]\n", i->name);
}

/* Marks findings from *first on, up to those of the element at position. */
static void
put_marks(struct tally_buf *b, const struct show_set *s, size_t *first,
    size_t last, uint32_t position)
{
	for (; *first < last && s->finding[*first]->element <= position;
	     ++*first)
		show_text_mark(b, s->report, s->finding[*first]);
}

void
show_text_segment(struct tally_buf *b, const struct show_set *s, uint32_t i,
    size_t first, size_t last)
{
	const struct tally_set *set = s->visit->set;
	const struct tally_segment *seg = &set->segment[i];
	const struct tally_segment_spec *spec = show_segment_spec(s, seg);
	int indent = STEP * (int)depth(set, seg);
	struct show_cursor cursor = { 0, 0, 0 };
	struct show_value v;
	uint32_t position = 0;

	put_loop(b, s, i, indent);
	tally_buf_printf(b, "%5" PRIu32 "   %*s", i + 1, indent, "");
	tally_text_safe(b, tally_segment_tag(set, seg));
	if (spec != NULL)
		tally_buf_printf(b, "  %s", spec->name);
	tally_buf_putc(b, '\n');
	while (show_next_value(&v, &cursor, s, seg)) {
		if (v.position != position)
			put_marks(b, s, &first, last, v.position - 1);
		position = v.position;
		put_value(b, &v, indent);
	}
	put_marks(b, s, &first, last, UINT32_MAX);
}
