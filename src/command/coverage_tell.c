/* SPDX-License-Identifier: Apache-2.0 */
/* Telling what was gathered; see coverage.h. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "command/coverage.h"

#define CONSTANT_MIN 10 /* values that have to be the same */

/* The cell that is told of, and where. */
struct told {
	struct tally_buf *out;
	bool json;
	const struct covered *x;
	uint16_t place;
	uint32_t element;
	const struct cell *cell;
	const struct tally_element *e;
};

static void
member(struct tally_buf *b, const char *name, struct tally_str v)
{
	tally_buf_printf(b, ",\"%s\":", name);
	tally_text_json(b, v);
}

static void
begin_json(struct told *t, const char *type)
{
	struct tally_buf *b = t->out, place;

	tally_buf_init(&place, 256);
	tally_place_name(&place, t->x->spec, t->place);
	tally_buf_printf(b, "{\"type\":\"%s\"", type);
	member(b, "set", tally_cstr(t->x->spec->id));
	member(b, "version", tally_cstr(t->x->spec->version));
	member(b, "place", tally_buf_view(&place));
	tally_buf_printf(b, ",\"element\":%" PRIu32, t->element);
	member(b, "id", tally_cstr(t->e->id));
	member(b, "name", tally_cstr(t->e->name));
	tally_buf_free(&place);
}

static void
begin_text(struct told *t)
{
	struct tally_buf *b = t->out;

	tally_buf_puts(b, "    ");
	tally_place_name(b, t->x->spec, t->place);
	tally_buf_printf(
	    b, " %02" PRIu32 " %s (%s): ", t->element, t->e->name, t->e->id);
}

static void
tell_unread(struct told *t)
{
	struct tally_buf *b = t->out;
	const struct cell *cell = t->cell;

	if (t->json) {
		begin_json(t, "unread");
		tally_buf_printf(b,
		    ",\"seen\":%" PRIu64 ",\"unread\":%" PRIu64
		    ",\"samples\":[",
		    cell->seen, cell->unread);
	} else {
		begin_text(t);
		tally_buf_printf(b, "%" PRIu64 " of %" PRIu64 " (%.0f %%), as ",
		    cell->unread, cell->seen,
		    100.0 * (double)cell->unread / (double)cell->seen);
	}
	for (int i = 0; i < COVERAGE_SAMPLES && cell->shape[i][0] != '\0';
	     i++) {
		tally_buf_puts(b, i == 0 ? "" : t->json ? "," : ", ");
		if (t->json)
			tally_text_json(b, tally_cstr(cell->shape[i]));
		else
			tally_text_safe(b, tally_cstr(cell->shape[i]));
	}
	tally_buf_puts(b, t->json ? "]}\n" : "\n");
}

/* A code as it is, other values by their shape. */
static void
tell_constant(struct told *t)
{
	struct tally_buf *b = t->out;
	char shape[COVERAGE_SHAPE + 1];
	struct tally_str v = t->cell->first;

	if (t->e->ncode == 0) {
		coverage_shape(shape, v);
		v = tally_cstr(shape);
	}
	if (t->json) {
		begin_json(t, "constant");
		tally_buf_printf(b, ",\"seen\":%" PRIu64, t->cell->seen);
		member(b, "value", v);
		tally_buf_puts(b, "}\n");
		return;
	}
	begin_text(t);
	tally_text_safe(b, v);
	tally_buf_printf(b, ", %" PRIu64 " times\n", t->cell->seen);
}

static void
tell_code(struct told *t, const char *type, const struct code *x)
{
	struct tally_buf *b = t->out;

	if (t->json) {
		begin_json(t, type);
		member(b, "value", x->value);
		tally_buf_printf(b, ",\"seen\":%" PRIu64 "}\n", x->seen);
		return;
	}
	begin_text(t);
	tally_text_safe(b, x->value);
	tally_buf_printf(b, ", %" PRIu64 " times\n", x->seen);
}

static void
tell_unlisted(struct told *t)
{
	for (const struct code *x = t->cell->code; x != NULL; x = x->next)
		if (x->seen > 0 && !x->listed)
			tell_code(t, "code", x);
}

