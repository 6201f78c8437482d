/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing files over SFTP, several files and several blocks of each at once.
 *
 * A file's work, in todo: OPEN (create, exclusively); with its handle WRITEs to
 * the end, SYNC where the server announced it, and CLOSE, one on the heels of
 * the other, for a server works on the requests of one file in their order
 * (section 6.1 of the draft); LSTAT for the size once all of them are answered.
 * Servers report a full disk only to some of the requests, and say OK to a
 * later fsync and close: so any trouble spoils the file, which is then closed
 * and removed.
 */
#include "mailbox/sftp.h"

#include <assert.h>
#include <string.h>

#include "mailbox/kind.h"

enum todo {
	DO_OPEN,
	DO_WRITE,
	DO_SYNC,
	DO_CLOSE,
	DO_STAT,   /* is it there as it was written? */
	DO_REMOVE, /* it is spoilt */
	DO_LOOK,   /* OPEN failed: does it exist already? */
	DO_NOTHING
};

struct file {
	struct sftp_turn turn; /* first: see sftp_turn_begin */
	enum todo todo;
	unsigned pending;
	bool closing;   /* CLOSE was sent; what follows waits for answers */
	bool opened;    /* counts as open: from OPEN to CLOSE */
	unsigned crowd; /* files open when its OPEN failed, with it */
	bool again;     /* so it is tried once more, unless it exists */
	struct sftp_handle handle;
	size_t written; /* bytes that were sent */
};

struct put {
	struct mailbox *m;
	struct sftp *s;
	const char *folder;
	const struct mailbox_upload *up;
	struct mailbox_result *result;
	struct sftp_turns turns;
	unsigned depth;
	unsigned open, held; /* held: with a handle, as the server sees it */
	unsigned writing;    /* blocks on their way */
	struct file file[2 * MAILBOX_DEPTH_MAX];
};

static bool
failed(const struct put *g, const struct file *f)
{
	return g->result[f->turn.item].err.rc != TALLY_OK;
}

/* The first trouble of a file is the one that is told. */
static void
spoil(
    struct put *g, struct file *f, const char *what, const struct sftp_reply *r)
{
	struct mailbox_result *res = &g->result[f->turn.item];

	if (!failed(g, f))
		res->rc = sftp_trouble(&res->err, g->m, what, g->folder,
		    tally_cstr(g->up[f->turn.item].name), r);
}

/* The step of a ticket is what its request was sent for. */
static struct sftp_ticket
ticket(const struct put *g, const struct file *f, enum todo step)
{
	return (
	    struct sftp_ticket){ .item = (size_t)(f - g->file), .step = step };
}

/* A request that names the file. */
static void
send_path(struct put *g, struct file *f, enum todo step, enum sftp_type type)
{
	struct sftp_request q = { .type = type,
		.flags = SFTP_FLAG_WRITE | SFTP_FLAG_CREAT | SFTP_FLAG_EXCL };
	struct sftp_ticket t = ticket(g, f, step);
	struct mailbox_result *res = &g->result[f->turn.item];
	char path[SFTP_PATH_MAX + 1];
	enum tally_rc rc = sftp_path(path, g->m, g->folder,
	    tally_cstr(g->up[f->turn.item].name), &res->err);

	if (rc != TALLY_OK) {
		res->rc = rc;
		return;
	}
	q.path = tally_cstr(path);
	sftp_client_send(g->s->client, &q, &t);
	f->pending++;
}

static void
send_handle(struct put *g, struct file *f, enum todo step, enum sftp_type type)
{
	struct sftp_request q = { .type = type,
		.handle = sftp_handle_view(&f->handle) };
	struct sftp_ticket t = ticket(g, f, step);

	sftp_client_send(g->s->client, &q, &t);
	f->pending++;
}

