/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file "segments" of dictionary text, and what the file "composites"
 * says of their components (tallyman-dictionary(5)).  Both have the same
 * form: a name, what it is made of, relational notes.
 *
 * What is inherited from a base is linked anew, so that it refers to the
 * elements of this version.
 */
#include "binary.h"
#include "dictionary_rows.h"

#define NOTES_MAX  32 /* the most in the standard are 14 */
#define REPEAT_MAX 9999

/* What stands behind the "=" of a row. */
struct layout {
	struct tally_use use[TALLY_ELEMENTS_MAX];
	uint32_t nuse;
	struct tally_note note[NOTES_MAX];
	uint32_t nnote;
};

enum tally_rc
tally_rows_name(const struct dictionary_rows *r, struct tally_arena *a,
    struct tally_str *row, const char **name)
{
	struct tally_str word, rest = *row;
	struct tally_str words = tally_str(row->p, 0);

	while (tally_rows_word(&rest, &word)) {
		if (tally_str_eq(word, TALLY_STR("="))) {
			*row = rest;
			*name = tally_rows_rest(a, words);
			if (*name == NULL)
				return tally_rows_nomem(r);
			if ((*name)[0] != '\0')
				return TALLY_OK;
			break;
		}
		words.n = (size_t)(word.p + word.n - words.p);
	}
	return tally_rows_error(
	    r, "a row is TAG NAME = ELEMENT:REQUIREMENT ... ; NOTES");
}

/* "98:M", "127:Ox3", "C040:Ox-" */
static enum tally_rc
read_use(const struct dictionary_rows *r, const struct tally_version *v,
    struct tally_str word, struct tally_use *use)
{
	const char *colon = memchr(word.p, ':', word.n);
	struct tally_str id, mark;
	uint32_t repeat = 1;

	if (colon == NULL)
		goto wrong;
	id = tally_str(word.p, (size_t)(colon - word.p));
	mark = tally_str(colon + 1, word.n - id.n - 1);
	if (mark.n == 0 ||
	    (mark.p[0] != 'M' && mark.p[0] != 'O' && mark.p[0] != 'X'))
		goto wrong;
	if (mark.n > 1 &&
	    (mark.p[1] != 'x' ||
		!tally_rows_maximum(
		    tally_str(mark.p + 2, mark.n - 2), REPEAT_MAX, &repeat)))
		goto wrong;
	use->element = tally_element_find(v, id);
	if (use->element == NULL)
		return tally_rows_error(r,
		    "element %.*s is in neither elements nor composites",
		    TALLY_WORD(id));
	use->requirement = mark.p[0];
	use->repeat = (uint16_t)repeat;
	return TALLY_OK;
wrong:
	return tally_rows_error(r,
	    "\"%.*s\" found; ELEMENT:M, :O or :X expected, with xMAXIMUM "
	    "behind it when it repeats",
	    TALLY_WORD(word));
}

/* "P0304": the letter and at least two positions of the nuse there are. */
static enum tally_rc
read_note(const struct dictionary_rows *r, struct tally_str word, uint32_t nuse,
    struct tally_note *note)
{
	uint32_t k;

	if (word.n < 5 || word.n % 2 == 0 ||
	    memchr("PRECL", word.p[0], 5) == NULL)
		return tally_rows_error(r,
		    "note \"%.*s\" found; P R E C or L and two digits for each "
		    "position expected",
		    TALLY_WORD(word));
	*note = (struct tally_note){ .kind = word.p[0] };
	for (size_t i = 1; i < word.n; i += 2) {
		if (!tally_rows_number(tally_str(word.p + i, 2), nuse, &k) ||
		    k == 0 || (note->mask & (uint64_t)1 << k) != 0)
			return tally_rows_error(r,
			    "note %.*s names a position twice, or one that "
			    "is not among the %u there are",
			    TALLY_WORD(word), (unsigned)nuse);
		note->mask |= (uint64_t)1 << k;
		if (i == 1)
			note->first = (uint8_t)k;
	}
	return TALLY_OK;
}

