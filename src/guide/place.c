/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that a guide uses, against the set's grammar.
 *
 * In "PO1/N1/N104" all but the last is a loop's path from the set.  What is
 * last is looked for in that loop, then in the loops below, nearest first;
 * found in two different loops at the same distance, it is ambiguous.
 */
#include <stdio.h>

#include "guide/compile.h"

#define VALUES_MAX     64
#define CONDITIONS_MAX 4

/* The loop of a path of n bytes. */
static enum tally_rc
find_path(struct guide_compile *c, uint16_t *loop, unsigned line,
    const char *path, size_t n)
{
	const struct tally_set_spec *set = c->set;
	char known[300] = "";
	size_t k = 0;

	for (uint16_t i = 1; i < set->nloop; i++) {
		if (strlen(set->loop[i].path) == n &&
		    memcmp(set->loop[i].path, path, n) == 0) {
			*loop = i;
			return TALLY_OK;
		}
		if (k < sizeof(known) - 60)
			k += (size_t)snprintf(known + k, sizeof(known) - k,
			    "%s%.50s", k > 0 ? ", " : "", set->loop[i].path);
	}
	return guide_mistake(c, line,
	    "set %s has no loop %.*s; write the path from the set, such as "
	    "one of: %s",
	    set->id, (int)n, path, k > 0 ? known : "(it has no loops)");
}

/* Nothing found: where in the set the segment is, if anywhere. */
static enum tally_rc
not_here(struct guide_compile *c, unsigned line, const char *tag, uint16_t loop)
{
	char seen[200];

	if (tally_places_list(c->set, tag, seen, sizeof(seen)))
		return guide_mistake(c, line,
		    "segment %s does not stand in %s%s; it stands in: %s", tag,
		    loop == 0 ? "" : "loop ", tally_loop_name(c->set, loop),
		    seen);
	return guide_mistake(c, line,
	    "set %s of version %s has no segment %s; correct the name",
	    c->set->id, c->set->version, tag);
}

/* Places of a tag in or below a loop. */
static enum tally_rc
find_places(struct guide_compile *c, struct guide_target *t, unsigned line,
    uint16_t loop, const char *tag)
{
	const struct tally_set_spec *set = c->set;

	if (strcmp(tag, "ST") == 0 || strcmp(tag, "SE") == 0)
		return guide_mistake(c, line,
		    "%s belongs to the envelope, of which a guide says "
		    "nothing; remove the rule",
		    tag);
	tally_places_find(&t->at, set, loop, tag);
	if (t->at.n == 0)
		return not_here(c, line, tag, loop);
	if (t->at.other != 0)
		return guide_mistake(c, line,
		    "segment %s could be the one of loop %s or of loop %s; "
		    "write the loop before it, as in %s/%s",
		    tag, tally_loop_name(set, t->at.loop),
		    tally_loop_name(set, t->at.other),
		    tally_loop_name(set, t->at.other), tag);
	return TALLY_OK;
}

/* The use of an element or component in a segment. */
static enum tally_rc
find_use(struct guide_compile *c, struct guide_target *t, unsigned line,
    const struct tally_segment_spec *s, const char *ref, int element,
    int component)
{
	const struct tally_element *e;

	if (element > s->nuse)
		return guide_mistake(c, line,
		    "segment %s has only %u elements in version %s, so there "
		    "is no %s",
		    s->tag, s->nuse, c->set->version, ref);
	t->element = (uint8_t)element;
	t->component = (uint8_t)component;
	t->use = &s->use[element - 1];
	e = t->use->element;
	if (component == 0)
		return TALLY_OK;
	if (e->type != TALLY_COMPOSITE)
		return guide_mistake(c, line,
		    "%.*s is not a composite, so there is no %s; leave out "
		    "the part from the dash on",
		    (int)strcspn(ref, "-"), ref, ref);
	if (component > e->nuse)
		return guide_mistake(c, line,
		    "%.*s has only %u components, so there is no %s",
		    (int)strcspn(ref, "-"), ref, e->nuse, ref);
	t->use = &e->use[component - 1];
	return TALLY_OK;
}

