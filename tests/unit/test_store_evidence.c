/* SPDX-License-Identifier: Apache-2.0 */
/* Interchanges, groups, findings, residue, events, and what people ask. */
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/hash.h"
#include "store/ask.h"
#include "support/store_fixture.h"

static const unsigned char sha_a[32] = { 1, 2, 3 }, sha_b[32] = { 9 };

static struct tally_interchange_judged
interchange(const char *control, uint64_t offset)
{
	struct tally_interchange_judged ic = { .sender_qualifier = "01",
		.sender = "PARTNER",
		.receiver_qualifier = "ZZ",
		.receiver = "US",
		.date = "261123",
		.time = "1705",
		.version = "00401",
		.usage = 'T',
		.ack_requested = true,
		.separators = { '*', '\n', '>', '^' },
		.offset = offset,
		.length = 500,
		.included = 1,
		.verdict = TALLY_ACCEPTED };

	snprintf(ic.control, sizeof(ic.control), "%s", control);
	return ic;
}

static struct store_prior
prior_since(struct fixture *f, const char *control, const unsigned char *sha,
    int64_t since)
{
	const struct tally_interchange_judged ic = interchange(control, 0);
	struct store_prior p;
	struct tally_err err;

	assert_int_equal(
	    store_interchange_prior(f->store, &ic, sha, since, &p, &err),
	    TALLY_OK);
	return p;
}

static struct store_prior
prior(struct fixture *f, const char *control, const unsigned char *sha)
{
	return prior_since(f, control, sha, 0);
}

static int64_t
begin(struct fixture *f, int64_t file, const char *control, uint64_t offset,
    const unsigned char *sha, uint64_t *recorded)
{
	const struct tally_interchange_judged ic = interchange(control, offset);
	struct tally_err err = { .text = "" };
	int64_t id;

	if (store_interchange_begin(f->store, file, "acme", &ic, sha,
		FIXTURE_NOW, &id, recorded, &err) != TALLY_OK)
		fail_msg("%s", err.text);
	return id;
}

static void
mark(struct fixture *f, int64_t id, uint64_t recorded, const char *state)
{
	assert_int_equal(store_interchange_mark(
			     f->store, id, recorded, state, FIXTURE_NOW, NULL),
	    TALLY_OK);
}

static void
interchanges_are_resumed(void **state)
{
	struct fixture *f = *state;
	int64_t file = fixture_group(f).file, id;
	uint64_t recorded;

	id = begin(f, file, "000000042", 700, sha_a, &recorded);
	assert_int_equal(recorded, 0);
	mark(f, id, 1000, NULL);
	fixture_reopen(f);
	assert_int_equal(
	    begin(f, file, "000000042", 700, sha_a, &recorded), id);
	assert_int_equal(recorded, 1000);
	mark(f, id, 1500, "translated");
	assert_int_equal(
	    begin(f, file, "000000042", 700, sha_a, &recorded), id);
	assert_true(recorded == STORE_ENDED);
	/* Another offset is another interchange. */
	assert_int_not_equal(
	    begin(f, file, "000000042", 1200, sha_a, &recorded), id);
	assert_int_equal(recorded, 0);
	assert_string_equal(
	    fixture_sql(f,
		"SELECT sender_qualifier || sender_id || date || usage ||"
		" separators || state || recorded || partner FROM interchanges"
		" WHERE byte_offset = 700"),
	    "01PARTNER261123T* \\x0a > ^translated1500acme");
}

static void
interchanges_are_recognised(void **state)
{
	struct fixture *f = *state;
	int64_t file = fixture_group(f).file, id;
	uint64_t recorded;

	assert_false(prior(f, "000000042", sha_a).key_seen);
	id = begin(f, file, "000000042", 700, sha_a, &recorded);
	/* While it is recorded it does not meet itself. */
	assert_false(prior(f, "000000042", sha_a).key_seen);
	mark(f, id, 1, "translated");
	assert_true(prior(f, "000000042", sha_a).key_seen);
	assert_true(prior(f, "000000042", sha_a).bytes_seen);
	assert_int_equal(prior(f, "000000042", sha_a).interchange, id);
	assert_true(prior(f, "000000042", sha_b).key_seen);
	assert_false(prior(f, "000000042", sha_b).bytes_seen);
	assert_false(prior(f, "000000043", sha_a).key_seen);

	/* As far back as numbers count. */
	assert_true(prior_since(f, "000000042", sha_a, FIXTURE_NOW).key_seen);
	assert_false(prior_since(f, "000000042", sha_a, FIXTURE_NOW).old);
	assert_false(
	    prior_since(f, "000000042", sha_a, FIXTURE_NOW + 1).key_seen);
	assert_true(prior_since(f, "000000042", sha_a, FIXTURE_NOW + 1).old);
	assert_false(prior_since(f, "000000043", sha_a, FIXTURE_NOW + 1).old);
}

