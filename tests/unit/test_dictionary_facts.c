/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiled tables against tables of facts that others gathered, where
 * these are at hand: TALLYMAN_SHARED/x12 (default ../shared/x12).
 *
 * Each difference is one line of text.  src/dictionary/DIFFERENCES.md quotes
 * those that stay, indented by four blanks, and says why; a difference that
 * is not quoted fails, and so does a quoted one that is not there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tallyman/dictionary.h"

#define FIELDS 12
#define KNOWN  "src/dictionary/DIFFERENCES.md"

static struct tally_buf differences; /* a line each */

static void TALLY_PRINTF(1, 2) differ(const char *fmt, ...)
{
	char line[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	tally_buf_printf(&differences, "%s\n", line);
}

/* A table of facts: rows of fields, parted by tabs. */
struct table {
	char *text;           /* owned */
	char *(*row)[FIELDS]; /* owned */
	size_t n;
};

static FILE *
open_facts(const char *name, const char *version)
{
	const char *shared = getenv("TALLYMAN_SHARED");
	char path[1024];

	snprintf(path, sizeof(path), "%s/x12/%s-%s.tsv",
	    shared != NULL ? shared : "../shared", name, version);
	return fopen(path, "rb");
}

static char *
read_all(FILE *f)
{
	struct tally_buf b;
	char block[4096];
	size_t n;

	tally_buf_init(&b, 16 << 20);
	tally_buf_puts(&b, "");
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		tally_buf_add(&b, block, n);
	assert_false(b.failed || ferror(f));
	fclose(f);
	return b.p;
}

static void
split(char *line, char **field)
{
	for (int i = 0; i < FIELDS; i++) {
		field[i] = line;
		line += strcspn(line, "\t");
		if (*line == '\t')
			*line++ = '\0';
	}
}

static void
load(struct table *t, const char *name, const char *version)
{
	FILE *f = open_facts(name, version);
	char *line, *next;

	*t = (struct table){ 0 };
	assert_non_null(f);
	t->text = read_all(f);
	for (line = t->text; *line != '\0'; line = next) {
		next = line + strcspn(line, "\n");
		if (*next != '\0')
			*next++ = '\0';
		if (*line == '#' || *line == '\0')
			continue;
		if (t->n % 1024 == 0) {
			t->row =
			    realloc(t->row, (t->n + 1024) * sizeof(*t->row));
			assert_non_null(t->row);
		}
		split(line, t->row[t->n++]);
	}
	assert_true(t->n > 0);
}

static void
unload(struct table *t)
{
	free(t->row);
	free(t->text);
}

static const char *
type_name(const struct tally_element *e, char buf[3])
{
	static const char *const name[] = { [TALLY_AN] = "AN",
		[TALLY_ID] = "ID",
		[TALLY_DT] = "DT",
		[TALLY_TM] = "TM",
		[TALLY_R] = "R",
		[TALLY_B] = "B" };

	if (e->type != TALLY_N)
		return e->type < TALLY_COMPOSITE ? name[e->type] : "-";
	snprintf(buf, 3, "N%u", e->decimals % 10u);
	return buf;
}

static void
compare_elements(const struct tally_version *v)
{
	const struct tally_element *e;
	struct table t;
	char here[64], there[64], buf[3];
	size_t seen = 0, composites = 0;

	load(&t, "elements", v->version);
	for (size_t i = 0; i < t.n; i++) {
		e = tally_element_find(v, tally_cstr(t.row[i][0]));
		if (e == NULL)
			continue;
		seen++;
		snprintf(here, sizeof(here), "%s %u/%u", type_name(e, buf),
		    (unsigned)e->min, (unsigned)e->max);
		snprintf(there, sizeof(there), "%s %s/%s", t.row[i][2],
		    t.row[i][3], t.row[i][4]);
		if (strcmp(here, there) != 0)
			differ("%s element %s: %s here, %s there", v->version,
			    e->id, here, there);
	}
	for (uint32_t i = 0; i < v->nelement; i++)
		composites += v->element[i].type == TALLY_COMPOSITE;
	if (seen + composites != v->nelement)
		differ("%s: %zu elements are not there", v->version,
		    v->nelement - composites - seen);
	unload(&t);
}

/* Codes: of a complete list each, of an open one those that we have. */
static void
compare_codes(const struct tally_version *v)
{
	const struct tally_element *e;
	const struct tally_code *c;
	struct table t;
	unsigned char *met; /* per element and code */
	uint32_t *lists;
	size_t n = 0, *first;

	load(&t, "codes", v->version);
	first = calloc(v->nelement + 1, sizeof(*first));
	lists = calloc(v->nelement + 1, sizeof(*lists));
	for (uint32_t i = 0; i < v->nelement; i++) {
		first[i] = n;
		n += v->element[i].ncode;
	}
	met = calloc(n + 1, 1);
	assert_true(first != NULL && lists != NULL && met != NULL);
	for (size_t i = 0; i < t.n; i++) {
		e = tally_element_find(v, tally_cstr(t.row[i][0]));
		if (e == NULL)
			continue;
		lists[e - v->element]++;
		c = tally_code_find(e, tally_cstr(t.row[i][1]));
		if (c != NULL)
			met[first[e - v->element] + (size_t)(c - e->code)] = 1;
		else if (!e->open && e->ncode > 0)
			differ("%s element %s: code %s is there only",
			    v->version, e->id, t.row[i][1]);
	}
	for (uint32_t i = 0; i < v->nelement; i++) {
		e = &v->element[i];
		if (e->ncode == 0 && lists[i] > 0)
			differ("%s element %s: codes are there only",
			    v->version, e->id);
		if (e->ncode > 0 && lists[i] == 0) {
			differ("%s element %s: codes are here only", v->version,
			    e->id);
			continue;
		}
		for (uint32_t k = 0; k < e->ncode; k++)
			if (!met[first[i] + k])
				differ("%s element %s: code %s is here only",
				    v->version, e->id, e->code[k].code);
	}
	free(met);
	free(lists);
	free(first);
	unload(&t);
}

/* "98:M 93:X …" of facts that stand in successive rows of one tag. */
static void
there_layout(
    struct tally_buf *b, const struct table *t, const char *tag, bool repeats)
{
	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->row[i][0], tag) != 0)
			continue;
		tally_buf_printf(b, " %s:%s", t->row[i][2], t->row[i][3]);
		if (repeats && strcmp(t->row[i][4], "1") != 0)
			tally_buf_printf(b, "x%s", t->row[i][4]);
	}
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
there_notes(struct tally_buf *b, const struct table *t, const char *tag)
{
	const char *note[64];
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->row[i][0], tag) == 0 && n < 64)
			note[n++] = t->row[i][1];
	qsort(note, n, sizeof(note[0]), by_text);
	for (size_t i = 0; i < n; i++)
		tally_buf_printf(b, " %s", note[i]);
}

