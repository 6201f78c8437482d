/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions, documents made anew, copies, marks, and what is purged. */
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "support/store_fixture.h"

static void
well(enum tally_rc rc, const struct tally_err *err)
{
	if (rc != TALLY_OK)
		fail_msg("%s", err->text);
}

/* Three orders, the second of them held. */
static void
orders(struct fixture *f)
{
	struct store_document d[3];
	struct tally_batch b;
	struct tally_err err = { .text = "" };

	fixture_batch(f, &b, d, 3, 1, fixture_group(f).group);
	d[1].state = "held";
	d[1].map = "850";
	d[1].map_hash = (const unsigned char *)"0123456789abcdef"
					       "0123456789abcdef";
	well(store_begin(f->store, &err), &err);
	well(store_documents_put(f->store, "acme", d, 3, &b, FIXTURE_NOW, &err),
	    &err);
	well(store_commit(f->store, &err), &err);
	tally_batch_free(&b);
}

static bool
decide(struct fixture *f, enum store_subject_kind subject, int64_t id,
    enum store_decision decision, char why[256])
{
	const struct store_verdict v = { subject, id, decision, "ann", "so" };
	struct tally_err err = { .text = "" };
	bool done;

	why[0] = '\0';
	well(store_begin(f->store, &err), &err);
	well(store_decide(f->store, &v, FIXTURE_NOW, &done, why, &err), &err);
	well(store_commit(f->store, &err), &err);
	return done;
}

static void
only_what_waits_is_decided_on(void **state)
{
	struct fixture *f = *state;
	char why[256];

	orders(f);
	assert_false(decide(f, STORE_DOCUMENT, 9, STORE_RELEASED, why));
	assert_non_null(strstr(why, "none of that number"));
	assert_false(decide(f, STORE_DOCUMENT, 1, STORE_RELEASED, why));
	assert_non_null(strstr(why, "it is accepted"));
	assert_false(decide(f, STORE_DOCUMENT, 1, STORE_REJECTED, why));
	assert_false(decide(f, STORE_FILE, 1, STORE_RELEASED, why));
	assert_false(decide(f, STORE_INTERCHANGE, 1, STORE_REJECTED, why));
	assert_string_equal(
	    fixture_sql(f, "SELECT count(*) FROM decisions"), "0");
	assert_true(decide(f, STORE_DOCUMENT, 2, STORE_RELEASED, why));
	assert_string_equal(
	    fixture_sql(f, "SELECT state FROM documents WHERE id = 2"),
	    "accepted");
	assert_string_equal(fixture_sql(f,
				"SELECT subject || decision || who || reason"
				" FROM decisions"),
	    "documentreleasedannso");
	/* One that no map has read has no records to release. */
	fixture_execute(f,
	    "UPDATE documents SET state = 'held', map_id = NULL"
	    " WHERE id = 2");
	assert_false(decide(f, STORE_DOCUMENT, 2, STORE_RELEASED, why));
	assert_non_null(strstr(why, "no map"));
}

static void
what_is_rejected_has_no_records(void **state)
{
	struct fixture *f = *state;
	char why[256];

	orders(f);
	assert_true(decide(f, STORE_DOCUMENT, 2, STORE_REJECTED, why));
	assert_string_equal(
	    fixture_sql(f, "SELECT group_concat(id) FROM orders"), "1,3");
	assert_string_equal(
	    fixture_sql(f,
		"SELECT group_concat(DISTINCT document_id) FROM order_lines"),
	    "1,3");
	/* Again, so that status asks no more. */
	assert_true(decide(f, STORE_DOCUMENT, 2, STORE_REJECTED, why));
}

static void
a_document_is_put_in_the_place_of_itself(void **state)
{
	struct fixture *f = *state;
	struct tally_buf before, after;
	struct store_document d[3];
	struct tally_batch b;
	struct tally_err err = { .text = "" };

	orders(f);
	tally_buf_init(&before, 1 << 20);
	tally_buf_init(&after, 1 << 20);
	well(store_document_read(f->store, 3, &before, &err), &err);
	assert_non_null(strstr(before.p, "orders po_number=\"PO-000003\""));
	fixture_batch(f, &b, d, 3, 1, 1);
	d[2].id = 3;
	well(store_begin(f->store, &err), &err);
	well(store_document_replace(f->store, &d[2], &b, &err), &err);
	well(store_document_read(f->store, 3, &after, &err), &err);
	well(store_commit(f->store, &err), &err);
	assert_string_equal(before.p, after.p);
	assert_string_equal(fixture_sql(f, "SELECT count(*) FROM orders"), "3");
	/* As another one: only it is another. */
	tally_buf_reset(&after);
	d[0].id = 3;
	well(store_begin(f->store, &err), &err);
	well(store_document_replace(f->store, &d[0], &b, &err), &err);
	well(store_document_read(f->store, 3, &after, &err), &err);
	well(store_commit(f->store, &err), &err);
	assert_non_null(strstr(after.p, "orders po_number=\"PO-000001\""));
	assert_string_equal(fixture_sql(f,
				"SELECT group_concat(po_number) FROM"
				" (SELECT po_number FROM orders ORDER BY id)"),
	    "PO-000001,PO-000002,PO-000001");
	tally_batch_free(&b);
	tally_buf_free(&before);
	tally_buf_free(&after);
}

