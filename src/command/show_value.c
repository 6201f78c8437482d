/* SPDX-License-Identifier: Apache-2.0 */
/* The values of a segment, and what the dictionary says of them. */
#include "command/show.h"

const struct tally_segment_spec *
show_segment_spec(const struct show_set *s, const struct tally_segment *seg)
{
	if (s->version == NULL)
		return NULL;
	return tally_segment_find(
	    s->version, tally_segment_tag(s->visit->set, seg));
}

const char *
show_loop(const struct show_set *s, const struct tally_segment *seg)
{
	const struct tally_set *set = s->visit->set;

	if (set->instance == NULL || set->spec == NULL ||
	    seg->loop >= set->ninstance)
		return "";
	return set->spec->loop[set->instance[seg->loop].loop].path;
}

const char *
show_meaning(const struct show_value *v)
{
	const struct tally_code *code;

	if (v->spec == NULL || v->spec->ncode == 0)
		return "";
	code = tally_code_find(v->spec, tally_str_rtrim(v->text));
	return code != NULL && code->meaning != NULL ? code->meaning : "";
}

static const struct tally_use *
use_of(const struct tally_segment_spec *spec, uint32_t position)
{
	return spec != NULL && position <= spec->nuse ? &spec->use[position - 1]
						      : NULL;
}

/*
 * One repetition's worth of the element at the cursor: the whole of it where
 * the interchange has no repetitions or the element does not repeat.
 */
static bool
repetition(struct tally_str *out, bool *repeats, struct tally_str element,
    const struct tally_use *use, unsigned char separator, uint32_t i)
{
	*repeats = separator != 0 && use != NULL && use->repeat != 1;
	if (*repeats)
		return tally_part(element, separator, i, out);
	*out = element;
	return i == 0;
}

static bool
component(struct show_value *v, struct show_cursor *c, struct tally_str whole,
    unsigned char separator)
{
	const struct tally_element *composite = v->spec;

	if (composite == NULL || composite->type != TALLY_COMPOSITE) {
		v->text = whole;
		v->component = 0;
		return c->component++ == 0;
	}
	if (!tally_part(whole, separator, c->component, &v->text))
		return false;
	v->component = ++c->component;
	v->spec = v->component <= composite->nuse
	    ? composite->use[v->component - 1].element
	    : NULL;
	return true;
}

bool
show_next_value(struct show_value *v, struct show_cursor *c,
    const struct show_set *s, const struct tally_segment *seg)
{
	const struct tally_set *set = s->visit->set;
	const struct tally_segment_spec *spec = show_segment_spec(s, seg);
	const struct tally_use *use;
	struct tally_str element, whole;
	bool repeats;

	if (c->position == 0)
		*c = (struct show_cursor){ .position = 1 };
	while (c->position <= seg->n) {
		use = use_of(spec, c->position);
		element = tally_element(set, seg, c->position);
		if (element.n == 0 ||
		    !repetition(&whole, &repeats, element, use,
			set->separators.repetition, c->repetition)) {
			*c = (struct show_cursor){ c->position + 1, 0, 0 };
			continue;
		}
		v->position = c->position;
		v->repetition = repeats ? c->repetition + 1 : 0;
		v->spec = use != NULL ? use->element : NULL;
		if (!component(v, c, whole, set->separators.component)) {
			c->repetition++;
			c->component = 0;
			continue;
		}
		if (v->text.n > 0)
			return true;
	}
	return false;
}
