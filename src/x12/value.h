/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Element values: type, length, characters, codes.
 *
 * A value spec is an element of the dictionary with what makes checking it
 * quick; specs are shared between the segments of a grammar.
 */
#ifndef TALLYMAN_X12_VALUE_H
#define TALLYMAN_X12_VALUE_H

#include <stdint.h>

#include "tallyman/dictionary.h"
#include "tallyman/finding.h"
#include "tallyman/mem.h"

/* Codes of up to eight bytes as numbers in an open hash table. */
struct tally_code_set {
	const uint64_t *slot; /* 0: empty */
	uint32_t shift;       /* of the 64-bit hash */
	uint32_t mask;
	const uint8_t *check; /* of each slot, enum tally_check; null: none */
};

struct tally_value_spec {
	const struct tally_element *element;
	uint32_t min, max;
	uint8_t type;
	uint16_t repeat;
	const struct tally_code_set *codes;       /* null: any */
	const struct tally_value_spec *component; /* of a composite */
};

/* The slot that has the code, as word_of makes it, or else an empty one. */
static inline uint32_t
tally_code_slot(const struct tally_code_set *c, uint64_t key)
{
	uint32_t i = (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> c->shift);

	while (c->slot[i] != 0 && c->slot[i] != key)
		i = (i + 1) & c->mask;
	return i;
}

static inline bool
tally_code_known(const struct tally_code_set *c, uint64_t key)
{
	return c->slot[tally_code_slot(c, key)] != 0;
}

/* The specs made so far for one grammar: each element has its codes once. */
struct tally_value_specs {
	struct tally_arena *arena; /* borrowed */
	struct {
		const struct tally_element *element;
		const struct tally_code_set *codes;
	} * known;
	size_t nknown, cap;
};

/* Makes specs for n uses, in the arena; null when memory ends. */
const struct tally_value_spec *tally_value_specs_make(
    struct tally_value_specs *, const struct tally_use *, size_t n);
void tally_value_specs_free(struct tally_value_specs *);

/* As tally_value_check; padded says that eight bytes behind the value's first
 * can be read, however short it is. */
enum tally_finding_kind tally_value_test(
    const struct tally_value_spec *, struct tally_str value, bool padded);

/* What the number behind a qualifier is checked for; eight bytes can be read,
 * however short it is. */
enum tally_check tally_value_check_behind(
    const struct tally_value_spec *, struct tally_str qualifier);

/* Which of elements from … n are not empty, as far as they have a bit. */
static inline uint64_t
tally_values_present(const uint32_t *pos, uint32_t from, uint32_t n)
{
	uint64_t present = 0;

	for (uint32_t k = from; k <= n && k < 64; k++)
		present |= (uint64_t)(pos[k] - pos[k - 1] > 1) << k;
	return present;
}

#endif