/* Each X needs a note that can call for it. */
static enum tally_rc
check_marks(const struct dictionary_rows *r, const struct layout *l)
{
	uint64_t named = 0, mask;
	uint32_t i;

	for (i = 0; i < l->nnote; i++) {
		mask = l->note[i].mask;
		if (l->note[i].kind == 'C' || l->note[i].kind == 'L')
			mask &= ~((uint64_t)1 << l->note[i].first);
		named |= mask;
	}
	for (i = 0; i < l->nuse; i++)
		if (l->use[i].requirement == 'X' &&
		    (named & (uint64_t)1 << (i + 1)) == 0)
			return tally_rows_error(r,
			    "position %u is X, but no note calls for it",
			    (unsigned)i + 1);
	return TALLY_OK;
}

static enum tally_rc
read_layout(const struct dictionary_rows *r, const struct tally_version *v,
    struct tally_str row, struct layout *l)
{
	struct tally_str word;
	enum tally_rc rc = TALLY_OK;
	bool notes = false;

	l->nuse = l->nnote = 0;
	while (rc == TALLY_OK && tally_rows_word(&row, &word)) {
		if (tally_str_eq(word, TALLY_STR(";"))) {
			if (notes)
				return tally_rows_error(
				    r, "a second ; in one row");
			notes = true;
		} else if (!notes) {
			if (l->nuse == TALLY_ELEMENTS_MAX)
				return tally_rows_error(r,
				    "more than %d elements",
				    TALLY_ELEMENTS_MAX);
			rc = read_use(r, v, word, &l->use[l->nuse++]);
		} else {
			if (l->nnote == NOTES_MAX)
				return tally_rows_error(
				    r, "more than %d notes", NOTES_MAX);
			rc = read_note(r, word, l->nuse, &l->note[l->nnote++]);
		}
	}
	if (rc == TALLY_OK && l->nuse == 0)
		return tally_rows_error(r, "there are no elements behind =");
	return rc == TALLY_OK ? check_marks(r, l) : rc;
}

/* Copies a layout's tables into the arena; null when memory ends. */
static bool
keep(struct tally_arena *a, const struct layout *l,
    const struct tally_use **use, const struct tally_note **note)
{
	struct tally_use *u = tally_arena_alloc(a, l->nuse * sizeof(*u));
	struct tally_note *n = tally_arena_alloc(a, l->nnote * sizeof(*n));

	if (u == NULL || n == NULL)
		return false;
	memcpy(u, l->use, l->nuse * sizeof(*u));
	memcpy(n, l->note, l->nnote * sizeof(*n));
	*use = u;
	*note = l->nnote > 0 ? n : NULL;
	return true;
}

/* The same uses with the elements of v; false when one is not there, with
 * its id in *missing, or when memory ends (null). */
static bool
relink(struct tally_arena *a, const struct tally_version *v,
    const struct tally_use **use, uint32_t nuse, const char **missing)
{
	struct tally_use *u = tally_arena_alloc(a, nuse * sizeof(*u));

	*missing = NULL;
	if (u == NULL)
		return false;
	for (uint32_t i = 0; i < nuse; i++) {
		u[i] = (*use)[i];
		*missing = u[i].element->id;
		u[i].element = tally_element_find(v, tally_cstr(*missing));
		if (u[i].element == NULL)
			return false;
	}
	*use = u;
	return true;
}

static enum tally_rc
relink_failed(struct tally_err *err, const char *what, const char *missing)
{
	if (missing == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "no memory left for the dictionary");
	return tally_err_set(err, TALLY_CONFIG,
	    "%s of the base has element %s, which was dropped", what, missing);
}

/* The composite's own row, whose components are plain elements. */
static enum tally_rc
define(struct tally_element *e, struct tally_arena *a,
    const struct tally_version *v, const struct dictionary_rows *r,
    struct tally_str row)
{
	struct layout l;
	const char *name;
	enum tally_rc rc = tally_rows_name(r, a, &row, &name);