/* What document 3 has, read within a transaction. */
static void
read_within(struct fixture *f, const struct store_document *instead,
    const struct tally_batch *b, struct tally_buf *out)
{
	struct tally_err err = { .text = "" };

	well(store_begin(f->store, &err), &err);
	tally_buf_reset(out);
	well(store_document_read(f->store, 3, out, &err), &err);
	assert_null(strstr(out->p, "order_lines"));
	tally_buf_reset(out);
	if (instead != NULL)
		well(store_document_replace(f->store, instead, b, &err), &err);
	well(store_document_read(f->store, 3, out, &err), &err);
	well(store_commit(f->store, &err), &err);
}

/* Which tables are empty is not asked for each document. */
static void
a_table_that_was_empty_is_read(void **state)
{
	struct fixture *f = *state;
	struct tally_buf before, after;
	struct store_document d[3];
	struct tally_batch b;
	struct tally_err err = { .text = "" };
	char insert[256];

	orders(f);
	tally_buf_init(&before, 1 << 20);
	tally_buf_init(&after, 1 << 20);
	well(store_document_read(f->store, 3, &before, &err), &err);
	assert_non_null(strstr(before.p, "order_lines"));
	snprintf(insert, sizeof(insert),
	    "INSERT INTO order_lines (id, document_id) VALUES (%s, 3)",
	    fixture_sql(
		f, "SELECT min(id) FROM order_lines WHERE document_id = 3"));
	fixture_batch(f, &b, d, 3, 1, 1);
	d[2].id = 3;
	/* It gets a row by somebody else between two transactions. */
	fixture_execute(f, "DELETE FROM order_lines");
	read_within(f, NULL, NULL, &after);
	fixture_execute(f, insert);
	well(store_begin(f->store, &err), &err);
	well(store_document_read(f->store, 3, &after, &err), &err);
	assert_non_null(strstr(after.p, "order_lines"));
	well(store_commit(f->store, &err), &err);
	/* And some in the transaction. */
	fixture_execute(f, "DELETE FROM order_lines");
	read_within(f, &d[2], &b, &after);
	assert_string_equal(before.p, after.p);
	d[2].state = "rejected";
	well(store_begin(f->store, &err), &err);
	well(store_document_replace(f->store, &d[2], &b, &err), &err);
	well(store_commit(f->store, &err), &err);
	assert_string_equal(
	    fixture_sql(f, "SELECT count(*) FROM order_lines"), "0");
	tally_batch_free(&b);
	tally_buf_free(&before);
	tally_buf_free(&after);
}

static uint32_t
draw(struct fixture *f, const char *sender)
{
	struct tally_err err = { .text = "" };
	uint32_t n;

	well(store_begin(f->store, &err), &err);
	well(store_control_next(f->store, "group", sender, "ZZ:YOU", &n, &err),
	    &err);
	well(store_commit(f->store, &err), &err);
	return n;
}

/* Numbers that a mark knows are not drawn again, whatever ids look like. */
static void
a_mark_raises_numbers(void **state)
{
	struct fixture *f = *state;
	static const char odd[] = "ZZ:A %41\n\"B\xc3\xa9";
	struct tally_buf mark;
	struct tally_err err = { .text = "" };
	int64_t event, had;
	bool behind;

	orders(f);
	tally_buf_init(&mark, 1 << 20);
	for (uint32_t i = 1; i <= 7; i++)
		assert_int_equal(draw(f, odd), i);
	assert_int_equal(draw(f, "ZZ:ME"), 1);
	well(store_mark_write(f->store, &mark, &event, &err), &err);
	well(store_mark_compare(f->store, mark.p, &had, &behind, &err), &err);
	assert_false(behind);
	assert_int_equal(had, event);
	fixture_execute(f, "DELETE FROM control_numbers WHERE number = 7");
	draw(f, "ZZ:ME");
	well(store_begin(f->store, &err), &err);
	well(store_mark_raise(f->store, mark.p, &err), &err);
	well(store_commit(f->store, &err), &err);
	assert_int_equal(draw(f, odd), 8);
	assert_int_equal(draw(f, "ZZ:ME"), 3);
	/* An event that is another, and one that is gone. */
	fixture_execute(f,
	    "UPDATE events SET hash = zeroblob(32)"
	    " WHERE id = (SELECT max(id) FROM events)");
	well(store_mark_compare(f->store, mark.p, &had, &behind, &err), &err);
	assert_true(behind);
	fixture_execute(
	    f, "DELETE FROM events WHERE id = (SELECT max(id) FROM events)");
	well(store_mark_compare(f->store, mark.p, &had, &behind, &err), &err);
	assert_true(behind);
	tally_buf_free(&mark);
}