/* The loop before the last slash; *last is what follows. */
static enum tally_rc
find_before(struct guide_compile *c, uint16_t *loop, const char **last,
    unsigned line, const char *at)
{
	const char *slash = strrchr(at, '/');

	*loop = 0;
	*last = slash != NULL ? slash + 1 : at;
	return slash == NULL
	    ? TALLY_OK
	    : find_path(c, loop, line, at, (size_t)(slash - at));
}

enum tally_rc
guide_find_element(
    struct guide_compile *c, struct guide_target *t, const struct tally_xml *x)
{
	const char *at = tally_xml_get(x, "at"), *ref;
	int element, component;
	uint16_t loop;
	char tag[4];
	enum tally_rc rc;

	*t = (struct guide_target){ 0 };
	rc = find_before(c, &loop, &ref, x->line, at);
	if (rc != TALLY_OK)
		return rc;
	if (!tally_designator_split(ref, tag, &element, &component))
		return guide_mistake(c, x->line,
		    "\"%s\" is no designator; write a segment and two digits, "
		    "as in BEG03, or with a component, as in SV101-2",
		    ref);
	rc = find_places(c, t, x->line, loop, tag);
	if (rc != TALLY_OK)
		return rc;
	return find_use(c, t, x->line, c->set->place[t->at.place[0]].segment,
	    ref, element, component);
}

enum tally_rc
guide_find_segment(
    struct guide_compile *c, struct guide_target *t, const struct tally_xml *x)
{
	const char *at = tally_xml_get(x, "at"), *tag;
	uint16_t loop;
	enum tally_rc rc;

	*t = (struct guide_target){ 0 };
	rc = find_before(c, &loop, &tag, x->line, at);
	if (rc != TALLY_OK)
		return rc;
	if (!tally_tag_ok(tag, strlen(tag)))
		return guide_mistake(c, x->line,
		    "\"%s\" is no segment; write its two or three letters and "
		    "digits, as in DTM, or with its loop, as in N1/REF",
		    tag);
	return find_places(c, t, x->line, loop, tag);
}

enum tally_rc
guide_find_loop(
    struct guide_compile *c, struct guide_target *t, const struct tally_xml *x)
{
	const char *at = tally_xml_get(x, "at");
	enum tally_rc rc;

	*t = (struct guide_target){ 0 };
	rc = find_path(c, &t->at.loop, x->line, at, strlen(at));
	if (rc == TALLY_OK)
		t->at.place[t->at.n++] = c->set->loop[t->at.loop].first;
	return rc;
}

/* --- where --- */

/* Whether the guide itself has a code: then values may be it. */
static bool
guide_has_code(const struct guide_compile *c, struct tally_str code)
{
	const struct tally_xml *x, *k;
	const char *v;

	for (x = c->root->child; x != NULL; x = x->next) {
		v = tally_xml_get(x, "value");
		if (v != NULL && tally_str_eq(tally_cstr(v), code))
			return true;
		for (k = x->child; k != NULL; k = k->next) {
			v = tally_xml_get(k, "value");
			if (v != NULL && tally_str_eq(tally_cstr(v), code))
				return true;
		}
	}
	return false;
}

static enum tally_rc
find_values(struct guide_compile *c, struct guide_condition *out, unsigned line,
    const struct tally_element *e, const char *list, const char *ref)
{
	struct tally_str word, *v;
	const char *rest = list;

	v = tally_arena_alloc(&c->guide->arena, VALUES_MAX * sizeof(*v));
	if (v == NULL)
		return guide_nomem(c);
	out->value = v;
	while ((word = guide_word(&rest, '|')).p != NULL) {
		if (out->n == VALUES_MAX)
			return guide_mistake(c, line,
			    "%s has more than %d alternatives in where", ref,
			    VALUES_MAX);
		if (word.n > e->max ||
		    (e->code != NULL && !guide_has_code(c, word) &&
			tally_code_find(e, word) == NULL))
			return guide_mistake(c, line,
			    "%s can never be \"%.*s\": element %s has %s", ref,
			    (int)word.n, word.p, e->id,
			    word.n > e->max ? "a lower maximum length"
					    : "no such code");
		v[out->n] = tally_arena_str(&c->guide->arena, word);
		if (v[out->n++].p == NULL)
			return guide_nomem(c);
	}
	return out->n > 0
	    ? TALLY_OK
	    : guide_mistake(c, line, "no value is given for %s in where", ref);
}

