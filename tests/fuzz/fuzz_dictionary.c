/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as the text of a dictionary.
 *
 * The input is the files of one version's folder, one behind the other, each
 * begun by a line "## NAME".  Sets that are read are compiled for the checker
 * and found again.
 */
#include "fuzz.h"

#include <string.h>

#include "tallyman/x12.h"
#include "x12/dictionary_text.h"

#define FILES_MAX 8
#define ARENA_MAX (64u << 20)

/* Cuts the input into files; names are copied, for they need an end. */
static size_t
cut(struct tally_dictionary_file *file, char name[][32], struct tally_str in)
{
	const char *p = in.p, *end = in.n > 0 ? in.p + in.n : in.p;
	size_t n = 0;

	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		const char *next = eol != NULL ? eol + 1 : end;

		if (end - p >= 3 && memcmp(p, "## ", 3) == 0) {
			size_t k = (size_t)((eol != NULL ? eol : end) - p) - 3;

			if (n == FILES_MAX)
				return n;
			if (k > 31)
				k = 31;
			memcpy(name[n], p + 3, k);
			name[n][k] = '\0';
			file[n] = (struct tally_dictionary_file){ name[n],
				name[n], tally_str(next, 0) };
			n++;
		} else if (n > 0) {
			file[n - 1].text.n += (size_t)(next - p);
		}
		p = next;
	}
	return n;
}

static void
use(const struct tally_version *v)
{
	struct tally_grammar *grammar;
	struct tally_err err;

	for (uint32_t i = 0; i < v->nset; i++) {
		grammar = NULL;
		MUST(tally_set_find(v, tally_cstr(v->set[i].id)) != NULL);
		if (tally_grammar_new(&grammar, v, &v->set[i], &err) ==
		    TALLY_OK)
			MUST(grammar != NULL);
		tally_grammar_free(grammar);
	}
	for (uint32_t i = 0; i < v->nsegment; i++)
		MUST(tally_segment_find(v, tally_cstr(v->segment[i].tag)) ==
		    &v->segment[i]);
	for (uint32_t i = 0; i < v->nelement; i++) {
		const struct tally_element *e = &v->element[i];

		MUST(tally_element_find(v, tally_cstr(e->id)) == e);
		for (uint32_t k = 0; k < e->ncode; k++)
			MUST(tally_code_find(e, tally_cstr(e->code[k].code)) ==
			    &e->code[k]);
	}
}

/* The same text as a site's folder, and as the base of another one. */
static void
load(const struct tally_dictionary_file *file, size_t nfile)
{
	static const struct tally_dictionary_file next = { "elements",
		"elements", { "base 004010\n", 12 } };
	const struct tally_dictionary_folder folder[] = {
		{ "003060", &next, 1 },
		{ "004010", file, nfile },
	};
	struct tally_dictionary d = { NULL, 0 };
	struct tally_arena a;
	struct tally_err err = { .text = "" };

	tally_arena_init(&a, ARENA_MAX);
	if (tally_dictionary_load(&d, &a, &tally_builtin, folder, 2, &err) ==
	    TALLY_OK) {
		MUST(d.nversion == tally_builtin.nversion + 1);
		for (size_t i = 0; i < d.nversion; i++)
			MUST(tally_version_find(
				 &d, tally_cstr(d.version[i]->version)) ==
			    d.version[i]);
	} else {
		MUST(d.nversion == 0 && err.text[0] != '\0');
	}
	tally_arena_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tally_dictionary_file file[FILES_MAX];
	char name[FILES_MAX][32];
	size_t nfile = cut(file, name, tally_str(data, n));
	const struct tally_version *v = NULL;
	struct tally_arena a;
	struct tally_err err = { .text = "" };

	tally_arena_init(&a, ARENA_MAX);
	if (tally_dictionary_text(&v, &a, "004010", file, nfile, &tally_builtin,
		&err) == TALLY_OK)
		use(v);
	else
		MUST(v == NULL && err.text[0] != '\0');
	tally_arena_free(&a);
	load(file, nfile);
	return 0;
}
