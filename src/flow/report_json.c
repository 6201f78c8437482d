/* SPDX-License-Identifier: Apache-2.0 */
/* Findings and verdicts as JSON lines; see report.h for the shape. */
#include "flow/report_json.h"

#include <inttypes.h>

#include "base/text.h"

const char *
report_told_in(enum tally_level level)
{
	static const char *const element[] = {
		[TALLY_LEVEL_FILE] = "",
		[TALLY_LEVEL_INTERCHANGE] = "TA105",
		[TALLY_LEVEL_GROUP] = "AK905",
		[TALLY_LEVEL_SET] = "AK502",
		[TALLY_LEVEL_SEGMENT] = "AK304",
		[TALLY_LEVEL_ELEMENT] = "AK403",
	};

	return element[level];
}

const char *
report_file(const struct report *r)
{
	if (r->file == NULL || strcmp(r->file, "-") == 0)
		return "standard input";
	return r->file;
}

static void
view(struct tally_buf *b, const char *key, struct tally_str s)
{
	tally_buf_printf(b, ",\"%s\":", key);
	tally_text_json(b, s);
}

static void
text(struct tally_buf *b, const char *key, const char *s)
{
	view(b, key, tally_cstr(s));
}

static void
text_if(struct tally_buf *b, const char *key, const char *s)
{
	if (*s != '\0')
		text(b, key, s);
}

static void
number(struct tally_buf *b, const char *key, uint64_t n)
{
	tally_buf_printf(b, ",\"%s\":%" PRIu64, key, n);
}

static void
number_if(struct tally_buf *b, const char *key, uint64_t n)
{
	if (n != 0)
		number(b, key, n);
}

static void
letter(struct tally_buf *b, const char *key, char c)
{
	view(b, key, tally_str(&c, c != '\0'));
}

static void
begin(struct tally_buf *b, const struct report *r, const char *type)
{
	tally_buf_printf(b, "{\"type\":\"%s\"", type);
	text(b, "file", report_file(r));
}

static void
end(struct tally_buf *b)
{
	tally_buf_puts(b, "}\n");
}

void
report_json_interchange(struct tally_buf *b, const struct report *r,
    const struct tally_interchange_judged *ic)
{
	begin(b, r, "interchange");
	number(b, "offset", ic->offset);
	number(b, "length", ic->length);
	text(b, "control", ic->control);
	text(b, "sender_qualifier", ic->sender_qualifier);
	text(b, "sender", ic->sender);
	text(b, "receiver_qualifier", ic->receiver_qualifier);
	text(b, "receiver", ic->receiver);
	text(b, "date", ic->date);
	text(b, "time", ic->time);
	text(b, "version", ic->version);
	letter(b, "usage", ic->usage);
	letter(b, "verdict", (char)ic->verdict);
	number(b, "groups", ic->included);
	tally_buf_printf(
	    b, ",\"complete\":%s", ic->complete ? "true" : "false");
	end(b);
}

void
report_json_group(struct tally_buf *b, const struct report *r,
    const struct tally_interchange_judged *ic,
    const struct tally_group_judged *g)
{
	begin(b, r, "group");
	text(b, "interchange", ic->control);
	number(b, "offset", g->offset);
	text(b, "control", g->control);
	text(b, "functional", g->functional);
	text(b, "version", g->version);
	text(b, "sender", g->sender);
	text(b, "receiver", g->receiver);
	letter(b, "verdict", (char)g->verdict);
	number(b, "included", g->included);
	number(b, "received", g->received);
	number(b, "accepted", g->accepted);
	end(b);
}

void
report_json_set(
    struct tally_buf *b, const struct report *r, const struct report_place *p)
{
	begin(b, r, "set");
	text(b, "interchange", p->interchange->control);
	text(b, "group", p->group->control);
	number(b, "offset", p->set->offset);
	text(b, "set", p->set->id);
	text(b, "control", p->set->control);
	number(b, "ordinal", p->set->ordinal);
	letter(b, "verdict", (char)p->set->verdict);
	end(b);
}

void
report_json_finding(struct tally_buf *b, const struct report *r,
    const struct report_place *p, const struct tally_finding *f)
{
	const struct tally_finding_info *i = tally_finding_info(f->kind);

	begin(b, r, "finding");
	text(b, "severity", tally_severity_name(f->severity));
	text(b, "level", tally_level_name(i->level));
	text(b, "kind", i->name);
	number(b, "offset", f->offset);
	if (p->interchange != NULL)
		text(b, "interchange", p->interchange->control);
	if (p->group != NULL)
		text(b, "group", p->group->control);
	if (p->set != NULL) {
		text(b, "set", p->set->id);
		text(b, "set_control", p->set->control);
	}
	number_if(b, "segment", f->segment);
	text_if(b, "tag", f->tag);
	text_if(b, "loop", f->loop);
	number_if(b, "element", f->element);
	number_if(b, "component", f->component);
	number_if(b, "repetition", f->repetition);
	text_if(b, "id", f->id);
	text_if(b, "name", f->name);
	if (f->value.n > 0)
		view(b, "value", f->value);
	if (f->expected.n > 0)
		view(b, "expected", f->expected);
	if (f->rule != NULL)
		text_if(b, "rule", f->rule);
	text(b, "what", i->what);
	text(b, "matters", report_matters(f));
	text(b, "todo", i->todo);
	if (*i->code != '\0') {
		text(b, "told_in", report_told_in(i->level));
		text(b, "code", i->code);
	}
	end(b);
}

void
report_json_dropped(struct tally_buf *b, const struct report *r, size_t count)
{
	begin(b, r, "dropped");
	number(b, "count", count);
	end(b);
}
