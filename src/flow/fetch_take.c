/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking files: bytes into the store, a commit per group, then disposal.
 *
 * A group is bounded by files and bytes, so that a commit's sync is shared
 * and yet a death loses little.  It has files of several mailboxes where all
 * of them are small: its parts.  A file that changed while it was read, or
 * that is gone, is left for the next look.  A disk of ours that is full ends
 * the run: it is no fault of a file, and of no mailbox.
 *
 * Reading a group is an errand, and so is its disposal.  The next group is
 * read, and the one before disposed of, while the run goes on with what it has
 * recorded.
 */
#include "flow/fetch.h"

#include <inttypes.h>
#include <string.h>

#include "base/plant.h"
#include "flow/early.h"
#include "flow/parser.h"

#define GROUP_FILES 512
/* Few have many groups in the build for tests, and one need not be large. */
#define AT_ONCE     (PLANTED(POISON) ? 4 : GROUP_FILES)
#define GROUP_BYTES (PLANTED(POISON) ? 1u << 20 : 32u << 20)
/* Of files of several mailboxes. */
#define SHARED_BYTES (4u << 20)

/* Files of one pass, which are read and disposed of together. */
struct part {
	struct visit *visit;
	size_t first, n;          /* of the group's files */
	enum tally_rc connection; /* of reading; lost: why, where it was */
	struct tally_err lost;
	struct disposal *disposal;
};

struct group {
	struct haul *h;
	struct candidate *c;
	size_t n;
	struct part part[FETCH_VISITS];
	size_t nparts;
	size_t base; /* of the part that is being read */
	struct mailbox_entry entry[GROUP_FILES];
	struct store_incoming *in[GROUP_FILES]; /* owned */
	enum tally_rc rc[GROUP_FILES]; /* of reading; why: where not well */
	struct tally_err why[GROUP_FILES];
	bool done[GROUP_FILES];
	bool over[GROUP_FILES]; /* more bytes came than a file may have */
	struct tally_err ours;  /* why no bytes can be kept here, if so */
	struct early *early;    /* null: none is judged while it comes; owned */
	struct errand reading;
};

/* Blanks, line ends, NUL and Ctrl-Z, which editors and transports append. */
static bool
is_padding(char c)
{
	return c == ' ' || c == '\r' || c == '\n' || c == '\t' || c == '\0' ||
	    c == 0x1a;
}

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z');
}

/* IEA, a separator, digits, the separator again, the control number. */
static bool
is_iea(const char *p, const char *end)
{
	char separator;

	if (end - p < 7 || memcmp(p, "IEA", 3) != 0 || is_alnum(p[3]))
		return false;
	separator = p[3];
	p += 4;
	if (*p < '0' || *p > '9')
		return false;
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	if (p == end || *p++ != separator || p == end)
		return false;
	while (p < end && is_alnum(*p))
		p++;
	return p == end;
}

bool
fetch_ends_in_iea(struct tally_str tail)
{
	const char *end = tail.p + tail.n, *p;

	while (end > tail.p && is_padding(end[-1]))
		end--;
	/* A terminator that is a line end was taken for padding. */
	if (end > tail.p && !is_alnum(end[-1]))
		end--;
	else if (end == tail.p + tail.n)
		return false;
	for (p = end; p > tail.p; p--)
		if (is_iea(p - 1, end))
			return p - 1 == tail.p || !is_alnum(p[-2]);
	return false;
}

static enum tally_rc
data(void *ctx, size_t i, const void *bytes, size_t n, struct tally_err *err)
{
	struct group *g = ctx;
	uint64_t max = g->h->f->site->file_bytes;
	enum tally_rc rc;

	i += g->base;
	if (store_incoming_size(g->in[i]) + n > max) {
		g->over[i] = true;
		return tally_err_set(err, TALLY_DATA,
		    "more came than the limit of %" PRIu64 " bytes; it is "
		    "left in mailbox %s: raise file-bytes or ask the partner "
		    "to split it",
		    max, fetch_box(&g->c[i])->name);
	}
	rc = store_incoming_add(g->in[i], bytes, n, err);
	if (rc != TALLY_OK)
		g->ours = *err;
	else
		early_go_on(&g->early);
	return rc;
}

