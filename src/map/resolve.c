/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that a map uses, against the grammar of its set and the model.
 *
 * A designator is looked for in the loop of the block that it stands in, then
 * in the loops below, nearest first.  Found in two different loops at the
 * same distance, it is ambiguous.
 */
#include "map/compile.h"

#include <stdio.h>

#define VALUES_MAX 64

/* Nothing found: where in the set the segment is, if anywhere. */
static enum tally_rc
not_here(struct compile *c, const struct tally_xml *at, const char *tag,
    uint16_t loop)
{
	char seen[200];

	if (tally_places_list(c->set, tag, seen, sizeof(seen)))
		return compile_absent(c, at,
		    "segment %s does not stand in %s%s; it stands in %s: put "
		    "this into <rows loop=\"…\"> of that loop",
		    tag, loop == 0 ? "" : "loop ",
		    tally_loop_name(c->set, loop), seen);
	return compile_absent(c, at,
	    "set %s of version %s has no segment %s; correct the name, or "
	    "limit this to other versions by versions=\"…\"",
	    c->set->id, c->set->version, tag);
}

static enum tally_rc
find_places(struct compile *c, struct target *t, const struct tally_xml *at,
    uint16_t loop, const char *tag)
{
	const struct tally_set_spec *set = c->set;

	tally_places_find(&t->at, set, loop, tag);
	if (t->at.n == 0)
		return not_here(c, at, tag, loop);
	if (t->at.other != 0)
		return compile_mistake(c, at,
		    "segment %s could be the one of loop %s or of loop %s; "
		    "put this into <rows loop=\"…\"> of one of them",
		    tag, set->loop[t->at.loop].path,
		    set->loop[t->at.other].path);
	t->segment = set->place[t->at.place[0]].segment;
	return TALLY_OK;
}

enum tally_rc
resolve_segment(struct compile *c, struct target *t, const struct tally_xml *at,
    uint16_t block, const char *path, const char *tag)
{
	const struct map_block *b = &c->block[block];
	const struct target *own = &c->scope[block].target;
	const char *slash = strrchr(path, '/');
	uint16_t loop = b->loop;
	char name[64];
	enum tally_rc rc = TALLY_OK;

	*t = (struct target){ .at.n = 0 };
	if (slash != NULL) {
		snprintf(name, sizeof(name), "%.*s", (int)(slash - path), path);
		rc = resolve_loop(c, &loop, at, block, name);
	}
	if (rc != TALLY_OK)
		return rc;
	if (compile_has_loop(b))
		return find_places(c, t, at, loop, tag);
	if (strcmp(own->segment->tag, tag) != 0)
		return compile_mistake(c, at,
		    "these rows are made from the segment %s, so nothing of "
		    "%s can be named in them; move this outside",
		    own->segment->tag, tag);
	*t = *own;
	t->element = t->component = 0;
	return TALLY_OK;
}

static enum tally_rc
find_component(struct compile *c, struct target *t, const struct tally_xml *at,
    const char *ref, int component)
{
	const struct tally_element *e = t->leaf;

	if (e->type != TALLY_COMPOSITE && component > 0)
		return compile_mistake(c, at,
		    "%.*s is not a composite, so there is no %s; leave out "
		    "the part from the dash on",
		    (int)strcspn(ref, "-"), ref, ref);
	if (e->type == TALLY_COMPOSITE && component == 0)
		return compile_mistake(c, at,
		    "%s is a composite of %u components; name one of them, "
		    "as in %s-1",
		    ref, e->nuse, ref);
	if (component > e->nuse)
		return compile_absent(c, at,
		    "%.*s has only %u components, so there is no %s",
		    (int)strcspn(ref, "-"), ref, e->nuse, ref);
	t->component = (uint8_t)component;
	if (component > 0)
		t->leaf = e->use[component - 1].element;
	return TALLY_OK;
}

