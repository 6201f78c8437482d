/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The oracle itself: a scene that ended well is spoilt in one known way after
 * the other, and each must be found, under its name.
 */
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>

#include "fault/methods.h"

/* What is done to a scene: SQL, and a file that comes, goes or is cut. */
static const struct spoiling {
	const char *what;
	const char *sql;
	const char *make, *remove;
	enum wrong wrong;
} spoilings[] = {
	{ "nothing", "", NULL, NULL, WRONGS },
	{ "a file's row is gone", "DELETE FROM files WHERE name LIKE '00-%'",
	    NULL, NULL, WRONG_LOST },
	{ "a file has two rows",
	    "INSERT INTO files SELECT NULL, mailbox, name || '2', size, mtime,"
	    " sha256, payload_id, received_at, state, state_at, reason,"
	    " attempts FROM files LIMIT 1",
	    NULL, NULL, WRONG_DOUBLED },
	{ "an order is gone", "DELETE FROM orders WHERE po_number = 'P0-1-1'",
	    NULL, NULL, WRONG_LOST },
	{ "an order is there twice",
	    "UPDATE orders SET po_number = 'P0-1-1'"
	    " WHERE po_number = 'P0-3-1'",
	    NULL, NULL, WRONG_DOUBLED },
	{ "a line is gone",
	    "DELETE FROM order_lines WHERE id = (SELECT min(id)"
	    " FROM order_lines)",
	    NULL, NULL, WRONG_LOST },
	{ "a file is still to be done",
	    "UPDATE files SET state = 'received' WHERE name LIKE '02-%'", NULL,
	    NULL, WRONG_STUCK },
	{ "an interchange is half done",
	    "UPDATE interchanges SET state = 'recording' WHERE id = 3", NULL,
	    NULL, WRONG_STUCK },
	{ "an answer is not sent",
	    "UPDATE outbox SET state = 'uploaded' WHERE id = 2", NULL, NULL,
	    WRONG_STUCK },
	{ "an answer is not recorded", "DELETE FROM outbox WHERE id = 2", NULL,
	    NULL, WRONG_EARLY },
	{ "an interchange that is answered with others is half done",
	    "UPDATE interchanges SET state = 'recording' WHERE id ="
	    " (SELECT max(id) FROM interchanges WHERE answered_in NOT NULL)",
	    NULL, NULL, WRONG_EARLY },
	{ "an interchange does not name the file that answers it",
	    "UPDATE interchanges SET answered_in = NULL WHERE id ="
	    " (SELECT max(id) FROM interchanges WHERE answered_in NOT NULL)",
	    NULL, NULL, WRONG_EARLY },
	{ "the first one does not name the file that answers it and others",
	    "UPDATE interchanges SET answered_in = NULL WHERE id ="
	    " (SELECT min(id) FROM interchanges WHERE answered_in NOT NULL)",
	    NULL, NULL, WRONG_DATABASE },
	{ "an interchange names another file than the one that answers it",
	    "UPDATE interchanges SET answered_in = (SELECT max(answered_in)"
	    " FROM interchanges) WHERE id = (SELECT interchange_id FROM outbox"
	    " WHERE id NOT IN (SELECT answered_in FROM interchanges"
	    " WHERE answered_in NOT NULL))",
	    NULL, NULL, WRONG_DATABASE },
	{ "an interchange that is answered alone names no file",
	    "UPDATE interchanges SET answered_in = 999 WHERE id ="
	    " (SELECT interchange_id FROM outbox WHERE id NOT IN (SELECT"
	    " answered_in FROM interchanges WHERE answered_in NOT NULL))",
	    NULL, NULL, WRONG_DATABASE },
	{ "an answer was sent once more than it arrived",
	    "INSERT INTO events SELECT NULL, stream, 'later', subject,"
	    " subject_id, subjects, from_state, to_state, reason, content, hash"
	    " FROM events WHERE subject = 'outbox' AND to_state = 'sent'"
	    " LIMIT 1",
	    NULL, NULL, WRONG_LOST },
	{ "a number was drawn in vain",
	    "UPDATE control_numbers SET number = number + 1", NULL, NULL,
	    WRONG_NUMBER },
	{ "documents changed places",
	    "UPDATE documents SET group_id = 7 - group_id"
	    " WHERE group_id IN (3, 4)",
	    NULL, NULL, WRONG_ORDER },
	{ "kept bytes are others",
	    "UPDATE payloads SET bytes = x'00' WHERE id = 1", NULL, NULL,
	    WRONG_LOST },
	{ "a reference leads nowhere",
	    "PRAGMA foreign_keys = OFF; DELETE FROM payloads WHERE id = 1",
	    NULL, NULL, WRONG_DATABASE },
	{ "a group is gone",
	    "PRAGMA foreign_keys = OFF; DELETE FROM functional_groups"
	    " WHERE id = 1",
	    NULL, NULL, WRONG_DATABASE },
	{ "a temporary name is left", "", "box/ALPHA/inbound/.x.tmp", NULL,
	    WRONG_LEFT },
	{ "a spool file is left", "", "ws/spool/in-1-1", NULL, WRONG_LEFT },
	{ "a file stays in its mailbox", "", "box/BETA/outbound/x.edi", NULL,
	    WRONG_LEFT },
	{ "quarantine lacks a report", "", NULL, "ws/quarantine/5.txt",
	    WRONG_LOST },
	{ "the database is gone", "", NULL, "ws/tallyman.db", WRONG_DATABASE },
};

