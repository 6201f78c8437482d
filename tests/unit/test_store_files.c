/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects in mailboxes and the files that they become: when one is taken, that
 * it is known again, and its states.  Their bytes: test_store_payloads.
 */
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/store_fixture.h"

#define MIB (1024 * 1024)

static enum store_seen
look(struct fixture *f, const struct store_object *o, int64_t settle,
    int64_t now)
{
	struct tally_err err;
	struct store_look look;

	assert_int_equal(store_begin(f->store, &err), TALLY_OK);
	assert_int_equal(
	    store_object_look(f->store, o, settle, now, &look, &err), TALLY_OK);
	if (look.seen != STORE_TAKEN)
		assert_int_equal(
		    store_object_note(f->store, o, &look, now, &err), TALLY_OK);
	assert_int_equal(store_commit(f->store, &err), TALLY_OK);
	return look.seen;
}

static void
objects_settle(void **state)
{
	struct fixture *f = *state;
	struct store_object o = { "acme", TALLY_STR("po.edi"), 100, 5 };
	const int64_t now = FIXTURE_NOW;

	assert_int_equal(look(f, &o, 60000, now), STORE_NEW);
	assert_int_equal(look(f, &o, 60000, now + 59999), STORE_UNSETTLED);
	assert_int_equal(look(f, &o, 60000, now + 60000), STORE_SETTLED);
	o.size = 101;
	assert_int_equal(look(f, &o, 60000, now + 60001), STORE_NEW);
	assert_int_equal(look(f, &o, 60000, now + 60002), STORE_UNSETTLED);
	o.mtime = 6;
	assert_int_equal(look(f, &o, 60000, now + 200000), STORE_NEW);
	/* The clock was set back: the wait begins again, it does not end. */
	assert_int_equal(look(f, &o, 60000, now - 900000), STORE_UNSETTLED);
	assert_int_equal(look(f, &o, 60000, now - 800000), STORE_SETTLED);
}

static void
objects_need_no_wait(void **state)
{
	struct fixture *f = *state;
	struct store_object o = { "acme", TALLY_STR("po.edi"), 100, 5 };

	assert_int_equal(look(f, &o, 0, FIXTURE_NOW), STORE_SETTLED);
}

static void
objects_taken_until_gone(void **state)
{
	struct fixture *f = *state;
	struct store_object o = { "acme", TALLY_STR("po.edi"), 3, 5 };
	struct store_incoming *in = fixture_incoming(f, 3, 3);
	struct tally_err err;
	int64_t id;
	bool known;

	assert_int_equal(look(f, &o, 0, FIXTURE_NOW), STORE_SETTLED);
	id = fixture_add(f, &o, in, &known);
	store_incoming_free(in);
	/* What is to be disposed of is not noted, only what stays. */
	assert_int_equal(look(f, &o, 0, FIXTURE_NOW), STORE_SETTLED);
	assert_int_equal(
	    store_object_taken(f->store, &o, id, FIXTURE_NOW, &err), TALLY_OK);
	assert_int_equal(look(f, &o, 0, FIXTURE_NOW), STORE_TAKEN);
	fixture_reopen(f);
	assert_int_equal(look(f, &o, 0, FIXTURE_NOW), STORE_TAKEN);
	assert_int_equal(store_object_gone(f->store, &o, &err), TALLY_OK);
	assert_int_equal(look(f, &o, 9, FIXTURE_NOW), STORE_NEW);
	/* The same name with other content is another object. */
	o.size = 4;
	assert_int_equal(look(f, &o, 9, FIXTURE_NOW), STORE_NEW);
}

