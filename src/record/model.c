/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The canonical model from records.xml; see tallyman/record.h.
 *
 * The schema has seen to names, types and order of elements; here is what a
 * schema cannot say: names that are unique, references to tables that exist,
 * the head table, the key.
 */
#include "record/model.h"

#include "base/embed.h"
#include "base/hash.h"
#include "base/xml.h"

#define MODEL_BYTES (4u << 20) /* of a model's tables and texts */
#define TABLES_MAX  200
#define COLUMNS_MAX 200 /* of one table; less than TALLY_NO_SLOT */
#define BLANKS      " \t\r\n"

/* What a model is made from; file names it in messages. */
struct loading {
	struct tally_model *model;
	const char *file;
	struct tally_err *err;
};

static const struct {
	const char *name;
	enum tally_column_type type;
} types[] = {
	{ "text", TALLY_TEXT },
	{ "integer", TALLY_INTEGER },
	{ "decimal", TALLY_DECIMAL },
	{ "date", TALLY_DATE },
	{ "time", TALLY_TIME },
};

static enum tally_column_type
type_of(const char *name)
{
	for (size_t i = 0; name != NULL && i < sizeof(types) / sizeof(*types);
	     i++)
		if (strcmp(types[i].name, name) == 0)
			return types[i].type;
	return TALLY_TEXT;
}

static bool
is_yes(const char *value)
{
	return value != NULL && strcmp(value, "yes") == 0;
}

static size_t
count(const struct tally_xml *x, const char *name)
{
	size_t n = 0;

	for (x = x->child; x != NULL; x = x->next)
		n += tally_xml_is(x, name);
	return n;
}

static enum tally_rc
out_of_memory(struct loading *l)
{
	return tally_err_set(
	    l->err, TALLY_NOMEM, "no memory for the model in %s", l->file);
}

static const char *
keep(struct loading *l, const char *s)
{
	return tally_arena_cstr(&l->model->arena, tally_cstr(s));
}

/* A name that the table has already, or that every table has. */
static bool
taken(const struct tally_table *t, const char *name)
{
	if (strcmp(name, "id") == 0 || strcmp(name, "document_id") == 0)
		return true;
	for (uint16_t i = 0; i < t->nreference; i++)
		if (strcmp(t->reference[i].name, name) == 0)
			return true;
	return tally_table_column(t, tally_cstr(name)) >= 0;
}

static enum tally_rc
twice(struct loading *l, const struct tally_xml *x, const struct tally_table *t)
{
	return tally_err_at(l->err, TALLY_CONFIG, l->file, x->line,
	    "table %s has a column %s already (id and document_id are in "
	    "every table); choose another name",
	    t->name, tally_xml_get(x, "name"));
}

static enum tally_rc
read_reference(struct loading *l, struct tally_table *t,
    struct tally_reference *r, const struct tally_xml *x)
{
	const char *to = tally_xml_get(x, "table");
	int table = tally_model_table(l->model, tally_cstr(to));

	if (taken(t, tally_xml_get(x, "name")))
		return twice(l, x, t);
	if (table < 0)
		return tally_err_at(l->err, TALLY_CONFIG, l->file, x->line,
		    "there is no table %s; correct the name", to);
	r->name = keep(l, tally_xml_get(x, "name"));
	r->table = (uint16_t)table;
	t->nreference++;
	return r->name != NULL ? TALLY_OK : out_of_memory(l);
}

static enum tally_rc
read_column(struct loading *l, struct tally_table *t, struct tally_column *c,
    const struct tally_xml *x)
{
	if (taken(t, tally_xml_get(x, "name")))
		return twice(l, x, t);
	c->type = type_of(tally_xml_get(x, "type"));
	c->search = is_yes(tally_xml_get(x, "search"));
	c->name = keep(l, tally_xml_get(x, "name"));
	c->note = keep(l, x->text);
	if (c->name == NULL || c->note == NULL)
		return out_of_memory(l);
	t->ncolumn++;
	return TALLY_OK;
}

