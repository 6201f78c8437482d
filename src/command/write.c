/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman write: canonical records to X12, the inverse of read.
 *
 * Takes the lines that read prints, or such as others make.  What is written
 * is judged as a partner would judge it before anybody sees it: with an error
 * anywhere nothing is written, everything is told on standard error, and the
 * exit status is 65.
 *
 * With --partner the control numbers are drawn from the store.  That is
 * committed before the bytes are printed, so that no number is used twice; what
 * is not printed then leaves a gap, which harms nobody.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/json.h"
#include "command/command.h"
#include "command/input.h"
#include "command/judging.h"
#include "flow/compose.h"
#include "flow/report.h"
#include "store/store.h"
#include "tallyman/judge.h"
#include "x12/write.h"

#define INPUT_MAX  ((size_t)256 << 20)
#define OUTPUT_MAX ((size_t)256 << 20)
#define TREE_MAX   ((size_t)1 << 30)
#define REPORT_MAX ((size_t)256 << 20)

struct writing {
	const struct invocation *in;
	struct judging judging;
	struct compose_options options;
	struct compose *compose;
	struct store *store; /* null: numbers are not drawn */
	struct tally_findings findings;
	struct tally_buf input, report;
	struct tally_arena tree;
	bool wrong;
	/* What options are read into. */
	struct tally_separators separators;
	enum site_line_end line_end;
	char replacement[2];
	char sender_qualifier[3], receiver_qualifier[3];
};

static void
flush(struct writing *w)
{
	if (w->report.n > 0)
		fwrite(w->report.p, 1, w->report.n, stderr);
	tally_buf_reset(&w->report);
}

/* --- documents --- */

/* What the map could not write of a document. */
static void
tell(struct writing *w, const char *file, const struct tally_json *x)
{
	const struct report report = { .file = file, .json = w->in->json };
	const struct report_place nowhere = { 0 };

	if (w->findings.errors > 0 && !w->in->json) {
		command_print_safe(stderr, file);
		fprintf(
		    stderr, ":%u: the document cannot be written:\n", x->line);
	}
	for (size_t i = 0; i < w->findings.n; i++)
		if (w->findings.v[i].severity != TALLY_NOTE || !w->in->quiet)
			report_finding(
			    &w->report, &report, &nowhere, &w->findings.v[i]);
	w->wrong |= w->findings.errors > 0;
	flush(w);
}

/* Whether to go on with the next document. */
static enum tally_rc
document(struct writing *w, const char *file, const struct tally_json *x,
    struct tally_err *err)
{
	enum tally_rc rc;

	tally_findings_reset(&w->findings);
	rc = compose_add(w->compose, file, x, &w->findings, err);
	if (rc == TALLY_OK)
		tell(w, file, x);
	if (rc != TALLY_DATA)
		return rc;
	(void)command_fail(err);
	w->wrong = true;
	return TALLY_OK;
}

static enum tally_rc
read_file(struct writing *w, const char *name, struct tally_err *err)
{
	struct tally_json_reader r;
	const struct tally_json *x = NULL;
	struct input input;
	enum tally_rc rc = input_open(&input, name, err);

	if (rc != TALLY_OK)
		return rc;
	tally_buf_reset(&w->input);
	rc = input_slurp(&input, &w->input, err);
	input_close(&input);
	if (strcmp(name, "-") == 0)
		name = "standard input";
	tally_json_begin(&r, name, tally_buf_view(&w->input));
	while (rc == TALLY_OK) {
		tally_arena_reset(&w->tree);
		rc = tally_json_next(&r, &w->tree, &x, err);
		if (rc != TALLY_OK || x == NULL)
			break;
		rc = document(w, name, x, err);
	}
	return rc;
}

/* --- checking --- */

/* As the partner will judge it: with its guides, and its characters. */
static enum tally_rc
check(struct writing *w, struct tally_str bytes, struct tally_err *err)
{
	const struct site_partner *p = w->judging.partner;
	struct tally_judge_options options = { .limits = &tally_limits_default,
		.dictionary = &w->judging.dictionary->d,
		.characters =
		    p != NULL ? p->characters : TALLY_CHARACTERS_ANY };
	const struct report report = { .file = "what would be written",
		.json = w->in->json };
	const struct tally_interchange_judged *ic = NULL;
	const struct tally_findings *f;
	struct tally_judge *judge = NULL;
	enum tally_rc rc;

	w->judging.choice = (struct guides_choice){
		.guides = w->judging.guides, .partner = p, .sending = true
	};
	guides_judging(&options, &w->judging.choice);
	rc = tally_judge_new(&judge,
	    (struct tally_source)tally_source_str(&bytes), 0, &options, err);
	do {
		if (rc == TALLY_OK)
			rc = tally_judge_next(judge, &ic, err);
		f = tally_judge_findings(judge);
		if (rc != TALLY_OK || ic == NULL || f->errors == 0)
			continue;
		w->wrong = true;
		report_interchange(&w->report, &report, ic, f);
		flush(w);
	} while (rc == TALLY_OK && ic != NULL);
	tally_judge_free(judge);
	return rc;
}

