/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a transaction set (tallyman-dictionary(5)): one row per place,
 * braces around loops.
 *
 * Loops nest on an explicit stack of DEPTH.  Places and loops are collected
 * in fixed steps of the arena and moved to their final size at the end.
 */
#include "dictionary_rows.h"

#define DEPTH      16   /* the deepest set of the standard nests to 6 */
#define PLACES_MAX 4096 /* the largest set of the standard has some 900 */
#define USE_MAX    1000000000
#define TOTALS_MAX 16 /* the standard has two in a set */

struct set_text {
	struct dictionary_rows rows;
	struct tally_arena *a;
	const struct tally_version *v;
	struct tally_set_spec *set;
	struct tally_place *place; /* room for PLACES_MAX */
	uint32_t nplace;
	struct tally_loop *loop; /* room for PLACES_MAX + 1 */
	uint32_t nloop;
	struct tally_total total[TOTALS_MAX];
	uint32_t ntotal;
	uint16_t stack[DEPTH];
	uint32_t depth;
	struct tally_str open; /* tag of the loop whose first row is due */
	struct tally_str open_pos;
	uint32_t area, position; /* that were seen last */
};

/* A row of the table, its words understood. */
struct row {
	struct tally_str pos, tag;
	char requirement;
	uint32_t max;
	bool opens;
};

static enum tally_rc
read_row(struct set_text *t, struct row *row, struct tally_str pos,
    struct tally_str rest)
{
	struct tally_str need, max, brace;

	row->pos = pos;
	row->opens = false;
	if (!tally_rows_word(&rest, &row->tag) ||
	    !tally_rows_word(&rest, &need) || !tally_rows_word(&rest, &max))
		return tally_rows_error(&t->rows,
		    "a row is POSITION SEGMENT REQUIREMENT MAXIMUM, with { "
		    "behind it when a loop begins");
	if (!tally_str_eq(need, TALLY_STR("M")) &&
	    !tally_str_eq(need, TALLY_STR("O")))
		return tally_rows_error(&t->rows,
		    "requirement \"%.*s\" found, M or O expected",
		    TALLY_WORD(need));
	row->requirement = need.p[0];
	if (!tally_rows_maximum(max, USE_MAX, &row->max))
		return tally_rows_error(&t->rows,
		    "maximum \"%.*s\" found, a number or - expected",
		    TALLY_WORD(max));
	if (!tally_rows_word(&rest, &brace))
		return TALLY_OK;
	row->opens = tally_str_eq(brace, TALLY_STR("{"));
	if (!row->opens || tally_rows_word(&rest, &brace))
		return tally_rows_error(&t->rows,
		    "\"%.*s\" found behind the maximum; only { can stand there",
		    TALLY_WORD(brace));
	return TALLY_OK;
}

/* "1.310", or "1.-" where the printed position is not known. */
static enum tally_rc
check_position(struct set_text *t, const struct row *row)
{
	struct tally_str area = { 0 }, number = { 0 };
	const char *dot = memchr(row->pos.p, '.', row->pos.n);
	uint32_t a, n = 0;

	if (dot != NULL) {
		area = tally_str(row->pos.p, (size_t)(dot - row->pos.p));
		number = tally_str(dot + 1, row->pos.n - area.n - 1);
	}
	if (dot == NULL || !tally_rows_number(area, 3, &a) || a == 0 ||
	    (!tally_str_eq(number, TALLY_STR("-")) &&
		(!tally_rows_number(number, 99999, &n) || n == 0)))
		return tally_rows_error(&t->rows,
		    "position \"%.*s\" found, AREA.NUMBER expected as in 1.310",
		    TALLY_WORD(row->pos));
	if (a < t->area || (a == t->area && n != 0 && n <= t->position))
		return tally_rows_error(&t->rows,
		    "position %.*s does not follow %u.%03u",
		    TALLY_WORD(row->pos), t->area, t->position);
	if (a > t->area)
		t->position = 0;
	t->area = a;
	if (n != 0)
		t->position = n;
	return TALLY_OK;
}

/* "PO1/N1", and "N1#2" when the parent has such a loop already. */
static char *
loop_path(struct set_text *t, struct tally_str tag, uint16_t parent)
{
	const char *above = t->loop[parent].path;
	size_t n = strlen(above);
	uint32_t same = 1;
	struct tally_buf b;
	char *path = NULL;
	const struct tally_loop *l;

	for (l = t->loop + 1; l < t->loop + t->nloop; l++)
		if (l->parent == parent &&
		    tally_str_eq(
			tag, tally_cstr(t->place[l->first].segment->tag)))
			same++;
	tally_buf_init(&b, 256);
	tally_buf_printf(
	    &b, "%s%s%.*s", above, n > 0 ? "/" : "", (int)tag.n, tag.p);
	if (same > 1)
		tally_buf_printf(&b, "#%u", same);
	if (!b.failed)
		path = tally_arena_cstr(t->a, tally_buf_view(&b));
	tally_buf_free(&b);
	return path;
}

