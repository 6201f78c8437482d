/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dictionary text to tables: the files of one version in their order, each
 * of which needs the ones before it: elements, composites, codes, segments,
 * sets.  See dictionary_text.h for the contract, tallyman-dictionary(5) for
 * the text, dictionary_{element,segment,set}.c for the files.
 */
#include "dictionary_text.h"

#include <stdlib.h>

#include "dictionary_rows.h"

/* The files that are not a transaction set. */
static const char *const table[] = { "elements", "composites", "codes",
	"segments" };

static const struct tally_dictionary_file *
file_find(
    const struct tally_dictionary_file *file, size_t nfile, const char *name)
{
	for (size_t i = 0; i < nfile; i++)
		if (strcmp(file[i].name, name) == 0)
			return &file[i];
	return NULL;
}

static bool
is_set(const char *name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(name, table[i]) == 0)
			return false;
	return true;
}

struct tally_str
tally_dictionary_base(const struct tally_dictionary_file *file, size_t nfile)
{
	const struct tally_dictionary_file *elements =
	    file_find(file, nfile, "elements");
	struct tally_err err;
	struct dictionary_rows r;
	struct tally_str row, word;

	if (elements != NULL &&
	    tally_rows_open(&r, elements, false, &err) == TALLY_OK &&
	    tally_rows_next(&r, &row) && tally_rows_word(&row, &word) &&
	    tally_str_eq(word, TALLY_STR("base")) &&
	    tally_rows_word(&row, &word))
		return word;
	return tally_str("", 0);
}

/*
 * The base: named by "base VERSION" in the first row of elements, or without
 * that file the known version of the same name.
 */
static enum tally_rc
find_base(const struct tally_version **base, const char *version,
    const struct tally_dictionary_file *elements,
    const struct tally_dictionary *known, struct tally_err *err)
{
	struct dictionary_rows r;
	struct tally_str row, word, name;
	enum tally_rc rc;

	*base = NULL;
	if (elements == NULL) {
		if (known != NULL)
			*base = tally_version_find(known, tally_cstr(version));
		if (*base == NULL)
			return tally_err_set(err, TALLY_CONFIG,
			    "dictionary %s has no file elements, and there "
			    "is no version of that name to add to",
			    version);
		return TALLY_OK;
	}
	rc = tally_rows_open(&r, elements, false, err);
	if (rc != TALLY_OK || !tally_rows_next(&r, &row) ||
	    !tally_rows_word(&row, &word) ||
	    !tally_str_eq(word, TALLY_STR("base")))
		return rc;
	if (!tally_rows_word(&row, &name) || tally_rows_word(&row, &word))
		return tally_rows_error(&r, "the row is: base VERSION");
	if (known != NULL && name.n == 6)
		*base = tally_version_find(known, name);
	if (*base == NULL)
		return tally_rows_error(&r,
		    "base %.*s is not a version that was read before",
		    TALLY_WORD(name));
	return TALLY_OK;
}

static enum tally_rc
read_elements(struct tally_version *v, struct tally_arena *a,
    const struct tally_version *base, const struct tally_dictionary_file *file,
    size_t nfile, struct tally_err *err)
{
	static enum tally_rc (*const read[])(struct tally_elements *,
	    const struct tally_dictionary_file *, struct tally_err *) = {
		tally_elements_read,
		tally_elements_composites,
		tally_elements_codes,
	};
	struct tally_elements t = { .a = a };
	const struct tally_dictionary_file *f;
	struct tally_element *element;
	enum tally_rc rc = TALLY_OK;

	if (base != NULL)
		rc = tally_elements_base(&t, base, err);
	for (size_t i = 0; i < 3 && rc == TALLY_OK; i++) {
		f = file_find(file, nfile, table[i]);
		if (f != NULL)
			rc = read[i](&t, f, err);
	}
	if (rc != TALLY_OK)
		goto out;
	element = tally_elements_finish(&t);
	if (element == NULL) {
		rc = tally_err_set(
		    err, TALLY_NOMEM, "no memory left for the dictionary");
		goto out;
	}
	v->element = element;
	v->nelement = (uint32_t)t.n;
	rc = tally_dictionary_composites(
	    element, a, v, file_find(file, nfile, "composites"), err);
out:
	tally_elements_free(&t);
	return rc;
}

/* A set of the base with the segments of v. */
static enum tally_rc
inherit(struct tally_set_spec *set, struct tally_arena *a,
    const struct tally_version *v, struct tally_err *err)
{
	struct tally_place *place =
	    tally_arena_alloc(a, set->nplace * sizeof(*place));
	const char *tag;

	if (place == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "no memory left for the dictionary");
	for (uint32_t i = 0; i < set->nplace; i++) {
		place[i] = set->place[i];
		tag = place[i].segment->tag;
		place[i].segment = tally_segment_find(v, tally_cstr(tag));
		if (place[i].segment == NULL)
			return tally_err_set(err, TALLY_CONFIG,
			    "set %s of the base has segment %s, which %s "
			    "drops",
			    set->id, tag, v->version);
	}
	set->place = place;
	set->version = v->version;
	return TALLY_OK;
}

static int
by_id(const void *a, const void *b)
{
	return strcmp(((const struct tally_set_spec *)a)->id,
	    ((const struct tally_set_spec *)b)->id);
}

static enum tally_rc
read_sets(struct tally_version *v, struct tally_arena *a,
    const struct tally_version *base, const struct tally_dictionary_file *file,
    size_t nfile, struct tally_err *err)
{
	size_t room = nfile + (base != NULL ? base->nset : 0);
	struct tally_set_spec *set = tally_arena_alloc(a, room * sizeof(*set));
	enum tally_rc rc = TALLY_OK;
	uint32_t n = 0;

	if (set == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "no memory left for the dictionary");
	for (size_t i = 0; i < nfile && rc == TALLY_OK; i++)
		if (is_set(file[i].name))
			rc = tally_dictionary_set(
			    &set[n++], a, v, &file[i], err);
	for (size_t i = 0; base != NULL && i < base->nset && rc == TALLY_OK;
	     i++) {
		if (file_find(file, nfile, base->set[i].id) != NULL)
			continue;
		set[n] = base->set[i];
		rc = inherit(&set[n++], a, v, err);
	}
	if (rc != TALLY_OK)
		return rc;
	qsort(set, n, sizeof(*set), by_id);
	v->set = set;
	v->nset = n;
	return TALLY_OK;
}

enum tally_rc
tally_dictionary_text(const struct tally_version **out, struct tally_arena *a,
    const char *version, const struct tally_dictionary_file *file, size_t nfile,
    const struct tally_dictionary *known, struct tally_err *err)
{
	const struct tally_version *base;
	struct tally_version *v;
	enum tally_rc rc = find_base(
	    &base, version, file_find(file, nfile, "elements"), known, err);

	if (rc != TALLY_OK)
		return rc;
	v = tally_arena_alloc(a, sizeof(*v));
	if (v == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "no memory left for the dictionary");
	*v = (struct tally_version){ .version = tally_arena_cstr(
					 a, tally_cstr(version)) };
	if (v->version == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "no memory left for the dictionary");
	rc = read_elements(v, a, base, file, nfile, err);
	if (rc == TALLY_OK)
		rc = tally_dictionary_segments(
		    v, a, base, file_find(file, nfile, "segments"), err);
	if (rc == TALLY_OK)
		rc = read_sets(v, a, base, file, nfile, err);
	if (rc == TALLY_OK)
		*out = v;
	return rc;
}
