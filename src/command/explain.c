/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman explain: what the dictionary says of a version, set, segment,
 * element or code, and what a finding means.
 *
 * What is asked is one word, a code behind its element, and a version, in
 * that order.  Without a version the oldest one that knows the word answers.
 * All that has the name is explained: 997 may be a set and an element.
 */
#include "command/explain.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "command/command.h"
#include "flow/dictionary.h"

#define OUTPUT_MAX     ((size_t)16 << 20)
#define WORDS          3  /* "N103 92 004010" */
#define WORD_MAX       63 /* the longest kind of finding has some 25 */
#define NEAR           6
#define VERSION_LENGTH 6

struct query {
	char text[WORDS][WORD_MAX + 1]; /* as asked */
	char word[WORDS][WORD_MAX + 1]; /* in capitals */
	size_t n;
};

struct explaining {
	struct explain x;
	const struct query *q;
	const char *code; /* or null */
	size_t found;
	const struct tally_element *of; /* the element, where the code fails */
};

static char
capital(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Arguments to words: blanks and '=' part them. */
static bool
read_query(struct query *q, int argc, char **argv)
{
	size_t n;

	q->n = 0;
	for (int i = 0; i < argc; i++)
		for (const char *p = argv[i]; *p != '\0'; p += n) {
			p += strspn(p, " =");
			n = strcspn(p, " =");
			if (n == 0)
				break;
			if (q->n == WORDS || n > WORD_MAX)
				return false;
			memcpy(q->text[q->n], p, n);
			q->text[q->n][n] = '\0';
			for (size_t k = 0; k <= n; k++)
				q->word[q->n][k] = capital(q->text[q->n][k]);
			q->n++;
		}
	return q->n > 0;
}

/* --- looking up --- */

/* "N103" and "REF04-2" to the element there. */
static bool
find_position(const struct tally_version *v, const char *word,
    struct explain_element *out)
{
	const char *dash = strchr(word, '-');
	struct tally_str s = dash != NULL
	    ? tally_str(word, (size_t)(dash - word))
	    : tally_cstr(word);
	const char *digit;
	unsigned component = 0;

	if (s.n < 4)
		return false;
	digit = s.p + s.n - 2;
	if (digit[0] < '0' || digit[0] > '9' || digit[1] < '0' ||
	    digit[1] > '9')
		return false;
	out->position =
	    (unsigned)(digit[0] - '0') * 10 + (unsigned)(digit[1] - '0');
	out->segment = tally_segment_find(v, tally_str(s.p, s.n - 2));
	if (out->segment == NULL || out->position == 0 ||
	    out->position > out->segment->nuse)
		return false;
	out->element = out->segment->use[out->position - 1].element;
	if (dash == NULL)
		return true;
	if (strspn(dash + 1, "0123456789") != strlen(dash + 1) ||
	    strlen(dash + 1) > 2)
		return false;
	for (const char *p = dash + 1; *p != '\0'; p++)
		component = component * 10 + (unsigned)(*p - '0');
	if (component == 0 || component > out->element->nuse)
		return false;
	out->element = out->element->use[component - 1].element;
	out->segment = NULL;
	return true;
}

static bool
find_element(const struct tally_version *v, const char *word,
    struct explain_element *out)
{
	*out = (struct explain_element){ .element = tally_element_find(
					     v, tally_cstr(word)) };
	return out->element != NULL || find_position(v, word, out);
}

static void
gap(struct explaining *e)
{
	if (e->found++ > 0 && !e->x.json)
		tally_buf_putc(e->x.out, '\n');
}

static void
look_for_code(struct explaining *e, const struct explain_element *element)
{
	const struct tally_code *c =
	    tally_code_find(element->element, tally_cstr(e->code));

	if (c == NULL) {
		if (e->of == NULL)
			e->of = element->element;
		return;
	}
	gap(e);
	explain_code(&e->x, element, c);
}

/* Explains all that the word, or its code, is in the version. */
static void
look(struct explaining *e)
{
	const char *word = e->q->word[0];
	const struct tally_version *v = e->x.version;
	const struct tally_set_spec *set = tally_set_find(v, tally_cstr(word));
	const struct tally_segment_spec *segment =
	    tally_segment_find(v, tally_cstr(word));
	struct explain_element element;
	bool known = find_element(v, word, &element);

	if (e->code != NULL) {
		if (known)
			look_for_code(e, &element);
		return;
	}
	if (set != NULL) {
		gap(e);
		explain_set(&e->x, set);
	}
	if (segment != NULL) {
		gap(e);
		explain_segment(&e->x, segment);
	}
	if (known) {
		gap(e);
		explain_element(&e->x, &element);
	}
}

static void
look_for_finding(struct explaining *e)
{
	const char *name = e->q->text[0];

	for (int k = TALLY_FINDING_NONE + 1; k < TALLY_FINDING_COUNT; k++) {
		enum tally_finding_kind kind = (enum tally_finding_kind)k;

		if (strcmp(tally_finding_info(kind)->name, name) != 0)
			continue;
		gap(e);
		explain_finding(&e->x, kind);
	}
}

/* In one version, or in the oldest that knows anything. */
static void
look_in(struct explaining *e, const struct tally_version *only)
{
	const struct tally_dictionary *d = e->x.dictionary;

	for (size_t i = 0; i < d->nversion && e->found == 0; i++) {
		if (only != NULL && d->version[i] != only)
			continue;
		e->x.version = d->version[i];
		look(e);
	}
}

/* --- what was meant perhaps --- */

struct near {
	const char *id, *name;
	unsigned score;
};
struct nears {
	const char *asked;
	struct near v[NEAR];
	size_t n;
};

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters are to be added, dropped or changed; capitals or not. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 2], n = strlen(b), corner, above;

	if (n > WORD_MAX)
		return n;
	for (size_t k = 0; k <= n; k++)
		row[k] = k;
	for (; *a != '\0'; a++) {
		corner = row[0]++;
		for (size_t k = 1; k <= n; k++) {
			above = row[k];
			row[k] = least(least(above, row[k - 1]) + 1,
			    corner + (capital(*a) != capital(b[k - 1])));
			corner = above;
		}
	}
	return row[n];
}

