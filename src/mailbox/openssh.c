/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A link over a child process: the program ssh of OpenSSH, which starts the
 * subsystem and carries its bytes.  It knows what the library at hand may not:
 * RSA by SHA-2, certificates, keys in hardware, newer algorithms.
 *
 * The child gets nothing from its surroundings: no configuration of user or
 * system, a fixed program, fixed arguments, an environment of our making, a
 * file of known hosts that holds the pins under an alias and nothing else, and
 * algorithms for the host's key that are those of the pins.  It never asks and
 * never learns a key.  Its words are kept for the message when it ends before
 * the first byte has come; what they mean is known by their wording, and
 * wording that is not known counts as trouble with the connection.
 */
#define _GNU_SOURCE /* pipe2, SOCK_CLOEXEC */
#include "mailbox/ssh.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "mailbox/child.h"
#include "mailbox/kind.h"
#include "mailbox/openssh_args.h"
#include "mailbox/pins.h"

#define GOODBYE_MS 500  /* to end by itself */
#define WORDS_MS   1000 /* for its last words */
#define WORDS      4096 /* that are kept */

struct openssh {
	struct link link; /* first: a link is the beginning of it */
	const struct mailbox_settings *set;
	pid_t pid;
	int fd;      /* its standard input and output */
	int said_fd; /* its standard error; -1: at its end */
	bool heard;  /* something came: it is logged in */
	size_t said_n;
	char said[WORDS];
	char known[256]; /* the file of known hosts; "" when it is gone */
};

/* Type and key of each; what stands behind them is not ssh's business. */
static bool
write_pins(int fd, const struct mailbox_settings *s)
{
	static const char blank[] = " \t";
	const char *type, *key;

	for (size_t i = 0; i < s->nhost_key; i++) {
		type = s->host_key[i] + strspn(s->host_key[i], blank);
		key = type + strcspn(type, blank);
		key += strspn(key, blank);
		if (dprintf(fd, OPENSSH_ALIAS " %.*s %.*s\n",
			(int)strcspn(type, blank), type,
			(int)strcspn(key, blank), key) < 0)
			return false;
	}
	return true;
}

static enum tally_rc
make_known_hosts(struct openssh *o, struct tally_err *err)
{
	const char *dir = getenv("TMPDIR");
	bool good;
	int fd, e;

	if (dir == NULL || dir[0] != '/' || !openssh_args_plain(dir) ||
	    strchr(dir, ' ') != NULL || strlen(dir) > 200)
		dir = "/tmp";
	snprintf(o->known, sizeof(o->known), "%s/tallyman-XXXXXX", dir);
	fd = mkstemp(o->known);
	if (fd < 0)
		o->known[0] = '\0';
	good = fd >= 0 && write_pins(fd, o->set);
	e = errno;
	if (fd >= 0 && close(fd) != 0 && good) {
		good = false;
		e = errno;
	}
	if (good)
		return TALLY_OK;
	errno = e;
	return tally_err_errno(err, TALLY_TEMP,
	    "mailbox %s: cannot write a file of host keys in %s", o->set->name,
	    dir);
}

static enum tally_rc
start(struct openssh *o, char *const argv[], struct tally_err *err)
{
	const char *name = o->set->name, *program;
	char path[64];
	int io[2] = { -1, -1 }, said[2] = { -1, -1 }, e = 0;

	program = child_program(path, "ssh");
	if (program == NULL)
		return tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: transport is openssh, and the program ssh is"
		    " not installed; install openssh-client or take out"
		    " transport",
		    name);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, io) != 0 ||
	    pipe2(said, O_CLOEXEC) != 0)
		e = errno;
	if (e == 0)
		e = child_start(&o->pid,
		    &(struct child_how){ program, argv, io[1], io[1], said[1],
			o->set->proxy.command != NULL });
	if (io[1] >= 0)
		close(io[1]);
	if (said[1] >= 0)
		close(said[1]);
	o->fd = io[0];
	o->said_fd = said[0];
	if (o->said_fd >= 0)
		(void)fcntl(o->said_fd, F_SETFL, O_NONBLOCK);
	if (e == 0)
		return TALLY_OK;
	errno = e;
	return tally_err_errno(
	    err, TALLY_TEMP, "mailbox %s: cannot start %s", name, program);
}

