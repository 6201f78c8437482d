/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening, transactions, and the door through which statements run.
 *
 * Every text argument passes here: valid UTF-8 without NUL goes on as it is,
 * anything else is escaped, so that no engine refuses it or cuts it short.
 */
#include "store/internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/days.h"
#include "base/text.h"

#define DOOR_MAX    (64u * 1024 * 1024) /* texts escaped for one statement */
#define BYTES_MAX   (64u * 1024 * 1024) /* of an outgoing file */
#define CHAINED_MAX (1u << 20)          /* of an event */
#define ARGUMENTS   32

/* The database file of CREATE mode: made here, or left by an attempt that
 * died, which the engine looks at. */
static enum tally_rc
create_file(
    struct store *st, const char *dir, bool *made, struct tally_err *err)
{
	int fd = openat(st->dir, "tallyman.db",
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);

	*made = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		return TALLY_OK;
	if (fd < 0)
		return tally_err_errno(
		    err, TALLY_CREATE, "cannot make %s/tallyman.db", dir);
	close(fd);
	return TALLY_OK;
}

static enum tally_rc
open_dir(struct store *st, const char *dir, struct tally_err *err)
{
	size_t n = strlen(dir) + sizeof("/tallyman.db");

	st->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (st->dir < 0)
		return tally_err_errno(
		    err, TALLY_NOINPUT, "cannot open the workspace %s", dir);
	st->path = tally_alloc(n);
	if (st->path == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	snprintf(st->path, n, "%s/tallyman.db", dir);
	return tally_hash_new(&st->hash, err);
}

static enum tally_rc
create(struct store *st, struct tally_err *err)
{
	enum tally_rc rc = store_schema_create(st, err);

	if (rc == TALLY_OK)
		rc = store_folder(st, "archive", err);
	if (rc == TALLY_OK)
		rc = store_folder(st, "spool", err);
	if (rc == TALLY_OK)
		rc = store_folder_sync(st, ".", err);
	return rc;
}

static void
remove_made(struct store *st)
{
	unlinkat(st->dir, "tallyman.db-wal", 0);
	unlinkat(st->dir, "tallyman.db-shm", 0);
	unlinkat(st->dir, "tallyman.db", 0);
}

enum tally_rc
store_open(struct store **out, const char *dir, enum store_mode mode,
    const struct tally_model *model, struct tally_err *err)
{
	struct store *st = tally_calloc(1, sizeof(*st));
	bool made = false;
	enum tally_rc rc;

	if (st == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	st->dir = -1;
	st->mode = mode;
	st->model = model;
	tally_arena_init(&st->door, DOOR_MAX);
	tally_buf_init(&st->name, DOOR_MAX);
	tally_buf_init(&st->bytes, BYTES_MAX);
	tally_buf_init(&st->chained, CHAINED_MAX);
	store_held_init(&st->held);
	rc = open_dir(st, dir, err);
	if (rc == TALLY_OK && mode == STORE_CREATE)
		rc = create_file(st, dir, &made, err);
	if (rc == TALLY_OK)
		rc =
		    engine_sqlite_open(&st->engine, st->path, mode, model, err);
	if (rc == TALLY_OK && mode == STORE_CREATE)
		rc = create(st, err);
	else if (rc == TALLY_OK && mode == STORE_WRITE)
		rc = store_schema_migrate(st, err);
	else if (rc == TALLY_OK)
		rc = store_schema_check(st, err);
	if (rc == TALLY_OK && mode == STORE_WRITE)
		store_spool_clean(st);
	if (rc != TALLY_OK) {
		if (st->engine != NULL)
			st->engine->m->close(st->engine);
		st->engine = NULL;
		if (made)
			remove_made(st);
		store_close(st);
		return rc;
	}
	*out = st;
	return TALLY_OK;
}

void
store_close(struct store *st)
{
	if (st == NULL)
		return;
	if (st->engine != NULL) {
		st->engine->m->rollback(st->engine);
		st->engine->m->close(st->engine);
	}
	tally_hash_free(st->hash);
	store_held_free(&st->held);
	tally_arena_free(&st->door);
	tally_buf_free(&st->name);
	tally_buf_free(&st->bytes);
	tally_buf_free(&st->chained);
	store_received_free(st);
	tally_free(st->path);
	if (st->dir >= 0)
		close(st->dir);
	tally_free(st);
}

void
store_patience(struct store *st, int ms)
{
	st->engine->m->patience(st->engine, ms);
}

enum tally_rc
store_begin(struct store *st, struct tally_err *err)
{
	store_held_forget(st);
	return st->engine->m->begin(st->engine, err);
}

enum tally_rc
store_commit(struct store *st, struct tally_err *err)
{
	enum tally_rc rc = store_held_write(st, err);

	if (rc == TALLY_OK)
		rc = st->engine->m->commit(st->engine, err);
	else
		store_rollback(st);
	store_held_forget(st);
	return rc;
}

void
store_rollback(struct store *st)
{
	store_held_forget(st);
	st->engine->m->rollback(st->engine);
}

enum tally_rc
store_settle(struct store *st, enum tally_rc rc, struct tally_err *err)
{
	if (rc == TALLY_OK)
		rc = store_commit(st, err);
	if (rc != TALLY_OK)
		store_rollback(st);
	return rc;
}

enum tally_rc
store_savepoint(struct store *st, struct tally_err *err)
{
	enum tally_rc rc = store_held_write(st, err);

	return rc == TALLY_OK ? st->engine->m->savepoint(st->engine, err) : rc;
}

enum tally_rc
store_release(struct store *st, struct tally_err *err)
{
	enum tally_rc rc = store_held_write(st, err);

	return rc == TALLY_OK ? st->engine->m->release(st->engine, err) : rc;
}

void
store_undo(struct store *st)
{
	store_held_forget(st);
	st->engine->m->undo(st->engine);
}

/* The door: replaces the text by its escaped form where that is needed. */
static enum tally_rc
pass(struct tally_arena *a, struct engine_value *v, struct tally_err *err)
{
	struct tally_buf b;
	struct tally_str s = tally_str(v->p, v->n);

	if (v->kind != ENGINE_TEXT || tally_utf8_ok(s))
		return TALLY_OK;
	tally_buf_init(&b, DOOR_MAX);
	tally_text_utf8(&b, s);
	s = tally_arena_str(a, tally_buf_view(&b));
	if (b.failed || s.p == NULL) {
		tally_buf_free(&b);
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	}
	tally_buf_free(&b);
	v->p = s.p;
	v->n = s.n;
	v->fleeting = true;
	return TALLY_OK;
}

enum tally_rc
store_pass(struct tally_arena *a, struct engine_value *v, struct tally_err *err)
{
	enum tally_rc rc = pass(a, v, err);
	struct tally_str copy;

	if (rc != TALLY_OK || v->fleeting ||
	    (v->kind != ENGINE_TEXT && v->kind != ENGINE_BLOB))
		return rc;
	copy = tally_arena_str(a, tally_str(v->p, v->n));
	if (copy.p == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	v->p = copy.p;
	return TALLY_OK;
}

enum tally_rc
store_many(struct store *st, enum statement id, const struct engine_value *v,
    size_t width, size_t n, struct tally_err *err)
{
	return st->engine->m->many(st->engine, id, v, width, n, err);
}

enum tally_rc
store_one(struct store *st, enum statement id, const struct engine_value *v,
    size_t n, bool *row, struct tally_err *err)
{
	struct engine_value passed[ARGUMENTS];
	enum tally_rc rc = TALLY_OK;

	assert(n <= ARGUMENTS);
	rc = store_rows_before(st, id, err);
	tally_arena_reset(&st->door);
	for (size_t i = 0; rc == TALLY_OK && i < n; i++) {
		passed[i] = v[i];
		rc = pass(&st->door, &passed[i], err);
	}
	if (rc == TALLY_OK)
		rc = st->engine->m->start(st->engine, id, passed, n, err);
	if (rc == TALLY_OK)
		rc = st->engine->m->next(st->engine, id, row, err);
	return rc;
}

enum tally_rc
store_more(
    struct store *st, enum statement id, bool *row, struct tally_err *err)
{
	return st->engine->m->next(st->engine, id, row, err);
}

void
store_end(struct store *st, enum statement id)
{
	st->engine->m->finish(st->engine, id);
}

enum tally_rc
store_each(struct store *st, enum statement id, const struct engine_value *v,
    size_t n, store_each_fn *fn, void *ctx, struct tally_err *err)
{
	bool row, more = true;
	enum tally_rc rc = store_one(st, id, v, n, &row, err);

	if (rc != TALLY_OK)
		return rc;
	while (rc == TALLY_OK && row && more) {
		rc = fn(st, ctx, &more, err);
		if (rc == TALLY_OK && more)
			rc = store_more(st, id, &row, err);
	}
	store_end(st, id);
	return rc;
}

enum tally_rc
store_do(struct store *st, enum statement id, const struct engine_value *v,
    size_t n, struct tally_err *err)
{
	bool row;
	enum tally_rc rc = store_one(st, id, v, n, &row, err);

	if (rc == TALLY_OK)
		store_end(st, id);
	return rc;
}

enum tally_rc
store_number(struct store *st, enum statement id, const struct engine_value *v,
    size_t n, int64_t *out, bool *found, struct tally_err *err)
{
	bool row;
	enum tally_rc rc = store_one(st, id, v, n, &row, err);

	if (rc != TALLY_OK)
		return rc;
	if (row)
		*out = st->engine->m->integer(st->engine, id, 0);
	store_end(st, id);
	if (found != NULL)
		*found = row;
	else if (!row)
		return tally_err_set(err, TALLY_IO,
		    "the store lacks a row that has to be there");
	return TALLY_OK;
}

void
store_copy(char *to, size_t size, const char *from)
{
	struct tally_str s = tally_cstr(from);

	if (s.n >= size)
		s.n = size - 1;
	if (s.n > 0)
		memcpy(to, s.p, s.n);
	to[s.n] = '\0';
}

static void
digits(char *p, unsigned v, int n)
{
	for (; n-- > 0; v /= 10)
		p[n] = (char)('0' + v % 10);
}

struct store_instant
store_instant(int64_t ms)
{
	/* Four digits of the year, so that texts sort as instants do. */
	const int64_t day = 86400000, min = -719528 * day,
		      max = 2932897 * day - 1;
	struct store_instant at = { "0000-00-00T00:00:00.000Z" };
	int64_t days;
	unsigned m, d, rest;
	int y;

	if (ms == 0)
		return (struct store_instant){ "" };
	ms = ms < min ? min : ms > max ? max : ms;
	days = (ms >= 0 ? ms : ms - day + 1) / day;
	rest = (unsigned)(ms - days * day);
	tally_days_date(days, &y, &m, &d);
	digits(at.text, (unsigned)y, 4);
	digits(at.text + 5, m, 2);
	digits(at.text + 8, d, 2);
	digits(at.text + 11, rest / 3600000, 2);
	digits(at.text + 14, rest / 60000 % 60, 2);
	digits(at.text + 17, rest / 1000 % 60, 2);
	digits(at.text + 20, rest % 1000, 3);
	return at;
}

int64_t
store_instant_ms(const char *text)
{
	int y, hour, minute, second, milli;
	unsigned m, d;

	if (text == NULL ||
	    sscanf(text, "%4d-%2u-%2uT%2d:%2d:%2d.%3dZ", &y, &m, &d, &hour,
		&minute, &second, &milli) != 7)
		return 0;
	return (((tally_days_of(y, m, d) * 24 + hour) * 60 + minute) * 60 +
		   second) *
	    1000 +
	    milli;
}
