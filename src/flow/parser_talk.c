/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames to and from the parser.  The run never waits to write: what is to be
 * said, and the bytes of the file that are asked for, go as the pipe takes
 * them while it waits for what is said, so neither can wait for the other.
 */
#include "flow/parser_inside.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define PART    ((size_t)64 << 10) /* read at a time, where little is said */
#define WAIT_MS 1000

static enum tally_rc
no_memory(struct tally_err *err)
{
	return tally_err_set(
	    err, TALLY_NOMEM, "no memory for what was read from a file");
}

size_t
parser_begin(struct parser *p, struct wire *w, enum wire_kind kind)
{
	if (p->sent == p->out.n) {
		tally_buf_reset(&p->out);
		p->sent = 0;
	}
	return wire_begin(w, &p->out, kind);
}

/* A call that failed was only interrupted. */
static bool
interrupted(struct parser *p)
{
	return errno == EINTR && ++p->interrupts < TALLY_INTERRUPTS;
}

/* --- to it --- */

/* The bytes that r asks for, to where it wants them. */
static enum tally_rc
read_block(struct parser *p, const struct wire_read *r, struct tally_err *err)
{
	struct parser_reader *reader = &p->reader[r->reader];
	char *to = p->shared.writable + r->reader * WIRE_AHEAD + r->to;
	size_t got = 0, left = (size_t)r->n;
	enum tally_rc rc = TALLY_OK;

	for (; left > 0 && rc == TALLY_OK; left -= got, to += got) {
		rc = reader->source.read(
		    reader->source.ctx, to, left, &got, err);
		if (rc == TALLY_OK && got == 0)
			rc = tally_err_set(err, TALLY_IO,
			    "a file that was kept is shorter than it was; "
			    "restore it from a backup");
	}
	reader->at += r->n;
	return rc;
}

/* The next block that was asked for, and the word that it is there. */
static enum tally_rc
fetch(struct parser *p, struct tally_err *err)
{
	struct wire_read *r = &p->asked[p->first_asked];
	struct parser_reader *reader = &p->reader[r->reader];
	const struct parser_file *f = &p->file;
	struct wire w;
	size_t begun;
	enum tally_rc rc;

	if (!reader->open || reader->at != r->offset) {
		reader->source = f->source(f->ctx, r->reader, r->offset);
		reader->at = r->offset;
		reader->open = true;
	}
	rc = read_block(p, r, err);
	begun = parser_begin(p, &w, WIRE_THERE);
	wire_read(&w, r);
	wire_finish(&w, begun);
	p->first_asked = (p->first_asked + 1) % PARSER_ASKED;
	p->nasked--;
	return rc;
}

/* Whether the next block that was asked for has come. */
static bool
has_come(const struct parser *p)
{
	const struct wire_read *r = &p->asked[p->first_asked];

	return r->offset <= p->there && r->n <= p->there - r->offset;
}

/* As much as the pipe takes. */
enum tally_rc
parser_pump(struct parser *p, struct tally_err *err)
{
	ssize_t done;
	enum tally_rc rc = TALLY_OK;

	for (;;) {
		if (p->sent == p->out.n && p->nasked > 0 && has_come(p))
			rc = fetch(p, err);
		if (rc != TALLY_OK)
			return rc;
		if (p->out.failed)
			return no_memory(err);
		if (p->sent == p->out.n)
			return TALLY_OK;
		done = write(p->to, p->out.p + p->sent, p->out.n - p->sent);
		if (done > 0) {
			p->sent += (size_t)done;
			p->interrupts = 0;
		} else if (errno == EPIPE) {
			p->sent = p->out.n; /* it is told when it is read */
		} else if (errno == EAGAIN) {
			return TALLY_OK;
		} else if (!interrupted(p)) {
			return tally_err_errno(
			    err, TALLY_IO, "writing to the parser");
		}
	}
}

/* --- from it --- */

/* The head of what was said, when it is there; and whether all of it is. */
static bool
is_whole(const struct parser *p, struct wire_head *head, bool *begun)
{
	size_t n = p->in.n - p->first;

	*begun = n >= sizeof(*head);
	if (!*begun)
		return false;
	memcpy(head, p->in.p + p->first, sizeof(*head));
	return head->n <= n - sizeof(*head);
}

