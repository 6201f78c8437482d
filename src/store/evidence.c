/* SPDX-License-Identifier: Apache-2.0 */
/* Interchanges, functional groups, findings, residue. */
#include "store/internal.h"

#include <stdio.h>

#include "base/text.h"
#include "store/load.h"
#include "store/sent.h"

/* Where a value is in a row of interchanges, or of groups, that waits to be
 * written. */
enum {
	OF_FILE = 1,
	PARTNER = 3,
	AT = 15,
	STATE = 20,
	STATE_AT = 21,
	RECORDED = 23,
	ANSWERED_IN
};
enum { OF = 1, OFFSET = 7 };

/* Where one that waits may be such a prior one all are written, to be seen. */
static enum tally_rc
write_same(struct store *st, const struct tally_interchange_judged *ic,
    struct tally_err *err)
{
	const struct tally_str control = tally_cstr(ic->control);

	/* What the door changes is not compared. */
	return !tally_utf8_ok(control) ||
		store_held_find(st, HELD_INTERCHANGES, control.p, control.n) !=
		    NULL
	    ? store_held_write(st, err)
	    : TALLY_OK;
}

/* The first, or the first with the same content: the statement does not sort,
 * for hardly ever is there any. */
static enum tally_rc
prior_rows(struct store *st, struct store_prior *prior, bool row,
    struct tally_err *err)
{
	const struct engine_methods *m = st->engine->m;
	const enum statement q = Q_INTERCHANGE_PRIOR;
	enum tally_rc rc = TALLY_OK;

	while (rc == TALLY_OK && row && !prior->bytes_seen) {
		prior->bytes_seen = m->integer(st->engine, q, 1) != 0;
		if (!prior->key_seen || prior->bytes_seen)
			prior->interchange = m->integer(st->engine, q, 0);
		prior->key_seen = true;
		rc = store_more(st, q, &row, err);
	}
	if (rc == TALLY_OK)
		store_end(st, q);
	return rc;
}

enum tally_rc
store_interchange_prior(struct store *st,
    const struct tally_interchange_judged *ic, const unsigned char sha256[32],
    int64_t since, struct store_prior *prior, struct tally_err *err)
{
	const struct store_instant from = store_instant(since);
	const struct engine_value v[] = { v_blob(sha256, TALLY_HASH_SIZE),
		v_cstr(ic->sender), v_cstr(ic->receiver), v_cstr(ic->control),
		v_cstr(ic->sender_qualifier), v_cstr(ic->receiver_qualifier),
		v_cstr(from.text) };
	int64_t old = 0;
	enum tally_rc rc;
	bool row = false;

	*prior = (struct store_prior){ 0 };
	rc = write_same(st, ic, err);
	if (rc == TALLY_OK)
		rc = store_one(st, Q_INTERCHANGE_PRIOR, v, COUNT(v), &row, err);
	if (rc == TALLY_OK && !row && since != 0)
		rc = store_number(st, Q_INTERCHANGE_OLD, v + 1, COUNT(v) - 1,
		    &old, NULL, err);
	prior->old = old > 0;
	return rc != TALLY_OK || !row ? rc : prior_rows(st, prior, row, err);
}

enum tally_rc
store_group_prior(struct store *st, int64_t file,
    const struct tally_interchange_judged *ic,
    const struct tally_group_judged *g, int64_t since, bool *used,
    struct tally_err *err)
{
	const struct store_instant from = store_instant(since);
	const struct engine_value v[] = { v_cstr(ic->sender),
		v_cstr(ic->receiver), v_cstr(ic->sender_qualifier),
		v_cstr(ic->receiver_qualifier), v_cstr(from.text),
		v_cstr(g->functional), v_cstr(g->control), v_integer(file),
		v_integer((int64_t)ic->offset) };
	int64_t n = 0;
	enum tally_rc rc =
	    store_number(st, Q_GROUP_PRIOR, v, COUNT(v), &n, NULL, err);

	*used = n > 0;
	return rc;
}

/* "* ~ > ^", so that a person can read and copy them. */
static void
separators(struct tally_buf *b, const struct tally_separators *s)
{
	const unsigned char all[] = { s->element, s->segment, s->component,
		s->repetition };

	for (size_t i = 0; i < COUNT(all) && (i < 3 || all[i] != 0); i++) {
		if (i > 0)
			tally_buf_putc(b, ' ');
		tally_text_safe(b, tally_str(&all[i], 1));
	}
}

