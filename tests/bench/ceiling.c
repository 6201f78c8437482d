/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ceiling FINISHED.db OUTDIR [DOCUMENTS [MOST]]: what SQLite needs for the same
 * rows.
 *
 * Reads documents (MOST of them) and canonical tables of a finished store into
 * memory, then inserts them into a fresh store, same schema, same settings, a
 * commit for as many DOCUMENTS (1000): by the classic loop of bind and step, by
 * a virtual table for each table, and as the store does it, which copies rows
 * as they lie.  Prints a line for each.  Nothing is parsed, hashed or checked
 * here: a whole run cannot be faster than the last.
 *
 * ceiling FINISHED.db: prints the number of its last document.
 */
#define _XOPEN_SOURCE 700 /* sync */

#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/embed.h"
#include "store/load.h"
#include "store/sqlite_source.h"

#define BATCH_MAX ((size_t)1 << 30)

static size_t per_commit = 1000, most = SIZE_MAX; /* documents */

/* A group of documents in memory. */
struct group {
	struct group *next;
	struct store_document *document;
	size_t n;
	struct tally_batch batch;
	int64_t *map, *id;
};

static void TALLY_NORETURN
die(const char *what, const char *why)
{
	fprintf(stderr, "ceiling: %s: %s\n", what, why);
	exit(1);
}

static void
must(enum tally_rc rc, const struct tally_err *err)
{
	if (rc != TALLY_OK)
		die("failed", err->text);
}

static void *
room(size_t n, size_t size)
{
	void *p = tally_calloc(n, size);

	if (p == NULL)
		die("failed", "no memory");
	return p;
}

static sqlite3_stmt *
prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		die(sql, sqlite3_errmsg(db));
	return stmt;
}

static void
run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		die(sql, sqlite3_errmsg(db));
}

static struct tally_str
column(sqlite3_stmt *stmt, int i)
{
	const void *p = sqlite3_column_blob(stmt, i);

	return tally_str(p, (size_t)sqlite3_column_bytes(stmt, i));
}

/* The row that a table's cursor is on, as the batch's newest. */
static void
read_row(struct tally_batch *b, uint16_t table, sqlite3_stmt *stmt)
{
	struct tally_rows *r = &b->rows[table];
	const struct tally_table *t = r->table;
	struct tally_err err;
	uint32_t row;
	int at = 2;

	must(tally_batch_row(b, table, &row, &err), &err);
	if (!t->head)
		r->row[row].seq = (uint32_t)(sqlite3_column_int64(stmt, 0) &
		    (TALLY_ROWS_MAX - 1));
	for (int i = 0; i < t->nreference; i++, at++)
		if (sqlite3_column_type(stmt, at) != SQLITE_NULL)
			r->reference[row * t->nreference + (uint32_t)i] =
			    b->model->table[t->reference[i].table].head
			    ? 0
			    : (uint32_t)(sqlite3_column_int64(stmt, at) &
				  (TALLY_ROWS_MAX - 1));
	for (uint16_t i = 0; i < t->ncolumn; i++, at++)
		if (sqlite3_column_text(stmt, at) != NULL)
			must(tally_batch_set(
				 b, table, row, i, column(stmt, at), &err),
			    &err);
}

static void
read_document(struct group *g, sqlite3_stmt *stmt, struct tally_arena *texts)
{
	struct store_document *d = &g->document[g->n];
	const char *state = (const char *)sqlite3_column_text(stmt, 9);

	d->id = sqlite3_column_int64(stmt, 0);
	d->group = sqlite3_column_int64(stmt, 1);
	snprintf(d->set, sizeof(d->set), "%s",
	    (const char *)sqlite3_column_text(stmt, 3));
	snprintf(d->control, sizeof(d->control), "%s",
	    (const char *)sqlite3_column_text(stmt, 4));
	d->ordinal = (uint32_t)sqlite3_column_int64(stmt, 5);
	d->offset = (uint64_t)sqlite3_column_int64(stmt, 6);
	d->length = (uint64_t)sqlite3_column_int64(stmt, 7);
	d->verdict = sqlite3_column_text(stmt, 8)[0];
	d->state = tally_arena_cstr(texts, tally_cstr(state));
	if (sqlite3_column_bytes(stmt, 11) == (int)sizeof(d->body))
		memcpy(d->body, sqlite3_column_blob(stmt, 11), sizeof(d->body));
	d->key = tally_arena_str(texts, column(stmt, 12));
	g->map[g->n] = sqlite3_column_int64(stmt, 10);
	g->id[g->n] = d->id;
	d->batch = tally_batch_document(&g->batch);
	g->n++;
}

