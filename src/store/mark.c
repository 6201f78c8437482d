/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far the store has come, as a text that is kept beside it:
 *
 *	event N HASH
 *	number LEVEL SENDER RECEIVER NUMBER EPOCH
 *	end
 *
 * with a line for each sequence of control numbers.  Bytes of ids that are no
 * letters, digits or one of ".:-_" are written as %XX.
 *
 * A store in which event N is not there, or has another hash, is one that was
 * restored, or goes on from one that was.
 */
#include "store/internal.h"

#include <inttypes.h>
#include <stdio.h>

#define FIELD_MAX 128

static bool
is_plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z') || (c != '\0' && strchr(".:-_", c) != NULL);
}

static void
put_field(struct tally_buf *b, struct tally_str s)
{
	tally_buf_putc(b, ' ');
	for (size_t i = 0; i < s.n; i++)
		if (is_plain(s.p[i]))
			tally_buf_putc(b, s.p[i]);
		else
			tally_buf_printf(b, "%%%02X", (unsigned char)s.p[i]);
}

static int
digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0'
	    : c >= 'A' && c <= 'F'  ? c - 'A' + 10
				    : -1;
}

/* A field of the line at *p, decoded; false when there is none. */
static bool
get_field(const char **p, char out[FIELD_MAX])
{
	size_t n = 0;

	if (**p == ' ')
		++*p;
	while (n + 1 < FIELD_MAX && **p != ' ' && **p != '\n' && **p != '\0') {
		if (**p == '%' && digit((*p)[1]) >= 0 && digit((*p)[2]) >= 0) {
			out[n++] = (char)(digit((*p)[1]) * 16 + digit((*p)[2]));
			*p += 3;
		} else {
			out[n++] = *(*p)++;
		}
	}
	out[n] = '\0';
	return n > 0 && (**p == ' ' || **p == '\n');
}

static bool
get_number(const char **p, int64_t *n)
{
	char text[FIELD_MAX];

	*n = 0;
	if (!get_field(p, text))
		return false;
	for (const char *c = text; *c != '\0'; c++) {
		if (*c < '0' || *c > '9' || *n > (INT64_MAX - 9) / 10)
			return false;
		*n = *n * 10 + (*c - '0');
	}
	return true;
}

enum tally_rc
store_mark_write(struct store *st, struct tally_buf *out, int64_t *event,
    struct tally_err *err)
{
	const struct engine_methods *m = st->engine->m;
	char hex[TALLY_HASH_HEX] = "-";
	struct tally_str hash;
	enum statement q = Q_MARK_EVENT;
	bool row;
	enum tally_rc rc = store_one(st, q, NULL, 0, &row, err);

	*event = 0;
	if (rc != TALLY_OK)
		return rc;
	if (row) {
		*event = m->integer(st->engine, q, 0);
		hash = m->bytes(st->engine, q, 1);
		if (hash.n == TALLY_HASH_SIZE)
			tally_hash_hex((const unsigned char *)hash.p, hex);
		store_end(st, q);
	}
	tally_buf_printf(out, "event %" PRId64 " %s\n", *event, hex);
	q = Q_MARK_NUMBERS;
	rc = store_one(st, q, NULL, 0, &row, err);
	while (rc == TALLY_OK && row) {
		tally_buf_puts(out, "number");
		for (int i = 0; i < 3; i++)
			put_field(out, m->bytes(st->engine, q, i));
		tally_buf_printf(out, " %" PRId64 " %" PRId64 "\n",
		    m->integer(st->engine, q, 3), m->integer(st->engine, q, 4));
		rc = store_more(st, q, &row, err);
	}
	tally_buf_puts(out, "end\n");
	if (rc == TALLY_OK && out->failed)
		rc = tally_err_set(err, TALLY_NOMEM, "no memory");
	return rc;
}

static enum tally_rc
broken(struct tally_err *err)
{
	return tally_err_set(err, TALLY_IO,
	    "the mark of how far the store had come cannot be read");
}

enum tally_rc
store_mark_compare(struct store *st, const char *mark, int64_t *event,
    bool *behind, struct tally_err *err)
{
	char had[FIELD_MAX], hex[TALLY_HASH_HEX] = "";
	const char *p = mark + 5;
	struct tally_str hash;
	enum tally_rc rc;
	bool row;

	if (strncmp(mark, "event", 5) != 0 || !get_number(&p, event) ||
	    !get_field(&p, had) || strstr(p, "\nend\n") == NULL)
		return broken(err);

	const struct engine_value v[] = { v_integer(*event) };

	*behind = false;
	if (*event == 0)
		return TALLY_OK;
	rc = store_one(st, Q_MARK_EVENT_AT, v, COUNT(v), &row, err);
	if (rc != TALLY_OK)
		return rc;
	if (row) {
		hash = st->engine->m->bytes(st->engine, Q_MARK_EVENT_AT, 0);
		if (hash.n == TALLY_HASH_SIZE)
			tally_hash_hex((const unsigned char *)hash.p, hex);
		store_end(st, Q_MARK_EVENT_AT);
	}
	*behind = strcmp(had, hex) != 0;
	return TALLY_OK;
}

enum tally_rc
store_mark_raise(struct store *st, const char *mark, struct tally_err *err)
{
	char level[FIELD_MAX], sender[FIELD_MAX], receiver[FIELD_MAX];
	const char *p = mark;
	int64_t number, epoch;
	enum tally_rc rc = TALLY_OK;

	while (rc == TALLY_OK && (p = strstr(p, "\nnumber ")) != NULL) {
		p += strlen("\nnumber");
		if (!get_field(&p, level) || !get_field(&p, sender) ||
		    !get_field(&p, receiver) || !get_number(&p, &number) ||
		    !get_number(&p, &epoch))
			return broken(err);

		const struct engine_value v[] = { v_cstr(level), v_cstr(sender),
			v_cstr(receiver), v_integer(number), v_integer(epoch) };

		rc = store_do(st, Q_MARK_RAISE, v, COUNT(v), err);
	}
	return rc;
}
