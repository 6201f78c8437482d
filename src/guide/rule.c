/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One rule of a guide's text; see compile.h.  A guide narrows the standard,
 * so whatever would widen it is a mistake, with one exception: a list of
 * codes replaces the standard's.
 */
#include <stdio.h>
#include <stdlib.h>

#include "guide/compile.h"

#define CODES_MAX  2000 /* of one rule */
#define NUMBER_MAX 9999999
#define WORDS_MAX  200 /* of a finding's expectation */

static enum tally_rc
duplicate(struct guide_compile *c, const struct guide_origin *known, size_t n,
    const struct guide_origin *o)
{
	for (size_t i = 0; i < n; i++) {
		const struct guide_origin *k = &known[i];

		if (k->of.at.place[0] == o->of.at.place[0] &&
		    k->of.element == o->of.element &&
		    k->of.component == o->of.component &&
		    (k->where == NULL) == (o->where == NULL) &&
		    (k->where == NULL || strcmp(k->where, o->where) == 0))
			return guide_mistake(c, o->line,
			    "line %u has a rule for this place already; make "
			    "one rule of the two",
			    k->line);
	}
	return TALLY_OK;
}

static enum tally_rc
read_number(struct guide_compile *c, const struct tally_xml *x,
    const char *name, uint32_t *out, bool *given)
{
	const char *p = tally_xml_get(x, name);
	uint32_t v = 0;

	*given = p != NULL;
	if (p == NULL)
		return TALLY_OK;
	for (size_t i = 0; p[i] != '\0' || i == 0; i++) {
		if (p[i] < '0' || p[i] > '9' ||
		    (v = v * 10 + (uint32_t)(p[i] - '0')) > NUMBER_MAX)
			return guide_mistake(c, x->line,
			    "%s=\"%s\" is no number up to %d", name, p,
			    NUMBER_MAX);
	}
	*out = v;
	return TALLY_OK;
}

static enum guide_use
use_of(const struct tally_xml *x)
{
	const char *use = tally_xml_get(x, "use");

	return use == NULL                 ? GUIDE_ANY
	    : strcmp(use, "required") == 0 ? GUIDE_REQUIRED
					   : GUIDE_FORBIDDEN;
}

static const char *
rule_name(struct guide_compile *c, unsigned line)
{
	const char *slash = strrchr(c->file, '/');

	return guide_words(
	    c, "%s:%u", slash != NULL ? slash + 1 : c->file, line);
}

/* --- elements --- */

static enum tally_rc
read_lengths(
    struct guide_compile *c, struct guide_element *r, const struct tally_xml *x)
{
	const struct tally_element *e = r->standard;
	uint32_t min = e->min, max = e->max;
	bool low, high;
	enum tally_rc rc = read_number(c, x, "min", &min, &low);

	if (rc == TALLY_OK)
		rc = read_number(c, x, "max", &max, &high);
	if (rc != TALLY_OK || (!low && !high))
		return rc;
	if (min > max)
		return guide_mistake(c, x->line,
		    "the minimum length %u is above the maximum length %u", min,
		    max);
	if (min < e->min || max > e->max)
		return guide_mistake(c, x->line,
		    "element %s has %u to %u characters in the standard, and "
		    "a guide can only narrow that",
		    e->id, e->min, e->max);
	r->narrow.min = min;
	r->narrow.max = max;
	r->length = min == max
	    ? guide_words(c, "%u characters", min)
	    : guide_words(c, "%u to %u characters", min, max);
	return r->length != NULL ? TALLY_OK : guide_nomem(c);
}

static int
code_order(const void *a, const void *b)
{
	return strcmp(((const struct tally_code *)a)->code,
	    ((const struct tally_code *)b)->code);
}

static enum tally_rc
read_code(struct guide_compile *c, const struct guide_element *r,
    struct tally_code *out, const struct tally_xml *x)
{
	struct tally_str v = tally_cstr(tally_xml_get(x, "value"));
	enum tally_finding_kind kind = TALLY_F_element_missing;

