/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A link over a channel of libssh2: connect, algorithms, host key, login,
 * subsystem, bytes.  libssh2 is used for no more than that, never blocks here,
 * and is never left to its own timeouts.
 *
 * The order that security rests on: the list of host key types is made of the
 * pins before the handshake; the server's whole key is compared after it and
 * before anything is said about the user.
 */
#define _GNU_SOURCE /* explicit_bzero */
#include "mailbox/ssh.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "mailbox/kind.h"
#include "mailbox/pins.h"

#define GOODBYE_MS 500 /* for the polite disconnection */
#define RATION     ((size_t)128 * 1024)
/* Twice the blocks that can be on their way: the library asks for more when a
 * quarter is used up, which takes a round trip. */
#define WINDOW (2u * MAILBOX_AHEAD * MAILBOX_DEPTH_MAX * SSH_BLOCK)

/*
 * libssh2's memory comes through our door, with its size before it: keys and
 * passwords go through it, and libssh2 does not wipe them all.
 */
#define HEAD 16

static size_t
size_of(const void *p)
{
	size_t n;

	memcpy(&n, (const char *)p - HEAD, sizeof(n));
	return n;
}

void *
ssh_alloc(size_t n, void **ctx)
{
	size_t whole;
	char *p = NULL;

	(void)ctx;
	if (tally_add_ok(&whole, n, HEAD))
		p = tally_alloc(whole);
	if (p == NULL)
		return NULL;
	memcpy(p, &n, sizeof(n));
	return p + HEAD;
}

static void
door_free(void *p, void **ctx)
{
	const struct ssh *s = *ctx;

	if (p == NULL)
		return;
	if (!s->in)
		explicit_bzero(p, size_of(p));
	tally_free((char *)p - HEAD);
}

static void *
door_realloc(void *p, size_t n, void **ctx)
{
	void *q = ssh_alloc(n, ctx);

	if (q != NULL && p != NULL) {
		memcpy(q, p, size_of(p) < n ? size_of(p) : n);
		door_free(p, ctx);
	}
	return q;
}

/*
 * libssh2 reads from here.  Left alone it decrypts all that there is before it
 * gives any of it out; that is all that was asked for, and meanwhile no more
 * is asked for and the server is idle.  So of an open stream each call may
 * read some.  Each, for while keys are exchanged anew any of them has to.
 */
