/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of files: kept, once, and come back as they were, from a row or
 * from the archive; or that they do not is noticed.
 */
#include "store/internal.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "support/store_fixture.h"

#define MIB (1024 * 1024)

static const size_t sizes[] = { 0, 1, 63, 64, 65, 100, 4096, MIB - 1, MIB,
	MIB + 1, 3 * MIB + 17 };

static void
payloads_come_back(void **state)
{
	struct fixture *f = *state;
	unsigned char buf[10000];
	char name[32];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const size_t n = sizes[i];
		const uint64_t from[] = { 0, 1, n / 2, n, n + 5 };
		struct store_object o = { "acme", TALLY_STR(""), n, 5 };
		struct store_incoming *in = fixture_incoming(f, n, 32768);
		struct store_payload *p;
		struct tally_source s[5];
		struct tally_err err = { .text = "" };
		int64_t id;
		bool known;

		snprintf(name, sizeof(name), "%zu", n);
		o.name = tally_cstr(name);
		assert_int_equal(store_incoming_size(in), n);
		id = fixture_add(f, &o, in, &known);
		assert_false(known);
		store_incoming_free(in);
		if (store_payload_open(&p, f->store, id, &err) != TALLY_OK)
			fail_msg("%s", err.text);
		for (int k = 0; k < 5; k++)
			s[k] = store_payload_source(p, from[k]);
		/* Sources do not disturb one another: read by turns. */
		for (uint64_t at[5] = { 0 }, left = 5; left > 0;)
			for (int k = 0; k < 5; k++) {
				size_t got;

				assert_int_equal(s[k].read(s[k].ctx, buf,
						     sizeof(buf), &got, &err),
				    TALLY_OK);
				for (size_t j = 0; j < got; j++)
					assert_int_equal(buf[j],
					    fixture_byte(from[k] + at[k] + j));
				at[k] += got;
				if (got == 0 && at[k] != UINT64_MAX) {
					assert_int_equal(at[k],
					    from[k] < n ? n - from[k] : 0);
					left--;
					at[k] = UINT64_MAX;
				} else if (got == 0) {
					continue;
				}
			}
		store_payload_close(p);
	}
	assert_string_equal(
	    fixture_sql(
		f, "SELECT count(*) FROM payloads WHERE archive IS NOT NULL"),
	    "2");
}

/* What the kernel was told to let go of is read from the disk. */
static void
forgotten_bytes_come_back(void **state)
{
	struct fixture *f = *state;
	const size_t n = 40 * (size_t)MIB;
	struct store_object o = { "acme", TALLY_STR("large"), n, 5 };
	struct store_incoming *in = fixture_incoming(f, n, MIB);
	static unsigned char buf[MIB];
	struct store_payload *p;
	struct tally_source s;
	struct tally_err err;
	uint64_t at;
	size_t got;
	int64_t id;
	bool known;

	id = fixture_add(f, &o, in, &known);
	store_incoming_free(in);
	assert_int_equal(store_payload_open(&p, f->store, id, &err), TALLY_OK);
	for (int turn = 0; turn < 2; turn++) {
		s = store_payload_source(p, 0);
		at = 0;
		do {
			store_payload_forget(p, at);
			assert_int_equal(
			    s.read(s.ctx, buf, sizeof(buf), &got, &err),
			    TALLY_OK);
			for (size_t j = 0; j < got; j += 4001)
				assert_int_equal(buf[j], fixture_byte(at + j));
			at += got;
		} while (got > 0);
		assert_int_equal(at, n);
	}
	store_payload_close(p);
}

