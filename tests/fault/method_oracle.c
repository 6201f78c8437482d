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

/* What partners got is spoilt, not what is there. */
static void
spoil_got(struct effort *e, struct scene *s)
{
	struct tree_file *f = &s->got[0].file;
	struct verdict v, told;

	for (int i = 0; i < 2; i++) {
		verdict_init(&v);
		verdict_init(&told);
		f->n -= i == 0 ? 5 : 0;
		s->ngot -= (size_t)i;
		oracle_end(&v, s);
		if (v.n[i == 0 ? WRONG_HALF : WRONG_LOST] == 0)
			verdict_add(&told, i == 0 ? WRONG_HALF : WRONG_LOST,
			    "the oracle does not find that an answer is %s",
			    i == 0 ? "cut" : "gone");
		effort_point(e, s, &told, "what a partner got, spoilt");
		f->n += i == 0 ? 5 : 0;
		s->ngot += (size_t)i;
		verdict_free(&v);
		verdict_free(&told);
	}
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
	spoil_got(e, &s);
	tree_free(&good);
	scene_remove(&s);
	workload_free(&w);
}
