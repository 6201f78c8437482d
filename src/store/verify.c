/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the store is sound: the database itself, the chain of events, the
 * bytes that were kept, and what has to hold between its rows.
 *
 * It only reads.  A run that goes on meanwhile is not in its way: all is of
 * one transaction.
 */
#include "store/internal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK    ((size_t)256 << 10)
#define VIEW_MAX (256 * 1024)

struct verify {
	struct store *st;
	store_problem_fn *problem;
	void *ctx;
	struct store_verified *n;
	struct tally_err *err;
	struct tally_buf line;
};

/* Problems, as a row has them: SQLite puts several into one, a line each,
 * below the name of the database. */
static void
told(void *ctx, int n, const char *const *names, const char *const *values)
{
	const char *p = n > 0 && values[0] != NULL ? values[0] : "ok";
	struct verify *v = ctx;
	size_t len;

	(void)names;
	if (strcmp(p, "ok") == 0)
		return;
	for (; *p != '\0'; p += len + (p[len] == '\n')) {
		len = strcspn(p, "\n");
		if (len == 0 || *p == '*')
			continue;
		tally_buf_reset(&v->line);
		tally_buf_printf(&v->line, "%.*s", (int)len, p);
		if (!v->line.failed)
			v->problem(v->ctx, v->line.p);
	}
}

static enum tally_rc
rows(struct verify *v, enum statement q)
{
	return store_rows(v->st, q, NULL, 0, told, v, v->err);
}

/* The event in hand, hashed behind the one before in its stream. */
static void
hash_event(
    struct verify *v, const unsigned char *before, unsigned char hash[32])
{
	const enum statement q = Q_VERIFY_EVENTS;
	struct store *st = v->st;
	struct tally_str s;

	if (before != NULL)
		tally_hash_add(st->hash, before, TALLY_HASH_SIZE);
	for (int i = 1; i <= 8; i++) {
		s = st->engine->m->bytes(st->engine, q, i);
		tally_hash_add(st->hash, s.p, s.n);
		tally_hash_add(st->hash, "", 1);
	}
	s = st->engine->m->bytes(st->engine, q, 9);
	tally_hash_add(st->hash, s.p, s.n);
	tally_hash_end(st->hash, hash);
}

static enum tally_rc
check_events(struct verify *v)
{
	const enum statement q = Q_VERIFY_EVENTS;
	const struct engine_methods *m = v->st->engine->m;
	struct engine *e = v->st->engine;
	unsigned char hash[TALLY_HASH_SIZE], before[TALLY_HASH_SIZE];
	struct tally_buf stream;
	struct tally_str name, had;
	bool row, same;
	enum tally_rc rc = store_one(v->st, q, NULL, 0, &row, v->err);

	tally_buf_init(&stream, 64 * 1024);
	while (rc == TALLY_OK && row) {
		name = m->bytes(e, q, 1);
		same = v->n->events > 0 &&
		    tally_str_eq(name, tally_buf_view(&stream));
		hash_event(v, same ? before : NULL, hash);
		had = m->bytes(e, q, 10);
		if (had.n != sizeof(hash) ||
		    memcmp(had.p, hash, sizeof(hash)) != 0) {
			tally_buf_reset(&v->line);
			tally_buf_printf(&v->line,
			    "event %" PRId64 " does not follow from the one "
			    "before it in %.*s: one of them, or one between, "
			    "was changed or removed",
			    m->integer(e, q, 0), (int)name.n, name.p);
			v->problem(v->ctx, v->line.p);
		}
		/* Told once; what follows is measured by what is there. */
		if (had.n == sizeof(before))
			memcpy(before, had.p, sizeof(before));
		tally_buf_reset(&stream);
		tally_buf_str(&stream, name);
		v->n->events++;
		rc = store_more(v->st, q, &row, v->err);
	}
	tally_buf_free(&stream);
	return rc;
}

