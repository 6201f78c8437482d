/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What explain says to programs, an object on a line.
 *
 *	{"type":"version",version,sets:[{id,functional,name}]}
 *	{"type":"set",version,id,name,functional,places:[{position,segment,
 *	    name,requirement,max,loop}],loops:[{path,requirement,max}]}
 *	{"type":"segment",version,id,name,elements:[…],notes:[…]}
 *	{"type":"element",version,id,name,data_type,min,max,open,codes:[{code,
 *	    meaning}],elements:[…],notes:[…]}
 *	{"type":"code",version,element,code,meaning}
 *	{"type":"finding",kind,level,severity,told_in,code,what,who_acts}
 *
 * A maximum without limit is null; an element asked for as N103 has segment
 * and position.
 */
#include <inttypes.h>

#include "base/text.h"
#include "command/explain.h"
#include "flow/report.h"
#include "flow/report_json.h"

static void
text(struct tally_buf *b, const char *key, const char *s)
{
	tally_buf_printf(b, ",\"%s\":", key);
	tally_text_json(b, tally_cstr(s));
}

/* As dictionary text has it: "N2". */
static const char *
type_name(const struct tally_element *e, char buf[4])
{
	static const char *const name[] = { [TALLY_AN] = "AN",
		[TALLY_ID] = "ID",
		[TALLY_DT] = "DT",
		[TALLY_TM] = "TM",
		[TALLY_R] = "R",
		[TALLY_B] = "B" };

	if (e->type != TALLY_N)
		return name[e->type];
	buf[0] = 'N';
	buf[1] = (char)('0' + e->decimals % 10);
	buf[2] = '\0';
	return buf;
}

static void
begin(const struct explain *x, const char *type)
{
	tally_buf_printf(x->out, "{\"type\":\"%s\"", type);
	text(x->out, "version", x->version->version);
}

static void
put_max(struct tally_buf *b, uint32_t max)
{
	if (max == TALLY_UNBOUNDED)
		tally_buf_puts(b, ",\"max\":null");
	else
		tally_buf_printf(b, ",\"max\":%" PRIu32, max);
}

static void
put_requirement(struct tally_buf *b, char r, uint32_t max)
{
	tally_buf_printf(b, ",\"requirement\":\"%c\"", r);
	put_max(b, max);
}

void
explain_json_version(const struct explain *x)
{
	const struct tally_set_spec *s;

	begin(x, "version");
	tally_buf_puts(x->out, ",\"sets\":[");
	for (uint32_t i = 0; i < x->version->nset; i++) {
		s = &x->version->set[i];
		tally_buf_puts(x->out, i > 0 ? ",{\"id\":" : "{\"id\":");
		tally_text_json(x->out, tally_cstr(s->id));
		text(x->out, "functional", s->functional);
		text(x->out, "name", s->name);
		tally_buf_putc(x->out, '}');
	}
	tally_buf_puts(x->out, "]}\n");
}

void
explain_json_set(const struct explain *x, const struct tally_set_spec *s)
{
	struct tally_buf *b = x->out;

	begin(x, "set");
	text(b, "id", s->id);
	text(b, "name", s->name);
	text(b, "functional", s->functional);
	tally_buf_puts(b, ",\"places\":[");
	for (uint32_t i = 0; i < s->nplace; i++) {
		const struct tally_place *p = &s->place[i];

		tally_buf_printf(
		    b, "%s{\"position\":\"%s\"", i > 0 ? "," : "", p->pos);
		text(b, "segment", p->segment->tag);
		text(b, "name", p->segment->name);
		put_requirement(b, p->requirement, p->max);
		text(b, "loop", s->loop[p->loop].path);
		tally_buf_putc(b, '}');
	}
	tally_buf_puts(b, "],\"loops\":[");
	for (uint32_t i = 1; i < s->nloop; i++) {
		tally_buf_puts(b, i > 1 ? ",{\"path\":" : "{\"path\":");
		tally_text_json(b, tally_cstr(s->loop[i].path));
		put_requirement(b, s->loop[i].requirement, s->loop[i].max);
		tally_buf_putc(b, '}');
	}
	tally_buf_puts(b, "]}\n");
}