/* Reads what is there, of a large frame no more than that one. */
static enum tally_rc
take(struct parser *p, struct tally_err *err)
{
	struct wire_head head;
	size_t want = PART, have = p->in.n - p->first;
	ssize_t got;
	bool begun;

	if (p->first > 0) {
		if (have > 0)
			memmove(p->in.p, p->in.p + p->first, have);
		p->in.n = have;
		p->first = 0;
	}
	if (!is_whole(p, &head, &begun) && begun &&
	    head.n + sizeof(head) - have > PART) {
		if (head.n > WIRE_FRAME_MAX)
			return parser_lost(
			    p, "says more than can be said", err);
		want = head.n + sizeof(head) - have;
		if (want > have + PART)
			want = have + PART;
	}
	if (tally_buf_room(&p->in, want) == NULL)
		return no_memory(err);
	got = read(p->from, p->in.p + p->in.n, want);
	if (got == 0)
		return parser_lost(p, NULL, err);
	if (got < 0 && errno != EAGAIN && !interrupted(p))
		return tally_err_errno(
		    err, TALLY_IO, "reading from the parser");
	if (got > 0) {
		p->interrupts = 0;
		p->in.n += (size_t)got;
		p->heard = flow_clock_steady();
		p->cpu = -1;
	}
	return TALLY_OK;
}

void
parser_meanwhile(struct parser *p, bool (*more)(void *ctx), void *ctx)
{
	p->meanwhile = more;
	p->meanwhile_ctx = ctx;
}

static void
do_more(struct parser *p)
{
	if (!p->meanwhile(p->meanwhile_ctx))
		p->meanwhile = NULL;
}

static enum tally_rc
wait(struct parser *p, struct tally_err *err)
{
	struct pollfd fd[2] = { { .fd = p->from, .events = POLLIN },
		{ .fd = p->to, .events = POLLOUT } };
	/* The parser's own thread has nothing else to do. */
	bool busy = p->meanwhile != NULL && !parser_beside_runs(p);
	const char *how;
	int n;

	n = poll(fd, p->sent < p->out.n ? 2 : 1, busy ? 0 : WAIT_MS);
	if (p->stopped)
		return tally_err_set(err, TALLY_TEMP, "it was stopped");
	if (n < 0 && !interrupted(p))
		return tally_err_errno(err, TALLY_IO, "waiting for the parser");
	if (n > 0 && fd[0].revents != 0)
		return take(p, err);
	if (n == 0 && busy) {
		do_more(p);
		return TALLY_OK;
	}
	how = n == 0 ? parser_late(p) : NULL;
	return how != NULL ? parser_lost(p, how, err) : TALLY_OK;
}

/* A block of the file: each reader goes forward only, and not too far. */
static bool
is_due(const struct parser *p, const struct wire_read *r)
{
	const struct parser_file *f = &p->file;

	if (p->nasked == PARSER_ASKED || r->offset > f->size ||
	    r->n > f->size - r->offset)
		return false;
	for (size_t i = p->nasked; i-- > 0;) {
		const struct wire_read *q =
		    &p->asked[(p->first_asked + i) % PARSER_ASKED];

		if (q->reader == r->reader)
			return r->offset >= q->offset + q->n;
	}
	return !p->reader[r->reader].open ||
	    r->offset >= p->reader[r->reader].at;
}

static enum tally_rc
was_used(struct parser *p, struct wire *w, struct tally_err *err)
{
	struct tally_interchange_judged ic = { .ngroup = 0 };
	struct tally_group_judged group = { .nset = 0 };
	struct wire answer;
	size_t begun;
	bool used = false;
	enum tally_rc rc;

	wire_envelope(w, &ic);
	wire_group(w, &group);
	/* Of what is recorded it has been asked; and the store is not there
	 * for a thread. */
	if (!wire_ended(w) || p->file.used == NULL || parser_beside_runs(p))
		return parser_lost(p, "asked what cannot be asked", err);
	rc = p->file.used(p->file.ctx, &ic, &group, &used, err);
	if (rc != TALLY_OK)
		return rc;
	begun = parser_begin(p, &answer, WIRE_USED);
	wire_bool(&answer, &used);
	wire_finish(&answer, begun);
	return TALLY_OK;
}

/* What a file alone is the cause of, whatever it is said to be. */
static enum tally_rc
trouble(struct parser *p, struct wire *w, struct tally_err *err)
{
	struct tally_err said = { .rc = TALLY_OK };

	wire_trouble(w, &said);
	if (!wire_ended(w))
		return parser_lost(p, "says what cannot be", err);
	p->busy = false;
	*err = said;
	if (!p->ready)
		return err->rc;
	p->died = said.rc == TALLY_DATA;
	if (p->died)
		parser_end(p);
	if (said.rc != TALLY_NOMEM && said.rc != TALLY_CONFIG)
		err->rc = TALLY_DATA;
	return err->rc;
}

