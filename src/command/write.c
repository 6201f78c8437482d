/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman write: canonical records to X12, the inverse of read.
 *
 * Takes the lines that read prints, or such as others make.  What is written
 * is judged as a partner would judge it before anybody sees it: with an error
 * anywhere nothing is written, everything is told on standard error, and the
 * exit status is 65.
 *
 * Or takes documents from the store, as they were recorded or made into others
 * by a script.  With --send what is written is queued for the partner's mailbox
 * instead of printed, each interchange as a file.
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
#include "command/writing.h"
#include "flow/report.h"
#include "tallyman/judge.h"

#define INPUT_MAX  ((size_t)256 << 20)
#define OUTPUT_MAX ((size_t)256 << 20)
#define TREE_MAX   ((size_t)1 << 30)
#define REPORT_MAX ((size_t)256 << 20)

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

/* --- documents of the store --- */

static enum tally_rc
stored(struct writing *w, int64_t id, struct tally_err *err)
{
	const struct store_script script = { w->script, w->set,
		tally_buf_view(&w->sql) };
	const struct tally_json *x = NULL;
	struct tally_json_reader r;
	char name[64];
	bool found;
	enum tally_rc rc;

	snprintf(name, sizeof(name), "document %" PRId64, id);
	tally_buf_reset(&w->input);
	rc = store_document_line(w->store, id,
	    w->script != NULL ? &script : NULL, &w->input, &found, err);
	if (rc == TALLY_OK && !found)
		rc = tally_err_set(err, TALLY_DATA,
		    "there is no %s; \"tallyman list documents\" says which "
		    "there are",
		    name);
	tally_arena_reset(&w->tree);
	tally_json_begin(&r, name, tally_buf_view(&w->input));
	if (rc == TALLY_OK)
		rc = tally_json_next(&r, &w->tree, &x, err);
	return rc == TALLY_OK ? document(w, name, x, err) : rc;
}

static enum tally_rc
read_stored(struct writing *w, struct tally_err *err)
{
	struct input input;
	int64_t id;
	enum tally_rc rc = TALLY_OK;

	if (w->script != NULL) {
		rc = input_open(&input, w->script, err);
		if (rc != TALLY_OK)
			return rc;
		rc = input_slurp(&input, &w->sql, err);
		input_close(&input);
	}
	for (int i = 1; i < w->argc && rc == TALLY_OK; i++)
		if ((id = writing_document(w->argv[i])) != 0)
			rc = stored(w, id, err);
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
		.characters = p != NULL ? p->characters : TALLY_CHARACTERS_ANY,
		.visit = w->send ? writing_sends_set : NULL,
		.ctx = w };
	const struct report report = { .file = "what would be written",
		.json = w->in->json };
	const struct tally_interchange_judged *ic = NULL;
	const struct tally_findings *f;
	const struct tally_str all = bytes; /* which the judge reads up */
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
		if (rc == TALLY_OK && ic != NULL && f->errors == 0 && w->send)
			rc = writing_sends(w, ic, all, err);
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
	if (w->options.number != NULL || w->send)
		rc = store_commit(w->store, err);
	if (w->send)
		bytes = tally_buf_view(&w->sent);
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

	if (w->ndocument > 0) {
		if (read_stored(w, &err) != TALLY_OK) {
			status = command_fail(&err);
			w->wrong = true;
		}
	} else
		file = *file != NULL ? file : only;
	for (; *file != NULL; file++)
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

	bool drawn =
	    w->judging.partner != NULL && w->options.asked.control == 0;
	bool writes = drawn || w->send;
	char *dir = NULL;

	if (!writes && w->ndocument == 0)
		return TALLY_OK;
	rc = site_find(&dir, w->in->dir, err);
	if (rc == TALLY_OK)
		rc = store_open(&w->store, dir,
		    writes ? STORE_WRITE : STORE_READ,
		    maps_model(w->judging.maps), err);
	tally_free(dir);
	if (rc == TALLY_OK && writes)
		rc = store_begin(w->store, err);
	if (drawn)
		w->options.number = draw;
	w->options.ctx = w;
	return rc;
}

/* The partner's first mailbox that something can be put into. */
static enum tally_rc
find_mailbox(struct writing *w, struct tally_err *err)
{
	const struct site *s = w->judging.site;

	for (size_t i = 0; i < s->nmailbox && w->mailbox == NULL; i++)
		if (s->mailbox[i].partner == w->judging.partner &&
		    s->mailbox[i].push != NULL)
			w->mailbox = &s->mailbox[i];
	return w->mailbox != NULL
	    ? TALLY_OK
	    : tally_err_set(err, TALLY_CONFIG,
		  "%s: partner %s has no mailbox with a <push>: nothing can be "
		  "sent",
		  s->file, w->judging.partner->name);
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
	if (rc == TALLY_OK && w->send)
		rc = find_mailbox(w, &err);
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

static int
run(const struct invocation *in, int argc, char **argv)
{
	struct writing w = { .in = in, .argc = argc, .argv = argv };
	const char *wrong;
	int i = 1, status = EX_OK;

	for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		status = writing_option(&w, argc, argv, &i);
		if (status != EX_OK)
			return status;
	}
	wrong = writing_mismatch(&w, i < argc);
	if (wrong != NULL)
		return command_usage(&command_write, wrong);
	w.argc = i;
	flow_clock_x12(
	    flow_clock_now(&in->clock), w.options.date, w.options.time);
	tally_findings_init(&w.findings, tally_limits_default.findings_set);
	tally_buf_init(&w.input, INPUT_MAX);
	tally_buf_init(&w.report, REPORT_MAX);
	tally_buf_init(&w.sent, REPORT_MAX);
	tally_buf_init(&w.sql, INPUT_MAX);
	tally_arena_init(&w.tree, TREE_MAX);
	status = run_with(&w, argv + i);
	tally_arena_free(&w.tree);
	tally_buf_free(&w.report);
	tally_buf_free(&w.sent);
	tally_free(w.doc);
	tally_free(w.group_end);
	tally_buf_free(&w.sql);
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
		    " [--send] [--document=ID... [--script=FILE --set=SET] | "
		    "FILE...]",
	.summary = "write records as X12: the inverse of read",
	.run = run,
};
