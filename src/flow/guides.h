/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guides of a site: the files NAME.guide.xml in its maps/, each compiled
 * for the versions that it lists when they are loaded, so that a bad one is
 * told before anything has changed.
 *
 * An agreement names the guide of its sets.  Where none does, the reference
 * in ST03, or else in GS08, chooses the guide that is for it.
 */
#ifndef TALLYMAN_FLOW_GUIDES_H
#define TALLYMAN_FLOW_GUIDES_H

#include "flow/site.h"
#include "tallyman/guide.h"
#include "tallyman/judge.h"

struct guides;

/* Those of the workspace dir; null: none yet.  The dictionary is borrowed. */
enum tally_rc guides_load(struct guides **, const char *dir,
    const struct tally_dictionary *, struct tally_err *) TALLY_MUST_USE;
/* For commands that work without a workspace as well: as dictionary_find. */
enum tally_rc guides_find(struct guides **, const char *asked,
    const struct tally_dictionary *, struct tally_err *) TALLY_MUST_USE;
/* Adds one file; its guide is for all sets that it fits, whoever sent them. */
enum tally_rc guides_add(struct guides *, const char *path, struct tally_err *)
    TALLY_MUST_USE;
void guides_free(struct guides *);

/* TALLY_CONFIG with the agreement's line when one names a guide that is not
 * there, or that is for another set. */
enum tally_rc guides_check(
    struct guides *, const struct site *, struct tally_err *) TALLY_MUST_USE;

/* Lets a judge apply the guides: those that the partner's agreements name,
 * or, for a null partner, none by name.  The choice lives as long as it. */
struct guides_choice {
	struct guides *guides;
	const struct site_partner *partner;
	bool sending; /* to the partner */
};
void guides_judging(struct tally_judge_options *, struct guides_choice *);

#endif
