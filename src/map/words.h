/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of words in attributes. */
#ifndef TALLYMAN_MAP_WORDS_H
#define TALLYMAN_MAP_WORDS_H

#include "tallyman/str.h"

/* Takes the next word off a list, or all that is left when separator is '\0';
 * the null view at its end. */
static inline struct tally_str
words_next(const char **list, char separator)
{
	const char *p = *list;
	size_t n = 0;

	while (separator != '\0' && *p == separator)
		p++;
	while (p[n] != '\0' && p[n] != separator)
		n++;
	*list = p + n;
	return tally_str(n > 0 ? p : NULL, n);
}

/* Whether a list of words parted by blanks has the word. */
static inline bool
words_have(const char *list, struct tally_str word)
{
	struct tally_str w;

	do
		w = words_next(&list, ' ');
	while (w.p != NULL && !tally_str_eq(w, word));
	return w.p != NULL;
}

#endif
