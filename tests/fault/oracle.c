/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See oracle.h.  Invariants, and who checks them:
 *
 *   removed only after its bytes are committed    moment, kept_files
 *   one row for a file, one accepted interchange,
 *   one set of records for a document             files, interchanges, orders
 *   no answer before the records; each once, its
 *   number without a gap                          moment, oracle_answers.c
 *   one name, one content, one number; whole      oracle_answers.c
 *   a file of answers, and the interchanges that
 *   the store says are answered in it, agree      oracle_answers.c
 *   records in the order of receipt               in_order, oracle_receipt
 *   what cannot be read is set aside              files, quarantine
 *   halves are left alone                         files (their bytes)
 *   the same end as without the fault             all of them: nothing but
 *                                                 what was offered is there
 */
#include "fault/oracle.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>

#include "fault/oracle_inside.h"

const char *const wrong_name[WRONGS] = { "lost", "doubled", "early", "stuck",
	"half", "left", "order", "number", "database", "exit" };

#define TEXT_MAX (1u << 20)

void
verdict_init(struct verdict *v)
{
	*v = (struct verdict){ .n = { 0 } };
	tally_buf_init(&v->text, TEXT_MAX);
}

void
verdict_free(struct verdict *v)
{
	tally_buf_free(&v->text);
}

unsigned
verdict_sum(const struct verdict *v)
{
	unsigned sum = 0;

	for (int i = 0; i < WRONGS; i++)
		sum += v->n[i];
	return sum;
}

void
verdict_add(struct verdict *v, enum wrong what, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	v->n[what]++;
	tally_buf_printf(&v->text, "%s: %s\n", wrong_name[what], line);
}

/* --- the database --- */

bool
look_open(struct look *k, const char *dir)
{
	char path[PATH_MAX];

	path_of(path, sizeof(path), "%s/tallyman.db", dir);
	k->db = NULL;
	return sqlite3_open_v2(path, &k->db, SQLITE_OPEN_READWRITE, NULL) ==
	    SQLITE_OK;
}

void
look_close(struct look *k)
{
	sqlite3_close(k->db);
}

int64_t
look_number(struct look *k, const char *sql, ...)
{
	char text[1024];
	sqlite3_stmt *q = NULL;
	int64_t n = LOOK_FAILED;
	va_list ap;

	va_start(ap, sql);
	sqlite3_vsnprintf(sizeof(text), text, sql, ap);
	va_end(ap);
	if (sqlite3_prepare_v2(k->db, text, -1, &q, NULL) == SQLITE_OK &&
	    sqlite3_step(q) == SQLITE_ROW)
		n = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return n;
}