/* Takes what it says, so that it is never held up by that. */
static void
hear(struct openssh *o)
{
	char block[512];
	ssize_t n;

	while (o->said_fd >= 0) {
		n = read(o->said_fd, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			close(o->said_fd);
			o->said_fd = -1;
			return;
		}
		if ((size_t)n > sizeof(o->said) - 1 - o->said_n)
			n = (ssize_t)(sizeof(o->said) - 1 - o->said_n);
		memcpy(o->said + o->said_n, block, (size_t)n);
		o->said_n += (size_t)n;
	}
}

static void
hear_to_the_end(struct openssh *o)
{
	int64_t end = link_now() + WORDS_MS, left;

	for (hear(o); o->said_fd >= 0; hear(o)) {
		struct pollfd p = { .fd = o->said_fd, .events = POLLIN };

		left = end - link_now();
		if (left <= 0)
			return;
		(void)poll(&p, 1, (int)left);
	}
	o->said[o->said_n] = '\0';
}

/* Its last line, or the one with the server's key, safe for a message. */
static void
telling_line(const struct openssh *o, char out[MAILBOX_SHOWN])
{
	const char *key = strstr(o->said, "\nSHA256:");
	size_t end = o->said_n, begin;
	struct tally_buf b;

	if (key != NULL)
		end = (size_t)(key - o->said) + 1 + strcspn(key + 1, "\r\n");
	while (end > 0 && (unsigned char)o->said[end - 1] <= ' ')
		end--;
	begin = end;
	while (begin > 0 && o->said[begin - 1] != '\n')
		begin--;
	tally_buf_init(&b, MAILBOX_SHOWN);
	tally_text_safe(&b, tally_str(o->said + begin, end - begin));
	snprintf(out, MAILBOX_SHOWN, "%.300s",
	    b.p != NULL && b.n > 0 ? b.p : "it said nothing");
	tally_buf_free(&b);
}

/* What is to be made of its words, the first that is found. */
static const struct {
	const char *words;
	enum tally_rc rc;
	const char *advice;
} meanings[] = {
	{ "IDENTIFICATION HAS CHANGED", TALLY_PERM,
	    "the server's host key is not pinned; nothing was sent to it.  Ask"
	    " the partner whether the key was changed, and pin the new one; if"
	    " not, somebody is in between" },
	{ "Host key verification failed", TALLY_PERM,
	    "the server's host key is not pinned; nothing was sent to it.  Ask"
	    " the partner whether the key was changed, and pin the new one; if"
	    " not, somebody is in between" },
	{ "no matching ", TALLY_CONFIG,
	    "server and ssh have no algorithm in common, as ssh tells below;"
	    " pin a host key of a type that is offered, or set legacy if the"
	    " partner cannot do better" },
	{ "Load key ", TALLY_CONFIG,
	    "the private key cannot be used by ssh; it must be in the format"
	    " of OpenSSH or PEM and have no passphrase (put a key with one"
	    " into the agent)" },
	{ "Permission denied", TALLY_PERM,
	    "the server refused the login; have the partner check the user's"
	    " name and the key" },
	{ "Too many authentication failures", TALLY_PERM,
	    "the server refused the login; have the partner check the user's"
	    " name and the key" },
	{ "Bad configuration option", TALLY_CONFIG,
	    "this ssh is too old for what it is told" },
	{ "subsystem request failed", TALLY_UNAVAILABLE,
	    "the server refused starting SFTP; the account may lack it, or too"
	    " many sessions are open: ask the partner" },
	{ "", TALLY_UNAVAILABLE,
	    "ssh ended before the server answered; the server may be down, no"
	    " SSH server, or locking us out for a while after refused logins" },
};

static enum link_io
ended(struct openssh *o, struct tally_err *err)
{
	char line[MAILBOX_SHOWN];
	size_t i = 0;

	if (o->heard)
		return LINK_END;
	hear_to_the_end(o);
	telling_line(o, line);
	while (strstr(o->said, meanings[i].words) == NULL)
		i++; /* the last one is always found */
	tally_err_set(err, meanings[i].rc, "mailbox %s: %s (ssh: %s)",
	    o->set->name, meanings[i].advice, line);
	return LINK_BROKEN;
}

static enum link_io
openssh_send(struct link *link, const void *p, size_t n, size_t *done,
    struct tally_err *err)
{
	struct openssh *o = (struct openssh *)link;
	ssize_t sent;

	do
		sent = send(o->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent > 0) {
		*done = (size_t)sent;
		return LINK_DONE;
	}
	return sent == 0 || errno == EAGAIN ? LINK_AGAIN : ended(o, err);
}