static void
put_layout(struct tally_buf *b, const struct tally_use *use, uint32_t n,
    const struct tally_note *note, uint32_t nnote)
{
	char words[256];

	tally_buf_puts(b, ",\"elements\":[");
	for (uint32_t i = 0; i < n; i++) {
		tally_buf_printf(
		    b, "%s{\"position\":%" PRIu32, i > 0 ? "," : "", i + 1);
		text(b, "id", use[i].element->id);
		text(b, "name", use[i].element->name);
		put_requirement(b, use[i].requirement, use[i].repeat);
		tally_buf_putc(b, '}');
	}
	tally_buf_puts(b, "],\"notes\":[");
	for (uint32_t i = 0; i < nnote; i++) {
		tally_note_words(&note[i], words, sizeof(words));
		tally_buf_puts(b, i > 0 ? "," : "");
		tally_text_json(b, tally_cstr(words));
	}
	tally_buf_putc(b, ']');
}

void
explain_json_segment(
    const struct explain *x, const struct tally_segment_spec *s)
{
	begin(x, "segment");
	text(x->out, "id", s->tag);
	text(x->out, "name", s->name);
	put_layout(x->out, s->use, s->nuse, s->note, s->nnote);
	tally_buf_puts(x->out, "}\n");
}

static void
put_position(struct tally_buf *b, const struct explain_element *q)
{
	if (q->segment == NULL)
		return;
	text(b, "segment", q->segment->tag);
	tally_buf_printf(b, ",\"position\":%u", q->position);
}

void
explain_json_element(const struct explain *x, const struct explain_element *q)
{
	const struct tally_element *e = q->element;
	struct tally_buf *b = x->out;
	char buf[4];

	begin(x, "element");
	text(b, "id", e->id);
	text(b, "name", e->name);
	put_position(b, q);
	if (e->type == TALLY_COMPOSITE) {
		put_layout(b, e->use, e->nuse, e->note, e->nnote);
		tally_buf_puts(b, "}\n");
		return;
	}
	text(b, "data_type", type_name(e, buf));
	tally_buf_printf(b, ",\"min\":%" PRIu32, e->min);
	put_max(b, e->max);
	tally_buf_printf(b, ",\"open\":%s,\"codes\":[",
	    e->open || e->ncode == 0 ? "true" : "false");
	for (uint32_t i = 0; i < e->ncode; i++) {
		tally_buf_puts(b, i > 0 ? ",{\"code\":" : "{\"code\":");
		tally_text_json(b, tally_cstr(e->code[i].code));
		text(b, "meaning", e->code[i].meaning);
		tally_buf_putc(b, '}');
	}
	tally_buf_puts(b, "]}\n");
}

void
explain_json_code(const struct explain *x, const struct explain_element *q,
    const struct tally_code *c)
{
	begin(x, "code");
	text(x->out, "element", q->element->id);
	text(x->out, "name", q->element->name);
	put_position(x->out, q);
	text(x->out, "code", c->code);
	text(x->out, "meaning", c->meaning);
	tally_buf_puts(x->out, "}\n");
}

void
explain_json_finding(const struct explain *x, enum tally_finding_kind kind)
{
	const struct tally_finding_info *i = tally_finding_info(kind);
	struct tally_buf *b = x->out;

	tally_buf_printf(b, "{\"type\":\"finding\",\"kind\":\"%s\"", i->name);
	text(b, "level", tally_level_name(i->level));
	text(b, "severity", tally_severity_name(i->severity));
	if (*i->code != '\0') {
		text(b, "told_in", report_told_in(i->level));
		text(b, "code", i->code);
	}
	text(b, "what", i->what);
	text(b, "who_acts", i->todo);
	tally_buf_puts(b, "}\n");
}
