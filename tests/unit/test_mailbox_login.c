/* SPDX-License-Identifier: Apache-2.0 */
/* Reaching an SSH server: host keys, logins, algorithms, silence. */
#define _GNU_SOURCE /* unshare */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <libssh2.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/sftp_fixture.h"
#include "mailbox/tcp.h"

/* Opens with settings that are wrong in one place. */
static void
logins(void **state)
{
	char open_key[300], bad_url[700], dead_url[700], pass[300];
	const char *ed = server.ed25519, *ec = server.ecdsa;
	const char *sha = server.sha256;
	const char *other =
	    "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	const char *text = "ssh-ed25519 is my favourite";
	const char *both[2];
	char cut[1024], changed[1024];
	size_t n;

	(void)state;
	need_sshd();
	/* The same type with another key; the key without its end. */
	snprintf(changed, sizeof(changed), "%s", ed);
	n = strlen(changed);
	changed[n - 5] = changed[n - 5] == 'A' ? 'B' : 'A';
	snprintf(cut, sizeof(cut), "%s", ed);
	cut[n - 4] = '\0';
	both[0] = changed;
	both[1] = ec;
	snprintf(open_key, sizeof(open_key), "%s/key_open", server.dir);
	{
		char *key = scratch_read(server.dir, "key", &n);

		scratch_write(server.dir, "key_open", key, n, 0);
		free(key);
	}
	assert_int_equal(chmod(open_key, 0644), 0);
	snprintf(pass, sizeof(pass), "%s/wrong", server.dir);
	scratch_write(server.dir, "wrong", "close sesame\n", 13, 0);
	assert_int_equal(chmod(pass, 0600), 0);
	snprintf(bad_url, sizeof(bad_url), "sftp://nobody-here@127.0.0.1:%u",
	    server.port);
	snprintf(
	    dead_url, sizeof(dead_url), "sftp://%s@127.0.0.1:1", server.user);
	const struct {
		const char *url, *key, *passphrase;
		const char *const *pin;
		size_t npin;
		enum tally_rc rc;
		const char *says;
	} row[] = {
		{ NULL, NULL, NULL, &ed, 1, TALLY_OK, NULL },
		{ NULL, NULL, NULL, &ec, 1, TALLY_OK, NULL },
		{ NULL, NULL, NULL, &sha, 1, TALLY_OK, NULL },
		{ NULL, server.key_ecdsa, NULL, &ed, 1, TALLY_OK, NULL },
		{ NULL, server.key_locked, server.passphrase, &ed, 1, TALLY_OK,
		    NULL },
		{ NULL, server.key_locked, NULL, &ed, 1, TALLY_CONFIG,
		    "no passphrase is given" },
		{ NULL, server.key_locked, pass, &ed, 1, TALLY_CONFIG,
		    "passphrase is wrong" },
		{ NULL, server.passphrase, NULL, &ed, 1, TALLY_CONFIG,
		    "cannot be used" },
		{ NULL, server.key_unknown, NULL, &ed, 1, TALLY_PERM,
		    "refused the login" },
		{ NULL, open_key, NULL, &ed, 1, TALLY_PERM, "chmod 600" },
		{ NULL, "/nowhere/key", NULL, &ed, 1, TALLY_CONFIG,
		    "cannot open" },
		{ bad_url, NULL, NULL, &ed, 1, TALLY_PERM,
		    "refused the login" },
		{ dead_url, NULL, NULL, &ed, 1, TALLY_UNAVAILABLE,
		    "cannot connect" },
		{ "sftp://127.0.0.1", NULL, NULL, &ed, 1, TALLY_CONFIG,
		    "user@host" },
		{ NULL, NULL, NULL, (const char *const[]){ changed }, 1,
		    TALLY_PERM, "not pinned" },
		{ NULL, NULL, NULL, (const char *const[]){ cut }, 1, TALLY_PERM,
		    "not pinned" },
		{ NULL, NULL, NULL, &other, 1, TALLY_PERM, "not pinned" },
		{ NULL, NULL, NULL, both, 2, TALLY_PERM, "not pinned" },
		{ NULL, NULL, NULL, &text, 1, TALLY_CONFIG, "host key" },
		{ NULL, NULL, NULL, NULL, 0, TALLY_CONFIG, "pinned" },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct mailbox_settings s = settings(&server, row[i].pin);
		struct tally_err err = { 0 };
		struct mailbox *m;
		enum tally_rc rc;

		s.nhost_key = row[i].npin;
		s.url = row[i].url != NULL ? row[i].url : server.url;
		s.key = row[i].key != NULL ? row[i].key : server.key;
		s.passphrase.file = row[i].passphrase;
		rc = mailbox_open(&m, &s, &err);
		if (rc != row[i].rc ||
		    (row[i].says != NULL &&
			strstr(err.text, row[i].says) == NULL))
			fail_msg("row %zu: %d: %s", i, rc, err.text);
		mailbox_close(m);
	}
}

