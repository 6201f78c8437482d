/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman test: a site's own cases, so that a change of maps, guides or
 * agreements shows what it changes.
 *
 * A case is a folder with a file in.edi.  Beside it stand what is expected:
 * records.json, what read prints, with a row on each line; findings.txt, what
 * read tells; and 997.edi, 999.edi and ta1.edi, the acknowledgements that are
 * of interest.  options holds arguments of read.
 *
 * JSON: an object a line: "type":"case" with "name", "passed", "accepted" and
 * "differences", a list of "file" and "text"; at the end "type":"total" with
 * "passed", "failed" and "status".
 */
#include "command/command.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/text.h"
#include "command/difference.h"
#include "command/input.h"
#include "command/records.h"

#define INPUT      "in.edi"
#define FILE_MAX   ((size_t)256 << 20)
#define OPTIONS    16
#define CASES_MAX  10000
#define BLANKS     " \t\r\n"
#define DEPTH_MAX  64
#define INDENT     1
#define BREAKS_MAX 3 /* depth up to which a line may be broken */

struct testing {
	const struct invocation *in;
	bool json, accept;
	int home; /* the folder in which the command was started */
	uint64_t passed, failed;
	enum tally_rc worst; /* of cases that could not be tried */
	struct tally_buf out, differences;
};

/* Acknowledgements tell when they were made: always then. */
static const struct answer_time when = { "20000101", "0000" };

/* Text that a FILE was written into. */
struct memory {
	FILE *f;
	char *p;
	size_t n;
};

/* A case while it is tried. */
struct trial {
	struct testing *t;
	const char *path;
	struct records records;
	char *option[OPTIONS + 2];
	int noption;
	bool differs;
};

/* --- the form in which records are kept --- */

/*
 * A line of our own JSON over several lines: one for each member, and for each
 * row of records and residue.
 */
static void
put_broken(struct tally_buf *b, struct tally_str line)
{
	bool breaks[DEPTH_MAX + 1] = { false }, string = false;
	size_t depth = 0, key = 0;

	for (size_t i = 0; i < line.n; i++) {
		char c = line.p[i];

		if (c == '"' && !string)
			key = i;
		if (c == '"' || string) {
			string = c == '"' ? !string : string;
			tally_buf_putc(b, c);
			if (c == '\\' && i + 1 < line.n)
				tally_buf_putc(b, line.p[++i]);
			continue;
		}
		if ((c == '}' || c == ']') && depth > 0 && breaks[depth--])
			tally_buf_printf(b, "\n%*s", (int)depth * INDENT, "");
		tally_buf_putc(b, c);
		if ((c == '{' || c == '[') && depth < DEPTH_MAX) {
			depth++;
			breaks[depth] = depth == 1 ||
			    (depth <= BREAKS_MAX && breaks[depth - 1] &&
				(depth == BREAKS_MAX
					? c == '['
					: line.p[key + 1] == 'r') &&
				line.p[i + 1] != '}' && line.p[i + 1] != ']');
		}
		if ((c == '{' || c == '[' || c == ',') && breaks[depth])
			tally_buf_printf(b, "\n%*s", (int)depth * INDENT, "");
	}
	tally_buf_putc(b, '\n');
}

/* --- running a case --- */

static enum tally_rc
no_memory(struct tally_err *err)
{
	return tally_err_set(err, TALLY_NOMEM, "no memory to run a case");
}

static bool
memory_open(struct memory *m)
{
	*m = (struct memory){ NULL, NULL, 0 };
	m->f = open_memstream(&m->p, &m->n);
	return m->f != NULL;
}

static void
memory_close(struct memory *m)
{
	if (m->f != NULL)
		fclose(m->f);
	m->f = NULL;
	free(m->p);
	m->p = NULL;
	m->n = 0;
}

/* The expected text; empty where there is no such file. */
static enum tally_rc
expected(struct tally_buf *b, const char *name, struct tally_err *err)
{
	struct input input;
	enum tally_rc rc;

	if (access(name, F_OK) != 0)
		return TALLY_OK;
	rc = input_open(&input, name, err);
	if (rc != TALLY_OK)
		return rc;
	rc = input_slurp(&input, b, err);
	input_close(&input);
	return rc;
}

/* Makes what came the new truth. */
static enum tally_rc
accept(const char *name, struct tally_str got, struct tally_err *err)
{
	FILE *f;

	if (got.n == 0) {
		(void)remove(name);
		return TALLY_OK;
	}
	f = fopen(name, "w");
	if (f == NULL || fwrite(got.p, 1, got.n, f) != got.n) {
		if (f != NULL)
			fclose(f);
		return tally_err_errno(
		    err, TALLY_CREATE, "%s cannot be written", name);
	}
	if (fclose(f) != 0)
		return tally_err_errno(
		    err, TALLY_IO, "%s cannot be written", name);
	return TALLY_OK;
}