/* --- the whole --- */

static enum tally_rc
draw(void *ctx, const char *level, const char *sender, const char *receiver,
    uint32_t *number, struct tally_err *err)
{
	struct writing *w = ctx;

	return store_control_next(
	    w->store, level, sender, receiver, number, err);
}

/* Numbers that are drawn count only when all that they number is written. */
static enum tally_rc
end(struct writing *w, struct tally_err *err)
{
	struct tally_str bytes;
	enum tally_rc rc = compose_end(w->compose, &bytes, err);

	if (rc == TALLY_OK && bytes.n > 0 && !w->wrong)
		rc = check(w, bytes, err);
	if (rc != TALLY_OK || w->wrong)
		return rc;
	if (w->store != NULL)
		rc = store_commit(w->store, err);
	if (rc == TALLY_OK && bytes.n > 0)
		fwrite(bytes.p, 1, bytes.n, stdout);
	return rc;
}

static int
work(struct writing *w, char **file)
{
	static char standard_input[] = "-";
	char *only[] = { standard_input, NULL };
	struct tally_err err;
	enum tally_rc rc;
	int status = EX_OK;

	for (file = *file != NULL ? file : only; *file != NULL; file++)
		if (read_file(w, *file, &err) != TALLY_OK) {
			status = command_fail(&err);
			w->wrong = true;
		}
	rc = end(w, &err);
	if (rc != TALLY_OK)
		status = command_fail(&err);
	if (status == EX_OK && w->wrong)
		status = EX_DATAERR;
	return status;
}

/* The store, in a transaction, where numbers are to be drawn. */
static enum tally_rc
open_store(struct writing *w, struct tally_err *err)
{
	enum tally_rc rc;

	if (w->judging.partner == NULL || w->options.asked.control != 0)
		return TALLY_OK;
	rc = store_open(&w->store, w->judging.site->dir, STORE_WRITE,
	    maps_model(w->judging.maps), err);
	if (rc == TALLY_OK)
		rc = store_begin(w->store, err);
	w->options.number = draw;
	w->options.ctx = w;
	return rc;
}

static int
run_with(struct writing *w, char **file)
{
	struct compose_options *o = &w->options;
	struct tally_err err;
	enum tally_rc rc = judging_load(&w->judging, w->in->dir, &err);
	int status;

	if (rc == TALLY_OK)
		rc = judging_maps(&w->judging, w->in->dir, o->asked.map, &err);
	if (rc == TALLY_OK)
		rc = open_store(w, &err);
	o->maps = w->judging.maps;
	o->partner = w->judging.partner;
	o->lookups = w->judging.lookups;
	o->max = OUTPUT_MAX;
	if (rc == TALLY_OK) {
		o->dictionary = &w->judging.dictionary->d;
		rc = compose_new(&w->compose, o, &err);
	}
	status = rc == TALLY_OK ? work(w, file) : command_fail(&err);
	compose_free(w->compose);
	store_close(w->store);
	judging_free(&w->judging);
	return status;
}

/* --- options --- */

/* QUALIFIER/ID. */
static bool
take_id(const char *v, char qualifier[3], const char **q, const char **id)
{
	if (strlen(v) < 4 || strlen(v) > 18 || v[2] != '/')
		return false;
	memcpy(qualifier, v, 2);
	*q = qualifier;
	*id = v + 3;
	return true;
}

static bool
take_separators(struct writing *w, const char *v)
{
	size_t n = strlen(v);

	if (n != 3 && n != 4)
		return false;
	w->separators = (struct tally_separators){ (unsigned char)v[0],
		(unsigned char)v[1], (unsigned char)v[2], (unsigned char)v[3] };
	w->options.asked.separators = &w->separators;
	return tally_separators_ok(&w->separators);
}

static bool
take_line_end(struct writing *w, const char *v)
{
	static const char *const words[] = { "none", "lf", "crlf" };

	for (unsigned i = 0; i < 3; i++)
		if (strcmp(words[i], v) == 0) {
			w->line_end = (enum site_line_end)i;
			w->options.asked.line_end = &w->line_end;
			return true;
		}
	return false;
}