/* One block; after the last, or trouble, what comes next is due. */
static bool
send_write(struct put *g, struct file *f)
{
	struct tally_str bytes = g->up[f->turn.item].bytes;
	struct sftp_request q = { .type = SFTP_WRITE,
		.handle = sftp_handle_view(&f->handle),
		.offset = f->written };
	struct sftp_ticket t = ticket(g, f, DO_WRITE);
	size_t left = bytes.n - f->written;

	if (left == 0 || failed(g, f)) {
		f->todo = !failed(g, f) && sftp_client_fsync(g->s->client)
		    ? DO_SYNC
		    : DO_CLOSE;
		return true;
	}
	if (g->writing >= g->depth)
		return false;
	q.data = tally_str(
	    bytes.p + f->written, left < SFTP_BLOCK ? left : SFTP_BLOCK);
	sftp_client_send(g->s->client, &q, &t);
	f->written += q.data.n;
	f->pending++;
	g->writing++;
	return true;
}

/* What failed in a crowd is tried once more, alone. */
static bool
may_open(const struct put *g, const struct file *f)
{
	if (f->crowd > 0 && g->s->files == g->depth && g->open > 0)
		return false;
	return g->open < g->s->files;
}

static void
no_longer_open(struct put *g, struct file *f)
{
	if (f->opened)
		g->open--;
	f->opened = false;
}

static void
send_close(struct put *g, struct file *f)
{
	send_handle(g, f, DO_CLOSE, SFTP_CLOSE);
	f->closing = true;
	if (g->s->files == g->depth)
		no_longer_open(g, f);
}

/* Does one thing for a file; false when there is none to do now. */
static bool
send_one(struct put *g, struct file *f)
{
	enum todo step = f->todo;

	if (step == DO_WRITE)
		return send_write(g, f);
	if (step == DO_NOTHING || (step == DO_OPEN && !may_open(g, f)))
		return false;
	f->todo = step == DO_SYNC ? DO_CLOSE : DO_NOTHING;
	switch (step) {
	case DO_OPEN:
		g->open++;
		f->opened = true;
		send_path(g, f, step, SFTP_OPEN);
		break;
	case DO_SYNC:
		send_handle(g, f, step, SFTP_EXTENDED);
		break;
	case DO_CLOSE:
		send_close(g, f);
		break;
	case DO_REMOVE:
		send_path(g, f, step, SFTP_REMOVE);
		break;
	default:
		send_path(g, f, step, SFTP_LSTAT);
	}
	return true;
}

static struct file *
begin(struct put *g)
{
	struct file *f = sftp_turn_begin(&g->turns, g->file, sizeof(*g->file));

	if (f == NULL)
		return NULL;
	f->todo = DO_OPEN;
	memset(&g->result[f->turn.item].err, 0, sizeof(g->result[0].err));
	return f;
}

static void
finish(struct put *g, struct file *f)
{
	struct mailbox_result *res = &g->result[f->turn.item];

	no_longer_open(g, f);
	sftp_turn_end(&g->turns, &f->turn);
	res->now.name = tally_cstr(g->up[f->turn.item].name);
	res->rc = res->err.rc;
}

static void
send_all(struct put *g)
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
	while (sftp_client_room(g->s->client) && (f = begin(g)) != NULL)
		send_one(g, f);
}

/* An OPEN that failed: servers say no more than "failure" for EEXIST. */
static void
on_open(struct put *g, struct file *f, const struct sftp_reply *r)
{
	if (r->type == SFTP_HANDLE) {
		sftp_handle_copy(&f->handle, r->data);
		f->todo = DO_WRITE;
		g->held++;
		if (f->crowd > 0 && f->crowd < g->s->files)
			g->s->files = f->crowd;
		return;
	}
	spoil(g, f, "create", r);
	no_longer_open(g, f);
	f->again = f->crowd == 0 && g->held > 0 && sftp_crowded(g->s, r);
	if (f->again)
		f->crowd = g->held;
	if (f->again ||
	    (r->status != SFTP_STATUS_PERMISSION_DENIED &&
		r->status != SFTP_STATUS_NO_SUCH_FILE))
		f->todo = DO_LOOK;
}

static void
on_look(struct put *g, struct file *f, const struct sftp_reply *r)
{
	struct mailbox_result *res = &g->result[f->turn.item];
	char shown[MAILBOX_SHOWN];

	if (r->type == SFTP_ATTRS)
		tally_err_set(&res->err, TALLY_CREATE,
		    "mailbox %s: %s exists and is not written over; move it"
		    " away",
		    g->m->settings->name,
		    mailbox_shown(shown, tally_cstr(g->up[f->turn.item].name)));
	else if (f->again) {
		memset(&res->err, 0, sizeof(res->err));
		f->again = false;
		f->todo = DO_OPEN;
	}
}

