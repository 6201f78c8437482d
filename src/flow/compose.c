/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interchanges from documents; see compose.h.
 *
 * Each document is written into a buffer of its own first, so that one that
 * cannot be written leaves nothing behind.
 */
#include <stdio.h>

#include "flow/compose_parts.h"
#include "record/parse.h"

#define BATCH_MAX ((size_t)256 << 20)
#define TEXTS_MAX ((size_t)64 << 20)
#define KEYS_MAX  ((size_t)64 << 20)

enum tally_rc
compose_new(struct compose **out, const struct compose_options *o,
    struct tally_err *err)
{
	struct compose *c = tally_calloc(1, sizeof(*c));
	enum tally_rc rc;

	if (c == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "no memory to write documents");
	c->o = *o;
	tally_arena_init(&c->texts, TEXTS_MAX);
	tally_arena_init(&c->keys, KEYS_MAX);
	tally_buf_init(&c->out, o->max);
	tally_buf_init(&c->body, o->max);
	rc = tally_batch_init(&c->batch, maps_model(o->maps), BATCH_MAX, err);
	if (rc == TALLY_OK)
		*out = c;
	else
		compose_free(c);
	return rc;
}

void
compose_free(struct compose *c)
{
	if (c == NULL)
		return;
	if (c->batch.model != NULL)
		tally_batch_free(&c->batch);
	tally_residues_free(&c->residues);
	tally_arena_free(&c->texts);
	tally_arena_free(&c->keys);
	tally_free(c->key);
	tally_buf_free(&c->body);
	tally_buf_free(&c->out);
	tally_free(c);
}

static enum tally_rc
choose_map(struct doing *d, struct tally_map **map)
{
	const char *name = d->c->o.asked.map;
	enum tally_rc rc;

	if (name == NULL && d->agreed != NULL)
		name = d->agreed->map;
	else if (name == NULL && d->c->o.partner == NULL)
		name = d->line.map;
	if (name == NULL)
		name = d->line.set;
	rc = maps_named(d->c->o.maps, name, d->spec, map, d->err);
	if (rc == TALLY_OK && *map == NULL)
		rc = tally_json_wrong(d->err, d->line.file, d->line.at,
		    "there is no map \"%.60s\" for set %s of version %s", name,
		    d->spec->id, d->spec->version);
	return rc;
}

/* The set's control number: its own in a group that it shares with those that
 * it came with, else the next of the group. */
static void
set_control(const struct doing *d, bool opens, char control[16])
{
	const struct compose *c = d->c;
	const char *own = d->line.control;

	if (c->o.number == NULL && c->o.asked.control == 0 && own != NULL &&
	    *own != '\0' && strlen(own) < 10)
		snprintf(control, 16, "%s", own);
	else
		snprintf(control, 16, "%04u", opens ? 1 : c->sets + 1);
}

static enum tally_rc
write_set(struct doing *d, struct tally_map *map, struct tally_findings *f)
{
	struct compose *c = d->c;
	const struct outer *o = &d->outer;
	const struct site_partner *p = c->o.partner;
	char control[16];
	struct tally_map_writing w = { .separators = o->separators,
		.residue = d->line.separators,
		.line_end = compose_line_ends[o->line_end],
		.control = control,
		.hierarchy = c->o.asked.hierarchy,
		.characters = p != NULL ? p->characters : TALLY_CHARACTERS_ANY,
		.replacement = o->replacement };
	uint32_t n;

	set_control(d, !compose_goes_on(d), control);
	if (w.hierarchy == NULL && d->agreed != NULL)
		w.hierarchy = d->agreed->hierarchy;
	if (strcmp(o->version, TALLY_ISA_REPEATING) < 0)
		w.separators.repetition = 0;
	if (o->separators.segment == '\n' || o->separators.segment == '\r')
		w.line_end = "";
	tally_buf_reset(&c->body);
	lookups_use(map, c->o.lookups);
	return tally_map_write(map, &c->batch, c->batch.ndocument - 1,
	    &c->residues, &w, &c->body, &n, f, d->err);
}