/* One that came in a file, or one that is sent, of which file is 0. */
static enum tally_rc
interchange_add(struct store *st, int64_t file, const char *partner,
    const struct tally_interchange_judged *ic, const unsigned char sha256[32],
    int64_t now, int64_t *id, struct tally_err *err)
{
	const struct store_instant at = store_instant(now);
	struct store_event e = { .stream = "partner",
		.name = partner,
		.subject = "interchange",
		.n = 1,
		.to = file == 0 ? "sent" : "recording",
		.content = sha256 };
	struct tally_buf b;
	enum tally_rc rc;

	tally_buf_init(&b, 256);
	separators(&b, &ic->separators);
	{
		const struct engine_value v[] = { v_id(file),
			v_cstr(file == 0 ? "out" : "in"),
			v_text(tally_cstr(partner)),
			v_cstr(ic->sender_qualifier), v_cstr(ic->sender),
			v_cstr(ic->receiver_qualifier), v_cstr(ic->receiver),
			v_cstr(ic->control), v_cstr(ic->date), v_cstr(ic->time),
			v_cstr(ic->version),
			v_some(tally_str(&ic->usage, ic->usage != '\0')),
			v_integer(ic->ack_requested),
			v_text(tally_buf_view(&b)),
			v_integer((int64_t)ic->offset),
			v_integer((int64_t)ic->length), v_integer(ic->included),
			v_blob(sha256, TALLY_HASH_SIZE),
			v_cstr(load_verdict(ic->verdict)),
			v_cstr(file == 0 ? "translated" : "recording"),
			v_instant(&at), v_instant(&at), v_integer(file == 0),
			v_id(0) };

		rc = b.failed ? tally_err_set(err, TALLY_NOMEM, "no memory")
			      : store_hold(st, HELD_INTERCHANGES, v, id, err);
	}
	tally_buf_free(&b);
	e.id = *id;
	if (rc == TALLY_OK)
		rc = store_event(st, &e, now, err);
	return rc;
}

/* Where it waits itself all are written, to be found. */
static enum tally_rc
write_begun(
    struct store *st, int64_t file, uint64_t offset, struct tally_err *err)
{
	for (size_t i = st->held.rows[HELD_INTERCHANGES].n; i-- > 0;) {
		const struct engine_value *v =
		    store_held_at(st, HELD_INTERCHANGES, i);

		if (v[OF_FILE].integer != file)
			break;
		if (v[AT].integer == (int64_t)offset)
			return store_held_write(st, err);
	}
	return TALLY_OK;
}

enum tally_rc
store_interchange_begin(struct store *st, int64_t file, const char *partner,
    const struct tally_interchange_judged *ic, const unsigned char sha256[32],
    int64_t now, int64_t *id, uint64_t *recorded, struct tally_err *err)
{
	const struct engine_value v[] = { v_integer(file),
		v_integer((int64_t)ic->offset) };
	const struct engine_methods *m = st->engine->m;
	enum tally_rc rc;
	bool row;

	*recorded = 0;
	rc = write_begun(st, file, ic->offset, err);
	if (rc == TALLY_OK)
		rc = store_one(st, Q_INTERCHANGE_FIND, v, COUNT(v), &row, err);
	if (rc != TALLY_OK)
		return rc;
	if (!row)
		return interchange_add(
		    st, file, partner, ic, sha256, now, id, err);
	*id = m->integer(st->engine, Q_INTERCHANGE_FIND, 0);
	*recorded = (uint64_t)m->integer(st->engine, Q_INTERCHANGE_FIND, 1);
	if (strcmp(m->text(st->engine, Q_INTERCHANGE_FIND, 2), "recording") !=
	    0)
		*recorded = STORE_ENDED;
	store_end(st, Q_INTERCHANGE_FIND);
	return TALLY_OK;
}

enum tally_rc
store_interchange_sent(struct store *st, int64_t outbox, const char *partner,
    const struct tally_interchange_judged *ic, const unsigned char sha256[32],
    int64_t now, int64_t *id, struct tally_err *err)
{
	struct engine_value v[] = { { 0 }, v_integer(outbox) };
	enum tally_rc rc;

	rc = interchange_add(st, 0, partner, ic, sha256, now, id, err);
	v[0] = v_integer(*id);
	return rc == TALLY_OK ? store_do(st, Q_SENT_CARRIES, v, COUNT(v), err)
			      : rc;
}

/* Whose an interchange is; row: its values where it is not written yet. */
static enum tally_rc
partner_of(struct store *st, int64_t id, const struct engine_value *row,
    struct tally_buf *partner, struct tally_err *err)
{
	const struct engine_value v[] = { v_integer(id) };
	const enum statement q = Q_INTERCHANGE_PARTNER;
	bool there = row != NULL;
	enum tally_rc rc = TALLY_OK;

