/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of damages share: see damage.h for all others. */
#ifndef TALLYMAN_TESTS_DAMAGE_PARTS_H
#define TALLYMAN_TESTS_DAMAGE_PARTS_H

#include "damage.h"

struct damages {
	const struct damage *v;
	size_t n;
};
extern const struct damages damages_of_elements, damages_of_segments,
    rare_damages;

/* Whether an element, from 1, has a value; gives it another. */
bool made_present(const struct made_segment *, uint32_t k);
void made_put(struct made_segment *, uint32_t k, struct tally_str);

/* Whether a total of the set counts segments with the tag, or is in one: it
 * has not more or less of them without other findings. */
bool made_counted(const struct tally_set_spec *, const char *tag);
uint32_t made_places_of(const struct tally_set_spec *, const char *tag);
bool made_begins_loop(const struct tally_set_spec *, uint16_t place);

#endif
