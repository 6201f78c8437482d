/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman backup: a copy of the store, also while a run goes on.
 *
 * JSON: {"command":"backup","file":…,"bytes":N,"archived_files":N,
 * "archived_bytes":N,"archive":… or null,"status":0}.
 */
/* For realpath. */
#define _XOPEN_SOURCE 700

#include "command/command.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "flow/flow.h"
#include "flow/keep.h"

#define BLOCK 65536

struct backup {
	const struct invocation *in;
	const char *file;
	bool archive;
	char folder[PATH_MAX]; /* of the archived files, when they come along */
	uint64_t files, bytes; /* archived */
	enum tally_rc rc;      /* of copying them */
	struct tally_err err;
	struct flow f;
};

/* The folders of a path, but for its last part. */
static enum tally_rc
make_folders(char *path, struct tally_err *err)
{
	for (char *p = strchr(path + 1, '/'); p != NULL;
	     p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(path, 0750) != 0 && errno != EEXIST) {
			tally_err_errno(err, TALLY_CREATE,
			    "the folder %s cannot be made", path);
			*p = '/';
			return TALLY_CREATE;
		}
		*p = '/';
	}
	return TALLY_OK;
}

static enum tally_rc
copy_bytes(int from, int to, const char *path, struct tally_err *err)
{
	char block[BLOCK];
	ssize_t n;

	while ((n = read(from, block, sizeof(block))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return tally_err_errno(
			    err, TALLY_IO, "reading %s", path);
		if (!tally_write_all(to, block, (size_t)n))
			return tally_err_errno(
			    err, TALLY_IO, "writing a copy of %s", path);
	}
	if (fsync(to) != 0)
		return tally_err_errno(
		    err, TALLY_IO, "syncing a copy of %s", path);
	return TALLY_OK;
}

static enum tally_rc
copy_file(const char *from, const char *to, struct tally_err *err)
{
	int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), out = -1;
	enum tally_rc rc = TALLY_OK;

	if (in >= 0)
		out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0440);
	if (in < 0 || out < 0)
		rc = tally_err_errno(
		    err, TALLY_CREATE, "%s cannot be copied to %s", from, to);
	if (rc == TALLY_OK)
		rc = copy_bytes(in, out, from, err);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return rc;
}

/* Archived files never change: another name for one is a copy of it. */
static void
found(void *ctx, const char *path, uint64_t size)
{
	struct backup *b = ctx;
	char from[PATH_MAX], to[PATH_MAX];

	b->files++;
	b->bytes += size;
	if (!b->archive || b->rc != TALLY_OK)
		return;
	if (snprintf(from, sizeof(from), "%s/%s", b->f.dir, path) >=
		(int)sizeof(from) ||
	    snprintf(to, sizeof(to), "%s/%s", b->folder, path) >=
		(int)sizeof(to)) {
		b->rc = tally_err_set(
		    &b->err, TALLY_USAGE, "the name of the copy is too long");
		return;
	}
	b->rc = make_folders(to, &b->err);
	if (b->rc == TALLY_OK && link(from, to) != 0)
		b->rc = copy_file(from, to, &b->err);
}

/* For doctor, which says when there was none for long. */
static enum tally_rc
note(const struct backup *b, struct tally_err *err)
{
	char at[32], path[PATH_MAX];
	struct tally_buf text;
	enum tally_rc rc;

	flow_clock_iso(flow_clock_now(&b->f.clock), at);
	tally_buf_init(&text, 2 * PATH_MAX);
	tally_buf_printf(&text, "%s %s\n", at,
	    realpath(b->file, path) != NULL ? path : b->file);
	rc = keep_write(b->f.dir, KEEP_BACKUP, tally_buf_view(&text), err);
	tally_buf_free(&text);
	return rc;
}

static void
tell(const struct backup *b)
{
	struct stat sb = { 0 };

	(void)stat(b->file, &sb);
	if (b->in->json) {
		fputs("{\"command\":\"backup\",\"file\":", stdout);
		command_print_json(stdout, b->file);
		printf(",\"bytes\":%lld,\"archived_files\":%" PRIu64
		       ",\"archived_bytes\":%" PRIu64 ",\"archive\":",
		    (long long)sb.st_size, b->files, b->bytes);
		command_print_json(stdout, b->archive ? b->folder : NULL);
		fputs(",\"status\":0}\n", stdout);
		return;
	}
	if (b->in->quiet)
		return;
	command_print_safe(stdout, b->file);
	printf(": %lld bytes", (long long)sb.st_size);
	if (b->files > 0)
		printf("; archived files: %" PRIu64 ", %" PRIu64 " bytes, %s",
		    b->files, b->bytes,
		    b->archive ? "in " : "not in it: copy archive/, too");
	if (b->files > 0 && b->archive)
		command_print_safe(stdout, b->folder);
	putchar('\n');
}

static enum tally_rc
copy(struct backup *b, struct tally_err *err)
{
	enum tally_rc rc = store_backup(b->f.store, b->file, err);

	if (rc == TALLY_OK)
		rc = store_archive(b->f.store, found, b, err);
	if (rc == TALLY_OK && b->rc != TALLY_OK) {
		*err = b->err;
		rc = b->rc;
	}
	return rc == TALLY_OK ? note(b, err) : rc;
}

static int
run(const struct invocation *in, int argc, char **argv)
{
	struct backup b = { .in = in, .f = { .clock = in->clock } };
	struct tally_err err;
	enum tally_rc rc;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--archive") == 0)
			b.archive = true;
		else if (argv[i][0] == '-' || b.file != NULL)
			return command_usage(&command_backup,
			    "the name of one file is expected");
		else
			b.file = argv[i];
	}
	if (b.file == NULL)
		return command_usage(
		    &command_backup, "the name of the copy is missing");
	snprintf(b.folder, sizeof(b.folder), "%s.archive", b.file);
	log_begin(&b.f.log, in->quiet, in->verbose);
	rc = flow_begin(&b.f, in->dir, FLOW_LOOK, &err);
	if (rc != TALLY_OK)
		return command_fail(&err);
	rc = copy(&b, &err);
	if (rc == TALLY_OK)
		tell(&b);
	flow_end(&b.f);
	return rc == TALLY_OK ? EX_OK : command_fail(&err);
}

const struct command command_backup = {
	"backup",
	"[--archive] FILE",
	"copy the store, also while a run goes on",
	run,
};
