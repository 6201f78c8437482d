/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman redact: a file that can be shown to others.
 *
 * The result is judged as the file was, and compared: what it does not have
 * the same findings with is not given away as a substitute.  Should chance
 * have made a replacement mean something, another key is tried.
 */
#include "command/redact.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/command.h"
#include "command/input.h"
#include "command/judging.h"
#include "command/select.h"
#include "tallyman/judge.h"

#define FILE_MAX_BYTES ((size_t)256 << 20)
#define TEXT_MAX       ((size_t)256 << 20)
#define KEYS           16

struct redact {
	const struct invocation *in;
	const char *file;
	const char *seed; /* null: by chance */
	struct judging judging;
	struct tally_hash *hash;
	struct tally_buf original, made;
	struct tally_buf before, after; /* findings as text */
};

static enum tally_rc
slurp(struct redact *r, struct tally_err *err)
{
	struct tally_source source;
	struct input input;
	char block[65536];
	size_t got = 1;
	enum tally_rc rc = input_open(&input, r->file, err);

	if (rc != TALLY_OK)
		return rc;
	source = input_source(&input);
	while (rc == TALLY_OK && got > 0) {
		rc = source.read(source.ctx, block, sizeof(block), &got, err);
		if (rc == TALLY_OK)
			tally_buf_add(&r->original, block, got);
	}
	input_close(&input);
	if (rc == TALLY_OK && r->original.failed)
		rc = tally_err_set(err, TALLY_DATA,
		    "%s is larger than %zu bytes, or memory ended", r->file,
		    FILE_MAX_BYTES);
	return rc;
}

/* What a judge says of it, without any value. */
static void
put_findings(struct tally_buf *b, const struct tally_interchange_judged *ic,
    const struct tally_findings *list)
{
	const struct tally_finding *f = list->v;

	for (size_t i = 0; i < list->n; i++, f++)
		tally_buf_printf(b, "%" PRIu64 " %s %d %u %u %u %u\n",
		    f->offset, tally_finding_info(f->kind)->name,
		    (int)f->severity, f->segment, f->element, f->component,
		    f->repetition);
	if (ic == NULL)
		return;
	tally_buf_printf(
	    b, "interchange %c %zu\n", (char)ic->verdict, list->dropped);
	for (uint32_t i = 0; i < ic->ngroup; i++)
		tally_buf_printf(b, "group %c %u %u\n",
		    (char)ic->group[i].verdict, ic->group[i].received,
		    ic->group[i].accepted);
}

static enum tally_rc
judge(struct redact *r, const struct tally_buf *bytes, struct tally_buf *out,
    struct tally_err *err)
{
	struct tally_judge_options options = { .ctx = NULL };
	struct redact_place place = { bytes->p, bytes->n };
	const struct tally_interchange_judged *ic = NULL;
	struct tally_judge *j = NULL;
	enum tally_rc rc;

	tally_buf_reset(out);
	judging_options(&r->judging, &options);
	rc = tally_judge_new(&j, redact_source(&place), 0, &options, err);
	do {
		if (rc == TALLY_OK)
			rc = tally_judge_next(j, &ic, err);
		if (rc == TALLY_OK)
			put_findings(out, ic, tally_judge_findings(j));
	} while (rc == TALLY_OK && ic != NULL);
	tally_judge_free(j);
	if (rc == TALLY_OK && out->failed)
		rc = tally_err_set(err, TALLY_NOMEM, "out of memory");
	return rc;
}

/* A key from the seed, or, without one, by chance. */
static enum tally_rc
make_key(struct redact *r, unsigned n, unsigned char key[TALLY_HASH_SIZE],
    struct tally_err *err)
{
	unsigned char random[TALLY_HASH_SIZE] = { 0 };
	int fd;

	if (r->seed == NULL) {
		fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
		if (fd < 0 ||
		    read(fd, random, sizeof(random)) != sizeof(random)) {
			tally_err_errno(err, TALLY_IO,
			    "/dev/urandom gives nothing; name a --seed");
			if (fd >= 0)
				close(fd);
			return TALLY_IO;
		}
		close(fd);
		tally_hash_add(r->hash, random, sizeof(random));
	} else {
		tally_hash_add(r->hash, r->seed, strlen(r->seed));
	}
	tally_hash_add(r->hash, &n, sizeof(n));
	tally_hash_end(r->hash, key);
	return TALLY_OK;
}

