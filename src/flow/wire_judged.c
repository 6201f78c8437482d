/* SPDX-License-Identifier: Apache-2.0 */
/* What was judged: findings, interchanges, and answers; see wire.h. */
#include "flow/wire.h"

#include <string.h>

#include "tallyman/judge.h"

/* Texts of a finding are shorter: finding.h. */
#define TEXT_SIZE 256
/* No element is longer than a segment can be. */
#define VALUE_MAX (16u << 20)
/* Bytes that one of each takes at least. */
#define FINDING_LEAST 56
#define SET_LEAST     41
#define GROUP_LEAST   69
#define ANSWER_LEAST  85
#define NOTE_LEAST    28

static void
finding(struct wire *w, struct tally_finding *f)
{
	f->kind = (enum tally_finding_kind)wire_below(
	    w, (uint32_t)f->kind, TALLY_FINDING_COUNT);
	f->severity = (enum tally_severity)wire_below(
	    w, (uint32_t)f->severity, TALLY_ERROR + 1);
	wire_u64(w, &f->offset);
	wire_u32(w, &f->segment);
	wire_u16(w, &f->element);
	wire_u16(w, &f->component);
	wire_u16(w, &f->repetition);
	wire_u16(w, &f->trigger);
	wire_cstr(w, &f->tag, TEXT_SIZE);
	wire_cstr(w, &f->loop, TEXT_SIZE);
	wire_cstr(w, &f->id, TEXT_SIZE);
	wire_cstr(w, &f->name, TEXT_SIZE);
	wire_view(w, &f->value, TEXT_SIZE);
	wire_view(w, &f->expected, TEXT_SIZE);
	wire_cstr(w, &f->rule, TEXT_SIZE);
	w->bad |= f->kind == TALLY_FINDING_NONE;
}

/* What is read goes into the list one by one, each a copy. */
static void
read_findings(struct wire *w, struct tally_findings *list, size_t n)
{
	struct tally_finding f;

	w->bad |= n > list->max - list->max / 2;
	for (size_t i = 0; i < n && !w->bad; i++) {
		f = (struct tally_finding){ .tag = NULL };
		finding(w, &f);
		if (!w->bad)
			tally_findings_copy(list, &f);
	}
	w->bad |= list->failed || list->n != n;
}

void
wire_findings(struct wire *w, struct tally_findings *list)
{
	size_t dropped = list->dropped, errors = list->errors,
	       warnings = list->warnings;
	size_t n = wire_count(w, list->n, FINDING_LEAST);

	if (w->out == NULL)
		read_findings(w, list, n);
	for (size_t i = 0; w->out != NULL && i < n; i++)
		finding(w, &list->v[i]);
	wire_size(w, &dropped);
	wire_size(w, &errors);
	wire_size(w, &warnings);
	if (w->out != NULL)
		return;
	w->bad |= errors < list->errors || warnings < list->warnings;
	list->dropped = dropped;
	list->errors = errors;
	list->warnings = warnings;
}

static void
span(struct wire *w, struct tally_span *s, size_t n)
{
	wire_size(w, &s->first);
	wire_size(w, &s->n);
	if (w->out == NULL && (s->first > n || s->n > n - s->first)) {
		w->bad = true;
		*s = (struct tally_span){ 0, 0 };
	}
}

static void
set(struct wire *w, struct tally_set_judged *s, size_t found)
{
	wire_field(w, s->id, sizeof(s->id));
	wire_field(w, s->control, sizeof(s->control));
	wire_field(w, s->convention, sizeof(s->convention));
	wire_u32(w, &s->ordinal);
	wire_u64(w, &s->offset);
	wire_verdict(w, &s->verdict);
	span(w, &s->findings, found);
}

void
wire_group(struct wire *w, struct tally_group_judged *g)
{
	wire_field(w, g->functional, sizeof(g->functional));
	wire_field(w, g->sender, sizeof(g->sender));
	wire_field(w, g->receiver, sizeof(g->receiver));
	wire_field(w, g->control, sizeof(g->control));
	wire_field(w, g->version, sizeof(g->version));
	wire_field(w, g->read_as, sizeof(g->read_as));
	wire_u64(w, &g->offset);
	wire_u32(w, &g->included);
	wire_u32(w, &g->received);
	wire_u32(w, &g->accepted);
	wire_verdict(w, &g->verdict);
}

/* Room for n things in the arena; what is read must not be used without. */
static void *
room(struct wire *w, size_t n, size_t size)
{
	void *v;
	size_t bytes;

	if (!tally_mul_ok(&bytes, n + 1, size))
		bytes = SIZE_MAX;
	v = tally_arena_alloc(w->arena, bytes);
	if (v == NULL)
		w->bad = true;
	else
		memset(v, 0, bytes);
	return v;
}

static void
sets(struct wire *w, struct tally_group_judged *g, size_t found)
{
	size_t n = wire_count(w, g->nset, SET_LEAST);

	if (w->out == NULL) {
		g->set = room(w, n, sizeof(*g->set));
		w->bad |= n > UINT32_MAX;
		g->nset = w->bad ? 0 : (uint32_t)n;
	}
	for (uint32_t i = 0; i < g->nset && !w->bad; i++)
		set(w, &g->set[i], found);
}

