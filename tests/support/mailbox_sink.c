/* SPDX-License-Identifier: Apache-2.0 */
/* See mailbox_sink.h. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "mailbox_sink.h"

#include <assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static enum tally_rc
keep_data(void *ctx, size_t i, const void *p, size_t n, struct tally_err *err)
{
	struct kept *k = ctx;

	assert(i < k->n && k->done[i] == 0);
	if (i == k->refuse)
		return tally_err_set(err, TALLY_TEMP, "the sink is full");
	tally_buf_add(&k->bytes[i], p, n);
	return TALLY_OK;
}

static void
keep_done(void *ctx, size_t i, const struct mailbox_result *r)
{
	struct kept *k = ctx;

	assert(i < k->n);
	k->done[i]++;
	k->result[i] = *r;
}

void
kept_init(struct kept *k, size_t n)
{
	k->n = n;
	k->bytes = calloc(n + 1, sizeof(*k->bytes));
	k->result = calloc(n + 1, sizeof(*k->result));
	k->done = calloc(n + 1, sizeof(*k->done));
	assert(k->bytes != NULL && k->result != NULL && k->done != NULL);
	for (size_t i = 0; i < n; i++)
		tally_buf_init(&k->bytes[i], (size_t)1 << 30);
	k->refuse = n;
	k->sink = (struct mailbox_sink){ keep_data, keep_done, k };
}

void
kept_free(struct kept *k)
{
	for (size_t i = 0; i < k->n; i++)
		tally_buf_free(&k->bytes[i]);
	free(k->bytes);
	free(k->result);
	free(k->done);
}

void
scratch_make(char path[256])
{
	const char *tmp = getenv("TMPDIR");

	snprintf(path, 256, "%s/tallyman.XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(path) == NULL) {
		perror(path);
		abort();
	}
}

static int
remove_one(const char *path, const struct stat *sb, int flag, struct FTW *ftw)
{
	(void)sb;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void
scratch_remove(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void
scratch_write(
    const char *dir, const char *name, const void *p, size_t n, int64_t mtime)
{
	struct timespec t[2] = { { .tv_sec = mtime }, { .tv_sec = mtime } };
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "wb");
	if (f == NULL || fwrite(p, 1, n, f) != n || fclose(f) != 0 ||
	    (mtime != 0 && utimensat(AT_FDCWD, path, t, 0) != 0)) {
		perror(path);
		abort();
	}
}

char *
scratch_read(const char *dir, const char *name, size_t *n)
{
	char path[4096], *p;
	struct stat sb;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "rb");
	if (f == NULL)
		return NULL;
	if (fstat(fileno(f), &sb) != 0)
		abort();
	p = malloc((size_t)sb.st_size + 1);
	assert(p != NULL);
	*n = fread(p, 1, (size_t)sb.st_size, f);
	p[*n] = '\0';
	fclose(f);
	return p;
}
