/* SPDX-License-Identifier: Apache-2.0 */
/* libssh2 and libcrypto: loaded when they are needed, and not before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "mailbox/library.h"
#include "tallyman/mem.h"

/* Whether the process has a library. */
static bool
has(const char *name)
{
	char line[1024];
	bool is = false;
	FILE *f = fopen("/proc/self/maps", "re");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		is = is || strstr(line, name) != NULL;
	fclose(f);
	return is;
}

/* In a process that can open no file; gives the status it ends with. */
static int
without_files(void)
{
	const struct rlimit none = { 0, 0 };
	struct tally_err err;

	if (setrlimit(RLIMIT_NOFILE, &none) != 0)
		return 1;
	if (library_load("acme", &err) != TALLY_CONFIG)
		return 2;
	return strstr(err.text, "mailbox acme: libcrypto.so.") != NULL &&
		strstr(err.text, "install") != NULL
	    ? 0
	    : 3;
}

/* First of all: what was loaded stays. */
static void
tells_what_is_not_there(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(without_files());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
loads_once(void **state)
{
	const struct library *l;

	(void)state;
	assert_false(has("/libssh2.so"));
	assert_false(has("/libcrypto.so"));
	assert_int_equal(library_load("acme", NULL), TALLY_OK);
	assert_true(has("/libssh2.so"));
	assert_true(has("/libcrypto.so"));
	l = library();
	assert_int_equal(library_load("acme", NULL), TALLY_OK);
	assert_ptr_equal(library(), l);
}

/* That each is where its name is. */
static void
has_all_of_them(void **state)
{
	const struct library *l;

	(void)state;
	assert_int_equal(library_load("acme", NULL), TALLY_OK);
	l = library();
#define SSH2(name)   assert_non_null(l->name);
#define CRYPTO(name) assert_non_null(l->name);
#include "mailbox/library.def"
#undef SSH2
#undef CRYPTO
	assert_non_null(l->libssh2_version(0));
	assert_null(l->libssh2_version(0x7f0000));
	assert_int_equal(l->BIO_free(NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_is_not_there),
		cmocka_unit_test(loads_once),
		cmocka_unit_test(has_all_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
