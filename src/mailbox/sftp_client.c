/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pipelined SFTP client; see sftp_client.h.
 *
 * Invariants: used == number of slots with busy set == requests without a
 * reply.  Bytes in [in_at, in_n) of in are received and not yet given out.
 * Bytes from out_at on of out are encoded and not yet sent.  Once dead is set
 * nothing is sent or received any more; the link is then cut, not closed.
 *
 * The deadline is for the next whole reply, not for the next byte; and there
 * is one for all replies together.  So neither a server that drips bytes nor
 * one that drips replies can hold us for ever.
 */
#include "mailbox/sftp_client.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "mailbox/kind.h"

#define IN_SIZE ((size_t)SFTP_PACKET_MAX + 4)
#define IN_LEAST \
	((size_t)2 * SFTP_BLOCK)     /* room to receive, if it can be had */
#define ROOM     (MAILBOX_AHEAD + 2) /* requests, for each of depth */
#define SLOTS    (ROOM * MAILBOX_DEPTH_MAX)
#define SLOT_BIT 9 /* 1 << SLOT_BIT >= SLOTS */
#define OUT_MAX  ((size_t)2 * SLOTS * (SFTP_BLOCK + 4 * SFTP_PATH_MAX))
#define OUT_SOME 512  /* bytes of requests, some sixteen, that go together */
#define WAIT_MAX 1000 /* ms of one poll; the deadline is looked at between */
/*
 * Blocks on their way: a megabyte, and what 10 Gbit/s carry in the time of a
 * round trip.  More waits somewhere, and falls out of the processors' caches
 * before it is looked at.
 */
#define BLOCKS        32
#define BLOCKS_PER_MS 38

struct slot {
	bool busy;
	enum sftp_type asked;
	uint32_t id;
	struct sftp_ticket ticket;
};

struct sftp_client {
	struct link *link; /* owned */
	const char *name;
	unsigned depth, used, reply_ms;
	int64_t end;  /* of all, by link_now() */
	int64_t trip; /* ms of the shortest round trip that was seen */
	uint32_t serial;
	bool fsync, dead;
	bool greeted;         /* VERSION has come */
	struct tally_err why; /* when dead */
	struct tally_buf out;
	size_t out_at;
	char *in; /* owned, IN_SIZE bytes */
	size_t in_at, in_n;
	struct slot slot[SLOTS];
};

enum tally_rc
sftp_client_state(const struct sftp_client *c, struct tally_err *err)
{
	if (!c->dead)
		return TALLY_OK;
	if (err != NULL)
		*err = c->why;
	return c->why.rc;
}

enum tally_rc
sftp_client_fail(
    struct sftp_client *c, struct tally_err *err, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!c->dead)
		tally_err_set(&c->why, TALLY_UNAVAILABLE,
		    "mailbox %s: %s; the connection is given up", c->name,
		    text);
	c->dead = true;
	return sftp_client_state(c, err);
}

/* The link broke; before the greeting that may be no passing trouble. */
static enum tally_rc
lost(struct sftp_client *c, struct tally_err *err, const struct tally_err *why)
{
	if (!c->dead)
		c->why = *why;
	if (!c->dead && c->greeted)
		c->why.rc = TALLY_UNAVAILABLE;
	c->dead = true;
	return sftp_client_state(c, err);
}

unsigned
sftp_client_depth(const struct sftp_client *c)
{
	return c->depth;
}

unsigned
sftp_client_ahead(const struct sftp_client *c)
{
	return c->depth > 1 ? MAILBOX_AHEAD * c->depth : 1;
}

unsigned
sftp_client_blocks(const struct sftp_client *c)
{
	unsigned most = sftp_client_ahead(c);
	int64_t n = BLOCKS + BLOCKS_PER_MS * c->trip;

	return n < most ? (unsigned)n : most;
}

bool
sftp_client_fsync(const struct sftp_client *c)
{
	return c->fsync;
}

bool
sftp_client_room(const struct sftp_client *c)
{
	return c->used < (c->depth > 1 ? ROOM * c->depth : 1);
}

unsigned
sftp_client_pending(const struct sftp_client *c)
{
	return c->used;
}

void
sftp_client_send(struct sftp_client *c, const struct sftp_request *q,
    const struct sftp_ticket *t)
{
	unsigned i = c->serial % SLOTS;
	struct slot *s;

	assert(sftp_client_room(c));
	while (c->slot[i].busy)
		i = (i + 1) % SLOTS;
	s = &c->slot[i];
	/* The low bits find the slot again, the rest tells old from new. */
	*s = (struct slot){ true, q->type, c->serial++ << SLOT_BIT | i, *t };
	c->used++;
	sftp_encode(&c->out, s->id, q);
}

