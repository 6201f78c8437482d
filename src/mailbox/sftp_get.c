/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading files over SFTP, several files and several blocks of each at once.
 *
 * A file's work is OPEN, READs to its end, FSTAT and CLOSE, DONE (todo is the
 * next request to be sent; DONE waits for what is on its way).  The blocks of
 * a file are a few entries of one table: [start, at) has come and is kept,
 * [at, end) is still to come.  The block whose start is the file's next byte
 * is handed on as it comes; others wait, for their server may answer in any
 * order and with less than was asked.  One READ goes beyond the listed size:
 * its EOF proves that the size was right.
 */
#include "mailbox/sftp.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "mailbox/kind.h"

#define CLOSE_STEP 1 /* of a ticket; those of READ have a length */

enum todo { DO_OPEN, DO_READ, DO_FSTAT, DO_CLOSE, DO_NOTHING };

struct block {
	struct file *file; /* null: free */
	uint64_t start, at, end;
	bool asked; /* a READ of [at, end) is on its way */
	char *p;    /* SFTP_BLOCK bytes, owned; kept for reuse */
};

struct file {
	struct sftp_turn turn; /* first: see sftp_turn_begin */
	enum todo todo;
	unsigned pending; /* requests on their way */
	unsigned blocks;  /* in use */
	bool opened;      /* counts as open: from OPEN to CLOSE */
	unsigned crowd;   /* files open when its OPEN failed, with it */
	struct sftp_handle handle;
	uint64_t next;  /* bytes handed on */
	uint64_t asked; /* bytes asked for */
	bool eof;
	uint64_t eof_at;
	struct sftp_attrs after; /* of FSTAT; has is 0 when it failed */
	struct mailbox_result result;
};

struct get {
	struct mailbox *m;
	struct sftp *s;
	const char *folder;
	const struct mailbox_entry *entry;
	const struct mailbox_sink *sink;
	struct sftp_turns turns;
	unsigned depth, ahead; /* entries of block that are used */
	unsigned open, held;   /* held: with a handle, as the server sees it */
	struct file file[2 * MAILBOX_DEPTH_MAX];
	struct block block[MAILBOX_AHEAD * MAILBOX_DEPTH_MAX];
};

static void
send(struct get *g, struct file *f, enum sftp_type type, unsigned step,
    const struct block *b)
{
	struct sftp_request q = { .type = type,
		.handle = sftp_handle_view(&f->handle) };
	struct sftp_ticket t = { .item = (size_t)(f - g->file), .step = step };

	if (b != NULL) {
		q.offset = t.offset = b->at;
		q.length = t.length = (uint32_t)(b->end - b->at);
	}
	sftp_client_send(g->s->client, &q, &t);
	f->pending++;
}

static bool
send_open(struct get *g, struct file *f)
{
	struct sftp_request q = { .type = SFTP_OPEN, .flags = SFTP_FLAG_READ };
	struct sftp_ticket t = { .item = (size_t)(f - g->file) };
	char path[SFTP_PATH_MAX + 1];

	if (g->open >= g->s->files)
		return false;
	/* Nobody knows why it failed: it is tried once more, alone. */
	if (f->crowd > 0 && g->s->files == g->depth && g->open > 0)
		return false;
	f->result.rc = sftp_path(
	    path, g->m, g->folder, g->entry[f->turn.item].name, &f->result.err);
	f->todo = DO_NOTHING;
	if (f->result.rc != TALLY_OK)
		return true;
	q.path = tally_cstr(path);
	sftp_client_send(g->s->client, &q, &t);
	f->pending++;
	f->opened = true;
	g->open++;
	return true;
}

/* Asks for what is missing of a block, or for the next one. */
static bool
send_read(struct get *g, struct file *f)
{
	uint64_t size = g->entry[f->turn.item].size, length = SFTP_BLOCK;
	struct block *empty = NULL, *b = NULL;
	unsigned i;

	if (f->result.rc != TALLY_OK)
		return false;
	if ((f->eof || f->asked > size) && f->blocks == f->pending)
		return false;
	for (i = 0; i < g->ahead; i++) {
		b = &g->block[i];
		if (b->file == NULL)
			empty = empty != NULL ? empty : b;
		else if (b->file == f && !b->asked && b->at < b->end)
			break;
	}
	if (i == g->ahead) {
		if (f->eof || f->asked > size || empty == NULL)
			return false;
		b = empty;
		if (f->asked < size && size - f->asked < length)
			length = size - f->asked;
		b->file = f;
		b->start = b->at = f->asked;
		b->end = f->asked += length;
		f->blocks++;
	}
	b->asked = true;
	send(g, f, SFTP_READ, (unsigned)(b - g->block), b);
	return true;
}

/*
 * A server works on a connection's requests in their order, so the next OPEN
 * may follow on the heels of a CLOSE, unless it is the kind that counts.
 */