/* The byte of the first finding in which two judgements differ. */
static uint64_t
first_difference(const struct tally_buf *a, const struct tally_buf *b)
{
	size_t i = 0, line = 0;
	uint64_t n = 0;

	for (; i < a->n && i < b->n && a->p[i] == b->p[i]; i++)
		if (a->p[i] == '\n')
			line = i + 1;
	while (line < a->n && a->p[line] >= '0' && a->p[line] <= '9')
		n = n * 10 + (uint64_t)(a->p[line++] - '0');
	return n;
}

static enum tally_rc
try_key(struct redact *r, unsigned n, bool *same, struct tally_err *err)
{
	unsigned char key[TALLY_HASH_SIZE];
	enum tally_rc rc = make_key(r, n, key, err);

	if (rc != TALLY_OK)
		return rc;
	tally_buf_reset(&r->made);
	tally_buf_str(&r->made, tally_buf_view(&r->original));
	if (r->made.failed)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	rc = redact_bytes(
	    r->made.p, r->made.n, &r->judging.dictionary->d, r->hash, key, err);
	if (rc == TALLY_OK)
		rc = judge(r, &r->made, &r->after, err);
	*same = rc == TALLY_OK &&
	    tally_str_eq(tally_buf_view(&r->before), tally_buf_view(&r->after));
	return rc;
}

static enum tally_rc
work(struct redact *r, struct tally_err *err)
{
	enum tally_rc rc = tally_hash_new(&r->hash, err);
	bool same = false;

	if (rc == TALLY_OK)
		rc = judging_load(&r->judging, r->in->dir, err);
	if (rc == TALLY_OK)
		rc = slurp(r, err);
	if (rc == TALLY_OK && r->original.n == 0)
		rc = tally_err_set(err, TALLY_DATA, "%s is empty", r->file);
	if (rc == TALLY_OK)
		rc = judge(r, &r->original, &r->before, err);
	for (unsigned n = 0; rc == TALLY_OK && !same && n < KEYS; n++)
		rc = try_key(r, n, &same, err);
	if (rc == TALLY_OK && !same)
		rc = tally_err_set(err, TALLY_DATA,
		    "%s cannot be redacted so that its findings stay the "
		    "same: they differ at byte %" PRIu64,
		    r->file, first_difference(&r->before, &r->after));
	if (rc == TALLY_OK)
		fwrite(r->made.p, 1, r->made.n, stdout);
	return rc;
}

static int
run(const struct invocation *in, int argc, char **argv)
{
	struct redact r = { .in = in };
	const char *v;
	struct tally_err err;
	enum tally_rc rc;

	for (int i = 1; i < argc; i++) {
		if ((v = select_value(argc, argv, &i, "--seed")) != NULL)
			r.seed = v;
		else if (judging_option(&r.judging, argc, argv, &i))
			continue;
		else if (r.file != NULL ||
		    (argv[i][0] == '-' && argv[i][1] != '\0'))
			return command_usage(
			    &command_redact, "one file is expected");
		else
			r.file = argv[i];
	}
	if (r.file == NULL)
		return command_usage(&command_redact,
		    "one file is expected; - is standard input");
	tally_buf_init(&r.original, FILE_MAX_BYTES);
	tally_buf_init(&r.made, FILE_MAX_BYTES);
	tally_buf_init(&r.before, TEXT_MAX);
	tally_buf_init(&r.after, TEXT_MAX);
	rc = work(&r, &err);
	judging_free(&r.judging);
	tally_hash_free(r.hash);
	tally_buf_free(&r.original);
	tally_buf_free(&r.made);
	tally_buf_free(&r.before);
	tally_buf_free(&r.after);
	return rc == TALLY_OK ? EX_OK : command_fail(&err);
}

const struct command command_redact = {
	"redact",
	"[--seed=TEXT] " JUDGING_SYNOPSIS " FILE",
	"print an X12 file with its names, numbers and texts replaced",
	run,
};
