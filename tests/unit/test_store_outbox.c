/* SPDX-License-Identifier: Apache-2.0 */
/* Control numbers, the outbox, mailboxes' health. */
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/store_fixture.h"

static uint32_t
number(struct fixture *f, const char *level, const char *to)
{
	uint32_t n = 0;

	assert_int_equal(
	    store_control_next(f->store, level, "US", to, &n, NULL), TALLY_OK);
	return n;
}

static void
numbers_have_no_gaps(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(store_begin(f->store, NULL), TALLY_OK);
	assert_int_equal(number(f, "interchange", "ACME"), 1);
	assert_int_equal(number(f, "interchange", "ACME"), 2);
	assert_int_equal(number(f, "group", "ACME"), 1);
	assert_int_equal(number(f, "interchange", "OTHER"), 1);
	assert_int_equal(store_commit(f->store, NULL), TALLY_OK);
	assert_int_equal(store_begin(f->store, NULL), TALLY_OK);
	assert_int_equal(number(f, "interchange", "ACME"), 3);
	store_rollback(f->store);
	fixture_reopen(f);
	/* What was rolled back was not drawn. */
	assert_int_equal(number(f, "interchange", "ACME"), 3);
	assert_int_equal(store_begin(f->store, NULL), TALLY_OK);
	assert_int_equal(store_savepoint(f->store, NULL), TALLY_OK);
	assert_int_equal(number(f, "interchange", "ACME"), 4);
	store_undo(f->store);
	assert_int_equal(store_savepoint(f->store, NULL), TALLY_OK);
	assert_int_equal(number(f, "interchange", "ACME"), 4);
	assert_int_equal(store_release(f->store, NULL), TALLY_OK);
	assert_int_equal(store_commit(f->store, NULL), TALLY_OK);
	assert_int_equal(number(f, "interchange", "ACME"), 5);
}

/* More sequences at a time than a transaction holds. */
static void
numbers_of_many(void **state)
{
	struct fixture *f = *state;
	char to[16];

	for (uint32_t round = 0; round < 4; round++) {
		if (round % 2 == 0)
			assert_int_equal(store_begin(f->store, NULL), TALLY_OK);
		for (unsigned i = 0; i < 30; i++) {
			snprintf(to, sizeof(to), "P%u", i);
			assert_int_equal(number(f, "group", to), 2 * round + 1);
			assert_int_equal(number(f, "group", to), 2 * round + 2);
		}
		if (round == 3)
			store_rollback(f->store);
		else if (round % 2 == 1)
			assert_int_equal(
			    store_commit(f->store, NULL), TALLY_OK);
	}
	assert_int_equal(number(f, "group", "P0"), 5);
}

static void
numbers_wrap(void **state)
{
	struct fixture *f = *state;

	number(f, "group", "ACME");
	fixture_execute(f, "UPDATE control_numbers SET number = 999999998");
	assert_int_equal(number(f, "group", "ACME"), 999999999);
	assert_int_equal(number(f, "group", "ACME"), 1);
	assert_int_equal(number(f, "group", "ACME"), 2);
	assert_string_equal(
	    fixture_sql(f, "SELECT epoch FROM control_numbers"), "1");
}

static void
add(struct fixture *f, const char *mailbox, const char *name, const char *bytes,
    int64_t about)
{
	struct tally_err err = { .text = "" };

	if (store_outbox_add(f->store, "acme", mailbox, name, 42,
		tally_cstr(bytes), about, FIXTURE_NOW, NULL, &err) != TALLY_OK)
		fail_msg("%s", err.text);
}

static struct store_outgoing
next(struct fixture *f, int64_t after, int64_t now)
{
	struct store_outgoing o = { .id = 0 };
	bool found;

	assert_int_equal(
	    store_outbox_next(f->store, "m", after, now, &o, &found, NULL),
	    TALLY_OK);
	if (!found)
		o.id = 0;
	return o;
}

static void
state_to(struct fixture *f, int64_t id, const char *state, const char *tmp,
    const char *reason, int64_t due)
{
	assert_int_equal(store_outbox_state(f->store, id, state, tmp, reason,
			     due, FIXTURE_NOW, NULL),
	    TALLY_OK);
}

static void
files_are_delivered_in_order(void **state)
{
	struct fixture *f = *state;
	const int64_t now = FIXTURE_NOW;
	struct store_outgoing o;

	add(f, "m", "997-1.edi", "ISA*1", 0);
	add(f, "other", "x.edi", "ISA*1", 0);
	add(f, "m", "997-2.edi", "ISA*2\377", 0);
	o = next(f, 0, now);
	assert_int_equal(o.id, 1);
	assert_string_equal(o.partner, "acme");
	assert_string_equal(o.mailbox, "m");
	assert_string_equal(o.name, "997-1.edi");
	assert_string_equal(o.temporary, "");
	assert_string_equal(o.state, "queued");
	assert_int_equal(o.attempts, 0);
	assert_true(tally_str_eq(o.bytes, TALLY_STR("ISA*1")));
	o = next(f, 1, now);
	assert_int_equal(o.id, 3);
	assert_true(tally_str_eq(o.bytes, TALLY_STR("ISA*2\377")));
	assert_int_equal(next(f, 3, now).id, 0);

	state_to(f, 1, "uploaded", ".997-1.edi.1.tmp", NULL, 0);
	fixture_reopen(f);
	o = next(f, 0, now);
	assert_int_equal(o.id, 1);
	assert_string_equal(o.state, "uploaded");
	assert_string_equal(o.temporary, ".997-1.edi.1.tmp");
	assert_int_equal(o.attempts, 1);
	state_to(f, 1, "sent", NULL, NULL, 0);
	assert_int_equal(next(f, 0, now).id, 3);
	assert_string_equal(
	    fixture_sql(f,
		"SELECT group_concat(coalesce(from_state, '') || '>' ||"
		" to_state, ' ') FROM events WHERE subject = 'outbox'"
		" AND subject_id = 1"),
	    ">queued queued>uploaded uploaded>sent");
}