	if (rc == TALLY_OK)
		rc = read_layout(r, v, row, &l);
	if (rc != TALLY_OK)
		return rc;
	for (uint32_t i = 0; i < l.nuse; i++)
		if (l.use[i].element->type == TALLY_COMPOSITE)
			return tally_rows_error(r,
			    "a composite in a composite: %s",
			    l.use[i].element->id);
	e->nuse = (uint8_t)l.nuse;
	e->nnote = (uint8_t)l.nnote;
	return keep(a, &l, &e->use, &e->note) ? TALLY_OK : tally_rows_nomem(r);
}

enum tally_rc
tally_dictionary_composites(struct tally_element *element,
    struct tally_arena *a, const struct tally_version *v,
    const struct tally_dictionary_file *file, struct tally_err *err)
{
	struct dictionary_rows r;
	struct tally_str row, id;
	const struct tally_element *e;
	const char *missing;
	enum tally_rc rc = TALLY_OK;

	for (uint32_t i = 0; i < v->nelement; i++)
		if (!relink(a, v, &element[i].use, element[i].nuse, &missing))
			return relink_failed(err, element[i].id, missing);
	if (file == NULL)
		return TALLY_OK;
	rc = tally_rows_open(&r, file, true, err);
	while (rc == TALLY_OK && tally_rows_next(&r, &row)) {
		(void)tally_rows_word(&row, &id);
		e = tally_element_find(v, id);
		if (e != NULL && e->type == TALLY_COMPOSITE)
			rc = define(element + (e - v->element), a, v, &r, row);
	}
	return rc;
}

/* Segments while they are read, sorted by tag. */
struct segments {
	struct tally_segment_spec *v; /* room for cap; owned */
	bool *own;                    /* owned */
	uint32_t n, cap;
};

static uint32_t
segment_slot(const struct segments *t, struct tally_str tag, bool *found)
{
	uint32_t i = 0;
	int d;

	for (; i < t->n; i++) {
		d = strncmp(t->v[i].tag, tag.p, tag.n);
		if (d == 0 && t->v[i].tag[tag.n] == '\0') {
			*found = true;
			return i;
		}
		if (d >= 0)
			break;
	}
	*found = false;
	return i;
}

/* Makes room at a slot. */
static void
shift(struct segments *t, uint32_t at)
{
	memmove(t->v + at + 1, t->v + at, (t->n - at) * sizeof(*t->v));
	memmove(t->own + at + 1, t->own + at, t->n - at);
	t->n++;
}

static bool
is_tag(struct tally_str w)
{
	return w.n >= 2 && tally_rows_id(w, 3);
}

static enum tally_rc
not_a_tag(const struct dictionary_rows *r, struct tally_str w)
{
	return tally_rows_error(
	    r, "\"%.*s\" found, a segment's tag expected", TALLY_WORD(w));
}

static enum tally_rc
too_many(const struct segments *t, const struct dictionary_rows *r)
{
	return tally_rows_error(
	    r, "there are more than %u segments", (unsigned)t->cap);
}

static enum tally_rc
read_segment(struct segments *t, struct tally_arena *a,
    const struct tally_version *v, const struct dictionary_rows *r,
    struct tally_str tag, struct tally_str row)
{
	struct tally_segment_spec s = { 0 };
	struct layout l;
	enum tally_rc rc;
	bool found;
	uint32_t at;

	if (tag.n < 2 || !tally_rows_id(tag, 3))
		return tally_rows_error(r,
		    "\"%.*s\" found, a segment's tag expected",
		    TALLY_WORD(tag));
	at = segment_slot(t, tag, &found);
	if (found && t->own[at])
		return tally_rows_error(
		    r, "segment %.*s stands there twice", TALLY_WORD(tag));
	rc = tally_rows_name(r, a, &row, &s.name);
	if (rc == TALLY_OK)
		rc = read_layout(r, v, row, &l);
	if (rc != TALLY_OK)
		return rc;
	memcpy(s.tag, tag.p, tag.n);
	s.nuse = (uint8_t)l.nuse;
	s.nnote = (uint8_t)l.nnote;
	if (!keep(a, &l, &s.use, &s.note))
		return tally_rows_nomem(r);
	if (!found)
		shift(t, at);
	t->v[at] = s;
	t->own[at] = true;
	return TALLY_OK;
}

