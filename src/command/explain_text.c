/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What explain says to people.  Texts of a site's dictionary are not ours:
 * they go through tally_text_safe like everything else.
 */
#include "command/explain.h"

#include <inttypes.h>

#include "base/text.h"
#include "flow/report.h"
#include "flow/report_json.h"

/* Codes without meaning are listed so wide. */
#define WIDTH 72

static void
safe(struct tally_buf *b, const char *s)
{
	tally_text_safe(b, tally_cstr(s));
}

/* The words, padded to width. */
static void
column(struct tally_buf *b, const char *s, size_t width)
{
	size_t before = b->n;

	safe(b, s);
	while (!b->failed && b->n - before < width)
		tally_buf_putc(b, ' ');
}

/* "850  purchase order" and what kind of thing it is. */
static void
title(
    const struct explain *x, const char *id, const char *name, const char *what)
{
	safe(x->out, id);
	tally_buf_puts(x->out, "  ");
	safe(x->out, name);
	tally_buf_printf(x->out, "\n  %s of version ", what);
	safe(x->out, x->version->version);
}

/* ", also of 005010": versions that has says yes to. */
static void
others(const struct explain *x, const char *id,
    bool (*has)(const struct tally_version *, struct tally_str))
{
	const struct tally_version *v;
	const char *before = ", also of ";

	for (size_t i = 0; i < x->dictionary->nversion; i++) {
		v = x->dictionary->version[i];
		if (v == x->version || !has(v, tally_cstr(id)))
			continue;
		tally_buf_puts(x->out, before);
		safe(x->out, v->version);
		before = ", ";
	}
	tally_buf_putc(x->out, '\n');
}

static void
put_max(struct tally_buf *b, uint32_t max)
{
	if (max == TALLY_UNBOUNDED)
		tally_buf_puts(b, "any number");
	else
		tally_buf_printf(b, "%" PRIu32, max);
}

static const char *
requirement(char r)
{
	return r == 'M' ? "mandatory" : r == 'X' ? "conditional" : "optional";
}

/* --- versions and transaction sets --- */

void
explain_version(const struct explain *x)
{
	const struct tally_set_spec *s;

	if (x->json) {
		explain_json_version(x);
		return;
	}
	tally_buf_puts(x->out, "version ");
	safe(x->out, x->version->version);
	tally_buf_printf(x->out,
	    "  %" PRIu32 " transaction sets, each with its GS01\n",
	    x->version->nset);
	for (uint32_t i = 0; i < x->version->nset; i++) {
		s = &x->version->set[i];
		tally_buf_puts(x->out, "  ");
		column(x->out, s->id, 5);
		column(x->out, s->functional, 4);
		safe(x->out, s->name);
		tally_buf_putc(x->out, '\n');
	}
}

static bool
has_set(const struct tally_version *v, struct tally_str id)
{
	return tally_set_find(v, id) != NULL;
}

static unsigned
depth(const struct tally_set_spec *s, uint16_t loop)
{
	unsigned n = 0;

	for (; loop != 0; loop = s->loop[loop].parent)
		n++;
	return n;
}

static void
put_place(const struct explain *x, const struct tally_set_spec *s, uint32_t i)
{
	const struct tally_place *p = &s->place[i];
	const struct tally_loop *l = &s->loop[p->loop];
	unsigned indent = depth(s, p->loop);
	bool begins = p->loop != 0 && l->first == i;
	struct tally_buf *b = x->out;

	if (begins) {
		tally_buf_printf(
		    b, "  %-7s %*s", "", (int)(2 * indent - 2), "");
		tally_buf_puts(b, "loop ");
		safe(b, l->path);
		tally_buf_printf(b, ": %s, ", requirement(l->requirement));
		put_max(b, l->max);
		tally_buf_putc(b, '\n');
	}
	tally_buf_printf(b, "  %-7s %*s%-3s  ", p->pos, (int)(2 * indent), "",
	    p->segment->tag);
	safe(b, p->segment->name);
	tally_buf_printf(b, ": %s, ", requirement(p->requirement));
	put_max(b, p->max);
	tally_buf_putc(b, '\n');
}

void
explain_set(const struct explain *x, const struct tally_set_spec *s)
{
	const struct tally_total *t;

	if (x->json) {
		explain_json_set(x, s);
		return;
	}
	title(x, s->id, s->name, "transaction set");
	others(x, s->id, has_set);
	tally_buf_puts(x->out, "  in groups whose GS01 is ");
	safe(x->out, s->functional);
	tally_buf_puts(x->out, "\n\n");
	for (uint32_t i = 0; i < s->nplace; i++)
		put_place(x, s, i);
	for (uint32_t i = 0; i < s->ntotal; i++) {
		t = &s->total[i];
		tally_buf_printf(x->out, "  %s%02u %s %s", t->tag, t->element,
		    t->of_element != 0 ? "adds up" : "counts", t->of);
		if (t->of_element != 0)
			tally_buf_printf(x->out, "%02u", t->of_element);
		tally_buf_putc(x->out, '\n');
	}
}