static ssize_t
door_recv(libssh2_socket_t fd, void *p, size_t n, int flags, void **ctx)
{
	struct ssh *s = *ctx;
	ssize_t got;

	if (s->ration == 0)
		return -EAGAIN;
	got = recv(fd, p, n, flags);
	if (got < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	s->ration -= (size_t)got < s->ration ? (size_t)got : s->ration;
	return got;
}

static void
wait_socket(struct ssh *s, int ms)
{
	struct pollfd p = { .fd = s->dial.fd, .events = POLLIN };

	if (libssh2_session_block_directions(s->session) &
	    LIBSSH2_SESSION_BLOCK_OUTBOUND)
		p.events |= POLLOUT;
	(void)poll(&p, 1, ms); /* the caller looks at the clock */
}

bool
ssh_again(struct ssh *s, int rc)
{
	int64_t left = s->deadline - link_now();

	if (rc != LIBSSH2_ERROR_EAGAIN || left <= 0)
		return false;
	wait_socket(s, left < 1000 ? (int)left : 1000);
	return true;
}

static void
set_deadline(struct ssh *s, unsigned ms)
{
	s->limit_ms = ms;
	s->deadline = link_now() + ms;
}

static void
cut(struct ssh *s)
{
	if (s->dial.fd >= 0)
		shutdown(s->dial.fd, SHUT_RDWR);
	/* With the socket cut nothing waits any more; the bound is a belt. */
	for (int i = 0; i < 100 && s->session != NULL; i++)
		if (libssh2_session_free(s->session) != LIBSSH2_ERROR_EAGAIN)
			s->session = NULL;
	s->session = NULL;
	s->channel = NULL;
	dial_close(&s->dial);
}

/* Connects and shakes hands, offering host keys of these types only. */
static enum tally_rc
handshake(struct ssh *s, const struct link_target *t, const char *types,
    struct tally_err *err)
{
	enum tally_rc rc;
	int e;

	s->session =
	    libssh2_session_init_ex(ssh_alloc, door_free, door_realloc, s);
	if (s->session == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "mailbox %s: no memory", s->set->name);
	libssh2_session_set_blocking(s->session, 0);
	s->ration = SIZE_MAX;
#if LIBSSH2_VERSION_NUM >= 0x010b01
	(void)libssh2_session_callback_set2(
	    s->session, LIBSSH2_CALLBACK_RECV, (libssh2_cb_generic *)door_recv);
#else
	(void)libssh2_session_callback_set(
	    s->session, LIBSSH2_CALLBACK_RECV, (void *)door_recv);
#endif
	rc = ssh_offer(s, types, err);
	if (rc != TALLY_OK)
		return rc;
	link_at(s->set,
	    s->set->proxy.command != NULL ? MAILBOX_CONNECT : MAILBOX_LOOK_UP);
	rc = dial_open(&s->dial, t, s->set, err);
	if (rc != TALLY_OK)
		return rc;
	link_at(s->set, MAILBOX_KEY_EXCHANGE);
	set_deadline(
	    s, s->set->login_ms != 0 ? s->set->login_ms : MAILBOX_LOGIN_MS);
	do
		e = libssh2_session_handshake(s->session, s->dial.fd);
	while (ssh_again(s, e));
	if (e == LIBSSH2_ERROR_KEX_FAILURE) {
		cut(s);
		return ssh_no_common(s, t, err);
	}
	if (e != 0)
		return ssh_trouble(s, e, "shaking hands", err);
	return TALLY_OK;
}

static enum tally_rc
check_host(struct ssh *s, const struct pins *pins, struct tally_err *err)
{
	size_t n = 0;
	int type;
	const char *key = libssh2_session_hostkey(s->session, &n, &type);
	char found[128];

	if (key == NULL || n == 0)
		return tally_err_set(err, TALLY_PERM,
		    "mailbox %s: the server showed no host key", s->set->name);
	if (pins_match(pins, key, n))
		return TALLY_OK;
	pins_describe(found, key, n);
	return tally_err_set(err, TALLY_PERM,
	    "mailbox %s: the server's host key is %s, which is not pinned;"
	    " nothing was sent to it.  Ask the partner whether the key was"
	    " changed, and pin the new one; if not, somebody is in between",
	    s->set->name, found);
}

/*
 * Attempts of pins_offer until a key is right.  What the last word is when
 * none is: a key that differs, before types that the server does not have.
 */
static enum tally_rc
connect_pinned(struct ssh *s, const struct link_target *t,
    const struct pins *pins, struct tally_err *err)
{
	struct tally_err e, worst = { .rc = TALLY_OK };
	char types[256];
	enum tally_rc rc;

	for (unsigned i = 0; pins_offer(pins, i, s->set->legacy, types); i++) {
		rc = handshake(s, t, types, &e);
		if (rc == TALLY_OK)
			rc = check_host(s, pins, &e);
		if (rc == TALLY_OK)
			return TALLY_OK;
		cut(s);
		if (worst.rc == TALLY_OK || rc == TALLY_PERM)
			worst = e;
		if (rc != TALLY_PERM && rc != TALLY_CONFIG)
			break;
	}
	assert(worst.rc != TALLY_OK);
	if (worst.rc == TALLY_PERM)
		link_at(s->set, MAILBOX_HOST_KEY);
	if (err != NULL)
		*err = worst;
	return worst.rc;
}

static enum tally_rc
start_sftp(struct ssh *s, struct tally_err *err)
{
	int rc;

	do {
		s->channel = libssh2_channel_open_ex(s->session, "session",
		    sizeof("session") - 1, (unsigned)WINDOW,
		    LIBSSH2_CHANNEL_PACKET_DEFAULT, NULL, 0);
		rc = s->channel != NULL
		    ? 0
		    : libssh2_session_last_errno(s->session);
	} while (ssh_again(s, rc));
	if (rc == 0) {
		do
			rc = libssh2_channel_handle_extended_data2(
			    s->channel, LIBSSH2_CHANNEL_EXTENDED_DATA_IGNORE);
		while (ssh_again(s, rc));
	}
	if (rc == 0) {
		do
			rc = libssh2_channel_subsystem(s->channel, "sftp");
		while (ssh_again(s, rc));
	}
	if (rc != 0)
		return ssh_trouble(s, rc, "starting SFTP", err);
	return TALLY_OK;
}

/* Notes what a call that would block must be followed by. */
static enum link_io
blocked(struct ssh *s, enum ssh_stuck by)
{
	s->stuck = libssh2_session_block_directions(s->session) &
		LIBSSH2_SESSION_BLOCK_OUTBOUND
	    ? by
	    : SSH_FREE;
	return LINK_AGAIN;
}

static enum link_io
broken(struct ssh *s, long rc, const char *doing, struct tally_err *err)
{
	ssh_trouble(s, (int)rc, doing, err);
	return LINK_BROKEN;
}

/* Sends what is left of the block. */
static enum link_io
push(struct ssh *s, struct tally_err *err)
{
	ssize_t n;

	if (s->stuck == SSH_RECEIVING)
		return LINK_AGAIN;
	while (s->block_at < s->block_n) {
		s->ration = RATION;
		n = libssh2_channel_write(s->channel, s->block + s->block_at,
		    s->block_n - s->block_at);
		if (n == LIBSSH2_ERROR_EAGAIN || n == 0)
			return blocked(s, SSH_SENDING);
		if (n < 0)
			return broken(s, n, "sending", err);
		s->stuck = SSH_FREE;
		s->block_at += (size_t)n;
	}
	s->block_at = s->block_n = 0;
	return LINK_DONE;
}

static enum link_io
ssh_send(struct link *link, const void *p, size_t n, size_t *done,
    struct tally_err *err)
{
	struct ssh *s = (struct ssh *)link;
	enum link_io io;

	if (s->block_n > 0) {
		io = push(s, err);
		if (io != LINK_DONE)
			return io;
	}
	*done = n < SSH_BLOCK ? n : SSH_BLOCK;
	memcpy(s->block, p, *done);
	s->block_n = *done;
	return push(s, err) == LINK_BROKEN ? LINK_BROKEN : LINK_DONE;
}

static enum link_io
ssh_recv(
    struct link *link, void *p, size_t n, size_t *done, struct tally_err *err)
{
	struct ssh *s = (struct ssh *)link;
	ssize_t got;

	if (s->stuck != SSH_RECEIVING && s->block_n > 0) {
		if (push(s, err) == LINK_BROKEN)
			return LINK_BROKEN;
		if (s->stuck == SSH_SENDING)
			return LINK_AGAIN;
	}
	s->ration = RATION;
	got = libssh2_channel_read(s->channel, p, n);
	if (got == LIBSSH2_ERROR_EAGAIN)
		return blocked(s, SSH_RECEIVING);
	s->stuck = SSH_FREE;
	if (got < 0)
		return broken(s, got, "receiving", err);
	if (got > 0) {
		*done = (size_t)got;
		return LINK_DONE;
	}
	return libssh2_channel_eof(s->channel) ? LINK_END : LINK_AGAIN;
}

static void
ssh_wait(struct link *link, bool sending, int ms)
{
	(void)sending; /* libssh2 knows better what it waits for */
	wait_socket((struct ssh *)link, ms);
}

static void
ssh_close(struct link *link, bool polite)
{
	struct ssh *s = (struct ssh *)link;
	int rc;

	s->ration = SIZE_MAX;
	if (polite && s->session != NULL && s->stuck == SSH_FREE) {
		set_deadline(s, GOODBYE_MS);
		do
			rc = libssh2_session_disconnect(s->session, "bye");
		while (ssh_again(s, rc));
	}
	cut(s);
	if (s->begun)
		libssh2_exit();
	tally_free(s);
}

/* Whether libssh2 can check one of the keys that are pinned. */
static enum tally_rc
fits(const struct mailbox_settings *set, const struct pins *pins,
    struct tally_err *err)
{
	struct ssh *s = tally_calloc(1, sizeof(*s));
	enum tally_rc rc = TALLY_NOMEM;
	char types[256];

	if (s == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "mailbox %s: no memory", set->name);
	s->set = set;
	dial_init(&s->dial);
	s->session =
	    libssh2_session_init_ex(ssh_alloc, door_free, door_realloc, s);
	if (s->session == NULL)
		tally_err_set(
		    err, TALLY_NOMEM, "mailbox %s: no memory", set->name);
	for (unsigned i = 0; s->session != NULL && rc != TALLY_OK &&
	     pins_offer(pins, i, set->legacy, types);
	     i++)
		rc = ssh_offer(s, types, err);
	cut(s);
	tally_free(s);
	return rc;
}

enum tally_rc
link_check_ssh(const struct mailbox_settings *set, const struct pins *pins,
    struct tally_err *err)
{
	enum tally_rc rc = ssh_login_check(set, err);

	if (rc == TALLY_OK)
		rc = fits(set, pins, err);
	return rc == TALLY_OK ? dial_check(set, err) : rc;
}

bool
link_checks_host_key(const char *type)
{
	return strcmp(type, "ssh-rsa") != 0 ||
	    libssh2_version(SSH_RSA_SHA2) != NULL;
}

enum tally_rc
link_host_key(unsigned char *key, size_t *n, const struct link_target *t,
    const struct mailbox_settings *set, const char *types,
    struct tally_err *err)
{
	struct ssh *s = tally_calloc(1, sizeof(*s));
	const char *shown;
	size_t bytes = 0;
	int type;
	enum tally_rc rc;

	if (s == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "mailbox %s: no memory", set->name);
	s->set = set;
	dial_init(&s->dial);
	s->begun = libssh2_init(0) == 0;
	rc = handshake(s, t, types, err);
	if (rc == TALLY_OK) {
		shown = libssh2_session_hostkey(s->session, &bytes, &type);
		if (shown == NULL || bytes > *n)
			rc = tally_err_set(err, TALLY_UNAVAILABLE,
			    "mailbox %s: the server showed no host key",
			    set->name);
		else
			memcpy(key, shown, *n = bytes);
	}
	ssh_close(&s->link, rc == TALLY_OK);
	return rc;
}

enum tally_rc
link_open_ssh(struct link **out, const struct link_target *t,
    const struct mailbox_settings *set, struct tally_err *err)
{
	static const struct link_methods methods = { ssh_send, ssh_recv,
		ssh_wait, ssh_close };
	struct ssh_secrets sec = { .key = NULL };
	struct ssh *s = NULL;
	struct pins pins;
	enum tally_rc rc = pins_parse(&pins, set, err);

	if (rc != TALLY_OK)
		return rc;
	rc = ssh_secrets_read(&sec, set, err);
	if (rc != TALLY_OK)
		goto out;
	s = tally_calloc(1, sizeof(*s));
	if (s == NULL) {
		rc = tally_err_set(
		    err, TALLY_NOMEM, "mailbox %s: no memory", set->name);
		goto out;
	}
	s->link.methods = &methods;
	s->set = set;
	dial_init(&s->dial);
	s->begun = libssh2_init(0) == 0;
	rc = connect_pinned(s, t, &pins, err);
	if (rc == TALLY_OK) {
		link_at(set, MAILBOX_LOGIN);
		rc = ssh_login(s, t->user, &sec, err);
	}
	if (rc == TALLY_OK) {
		link_at(set, MAILBOX_SFTP);
		s->in = true;
		rc = start_sftp(s, err);
	}
	if (rc == TALLY_OK) {
		*out = &s->link;
		s = NULL;
	}
out:
	if (s != NULL)
		ssh_close(&s->link, false);
	ssh_secrets_free(&sec);
	pins_free(&pins);
	return rc;
}