static struct group *
new_group(const struct tally_model *m)
{
	struct group *g = room(1, sizeof(*g));
	struct tally_err err;

	g->document = room(per_commit, sizeof(*g->document));
	g->map = room(per_commit, sizeof(*g->map));
	g->id = room(per_commit, sizeof(*g->id));
	must(tally_batch_init(&g->batch, m, BATCH_MAX, &err), &err);
	return g;
}

/* All documents with their rows; tables are walked side by side by id. */
static struct group *
read_all(const char *path, const struct tally_model *m, struct tally_arena *a)
{
	struct group *first = NULL, **last = &first, *g = NULL;
	sqlite3_stmt **cursor = room(m->ntable, sizeof(*cursor));
	bool *more = room(m->ntable, sizeof(*more));
	sqlite3_stmt *documents;
	struct tally_buf sql;
	int64_t id;
	sqlite3 *db;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		die(path, sqlite3_errmsg(db));
	tally_buf_init(&sql, 1 << 20);
	for (int t = 0; t < m->ntable; t++) {
		tally_buf_reset(&sql);
		tally_buf_puts(&sql, "SELECT ");
		load_columns(&sql, &m->table[t], NULL);
		tally_buf_printf(
		    &sql, " FROM \"%s\" ORDER BY id", m->table[t].name);
		cursor[t] = prepare(db, sql.p);
		more[t] = sqlite3_step(cursor[t]) == SQLITE_ROW;
	}
	documents = prepare(
	    db, "SELECT " LOAD_DOCUMENT_COLUMNS " FROM documents ORDER BY id");
	while (most-- > 0 && sqlite3_step(documents) == SQLITE_ROW) {
		if (g == NULL || g->n == per_commit) {
			g = new_group(m);
			*last = g;
			last = &g->next;
		}
		id = sqlite3_column_int64(documents, 0);
		read_document(g, documents, a);
		for (uint16_t t = 0; t < m->ntable; t++)
			while (more[t] &&
			    sqlite3_column_int64(cursor[t], 1) == id) {
				read_row(&g->batch, t, cursor[t]);
				more[t] = sqlite3_step(cursor[t]) == SQLITE_ROW;
			}
	}
	for (int t = 0; t < m->ntable; t++)
		sqlite3_finalize(cursor[t]);
	sqlite3_finalize(documents);
	sqlite3_close(db);
	tally_buf_free(&sql);
	tally_free(cursor);
	tally_free(more);
	return first;
}

static void
bind_text(sqlite3_stmt *stmt, int i, const char *p, size_t n)
{
	if (p != NULL)
		sqlite3_bind_text(stmt, i, p, (int)n, SQLITE_STATIC);
	else
		sqlite3_bind_null(stmt, i);
}

static void
step(sqlite3 *db, sqlite3_stmt *stmt)
{
	if (sqlite3_step(stmt) != SQLITE_DONE)
		die("inserting", sqlite3_errmsg(db));
	sqlite3_reset(stmt);
}

static void
bind_document(sqlite3 *db, sqlite3_stmt *stmt, const struct group *g, size_t i)
{
	const struct store_document *d = &g->document[i];

	sqlite3_bind_int64(stmt, 1, d->id);
	sqlite3_bind_int64(stmt, 2, d->group);
	bind_text(stmt, 3, "bench", 5);
	bind_text(stmt, 4, d->set, strlen(d->set));
	bind_text(stmt, 5, d->control, strlen(d->control));
	sqlite3_bind_int64(stmt, 6, d->ordinal);
	sqlite3_bind_int64(stmt, 7, (int64_t)d->offset);
	sqlite3_bind_int64(stmt, 8, (int64_t)d->length);
	bind_text(stmt, 9, load_verdict(d->verdict), 1);
	bind_text(stmt, 10, d->state, strlen(d->state));
	sqlite3_bind_int64(stmt, 11, g->map[i]);
	sqlite3_bind_blob(stmt, 12, d->body, sizeof(d->body), SQLITE_STATIC);
	bind_text(stmt, 13, d->key.n != 0 ? d->key.p : NULL, d->key.n);
	step(db, stmt);
}

