/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The views for an ERP: a row per thing to import, only of documents that were
 * accepted, with whose they are and when they came.
 */
#include "store/eaches.h"
#include "store/internal.h"

#include <stdio.h>
#include <string.h>

#define ROLES_MAX      3
#define REFERENCES_MAX 3

/*
 * What is seen: the rows of a table, of documents with a row in the head.
 * The view of a head has parties of these roles, another one the columns by
 * which the rows are known that it refers to, and its quantities in eaches.
 * Tables and columns that the model of a site lacks are left out.
 */
static const struct view {
	const char *name, *head, *document_id;
	const char *table, *id; /* null: the head itself */
	const char *role[ROLES_MAX];
	const char *reference[REFERENCES_MAX];
	/* in units of "unit", or of "ordered_unit" where that is there */
	const char *quantity, *ordered;
} views[] = {
	{ "erp_orders", "orders", "order_id",
	    .role = { "ship_to", "bill_to" } },
	{ "erp_order_lines", "orders", "order_id", "order_lines",
	    "order_line_id", .reference = { "line_group_id" },
	    .quantity = "quantity" },
	{ "erp_order_answers", "orders", "order_id", "line_acknowledgments",
	    "order_answer_id", .reference = { "order_line_id" },
	    .quantity = "quantity" },
	{ "erp_shipments", "shipments", "shipment_id",
	    .role = { "ship_to", "ship_from" } },
	{ "erp_shipment_orders", "shipments", "shipment_id", "shipment_orders",
	    "shipment_order_id", .reference = { "package_id" } },
	{ "erp_packages", "shipments", "shipment_id", "packages", "package_id",
	    .reference = { "shipment_order_id", "shipment_line_id",
		"parent_package_id" } },
	{ "erp_shipment_lines", "shipments", "shipment_id", "shipment_lines",
	    "shipment_line_id",
	    .reference = { "shipment_order_id", "package_id" },
	    .quantity = "shipped", .ordered = "ordered" },
	{ "erp_inventory", "inventory", "inventory_id",
	    .role = { "warehouse", "depositor" } },
	{ "erp_inventory_lines", "inventory", "inventory_id", "inventory_lines",
	    "inventory_line_id", .reference = { "package_id" },
	    .quantity = "quantity" },
	{ "erp_inventory_quantities", "inventory", "inventory_id", "quantities",
	    "inventory_quantity_id", .reference = { "inventory_line_id" },
	    .quantity = "quantity" },
	{ "erp_invoices", "invoices", "invoice_id",
	    .role = { "ship_to", "bill_to", "remit_to" } },
	{ "erp_invoice_lines", "invoices", "invoice_id", "invoice_lines",
	    "invoice_line_id", .quantity = "quantity" },
	{ "erp_returns", "returns", "return_id",
	    .role = { "ship_to", "buyer" } },
	{ "erp_return_lines", "returns", "return_id", "return_lines",
	    "return_line_id", .quantity = "quantity" },
};

static const char *const party_column[] = { "name", "name2", "id_qualifier",
	"id_code", "street", "street2", "city", "state", "postal_code",
	"country" };

static const struct tally_table *
find_table(const struct tally_model *m, const char *name, bool head)
{
	int i = tally_model_table(m, tally_cstr(name));

	return i >= 0 && m->table[i].head == head ? &m->table[i] : NULL;
}

static bool
has(const struct tally_table *t, const char *column)
{
	return tally_table_column(t, tally_cstr(column)) >= 0;
}

/* Rows of a document in a table that is not a head's: a range of ids, which
 * is found without an index. */
static void
rows_of(struct tally_buf *sql, const char *table, const char *document)
{
	tally_buf_printf(sql, "%s.id BETWEEN %s << %d AND (%s << %d) + %lu",
	    table, document, TALLY_ROW_BITS, document, TALLY_ROW_BITS,
	    (unsigned long)TALLY_ROWS_MAX - 1);
}

/*
 * What views have in common is a view itself, and columns are named without
 * their table where that is enough: each process that opens a store reads the
 * text of them all.
 */
