/* SPDX-License-Identifier: Apache-2.0 */
/* Names of places in a set's grammar; see dictionary.h. */
#include "tallyman/dictionary.h"

#include <string.h>

#define NAME_MAX_BYTES 128 /* of a path of loops and a tag */

/* How many places of its loop with its tag stand before a place. */
static unsigned
before(const struct tally_set_spec *spec, uint16_t place)
{
	const struct tally_place *p = &spec->place[place];
	unsigned n = 0;

	for (uint16_t i = 0; i < place; i++)
		n += spec->place[i].loop == p->loop &&
		    strcmp(spec->place[i].segment->tag, p->segment->tag) == 0;
	return n;
}

void
tally_place_name(
    struct tally_buf *b, const struct tally_set_spec *spec, uint16_t place)
{
	const struct tally_place *p = &spec->place[place];
	const char *path = spec->loop[p->loop].path;
	unsigned n = before(spec, place);

	if (*path != '\0')
		tally_buf_printf(b, "%s/", path);
	tally_buf_puts(b, p->segment->tag);
	if (n > 0)
		tally_buf_printf(b, "#%u", n + 1);
}

int
tally_place_find(const struct tally_set_spec *spec, struct tally_str name)
{
	struct tally_buf b;
	int found = -1;

	tally_buf_init(&b, NAME_MAX_BYTES);
	for (uint16_t i = 0; i < spec->nplace && found < 0; i++) {
		tally_buf_reset(&b);
		tally_place_name(&b, spec, i);
		if (tally_str_eq(tally_buf_view(&b), name))
			found = i;
	}
	tally_buf_free(&b);
	return found;
}
