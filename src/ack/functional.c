/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functional acknowledgement of one group: a 997, or a 999 where the
 * kind (see kind.c) says IK for AK and adds CTX.
 *
 *   997   ST AK1 { AK2 { AK3 AK4… }… AK5 }… AK9 SE
 *   999   ST AK1 { AK2 { IK3 { IK4 CTX }… }… IK5 }… AK9 SE
 *
 * AK3 loops come in the order of segments; a segment has one AK3 for each
 * code, and the one with code 8 has an AK4 for each faulty element.  Notes
 * are not told.  What a partner sent is repeated only where the result is a
 * valid element: a bad value that holds one of our separators is left out,
 * a set whose ST01 cannot stand in AK201 has no AK2.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "ack/parts.h"

#define CODES_MAX      5      /* AK502 … 506, AK905 … 909 */
#define AK4_MAX        99     /* uses in an AK3 loop */
#define COUNT_MAX      999999 /* six digits: AK302, AK902 … 904 */
#define POSITION_MAX   99     /* two digits: C030-01 and -02 */
#define REPETITION_MAX 9999   /* four digits: C030-03 */
#define SEGMENT_FAULT  "5"    /* AK502: segments in error */
#define ELEMENT_FAULT  "8"    /* AK304: the segment has element errors */
#define NO_TAG         "ZZZ"  /* for a tag that cannot be one */

struct codes {
	const char *v[CODES_MAX];
	uint32_t n;
};

static void
add_code(struct codes *c, const char *code)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (strcmp(c->v[i], code) == 0)
			return;
	if (c->n < CODES_MAX)
		c->v[c->n++] = code;
}

static void
write_codes(struct tally_writer *w, const struct codes *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		tally_write_cstr(w, c->v[i]);
}

static uint32_t
at_most(uint32_t n, uint32_t max)
{
	return n < max ? n : max;
}

/* What has no code cannot be told: AK403 is mandatory. */
static bool
told(const struct tally_ack_answer *a, const struct tally_finding *f,
    enum tally_level level)
{
	return f->severity != TALLY_NOTE &&
	    tally_finding_info(f->kind)->level == level &&
	    *tally_ack_code(a, f) != '\0';
}

static bool
of_element(const struct tally_finding *f)
{
	return tally_finding_info(f->kind)->level == TALLY_LEVEL_ELEMENT;
}

/* By segment; segment faults before element faults; else as found. */
static int
by_segment(const void *left, const void *right)
{
	const struct tally_finding *a =
	    *(const struct tally_finding *const *)left;
	const struct tally_finding *b =
	    *(const struct tally_finding *const *)right;

	if (a->segment != b->segment)
		return a->segment < b->segment ? -1 : 1;
	if (of_element(a) != of_element(b))
		return of_element(a) ? 1 : -1;
	return a < b ? -1 : a > b;
}

/*
 * AK301 holds two or three letters and digits.  A tag that no dictionary has
 * is the finding's value.
 */
static void
write_tag(struct tally_writer *w, const struct tally_finding *f)
{
	struct tally_str tag =
	    *f->tag != '\0' || of_element(f) ? tally_cstr(f->tag) : f->value;
	size_t n = 0;

	while (n < tag.n && tally_ack_letter_or_digit(tag.p[n]))
		n++;
	if (n < 2 || (n < 3 && n != tag.n))
		tally_write_cstr(w, NO_TAG);
	else
		tally_write_str(w, tally_str(tag.p, n < 3 ? n : 3));
}

/* The innermost loop of the path, "N1" of "PO1/N1", as far as AK303 holds
 * it: six characters, later four. */
static void
write_loop(
    struct tally_writer *w, const struct tally_version *v, const char *path)
{
	const struct tally_element *e = tally_element_find(v, TALLY_STR("447"));
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	size_t n = tally_ack_plain(name);

	assert(e != NULL);
	tally_write_str(w, tally_str(name, n < e->max ? n : e->max));
}

void
tally_ack_place(struct tally_writer *w, const struct tally_ack_answer *a,
    const struct tally_finding *f)
{
	write_tag(w, f);
	tally_write_number(
	    w, f->segment == 0 ? 1 : at_most(f->segment, COUNT_MAX), 1);
	write_loop(w, a->version, f->loop);
}

static void
write_ak3(struct tally_writer *w, const struct tally_ack_answer *a,
    const struct tally_finding *f, const char *code)
{
	tally_write_begin(w, a->kind->segment);
	tally_ack_place(w, a, f);
	tally_write_cstr(w, code);
	tally_write_end(w);
}

/* Bytes that are not printable ASCII are replaced, separators are not. */
static void
write_bad_value(struct tally_writer *w, struct tally_str value)
{
	value = tally_str_rtrim(value);
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] >= ' ' && value.p[i] <= '~' &&
		    !tally_write_fits(w, tally_str(value.p + i, 1)))
			return;
	tally_write_str(w, tally_str(value.p, value.n < 99 ? value.n : 99));
}