static void
bind_row(sqlite3 *db, sqlite3_stmt *stmt, const struct group *g,
    const struct tally_rows *r, uint32_t i)
{
	const struct tally_table *t = r->table;
	int64_t document = g->id[r->row[i].document], v;
	int at = 1;

	sqlite3_bind_int64(stmt, at++, load_row_id(t, document, r->row[i].seq));
	sqlite3_bind_int64(stmt, at++, document);
	for (int k = 0; k < t->nreference; k++, at++) {
		v = load_reference(g->batch.model, r, i, k, document);
		if (v != 0)
			sqlite3_bind_int64(stmt, at, v);
		else
			sqlite3_bind_null(stmt, at);
	}
	for (uint32_t k = 0; k < t->ncolumn; k++, at++) {
		const struct tally_cell *c = tally_rows_cell(r, i, k);

		if (c->p != NULL && t->column[k].type == TALLY_INTEGER &&
		    load_integer(&v, c))
			sqlite3_bind_int64(stmt, at, v);
		else
			bind_text(stmt, at, c->p, c->n);
	}
	step(db, stmt);
}

static sqlite3_stmt *
insert(sqlite3 *db, const char *name, const struct tally_table *t)
{
	int n = t != NULL ? 2 + t->nreference + t->ncolumn : 13;
	struct tally_buf sql;
	sqlite3_stmt *stmt;

	tally_buf_init(&sql, 1 << 20);
	tally_buf_printf(&sql, "INSERT INTO \"%s\" (", name);
	if (t != NULL)
		load_columns(&sql, t, NULL);
	else
		tally_buf_puts(&sql, LOAD_DOCUMENT_COLUMNS);
	tally_buf_puts(&sql, ") VALUES (?");
	for (int i = 1; i < n; i++)
		tally_buf_puts(&sql, ", ?");
	tally_buf_putc(&sql, ')');
	stmt = prepare(db, sql.p);
	tally_buf_free(&sql);
	return stmt;
}

static sqlite3 *
open_fresh(const char *path)
{
	sqlite3 *db;

	if (sqlite3_open_v2(path, &db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		die(path, sqlite3_errmsg(db));
	run(db, "PRAGMA synchronous = FULL");
	return db;
}

static void
classic(const char *path, const struct tally_model *m, const struct group *g)
{
	sqlite3_stmt **into = room((size_t)m->ntable + 1, sizeof(*into));
	sqlite3 *db = open_fresh(path);

	for (int t = 0; t < m->ntable; t++)
		into[t] = insert(db, m->table[t].name, &m->table[t]);
	into[m->ntable] = insert(db, "documents", NULL);
	for (; g != NULL; g = g->next) {
		run(db, "BEGIN IMMEDIATE");
		for (size_t i = 0; i < g->n; i++)
			bind_document(db, into[m->ntable], g, i);
		for (int t = 0; t < m->ntable; t++)
			for (uint32_t i = 0; i < g->batch.rows[t].n; i++)
				bind_row(db, into[t], g, &g->batch.rows[t], i);
		run(db, "COMMIT");
	}
	for (int t = 0; t <= m->ntable; t++)
		sqlite3_finalize(into[t]);
	sqlite3_close(db);
	tally_free(into);
}

/* What a source shows into its table. */
static sqlite3_stmt *
take(sqlite3 *db, struct sqlite_source *s)
{
	struct tally_buf sql;
	struct tally_err err;
	sqlite3_stmt *stmt;

	(void)sqlite_source_widen(s);
	must(sqlite_source_show(s, db, &err), &err);
	tally_buf_init(&sql, 1 << 20);
	sqlite_source_insert(&sql, s);
	stmt = prepare(db, sql.p);
	tally_buf_free(&sql);
	return stmt;
}

static void virtual(
    const char *path, const struct tally_model *m, const struct group *g)
{
	struct sqlite_shown shown = { .model = m };
	struct engine_load load;
	struct sqlite_source *s = room((size_t)m->ntable + 1, sizeof(*s));
	sqlite3_stmt *stmt;
	sqlite3 *db = open_fresh(path);

	tally_buf_init(&shown.escaped, SIZE_MAX);
	shown.load = &load;
	shown.nload = 1;
	s[0].all = &shown;
	for (int t = 0; t < m->ntable; t++)
		if (!sqlite_source_init(&s[t + 1], &shown, &m->table[t]))
			die("sources", "no memory");
	for (; g != NULL; g = g->next) {
		load = (struct engine_load){ "bench", g->document, g->map, g->n,
			&g->batch, g->id, NULL };
		run(db, "BEGIN IMMEDIATE");
		for (int t = 0; t <= m->ntable; t++) {
			if (sqlite_source_count(&s[t]) == 0)
				continue;
			stmt = take(db, &s[t]);
			if (sqlite3_step(stmt) != SQLITE_DONE)
				die("virtual", sqlite3_errmsg(db));
			sqlite3_finalize(stmt);
		}
		run(db, "COMMIT");
	}
	sqlite3_close(db);
	for (int t = 0; t <= m->ntable; t++)
		sqlite_source_free(&s[t]);
	tally_buf_free(&shown.escaped);
	tally_free(s);
}

static void
copied(const char *path, const struct tally_model *m, const struct group *g)
{
	struct engine *e;
	struct tally_err err;

	must(engine_sqlite_open(&e, path, STORE_WRITE, m, &err), &err);
	for (; g != NULL; g = g->next) {
		const struct engine_load load = { "bench", g->document, g->map,
			g->n, &g->batch, g->id, NULL };

		must(e->m->begin(e, &err), &err);
		must(e->m->load(e, &load, 1, &err), &err);
		must(e->m->commit(e, &err), &err);
	}
	e->m->close(e);
}

static double
now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A fresh store, the way into it, and what it took. */
static void
measure(const char *name, const char *out, const struct tally_model *m,
    const struct group *g, uint64_t rows,
    void (*way)(const char *, const struct tally_model *, const struct group *))
{
	static const char *const left[] = { "tallyman.db", "tallyman.db-wal",
		"tallyman.db-shm", "archive", "spool" };
	char dir[4096], path[4200];
	struct tally_err err;
	struct store *st;
	double wall, cpu;

	snprintf(dir, sizeof(dir), "%s/ceiling-%s", out, name);
	if (mkdir(dir, 0700) != 0)
		die(dir, strerror(errno));
	must(store_open(&st, dir, STORE_CREATE, m, &err), &err);
	store_close(st);
	snprintf(path, sizeof(path), "%s/tallyman.db", dir);
	sync(); /* what others have written is not to be paid for here */
	wall = now(CLOCK_MONOTONIC);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	way(path, m, g);
	wall = now(CLOCK_MONOTONIC) - wall;
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("%s rows %" PRIu64 " seconds %.4f cpu %.4f rows/s %.0f\n", name,
	    rows, wall, cpu, (double)rows / wall);
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, left[i]);
		remove(path);
	}
	remove(dir);
}