/* --- segments and composites --- */

static bool
has_segment(const struct tally_version *v, struct tally_str tag)
{
	return tally_segment_find(v, tag) != NULL;
}

/* "code, 2 to 3 characters" */
static void
put_form(struct tally_buf *b, const struct tally_element *e)
{
	static const char *const form[] = { [TALLY_AN] = "text",
		[TALLY_ID] = "code",
		[TALLY_DT] = "date",
		[TALLY_TM] = "time",
		[TALLY_R] = "decimal number",
		[TALLY_N] = "number",
		[TALLY_B] = "bytes",
		[TALLY_COMPOSITE] = "composite" };
	const char *unit = e->type == TALLY_AN || e->type == TALLY_ID
	    ? "characters"
	    : e->type == TALLY_B ? "bytes"
				 : "digits";

	tally_buf_puts(b, form[e->type]);
	if (e->type == TALLY_COMPOSITE)
		return;
	if (e->type == TALLY_N && e->decimals > 0)
		tally_buf_printf(b, " with %u implied decimals", e->decimals);
	if (e->min == e->max)
		tally_buf_printf(b, ", %" PRIu32 " %s", e->min, unit);
	else
		tally_buf_printf(
		    b, ", %" PRIu32 " to %" PRIu32 " %s", e->min, e->max, unit);
}

static void
put_use(struct tally_buf *b, const char *tag, const char *dash, unsigned k,
    const struct tally_use *u)
{
	tally_buf_printf(b, "  %s%s%02u  ", tag, dash, k);
	column(b, u->element->id, 5);
	safe(b, u->element->name);
	tally_buf_printf(b, ": %s, ", requirement(u->requirement));
	put_form(b, u->element);
	if (u->repeat != 1) {
		tally_buf_puts(b, ", repeated: ");
		put_max(b, u->repeat);
	}
	tally_buf_putc(b, '\n');
}

static void
put_layout(struct tally_buf *b, const char *tag, const char *dash,
    const struct tally_use *use, uint32_t n, const struct tally_note *note,
    uint32_t nnote)
{
	char words[256];

	tally_buf_putc(b, '\n');
	for (unsigned k = 0; k < n; k++)
		put_use(b, tag, dash, k + 1, &use[k]);
	for (uint32_t i = 0; i < nnote; i++) {
		tally_note_words(&note[i], words, sizeof(words));
		tally_buf_printf(b, "  %s\n", words);
	}
}

/* "  in 850: N1, PO1/N1" for each set that has the segment. */
static void
put_sets(const struct explain *x, const struct tally_segment_spec *s)
{
	const struct tally_set_spec *set;
	const struct tally_place *p;
	const char *before;

	for (uint32_t i = 0; i < x->version->nset; i++) {
		set = &x->version->set[i];
		before = NULL;
		for (uint32_t k = 0; k < set->nplace; k++) {
			p = &set->place[k];
			if (p->segment != s)
				continue;
			if (before == NULL) {
				tally_buf_puts(x->out, "  in ");
				safe(x->out, set->id);
			}
			tally_buf_puts(x->out, before == NULL ? ": " : ", ");
			before = p->loop != 0 ? set->loop[p->loop].path
					      : "outside loops";
			safe(x->out, before);
		}
		if (before != NULL)
			tally_buf_putc(x->out, '\n');
	}
}

void
explain_segment(const struct explain *x, const struct tally_segment_spec *s)
{
	if (x->json) {
		explain_json_segment(x, s);
		return;
	}
	title(x, s->tag, s->name, "segment");
	others(x, s->tag, has_segment);
	if (s->nuse == 0)
		tally_buf_puts(x->out,
		    "  it exists in the standard, but no set here has it\n");
	put_layout(x->out, s->tag, "", s->use, s->nuse, s->note, s->nnote);
	put_sets(x, s);
}

/* --- elements and codes --- */

static bool
has_element(const struct tally_version *v, struct tally_str id)
{
	return tally_element_find(v, id) != NULL;
}