/* others TAG … : they exist, but nothing is said of them */
static enum tally_rc
name_segments(
    struct segments *t, const struct dictionary_rows *r, struct tally_str row)
{
	struct tally_str tag;
	bool found;
	uint32_t at;

	while (tally_rows_word(&row, &tag)) {
		if (t->n == t->cap)
			return too_many(t, r);
		if (!is_tag(tag))
			return not_a_tag(r, tag);
		at = segment_slot(t, tag, &found);
		if (found)
			return tally_rows_error(r,
			    "segment %.*s stands there twice", TALLY_WORD(tag));
		shift(t, at);
		t->v[at] = (struct tally_segment_spec){ .name = "" };
		memcpy(t->v[at].tag, tag.p, tag.n);
		t->own[at] = true;
	}
	return TALLY_OK;
}

static enum tally_rc
drop_segments(
    struct segments *t, const struct dictionary_rows *r, struct tally_str row)
{
	struct tally_str tag;
	bool found;
	uint32_t at;

	while (tally_rows_word(&row, &tag)) {
		at = segment_slot(t, tag, &found);
		if (!found || t->own[at])
			return tally_rows_error(
			    r, "the base has no segment %.*s", TALLY_WORD(tag));
		t->n--;
		memmove(t->v + at, t->v + at + 1, (t->n - at) * sizeof(*t->v));
		memmove(t->own + at, t->own + at + 1, t->n - at);
	}
	return TALLY_OK;
}

static enum tally_rc
read_segments(struct segments *t, struct tally_arena *a,
    const struct tally_version *v, const struct tally_dictionary_file *file,
    struct tally_err *err)
{
	struct dictionary_rows r;
	struct tally_str row, tag;
	enum tally_rc rc = tally_rows_open(&r, file, true, err);

	while (rc == TALLY_OK && tally_rows_next(&r, &row)) {
		(void)tally_rows_word(&row, &tag);
		if (tally_str_eq(tag, TALLY_STR("drop")))
			rc = drop_segments(t, &r, row);
		else if (tally_str_eq(tag, TALLY_STR("others")))
			rc = name_segments(t, &r, row);
		else
			rc = read_segment(t, a, v, &r, tag, row);
	}
	return rc;
}

/* Links what is left of the base, and moves the table into the arena. */
static enum tally_rc
finish(struct segments *t, struct tally_version *v, struct tally_arena *a,
    struct tally_err *err)
{
	struct tally_segment_spec *s = tally_arena_alloc(a, t->n * sizeof(*s));
	const char *missing = NULL;
	unsigned binary = 0;

	if (s == NULL)
		return relink_failed(err, "", NULL);
	for (uint32_t i = 0; i < t->n; i++) {
		s[i] = t->v[i];
		if (!t->own[i] && !relink(a, v, &s[i].use, s[i].nuse, &missing))
			return relink_failed(err, s[i].tag, missing);
		binary += binary_is(&s[i]);
	}
	if (binary > BINARY_MAX)
		return tally_err_set(err, TALLY_CONFIG,
		    "%s has %u segments with binary data by length; at most %d "
		    "are read",
		    v->version, binary, BINARY_MAX);
	v->segment = s;
	v->nsegment = t->n;
	return TALLY_OK;
}

enum tally_rc
tally_dictionary_segments(struct tally_version *v, struct tally_arena *a,
    const struct tally_version *base, const struct tally_dictionary_file *file,
    struct tally_err *err)
{
	struct segments t = { .cap = 2048 }; /* the standard has a thousand */
	enum tally_rc rc = TALLY_OK;

	t.v = tally_calloc(t.cap, sizeof(*t.v));
	t.own = tally_calloc(t.cap, sizeof(*t.own));
	if (t.v == NULL || t.own == NULL) {
		rc = relink_failed(err, "", NULL);
		goto out;
	}
	if (base != NULL && base->nsegment <= t.cap) {
		memcpy(t.v, base->segment, base->nsegment * sizeof(*t.v));
		t.n = base->nsegment;
	}
	if (file != NULL)
		rc = read_segments(&t, a, v, file, err);
	if (rc == TALLY_OK)
		rc = finish(&t, v, a, err);
out:
	tally_free(t.v);
	tally_free(t.own);
	return rc;
}
