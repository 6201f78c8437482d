/* SPDX-License-Identifier: Apache-2.0 */
/* Look-up among the files that are compiled in; see embed.h. */
#include "base/embed.h"

struct tally_str
tally_embedded_find(const char *name)
{
	for (size_t i = 0; i < tally_nembedded; i++)
		if (strcmp(tally_embedded[i].name, name) == 0)
			return tally_embedded[i].text;
	return tally_str(NULL, 0);
}

const char *
tally_embedded_schema(const char *name, struct tally_str text)
{
	for (size_t i = 0; i < tally_nembedded; i++)
		if (tally_str_eq(tally_embedded[i].text, text))
			return NULL;
	return tally_embedded_find(name).p;
}
