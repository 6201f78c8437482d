/* SPDX-License-Identifier: Apache-2.0 */
/* The packets of SFTP: mailbox/sftp_codec.c, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "mailbox/sftp_codec.h"

#define BYTES(lit) \
	{ \
		"" lit, sizeof(lit) - 1 \
	}

static void
requests(void **state)
{
	static const struct {
		struct sftp_request q;
		struct tally_str bytes;
	} row[] = {
		{ { .type = SFTP_INIT }, BYTES("\0\0\0\5\1\0\0\0\3") },
		{ { .type = SFTP_OPEN,
		      .path = BYTES("a b"),
		      .flags =
			  SFTP_FLAG_WRITE | SFTP_FLAG_CREAT | SFTP_FLAG_EXCL },
		    BYTES("\0\0\0\24\3\1\2\3\4\0\0\0\3a b\0\0\0\x2a\0\0\0\0") },
		{ { .type = SFTP_CLOSE, .handle = BYTES("h\0") },
		    BYTES("\0\0\0\13\4\1\2\3\4\0\0\0\2h\0") },
		{ { .type = SFTP_READ,
		      .handle = BYTES("h"),
		      .offset = 0x123456789a,
		      .length = 0x8000 },
		    BYTES("\0\0\0\26\5\1\2\3\4\0\0\0\1h"
			  "\0\0\0\x12\x34\x56\x78\x9a\0\0\x80\0") },
		{ { .type = SFTP_WRITE,
		      .handle = BYTES("h"),
		      .offset = 1,
		      .data = BYTES("xy") },
		    BYTES("\0\0\0\30\6\1\2\3\4\0\0\0\1h"
			  "\0\0\0\0\0\0\0\1\0\0\0\2xy") },
		{ { .type = SFTP_LSTAT, .path = BYTES("") },
		    BYTES("\0\0\0\11\7\1\2\3\4\0\0\0\0") },
		{ { .type = SFTP_FSTAT, .handle = BYTES("h") },
		    BYTES("\0\0\0\12\10\1\2\3\4\0\0\0\1h") },
		{ { .type = SFTP_OPENDIR, .path = BYTES(".") },
		    BYTES("\0\0\0\12\13\1\2\3\4\0\0\0\1.") },
		{ { .type = SFTP_READDIR, .handle = BYTES("h") },
		    BYTES("\0\0\0\12\14\1\2\3\4\0\0\0\1h") },
		{ { .type = SFTP_REMOVE, .path = BYTES("f") },
		    BYTES("\0\0\0\12\15\1\2\3\4\0\0\0\1f") },
		{ { .type = SFTP_RENAME, .path = BYTES("f"), .to = BYTES("g") },
		    BYTES("\0\0\0\17\22\1\2\3\4\0\0\0\1f\0\0\0\1g") },
		{ { .type = SFTP_EXTENDED, .handle = BYTES("h") },
		    BYTES("\0\0\0\37\310\1\2\3\4"
			  "\0\0\0\21fsync@openssh.com\0\0\0\1h") },
	};
	struct tally_str packet;
	struct tally_buf b;

	(void)state;
	tally_buf_init(&b, 4096);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		tally_buf_reset(&b);
		tally_buf_puts(&b, "before");
		sftp_encode(&b, 0x01020304, &row[i].q);
		assert_false(b.failed);
		assert_int_equal(b.n - 6, row[i].bytes.n);
		assert_memory_equal(b.p + 6, row[i].bytes.p, row[i].bytes.n);
		/* What we write frames as one packet and nothing more. */
		assert_int_equal(
		    sftp_frame(&packet, row[i].bytes), SFTP_FRAME_READY);
		assert_int_equal(packet.n, row[i].bytes.n - 4);
	}
	tally_buf_free(&b);
	/* A buffer that is full says so and holds no half packet's length. */
	tally_buf_init(&b, 8);
	sftp_encode(&b, 1, &row[1].q);
	assert_true(b.failed);
	tally_buf_free(&b);
}