	if (v.n > 0)
		kind = tally_value_check(&r->narrow, v);
	if (kind != TALLY_FINDING_NONE && kind != TALLY_F_element_code &&
	    kind != TALLY_F_code_unlisted)
		return guide_mistake(c, x->line,
		    "\"%s\" cannot be a value of element %s: %s", v.p,
		    r->standard->id,
		    v.n > 0 ? tally_finding_info(kind)->what : "it is empty");
	out->code = tally_arena_cstr(&c->guide->arena, v);
	out->meaning = tally_arena_cstr(
	    &c->guide->arena, tally_cstr(tally_xml_get(x, "meaning")));
	return out->code != NULL && out->meaning != NULL ? TALLY_OK
							 : guide_nomem(c);
}

/* "EA (each), CA (case)", as far as a finding has room. */
static const char *
code_words(struct guide_compile *c, const struct tally_code *code, size_t n)
{
	char to[WORDS_MAX + 16] = "";
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		size_t m = strlen(code[i].meaning);
		size_t need = strlen(code[i].code) + (m > 0 ? m + 3 : 0) + 2;

		if (used + need > WORDS_MAX) {
			snprintf(to + used, sizeof(to) - used, "%sor others",
			    used > 0 ? ", " : "");
			break;
		}
		used += (size_t)snprintf(to + used, sizeof(to) - used,
		    "%s%s%s%s%s", used > 0 ? ", " : "", code[i].code,
		    m > 0 ? " (" : "", code[i].meaning, m > 0 ? ")" : "");
	}
	return guide_words(c, "%s", to);
}

static enum tally_rc
read_codes(
    struct guide_compile *c, struct guide_element *r, const struct tally_xml *x)
{
	const struct tally_xml *k = x->child;
	struct tally_code *code;
	size_t n = 0;
	enum tally_rc rc;

	if (tally_xml_get(x, "value") != NULL && k != NULL)
		return guide_mistake(c, x->line,
		    "the element has a value and codes; write one of the two");
	if (tally_xml_get(x, "value") != NULL)
		n = 1;
	for (k = x->child; k != NULL; k = k->next)
		n++;
	if (n == 0)
		return TALLY_OK;
	if (n > CODES_MAX)
		return guide_mistake(
		    c, x->line, "there are more than %d codes", CODES_MAX);
	code = tally_arena_alloc(&c->guide->arena, n * sizeof(*code));
	if (code == NULL)
		return guide_nomem(c);
	k = x->child != NULL ? x->child : x;
	for (size_t i = 0; i < n; i++, k = k->next) {
		rc = read_code(c, r, &code[i], k);
		for (size_t j = 0; rc == TALLY_OK && j < i; j++)
			if (strcmp(code[j].code, code[i].code) == 0)
				return guide_mistake(c, k->line,
				    "code \"%s\" is in this list already; "
				    "remove it",
				    code[i].code);
		if (rc != TALLY_OK)
			return rc;
	}
	r->codes = code_words(c, code, n);
	qsort(code, n, sizeof(*code), code_order);
	r->narrow.code = code;
	r->narrow.ncode = (uint32_t)n;
	return r->codes != NULL ? TALLY_OK : guide_nomem(c);
}

/* Lengths and codes are for what has a value of its own. */
static enum tally_rc
check_simple(struct guide_compile *c, const struct guide_element *r,
    const struct tally_xml *x)
{
	const char *at = tally_xml_get(x, "at");
	bool values = x->child != NULL || tally_xml_get(x, "value") != NULL ||
	    tally_xml_get(x, "min") != NULL || tally_xml_get(x, "max") != NULL;

	if (values &&
	    (r->standard->type == TALLY_COMPOSITE ||
		r->standard->type == TALLY_B))
		return guide_mistake(c, x->line,
		    "%s is %s; it can only be required or forbidden", at,
		    r->standard->type == TALLY_B
			? "binary data"
			: "a composite: name one of its components for "
			  "lengths and codes");
	return TALLY_OK;
}