static enum tally_rc
open_loop(struct set_text *t, const struct row *row)
{
	uint16_t parent = t->stack[t->depth];
	struct tally_loop *l = t->loop + t->nloop;

	if (t->depth + 1 == DEPTH)
		return tally_rows_error(
		    &t->rows, "loops nest deeper than %d", DEPTH - 1);
	*l = (struct tally_loop){ .parent = parent,
		.first = (uint16_t)t->nplace,
		.requirement = row->requirement,
		.max = row->max };
	l->path = loop_path(t, row->tag, parent);
	if (l->path == NULL)
		return tally_rows_nomem(&t->rows);
	t->stack[++t->depth] = (uint16_t)t->nloop++;
	t->open = row->tag;
	t->open_pos = row->pos;
	return TALLY_OK;
}

static enum tally_rc
close_loop(struct set_text *t)
{
	if (t->depth == 0)
		return tally_rows_error(&t->rows, "} without {");
	if (t->open.n > 0)
		return tally_rows_error(
		    &t->rows, "the loop %.*s has no rows", TALLY_WORD(t->open));
	t->loop[t->stack[t->depth--]].last = (uint16_t)(t->nplace - 1);
	return TALLY_OK;
}

static enum tally_rc
add_place(struct set_text *t, const struct row *row)
{
	struct tally_place *p = t->place + t->nplace;
	enum tally_rc rc;

	if (t->open.n > 0 &&
	    (!tally_str_eq(t->open, row->tag) ||
		!tally_str_eq(t->open_pos, row->pos) ||
		row->requirement != 'M' || row->max != 1))
		return tally_rows_error(&t->rows,
		    "the loop's first row must be %.*s %.*s M 1",
		    TALLY_WORD(t->open_pos), TALLY_WORD(t->open));
	t->open = tally_str("", 0);
	rc = check_position(t, row);
	if (rc != TALLY_OK)
		return rc;
	*p = (struct tally_place){ .requirement = row->requirement,
		.max = row->max,
		.loop = t->stack[t->depth],
		.segment = tally_segment_find(t->v, row->tag) };
	if (p->segment == NULL)
		return tally_rows_error(&t->rows,
		    "segment %.*s is not in the file segments",
		    TALLY_WORD(row->tag));
	if (p->segment->nuse == 0)
		return tally_rows_error(&t->rows,
		    "segment %.*s is named in the file segments, but not "
		    "described",
		    TALLY_WORD(row->tag));
	if (t->nplace == 0 && strcmp(p->segment->tag, "ST") != 0)
		return tally_rows_error(&t->rows, "the first row must be ST");
	p->pos = tally_arena_cstr(t->a, row->pos);
	t->nplace++;
	return p->pos != NULL ? TALLY_OK : tally_rows_nomem(&t->rows);
}

/* "CTT01", or with element null "PO1": the tag, and the element's number. */
static bool
read_reference(
    const struct set_text *t, struct tally_str w, char tag[4], uint8_t *element)
{
	const struct tally_segment_spec *s;
	uint32_t n = 0;

	if (element != NULL) {
		if (w.n < 4 ||
		    !tally_rows_number(tally_str(w.p + w.n - 2, 2), 99, &n))
			return false;
		w.n -= 2;
		*element = (uint8_t)n;
	}
	s = tally_segment_find(t->v, w);
	if (s == NULL || (element != NULL && (n == 0 || n > s->nuse)))
		return false;
	memcpy(tag, s->tag, sizeof(s->tag));
	return true;
}

/* total CTT01 counts PO1 | total CTT02 sums PO102 */
static enum tally_rc
add_total(struct set_text *t, struct tally_str rest)
{
	struct tally_total *total = t->total + t->ntotal;
	struct tally_str what, verb, of, more;
	bool sums;

	if (t->ntotal == TOTALS_MAX)
		return tally_rows_error(
		    &t->rows, "there are more than %d totals", TOTALS_MAX);
	*total = (struct tally_total){ 0 };
	if (!tally_rows_word(&rest, &what) || !tally_rows_word(&rest, &verb) ||
	    !tally_rows_word(&rest, &of) || tally_rows_word(&rest, &more))
		goto wrong;
	sums = tally_str_eq(verb, TALLY_STR("sums"));
	if (!sums && !tally_str_eq(verb, TALLY_STR("counts")))
		goto wrong;
	if (!read_reference(t, what, total->tag, &total->element) ||
	    !read_reference(t, of, total->of, sums ? &total->of_element : NULL))
		goto wrong;
	t->ntotal++;
	return TALLY_OK;
wrong:
	return tally_rows_error(&t->rows,
	    "a total is \"total CTT01 counts PO1\" or \"total CTT02 sums "
	    "PO102\", of segments and elements that exist");
}

