/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rows of a batch hold; see wire.h.
 *
 * They are most of what is said at all, so all rows of a table have the same
 * form: a place for each column that has had a value, whether the row has one
 * or not.  Each table begins with these columns.  Behind the last table come
 * the texts, to which the places lead: as they lie in the batch, mostly the
 * sets as the partner wrote them, and behind them those that are elsewhere.
 * Nothing is copied for a cell, and what is read stays where it is.
 */
#include "flow/wire.h"

#include <assert.h>
#include <string.h>

#include "base/date.h"
#include "base/decimal.h"
#include "base/text.h"
#include "base/word.h"
#include "store/load.h"

#define NOWHERE      UINT32_MAX
#define ROWS_AT_ONCE 64

/* Where the text of a cell is. */
struct place {
	uint32_t at; /* in the texts, or NOWHERE: the cell is null */
	uint32_t n;
};
_Static_assert(sizeof(struct place) == WIRE_CELL, "as it is said");

/* The columns of a table that are said, in rising order. */
struct columns {
	uint16_t v[TALLY_NO_SLOT], n;
	uint8_t slot[TALLY_NO_SLOT]; /* of each */
	uint16_t nrest;
	uint8_t rest[TALLY_NO_SLOT + 1]; /* slots of a row that are of none */
};

struct texts {
	struct tally_str s;
	struct tally_buf own; /* written: behind it */
	bool plain;           /* read: they are ASCII without NUL */
};

/* --- values --- */

/* As a pattern has it, whose 0 is any digit. */
static bool
is_like(const char *p, size_t n, const char *pattern)
{
	for (size_t i = 0; i < n; i++)
		if (pattern[i] == '0' ? p[i] < '0' || p[i] > '9'
				      : p[i] != pattern[i])
			return false;
	return true;
}

static bool
is_time(const char *p, size_t n)
{
	static const char pattern[] = "00:00:00.00";

	return n < sizeof(pattern) && n != 9 && (n >= 8 || n == 5) &&
	    is_like(p, n, pattern);
}

static size_t
digits(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] >= '0' && p[i] <= '9')
		i++;
	return i;
}

static bool
is_decimal(const char *p, size_t n)
{
	size_t i, whole, part = 0;

	if (n > TALLY_DECIMAL_MAX)
		return false;
	i = n > 0 && p[0] == '-';
	whole = digits(p + i, n - i);
	i += whole;
	if (i < n && p[i] == '.') {
		part = digits(p + i + 1, n - i - 1);
		i += 1 + part;
	}
	return whole + part > 0 && i == n;
}

static bool
fits(enum tally_column_type type, const struct tally_cell *c)
{
	int64_t number;

	switch (type) {
	case TALLY_TEXT:
		return tally_utf8_ok(tally_str(c->p, c->n));
	case TALLY_INTEGER:
		return load_integer(&number, c);
	case TALLY_DECIMAL:
		return is_decimal(c->p, c->n);
	case TALLY_DATE:
		return c->n == TALLY_DATE_MAX &&
		    is_like(c->p, c->n, "0000-00-00");
	case TALLY_TIME:
		return is_time(c->p, c->n);
	}
	return false;
}

/* --- written --- */

static void
find_columns(struct columns *c, const struct tally_rows *r)
{
	c->n = 0;
	for (uint16_t k = 0; k < r->table->ncolumn; k++)
		if (r->slot[k] != TALLY_NO_SLOT) {
			c->slot[c->n] = r->slot[k];
			c->v[c->n++] = k;
		}
}

static struct place
place_of(struct texts *t, const struct tally_cell *c)
{
	/* It may be in another object. */
	uintptr_t at = (uintptr_t)c->p - (uintptr_t)t->s.p;

	if (c->p == NULL)
		return (struct place){ NOWHERE, 0 };
	if (at > t->s.n || c->n > t->s.n - at) {
		at = t->s.n + t->own.n;
		tally_buf_add(&t->own, c->p, c->n);
	}
	return (struct place){ (uint32_t)at, c->n };
}

static void
put_table(
    struct wire *w, struct tally_batch *b, uint16_t table, struct texts *t)
{
	const struct tally_rows *r = &b->rows[table];
	const struct tally_cell *of;
	struct columns c;
	struct place place;
	size_t n;
	char *at;

	/* No row is for nothing: there can be only as many as there are bytes
	 * for. */
	if (r->nslot == 0 && r->table->ncolumn > 0)
		(void)tally_slot_open(b, table, 0);
	of = r->cell;
	find_columns(&c, r);
	wire_u16(w, &c.n);
	wire_raw(w, c.v, c.n * sizeof(*c.v));
	n = (size_t)r->n * c.n * sizeof(place);
	at = tally_buf_room(w->out, n);
	if (at == NULL)
		return;
	for (uint32_t i = 0; i < r->n; i++, of += r->width)
		for (uint16_t k = 0; k < c.n; k++, at += sizeof(place)) {
			place = place_of(t, &of[c.slot[k]]);
			memcpy(at, &place, sizeof(place));
		}
	w->out->n += n;
	w->out->p[w->out->n] = '\0';
}