/* The document's business key, for whoever asks what was written. */
static enum tally_rc
keep_key(struct doing *d)
{
	struct compose *c = d->c;
	size_t cap = c->key_cap != 0 ? 2 * c->key_cap : 64;
	struct tally_str key = tally_batch_key(&c->batch, 0);
	void *p;

	if (c->nkey == c->key_cap) {
		p = tally_realloc(c->key, cap * sizeof(*c->key));
		if (p == NULL)
			return tally_err_set(
			    d->err, TALLY_NOMEM, "no memory for documents");
		c->key = p;
		c->key_cap = cap;
	}
	key = tally_arena_str(&c->keys, key);
	if (key.p == NULL)
		return tally_err_set(
		    d->err, TALLY_NOMEM, "no memory for documents");
	c->key[c->nkey++] = key;
	return TALLY_OK;
}

struct tally_str
compose_key(const struct compose *c, size_t i)
{
	return i < c->nkey ? c->key[i] : tally_str("", 0);
}

static void
wrong_instant(void *ctx, const struct tally_table *t, uint16_t column,
    struct tally_str value)
{
	char words[160];

	snprintf(words, sizeof(words),
	    "in column %.40s an instant such as 2026-01-31T23:59:59Z, and a "
	    "zone that is known",
	    t->column[column].name);
	tally_findings_add(ctx,
	    &(struct tally_finding){ .kind = TALLY_F_write_value,
		.tag = "",
		.loop = "",
		.id = "",
		.name = t->column[column].name,
		.value = value,
		.expected = tally_cstr(words) });
}

static enum tally_rc
document(struct doing *d, struct tally_findings *f)
{
	const struct site_partner *p = d->c->o.partner;
	struct compose *c = d->c;
	size_t errors = f->errors;
	struct tally_map *map;
	enum tally_rc rc;

	tally_batch_reset(&c->batch);
	rc = tally_record_parse(
	    &c->batch, d->line.file, d->line.records, d->err);
	if (rc == TALLY_OK)
		rc = tally_batch_locals(&c->batch, p != NULL ? p->zone : NULL,
		    wrong_instant, f, d->err);
	if (rc == TALLY_OK)
		rc = line_residue(
		    &c->residues, &d->line, d->spec, &c->batch, d->err);
	if (rc == TALLY_OK)
		rc = choose_map(d, &map);
	if (rc == TALLY_OK)
		rc = write_set(d, map, f);
	if (rc != TALLY_OK || f->errors > errors)
		return rc;
	rc = compose_enclose(d);
	if (rc != TALLY_OK)
		return rc;
	tally_buf_str(&c->out, tally_buf_view(&c->body));
	c->sets++;
	return keep_key(d);
}

static enum tally_rc
check_room(struct compose *c, struct tally_err *err)
{
	if (!c->out.failed && !c->body.failed)
		return TALLY_OK;
	return tally_err_set(err, TALLY_NOMEM,
	    "what is written has no room in %zu bytes; write fewer documents "
	    "at a time",
	    c->o.max);
}

enum tally_rc
compose_add(struct compose *c, const char *file, const struct tally_json *line,
    struct tally_findings *f, struct tally_err *err)
{
	struct doing d = { .c = c, .err = err };
	enum tally_rc rc;

	tally_arena_reset(&c->texts);
	rc = line_parse(&d.line, &c->texts, file, line, err);
	if (rc == TALLY_OK)
		rc = compose_resolve(&d);
	if (rc == TALLY_OK)
		rc = document(&d, f);
	return rc == TALLY_OK ? check_room(c, err) : rc;
}

enum tally_rc
compose_end(struct compose *c, struct tally_str *bytes, struct tally_err *err)
{
	if (c->groups > 0)
		compose_close(c);
	*bytes = tally_buf_view(&c->out);
	return check_room(c, err);
}
