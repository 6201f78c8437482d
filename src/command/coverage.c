/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman coverage: what of partners' documents the maps do not read.
 *
 * Over all sets of the files that are not rejected, by set, version and map:
 * elements of which some or all stay residue, with their number, their share
 * and the shapes of their values; elements that always have the same value;
 * codes that the dictionary does not list.  Values themselves are shown only
 * where the dictionary has a list of codes: reports go to other people.
 *
 * JSON: an object a line, "type" first, then "set" and "version":
 *	"set": map (null: none reads it), documents, elements, read
 *	"unread": place, element, id, name, seen, unread, samples
 *	"constant": place, element, id, name, seen, value
 *	"code": place, element, id, name, value, seen
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/text.h"
#include "command/command.h"
#include "command/sets.h"
#include "flow/line.h"
#include "tallyman/answer.h"

#define BATCH_MAX    ((size_t)256 << 20)
#define OUTPUT_MAX   ((size_t)64 << 20)
#define SAMPLES      3  /* shapes that are shown of an element */
#define SHAPE_MAX    24 /* bytes of a shape */
#define CONSTANT_MIN 10 /* values that have to be the same */
#define CODES_MAX    20 /* unlisted codes of an element that are told */
#define SETS_MAX     200
#define CELLS        (TALLY_ELEMENTS_MAX + 1)

struct code {
	struct tally_str value;
	uint64_t seen;
	struct code *next;
};

/* An element at a place of the grammar. */
struct cell {
	uint64_t seen, unread;
	char shape[SAMPLES][SHAPE_MAX + 1];
	struct tally_str first; /* value that all have, unless it varies */
	bool varies;
	struct code *code;
	unsigned ncode;
};

struct covered {
	const struct tally_set_spec *spec;
	const char *map;   /* null: none */
	struct cell *cell; /* owned: nplace * CELLS */
	uint64_t documents, elements, read;
};

struct coverage {
	const struct invocation *in;
	struct judging judging;
	struct sets sets;
	const char *map;
	struct tally_batch batch;
	struct tally_residues residues;
	struct tally_findings findings;
	struct tally_arena arena; /* of values that are kept */
	struct covered covered[SETS_MAX];
	size_t n;
	uint64_t rejected;
	struct tally_buf out;
	bool json;
};

static enum tally_rc
no_memory(struct tally_err *err)
{
	return tally_err_set(
	    err, TALLY_NOMEM, "no memory for what the documents have");
}

/* --- gathering --- */

static enum tally_rc
find_covered(struct coverage *c, const struct tally_set_spec *spec,
    const char *map, struct covered **out, struct tally_err *err)
{
	struct covered *v;

	for (size_t i = 0; i < c->n; i++)
		if (c->covered[i].spec == spec && c->covered[i].map == map) {
			*out = &c->covered[i];
			return TALLY_OK;
		}
	if (c->n == SETS_MAX)
		return tally_err_set(err, TALLY_DATA,
		    "the files have more than %d kinds of sets; name fewer of "
		    "them",
		    SETS_MAX);
	v = &c->covered[c->n];
	*v = (struct covered){ .spec = spec, .map = map };
	v->cell = tally_calloc((size_t)spec->nplace * CELLS, sizeof(*v->cell));
	if (v->cell == NULL)
		return no_memory(err);
	c->n++;
	*out = v;
	return TALLY_OK;
}

/* Letters and digits as one of their kind, the rest as it is. */
static void
make_shape(char to[SHAPE_MAX + 1], struct tally_str s)
{
	size_t n = s.n < SHAPE_MAX ? s.n : SHAPE_MAX;
	char ch;

	for (size_t i = 0; i < n; i++) {
		ch = s.p[i];
		if (ch >= '0' && ch <= '9')
			ch = '9';
		else if (ch >= 'A' && ch <= 'Z')
			ch = 'A';
		else if ((ch >= 'a' && ch <= 'z') || (ch & 0x80) != 0)
			ch = 'a';
		to[i] = ch;
	}
	to[n] = '\0';
}