static void
tails(void **state)
{
	struct fixture *f = *state;
	static const size_t piece[] = { 1, 7, 64, 65, 1000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (size_t k = 0; k < 5; k++) {
			size_t n = sizes[i], want = n < 64 ? n : 64;
			struct store_incoming *in;
			struct tally_str tail;

			if (n > 4096)
				continue;
			in = fixture_incoming(f, n, piece[k]);
			tail = store_incoming_tail(in);
			assert_int_equal(tail.n, want);
			for (size_t j = 0; j < want; j++)
				assert_int_equal((unsigned char)tail.p[j],
				    fixture_byte(n - want + j));
			store_incoming_free(in);
		}
}

static void
large_files_are_archived(void **state)
{
	struct fixture *f = *state;
	struct store_object o = { "acme", TALLY_STR("big"), 2 * MIB, 5 };
	struct store_incoming *in = fixture_incoming(f, 2 * MIB, 50000);
	char path[256], hex[TALLY_HASH_HEX];
	struct store_file file;
	struct tally_err err;
	struct stat sb;
	int64_t id;
	bool known, found;

	id = fixture_add(f, &o, in, &known);
	store_incoming_free(in);
	assert_int_equal(
	    store_file_get(f->store, id, &file, &found, &err), TALLY_OK);
	assert_true(found);
	tally_hash_hex(file.sha256, hex);
	snprintf(path, sizeof(path), "%s/archive/2025/11/%s", f->dir, hex);
	assert_int_equal(stat(path, &sb), 0);
	assert_int_equal(sb.st_size, 2 * MIB);
	assert_int_equal(sb.st_mode & 07777, 0440);
	snprintf(path, sizeof(path), "%s/spool", f->dir);
	assert_int_equal(rmdir(path), 0); /* it is empty */
	assert_int_equal(mkdir(path, 0750), 0);
}

static void
undone_receipts_leave_nothing(void **state)
{
	struct fixture *f = *state;
	struct store_object o = { "acme", TALLY_STR("big"), 2 * MIB, 5 };
	struct store_incoming *in = fixture_incoming(f, 2 * MIB, 50000);
	struct tally_err err;
	int64_t id;
	bool known;

	assert_int_equal(store_begin(f->store, &err), TALLY_OK);
	assert_int_equal(
	    store_file_add(f->store, &o, in, FIXTURE_NOW, &id, &known, &err),
	    TALLY_OK);
	store_rollback(f->store);
	assert_string_equal(fixture_sql(f, "SELECT count(*) FROM files"), "0");
	/* The same bytes can be recorded after all. */
	id = fixture_add(f, &o, in, &known);
	assert_false(known);
	store_incoming_free(in);
	in = fixture_incoming(f, 2 * MIB, 70000);
	store_incoming_free(in); /* not recorded: gone */
	fixture_execute(f, "PRAGMA integrity_check");
	assert_string_equal(fixture_sql(f, "SELECT count(*) FROM events"), "1");
}

/* What cannot be kept is an error, and can be tried again. */
static void
receipts_need_an_archive(void **state)
{
	struct fixture *f = *state;
	struct store_object o = { "acme", TALLY_STR("big"), 2 * MIB, 5 };
	struct store_incoming *in = fixture_incoming(f, 2 * MIB, 50000);
	struct tally_err err;
	char path[128];
	int64_t id;
	bool known;

	snprintf(path, sizeof(path), "%s/archive", f->dir);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(store_begin(f->store, &err), TALLY_OK);
	assert_int_equal(
	    store_file_add(f->store, &o, in, FIXTURE_NOW, &id, &known, &err),
	    TALLY_CREATE);
	store_rollback(f->store);
	assert_int_equal(unlink(path), 0);
	fixture_add(f, &o, in, &known);
	assert_false(known);
	assert_int_equal(store_incoming_add(in, "x", 1, &err), TALLY_USAGE);
	store_incoming_free(in);
}

/* What cannot be written is told while bytes come, or at their end. */
static void
receipts_need_room(void **state)
{
	struct fixture *f = *state;
	static const int pieces[] = { 200, 22 };
	struct store_object o = { "acme", TALLY_STR("big"), 2 * MIB, 5 };
	struct rlimit was, small = { MIB + 5000, 0 };
	char piece[50000] = "", path[128];

	snprintf(path, sizeof(path), "%s/spool", f->dir);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small.rlim_max = was.rlim_max;
	for (int k = 0; k < 2; k++) {
		struct store_incoming *in;
		struct tally_err err = { .text = "" };
		enum tally_rc rc = TALLY_OK;
		int64_t id;
		bool known;
		int i;

		signal(SIGXFSZ, SIG_IGN);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
		assert_int_equal(
		    store_incoming_new(&in, f->store, &err), TALLY_OK);
		for (i = 0; rc == TALLY_OK && i < pieces[k]; i++)
			rc = store_incoming_add(in, piece, sizeof(piece), &err);
		assert_int_equal(rc != TALLY_OK, k == 0);
		assert_int_equal(store_begin(f->store, &err), TALLY_OK);
		assert_int_equal(store_file_add(f->store, &o, in, FIXTURE_NOW,
				     &id, &known, &err),
		    TALLY_IO);
		store_rollback(f->store);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
		signal(SIGXFSZ, SIG_DFL);
		assert_non_null(strstr(err.text, "spool/in-"));
		store_incoming_free(in);
		assert_int_equal(rmdir(path), 0); /* it is empty */
		assert_int_equal(mkdir(path, 0700), 0);
	}
}

static void
damaged_archives_are_noticed(void **state)
{
	struct fixture *f = *state;
	struct store_object o = { "acme", TALLY_STR("big"), 2 * MIB, 5 };
	struct store_incoming *in = fixture_incoming(f, 2 * MIB, 50000);
	struct store_payload *p;
	struct tally_source s;
	struct tally_err err = { .text = "" };
	enum tally_rc rc = TALLY_OK;
	static char buf[300000];
	char path[256];
	int64_t id;
	size_t got = 1;
	bool known;
	int fd;

	id = fixture_add(f, &o, in, &known);
	store_incoming_free(in);
	snprintf(path, sizeof(path), "%s/%s", f->dir,
	    fixture_sql(f, "SELECT archive FROM payloads"));
	assert_int_equal(chmod(path, 0600), 0);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "X", 1, 2 * MIB - 1), 1);
	close(fd);
	fixture_reopen(f);
	assert_int_equal(store_payload_open(&p, f->store, id, &err), TALLY_OK);
	s = store_payload_source(p, 0);
	while (rc == TALLY_OK && got > 0)
		rc = s.read(s.ctx, buf, sizeof(buf), &got, &err);
	assert_int_equal(rc, TALLY_IO);
	assert_non_null(strstr(err.text, "SHA-256"));
	store_payload_close(p);
	assert_int_equal(truncate(path, 5), 0);
	assert_int_equal(store_payload_open(&p, f->store, id, &err), TALLY_IO);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(store_payload_open(&p, f->store, id, &err), TALLY_IO);
}

