/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a server's KEXINIT; see kexinit.h.  Nothing here is authentic: it
 * serves messages, and choosing what to ask for, never trust.
 */
#include "mailbox/kexinit.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"
#include "mailbox/kind.h"
#include "mailbox/dial.h"

#define SSH_MSG_KEXINIT 20
#define COOKIE          16
#define BANNER_MAX      8192 /* lines before the banner, and it */
#define SHOWN           300  /* bytes of a list in a message */

static const char our_banner[] = "SSH-2.0-tallyman_" TALLYMAN_VERSION "\r\n";

static uint32_t
get32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 |
	    (uint32_t)u[2] << 8 | u[3];
}

bool
kexinit_parse(struct kexinit *k, struct tally_str s)
{
	uint32_t n;

	if (s.n < 1 + COOKIE || (unsigned char)s.p[0] != SSH_MSG_KEXINIT)
		return false;
	s.p += 1 + COOKIE;
	s.n -= 1 + COOKIE;
	for (size_t i = 0; i < KEXINIT_LISTS; i++) {
		if (s.n < 4)
			return false;
		n = get32(s.p);
		s.p += 4;
		s.n -= 4;
		if (n > s.n)
			return false;
		k->list[i] = tally_str(s.p, n);
		s.p += n;
		s.n -= n;
	}
	return true;
}

struct talk {
	const struct mailbox_settings *set;
	int fd;
	int64_t end;
	unsigned limit_ms;
};

static enum tally_rc
wait_for(struct talk *t, short events, struct tally_err *err)
{
	struct pollfd p = { .fd = t->fd, .events = events };
	int64_t left;

	for (;;) {
		left = t->end - link_now();
		if (left <= 0)
			return tally_err_set(err, TALLY_UNAVAILABLE,
			    "mailbox %s: no answer of the server within %u ms",
			    t->set->name, t->limit_ms);
		if (poll(&p, 1, (int)left) > 0)
			return TALLY_OK;
	}
}

static enum tally_rc
closed(struct talk *t, struct tally_err *err)
{
	return tally_err_set(err, TALLY_UNAVAILABLE,
	    "mailbox %s: the server closed the connection while it was asked"
	    " what it offers",
	    t->set->name);
}

/* Exactly n bytes. */
static enum tally_rc
take(struct talk *t, char *p, size_t n, struct tally_err *err)
{
	enum tally_rc rc;
	ssize_t got;

	while (n > 0) {
		got = recv(t->fd, p, n, 0);
		if (got > 0) {
			p += got;
			n -= (size_t)got;
			continue;
		}
		if (got == 0 || (errno != EAGAIN && errno != EINTR))
			return closed(t, err);
		rc = wait_for(t, POLLIN, err);
		if (rc != TALLY_OK)
			return rc;
	}
	return TALLY_OK;
}

static enum tally_rc
no_server(struct talk *t, const char *why, struct tally_err *err)
{
	return tally_err_set(err, TALLY_UNAVAILABLE,
	    "mailbox %s: what answers is no SSH server: %s", t->set->name, why);
}

/* Sends ours, which fits into any socket's buffer; reads to the end of theirs.
 * A server may say something before it (RFC 4253, section 4.2). */
static enum tally_rc
banners(struct talk *t, struct tally_err *err)
{
	char line[5];
	size_t n = 0;
	enum tally_rc rc;
	char c;

	if (send(t->fd, our_banner, sizeof(our_banner) - 1, MSG_NOSIGNAL) < 0)
		return closed(t, err);
	for (size_t total = 0; total < BANNER_MAX; total++) {
		rc = take(t, &c, 1, err);
		if (rc != TALLY_OK)
			return rc;
		if (c != '\n') {
			if (n < sizeof(line))
				line[n++] = c;
			continue;
		}
		if (n >= 4 && memcmp(line, "SSH-", 4) == 0)
			return TALLY_OK;
		n = 0;
	}
	return no_server(t, "its first lines have no banner", err);
}

static enum tally_rc
packet(struct talk *t, struct kexinit *k, struct tally_err *err)
{
	char head[5];
	uint32_t n;
	enum tally_rc rc = take(t, head, sizeof(head), err);
	unsigned char padding;

	if (rc != TALLY_OK)
		return rc;
	n = get32(head);
	padding = (unsigned char)head[4];
	if (n < 1u + padding || n - 1 > sizeof(k->packet))
		return no_server(t, "its first packet has a wrong length", err);
	rc = take(t, k->packet, n - 1, err);
	if (rc != TALLY_OK)
		return rc;
	if (!kexinit_parse(k, tally_str(k->packet, n - 1 - padding)))
		return no_server(t, "its first packet is no KEXINIT", err);
	return TALLY_OK;
}