static void
send_close(struct get *g, struct file *f)
{
	f->todo = DO_NOTHING;
	send(g, f, SFTP_CLOSE, CLOSE_STEP, NULL);
	if (g->s->files == g->depth) {
		g->open--;
		f->opened = false;
	}
}

/* Sends one request of a file; false when there is none to send now. */
static bool
send_one(struct get *g, struct file *f)
{
	switch (f->todo) {
	case DO_OPEN:
		return send_open(g, f);
	case DO_READ:
		return send_read(g, f);
	case DO_FSTAT:
		f->todo = DO_CLOSE;
		send(g, f, SFTP_FSTAT, 0, NULL);
		return true;
	case DO_CLOSE:
		send_close(g, f);
		return true;
	default:
		return false;
	}
}

/* A file that is free to begin the next item, or null. */
static struct file *
begin(struct get *g)
{
	struct file *f = sftp_turn_begin(&g->turns, g->file, sizeof(*g->file));

	if (f == NULL)
		return NULL;
	f->todo = DO_OPEN;
	f->result.now.name = g->entry[f->turn.item].name;
	return f;
}

/* What the bytes that came are compared with, once all is known. */
static void
verify(struct get *g, struct file *f)
{
	const struct mailbox_entry *e = &g->entry[f->turn.item];
	struct mailbox_entry *now = &f->result.now;
	char shown[MAILBOX_SHOWN];
	bool same;

	now->size = f->after.has & SFTP_HAS_SIZE ? f->after.size : f->next;
	now->mtime = f->after.has & SFTP_HAS_TIMES ? f->after.mtime : e->mtime;
	if (f->result.rc != TALLY_OK)
		return;
	same = f->next == now->size &&
	    (e->size == MAILBOX_SIZE_UNKNOWN || f->next == e->size) &&
	    (e->mtime == 0 || e->mtime == now->mtime);
	if (same)
		return;
	f->result.rc = tally_err_set(&f->result.err, TALLY_TEMP,
	    "mailbox %s: of %s %llu bytes came, the listing said %lld (time"
	    " %lld), afterwards the server says %llu (time %lld); it is taken"
	    " when it has come to rest",
	    g->m->settings->name, mailbox_shown(shown, e->name),
	    (unsigned long long)f->next, (long long)e->size,
	    (long long)e->mtime, (unsigned long long)now->size,
	    (long long)now->mtime);
}

static void
finish(struct get *g, struct file *f)
{
	assert(f->pending == 0 && f->blocks == 0);
	verify(g, f);
	if (f->opened)
		g->open--;
	sftp_turn_end(&g->turns, &f->turn);
	g->sink->done(g->sink->ctx, f->turn.item, &f->result);
}

/* Files in the order of their beginning would need a list; this is near. */
static void
send_all(struct get *g)
{
	struct file *f;

	for (unsigned i = 0; i < g->turns.slots; i++) {
		f = &g->file[i];
		while (f->turn.busy && sftp_client_room(g->s->client) &&
		    send_one(g, f))
			;
		if (f->turn.busy && f->todo == DO_NOTHING && f->pending == 0)
			finish(g, f);
	}
	while (sftp_client_room(g->s->client) && (f = begin(g)) != NULL) {
		send_one(g, f);
		if (f->todo == DO_NOTHING && f->pending == 0)
			finish(g, f);
	}
}

static void
hand_on(struct get *g, struct file *f, const char *p, size_t n)
{
	f->next += n;
	if (f->result.rc == TALLY_OK && n > 0)
		f->result.rc = g->sink->data(
		    g->sink->ctx, f->turn.item, p, n, &f->result.err);
}

static void
release(struct file *f, struct block *b)
{
	b->file = NULL;
	f->blocks--;
}

/* Hands on what is next in the file, as far as it has come. */
static void
drain(struct get *g, struct file *f)
{
	struct block *b;

	for (unsigned i = 0; i < g->ahead; i++) {
		b = &g->block[i];
		if (b->file != f || b->start != f->next || b->asked)
			continue;
		hand_on(g, f, b->p, (size_t)(b->at - b->start));
		b->start = b->at;
		if (b->at < b->end)
			return;
		release(f, b);
		i = (unsigned)-1; /* its successor may stand before it */
	}
}

/* After trouble or the end: blocks that nobody waits for any more. */
static void
drop(struct get *g, struct file *f)
{
	for (unsigned i = 0; i < g->ahead; i++) {
		struct block *b = &g->block[i];

		if (b->file != f || b->asked)
			continue;
		if (f->result.rc != TALLY_OK || b->start >= f->eof_at)
			release(f, b);
	}
}