static void
frames(void **state)
{
	static const struct {
		struct tally_str in;
		enum sftp_framing framing;
		size_t n;
	} row[] = {
		{ BYTES(""), SFTP_FRAME_SHORT, 0 },
		{ BYTES("\0\0\0"), SFTP_FRAME_SHORT, 0 },
		{ BYTES("\0\0\0\5"), SFTP_FRAME_SHORT, 0 },
		{ BYTES("\0\0\0\5\2\0\0\0"), SFTP_FRAME_SHORT, 0 },
		{ BYTES("\0\0\0\5\2\0\0\0\3"), SFTP_FRAME_READY, 5 },
		{ BYTES("\0\0\0\5\2\0\0\0\3more"), SFTP_FRAME_READY, 5 },
		{ BYTES("\0\0\0\0\2\0\0\0\3"), SFTP_FRAME_BAD, 0 },
		{ BYTES("\0\0\0\4\2\0\0\0\3"), SFTP_FRAME_BAD, 0 },
		{ BYTES("\0\4\0\0"), SFTP_FRAME_SHORT, 0 },
		{ BYTES("\0\4\0\1"), SFTP_FRAME_BAD, 0 },
		{ BYTES("\377\377\377\377"), SFTP_FRAME_BAD, 0 },
		{ BYTES("Welcome!"), SFTP_FRAME_BAD, 0 },
	};
	struct tally_str packet;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(
		    sftp_frame(&packet, row[i].in), row[i].framing);
		if (row[i].framing == SFTP_FRAME_READY) {
			assert_ptr_equal(packet.p, row[i].in.p + 4);
			assert_int_equal(packet.n, row[i].n);
		}
	}
}

static void
replies(void **state)
{
	static const struct {
		struct tally_str bytes;
		enum sftp_type type;
		uint32_t id, status;
		const char *text, *data;
		bool fsync;
	} row[] = {
		{ BYTES("\2\0\0\0\3"), SFTP_VERSION, 0, 0, "", "", false },
		{ BYTES("\2\0\0\0\3\0\0\0\21fsync@openssh.com\0\0\0\1"
			"1\0\0\0\1x\0\0\0\0"),
		    SFTP_VERSION, 0, 0, "", "", true },
		{ BYTES("\2\0\0\0\3\0\0\0\21fsync@openssh.com\0\0\0\1"
			"2"),
		    SFTP_VERSION, 0, 0, "", "", false },
		{ BYTES("\145\0\0\0\7\0\0\0\4\0\0\0\4oops\0\0\0\2en"),
		    SFTP_STATUS, 7, 4, "oops", "", false },
		{ BYTES("\145\0\0\0\7\0\0\0\0"), SFTP_STATUS, 7, 0, "", "",
		    false },
		{ BYTES("\146\0\0\1\0\0\0\0\2hh"), SFTP_HANDLE, 256, 0, "",
		    "hh", false },
		{ BYTES("\147\0\0\0\1\0\0\0\3abc"), SFTP_DATA, 1, 0, "", "abc",
		    false },
		{ BYTES("\147\0\0\0\1\0\0\0\0"), SFTP_DATA, 1, 0, "", "",
		    false },
	};
	struct sftp_reply r;
	struct tally_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(sftp_decode(&r, row[i].bytes, &err), TALLY_OK);
		assert_int_equal(r.type, row[i].type);
		assert_int_equal(r.id, row[i].id);
		assert_int_equal(r.status, row[i].status);
		assert_int_equal(r.fsync, row[i].fsync);
		assert_true(tally_str_eq(r.text, tally_cstr(row[i].text)));
		assert_true(tally_str_eq(r.data, tally_cstr(row[i].data)));
	}
}

/* Cut anywhere, what has no optional end is an error and nothing worse. */
static void
broken_replies(void **state)
{
	static const struct tally_str row[] = {
		BYTES("\146\0\0\1\0\0\0\0\2hh"),
		BYTES("\147\0\0\0\1\0\0\0\3abc"),
		BYTES("\150\0\0\0\1\0\0\0\1\0\0\0\1f\0\0\0\1-\0\0\0\15"
		      "\0\0\0\0\0\0\0\1\0\0\1\2\0\0\0\1\0\0\0\2"),
		BYTES("\151\0\0\0\1\200\0\0\1\0\0\0\0\0\0\0\1\0\0\0\1"
		      "\0\0\0\1a\0\0\0\1b"),
	};
	static const struct tally_str never[] = {
		BYTES("\0\0\0\0\0"),
		BYTES("\3\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0"), /* a request */
		BYTES("\311\0\0\0\1"),         /* EXTENDED_REPLY */
		BYTES("\146\0\0\0\1\0\0\0\0"), /* a handle of nothing */
		BYTES("\147\0\0\0\1\377\377\377\377abc"),
		BYTES("\150\0\0\0\1\377\377\377\377"),
		BYTES("\151\0\0\0\1\200\0\0\0\377\377\377\377"),
		BYTES("\2\0\0\0\3\0\0\0\1x"), /* a name without its value */
	};
	struct sftp_reply r;
	struct tally_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(sftp_decode(&r, row[i], &err), TALLY_OK);
		for (size_t n = 0; n < row[i].n; n++) {
			char *exact = malloc(n + 1);
			enum tally_rc rc;

			assert_non_null(exact);
			memcpy(exact, row[i].p, n);
			rc = sftp_decode(&r, tally_str(exact, n), &err);
			free(exact);
			assert_int_equal(rc, TALLY_DATA);
		}
	}
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		err.text[0] = '\0';
		assert_int_equal(sftp_decode(&r, never[i], &err), TALLY_DATA);
		assert_string_not_equal(err.text, "");
	}
}

