/* SPDX-License-Identifier: Apache-2.0 */
/* What an SSH server offers in the clear: mailbox/kexinit.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mailbox/kexinit.h"
#include "../support/sftp_fixture.h"

static const char *const theirs[KEXINIT_LISTS] = { "k1,k2,ext-info-s",
	"ssh-ed25519,rsa-sha2-256", "c1,aes256-gcm@openssh.com", "c1,c2", "m1",
	"m1,m2" };

/* A payload as a server sends it, and behind it what follows the lists. */
static size_t
payload(char *p, const char *const list[KEXINIT_LISTS])
{
	size_t n = 17, len;

	memset(p, 0, n);
	p[0] = 20;
	for (int i = 0; i < KEXINIT_LISTS; i++) {
		len = strlen(list[i]);
		memset(p + n, 0, 3);
		p[n + 3] = (char)len;
		memcpy(p + n + 4, list[i], len);
		n += 4 + len;
	}
	return n;
}

static void
parse(void **state)
{
	static struct kexinit k;
	char p[1000], *exact;
	size_t n = payload(p, theirs);

	(void)state;
	assert_true(kexinit_parse(&k, tally_str(p, n)));
	for (int i = 0; i < KEXINIT_LISTS; i++)
		assert_true(tally_str_eq(k.list[i], tally_cstr(theirs[i])));
	/* Cut anywhere it is none, and nothing is read beyond. */
	for (size_t i = 0; i < n; i++) {
		exact = malloc(i + 1);
		assert_non_null(exact);
		memcpy(exact, p, i);
		assert_false(kexinit_parse(&k, tally_str(exact, i)));
		free(exact);
	}
	/* A length that no packet has. */
	p[17] = '\xff';
	assert_false(kexinit_parse(&k, tally_str(p, n)));
	p[17] = 0;
	p[0] = 21;
	assert_false(kexinit_parse(&k, tally_str(p, n)));
}