#define DOCUMENTS   "erp_documents"
#define OWN_PARTIES "erp_document_parties"

static const char *const document_column[] = { "document", "partner", "state",
	"usage", "received_at", "accepted_at" };

/* Those that are accepted, with whose they are and when they came. */
static void
documents(struct tally_buf *sql)
{
	tally_buf_puts(sql,
	    "CREATE VIEW " DOCUMENTS " AS SELECT d.id AS document, d.partner,"
	    " d.state, i.usage, i.recorded_at AS received_at,"
	    " coalesce((SELECT max(c.at) FROM decisions c"
	    " WHERE c.subject_id = d.id AND c.subject = 'document'"
	    " AND c.decision = 'released'), i.recorded_at) AS accepted_at"
	    " FROM documents d"
	    " JOIN functional_groups g ON g.id = d.group_id"
	    " JOIN interchanges i ON i.id = g.interchange_id"
	    " WHERE d.state IN ('accepted', 'accepted_with_errors')");
}

/* The table of parties, if views have any, or null. */
static const struct tally_table *
find_parties(const struct tally_model *m)
{
	const struct tally_table *parties = find_table(m, "parties", false);

	return parties != NULL && has(parties, "role") ? parties : NULL;
}

/* Parties that are the document's own, not a line's. */
static void
own_parties(struct tally_buf *sql, const struct tally_model *m,
    const struct tally_table *parties)
{
	const char *word = "WHERE";

	tally_buf_puts(
	    sql, "CREATE VIEW " OWN_PARTIES " AS SELECT * FROM parties p");
	for (int r = 0; r < parties->nreference; r++) {
		if (m->table[parties->reference[r].table].head)
			continue;
		tally_buf_printf(sql, " %s p.\"%s\" IS NULL", word,
		    parties->reference[r].name);
		word = "AND";
	}
}

/* The first of them that has a role. */
static void
join_party(struct tally_buf *sql, const char *role)
{
	tally_buf_printf(sql,
	    " LEFT JOIN parties %s ON %s.id = (SELECT min(p.id)"
	    " FROM " OWN_PARTIES " p WHERE ",
	    role, role);
	rows_of(sql, "p", "d.document");
	tally_buf_printf(sql, " AND p.role = '%s')", role);
}

static bool
is_of_document(const char *column)
{
	for (size_t i = 0; i < COUNT(document_column); i++)
		if (strcmp(document_column[i], column) == 0)
			return true;
	return false;
}

static void
head_columns(struct tally_buf *sql, const struct view *v,
    const struct tally_table *head, const struct tally_table *parties)
{
	const char *name;

	tally_buf_printf(sql, "d.document AS %s", v->document_id);
	for (size_t i = 1; i < COUNT(document_column); i++)
		tally_buf_printf(sql, ", d.%s", document_column[i]);
	for (int i = 0; i < head->ncolumn; i++) {
		name = head->column[i].name;
		tally_buf_printf(sql, ", %s\"%s\"",
		    is_of_document(name) ||
			    (parties != NULL && has(parties, name))
			? "t."
			: "",
		    name);
	}
	for (size_t i = 0; parties != NULL && i < ROLES_MAX && v->role[i]; i++)
		for (size_t k = 0; k < COUNT(party_column); k++)
			if (has(parties, party_column[k]))
				tally_buf_printf(sql, ", %s.%s AS %s_%s",
				    v->role[i], party_column[k], v->role[i],
				    party_column[k]);
}

static void
head_view(struct tally_buf *sql, const struct view *v,
    const struct tally_model *m, const struct tally_table *head)
{
	const struct tally_table *parties = find_parties(m);

	tally_buf_printf(sql, "CREATE VIEW %s AS SELECT ", v->name);
	head_columns(sql, v, head, parties);
	tally_buf_printf(sql,
	    " FROM %s t JOIN " DOCUMENTS " d ON d.document = t.id", v->head);
	for (size_t i = 0; parties != NULL && i < ROLES_MAX && v->role[i]; i++)
		join_party(sql, v->role[i]);
}