static enum tally_rc
check_element(struct guide_compile *c, const struct guide_element *r,
    const struct guide_target *t, const struct tally_xml *x)
{
	const char *at = tally_xml_get(x, "at");
	bool values = r->length != NULL || r->codes != NULL;

	if (r->use == GUIDE_ANY && !values)
		return guide_mistake(c, x->line,
		    "the rule for %s says nothing; add use, min, max, value "
		    "or codes",
		    at);
	if (r->use == GUIDE_FORBIDDEN && values)
		return guide_mistake(c, x->line,
		    "%s is forbidden, so it can have no lengths, value or "
		    "codes; remove them",
		    at);
	if (r->use == GUIDE_FORBIDDEN && t->use->requirement == 'M')
		return guide_mistake(c, x->line,
		    "%s is mandatory in the standard and cannot be forbidden; "
		    "forbid its segment, or remove the rule",
		    at);
	return TALLY_OK;
}

static enum tally_rc
read_element(struct guide_compile *c, const struct tally_xml *x)
{
	struct guide_element *r = &c->guide->element[c->guide->nelement];
	struct guide_origin *o = &c->element[c->guide->nelement];
	enum tally_rc rc;

	*o = (struct guide_origin){ .where = tally_xml_get(x, "where"),
		.line = x->line };
	rc = guide_find_element(c, &o->of, x);
	if (rc != TALLY_OK)
		return rc;
	*r = (struct guide_element){ .element = o->of.element,
		.component = o->of.component,
		.use = (uint8_t)use_of(x),
		.mandatory = o->of.use->requirement == 'M',
		.standard = o->of.use->element,
		.narrow = *o->of.use->element,
		.rule = rule_name(c, x->line) };
	/* The standard's codes are the standard's to check. */
	r->narrow.code = NULL;
	r->narrow.ncode = 0;
	if (r->rule == NULL)
		return guide_nomem(c);
	rc = guide_find_where(c, &r->where, &o->of, o->of.at.loop, x);
	if (rc == TALLY_OK)
		rc = check_simple(c, r, x);
	if (rc == TALLY_OK)
		rc = read_lengths(c, r, x);
	if (rc == TALLY_OK)
		rc = read_codes(c, r, x);
	if (rc == TALLY_OK)
		rc = check_element(c, r, &o->of, x);
	if (rc == TALLY_OK)
		rc = duplicate(c, c->element, c->guide->nelement, o);
	c->guide->nelement++;
	return rc;
}

/* --- segments and loops --- */

/* Numbers and use of a segment or loop against the standard's maximum. */
static enum tally_rc
check_count(struct guide_compile *c, const struct guide_count *r, bool low,
    bool high, uint32_t standard, const struct tally_xml *x)
{
	const char *at = tally_xml_get(x, "at");
	enum guide_use use = use_of(x);

	if (use == GUIDE_ANY && !low && !high)
		return guide_mistake(c, x->line,
		    "the rule for %s says nothing; add use, min or max", at);
	if (use == GUIDE_FORBIDDEN && (low || high))
		return guide_mistake(c, x->line,
		    "%s is forbidden, so it can have no min or max; remove "
		    "them",
		    at);
	if (use == GUIDE_FORBIDDEN && r->mandatory && !r->where.own)
		return guide_mistake(c, x->line,
		    "%s is mandatory in the standard and cannot be forbidden; "
		    "remove the rule",
		    at);
	if (high && r->max == 0)
		return guide_mistake(
		    c, x->line, "max=\"0\" is written use=\"forbidden\"");
	if (r->min > r->max)
		return guide_mistake(c, x->line,
		    "the minimum %u is above the maximum %u", r->min, r->max);
	if (standard != TALLY_UNBOUNDED &&
	    (r->min > standard || (high && r->max > standard)))
		return guide_mistake(c, x->line,
		    "%s stands there at most %u times in the standard, and a "
		    "guide can only narrow that",
		    at, standard);
	return TALLY_OK;
}

static enum tally_rc
count_words(
    struct guide_compile *c, struct guide_count *r, const struct tally_xml *x)
{
	const char *where = tally_xml_get(x, "where");
	const char *and = where != NULL ? ", where " : "";

