/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dictionary of a site: the compiled one with what the workspace's
 * folders maps/VERSION say (tallyman-dictionary(5)).
 */
#ifndef TALLYMAN_FLOW_DICTIONARY_H
#define TALLYMAN_FLOW_DICTIONARY_H

#include "tallyman/dictionary.h"
#include "tallyman/err.h"
#include "tallyman/mem.h"

struct dictionary {
	struct tally_dictionary d;
	struct tally_arena arena; /* owns what is not compiled */
};

/*
 * Reads dir/maps; dir null, or no folder there: the compiled dictionary
 * alone.  TALLY_CONFIG with file and line when a text is wrong.
 */
enum tally_rc dictionary_load(
    struct dictionary **, const char *dir, struct tally_err *) TALLY_MUST_USE;
void dictionary_free(struct dictionary *);

/*
 * For commands that work without a workspace as well: the dictionary of the
 * one that is asked for (-C, TALLYMAN_DIR) or that the current folder lies
 * in; else the compiled one.  TALLY_CONFIG when the one asked for is none.
 */
enum tally_rc dictionary_find(
    struct dictionary **, const char *asked, struct tally_err *) TALLY_MUST_USE;

#endif
