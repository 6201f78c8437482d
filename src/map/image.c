/* SPDX-License-Identifier: Apache-2.0 */
/* A map from its image; see image.h. */
#include "map/image.h"

#include "map/program.h"
#include "record/model.h"

const struct tally_map_image *
tally_map_image_find(const char *name, const struct tally_version *version)
{
	const struct tally_map_image *im = tally_map_images,
				     *end = im + tally_map_nimage;
	bool ours = false;

	for (size_t i = 0; i < tally_builtin.nversion; i++)
		ours = ours || tally_builtin.version[i] == version;
	for (; ours && im < end; im++)
		if (strcmp(im->name, name) == 0 &&
		    strcmp(im->version, version->version) == 0)
			return im;
	return NULL;
}

/* Offsets to pointers. */
static void
set_pointers(char *image, const struct tally_map_image *im)
{
	uintptr_t p;

	for (size_t i = 0; i < im->npointer; i++) {
		memcpy(&p, image + im->pointer[i], sizeof(p));
		p += (uintptr_t)image;
		memcpy(image + im->pointer[i], &p, sizeof(p));
	}
}

enum tally_rc
tally_map_image_load(struct tally_map **out, const struct tally_map_image *im,
    const struct tally_version *version, struct tally_err *err)
{
	size_t n = im->nword * sizeof(*im->word);
	struct tally_map *m = tally_calloc(1, sizeof(*m));
	struct tally_arena arena;
	char *image;
	enum tally_rc rc;

	tally_arena_init(&arena, MAP_BYTES);
	image = tally_arena_alloc(&arena, n);
	if (m == NULL || image == NULL) {
		tally_arena_free(&arena);
		tally_free(m);
		return tally_err_set(
		    err, TALLY_NOMEM, "no memory for the map %s", im->name);
	}
	memcpy(image, im->word, n);
	set_pointers(image, im);
	memcpy(m, image, sizeof(*m));
	m->arena = arena;
	m->model = &tally_model_built_in;
	m->set = tally_set_find(version, tally_cstr(im->set));
	rc = tally_charset_new(&m->charset, TALLY_CHARSET_DEFAULT, err);
	if (rc == TALLY_OK) {
		*out = m;
		m = NULL;
	}
	tally_map_free(m);
	return rc;
}