static void
a_mark_that_was_cut_is_refused(void **state)
{
	struct fixture *f = *state;
	struct tally_buf mark;
	struct tally_err err = { .text = "" };
	int64_t event;
	bool behind;

	orders(f);
	draw(f, "ZZ:ME");
	tally_buf_init(&mark, 1 << 20);
	well(store_mark_write(f->store, &mark, &event, &err), &err);
	for (size_t n = mark.n; n-- > 0;) {
		mark.p[n] = '\0';
		assert_int_equal(
		    store_mark_compare(f->store, mark.p, &event, &behind, &err),
		    TALLY_IO);
	}
	tally_buf_free(&mark);
}

/* Bytes that were purged are no bytes: the same that come again are kept. */
static void
purged_bytes_can_come_again(void **state)
{
	struct fixture *f = *state;
	const struct store_object o = {
		.mailbox = "acme", .name = TALLY_STR("again.edi"), .size = 5
	};
	struct store_incoming *in;
	struct store_payload *p = NULL;
	struct store_purged n;
	struct tally_err err = { .text = "" };
	int64_t id[2];
	bool known;

	for (int i = 0; i < 2; i++) {
		struct store_object named = o;

		named.name = i == 0 ? TALLY_STR("first.edi") : o.name;
		well(store_incoming_new(&in, f->store, &err), &err);
		well(store_incoming_add(in, "hello", 5, &err), &err);
		well(store_begin(f->store, &err), &err);
		well(store_file_add(f->store, &named, in, FIXTURE_NOW, &id[i],
			 &known, &err),
		    &err);
		well(store_file_state(f->store, id[i], "translated", NULL,
			 FIXTURE_NOW, &err),
		    &err);
		well(store_commit(f->store, &err), &err);
		store_incoming_free(in);
		if (i == 1)
			break;
		well(store_purge(f->store, STORE_PURGE_PAYLOADS,
			 "2025-11-24T16:00:00.000Z", FIXTURE_NOW, &n, &err),
		    &err);
		assert_int_equal(n.rows, 0);
		well(store_purge(f->store, STORE_PURGE_PAYLOADS,
			 "2025-11-24T16:00:00.001Z", FIXTURE_NOW, &n, &err),
		    &err);
		assert_int_equal(n.rows, 1);
		assert_int_equal(n.bytes, 5);
	}
	assert_int_equal(
	    store_payload_open(&p, f->store, id[0], &err), TALLY_NOINPUT);
	assert_non_null(strstr(err.text, "purged"));
	well(store_payload_open(&p, f->store, id[1], &err), &err);
	store_payload_close(p);
}

static void
count(void *ctx, const char *text)
{
	(void)text;
	++*(unsigned *)ctx;
}

static void
queue(struct fixture *f, const char *partner)
{
	struct tally_err err;

	well(store_outbox_add(f->store, partner, "box", "name", 0,
		 TALLY_STR("ISA"), 0, 1000, NULL, &err),
	    &err);
}

/* Chains go on behind what was committed, never behind what was taken back,
 * and however many of them, and of their events, are written in turn. */
static void
chains_go_on(void **state)
{
	struct fixture *f = *state;
	struct store_verified n;
	struct tally_err err;
	unsigned problems = 0;
	char name[16];

	for (int round = 0; round < 2; round++) {
		well(store_begin(f->store, &err), &err);
		queue(f, "ONE");
		well(store_savepoint(f->store, &err), &err);
		queue(f, "ONE");
		store_undo(f->store);
		for (int i = 0; i < 700; i++) {
			snprintf(name, sizeof(name), "P%d", i % 40);
			queue(f, name);
			queue(f, "ONE");
		}
		well(store_commit(f->store, &err), &err);
		well(store_begin(f->store, &err), &err);
		queue(f, "ONE");
		store_rollback(f->store);
	}
	queue(f, "ONE");
	well(store_verify(f->store, count, &problems, &n, &err), &err);
	assert_int_equal(problems, 0);
	assert_int_equal(n.events, 2 * 1401 + 1);
}

