/* SPDX-License-Identifier: Apache-2.0 */
/* See workspace.h.  What cannot fail in a test ends it here. */
/* For mkdtemp and nftw. */
#define _XOPEN_SOURCE 700

#include "support/workspace.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/command.h"
#include "store/ask.h"

#define NOW 1767614400000 /* 2026-01-05T12:00:00Z */

void
workspace_make(struct workspace *w, const char *xml)
{
	struct invocation in = { .quiet = true };
	char init[] = "init", *argv[] = { init, w->dir, NULL };

	memset(w, 0, sizeof(*w));
	/* Syncing is tested elsewhere; here it only costs time. */
	snprintf(w->dir, sizeof(w->dir), "%s/tallyman-test-XXXXXX",
	    access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(w->dir) == NULL || command_init.run(&in, 2, argv) != 0)
		abort();
	if (xml != NULL) {
		workspace_put(w, ".", "tallyman.xml", tally_cstr(xml));
	}
}

static int
remove_one(const char *path, const struct stat *sb, int type, struct FTW *at)
{
	(void)sb;
	(void)type;
	(void)at;
	return remove(path);
}

void
workspace_remove(struct workspace *w)
{
	nftw(w->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void
workspace_put(const struct workspace *w, const char *folder, const char *name,
    struct tally_str bytes)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/%s", w->dir, folder, name);
	f = fopen(path, "wb");
	if (f == NULL || fwrite(bytes.p, 1, bytes.n, f) != bytes.n ||
	    fclose(f) != 0)
		abort();
}

static int
visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

unsigned
workspace_files(const struct workspace *w, const char *folder)
{
	struct tally_buf b;
	unsigned n = 0;

	tally_buf_init(&b, 64u << 20);
	workspace_read(w, folder, &b);
	for (size_t i = 0; i < b.n; i++)
		n += b.p[i] == '\f';
	tally_buf_free(&b);
	return n;
}

static void
read_one(const char *path, struct tally_buf *b)
{
	char block[4096];
	size_t n;
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		abort();
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		tally_buf_add(b, block, n);
	fclose(f);
}

void
workspace_read(
    const struct workspace *w, const char *folder, struct tally_buf *b)
{
	char path[512];
	struct dirent **list;
	int n;

	snprintf(path, sizeof(path), "%s/%s", w->dir, folder);
	n = scandir(path, &list, visible, alphasort);
	if (n < 0)
		abort();
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s/%s", w->dir, folder,
		    list[i]->d_name);
		tally_buf_printf(b, "\f%s\n", list[i]->d_name);
		read_one(path, b);
		free(list[i]);
	}
	free(list);
}

int
workspace_run(struct workspace *w)
{
	return workspace_stage(w, FLOW_STAGES);
}

static int
damage_one(const char *path, const struct stat *sb, int type, struct FTW *at)
{
	FILE *f;

	(void)at;
	if (type != FTW_F)
		return 0;
	f = chmod(path, 0600) == 0 ? fopen(path, "r+b") : NULL;
	if (f == NULL || fseek(f, (long)sb->st_size / 2, SEEK_SET) != 0 ||
	    fputc('\x01', f) == EOF || fclose(f) != 0)
		abort();
	return 0;
}

void
workspace_damage_archive(const struct workspace *w)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/archive", w->dir);
	if (nftw(path, damage_one, 16, FTW_PHYS) != 0)
		abort();
}

struct tally_buf workspace_text;

int
workspace_text_make(void **state)
{
	(void)state;
	tally_buf_init(&workspace_text, 64u << 20);
	return 0;
}

int
workspace_text_free(void **state)
{
	(void)state;
	tally_buf_free(&workspace_text);
	return 0;
}

int64_t
workspace_now(const struct workspace *w)
{
	return NOW + w->later;
}

int
workspace_stage(struct workspace *w, int stage)
{
	struct tally_err err;
	enum tally_rc rc;

	memset(&w->f, 0, sizeof(w->f));
	w->f.clock.fixed = workspace_now(w);
	w->f.hurry = true;
	rc = flow_begin(&w->f, w->dir,
	    stage == FLOW_STAGES && w->opened == NULL ? FLOW_RUN : FLOW_WORK,
	    &err);
	if (rc == TALLY_OK) {
		if (w->opened != NULL)
			w->opened();
		rc = flow_run(&w->f, stage, &err);
		flow_end(&w->f);
	}
	if (rc != TALLY_OK) {
		fprintf(stderr, "run: %s\n", err.text);
		return tally_rc_exit(rc);
	}
	return flow_status(&w->f);
}

static void
add_row(void *ctx, int n, const char *const *names, const char *const *values)
{
	struct tally_buf *b = ctx;

	(void)names;
	for (int i = 0; i < n; i++)
		tally_buf_printf(b, "%s%s", i > 0 ? " " : "",
		    values[i] != NULL ? values[i] : "-");
	tally_buf_putc(b, '\n');
}

static void
add_kind(void *ctx, int n, const char *const *names, const char *const *values)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], "kind") == 0)
			tally_buf_printf(ctx, "%s ", values[i]);
}

static void
ask(const struct workspace *w, enum store_question q, int64_t argument,
    void (*row)(void *, int, const char *const *, const char *const *),
    struct tally_buf *b)
{
	struct flow f = { 0 };
	struct tally_err err;

	if (flow_begin(&f, w->dir, FLOW_LOOK, &err) != TALLY_OK ||
	    store_ask(f.store, q, argument, row, b, &err) != TALLY_OK) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	flow_end(&f);
}

void
workspace_counts(const struct workspace *w, struct tally_buf *b)
{
	ask(w, STORE_Q_COUNTS, 0, add_row, b);
}

void
workspace_findings(const struct workspace *w, int64_t file, struct tally_buf *b)
{
	ask(w, STORE_Q_FINDINGS, file, add_kind, b);
}

void
workspace_order(struct tally_buf *b, const struct workspace_order *o)
{
	const char *sender = o->sender != NULL ? o->sender : "THEM";

	tally_buf_printf(b,
	    "ISA*00*          *00*          *ZZ*%-15s*ZZ*US             "
	    "*260105*0800*U*00401*%09u*0*%c*>~"
	    "GS*PO*%s*US*20260105*0800*%u*X*004010~",
	    sender, o->control, o->usage != '\0' ? o->usage : 'P', sender,
	    o->control);
	for (unsigned i = 0; i < o->n; i++)
		tally_buf_printf(b,
		    "ST*850*%04u~BEG*00*SA*PO-%u**20260105~"
		    "PO1*1*2*EA*3.25**VP*X-%u~CTT*1~SE*5*%04u~",
		    i + 1, o->first + i, i, i + 1);
	tally_buf_printf(
	    b, "GE*%u*%u~IEA*1*%09u~", o->n, o->control, o->control);
}

struct tally_str
workspace_orders(
    struct tally_buf *b, unsigned control, unsigned first, unsigned n)
{
	const struct workspace_order o = { control, first, n, 'P', NULL };

	tally_buf_reset(b);
	workspace_order(b, &o);
	return tally_buf_view(b);
}
