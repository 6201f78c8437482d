/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records from JSON; see parse.h.
 *
 * Rows are made first, with their columns, and the ids that they call
 * themselves are noted; then references are looked up, so that a row may refer
 * to one that stands behind it.
 */
#include "record/parse.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/date.h"
#include "base/decimal.h"
#include "record/model.h"

#define INTEGER_DIGITS 18 /* always fit 64 bits */
#define TREE_MAX       ((size_t)1 << 30)
#define SHOWN          60 /* bytes of a value that a message quotes */

/* What a row calls itself. */
struct known {
	uint64_t id;
	uint32_t seq;
	const struct tally_json *at;
};

struct parse {
	struct tally_batch *batch;
	const char *file;
	struct tally_arena scratch;
	struct known **known; /* per table, sorted by id */
	uint32_t *nknown;
	struct tally_err *err;
};

/* The row that is read, for messages. */
struct place {
	uint16_t table;
	uint32_t seq;
};

static enum tally_rc
no_memory(struct parse *p)
{
	return tally_err_set(
	    p->err, TALLY_NOMEM, "no memory for the records in %s", p->file);
}

/* "found …", of a value that is not what was expected. */
static enum tally_rc
unfit(struct parse *p, struct place place, const struct tally_json *x,
    const char *expected)
{
	const char *table = p->batch->model->table[place.table].name;
	const char *quote = x->kind == TALLY_JSON_STRING ? "\"" : "";
	struct tally_str v = x->text;

	if (x->kind != TALLY_JSON_STRING && x->kind != TALLY_JSON_NUMBER)
		v = tally_cstr(tally_json_called(x->kind));
	return tally_json_wrong(p->err, p->file, x,
	    "%s[%u].%.*s: found %s%.*s%s; expected %s", table, place.seq,
	    (int)x->name.n, x->name.p, quote, (int)(v.n < SHOWN ? v.n : SHOWN),
	    v.p, quote, expected);
}

/* --- values --- */

static bool
read_text(struct tally_str *v, const struct tally_json *x, char *room)
{
	(void)room;
	*v = x->text;
	return x->kind == TALLY_JSON_STRING &&
	    (v->n == 0 || memchr(v->p, '\0', v->n) == NULL);
}

static bool
all_digits(struct tally_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

static bool
read_integer(struct tally_str *v, const struct tally_json *x, char *room)
{
	struct tally_str digits = x->text;

	(void)room;
	*v = x->text;
	if (x->kind != TALLY_JSON_NUMBER)
		return false;
	if (*digits.p == '-') {
		digits.p++;
		digits.n--;
	}
	if (digits.n == 1 && *digits.p == '0')
		*v = digits; /* there is no -0 */
	return digits.n <= INTEGER_DIGITS && all_digits(digits);
}

static bool
read_decimal(struct tally_str *v, const struct tally_json *x, char *room)
{
	if (x->kind != TALLY_JSON_NUMBER && x->kind != TALLY_JSON_STRING)
		return false;
	*v = tally_str(room, tally_decimal_r(room, x->text));
	return v->n > 0;
}

/* Without the bytes at which the pattern is no digit. */
static size_t
compact(char *to, struct tally_str s, const char *pattern)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		if (pattern[i] == '0')
			to[n++] = s.p[i];
	return n;
}

static bool
read_date(struct tally_str *v, const struct tally_json *x, char *room)
{
	char digits[TALLY_DATE_MAX];
	size_t n;

	if (x->kind != TALLY_JSON_STRING || x->text.n != TALLY_DATE_MAX)
		return false;
	n = compact(digits, x->text, "0000-00-00");
	*v = tally_str(room, tally_date_iso(room, tally_str(digits, n)));
	return tally_str_eq(*v, x->text);
}

static bool
read_time(struct tally_str *v, const struct tally_json *x, char *room)
{
	char digits[TALLY_TIME_MAX];
	size_t n;

	if (x->kind != TALLY_JSON_STRING || x->text.n > TALLY_TIME_MAX)
		return false;
	n = compact(digits, x->text, "00:00:00.00");
	*v = tally_str(room, tally_time_iso(room, tally_str(digits, n)));
	return tally_str_eq(*v, x->text);
}

/* By enum tally_column_type. */
static const struct {
	bool (*read)(struct tally_str *, const struct tally_json *, char *room);
	const char *expected;
} types[] = {
	{ read_text, "a string without \\u0000" },
	{ read_integer, "a whole number of at most 18 digits" },
	{ read_decimal, "a decimal such as \"12.50\"" },
	{ read_date, "a date such as \"2026-01-31\"" },
	{ read_time, "a time such as \"23:59\" or \"23:59:59.99\"" },
};

