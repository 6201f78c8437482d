/* SPDX-License-Identifier: Apache-2.0 */
/* Every error that libssh2 knows becomes a sentence that says what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "mailbox/ssh.h"

#define LAST (-54) /* of libssh2 1.11 */

/* One of these is in every sentence: something that somebody can do. */
static const char *const to_do[] = { "try again later", "ask the partner",
	"have the partner", "set transport=", "see that", "pin a host key",
	"raise the timeouts", "lower depth" };

static void
look(int code, bool known)
{
	char text[SSH_SENTENCE];
	enum tally_rc rc = ssh_sentence(text, code, "shaking hands");
	bool helps = false;

	if ((strstr(text, "not known") == NULL) != known)
		fail_msg("%d: %s", code, text);
	for (size_t i = 0; i < sizeof(to_do) / sizeof(to_do[0]); i++)
		helps = helps || strstr(text, to_do[i]) != NULL;
	if (!helps)
		fail_msg("%d does not say what to do: %s", code, text);
	if (strstr(text, known ? "shaking hands" : "") == NULL ||
	    strchr(text, '%') != NULL)
		fail_msg("%d does not say when: %s", code, text);
	assert_true(strlen(text) < SSH_SENTENCE - 1);
	assert_true(rc == TALLY_UNAVAILABLE || rc == TALLY_CONFIG ||
	    rc == TALLY_PERM || rc == TALLY_NOMEM);
}

static void
all_codes(void **state)
{
	(void)state;
	for (int code = -1; code >= LAST; code--)
		look(code, true);
	look(LAST - 1, false);
	look(1, false);
}

/* A newer header has codes that the table lacks: they are found here. */
static void
header(void **state)
{
	char line[300], name[100];
	FILE *f = fopen("/usr/include/libssh2.h", "r");
	unsigned n = 0;
	int code;

	(void)state;
	if (f == NULL) {
		print_message("skipped: no /usr/include/libssh2.h\n");
		skip();
	}
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "#define LIBSSH2_ERROR_%99s %d", name,
			&code) == 2 &&
		    code < 0) {
			look(code, true);
			n++;
		}
	fclose(f);
	assert_true(n > 40);
}

/* What may be tried again and what may not. */
static void
kinds(void **state)
{
	static const struct {
		int code;
		enum tally_rc rc;
	} row[] = {
		{ LIBSSH2_ERROR_SOCKET_DISCONNECT, TALLY_UNAVAILABLE },
		{ LIBSSH2_ERROR_TIMEOUT, TALLY_UNAVAILABLE },
		{ LIBSSH2_ERROR_AUTHENTICATION_FAILED, TALLY_PERM },
		{ LIBSSH2_ERROR_PASSWORD_EXPIRED, TALLY_PERM },
		{ LIBSSH2_ERROR_HOSTKEY_SIGN, TALLY_PERM },
		{ LIBSSH2_ERROR_KEX_FAILURE, TALLY_CONFIG },
		{ LIBSSH2_ERROR_METHOD_NOT_SUPPORTED, TALLY_CONFIG },
		{ LIBSSH2_ERROR_KEYFILE_AUTH_FAILED, TALLY_CONFIG },
		{ LIBSSH2_ERROR_ALLOC, TALLY_NOMEM },
	};
	char text[SSH_SENTENCE];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(
		    ssh_sentence(text, row[i].code, "x"), row[i].rc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_codes),
		cmocka_unit_test(header),
		cmocka_unit_test(kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