/* Whether the position of an element in error tells its repetition. */
static bool
tells_repetition(const struct tally_version *v)
{
	const struct tally_element *e =
	    tally_element_find(v, TALLY_STR("C030"));

	return e != NULL && e->nuse > 2;
}

static void
write_ak4(struct tally_writer *w, const struct tally_ack_answer *a,
    const struct tally_finding *f)
{
	tally_write_begin(w, a->kind->element);
	tally_write_position(w, at_most(f->element, POSITION_MAX),
	    at_most(f->component, POSITION_MAX),
	    tells_repetition(a->version)
		? at_most(f->repetition, REPETITION_MAX)
		: 0);
	/* "C040" and "I05" are no numbers. */
	tally_write_cstr(w, tally_ack_digits(f->id, 1, 4) ? f->id : "");
	tally_write_cstr(w, tally_ack_code(a, f));
	write_bad_value(w, f->value);
	tally_write_end(w);
	if (a->kind->context != NULL)
		a->kind->context(w, a, f);
}

/* Whether two findings would be told in the same words. */
static bool
same_fault(const struct tally_ack_answer *a, const struct tally_finding *f,
    const struct tally_finding *g)
{
	return strcmp(tally_ack_code(a, f), tally_ack_code(a, g)) == 0 &&
	    strcmp(f->tag, g->tag) == 0 && strcmp(f->loop, g->loop) == 0 &&
	    f->element == g->element && f->component == g->component &&
	    (f->repetition == g->repetition || !tells_repetition(a->version)) &&
	    tally_str_eq(f->value, g->value);
}

/* Whether one of those before v[i] in its AK3 says the same. */
static bool
repeats(const struct tally_ack_answer *a, const struct tally_finding *const *v,
    size_t first, size_t i)
{
	for (size_t k = first; k < i; k++)
		if (same_fault(a, v[k], v[i]))
			return true;
	return false;
}

/* An AK3 for v[first], and AK4 for all its element faults; returns behind. */
static size_t
write_segment(struct tally_writer *w, const struct tally_ack_answer *a,
    const struct tally_finding *const *v, size_t first, size_t n)
{
	const struct tally_finding *f = v[first];
	size_t i = first, written = 0;

	if (!of_element(f)) {
		write_ak3(w, a, f, tally_ack_code(a, f));
		return first + 1;
	}
	write_ak3(w, a, f, ELEMENT_FAULT);
	for (; i < n && v[i]->segment == f->segment; i++) {
		if (v[i]->element == 0 || written == AK4_MAX ||
		    repeats(a, v, first, i))
			continue;
		write_ak4(w, a, v[i]);
		written++;
	}
	return i;
}

/* Writes AK3 loops as long as there is room; one is whole or not there. */
static void
write_details(struct tally_writer *w, const struct tally_ack_answer *a,
    const struct tally_finding *const *v, size_t n)
{
	struct tally_ack_detail *detail = a->detail;
	size_t before, run = 0, next;
	uint32_t segments;

	for (size_t i = 0; i < n && detail->bytes > 0; i = next) {
		if (v[i]->segment != v[run]->segment)
			run = i;
		next = i + 1;
		if (!of_element(v[i]) && repeats(a, v, run, i))
			continue;
		before = w->out->n;
		segments = w->segments;
		next = write_segment(w, a, v, i, n);
		if (w->out->n - before <= detail->bytes) {
			detail->bytes -= w->out->n - before;
			continue;
		}
		w->out->n = before;
		w->segments = segments;
		detail->bytes = 0;
	}
}

static enum tally_rc
write_faults(struct tally_writer *w, const struct tally_ack_answer *a,
    struct tally_span s, struct tally_err *err)
{
	const struct tally_finding **v = NULL;
	const struct tally_finding *f;
	size_t n = 0;

	if (s.n == 0 || a->detail->bytes == 0)
		return TALLY_OK;
	v = tally_calloc(s.n, sizeof(*v));
	if (v == NULL)
		return tally_err_set(err, TALLY_NOMEM,
		    "there is no memory for an acknowledgement");
	for (size_t i = s.first; i < s.first + s.n; i++) {
		f = &a->list->v[i];
		if (told(a, f, TALLY_LEVEL_SEGMENT) ||
		    told(a, f, TALLY_LEVEL_ELEMENT))
			v[n++] = f;
	}
	qsort(v, n, sizeof(*v), by_segment);
	write_details(w, a, v, n);
	tally_free(v);
	return TALLY_OK;
}

