/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an sftp: URL leads: sftp://user@host[:port][/folder].
 *
 * The folder is absolute; /~/folder is one below the login's own.  User and
 * folder may hold %XX.  The user ends at the last @ before the host, because
 * some partners' user names are mail addresses.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "mailbox/kind.h"
#include "mailbox/link.h"

int64_t
link_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void
link_at(const struct mailbox_settings *set, enum mailbox_step step)
{
	if (set->step != NULL)
		*set->step = step;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Copies [p, end) with %XX undone; false if it does not fit or is none. */
static bool
decode(char *out, size_t size, const char *p, const char *end)
{
	size_t n = 0;
	int high, low;

	while (p < end) {
		char c = *p++;

		if (c == '%') {
			if (end - p < 2)
				return false;
			high = hex(p[0]);
			low = hex(p[1]);
			if (high < 0 || low < 0 || high + low == 0)
				return false;
			c = (char)(high << 4 | low);
			p += 2;
		}
		if (n + 1 >= size)
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return true;
}

static bool
copy(char *out, size_t size, const char *p, const char *end)
{
	if (end <= p || (size_t)(end - p) >= size)
		return false;
	memcpy(out, p, (size_t)(end - p));
	out[end - p] = '\0';
	return true;
}

static bool
parse_port(struct link_target *t, const char *p, const char *end)
{
	unsigned long port = 0;

	if (end == p || end - p > 5)
		return false;
	for (; p < end; p++) {
		if (*p < '0' || *p > '9')
			return false;
		port = port * 10 + (unsigned long)(*p - '0');
	}
	if (port == 0 || port > 65535)
		return false;
	snprintf(t->port, sizeof(t->port), "%lu", port);
	return true;
}

/* host, [v6], either with :port, in [p, end). */
static bool
parse_host(struct link_target *t, const char *p, const char *end)
{
	const char *stop;

	if (p < end && *p == '[') {
		stop = memchr(p, ']', (size_t)(end - p));
		if (stop == NULL ||
		    !copy(t->host, sizeof(t->host), p + 1, stop))
			return false;
		stop++;
	} else {
		stop = memchr(p, ':', (size_t)(end - p));
		if (stop == NULL)
			stop = end;
		if (!copy(t->host, sizeof(t->host), p, stop))
			return false;
	}
	if (stop == end) {
		snprintf(t->port, sizeof(t->port), "22");
		return true;
	}
	return *stop == ':' && parse_port(t, stop + 1, end);
}

static bool
parse_path(struct link_target *t, const char *p)
{
	if (strcmp(p, "") == 0 || strcmp(p, "/~") == 0)
		return true;
	if (strncmp(p, "/~/", 3) == 0)
		p += 3;
	return decode(t->path, sizeof(t->path), p, p + strlen(p));
}

bool
link_target_host(struct link_target *t, const char *p)
{
	const char *end = p + strcspn(p, "/"), *at = NULL;

	memset(t, 0, sizeof(*t));
	for (const char *q = p; q < end; q++)
		if (*q == '@')
			at = q;
	if (at != NULL && (at == p || !decode(t->user, sizeof(t->user), p, at)))
		return false;
	return parse_host(t, at != NULL ? at + 1 : p, end) &&
	    parse_path(t, end);
}

enum tally_rc
link_target_parse(struct link_target *t, const struct mailbox_settings *s,
    struct tally_err *err)
{
	const char *p = strchr(s->url, ':') + 1;
	char shown[MAILBOX_SHOWN];

	if (strncmp(p, "//", 2) == 0 && link_target_host(t, p + 2) &&
	    t->user[0] != '\0')
		return TALLY_OK;
	return tally_err_set(err, TALLY_CONFIG,
	    "mailbox %s: the URL \"%s\" is not like"
	    " sftp://user@host:port/folder (port and folder may be left out)",
	    s->name, mailbox_shown(shown, tally_cstr(s->url)));
}