static void
group_numbers_are_recognised(void **state)
{
	struct fixture *f = *state;
	const struct tally_interchange_judged ic = interchange("000000042", 0);
	struct tally_group_judged g = { .functional = "PO",
		.sender = "PARTNER",
		.receiver = "US",
		.control = "17",
		.version = "004010",
		.verdict = TALLY_ACCEPTED };
	struct tally_err err = { .text = "" };
	int64_t file = fixture_group(f).file, id, group;
	uint64_t recorded;
	bool used;

#define USED(control_, since) \
	(snprintf(g.control, sizeof(g.control), "%s", control_), \
	    assert_int_equal(store_group_prior(f->store, file + 1, &ic, &g, \
				 since, &used, &err), \
		TALLY_OK), \
	    used)
	id = begin(f, file, "000000042", 700, sha_a, &recorded);
	assert_int_equal(
	    store_group_put(f->store, id, &g, &group, &err), TALLY_OK);
	assert_false(USED("17", 0)); /* it is still being recorded */
	mark(f, id, 1, "translated");
	assert_true(USED("17", 0));
	assert_true(USED("00017", FIXTURE_NOW));
	assert_false(USED("17", FIXTURE_NOW + 1));
	assert_false(USED("18", 0));
	snprintf(g.functional, sizeof(g.functional), "IN");
	assert_false(USED("17", 0));
	snprintf(g.functional, sizeof(g.functional), "PO");
	/* One that was rejected may come again. */
	fixture_execute(f, "UPDATE functional_groups SET verdict = 'R'");
	assert_false(USED("17", 0));
#undef USED
}

static void
rejected_interchanges_may_come_again(void **state)
{
	struct fixture *f = *state;
	int64_t file = fixture_group(f).file, id;
	uint64_t recorded;

	id = begin(f, file, "000000042", 700, sha_a, &recorded);
	mark(f, id, 0, "rejected");
	assert_false(prior(f, "000000042", sha_a).key_seen);
}

static void
an_unknown_partner_has_no_name(void **state)
{
	struct fixture *f = *state;
	const struct tally_interchange_judged ic = { .offset = 900,
		.verdict = TALLY_REJECTED };
	uint64_t recorded;
	int64_t id;

	assert_int_equal(
	    store_interchange_begin(f->store, fixture_group(f).file, NULL, &ic,
		sha_a, FIXTURE_NOW, &id, &recorded, NULL),
	    TALLY_OK);
	mark(f, id, 0, "quarantined");
	assert_string_equal(
	    fixture_sql(f,
		"SELECT partner || '|' || coalesce(usage, '-') || verdict"
		" FROM interchanges WHERE state = 'quarantined'"),
	    "|-R");
}

static void
groups_are_made_once(void **state)
{
	struct fixture *f = *state;
	struct fixture_ids ids = fixture_group(f);
	struct tally_group_judged g = { .functional = "PO",
		.control = "7",
		.offset = 106,
		.included = 3,
		.received = 2,
		.accepted = 1,
		.verdict = TALLY_PARTIAL };
	int64_t a, b;

	assert_int_equal(
	    store_group_put(f->store, ids.interchange, &g, &a, NULL), TALLY_OK);
	assert_int_equal(
	    store_group_put(f->store, ids.interchange, &g, &b, NULL), TALLY_OK);
	assert_int_equal(a, b);
	assert_int_not_equal(a, ids.group);
	assert_string_equal(
	    fixture_sql(f,
		"SELECT included || received || accepted || verdict"
		" FROM functional_groups WHERE byte_offset = 106"),
	    "321P");
	g.offset = 200;
	assert_int_equal(
	    store_group_put(f->store, 4711, &g, &a, NULL), TALLY_IO);
}

/* In one transaction: what was put is seen, what is taken back is not, and
 * more than wait at a time. */