static void
here_layout(struct tally_buf *b, const struct tally_use *use, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		tally_buf_printf(
		    b, " %s:%c", use[i].element->id, use[i].requirement);
		if (use[i].repeat == TALLY_UNBOUNDED)
			tally_buf_puts(b, "xunbounded");
		else if (use[i].repeat != 1)
			tally_buf_printf(b, "x%u", use[i].repeat);
	}
}

/* In the form of the facts: the position named first stands first. */
static void
here_notes(struct tally_buf *b, const struct tally_note *note, uint32_t n)
{
	char text[64][2 * TALLY_ELEMENTS_MAX + 2];
	const char *sorted[64];
	size_t len;

	assert_true(n <= 64);
	for (uint32_t i = 0; i < n; i++) {
		len = (size_t)snprintf(text[i], sizeof(text[i]), "%c%02u",
		    note[i].kind, note[i].first);
		for (unsigned k = 1; k <= TALLY_ELEMENTS_MAX; k++)
			if (k != note[i].first && note[i].mask >> k & 1)
				len += (size_t)snprintf(text[i] + len,
				    sizeof(text[i]) - len, "%02u", k);
		sorted[i] = text[i];
	}
	qsort(sorted, n, sizeof(sorted[0]), by_text);
	for (uint32_t i = 0; i < n; i++)
		tally_buf_printf(b, " %s", sorted[i]);
}