/* Behind the segment: element and component. */
static enum tally_rc
find_element(struct compile *c, struct target *t, const struct tally_xml *at,
    const char *ref, int element, int component)
{
	enum tally_rc rc;

	if (element > t->segment->nuse)
		return compile_absent(c, at,
		    "segment %s has only %u elements in version %s, so there "
		    "is no %s",
		    t->segment->tag, t->segment->nuse, c->set->version, ref);
	t->element = (uint8_t)element;
	t->leaf = t->segment->use[element - 1].element;
	rc = find_component(c, t, at, ref, component);
	if (rc == TALLY_OK && t->leaf->type == TALLY_B)
		rc = compile_mistake(
		    c, at, "%s is binary data, which maps cannot hold", ref);
	return rc;
}

enum tally_rc
resolve_ref(struct compile *c, struct target *t, const struct tally_xml *at,
    uint16_t block, const char *ref)
{
	const char *slash = strrchr(ref, '/');
	char tag[4];
	int element, component;
	enum tally_rc rc;

	if (!tally_designator_split(
		slash != NULL ? slash + 1 : ref, tag, &element, &component))
		return compile_mistake(c, at,
		    "\"%s\" is no designator; write a segment and two digits, "
		    "as in BEG03, or with a component, as in SV101-2",
		    ref);
	rc = resolve_segment(c, t, at, block, ref, tag);
	if (rc == TALLY_OK)
		rc = find_element(c, t, at, ref, element, component);
	return rc;
}

enum tally_rc
resolve_loop(struct compile *c, uint16_t *loop, const struct tally_xml *at,
    uint16_t block, const char *name)
{
	const struct tally_set_spec *set = c->set;
	const struct map_block *b = &c->block[block];
	const char *base, *path;
	char known[300] = "";
	size_t n, k = 0;

	if (!compile_has_loop(b))
		return compile_mistake(c, at,
		    "rows of a loop cannot stand inside rows of a segment; "
		    "move them outside");
	base = set->loop[b->loop].path;
	n = strlen(base);
	for (uint16_t i = 1; i < set->nloop; i++) {
		path = set->loop[i].path;
		if (tally_loop_distance(set, i, b->loop) <= 0)
			continue;
		path += n > 0 ? n + 1 : 0;
		if (strcmp(path, name) == 0) {
			*loop = i;
			return TALLY_OK;
		}
		if (k < sizeof(known) - 40)
			k += (size_t)snprintf(known + k, sizeof(known) - k,
			    "%s%.30s", k > 0 ? ", " : "", path);
	}
	return compile_absent(c, at,
	    "there is no loop %s in %s%s; there are: %s", name,
	    b->loop == 0 ? "" : "loop ", tally_loop_name(set, b->loop),
	    k > 0 ? known : "none");
}

enum tally_rc
resolve_table(struct compile *c, uint16_t *table, const struct tally_xml *at,
    const char *name)
{
	int i = tally_model_table(c->model, tally_cstr(name));

	if (i < 0)
		return compile_mistake(c, at,
		    "the model has no table %s; records.xml lists the tables",
		    name);
	*table = (uint16_t)i;
	return TALLY_OK;
}

enum tally_rc
resolve_column(struct compile *c, uint16_t *column, const struct tally_xml *at,
    uint16_t table, const char *name)
{
	const struct tally_table *t = &c->model->table[table];
	int i = tally_table_column(t, tally_cstr(name));

	for (uint16_t r = 0; i < 0 && r < t->nreference; r++)
		if (strcmp(t->reference[r].name, name) == 0)
			return compile_mistake(c, at,
			    "%s.%s is a reference, which is set by how rows "
			    "are nested; remove this",
			    t->name, name);
	if (i < 0)
		return compile_mistake(c, at,
		    "table %s has no column %s; correct the name, or add the "
		    "column to records.xml",
		    t->name, name);
	if (t->column[i].local != NULL)
		return compile_mistake(c, at,
		    "column %s is computed from others of table %s; remove "
		    "this",
		    name, t->name);
	*column = (uint16_t)i;
	return TALLY_OK;
}