static bool
contains(const char *text, const char *word)
{
	size_t n = strlen(word), i;

	for (; *text != '\0'; text++) {
		for (i = 0; i < n && capital(text[i]) == capital(word[i]); i++)
			if (text[i] == '\0')
				return false;
		if (i == n)
			return true;
	}
	return false;
}

/* Keeps the best of those that are near enough, the earlier of equals. */
static void
consider(struct nears *ns, const char *id, const char *name)
{
	size_t length = strlen(ns->asked), i;
	size_t score = distance(ns->asked, id);

	if (length > 2 &&
	    (contains(name, ns->asked) || contains(id, ns->asked)))
		score = least(score, 1);
	if (score > (length > 6 ? 3 : 1))
		return;
	for (i = 0; i < ns->n; i++)
		if (strcmp(ns->v[i].id, id) == 0)
			return;
	for (i = ns->n; i > 0 && ns->v[i - 1].score > score; i--)
		if (i < NEAR)
			ns->v[i] = ns->v[i - 1];
	if (i == NEAR)
		return;
	ns->v[i] = (struct near){ id, name, (unsigned)score };
	ns->n = least(ns->n + 1, NEAR);
}

static void
consider_version(struct nears *ns, const struct tally_version *v)
{
	for (uint32_t i = 0; i < v->nset; i++)
		consider(ns, v->set[i].id, v->set[i].name);
	for (uint32_t i = 0; i < v->nsegment; i++)
		if (v->segment[i].nuse > 0)
			consider(ns, v->segment[i].tag, v->segment[i].name);
	for (uint32_t i = 0; i < v->nelement; i++)
		consider(ns, v->element[i].id, v->element[i].name);
}

/* "…; near: N1 (party), N2 (…)" behind what is wrong. */
static int
fail(const char *what, const struct nears *ns)
{
	struct tally_err err;
	struct tally_buf b;

	tally_buf_init(&b, 4096);
	tally_buf_puts(&b, what);
	for (size_t i = 0; i < ns->n; i++)
		tally_buf_printf(&b, "%s%s (%s)", i == 0 ? "; near: " : ", ",
		    ns->v[i].id, ns->v[i].name);
	(void)tally_err_set(
	    &err, TALLY_NOINPUT, "%s", b.p != NULL ? b.p : what);
	tally_buf_free(&b);
	return command_fail(&err);
}

static int
no_such_code(const struct explaining *e)
{
	const struct tally_element *el = e->of;
	struct nears ns = { .asked = e->code };
	char what[256];

	snprintf(what, sizeof(what),
	    "element %.9s, %.80s, has no code \"%s\"%s", el->id, el->name,
	    e->code,
	    el->ncode == 0 ? ": no list is kept, any value passes"
		: el->open ? " that is listed; others exist"
			   : "");
	for (uint32_t i = 0; i < el->ncode; i++)
		consider(&ns, el->code[i].code,
		    *el->code[i].meaning != '\0' ? el->code[i].meaning
						 : "meaning not given");
	return fail(what, &ns);
}