static void
compare_layout(const struct tally_version *v, const char *tag,
    const struct tally_use *use, uint32_t nuse, const struct tally_note *note,
    uint32_t nnote, const struct table *layouts, const struct table *notes)
{
	struct tally_buf here, there;
	bool composite = tag[0] == 'C' && strlen(tag) == 4;

	tally_buf_init(&here, 65536);
	tally_buf_init(&there, 65536);
	here_layout(&here, use, nuse);
	there_layout(&there, layouts, tag, !composite);
	if (!tally_str_eq(tally_buf_view(&here), tally_buf_view(&there)))
		differ("%s %s:%s here,%s there", v->version, tag, here.p,
		    there.n > 0 ? there.p : " nothing");
	tally_buf_reset(&here);
	tally_buf_reset(&there);
	tally_buf_puts(&here, "");
	tally_buf_puts(&there, "");
	here_notes(&here, note, nnote);
	there_notes(&there, notes, tag);
	if (!tally_str_eq(tally_buf_view(&here), tally_buf_view(&there)))
		differ("%s %s: notes%s here, notes%s there", v->version, tag,
		    here.p, there.p);
	tally_buf_free(&here);
	tally_buf_free(&there);
}

static bool
has_segment(const struct table *t, const char *tag)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->row[i][0], tag) == 0)
			return true;
	return false;
}

static void
compare_segments(const struct tally_version *v)
{
	const struct tally_segment_spec *s;
	const struct tally_element *e;
	struct table segments, composites, notes;

	load(&segments, "segments", v->version);
	load(&composites, "composites", v->version);
	load(&notes, "segment-notes", v->version);
	for (size_t i = 0; i < segments.n; i++)
		if (strcmp(segments.row[i][1], "1") == 0 &&
		    tally_segment_find(v, tally_cstr(segments.row[i][0])) ==
			NULL)
			differ("%s %s: is there only", v->version,
			    segments.row[i][0]);
	for (uint32_t i = 0; i < v->nsegment; i++) {
		s = &v->segment[i];
		if (s->nuse == 0) {
			if (!has_segment(&segments, s->tag))
				differ(
				    "%s %s: is here only", v->version, s->tag);
			continue;
		}
		compare_layout(v, s->tag, s->use, s->nuse, s->note, s->nnote,
		    &segments, &notes);
	}
	for (uint32_t i = 0; i < v->nelement; i++) {
		e = &v->element[i];
		if (e->type == TALLY_COMPOSITE)
			compare_layout(v, e->id, e->use, e->nuse, e->note,
			    e->nnote, &composites, &notes);
	}
	unload(&segments);
	unload(&composites);
	unload(&notes);
}

static void
put_max(struct tally_buf *b, uint32_t max)
{
	if (max == TALLY_UNBOUNDED)
		tally_buf_puts(b, "unbounded");
	else
		tally_buf_printf(b, "%u", (unsigned)max);
}

/* "2 PO1 M 1 in PO1 M 100000" */
static void
here_row(struct tally_buf *b, const struct tally_set_spec *s, uint32_t i)
{
	const struct tally_place *p = &s->place[i];
	const struct tally_loop *l = &s->loop[p->loop];

	tally_buf_reset(b);
	tally_buf_printf(
	    b, "%c %s %c ", p->pos[0], p->segment->tag, p->requirement);
	put_max(b, p->max);
	if (p->loop == 0)
		return;
	tally_buf_printf(b, " in %s %c ", l->path, l->requirement);
	put_max(b, l->max);
}

/* Where the facts do not know the area, that of ours stands in. */
static void
there_row(struct tally_buf *b, char *const *f, const char *pos)
{
	tally_buf_reset(b);
	tally_buf_printf(
	    b, "%.1s %s %s %s", f[2][0] != '-' ? f[2] : pos, f[4], f[5], f[6]);
	if (strcmp(f[7], "-") != 0)
		tally_buf_printf(b, " in %s %s %s", f[7], f[8], f[9]);
}