static void
add_shape(struct cell *cell, struct tally_str value)
{
	char shape[SHAPE_MAX + 1];

	make_shape(shape, value);
	for (int i = 0; i < SAMPLES; i++) {
		if (cell->shape[i][0] == '\0')
			memcpy(cell->shape[i], shape, sizeof(shape));
		if (strcmp(cell->shape[i], shape) == 0)
			return;
	}
}

/* A code that its list does not have; composites have none. */
static enum tally_rc
note_code(struct coverage *c, struct cell *cell, const struct tally_element *e,
    struct tally_str v, struct tally_err *err)
{
	struct code *x = cell->code;

	if (e->ncode == 0 || tally_value_check(e, v) != TALLY_F_code_unlisted)
		return TALLY_OK;
	while (x != NULL && !tally_str_eq(x->value, v))
		x = x->next;
	if (x == NULL && cell->ncode == CODES_MAX)
		return TALLY_OK;
	if (x == NULL) {
		x = tally_arena_alloc(&c->arena, sizeof(*x));
		if (x == NULL)
			return no_memory(err);
		*x = (struct code){ tally_arena_str(&c->arena, v), 0,
			cell->code };
		if (x->value.p == NULL)
			return no_memory(err);
		cell->code = x;
		cell->ncode++;
	}
	x->seen++;
	return TALLY_OK;
}

static enum tally_rc
note_value(struct coverage *c, struct cell *cell, const struct tally_element *e,
    struct tally_str v, struct tally_err *err)
{
	v = tally_str_rtrim(v);
	if (cell->seen++ == 0) {
		cell->first = tally_arena_str(&c->arena, v);
		if (cell->first.p == NULL)
			return no_memory(err);
	} else if (!cell->varies) {
		cell->varies = !tally_str_eq(cell->first, v);
	}
	return v.n > 0 ? note_code(c, cell, e, v, err) : TALLY_OK;
}

/* All elements of the set but those of ST and SE. */
static enum tally_rc
note_values(struct coverage *c, struct covered *x, const struct tally_set *set,
    struct tally_err *err)
{
	const struct tally_segment_spec *spec;
	const struct tally_segment *s;
	struct tally_str v;
	enum tally_rc rc = TALLY_OK;

	for (uint32_t i = 1; i + 1 < set->nsegment; i++) {
		s = &set->segment[i];
		if (s->place >= x->spec->nplace)
			continue;
		spec = x->spec->place[s->place].segment;
		for (uint32_t k = 1; k <= spec->nuse && rc == TALLY_OK; k++) {
			v = tally_element(set, s, k);
			if (v.n == 0)
				continue;
			x->elements++;
			rc = note_value(c,
			    &x->cell[(size_t)s->place * CELLS + k],
			    spec->use[k - 1].element, v, err);
		}
	}
	return rc;
}

static void
note_unread(
    struct covered *x, uint16_t place, uint32_t element, struct tally_str value)
{
	struct cell *cell = &x->cell[(size_t)place * CELLS + element];

	cell->unread++;
	x->read--;
	add_shape(cell, value);
}

static void
note_residue(struct coverage *c, struct covered *x, const struct tally_set *set)
{
	const struct tally_residue *r = c->residues.v;
	const struct tally_segment *s;
	uint32_t from, to;
	struct tally_str v;

	for (size_t i = 0; i < c->residues.n; i++, r++) {
		s = &set->segment[r->segment - 1];
		if (r->place >= x->spec->nplace)
			continue;
		from = r->element != 0 ? r->element : 1;
		to = r->element != 0 ? r->element
				     : x->spec->place[r->place].segment->nuse;
		for (uint32_t k = from; k <= to && k < CELLS; k++) {
			v = tally_element(set, s, k);
			if (v.n > 0)
				note_unread(x, r->place, k, v);
		}
	}
}

