/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How SQLite finds what the store's statements ask for: by the id or an index,
 * so that what a run costs does not grow with what is there, or by what is
 * allowed to read all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "store/internal.h"
#include "support/store_fixture.h"

#define S(name, text) { #name, text },
static const struct {
	const char *name, *text;
} statement[] = {
#include "store/statements.def"
};
#undef S

/* What is there for the time of a statement, or does not grow. */
static const char *const small[] = { "held_rows", "meta", "maps", "mailboxes",
	"control_numbers", "lookups" };

/* What reads all there is: counts, searches by people, and keeping house. */
static const char *const whole[] = { "ASK_COUNTS", "FIND", "TRACE",
	"ARCHIVE_ALL", "VERIFY_PAYLOADS", "VERIFY_ROWS", "VERIFY_EVENTS",
	"VERIFY_STATES", "PURGE_PAYLOADS_PLAN", "PURGE_PAYLOADS_FILES",
	"PURGE_FINDINGS_PLAN", "PURGE_FINDINGS", "PURGE_RESIDUE_PLAN",
	"PURGE_RESIDUE" };

/* What goes through a table by its ids and stops at the first rows. */
static const struct {
	const char *statement, *table;
} first[] = {
	{ "PAYLOAD_LAST", "payloads" },
	{ "FILE_LAST", "files" },
	{ "INTERCHANGE_LAST", "interchanges" },
	{ "GROUP_LAST", "functional_groups" },
	{ "DOCUMENT_LAST", "documents" },
	{ "OUTBOX_LAST", "outbox" },
	{ "EVENT_ANY", "events" },
	{ "MARK_EVENT", "events" },
	{ "ASK_HEALTH", "events" },
	{ "ASK_RECENT", "d" },
};

static bool whole_used[COUNT(whole)], first_used[COUNT(first)];

/* Stand-ins for what the store makes when it is needed. */
static const char stand_ins[] =
    "CREATE TEMP TABLE held_rows (c1, c2, c3, c4, c5, c6, c7, c8, c9, c10,"
    " c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24,"
    " c25);"
    "CREATE TEMP TABLE found (value, place, document_id);"
    "CREATE TEMP TABLE owned (place, id, document_id)";

static sqlite3 *
connect_to(const struct fixture *f)
{
	sqlite3 *db = fixture_connection(f);

	assert_int_equal(
	    sqlite3_exec(db, stand_ins, NULL, NULL, NULL), SQLITE_OK);
	return db;
}

/* An index that has only what its condition lets in. */
static bool
is_partial(sqlite3 *db, const char *name)
{
	sqlite3_stmt *stmt;
	bool is;

	assert_int_equal(sqlite3_prepare_v2(db,
			     "SELECT 1 FROM sqlite_schema WHERE type = 'index'"
			     " AND name = ?1 AND sql LIKE '% WHERE %'",
			     -1, &stmt, NULL),
	    SQLITE_OK);
	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	is = sqlite3_step(stmt) == SQLITE_ROW;
	sqlite3_finalize(stmt);
	return is;
}

/* Whether a line of a plan goes through a table, which is then in table. */
static bool
reads_all(sqlite3 *db, const char *line, char table[64])
{
	const char *by = strstr(line, " USING "), *index;

	if (sscanf(line, "SCAN %63s", table) == 1) {
		index = by != NULL ? strstr(by, "INDEX ") : NULL;
		return index == NULL || !is_partial(db, index + 6);
	}
	return sscanf(line, "SEARCH %63s", table) == 1 && by == NULL;
}

static bool
is_small(const char *line, const char *table)
{
	for (size_t i = 0; i < COUNT(small); i++)
		if (strcmp(table, small[i]) == 0)
			return true;
	/* Functions that are tables, and rows of one. */
	return strncmp(table, "pragma_", 7) == 0 ||
	    strstr(line, "CONSTANT ROW") != NULL;
}

static bool
is_allowed(const char *name, const char *table)
{
	for (size_t i = 0; i < COUNT(whole); i++)
		if (strcmp(name, whole[i]) == 0)
			return whole_used[i] = true;
	for (size_t i = 0; i < COUNT(first); i++)
		if (strcmp(name, first[i].statement) == 0 &&
		    strcmp(table, first[i].table) == 0)
			return first_used[i] = true;
	return false;
}

static const char *
text_of(const char *name)
{
	for (size_t i = 0; i < COUNT(statement); i++)
		if (strcmp(statement[i].name, name) == 0)
			return statement[i].text;
	fail_msg("there is no %s", name);
	return "";
}

static sqlite3_stmt *
plan_of(sqlite3 *db, const char *name)
{
	static char sql[1 << 16];
	sqlite3_stmt *stmt;

	snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", text_of(name));
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", name, sqlite3_errmsg(db));
	return stmt;
}

static const char *
next_line(sqlite3_stmt *plan)
{
	return sqlite3_step(plan) == SQLITE_ROW
	    ? (const char *)sqlite3_column_text(plan, 3)
	    : NULL;
}

/* How many lines of its plan go through a table that grows. */
static unsigned
check(sqlite3 *db, const char *name)
{
	sqlite3_stmt *plan = plan_of(db, name);
	const char *line;
	char table[64];
	unsigned bad = 0;

	while ((line = next_line(plan)) != NULL) {
		if (!reads_all(db, line, table) || is_small(line, table) ||
		    is_allowed(name, table))
			continue;
		print_error("%s: %s\n", name, line);
		bad++;
	}
	sqlite3_finalize(plan);
	return bad;
}

