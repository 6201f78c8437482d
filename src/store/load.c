/* SPDX-License-Identifier: Apache-2.0 */
/* How the rows of a load look; see load.h. */
#include "store/load.h"

#include <assert.h>

#include "base/text.h"
#include "base/word.h"

void
load_columns(struct tally_buf *b, const struct tally_table *t, const bool *used)
{
	tally_buf_puts(b, "\"id\", \"document_id\"");
	for (int i = 0; i < t->nreference; i++)
		tally_buf_printf(b, ", \"%s\"", t->reference[i].name);
	for (int i = 0; i < t->ncolumn; i++)
		if (used == NULL || used[i])
			tally_buf_printf(b, ", \"%s\"", t->column[i].name);
}

void
load_index_name(struct tally_buf *b, const struct tally_table *t,
    const struct tally_column *c)
{
	tally_buf_printf(b, "%s_by_%s", t->name, c->name);
}

void
load_index(struct tally_buf *b, const struct tally_table *t,
    const struct tally_column *c)
{
	tally_buf_puts(b, "CREATE INDEX IF NOT EXISTS \"");
	load_index_name(b, t, c);
	tally_buf_printf(b, "\" ON \"%s\" (\"%s\") WHERE \"%s\" IS NOT NULL",
	    t->name, c->name, c->name);
}

void
load_rows(
    const struct engine_load *l, uint16_t table, uint32_t *from, uint32_t *to)
{
	uint32_t n;

	*from = 0;
	*to = l->batch != NULL ? l->batch->rows[table].n : 0;
	if (*to > 0 && l->only != NULL) {
		tally_batch_rows(l->batch, table, *l->only, from, &n);
		*to = *from + n;
	}
}

int64_t
load_document(
    const struct engine_load *l, const struct tally_rows *r, uint32_t i)
{
	return l->id[l->only != NULL ? 0 : r->row[i].document];
}

int64_t
load_row_id(const struct tally_table *t, int64_t document, uint32_t seq)
{
	assert(seq < TALLY_ROWS_MAX);
	assert(document > 0 && document < INT64_MAX >> TALLY_ROW_BITS);
	return t->head ? document : document << TALLY_ROW_BITS | seq;
}

int64_t
load_reference(const struct tally_model *m, const struct tally_rows *r,
    uint32_t i, int k, int64_t document)
{
	const struct tally_table *t = r->table;
	uint32_t seq = r->reference[(size_t)i * t->nreference + (size_t)k];

	if (seq == TALLY_NO_ROW)
		return 0;
	return load_row_id(&m->table[t->reference[k].table], document, seq);
}

struct tally_str
load_text(struct tally_buf *escaped, struct tally_str s)
{
	if (word_plain(s.p, s.n) || tally_utf8_ok(s))
		return s;
	tally_buf_reset(escaped);
	tally_text_utf8(escaped, s);
	return tally_buf_view(escaped);
}

bool
load_integer(int64_t *out, const struct tally_cell *c)
{
	bool negative = c->n > 0 && c->p[0] == '-';
	uint32_t i = negative || (c->n > 0 && c->p[0] == '+');
	uint64_t v = 0, max = (uint64_t)INT64_MAX + negative;
	unsigned digit;

	if (i == c->n)
		return false;
	for (; i < c->n; i++) {
		digit = (unsigned char)c->p[i] - '0';
		if (digit > 9 || v > (max - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = negative ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

struct load_keys
load_keys(const struct engine_load *l, size_t n)
{
	struct load_keys k = { .plain = true };
	struct tally_str key;

	for (; n > 0; n--, l++)
		for (size_t i = 0; i < l->ndocument; i++) {
			key = l->document[i].key;
			if (key.n == 0)
				continue;
			k.plain = k.plain && word_plain(key.p, key.n);
			if (k.n == 0 || tally_str_cmp(key, k.least) < 0)
				k.least = key;
			if (k.n == 0 || tally_str_cmp(key, k.greatest) > 0)
				k.greatest = key;
			k.n++;
		}
	return k;
}

const char *
load_verdict(enum tally_verdict v)
{
	switch (v) {
	case TALLY_ACCEPTED:
		return "A";
	case TALLY_ACCEPTED_WITH_ERRORS:
		return "E";
	case TALLY_PARTIAL:
		return "P";
	default:
		return "R";
	}
}