	if (row != NULL)
		tally_buf_str(
		    partner, tally_str(row[PARTNER].p, row[PARTNER].n));
	else
		rc = store_one(st, q, v, COUNT(v), &there, err);
	if (rc != TALLY_OK)
		return rc;
	if (!there)
		return tally_err_set(err, TALLY_USAGE,
		    "there is no interchange %lld in the store", (long long)id);
	if (row == NULL) {
		tally_buf_str(partner, st->engine->m->bytes(st->engine, q, 0));
		store_end(st, q);
	}
	return partner->failed ? tally_err_set(err, TALLY_NOMEM, "no memory")
			       : TALLY_OK;
}

/* The state of one that is not written yet. */
static enum tally_rc
end_held(struct store *st, struct engine_value *row,
    const struct engine_value end[3], struct tally_err *err)
{
	enum tally_rc rc;

	row[RECORDED] = end[0];
	row[STATE] = end[1];
	row[STATE_AT] = end[2];
	rc = store_pass(&st->held.texts, &row[STATE], err);
	return rc == TALLY_OK ? store_pass(&st->held.texts, &row[STATE_AT], err)
			      : rc;
}

enum tally_rc
store_interchange_mark(struct store *st, int64_t id, uint64_t recorded,
    const char *state, int64_t now, struct tally_err *err)
{
	const struct store_instant at = store_instant(now);
	const struct engine_value mark[] = { v_integer((int64_t)recorded),
		v_integer(id) };
	const struct engine_value end[] = { mark[0], v_cstr(state),
		v_instant(&at), mark[1] };
	struct tally_buf partner;
	struct store_event e = { .stream = "partner",
		.subject = "interchange",
		.id = id,
		.n = 1,
		.from = "recording",
		.to = state };
	struct engine_value *held = store_held_row(st, HELD_INTERCHANGES, id);
	int64_t same;
	enum tally_rc rc;

	if (state == NULL)
		return store_number(st, Q_INTERCHANGE_MARK, mark, COUNT(mark),
		    &same, NULL, err);
	tally_buf_init(&partner, 4096);
	rc = partner_of(st, id, held, &partner, err);
	e.name = partner.p;
	if (rc == TALLY_OK && held != NULL)
		rc = end_held(st, held, end, err);
	else if (rc == TALLY_OK)
		rc = store_do(st, Q_INTERCHANGE_END, end, COUNT(end), err);
	if (rc == TALLY_OK)
		rc = store_event(st, &e, now, err);
	tally_buf_free(&partner);
	return rc;
}

enum tally_rc
store_interchanges_answered(struct store *st, int64_t outbox, const int64_t *id,
    size_t n, struct tally_err *err)
{
	struct engine_value v[] = { v_integer(outbox), v_integer(0) };
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < n && rc == TALLY_OK; i++) {
		struct engine_value *held =
		    store_held_row(st, HELD_INTERCHANGES, id[i]);

		v[1] = v_integer(id[i]);
		if (held != NULL)
			held[ANSWERED_IN] = v[0];
		else
			rc = store_do(
			    st, Q_INTERCHANGE_ANSWERED, v, COUNT(v), err);
	}
	return rc;
}

enum tally_rc
store_answered_before(struct store *st, int64_t interchange,
    const struct tally_group_judged *g, uint64_t *n, struct tally_err *err)
{
	const struct engine_value v[] = { v_integer(interchange),
		v_cstr(g->functional), v_cstr(g->control) };
	int64_t count = 0;
	enum tally_rc rc =
	    store_number(st, Q_ANSWERED_BEFORE, v, COUNT(v), &count, NULL, err);

	*n = (uint64_t)count;
	return rc;
}

/* The group of an interchange among those that wait; 0: there is none. */
static int64_t
waiting(const struct store *st, int64_t interchange, uint64_t offset)
{
	for (size_t i = st->held.rows[HELD_GROUPS].n; i-- > 0;) {
		const struct engine_value *v =
		    store_held_at(st, HELD_GROUPS, i);

		if (v[OF].integer != interchange)
			break;
		if (v[OFFSET].integer == (int64_t)offset)
			return v[0].integer;
	}
	return 0;
}