	if (where == NULL)
		where = "";
	r->few = r->min == 1
	    ? guide_words(c, "at least once%s%s", and, where)
	    : guide_words(c, "at least %u times%s%s", r->min, and, where);
	r->many = r->max == 0 ? guide_words(c, "nothing%s%s", and, where)
	    : r->max == 1
	    ? guide_words(c, "at most once%s%s", and, where)
	    : guide_words(c, "at most %u times%s%s", r->max, and, where);
	r->rule = rule_name(c, x->line);
	return r->few != NULL && r->many != NULL && r->rule != NULL
	    ? TALLY_OK
	    : guide_nomem(c);
}

static enum tally_rc
read_count(struct guide_compile *c, const struct tally_xml *x, bool is_loop)
{
	struct guide_count *r = &c->guide->count[c->guide->ncount];
	struct guide_origin *o = &c->count[c->guide->ncount];
	const struct tally_loop *loop;
	const struct tally_place *place;
	uint32_t standard;
	bool low, high;
	enum tally_rc rc;

	*o = (struct guide_origin){ .where = tally_xml_get(x, "where"),
		.line = x->line };
	rc = is_loop ? guide_find_loop(c, &o->of, x)
		     : guide_find_segment(c, &o->of, x);
	if (rc != TALLY_OK)
		return rc;
	loop = &c->set->loop[o->of.at.loop];
	place = &c->set->place[o->of.at.place[0]];
	/* A loop's first segment stands there once in each: count the loop. */
	if (!is_loop && o->of.at.loop != 0 && loop->first == o->of.at.place[0])
		return guide_mistake(c, x->line,
		    "%s begins loop %s; write <loop at=\"%s\"/>",
		    place->segment->tag, loop->path, loop->path);
	standard = is_loop ? loop->max : place->max;
	if (o->of.at.n > 1)
		standard = TALLY_UNBOUNDED;
	*r = (struct guide_count){ .min = use_of(x) == GUIDE_REQUIRED,
		.max = use_of(x) == GUIDE_FORBIDDEN ? 0 : UINT32_MAX,
		.is_loop = is_loop,
		.mandatory =
		    (is_loop ? loop->requirement : place->requirement) == 'M',
		.place = o->of.at.place[0],
		.scope = is_loop ? loop->parent : o->of.at.loop };
	rc = guide_find_where(c, &r->where, &o->of, r->scope, x);
	if (rc == TALLY_OK)
		rc = read_number(c, x, "min", &r->min, &low);
	if (rc == TALLY_OK)
		rc = read_number(c, x, "max", &r->max, &high);
	if (rc == TALLY_OK)
		rc = check_count(c, r, low, high, standard, x);
	if (rc == TALLY_OK)
		rc = duplicate(c, c->count, c->guide->ncount, o);
	if (rc == TALLY_OK)
		rc = count_words(c, r, x);
	c->guide->ncount++;
	return rc;
}

/* --- levels --- */

static int
level_of(const struct tally_guide *g, struct tally_str code)
{
	for (int i = 0; i < g->nlevel; i++)
		if (tally_str_eq(g->level[i].code, code))
			return i;
	return -1;
}

static enum tally_rc
add_level(struct guide_compile *c, struct tally_str code, unsigned line)
{
	struct tally_guide *g = c->guide;
	const struct tally_element *e =
	    g->set->place[g->level_place].segment->use[2].element;
	struct guide_level *l = &g->level[g->nlevel];

	if (g->nlevel == GUIDE_LEVELS_MAX)
		return guide_mistake(
		    c, line, "there are more than %d levels", GUIDE_LEVELS_MAX);
	if (e->code != NULL && tally_code_find(e, code) == NULL)
		return guide_mistake(c, line,
		    "\"%.*s\" is no level: element %s has no such code",
		    (int)code.n, code.p, e->id);
	if (level_of(g, code) >= 0)
		return guide_mistake(c, line,
		    "level \"%.*s\" is there already; remove one of the two",
		    (int)code.n, code.p);
	*l = (struct guide_level){ .code = tally_arena_str(&g->arena, code),
		.rule = rule_name(c, line) };
	g->nlevel++;
	return l->code.p != NULL && l->rule != NULL ? TALLY_OK : guide_nomem(c);
}