static void
forget_known_hosts(struct openssh *o)
{
	if (o->known[0] != '\0')
		unlink(o->known);
	o->known[0] = '\0';
}

static enum link_io
openssh_recv(
    struct link *link, void *p, size_t n, size_t *done, struct tally_err *err)
{
	struct openssh *o = (struct openssh *)link;
	ssize_t got;

	do
		got = recv(o->fd, p, n, MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return LINK_AGAIN;
	if (got <= 0)
		return ended(o, err);
	o->heard = true;
	forget_known_hosts(o);
	*done = (size_t)got;
	return LINK_DONE;
}

static void
openssh_wait(struct link *link, bool sending, int ms)
{
	struct openssh *o = (struct openssh *)link;
	struct pollfd p[2] = {
		{ .fd = o->fd, .events = sending ? POLLIN | POLLOUT : POLLIN },
		{ .fd = o->said_fd, .events = POLLIN }
	};

	if (poll(p, 2, ms) > 0 && p[1].revents != 0)
		hear(o);
}

/* Until it has closed its end, or has had its time. */
static void
let_end(struct openssh *o)
{
	int64_t end = link_now() + GOODBYE_MS, left;
	char rest[512];
	ssize_t n;

	shutdown(o->fd, SHUT_WR);
	for (;;) {
		n = recv(o->fd, rest, sizeof(rest), MSG_DONTWAIT);
		left = end - link_now();
		if (n == 0 || left <= 0 ||
		    (n < 0 && errno != EAGAIN && errno != EINTR))
			return;
		if (n < 0)
			openssh_wait(&o->link, false, (int)left);
	}
}

static void
openssh_close(struct link *link, bool polite)
{
	struct openssh *o = (struct openssh *)link;

	if (polite && o->fd >= 0)
		let_end(o);
	if (o->fd >= 0)
		close(o->fd);
	if (o->said_fd >= 0)
		close(o->said_fd);
	if (o->pid > 0)
		child_end(o->pid, polite ? SIGTERM : SIGKILL);
	forget_known_hosts(o);
	tally_free(o);
}

enum tally_rc
link_check_openssh(const struct mailbox_settings *s, const struct pins *pins,
    struct tally_err *err)
{
	const char *cannot = openssh_args_cannot(s, pins);
	enum tally_rc rc;

	if (cannot != NULL)
		return tally_err_set(
		    err, TALLY_CONFIG, "mailbox %s: %s", s->name, cannot);
	rc = ssh_login_check(s, err);
	return rc == TALLY_OK ? dial_check(s, err) : rc;
}

enum tally_rc
link_open_openssh(struct link **out, const struct link_target *t,
    const struct mailbox_settings *set, struct tally_err *err)
{
	static const struct link_methods methods = { openssh_send, openssh_recv,
		openssh_wait, openssh_close };
	struct openssh *o = NULL;
	struct openssh_args a = { .n = 0 };
	struct pins pins;
	char types[256];
	enum tally_rc rc = pins_parse(&pins, set, err);

	if (rc != TALLY_OK)
		return rc;
	o = tally_calloc(1, sizeof(*o));
	if (o == NULL) {
		rc = tally_err_set(
		    err, TALLY_NOMEM, "mailbox %s: no memory", set->name);
		goto out;
	}
	o->link.methods = &methods;
	o->link.login_ms =
	    (set->connect_ms != 0 ? set->connect_ms : MAILBOX_CONNECT_MS) +
	    (set->login_ms != 0 ? set->login_ms : MAILBOX_LOGIN_MS);
	o->set = set;
	o->fd = o->said_fd = -1;
	pins_offer(&pins, 0, set->legacy, types); /* all are whole keys */
	rc = make_known_hosts(o, err);
	link_at(set, MAILBOX_PROGRAM);
	if (rc == TALLY_OK) {
		openssh_args_make(&a, set, t, o->known, types);
		rc = a.failed ? tally_err_set(err, TALLY_NOMEM,
				    "mailbox %s: no memory for the arguments"
				    " of ssh",
				    set->name)
			      : start(o, a.v, err);
	}
	if (rc == TALLY_OK) {
		*out = &o->link;
		o = NULL;
	}
out:
	if (o != NULL)
		openssh_close(&o->link, false);
	tally_arena_free(&a.arena);
	pins_free(&pins);
	return rc;
}