enum tally_rc
resolve_values(struct compile *c, struct map_condition *out,
    const struct tally_xml *at, const struct tally_element *e, const char *list,
    char sep, const char *ref)
{
	size_t room = strlen(list) / 2 + 1;
	struct tally_str word, *v;
	const char *rest = list;
	uint64_t *key;

	if (room > VALUES_MAX)
		room = VALUES_MAX;
	v = tally_arena_alloc(&c->map->arena, room * sizeof(*v));
	key = tally_arena_alloc(&c->map->arena, room * sizeof(*key));
	if (v == NULL || key == NULL)
		return compile_nomem(c);
	out->value = v;
	out->key = key;
	for (;;) {
		word = words_next(&rest, sep);
		if (word.p == NULL)
			break;
		if (out->n == VALUES_MAX)
			return compile_mistake(c, at,
			    "%s has more than %d alternatives", ref,
			    VALUES_MAX);
		if (word.n < e->min || word.n > e->max ||
		    (e->code != NULL && tally_code_find(e, word) == NULL))
			return compile_mistake(c, at,
			    "%s can never be \"%.*s\": element %s has %s", ref,
			    (int)word.n, word.p, e->id,
			    e->code != NULL ? "no such code"
					    : "another length");
		word = tally_arena_str(&c->map->arena, word);
		if (word.p == NULL)
			return compile_nomem(c);
		key[out->n] = map_key(word);
		v[out->n++] = word;
	}
	if (out->n == 0)
		return compile_mistake(
		    c, at, "no value is given for %s; add one", ref);
	return TALLY_OK;
}

/* One "REF01=DP|ZZ". */
static enum tally_rc
read_condition(struct compile *c, struct map_condition *out,
    const struct tally_xml *at, const struct target *of, struct tally_str text)
{
	const char *equals = memchr(text.p, '=', text.n);
	struct target t = *of;
	char *ref, *values, tag[4];
	int element, component;
	enum tally_rc rc;

	if (equals == NULL)
		return compile_mistake(c, at,
		    "where=\"%.*s\" has no \"=\"; write it as in REF01=DP",
		    (int)text.n, text.p);
	ref = tally_arena_cstr(
	    &c->scratch, tally_str(text.p, (size_t)(equals - text.p)));
	values = tally_arena_cstr(&c->scratch,
	    tally_str(equals + 1, (size_t)(text.p + text.n - equals - 1)));
	if (ref == NULL || values == NULL)
		return compile_nomem(c);
	if (!tally_designator_split(ref, tag, &element, &component) ||
	    strcmp(tag, of->segment->tag) != 0)
		return compile_mistake(c, at,
		    "where speaks of %s, but can only speak of elements of "
		    "the segment that it selects, as in %s01",
		    ref, of->segment->tag);
	rc = find_element(c, &t, at, ref, element, component);
	if (rc != TALLY_OK)
		return rc;
	out->element = t.element;
	out->component = t.component;
	return resolve_values(c, out, at, t.leaf, values, '|', ref);
}

enum tally_rc
resolve_where(struct compile *c, struct map_block *out,
    const struct tally_xml *at, const struct target *of, const char *where)
{
	struct map_condition *v;
	struct tally_str word;
	const char *rest = where;
	uint8_t n = 0;
	enum tally_rc rc;

	v = tally_arena_alloc(&c->map->arena, 4 * sizeof(*v));
	if (v == NULL)
		return compile_nomem(c);
	for (;;) {
		word = words_next(&rest, ' ');
		if (word.p == NULL)
			break;
		if (n == 4)
			return compile_mistake(
			    c, at, "where has more than four conditions");
		v[n] = (struct map_condition){ 0 };
		rc = read_condition(c, &v[n++], at, of, word);
		if (rc != TALLY_OK)
			return rc;
	}
	if (n == 0)
		return compile_mistake(c, at,
		    "where is empty; write it as in REF01=DP, or leave it "
		    "out");
	out->condition = v;
	out->n = n;
	return TALLY_OK;
}
