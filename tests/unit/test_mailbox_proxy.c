/* SPDX-License-Identifier: Apache-2.0 */
/* What is between us and a server: proxies, commands, names, bad lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/relay.h"
#include "../support/sftp_fixture.h"
#include "mailbox/dial.h"

static const char *program; /* this one */

/*
 * The resolver of this test: names end in what it does about them.  It takes
 * the place of the C library's, which no test can make hang.
 */
int
getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
	static struct sockaddr_in in[40];
	static struct addrinfo a[40];
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	unsigned n = strcmp(host, "many.test") == 0 ? 40 : 1;

	if (strcmp(host, "::1") == 0) {
		static struct sockaddr_in6 only;

		only = six;
		only.sin6_port = htons((uint16_t)strtoul(port, NULL, 10));
		only.sin6_addr = in6addr_loopback;
		a[0] = (struct addrinfo){ .ai_family = AF_INET6,
			.ai_socktype = SOCK_STREAM,
			.ai_addrlen = sizeof(only),
			.ai_addr = (struct sockaddr *)&only };
		*list = a;
		return 0;
	}
	if ((hints->ai_flags & AI_NUMERICHOST) != 0 &&
	    strcmp(host, "127.0.0.1") != 0)
		return EAI_NONAME;
	if (strcmp(host, "hangs.test") == 0)
		for (;;)
			pause();
	if (strcmp(host, "dies.test") == 0)
		_exit(3);
	if (strcmp(host, "none.test") == 0)
		return EAI_NONAME;
	for (unsigned i = 0; i < n; i++) {
		in[i] = (struct sockaddr_in){ .sin_family = AF_INET,
			.sin_port = htons((uint16_t)strtoul(port, NULL, 10)) };
		in[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		a[i] = (struct addrinfo){ .ai_family = AF_INET,
			.ai_socktype = SOCK_STREAM,
			.ai_addrlen = sizeof(in[i]),
			.ai_addr = (struct sockaddr *)&in[i],
			.ai_next = i + 1 < n ? &a[i + 1] : NULL };
	}
	*list = a;
	return 0;
}

void
freeaddrinfo(struct addrinfo *list)
{
	(void)list;
}

static void
names(void **state)
{
	static const struct {
		const char *host;
		enum tally_rc rc;
		const char *says;
	} row[] = {
		{ "127.0.0.1", TALLY_OK, "" },
		{ "good.test", TALLY_OK, "" },
		{ "many.test", TALLY_OK, "" },
		{ "none.test", TALLY_UNAVAILABLE, "is not found" },
		{ "hangs.test", TALLY_UNAVAILABLE,
		    "was not found within 300 ms; see that the name servers" },
		{ "dies.test", TALLY_UNAVAILABLE, "was not found" },
	};
	char url[300];

	(void)state;
	need_sshd();
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const char *pin = server.ed25519;
		struct mailbox_settings set = settings(&server, &pin);
		struct tally_err err = { 0 };
		struct mailbox *m;
		enum tally_rc rc;

		snprintf(url, sizeof(url), "sftp://%s@%s:%u", server.user,
		    row[i].host, server.port);
		set.url = url;
		if (strcmp(row[i].host, "hangs.test") == 0)
			set.connect_ms = 300;
		rc = mailbox_open(&m, &set, &err);
		if (rc != row[i].rc || strstr(err.text, row[i].says) == NULL)
			fail_msg("%s: %d %s", row[i].host, rc, err.text);
		mailbox_close(m);
	}
}

/* An address of IPv6, in brackets. */
static void
ipv6(void **state)
{
	struct mailbox_settings set;
	struct tally_err err = { 0 };
	struct mailbox *m;
	const char *pin;
	struct sshd s;
	char url[300];
	enum tally_rc rc;

	(void)state;
	need_sshd();
	sshd_start(&s, NULL, "ListenAddress ::1\n");
	pin = s.ed25519;
	set = settings(&s, &pin);
	snprintf(url, sizeof(url), "sftp://%s@[::1]:%u", s.user, s.port);
	set.url = url;
	rc = mailbox_open(&m, &set, &err);
	mailbox_close(m);
	sshd_stop(&s);
	if (rc != TALLY_OK &&
	    strstr(err.text, "cannot connect to ::1") != NULL) {
		print_message("skipped: this machine has no ::1\n");
		skip();
	}
	if (rc != TALLY_OK)
		fail_msg("%s", err.text);
}

