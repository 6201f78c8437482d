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