static void
statements(void **state)
{
	sqlite3 *db = connect_to(*state);
	unsigned bad = 0;

	for (size_t i = 0; i < COUNT(statement); i++)
		bad += check(db, statement[i].name);
	assert_int_equal(bad, 0);
	for (size_t i = 0; i < COUNT(whole); i++)
		if (!whole_used[i])
			fail_msg("%s reads nothing whole", whole[i]);
	for (size_t i = 0; i < COUNT(first); i++)
		if (!first_used[i])
			fail_msg("%s needs no leave", first[i].statement);
	sqlite3_close(db);
}

/* What is gone through is what is asked for, not all that it belongs to. */
static void
beginnings(void **state)
{
	static const struct {
		const char *statement, *first;
	} list[] = {
		{ "LIST_DOCUMENTS", "SEARCH d USING INTEGER PRIMARY KEY" },
		{ "LIST_FILES", "SEARCH files USING INTEGER PRIMARY KEY" },
		{ "LIST_INTERCHANGES", "SEARCH i USING INTEGER PRIMARY KEY" },
		{ "LIST_OUTBOX", "SEARCH outbox USING INTEGER PRIMARY KEY" },
		{ "LIST_ANSWERS", "SEARCH a USING INTEGER PRIMARY KEY" },
		{ "LIST_EXPECTED", "SEARCH e USING INDEX" },
		{ "LIST_DOCUMENTS_OPEN", "SEARCH d USING INDEX documents_bad" },
		{ "LIST_FILES_OPEN", "SEARCH files USING INDEX files_bad" },
		{ "LIST_INTERCHANGES_OPEN",
		    "SEARCH i USING INDEX interchanges_bad" },
		{ "LIST_OUTBOX_OPEN",
		    "SEARCH outbox USING INTEGER PRIMARY KEY (rowid=?)" },
		{ "LIST_ANSWERS_OPEN", "SEARCH a USING INDEX answers_parked" },
		{ "LIST_EXPECTED_OPEN",
		    "SEARCH e USING INDEX expected_acks_to_do" },
		{ "ANSWER_TO_GROUP", "SEARCH i USING INDEX interchanges_out" },
		{ "ANSWER_SETTLES_SET",
		    "SEARCH expected_acks USING INTEGER PRIMARY KEY" },
		{ "ANSWER_SETTLES_GROUP",
		    "SEARCH expected_acks USING INDEX expected_acks_of_file" },
		{ "ANSWER_SETTLES_FILE",
		    "SEARCH expected_acks USING INDEX expected_acks_of_file" },
	};
	sqlite3 *db = connect_to(*state);
	sqlite3_stmt *plan;
	const char *line;

	for (size_t i = 0; i < COUNT(list); i++) {
		plan = plan_of(db, list[i].statement);
		line = next_line(plan);
		if (line == NULL ||
		    strncmp(line, list[i].first, strlen(list[i].first)) != 0)
			fail_msg("%s: %s", list[i].statement, line);
		sqlite3_finalize(plan);
	}
	sqlite3_close(db);
}

/* The first rows of an order are there at once: nothing is sorted for them. */
static void
unsorted(void **state)
{
	static const char *const name[] = { "FILE_NEXT", "OUTBOX_NEXT",
		"INTERCHANGE_PRIOR", "ANSWER_TO_GROUP", "ANSWER_TO_ANY_GROUP",
		"ANSWER_SETTLES_SET", "ANSWER_PARKED", "ASK_RECENT" };
	sqlite3 *db = connect_to(*state);
	sqlite3_stmt *plan;
	const char *line;

	for (size_t i = 0; i < COUNT(name); i++) {
		plan = plan_of(db, name[i]);
		while ((line = next_line(plan)) != NULL)
			if (strstr(line, "TEMP B-TREE") != NULL)
				fail_msg("%s: %s", name[i], line);
		sqlite3_finalize(plan);
	}
	sqlite3_close(db);
}

/* Documents are found by an index of each column that is searched. */
static void
searched(void **state)
{
	struct fixture *f = *state;
	sqlite3 *db = fixture_connection(f);
	sqlite3_stmt *plan;
	struct tally_buf sql;
	const char *line;
	char table[64];
	unsigned n = 0;

	tally_buf_init(&sql, 1 << 16);
	store_found(&f->model, &sql);
	tally_buf_putc(&sql, '\0');
	assert_int_equal(sqlite3_exec(db, sql.p, NULL, NULL, NULL), SQLITE_OK);
	tally_buf_free(&sql);
	assert_int_equal(sqlite3_prepare_v2(db,
			     "EXPLAIN QUERY PLAN SELECT document_id FROM found"
			     " WHERE value = ?1",
			     -1, &plan, NULL),
	    SQLITE_OK);
	while ((line = next_line(plan)) != NULL) {
		n += strncmp(line, "SEARCH", 6) == 0;
		if (reads_all(db, line, table))
			fail_msg("%s", line);
	}
	assert_true(n > 2);
	sqlite3_finalize(plan);
	sqlite3_close(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    statements, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    beginnings, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    unsorted, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    searched, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
