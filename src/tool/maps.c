/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Build tool: maps > maps.c
 *
 * Compiles each embedded map for the versions that it lists, and writes their
 * images; see map/image.h.  A map that is wrong stops the build.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/embed.h"
#include "base/xml.h"
#include "map/image.h"
#include "record/model.h"

#define TREE_MAX  (64u << 20)
#define IMAGE_MAX (16u << 20)

static struct tally_err err;

/* What lies between the members of structures shall be the same each time. */
static void *
alloc_zero(size_t n)
{
	return calloc(1, n);
}

static void
need(bool well)
{
	if (well)
		return;
	fprintf(stderr, "%s\n", err.text);
	exit(1);
}

/* The versions that a map lists; null where the file is none. */
static const char *
versions_of(struct tally_arena *a, const struct tally_embedded *file)
{
	const struct tally_xml *root;

	if (strstr(file->name, ".xml") == NULL)
		return NULL;
	need(tally_xml_load(&root, a, file->name, file->text, NULL, &err) ==
	    TALLY_OK);
	return tally_xml_is(root, "map") ? tally_xml_get(root, "versions")
					 : NULL;
}

static void
put_words(unsigned n, struct tally_str bytes)
{
	uint64_t word;

	printf("static const uint64_t word%u[] = {", n);
	for (size_t i = 0; i < bytes.n; i += sizeof(word)) {
		memcpy(&word, bytes.p + i, sizeof(word));
		printf("%s%s%" PRIx64 ",", i % 64 == 0 ? "\n\t" : "",
		    word > 9 ? "0x" : "", word);
	}
	printf("\n};\n");
}

static void
put_pointers(unsigned n, struct tally_str at)
{
	uint32_t v;

	printf("static const uint32_t pointer%u[] = {", n);
	for (size_t i = 0; i < at.n; i += sizeof(v)) {
		memcpy(&v, at.p + i, sizeof(v));
		printf("%s%" PRIu32 ",", i % 32 == 0 ? "\n\t" : "", v);
	}
	printf("\n};\n");
}

/* Adds the image's row to those of the table. */
static void
put_map(const struct tally_embedded *file, const struct tally_version *v,
    struct tally_buf *rows)
{
	static unsigned n;
	struct tally_buf bytes, at;
	struct tally_map *m;

	need(tally_map_load(&m, &tally_model_built_in, v, NULL, file->name,
		 file->text, &err) == TALLY_OK);
	tally_buf_init(&bytes, IMAGE_MAX);
	tally_buf_init(&at, IMAGE_MAX);
	tally_map_image_make(m, &bytes, &at);
	if (bytes.failed || at.failed)
		need(tally_err_set(&err, TALLY_NOMEM,
			 "%s: the image is too large", file->name) == TALLY_OK);
	put_words(n, tally_buf_view(&bytes));
	put_pointers(n, tally_buf_view(&at));
	tally_buf_printf(rows,
	    "\t{ \"%.*s\", \"%s\", \"%s\", word%u, %zu, pointer%u, %zu },\n",
	    (int)strcspn(file->name, "."), file->name, v->version,
	    tally_map_set(m), n, bytes.n / sizeof(uint64_t), n,
	    at.n / sizeof(uint32_t));
	n++;
	tally_buf_free(&bytes);
	tally_buf_free(&at);
	tally_map_free(m);
}

int
main(void)
{
	static const struct tally_allocator zero = { alloc_zero, realloc,
		free };
	const struct tally_dictionary *d = &tally_builtin;
	struct tally_arena a;
	struct tally_buf rows;
	const char *listed;

	tally_allocator_set(&zero);
	tally_arena_init(&a, TREE_MAX);
	tally_buf_init(&rows, IMAGE_MAX);
	printf("/* Made by src/tool/maps.c. */\n#include \"map/image.h\"\n");
	for (size_t i = 0; i < tally_nembedded; i++) {
		listed = versions_of(&a, &tally_embedded[i]);
		for (size_t v = 0; listed != NULL && v < d->nversion; v++)
			if (strstr(listed, d->version[v]->version) != NULL)
				put_map(
				    &tally_embedded[i], d->version[v], &rows);
	}
	printf("const struct tally_map_image tally_map_images[] = {\n%s\t{ 0 "
	       "}\n};\n",
	    rows.n > 0 ? rows.p : "");
	printf("const size_t tally_map_nimage = "
	       "sizeof(tally_map_images) / sizeof(tally_map_images[0]) - 1;\n");
	tally_buf_free(&rows);
	tally_arena_free(&a);
	return fflush(stdout) != 0;
}
