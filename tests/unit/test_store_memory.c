/* SPDX-License-Identifier: Apache-2.0 */
/* Want of memory at every place: a clean error, and nothing half done. */
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/counted.h"
#include "support/store_fixture.h"

#define PLACES_MAX 10000 /* more would be a loop that never ends */

/* A large file comes in and is read, and what it holds is recorded. */
static enum tally_rc
work(struct store *st, struct store_document *d, size_t n,
    const struct tally_batch *b, int64_t *prior, struct tally_err *err)
{
	static char bytes[1024 * 1024 + 512];
	const struct store_object o = { "in\377box", TALLY_STR("po\0.edi"),
		sizeof(bytes), 5 };
	const struct tally_finding f = { .kind = TALLY_F_not_edi,
		.severity = TALLY_ERROR,
		.value = TALLY_STR("\033") };
	struct store_subject about = { .file = 0 };
	struct store_incoming *in = NULL;
	struct store_payload *p = NULL;
	struct tally_source s;
	enum tally_rc rc;
	size_t got;
	bool known;

	rc = store_incoming_new(&in, st, err);
	for (size_t i = 0; rc == TALLY_OK && i < sizeof(bytes); i += 524544)
		rc = store_incoming_add(in, bytes + i, 524544, err);
	if (rc == TALLY_OK)
		rc = store_begin(st, err);
	if (rc == TALLY_OK)
		rc = store_file_add(
		    st, &o, in, FIXTURE_NOW, &about.file, &known, err);
	if (rc == TALLY_OK)
		rc = store_payload_open(&p, st, about.file, err);
	if (rc == TALLY_OK) {
		s = store_payload_source(p, 5);
		rc = s.read(s.ctx, bytes, 100, &got, err);
	}
	if (rc == TALLY_OK)
		rc = fixture_prior(st, "acme", d, n, prior, err);
	if (rc == TALLY_OK)
		rc = store_documents_put(st, "acme", d, n, b, FIXTURE_NOW, err);
	if (rc == TALLY_OK)
		rc = store_findings_put(st, &about, &f, 1, err);
	if (rc == TALLY_OK)
		rc = store_outbox_add(st, "acme", "m", "a\377", 1,
		    TALLY_STR("ISA"), 0, FIXTURE_NOW, NULL, err);
	if (rc == TALLY_OK)
		rc = store_commit(st, err);
	store_payload_close(p);
	store_incoming_free(in);
	return rc;
}

static void
every_allocation_may_fail(void **state)
{
	struct fixture f;
	struct store_document d[5];
	int64_t prior[5];
	struct tally_batch b;
	enum tally_rc rc = TALLY_NOMEM;
	int place, failed = 0;
	long before;

	(void)state;
	tally_allocator_set(&counted);
	fixture_open(&f);
	fixture_batch(&f, &b, d, 5, 1, 1);
	assert_int_equal(
	    tally_batch_set(&b, FIXTURE_LINES, 0, 3, TALLY_STR("\377"), NULL),
	    TALLY_OK);
	store_close(f.store);
	f.store = NULL;
	before = counted_blocks;
	for (place = 0; rc != TALLY_OK && place < PLACES_MAX; place++) {
		struct tally_err err = { .text = "" };

		counted_left = place;
		rc = store_open(&f.store, f.dir, STORE_WRITE, &f.model, &err);
		if (rc == TALLY_OK) {
			rc = work(f.store, d, 5, &b, prior, &err);
			store_close(f.store);
			f.store = NULL;
		}
		counted_left = -1;
		if (rc != TALLY_OK) {
			if (rc != TALLY_NOMEM)
				fail_msg(
				    "place %d: %d %s", place, rc, err.text);
			assert_int_equal(err.rc, TALLY_NOMEM);
			assert_int_not_equal(err.text[0], '\0');
			failed++;
		}
		assert_int_equal(counted_blocks, before);
		assert_string_equal(
		    fixture_sql(&f,
			"SELECT (SELECT count(*) FROM documents) || ' ' ||"
			" (SELECT count(*) FROM order_lines) || ' ' ||"
			" (SELECT count(*) FROM files) || ' ' ||"
			" (SELECT count(*) FROM outbox)"),
		    rc == TALLY_OK ? "5 10 1 1" : "0 0 0 0");
	}
	assert_int_equal(rc, TALLY_OK);
	assert_true(failed > 10);
	assert_string_equal(fixture_sql(&f, "PRAGMA integrity_check"), "ok");
	tally_batch_free(&b);
	fixture_close(&f);
	tally_allocator_set(NULL);
	assert_int_equal(counted_blocks, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
