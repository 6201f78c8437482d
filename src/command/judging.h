/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What commands that judge a file judge it by: the dictionary and the guides,
 * and what is agreed on with a partner.  The options that choose are the same
 * for all of them.
 */
#ifndef TALLYMAN_COMMAND_JUDGING_H
#define TALLYMAN_COMMAND_JUDGING_H

#include "flow/dictionary.h"
#include "flow/guides.h"
#include "flow/lookups.h"
#include "flow/maps.h"

#define JUDGING_SYNOPSIS "[--guide FILE] [--partner=NAME]"

struct judging {
	const char *guide; /* file; null: those of the workspace */
	const char *name;  /* of the partner; null: nothing is agreed on */
	struct dictionary *dictionary; /* owned, as are guides and site */
	struct guides *guides;
	struct site *site; /* that has the partner */
	const struct site_partner *partner;
	struct guides_choice choice;
	/* Owned; null until judging_maps, and without a partner. */
	struct maps *maps;
	struct lookups *lookups;
};

/*
 * Takes argv[*i] when it is --guide=FILE, --guide FILE or --partner=NAME; *i is
 * left at the last argument taken.  False when it is another one, or the file
 * is missing.
 */
bool judging_option(struct judging *, int argc, char **argv, int *i);

/* Loads the site of the workspace that there has to be, if it is not there. */
enum tally_rc judging_site(
    struct judging *, const char *dir, struct tally_err *) TALLY_MUST_USE;
/* Loads all of it; dir is what -C names, or null. */
enum tally_rc judging_load(
    struct judging *, const char *dir, struct tally_err *) TALLY_MUST_USE;
/* Then the maps as well, and the partner's cross-references; named is a map
 * that there has to be, or null. */
enum tally_rc judging_maps(struct judging *, const char *dir, const char *named,
    struct tally_err *) TALLY_MUST_USE;
/* The map for a set: the named one, else that of the agreement or of the set's
 * name; null for none, as for acknowledgements that no agreement maps. */
enum tally_rc judging_map(struct judging *, const char *named,
    const struct tally_set_spec *, struct tally_map **, struct tally_err *)
    TALLY_MUST_USE;
/* Fills in what a judge has to know; lives as long as the judge does. */
void judging_options(struct judging *, struct tally_judge_options *);
void judging_free(struct judging *);

#endif
