/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled guide: rules, and which of them each place of the set has. */
#ifndef TALLYMAN_GUIDE_GUIDE_H
#define TALLYMAN_GUIDE_GUIDE_H

#include <stdint.h>

#include "tallyman/guide.h"
#include "tallyman/mem.h"

#define GUIDE_LEVELS_MAX 40 /* a bit each; element 735 has some hundred codes */
#define GUIDE_OWN        UINT8_MAX

/* One "N101=ST|SF" of a where. */
struct guide_condition {
	uint8_t up; /* of the loop so many out, its first segment; GUIDE_OWN */
	uint8_t element, component;
	uint16_t n;
	const struct tally_str *value;
};

struct guide_where {
	const struct guide_condition *condition;
	uint8_t n;
	bool own; /* one of them speaks of the segment that has the rule */
};

enum guide_use { GUIDE_ANY, GUIDE_REQUIRED, GUIDE_FORBIDDEN };

struct guide_element {
	uint8_t element, component;
	uint8_t use;
	bool mandatory; /* in the standard, which reports it missing */
	const struct tally_element *standard;
	struct tally_element narrow; /* with the guide's lengths and codes */
	struct guide_where where;
	const char *length, *codes; /* what is expected, in words */
	const char *rule;           /* "acme.guide.xml:12" */
};

/* How often a segment, or a loop's first segment, stands in an instance. */
struct guide_count {
	uint32_t min, max; /* max UINT32_MAX: the standard's */
	bool is_loop;
	bool mandatory; /* in the standard, which reports it missing */
	uint16_t place; /* the first of them */
	uint16_t scope; /* loop in whose instances it is counted */
	uint16_t slot;  /* among the rules of that scope */
	struct guide_where where;
	const char *few, *many;
	const char *rule;
};

struct guide_level {
	struct tally_str code;
	uint64_t below; /* levels that it may stand below, a bit each */
	bool top;
	const char *expected, *rule;
};

/* The rules of a place, or of a scope: index[first] and so on. */
struct guide_at {
	uint32_t element, count;
	uint16_t nelement, ncount;
};

struct tally_guide {
	struct tally_arena arena; /* owns all tables */
	struct tally_rules rules;
	const char *name, *implementation;
	const struct tally_set_spec *set;
	struct guide_element *element;
	struct guide_count *count;
	uint16_t nelement, ncount;
	const uint16_t *index;
	struct guide_at *at;    /* of each place */
	struct guide_at *scope; /* of each loop: counts only */
	struct guide_level *level;
	uint16_t nlevel;
	uint16_t level_place; /* the HL */
	const char *level_rule, *level_expected;
	/* the set in work; owned */
	uint32_t *base, *counted;
	size_t nbase, ncounted;
	struct guide_hl *hl;
	size_t nhl;
};

/* Whether a where holds for a segment (null: there is none, and conditions
 * on it are passed over) in an instance. */
bool guide_holds(const struct guide_where *, const struct tally_set *,
    const struct tally_segment *, uint32_t instance);

/* A finding about a segment of the set. */
struct tally_finding guide_finding(const struct tally_set *,
    const struct tally_segment *, enum tally_finding_kind, const char *rule,
    const char *expected);

/* A component of an element; the element itself for component 0. */
struct tally_str guide_value(const struct tally_set *,
    const struct tally_segment *, unsigned element, unsigned component);

enum tally_rc guide_check_levels(struct tally_guide *, const struct tally_set *,
    tally_report_fn *, void *ctx, struct tally_err *);

/* Room for n of size in an array that is kept from set to set; not zeroed. */
void *guide_room(void *array, size_t *have, size_t n, size_t size);

#endif