static void
spoil(struct scene *s, const struct spoiling *p)
{
	char path[PATH_MAX];
	sqlite3 *db = NULL;

	path_of(path, sizeof(path), "%s/ws/tallyman.db", s->root);
	if (sqlite3_open(path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, p->sql, NULL, NULL, NULL) != SQLITE_OK)
		die("%s: %s", p->sql, sqlite3_errmsg(db));
	sqlite3_close(db);
	if (p->make != NULL) {
		path_of(path, sizeof(path), "%s/%s", s->root, p->make);
		file_write(path, "x", 1, 0);
	}
	path_of(path, sizeof(path), "%s/%s", s->root,
	    p->remove != NULL ? p->remove : "no such thing");
	if (p->remove != NULL && remove(path) != 0)
		die("%s cannot be removed", path);
}

/* What partners got is spoilt, not what is there: a file that answers several
 * is cut, or has the second answer so many times; or the last one is gone. */
static const struct got_spoiling {
	const char *what;
	size_t cut;
	unsigned times;
	bool gone;
	enum wrong wrong;
} got_spoilings[] = {
	{ "an answer is cut", 5, 1, false, WRONG_HALF },
	{ "an answer is gone", 0, 1, true, WRONG_LOST },
	{ "an answer is not in the file of others", 0, 0, false, WRONG_LOST },
	{ "an answer is in one file twice", 0, 2, false, WRONG_DOUBLED },
};

/* Where the next is, behind its beginning; at the end there is none. */
static size_t
behind(const struct tree_file *f, size_t from, const char *what)
{
	const size_t n = strlen(what);

	for (; from + n <= f->n; from++)
		if (memcmp(f->bytes + from, what, n) == 0)
			return from + n;
	return f->n;
}

/* The place of the second set: behind a terminator, to behind its own. */
static bool
second_set(const struct tree_file *f, size_t *at, size_t *end)
{
	*at = behind(f, behind(f, 0, "~ST*"), "~ST*");
	*end = behind(f, behind(f, *at, "~SE*"), "~");
	*at -= strlen("ST*");
	return *end < f->n;
}

static void
spoil_bytes(struct tally_buf *b, const struct tree_file *f,
    const struct got_spoiling *p)
{
	size_t at, end;

	if (!second_set(f, &at, &end))
		die("%s answers one only", f->path);
	tally_buf_add(b, f->bytes, at);
	for (unsigned i = 0; i < p->times; i++)
		tally_buf_add(b, f->bytes + at, end - at);
	tally_buf_add(b, f->bytes + end, f->n - end - p->cut);
	if (b->failed)
		die("memory");
}

static void
spoil_got(struct effort *e, struct scene *s, const struct got_spoiling *p)
{
	struct tally_buf b;
	struct tree_file *f, had;
	struct verdict v, told;
	size_t i = 0, at, end;

	while (i < s->ngot && !second_set(&s->got[i].file, &at, &end))
		i++;
	if (i == s->ngot)
		die("no file answers several");
	f = &s->got[i].file;
	had = *f;
	tally_buf_init(&b, 1u << 20);
	verdict_init(&v);
	verdict_init(&told);
	spoil_bytes(&b, f, p);
	f->bytes = b.p;
	f->n = b.n;
	s->ngot -= p->gone;
	oracle_end(&v, s);
	s->ngot += p->gone;
	*f = had;
	if (v.n[p->wrong] == 0)
		verdict_add(&told, p->wrong, "the oracle says of it: %.300s",
		    v.text.n > 0 ? v.text.p : "nothing");
	effort_point(e, s, &told, "%s", p->what);
	verdict_free(&told);
	verdict_free(&v);
	tally_buf_free(&b);
}

void
method_oracle(struct effort *e)
{
	struct tree good = { 0 };
	struct workload w;
	struct scene s;
	int status;

	workload_make(&w, WORKLOAD_PLAIN, e->seed);
	scene_make(&s, e->program, &w, NULL);
	scene_fresh(&s, NULL);
	(void)scene_run(&s, NULL);
	if (!scene_recover(&s, &status))
		die("a run that nothing disturbs has no end");
	tree_read(&good, s.root);
	for (size_t i = 0; i < sizeof(spoilings) / sizeof(spoilings[0]); i++) {
		const struct spoiling *p = &spoilings[i];
		struct verdict v, told;

		verdict_init(&v);
		verdict_init(&told);
		remove_all(s.root);
		tree_write(&(struct tree){ &(struct tree_file){
					       .path = s.root, .folder = true },
			       1 },
		    "");
		tree_write(&good, s.root);
		spoil(&s, p);
		oracle_end(&v, &s);
		if (p->wrong == WRONGS ? verdict_sum(&v) != 0
				       : v.n[p->wrong] == 0)
			verdict_add(&told,
			    p->wrong == WRONGS ? WRONG_EXIT : p->wrong,
			    "the oracle says of it: %.300s",
			    v.text.n > 0 ? v.text.p : "nothing");
		effort_point(e, &s, &told, "%s", p->what);
		verdict_free(&v);
		verdict_free(&told);
	}
	remove_all(s.root);
	tree_write(
	    &(struct tree){
		&(struct tree_file){ .path = s.root, .folder = true }, 1 },
	    "");
	tree_write(&good, s.root);
	for (size_t i = 0; i < sizeof(got_spoilings) / sizeof(got_spoilings[0]);
	     i++)
		spoil_got(e, &s, &got_spoilings[i]);
	tree_free(&good);
	scene_remove(&s);
	workload_free(&w);
}