static enum tally_rc
set(void *ctx, const char *file, const struct tally_visit *v,
    enum tally_verdict verdict, struct tally_err *err)
{
	struct coverage *c = ctx;
	struct tally_map *map;
	struct covered *x = NULL;
	uint64_t before;
	enum tally_rc rc;

	(void)file;
	if (verdict == TALLY_REJECTED || !v->checked || v->set->spec == NULL) {
		c->rejected++;
		return TALLY_OK;
	}
	rc = judging_map(&c->judging, c->map, v->set->spec, &map, err);
	if (rc != TALLY_OK ||
	    (map == NULL && tally_answers_is(v->set->spec->id)))
		return rc;
	rc = find_covered(
	    c, v->set->spec, map != NULL ? tally_map_name(map) : NULL, &x, err);
	if (rc != TALLY_OK)
		return rc;
	x->documents++;
	before = x->elements;
	rc = note_values(c, x, v->set, err);
	if (rc != TALLY_OK || map == NULL)
		return rc;
	x->read += x->elements - before;
	tally_findings_reset(&c->findings);
	tally_batch_reset(&c->batch);
	rc = tally_map_read(
	    map, v->set, &c->batch, &c->residues, &c->findings, err);
	if (rc == TALLY_OK)
		note_residue(c, x, v->set);
	return rc;
}

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

/* --- telling --- */

struct told {
	struct coverage *c;
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
	struct tally_buf *b = &t->c->out, place;

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
	struct tally_buf *b = &t->c->out;

	tally_buf_puts(b, "    ");
	tally_place_name(b, t->x->spec, t->place);
	tally_buf_printf(
	    b, " %02" PRIu32 " %s (%s): ", t->element, t->e->name, t->e->id);
}