/* "  in N103, N104 …": where segments have the element. */
static void
put_users(const struct explain *x, const struct tally_element *e)
{
	const struct tally_segment_spec *s;
	size_t line = x->out->n, before = line;

	for (uint32_t i = 0; i < x->version->nsegment; i++) {
		s = &x->version->segment[i];
		for (unsigned k = 0; k < s->nuse; k++) {
			if (s->use[k].element != e)
				continue;
			if (x->out->n == before)
				tally_buf_puts(x->out, "  in");
			else if (x->out->n - line > WIDTH) {
				tally_buf_puts(x->out, "\n    ");
				line = x->out->n;
			}
			tally_buf_printf(x->out, " %s%02u", s->tag, k + 1);
		}
	}
	if (x->out->n != before)
		tally_buf_putc(x->out, '\n');
}

static void
put_codes(const struct explain *x, const struct tally_element *e)
{
	struct tally_buf *b = x->out;
	bool bare = false;
	size_t line = 0;

	if (e->ncode == 0) {
		if (e->type == TALLY_ID)
			tally_buf_puts(b, "  no code list: any value passes\n");
		return;
	}
	tally_buf_puts(b,
	    e->open ? "\n  codes that are listed; others exist and are noted:\n"
		    : "\n  codes, all that there are:\n");
	for (uint32_t i = 0; i < e->ncode; i++) {
		if (*e->code[i].meaning == '\0') {
			bare = true;
			continue;
		}
		tally_buf_puts(b, "    ");
		column(b, e->code[i].code, 9);
		safe(b, e->code[i].meaning);
		tally_buf_putc(b, '\n');
	}
	if (!bare)
		return;
	tally_buf_puts(b, "  codes whose meaning is not given:");
	for (uint32_t i = 0; i < e->ncode; i++) {
		if (*e->code[i].meaning != '\0')
			continue;
		if (line == 0 || b->n - line > WIDTH) {
			tally_buf_puts(b, "\n    ");
			line = b->n;
		}
		safe(b, e->code[i].code);
		tally_buf_putc(b, ' ');
	}
	tally_buf_putc(b, '\n');
}

/* What a segment asks of the element at its place. */
static void
put_position(const struct explain *x, const struct explain_element *q)
{
	const struct tally_segment_spec *s = q->segment;
	char words[256];

	tally_buf_printf(
	    x->out, "  %s%02u of segment %s, ", s->tag, q->position, s->tag);
	safe(x->out, s->name);
	tally_buf_printf(
	    x->out, ": %s\n", requirement(s->use[q->position - 1].requirement));
	for (uint32_t i = 0; i < s->nnote; i++)
		if ((s->note[i].mask >> q->position & 1) != 0) {
			tally_note_words(&s->note[i], words, sizeof(words));
			tally_buf_printf(x->out, "  %s\n", words);
		}
}

void
explain_element(const struct explain *x, const struct explain_element *q)
{
	const struct tally_element *e = q->element;

	if (x->json) {
		explain_json_element(x, q);
		return;
	}
	title(x, e->id, e->name,
	    e->type == TALLY_COMPOSITE ? "composite" : "element");
	others(x, e->id, has_element);
	if (q->segment != NULL)
		put_position(x, q);
	if (e->type == TALLY_COMPOSITE) {
		put_layout(
		    x->out, e->id, "-", e->use, e->nuse, e->note, e->nnote);
	} else {
		tally_buf_puts(x->out, "  ");
		put_form(x->out, e);
		tally_buf_putc(x->out, '\n');
	}
	put_users(x, e);
	put_codes(x, e);
}

void
explain_code(const struct explain *x, const struct explain_element *q,
    const struct tally_code *c)
{
	const struct tally_element *e = q->element;

	if (x->json) {
		explain_json_code(x, q, c);
		return;
	}
	title(x, c->code,
	    *c->meaning != '\0' ? c->meaning : "meaning not given", "code");
	tally_buf_printf(x->out, ", element %s, ", e->id);
	safe(x->out, e->name);
	tally_buf_putc(x->out, '\n');
	if (q->segment != NULL)
		put_position(x, q);
	put_users(x, e);
}

/* --- findings --- */

void
explain_finding(const struct explain *x, enum tally_finding_kind kind)
{
	const struct tally_finding_info *i = tally_finding_info(kind);
	struct tally_buf *b = x->out;

	if (x->json) {
		explain_json_finding(x, kind);
		return;
	}
	tally_buf_printf(b, "%s  %s\n  finding about the %s: %s\n", i->name,
	    i->what, tally_level_name(i->level),
	    tally_severity_name(i->severity));
	if (*i->code != '\0')
		tally_buf_printf(b, "  the partner is told %s=%s\n",
		    report_told_in(i->level), i->code);
	else
		tally_buf_puts(b, "  the partner is not told\n");
	tally_buf_printf(b, "  who acts: %s\n", i->todo);
}