static void
files_are_recognised(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *mailbox, *name;
		size_t size;
		bool known;
	} cases[] = {
		{ "acme", "po.edi", 10, false },
		{ "acme", "po.edi", 10, true },
		{ "acme", "po.edi", 11, false },
		{ "acme", "po2.edi", 10, false },
		{ "other", "po.edi", 10, false },
		{ "acme", "some.edi", 65537, false },
		{ "other", "some.edi", 65537, false },
		{ "acme", "big.edi", 2 * MIB, false },
		{ "acme", "big.edi", 2 * MIB, true },
		{ "other", "big.edi", 2 * MIB, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct store_object o = { cases[i].mailbox,
			tally_cstr(cases[i].name), cases[i].size, 1 };
		struct store_incoming *in =
		    fixture_incoming(f, cases[i].size, 100000);
		bool known;

		fixture_add(f, &o, in, &known);
		assert_int_equal(known, cases[i].known);
		store_incoming_free(in);
	}
	assert_string_equal(fixture_sql(f, "SELECT count(*) FROM files"), "8");
	/* Once, but for the tiny. */
	assert_string_equal(fixture_sql(f,
				"SELECT group_concat(n, ' ') FROM (SELECT size"
				" || '*' || count(*) AS n FROM payloads"
				" GROUP BY size ORDER BY size)"),
	    "10*3 11*1 65537*1 2097152*1");
}

static void
files_go_from_state_to_state(void **state)
{
	struct fixture *f = *state;
	int64_t first = fixture_group(f).file, second = fixture_group(f).file;
	struct store_file file;
	struct tally_err err;
	uint32_t attempts;
	bool found;

	assert_int_equal(
	    store_file_next(f->store, 0, &file, &found, &err), TALLY_OK);
	assert_true(found);
	assert_int_equal(file.id, first);
	assert_string_equal(file.state, "received");
	assert_string_equal(file.mailbox, "drop");
	assert_int_equal(file.size, 3);
	assert_int_equal(
	    store_file_attempt(f->store, first, &attempts, &err), TALLY_OK);
	assert_int_equal(attempts, 1);
	assert_int_equal(store_file_advanced(f->store, first, &err), TALLY_OK);
	assert_int_equal(
	    store_file_attempt(f->store, first, &attempts, &err), TALLY_OK);
	assert_int_equal(attempts, 1);
	assert_int_equal(store_begin(f->store, &err), TALLY_OK);
	assert_int_equal(
	    store_file_attempt(f->store, first, &attempts, &err), TALLY_OK);
	assert_int_equal(attempts, 2);
	assert_int_equal(store_file_state(f->store, first, "quarantined",
			     "not\033EDI\377", FIXTURE_NOW, &err),
	    TALLY_OK);
	assert_int_equal(store_commit(f->store, &err), TALLY_OK);
	assert_int_equal(
	    store_file_next(f->store, 0, &file, &found, &err), TALLY_OK);
	assert_true(found);
	assert_int_equal(file.id, second);
	assert_int_equal(
	    store_file_next(f->store, second, &file, &found, &err), TALLY_OK);
	assert_false(found);
	assert_int_equal(
	    store_file_get(f->store, first, &file, &found, &err), TALLY_OK);
	assert_true(found);
	assert_string_equal(file.state, "quarantined");
	assert_int_equal(file.attempts, 2);
	assert_string_equal(fixture_sql(f,
				"SELECT from_state || ' ' || to_state || ' ' ||"
				" hex(reason) FROM events WHERE from_state"
				" = 'received'"),
	    "received quarantined 6E6F741B4544495C786666");
	assert_int_equal(store_file_state(f->store, 77, "translated", NULL,
			     FIXTURE_NOW, &err),
	    TALLY_USAGE);
	assert_int_equal(store_file_state(f->store, second, "no such", NULL,
			     FIXTURE_NOW, &err),
	    TALLY_IO);
}

static void
odd_names(void **state)
{
	struct fixture *f = *state;
	struct store_object o = { "acme", TALLY_STR("../\377\n\0x"), 3, 1 };
	struct store_incoming *in = fixture_incoming(f, 3, 3);
	struct store_file file;
	struct tally_err err;
	bool known, found;
	int64_t id;

	id = fixture_add(f, &o, in, &known);
	store_incoming_free(in);
	assert_int_equal(
	    store_file_get(f->store, id, &file, &found, &err), TALLY_OK);
	assert_true(tally_str_eq(file.name, TALLY_STR("../\\xff\n\\x00x")));
	assert_int_equal(
	    store_object_taken(f->store, &o, id, FIXTURE_NOW, &err), TALLY_OK);
	assert_int_equal(look(f, &o, 0, FIXTURE_NOW), STORE_TAKEN);
}

int
main(void)
{
#define T(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(objects_settle),
		T(objects_need_no_wait),
		T(objects_taken_until_gone),
		T(files_are_recognised),
		T(files_go_from_state_to_state),
		T(odd_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