/* What a level's parents, a list of words, say about it. */
static enum tally_rc
set_below(struct guide_compile *c, struct guide_level *l, const char *list,
    unsigned line)
{
	struct tally_str word;
	const char *rest = list;
	int i;

	l->top = list == NULL;
	while (!l->top && (word = guide_word(&rest, ' ')).p != NULL) {
		i = level_of(c->guide, word);
		if (i < 0)
			return guide_mistake(c, line,
			    "below names \"%.*s\", which is none of the "
			    "levels here; add it",
			    (int)word.n, word.p);
		l->below |= UINT64_C(1) << i;
	}
	if (!l->top && l->below == 0)
		return guide_mistake(c, line,
		    "below is empty; name a level, or leave it out for the "
		    "top");
	l->expected = l->top
	    ? "no level above it"
	    : guide_words(c, "a level above it that is %s", list);
	return l->expected != NULL ? TALLY_OK : guide_nomem(c);
}

/* "S O P I": each stands below the one before it. */
static enum tally_rc
read_order(struct guide_compile *c, const char *order, unsigned line)
{
	struct tally_guide *g = c->guide;
	const char *rest = order;
	struct tally_str word;
	enum tally_rc rc = TALLY_OK;

	while (rc == TALLY_OK && (word = guide_word(&rest, ' ')).p != NULL)
		rc = add_level(c, word, line);
	for (int i = 0; rc == TALLY_OK && i < g->nlevel; i++)
		rc = set_below(c, &g->level[i],
		    i > 0 ? g->level[i - 1].code.p : NULL, line);
	return rc;
}

static enum tally_rc
read_list(struct guide_compile *c, const struct tally_xml *first)
{
	struct guide_level *l = c->guide->level;
	const struct tally_xml *x;
	enum tally_rc rc = TALLY_OK;

	for (x = first; x != NULL && rc == TALLY_OK; x = x->next)
		rc =
		    add_level(c, tally_cstr(tally_xml_get(x, "code")), x->line);
	for (x = first; x != NULL && rc == TALLY_OK; x = x->next)
		rc = set_below(c, l++, tally_xml_get(x, "below"), x->line);
	return rc;
}

static enum tally_rc
read_levels(struct guide_compile *c, const struct tally_xml *x)
{
	struct tally_guide *g = c->guide;
	const char *order = tally_xml_get(x, "order");
	char all[GUIDE_LEVELS_MAX * 4] = "";
	size_t n = 0;
	enum tally_rc rc;

	if (g->level_rule != NULL)
		return guide_mistake(c, x->line,
		    "there is a <levels> already; make one of the two");
	while (g->level_place < g->set->nplace &&
	    strcmp(g->set->place[g->level_place].segment->tag, "HL") != 0)
		g->level_place++;
	if (g->level_place == g->set->nplace)
		return guide_mistake(c, x->line,
		    "set %s has no hierarchical levels; remove <levels>",
		    g->set->id);
	if ((order == NULL) == (x->child == NULL))
		return guide_mistake(c, x->line,
		    "levels have either an order, as in order=\"S O I\", or "
		    "<level> elements inside");
	g->level_rule = rule_name(c, x->line);
	rc = order != NULL ? read_order(c, order, x->line)
			   : read_list(c, x->child);
	if (rc == TALLY_OK && g->nlevel == 0)
		return guide_mistake(c, x->line, "order names no level");
	for (int i = 0; rc == TALLY_OK && i < g->nlevel; i++)
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%.2s",
		    i > 0 ? ", " : "", g->level[i].code.p);
	g->level_expected = guide_words(c, "one of %s", all);
	if (rc == TALLY_OK &&
	    (g->level_rule == NULL || g->level_expected == NULL))
		rc = guide_nomem(c);
	return rc;
}

enum tally_rc
guide_read_rule(struct guide_compile *c, const struct tally_xml *x)
{
	if (tally_xml_is(x, "element"))
		return read_element(c, x);
	if (tally_xml_is(x, "levels"))
		return read_levels(c, x);
	return read_count(c, x, tally_xml_is(x, "loop"));
}