/* Files that are received in one transaction know of one another. */
static void
files_of_a_transaction(void **state)
{
	static const char *const name[] = { "a", "b", "a", "c", "b" };
	static const char *const bytes[] = { "one", "two", "one", "one", "x" };
	static const int64_t want[] = { 1, 2, 1, 3, 4 };
	struct fixture *f = *state;
	struct store_incoming *in;
	struct store_file file;
	struct tally_err err;
	int64_t id;
	bool known;

	well(store_begin(f->store, &err), &err);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		const struct store_object o = { "acme", tally_cstr(name[i]), 3,
			5 };

		well(store_incoming_new(&in, f->store, &err), &err);
		well(store_incoming_add(in, bytes[i], strlen(bytes[i]), &err),
		    &err);
		well(store_file_add(
			 f->store, &o, in, FIXTURE_NOW, &id, &known, &err),
		    &err);
		store_incoming_free(in);
		assert_int_equal(id, want[i]);
		assert_int_equal(known, i == 2);
	}
	well(store_file_get(f->store, 4, &file, &known, &err), &err);
	assert_true(known);
	well(store_commit(f->store, &err), &err);
	assert_string_equal(
	    fixture_sql(f,
		"SELECT group_concat(name || payload_id, ' ') FROM"
		" (SELECT name, payload_id FROM files ORDER BY id)"),
	    "a1 b2 c3 b4");
}

/* What a transaction does to one after the other is an event, whose content is
 * that of all; unless it is for a reason, or of another stream between. */
static void
a_transaction_makes_few_events(void **state)
{
	static const unsigned char isa[] = "ISA";
	struct fixture *f = *state;
	unsigned char one[3][TALLY_HASH_SIZE], all[TALLY_HASH_SIZE];
	char hex[TALLY_HASH_HEX];
	struct store_verified n;
	struct tally_hash *h;
	struct tally_err err;
	unsigned problems = 0;

	well(store_begin(f->store, &err), &err);
	for (int i = 0; i < 3; i++)
		queue(f, "ONE");
	for (int i = 0; i < 3; i++)
		well(store_outbox_state(f->store, i + 1, "uploaded", "tmp",
			 NULL, 0, 1000, &err),
		    &err);
	queue(f, "TWO");
	queue(f, "ONE");
	queue(f, "ONE");
	well(store_outbox_state(
		 f->store, 1, "sent", NULL, "inferred", 0, 1000, &err),
	    &err);
	for (int i = 1; i < 3; i++)
		well(store_outbox_state(
			 f->store, i + 1, "sent", NULL, NULL, 0, 1000, &err),
		    &err);
	well(store_commit(f->store, &err), &err);
	assert_string_equal(
	    fixture_sql(f,
		"SELECT group_concat(substr(stream, 9) || subject_id || '+'"
		" || subjects || to_state, ' ') FROM"
		" (SELECT * FROM events ORDER BY id)"),
	    "ONE1+3queued ONE1+3uploaded TWO4+1queued ONE5+2queued "
	    "ONE1+1sent ONE2+2sent");
	well(tally_hash_new(&h, &err), &err);
	for (int i = 0; i < 3; i++) {
		tally_hash_add(h, isa, 3);
		tally_hash_end(h, one[i]);
	}
	tally_hash_add(h, one, sizeof(one));
	tally_hash_end(h, all);
	tally_hash_hex(all, hex);
	assert_string_equal(
	    fixture_sql(f, "SELECT lower(hex(content)) FROM events LIMIT 1"),
	    hex);
	tally_hash_hex(one[0], hex);
	assert_string_equal(
	    fixture_sql(f,
		"SELECT lower(hex(content)) FROM events WHERE subject_id = 4"),
	    hex);
	tally_hash_free(h);
	well(store_verify(f->store, count, &problems, &n, &err), &err);
	assert_int_equal(problems, 0);
}

static void
a_store_as_it_is_made_is_sound(void **state)
{
	struct fixture *f = *state;
	struct store_verified n;
	struct tally_err err = { .text = "" };
	unsigned problems = 0;
	char why[256];

	orders(f);
	assert_true(decide(f, STORE_DOCUMENT, 2, STORE_REJECTED, why));
	well(store_verify(f->store, count, &problems, &n, &err), &err);
	assert_int_equal(problems, 0);
	assert_true(n.events > 2);
	fixture_execute(f, "UPDATE events SET at = 'now' WHERE id = 2");
	well(store_verify(f->store, count, &problems, &n, &err), &err);
	assert_true(problems > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_what_waits_is_decided_on,
		    fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(what_is_rejected_has_no_records,
		    fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    a_document_is_put_in_the_place_of_itself, fixture_setup,
		    fixture_teardown),
		cmocka_unit_test_setup_teardown(a_table_that_was_empty_is_read,
		    fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    a_mark_raises_numbers, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_mark_that_was_cut_is_refused,
		    fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(purged_bytes_can_come_again,
		    fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    chains_go_on, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
		    files_of_a_transaction, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_transaction_makes_few_events,
		    fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_store_as_it_is_made_is_sound,
		    fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
