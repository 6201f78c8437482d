/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of partners: matched, parked, and what they settle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "store/ask.h"
#include "support/store_fixture.h"
#include "tallyman/answer.h"

/* An interchange of ours: a group 17 with documents 0001, 0002 and 0003 that
 * wait for their answers. */
static void
sent(struct fixture *f)
{
	static const char copy[] =
	    "INSERT INTO interchanges SELECT 900, NULL, 'out', partner,"
	    " receiver_qualifier, receiver_id, sender_qualifier, sender_id,"
	    " '000000055', date, time, version, usage, ack_requested,"
	    " separators, 0, 1, 1, sha256, 'A', 'translated', state_at,"
	    " recorded_at, 1, NULL FROM interchanges WHERE id = 1";

	fixture_execute(f, copy);
	fixture_execute(f,
	    "INSERT INTO functional_groups VALUES (901, 900, 'SH', 'WE',"
	    " 'THEY', '17', '004010', 0, 3, 3, 3, 'A')");
	fixture_execute(
	    f, "INSERT INTO payloads VALUES (902, x'00', 1, x'00', NULL)");
	fixture_execute(f,
	    "INSERT INTO outbox (id, partner, mailbox, name, payload_id, state,"
	    " attempts, queued_at, state_at, control_number, carries_id)"
	    " VALUES (903, 'acme', 'acme', 'out.edi', 902, 'sent', 1, 'x',"
	    " 'x', 55, 900)");
	for (int i = 1; i <= 3; i++) {
		char sql[256];

		snprintf(sql, sizeof(sql),
		    "INSERT INTO documents VALUES (%d, 901, 'acme', '856',"
		    " '000%d', %d, 0, 1, 'A', 'accepted', NULL, x'00', NULL)",
		    910 + i, i, i);
		fixture_execute(f, sql);
		snprintf(sql, sizeof(sql),
		    "INSERT INTO expected_acks VALUES (%d, %d, 'x', 'waiting',"
		    " NULL, 903, NULL)",
		    i, 910 + i);
		fixture_execute(f, sql);
	}
}

static void
put(struct fixture *f, const struct store_answered *from,
    struct tally_answer *a, size_t n)
{
	struct tally_answer_note note[2] = {
		{ .tag = TALLY_STR("N1"), .code = TALLY_STR("8") },
		{ .tag = TALLY_STR("N1"),
		    .position = TALLY_STR("1"),
		    .value = TALLY_STR("Q\001") },
	};
	const struct tally_answers answers = {
		.v = a, .n = n, .note = note, .nnote = 2
	};
	struct tally_err err = { .text = "" };

	assert_int_equal(store_begin(f->store, &err), TALLY_OK);
	if (store_answers_put(f->store, from, &answers, &err) != TALLY_OK)
		fail_msg("%s", err.text);
	assert_int_equal(store_commit(f->store, &err), TALLY_OK);
}

static const struct store_answered from = { .interchange = 1,
	.offset = 107,
	.partner = "acme",
	.sender_qualifier = "ZZ",
	.sender = "THEY",
	.receiver = "WE",
	.isa_sender = "THEIRS" };

#define ABOUT(l) \
	.kind = "997", .level = (l), .functional = TALLY_STR("SH"), \
	.group = TALLY_STR("00017")
#define SET(c) \
	ABOUT(TALLY_ANSWER_SET), .set = TALLY_STR("856"), \
				 .control = TALLY_STR(c)

