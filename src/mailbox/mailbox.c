/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of kinds, the choice among them by the URL's scheme, and what is
 * the same for all: checks of names and arguments before a kind sees them, and
 * the order of a listing.  A kind may rely on every name that it is given
 * being mailbox_name_ok.
 */
#include "mailbox/mailbox.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "mailbox/kind.h"

/* Names of MAILBOX_NAME_MAX bytes each, twice for the growing tables. */
#define LISTING_BYTES ((size_t)96 * 1024 * 1024)

static const struct mailbox_kind *const kinds[] = {
	&mailbox_directory,
	&mailbox_sftp,
};
#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

bool
mailbox_name_ok(struct tally_str name)
{
	if (name.n == 0 || name.n > MAILBOX_NAME_MAX)
		return false;
	if (tally_str_eq(name, TALLY_STR(".")))
		return false;
	if (tally_str_eq(name, TALLY_STR("..")))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c < 0x20 || c == 0x7f || c == '/')
			return false;
	}
	return true;
}

const char *
mailbox_shown(char out[MAILBOX_SHOWN], struct tally_str s)
{
	struct tally_buf b;
	size_t keep = s.n < 80 ? s.n : 80;

	tally_buf_init(&b, MAILBOX_SHOWN);
	tally_text_safe(&b, tally_str(s.p, keep));
	if (keep < s.n)
		tally_buf_puts(&b, "...");
	snprintf(out, MAILBOX_SHOWN, "%s", b.p != NULL ? b.p : "");
	tally_buf_free(&b);
	return out;
}

void
mailbox_gather_init(struct mailbox_gather *g, struct mailbox_listing *to)
{
	*g = (struct mailbox_gather){ .to = to };
}

bool
mailbox_gather_more(struct mailbox_gather *g)
{
	if (g->seen == MAILBOX_ENTRIES_MAX) {
		g->to->truncated = true;
		return false;
	}
	g->seen++;
	return true;
}

/* A table, doubled when full; null when there is no memory. */
static void *
grown(void *old, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap != 0 ? *cap * 2 : 64;
	void *p;

	if (n < *cap)
		return old;
	p = tally_realloc(old, more * size);
	if (p != NULL)
		*cap = more;
	return p;
}

enum tally_rc
mailbox_gather_file(struct mailbox_gather *g, struct tally_str name,
    uint64_t size, int64_t mtime, struct tally_err *err)
{
	struct mailbox_listing *l = g->to;
	struct tally_str copy;
	void *p;

	if (!mailbox_name_ok(name) && l->nrefused == MAILBOX_REFUSED_MAX)
		return TALLY_OK;
	copy = tally_arena_str(&l->arena, name);
	if (copy.p == NULL)
		goto nomem;
	if (!mailbox_name_ok(name)) {
		p = grown(l->refused, l->nrefused, &g->refused_cap,
		    sizeof(*l->refused));
		if (p == NULL)
			goto nomem;
		l->refused = p;
		l->refused[l->nrefused++] = copy;
		return TALLY_OK;
	}
	p = grown(l->entry, l->n, &g->cap, sizeof(*l->entry));
	if (p == NULL)
		goto nomem;
	l->entry = p;
	l->entry[l->n++] = (struct mailbox_entry){ copy, size, mtime };
	return TALLY_OK;
nomem:
	return tally_err_set(
	    err, TALLY_NOMEM, "no memory for the names of a folder's files");
}

static const struct mailbox_kind *
find_kind(const char *url)
{
	const char *colon = strchr(url, ':');
	size_t n = colon != NULL ? (size_t)(colon - url) : 0;

	for (size_t i = 0; i < NKINDS; i++)
		if (strlen(kinds[i]->scheme) == n &&
		    memcmp(kinds[i]->scheme, url, n) == 0)
			return kinds[i];
	return NULL;
}

static enum tally_rc
choose(const struct mailbox_kind **kind, const struct mailbox_settings *s,
    struct tally_err *err)
{
	char shown[MAILBOX_SHOWN];

	assert(s->name != NULL && s->url != NULL);
	*kind = find_kind(s->url);
	if (*kind == NULL)
		return tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: the URL \"%s\" has no known scheme; write"
		    " sftp://user@host:port or dir:/path",
		    s->name, mailbox_shown(shown, tally_cstr(s->url)));
	return (*kind)->check != NULL ? (*kind)->check(s, err) : TALLY_OK;
}

enum tally_rc
mailbox_check(const struct mailbox_settings *s, struct tally_err *err)
{
	const struct mailbox_kind *kind;

	return choose(&kind, s, err);
}

enum tally_rc
mailbox_open(struct mailbox **out, const struct mailbox_settings *s,
    struct tally_err *err)
{
	const struct mailbox_kind *kind;
	struct mailbox *m;
	enum tally_rc rc;

	*out = NULL;
	rc = choose(&kind, s, err);
	if (rc != TALLY_OK)
		return rc;
	m = tally_calloc(1, sizeof(*m));
	if (m == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "mailbox %s: no memory", s->name);
	m->kind = kind;
	m->settings = s;
	rc = kind->open(m, err);
	if (rc != TALLY_OK) {
		tally_free(m);
		return rc;
	}
	*out = m;
	return TALLY_OK;
}

void
mailbox_close(struct mailbox *m)
{
	if (m == NULL)
		return;
	m->kind->close(m);
	tally_free(m);
}

static enum tally_rc
check_name(struct mailbox *m, struct tally_str name, struct tally_err *err)
{
	char shown[MAILBOX_SHOWN];

	if (mailbox_name_ok(name))
		return TALLY_OK;
	return tally_err_set(err, TALLY_USAGE,
	    "mailbox %s: \"%s\" cannot be the name of a file: it has a slash"
	    " or a control byte, is empty, \".\" or \"..\", or has over %d"
	    " bytes",
	    m->settings->name, mailbox_shown(shown, name), MAILBOX_NAME_MAX);
}