void
look_hash(const void *p, size_t n, char hex[65])
{
	unsigned char d[32];

	if (EVP_Digest(p, n, d, NULL, EVP_sha256(), NULL) != 1)
		die("SHA-256");
	for (int i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", d[i]);
}

static int64_t
rows_of(struct look *k, const struct offered *o)
{
	char hex[65];

	look_hash(o->bytes.p, o->bytes.n, hex);
	return look_number(k,
	    "SELECT count(*) FROM files WHERE mailbox = %Q AND name = %Q"
	    " AND sha256 = x'%s'",
	    box_id[o->box], o->name, hex);
}

/* --- at any moment --- */

/* A copy of the database, for looking into it replays its log. */
static bool
look_aside(struct look *k, const struct scene *s)
{
	static const char *const part[] = { "", "-wal" };
	char from[PATH_MAX], to[PATH_MAX], dir[PATH_MAX];
	struct tally_buf b;
	struct tree t = { 0 };

	path_of(dir, sizeof(dir), "%s/look", s->root);
	remove_all(dir);
	tree_folder(&t, "look");
	tree_write(&t, s->root);
	tree_free(&t);
	for (size_t i = 0; i < 2; i++) {
		path_of(from, sizeof(from), "%s/ws/tallyman.db%s", s->root,
		    part[i]);
		path_of(to, sizeof(to), "%s/tallyman.db%s", dir, part[i]);
		tally_buf_init(&b, 256u << 20);
		if (file_read(from, &b))
			file_write(to, b.p, b.n, 0);
		tally_buf_free(&b);
	}
	return look_open(k, dir);
}

/* Whether the whole of it was put into a mailbox by now. */
static bool
is_offered(const struct scene *s, const struct offered *o)
{
	return s->put[o - s->w->v] && (o->half == 0 || s->phase > 0);
}

static bool
in_mailbox(const struct scene *s, const struct offered *o, const char *folder)
{
	char path[PATH_MAX], hex[65];
	struct tally_buf b;
	bool same;

	look_hash(o->bytes.p, o->bytes.n, hex);
	path_of(path, sizeof(path), "%s/box/%s/%s/%s%s%.12s", s->root,
	    box_id[o->box], folder, o->name,
	    strcmp(folder, "taken") == 0 ? "." : "",
	    strcmp(folder, "taken") == 0 ? hex : "");
	tally_buf_init(&b, 64u << 20);
	same = file_read(path, &b) &&
	    tally_str_eq(tally_buf_view(&b), tally_buf_view(&o->bytes));
	tally_buf_free(&b);
	return same;
}

void
oracle_moment(struct verdict *v, struct scene *s)
{
	struct look k;

	scene_empty(s);
	if (!look_aside(&k, s)) {
		verdict_add(v, WRONG_DATABASE, "it cannot be opened");
		look_close(&k);
		return;
	}
	for (size_t i = 0; i < s->w->n; i++) {
		const struct offered *o = &s->w->v[i];

		if (is_offered(s, o) && !in_mailbox(s, o, "outbound") &&
		    rows_of(&k, o) == 0)
			verdict_add(v, WRONG_LOST,
			    "%s left mailbox %s and is not in the store",
			    o->name, box_id[o->box]);
	}
	answers_moment(v, s, &k);
	look_close(&k);
}

/* --- at the end --- */

static void
same_number(struct verdict *v, struct look *k, enum wrong more,
    enum wrong fewer, const char *what, int64_t want, const char *sql)
{
	int64_t got = look_number(k, sql);

	if (got != want)
		verdict_add(v,
		    got == LOOK_FAILED ? WRONG_DATABASE
			: got > want   ? more
				       : fewer,
		    "%s: %lld, expected %lld", what, (long long)got,
		    (long long)want);
}

static const char *
final_state(const struct offered *o)
{
	switch (o->fate) {
	case FATE_DUPLICATE:
	case FATE_REPEAT:
		return "duplicate";
	case FATE_SET_ASIDE:
		return "quarantined";
	default:
		return "translated";
	}
}

/* A file that was in hand when runs died twice is set aside, as poison is. */
bool
look_given_up(struct look *k, const struct scene *s, const struct offered *o)
{
	return s->deaths >= 2 &&
	    look_number(k,
		"SELECT count(*) FROM files WHERE mailbox = %Q AND name = %Q"
		" AND state = 'quarantined' AND attempts >= 2",
		box_id[o->box], o->name) == 1;
}

static void
one_file(struct verdict *v, struct look *k, const struct scene *s,
    const struct offered *o)
{
	char hex[65];
	int64_t rows = rows_of(k, o);
	bool moved = o->box == 1;

	look_hash(o->bytes.p, o->bytes.n, hex);
	if (rows != 1)
		verdict_add(v, rows > 1 ? WRONG_DOUBLED : WRONG_LOST,
		    "file %s of %s has %lld rows", o->name, box_id[o->box],
		    (long long)rows);
	else if (look_number(k,
		     "SELECT count(*) FROM files WHERE mailbox = %Q AND"
		     " name = %Q AND sha256 = x'%s' AND state = %Q",
		     box_id[o->box], o->name, hex, final_state(o)) != 1)
		verdict_add(v, WRONG_STUCK, "file %s of %s is not %s", o->name,
		    box_id[o->box], final_state(o));
	if (in_mailbox(s, o, "outbound"))
		verdict_add(v, WRONG_STUCK, "file %s stays in mailbox %s",
		    o->name, box_id[o->box]);
	if (moved && !in_mailbox(s, o, "taken"))
		verdict_add(v, WRONG_LOST, "file %s of %s was not moved",
		    o->name, box_id[o->box]);
}

/* What the store keeps of it is what came. */
static void
one_payload(struct verdict *v, struct look *k, const struct scene *s,
    const struct offered *o)
{
	char hex[65], path[PATH_MAX] = "", sql[512];
	sqlite3_stmt *q = NULL;
	struct tally_buf b;

	look_hash(o->bytes.p, o->bytes.n, hex);
	snprintf(sql, sizeof(sql),
	    "SELECT bytes, archive FROM payloads WHERE sha256 = x'%s'", hex);
	tally_buf_init(&b, 64u << 20);
	if (sqlite3_prepare_v2(k->db, sql, -1, &q, NULL) == SQLITE_OK &&
	    sqlite3_step(q) == SQLITE_ROW) {
		if (sqlite3_column_type(q, 1) == SQLITE_TEXT) {
			path_of(path, sizeof(path), "%s/ws/%s", s->root,
			    (const char *)sqlite3_column_text(q, 1));
			(void)file_read(path, &b);
		} else {
			tally_buf_add(&b, sqlite3_column_blob(q, 0),
			    (size_t)sqlite3_column_bytes(q, 0));
		}
	}
	sqlite3_finalize(q);
	if (!tally_str_eq(tally_buf_view(&b), tally_buf_view(&o->bytes)))
		verdict_add(
		    v, WRONG_LOST, "the bytes of %s are not kept", o->name);
	tally_buf_free(&b);
}

static void
one_set_aside(struct verdict *v, struct look *k, const struct scene *s,
    const struct offered *o)
{
	char path[PATH_MAX];
	struct tally_buf b, report;
	int64_t id = look_number(k,
	    "SELECT id FROM files WHERE mailbox = %Q AND name = %Q",
	    box_id[o->box], o->name);

	tally_buf_init(&b, 64u << 20);
	tally_buf_init(&report, 64u << 20);
	path_of(path, sizeof(path), "%s/ws/quarantine/%lld.original", s->root,
	    (long long)id);
	(void)file_read(path, &b);
	path_of(path, sizeof(path), "%s/ws/quarantine/%lld.txt", s->root,
	    (long long)id);
	(void)file_read(path, &report);
	if (!tally_str_eq(tally_buf_view(&b), tally_buf_view(&o->bytes)) ||
	    report.n == 0)
		verdict_add(v, WRONG_LOST,
		    "%s is not in quarantine with a report", o->name);
	tally_buf_free(&b);
	tally_buf_free(&report);
}

/* Its orders, each once, with all their lines. */
static void
orders_of(struct verdict *v, struct look *k, const struct offered *o)
{
	char like[32];
	int64_t n, whole;

	snprintf(like, sizeof(like), "P%u-%u-*", o->box, o->control);
	n = look_number(k,
	    "SELECT count(*) FROM orders o JOIN documents d"
	    " ON d.id = o.document_id WHERE po_number GLOB %Q"
	    " AND d.state GLOB 'accepted*'",
	    like);
	whole = look_number(k,
	    "SELECT count(DISTINCT po) FROM (SELECT d.\"key\" AS po"
	    " FROM order_lines l JOIN documents d ON d.id = l.document_id"
	    " WHERE d.\"key\" GLOB %Q GROUP BY d.id HAVING count(*) = %u)",
	    like, o->lines);
	if (n != o->docs)
		verdict_add(v, n > o->docs ? WRONG_DOUBLED : WRONG_LOST,
		    "%lld orders of %s, expected %u", (long long)n, o->name,
		    o->docs);
	else if (whole != o->docs)
		verdict_add(v, WRONG_LOST,
		    "%lld orders of %s have their %u lines, expected %u",
		    (long long)whole, o->name, o->lines, o->docs);
}

/* Records of a mailbox's files come in the order in which it was received. */
static void
in_order(struct verdict *v, struct look *k)
{
	same_number(v, k, WRONG_ORDER, WRONG_ORDER,
	    "orders that stand before earlier ones", 0,
	    "SELECT count(*) FROM (SELECT d.id, max(d.id) OVER"
	    " (PARTITION BY f.mailbox ORDER BY f.id RANGE BETWEEN UNBOUNDED"
	    " PRECEDING AND CURRENT ROW EXCLUDE GROUP) AS before"
	    " FROM documents d JOIN functional_groups g ON g.id = d.group_id"
	    " JOIN interchanges i ON i.id = g.interchange_id"
	    " JOIN files f ON f.id = i.file_id) WHERE before > id");
}

void
oracle_receipt(struct verdict *v, const struct scene *s)
{
	int64_t last[BOXES] = { 0 }, at;
	char dir[PATH_MAX];
	struct look k;

	path_of(dir, sizeof(dir), "%s/ws", s->root);
	if (!look_open(&k, dir))
		die("%s cannot be opened", dir);
	for (size_t i = 0; i < s->w->n; i++) {
		const struct offered *o = &s->w->v[i];

		if (o->phase != 0 || o->half != 0 || o->fate == FATE_SET_ASIDE)
			continue;
		at = look_number(&k,
		    "SELECT min(id) FROM files WHERE mailbox = %Q AND"
		    " name = %Q",
		    box_id[o->box], o->name);
		if (at < last[o->box])
			verdict_add(v, WRONG_ORDER,
			    "%s was received before earlier files", o->name);
		last[o->box] = at;
	}
	look_close(&k);
}

/* Sums over the workload, to find what nobody offered. */
struct sums {
	int64_t files, orders, lines, accepted, documents, asides;
};

static void
add_up(struct sums *n, struct verdict *v, struct look *k, const struct scene *s)
{
	for (size_t i = 0; i < s->w->n; i++) {
		const struct offered *o = &s->w->v[i];
		bool given_up =
		    o->fate != FATE_SET_ASIDE && look_given_up(k, s, o);

		if (o->fate != FATE_REPEAT)
			n->files++;
		if (o->fate == FATE_SET_ASIDE || given_up) {
			one_set_aside(v, k, s, o);
			n->asides++;
		}
		if (given_up)
			continue;
		if (o->fate != FATE_REPEAT)
			one_file(v, k, s, o);
		one_payload(v, k, s, o);
		if (o->fate == FATE_ORDERS || o->fate == FATE_BROKEN) {
			n->accepted++;
			n->documents += o->docs;
		}
		if (o->fate != FATE_ORDERS)
			continue;
		orders_of(v, k, o);
		n->orders += o->docs;
		n->lines += (int64_t)o->docs * o->lines;
	}
}

static void
nothing_else(struct verdict *v, struct look *k, const struct sums *n)
{
	same_number(v, k, WRONG_DOUBLED, WRONG_LOST, "files", n->files,
	    "SELECT count(*) FROM files");
	same_number(v, k, WRONG_DOUBLED, WRONG_LOST, "interchanges translated",
	    n->accepted,
	    "SELECT count(*) FROM interchanges WHERE state = 'translated'");
	same_number(v, k, WRONG_DOUBLED, WRONG_LOST, "documents", n->documents,
	    "SELECT count(*) FROM documents");
	same_number(v, k, WRONG_DOUBLED, WRONG_LOST, "orders", n->orders,
	    "SELECT count(*) FROM orders");
	same_number(v, k, WRONG_DOUBLED, WRONG_LOST, "order lines", n->lines,
	    "SELECT count(*) FROM order_lines");
	same_number(v, k, WRONG_STUCK, WRONG_STUCK, "files not done", 0,
	    "SELECT count(*) FROM files WHERE state = 'received'");
	same_number(v, k, WRONG_STUCK, WRONG_STUCK, "interchanges half done", 0,
	    "SELECT count(*) FROM interchanges WHERE state = 'recording'");
	same_number(v, k, WRONG_STUCK, WRONG_STUCK, "answers not sent", 0,
	    "SELECT count(*) FROM outbox WHERE state <> 'sent'");
	same_number(v, k, WRONG_DATABASE, WRONG_DATABASE,
	    "documents without their group", 0,
	    "SELECT count(*) FROM documents WHERE group_id NOT IN"
	    " (SELECT id FROM functional_groups)");
	same_number(v, k, WRONG_DATABASE, WRONG_DATABASE,
	    "interchanges answered in no file", 0,
	    "SELECT count(*) FROM interchanges WHERE answered_in NOT IN"
	    " (SELECT id FROM outbox)");
	same_number(v, k, WRONG_DATABASE, WRONG_DATABASE, "broken references",
	    0, "SELECT count(*) FROM pragma_foreign_key_check");
	same_number(v, k, WRONG_DATABASE, WRONG_DATABASE, "integrity", 1,
	    "SELECT integrity_check = 'ok' FROM pragma_integrity_check");
}

/* Which files there may be, besides those that are checked one by one. */
static void
folders(struct verdict *v, const struct scene *s, const struct sums *n)
{
	static const char *const empty[] = { "ws/spool", "box/ALPHA/outbound",
		"box/BETA/outbound", "box/ALPHA/inbound", "box/BETA/inbound",
		"ws/quarantine" };
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		struct tree t = { 0 };
		bool quarantine = i == sizeof(empty) / sizeof(empty[0]) - 1;

		path_of(path, sizeof(path), "%s/%s", s->root, empty[i]);
		tree_read(&t, path);
		if (t.n != (quarantine ? 2 * (size_t)n->asides : 0))
			verdict_add(v, WRONG_LEFT, "%s holds %zu files, as %s",
			    empty[i], t.n, t.n > 0 ? t.file[0].path : "");
		tree_free(&t);
	}
}

void
oracle_end(struct verdict *v, const struct scene *s)
{
	struct sums n = { 0 };
	char dir[PATH_MAX];
	struct look k;

	path_of(dir, sizeof(dir), "%s/ws", s->root);
	if (!look_open(&k, dir)) {
		verdict_add(v, WRONG_DATABASE, "it cannot be opened");
		look_close(&k);
		return;
	}
	add_up(&n, v, &k, s);
	in_order(v, &k);
	nothing_else(v, &k, &n);
	folders(v, s, &n);
	answers_end(v, s, &k);
	look_close(&k);
}
