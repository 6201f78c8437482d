/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A site's dictionary: compiled versions, and folders of text on top; see
 * tally_dictionary_load in tallyman/dictionary.h.
 *
 * Folders are read in rounds, each one when no other folder that it is based
 * on waits.  A folder based on its own name extends what was there before.
 * The list of versions stays sorted, so that look-ups work all the time.
 */
#include "dictionary_rows.h"
#include "tallyman/x12.h"

/* Digits of a version's name, as GS08 begins. */
#define NAME_LENGTH 6

struct loader {
	struct tally_arena *a;
	const struct tally_version **version; /* room for all */
	struct tally_dictionary known;
	const struct tally_dictionary_folder *folder;
	size_t nfolder;
	bool *done; /* of each folder; owned */
	struct tally_err *err;
};

static bool
good_name(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (name[i] < '0' || name[i] > '9')
			return false;
	return n == NAME_LENGTH;
}

static enum tally_rc
check_names(const struct loader *l)
{
	for (size_t i = 0; i < l->nfolder; i++) {
		if (!good_name(l->folder[i].version))
			return tally_err_set(l->err, TALLY_CONFIG,
			    "dictionary %s: a version is six digits, as in "
			    "004010",
			    l->folder[i].version);
		for (size_t k = 0; k < i; k++)
			if (strcmp(l->folder[k].version,
				l->folder[i].version) == 0)
				return tally_err_set(l->err, TALLY_CONFIG,
				    "dictionary %s is given twice",
				    l->folder[i].version);
	}
	return TALLY_OK;
}

/* Whether the folder is based on another one that has not been read. */
static bool
must_wait(const struct loader *l, size_t i)
{
	const struct tally_dictionary_folder *f = &l->folder[i];
	struct tally_str base = tally_dictionary_base(f->file, f->nfile);

	for (size_t k = 0; k < l->nfolder; k++)
		if (k != i && !l->done[k] &&
		    tally_str_eq(base, tally_cstr(l->folder[k].version)))
			return true;
	return false;
}

/* The line of the n-th place of a set's text, from 1. */
static unsigned
line_of_place(const struct tally_dictionary_file *file, unsigned n)
{
	struct dictionary_rows r;
	struct tally_str row, word;
	struct tally_err err;

	if (tally_rows_open(&r, file, false, &err) != TALLY_OK)
		return 0;
	while (n > 0 && tally_rows_next(&r, &row))
		if (row.p[row.n - 1] != '{' && tally_rows_word(&row, &word) &&
		    memchr(word.p, '.', word.n) != NULL)
			n--;
	return r.line;
}

/* The complaint of tally_grammar_new, at its row of the text. */
static enum tally_rc
ambiguous(const struct tally_dictionary_file *file, struct tally_err *err)
{
	struct tally_err why = *err;

	return tally_err_at(err, TALLY_CONFIG, file->path,
	    line_of_place(file, why.line), "%s", why.text);
}

/* The grammar of each set that the folder has; those that are inherited were
 * proved with the base. */
static enum tally_rc
prove(const struct loader *l, const struct tally_dictionary_folder *f,
    const struct tally_version *v)
{
	const struct tally_set_spec *set;
	struct tally_grammar *g;
	enum tally_rc rc;

	for (size_t i = 0; i < f->nfile; i++) {
		set = tally_set_find(v, tally_cstr(f->file[i].name));
		if (set == NULL)
			continue;
		rc = tally_grammar_new(&g, v, set, l->err);
		if (rc == TALLY_CONFIG)
			return ambiguous(&f->file[i], l->err);
		if (rc != TALLY_OK)
			return rc;
		tally_grammar_free(g);
	}
	return TALLY_OK;
}

/* Into its place in the sorted list, or in place of the one of its name. */
static void
insert(struct loader *l, const struct tally_version *v)
{
	size_t i = l->known.nversion;

	while (i > 0 && strcmp(l->version[i - 1]->version, v->version) >= 0)
		i--;
	if (i == l->known.nversion ||
	    strcmp(l->version[i]->version, v->version) != 0) {
		memmove(l->version + i + 1, l->version + i,
		    (l->known.nversion - i) * sizeof(*l->version));
		l->known.nversion++;
	}
	l->version[i] = v;
}

static enum tally_rc
read_folder(struct loader *l, const struct tally_dictionary_folder *f)
{
	const struct tally_version *v;
	enum tally_rc rc;

	rc = tally_dictionary_text(
	    &v, l->a, f->version, f->file, f->nfile, &l->known, l->err);
	if (rc == TALLY_OK)
		rc = prove(l, f, v);
	if (rc == TALLY_OK)
		insert(l, v);
	return rc;
}

static enum tally_rc
read_folders(struct loader *l)
{
	size_t left = l->nfolder, before;
	enum tally_rc rc;

	do {
		before = left;
		for (size_t i = 0; i < l->nfolder; i++) {
			if (l->done[i] || must_wait(l, i))
				continue;
			rc = read_folder(l, &l->folder[i]);
			if (rc != TALLY_OK)
				return rc;
			l->done[i] = true;
			left--;
		}
	} while (left > 0 && left < before);
	for (size_t i = 0; i < l->nfolder; i++)
		if (!l->done[i])
			return tally_err_set(l->err, TALLY_CONFIG,
			    "dictionary %s is based on itself, by way of "
			    "others; a base must stand on its own",
			    l->folder[i].version);
	return TALLY_OK;
}

enum tally_rc
tally_dictionary_load(struct tally_dictionary *out, struct tally_arena *a,
    const struct tally_dictionary *base,
    const struct tally_dictionary_folder *folder, size_t nfolder,
    struct tally_err *err)
{
	struct loader l = {
		.a = a, .folder = folder, .nfolder = nfolder, .err = err
	};
	enum tally_rc rc;

	l.done = tally_calloc(nfolder + 1, sizeof(*l.done));
	l.version = tally_arena_alloc(
	    a, (base->nversion + nfolder) * sizeof(*l.version));
	if (l.done == NULL || l.version == NULL) {
		rc = tally_err_set(
		    err, TALLY_NOMEM, "no memory left for the dictionary");
		goto out;
	}
	if (base->nversion > 0)
		memcpy(l.version, base->version,
		    base->nversion * sizeof(*l.version));
	l.known.version = l.version;
	l.known.nversion = base->nversion;
	rc = check_names(&l);
	if (rc == TALLY_OK)
		rc = read_folders(&l);
	if (rc == TALLY_OK)
		*out = l.known;
out:
	tally_free(l.done);
	return rc;
}
