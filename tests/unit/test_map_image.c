/* SPDX-License-Identifier: Apache-2.0 */
/* Maps that are compiled in are what their texts compile to now. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/embed.h"
#include "map/image.h"
#include "map/program.h"
#include "record/model.h"
#include "support/counted.h"

/* Images of equal maps are equal where memory was zero. */
static void *
alloc_zero(size_t n)
{
	return calloc(1, n);
}
static const struct tally_allocator zero = { alloc_zero, realloc, free };

static const struct tally_version *
version_of(const struct tally_map_image *im)
{
	const struct tally_version *v =
	    tally_version_find(&tally_builtin, tally_cstr(im->version));

	assert_non_null(v);
	return v;
}

static struct tally_map *
compiled(const struct tally_map_image *im)
{
	struct tally_map *m;
	struct tally_err err;
	char file[80];

	snprintf(file, sizeof(file), "%s.xml", im->name);
	if (tally_map_load(&m, &tally_model_built_in, version_of(im), NULL,
		file, tally_embedded_find(file), &err) != TALLY_OK)
		fail_msg("%s: %s", file, err.text);
	return m;
}

static struct tally_map *
loaded(const struct tally_map_image *im)
{
	struct tally_map *m;
	struct tally_err err;

	if (tally_map_image_load(&m, im, version_of(im), &err) != TALLY_OK)
		fail_msg("%s: %s", im->name, err.text);
	return m;
}

/* That a map has that image. */
static void
compare_image(const struct tally_map *m, const struct tally_map_image *im)
{
	struct tally_buf bytes, at;

	tally_buf_init(&bytes, SIZE_MAX);
	tally_buf_init(&at, SIZE_MAX);
	tally_map_image_make(m, &bytes, &at);
	assert_false(bytes.failed || at.failed);
	assert_int_equal(bytes.n, im->nword * sizeof(*im->word));
	assert_int_equal(at.n, im->npointer * sizeof(*im->pointer));
	assert_memory_equal(bytes.p, im->word, bytes.n);
	assert_memory_equal(at.p, im->pointer, at.n);
	tally_buf_free(&bytes);
	tally_buf_free(&at);
}

static void
compare(const struct tally_map *a, const struct tally_map *b)
{
	struct tally_buf x, y;

	tally_buf_init(&x, SIZE_MAX);
	tally_buf_init(&y, SIZE_MAX);
	tally_map_dump(a, &x);
	tally_map_dump(b, &y);
	assert_true(x.n > 0);
	assert_string_equal(x.p, y.p);
	assert_string_equal(tally_map_name(a), tally_map_name(b));
	assert_string_equal(tally_map_set(a), tally_map_set(b));
	assert_memory_equal(tally_map_hash(a), tally_map_hash(b), 32);
	assert_int_equal(tally_map_repeats(a), tally_map_repeats(b));
	/* Both have room for what writing keeps from document to document. */
	assert_int_equal(a->arena.max, b->arena.max);
	tally_buf_free(&x);
	tally_buf_free(&y);
}

static void
test_same(void **state)
{
	struct tally_map *a, *b;

	(void)state;
	assert_true(tally_map_nimage > 0);
	tally_allocator_set(&zero);
	for (size_t i = 0; i < tally_map_nimage; i++) {
		a = compiled(&tally_map_images[i]);
		b = loaded(&tally_map_images[i]);
		compare(a, b);
		compare_image(a, &tally_map_images[i]);
		compare_image(b, &tally_map_images[i]);
		tally_map_free(a);
		tally_map_free(b);
	}
	tally_allocator_set(NULL);
}

static void
test_find(void **state)
{
	const struct tally_version *v = tally_builtin.version[0];
	struct tally_version other = *v;
	const struct tally_map_image *im = tally_map_image_find("856", v);

	(void)state;
	assert_string_equal(im->name, "856");
	assert_string_equal(im->version, v->version);
	assert_null(tally_map_image_find("856", &other));
	assert_null(tally_map_image_find("common", v));
}

/* Every map that is shipped has an image for each version. */
static void
test_all(void **state)
{
	const struct tally_version *v;
	char name[80];

	(void)state;
	for (size_t i = 0; i < tally_nembedded; i++) {
		snprintf(name, sizeof(name), "%s", tally_embedded[i].name);
		name[strcspn(name, ".")] = '\0';
		for (size_t k = 0; k < tally_builtin.nversion; k++) {
			v = tally_builtin.version[k];
			if (tally_set_find(v, tally_cstr(name)) != NULL)
				assert_non_null(tally_map_image_find(name, v));
		}
	}
}

static void
test_memory(void **state)
{
	const struct tally_map_image *im = &tally_map_images[0];
	struct tally_map *m;
	struct tally_err err;
	enum tally_rc rc = TALLY_NOMEM;
	long n;

	(void)state;
	tally_allocator_set(&counted);
	for (n = 0; rc == TALLY_NOMEM; n++) {
		m = NULL;
		counted_blocks = 0;
		counted_left = n;
		rc = tally_map_image_load(&m, im, version_of(im), &err);
		counted_left = -1;
		tally_map_free(m);
		assert_int_equal(counted_blocks, 0);
	}
	tally_allocator_set(NULL);
	assert_int_equal(rc, TALLY_OK);
	assert_true(n > 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