/* The version that the last word names, or null; GS08 may be longer. */
static const struct tally_version *
named_version(const struct explaining *e)
{
	const char *last = e->q->word[e->q->n - 1];

	return strlen(last) >= VERSION_LENGTH
	    ? tally_version_find(e->x.dictionary, tally_cstr(last))
	    : NULL;
}

static int
no_such_version(const struct explaining *e)
{
	const struct tally_dictionary *d = e->x.dictionary;
	struct nears ns = { .n = 0 };
	struct tally_buf b;
	int status;

	tally_buf_init(&b, 4096);
	tally_buf_printf(
	    &b, "there is no version %s; there are", e->q->word[e->q->n - 1]);
	for (size_t i = 0; i < d->nversion; i++)
		tally_buf_printf(
		    &b, "%s %s", i > 0 ? "," : "", d->version[i]->version);
	status = fail(b.p != NULL ? b.p : "there is no such version", &ns);
	tally_buf_free(&b);
	return status;
}

static int
unknown(const struct explaining *e)
{
	const struct tally_dictionary *d = e->x.dictionary;
	const struct tally_version *only = named_version(e);
	struct nears ns = { .asked = e->q->text[0] };
	const struct tally_finding_info *f;
	char what[256];

	if (e->of != NULL)
		return no_such_code(e);
	if (only == NULL &&
	    strspn(e->q->word[e->q->n - 1], "0123456789") >= VERSION_LENGTH)
		return no_such_version(e);
	snprintf(what, sizeof(what),
	    "no set, segment, element or finding%s%s is called \"%s\"",
	    only != NULL ? " of version " : "",
	    only != NULL ? only->version : "", e->q->text[0]);
	for (size_t i = 0; i < d->nversion; i++)
		consider_version(&ns, d->version[i]);
	for (int k = TALLY_FINDING_NONE + 1; k < TALLY_FINDING_COUNT; k++) {
		f = tally_finding_info((enum tally_finding_kind)k);
		consider(&ns, f->name, f->what);
	}
	return fail(what, &ns);
}

/* --- the command --- */

static void
answer(struct explaining *e)
{
	const struct tally_version *only = named_version(e);
	size_t n = e->q->n;

	if (n == 1 && only != NULL) {
		e->x.version = only;
		gap(e);
		explain_version(&e->x);
		return;
	}
	if (n == 1)
		look_for_finding(e);
	/* "480 004010" is a code before it is a version. */
	e->code = n > 1 ? e->q->word[1] : NULL;
	if (n < WORDS)
		look_in(e, NULL);
	if (e->found > 0 || only == NULL)
		return;
	e->of = NULL;
	e->code = n == WORDS ? e->q->word[1] : NULL;
	look_in(e, only);
}

static int
explain(const struct invocation *in, int argc, char **argv)
{
	struct dictionary *d = NULL;
	struct tally_buf out;
	struct query q;
	struct explaining e = { .q = &q, .x = { .out = &out } };
	struct tally_err err;
	int i = 1, status = EX_OK;

	e.x.json = in->json;
	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--json") != 0)
			return command_usage(
			    &command_explain, "there is no such option");
		e.x.json = true;
	}
	if (!read_query(&q, argc - i, argv + i))
		return command_usage(&command_explain,
		    "expected is a set, segment, element, finding, or element "
		    "and code, and perhaps a version behind it");
	if (dictionary_find(&d, in->dir, &err) != TALLY_OK)
		return command_fail(&err);
	e.x.dictionary = &d->d;
	tally_buf_init(&out, OUTPUT_MAX);
	answer(&e);
	if (out.failed) {
		(void)tally_err_set(
		    &err, TALLY_NOMEM, "there is no memory for the answer");
		status = command_fail(&err);
	} else if (e.found == 0)
		status = unknown(&e);
	else
		fwrite(out.p, 1, out.n, stdout);
	tally_buf_free(&out);
	dictionary_free(d);
	return status;
}

const struct command command_explain = {
	.name = "explain",
	.synopsis = "[--json] WORD [CODE] [VERSION]",
	.summary = "say what a set, segment, element, code or finding is",
	.run = explain,
};
