/* SPDX-License-Identifier: Apache-2.0 */
/* A table as a database in memory: what SQLite reads in it, and says of it. */
#include "store/sqlite_image.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tallyman/mem.h"

static struct tally_str
text_of(size_t n, uint32_t *seed)
{
	static char p[200];

	for (size_t i = 0; i < n; i++) {
		*seed = *seed * 1664525u + 1013904223u;
		p[i] = (char)('A' + (*seed >> 24) % 26);
	}
	return tally_str(p, n);
}

/* What SQLite finds in an image: so many columns, each a text of the length
 * that is asked for. */
static void
is_image(uint8_t *p, size_t bytes, int columns, const size_t *length)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;
	uint32_t seed;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_deserialize(db, "main", p, (sqlite3_int64)bytes,
		(sqlite3_int64)bytes, SQLITE_DESERIALIZE_FREEONCLOSE),
	    SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_string_equal(sqlite3_column_text(stmt, 0), "ok");
	sqlite3_finalize(stmt);
	assert_int_equal(
	    sqlite3_prepare_v2(db, "SELECT * FROM wide", -1, &stmt, NULL),
	    SQLITE_OK);
	for (int row = 1; row <= columns; row++) {
		seed = (uint32_t)row;
		assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
		assert_int_equal(sqlite3_column_int(stmt, 0), row);
		for (int k = 1; k < row; k++) {
			const struct tally_str s =
			    text_of(length[k % 4], &seed);

			assert_int_equal(sqlite3_column_bytes(stmt, k), s.n);
			assert_memory_equal(
			    sqlite3_column_blob(stmt, k), s.p, s.n);
		}
		for (int k = row; k < columns; k++)
			assert_int_equal(
			    sqlite3_column_type(stmt, k), SQLITE_NULL);
	}
	assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
}

/* As many columns as a row may have, one more in each row: where the types of
 * a row take more than a byte to be counted. */
static void
wide_rows(void **state)
{
	static const size_t lengths_of[][4] = { { 1, 2, 3, 4 },
		{ 57, 58, 57, 58 }, { 60, 61, 100, 70 } };
	static struct image m;
	struct image_definition d = { "wide", NULL };
	struct tally_buf sql;
	uint32_t seed;
	uint8_t *p;
	size_t bytes;

	(void)state;
	tally_buf_init(&sql, SIZE_MAX);
	tally_buf_puts(&sql, "CREATE TABLE wide (id INTEGER PRIMARY KEY");
	for (int k = 1; k < IMAGE_COLUMNS; k++)
		tally_buf_printf(&sql, ", c%d TEXT", k);
	tally_buf_puts(&sql, ")");
	d.sql = sql.p;
	for (int i = 0; i < 3; i++) {
		assert_true(image_begin(&m, 0));
		for (int row = 1; row <= IMAGE_COLUMNS; row++) {
			seed = (uint32_t)row;
			image_row(&m);
			image_nulls(&m, 1);
			for (int k = 1; k < row; k++) {
				const struct tally_str s =
				    text_of(lengths_of[i][k % 4], &seed);

				image_text(&m, s.p, s.n);
			}
			image_nulls(&m, (size_t)(IMAGE_COLUMNS - row));
			assert_true(image_row_end(&m, row));
		}
		p = image_end(&m, &d, &bytes);
		assert_non_null(p);
		is_image(p, bytes, IMAGE_COLUMNS, lengths_of[i]);
	}
	image_free(&m);
	tally_buf_free(&sql);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wide_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
