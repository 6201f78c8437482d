/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames, and bytes of the file: asked for before they are wanted, so that the
 * run, which has other things to do, need not be waited for.
 */
#include "flow/parse.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/plant.h"

enum { FROM_RUN, TO_RUN };

static bool
is_waiting(void)
{
	struct pollfd fd = { .fd = FROM_RUN, .events = POLLIN };

	return poll(&fd, 1, 0) > 0;
}

/* Reads what is there; where nothing comes the run has ended, and so does
 * this.  What is to be said is said before that is waited for. */
static void
fill(struct parse *p)
{
	unsigned interrupts = 0;
	ssize_t got;

	if (p->out.n > 0 && !is_waiting())
		parse_flush(p);
	do
		got = read(FROM_RUN, p->came, sizeof(p->came));
	while (got < 0 && errno == EINTR && ++interrupts < TALLY_INTERRUPTS);
	if (got <= 0)
		sandbox_exit(0);
	p->taken = 0;
	p->ncame = (size_t)got;
}

/* A part of at most n bytes that are next. */
static struct tally_str
take_some(struct parse *p, size_t n)
{
	struct tally_str s;

	if (p->taken == p->ncame)
		fill(p);
	s = tally_str(p->came + p->taken, p->ncame - p->taken);
	if (s.n > n)
		s.n = n;
	p->taken += s.n;
	return s;
}

static void
take(struct parse *p, void *to, size_t n)
{
	struct tally_str s;
	char *at = to;

	for (; n > 0; n -= s.n, at += s.n) {
		s = take_some(p, n);
		memcpy(at, s.p, s.n);
	}
}

void
parse_flush(struct parse *p)
{
	if (!tally_write_all(TO_RUN, p->out.p, p->out.n))
		sandbox_exit(0);
	tally_buf_reset(&p->out);
}

enum tally_rc
parse_send(struct parse *p, struct tally_err *err)
{
	if (p->out.failed) {
		tally_buf_reset(&p->out);
		return tally_err_set(err, TALLY_NOMEM,
		    "no memory for what was read from a file");
	}
	if (!p->file.whole || p->out.n >= WIRE_BLOCK)
		parse_flush(p);
	return TALLY_OK;
}

/* Reads n bytes, in place of what is in a buffer; all of them, also where it
 * has no room. */
static void
take_into(struct parse *p, struct tally_buf *b, size_t n)
{
	struct tally_str s;

	tally_buf_reset(b);
	for (; n > 0; n -= s.n) {
		s = take_some(p, n);
		tally_buf_add(b, s.p, s.n);
	}
}

/* The next frame; bytes of the file are taken in, and are of no interest. */
static enum wire_kind
next(struct parse *p, struct wire *w)
{
	struct wire_head head;
	struct wire_read r = { .n = 0 };

	take(p, &head, sizeof(head));
	if (head.kind == WIRE_BYTES) {
		take_into(p, &p->whole, head.n);
		return WIRE_BYTES;
	}
	take_into(p, &p->in, head.n);
	wire_open(w, tally_buf_view(&p->in));
	w->bad = p->in.failed;
	w->arena = &p->scratch;
	if (head.kind == WIRE_THERE) {
		wire_read(w, &r);
		p->feed[r.reader].n += r.n;
	}
	return (enum wire_kind)head.kind;
}

enum wire_kind
parse_receive(struct parse *p, struct wire *w)
{
	enum wire_kind kind;

	do
		kind = next(p, w);
	while (kind == WIRE_BYTES || kind == WIRE_THERE);
	return kind;
}

void
parse_take(struct parse *p)
{
	struct wire w;

	(void)next(p, &w);
}

/* Asks for as much as there is room for. */
static enum tally_rc
ask(struct parse *p, int reader, struct tally_err *err)
{
	struct feed *f = &p->feed[reader];
	struct wire_read r = { .reader = (uint8_t)reader };
	struct wire w;
	size_t begun;

	while (
	    f->asked < f->end && f->asked - f->at + WIRE_BLOCK <= WIRE_AHEAD) {
		r.offset = f->asked;
		r.to = (f->first + (f->asked - f->at)) % WIRE_AHEAD;
		r.n = f->end - f->asked;
		if (r.n > WIRE_BLOCK)
			r.n = WIRE_BLOCK;
		if (r.n > WIRE_AHEAD - r.to)
			r.n = WIRE_AHEAD - r.to;
		f->asked += r.n;
		begun = wire_begin(&w, &p->out, WIRE_READ);
		wire_read(&w, &r);
		wire_finish(&w, begun);
	}
	return p->out.n > 0 ? parse_send(p, err) : TALLY_OK;
}

static enum tally_rc
give(struct parse *p, int reader, char *to, size_t max, size_t *got,
    struct tally_err *err)
{
	struct feed *f = &p->feed[reader];
	struct wire w;
	size_t n;
	enum tally_rc rc = ask(p, reader, err);

	*got = 0;
	if (rc != TALLY_OK || f->at == f->end)
		return rc;
	/* In between only bytes of the file are sent. */
	while (f->n == 0 ||
	    (f->asked > f->at + f->n && (p->taken < p->ncame || is_waiting())))
		(void)next(p, &w);
	n = f->n < max ? f->n : max;
	if (n > WIRE_AHEAD - f->first)
		n = WIRE_AHEAD - f->first;
	memcpy(to, f->ring + f->first, n);
	f->first = (f->first + n) % WIRE_AHEAD;
	f->n -= n;
	f->at += n;
	*got = n;
	return TALLY_OK;
}

static enum tally_rc
give_whole(struct parse *p, int reader, char *to, size_t max, size_t *got)
{
	struct feed *f = &p->feed[reader];
	uint64_t left = f->end - f->at;

	*got = left < max ? (size_t)left : max;
	if (*got > 0)
		memcpy(to, p->whole.p + f->at, *got);
	f->at += *got;
	return TALLY_OK;
}

static enum tally_rc
read_as(struct parse *p, int reader, void *to, size_t max, size_t *got,
    struct tally_err *err)
{
	enum tally_rc rc = p->file.whole ? give_whole(p, reader, to, max, got)
					 : give(p, reader, to, max, got, err);

	if (PLANTED(POISON) && rc == TALLY_OK && parse_poisoned(p, to, *got))
		rc = tally_err_set(err, TALLY_NOMEM, "it was planted");
	return rc;
}

static enum tally_rc
read_first(void *p, void *to, size_t max, size_t *got, struct tally_err *err)
{
	return read_as(p, PARSE_FIRST, to, max, got, err);
}

static enum tally_rc
read_second(void *p, void *to, size_t max, size_t *got, struct tally_err *err)
{
	return read_as(p, PARSE_SECOND, to, max, got, err);
}

struct tally_source
parse_source(struct parse *p, int reader, uint64_t from, uint64_t end)
{
	struct feed *f = &p->feed[reader];

	f->at = f->asked = from;
	f->end = end;
	f->first = f->n = 0;
	return (struct tally_source){
		.read = reader == PARSE_FIRST ? read_first : read_second,
		.ctx = p
	};
}

void
parse_forget(struct parse *p)
{
	struct wire w;

	for (int i = 0; i < PARSE_READERS && !p->file.whole; i++) {
		struct feed *f = &p->feed[i];

		while (f->at + f->n < f->asked)
			(void)next(p, &w);
		f->at = f->end = f->asked;
		f->first = f->n = 0;
	}
}
