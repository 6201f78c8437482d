/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files "elements" and "codes" of dictionary text, and the names in
 * "composites" (tallyman-dictionary(5)).
 *
 * Slots are kept sorted while rows are read, so that a duplicate is known at
 * its own row.  An inherited code list is copied when a row changes it.
 */
#include "dictionary_rows.h"

#include "base/check_digit.h"

#define LENGTH_MAX 1000000000 /* of an element: binary ones are that long */
#define ID_MAX     6          /* "C040", "1705" */
#define CODE_MAX   8          /* the checker keeps codes as 64-bit numbers */

void
tally_elements_free(struct tally_elements *t)
{
	for (size_t i = 0; i < t->n; i++)
		tally_free(t->v[i].code);
	tally_free(t->v);
	t->v = NULL;
	t->n = t->cap = 0;
}

/* Room for one more of an array that grows by doubling. */
static void *
grow(void *p, size_t n, size_t *cap, size_t size)
{
	size_t want = *cap > 0 ? *cap * 2 : 16, bytes;
	void *q;

	if (n < *cap)
		return p;
	q = tally_mul_ok(&bytes, want, size) ? tally_realloc(p, bytes) : NULL;
	if (q != NULL)
		*cap = want;
	return q;
}

/* Order of a view and a C string, by byte. */
static int
compare(struct tally_str a, const char *b)
{
	size_t n = strlen(b);
	int d = memcmp(a.p, b, a.n < n ? a.n : n);

	return d != 0 ? d : (a.n > n) - (a.n < n);
}

/* What row i of a sorted table is called. */
typedef const char *name_fn(const void *table, size_t i);

static const char *
element_name(const void *table, size_t i)
{
	return ((const struct tally_element_slot *)table)[i].e.id;
}

static const char *
code_name(const void *table, size_t i)
{
	return ((const struct tally_code_slot *)table)[i].c.code;
}

