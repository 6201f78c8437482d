/* SPDX-License-Identifier: Apache-2.0 */
/* A recorded document as a line of JSON that can be written again. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/internal.h"

/* Columns of DOCUMENT_MADE_FROM. */
enum {
	SET,
	CONTROL,
	MAP,
	STATE,
	INTERCHANGE, /* and what follows, as interchange[] has it */
	SEPARATORS = 13,
	GROUP /* as group[] has it */
};

static const char *const interchange[] = { "control", "sender_qualifier",
	"sender", "receiver_qualifier", "receiver", "date", "time", "version",
	"usage" };
static const char *const group[] = { "control", "functional", "sender",
	"receiver", "version" };

/* Columns of DOCUMENT_LEFT. */
enum { SEGMENT, ELEMENT, TEXT, PATH, TABLE, ROW, COLUMN };

static struct tally_str
column(struct store *st, enum statement q, int k)
{
	return st->engine->m->bytes(st->engine, q, k);
}

static void
put(struct tally_buf *out, const char *before, const char *name,
    struct tally_str v)
{
	tally_buf_printf(out, "%s\"%s\":", before, name);
	tally_text_json(out, v);
}

/* They stand in the store with blanks between them, odd ones as \x1d. */
static void
put_separators(struct tally_buf *out, struct tally_str s)
{
	char v[4], hex[3] = "";
	size_t n = 0;

	for (size_t i = 0; i < s.n && n < sizeof(v); i++) {
		if (s.p[i] == ' ')
			continue;
		v[n] = s.p[i];
		if (s.p[i] == '\\' && i + 3 < s.n && s.p[i + 1] == 'x') {
			memcpy(hex, s.p + i + 2, 2);
			v[n] = (char)strtoul(hex, NULL, 16);
			i += 3;
		}
		n++;
	}
	put(out, ",", "separators", tally_str(v, n));
}

static void
put_envelope(struct store *st, struct tally_buf *out)
{
	const enum statement q = Q_DOCUMENT_MADE_FROM;

	put(out, ",", "control", column(st, q, CONTROL));
	for (size_t i = 0; i < COUNT(interchange); i++)
		put(out, i == 0 ? ",\"interchange\":{" : ",", interchange[i],
		    column(st, q, INTERCHANGE + (int)i));
	put_separators(out, column(st, q, SEPARATORS));
	for (size_t i = 0; i < COUNT(group); i++)
		put(out, i == 0 ? "},\"group\":{" : ",", group[i],
		    column(st, q, GROUP + (int)i));
	tally_buf_putc(out, '}');
	if (column(st, q, MAP).n > 0)
		put(out, ",", "map", column(st, q, MAP));
}

/* One value of residue. */
static enum tally_rc
put_left(struct store *st, int64_t id, struct tally_buf *out, bool first,
    struct tally_err *err)
{
	const enum statement q = Q_DOCUMENT_LEFT;
	const struct engine_methods *m = st->engine->m;
	int64_t element = m->integer(st->engine, q, ELEMENT);

	if (column(st, q, PATH).n == 0)
		return tally_err_set(err, TALLY_DATA,
		    "document %lld was recorded by an older tallyman, which "
		    "did not note where residue belongs; \"tallyman replay "
		    "%lld\" records it anew",
		    (long long)id, (long long)id);
	tally_buf_printf(out, "%s{\"segment\":%lld", first ? "" : ",",
	    (long long)m->integer(st->engine, q, SEGMENT));
	put(out, ",", "place", column(st, q, PATH));
	if (element != 0)
		tally_buf_printf(out, ",\"element\":%lld", (long long)element);
	put(out, ",", "text", column(st, q, TEXT));
	if (column(st, q, TABLE).n > 0) {
		put(out, ",", "table", column(st, q, TABLE));
		tally_buf_printf(out, ",\"row\":%lld",
		    (long long)m->integer(st->engine, q, ROW));
	}
	if (column(st, q, COLUMN).n > 0)
		put(out, ",", "column", column(st, q, COLUMN));
	tally_buf_putc(out, '}');
	return TALLY_OK;
}

static enum tally_rc
put_residue(
    struct store *st, int64_t id, struct tally_buf *out, struct tally_err *err)
{
	const struct engine_value v[] = { v_integer(id) };
	bool row, first = true;
	enum tally_rc rc;

	tally_buf_puts(out, ",\"residue\":[");
	rc = store_one(st, Q_DOCUMENT_LEFT, v, COUNT(v), &row, err);
	while (rc == TALLY_OK && row) {
		rc = put_left(st, id, out, first, err);
		first = false;
		if (rc == TALLY_OK)
			rc = store_more(st, Q_DOCUMENT_LEFT, &row, err);
		else
			store_end(st, Q_DOCUMENT_LEFT);
	}
	tally_buf_putc(out, ']');
	return rc;
}

static enum tally_rc
put_head(struct store *st, int64_t id, const struct store_script *script,
    struct tally_buf *out, bool *found, struct tally_err *err)
{
	const enum statement q = Q_DOCUMENT_MADE_FROM;
	const struct engine_value v[] = { v_integer(id) };
	enum tally_rc rc = store_one(st, q, v, COUNT(v), found, err);

	if (rc != TALLY_OK || !*found)
		return rc;
	if (tally_str_eq(column(st, q, STATE), TALLY_STR("rejected")) ||
	    tally_str_eq(column(st, q, STATE), TALLY_STR("sent")))
		rc = tally_err_set(err, TALLY_DATA,
		    "document %lld is %s and has no records", (long long)id,
		    column(st, q, STATE).p);
	put(out, "{", "set",
	    script != NULL ? tally_cstr(script->set) : column(st, q, SET));
	if (script == NULL)
		put_envelope(st, out);
	store_end(st, q);
	return rc;
}

enum tally_rc
store_document_line(struct store *st, int64_t id,
    const struct store_script *script, struct tally_buf *out, bool *found,
    struct tally_err *err)
{
	enum tally_rc rc = put_head(st, id, script, out, found, err);

	if (rc != TALLY_OK || !*found)
		return rc;
	tally_buf_puts(out, ",\"records\":");
	rc = st->engine->m->json(st->engine, id, script, out, err);
	if (rc == TALLY_OK && script == NULL)
		rc = put_residue(st, id, out, err);
	tally_buf_puts(out, "}\n");
	if (rc == TALLY_OK && out->failed)
		rc = tally_err_set(err, TALLY_NOMEM,
		    "no memory for document %lld", (long long)id);
	return rc;
}