/* set 850 PO purchase order */
static enum tally_rc
read_head(struct set_text *t, const char *name)
{
	struct tally_str row, word, id, functional;

	if (!tally_rows_next(&t->rows, &row) || !tally_rows_word(&row, &word) ||
	    !tally_str_eq(word, TALLY_STR("set")) ||
	    !tally_rows_word(&row, &id) ||
	    !tally_rows_word(&row, &functional) || functional.n != 2)
		return tally_rows_error(&t->rows,
		    "the first row must be: set ID FUNCTIONAL-GROUP NAME");
	if (!tally_str_eq(id, tally_cstr(name)))
		return tally_rows_error(&t->rows,
		    "set %.*s found in the file of set %s", TALLY_WORD(id),
		    name);
	t->set->id = tally_arena_cstr(t->a, id);
	t->set->functional = tally_arena_cstr(t->a, functional);
	t->set->name = tally_rows_rest(t->a, row);
	t->set->version = t->v->version;
	if (t->set->id == NULL || t->set->functional == NULL ||
	    t->set->name == NULL)
		return tally_rows_nomem(&t->rows);
	if (t->set->name[0] == '\0')
		return tally_rows_error(&t->rows, "the set has no name");
	return TALLY_OK;
}

static enum tally_rc
read_body(struct set_text *t)
{
	struct tally_str line, word;
	struct row row;
	enum tally_rc rc = TALLY_OK;

	while (rc == TALLY_OK && tally_rows_next(&t->rows, &line)) {
		(void)tally_rows_word(&line, &word);
		if (tally_str_eq(word, TALLY_STR("}"))) {
			rc = tally_rows_word(&line, &word)
			    ? tally_rows_error(
				  &t->rows, "} stands alone in its row")
			    : close_loop(t);
			continue;
		}
		if (tally_str_eq(word, TALLY_STR("total"))) {
			rc = add_total(t, line);
			continue;
		}
		if (t->nplace == PLACES_MAX || t->nloop == PLACES_MAX)
			return tally_rows_error(&t->rows,
			    "the set has more than %d rows", PLACES_MAX);
		rc = read_row(t, &row, word, line);
		if (rc == TALLY_OK && row.opens && t->open.n > 0)
			rc = tally_rows_error(&t->rows,
			    "a loop begins where the first row of %.*s is due",
			    TALLY_WORD(t->open));
		if (rc == TALLY_OK)
			rc =
			    row.opens ? open_loop(t, &row) : add_place(t, &row);
	}
	return rc;
}

static enum tally_rc
finish(struct set_text *t)
{
	struct tally_place *place;
	struct tally_loop *loop;
	struct tally_total *total;
	const struct tally_place *last = t->place + t->nplace - 1;

	if (t->depth > 0)
		return tally_rows_error(&t->rows, "a loop is not closed by }");
	if (t->nplace == 0 || strcmp(last->segment->tag, "SE") != 0 ||
	    last->requirement != 'M' || t->place[0].requirement != 'M')
		return tally_rows_error(
		    &t->rows, "a set begins with ST and ends with SE, both M");
	t->loop[0].last = (uint16_t)(t->nplace - 1);
	place = tally_arena_alloc(t->a, t->nplace * sizeof(*place));
	loop = tally_arena_alloc(t->a, t->nloop * sizeof(*loop));
	total = tally_arena_alloc(t->a, t->ntotal * sizeof(*total));
	if (place == NULL || loop == NULL || total == NULL)
		return tally_rows_nomem(&t->rows);
	memcpy(place, t->place, t->nplace * sizeof(*place));
	memcpy(loop, t->loop, t->nloop * sizeof(*loop));
	memcpy(total, t->total, t->ntotal * sizeof(*total));
	t->set->place = place;
	t->set->nplace = (uint16_t)t->nplace;
	t->set->loop = loop;
	t->set->nloop = (uint16_t)t->nloop;
	t->set->total = t->ntotal > 0 ? total : NULL;
	t->set->ntotal = (uint16_t)t->ntotal;
	return TALLY_OK;
}

enum tally_rc
tally_dictionary_set(struct tally_set_spec *set, struct tally_arena *a,
    const struct tally_version *v, const struct tally_dictionary_file *file,
    struct tally_err *err)
{
	struct set_text t = { .a = a, .v = v, .set = set, .nloop = 1 };
	enum tally_rc rc;

	*set = (struct tally_set_spec){ 0 };
	t.place = tally_calloc(PLACES_MAX, sizeof(*t.place));
	t.loop = tally_calloc(PLACES_MAX + 1, sizeof(*t.loop));
	rc = tally_rows_open(&t.rows, file, false, err);
	if (rc != TALLY_OK)
		goto out;
	if (t.place == NULL || t.loop == NULL) {
		rc = tally_rows_nomem(&t.rows);
		goto out;
	}
	t.loop[0] =
	    (struct tally_loop){ .path = "", .requirement = 'M', .max = 1 };
	rc = read_head(&t, file->name);
	if (rc == TALLY_OK)
		rc = read_body(&t);
	if (rc == TALLY_OK)
		rc = finish(&t);
out:
	tally_free(t.place);
	tally_free(t.loop);
	return rc;
}