/* "ship_date ship_time ship_zone" of this table, of types that can be it. */
static enum tally_rc
read_local(struct loading *l, struct tally_table *t, struct tally_column *c,
    uint16_t *instant, const struct tally_xml *x)
{
	static const enum tally_column_type type[] = { TALLY_DATE, TALLY_TIME,
		TALLY_TEXT };
	const char *p = tally_xml_get(x, "utc");
	uint16_t column[] = { 0, 0, TALLY_NO_COLUMN };
	struct tally_local *local;
	size_t n, i;
	int found;

	if (p == NULL)
		return TALLY_OK;
	p += strspn(p, BLANKS);
	for (i = 0; *p != '\0' && i < 3; i++, p += n + strspn(p + n, BLANKS)) {
		n = strcspn(p, BLANKS);
		found = tally_table_column(t, tally_str(p, n));
		if (found < 0 || t->column[found].type != type[i])
			break;
		column[i] = (uint16_t)found;
	}
	if (i < 2 || *p != '\0' || c->type != TALLY_TEXT)
		return tally_err_at(l->err, TALLY_CONFIG, l->file, x->line,
		    "column %s of table %s has utc=\"%s\"; expected columns of "
		    "the table: a date, a time and, if there is one, the zone, "
		    "for a column that is text",
		    c->name, t->name, tally_xml_get(x, "utc"));
	local = tally_arena_alloc(&l->model->arena, sizeof(*local));
	if (local == NULL)
		return out_of_memory(l);
	*local = (struct tally_local){ column[0], column[1], column[2] };
	c->local = local;
	instant[t->ninstant++] = (uint16_t)(c - t->column);
	return TALLY_OK;
}

/* When all columns are there. */
static enum tally_rc
read_locals(struct loading *l, struct tally_table *t, struct tally_column *c,
    const struct tally_xml *x)
{
	uint16_t *instant =
	    tally_arena_alloc(&l->model->arena, t->ncolumn * sizeof(*instant));
	enum tally_rc rc = TALLY_OK;

	if (instant == NULL)
		return out_of_memory(l);
	t->instant = instant;
	for (x = x->child; x != NULL && rc == TALLY_OK; x = x->next)
		if (tally_xml_is(x, "column"))
			rc = read_local(l, t, c++, instant, x);
	return rc;
}

/* The parts of a table in the order that the schema demands. */
static enum tally_rc
read_parts(struct loading *l, struct tally_table *t, const struct tally_xml *x)
{
	struct tally_arena *a = &l->model->arena;
	size_t nr = count(x, "reference"), nc = count(x, "column");
	struct tally_reference *r;
	struct tally_column *c;
	const struct tally_xml *y;
	enum tally_rc rc = TALLY_OK;

	if (nc > COLUMNS_MAX || nr > COLUMNS_MAX)
		return tally_err_at(l->err, TALLY_CONFIG, l->file, x->line,
		    "table %s has more than %d columns, which is the limit",
		    t->name, COLUMNS_MAX);
	r = tally_arena_alloc(a, nr * sizeof(*r));
	c = tally_arena_alloc(a, nc * sizeof(*c));
	if (r == NULL || c == NULL)
		return out_of_memory(l);
	memset(c, 0, nc * sizeof(*c));
	t->reference = r;
	t->column = c;
	for (y = x->child; y != NULL && rc == TALLY_OK; y = y->next) {
		if (tally_xml_is(y, "note"))
			t->note = keep(l, y->text);
		else if (tally_xml_is(y, "reference"))
			rc = read_reference(l, t, r + t->nreference, y);
		else
			rc = read_column(l, t, c + t->ncolumn, y);
	}
	if (rc == TALLY_OK && t->note == NULL)
		rc = out_of_memory(l);
	return rc == TALLY_OK ? read_locals(l, t, c, x) : rc;
}

/* Names come first, for references may go to any table. */
static enum tally_rc
name_table(struct loading *l, struct tally_table *t, const struct tally_xml *x)
{
	const char *name = tally_xml_get(x, "name");

	if (tally_model_table(l->model, tally_cstr(name)) >= 0)
		return tally_err_at(l->err, TALLY_CONFIG, l->file, x->line,
		    "there is a table %s already; choose another name", name);
	*t = (struct tally_table){ 0 };
	t->name = keep(l, name);
	t->head = is_yes(tally_xml_get(x, "head"));
	l->model->ntable++;
	return t->name != NULL ? TALLY_OK : out_of_memory(l);
}

static enum tally_rc
read_key(struct loading *l, struct tally_table *t, const struct tally_xml *x)
{
	const char *p = tally_xml_get(x, "key");
	size_t n;
	int column;

	if (p == NULL)
		return TALLY_OK;
	for (p += strspn(p, BLANKS); *p != '\0';
	     p += n + strspn(p + n, BLANKS)) {
		n = strcspn(p, BLANKS);
		column = tally_table_column(t, tally_str(p, n));
		if (column < 0 || !t->head)
			return tally_err_at(l->err, TALLY_CONFIG, l->file,
			    x->line,
			    "the key %.*s of table %s is not a column of a "
			    "table with head=\"yes\"",
			    (int)n, p, t->name);
		if (t->nkey == TALLY_KEYS_MAX)
			return tally_err_at(l->err, TALLY_CONFIG, l->file,
			    x->line,
			    "table %s has more than %d keys, which is the "
			    "limit",
			    t->name, TALLY_KEYS_MAX);
		t->key[t->nkey++] = (uint16_t)column;
	}
	return TALLY_OK;
}

