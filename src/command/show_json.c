/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A segment as a JSON line: type "segment"; interchange, group, set,
 * set_control; segment (number in the set, from 1), tag, name, loop; and
 * elements, a list of {position, component, repetition, id, name, value,
 * meaning} in which what does not apply is left out.
 */
#include <inttypes.h>

#include "base/text.h"
#include "command/show.h"

static void
text(struct tally_buf *b, const char *key, struct tally_str s)
{
	tally_buf_printf(b, ",\"%s\":", key);
	tally_text_json(b, s);
}

static void
put_value(struct tally_buf *b, const struct show_value *v)
{
	const char *meaning = show_meaning(v);

	tally_buf_printf(b, "{\"position\":%" PRIu32, v->position);
	if (v->component != 0)
		tally_buf_printf(b, ",\"component\":%" PRIu32, v->component);
	if (v->repetition != 0)
		tally_buf_printf(b, ",\"repetition\":%" PRIu32, v->repetition);
	if (v->spec != NULL) {
		text(b, "id", tally_cstr(v->spec->id));
		text(b, "name", tally_cstr(v->spec->name));
	}
	text(b, "value", v->text);
	if (*meaning != '\0')
		text(b, "meaning", tally_cstr(meaning));
	tally_buf_putc(b, '}');
}

void
show_json_segment(struct tally_buf *b, const struct show_set *s, uint32_t i)
{
	const struct tally_set *set = s->visit->set;
	const struct tally_segment *seg = &set->segment[i];
	const struct tally_segment_spec *spec = show_segment_spec(s, seg);
	struct show_cursor cursor = { 0, 0, 0 };
	struct show_value v;
	const char *comma = "";

	tally_buf_puts(b, "{\"type\":\"segment\"");
	text(b, "interchange", tally_cstr(s->visit->interchange->control));
	text(b, "group", tally_cstr(s->visit->group->control));
	text(b, "set", tally_cstr(s->visit->judged->id));
	text(b, "set_control", tally_cstr(s->visit->judged->control));
	tally_buf_printf(b, ",\"segment\":%" PRIu32, i + 1);
	text(b, "tag", tally_segment_tag(set, seg));
	if (spec != NULL)
		text(b, "name", tally_cstr(spec->name));
	text(b, "loop", tally_cstr(show_loop(s, seg)));
	tally_buf_puts(b, ",\"elements\":[");
	while (show_next_value(&v, &cursor, s, seg)) {
		tally_buf_puts(b, comma);
		put_value(b, &v);
		comma = ",";
	}
	tally_buf_puts(b, "]}\n");
}