static bool
take_data(struct get *g, struct file *f, struct block *b, struct tally_str s)
{
	if (s.n > b->end - b->at)
		return false;
	if (s.n == 0) { /* some servers' way to say EOF */
		f->eof = true;
	} else if (b->start == f->next && b->start == b->at) {
		b->start += s.n;
		b->at += s.n;
		hand_on(g, f, s.p, s.n);
		if (b->at == b->end)
			release(f, b);
		return true;
	} else {
		if (b->p == NULL)
			b->p = tally_alloc(SFTP_BLOCK);
		if (b->p == NULL) {
			f->result.rc = tally_err_set(&f->result.err,
			    TALLY_NOMEM, "mailbox %s: no memory for a block",
			    g->m->settings->name);
			return true;
		}
		memcpy(b->p + (b->at - b->start), s.p, s.n);
		b->at += s.n;
		return true;
	}
	b->end = b->at;
	if (b->at < f->eof_at)
		f->eof_at = b->at;
	return true;
}

static enum tally_rc
on_read(struct get *g, struct file *f, struct block *b, struct sftp_reply *r,
    struct tally_err *err)
{
	char shown[MAILBOX_SHOWN];
	const struct mailbox_entry *e = &g->entry[f->turn.item];

	assert(b->file == f && b->asked);
	b->asked = false;
	if (r->type == SFTP_STATUS && r->status == SFTP_STATUS_EOF)
		r->data = tally_str(NULL, 0);
	if (r->type == SFTP_STATUS && r->status != SFTP_STATUS_EOF) {
		if (f->result.rc == TALLY_OK)
			f->result.rc = sftp_trouble(&f->result.err, g->m,
			    "read", g->folder, e->name, r);
	} else if (!take_data(g, f, b, r->data)) {
		return sftp_client_fail(g->s->client, err,
		    "the server sent more of %s than was asked",
		    mailbox_shown(shown, e->name));
	}
	if (f->result.rc == TALLY_OK)
		drain(g, f);
	if (f->result.rc == TALLY_OK && f->next > e->size)
		f->eof = true; /* has grown; no use to go on */
	drop(g, f);
	if (f->blocks == 0 && f->result.rc != TALLY_OK)
		f->todo = DO_CLOSE;
	else if (f->blocks == 0 && f->eof)
		f->todo = DO_FSTAT;
	return TALLY_OK;
}

static void
on_open(struct get *g, struct file *f, struct sftp_reply *r)
{
	if (r->type == SFTP_HANDLE) {
		sftp_handle_copy(&f->handle, r->data);
		f->eof_at = UINT64_MAX;
		f->todo = DO_READ;
		g->held++;
		if (f->crowd > 0 && f->crowd < g->s->files)
			g->s->files = f->crowd;
		return;
	}
	if (f->crowd == 0 && g->held > 0 && sftp_crowded(g->s, r)) {
		f->crowd = g->held;
		g->open--;
		f->opened = false;
		f->todo = DO_OPEN;
		return;
	}
	f->result.rc = sftp_trouble(&f->result.err, g->m, "open", g->folder,
	    g->entry[f->turn.item].name, r);
}

static enum tally_rc
receive(struct get *g, struct tally_err *err)
{
	struct sftp_reply r;
	struct sftp_ticket t;
	struct file *f;
	enum tally_rc rc = sftp_client_next(g->s->client, &r, &t, err);

	if (rc != TALLY_OK)
		return rc;
	f = &g->file[t.item];
	assert(f->turn.busy && f->pending > 0);
	f->pending--;
	if (t.length > 0)
		return on_read(g, f, &g->block[t.step], &r, err);
	if (f->handle.n == 0 && f->todo == DO_NOTHING)
		on_open(g, f, &r);
	else if (t.step == CLOSE_STEP)
		g->held--;
	else if (r.type == SFTP_ATTRS)
		f->after = r.attrs;
	return TALLY_OK;
}

enum tally_rc
sftp_get(struct mailbox *m, const char *folder,
    const struct mailbox_entry *entry, size_t n,
    const struct mailbox_sink *sink, struct tally_err *err)
{
	struct sftp *s = m->state;
	struct get *g = tally_calloc(1, sizeof(*g));
	enum tally_rc rc = sftp_client_state(s->client, err);

	if (g == NULL)
		return tally_err_set(err, TALLY_NOMEM, "mailbox %s: no memory",
		    m->settings->name);
	g->m = m;
	g->s = s;
	g->folder = folder;
	g->entry = entry;
	g->sink = sink;
	g->depth = sftp_client_depth(s->client);
	g->ahead = sftp_client_blocks(s->client);
	g->turns = sftp_turns(n, g->depth);
	while (rc == TALLY_OK) {
		send_all(g);
		if (sftp_client_pending(s->client) > 0)
			rc = receive(g, err);
		else if (g->turns.begun == n && g->turns.busy == 0)
			break;
	}
	for (unsigned i = 0; i < g->ahead; i++)
		tally_free(g->block[i].p);
	tally_free(g);
	return rc;
}