static void
done(void *ctx, size_t i, const struct mailbox_result *r)
{
	struct group *g = ctx;

	i += g->base;
	g->rc[i] = r->rc;
	if (r->rc != TALLY_OK)
		g->why[i] = r->err;
	g->done[i] = true;
}

/* Whether file i of the group is fit to be recorded; if not, that is told. */
static bool
is_fit(struct group *g, size_t i)
{
	struct flow *f = g->h->f;
	struct candidate *c = &g->c[i];

	if (!g->done[i])
		return false;
	if (g->rc[i] != TALLY_OK) {
		log_line(&f->log,
		    g->rc[i] == TALLY_NOINPUT || g->rc[i] == TALLY_TEMP
			? LOG_DETAIL
			: LOG_ALARM,
		    "file", c->entry->name, "%s", g->why[i].text);
		if (g->over[i])
			f->count[FLOW_UNFIT]++;
		else if (g->rc[i] != TALLY_NOINPUT && g->rc[i] != TALLY_TEMP)
			flow_worse(f, g->rc[i]);
		return false;
	}
	if (c->whole && !fetch_ends_in_iea(store_incoming_tail(g->in[i]))) {
		f->count[FLOW_WAITING]++;
		log_line(&f->log, LOG_DETAIL, "file", c->entry->name,
		    "not complete yet in mailbox %s; taken as it is once it "
		    "has "
		    "not changed for %lld s",
		    fetch_box(c)->name,
		    (long long)(c->pass->pull->settle_ms / 1000));
		return false;
	}
	return true;
}

/* Records file i of the group, when it is fit for it, and what is to be known
 * of one that stays in the mailbox.  In a transaction. */
static enum tally_rc
record(struct group *g, size_t i, bool *known, struct tally_err *err)
{
	struct candidate *c = &g->c[i];
	struct store *st = g->h->f->store;
	int64_t now = flow_clock_now(&g->h->f->clock);
	enum tally_rc rc;

	if (c->pass->visit->lost)
		return TALLY_OK;
	if (!is_fit(g, i))
		return store_object_note(st, &c->object, &c->look, now, err);
	rc =
	    store_file_add(st, &c->object, g->in[i], now, &c->file, known, err);
	c->recorded = rc == TALLY_OK;
	if (rc != TALLY_OK)
		return rc;
	memcpy(c->sha256, store_incoming_hash(g->in[i]), sizeof(c->sha256));
	return c->pass->pull->then == SITE_KEEP
	    ? store_object_taken(st, &c->object, c->file, now, err)
	    : TALLY_OK;
}

/* Hands on what was judged of the group's file while it came. */
static void
hand_on(struct group *g)
{
	if (g->early == NULL || !g->c->recorded)
		return;
	early_came(g->early, g->c->sha256);
	early_free(g->h->f->early);
	g->h->f->early = g->early;
	g->early = NULL;
}

static enum tally_rc
record_group(struct group *g, struct tally_err *err)
{
	struct flow *f = g->h->f;
	bool known[GROUP_FILES] = { false };
	enum tally_rc rc;

	rc = store_begin(f->store, err);
	if (rc != TALLY_OK)
		return rc;
	for (size_t i = 0; i < g->n && rc == TALLY_OK; i++)
		rc = record(g, i, &known[i], err);
	if (rc == TALLY_OK) {
		fetch_ahead(f, g->c, g->in, known, g->n);
		rc = store_commit(f->store, err);
	}
	if (rc != TALLY_OK) {
		parser_forget_ahead(f->parser);
		store_rollback(f->store);
		return rc;
	}
	hand_on(g);
	for (size_t i = 0; i < g->n; i++) {
		if (!g->c[i].recorded)
			continue;
		f->count[known[i] ? FLOW_KNOWN : FLOW_RECEIVED]++;
		log_line(&f->log, LOG_EVENT, "file", g->c[i].entry->name,
		    known[i] ? "in mailbox %s again: it is file %lld"
			     : "taken from mailbox %s as file %lld",
		    fetch_box(&g->c[i])->name, (long long)g->c[i].file);
	}
	return TALLY_OK;
}