static void
put_cells(struct wire *w, struct tally_batch *b)
{
	struct texts t = { .s = tally_arena_newest(&b->text) };
	size_t at = w->out->n, n = 0;

	tally_buf_init(&t.own, WIRE_FRAME_MAX);
	wire_size(w, &n);
	for (uint16_t i = 0; i < b->model->ntable; i++)
		if (b->rows[i].n > 0)
			put_table(w, b, i, &t);
	n = t.s.n + t.own.n;
	tally_buf_str(w->out, t.s);
	tally_buf_str(w->out, tally_buf_view(&t.own));
	w->out->failed |= t.own.failed;
	if (!w->out->failed)
		memcpy(w->out->p + at, &n, sizeof(n));
	tally_buf_free(&t.own);
}

/* --- read --- */

/* Rising, each one of the table's. */
static bool
read_columns(
    struct wire *w, struct columns *c, struct tally_batch *b, uint16_t table)
{
	const struct tally_rows *r = &b->rows[table];
	uint32_t next = 0;

	c->n = 0;
	wire_u16(w, &c->n);
	if ((c->n == 0 && r->table->ncolumn > 0) || c->n > r->table->ncolumn) {
		w->bad = true;
		c->n = 0;
	}
	wire_raw(w, c->v, c->n * sizeof(*c->v));
	for (uint16_t i = 0; i < c->n; i++) {
		if (w->bad || c->v[i] < next || c->v[i] >= r->table->ncolumn)
			return false;
		next = c->v[i] + 1u;
	}
	for (uint16_t i = 0; i < c->n; i++) {
		if (r->slot[c->v[i]] == TALLY_NO_SLOT)
			(void)tally_slot_open(b, table, c->v[i]);
		c->slot[i] = r->slot[c->v[i]];
	}
	return !w->bad;
}

static void
find_rest(struct columns *c, const struct tally_rows *r)
{
	bool said[TALLY_NO_SLOT + 1] = { false };

	assert(r->width <= sizeof(c->rest));
	for (uint16_t k = 0; k < c->n; k++)
		said[c->slot[k]] = true;
	c->nrest = 0;
	for (uint16_t slot = 0; slot < r->width; slot++)
		if (!said[slot])
			c->rest[c->nrest++] = (uint8_t)slot;
}

/* Cells of the rows from … to - 1, which are nothing yet; false at the first
 * that is not in the texts. */
static bool
read_places(struct wire *w, const struct tally_rows *r, const struct columns *c,
    struct tally_str texts, uint32_t from, uint32_t to)
{
	struct tally_cell *cell = r->cell + (size_t)from * r->width;
	const char *at = w->p;
	uint64_t viewed = 0;
	struct place place;

	for (uint32_t i = from; i < to; i++, cell += r->width) {
		for (uint16_t k = 0; k < c->nrest; k++)
			cell[c->rest[k]] = tally_no_cell;
		for (uint16_t k = 0; k < c->n; k++, at += sizeof(place)) {
			memcpy(&place, at, sizeof(place));
			if (place.at == NOWHERE) {
				cell[c->slot[k]] = tally_no_cell;
				continue;
			}
			if (place.at > texts.n || place.n > texts.n - place.at)
				return false;
			cell[c->slot[k]] =
			    (struct tally_cell){ texts.p + place.at, place.n };
			viewed += place.n;
		}
	}
	w->p = at;
	w->viewed += viewed;
	return true;
}

static bool
check_column(const struct tally_rows *r, uint8_t slot,
    enum tally_column_type type, uint32_t from, uint32_t to)
{
	const struct tally_cell *cell =
	    r->cell + (size_t)from * r->width + slot;

	for (uint32_t i = from; i < to; i++, cell += r->width)
		if (cell->p != NULL && !fits(type, cell))
			return false;
	return true;
}

/* Rows by rows, of which all is in the cache until it is looked at. */
static bool
read_table(struct wire *w, struct tally_batch *b, uint16_t table,
    const struct texts *t)
{
	struct tally_rows *r = &b->rows[table];
	struct columns c;
	uint32_t to;

	if (!read_columns(w, &c, b, table) ||
	    (size_t)(w->end - w->p) / sizeof(struct place) < (size_t)r->n * c.n)
		return false;
	find_rest(&c, r);
	for (uint32_t from = 0; from < r->n; from = to) {
		to = r->n - from > ROWS_AT_ONCE ? from + ROWS_AT_ONCE : r->n;
		if (!read_places(w, r, &c, t->s, from, to))
			return false;
		for (uint16_t k = 0; k < c.n; k++) {
			enum tally_column_type type =
			    r->table->column[c.v[k]].type;

			if ((type != TALLY_TEXT || !t->plain) &&
			    !check_column(r, c.slot[k], type, from, to))
				return false;
		}
	}
	return true;
}

static void
read_cells(struct wire *w, struct tally_batch *b)
{
	size_t n = wire_count(w, 0, 1);
	struct texts t = { .s = { w->end - n, n } };

	t.plain = word_plain(t.s.p, t.s.n);
	w->end -= n;
	for (uint16_t i = 0; i < b->model->ntable && !w->bad; i++)
		if (b->rows[i].n > 0)
			w->bad = !read_table(w, b, i, &t);
	w->bad |= w->p != w->end;
	b->utf8 = !w->bad;
	w->end += n;
	w->p = w->end;
}

void
wire_cells(struct wire *w, struct tally_batch *b)
{
	if (w->out != NULL)
		put_cells(w, b);
	else if (!w->bad)
		read_cells(w, b);
}