static void
a_transaction_sees_what_it_put(void **state)
{
	struct fixture *f = *state;
	int64_t file = fixture_group(f).file, id = 0, first, group, again;
	struct tally_group_judged g = { .functional = "PO",
		.verdict = TALLY_ACCEPTED };
	uint64_t recorded;
	char control[16];

	assert_int_equal(store_begin(f->store, NULL), TALLY_OK);
	first = begin(f, file, "000000042", 700, sha_a, &recorded);
	assert_false(prior(f, "000000042", sha_a).key_seen);
	mark(f, first, 1, "translated");
	assert_int_equal(prior(f, "000000042", sha_a).interchange, first);
	assert_int_equal(
	    begin(f, file, "000000042", 700, sha_a, &recorded), first);
	assert_true(recorded == STORE_ENDED);
	for (unsigned i = 0; i < 600; i++) {
		snprintf(control, sizeof(control), "%09u", 100 + i);
		assert_int_equal(store_savepoint(f->store, NULL), TALLY_OK);
		id = begin(f, file, control, 1000 + 100 * i, sha_b, &recorded);
		for (uint64_t at = 10; at < 40; at += 10) {
			g.offset = 1000 + 100 * i + at;
			assert_int_equal(
			    store_group_put(f->store, id, &g, &group, NULL),
			    TALLY_OK);
			assert_int_equal(
			    store_group_put(f->store, id, &g, &again, NULL),
			    TALLY_OK);
			assert_int_equal(group, again);
		}
		assert_int_equal(
		    store_outbox_add(f->store, "acme", "m", "name", i,
			TALLY_STR("ISA"), id, FIXTURE_NOW, NULL, NULL),
		    TALLY_OK);
		mark(f, id, 1, "translated");
		if (i % 3 == 1)
			store_undo(f->store);
		else if (i % 3 == 2)
			assert_int_equal(
			    store_release(f->store, NULL), TALLY_OK);
		assert_int_equal(
		    prior(f, control, sha_b).bytes_seen, i % 3 != 1);
	}
	assert_int_equal(store_commit(f->store, NULL), TALLY_OK);
	assert_string_equal(
	    fixture_sql(f,
		"SELECT (SELECT count(*) FROM interchanges WHERE recorded = 1"
		" AND state = 'translated') || ' ' || (SELECT count(*) FROM"
		" functional_groups) || ' ' || (SELECT count(*) FROM outbox)"
		" || ' ' || (SELECT count(*) FROM payloads WHERE size = 3)"),
	    "401 1201 400 401");
	assert_string_equal(fixture_sql(f, "PRAGMA foreign_key_check"), "");
}

static void
findings_are_kept(void **state)
{
	struct fixture *f = *state;
	struct store_subject s = { .file = 5, .interchange = 6, .document = 7 };
	const struct tally_finding v[] = {
		{ .kind = TALLY_F_element_too_long,
		    .severity = TALLY_ERROR,
		    .offset = 1234,
		    .segment = 3,
		    .element = 2,
		    .tag = "N1",
		    .loop = "N1",
		    .id = "93",
		    .name = "name",
		    .value = TALLY_STR("a\033[2J\377"),
		    .expected = TALLY_STR("1 to 60 characters"),
		    .rule = "acme-850.guide.xml:12" },
		{ .kind = TALLY_F_not_edi, .severity = TALLY_ERROR },
	};

	assert_int_equal(
	    store_findings_put(f->store, &s, v, 2, NULL), TALLY_OK);
	assert_string_equal(
	    fixture_sql(f,
		"SELECT file_id || interchange_id || coalesce(group_id, '-') ||"
		" document_id || severity || kind || level || code ||"
		" byte_offset || segment || element ||"
		" coalesce(component, '-') || tag || loop || element_id ||"
		" name || value || expected FROM findings WHERE segment = 3"),
	    "56-7errorelement_too_longelement5123432-N1N193name"
	    "a\\x1b[2J\\xff1 to 60 characters");
	assert_string_equal(
	    fixture_sql(f,
		"SELECT level || coalesce(code, '-') || coalesce(value, '-') ||"
		" message FROM findings WHERE kind = 'not_edi'"),
	    "file--the file holds no X12 interchange");
	assert_string_equal(
	    fixture_sql(f, "SELECT message FROM findings WHERE segment = 3"),
	    "the value is longer than the element's maximum; broken rule: "
	    "acme-850.guide.xml:12");
}

