/* SPDX-License-Identifier: Apache-2.0 */
/* Hierarchical levels; see hierarchy.h. */
#include "x12/hierarchy.h"

#include "base/fnv.h"
#include "tallyman/mem.h"

void
hierarchy_free(struct hierarchy *h)
{
	tally_free(h->level);
	tally_free(h->slot);
	*h = (struct hierarchy){ 0 };
}

static uint32_t
slot_of(const struct hierarchy *h, struct tally_str id)
{
	return fnv_of(id.p, id.n) & (h->slots - 1);
}

/* The level with this HL01, or HIERARCHY_NONE; *free_slot is where it would
 * go. */
static uint32_t
find(const struct hierarchy *h, struct tally_str id, uint32_t *free_slot)
{
	uint32_t i = slot_of(h, id);

	while (h->slot[i] != 0) {
		if (tally_str_eq(h->level[h->slot[i] - 1].id, id))
			return h->slot[i] - 1;
		i = (i + 1) & (h->slots - 1);
	}
	*free_slot = i;
	return HIERARCHY_NONE;
}

static enum tally_rc
reserve(struct hierarchy *h, uint32_t n, struct tally_err *err)
{
	uint32_t slots = 64;
	void *p;

	if (n > h->cap) {
		p = tally_realloc(h->level, n * sizeof(*h->level));
		if (p == NULL)
			return tally_err_set(
			    err, TALLY_NOMEM, "no memory for levels");
		h->level = p;
		h->cap = n;
	}
	while (slots < 2 * n)
		slots *= 2;
	if (slots > h->slots) {
		p = tally_realloc(h->slot, slots * sizeof(*h->slot));
		if (p == NULL)
			return tally_err_set(
			    err, TALLY_NOMEM, "no memory for levels");
		h->slot = p;
		h->slots = slots;
	}
	memset(h->slot, 0, h->slots * sizeof(*h->slot));
	h->n = 0;
	return TALLY_OK;
}

static void
add(struct hierarchy *h, const struct tally_set *set, uint32_t segment)
{
	struct tally_str up = tally_element(set, &set->segment[segment], 2);
	struct hierarchy_level *l = &h->level[h->n++];
	uint32_t slot = 0;

	*l = (struct hierarchy_level){ .segment = segment,
		.above = HIERARCHY_NONE };
	if (up.n > 0)
		l->above = find(h, up, &slot);
	if (l->above != HIERARCHY_NONE)
		h->level[l->above].below = true;
	l->id = tally_element(set, &set->segment[segment], 1);
	if (l->id.n == 0)
		return;
	l->repeated = find(h, l->id, &slot) != HIERARCHY_NONE;
	if (!l->repeated)
		h->slot[slot] = h->n;
}

enum tally_rc
hierarchy_read(
    struct hierarchy *h, const struct tally_set *set, struct tally_err *err)
{
	enum tally_rc rc;
	uint32_t n = 0;

	h->n = 0;
	for (uint32_t i = 0; i < set->nsegment; i++)
		n += set->segment[i].tag == tally_tag("HL");
	if (n == 0)
		return TALLY_OK;
	rc = reserve(h, n, err);
	for (uint32_t i = 0; i < set->nsegment && rc == TALLY_OK; i++)
		if (set->segment[i].tag == tally_tag("HL"))
			add(h, set, i);
	return rc;
}

struct place {
	const struct tally_set *set;
	const struct tally_segment *segment;
	void (*report)(void *ctx, const struct tally_finding *);
	void *ctx;
};

static void
report(const struct place *at, enum tally_finding_kind kind, uint16_t element,
    const char *id, const char *name, const char *expected)
{
	struct tally_str v = tally_element(at->set, at->segment, element);

	at->report(at->ctx,
	    &(struct tally_finding){ .kind = kind,
		.offset = at->set->offset +
		    (v.n > 0 ? (uint64_t)(v.p - (const char *)at->set->bytes)
			     : at->segment->start),
		.segment = (uint32_t)(at->segment - at->set->segment) + 1,
		.element = element,
		.tag = "HL",
		.loop = "HL",
		.id = id,
		.name = name,
		.value = v,
		.expected = tally_cstr(expected) });
}

/* A number of digits alone, without leading zeros making a difference. */
static uint64_t
value(struct tally_str s)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return 0;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	return v;
}

static void
check_level(
    const struct hierarchy_level *l, uint64_t before, const struct place *at)
{
	struct tally_str up = tally_element(at->set, at->segment, 2);

	if (up.n > 0 && l->above == HIERARCHY_NONE)
		report(at, TALLY_F_hierarchy_parent, 2, "734", "level above",
		    "HL01 of an earlier level");
	if (l->repeated)
		report(at, TALLY_F_hierarchy_number, 1, "628", "level number",
		    "a number that is new in the set");
	else if (l->id.n > 0 && value(l->id) != before + 1)
		report(at, TALLY_F_hierarchy_sequence, 1, "628", "level number",
		    "one more than the level before");
}

static void
check_child(const struct hierarchy_level *l, const struct place *at)
{
	struct tally_str child = tally_element(at->set, at->segment, 4);

	if (l->id.n > 0 && !l->repeated && child.n == 1 &&
	    (child.p[0] == '1') != l->below)
		report(at, TALLY_F_hierarchy_child, 4, "736", "levels below",
		    l->below ? "1, since levels follow below"
			     : "0, since none follows below");
}

enum tally_rc
hierarchy_check(struct hierarchy *h, const struct tally_set *set,
    void (*fn)(void *ctx, const struct tally_finding *), void *ctx,
    struct tally_err *err)
{
	struct place at = { .set = set, .report = fn, .ctx = ctx };
	const struct hierarchy_level *l;
	uint64_t before = 0;
	enum tally_rc rc = hierarchy_read(h, set, err);

	if (rc != TALLY_OK || h->n == 0)
		return rc;
	for (l = h->level; l < h->level + h->n; l++) {
		at.segment = &set->segment[l->segment];
		check_level(l, before, &at);
		if (l->id.n > 0 && !l->repeated)
			before = value(l->id);
	}
	for (l = h->level; l < h->level + h->n; l++) {
		at.segment = &set->segment[l->segment];
		check_child(l, &at);
	}
	return TALLY_OK;
}