static void
compare_set(const struct tally_set_spec *s, const struct table *t)
{
	struct tally_buf here, there;
	uint32_t n = 0;
	const char *pos;

	tally_buf_init(&here, 1024);
	tally_buf_init(&there, 1024);
	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->row[i][0], s->id) != 0)
			continue;
		if (n == s->nplace) {
			differ("%s %s: more rows there", s->version, s->id);
			break;
		}
		here_row(&here, s, n);
		there_row(&there, t->row[i], s->place[n].pos);
		if (!tally_str_eq(
			tally_buf_view(&here), tally_buf_view(&there)))
			differ("%s %s row %u: %s here, %s there", s->version,
			    s->id, (unsigned)n + 1, here.p, there.p);
		pos = s->place[n].pos + 2;
		if (strcmp(t->row[i][3], "-") != 0 &&
		    strcmp(t->row[i][3], pos) != 0)
			differ("%s %s row %u: position %s here, %s there",
			    s->version, s->id, (unsigned)n + 1, pos,
			    t->row[i][3]);
		n++;
	}
	if (n < s->nplace)
		differ("%s %s: more rows here", s->version, s->id);
	tally_buf_free(&here);
	tally_buf_free(&there);
}

static void
compare_sets(const struct tally_version *v)
{
	struct table t;

	load(&t, "sets", v->version);
	for (uint32_t i = 0; i < v->nset; i++)
		compare_set(&v->set[i], &t);
	unload(&t);
}

static bool
has_line(const char *text, struct tally_str line)
{
	const char *p = text, *end;

	for (; p != NULL && *p != '\0'; p = *end != '\0' ? end + 1 : end) {
		end = p + strcspn(p, "\n");
		if (tally_str_eq(line, tally_str(p, (size_t)(end - p))))
			return true;
	}
	return false;
}

/* Both ways: what differs and is not explained, and the other way round. */
static void
compare_with_explained(void)
{
	FILE *f = fopen(KNOWN, "rb");
	struct tally_buf known;
	char *text, *p, *end;
	size_t bad = 0;

	assert_non_null(f);
	text = read_all(f);
	tally_buf_init(&known, 1 << 20);
	tally_buf_puts(&known, "");
	for (p = text; *p != '\0'; p = *end != '\0' ? end + 1 : end) {
		end = p + strcspn(p, "\n");
		if (strncmp(p, "    0", 5) != 0)
			continue;
		tally_buf_add(&known, p + 4, (size_t)(end - p) - 4);
		tally_buf_putc(&known, '\n');
		if (!has_line(differences.p,
			tally_str(p + 4, (size_t)(end - p) - 4))) {
			print_error(
			    "explained, but equal: %.*s\n", (int)(end - p), p);
			bad++;
		}
	}
	for (p = differences.p; *p != '\0'; p = end + 1) {
		end = p + strcspn(p, "\n");
		if (!has_line(known.p, tally_str(p, (size_t)(end - p)))) {
			print_error("%.*s\n", (int)(end - p), p);
			bad++;
		}
	}
	tally_buf_free(&known);
	free(text);
	assert_int_equal(bad, 0);
}

static void
agrees_with_facts(void **state)
{
	const struct tally_version *v;
	FILE *f = open_facts("sets", "004010");

	(void)state;
	if (f == NULL) {
		print_message("no facts to compare with: set "
			      "TALLYMAN_SHARED\n");
		skip();
	}
	fclose(f);
	tally_buf_init(&differences, 16 << 20);
	tally_buf_puts(&differences, "");
	for (size_t i = 0; i < tally_builtin.nversion; i++) {
		v = tally_builtin.version[i];
		compare_elements(v);
		compare_codes(v);
		compare_segments(v);
		compare_sets(v);
	}
	assert_false(differences.failed);
	compare_with_explained();
	tally_buf_free(&differences);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