static const struct tally_table *
referred(const struct tally_model *m, const struct tally_table *t,
    const char *reference)
{
	for (uint16_t r = 0; r < t->nreference; r++)
		if (strcmp(t->reference[r].name, reference) == 0)
			return &m->table[t->reference[r].table];
	return NULL;
}

/* By what people know a row that is referred to. */
static bool
tells(const struct tally_column *c)
{
	return c->search || strcmp(c->name, "line_number") == 0;
}

/* Their names in the view, or what these are. */
static void
list_referred(struct tally_buf *sql, const struct tally_table *to,
    const char *reference, bool names)
{
	int stem = (int)(strlen(reference) - strlen("_id"));

	if (names)
		tally_buf_printf(sql, ", \"%s\"", reference);
	for (uint16_t i = 0; i < to->ncolumn; i++) {
		if (!tells(&to->column[i]))
			continue;
		tally_buf_puts(sql, ", ");
		if (!names)
			tally_buf_printf(sql, "\"%.*s\".\"%s\" AS ", stem,
			    reference, to->column[i].name);
		tally_buf_printf(
		    sql, "\"%.*s_%s\"", stem, reference, to->column[i].name);
	}
}

/* An item's number as one of 14 digits, for all that have a check digit. */
static void
list_gtin14(struct tally_buf *sql, const struct tally_table *t)
{
	if (!has(t, "gtin") || !has(t, "gtin_kind") || has(t, "gtin14"))
		return;
	tally_buf_puts(sql,
	    ", CASE WHEN length(gtin) IN (8, 12, 13, 14)"
	    " AND gtin NOT GLOB '*[^0-9]*' AND (gtin_kind IS NULL"
	    " OR gtin_kind IN ('UP', 'EN', 'UK', 'EO', 'UG', 'UH'))"
	    " THEN substr('000000' || gtin, -14) END AS gtin14");
}

/* Whether a view has quantities in eaches. */
static bool
counts(const struct view *v, const struct tally_table *t)
{
	return v->quantity != NULL && has(t, v->quantity) && has(t, "unit") &&
	    !has(t, "eaches");
}

static bool
counts_ordered(const struct view *v, const struct tally_table *t)
{
	return v->ordered != NULL && has(t, v->ordered) &&
	    has(t, "ordered_unit");
}

/* The outermost selection's. */
static void
list_eaches(
    struct tally_buf *sql, const struct view *v, const struct tally_table *t)
{
	tally_buf_puts(sql, ", eaches_per_unit, eaches_rule, ");
	eaches_of(sql, "eaches", v->quantity);
	tally_buf_puts(sql, " AS eaches");
	if (!counts_ordered(v, t))
		return;
	tally_buf_puts(
	    sql, ", CASE WHEN coalesce(ordered_unit, unit) = unit THEN ");
	eaches_of(sql, "eaches_ordered", v->ordered);
	tally_buf_puts(sql, " END AS ordered_eaches");
}

/* The one below it. */
static void
begin_eaches(
    struct tally_buf *sql, const struct view *v, const struct tally_table *t)
{
	tally_buf_puts(sql, "SELECT *");
	eaches_per_unit(sql);
	eaches_parts(sql, "eaches", v->quantity);
	if (counts_ordered(v, t))
		eaches_parts(sql, "eaches_ordered", v->ordered);
	tally_buf_puts(sql, " FROM (");
}