static bool
take_replacement(struct writing *w, const char *v)
{
	w->replacement[0] = strcmp(v, "none") == 0 ? '\0' : *v;
	w->options.asked.replacement = w->replacement;
	return strcmp(v, "none") == 0 ||
	    (strlen(v) == 1 && *v >= ' ' && *v <= '~');
}

static bool
take_usage(struct writing *w, const char *v)
{
	w->options.asked.usage = *v == 't' ? 'T' : 'P';
	return strcmp(v, "test") == 0 || strcmp(v, "production") == 0;
}

static bool
take_control(struct writing *w, const char *v)
{
	char *rest;
	unsigned long n = strtoul(v, &rest, 10);

	w->options.asked.control = (uint32_t)n;
	return *v >= '0' && *v <= '9' && *rest == '\0' && n > 0 &&
	    n <= 999999999;
}

static bool
take_sender(struct writing *w, const char *v)
{
	struct compose_asked *a = &w->options.asked;

	return take_id(
	    v, w->sender_qualifier, &a->sender_qualifier, &a->sender);
}

static bool
take_receiver(struct writing *w, const char *v)
{
	struct compose_asked *a = &w->options.asked;

	return take_id(
	    v, w->receiver_qualifier, &a->receiver_qualifier, &a->receiver);
}

static bool
take_map(struct writing *w, const char *v)
{
	w->options.asked.map = v;
	return *v != '\0';
}

static bool
take_version(struct writing *w, const char *v)
{
	w->options.asked.version = v;
	return *v != '\0';
}

static bool
take_hierarchy(struct writing *w, const char *v)
{
	w->options.asked.hierarchy = v;
	return *v != '\0';
}

static const struct {
	const char *name;
	bool (*take)(struct writing *, const char *value);
	const char *expected;
} options[] = {
	{ "--sender=", take_sender,
	    "--sender is QUALIFIER/ID as ZZ/MYCOMPANY" },
	{ "--receiver=", take_receiver,
	    "--receiver is QUALIFIER/ID as 01/123456789" },
	{ "--map=", take_map, "--map is the name of a map" },
	{ "--version=", take_version, "--version is one such as 004010" },
	{ "--hierarchy=", take_hierarchy,
	    "--hierarchy is codes of levels such as \"S O P I\"" },
	{ "--usage=", take_usage, "--usage is production or test" },
	{ "--separators=", take_separators,
	    "--separators is three or four different characters, no letters, "
	    "digits or blanks" },
	{ "--line-end=", take_line_end, "--line-end is none, lf or crlf" },
	{ "--replacement=", take_replacement,
	    "--replacement is one printable character, or none" },
	{ "--control=", take_control,
	    "--control is a number from 1 to 999999999" },
};

static int
take_option(struct writing *w, int argc, char **argv, int *i)
{
	for (size_t k = 0; k < sizeof(options) / sizeof(options[0]); k++) {
		size_t n = strlen(options[k].name);

		if (strncmp(argv[*i], options[k].name, n) != 0)
			continue;
		return options[k].take(w, argv[*i] + n)
		    ? EX_OK
		    : command_usage(&command_write, options[k].expected);
	}
	return judging_option(&w->judging, argc, argv, i)
	    ? EX_OK
	    : command_usage(&command_write, "there is no such option");
}

static int
run(const struct invocation *in, int argc, char **argv)
{
	struct writing w = { .in = in };
	int i = 1, status = EX_OK;

	for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		status = take_option(&w, argc, argv, &i);
		if (status != EX_OK)
			return status;
	}
	flow_clock_x12(
	    flow_clock_now(&in->clock), w.options.date, w.options.time);
	tally_findings_init(&w.findings, tally_limits_default.findings_set);
	tally_buf_init(&w.input, INPUT_MAX);
	tally_buf_init(&w.report, REPORT_MAX);
	tally_arena_init(&w.tree, TREE_MAX);
	status = run_with(&w, argv + i);
	tally_arena_free(&w.tree);
	tally_buf_free(&w.report);
	tally_buf_free(&w.input);
	tally_findings_free(&w.findings);
	return status;
}

const struct command command_write = {
	.name = "write",
	.synopsis = "[--sender=Q/ID] [--receiver=Q/ID] [--control=N] "
		    "[--usage=WORD] [--map=NAME] [--version=V] "
		    "[--hierarchy=CODES] [--separators=CHARS] "
		    "[--line-end=WORD] [--replacement=C] " JUDGING_SYNOPSIS
		    " [FILE...]",
	.summary = "write records as X12: the inverse of read",
	.run = run,
};
