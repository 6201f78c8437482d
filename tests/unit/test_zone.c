/* SPDX-License-Identifier: Apache-2.0 */
/* Zones of time: codes of X12, offsets and files of the tz database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/zone.h"
#include "tallyman/mem.h"

/* --- made files --- */

/* A file of version 2 with changes of 64 bits; offsets in hours. */
struct made {
	int64_t at[4];
	int type[4]; /* of each change */
	int n;
	int hours[2];
	const char *rule;
	char version; /* '\0': '2' */
};

static void
put(struct tally_buf *b, int64_t v, int size)
{
	for (int i = size - 1; i >= 0; i--)
		tally_buf_putc(b, (char)((uint64_t)v >> 8 * i));
}

static void
put_block(struct tally_buf *b, const struct made *m, int size, bool empty)
{
	int n = empty ? 0 : m->n;

	tally_buf_add(b, "TZif", 4);
	tally_buf_putc(b, m->version != '\0' ? m->version : '2');
	for (int i = 0; i < 15; i++)
		tally_buf_putc(b, '\0');
	put(b, 0, 4); /* utc */
	put(b, 0, 4); /* standard */
	put(b, 0, 4); /* leap */
	put(b, n, 4);
	put(b, 2, 4); /* types */
	put(b, 8, 4); /* characters */
	for (int i = 0; i < n; i++)
		put(b, m->at[i], size);
	for (int i = 0; i < n; i++)
		put(b, m->type[i], 1);
	for (int i = 0; i < 2; i++) {
		put(b, m->hours[i] * 3600, 4);
		put(b, i, 1);
		put(b, i * 4, 1);
	}
	tally_buf_add(b, "STD\0DST\0", 8);
}

static struct tally_arena arena;

static const struct tally_zone *
make(const struct made *m)
{
	const struct tally_zone *z;
	struct tally_err err;
	struct tally_buf b;
	enum tally_rc rc;

	tally_buf_init(&b, 1 << 16);
	put_block(&b, m, 4, true);
	if (m->version != '1') {
		put_block(&b, m, 8, false);
		tally_buf_putc(&b, '\n');
		tally_buf_puts(&b, m->rule);
		tally_buf_putc(&b, '\n');
	}
	rc = tally_zone_file(&z, &arena, "made", tally_buf_view(&b), &err);
	tally_buf_free(&b);
	return rc == TALLY_OK ? z : NULL;
}

/* --- claims --- */

static void
expect_instant(const struct tally_zone *z, const char *zone, const char *date,
    const char *time, const char *want)
{
	char out[TALLY_INSTANT_MAX];
	size_t n =
	    tally_zone_instant(out, z, tally_cstr(date), tally_cstr(time));

	if (n != strlen(want) || memcmp(out, want, n) != 0)
		fail_msg("%s %s %s: %.*s, not %s", zone, date, time, (int)n,
		    out, want);
}

static void
expect_local(const struct tally_zone *z, const char *zone, const char *instant,
    const char *want)
{
	char date[TALLY_DATE_MAX], time[TALLY_TIME_MAX], got[40] = "none";
	size_t n;

	if (tally_zone_local(date, time, &n, z, tally_cstr(instant)))
		snprintf(got, sizeof(got), "%.*s %.*s", TALLY_DATE_MAX, date,
		    (int)n, time);
	if (strcmp(got, want) != 0)
		fail_msg("%s %s: %s, not %s", zone, instant, got, want);
}

