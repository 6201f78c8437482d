/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What could not be taken: a copy of the file, ID.original, and ID.txt, which
 * says to a person what it is, what is wrong and what to do.
 *
 * Both are under their final names, synced, before the commit that says so.
 * After a death they are written again, the same; a name of the partner's is
 * never one of ours.
 */
#include "flow/translate.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "flow/report.h"

#define FOLDER     "quarantine"
#define BLOCK      (64u << 10)
#define REPORT_MAX (8u << 20) /* far more than it can have */
#define SHOWN_MAX  100        /* findings; a person reads no more */

static enum tally_rc
fill(int fd, struct tally_source from, const char *name, struct tally_err *err)
{
	char *block = tally_alloc(BLOCK);
	size_t got = 1;
	enum tally_rc rc = TALLY_OK;

	if (block == NULL)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	while (rc == TALLY_OK && got > 0) {
		rc = from.read(from.ctx, block, BLOCK, &got, err);
		if (rc == TALLY_OK && !tally_write_all(fd, block, got))
			rc = tally_err_errno(
			    err, TALLY_IO, "writing %s/%s", FOLDER, name);
	}
	if (rc == TALLY_OK && fsync(fd) != 0)
		rc = tally_err_errno(
		    err, TALLY_IO, "syncing %s/%s", FOLDER, name);
	tally_free(block);
	return rc;
}

/* A whole file under its name, or none. */
static enum tally_rc
place(
    int dir, const char *name, struct tally_source from, struct tally_err *err)
{
	char temporary[64];
	enum tally_rc rc;
	int fd;

	snprintf(temporary, sizeof(temporary), ".%s.tmp", name);
	(void)unlinkat(dir, temporary, 0);
	fd = openat(dir, temporary,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return tally_err_errno(
		    err, TALLY_CREATE, "%s/%s cannot be made", FOLDER, name);
	rc = fill(fd, from, name, err);
	close(fd);
	if (rc == TALLY_OK && renameat(dir, temporary, dir, name) != 0)
		rc = tally_err_errno(
		    err, TALLY_CREATE, "%s/%s cannot be made", FOLDER, name);
	if (rc != TALLY_OK)
		(void)unlinkat(dir, temporary, 0);
	return rc;
}

/* What is wrong with it, as "validate" would say it. */
static void
findings(struct translate *t, struct tally_buf *b)
{
	char name[MAILBOX_NAME_MAX + 1];
	const struct report as = { .file = name };
	const struct report_place nowhere = { 0 };
	const struct tally_findings *list[] = { &t->outside,
		t->quarantined ? &t->in.extra : NULL };

	snprintf(
	    name, sizeof(name), "%.*s", (int)t->file.name.n, t->file.name.p);
	for (size_t k = 0; k < 2 && list[k] != NULL; k++)
		for (size_t i = 0; i < list[k]->n && i < SHOWN_MAX; i++) {
			tally_buf_putc(b, '\n');
			report_finding(b, &as, &nowhere, &list[k]->v[i]);
		}
}

static void
write_report(
    struct translate *t, const char *reason, bool kept, struct tally_buf *b)
{
	char hex[TALLY_HASH_HEX], at[32];

	tally_hash_hex(t->file.sha256, hex);
	flow_clock_iso(flow_clock_now(&t->f->clock), at);
	tally_buf_printf(b, "file     %" PRId64 "\nmailbox  %s\nname     ",
	    t->file.id, t->file.mailbox);
	tally_text_safe(b, t->file.name);
	tally_buf_printf(b,
	    "\nsize     %" PRIu64 " bytes\nsha256   %s\nsince    %s\n"
	    "reason   %s\n",
	    t->file.size, hex, at, reason);
	findings(t, b);
	if (kept)
		tally_buf_printf(b,
		    "\nThe file as it came is %s/%" PRId64 ".original\n",
		    FOLDER, t->file.id);
	else
		tally_buf_puts(b,
		    "\nThe file as it came cannot be read any more: restore "
		    "the workspace from a backup\n");
}

/* What was received, unless it cannot be read: then *kept is false. */
static enum tally_rc
place_original(struct translate *t, int dir, bool *kept, struct tally_err *err)
{
	struct store_payload *before = t->payload, *p = NULL;
	struct tally_source source;
	char name[40];
	enum tally_rc rc;

	rc = store_payload_open(&p, t->f->store, t->file.id, err);
	t->unreadable = translate_lacks(rc);
	if (rc == TALLY_OK) {
		t->payload = p;
		source = translate_source(t, READ_DIGEST, 0);
		snprintf(
		    name, sizeof(name), "%" PRId64 ".original", t->file.id);
		rc = place(dir, name, source, err);
		t->payload = before;
	}
	store_payload_close(p);
	*kept = rc == TALLY_OK;
	return t->unreadable ? TALLY_OK : rc;
}

static enum tally_rc
place_both(
    struct translate *t, int dir, const char *reason, struct tally_err *err)
{
	struct tally_buf text;
	struct tally_str view;
	char name[40];
	bool kept;
	enum tally_rc rc;

	tally_buf_init(&text, REPORT_MAX);
	rc = place_original(t, dir, &kept, err);
	write_report(t, reason, kept, &text);
	if (rc == TALLY_OK && text.failed)
		rc = tally_err_set(err, TALLY_NOMEM, "out of memory");
	view = tally_buf_view(&text);
	snprintf(name, sizeof(name), "%" PRId64 ".txt", t->file.id);
	if (rc == TALLY_OK)
		rc = place(dir, name, tally_source_str(&view), err);
	if (rc == TALLY_OK && fsync(dir) != 0)
		rc = tally_err_errno(err, TALLY_IO, "syncing %s", FOLDER);
	tally_buf_free(&text);
	return rc;
}

enum tally_rc
translate_quarantine(
    struct translate *t, const char *reason, struct tally_err *err)
{
	int workspace, dir = -1;
	enum tally_rc rc;

	workspace = open(t->f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (workspace >= 0)
		dir = openat(workspace, FOLDER,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0) {
		rc = tally_err_errno(err, TALLY_CREATE,
		    "the folder %s of the workspace cannot be opened", FOLDER);
		goto out;
	}
	rc = place_both(t, dir, reason, err);
	if (rc == TALLY_OK)
		rc = store_file_state(t->f->store, t->file.id, "quarantined",
		    reason, flow_clock_now(&t->f->clock), err);
	if (rc == TALLY_OK)
		log_line(&t->f->log, LOG_ALARM, "file", t->file.name,
		    "from mailbox %s quarantined: %s; see %s/%" PRId64 ".txt",
		    t->file.mailbox, reason, FOLDER, t->file.id);
out:
	if (dir >= 0)
		close(dir);
	if (workspace >= 0)
		close(workspace);
	return rc;
}

void
flow_unquarantine(struct flow *f, int64_t file)
{
	static const char *const name[] = { "original", "txt" };
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s/%" PRId64 ".%s", f->dir,
		    FOLDER, file, name[i]);
		if (unlink(path) != 0 && errno != ENOENT)
			log_line(&f->log, LOG_ALARM, "file", tally_cstr(path),
			    "cannot be removed; it is of no use any more");
	}
}