static void
on_stat(struct put *g, struct file *f, const struct sftp_reply *r)
{
	struct mailbox_result *res = &g->result[f->turn.item];
	const struct mailbox_upload *up = &g->up[f->turn.item];
	char shown[MAILBOX_SHOWN];

	res->now.size = up->bytes.n;
	if (r->type == SFTP_STATUS) {
		/* A folder that may be written to and not be looked into. */
		if (r->status != SFTP_STATUS_PERMISSION_DENIED &&
		    r->status != SFTP_STATUS_UNSUPPORTED &&
		    !(up->taken && r->status == SFTP_STATUS_NO_SUCH_FILE))
			spoil(g, f, "show what was written as", r);
		return;
	}
	if (r->attrs.has & SFTP_HAS_TIMES)
		res->now.mtime = r->attrs.mtime;
	if (!(r->attrs.has & SFTP_HAS_SIZE) || r->attrs.size == up->bytes.n)
		return;
	tally_err_set(&res->err, TALLY_IO,
	    "mailbox %s: of the %zu bytes of %s the server has %llu",
	    g->m->settings->name, up->bytes.n,
	    mailbox_shown(shown, tally_cstr(up->name)),
	    (unsigned long long)r->attrs.size);
	f->todo = DO_REMOVE;
}

static void
on_reply(
    struct put *g, struct file *f, enum todo step, const struct sftp_reply *r)
{
	bool ok = r->type == SFTP_STATUS && r->status == SFTP_STATUS_OK;

	switch (step) {
	case DO_OPEN:
		on_open(g, f, r);
		break;
	case DO_WRITE:
		g->writing--;
		if (!ok)
			spoil(g, f, "write", r);
		break;
	case DO_SYNC:
		/* Announced and yet not allowed: as if not announced. */
		if (!ok && r->status != SFTP_STATUS_UNSUPPORTED &&
		    r->status != SFTP_STATUS_PERMISSION_DENIED)
			spoil(g, f, "sync", r);
		break;
	case DO_CLOSE:
		g->held--;
		if (!ok)
			spoil(g, f, "close", r);
		break;
	case DO_STAT:
		on_stat(g, f, r);
		break;
	case DO_LOOK:
		on_look(g, f, r);
		break;
	default: /* REMOVE: there is nothing more that could be done */
		break;
	}
	if (f->closing && f->pending == 0) {
		f->closing = false;
		f->todo = failed(g, f) ? DO_REMOVE : DO_STAT;
	}
}

enum tally_rc
sftp_put(struct mailbox *m, const char *folder, const struct mailbox_upload *up,
    size_t n, struct mailbox_result *result, struct tally_err *err)
{
	struct sftp *s = m->state;
	struct put *g = tally_calloc(1, sizeof(*g));
	enum tally_rc rc = sftp_client_state(s->client, err);
	struct sftp_reply r;
	struct sftp_ticket t;

	if (g == NULL)
		return tally_err_set(err, TALLY_NOMEM, "mailbox %s: no memory",
		    m->settings->name);
	*g = (struct put){ .m = m,
		.s = s,
		.folder = folder,
		.up = up,
		.result = result,
		.depth = sftp_client_depth(s->client) };
	g->turns = sftp_turns(n, g->depth);
	while (rc == TALLY_OK) {
		send_all(g);
		if (sftp_client_pending(s->client) == 0) {
			if (g->turns.begun == n && g->turns.busy == 0)
				break;
			continue;
		}
		rc = sftp_client_next(s->client, &r, &t, err);
		if (rc != TALLY_OK)
			break;
		assert(g->file[t.item].pending > 0);
		g->file[t.item].pending--;
		on_reply(g, &g->file[t.item], (enum todo)t.step, &r);
	}
	for (unsigned i = 0; rc != TALLY_OK && i < g->turns.slots; i++) {
		if (!g->file[i].turn.busy)
			continue;
		result[g->file[i].turn.item].rc = rc;
		rc = sftp_client_state(
		    s->client, &result[g->file[i].turn.item].err);
	}
	tally_free(g);
	return rc;
}