static void
residue_is_kept(void **state)
{
	struct fixture *f = *state;
	static const struct tally_segment_spec n1 = { .tag = "N1" };
	static const struct tally_loop loop[] = { { .path = "" },
		{ .path = "PO1/N1" } };
	static const struct tally_place place[] = { { .pos = "1.010",
							.segment = &n1 },
		{ .pos = "1.310", .segment = &n1, .loop = 1 } };
	const struct tally_set_spec spec = {
		.place = place, .nplace = 2, .loop = loop, .nloop = 2
	};
	const struct tally_residue r[] = {
		{ .segment = 4,
		    .place = 1,
		    .element = 3,
		    .tag = tally_tag("N1"),
		    .row = 7,
		    .text = TALLY_STR("what") },
		{ .segment = 5,
		    .place = TALLY_NOWHERE,
		    .column = TALLY_NO_COLUMN,
		    .tag = tally_tag("ZZZ"),
		    .text = TALLY_STR("ZZZ*\377") },
	};

	assert_int_equal(
	    store_residue_put(f->store, 8, &spec, r, 2, NULL), TALLY_OK);
	assert_int_equal(
	    store_residue_put(f->store, 9, NULL, r, 1, NULL), TALLY_OK);
	assert_string_equal(
	    fixture_sql(f,
		"SELECT group_concat(document_id || tag || segment ||"
		" coalesce(place, '-') || element || text, ' ') FROM residue"),
	    "8N141.3103what 8ZZZ5-0ZZZ*\\xff 9N14-3what");
	assert_string_equal(
	    fixture_sql(f,
		"SELECT group_concat(path || ' ' || record_table || ' ' ||"
		" record_row || ' ' || record_column) FROM residue"
		" WHERE document_id = 8 AND path IS NOT NULL"),
	    "PO1/N1/N1 orders 7 po_number");
}

/* The chain, computed again from the rows alone, as the manual says. */
static void
events_are_chained(void **state)
{
	struct fixture *f = *state;
	struct fixture_ids a = fixture_group(f), b = fixture_group(f);
	unsigned char last[2][32], digest[32];
	bool begun[2] = { false, false };
	struct tally_hash *h;
	char path[128];
	sqlite3_stmt *stmt;
	sqlite3 *db;
	int n = 0;

	assert_int_equal(store_file_state(f->store, a.file, "quarantined",
			     "odd \377", FIXTURE_NOW, NULL),
	    TALLY_OK);
	assert_int_equal(store_file_state(f->store, b.file, "translated", NULL,
			     FIXTURE_NOW, NULL),
	    TALLY_OK);
	assert_int_equal(tally_hash_new(&h, NULL), TALLY_OK);
	snprintf(path, sizeof(path), "%s/tallyman.db", f->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db,
		"SELECT stream, at, subject, subject_id, subjects,"
		" coalesce(from_state, ''), to_state, coalesce(reason, ''),"
		" content, hash FROM events ORDER BY id",
		-1, &stmt, NULL),
	    SQLITE_OK);
	for (; sqlite3_step(stmt) == SQLITE_ROW; n++) {
		const char *stream = (const char *)sqlite3_column_text(stmt, 0);
		int k = strcmp(stream, "partner:acme") == 0;

		assert_true(k == 1 || strcmp(stream, "mailbox:drop") == 0);
		if (begun[k])
			tally_hash_add(h, last[k], 32);
		for (int i = 0; i < 8; i++)
			tally_hash_add(h, sqlite3_column_text(stmt, i),
			    (size_t)sqlite3_column_bytes(stmt, i) + 1);
		tally_hash_add(h, sqlite3_column_blob(stmt, 8),
		    (size_t)sqlite3_column_bytes(stmt, 8));
		tally_hash_end(h, digest);
		assert_int_equal(sqlite3_column_bytes(stmt, 9), 32);
		assert_memory_equal(digest, sqlite3_column_blob(stmt, 9), 32);
		memcpy(last[k], digest, 32);
		begun[k] = true;
	}
	assert_int_equal(n, 6);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	tally_hash_free(h);
}

struct answer {
	int rows, columns;
	char first[64], all[4096];
};