/* One whose size is not known has a group of its own. */
static uint64_t
weight(const struct candidate *c)
{
	return c->entry->size < GROUP_BYTES ? c->entry->size : GROUP_BYTES;
}

static enum tally_rc
incoming(struct group *g, struct tally_err *err)
{
	uint64_t bytes = 0;
	enum tally_rc rc;

	for (size_t i = 0; i < g->n; i++)
		bytes += g->entry[i].size != MAILBOX_SIZE_UNKNOWN
		    ? g->entry[i].size
		    : 0;
	rc = store_room(g->h->f->store, bytes, err);
	for (size_t i = 0; i < g->n && rc == TALLY_OK; i++)
		rc = store_incoming_new(&g->in[i], g->h->f->store, err);
	return rc;
}

/* Whether the next file begins a mailbox whose files are not to wait for those
 * that are there, nor these for them: beside so many a commit is little. */
static bool
parts_here(const struct candidate *next, uint64_t bytes)
{
	return next->pass != next[-1].pass &&
	    bytes + weight(next) > SHARED_BYTES;
}

/* From candidate i on: as many as a group can have. */
static size_t
group_size(const struct haul *h, size_t i)
{
	uint64_t bytes = 0;
	size_t n = 0, passes = 0;

	for (; i + n < h->n && n < AT_ONCE; n++) {
		const struct candidate *c = &h->c[i + n];

		passes += n == 0 || c->pass != c[-1].pass;
		if (n > 0 &&
		    (c->recorded != c[-1].recorded || passes > FETCH_VISITS ||
			bytes + weight(c) > GROUP_BYTES ||
			parts_here(c, bytes)))
			break;
		bytes += weight(c);
	}
	return n;
}

/* Those of mailboxes that failed meanwhile are left. */
static void
divide(struct group *g)
{
	struct part *part = NULL;

	g->nparts = 0;
	for (size_t i = 0; i < g->n; i++) {
		struct visit *v = g->c[i].pass->visit;

		if (v->lost)
			continue;
		if (part == NULL || g->c[i].pass != g->c[part->first].pass) {
			part = &g->part[g->nparts++];
			*part = (struct part){ .visit = v, .first = i };
		}
		part->n++;
	}
}

static void
read_all(void *ctx)
{
	struct group *g = ctx;
	const struct mailbox_sink sink = { data, done, g };

	for (size_t i = 0; i < g->nparts; i++) {
		struct part *part = &g->part[i];

		g->base = part->first;
		part->connection = mailbox_get(part->visit->mb,
		    g->c[part->first].pass->pull->from, &g->entry[part->first],
		    part->n, &sink, &part->lost);
	}
}

/* Begins the group from candidate i on; it is empty behind the last. */
static enum tally_rc
begin(struct group *g, size_t i, struct tally_err *err)
{
	struct flow *f = g->h->f;
	enum tally_rc rc;

	g->c = &g->h->c[i];
	g->n = group_size(g->h, i);
	memset(g->in, 0, sizeof(g->in));
	memset(g->done, 0, sizeof(g->done));
	memset(g->over, 0, sizeof(g->over));
	g->ours.rc = TALLY_OK;
	divide(g);
	if (g->nparts == 0 || g->c->recorded)
		return TALLY_OK;
	for (size_t k = 0; k < g->n; k++)
		g->entry[k] = *g->c[k].entry;
	rc = incoming(g, err);
	if (rc != TALLY_OK)
		return rc;
	if (g->n == 1)
		g->early =
		    early_begin(f, fetch_box(g->c), g->entry->size, g->in[0]);
	errand_give(f->errands, &g->reading);
	return TALLY_OK;
}

/* Waits for what is read of the group, and lets go of it. */
static void
end(struct group *g)
{
	errand_await(g->h->f->errands, &g->reading);
	early_free(g->early);
	g->early = NULL;
	for (size_t i = 0; i < g->n; i++) {
		store_incoming_free(g->in[i]);
		g->in[i] = NULL;
	}
}

enum tally_rc
fetch_lose(struct visit *v, enum tally_rc rc, const struct tally_err *why,
    struct tally_err *err)
{
	if (rc == TALLY_NOMEM) {
		*err = *why;
		return rc;
	}
	if (!v->failed)
		v->why = *why;
	v->failed = v->lost = true;
	return TALLY_OK;
}