void
wire_envelope(struct wire *w, struct tally_interchange_judged *j)
{
	wire_field(w, j->sender_qualifier, sizeof(j->sender_qualifier));
	wire_field(w, j->sender, sizeof(j->sender));
	wire_field(w, j->receiver_qualifier, sizeof(j->receiver_qualifier));
	wire_field(w, j->receiver, sizeof(j->receiver));
	wire_field(w, j->date, sizeof(j->date));
	wire_field(w, j->time, sizeof(j->time));
	wire_field(w, j->version, sizeof(j->version));
	wire_field(w, j->control, sizeof(j->control));
	wire_bool(w, &j->ack_requested);
	wire_raw(w, &j->usage, sizeof(j->usage));
	wire_u8(w, &j->separators.element);
	wire_u8(w, &j->separators.segment);
	wire_u8(w, &j->separators.component);
	wire_u8(w, &j->separators.repetition);
	wire_u64(w, &j->offset);
	wire_u64(w, &j->length);
	wire_bool(w, &j->readable);
	wire_bool(w, &j->complete);
	wire_u32(w, &j->included);
}

/* What every reader of a judgement takes for granted. */
static bool
holds(const struct tally_interchange_judged *j)
{
	const struct tally_group_judged *g;
	uint64_t at = j->offset;

	if (j->length > INT64_MAX || j->offset > INT64_MAX ||
	    j->verdict == TALLY_PARTIAL)
		return false;
	for (uint32_t i = 0; i < j->ngroup; i++) {
		g = &j->group[i];
		if (g->offset < at || g->offset - j->offset >= j->length ||
		    (i > 0 && g->offset == at) || g->accepted > g->received)
			return false;
		at = g->offset;
		for (uint32_t k = 0; k < g->nset; k++)
			if (g->set[k].verdict == TALLY_PARTIAL ||
			    g->set[k].offset < at ||
			    g->set[k].offset - j->offset >= j->length)
				return false;
	}
	return true;
}

void
wire_interchange(struct wire *w, struct tally_interchange_judged *j,
    const struct tally_findings *list)
{
	size_t n;

	wire_envelope(w, j);
	wire_verdict(w, &j->verdict);
	span(w, &j->findings, list->n);
	n = wire_count(w, j->ngroup, GROUP_LEAST);
	if (w->out == NULL) {
		w->bad |= n > TALLY_JUDGE_GROUPS;
		j->group = room(w, n, sizeof(*j->group));
		j->ngroup = w->bad ? 0 : (uint32_t)n;
	}
	for (uint32_t i = 0; i < j->ngroup && !w->bad; i++) {
		wire_group(w, &j->group[i]);
		span(w, &j->group[i].findings, list->n);
		sets(w, &j->group[i], list->n);
	}
	if (w->out == NULL && !w->bad && !holds(j))
		w->bad = true;
}

bool
wire_is_recorded(const struct tally_interchange_judged *j)
{
	return j->readable && j->verdict != TALLY_REJECTED;
}

/* --- answers --- */

static void
answer_kind(struct wire *w, const char **kind)
{
	static const char *const all[] = { "TA1", "997", "999", "824" };
	const uint32_t n = sizeof(all) / sizeof(all[0]);
	uint32_t i = 0;

	while (w->out != NULL && i + 1 < n && strcmp(all[i], *kind) != 0)
		i++;
	*kind = all[wire_below(w, i, n)];
}

static void
answer(struct wire *w, struct tally_answer *a, size_t notes)
{
	struct tally_str *const view[] = { &a->functional, &a->group,
		&a->version, &a->set, &a->control, &a->date, &a->time,
		&a->code[0], &a->code[1], &a->code[2], &a->code[3], &a->code[4],
		&a->included, &a->received, &a->accepted };

	answer_kind(w, &a->kind);
	a->level = (enum tally_answer_level)wire_below(
	    w, (uint32_t)a->level, TALLY_ANSWER_SET + 1);
	for (size_t i = 0; i < sizeof(view) / sizeof(view[0]); i++)
		wire_view(w, view[i], VALUE_MAX);
	wire_raw(w, &a->verdict, sizeof(a->verdict));
	wire_size(w, &a->note);
	wire_size(w, &a->nnote);
	w->bad |= a->note > notes || a->nnote > notes - a->note ||
	    (a->verdict != '\0' && (a->verdict < 'A' || a->verdict > 'Z'));
}

static void
note(struct wire *w, struct tally_answer_note *n)
{
	wire_view(w, &n->tag, VALUE_MAX);
	wire_view(w, &n->loop, VALUE_MAX);
	wire_view(w, &n->segment, VALUE_MAX);
	wire_view(w, &n->position, VALUE_MAX);
	wire_view(w, &n->code, VALUE_MAX);
	wire_view(w, &n->value, VALUE_MAX);
	wire_view(w, &n->text, VALUE_MAX);
}

void
wire_answers(struct wire *w, struct wire_answers *m)
{
	struct tally_answers *a = &m->answers;
	size_t n, notes;

	wire_u32(w, &m->group);
	wire_u64(w, &m->offset);
	n = wire_count(w, a->n, ANSWER_LEAST);
	notes = wire_count(w, a->nnote, NOTE_LEAST);
	if (w->out == NULL) {
		*a = (struct tally_answers){ .n = n, .nnote = notes };
		a->v = room(w, n, sizeof(*a->v));
		a->note = room(w, notes, sizeof(*a->note));
	}
	for (size_t i = 0; i < n && !w->bad; i++)
		answer(w, &a->v[i], notes);
	for (size_t i = 0; i < notes && !w->bad; i++)
		note(w, &a->note[i]);
}
