/* SPDX-License-Identifier: Apache-2.0 */
/* Transaction sets as lines of JSON; see line.h. */
#include "flow/line.h"

#include <inttypes.h>

#include "base/charset.h"
#include "base/text.h"

static void
put(struct tally_buf *b, const char *key, struct tally_str s)
{
	tally_buf_printf(b, ",\"%s\":", key);
	tally_text_json(b, s);
}

static void
text(struct tally_buf *b, const char *key, const char *s)
{
	put(b, key, tally_cstr(s));
}

/* The separators as they are told. */
static struct tally_separators
told(const struct tally_separators *s)
{
	static const struct tally_separators ascii = { 0x1d, 0x1c, 0x1f, 0x1e };

	if (s->element < 0x80 && s->segment < 0x80 && s->component < 0x80 &&
	    s->repetition < 0x80)
		return *s;
	return ascii;
}

static void
put_separators(struct tally_buf *b, const struct tally_separators *s)
{
	struct tally_separators t = told(s);
	const char v[] = { (char)t.element, (char)t.segment, (char)t.component,
		(char)t.repetition };

	put(b, "separators", tally_str(v, s->repetition != 0 ? 4 : 3));
}

static void
put_interchange(struct tally_buf *b, const struct tally_interchange_judged *ic)
{
	tally_buf_puts(b, ",\"interchange\":{\"control\":");
	tally_text_json(b, tally_cstr(ic->control));
	text(b, "sender_qualifier", ic->sender_qualifier);
	text(b, "sender", ic->sender);
	text(b, "receiver_qualifier", ic->receiver_qualifier);
	text(b, "receiver", ic->receiver);
	text(b, "date", ic->date);
	text(b, "time", ic->time);
	text(b, "version", ic->version);
	put(b, "usage", tally_str(&ic->usage, ic->usage != '\0'));
	put_separators(b, &ic->separators);
	tally_buf_putc(b, '}');
}

static void
put_group(struct tally_buf *b, const struct tally_group_judged *g)
{
	tally_buf_puts(b, ",\"group\":{\"control\":");
	tally_text_json(b, tally_cstr(g->control));
	text(b, "functional", g->functional);
	text(b, "sender", g->sender);
	text(b, "receiver", g->receiver);
	text(b, "version", g->version);
	tally_buf_putc(b, '}');
}

/* The separator that a byte of the set's is told as; 0: it is none. */
static char
separator(const struct tally_separators *s, unsigned char c)
{
	struct tally_separators t = told(s);

	if (c == s->element)
		return (char)t.element;
	if (c == s->component)
		return (char)t.component;
	return s->repetition != 0 && c == s->repetition ? (char)t.repetition
							: '\0';
}

/* Text of the set in UTF-8, its separators as they are told. */
static void
convert(struct tally_buf *to, struct tally_charset *charset,
    const struct tally_separators *s, struct tally_str v)
{
	size_t from = 0;
	char c;

	for (size_t i = 0; i <= v.n; i++) {
		c = i < v.n ? separator(s, (unsigned char)v.p[i]) : '\0';
		if (i < v.n && c == '\0')
			continue;
		tally_charset_utf8(
		    charset, to, tally_str(v.p + from, i - from));
		if (i < v.n)
			tally_buf_putc(to, c);
		from = i + 1;
	}
}

static void
put_owner(struct tally_buf *b, const struct tally_model *m,
    const struct tally_residue *r)
{
	const struct tally_table *t = &m->table[r->table];

	text(b, "table", t->name);
	tally_buf_printf(b, ",\"row\":%" PRIu32, r->row);
	if (r->column != TALLY_NO_COLUMN)
		text(b, "column", t->column[r->column].name);
}

static void
put_residue(struct tally_buf *b, const struct line *l,
    struct tally_charset *charset, const struct tally_residue *r)
{
	const struct tally_set *set = l->visit->set;
	struct tally_buf v;

	tally_buf_init(&v, b->max);
	tally_buf_printf(b, "{\"segment\":%" PRIu32 ",\"place\":", r->segment);
	tally_place_name(&v, set->spec, r->place);
	tally_text_json(b, tally_buf_view(&v));
	if (r->element != 0)
		tally_buf_printf(b, ",\"element\":%u", r->element);
	tally_buf_reset(&v);
	convert(&v, charset, &set->separators, r->text);
	put(b, "text", tally_buf_view(&v));
	put_owner(b, l->batch->model, r);
	tally_buf_putc(b, '}');
	b->failed |= v.failed;
	tally_buf_free(&v);
}

void
line_put(
    struct tally_buf *b, const struct line *l, struct tally_charset *charset)
{
	const struct tally_visit *v = l->visit;

	tally_buf_puts(b, "{\"set\":");
	tally_text_json(b, tally_cstr(v->set->spec->id));
	text(b, "version", v->set->spec->version);
	text(b, "map", tally_map_name(l->map));
	text(b, "control", v->judged->control);
	put_interchange(b, v->interchange);
	put_group(b, v->group);
	text(b, "verdict", l->verdict);
	tally_buf_puts(b, ",\"records\":");
	tally_batch_json(l->batch, l->document, b);
	if (b->n > 0 && !b->failed)
		b->n--; /* its line feed */
	tally_buf_puts(b, ",\"residue\":[");
	for (size_t i = 0; i < l->residues->n; i++) {
		if (i > 0)
			tally_buf_putc(b, ',');
		put_residue(b, l, charset, &l->residues->v[i]);
	}
	tally_buf_puts(b, "]}\n");
}