/* What this libssh2 cannot do is said in words that help. */
static void
algorithms(void **state)
{
	struct sshd s;
	const char *pin;
	struct mailbox_settings set;
	struct tally_err err;
	struct mailbox *m;
	enum tally_rc rc;

	(void)state;
	need_sshd();
	sshd_start(&s, NULL, "KexAlgorithms diffie-hellman-group1-sha1\n");
	pin = s.ed25519;
	set = settings(&s, &pin);
	assert_int_equal(mailbox_open(&m, &set, &err), TALLY_CONFIG);
	assert_non_null(
	    strstr(err.text, "for key exchange we have curve25519-sha256,"));
	assert_non_null(
	    strstr(err.text, ", the server has diffie-hellman-group1-sha1"));
	assert_null(strstr(err.text, "cipher"));
	assert_null(strstr(err.text, "Pin a host key"));
	assert_non_null(strstr(err.text, "Set legacy=\"yes\""));
	set.legacy = true;
	rc = mailbox_open(&m, &set, &err);
	if (rc != TALLY_OK)
		fail_msg("%s", err.text);
	mailbox_close(m);
	sshd_stop(&s);
}

/* Before libssh2 1.11 it can sign by SHA-1 only: told before connecting. */
static void
rsa_key(void **state)
{
	const char *pin = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAA"
			  "AAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	struct mailbox_settings set;
	struct tally_err err = { 0 };
	struct mailbox *m;
	struct sshd s;
	enum tally_rc rc;

	(void)state;
	need_sshd();
	sshd_start(&s, NULL, NULL);
	sshd_rsa(&s);
	set = settings(&s, &pin);
	set.key = s.key_rsa;
	rc = mailbox_check(&set, &err);
	if (libssh2_version(0x010b00) != NULL) {
		assert_int_equal(rc, TALLY_OK);
	} else {
		assert_int_equal(rc, TALLY_CONFIG);
		assert_non_null(strstr(err.text, "SHA-1"));
		assert_non_null(strstr(err.text, "transport=\"openssh\""));
		assert_non_null(strstr(err.text, "ssh-keygen -t ed25519"));
		/* The pin is of nobody: no server was asked. */
		assert_int_equal(mailbox_open(&m, &set, &err), TALLY_CONFIG);
		/* Where it is allowed, the server says no, and so do we. */
		pin = s.ed25519;
		set.legacy = true;
		assert_int_equal(mailbox_open(&m, &set, &err), TALLY_PERM);
		assert_non_null(strstr(err.text, "SHA-1"));
	}
	sshd_stop(&s);
}

/* Something listens and says nothing, or says what no SSH server says. */
static void
no_ssh_server(void **state)
{
	static const struct {
		const char *says, *message;
	} row[] = {
		{ NULL, "within 300 ms" },
		{ "", "closed the connection" },
		{ "SSH-2.0-OpenSSH_9.2\r\n", "closed the connection" },
		{ "HTTP/1.1 400 Bad Request\r\n\r\n", "" },
	};
	const char *pin = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAA"
			  "AAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	char dir[256], key[300], url[64];

	(void)state;
	scratch_make(dir);
	snprintf(key, sizeof(key), "%s/key", dir);
	scratch_write(dir, "key", "x\n", 2, 0);
	assert_int_equal(chmod(key, 0600), 0);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct sockaddr_in a = { .sin_family = AF_INET,
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		struct mailbox_settings set = { .name = "t",
			.url = url,
			.password.file = key,
			.host_key = &pin,
			.nhost_key = 1,
			.login_ms = 300 };
		socklen_t len = sizeof(a);
		struct tally_err err;
		struct mailbox *m;
		int fd = socket(AF_INET, SOCK_STREAM, 0), peer;
		pid_t pid;

		assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
		assert_int_equal(listen(fd, 1), 0);
		getsockname(fd, (struct sockaddr *)&a, &len);
		snprintf(url, sizeof(url), "sftp://edi@127.0.0.1:%u",
		    ntohs(a.sin_port));
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			peer = accept(fd, NULL, NULL);
			if (row[i].says == NULL)
				pause();
			if (write(peer, row[i].says, strlen(row[i].says)) < 0)
				_exit(1);
			_exit(0);
		}
		assert_int_equal(
		    mailbox_open(&m, &set, &err), TALLY_UNAVAILABLE);
		if (strstr(err.text, row[i].message) == NULL)
			fail_msg("%s", err.text);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		close(fd);
	}
	scratch_remove(dir);
}