/* Where s is among n rows, or where it belongs. */
static size_t
slot_of(
    const void *table, size_t n, name_fn *name, struct tally_str s, bool *found)
{
	size_t lo = 0, hi = n, mid;
	int d;

	*found = false;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		d = compare(s, name(table, mid));
		if (d == 0) {
			*found = true;
			return mid;
		}
		if (d < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static size_t
element_slot(const struct tally_elements *t, struct tally_str id, bool *found)
{
	return slot_of(t->v, t->n, element_name, id, found);
}

static struct tally_element_slot *
insert_element(struct tally_elements *t, size_t at)
{
	struct tally_element_slot *v = grow(t->v, t->n, &t->cap, sizeof(*t->v));

	if (v == NULL)
		return NULL;
	t->v = v;
	memmove(v + at + 1, v + at, (t->n - at) * sizeof(*v));
	t->n++;
	v[at] = (struct tally_element_slot){ 0 };
	return v + at;
}

enum tally_rc
tally_elements_base(struct tally_elements *t, const struct tally_version *base,
    struct tally_err *err)
{
	struct tally_element_slot *slot;

	for (size_t i = 0; i < base->nelement; i++) {
		slot = insert_element(t, t->n);
		if (slot == NULL)
			return tally_err_set(err, TALLY_NOMEM,
			    "no memory left for the dictionary");
		slot->e = base->element[i];
	}
	return TALLY_OK;
}

/* The slot for a new row; what the base says of its codes stays. */
static enum tally_rc
claim(struct tally_elements *t, const struct dictionary_rows *r,
    struct tally_str id, struct tally_element_slot **out)
{
	bool found;
	size_t at;

	if (!tally_rows_id(id, ID_MAX))
		return tally_rows_error(r,
		    "\"%.*s\" found, an element's number expected",
		    TALLY_WORD(id));
	at = element_slot(t, id, &found);
	if (found && t->v[at].own)
		return tally_rows_error(
		    r, "element %.*s stands there twice", TALLY_WORD(id));
	if (!found) {
		if (insert_element(t, at) == NULL)
			return tally_rows_nomem(r);
		t->v[at].e.id = tally_arena_cstr(t->a, id);
		if (t->v[at].e.id == NULL)
			return tally_rows_nomem(r);
	}
	t->v[at].own = true;
	*out = &t->v[at];
	return TALLY_OK;
}

/* drop ID … */
static enum tally_rc
drop_elements(struct tally_elements *t, const struct dictionary_rows *r,
    struct tally_str row)
{
	struct tally_str id;
	bool found;
	size_t at;

	while (tally_rows_word(&row, &id)) {
		at = element_slot(t, id, &found);
		if (!found || t->v[at].own)
			return tally_rows_error(
			    r, "the base has no element %.*s", TALLY_WORD(id));
		tally_free(t->v[at].code);
		t->n--;
		memmove(t->v + at, t->v + at + 1, (t->n - at) * sizeof(*t->v));
	}
	return TALLY_OK;
}

static bool
read_type(struct tally_str w, struct tally_element *e)
{
	static const struct {
		struct tally_str name;
		enum tally_type type;
	} types[] = {
		{ { "AN", 2 }, TALLY_AN },
		{ { "ID", 2 }, TALLY_ID },
		{ { "DT", 2 }, TALLY_DT },
		{ { "TM", 2 }, TALLY_TM },
		{ { "R", 1 }, TALLY_R },
		{ { "B", 1 }, TALLY_B },
	};

	e->decimals = 0;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (tally_str_eq(w, types[i].name)) {
			e->type = (uint8_t)types[i].type;
			return true;
		}
	if (w.n != 2 || w.p[0] != 'N' || w.p[1] < '0' || w.p[1] > '9')
		return false;
	e->type = TALLY_N;
	e->decimals = (uint8_t)(w.p[1] - '0');
	return true;
}

/* "1/22", and for dates and times only what they can be. */
static bool
read_length(struct tally_str w, struct tally_element *e)
{
	const char *slash = memchr(w.p, '/', w.n);
	struct tally_str min;

	if (slash == NULL)
		return false;
	min = tally_str(w.p, (size_t)(slash - w.p));
	if (!tally_rows_number(min, LENGTH_MAX, &e->min) ||
	    !tally_rows_number(
		tally_str(slash + 1, w.n - min.n - 1), LENGTH_MAX, &e->max) ||
	    e->min == 0 || e->min > e->max)
		return false;
	if (e->type == TALLY_DT)
		return (e->min == 6 || e->min == 8) &&
		    (e->max == 6 || e->max == 8);
	return e->type != TALLY_TM || (e->min >= 4 && e->max <= 8);
}

/* 324  AN 1/22  purchase order number */
static enum tally_rc
read_element(struct tally_elements *t, const struct dictionary_rows *r,
    struct tally_str row)
{
	struct tally_element_slot *slot;
	struct tally_str id, type, length;
	enum tally_rc rc;

	if (!tally_rows_word(&row, &id) || !tally_rows_word(&row, &type) ||
	    !tally_rows_word(&row, &length))
		return tally_rows_error(r, "a row is NUMBER TYPE MIN/MAX NAME");
	rc = claim(t, r, id, &slot);
	if (rc != TALLY_OK)
		return rc;
	if (!read_type(type, &slot->e))
		return tally_rows_error(r,
		    "type \"%.*s\" found; AN ID DT TM R B or N0 to N9 expected",
		    TALLY_WORD(type));
	if (!read_length(length, &slot->e))
		return tally_rows_error(r,
		    "length \"%.*s\" found; MIN/MAX expected, 6 or 8 of a "
		    "date and 4 to 8 of a time",
		    TALLY_WORD(length));
	slot->e.name = tally_rows_rest(t->a, row);
	if (slot->e.name == NULL)
		return tally_rows_nomem(r);
	if (slot->e.name[0] == '\0')
		return tally_rows_error(
		    r, "element %.*s has no name", TALLY_WORD(id));
	return TALLY_OK;
}

enum tally_rc
tally_elements_read(struct tally_elements *t,
    const struct tally_dictionary_file *file, struct tally_err *err)
{
	struct dictionary_rows r;
	struct tally_str row, rest, word;
	enum tally_rc rc = tally_rows_open(&r, file, false, err);
	bool first = true;

	while (rc == TALLY_OK && tally_rows_next(&r, &row)) {
		rest = row;
		(void)tally_rows_word(&rest, &word);
		if (tally_str_eq(word, TALLY_STR("drop")))
			rc = drop_elements(t, &r, rest);
		else if (!first || !tally_str_eq(word, TALLY_STR("base")))
			rc = read_element(t, &r, row);
		first = false;
	}
	return rc;
}

enum tally_rc
tally_elements_composites(struct tally_elements *t,
    const struct tally_dictionary_file *file, struct tally_err *err)
{
	struct tally_element_slot *slot;
	struct dictionary_rows r;
	struct tally_str row, id;
	enum tally_rc rc = tally_rows_open(&r, file, true, err);

	while (rc == TALLY_OK && tally_rows_next(&r, &row)) {
		(void)tally_rows_word(&row, &id);
		if (tally_str_eq(id, TALLY_STR("drop"))) {
			rc = drop_elements(t, &r, row);
			continue;
		}
		rc = claim(t, &r, id, &slot);
		if (rc != TALLY_OK)
			break;
		slot->e = (struct tally_element){ .id = slot->e.id,
			.type = TALLY_COMPOSITE };
		rc = tally_rows_name(&r, t->a, &row, &slot->e.name);
	}
	return rc;
}

/* Makes the list of a slot writable. */
static bool
edit(struct tally_element_slot *slot)
{
	if (slot->edited)
		return true;
	if (slot->e.ncode > 0) {
		slot->code = tally_calloc(slot->e.ncode, sizeof(*slot->code));
		if (slot->code == NULL)
			return false;
	}
	for (size_t i = 0; i < slot->e.ncode; i++)
		slot->code[i].c = slot->e.code[i];
	slot->ncode = slot->cap = slot->e.ncode;
	slot->edited = true;
	return true;
}

static size_t
code_slot(
    const struct tally_element_slot *e, struct tally_str code, bool *found)
{
	return slot_of(e->code, e->ncode, code_name, code, found);
}

/* Adds a code, or gives one of the base a meaning. */
static enum tally_rc
add_code(struct tally_elements *t, struct tally_element_slot *e,
    const struct dictionary_rows *r, struct tally_str code, const char *meaning)
{
	struct tally_code_slot *v;
	bool found;
	size_t at;

	if (code.n > CODE_MAX)
		return tally_rows_error(r,
		    "code %.*s is longer than %d characters", TALLY_WORD(code),
		    CODE_MAX);
	if (code.n < e->e.min || code.n > e->e.max)
		return tally_rows_error(r,
		    "code %.*s does not have the %u to %u characters of "
		    "element %s",
		    TALLY_WORD(code), (unsigned)e->e.min, (unsigned)e->e.max,
		    e->e.id);
	at = code_slot(e, code, &found);
	if (found && e->code[at].own)
		return tally_rows_error(r,
		    "code %.*s of element %s stands there twice",
		    TALLY_WORD(code), e->e.id);
	if (!found) {
		v = grow(e->code, e->ncode, &e->cap, sizeof(*v));
		if (v == NULL)
			return tally_rows_nomem(r);
		e->code = v;
		memmove(v + at + 1, v + at, (e->ncode - at) * sizeof(*v));
		e->ncode++;
		v[at] = (struct tally_code_slot){ 0 };
		v[at].c.code = tally_arena_cstr(t->a, code);
		if (v[at].c.code == NULL)
			return tally_rows_nomem(r);
	}
	e->code[at].c.meaning = meaning;
	e->code[at].own = true;
	return TALLY_OK;
}

static enum tally_rc
drop_codes(struct tally_element_slot *e, const struct dictionary_rows *r,
    struct tally_str row)
{
	struct tally_str code;
	bool found;
	size_t at;

	while (tally_rows_word(&row, &code)) {
		at = code_slot(e, code, &found);
		if (!found || e->code[at].own)
			return tally_rows_error(r,
			    "the base has no code %.*s of element %s",
			    TALLY_WORD(code), e->e.id);
		e->ncode--;
		memmove(e->code + at, e->code + at + 1,
		    (e->ncode - at) * sizeof(*e->code));
	}
	return TALLY_OK;
}

/* Codes behind which a number with a check digit stands. */
static enum tally_rc
check_codes(struct tally_element_slot *e, const struct dictionary_rows *r,
    struct tally_str row)
{
	struct tally_str word;
	enum tally_check check;
	bool found;
	size_t at;

	if (!tally_rows_word(&row, &word))
		word = tally_str("", 0);
	if (!tally_check_digit_find(word, &check))
		return tally_rows_error(r,
		    "\"%.*s\" found behind check; " CHECK_DIGIT_NAMES
		    " expected",
		    TALLY_WORD(word));
	while (tally_rows_word(&row, &word)) {
		at = code_slot(e, word, &found);
		if (!found)
			return tally_rows_error(r,
			    "element %s has no code %.*s to be checked; add "
			    "the "
			    "code before this row",
			    e->e.id, TALLY_WORD(word));
		e->code[at].c.check = (uint8_t)check;
		e->e.checks = true;
	}
	return TALLY_OK;
}

/*
 * 353 00 original        a code with its meaning
 * 353 = 01 04 05         codes without
 * 353 *                  there are more
 * 353 complete           there are no more, whatever the base says
 * 353 drop 05            not those of the base
 * 88 check sscc GM       the number behind it has a check digit
 */
static enum tally_rc
read_codes(struct tally_elements *t, const struct dictionary_rows *r,
    struct tally_str row)
{
	struct tally_element_slot *e;
	struct tally_str id, word, rest;
	const char *meaning;
	enum tally_rc rc = TALLY_OK;
	bool found;
	size_t at;

	if (!tally_rows_word(&row, &id) || !tally_rows_word(&row, &word))
		return tally_rows_error(r, "a row is ELEMENT CODE MEANING");
	at = element_slot(t, id, &found);
	if (!found)
		return tally_rows_error(r,
		    "element %.*s is not in the file elements", TALLY_WORD(id));
	e = &t->v[at];
	if (e->e.type != TALLY_ID && e->e.type != TALLY_AN)
		return tally_rows_error(r,
		    "element %s has codes, but neither type ID nor AN",
		    e->e.id);
	if (!edit(e))
		return tally_rows_nomem(r);
	if (tally_str_eq(word, TALLY_STR("drop")))
		return drop_codes(e, r, row);
	if (tally_str_eq(word, TALLY_STR("check")))
		return check_codes(e, r, row);
	if (tally_str_eq(word, TALLY_STR("*")) ||
	    tally_str_eq(word, TALLY_STR("complete"))) {
		e->e.open = word.n == 1;
		return tally_rows_word(&row, &rest)
		    ? tally_rows_error(
			  r, "nothing can follow %.*s", TALLY_WORD(word))
		    : TALLY_OK;
	}
	if (tally_str_eq(word, TALLY_STR("="))) {
		for (rest = row;
		     rc == TALLY_OK && tally_rows_word(&rest, &word);)
			rc = add_code(t, e, r, word, "");
		return rc;
	}
	meaning = tally_rows_rest(t->a, row);
	if (meaning == NULL)
		return tally_rows_nomem(r);
	return add_code(t, e, r, word, meaning);
}

enum tally_rc
tally_elements_codes(struct tally_elements *t,
    const struct tally_dictionary_file *file, struct tally_err *err)
{
	struct dictionary_rows r;
	struct tally_str row;
	enum tally_rc rc = tally_rows_open(&r, file, true, err);

	while (rc == TALLY_OK && tally_rows_next(&r, &row))
		rc = read_codes(t, &r, row);
	return rc;
}

struct tally_element *
tally_elements_finish(struct tally_elements *t)
{
	struct tally_element *v = tally_arena_alloc(t->a, t->n * sizeof(*v));
	struct tally_element_slot *slot;
	struct tally_code *code;

	if (v == NULL)
		return NULL;
	for (size_t i = 0; i < t->n; i++) {
		slot = &t->v[i];
		if (slot->edited) {
			code = tally_arena_alloc(
			    t->a, slot->ncode * sizeof(*code));
			if (code == NULL)
				return NULL;
			for (size_t k = 0; k < slot->ncode; k++)
				code[k] = slot->code[k].c;
			slot->e.code = slot->ncode > 0 ? code : NULL;
			slot->e.ncode = (uint32_t)slot->ncode;
		}
		v[i] = slot->e;
	}
	return v;
}