static enum tally_rc
read_column(struct parse *p, struct place place, uint32_t row, int column,
    const struct tally_json *x)
{
	const struct tally_table *t = &p->batch->model->table[place.table];
	enum tally_column_type type = t->column[column].type;
	char room[TALLY_DECIMAL_MAX];
	struct tally_str v;

	if (x->kind == TALLY_JSON_NULL)
		return TALLY_OK;
	if (!types[type].read(&v, x, room))
		return unfit(p, place, x, types[type].expected);
	return tally_batch_set(
	    p->batch, place.table, row, (uint16_t)column, v, p->err);
}

/* --- ids and references --- */

/* A number from 0 on, as rows are told apart by. */
static bool
read_id(uint64_t *id, const struct tally_json *x)
{
	*id = 0;
	if (x->kind != TALLY_JSON_NUMBER || x->text.n > INTEGER_DIGITS ||
	    !all_digits(x->text))
		return false;
	for (size_t i = 0; i < x->text.n; i++)
		*id = *id * 10 + (uint64_t)(x->text.p[i] - '0');
	return true;
}

static int
by_id(const void *left, const void *right)
{
	const struct known *a = left, *b = right;

	return a->id < b->id ? -1 : a->id > b->id;
}

static enum tally_rc
set_reference(struct parse *p, struct place place, uint32_t row, int k,
    const struct tally_json *x)
{
	const struct tally_rows *r = &p->batch->rows[place.table];
	const struct tally_table *t = r->table;
	uint16_t to = t->reference[k].table;
	struct known wanted, *found;
	char expected[128];

	if (x->kind == TALLY_JSON_NULL)
		return TALLY_OK;
	if (!read_id(&wanted.id, x))
		return unfit(p, place, x, "the id of a row, a whole number");
	found = p->nknown[to] == 0 ? NULL
				   : bsearch(&wanted, p->known[to],
					 p->nknown[to], sizeof(wanted), by_id);
	if (found == NULL) {
		snprintf(expected, sizeof(expected),
		    "the id of a row of %.60s in this document",
		    p->batch->model->table[to].name);
		return unfit(p, place, x, expected);
	}
	r->reference[(size_t)row * t->nreference + (size_t)k] = found->seq;
	return TALLY_OK;
}

/* The second pass over a row. */
static enum tally_rc
refer(struct parse *p, struct place place, uint32_t row,
    const struct tally_json *x)
{
	const struct tally_table *t = &p->batch->model->table[place.table];
	enum tally_rc rc = TALLY_OK;
	int k;

	for (x = x->child; x != NULL && rc == TALLY_OK; x = x->next) {
		k = tally_table_reference(t, x->name);
		if (k >= 0)
			rc = set_reference(p, place, row, k, x);
	}
	return rc;
}

/* --- rows and tables --- */

static enum tally_rc
note_id(struct parse *p, struct place place, const struct tally_json *x)
{
	struct known *k = &p->known[place.table][p->nknown[place.table]];

	if (!read_id(&k->id, x))
		return unfit(p, place, x, "a whole number from 0 on");
	k->seq = place.seq;
	k->at = x;
	p->nknown[place.table]++;
	return TALLY_OK;
}

static enum tally_rc
read_member(struct parse *p, struct place place, uint32_t row,
    const struct tally_json *x)
{
	const struct tally_table *t = &p->batch->model->table[place.table];
	int column;

	if (tally_str_eq(x->name, TALLY_STR("id")))
		return note_id(p, place, x);
	column = tally_table_column(t, x->name);
	if (column >= 0)
		return read_column(p, place, row, column, x);
	if (tally_table_reference(t, x->name) >= 0)
		return TALLY_OK; /* the second pass */
	return tally_json_wrong(p->err, p->file, x,
	    "%s[%u]: table %s has no column \"%.*s\"; remove it, or give the "
	    "table one in records.xml",
	    t->name, place.seq, t->name,
	    (int)(x->name.n < SHOWN ? x->name.n : SHOWN), x->name.p);
}

static enum tally_rc
read_row(struct parse *p, struct place place, const struct tally_json *x)
{
	const struct tally_table *t = &p->batch->model->table[place.table];
	uint32_t row;
	enum tally_rc rc;

	if (x->kind != TALLY_JSON_OBJECT)
		return tally_json_wrong(p->err, p->file, x,
		    "%s[%u]: found %s; expected an object, a row", t->name,
		    place.seq, tally_json_called(x->kind));
	if (t->head && place.seq > 0)
		return tally_json_wrong(p->err, p->file, x,
		    "%s[%u]: a document has at most one row of %s; write a "
		    "document for each",
		    t->name, place.seq, t->name);
	rc = tally_batch_row(p->batch, place.table, &row, p->err);
	for (x = x->child; x != NULL && rc == TALLY_OK; x = x->next)
		rc = read_member(p, place, row, x);
	return rc;
}

