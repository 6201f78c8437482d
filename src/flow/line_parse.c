/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of JSON to what is to be written; see line.h. */
#include "base/json.h"
#include "flow/line.h"
#include "x12/write.h"

#define RESIDUES_MAX (1u << 20)
#define ELEMENT_MAX  62

/* The members of a line that are texts: the object that they are in ("": the
 * line itself), the name, and where they go. */
static const struct {
	const char *object, *name;
	size_t to;
} texts[] = {
	{ "", "set", offsetof(struct line_read, set) },
	{ "", "version", offsetof(struct line_read, version) },
	{ "", "map", offsetof(struct line_read, map) },
	{ "", "control", offsetof(struct line_read, control) },
#define INTERCHANGE(name) \
	{ \
		"interchange", #name, \
		    offsetof(struct line_read, interchange.name) \
	}
	INTERCHANGE(control),
	INTERCHANGE(sender_qualifier),
	INTERCHANGE(sender),
	INTERCHANGE(receiver_qualifier),
	INTERCHANGE(receiver),
	INTERCHANGE(date),
	INTERCHANGE(time),
	INTERCHANGE(version),
	INTERCHANGE(usage),
#define GROUP(name) \
	{ \
		"group", #name, offsetof(struct line_read, group.name) \
	}
	GROUP(control),
	GROUP(functional),
	GROUP(sender),
	GROUP(receiver),
	GROUP(version),
};

static enum tally_rc
unknown(const struct line_read *l, const struct tally_json *x,
    struct tally_err *err)
{
	return tally_json_wrong(err, l->file, x,
	    "there is no member \"%.*s\" here; tallyman(1) has those that "
	    "there are",
	    (int)(x->name.n < 60 ? x->name.n : 60), x->name.p);
}

static enum tally_rc
want(const struct line_read *l, const struct tally_json *x,
    enum tally_json_kind kind, struct tally_err *err)
{
	if (x->kind == kind)
		return TALLY_OK;
	return tally_json_wrong(err, l->file, x, "%.*s: found %s; expected %s",
	    (int)x->name.n, x->name.p, tally_json_called(x->kind),
	    tally_json_called(kind));
}

/* Identifiers and numbers: no byte that is no character of X12. */
static enum tally_rc
put_text(struct line_read *l, struct tally_arena *a, size_t to,
    const struct tally_json *x, struct tally_err *err)
{
	enum tally_rc rc = want(l, x, TALLY_JSON_STRING, err);
	char *copy;

	if (rc != TALLY_OK)
		return rc;
	for (size_t i = 0; i < x->text.n; i++)
		if (x->text.p[i] < ' ' || x->text.p[i] > '~')
			return tally_json_wrong(err, l->file, x,
			    "%.*s: expected printable ASCII characters",
			    (int)x->name.n, x->name.p);
	copy = tally_arena_cstr(a, x->text);
	if (copy == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "no memory to read %s", l->file);
	memcpy((char *)l + to, &copy, sizeof(copy));
	return TALLY_OK;
}

static enum tally_rc
put_separators(
    struct line_read *l, const struct tally_json *x, struct tally_err *err)
{
	const unsigned char *c = (const unsigned char *)x->text.p;
	size_t n = x->text.n;
	enum tally_rc rc = want(l, x, TALLY_JSON_STRING, err);

	if (rc != TALLY_OK)
		return rc;
	if (n == 3 || n == 4)
		l->separators = (struct tally_separators){ c[0], c[1], c[2],
			n == 4 ? c[3] : 0 };
	if ((n == 3 || n == 4) && tally_separators_ok(&l->separators))
		return TALLY_OK;
	return tally_json_wrong(err, l->file, x,
	    "separators: expected three or four different characters, no "
	    "letters, digits or blanks: those of elements, segments, "
	    "components and repetitions");
}

/* The text members of an object, and separators. */
static enum tally_rc
put_member(struct line_read *l, struct tally_arena *a, const char *object,
    const struct tally_json *x, struct tally_err *err)
{
	if (*object == 'i' && tally_str_eq(x->name, TALLY_STR("separators")))
		return put_separators(l, x, err);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i].object, object) == 0 &&
		    tally_str_eq(x->name, tally_cstr(texts[i].name)))
			return put_text(l, a, texts[i].to, x, err);
	return unknown(l, x, err);
}