static void
try(const char *what, const struct mailbox_settings *set, enum tally_rc want,
    const char *says)
{
	struct tally_err err = { 0 };
	struct mailbox_listing l;
	struct mailbox *m;
	enum tally_rc rc = mailbox_open(&m, set, &err);

	if (rc != want || (says != NULL && strstr(err.text, says) == NULL))
		fail_msg("%s: %d instead of %d: %s", what, rc, want, err.text);
	if (strstr(err.text, "sesame") != NULL)
		fail_msg("a secret in: %s", err.text);
	if (rc != TALLY_OK)
		return;
	if (mailbox_list(m, "", &l, &err) != TALLY_OK)
		fail_msg("%s: %s", what, err.text);
	mailbox_listing_free(&l);
	mailbox_close(m);
}

#define P TALLY_PERM
#define U TALLY_UNAVAILABLE

static void
proxies(void **state)
{
	static const struct {
		const char *kind, *options, *user;
		enum tally_rc rc;
		const char *says;
	} row[] = {
		{ "http", "", "", TALLY_OK, NULL },
		{ "socks", "", "", TALLY_OK, NULL },
		{ "http", "user=edi:open-sesame", "edi@", TALLY_OK, NULL },
		{ "socks", "user=edi:open-sesame", "edi@", TALLY_OK, NULL },
		{ "http", "user=edi:other", "edi@", P,
		    "user or password is wrong" },
		{ "socks", "user=edi:other", "edi@", P,
		    "user or password is wrong" },
		{ "http", "user=edi:other", "", P, "it wants a user" },
		{ "socks", "user=edi:other", "", P, "it wants a user" },
		{ "http", "refuse=403", "", P, "HTTP/1.1 403 Not for you" },
		{ "http", "refuse=502", "", U, "HTTP/1.1 502 Not for you" },
		{ "socks", "refuse=1", "", U, "it failed" },
		{ "socks", "refuse=2", "", P, "its rules forbid it" },
		{ "socks", "refuse=3", "", U, "the server's network" },
		{ "socks", "refuse=4", "", U, "does not find its name" },
		{ "socks", "refuse=5", "", U, "refuses connections" },
		{ "socks", "refuse=6", "", U, "took too long" },
		{ "socks", "refuse=7", "", TALLY_CONFIG, "does not connect" },
		{ "socks", "refuse=8", "", TALLY_CONFIG, "such an address" },
		{ "socks", "refuse=9", "", U, "not of SOCKS 5" },
		{ "http", "garbage", "", U, "does not speak HTTP" },
		{ "socks", "garbage", "", U, "does not speak SOCKS 5" },
	};
	char url[300];

	(void)state;
	need_sshd();
	scratch_write(server.dir, "word", "open-sesame\n", 12, 0);
	snprintf(url, sizeof(url), "%s/word", server.dir);
	assert_int_equal(chmod(url, 0600), 0);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const char *pin = server.ed25519;
		struct mailbox_settings set = settings(&server, &pin);
		struct relay r;
		char what[100];

		relay_start(
		    &r, program, row[i].kind, server.port, row[i].options);
		snprintf(url, sizeof(url), "%s://%s127.0.0.1:%u",
		    row[i].kind[0] == 'h' ? "http" : "socks5", row[i].user,
		    r.port);
		snprintf(what, sizeof(what), "%s %s as %s", row[i].kind,
		    row[i].options, row[i].user);
		set.base = server.dir;
		set.proxy.url = url;
		if (row[i].user[0] != '\0')
			set.proxy.password.file = "word";
		try(what, &set, row[i].rc, row[i].says);
		relay_stop(&r);
	}
}

/* A name goes to the proxy as it is: this machine need not know it. */
static void
names_are_the_proxys(void **state)
{
	static const char *const host[] = { "hangs.test", "[::1]" };
	const char *pin = server.ed25519;
	struct mailbox_settings set;
	char url[500], proxy[300];
	struct relay r;

	(void)state;
	need_sshd();
	for (int i = 0; i < 4; i++) {
		relay_start(
		    &r, program, i < 2 ? "http" : "socks", server.port, "");
		set = settings(&server, &pin);
		snprintf(proxy, sizeof(proxy), "%s://127.0.0.1:%u",
		    i < 2 ? "http" : "socks5", r.port);
		snprintf(url, sizeof(url), "sftp://%s@%s:9%s", server.user,
		    host[i % 2], server.root);
		set.url = url;
		set.proxy.url = proxy;
		try(url, &set, TALLY_OK, NULL);
		relay_stop(&r);
	}
}