static void
names(void **state)
{
	struct tally_str bytes =
	    BYTES("\150\0\0\0\1\0\0\0\3"
		  "\0\0\0\2po\0\0\0\1-\0\0\0\17"
		  "\0\0\0\1\0\0\0\5\0\0\0\1\0\0\0\2\0\0\201\244\0\0\0\6\0\0\0\7"
		  "\0\0\0\0\0\0\0\0\0\0\0\0"
		  "\0\0\0\3..\0\0\0\0\1d\0\0\0\0");
	struct sftp_reply r;
	struct sftp_name e;
	struct tally_err err;

	(void)state;
	assert_int_equal(sftp_decode(&r, bytes, &err), TALLY_OK);
	assert_true(sftp_name_next(&r.names, &e));
	assert_true(tally_str_eq(e.name, TALLY_STR("po")));
	assert_int_equal(e.attrs.size, 0x100000005);
	assert_int_equal(e.attrs.mtime, 7);
	assert_true(sftp_regular(&e.attrs, e.line));
	assert_true(sftp_name_next(&r.names, &e));
	assert_int_equal(e.name.n, 0);
	assert_int_equal(e.attrs.has, 0);
	assert_true(sftp_name_next(&r.names, &e));
	assert_int_equal(e.name.n, 3);
	assert_false(sftp_regular(&e.attrs, e.line));
	assert_false(sftp_name_next(&r.names, &e));
	assert_false(sftp_name_next(&r.names, &e));
}

static void
types(void **state)
{
	static const struct {
		uint32_t has, permissions;
		const char *line;
		bool regular;
	} row[] = {
		{ SFTP_HAS_PERMISSIONS, 0100644, "", true },
		{ SFTP_HAS_PERMISSIONS, 0100644, "drwx", true },
		{ SFTP_HAS_PERMISSIONS, 0040755, "", false },
		{ SFTP_HAS_PERMISSIONS, 0120777, "", false },
		{ SFTP_HAS_PERMISSIONS, 0010644, "", false },
		{ SFTP_HAS_PERMISSIONS, 0644, "-rw-", true }, /* no type */
		{ SFTP_HAS_PERMISSIONS, 0755, "drwx", false },
		{ 0, 0, "-rw-", true },
		{ 0, 0, "drwx", false },
		{ 0, 0, "lrwx", false },
		{ 0, 0, "", true },
		{ 0, 0, "01-02-03 po.edi", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct sftp_attrs a = { .has = row[i].has,
			.permissions = row[i].permissions };

		assert_int_equal(
		    sftp_regular(&a, tally_cstr(row[i].line)), row[i].regular);
	}
}

/* Any bytes: an error or a reply, all of whose views are in the packet. */
static void
random_bytes(void **state)
{
	static const unsigned char type[] = { 2, 101, 102, 103, 104, 105 };
	uint32_t seed = 20261123;
	size_t good = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t n = (seed >> 8) % 96;
		unsigned char *p = malloc(n + 1);
		struct sftp_reply r;
		struct sftp_name e;

		assert_non_null(p);
		for (size_t i = 0; i < n; i++) {
			seed = seed * 1664525 + 1013904223;
			/* Mostly small numbers: those are lengths that fit. */
			p[i] = (seed >> 28) < 11 ? 0 : (seed >> 24) & 15;
		}
		if (n > 0)
			p[0] = type[(seed >> 16) % sizeof(type)];
		if (sftp_decode(&r, tally_str(p, n), NULL) == TALLY_OK) {
			const char *end = (const char *)p + n;

			good++;
			if (r.data.n > 0)
				assert_true(r.data.p + r.data.n <= end);
			if (r.text.n > 0)
				assert_true(r.text.p + r.text.n <= end);
			while (sftp_name_next(&r.names, &e))
				assert_true(e.name.p + e.name.n <= end);
		}
		free(p);
		seed = seed * 1664525 + 1013904223;
	}
	/* Else the bytes would not have tested much. */
	assert_true(good > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(frames),
		cmocka_unit_test(replies),
		cmocka_unit_test(broken_replies),
		cmocka_unit_test(names),
		cmocka_unit_test(types),
		cmocka_unit_test(random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