static enum tally_rc
put_object(struct line_read *l, struct tally_arena *a, const char *object,
    const struct tally_json *x, struct tally_err *err)
{
	enum tally_rc rc = want(l, x, TALLY_JSON_OBJECT, err);

	for (x = x->child; x != NULL && rc == TALLY_OK; x = x->next)
		rc = put_member(l, a, object, x, err);
	return rc;
}

static enum tally_rc
put_top(struct line_read *l, struct tally_arena *a, const struct tally_json *x,
    struct tally_err *err)
{
	if (tally_str_eq(x->name, TALLY_STR("interchange")))
		return put_object(l, a, "interchange", x, err);
	if (tally_str_eq(x->name, TALLY_STR("group")))
		return put_object(l, a, "group", x, err);
	if (tally_str_eq(x->name, TALLY_STR("verdict")))
		return TALLY_OK; /* it is told when a set is read */
	if (tally_str_eq(x->name, TALLY_STR("records"))) {
		l->records = x;
		return want(l, x, TALLY_JSON_OBJECT, err);
	}
	if (tally_str_eq(x->name, TALLY_STR("residue"))) {
		l->residue = x;
		return want(l, x, TALLY_JSON_ARRAY, err);
	}
	return put_member(l, a, "", x, err);
}

enum tally_rc
line_parse(struct line_read *l, struct tally_arena *a, const char *file,
    const struct tally_json *at, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	*l = (struct line_read){
		.file = file, .at = at, .separators = { '*', '~', '>', '^' }
	};
	if (at->kind != TALLY_JSON_OBJECT)
		return tally_json_wrong(err, file, at,
		    "found %s; expected an object, a document",
		    tally_json_called(at->kind));
	for (const struct tally_json *x = at->child;
	     x != NULL && rc == TALLY_OK; x = x->next)
		rc = put_top(l, a, x, err);
	if (rc == TALLY_OK && (l->set == NULL || l->records == NULL))
		rc = tally_json_wrong(err, file, at,
		    "the document has no \"%s\"",
		    l->set == NULL ? "set" : "records");
	return rc;
}

/* --- residue --- */

struct residue {
	const struct line_read *line;
	const struct tally_set_spec *spec;
	const struct tally_batch *batch;
	struct tally_err *err;
};

/* A whole number up to max; fallback where there is no such member. */
static enum tally_rc
number(const struct residue *r, const struct tally_json *entry,
    const char *name, uint32_t max, uint32_t *out)
{
	const struct tally_json *x = tally_json_get(entry, name);
	uint64_t n = 0;

	if (x == NULL)
		return TALLY_OK;
	for (size_t i = 0; x->kind == TALLY_JSON_NUMBER && i < x->text.n; i++)
		if (x->text.p[i] < '0' || x->text.p[i] > '9' || n > max)
			n = UINT64_MAX / 2;
		else
			n = n * 10 + (uint64_t)(x->text.p[i] - '0');
	if (x->kind != TALLY_JSON_NUMBER || n > max)
		return tally_json_wrong(r->err, r->line->file, x,
		    "residue: %s: expected a whole number up to %u", name, max);
	*out = (uint32_t)n;
	return TALLY_OK;
}

static enum tally_rc
string(const struct residue *r, const struct tally_json *entry,
    const char *name, struct tally_str *out)
{
	const struct tally_json *x = tally_json_get(entry, name);

	*out = tally_str("", 0);
	if (x == NULL)
		return TALLY_OK;
	*out = x->text;
	return want(r->line, x, TALLY_JSON_STRING, r->err);
}

/* Rows that the newest document has of a table. */
static uint32_t
rows_of(const struct tally_batch *b, int table)
{
	const struct tally_rows *rows = &b->rows[table];
	const struct tally_row *last;

	if (rows->n == 0)
		return 0;
	last = &rows->row[rows->n - 1];
	return last->document == b->ndocument - 1 ? last->seq + 1 : 0;
}