static void
groups_and_sets(void **state)
{
	struct fixture *f = *state;
	struct tally_answer a[] = {
		{ SET("2"), .verdict = 'R',
		    .code = { TALLY_STR("5"), TALLY_STR("4") }, .nnote = 2 },
		{ ABOUT(TALLY_ANSWER_GROUP), .verdict = 'P' },
	};
	struct tally_answer other = { ABOUT(TALLY_ANSWER_GROUP),
		.verdict = 'R' };
	struct store_answered late = from;

	fixture_group(f);
	sent(f);
	put(f, &from, a, 2);
	assert_string_equal(
	    fixture_sql(f,
		"SELECT group_concat(state || ' ' ||"
		" coalesce(interchange_id, 0)) FROM expected_acks"),
	    "accepted 1,rejected 1,accepted 1");
	assert_string_equal(
	    fixture_sql(f,
		"SELECT group_concat(state || ' ' || group_id ||"
		" ' ' || coalesce(codes, '')) FROM answers"),
	    "matched 901 5 4,matched 901 ");
	assert_string_equal(fixture_sql(f,
				"SELECT group_concat(coalesce(value, code))"
				" FROM answer_notes WHERE answer_id = 1"),
	    "8,Q\001");

	/* The same again adds nothing; a later one settles nothing. */
	put(f, &from, a, 2);
	late.offset = 500;
	put(f, &late, &other, 1);
	assert_string_equal(
	    fixture_sql(f,
		"SELECT count(*) || ' ' || sum(state = 'matched')"
		" FROM answers"),
	    "3 3");
	assert_string_equal(
	    fixture_sql(f, "SELECT count(*) FROM answer_notes"), "2");
	assert_string_equal(fixture_sql(f,
				"SELECT sum(state = 'accepted')"
				" FROM expected_acks"),
	    "2");
}

/* Numbers come again after years: the newest group that has them is meant, and
 * rather one that went to whom the answer is from. */
static void
newest(void **state)
{
	struct fixture *f = *state;
	struct tally_answer a[] = { { ABOUT(TALLY_ANSWER_GROUP),
	    .verdict = 'A' } };
	struct store_answered next = from;

	fixture_group(f);
	sent(f);
	fixture_execute(f,
	    "INSERT INTO interchanges SELECT 950, NULL, 'out', partner,"
	    " receiver_qualifier, receiver_id, sender_qualifier, 'OTHERS',"
	    " '000000056', date, time, version, usage, ack_requested,"
	    " separators, 0, 1, 1, sha256, 'A', 'translated', state_at,"
	    " recorded_at, 1, NULL FROM interchanges WHERE id = 1");
	fixture_execute(f,
	    "INSERT INTO functional_groups SELECT 951, 950, functional_id,"
	    " sender_id, receiver_id, control_number, version, 0, 3, 3, 3, 'A'"
	    " FROM functional_groups WHERE id = 901");
	put(f, &from, a, 1);
	next.offset = 200;
	next.isa_sender = "ACME";
	put(f, &next, a, 1);
	fixture_execute(
	    f, "UPDATE interchanges SET receiver_id = 'ACME' WHERE id = 950");
	next.offset = 300;
	put(f, &next, a, 1);
	assert_string_equal(
	    fixture_sql(f, "SELECT group_concat(group_id) FROM answers"),
	    "951,901,951");
}

/* Another sender, another functional id, another number, nothing said. */
static void
strangers(void **state)
{
	struct fixture *f = *state;
	struct store_answered stranger = from;
	struct tally_answer a[] = {
		{ SET("1"), .verdict = 'R' },
		{ SET("1") },
	};
	struct tally_answer ta1 = { .kind = "TA1",
		.level = TALLY_ANSWER_INTERCHANGE,
		.control = TALLY_STR("12X"),
		.verdict = 'R' };

	fixture_group(f);
	sent(f);
	stranger.sender = "OTHERS";
	put(f, &stranger, a, 1);
	stranger = from;
	stranger.offset = 200;
	a[0].functional = TALLY_STR("IN");
	put(f, &stranger, a, 1);
	stranger.offset = 300;
	a[0].functional = TALLY_STR("SH");
	a[0].group = TALLY_STR("18");
	put(f, &stranger, a, 1);
	stranger.offset = 400;
	put(f, &stranger, &ta1, 1);
	assert_string_equal(
	    fixture_sql(f, "SELECT sum(state = 'unmatched') FROM answers"),
	    "4");
	stranger.offset = 500;
	put(f, &stranger, &a[1], 1);
	assert_string_equal(fixture_sql(f,
				"SELECT sum(state = 'waiting')"
				" FROM expected_acks"),
	    "3");
	assert_string_equal(
	    fixture_sql(f, "SELECT count(*) FROM answers"), "5");
}