static void
tell_unread(struct told *t)
{
	struct tally_buf *b = &t->c->out;
	const struct cell *cell = t->cell;

	if (t->c->json) {
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
	for (int i = 0; i < SAMPLES && cell->shape[i][0] != '\0'; i++) {
		tally_buf_puts(b, i == 0 ? "" : t->c->json ? "," : ", ");
		if (t->c->json)
			tally_text_json(b, tally_cstr(cell->shape[i]));
		else
			tally_text_safe(b, tally_cstr(cell->shape[i]));
	}
	tally_buf_puts(b, t->c->json ? "]}\n" : "\n");
}

/* A code as it is, other values by their shape. */
static void
tell_constant(struct told *t)
{
	struct tally_buf *b = &t->c->out;
	char shape[SHAPE_MAX + 1];
	struct tally_str v = t->cell->first;

	if (t->e->ncode == 0) {
		make_shape(shape, v);
		v = tally_cstr(shape);
	}
	if (t->c->json) {
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
tell_codes(struct told *t)
{
	struct tally_buf *b = &t->c->out;

	for (const struct code *x = t->cell->code; x != NULL; x = x->next) {
		if (t->c->json) {
			begin_json(t, "code");
			member(b, "value", x->value);
			tally_buf_printf(
			    b, ",\"seen\":%" PRIu64 "}\n", x->seen);
			continue;
		}
		begin_text(t);
		tally_text_safe(b, x->value);
		tally_buf_printf(b, ", %" PRIu64 " times\n", x->seen);
	}
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
has_codes(const struct cell *cell)
{
	return cell->code != NULL;
}

static const struct {
	bool (*is)(const struct cell *);
	void (*tell)(struct told *);
	const char *title;
} parts[] = {
	{ is_unread, tell_unread, "not read by the map" },
	{ is_constant, tell_constant, "always the same" },
	{ has_codes, tell_codes, "codes that the dictionary does not list" },
};

static void
tell_part(struct coverage *c, const struct covered *x, size_t part)
{
	struct told t = { .c = c, .x = x };
	const struct tally_segment_spec *s;
	bool any = false;

	for (t.place = 0; t.place < x->spec->nplace; t.place++) {
		s = x->spec->place[t.place].segment;
		for (t.element = 1; t.element <= s->nuse; t.element++) {
			t.cell = &x->cell[(size_t)t.place * CELLS + t.element];
			t.e = s->use[t.element - 1].element;
			if (!parts[part].is(t.cell))
				continue;
			if (!any && !c->json)
				tally_buf_printf(
				    &c->out, "  %s:\n", parts[part].title);
			any = true;
			parts[part].tell(&t);
		}
	}
}

static void
tell_set(struct coverage *c, const struct covered *x)
{
	struct tally_buf *b = &c->out;

	if (c->json) {
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
		tell_part(c, x, i);
}

static int
tell(struct coverage *c)
{
	for (size_t i = 0; i < c->n; i++)
		tell_set(c, &c->covered[i]);
	if (c->rejected > 0 && !c->json)
		tally_buf_printf(&c->out,
		    "%" PRIu64 " sets are rejected and left out; validate "
		    "says why\n",
		    c->rejected);
	if (c->out.failed) {
		fputs("tallyman: no memory for the report\n", stderr);
		return EX_TEMPFAIL;
	}
	if (c->out.n > 0)
		fwrite(c->out.p, 1, c->out.n, stdout);
	return EX_OK;
}

/* --- the command --- */

static int
work(struct coverage *c, char **file)
{
	struct tally_err err;
	enum tally_rc rc = judging_load(&c->judging, c->in->dir, &err);
	int status = EX_OK, told;

	if (rc == TALLY_OK)
		rc = judging_maps(&c->judging, c->in->dir, c->map, &err);
	if (rc == TALLY_OK)
		rc = tally_batch_init(
		    &c->batch, maps_model(c->judging.maps), BATCH_MAX, &err);
	if (rc != TALLY_OK)
		return command_fail(&err);
	c->sets = (struct sets){ &c->judging, interchange, set, c, { 0 } };
	for (; *file != NULL; file++)
		if (sets_read(&c->sets, *file, &err) != TALLY_OK)
			status = command_fail(&err);
	told = tell(c);
	sets_free(&c->sets);
	tally_batch_free(&c->batch);
	return status != EX_OK ? status : told;
}

static int
run(const struct invocation *in, int argc, char **argv)
{
	struct coverage *c = tally_calloc(1, sizeof(*c));
	int i = 1, status;

	if (c == NULL) {
		fputs("tallyman: out of memory\n", stderr);
		return EX_TEMPFAIL;
	}
	c->in = in;
	c->json = in->json;
	status = EX_OK;
	for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		if (strcmp(argv[i], "--json") == 0)
			c->json = true;
		else if (strncmp(argv[i], "--map=", 6) == 0)
			c->map = argv[i] + 6;
		else if (!judging_option(&c->judging, argc, argv, &i))
			status = command_usage(&command_coverage,
			    "the options are --map=NAME, --guide FILE, "
			    "--partner=NAME and --json");
	}
	if (status == EX_OK && i == argc)
		status = command_usage(&command_coverage,
		    "the file is missing; - is standard input");
	tally_findings_init(&c->findings, 1000);
	tally_arena_init(&c->arena, OUTPUT_MAX);
	tally_buf_init(&c->out, OUTPUT_MAX);
	if (status == EX_OK)
		status = work(c, argv + i);
	for (size_t k = 0; k < c->n; k++)
		tally_free(c->covered[k].cell);
	tally_buf_free(&c->out);
	tally_arena_free(&c->arena);
	tally_findings_free(&c->findings);
	tally_residues_free(&c->residues);
	judging_free(&c->judging);
	tally_free(c);
	return status;
}

const struct command command_coverage = {
	.name = "coverage",
	.synopsis = "[--map=NAME] " JUDGING_SYNOPSIS " [--json] FILE...",
	.summary = "say which elements of X12 files no map reads",
	.run = run,
};