static void
last_document(const char *path)
{
	sqlite3_stmt *last;
	sqlite3 *db;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) !=
	    SQLITE_OK)
		die(path, sqlite3_errmsg(db));
	last = prepare(db, "SELECT max(id) FROM documents");
	if (sqlite3_step(last) != SQLITE_ROW)
		die(path, sqlite3_errmsg(db));
	printf("%" PRId64 "\n", (int64_t)sqlite3_column_int64(last, 0));
	sqlite3_finalize(last);
	sqlite3_close(db);
}

int
main(int argc, char **argv)
{
	struct tally_model *m;
	struct tally_arena texts;
	struct group *g, *next;
	struct tally_err err;
	uint64_t rows = 0;

	if (argc < 2 || argc > 5) {
		fprintf(stderr,
		    "usage: ceiling FINISHED.db [OUTDIR [DOCUMENTS [MOST]]]\n");
		return 64;
	}
	if (argc == 2) {
		last_document(argv[1]);
		return 0;
	}
	if (argc > 3)
		per_commit = strtoul(argv[3], NULL, 10);
	if (argc > 4)
		most = strtoul(argv[4], NULL, 10);
	must(tally_model_load(
		 &m, "records.xml", tally_embedded_find("records.xml"), &err),
	    &err);
	tally_arena_init(&texts, SIZE_MAX);
	g = read_all(argv[1], m, &texts);
	for (const struct group *i = g; i != NULL; i = i->next) {
		rows += i->n;
		for (int t = 0; t < m->ntable; t++)
			rows += i->batch.rows[t].n;
	}
	measure("bind", argv[2], m, g, rows, classic);
	measure("virtual", argv[2], m, g, rows, virtual);
	measure("copied", argv[2], m, g, rows, copied);
	for (; g != NULL; g = next) {
		next = g->next;
		tally_batch_free(&g->batch);
		tally_free(g->document);
		tally_free(g->map);
		tally_free(g->id);
		tally_free(g);
	}
	tally_arena_free(&texts);
	tally_model_free(m);
	return 0;
}
