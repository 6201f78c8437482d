/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the shipped maps leave unclaimed of other people's files, read in
 * place: TALLYMAN_SHARED/corpus, with an INDEX.tsv.  CORPUS_PRINT=1 prints the
 * table of maps/README.md.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/embed.h"
#include "support/reading.h"

static const char *const versions[] = { "004010", "005010" };

/* What a document of the conversation may leave, in thousandths of its
 * elements, where it was not rejected: its files are few. */
static const struct {
	const char *set;
	unsigned limit;
} sets[] = {
	{ "850", 20 },
	{ "855", 20 },
	{ "856", 20 },
	{ "860", 20 },
	{ "810", 20 },
	{ "846", 20 },
	{ "940", 20 },
	{ "943", 20 },
	{ "944", 20 },
	{ "945", 20 },
	{ "947", 20 },
	{ "180", 20 },
};

struct rate {
	unsigned sets;
	size_t elements, left;
};

static void
read_file(struct tally_buf *b, const char *folder, const char *name)
{
	char path[1024], block[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/corpus/%s", folder, name);
	f = fopen(path, "rb");
	if (f == NULL)
		return;
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		tally_buf_add(b, block, n);
	fclose(f);
}

/* Whether a line of the index is of a file with the set. */
static bool
is_of(const char *line, const char *set)
{
	const char *tab = strchr(line, '\t');
	size_t n = strlen(set);

	if (tab == NULL)
		return false;
	for (tab++; strncmp(tab, set, n) != 0; tab++) {
		tab += strcspn(tab, ",\t\n");
		if (*tab != ',')
			return false;
	}
	return tab[n] == '\t' || tab[n] == ',';
}

/* Reads the files of one set through its map for one version. */
static void
add_rate(struct rate *rate, struct tally_map *map, const char *folder,
    const char *set, const char *list)
{
	struct tally_buf bytes;
	struct reading r;
	char name[200];

	tally_buf_init(&bytes, 1 << 24);
	reading_through(&r, map);
	r.accepted_only = true;
	for (const char *p = list; *p != '\0'; p = strchr(p, '\n') + 1) {
		if (!is_of(p, set))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(p, "\t"), p);
		tally_buf_reset(&bytes);
		read_file(&bytes, folder, name);
		reading_judge(&r, tally_buf_view(&bytes));
	}
	rate->sets += r.sets;
	rate->elements += r.elements;
	rate->left += r.left;
	reading_end(&r);
	tally_buf_free(&bytes);
}

static struct tally_map *
load(const char *set, const char *version)
{
	struct tally_map *map;
	struct tally_err err;
	char file[16];

	snprintf(file, sizeof(file), "%s.xml", set);
	reading_version =
	    tally_version_find(&tally_builtin, tally_cstr(version));
	if (tally_map_load(&map, reading_model, reading_version, NULL, file,
		tally_embedded_find(file), &err) != TALLY_OK)
		fail_msg("%s:%u: %s", err.file, err.line, err.text);
	return map;
}

/* Each shipped map is sound in each version, whatever files there are. */
static void
test_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++)
		for (size_t k = 0; k < 2; k++)
			tally_map_free(load(sets[i].set, versions[k]));
}

static void
test_rates(void **state)
{
	const char *folder = getenv("TALLYMAN_SHARED");
	struct tally_buf list;
	struct rate rate;
	unsigned total = 0;

	(void)state;
	if (folder == NULL)
		folder = "../shared";
	tally_buf_init(&list, 1 << 20);
	read_file(&list, folder, "INDEX.tsv");
	if (list.n == 0) {
		print_message("no corpus in %s\n", folder);
		skip();
	}
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
		rate = (struct rate){ 0 };
		for (size_t k = 0; k < 2; k++)
			add_rate(&rate, load(sets[i].set, versions[k]), folder,
			    sets[i].set, list.p);
		if (getenv("CORPUS_PRINT") != NULL)
			printf("| %s | %u | %zu | %zu | %.1f %% |\n",
			    sets[i].set, rate.sets, rate.elements, rate.left,
			    rate.elements > 0 ? 100.0 * (double)rate.left /
				    (double)rate.elements
					      : 0.0);
		total += rate.sets;
		if (rate.left * 1000 > rate.elements * sets[i].limit)
			fail_msg("%s leaves %zu of %zu elements", sets[i].set,
			    rate.left, rate.elements);
	}
	assert_true(total > 0);
	tally_buf_free(&list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound),
		cmocka_unit_test(test_rates),
	};

	return cmocka_run_group_tests(tests, reading_setup, reading_teardown);
}