/* Whose segment a condition speaks of: the rule's own, or the first one of a
 * loop around it. */
static const struct tally_segment_spec *
find_owner(const struct guide_compile *c, struct guide_condition *out,
    const struct guide_target *of, uint16_t scope, const char *tag)
{
	const struct tally_set_spec *set = c->set;
	const struct tally_segment_spec *s =
	    set->place[of->at.place[0]].segment;

	out->up = GUIDE_OWN;
	if (strcmp(s->tag, tag) == 0)
		return s;
	for (uint8_t up = 0; scope != 0; up++) {
		s = set->place[set->loop[scope].first].segment;
		out->up = up;
		if (strcmp(s->tag, tag) == 0)
			return s;
		scope = set->loop[scope].parent;
	}
	return NULL;
}

static enum tally_rc
find_condition(struct guide_compile *c, struct guide_condition *out,
    const struct guide_target *of, uint16_t scope, unsigned line,
    const char *text)
{
	const char *equals = strchr(text, '=');
	const struct tally_segment_spec *s;
	struct guide_target t = { 0 };
	char ref[16], tag[4];
	int element, component;
	enum tally_rc rc;

	if (equals == NULL)
		return guide_mistake(c, line,
		    "where=\"%s\" has no \"=\"; write it as in N101=ST", text);
	snprintf(ref, sizeof(ref), "%.*s", (int)(equals - text), text);
	if (!tally_designator_split(ref, tag, &element, &component))
		return guide_mistake(c, line,
		    "\"%s\" in where is no designator; write it as in N101=ST",
		    ref);
	s = find_owner(c, out, of, scope, tag);
	if (s == NULL)
		return guide_mistake(c, line,
		    "where speaks of %s, but can only speak of elements of "
		    "the rule's own segment %s and of the first segments of "
		    "the loops around it",
		    ref, c->set->place[of->at.place[0]].segment->tag);
	rc = find_use(c, &t, line, s, ref, element, component);
	if (rc != TALLY_OK)
		return rc;
	if (t.use->element->type == TALLY_COMPOSITE)
		return guide_mistake(c, line,
		    "%s is a composite; name one of its components, as in "
		    "%s-1",
		    ref, ref);
	out->element = t.element;
	out->component = t.component;
	return find_values(c, out, line, t.use->element, equals + 1, ref);
}

enum tally_rc
guide_find_where(struct guide_compile *c, struct guide_where *out,
    const struct guide_target *of, uint16_t scope, const struct tally_xml *x)
{
	const char *rest = tally_xml_get(x, "where");
	struct guide_condition *v;
	struct tally_str word;
	char *text;
	enum tally_rc rc;

	*out = (struct guide_where){ 0 };
	if (rest == NULL)
		return TALLY_OK;
	v = tally_arena_alloc(&c->guide->arena, CONDITIONS_MAX * sizeof(*v));
	if (v == NULL)
		return guide_nomem(c);
	out->condition = v;
	while ((word = guide_word(&rest, ' ')).p != NULL) {
		if (out->n == CONDITIONS_MAX)
			return guide_mistake(c, x->line,
			    "where has more than %d conditions",
			    CONDITIONS_MAX);
		text = tally_arena_cstr(&c->scratch, word);
		if (text == NULL)
			return guide_nomem(c);
		v[out->n] = (struct guide_condition){ 0 };
		rc = find_condition(c, &v[out->n], of, scope, x->line, text);
		if (rc != TALLY_OK)
			return rc;
		out->own |= v[out->n++].up == GUIDE_OWN;
	}
	return out->n > 0 ? TALLY_OK
			  : guide_mistake(c, x->line,
				"where is empty; write it as in N101=ST, or "
				"leave it out");
}