enum tally_rc
kexinit_read(struct kexinit *k, const struct link_target *target,
    const struct mailbox_settings *set, struct tally_err *err)
{
	struct talk t = { .set = set };
	struct dial dial;
	enum tally_rc rc = dial_open(&dial, target, set, err);

	if (rc != TALLY_OK)
		return rc;
	t.fd = dial.fd;
	t.limit_ms = set->login_ms != 0 ? set->login_ms : MAILBOX_LOGIN_MS;
	t.end = link_now() + t.limit_ms;
	rc = banners(&t, err);
	if (rc == TALLY_OK)
		rc = packet(&t, k, err);
	dial_close(&dial);
	return rc;
}

/* The first name of a list, which is taken off. */
static struct tally_str
next_name(struct tally_str *list)
{
	struct tally_str name = tally_str(list->p, 0);

	while (name.n < list->n && list->p[name.n] != ',')
		name.n++;
	list->p += name.n < list->n ? name.n + 1 : name.n;
	list->n -= name.n < list->n ? name.n + 1 : name.n;
	return name;
}

bool
kexinit_has(struct tally_str list, struct tally_str name)
{
	while (list.n > 0)
		if (tally_str_eq(next_name(&list), name))
			return true;
	return false;
}

/* The first of ours that the server has, too; empty when there is none. */
static struct tally_str
agreed(const char *ours, struct tally_str theirs)
{
	struct tally_str list = tally_cstr(ours), name;

	while (list.n > 0) {
		name = next_name(&list);
		if (kexinit_has(theirs, name))
			return name;
	}
	return tally_str(NULL, 0);
}

/* These ciphers authenticate by themselves, whatever the MAC is. */
static bool
needs_no_mac(struct tally_str cipher)
{
	return tally_str_eq(
		   cipher, TALLY_STR("chacha20-poly1305@openssh.com")) ||
	    tally_str_eq(cipher, TALLY_STR("aes128-gcm@openssh.com")) ||
	    tally_str_eq(cipher, TALLY_STR("aes256-gcm@openssh.com"));
}

/* Stands in a list to tell of a feature, and is no algorithm. */
static bool
is_signal(struct tally_str name)
{
	static const struct tally_str kin[] = { TALLY_STR("ext-info-"),
		TALLY_STR("kex-strict-") };

	for (size_t i = 0; i < sizeof(kin) / sizeof(kin[0]); i++)
		if (name.n > kin[i].n &&
		    memcmp(name.p, kin[i].p, kin[i].n) == 0)
			return true;
	return false;
}

static void
add_names(struct tally_buf *b, struct tally_str list)
{
	size_t from = b->n, room;
	struct tally_str name;

	while (list.n > 0) {
		name = next_name(&list);
		if (is_signal(name))
			continue;
		if (b->n > from)
			tally_buf_putc(b, ',');
		room = b->n - from < SHOWN ? SHOWN - (b->n - from) : 0;
		tally_text_safe(
		    b, tally_str(name.p, name.n < room ? name.n : room));
		if (name.n > room) {
			tally_buf_puts(b, "...");
			return;
		}
	}
}

unsigned
kexinit_differs(char *out, size_t size, const struct kexinit *k,
    const char *const ours[KEXINIT_LISTS])
{
	static const char *const what[KEXINIT_LISTS] = { "key exchange",
		"host key", "cipher", "cipher", "MAC", "MAC" };
	const char *told = NULL;
	struct tally_buf b;
	unsigned differs = 0;

	tally_buf_init(&b, size);
	for (int i = 0; i < KEXINIT_LISTS; i++) {
		if (what[i] == told || agreed(ours[i], k->list[i]).n > 0)
			continue;
		if (i >= KEXINIT_MAC &&
		    needs_no_mac(agreed(ours[i - 2], k->list[i - 2])))
			continue;
		told = what[i];
		differs |= KEXINIT_BIT(i);
		tally_buf_printf(
		    &b, "%sfor %s we have ", b.n > 0 ? "; " : "", what[i]);
		add_names(&b, tally_cstr(ours[i]));
		tally_buf_puts(&b, ", the server has ");
		add_names(&b, k->list[i]);
	}
	snprintf(out, size, "%s", b.p != NULL ? b.p : "");
	tally_buf_free(&b);
	return differs;
}