static enum tally_rc
dispose_begin(struct group *g, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < g->nparts && rc == TALLY_OK; i++)
		if (!g->part[i].visit->lost)
			rc = fetch_dispose_begin(&g->part[i].disposal, g->h->f,
			    &g->c[g->part[i].first], g->part[i].n, err);
	return rc;
}

static enum tally_rc
dispose_end(struct group *g, struct tally_err *err)
{
	struct disposal *d[FETCH_VISITS];

	for (size_t i = 0; i < g->nparts; i++) {
		d[i] = g->part[i].disposal;
		g->part[i].disposal = NULL;
	}
	return fetch_dispose_end(g->h->f, d, g->nparts, err);
}

/* What a planted fault does: removes them before they are recorded. */
static enum tally_rc
remove_early(struct group *g, struct tally_err *err)
{
	enum tally_rc rc;

	for (size_t i = 0; i < g->n; i++)
		g->c[i].recorded = g->done[i] &&
		    g->c[i].pass->pull->then == SITE_DELETE &&
		    (!g->c[i].whole ||
			fetch_ends_in_iea(store_incoming_tail(g->in[i])));
	rc = dispose_begin(g, err);
	if (rc == TALLY_OK)
		rc = dispose_end(g, err);
	for (size_t i = 0; i < g->n; i++)
		g->c[i].recorded = false;
	return rc;
}

/* What came before a connection was lost is worth keeping. */
static enum tally_rc
keep(struct group *g, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	if (g->nparts == 0 || g->c->recorded)
		return TALLY_OK;
	errand_await(g->h->f->errands, &g->reading);
	if (PLANTED(REMOVE))
		rc = remove_early(g, err);
	if (rc == TALLY_OK)
		rc = record_group(g, err);
	for (size_t i = 0; i < g->nparts && rc == TALLY_OK; i++)
		if (g->part[i].connection != TALLY_OK)
			rc = fetch_lose(g->part[i].visit, g->part[i].connection,
			    &g->part[i].lost, err);
	if (rc == TALLY_OK && g->ours.rc != TALLY_OK) {
		*err = g->ours;
		rc = g->ours.rc;
	}
	return rc;
}

/* One group, until its files are where they are to be; the next is begun. */
static enum tally_rc
work(struct group *g, struct group *next, struct tally_err *err)
{
	struct haul *h = g->h;
	size_t behind = (size_t)(g->c - h->c) + g->n;
	struct tally_err why;
	enum tally_rc rc, disposed;

	rc = keep(g, err);
	end(g);
	if (rc == TALLY_OK)
		rc = dispose_begin(g, err);
	if (rc == TALLY_OK)
		rc = begin(next, behind, err);
	if (rc == TALLY_OK && next->n > 0)
		rc = flow_go_on(h->f, err);
	disposed = dispose_end(g, &why);
	if (rc == TALLY_OK && disposed != TALLY_OK) {
		*err = why;
		rc = disposed;
	}
	log_progress(&h->f->log, "fetch", h->first + behind, h->entries);
	return rc;
}

enum tally_rc
fetch_take(struct haul *h, struct tally_err *err)
{
	struct group *g[2] = { tally_alloc(sizeof(*g[0])),
		tally_alloc(sizeof(*g[1])) };
	enum tally_rc rc;

	if (g[0] == NULL || g[1] == NULL) {
		rc = tally_err_set(err, TALLY_NOMEM, "out of memory");
		goto out;
	}
	for (int i = 0; i < 2; i++) {
		g[i]->h = h;
		g[i]->n = g[i]->nparts = 0;
		g[i]->early = NULL;
		g[i]->reading = (struct errand){ .go = read_all, .ctx = g[i] };
	}
	if (h->f->through && h->n > AT_ONCE && h->f->errands == NULL)
		h->f->errands = errands_new();
	rc = begin(g[0], 0, err);
	for (int i = 0; rc == TALLY_OK && g[i]->n > 0; i = 1 - i)
		rc = work(g[i], g[1 - i], err);
	end(g[0]);
	end(g[1]);
out:
	tally_free(g[0]);
	tally_free(g[1]);
	return rc;
}