/* It does not answer, or is none. */
static void
no_proxy(void **state)
{
	const char *pin = server.ed25519;
	struct mailbox_settings set;
	char url[300];
	struct relay r;

	(void)state;
	need_sshd();
	set = settings(&server, &pin);
	set.proxy.url = "http://127.0.0.1:1";
	try("nobody there", &set, U, "(this is the proxy)");
	set.proxy.url = "socks5://none.test:1080";
	try("no such name", &set, U, "host none.test is not found");
	set.proxy.url = "http://proxy.test";
	try("no port", &set, TALLY_CONFIG, "HOST:PORT");
	set.proxy.url = "http://u:p@proxy.test:3128";
	try("a password in it", &set, TALLY_CONFIG, "no password in it");
	for (int i = 0; i < 2; i++) {
		/* What takes a connection and keeps silent. */
		relay_start(
		    &r, program, "plain", server.port, "down=0 by=stall");
		snprintf(url, sizeof(url), "%s://127.0.0.1:%u",
		    i == 0 ? "http" : "socks5", r.port);
		set.proxy.url = url;
		set.connect_ms = 1500;
		try(url, &set, U, "does not answer in time");
		relay_stop(&r);
	}
}

static void
commands(void **state)
{
	const char *pin = server.ed25519;
	struct mailbox_settings set;
	char line[800];

	(void)state;
	need_sshd();
	set = settings(&server, &pin);
	/* The relay program has no mode for that; ssh -W has. */
	snprintf(line, sizeof(line),
	    "/usr/bin/ssh -F none -i %s -o StrictHostKeyChecking=no "
	    "-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -p %u "
	    "-W '%%h:%%p' %s@127.0.0.1",
	    server.key, server.port, server.user);
	if (access("/usr/bin/ssh", X_OK) != 0) {
		print_message("skipped: ssh is not installed\n");
		skip();
	}
	set.proxy.command = line;
	try("ssh -W", &set, TALLY_OK, NULL);
	set.openssh = true;
	try("ssh -W by openssh", &set, TALLY_OK, NULL);
	set.openssh = false;
	set.proxy.command = "/bin/false";
	try("it ends", &set, U, "closed the connection");
	set.proxy.command = "/bin/cat";
	try("it is no SSH server", &set, U, NULL);
	set.proxy.command = "/nowhere/nc %h %p";
	try("no such program", &set, TALLY_CONFIG, "cannot be run");
	set.proxy.command = "nc '%h";
	try("a quote", &set, TALLY_CONFIG, "a quote is not closed");
	set.proxy.command = "nc %x";
	try("an unknown letter", &set, TALLY_CONFIG, "stands for nothing");
	set.proxy.command = NULL;
	set.openssh = true;
	set.proxy.url = "http://127.0.0.1:1";
	try("http by openssh", &set, TALLY_CONFIG, "takes no HTTP or SOCKS");
}

/* A proxy that hangs up, or falls silent, anywhere in its answer. */
static void
cut_answers(void **state)
{
	const char *pin = server.ed25519;
	char url[100], options[100];
	struct relay outer, inner;

	(void)state;
	need_sshd();
	for (int kind = 0; kind < 2; kind++) {
		relay_start(&inner, program, kind == 0 ? "http" : "socks",
		    server.port, "");
		for (unsigned n = 1; n < (kind == 0 ? 27 : 11); n += 3) {
			struct mailbox_settings set = settings(&server, &pin);

			snprintf(options, sizeof(options), "down=%u", n);
			relay_start(
			    &outer, program, "plain", inner.port, options);
			snprintf(url, sizeof(url), "%s://127.0.0.1:%u",
			    kind == 0 ? "http" : "socks5", outer.port);
			set.proxy.url = url;
			try(options, &set, U, "closed the connection");
			relay_stop(&outer);
		}
		relay_stop(&inner);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(ipv6),
		cmocka_unit_test(proxies),
		cmocka_unit_test(names_are_the_proxys),
		cmocka_unit_test(no_proxy),
		cmocka_unit_test(commands),
		cmocka_unit_test(cut_answers),
	};

	program = argc > 0 ? argv[0] : "";
	return cmocka_run_group_tests(tests, server_start, server_stop);
}
