/* SPDX-License-Identifier: Apache-2.0 */
/* See sftp_fixture.h. */
/* For realpath. */
#define _XOPEN_SOURCE 700

#include "sftp_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/*
 * libssh2 1.10 loses two numbers of every ecdsa key that it has signed with,
 * and the old copy of the host's key whenever keys are exchanged anew.  A
 * session that we forget is still seen.  That it is libssh2 shows only when
 * the sanitizer unwinds slowly.
 */
const char *__lsan_default_suppressions(void);
const char *__asan_default_options(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libssh2_userauth_publickey_frommemory\n"
	       "leak:libssh2_session_handshake\n"
	       "leak:libssh2_channel_read_ex\n"
	       "leak:libssh2_channel_write_ex\n";
}

const char *
__asan_default_options(void)
{
	return "fast_unwind_on_malloc=0";
}

struct sshd server;
static char hostile[PATH_MAX + 32]; /* its SFTP; empty: sshd's own */
static const char *settings_of_its_own;
static bool running;

void
server_hostile(const char *program, const char *extra)
{
	char self[PATH_MAX] = "", *slash;

	if (realpath(program, self) == NULL ||
	    (slash = strrchr(self, '/')) == NULL)
		abort();
	*slash = '\0';
	snprintf(hostile, sizeof(hostile), "%s/../support/evilsftp @", self);
	settings_of_its_own = extra;
}

int
server_start(void **state)
{
	(void)state;
	if (sshd_missing() == NULL) {
		sshd_start(&server, hostile[0] != '\0' ? hostile : NULL,
		    settings_of_its_own);
		running = true;
	}
	return 0;
}

int
server_stop(void **state)
{
	(void)state;
	if (running)
		sshd_stop(&server);
	running = false;
	return 0;
}

void
need_sshd(void)
{
	if (sshd_missing() != NULL) {
		print_message("skipped: %s\n", sshd_missing());
		skip();
	}
}

struct mailbox_settings
settings(const struct sshd *s, const char *const *pin)
{
	return (struct mailbox_settings){ .name = "t",
		.url = s->url,
		.key = s->key,
		.host_key = pin,
		.nhost_key = 1,
		.connect_ms = 5000,
		.login_ms = 20000,
		.reply_ms = 20000 };
}

struct mailbox *
opened(const struct sshd *s)
{
	const char *pin = s->ed25519;
	struct mailbox_settings *set = calloc(1, sizeof(*set));
	const char **pins = calloc(1, sizeof(*pins));
	struct mailbox *m;
	struct tally_err err = { 0 };

	assert_non_null(set);
	assert_non_null(pins);
	*pins = pin;
	*set = settings(s, pins);
	if (mailbox_open(&m, set, &err) != TALLY_OK)
		fail_msg("%s", err.text);
	return m;
}

void
closed(struct mailbox *m)
{
	const struct mailbox_settings *s = m->settings;

	mailbox_close(m);
	free((void *)(uintptr_t)s->host_key);
	free((void *)(uintptr_t)s);
}

void
empty_root(const struct sshd *s)
{
	scratch_remove(s->root);
	assert_int_equal(mkdir(s->root, 0755), 0);
}

char *
made(size_t n)
{
	char *p = malloc(n + 1);

	assert_non_null(p);
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(i * 31 + i / 253 + i / 65521);
	return p;
}