/* Ids that two rows have. */
static enum tally_rc
check_ids(struct parse *p, uint16_t table)
{
	struct known *k = p->known[table];
	uint32_t n = p->nknown[table];
	uint32_t seq;

	qsort(k, n, sizeof(*k), by_id);
	for (uint32_t i = 1; i < n; i++) {
		if (k[i].id != k[i - 1].id)
			continue;
		seq = k[i].seq > k[i - 1].seq ? i : i - 1;
		return tally_json_wrong(p->err, p->file, k[seq].at,
		    "%s[%u].id: another row of %s has the id %.*s, too",
		    p->batch->model->table[table].name, k[seq].seq,
		    p->batch->model->table[table].name, (int)k[seq].at->text.n,
		    k[seq].at->text.p);
	}
	return TALLY_OK;
}

static enum tally_rc
read_table(struct parse *p, const struct tally_json *x)
{
	int table = tally_model_table(p->batch->model, x->name);
	struct place place = { (uint16_t)table, 0 };
	enum tally_rc rc = TALLY_OK;

	if (table < 0)
		return tally_json_wrong(p->err, p->file, x,
		    "there is no table \"%.*s\"; tallyman-store(5) has those "
		    "that there are",
		    (int)(x->name.n < SHOWN ? x->name.n : SHOWN), x->name.p);
	if (x->kind != TALLY_JSON_ARRAY)
		return tally_json_wrong(p->err, p->file, x,
		    "%.*s: found %s; expected an array of rows", (int)x->name.n,
		    x->name.p, tally_json_called(x->kind));
	p->known[table] =
	    tally_arena_alloc(&p->scratch, x->n * sizeof(**p->known));
	if (p->known[table] == NULL)
		return no_memory(p);
	for (x = x->child; x != NULL && rc == TALLY_OK; x = x->next) {
		rc = read_row(p, place, x);
		place.seq++;
	}
	return rc == TALLY_OK ? check_ids(p, place.table) : rc;
}

static enum tally_rc
refer_table(struct parse *p, const struct tally_json *x)
{
	struct place place = {
		(uint16_t)tally_model_table(p->batch->model, x->name), 0
	};
	uint32_t first = p->batch->rows[place.table].n - (uint32_t)x->n;
	enum tally_rc rc = TALLY_OK;

	for (x = x->child; x != NULL && rc == TALLY_OK; x = x->next) {
		rc = refer(p, place, first + place.seq, x);
		place.seq++;
	}
	return rc;
}

static enum tally_rc
read_tables(struct parse *p, const struct tally_json *tables)
{
	const struct tally_json *x;
	enum tally_rc rc = TALLY_OK;

	if (tables->kind != TALLY_JSON_OBJECT)
		return tally_json_wrong(p->err, p->file, tables,
		    "found %s; expected an object of tables, such as "
		    "{\"orders\":[…]}",
		    tally_json_called(tables->kind));
	for (x = tables->child; x != NULL && rc == TALLY_OK; x = x->next)
		rc = read_table(p, x);
	for (x = tables->child; x != NULL && rc == TALLY_OK; x = x->next)
		rc = refer_table(p, x);
	return rc;
}

enum tally_rc
tally_record_parse(struct tally_batch *b, const char *file,
    const struct tally_json *tables, struct tally_err *err)
{
	struct parse p = { .batch = b, .file = file, .err = err };
	uint16_t n = b->model->ntable;
	enum tally_rc rc;

	tally_arena_init(&p.scratch, b->max);
	p.known = tally_calloc(n, sizeof(*p.known));
	p.nknown = tally_calloc(n, sizeof(*p.nknown));
	if (p.known == NULL || p.nknown == NULL) {
		rc = no_memory(&p);
		goto out;
	}
	(void)tally_batch_document(b);
	rc = read_tables(&p, tables);
	if (rc != TALLY_OK)
		tally_batch_undo(b);
out:
	tally_free(p.nknown);
	tally_free(p.known);
	tally_arena_free(&p.scratch);
	return rc;
}

enum tally_rc
tally_batch_parse(struct tally_batch *b, const char *file,
    struct tally_str text, struct tally_err *err)
{
	struct tally_json_reader r;
	const struct tally_json *x;
	struct tally_arena tree;
	enum tally_rc rc = TALLY_OK;

	tally_arena_init(&tree, TREE_MAX);
	tally_json_begin(&r, file, text);
	do {
		tally_arena_reset(&tree);
		rc = tally_json_next(&r, &tree, &x, err);
		if (rc == TALLY_OK && x != NULL)
			rc = tally_record_parse(b, file, x, err);
	} while (rc == TALLY_OK && x != NULL);
	tally_arena_free(&tree);
	return rc;
}