static void
failed_files_wait(void **state)
{
	struct fixture *f = *state;
	const int64_t now = FIXTURE_NOW;
	struct store_outgoing o;

	add(f, "m", "a", "x", 0);
	state_to(f, 1, "failed", NULL, "no room", now + 5000);
	assert_int_equal(next(f, 0, now).id, 0);
	assert_int_equal(next(f, 0, now + 4999).id, 0);
	o = next(f, 0, now + 5000);
	assert_int_equal(o.id, 1);
	assert_string_equal(o.state, "failed");
	assert_int_equal(o.attempts, 1);
	assert_string_equal(
	    fixture_sql(f, "SELECT reason FROM outbox"), "no room");
	state_to(f, 1, "uploaded", "t", NULL, 0);
	state_to(f, 1, "failed", NULL, "gone", now);
	o = next(f, 0, now);
	assert_int_equal(o.attempts, 2);
	state_to(f, 1, "queued", NULL, NULL, 0);
	o = next(f, 0, now);
	assert_string_equal(o.state, "queued");
	assert_string_equal(o.temporary, "");
	assert_int_equal(
	    store_outbox_state(f->store, 1, "lost", NULL, NULL, 0, now, NULL),
	    TALLY_USAGE);
	assert_int_equal(
	    store_outbox_state(f->store, 99, "sent", NULL, NULL, 0, now, NULL),
	    TALLY_USAGE);
}

static void
answers_are_sent_again(void **state)
{
	struct fixture *f = *state;
	int64_t about = fixture_group(f).interchange;
	int64_t other = fixture_group(f).interchange;
	struct store_outgoing o;

	add(f, "m", "a", "A", about);
	add(f, "m", "b", "B", other);
	add(f, "m", "c", "C", about);
	add(f, "m", "d", "D", 0);
	for (int64_t id = 1; id <= 4; id++)
		state_to(f, id, "sent", NULL, NULL, 0);
	assert_int_equal(next(f, 0, FIXTURE_NOW).id, 0);
	assert_int_equal(
	    store_outbox_again(f->store, about, FIXTURE_NOW, NULL), TALLY_OK);
	o = next(f, 0, FIXTURE_NOW);
	assert_int_equal(o.id, 1);
	assert_string_equal(o.name, "a");
	assert_true(tally_str_eq(o.bytes, TALLY_STR("A")));
	assert_int_equal(next(f, 1, FIXTURE_NOW).id, 3);
	assert_int_equal(next(f, 3, FIXTURE_NOW).id, 0);
	/* What is on its way already is left alone. */
	state_to(f, 1, "uploaded", "t", NULL, 0);
	assert_int_equal(
	    store_outbox_again(f->store, about, FIXTURE_NOW, NULL), TALLY_OK);
	assert_string_equal(next(f, 0, FIXTURE_NOW).state, "uploaded");
	assert_string_equal(fixture_sql(f, "SELECT count(*) FROM outbox"), "4");
}

static void
mailboxes_are_remembered(void **state)
{
	struct fixture *f = *state;
	struct store_mailbox a = { .name = "acme",
		.failures = 4,
		.last_ok = FIXTURE_NOW - 1,
		.next_try = FIXTURE_NOW + 900001,
		.reason = "cannot connect" };
	struct store_mailbox b;

	assert_int_equal(
	    store_mailbox_get(f->store, "acme", &b, NULL), TALLY_OK);
	assert_string_equal(b.name, "acme");
	assert_int_equal(b.failures, 0);
	assert_int_equal(b.last_ok, 0);
	assert_int_equal(store_mailbox_put(f->store, &a, NULL), TALLY_OK);
	fixture_reopen(f);
	assert_int_equal(
	    store_mailbox_get(f->store, "acme", &b, NULL), TALLY_OK);
	assert_string_equal(b.name, "acme");
	assert_int_equal(b.failures, 4);
	assert_int_equal(b.last_ok, FIXTURE_NOW - 1);
	assert_int_equal(b.next_try, FIXTURE_NOW + 900001);
	assert_string_equal(b.reason, "cannot connect");
	a.failures = 0;
	a.next_try = 0;
	a.reason[0] = '\0';
	assert_int_equal(store_mailbox_put(f->store, &a, NULL), TALLY_OK);
	assert_int_equal(
	    store_mailbox_get(f->store, "acme", &b, NULL), TALLY_OK);
	assert_int_equal(b.failures, 0);
	assert_int_equal(b.next_try, 0);
	assert_string_equal(b.reason, "");
}

int
main(void)
{
#define T(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(numbers_have_no_gaps),
		T(numbers_of_many),
		T(numbers_wrap),
		T(files_are_delivered_in_order),
		T(failed_files_wait),
		T(answers_are_sent_again),
		T(mailboxes_are_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