static void
tell_difference(struct trial *x, const char *name, struct tally_str text)
{
	struct testing *t = x->t;

	if (t->json) {
		tally_buf_puts(&t->out, x->differs ? "," : "");
		tally_buf_puts(&t->out, "{\"file\":");
		tally_text_json(&t->out, tally_cstr(name));
		tally_buf_puts(&t->out, ",\"text\":");
		tally_text_json(&t->out, text);
		tally_buf_putc(&t->out, '}');
	} else {
		tally_text_safe(&t->out, tally_cstr(x->path));
		tally_buf_printf(&t->out, ": %s differs\n", name);
		tally_buf_str(&t->out, text);
	}
	x->differs = true;
}

static enum tally_rc
compare(struct trial *x, const char *name, struct tally_str got,
    struct tally_err *err)
{
	struct tally_buf want;
	enum tally_rc rc;

	tally_buf_init(&want, FILE_MAX);
	rc = expected(&want, name, err);
	if (rc == TALLY_OK && !tally_str_eq(tally_buf_view(&want), got)) {
		tally_buf_reset(&x->t->differences);
		if (difference_text(
			&x->t->differences, tally_buf_view(&want), got))
			tell_difference(
			    x, name, tally_buf_view(&x->t->differences));
		else
			rc = no_memory(err);
		if (rc == TALLY_OK && x->t->accept)
			rc = accept(name, got, err);
	}
	tally_buf_free(&want);
	return rc;
}

/* Records with a row on each line. */
static enum tally_rc
compare_records(
    struct trial *x, const struct memory *lines, struct tally_err *err)
{
	struct tally_buf b;
	const char *p = lines->p, *end = lines->p + lines->n, *nl;
	enum tally_rc rc = TALLY_OK;

	tally_buf_init(&b, FILE_MAX);
	for (; p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		put_broken(&b, tally_str(p, (size_t)(nl - p)));
	}
	if (b.failed)
		rc = no_memory(err);
	if (rc == TALLY_OK)
		rc = compare(x, "records.json", tally_buf_view(&b), err);
	tally_buf_free(&b);
	return rc;
}

/* Reads the input once; what comes is in lines, told and answers. */
static enum tally_rc
read_input(struct trial *x, struct memory *lines, struct memory *told,
    struct memory *answers, enum answer answer, struct tally_err *err)
{
	struct records *r = &x->records;
	enum tally_rc rc;

	if (!memory_open(lines) || !memory_open(told) || !memory_open(answers))
		return no_memory(err);
	r->lines = lines->f;
	r->told = told->f;
	r->answers = answer != ANSWER_NONE ? answers->f : NULL;
	r->answer = answer;
	r->when = &when;
	rc = records_file(r, INPUT, err);
	if (fflush(lines->f) != 0 || fflush(told->f) != 0 ||
	    fflush(answers->f) != 0)
		rc = no_memory(err);
	return rc;
}

static enum tally_rc
look(struct trial *x, enum answer answer, const char *name,
    struct tally_err *err)
{
	struct memory lines = { 0 }, told = { 0 }, answers = { 0 };
	enum tally_rc rc;

	rc = read_input(x, &lines, &told, &answers, answer, err);
	if (rc == TALLY_OK && answer != ANSWER_NONE)
		rc = compare(x, name, tally_str(answers.p, answers.n), err);
	if (rc == TALLY_OK && answer == ANSWER_NONE)
		rc = compare_records(x, &lines, err);
	if (rc == TALLY_OK && answer == ANSWER_NONE)
		rc = compare(x, "findings.txt", tally_str(told.p, told.n), err);
	memory_close(&lines);
	memory_close(&told);
	memory_close(&answers);
	return rc;
}

/* In the folder of the case. */
static enum tally_rc
look_at_all(struct trial *x, struct tally_err *err)
{
	static const char *const answers[ANSWERS] = { NULL, "ta1.edi",
		"997.edi", "999.edi" };
	enum tally_rc rc = look(x, ANSWER_NONE, NULL, err);

	for (unsigned i = ANSWER_TA1; i < ANSWERS && rc == TALLY_OK; i++)
		if (access(answers[i], F_OK) == 0 ||
		    (x->t->accept && i == ANSWER_997))
			rc = look(x, (enum answer)i, answers[i], err);
	return rc;
}

/* The words of the case's options, which are arguments of read. */
static enum tally_rc
read_options(struct trial *x, struct tally_buf *b, struct tally_err *err)
{
	char path[PATH_MAX];
	char *p;
	enum tally_rc rc;

	snprintf(path, sizeof(path), "%s/options", x->path);
	rc = expected(b, path, err);
	if (rc != TALLY_OK || b->n == 0)
		return rc;
	for (p = b->p + strspn(b->p, BLANKS); *p != '\0';
	     p += strspn(p, BLANKS)) {
		if (x->noption == OPTIONS)
			return tally_err_set(err, TALLY_DATA,
			    "%s has more than %d words", path, OPTIONS);
		x->option[x->noption++] = p;
		p += strcspn(p, BLANKS);
		if (*p != '\0')
			*p++ = '\0';
	}
	for (int i = 0; i < x->noption; i++)
		if (strncmp(x->option[i], "--map=", 6) == 0)
			x->records.map = x->option[i] + 6;
		else if (!judging_option(
			     &x->records.judging, x->noption, x->option, &i))
			return tally_err_set(err, TALLY_DATA,
			    "%s: \"%s\" is no option; expected --map=NAME, "
			    "--partner=NAME or --guide FILE",
			    path, x->option[i]);
	return TALLY_OK;
}