static void
has(void **state)
{
	static const struct {
		const char *list, *name;
		bool has;
	} row[] = {
		{ "a,bc,d", "a", true },
		{ "a,bc,d", "bc", true },
		{ "a,bc,d", "d", true },
		{ "a,bc,d", "b", false },
		{ "a,bc,d", "bcd", false },
		{ "", "a", false },
		{ ",,", "a", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(kexinit_has(tally_cstr(row[i].list),
				     tally_cstr(row[i].name)),
		    row[i].has);
}

static void
differs(void **state)
{
	static const struct {
		const char *ours[KEXINIT_LISTS];
		const char *says; /* null: nothing differs */
	} row[] = {
		{ { "k2", "rsa-sha2-256", "c1", "c2", "m1", "m2" }, NULL },
		{ { "k3", "ssh-ed25519", "c1", "c1", "m1", "m1" },
		    "for key exchange we have k3, the server has"
		    " k1,k2" },
		{ { "k1", "ssh-rsa", "c1", "c1", "m1", "m1" },
		    "for host key we have ssh-rsa, the server has"
		    " ssh-ed25519,rsa-sha2-256" },
		{ { "k1", "ssh-ed25519", "c3", "c3", "m1", "m1" },
		    "for cipher we have c3, the server has"
		    " c1,aes256-gcm@openssh.com" },
		{ { "k1", "ssh-ed25519", "c1", "c3", "m1", "m1" },
		    "for cipher we have c3, the server has c1,c2" },
		{ { "k1", "ssh-ed25519", "c1", "c1", "m3", "m1" },
		    "for MAC we have m3, the server has m1" },
		{ { "k1", "ssh-ed25519", "c1", "c1", "m1", "m3" },
		    "for MAC we have m3, the server has m1,m2" },
		/* A cipher that needs no MAC. */
		{ { "k1", "ssh-ed25519", "aes256-gcm@openssh.com,c1", "c1",
		      "m3", "m1" },
		    NULL },
		{ { "x", "y", "c1", "c1", "m1", "m1" },
		    "for key exchange we have x, the server has"
		    " k1,k2; for host key we have y, the server has"
		    " ssh-ed25519,rsa-sha2-256" },
	};
	static struct kexinit k;
	char p[1000], out[700], hostile[1000];

	(void)state;
	assert_true(kexinit_parse(&k, tally_str(p, payload(p, theirs))));
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(
		    kexinit_differs(out, sizeof(out), &k, row[i].ours) != 0,
		    row[i].says != NULL);
		assert_string_equal(
		    out, row[i].says != NULL ? row[i].says : "");
	}
	/* What the server says is not ours: nothing raw, nothing endless. */
	memset(hostile, 'x', sizeof(hostile));
	hostile[0] = '\033';
	k.list[KEXINIT_KEX] = tally_str(hostile, sizeof(hostile));
	assert_true(kexinit_differs(out, sizeof(out), &k, row[0].ours));
	assert_null(strchr(out, '\033'));
	assert_true(strlen(out) < 400);
}

static void
of_a_server(void **state)
{
	static struct kexinit k;
	struct mailbox_settings set;
	struct link_target t;
	struct tally_err err;
	const char *pin = server.ed25519;

	(void)state;
	need_sshd();
	set = settings(&server, &pin);
	assert_int_equal(link_target_parse(&t, &set, &err), TALLY_OK);
	if (kexinit_read(&k, &t, &set, &err) != TALLY_OK)
		fail_msg("%s", err.text);
	assert_true(
	    kexinit_has(k.list[KEXINIT_HOST_KEY], TALLY_STR("ssh-ed25519")));
	assert_true(
	    kexinit_has(k.list[KEXINIT_CIPHER_BACK], TALLY_STR("aes256-ctr")));
}

/* What answers in another way, and what does not answer. */
static void
of_no_server(void **state)
{
	static const struct {
		const char *says;
		size_t n;
		const char *message;
	} row[] = {
		{ NULL, 0, "within 200 ms" },
		{ "", 0, "closed the connection" },
		{ "SSH-2.0-x\r\n\0\0\0\5\4", 16, "closed the connection" },
		{ "SSH-2.0-x\r\n\0\0\0\1\4", 16, "wrong length" },
		{ "SSH-2.0-x\r\n\x7f\0\0\0\4", 16, "wrong length" },
		{ "hello\r\nSSH-2.0-x\n\0\0\0\6\4\5\0\0\0\0", 27,
		    "no KEXINIT" },
	};
	static struct kexinit k;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct sockaddr_in a = { .sin_family = AF_INET,
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		struct mailbox_settings set = { .name = "t", .login_ms = 200 };
		struct link_target t = { .host = "127.0.0.1" };
		socklen_t len = sizeof(a);
		struct tally_err err;
		int fd = socket(AF_INET, SOCK_STREAM, 0), peer;
		char drop[100];
		pid_t pid;

		if (row[i].n > 0)
			set.login_ms = 20000;
		assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
		assert_int_equal(listen(fd, 1), 0);
		getsockname(fd, (struct sockaddr *)&a, &len);
		snprintf(t.port, sizeof(t.port), "%u", ntohs(a.sin_port));
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			peer = accept(fd, NULL, NULL);
			if (row[i].says == NULL)
				pause();
			if (read(peer, drop, sizeof(drop)) <= 0 ||
			    write(peer, row[i].says, row[i].n) < 0)
				_exit(1);
			_exit(0);
		}
		assert_int_equal(
		    kexinit_read(&k, &t, &set, &err), TALLY_UNAVAILABLE);
		if (strstr(err.text, row[i].message) == NULL)
			fail_msg("row %zu: %s", i, err.text);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		close(fd);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse),
		cmocka_unit_test(has),
		cmocka_unit_test(differs),
		cmocka_unit_test(of_a_server),
		cmocka_unit_test(of_no_server),
	};

	return cmocka_run_group_tests(tests, server_start, server_stop);
}
