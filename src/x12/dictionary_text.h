/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading dictionary text (tallyman-dictionary(5)) into the tables of
 * tallyman/dictionary.h.
 *
 * The build tool and a running program (tally_dictionary_load) read with the
 * same functions.  No file is opened here: the caller gives the texts.
 */
#ifndef TALLYMAN_X12_DICTIONARY_TEXT_H
#define TALLYMAN_X12_DICTIONARY_TEXT_H

#include "tallyman/dictionary.h"

/*
 * Reads the files of one version.  known (may be null) are the versions that
 * a row "base" can name; without a file "elements" the known version of the
 * same name is the base.  What is read lives in the arena and may point into
 * the base.  TALLY_CONFIG with file and line when the text is wrong,
 * TALLY_NOMEM when the arena is full; *out is then left alone.
 */
enum tally_rc tally_dictionary_text(const struct tally_version **out,
    struct tally_arena *, const char *version,
    const struct tally_dictionary_file *, size_t nfile,
    const struct tally_dictionary *known, struct tally_err *) TALLY_MUST_USE;

/* The version that a row "base" of these files names; empty without one. */
struct tally_str tally_dictionary_base(
    const struct tally_dictionary_file *, size_t nfile);

#endif