static enum tally_rc
try_in(struct trial *x, struct tally_err *err)
{
	enum tally_rc rc;

	if (chdir(x->path) != 0)
		return tally_err_errno(
		    err, TALLY_NOINPUT, "%s cannot be entered", x->path);
	rc = look_at_all(x, err);
	if (fchdir(x->t->home) != 0 && rc == TALLY_OK)
		rc = tally_err_errno(
		    err, TALLY_IO, "the folder of the start is gone");
	return rc;
}

static void
begin_case(struct trial *x)
{
	tally_buf_reset(&x->t->out);
	if (!x->t->json)
		return;
	tally_buf_puts(&x->t->out, "{\"type\":\"case\",\"name\":");
	tally_text_json(&x->t->out, tally_cstr(x->path));
	tally_buf_puts(&x->t->out, ",\"differences\":[");
}

static void
end_case(struct trial *x)
{
	struct testing *t = x->t;
	bool passed = !x->differs || t->accept;

	if (passed)
		t->passed++;
	else
		t->failed++;
	if (t->json)
		tally_buf_printf(&t->out, "],\"passed\":%s,\"accepted\":%s}\n",
		    passed ? "true" : "false",
		    x->differs && t->accept ? "true" : "false");
	if (t->out.n > 0)
		fwrite(t->out.p, 1, t->out.n, stdout);
}

/* What keeps a case from being tried is told, and the others are. */
static void
try_case(struct testing *t, const char *path)
{
	struct trial x = { .t = t, .path = path };
	struct tally_buf options;
	struct tally_err err;
	enum tally_rc rc;

	tally_buf_init(&options, 1 << 16);
	begin_case(&x);
	rc = read_options(&x, &options, &err);
	if (rc == TALLY_OK) {
		rc = records_begin(&x.records, t->in->dir, &err);
		if (rc == TALLY_OK)
			rc = try_in(&x, &err);
		records_end(&x.records);
	}
	if (rc == TALLY_OK) {
		end_case(&x);
	} else {
		t->failed++;
		t->worst = rc;
		command_print_safe(stderr, path);
		fputs(":\n", stderr);
		(void)command_fail(&err);
	}
	tally_buf_free(&options);
}

/* --- finding cases --- */

static bool
is_case(const char *path)
{
	char name[PATH_MAX + sizeof(INPUT)];

	snprintf(name, sizeof(name), "%s/" INPUT, path);
	return access(name, F_OK) == 0;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* A folder that is a case, or the cases that are in it. */
static void
try_folder(struct testing *t, const char *path)
{
	struct dirent **v = NULL;
	char name[PATH_MAX];
	uint64_t before = t->passed + t->failed;
	int n;

	if (is_case(path)) {
		try_case(t, path);
		return;
	}
	n = scandir(path, &v, NULL, by_name);
	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, v[i]->d_name);
		if (i < CASES_MAX && v[i]->d_name[0] != '.' && is_case(name))
			try_case(t, name);
		free(v[i]);
	}
	free(v);
	if (t->passed + t->failed > before)
		return;
	t->worst = TALLY_NOINPUT;
	fputs("tallyman: ", stderr);
	command_print_safe(stderr, path);
	fputs(
	    " has no case; a case is a folder with a file " INPUT "\n", stderr);
}

static int
run(const struct invocation *in, int argc, char **argv)
{
	struct testing t = { .in = in, .json = in->json };
	int i = 1, status;

	for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
		if (strcmp(argv[i], "--accept") == 0)
			t.accept = true;
		else if (strcmp(argv[i], "--json") == 0)
			t.json = true;
		else
			return command_usage(&command_test,
			    "the options are --accept and --json");
	}
	if (i == argc)
		return command_usage(&command_test, "the folder is missing");
	t.home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t.home < 0) {
		perror("tallyman: this folder cannot be opened");
		return EX_NOINPUT;
	}
	tally_buf_init(&t.out, FILE_MAX);
	tally_buf_init(&t.differences, FILE_MAX);
	for (; i < argc; i++)
		try_folder(&t, argv[i]);
	status = t.worst != TALLY_OK ? tally_rc_exit(t.worst)
	    : t.failed > 0           ? EXIT_ATTENTION
				     : EX_OK;
	if (t.json)
		printf("{\"type\":\"total\",\"passed\":%" PRIu64
		       ",\"failed\":%" PRIu64 ",\"status\":%d}\n",
		    t.passed, t.failed, status);
	else if (!in->quiet)
		printf("%" PRIu64 " passed, %" PRIu64 " failed\n", t.passed,
		    t.failed);
	tally_buf_free(&t.differences);
	tally_buf_free(&t.out);
	close(t.home);
	return status;
}

const struct command command_test = {
	.name = "test",
	.synopsis = "[--accept] [--json] DIR...",
	.summary = "try cases: files, and the records and answers expected",
	.run = run,
};