static void
tell_new(struct told *t)
{
	for (const struct code *x = t->cell->code; x != NULL; x = x->next)
		if (x->seen > 0 && !x->before)
			tell_code(t, "new_code", x);
}

static bool
is_unread(const struct cell *cell)
{
	return cell->unread > 0;
}

static bool
is_constant(const struct cell *cell)
{
	return cell->seen >= CONSTANT_MIN && !cell->varies;
}

static bool
has_unlisted(const struct cell *cell)
{
	const struct code *x = cell->code;

	while (x != NULL && (x->seen == 0 || x->listed))
		x = x->next;
	return x != NULL;
}

static bool
has_new(const struct cell *cell)
{
	const struct code *x = cell->code;

	while (x != NULL && (x->seen == 0 || x->before))
		x = x->next;
	return x != NULL;
}

static const struct part {
	bool (*is)(const struct cell *);
	void (*tell)(struct told *);
	const char *title;
	bool compared; /* only where codes are compared */
} parts[] = {
	{ is_unread, tell_unread, "not read by the map", false },
	{ is_constant, tell_constant, "always the same", false },
	{ has_unlisted, tell_unlisted,
	    "codes that the dictionary does not list", false },
	{ has_new, tell_new, "codes that did not occur before", true },
};

static void
tell_part(struct told *t, const struct part *part)
{
	const struct covered *x = t->x;
	const struct tally_segment_spec *s;
	bool any = false;

	for (t->place = 0; t->place < x->spec->nplace; t->place++) {
		s = x->spec->place[t->place].segment;
		for (t->element = 1; t->element <= s->nuse; t->element++) {
			t->cell = &x->cell[(size_t)t->place * COVERAGE_CELLS +
			    t->element];
			t->e = s->use[t->element - 1].element;
			if (!part->is(t->cell))
				continue;
			if (!any && !t->json)
				tally_buf_printf(
				    t->out, "  %s:\n", part->title);
			any = true;
			part->tell(t);
		}
	}
}

static void
tell_set(const struct coverage *c, struct told *t)
{
	struct tally_buf *b = t->out;
	const struct covered *x = t->x;

	if (t->json) {
		tally_buf_puts(b, "{\"type\":\"set\"");
		member(b, "set", tally_cstr(x->spec->id));
		member(b, "version", tally_cstr(x->spec->version));
		if (x->map != NULL)
			member(b, "map", tally_cstr(x->map));
		else
			tally_buf_puts(b, ",\"map\":null");
		tally_buf_printf(b,
		    ",\"documents\":%" PRIu64 ",\"elements\":%" PRIu64
		    ",\"read\":%" PRIu64 "}\n",
		    x->documents, x->elements, x->read);
	} else {
		tally_buf_printf(b,
		    "%s %s, %s%s: %" PRIu64 " documents, %" PRIu64
		    " of %" PRIu64 " elements are read (%.1f %%)\n",
		    x->spec->id, x->spec->version,
		    x->map != NULL ? "map " : "no map",
		    x->map != NULL ? x->map : "", x->documents, x->read,
		    x->elements,
		    x->elements > 0
			? 100.0 * (double)x->read / (double)x->elements
			: 100.0);
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!parts[i].compared || c->compare)
			tell_part(t, &parts[i]);
}

/* What is not in the report, for people. */
static void
tell_left(struct tally_buf *b, const struct coverage *c)
{
	if (b->n == 0 && c->rejected == 0 && c->purged == 0)
		tally_buf_puts(b, "there are no sets\n");
	if (c->rejected > 0)
		tally_buf_printf(b,
		    "%" PRIu64 " sets are rejected and left out; validate "
		    "says why\n",
		    c->rejected);
	if (c->purged > 0)
		tally_buf_printf(b,
		    "%" PRIu64 " interchanges are left out: their bytes were "
		    "purged\n",
		    c->purged);
}

void
coverage_tell(struct coverage *c, struct tally_buf *out, bool json)
{
	struct told t = { .out = out, .json = json };

	for (size_t i = 0; i < c->n; i++) {
		t.x = &c->covered[i];
		if (t.x->documents > 0)
			tell_set(c, &t);
	}
	if (!json)
		tell_left(out, c);
}