/* It is in the middle of nothing any more. */
static enum tally_rc
otherwise(struct parser *p, const struct wire *w, struct tally_err *err)
{
	if (!p->file.suppose || !wire_ended(w))
		return parser_lost(p, "says what cannot be", err);
	p->busy = false;
	p->otherwise = true;
	return tally_err_set(
	    err, TALLY_DATA, "it is not without a mistake, as was supposed");
}

bool
parser_says(struct parser *p, uint64_t n)
{
	p->said += n;
	return p->said <= PARSER_SAID(p->file.size);
}

static void
read_in(struct parser *p, struct wire *w, struct tally_str content)
{
	wire_open(w, content);
	w->arena = &p->arena;
	w->dictionary = &p->f->dictionary->d;
}

/* Takes a frame that is there; *kind stays 0 when it was not for the caller. */
static enum tally_rc
take_frame(struct parser *p, const struct wire_head *head, enum wire_kind *kind,
    struct wire *w, struct tally_err *err)
{
	struct wire_read r = { .n = 0 };

	read_in(p, w, tally_str(p->in.p + p->first + sizeof(*head), head->n));
	p->first += sizeof(*head) + head->n;
	if (!parser_says(p, sizeof(*head) + head->n))
		return parser_lost(p, "says more than can be said", err);
	switch (head->kind) {
	case WIRE_READY:
		p->ready = true;
		return TALLY_OK;
	case WIRE_READ:
		wire_read(w, &r);
		if (!wire_ended(w) || !is_due(p, &r))
			return parser_lost(
			    p, "wants bytes that are not there", err);
		p->asked[(p->first_asked + p->nasked) % PARSER_ASKED] = r;
		p->nasked++;
		return TALLY_OK;
	case WIRE_ASK:
		return was_used(p, w, err);
	case WIRE_OTHERWISE:
		return otherwise(p, w, err);
	case WIRE_TROUBLE:
		return trouble(p, w, err);
	default:
		*kind = (enum wire_kind)head->kind;
		return TALLY_OK;
	}
}

enum tally_rc
parser_receive(struct parser *p, enum wire_kind *kind, struct wire *w,
    struct tally_err *err)
{
	struct wire_head head;
	const char *how;
	enum tally_rc rc = TALLY_OK;
	bool begun;

	*kind = 0;
	tally_arena_reset(&p->arena);
	p->heard = flow_clock_steady();
	while (rc == TALLY_OK && *kind == 0)
		if (is_whole(p, &head, &begun)) {
			rc = take_frame(p, &head, kind, w, err);
		} else {
			rc = parser_pump(p, err);
			if (rc == TALLY_OK)
				rc = wait(p, err);
		}
	if (rc != TALLY_OK)
		return rc;
	how = parser_slow(p);
	/* What it asked for meanwhile, before the run does something else. */
	return how != NULL ? parser_lost(p, how, err) : parser_pump(p, err);
}

enum tally_rc
parser_serve(struct parser *p, struct tally_err *err)
{
	struct pollfd fd = { .fd = p->from, .events = POLLIN };
	struct wire_head head;
	enum wire_kind kind = 0;
	enum tally_rc rc = TALLY_OK;
	struct wire w;
	bool begun, more = true;

	while (rc == TALLY_OK && more)
		if (is_whole(p, &head, &begun)) {
			more =
			    head.kind == WIRE_READY || head.kind == WIRE_READ;
			if (more)
				rc = take_frame(p, &head, &kind, &w, err);
		} else {
			more = poll(&fd, 1, 0) > 0;
			if (more)
				rc = take(p, err);
		}
	return rc == TALLY_OK ? parser_pump(p, err) : rc;
}

enum tally_rc
parser_flush(struct parser *p, struct tally_err *err)
{
	enum tally_rc rc = parser_pump(p, err);

	while (rc == TALLY_OK && p->sent < p->out.n) {
		rc = wait(p, err);
		if (rc == TALLY_OK)
			rc = parser_pump(p, err);
	}
	return rc;
}

enum tally_rc
parser_keep(struct parser *p, struct tally_buf *b, struct wire *w,
    struct tally_err *err)
{
	struct tally_buf had = *b;
	size_t left = p->in.n - p->first, n = (size_t)(w->end - w->p);

	tally_buf_reset(&had);
	/* Whichever is less is copied. */
	if (n < left) {
		tally_buf_add(&had, w->p, n);
		*b = had;
		if (had.failed)
			return no_memory(err);
		read_in(p, w, tally_buf_view(b));
		return TALLY_OK;
	}
	if (tally_buf_room(&had, left) == NULL)
		return no_memory(err);
	if (left > 0)
		memcpy(had.p, p->in.p + p->first, left);
	had.n = left;
	*b = p->in;
	p->in = had;
	p->first = 0;
	return TALLY_OK;
}