static void
set_codes(struct codes *c, const struct tally_ack_answer *a,
    const struct tally_set_judged *set)
{
	struct tally_span s = tally_ack_span(a->list, set->findings);
	const struct tally_finding *f;

	for (size_t i = s.first; i < s.first + s.n; i++) {
		f = &a->list->v[i];
		if (told(a, f, TALLY_LEVEL_SET))
			add_code(c, tally_ack_code(a, f));
		else if (told(a, f, TALLY_LEVEL_SEGMENT) ||
		    told(a, f, TALLY_LEVEL_ELEMENT))
			add_code(c, SEGMENT_FAULT);
	}
	/* The reason may be one that was not kept.  A set that goes with its
	 * group has none of its own. */
	if (c->n == 0 && set->verdict == TALLY_REJECTED && a->list->dropped > 0)
		add_code(c, SEGMENT_FAULT);
}

/* AK202 has four to nine bytes: what is shorter gets zeros before it. */
static void
write_control(struct tally_writer *w, const char *control)
{
	struct tally_str s = tally_str_rtrim(tally_cstr(control));
	char padded[16];

	snprintf(padded, sizeof(padded), "%.*s%.*s", s.n < 4 ? 4 - (int)s.n : 0,
	    "0000", s.n < 9 ? (int)s.n : 9, s.p);
	tally_write_cstr(w, padded);
}

static enum tally_rc
write_set(struct tally_writer *w, const struct tally_ack_answer *a,
    const struct tally_set_judged *set, struct tally_err *err)
{
	struct codes codes = { .n = 0 };
	size_t before = w->out->n;
	uint32_t segments = w->segments;
	enum tally_rc rc;

	if (!tally_ack_holds(a->group, "143", set->id) || a->detail->sets == 0)
		return TALLY_OK;
	if (set->verdict == TALLY_ACCEPTED &&
	    (a->group->errors_only || !a->detail->accepted))
		return TALLY_OK;
	tally_write_begin(w, "AK2");
	tally_write_cstr(w, set->id);
	write_control(w, set->control);
	if (a->kind->implementation &&
	    tally_write_fits(w, tally_cstr(set->convention)))
		tally_write_cstr(w, set->convention);
	tally_write_end(w);
	rc = write_faults(w, a, tally_ack_span(a->list, set->findings), err);
	if (rc != TALLY_OK)
		return rc;
	set_codes(&codes, a, set);
	tally_write_begin(w, a->kind->verdict);
	tally_write_char(w, (char)set->verdict);
	write_codes(w, &codes);
	tally_write_end(w);
	if (w->out->n - before <= a->detail->sets) {
		a->detail->sets -= w->out->n - before;
		return TALLY_OK;
	}
	w->out->n = before;
	w->segments = segments;
	a->detail->sets = 0;
	return TALLY_OK;
}

static void
write_ak1(struct tally_writer *w, const struct tally_ack_answer *a)
{
	const struct tally_group_judged *g = a->group;

	tally_write_begin(w, "AK1");
	tally_write_cstr(w, g->functional);
	tally_write_cstr(
	    w, tally_ack_digits(g->control, 1, 9) ? g->control : "0");
	if (a->kind->implementation && tally_ack_holds(g, "480", g->version))
		tally_write_cstr(w, g->version);
	tally_write_end(w);
}

static void
write_ak9(struct tally_writer *w, const struct tally_ack_answer *a)
{
	const struct tally_group_judged *g = a->group;
	struct tally_span s = tally_ack_span(a->list, g->findings);
	struct codes codes = { .n = 0 };

	for (size_t i = s.first; i < s.first + s.n; i++)
		if (told(a, &a->list->v[i], TALLY_LEVEL_GROUP))
			add_code(&codes, tally_ack_code(a, &a->list->v[i]));
	tally_write_begin(w, "AK9");
	tally_write_char(w, (char)g->verdict);
	tally_write_number(w, at_most(g->included, COUNT_MAX), 1);
	tally_write_number(w, at_most(g->received, COUNT_MAX), 1);
	tally_write_number(w, at_most(g->accepted, COUNT_MAX), 1);
	write_codes(w, &codes);
	tally_write_end(w);
}

enum tally_rc
tally_ack_functional(struct tally_writer *w, const struct tally_group_judged *g,
    const struct tally_findings *list, uint32_t control,
    struct tally_ack_detail *detail, struct tally_err *err)
{
	const struct tally_ack_answer a = { .kind = tally_ack_kind_of(g),
		.version = tally_ack_version(g),
		.group = g,
		.list = list,
		.detail = detail };
	enum tally_rc rc;

	w->segments = 0;
	tally_write_begin(w, "ST");
	tally_write_cstr(w, a.kind->set);
	tally_write_number(w, control, 4);
	tally_write_end(w);
	write_ak1(w, &a);
	for (uint32_t i = 0; i < g->nset; i++) {
		rc = write_set(w, &a, &g->set[i], err);
		if (rc != TALLY_OK)
			return rc;
	}
	write_ak9(w, &a);
	tally_write_begin(w, "SE");
	tally_write_number(w, w->segments + 1, 1);
	tally_write_number(w, control, 4);
	tally_write_end(w);
	return TALLY_OK;
}