/* The number that a copy made before a change answers. */
static int
of_copy(const struct fixture *f, const char *what, const char *sql)
{
	char path[160];
	sqlite3_stmt *stmt;
	sqlite3 *db;
	int n;

	snprintf(path, sizeof(path), "%s/tallyman.db.before-%s", f->dir, what);
	assert_int_equal(
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return n;
}

/* An answer that is there before what it answers is tried again, so long as it
 * is not too old. */
static void
parked(void **state)
{
	struct fixture *f = *state;
	struct tally_answer a[] = {
		{ SET("2"), .verdict = 'R', .code = { TALLY_STR("5") } },
		{ ABOUT(TALLY_ANSWER_GROUP), .verdict = 'P' },
	};
	struct tally_answer ta1 = { .kind = "TA1",
		.level = TALLY_ANSWER_INTERCHANGE,
		.control = TALLY_STR("000000077"),
		.verdict = 'A' };
	struct store_answered other = from;
	struct tally_err err = { .text = "" };
	uint64_t matched;

	fixture_group(f);
	fixture_execute(f,
	    "UPDATE functional_groups SET sender_id = 'THEY',"
	    " receiver_id = 'WE', byte_offset = 53 WHERE id = 1");
	put(f, &from, a, 2);
	other.offset = 900;
	put(f, &other, &ta1, 1);
	assert_int_equal(
	    store_answers_again(f->store, 0, &matched, &err), TALLY_OK);
	assert_int_equal(matched, 0);
	assert_string_equal(
	    fixture_sql(
		f, "SELECT count(*) FROM answers WHERE state = 'unmatched'"),
	    "3");

	sent(f);
	/* Too old ones stay as they are, and need a person. */
	assert_int_equal(
	    store_answers_again(f->store, FIXTURE_NOW + 1, &matched, &err),
	    TALLY_OK);
	assert_int_equal(matched, 0);
	assert_int_equal(
	    store_answers_again(f->store, FIXTURE_NOW, &matched, &err),
	    TALLY_OK);
	assert_int_equal(matched, 2);
	assert_string_equal(
	    fixture_sql(f,
		"SELECT group_concat(state || ' ' ||"
		" coalesce(interchange_id, 0)) FROM expected_acks"),
	    "accepted 1,rejected 1,accepted 1");
	assert_string_equal(
	    fixture_sql(f,
		"SELECT group_concat(kind || coalesce(group_id, 0))"
		" FROM answers"),
	    "997901,997901,TA10");
	assert_string_equal(
	    fixture_sql(f,
		"SELECT group_concat(kind) FROM answers WHERE state ="
		" 'unmatched'"),
	    "TA1");
	assert_int_equal(
	    store_answers_again(f->store, FIXTURE_NOW, &matched, &err),
	    TALLY_OK);
	assert_int_equal(matched, 0);
}

static int unmatched;

static void
count_unmatched(
    void *ctx, int n, const char *const *names, const char *const *values)
{
	(void)ctx;
	for (int i = 0; i < n; i++)
		unmatched += strcmp(names[i], "state") == 0 &&
		    strcmp(values[i], "unmatched") == 0;
}

static void
too_old(void **state)
{
	struct fixture *f = *state;
	struct tally_answer a = { ABOUT(TALLY_ANSWER_GROUP), .verdict = 'A' };
	struct tally_err err = { .text = "" };
	uint64_t matched;

	fixture_group(f);
	put(f, &from, &a, 1);
	for (int old = 0; old < 2; old++) {
		assert_int_equal(store_answers_again(f->store,
				     FIXTURE_NOW + old, &matched, &err),
		    TALLY_OK);
		unmatched = 0;
		assert_int_equal(store_ask(f->store, STORE_Q_ATTENTION, 0,
				     count_unmatched, NULL, &err),
		    TALLY_OK);
		assert_int_equal(unmatched, old);
	}
}

/* A store of the version before gets what it lacks, and keeps its rows. */
static void
older_store(void **state)
{
	struct fixture *f = *state;
	struct tally_err err;

	fixture_group(f);
	store_close(f->store);
	f->store = NULL;
	fixture_execute(f, "DROP VIEW erp_orders");
	fixture_execute(f, "DROP VIEW erp_order_lines");
	fixture_execute(f, "DROP VIEW erp_documents");
	fixture_execute(f, "DROP TABLE decisions");
	fixture_execute(f, "DROP TABLE lookups");
	fixture_execute(f, "DROP TABLE answer_notes");
	fixture_execute(f, "DROP TABLE answers");
	fixture_execute(f, "DROP INDEX outbox_by_number");
	fixture_execute(f, "DROP INDEX interchanges_answered");
	fixture_execute(f, "ALTER TABLE interchanges DROP COLUMN answered_in");
	fixture_execute(f, "DROP INDEX interchanges_out");
	fixture_execute(f, "DROP INDEX expected_acks_to_do");
	fixture_execute(f, "ALTER TABLE outbox DROP COLUMN control_number");
	fixture_execute(f, "DROP INDEX outbox_carries");
	fixture_execute(f, "DROP INDEX expected_acks_of_file");
	fixture_execute(f, "DROP INDEX expected_acks_by_document");
	fixture_execute(f, "ALTER TABLE outbox DROP COLUMN carries_id");
	fixture_execute(f, "ALTER TABLE expected_acks DROP COLUMN outbox_id");
	fixture_execute(f, "ALTER TABLE expected_acks DROP COLUMN wait_ms");
	fixture_execute(f, "ALTER TABLE residue DROP COLUMN path");
	fixture_execute(f, "ALTER TABLE residue DROP COLUMN record_table");
	fixture_execute(f, "ALTER TABLE residue DROP COLUMN record_row");
	fixture_execute(f, "ALTER TABLE residue DROP COLUMN record_column");
	fixture_execute(f, "DROP INDEX payloads_by_hash");
	fixture_execute(
	    f, "CREATE INDEX payloads_by_hash ON payloads (sha256)");
	fixture_execute(f, "PRAGMA user_version = 1");
	assert_int_equal(
	    store_open(&f->store, f->dir, STORE_READ, &f->model, &err),
	    TALLY_CONFIG);
	assert_non_null(strstr(err.text, "tallyman run"));
	if (store_open(&f->store, f->dir, STORE_WRITE, &f->model, &err) !=
	    TALLY_OK)
		fail_msg("%s", err.text);
	assert_string_equal(fixture_sql(f, "PRAGMA user_version"), "8");
	assert_string_equal(
	    fixture_sql(f,
		"SELECT count(*) FROM sqlite_schema"
		" WHERE name = 'payloads_by_hash' AND sql LIKE '% > 65536'"),
	    "1");
	/* As it was before. */
	assert_int_equal(of_copy(f, "version-8", "PRAGMA user_version"), 1);
	assert_int_equal(
	    of_copy(f, "version-8", "SELECT count(*) FROM interchanges"), 1);
	assert_string_equal(
	    fixture_sql(f, "SELECT count(*) FROM interchanges"), "1");
	put(f, &from, (struct tally_answer[]){ { SET("1"), .verdict = 'A' } },
	    1);
	assert_string_equal(
	    fixture_sql(f, "SELECT count(*) FROM answers"), "1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    groups_and_sets, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    newest, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    strangers, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    parked, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    too_old, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    older_store, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