/* A file is summed up when it comes: not again when it is read next, but then
 * once more, and of several that came only the last ones are remembered. */
static void
what_came_is_summed_up_once(void **state)
{
	enum { FILES = STORE_RECEIVED + 1 }; /* 2 MiB each, and a little */
	struct fixture *f = *state;
	struct store_object o = { "acme", TALLY_STR("big"), 2 * MIB, 5 };
	unsigned char digest[TALLY_HASH_SIZE], want[TALLY_HASH_SIZE];
	struct store_incoming *in;
	struct store_payload *p;
	struct tally_err err;
	int64_t id[FILES];
	bool known;

	for (int64_t i = 0; i < FILES; i++) {
		in = fixture_incoming(f, 2 * MIB + (size_t)i, 50000);
		id[i] = fixture_add(f, &o, in, &known);
		assert_false(known);
		memcpy(want, store_incoming_hash(in), sizeof(want));
		store_incoming_free(in);
	}
	for (int i = 0; i < FILES; i++)
		for (int again = 0; again < 2; again++) {
			assert_int_equal(
			    store_payload_open(&p, f->store, id[i], &err),
			    TALLY_OK);
			assert_int_equal(store_payload_digest(
					     p, 2 * MIB + (uint64_t)i, digest),
			    i > 0 && again == 0);
			store_payload_close(p);
		}
	assert_memory_equal(digest, want, sizeof(want));
}

/* What reading a file to its end leaves: the hash of what it begins with, down
 * to where its last block did; once. */
static void
beginnings_are_hashed(void **state)
{
	struct fixture *f = *state;
	struct store_object o = { "acme", TALLY_STR("big"), 2 * MIB, 5 };
	struct store_incoming *in = fixture_incoming(f, 2 * MIB, 50000);
	unsigned char digest[TALLY_HASH_SIZE], want[TALLY_HASH_SIZE];
	const size_t begins[] = { 0, 999, 1000, 1001, 2 * MIB - 1, 2 * MIB,
		2 * MIB + 1 };
	static char buf[2 * MIB];
	struct store_payload *p;
	struct tally_source s;
	struct tally_hash *h;
	struct tally_err err;
	int64_t id;
	size_t got, n;
	bool known, had;

	id = fixture_add(f, &o, in, &known);
	store_incoming_free(in);
	fixture_reopen(f);
	assert_int_equal(tally_hash_new(&h, &err), TALLY_OK);
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		n = begins[i];
		had = n >= 1000 && n <= 2 * MIB;
		assert_int_equal(
		    store_payload_open(&p, f->store, id, &err), TALLY_OK);
		assert_false(store_payload_digest(p, n, digest));
		s = store_payload_source(p, 0);
		for (size_t at = 0; at < 2 * MIB; at += got)
			assert_int_equal(
			    s.read(s.ctx, buf + at,
				at == 0 ? 1000 : 2 * MIB - 1000, &got, &err),
			    TALLY_OK);
		assert_int_equal(store_payload_digest(p, n, digest), had);
		if (had) {
			tally_hash_add(h, buf, n);
			tally_hash_end(h, want);
			assert_memory_equal(digest, want, sizeof(want));
			assert_false(store_payload_digest(p, n, digest));
		}
		store_payload_close(p);
	}
	tally_hash_free(h);
}