static int
by_time_and_name(const void *x, const void *y)
{
	const struct mailbox_entry *a = x, *b = y;
	size_t n = a->name.n < b->name.n ? a->name.n : b->name.n;
	int c;

	if (a->mtime != b->mtime)
		return a->mtime < b->mtime ? -1 : 1;
	c = memcmp(a->name.p, b->name.p, n);
	if (c != 0)
		return c;
	return (a->name.n > b->name.n) - (a->name.n < b->name.n);
}

enum tally_rc
mailbox_list(struct mailbox *m, const char *folder, struct mailbox_listing *l,
    struct tally_err *err)
{
	enum tally_rc rc;

	memset(l, 0, sizeof(*l));
	tally_arena_init(&l->arena, LISTING_BYTES);
	rc = m->kind->list(m, folder, l, err);
	if (rc != TALLY_OK) {
		mailbox_listing_free(l);
		return rc;
	}
	if (l->n > 0)
		qsort(l->entry, l->n, sizeof(*l->entry), by_time_and_name);
	return TALLY_OK;
}

bool
mailbox_has(struct mailbox *m, const char *folder,
    bool (*wanted)(const void *ctx, struct tally_str name), const void *ctx)
{
	return m->kind->has != NULL && m->kind->has(m, folder, wanted, ctx);
}

void
mailbox_listing_free(struct mailbox_listing *l)
{
	tally_free(l->entry);
	tally_free(l->refused);
	tally_arena_free(&l->arena);
	memset(l, 0, sizeof(*l));
}

enum tally_rc
mailbox_get(struct mailbox *m, const char *folder,
    const struct mailbox_entry *entry, size_t n,
    const struct mailbox_sink *sink, struct tally_err *err)
{
	enum tally_rc rc;

	for (size_t i = 0; i < n; i++) {
		rc = check_name(m, entry[i].name, err);
		if (rc != TALLY_OK)
			return rc;
	}
	return n > 0 ? m->kind->get(m, folder, entry, n, sink, err) : TALLY_OK;
}

/* Until a kind says otherwise, nothing is known of a request. */
static void
not_done(struct mailbox_result *r, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		r[i].rc = r[i].err.rc = TALLY_UNAVAILABLE;
		r[i].now = (struct mailbox_entry){ .size = 0 };
		r[i].err.line = 0;
		r[i].err.file[0] = r[i].err.text[0] = '\0';
	}
}

/* What went well has no error text, what did not has one. */
static enum tally_rc
settled(enum tally_rc rc, struct mailbox_result *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (r[i].rc == TALLY_OK) {
			r[i].err.rc = TALLY_OK;
			r[i].err.text[0] = '\0';
		} else if (r[i].err.text[0] == '\0') {
			tally_err_set(&r[i].err, r[i].rc,
			    "the connection ended before the answer came");
		}
	return rc;
}

enum tally_rc
mailbox_put(struct mailbox *m, const char *folder,
    const struct mailbox_upload *up, size_t n, struct mailbox_result *r,
    struct tally_err *err)
{
	enum tally_rc rc;

	not_done(r, n);
	for (size_t i = 0; i < n; i++) {
		rc = check_name(m, tally_cstr(up[i].name), err);
		if (rc != TALLY_OK)
			return rc;
	}
	if (n == 0)
		return TALLY_OK;
	return settled(m->kind->put(m, folder, up, n, r, err), r, n);
}

enum tally_rc
mailbox_rename(struct mailbox *m, const struct mailbox_rename *ren, size_t n,
    struct mailbox_result *r, struct tally_err *err)
{
	enum tally_rc rc;

	not_done(r, n);
	for (size_t i = 0; i < n; i++) {
		rc = check_name(m, ren[i].from, err);
		if (rc == TALLY_OK)
			rc = check_name(m, ren[i].to, err);
		if (rc != TALLY_OK)
			return rc;
	}
	if (n == 0)
		return TALLY_OK;
	return settled(m->kind->rename(m, ren, n, r, err), r, n);
}

static enum tally_rc
check_names(struct mailbox *m, const struct tally_str *name, size_t n,
    struct mailbox_result *r, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	not_done(r, n);
	for (size_t i = 0; i < n && rc == TALLY_OK; i++)
		rc = check_name(m, name[i], err);
	return rc;
}

enum tally_rc
mailbox_remove(struct mailbox *m, const char *folder,
    const struct tally_str *name, size_t n, struct mailbox_result *r,
    struct tally_err *err)
{
	enum tally_rc rc = check_names(m, name, n, r, err);

	if (rc != TALLY_OK || n == 0)
		return rc;
	return settled(m->kind->remove(m, folder, name, n, r, err), r, n);
}

void
mailbox_defer(struct mailbox *m, bool deferred)
{
	m->deferred = deferred;
}

enum tally_rc
mailbox_sync(
    struct mailbox *m, struct mailbox_synced *synced, struct tally_err *err)
{
	return m->kind->sync != NULL ? m->kind->sync(m, synced, err) : TALLY_OK;
}

enum tally_rc
mailbox_stat(struct mailbox *m, const char *folder,
    const struct tally_str *name, size_t n, struct mailbox_result *r,
    struct tally_err *err)
{
	enum tally_rc rc = check_names(m, name, n, r, err);

	if (rc != TALLY_OK || n == 0)
		return rc;
	return settled(m->kind->stat(m, folder, name, n, r, err), r, n);
}
