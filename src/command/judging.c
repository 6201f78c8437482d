/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is judged by; see judging.h. */
#include "command/judging.h"

#include <string.h>

#include "flow/site.h"
#include "tallyman/answer.h"

bool
judging_option(struct judging *j, int argc, char **argv, int *i)
{
	const char *arg = argv[*i];

	if (strcmp(arg, "--guide") == 0 && *i + 1 < argc)
		j->guide = argv[++*i];
	else if (strncmp(arg, "--guide=", 8) == 0 && arg[8] != '\0')
		j->guide = arg + 8;
	else if (strncmp(arg, "--partner=", 10) == 0)
		j->name = arg + 10;
	else
		return false;
	return true;
}

enum tally_rc
judging_site(struct judging *j, const char *asked, struct tally_err *err)
{
	char *dir = NULL;
	enum tally_rc rc = TALLY_OK;

	if (j->site != NULL)
		return TALLY_OK;
	rc = site_find(&dir, asked, err);
	if (rc == TALLY_OK)
		rc = site_load(&j->site, dir, &j->dictionary->d, err);
	tally_free(dir);
	return rc;
}

/* The partner's agreements. */
static enum tally_rc
find_partner(struct judging *j, const char *asked, struct tally_err *err)
{
	enum tally_rc rc = judging_site(j, asked, err);

	if (rc != TALLY_OK)
		return rc;
	j->partner = site_partner_find(j->site, j->name);
	if (j->partner == NULL)
		return tally_err_set(err, TALLY_CONFIG,
		    "%s has no partner \"%s\"; expected the name of one",
		    j->site->file, j->name);
	return TALLY_OK;
}

enum tally_rc
judging_load(struct judging *j, const char *dir, struct tally_err *err)
{
	enum tally_rc rc = dictionary_find(&j->dictionary, dir, err);

	if (rc == TALLY_OK)
		rc = j->guide != NULL
		    ? guides_load(&j->guides, NULL, &j->dictionary->d, err)
		    : guides_find(&j->guides, dir, &j->dictionary->d, err);
	if (rc == TALLY_OK && j->guide != NULL)
		rc = guides_add(j->guides, j->guide, err);
	if (rc == TALLY_OK && j->name != NULL)
		rc = find_partner(j, dir, err);
	/* A file that is named stands for the agreements' guides. */
	if (rc == TALLY_OK && j->partner != NULL && j->guide == NULL)
		rc = guides_check(j->guides, j->site, err);
	return rc;
}

static enum tally_rc
load_lookups(struct judging *j, struct tally_err *err)
{
	struct store *st = NULL;
	enum tally_rc rc;

	rc =
	    store_open(&st, j->site->dir, STORE_READ, maps_model(j->maps), err);
	if (rc == TALLY_OK)
		rc = lookups_load(&j->lookups, st, j->partner, err);
	store_close(st);
	return rc;
}

enum tally_rc
judging_maps(struct judging *j, const char *asked, const char *named,
    struct tally_err *err)
{
	char *dir = NULL;
	enum tally_rc rc = site_find_any(&dir, asked, err);

	if (rc == TALLY_OK)
		rc = maps_load(&j->maps, dir, &j->dictionary->d, err);
	if (rc == TALLY_OK && j->site != NULL)
		rc = maps_check(j->maps, j->site, err);
	if (rc == TALLY_OK && named != NULL && !maps_has(j->maps, named))
		rc = tally_err_set(err, TALLY_CONFIG,
		    "there is no map \"%s\"; name one of the workspace's maps/ "
		    "or a built-in one, without .xml",
		    named);
	if (rc == TALLY_OK && j->site != NULL && j->partner != NULL)
		rc = load_lookups(j, err);
	tally_free(dir);
	return rc;
}

enum tally_rc
judging_map(struct judging *j, const char *named,
    const struct tally_set_spec *spec, struct tally_map **map,
    struct tally_err *err)
{
	const struct site_agreement *a = NULL;
	enum tally_rc rc;

	*map = NULL;
	if (j->partner != NULL)
		a = site_receive(j->partner, spec->id, spec->version);
	if (named == NULL && tally_answers_is(spec->id) &&
	    (a == NULL || a->map == NULL))
		return TALLY_OK; /* evidence, not records */
	rc = named != NULL ? maps_named(j->maps, named, spec, map, err)
			   : maps_for(j->maps, a, spec, map, err);
	if (rc == TALLY_OK && *map != NULL) {
		lookups_use(*map, j->lookups);
		tally_map_zone(
		    *map, j->partner != NULL ? j->partner->zone : NULL);
	}
	return rc;
}

void
judging_options(struct judging *j, struct tally_judge_options *o)
{
	o->limits = &tally_limits_default;
	o->dictionary = &j->dictionary->d;
	if (j->partner != NULL) {
		o->limits = &j->site->limits;
		site_judging(o, j->partner);
	}
	j->choice = (struct guides_choice){ .guides = j->guides,
		.partner = j->partner };
	guides_judging(o, &j->choice);
}

void
judging_free(struct judging *j)
{
	lookups_free(j->lookups);
	maps_free(j->maps);
	site_free(j->site);
	guides_free(j->guides);
	dictionary_free(j->dictionary);
}