static void
damaged_rows_are_noticed(void **state)
{
	struct fixture *f = *state;
	struct fixture_ids ids = fixture_group(f);
	struct store_payload *p;
	struct tally_err err;

	fixture_execute(f, "UPDATE payloads SET bytes = x'495341ff'");
	assert_int_equal(
	    store_payload_open(&p, f->store, ids.file, &err), TALLY_IO);
	assert_int_equal(
	    store_payload_open(&p, f->store, 999, &err), TALLY_NOINPUT);
}

static void
dead_spools_are_removed(void **state)
{
	struct fixture *f = *state;
	char path[128], live[128];
	struct stat sb;
	int to[2], back[2], status;
	pid_t child;
	char c;

	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(back), 0);
	child = fork();
	if (child == 0) {
		struct store_incoming *in;
		static char bytes[2 * MIB];

		/* Holds a file in spool/ until it dies in the midst. */
		if (store_incoming_new(&in, f->store, NULL) != TALLY_OK ||
		    store_incoming_add(in, bytes, sizeof(bytes), NULL) !=
			TALLY_OK)
			_exit(1);
		if (write(back[1], "x", 1) != 1 || read(to[0], &c, 1) != 1)
			_exit(2);
		raise(SIGKILL);
	}
	assert_int_equal(read(back[0], &c, 1), 1);
	snprintf(live, sizeof(live), "%s/spool/in-%ld-1", f->dir, (long)child);
	assert_int_equal(stat(live, &sb), 0);
	snprintf(path, sizeof(path), "%s/spool/in-0-7", f->dir);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	fixture_reopen(f);
	assert_int_equal(stat(path, &sb), -1);
	assert_int_equal(stat(live, &sb), 0);
	assert_int_equal(write(to[1], "x", 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	fixture_reopen(f);
	assert_int_equal(stat(live, &sb), -1);
	close(to[0]), close(to[1]), close(back[0]), close(back[1]);
}

/* Whether a file's bytes, n of them, are had without its row being read. */
static bool
is_remembered(struct fixture *f, int64_t id, size_t n)
{
	struct store_payload *p;
	struct store_file file;
	struct tally_source s;
	struct tally_err err;
	static unsigned char buf[70000];
	size_t got;
	bool found;
	enum tally_rc rc;

	assert_int_equal(
	    store_file_get(f->store, id, &file, &found, &err), TALLY_OK);
	rc = store_payload_of(&p, f->store, &file, &err);
	if (rc != TALLY_OK)
		return false;
	s = store_payload_source(p, 0);
	assert_int_equal(s.read(s.ctx, buf, sizeof(buf), &got, &err), TALLY_OK);
	assert_int_equal(got, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(buf[i], fixture_byte(i));
	store_payload_close(p);
	return true;
}

/* Tiny files that were just received are had from memory, once, as they came:
 * the last few, and none that another one was taken before. */
static void
tiny_files_are_remembered(void **state)
{
	struct fixture *f = *state;
	const size_t most = 520, tiny = 65536;
	int64_t id[520];
	char name[16];

	for (size_t i = 0; i < most; i++) {
		const size_t n = i == most - 1 ? tiny + 1 : i + 1;
		struct store_object o = { "acme", { 0 }, n, 5 };
		struct store_incoming *in = fixture_incoming(f, n, tiny);
		bool known;

		snprintf(name, sizeof(name), "%zu", i);
		o.name = tally_cstr(name);
		id[i] = fixture_add(f, &o, in, &known);
		store_incoming_free(in);
	}
	fixture_execute(f, "UPDATE payloads SET bytes = x'00'");
	assert_false(is_remembered(f, id[6], 7));
	assert_true(is_remembered(f, id[7], 8));
	assert_false(is_remembered(f, id[7], 8));
	assert_true(is_remembered(f, id[300], 301));
	assert_false(is_remembered(f, id[299], 300));
	assert_true(is_remembered(f, id[518], 519));
	assert_false(is_remembered(f, id[519], tiny + 1));
}

int
main(void)
{
#define T(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(payloads_come_back),
		T(forgotten_bytes_come_back),
		T(tails),
		T(large_files_are_archived),
		T(undone_receipts_leave_nothing),
		T(receipts_need_an_archive),
		T(receipts_need_room),
		T(damaged_archives_are_noticed),
		T(what_came_is_summed_up_once),
		T(beginnings_are_hashed),
		T(damaged_rows_are_noticed),
		T(dead_spools_are_removed),
		T(tiny_files_are_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