static enum tally_rc
read_table(struct loading *l, struct tally_table *t, const struct tally_xml *x)
{
	enum tally_rc rc = read_parts(l, t, x);

	if (rc == TALLY_OK)
		rc = read_key(l, t, x);
	if (rc == TALLY_OK && t->head && t->nreference > 0)
		return tally_err_at(l->err, TALLY_CONFIG, l->file, x->line,
		    "table %s is the head of a document and cannot refer to "
		    "other tables; remove its reference",
		    t->name);
	return rc;
}

static enum tally_rc
read_tables(struct loading *l, const struct tally_xml *root)
{
	size_t n = count(root, "table");
	struct tally_table *t;
	enum tally_rc rc = TALLY_OK;

	if (n > TABLES_MAX)
		return tally_err_at(l->err, TALLY_CONFIG, l->file, root->line,
		    "there are more than %d tables, which is the limit",
		    TABLES_MAX);
	t = tally_arena_alloc(&l->model->arena, n * sizeof(*t));
	if (t == NULL)
		return out_of_memory(l);
	l->model->table = t;
	for (const struct tally_xml *x = root->child;
	     x != NULL && rc == TALLY_OK; x = x->next)
		rc = name_table(l, t + l->model->ntable, x);
	for (const struct tally_xml *x = root->child;
	     x != NULL && rc == TALLY_OK; x = x->next)
		rc = read_table(l, t++, x);
	return rc;
}

static enum tally_rc
note_timed(struct loading *l)
{
	struct tally_model *m = l->model;
	uint16_t *timed =
	    tally_arena_alloc(&m->arena, m->ntable * sizeof(*timed));

	if (timed == NULL)
		return out_of_memory(l);
	m->timed = timed;
	for (uint16_t i = 0; i < m->ntable; i++)
		if (m->table[i].ninstant > 0)
			timed[m->ntimed++] = i;
	return TALLY_OK;
}

static enum tally_rc
digest(unsigned char out[32], struct tally_str text, struct tally_err *err)
{
	struct tally_hash *h;
	enum tally_rc rc = tally_hash_new(&h, err);

	if (rc != TALLY_OK)
		return rc;
	tally_hash_add(h, text.p, text.n);
	tally_hash_end(h, out);
	tally_hash_free(h);
	return TALLY_OK;
}

enum tally_rc
tally_model_read(struct tally_model **out, const char *name,
    struct tally_str text, struct tally_err *err)
{
	const char *schema = tally_embedded_schema("records.rng", text);
	struct tally_model *m = tally_calloc(1, sizeof(*m));
	struct loading l = { m, name, err };
	struct tally_arena scratch;
	const struct tally_xml *root;
	enum tally_rc rc;

	tally_arena_init(&scratch, 64u << 20);
	if (m == NULL)
		return out_of_memory(&l);
	tally_arena_init(&m->arena, MODEL_BYTES);
	rc = tally_xml_load(&root, &scratch, name, text, schema, err);
	if (rc == TALLY_OK)
		rc = read_tables(&l, root);
	if (rc == TALLY_OK)
		rc = note_timed(&l);
	if (rc == TALLY_OK)
		rc = digest(m->hash, text, err);
	if (rc == TALLY_OK) {
		*out = m;
		m = NULL;
	}
	tally_arena_free(&scratch);
	tally_model_free(m);
	return rc;
}

void
tally_model_free(struct tally_model *m)
{
	if (m == NULL)
		return;
	tally_arena_free(&m->arena);
	tally_free(m);
}

/* Most names are told apart by their first letters. */
static bool
is_called(const char *is, struct tally_str name)
{
	return name.n > 0 && is[0] == name.p[0] &&
	    tally_str_eq(tally_cstr(is), name);
}

int
tally_model_table(const struct tally_model *m, struct tally_str name)
{
	for (uint16_t i = 0; i < m->ntable; i++)
		if (is_called(m->table[i].name, name))
			return i;
	return -1;
}

int
tally_table_column(const struct tally_table *t, struct tally_str name)
{
	for (uint16_t i = 0; i < t->ncolumn; i++)
		if (is_called(t->column[i].name, name))
			return i;
	return -1;
}

int
tally_table_reference(const struct tally_table *t, struct tally_str name)
{
	for (uint16_t i = 0; i < t->nreference; i++)
		if (is_called(t->reference[i].name, name))
			return i;
	return -1;
}
