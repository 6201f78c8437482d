/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is old is removed, on demand: bytes, findings, residue.  Rows that tell
 * what was received and sent stay, and so does every event, since the chain
 * would not hold without it.
 *
 * A payload whose bytes are gone has no bytes and a size: whoever looks for
 * bytes passes it over.  Archived files are removed after the commit.
 */
#include "store/internal.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

const char *const store_purged_name[STORE_PURGES] = {
	[STORE_PURGE_PAYLOADS] = "payloads",
	[STORE_PURGE_FINDINGS] = "findings",
	[STORE_PURGE_RESIDUE] = "residue",
};

static const enum statement plan[STORE_PURGES] = {
	[STORE_PURGE_PAYLOADS] = Q_PURGE_PAYLOADS_PLAN,
	[STORE_PURGE_FINDINGS] = Q_PURGE_FINDINGS_PLAN,
	[STORE_PURGE_RESIDUE] = Q_PURGE_RESIDUE_PLAN,
};

enum tally_rc
store_purge_plan(struct store *st, enum store_purge what, const char *before,
    struct store_purged *out, struct tally_err *err)
{
	const struct engine_value v[] = { v_cstr(before) };
	bool row;
	enum tally_rc rc = store_one(st, plan[what], v, COUNT(v), &row, err);

	memset(out, 0, sizeof(*out));
	if (rc != TALLY_OK || !row)
		return rc;
	out->rows = (uint64_t)st->engine->m->integer(st->engine, plan[what], 0);
	out->bytes =
	    (uint64_t)st->engine->m->integer(st->engine, plan[what], 1);
	store_end(st, plan[what]);
	return TALLY_OK;
}

/* Payloads that go: their ids, and the names of their files, each ended by a
 * NUL (empty for one that is a row). */
struct going {
	struct tally_buf id, name;
};

static enum tally_rc
look(struct store *st, const char *before, struct going *g,
    struct tally_err *err)
{
	const enum statement q = Q_PURGE_PAYLOADS_FILES;
	const struct engine_value v[] = { v_cstr(before) };
	const char *archive;
	int64_t id;
	bool row;
	enum tally_rc rc = store_one(st, q, v, COUNT(v), &row, err);

	while (rc == TALLY_OK && row) {
		id = st->engine->m->integer(st->engine, q, 0);
		archive = st->engine->m->text(st->engine, q, 1);
		tally_buf_add(&g->id, &id, sizeof(id));
		tally_buf_puts(&g->name, archive != NULL ? archive : "");
		tally_buf_putc(&g->name, '\0');
		rc = store_more(st, q, &row, err);
	}
	if (rc == TALLY_OK && (g->id.failed || g->name.failed))
		rc = tally_err_set(err, TALLY_NOMEM, "no memory");
	return rc;
}

static enum tally_rc
empty(struct store *st, const struct going *g, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;
	int64_t id;

	for (size_t at = 0; at < g->id.n && rc == TALLY_OK; at += sizeof(id)) {
		memcpy(&id, g->id.p + at, sizeof(id));

		const struct engine_value v[] = { v_integer(id) };

		rc = store_do(st, Q_PURGE_PAYLOAD, v, COUNT(v), err);
	}
	return rc;
}

/* Names that nothing refers to any more. */
static enum tally_rc
unlink_all(struct store *st, const struct going *g, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	for (size_t at = 0; at < g->name.n; at += strlen(g->name.p + at) + 1)
		if (g->name.p[at] != '\0' &&
		    unlinkat(st->dir, g->name.p + at, 0) != 0 &&
		    errno != ENOENT)
			rc = tally_err_errno(err, TALLY_IO,
			    "%s cannot be removed; it is of no use any more",
			    g->name.p + at);
	return rc;
}

static enum tally_rc
note(struct store *st, enum store_purge what, const char *before,
    const struct store_purged *p, int64_t now, struct tally_err *err)
{
	char reason[64];
	const struct store_event e = { .stream = "store",
		.name = "purge",
		.subject = store_purged_name[what],
		.n = (int64_t)p->rows,
		.to = "purged",
		.reason = reason };

	snprintf(reason, sizeof(reason), "before %s", before);
	return store_event(st, &e, now, err);
}

enum tally_rc
store_purge(struct store *st, enum store_purge what, const char *before,
    int64_t now, struct store_purged *out, struct tally_err *err)
{
	const struct engine_value v[] = { v_cstr(before) };
	struct going g;
	enum tally_rc rc;

	tally_buf_init(&g.id, SIZE_MAX);
	tally_buf_init(&g.name, SIZE_MAX);
	rc = store_begin(st, err);
	if (rc == TALLY_OK)
		rc = store_purge_plan(st, what, before, out, err);
	if (rc == TALLY_OK && what == STORE_PURGE_PAYLOADS) {
		rc = look(st, before, &g, err);
		if (rc == TALLY_OK)
			rc = empty(st, &g, err);
	} else if (rc == TALLY_OK) {
		rc = store_do(st,
		    what == STORE_PURGE_FINDINGS ? Q_PURGE_FINDINGS
						 : Q_PURGE_RESIDUE,
		    v, COUNT(v), err);
	}
	if (rc == TALLY_OK && out->rows > 0)
		rc = note(st, what, before, out, now, err);
	rc = store_settle(st, rc, err);
	if (rc == TALLY_OK)
		rc = unlink_all(st, &g, err);
	tally_buf_free(&g.id);
	tally_buf_free(&g.name);
	return rc;
}