/* A peer that is gone without a word is noticed by the kernel, too. */
static void
dead_peers(void **state)
{
	static const int option[][2] = { { IPPROTO_TCP, TCP_NODELAY },
		{ SOL_SOCKET, SO_KEEPALIVE },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT } };
	struct mailbox_settings set = { .name = "t", .reply_ms = 7000 };
	struct tcp_limit limit = tcp_limit(&set);
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd, value;
	socklen_t n = sizeof(a);
	struct tally_err err;
	char port[8];

	(void)state;
	assert_int_equal(bind(listener, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(listener, 1), 0);
	getsockname(listener, (struct sockaddr *)&a, &n);
	snprintf(port, sizeof(port), "%u", ntohs(a.sin_port));
	assert_int_equal(
	    tcp_connect(&fd, "127.0.0.1", port, &limit, &set, &err), TALLY_OK);
	for (int i = 0; i < 3; i++) {
		n = sizeof(value);
		value = 0;
		assert_int_equal(
		    getsockopt(fd, option[i][0], option[i][1], &value, &n), 0);
		assert_int_equal(i < 2 ? value != 0 : value, i < 2 ? 1 : 7000);
	}
	close(fd);
	close(listener);
}

/* Whether somebody listens at a socket: one that is there may not yet be. */
static bool
listens(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), rc;

	assert_true(fd >= 0 && strlen(path) < sizeof(to.sun_path));
	memcpy(to.sun_path, path, strlen(path));
	rc = connect(fd, (struct sockaddr *)&to, sizeof(to));
	close(fd);
	return rc == 0;
}