/* A link that is always behind never comes to the end of what is queued, so
 * what was sent has to go before; not more often than it pays. */
static void
forget_sent(struct sftp_client *c)
{
	size_t left = c->out.n - c->out_at;

	if (c->out_at < left)
		return;
	memmove(c->out.p, c->out.p + c->out_at, left);
	c->out.n = left;
	c->out_at = 0;
}

/* Sends what is queued, as far as it goes.  *again: the link is full. */
static enum tally_rc
flush(struct sftp_client *c, bool *again, struct tally_err *err)
{
	struct tally_err why;
	enum link_io io;
	size_t done;

	*again = false;
	if (c->out.failed)
		return sftp_client_fail(c, err, "no memory for its requests");
	while (c->out_at < c->out.n) {
		io = c->link->methods->send(c->link, c->out.p + c->out_at,
		    c->out.n - c->out_at, &done, &why);
		if (io == LINK_AGAIN) {
			forget_sent(c);
			*again = true;
			return TALLY_OK;
		}
		if (io == LINK_END)
			return sftp_client_fail(
			    c, err, "the server has ended the SFTP session");
		if (io == LINK_BROKEN)
			return lost(c, err, &why);
		c->out_at += done;
	}
	tally_buf_reset(&c->out);
	c->out_at = 0;
	return TALLY_OK;
}

/* What came is no packet: most often a login script that prints. */
static enum tally_rc
not_a_packet(struct sftp_client *c, struct tally_err *err)
{
	size_t n = c->in_n - c->in_at;
	char shown[MAILBOX_SHOWN];

	mailbox_shown(shown, tally_str(c->in + c->in_at, n < 60 ? n : 60));
	return sftp_client_fail(c, err,
	    "the server sent \"%s\" where an SFTP packet should begin (if that"
	    " is text, a login script of the server prints it; ask the"
	    " partner to stop that)",
	    shown);
}

/* Whatever has come by now; *more is false when nothing has. */
static enum tally_rc
fill(struct sftp_client *c, bool *more, struct tally_err *err)
{
	struct tally_err why;
	size_t done = 0;

	if (c->in_at == c->in_n ||
	    (c->in_at > 0 && IN_SIZE - c->in_n < IN_LEAST)) {
		memmove(c->in, c->in + c->in_at, c->in_n - c->in_at);
		c->in_n -= c->in_at;
		c->in_at = 0;
	}
	assert(c->in_n < IN_SIZE);
	*more = false;
	switch (c->link->methods->recv(
	    c->link, c->in + c->in_n, IN_SIZE - c->in_n, &done, &why)) {
	case LINK_DONE:
		c->in_n += done;
		*more = true;
		return TALLY_OK;
	case LINK_AGAIN:
		return TALLY_OK;
	case LINK_END:
		return sftp_client_fail(
		    c, err, "the server has ended the SFTP session");
	default:
		return lost(c, err, &why);
	}
}

/*
 * Requests go in company while there are replies to look at: one by one they
 * would be a packet each, and wake the processes of the server each time.
 */
static enum tally_rc
send_and_receive(
    struct sftp_client *c, bool *full, bool *more, struct tally_err *err)
{
	bool some = c->out.failed || c->out.n - c->out_at >= OUT_SOME;
	enum tally_rc rc = TALLY_OK;

	*full = false;
	if (some)
		rc = flush(c, full, err);
	if (rc == TALLY_OK)
		rc = fill(c, more, err);
	if (rc == TALLY_OK && !*more && !some)
		rc = flush(c, full, err);
	return rc;
}

/* The next whole packet, sending meanwhile. */
static enum tally_rc
receive(struct sftp_client *c, struct tally_str *packet, struct tally_err *err)
{
	unsigned ms = !c->greeted && c->link->login_ms != 0 ? c->link->login_ms
							    : c->reply_ms;
	int64_t now = link_now(), end = now + ms;
	bool full, more;
	enum tally_rc rc;

	if (end > c->end)
		end = c->end;
	for (;;) {
		if (now >= c->end)
			return sftp_client_fail(c, err,
			    "the time that a run may take with it"
			    " (run-timeout) is over");
		switch (sftp_frame(
		    packet, tally_str(c->in + c->in_at, c->in_n - c->in_at))) {
		case SFTP_FRAME_READY:
			c->in_at += 4 + packet->n;
			return TALLY_OK;
		case SFTP_FRAME_BAD:
			return not_a_packet(c, err);
		case SFTP_FRAME_SHORT:
			break;
		}
		rc = send_and_receive(c, &full, &more, err);
		if (rc != TALLY_OK)
			return rc;
		now = link_now();
		if (now >= end && end < c->end)
			return sftp_client_fail(
			    c, err, "no reply of the server within %u ms", ms);
		if (!more && now < end)
			c->link->methods->wait(c->link, full,
			    end - now < WAIT_MAX ? (int)(end - now) : WAIT_MAX);
	}
}