/* The rows of the documents, and what is joined with them. */
static void
select_rows(struct tally_buf *sql, const struct view *v,
    const struct tally_model *m, const struct tally_table *t)
{
	const struct tally_table *to;
	const char *reference;
	int stem;

	tally_buf_printf(
	    sql, "SELECT d.document AS %s, t.id AS %s", v->document_id, v->id);
	for (size_t i = 0; i < REFERENCES_MAX && v->reference[i]; i++)
		if ((to = referred(m, t, v->reference[i])) != NULL)
			list_referred(sql, to, v->reference[i], false);
	tally_buf_puts(sql, ", t.*");
	if (counts(v, t))
		eaches_says(sql, t);
	/* CROSS: documents outside, else every row would be looked at. */
	tally_buf_printf(sql,
	    " FROM %s h JOIN " DOCUMENTS " d ON d.document = h.id"
	    " CROSS JOIN %s t",
	    v->head, v->table);
	for (size_t i = 0; i < REFERENCES_MAX && v->reference[i]; i++) {
		reference = v->reference[i];
		to = referred(m, t, reference);
		stem = (int)(strlen(reference) - strlen("_id"));
		if (to != NULL)
			tally_buf_printf(sql,
			    " LEFT JOIN \"%s\" \"%.*s\""
			    " ON \"%.*s\".id = t.\"%s\"",
			    to->name, stem, reference, stem, reference,
			    reference);
	}
	if (counts(v, t))
		eaches_join(sql);
	tally_buf_puts(sql, " WHERE ");
	rows_of(sql, "t", "d.document");
}

static void
rows_view(struct tally_buf *sql, const struct view *v,
    const struct tally_model *m, const struct tally_table *t)
{
	const struct tally_table *to;

	tally_buf_printf(sql, "CREATE VIEW %s AS SELECT %s, %s", v->name,
	    v->document_id, v->id);
	for (size_t i = 0; i < REFERENCES_MAX && v->reference[i]; i++)
		if ((to = referred(m, t, v->reference[i])) != NULL)
			list_referred(sql, to, v->reference[i], true);
	for (int i = 0; i < t->ncolumn; i++)
		tally_buf_printf(sql, ", \"%s\"", t->column[i].name);
	list_gtin14(sql, t);
	if (counts(v, t))
		list_eaches(sql, v, t);
	tally_buf_puts(sql, " FROM (");
	if (counts(v, t))
		begin_eaches(sql, v, t);
	select_rows(sql, v, m, t);
	tally_buf_puts(sql, counts(v, t) ? ") s) r" : ") r");
}

/* Nothing where the model lacks what is seen. */
static void
describe(
    const struct tally_model *m, const struct view *v, struct tally_buf *sql)
{
	const struct tally_table *head = find_table(m, v->head, true);
	const struct tally_table *t =
	    v->table != NULL ? find_table(m, v->table, false) : head;

	if (head == NULL || t == NULL)
		return;
	if (t == head)
		head_view(sql, v, m, head);
	else
		rows_view(sql, v, m, t);
}

/* Makes a view anew, or drops it where there is no text for it. */
static enum tally_rc
renew(struct store *st, const char *name, struct tally_buf *text,
    struct tally_err *err)
{
	struct tally_buf drop;
	enum tally_rc rc;

	tally_buf_init(&drop, 256);
	tally_buf_printf(&drop, "DROP VIEW IF EXISTS %s", name);
	rc = store_define(st, &drop, err);
	tally_buf_free(&drop);
	return rc == TALLY_OK && text->n > 0 ? store_define(st, text, err) : rc;
}

enum tally_rc
views_make(struct store *st, struct tally_buf *sql, struct tally_err *err)
{
	const struct tally_table *parties = find_parties(st->model);
	enum tally_rc rc;

	tally_buf_reset(sql);
	eaches_units(sql);
	rc = renew(st, EACHES_UNITS, sql, err);
	tally_buf_reset(sql);
	documents(sql);
	if (rc == TALLY_OK)
		rc = renew(st, DOCUMENTS, sql, err);
	tally_buf_reset(sql);
	if (parties != NULL)
		own_parties(sql, st->model, parties);
	if (rc == TALLY_OK)
		rc = renew(st, OWN_PARTIES, sql, err);
	for (size_t i = 0; i < COUNT(views) && rc == TALLY_OK; i++) {
		tally_buf_reset(sql);
		describe(st->model, &views[i], sql);
		rc = renew(st, views[i].name, sql, err);
	}
	return rc;
}
