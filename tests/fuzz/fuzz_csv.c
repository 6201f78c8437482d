/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as comma-separated values.  Whatever is read is
 * written and read again: it is the same then.
 */
#include "fuzz.h"

#include <string.h>

#include "base/csv.h"
#include "base/text.h"

#define FIELDS     8
#define ARENA_MAX  (16u << 20)
#define OUTPUT_MAX (16u << 20)

static void
check(const struct tally_csv *c, const struct tally_str *field, size_t n,
    unsigned before)
{
	MUST(n <= FIELDS && c->line > before && c->next >= c->line);
	for (size_t i = 0; i < n; i++)
		MUST(field[i].n == 0 || tally_utf8_ok(field[i]));
}

/* A record without any bytes in it would be an empty line, which is none; and
 * one may begin with what is a byte order mark in front of a file. */
static void
put(struct tally_buf *b, const struct tally_str *field, size_t n)
{
	if (n == 1 && field[0].n == 0)
		tally_buf_puts(b, "\"\"");
	else
		for (size_t i = 0; i < n; i++) {
			if (i > 0)
				tally_buf_putc(b, ',');
			tally_csv_put(b, field[i], false);
		}
	tally_buf_puts(b, "\r\n");
}

static void
read_again(struct tally_str written, const struct tally_str *field, size_t n)
{
	struct tally_str again[FIELDS];
	struct tally_arena a;
	struct tally_csv c;
	struct tally_err err = { .text = "" };
	size_t m;

	tally_arena_init(&a, ARENA_MAX);
	tally_csv_begin(&c, "again.csv", written);
	MUST(tally_csv_next(&c, &a, again, FIELDS, &m, &err) == TALLY_OK);
	MUST(m == 1);
	MUST(tally_csv_next(&c, &a, again, FIELDS, &m, &err) == TALLY_OK);
	MUST(m == n);
	for (size_t i = 0; i < n; i++)
		MUST(tally_str_eq(again[i], field[i]));
	MUST(tally_csv_next(&c, &a, again, FIELDS, &m, &err) == TALLY_OK);
	MUST(m == 0);
	tally_arena_free(&a);
}

/* What is shown to a spreadsheet begins with nothing that it computes. */
static void
defuse(struct tally_buf *b, struct tally_str field)
{
	tally_buf_reset(b);
	tally_csv_put(b, field, true);
	MUST(b->n == 0 || memchr("=+-@\t\r", b->p[0], 6) == NULL);
	MUST(b->n < 2 || b->p[0] != '"' ||
	    memchr("=+-@\t\r", b->p[1], 6) == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tally_str field[FIELDS];
	struct tally_arena a;
	struct tally_buf out;
	struct tally_csv c;
	struct tally_err err = { .text = "" };
	unsigned before = 0;
	size_t count;

	tally_arena_init(&a, ARENA_MAX);
	tally_buf_init(&out, OUTPUT_MAX);
	tally_csv_begin(&c, "fuzz.csv", tally_str(data, n));
	for (;;) {
		if (tally_csv_next(&c, &a, field, FIELDS, &count, &err) !=
		    TALLY_OK) {
			MUST(err.text[0] != '\0' && err.line > 0);
			break;
		}
		if (count == 0)
			break;
		check(&c, field, count, before);
		before = c.line;
		tally_buf_reset(&out);
		tally_buf_puts(&out, "header\r\n");
		put(&out, field, count);
		read_again(tally_buf_view(&out), field, count);
		for (size_t i = 0; i < count; i++)
			defuse(&out, field[i]);
	}
	MUST(!out.failed);
	tally_buf_free(&out);
	tally_arena_free(&a);
	return 0;
}