static void
collect(void *ctx, int n, const char *const *names, const char *const *values)
{
	struct answer *a = ctx;
	size_t at = strlen(a->all);

	a->rows++;
	a->columns = n;
	snprintf(a->first, sizeof(a->first), "%s", names[0]);
	for (int i = 0; i < n; i++)
		at += (size_t)snprintf(a->all + at, sizeof(a->all) - at, "%s%s",
		    values[i] != NULL ? values[i] : "NULL",
		    i + 1 < n ? "|" : "\n");
}

static struct answer
ask(struct fixture *f, enum store_question q, int64_t argument)
{
	struct answer a = { 0 };
	struct tally_err err = { .text = "" };

	if (store_ask(f->store, q, argument, collect, &a, &err) != TALLY_OK)
		fail_msg("%s", err.text);
	return a;
}

static void
questions_are_answered(void **state)
{
	struct fixture *f = *state;
	struct fixture_ids ids = fixture_group(f), other = fixture_group(f);
	struct store_subject s = { .file = ids.file, .document = 2 };
	const struct tally_finding v = { .kind = TALLY_F_document_duplicate,
		.severity = TALLY_WARNING };
	struct store_mailbox mb = { .name = "acme",
		.failures = 3,
		.last_ok = FIXTURE_NOW,
		.reason = "timeout" };
	struct store_document d[2];
	struct tally_batch b;
	struct answer a;

	fixture_batch(f, &b, d, 2, 1, ids.group);
	d[1].state = "held";
	d[0].map = "850";
	d[0].map_hash = sha_a;
	assert_int_equal(
	    store_documents_put(f->store, "acme", d, 2, &b, FIXTURE_NOW, NULL),
	    TALLY_OK);
	tally_batch_free(&b);
	assert_int_equal(
	    store_findings_put(f->store, &s, &v, 1, NULL), TALLY_OK);
	assert_int_equal(store_mailbox_put(f->store, &mb, NULL), TALLY_OK);
	assert_int_equal(store_file_state(f->store, other.file, "quarantined",
			     "no EDI", FIXTURE_NOW + 1000, NULL),
	    TALLY_OK);

	a = ask(f, STORE_Q_COUNTS, 0);
	assert_string_equal(a.first, "what");
	assert_string_equal(a.all,
	    "documents|accepted|1\ndocuments|held|1\nfiles|quarantined|1\n"
	    "files|received|1\ninterchanges|recording|2\n");
	a = ask(f, STORE_Q_ATTENTION, 0);
	assert_non_null(strstr(a.all,
	    "document|2|held|2025-11-24T16:00:00.000Z|"
	    "850 PO-000002 of ZZ/ACME 000000001|"
	    "an accepted document has the same key: this one is held\n"
	    "file|2|quarantined|2025-11-24T16:00:01.000Z|drop: "));
	assert_int_equal(a.rows, 2);
	a = ask(f, STORE_Q_MAILBOXES, 0);
	assert_string_equal(
	    a.all, "acme|3|2025-11-24T16:00:00.000Z|NULL|timeout\n");
	a = ask(f, STORE_Q_RECENT, 1);
	assert_string_equal(
	    a.all, "2|850|PO-000002|held|acme|2025-11-24T16:00:00.000Z\n");
	a = ask(f, STORE_Q_RECENT, 100);
	assert_int_equal(a.rows, 2);
	a = ask(f, STORE_Q_DOCUMENT, 1);
	assert_int_equal(a.rows, 1);
	assert_non_null(strstr(a.all, "1|850|PO-000001|accepted|A|acme|0001|"));
	assert_non_null(strstr(a.all, "|850|010203"));
	assert_int_equal(ask(f, STORE_Q_DOCUMENT, 3).rows, 0);
	assert_int_equal(ask(f, STORE_Q_FINDINGS, ids.file).rows, 1);
	assert_int_equal(ask(f, STORE_Q_FINDINGS, other.file).rows, 0);
}

int
main(void)
{
#define T(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(interchanges_are_resumed),
		T(interchanges_are_recognised),
		T(group_numbers_are_recognised),
		T(rejected_interchanges_may_come_again),
		T(an_unknown_partner_has_no_name),
		T(groups_are_made_once),
		T(a_transaction_sees_what_it_put),
		T(findings_are_kept),
		T(residue_is_kept),
		T(events_are_chained),
		T(questions_are_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