/* Keys that only the agent has. */
static void
agent(void **state)
{
	struct mailbox_settings set;
	const char *pin = server.ed25519;
	char socket_path[300], command[800];
	struct tally_err err;
	struct mailbox *m;
	enum tally_rc rc;
	pid_t pid;

	(void)state;
	need_sshd();
	if (access("/usr/bin/ssh-agent", X_OK) != 0)
		skip();
	snprintf(socket_path, sizeof(socket_path), "%s/agent", server.dir);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int fd = open("/dev/null", O_WRONLY);

		/* A test that fails leaves it behind, with nothing open. */
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(fd, 1);
		dup2(fd, 2);
		execl("/usr/bin/ssh-agent", "ssh-agent", "-D", "-a",
		    socket_path, (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 1000 && !listens(socket_path); i++)
		poll(NULL, 0, 5);
	setenv("SSH_AUTH_SOCK", socket_path, 1);
	set = settings(&server, &pin);
	set.key = NULL;
	set.agent = true;
	rc = mailbox_open(&m, &set, &err);
	assert_int_equal(rc, TALLY_PERM);
	assert_non_null(strstr(err.text, "agent"));
	/* One that is not there is told before anybody is asked. */
	setenv("SSH_AUTH_SOCK", "/nowhere/agent", 1);
	assert_int_equal(mailbox_check(&set, &err), TALLY_CONFIG);
	assert_non_null(strstr(err.text, "/nowhere/agent is not reached"));
	unsetenv("SSH_AUTH_SOCK");
	assert_int_equal(mailbox_check(&set, &err), TALLY_CONFIG);
	assert_non_null(strstr(err.text, "SSH_AUTH_SOCK names none"));
	setenv("SSH_AUTH_SOCK", socket_path, 1);
	if (libssh2_version(0x010b00) == NULL) {
		/* It would sign by SHA-1, and the server would count that. */
		sshd_rsa(&server);
		snprintf(command, sizeof(command), "/usr/bin/ssh-add -q %s",
		    server.key_rsa);
		pclose(popen(command, "r"));
		assert_int_equal(mailbox_open(&m, &set, &err), TALLY_PERM);
		if (strstr(err.text, "RSA keys of the agent") == NULL)
			fail_msg("%s", err.text);
	}
	snprintf(
	    command, sizeof(command), "/usr/bin/ssh-add -q %s", server.key);
	pclose(popen(command, "r"));
	rc = mailbox_open(&m, &set, &err);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	unsetenv("SSH_AUTH_SOCK");
	if (rc != TALLY_OK)
		fail_msg("%s", err.text);
	mailbox_close(m);
}

/* What a libssh2 without RSA signatures by SHA-2 makes of an RSA host. */
static void
rsa_host(void **state)
{
	const char *pin = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB";
	struct mailbox_settings set;
	struct tally_err err;
	struct mailbox *m;

	(void)state;
	need_sshd();
	set = settings(&server, &pin);
	if (libssh2_version(0x010b00) == NULL) {
		assert_int_equal(mailbox_check(&set, &err), TALLY_CONFIG);
		assert_non_null(strstr(err.text, "transport=\"openssh\""));
	}
	assert_int_equal(mailbox_open(&m, &set, &err), TALLY_CONFIG);
	if (strstr(err.text, "rsa-sha2-512") == NULL)
		fail_msg("%s", err.text);
}

/*
 * Passwords need an account that has one: this process gets its own view of
 * /etc/passwd and /etc/shadow, in which there is a user "edi" with the
 * password "open sesame".
 */
static bool
make_account(const struct sshd *s)
{
	static const char hash[] =
	    "$6$tallyman$OMqyLRykSC9EUxRnw/qCf.1B2dPj8LgNL2Bib8jPqMKuo"
	    "cm/QUCPhISXcekN0sWrd0S79FLtRMLlVyTPAU39l0";
	static const char *const file[] = { "passwd", "shadow" };
	char line[600], etc[64], copy[400], *old;
	size_t n;
	FILE *f;

	if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", "", MS_REC | MS_PRIVATE, "") != 0)
		return false;
	for (int i = 0; i < 2; i++) {
		if (i == 0)
			snprintf(line, sizeof(line),
			    "edi:x:64321:64321:EDI:/:/bin/sh\n");
		else
			snprintf(line, sizeof(line),
			    "edi:%s:19000:0:99999:7:::\n", hash);
		snprintf(etc, sizeof(etc), "/etc/%s", file[i]);
		snprintf(copy, sizeof(copy), "%s/%s", s->dir, file[i]);
		old = scratch_read("/etc", file[i], &n);
		assert_non_null(old);
		f = fopen(copy, "w");
		assert_non_null(f);
		fwrite(old, 1, n, f);
		fputs(line, f);
		assert_int_equal(fclose(f), 0);
		free(old);
		assert_int_equal(chmod(copy, i == 0 ? 0644 : 0600), 0);
		if (mount(copy, etc, "", MS_BIND, "") != 0)
			return false;
	}
	return true;
}

static void
try_password(const struct sshd *s, const char *password, enum tally_rc want,
    const char *says)
{
	const char *pin = s->ed25519;
	struct mailbox_settings set = settings(s, &pin);
	struct tally_err err = { 0 };
	struct mailbox_listing l;
	struct mailbox *m;
	char url[400], file[300];
	enum tally_rc rc;

	snprintf(
	    url, sizeof(url), "sftp://edi@127.0.0.1:%u%s", s->port, s->root);
	snprintf(file, sizeof(file), "%s/password", s->dir);
	scratch_write(s->dir, "password", password, strlen(password), 0);
	assert_int_equal(chmod(file, 0600), 0);
	set.url = url;
	set.key = NULL;
	set.password.file = file;
	rc = mailbox_open(&m, &set, &err);
	if (rc != want || strstr(err.text, says) == NULL)
		fail_msg("%d: %s", rc, err.text);
	if (rc != TALLY_OK)
		return;
	assert_int_equal(mailbox_list(m, "", &l, &err), TALLY_OK);
	mailbox_listing_free(&l);
	mailbox_close(m);
}

static void
passwords(void **state)
{
	static const char *const how[] = { "PasswordAuthentication yes\n",
		"UsePAM yes\nKbdInteractiveAuthentication yes\n" };
	static const char *const only[] = { "(it accepts publickey,password)",
		"(it accepts publickey,keyboard-interactive)" };
	bool account = false;

	(void)state;
	need_sshd();
	for (int i = 0; i < 2; i++) {
		struct sshd s;

		sshd_start(&s, NULL, how[i]);
		if (!account && !make_account(&s)) {
			sshd_stop(&s);
			print_message("skipped: needs root and a mount\n");
			skip();
		}
		if (!account) {
			/* That one has the old view. */
			account = true;
			sshd_stop(&s);
			sshd_start(&s, NULL, how[i]);
		}
		try_password(&s, "open sesame\n", TALLY_OK, "");
		try_password(&s, "open barley\n", TALLY_PERM, only[i]);
		sshd_stop(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logins),
		cmocka_unit_test(algorithms),
		cmocka_unit_test(rsa_key),
		cmocka_unit_test(no_ssh_server),
		cmocka_unit_test(dead_peers),
		cmocka_unit_test(agent),
		cmocka_unit_test(rsa_host),
		cmocka_unit_test(passwords),
	};

	return cmocka_run_group_tests(tests, server_start, server_stop);
}
