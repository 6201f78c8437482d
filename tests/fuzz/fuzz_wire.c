/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as what the parser says.  The first one chooses the
 * message, the others are its content; what is taken is looked at as the store
 * would look at it.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "base/embed.h"
#include "flow/wire.h"
#include "store/load.h"

static struct gathered g;
static struct tally_findings list;
static struct tally_arena arena;

static void
begin(void)
{
	struct tally_model *model;
	struct tally_err err;

	if (g.doc != NULL)
		return;
	MUST(tally_model_load(&model, "records.xml",
		 tally_embedded_find("records.xml"), &err) == TALLY_OK);
	MUST(gathered_open(&g, model, &err) == TALLY_OK);
	tally_findings_init(&list, 20000);
	tally_arena_init(&arena, (size_t)64 << 20);
}

static uint64_t
look_at_findings(const struct tally_findings *l, size_t first, size_t n)
{
	uint64_t sum = 0;

	MUST(first <= l->n && n <= l->n - first);
	for (size_t i = first; i < first + n; i++)
		sum += strlen(tally_finding_info(l->v[i].kind)->name) +
		    strlen(l->v[i].tag) + strlen(l->v[i].loop) +
		    strlen(l->v[i].rule) + l->v[i].value.n;
	return sum;
}

static uint64_t
look_at_judged(const struct tally_interchange_judged *j)
{
	uint64_t sum = strlen(j->sender) + strlen(j->control);

	sum += look_at_findings(&list, j->findings.first, j->findings.n);
	for (uint32_t i = 0; i < j->ngroup; i++) {
		const struct tally_group_judged *group = &j->group[i];

		MUST(group->offset >= j->offset);
		sum += strlen(group->sender) + strlen(group->read_as) +
		    look_at_findings(
			&list, group->findings.first, group->findings.n);
		for (uint32_t k = 0; k < group->nset; k++)
			sum += strlen(group->set[k].control) +
			    look_at_findings(&list,
				group->set[k].findings.first,
				group->set[k].findings.n);
	}
	return sum;
}

static uint64_t
look_at_rows(const struct tally_model *m, const struct tally_rows *r)
{
	uint64_t sum = 0;
	uint32_t from, n;
	int64_t number;

	for (uint32_t i = 0; i < r->n; i++) {
		for (uint16_t k = 0; k < r->table->nreference; k++) {
			uint32_t to =
			    r->reference[i * r->table->nreference + k];

			tally_batch_rows(&g.batch, r->table->reference[k].table,
			    r->row[i].document, &from, &n);
			MUST(to == TALLY_NO_ROW || to < n);
			sum += (uint64_t)load_reference(m, r, i, k, 1);
		}
		for (uint16_t k = 0; k < r->table->ncolumn; k++) {
			const struct tally_cell *c = tally_rows_cell(r, i, k);

			if (c->p != NULL &&
			    r->table->column[k].type == TALLY_INTEGER)
				MUST(load_integer(&number, c));
			for (uint32_t at = 0; c->p != NULL && at < c->n; at++)
				sum += (unsigned char)c->p[at];
		}
	}
	return sum;
}

static uint64_t
look_at_documents(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < g.n; i++) {
		const struct pending *p = &g.pending[i];

		MUST(g.doc[i].batch == UINT32_MAX ||
		    (g.doc[i].map != NULL &&
			g.doc[i].batch < g.batch.ndocument));
		sum += look_at_findings(&g.found, p->found.first, p->found.n) +
		    strlen(g.doc[i].state) + g.doc[i].key.n;
		for (size_t k = 0; k < p->nresidue; k++)
			MUST(p->residue[k].table < g.batch.model->ntable);
	}
	for (uint16_t i = 0; i < g.batch.model->ntable; i++)
		sum += look_at_rows(g.batch.model, &g.batch.rows[i]);
	return sum;
}

static uint64_t
look_at_answers(const struct tally_answers *a)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < a->n; i++) {
		MUST(a->v[i].note <= a->nnote &&
		    a->v[i].nnote <= a->nnote - a->v[i].note);
		sum += strlen(a->v[i].kind) + a->v[i].set.n;
	}
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tally_interchange_judged j = { .ngroup = 0 };
	struct wire_answers answers = { .group = 0 };
	struct tally_err err = { .rc = TALLY_OK };
	volatile uint64_t sum = 0;
	struct wire w;

	begin();
	if (n == 0)
		return 0;
	gathered_empty(&g);
	tally_findings_reset(&list);
	tally_arena_reset(&arena);
	wire_open(&w, tally_str(data + 1, n - 1));
	w.arena = &arena;
	w.dictionary = &tally_builtin;
	switch (data[0]) {
	case WIRE_BATCH:
		wire_gathered(&w, &g);
		sum += wire_ended(&w) ? look_at_documents() : 0;
		break;
	case WIRE_ANSWERS:
		wire_answers(&w, &answers);
		sum += wire_ended(&w) ? look_at_answers(&answers.answers) : 0;
		break;
	case WIRE_TROUBLE:
		wire_trouble(&w, &err);
		MUST(!wire_ended(&w) || err.rc != TALLY_OK);
		break;
	default:
		wire_findings(&w, &list);
		wire_interchange(&w, &j, &list);
		sum += wire_ended(&w) ? look_at_judged(&j) : 0;
		break;
	}
	return 0;
}