static void
test_codes(void **state)
{
	static const struct {
		const char *code, *date, *time, *want;
	} rows[] = {
		{ "UT", "2026-01-05", "08:15", "2026-01-05T08:15:00Z" },
		{ "GM", "2026-07-05", "08:15:30", "2026-07-05T08:15:30Z" },
		{ "ET", "2026-01-05", "08:15", "2026-01-05T13:15:00Z" },
		{ "ET", "2026-07-05", "08:15", "2026-07-05T12:15:00Z" },
		{ "ES", "2026-07-05", "08:15", "2026-07-05T13:15:00Z" },
		{ "ED", "2026-01-05", "08:15", "2026-01-05T12:15:00Z" },
		{ "CT", "2026-12-31", "23:00", "2027-01-01T05:00:00Z" },
		{ "MT", "2026-06-01", "00:00", "2026-06-01T06:00:00Z" },
		{ "PT", "2026-02-28", "20:00", "2026-03-01T04:00:00Z" },
		{ "PT", "2024-02-28", "20:00", "2024-02-29T04:00:00Z" },
		{ "AT", "2026-01-05", "08:15", "2026-01-05T17:15:00Z" },
		{ "HT", "2026-07-05", "08:15", "2026-07-05T18:15:00Z" },
		{ "TT", "2026-07-05", "08:15", "2026-07-05T11:15:00Z" },
		{ "NT", "2026-01-05", "08:15", "2026-01-05T11:45:00Z" },
		{ "ND", "2026-07-05", "08:15", "2026-07-05T10:45:00Z" },
		{ "01", "2026-01-01", "00:30", "2025-12-31T23:30:00Z" },
		{ "12", "2026-01-01", "00:30", "2025-12-31T12:30:00Z" },
		{ "13", "2026-01-01", "12:30", "2026-01-02T00:30:00Z" },
		{ "20", "2026-01-01", "12:30", "2026-01-01T17:30:00Z" },
		{ "24", "2026-01-01", "12:30", "2026-01-01T13:30:00Z" },
		{ "UT", "2026-01-05", "08:15:30.25",
		    "2026-01-05T08:15:30.25Z" },
		/* clocks are put forward at 2, and back at 2 */
		{ "ET", "2026-03-08", "01:59:59", "2026-03-08T06:59:59Z" },
		{ "ET", "2026-03-08", "02:30", "2026-03-08T07:30:00Z" },
		{ "ET", "2026-03-08", "03:00", "2026-03-08T07:00:00Z" },
		{ "ET", "2026-11-01", "00:59", "2026-11-01T04:59:00Z" },
		{ "ET", "2026-11-01", "01:30", "2026-11-01T05:30:00Z" },
		{ "ET", "2026-11-01", "02:00", "2026-11-01T07:00:00Z" },
		/* no date, no time */
		{ "UT", "2026-13-01", "08:15", "" },
		{ "UT", "2026-01-05", "24:00", "" },
		{ "UT", "2026-01-05", "", "" },
		{ "UT", "", "08:15", "" },
		{ "UT", "20260105", "08:15", "" },
		{ "UT", "2026-01-05", "08:15.5", "" },
		{ "12", "0001-01-01", "00:00", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_instant(tally_zone_code(tally_cstr(rows[i].code)),
		    rows[i].code, rows[i].date, rows[i].time, rows[i].want);
	assert_null(tally_zone_code(TALLY_STR("LT")));
	assert_null(tally_zone_code(TALLY_STR("25")));
	assert_null(tally_zone_code(TALLY_STR("00")));
	assert_null(tally_zone_code(TALLY_STR("")));
}

static void
test_local(void **state)
{
	static const struct {
		const char *code, *instant, *want;
	} rows[] = {
		{ "UT", "2026-01-05T08:15:00Z", "2026-01-05 08:15" },
		{ "UT", "2026-01-05T08:15Z", "2026-01-05 08:15" },
		{ "ET", "2026-01-05T13:15:07Z", "2026-01-05 08:15:07" },
		{ "ET", "2026-07-05T03:15:00Z", "2026-07-04 23:15" },
		{ "ET", "2026-11-01T05:30:00Z", "2026-11-01 01:30" },
		{ "ET", "2026-11-01T06:30:00Z", "2026-11-01 01:30" },
		{ "ET", "2026-03-08T07:30:00Z", "2026-03-08 03:30" },
		{ "UT", "2026-01-05T08:15:30.2Z", "2026-01-05 08:15:30.2" },
		{ "UT", "2026-01-05T08:15:00", "none" },
		{ "UT", "2026-01-05 08:15:00Z", "none" },
		{ "UT", "2026-01-05Z", "none" },
		{ "UT", "yesterday, at noonZ", "none" },
		{ "UT", "2026-01-05T08:15:30.123Z", "none" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_local(tally_zone_code(tally_cstr(rows[i].code)),
		    rows[i].code, rows[i].instant, rows[i].want);
}

static void
test_offsets(void **state)
{
	static const struct {
		const char *name, *want; /* of 2026-01-05 08:15; null: none */
	} rows[] = {
		{ "UTC", "2026-01-05T08:15:00Z" },
		{ "+00:00", "2026-01-05T08:15:00Z" },
		{ "-05:00", "2026-01-05T13:15:00Z" },
		{ "+05:30", "2026-01-05T02:45:00Z" },
		{ "-08", "2026-01-05T16:15:00Z" },
		{ "+14:00", "2026-01-04T18:15:00Z" },
		{ "+15:00", NULL },
		{ "05:00", NULL },
		{ "-05:60", NULL },
		{ "-05:00 ", NULL },
		{ "EST", NULL },
		{ "", NULL },
	};
	const struct tally_zone *z;
	struct tally_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		z = NULL;
		if (tally_zone_offset(&z, &arena, rows[i].name, &err) ==
		    TALLY_OK)
			expect_instant(z, rows[i].name, "2026-01-05", "08:15",
			    rows[i].want != NULL ? rows[i].want : "none");
		else
			assert_null(rows[i].want);
	}
}

/* Changes that are listed, then the rule: here the clocks of Europe. */
static void
test_file(void **state)
{
	/* as if it had been summer from 1980-04-06 to 1996-10-27, 01:00 UTC */
	static const struct made berlin = { { 323830800, 846378000 }, { 1, 0 },
		2, { 1, 2 }, "CET-1CEST,M3.5.0,M10.5.0/3", '\0' };
	const struct tally_zone *z = make(&berlin);

	(void)state;
	assert_non_null(z);
	expect_instant(z, "b", "1979-07-01", "12:00", "1979-07-01T11:00:00Z");
	expect_instant(z, "b", "1980-04-06", "01:59", "1980-04-06T00:59:00Z");
	expect_instant(z, "b", "1980-04-06", "03:00", "1980-04-06T01:00:00Z");
	expect_instant(z, "b", "1996-10-27", "02:30", "1996-10-27T00:30:00Z");
	expect_instant(z, "b", "1996-10-27", "03:00", "1996-10-27T02:00:00Z");
	expect_instant(z, "b", "2026-03-29", "01:59", "2026-03-29T00:59:00Z");
	expect_instant(z, "b", "2026-03-29", "02:30", "2026-03-29T01:30:00Z");
	expect_instant(z, "b", "2026-03-29", "03:00", "2026-03-29T01:00:00Z");
	expect_instant(z, "b", "2026-10-25", "02:59", "2026-10-25T00:59:00Z");
	expect_instant(z, "b", "2026-10-25", "03:00", "2026-10-25T02:00:00Z");
	expect_instant(z, "b", "2026-12-31", "00:00", "2026-12-30T23:00:00Z");
	expect_local(z, "b", "2026-10-25T01:30:00Z", "2026-10-25 02:30");
}

/* Rules: summer over new year, less in winter, days of the year, none. */
static void
test_rules(void **state)
{
	static const struct {
		const char *rule, *date, *time, *want; /* null: refused */
	} rows[] = {
		{ "AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-05", "08:00",
		    "2026-01-04T21:00:00Z" },
		{ "AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-07-05", "08:00",
		    "2026-07-04T22:00:00Z" },
		{ "IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-05", "08:00",
		    "2026-01-05T08:00:00Z" },
		{ "IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-05", "08:00",
		    "2026-07-05T07:00:00Z" },
		{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-07-05", "08:00",
		    "2026-07-05T09:00:00Z" },
		{ "<+0545>-5:45", "2026-07-05", "08:00",
		    "2026-07-05T02:15:00Z" },
		{ "AAA3BBB,J60/0,J300/0", "2026-03-01", "01:30",
		    "2026-03-01T03:30:00Z" },
		{ "AAA3BBB,J60/0,J300/0", "2024-02-29", "12:00",
		    "2024-02-29T15:00:00Z" },
		{ "AAA3BBB,J60/0,J300/0", "2024-03-01", "12:00",
		    "2024-03-01T14:00:00Z" },
		{ "AAA3BBB,59/0,299/0", "2024-02-29", "12:00",
		    "2024-02-29T14:00:00Z" },
		{ "AAA3BBB,M12.5.0/0,M1.1.0/0", "2026-12-28", "00:00",
		    "2026-12-28T02:00:00Z" },
		{ "", "2026-07-05", "08:00", "2026-07-05T07:00:00Z" },
		{ "CET", NULL, NULL, NULL },
		{ "CET-1CEST", NULL, NULL, NULL },
		{ "CET-1CEST,M13.1.0,M10.5.0", NULL, NULL, NULL },
		{ "CET-1CEST,M3.6.0,M10.5.0", NULL, NULL, NULL },
		{ "CET-1CEST,M3.5.7,M10.5.0", NULL, NULL, NULL },
		{ "CET-1CEST,J0,J300", NULL, NULL, NULL },
		{ "CET-1CEST,M3.5.0,M10.5.0 ", NULL, NULL, NULL },
		{ "<CET-1", NULL, NULL, NULL },
		{ "CET-99", NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct made m = { .hours = { 1, 2 },
			.rule = rows[i].rule };
		const struct tally_zone *z = make(&m);

		if ((z != NULL) != (rows[i].want != NULL))
			fail_msg("%s: %s", rows[i].rule,
			    z != NULL ? "taken" : "refused");
		if (z != NULL)
			expect_instant(z, rows[i].rule, rows[i].date,
			    rows[i].time, rows[i].want);
	}
}

/* A file that ends anywhere is none, and nothing is read behind its end. */
static void
test_cut_files(void **state)
{
	static const struct made whole = { { 1000, 2000 }, { 1, 0 }, 2,
		{ 1, 2 }, "CET-1CEST,M3.5.0,M10.5.0/3", '\0' };
	const struct tally_zone *z;
	struct tally_err err;
	struct tally_buf b;
	char *copy;

	(void)state;
	tally_buf_init(&b, 1 << 16);
	put_block(&b, &whole, 4, true);
	put_block(&b, &whole, 8, false);
	tally_buf_puts(&b, "\nCET-1CEST,M3.5.0,M10.5.0/3\n");
	for (size_t n = 0; n <= b.n; n++) {
		copy = tally_alloc(n + 1);
		memcpy(copy, b.p, n);
		copy = tally_realloc(copy, n > 0 ? n : 1);
		z = NULL;
		assert_int_equal(tally_zone_file(&z, &arena, "cut",
				     tally_str(copy, n), &err),
		    n == b.n ? TALLY_OK : TALLY_CONFIG);
		tally_free(copy);
	}
	/* a type that is not there, changes in disorder */
	b.p[b.n - strlen("\nCET-1CEST,M3.5.0,M10.5.0/3\n") - 8 - 12 - 1] = 7;
	assert_int_equal(
	    tally_zone_file(&z, &arena, "type", tally_buf_view(&b), &err),
	    TALLY_CONFIG);
	tally_buf_free(&b);
	z = make(
	    &(struct made){ { 2000, 1000 }, { 1, 0 }, 2, { 1, 2 }, "", '\0' });
	assert_null(z);
}

/* Of the old form, which has no rule: the last offset holds. */
static void
test_version_1(void **state)
{
	static const struct made m = { { 1000, 2000 }, { 1, 0 }, 0, { 1, 2 },
		"", '1' };
	struct tally_buf b;
	const struct tally_zone *z;
	struct tally_err err;

	(void)state;
	tally_buf_init(&b, 1 << 16);
	put_block(&b, &m, 4, true);
	b.p[4] = '\0';
	assert_int_equal(
	    tally_zone_file(&z, &arena, "old", tally_buf_view(&b), &err),
	    TALLY_OK);
	expect_instant(z, "old", "2026-07-01", "12:00", "2026-07-01T11:00:00Z");
	tally_buf_free(&b);
}

/* There and back, hour by hour of a year. */
static void
test_round(void **state)
{
	static const char *const zones[] = { "ET", "UT", "NT", "13", "HT" };
	char instant[TALLY_INSTANT_MAX + 1], again[TALLY_INSTANT_MAX];
	char date[TALLY_DATE_MAX], time[TALLY_TIME_MAX];
	const struct tally_zone *z;
	size_t n, twice = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		z = tally_zone_code(tally_cstr(zones[i]));
		for (int h = 0; h < 336 * 24; h++) {
			int month = h / 24 % 12 + 1, day = h / 24 / 12 % 28 + 1;

			snprintf(instant, sizeof(instant),
			    "2026-%02d-%02dT%02d:30:00Z", month, day, h % 24);
			assert_true(tally_zone_local(
			    date, time, &n, z, tally_cstr(instant)));
			assert_int_equal(tally_zone_instant(again, z,
					     tally_str(date, sizeof(date)),
					     tally_str(time, n)),
			    strlen(instant));
			twice += memcmp(again, instant, strlen(instant)) != 0;
		}
	}
	/* the second of two equal hours, where clocks go back */
	assert_int_equal(twice, 2);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_cut_files),
		cmocka_unit_test(test_version_1),
		cmocka_unit_test(test_round),
	};

	int rc;

	tally_arena_init(&arena, 1 << 20);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	tally_arena_free(&arena);
	return rc;
}