enum tally_rc
store_group_put(struct store *st, int64_t interchange,
    const struct tally_group_judged *g, int64_t *id, struct tally_err *err)
{
	const struct engine_value v[] = { v_integer(interchange),
		v_cstr(g->functional), v_cstr(g->sender), v_cstr(g->receiver),
		v_cstr(g->control), v_cstr(g->version),
		v_integer((int64_t)g->offset), v_integer(g->included),
		v_integer(g->received), v_integer(g->accepted),
		v_cstr(load_verdict(g->verdict)) };
	const struct engine_value find[] = { v[0], v[6] };
	bool made;
	enum tally_rc rc;

	/* Of one that is not written yet no group is. */
	if (store_held_row(st, HELD_INTERCHANGES, interchange) != NULL) {
		*id = waiting(st, interchange, g->offset);
		return *id != 0 ? TALLY_OK
				: store_hold(st, HELD_GROUPS, v, id, err);
	}
	rc = store_number(st, Q_GROUP_ADD, v, COUNT(v), id, &made, err);
	store_rows_made(st, HELD_GROUPS);
	if (rc != TALLY_OK || made)
		return rc;
	return store_number(st, Q_GROUP_FIND, find, COUNT(find), id, NULL, err);
}

static enum tally_rc
finding_put(struct store *st, const struct store_subject *s,
    const struct tally_finding *f, struct tally_buf *value,
    struct tally_err *err)
{
	const struct tally_finding_info *info = tally_finding_info(f->kind);
	const char *what = info->what;
	char message[512]; /* one of ours, and the name of a file in maps/ */

	if (f->rule != NULL && *f->rule != '\0') {
		snprintf(message, sizeof(message), "%s; broken rule: %s",
		    info->what, f->rule);
		what = message;
	}
	tally_buf_reset(value);
	tally_text_safe(value, f->value);
	if (value->failed)
		return tally_err_set(err, TALLY_NOMEM, "no memory");

	const struct engine_value v[] = { v_id(s->file), v_id(s->interchange),
		v_id(s->group), v_id(s->document),
		v_cstr(tally_severity_name(f->severity)), v_cstr(info->name),
		v_cstr(tally_level_name(info->level)),
		v_some(tally_cstr(info->code)), v_integer((int64_t)f->offset),
		v_id(f->segment), v_id(f->element), v_id(f->component),
		v_id(f->repetition), v_some(tally_cstr(f->tag)),
		v_some(tally_cstr(f->loop)), v_some(tally_cstr(f->id)),
		v_some(tally_cstr(f->name)), v_some(tally_buf_view(value)),
		v_some(f->expected), v_cstr(what) };

	return store_do(st, Q_FINDING_ADD, v, COUNT(v), err);
}

enum tally_rc
store_findings_put(struct store *st, const struct store_subject *s,
    const struct tally_finding *f, size_t n, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;
	struct tally_buf value;

	tally_buf_init(&value, 64 * 1024);
	for (size_t i = 0; rc == TALLY_OK && i < n; i++)
		rc = finding_put(st, s, &f[i], &value, err);
	tally_buf_free(&value);
	return rc;
}

static enum tally_rc
residue_put(struct store *st, int64_t document,
    const struct tally_set_spec *spec, const struct tally_residue *r,
    struct tally_buf *path, struct tally_err *err)
{
	const struct tally_table *t =
	    r->table < st->model->ntable ? &st->model->table[r->table] : NULL;
	bool known = spec != NULL && r->place < spec->nplace;
	const char *column = NULL;
	char tag[4];
	size_t len = 0;

	for (int shift = 24; shift >= 0; shift -= 8)
		if (r->tag >> shift != 0)
			tag[len++] = (char)(r->tag >> shift & 0xff);
	tally_buf_reset(path);
	if (known)
		tally_place_name(path, spec, r->place);
	if (t != NULL && r->column < t->ncolumn)
		column = t->column[r->column].name;

	const struct engine_value v[] = { v_integer(document),
		v_integer(r->segment),
		v_cstr(known ? spec->place[r->place].pos : NULL),
		v_text(tally_str(tag, len)), v_integer(r->element),
		v_text(r->text), v_some(tally_buf_view(path)),
		v_cstr(t != NULL ? t->name : NULL), v_integer(r->row),
		v_cstr(column) };

	return store_do(st, Q_RESIDUE_ADD, v, COUNT(v), err);
}

enum tally_rc
store_residue_put(struct store *st, int64_t document,
    const struct tally_set_spec *spec, const struct tally_residue *r, size_t n,
    struct tally_err *err)
{
	struct tally_buf path;
	enum tally_rc rc = TALLY_OK;

	tally_buf_init(&path, 256);
	for (size_t i = 0; rc == TALLY_OK && i < n; i++)
		rc = residue_put(st, document, spec, &r[i], &path, err);
	tally_buf_free(&path);
	return rc;
}