/* Null, or what is wrong with an archived file. */
static const char *
check_archived(struct verify *v, const char *path, uint64_t size,
    unsigned char hash[32], char *block)
{
	int fd = openat(
	    v->st->dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	const char *why = NULL;
	struct stat sb;
	ssize_t n;

	if (fd < 0)
		return "cannot be opened";
	if (fstat(fd, &sb) != 0 || !S_ISREG(sb.st_mode) ||
	    (uint64_t)sb.st_size != size)
		why = "has another size";
	while (why == NULL && (n = read(fd, block, BLOCK)) != 0) {
		if (n < 0)
			why = "cannot be read";
		else
			tally_hash_add(v->st->hash, block, (size_t)n);
	}
	tally_hash_end(v->st->hash, hash);
	close(fd);
	return why;
}

/* The payload in hand; null when it is as it was kept, or purged. */
static const char *
check_payload(struct verify *v, char *block)
{
	const enum statement q = Q_VERIFY_PAYLOADS;
	const struct engine_methods *m = v->st->engine->m;
	struct engine *e = v->st->engine;
	const uint64_t size = (uint64_t)m->integer(e, q, 1);
	struct tally_str had = m->bytes(e, q, 2), bytes;
	const char *archive = m->text(e, q, 3), *why = NULL;
	unsigned char hash[TALLY_HASH_SIZE];

	if (archive != NULL) {
		why = check_archived(v, archive, size, hash, block);
	} else {
		bytes = m->bytes(e, q, 4);
		if (bytes.n == 0 && size > 0)
			return NULL;
		tally_hash_add(v->st->hash, bytes.p, bytes.n);
		tally_hash_end(v->st->hash, hash);
	}
	v->n->payloads++;
	if (why == NULL &&
	    (had.n != sizeof(hash) || memcmp(had.p, hash, sizeof(hash)) != 0))
		why = "is not as it was: its SHA-256 differs";
	return why;
}

static enum tally_rc
check_payloads(struct verify *v)
{
	const enum statement q = Q_VERIFY_PAYLOADS;
	const struct engine_methods *m = v->st->engine->m;
	struct engine *e = v->st->engine;
	char *block = tally_alloc(BLOCK);
	const char *why, *archive;
	bool row;
	enum tally_rc rc;

	if (block == NULL)
		return tally_err_set(v->err, TALLY_NOMEM, "no memory");
	rc = store_one(v->st, q, NULL, 0, &row, v->err);
	while (rc == TALLY_OK && row) {
		why = check_payload(v, block);
		archive = m->text(e, q, 3);
		if (why != NULL) {
			tally_buf_reset(&v->line);
			tally_buf_printf(&v->line, "payload %" PRId64 "%s%s %s",
			    m->integer(e, q, 0), archive != NULL ? ", " : "",
			    archive != NULL ? archive : "", why);
			v->problem(v->ctx, v->line.p);
		}
		rc = store_more(v->st, q, &row, v->err);
	}
	tally_free(block);
	return rc;
}

/* All rows of records with the document they belong to. */
static enum tally_rc
make_view(struct verify *v)
{
	const struct tally_model *m = v->st->model;
	struct tally_buf sql;
	enum tally_rc rc;

	tally_buf_init(&sql, VIEW_MAX);
	tally_buf_puts(&sql,
	    "CREATE TEMP VIEW IF NOT EXISTS owned (place, id,"
	    " document_id) AS SELECT 'residue', id, document_id"
	    " FROM residue");
	for (int i = 0; i < m->ntable; i++)
		tally_buf_printf(&sql,
		    " UNION ALL SELECT '%s', id, document_id FROM \"%s\"",
		    m->table[i].name, m->table[i].name);
	rc = sql.failed
	    ? tally_err_set(v->err, TALLY_NOMEM, "no memory")
	    : v->st->engine->m->define(v->st->engine, sql.p, v->err);
	tally_buf_free(&sql);
	return rc;
}

enum tally_rc
store_verify(struct store *st, store_problem_fn *problem, void *ctx,
    struct store_verified *n, struct tally_err *err)
{
	static const enum statement question[] = { Q_VERIFY_INTEGRITY,
		Q_VERIFY_FOREIGN, Q_VERIFY_ROWS, Q_VERIFY_STATES,
		Q_VERIFY_NUMBERS };
	struct verify v = { st, problem, ctx, n, err, { 0 } };
	enum tally_rc rc = make_view(&v);

	memset(n, 0, sizeof(*n));
	tally_buf_init(&v.line, 64 * 1024);
	if (rc == TALLY_OK)
		rc = store_begin(st, err);
	for (size_t i = 0; i < COUNT(question) && rc == TALLY_OK; i++)
		rc = rows(&v, question[i]);
	if (rc == TALLY_OK)
		rc = check_events(&v);
	if (rc == TALLY_OK)
		rc = check_payloads(&v);
	store_rollback(st);
	tally_buf_free(&v.line);
	return rc;
}