static bool
answers(enum sftp_type reply, enum sftp_type asked)
{
	switch (reply) {
	case SFTP_STATUS:
		return true;
	case SFTP_HANDLE:
		return asked == SFTP_OPEN || asked == SFTP_OPENDIR;
	case SFTP_DATA:
		return asked == SFTP_READ;
	case SFTP_NAME:
		return asked == SFTP_READDIR;
	case SFTP_ATTRS:
		return asked == SFTP_LSTAT || asked == SFTP_FSTAT;
	default:
		return false;
	}
}

enum tally_rc
sftp_client_next(struct sftp_client *c, struct sftp_reply *r,
    struct sftp_ticket *t, struct tally_err *err)
{
	struct tally_str packet = TALLY_STR("");
	struct tally_err why;
	struct slot *s;
	/* A reply to what is not sent yet takes a whole round trip. */
	bool alone = c->used == 1 && c->out_at < c->out.n;
	int64_t asked = link_now();
	enum tally_rc rc = sftp_client_state(c, err);

	if (rc != TALLY_OK)
		return rc;
	assert(c->used > 0);
	rc = receive(c, &packet, err);
	if (rc != TALLY_OK)
		return rc;
	if (alone && link_now() - asked < c->trip)
		c->trip = link_now() - asked;
	if (sftp_decode(r, packet, &why) != TALLY_OK)
		return sftp_client_fail(c, err, "the server sent %s", why.text);
	s = &c->slot[(r->id & ((1u << SLOT_BIT) - 1)) % SLOTS];
	if (!s->busy || s->id != r->id)
		return sftp_client_fail(c, err,
		    "the server answered request %lu, which was not asked",
		    (unsigned long)r->id);
	if (!answers(r->type, s->asked))
		return sftp_client_fail(c, err,
		    "the server answered a request of type %u with type %u",
		    (unsigned)s->asked, (unsigned)r->type);
	*t = s->ticket;
	s->busy = false;
	c->used--;
	return TALLY_OK;
}

static enum tally_rc
greet(struct sftp_client *c, struct tally_err *err)
{
	struct sftp_request init = { .type = SFTP_INIT };
	struct tally_str packet = TALLY_STR("");
	struct tally_err why;
	struct sftp_reply r;
	enum tally_rc rc;

	sftp_encode(&c->out, 0, &init);
	rc = receive(c, &packet, err);
	if (rc != TALLY_OK)
		return rc;
	if (sftp_decode(&r, packet, &why) != TALLY_OK ||
	    r.type != SFTP_VERSION) {
		c->in_at = 0;
		return not_a_packet(c, err);
	}
	/* Some announce their own highest or lowest and then speak 3. */
	c->fsync = r.fsync;
	c->greeted = true;
	return TALLY_OK;
}

enum tally_rc
sftp_client_open(struct sftp_client **out, struct link *link,
    const struct mailbox_settings *set, int64_t end, struct tally_err *err)
{
	struct sftp_client *c = tally_calloc(1, sizeof(*c));
	enum tally_rc rc;

	*out = NULL;
	if (c != NULL)
		c->in = tally_alloc(IN_SIZE);
	if (c == NULL || c->in == NULL) {
		link->methods->close(link, false);
		tally_free(c);
		return tally_err_set(
		    err, TALLY_NOMEM, "mailbox %s: no memory", set->name);
	}
	c->link = link;
	c->name = set->name;
	c->end = end;
	c->trip = MAILBOX_REPLY_MS;
	c->depth = set->depth != 0 ? set->depth : MAILBOX_DEPTH;
	if (c->depth > MAILBOX_DEPTH_MAX)
		c->depth = MAILBOX_DEPTH_MAX;
	c->reply_ms = set->reply_ms != 0 ? set->reply_ms : MAILBOX_REPLY_MS;
	tally_buf_init(&c->out, OUT_MAX);
	rc = greet(c, err);
	if (rc != TALLY_OK) {
		sftp_client_close(c);
		return rc;
	}
	*out = c;
	return TALLY_OK;
}

void
sftp_client_close(struct sftp_client *c)
{
	if (c == NULL)
		return;
	c->link->methods->close(c->link, !c->dead);
	tally_buf_free(&c->out);
	tally_free(c->in);
	tally_free(c);
}