static enum tally_rc
owner(const struct residue *r, const struct tally_json *entry,
    struct tally_residue *one)
{
	const struct tally_model *m = r->batch->model;
	struct tally_str name, column;
	int table, c = -1;
	enum tally_rc rc = string(r, entry, "table", &name);

	if (rc == TALLY_OK)
		rc = string(r, entry, "column", &column);
	if (rc == TALLY_OK)
		rc = number(r, entry, "row", TALLY_ROWS_MAX, &one->row);
	if (rc != TALLY_OK)
		return rc;
	table = name.n > 0 ? tally_model_table(m, name) : 0;
	if (table >= 0 && column.n > 0)
		c = tally_table_column(&m->table[table], column);
	if (table < 0 || (column.n > 0 && c < 0) ||
	    (name.n > 0 && one->row >= rows_of(r->batch, table)))
		return tally_json_wrong(r->err, r->line->file, entry,
		    "residue: the document has no row %u of a table \"%.*s\" "
		    "with a column \"%.*s\"",
		    one->row, (int)name.n, name.p, (int)column.n, column.p);
	one->table = (uint16_t)table;
	one->column = c >= 0 ? (uint16_t)c : TALLY_NO_COLUMN;
	return TALLY_OK;
}

static bool
is_member(struct tally_str name)
{
	static const char *const names[] = { "segment", "place", "element",
		"text", "table", "row", "column" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (tally_str_eq(name, tally_cstr(names[i])))
			return true;
	return false;
}

static enum tally_rc
read_entry(const struct residue *r, const struct tally_json *entry,
    struct tally_residue *one)
{
	struct tally_str place;
	uint32_t element = 0;
	const char *tag;
	int at;
	enum tally_rc rc = TALLY_OK;

	if (entry->kind != TALLY_JSON_OBJECT)
		return tally_json_wrong(r->err, r->line->file, entry,
		    "residue: found %s; expected an object",
		    tally_json_called(entry->kind));
	for (const struct tally_json *x = entry->child; x != NULL; x = x->next)
		if (!is_member(x->name))
			return unknown(r->line, x, r->err);
	rc = string(r, entry, "place", &place);
	if (rc == TALLY_OK)
		rc = string(r, entry, "text", &one->text);
	if (rc == TALLY_OK)
		rc = number(r, entry, "segment", UINT32_MAX, &one->segment);
	if (rc == TALLY_OK)
		rc = number(r, entry, "element", ELEMENT_MAX, &element);
	if (rc != TALLY_OK)
		return rc;
	at = tally_place_find(r->spec, place);
	if (at < 0)
		return tally_json_wrong(r->err, r->line->file, entry,
		    "residue: set %s of %s has no place \"%.*s\"; expected "
		    "loops and a tag such as \"N1/PER\"",
		    r->spec->id, r->spec->version, (int)place.n, place.p);
	tag = r->spec->place[at].segment->tag;
	one->place = (uint16_t)at;
	one->element = (uint16_t)element;
	one->tag = tally_tag_of(tag, strlen(tag));
	return owner(r, entry, one);
}

enum tally_rc
line_residue(struct tally_residues *out, const struct line_read *l,
    const struct tally_set_spec *spec, const struct tally_batch *b,
    struct tally_err *err)
{
	const struct residue r = { l, spec, b, err };
	size_t n = l->residue != NULL ? l->residue->n : 0;
	const struct tally_json *x;
	void *p;
	enum tally_rc rc = TALLY_OK;

	out->n = 0;
	if (n > RESIDUES_MAX)
		return tally_json_wrong(err, l->file, l->residue,
		    "residue has more than %u entries", RESIDUES_MAX);
	if (n > out->cap) {
		p = tally_realloc(out->v, n * sizeof(*out->v));
		if (p == NULL)
			return tally_err_set(
			    err, TALLY_NOMEM, "no memory to read %s", l->file);
		out->v = p;
		out->cap = n;
	}
	for (x = n > 0 ? l->residue->child : NULL; x != NULL && rc == TALLY_OK;
	     x = x->next) {
		out->v[out->n] = (struct tally_residue){ .segment = 0 };
		rc = read_entry(&r, x, &out->v[out->n]);
		out->n++;
	}
	return rc;
}
