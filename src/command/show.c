/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman show: a document as a person reads it.
 *
 * Sets are printed as the judge comes to them, each with its findings at
 * their places; what is known of an envelope only at its end follows behind.
 * With --json: the segments, then what validate --json prints.
 */
#include "command/show.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/text.h"
#include "command/command.h"
#include "command/input.h"
#include "command/judging.h"

/* Of one segment, which the limits bound, or of all findings. */
#define OUTPUT_MAX ((size_t)256 << 20)
#define NOWHERE    UINT64_MAX

struct showing {
	struct judging judging;
	struct report report;
	const struct tally_judge *judge; /* borrowed, null while it is made */
	struct tally_buf out;
	uint64_t interchange, group; /* offsets of those begun */
	uint32_t interchanges;
};

static enum tally_rc
flush(struct showing *sh, struct tally_err *err)
{
	if (sh->out.failed)
		return tally_err_set(err, TALLY_NOMEM,
		    "there is no memory to show %s", sh->report.file);
	if (sh->out.n > 0)
		fwrite(sh->out.p, 1, sh->out.n, stdout);
	tally_buf_reset(&sh->out);
	return TALLY_OK;
}

/* A word of ours and one of an outsider's, escaped. */
static void
words(struct tally_buf *b, const char *label, const char *value)
{
	struct tally_str v = tally_cstr(value);

	tally_buf_printf(b, " %s ", label);
	tally_text_safe(b, v.n > 0 ? v : TALLY_STR("?"));
}

static void
address(struct tally_buf *b, const char *label, const char *qualifier,
    const char *id)
{
	words(b, label, qualifier);
	tally_buf_putc(b, '/');
	tally_text_safe(b, tally_cstr(*id != '\0' ? id : "?"));
}

static void
begin_interchange(struct showing *sh, const struct tally_interchange_judged *ic)
{
	struct tally_buf *b = &sh->out;

	tally_buf_puts(b, "interchange");
	words(b, "number", ic->control);
	address(b, "from", ic->sender_qualifier, ic->sender);
	address(b, "to", ic->receiver_qualifier, ic->receiver);
	words(b, "of", ic->date);
	words(b, "at", ic->time);
	words(b, "version", ic->version);
	tally_buf_puts(b, ic->usage == 'T' ? " (a test)\n" : "\n");
}

static void
begin_group(struct showing *sh, const struct tally_group_judged *g)
{
	struct tally_buf *b = &sh->out;

	tally_buf_puts(b, "group");
	words(b, "number", g->control);
	words(b, "of", g->functional);
	words(b, "from", g->sender);
	words(b, "to", g->receiver);
	words(b, "version", g->version);
	tally_buf_putc(b, '\n');
}

static void
begin_set(struct showing *sh, const struct tally_visit *v,
    const struct tally_version *version)
{
	const struct tally_set_spec *spec = NULL;
	struct tally_buf *b = &sh->out;

	if (version != NULL)
		spec = tally_set_find(version, tally_cstr(v->judged->id));
	tally_buf_puts(b, "set");
	words(b, "number", v->judged->control);
	words(b, "of", v->judged->id);
	if (spec != NULL)
		tally_buf_printf(b, " (%s)", spec->name);
	tally_buf_printf(b, ": %s\n", report_verdict(v->judged->verdict));
}

static int
by_place(const void *left, const void *right)
{
	const struct tally_finding *a =
	    *(const struct tally_finding *const *)left;
	const struct tally_finding *b =
	    *(const struct tally_finding *const *)right;

	if (a->segment != b->segment)
		return a->segment < b->segment ? -1 : 1;
	if (a->element != b->element)
		return a->element < b->element ? -1 : 1;
	return a < b ? -1 : a > b;
}

/* Marks what has no place in the set; gives the rest in order of place. */
static enum tally_rc
gather(const struct tally_finding ***out, size_t *n, struct showing *sh,
    struct tally_span span, struct tally_err *err)
{
	const struct tally_findings *list = tally_judge_findings(sh->judge);
	const struct tally_finding **v, *f;

	*n = 0;
	v = tally_calloc(span.n + 1, sizeof(*v));
	if (v == NULL)
		return tally_err_set(err, TALLY_NOMEM,
		    "there is no memory to show %s", sh->report.file);
	for (size_t i = span.first; i < span.first + span.n && i < list->n;
	     i++) {
		f = &list->v[i];
		if (f->segment == 0)
			show_text_mark(&sh->out, &sh->report, f);
		else
			v[(*n)++] = f;
	}
	qsort(v, *n, sizeof(*v), by_place);
	*out = v;
	return TALLY_OK;
}

static enum tally_rc
segments_text(struct showing *sh, struct show_set *s, struct tally_err *err)
{
	const struct tally_finding **v = NULL;
	enum tally_rc rc;
	size_t first = 0, last = 0, n;

	rc = gather(&v, &n, sh, s->visit->judged->findings, err);
	if (rc != TALLY_OK)
		return rc;
	s->finding = v;
	s->nfinding = n;
	for (uint32_t i = 0; i < s->visit->set->nsegment && rc == TALLY_OK;
	     i++) {
		while (last < n && v[last]->segment <= i + 1)
			last++;
		show_text_segment(&sh->out, s, i, first, last);
		first = last;
		rc = flush(sh, err);
	}
	/* About a segment that should have followed the last. */
	for (; first < n; first++)
		show_text_mark(&sh->out, &sh->report, v[first]);
	tally_free(v);
	return rc;
}

static enum tally_rc
segments_json(
    struct showing *sh, const struct show_set *s, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	for (uint32_t i = 0; i < s->visit->set->nsegment && rc == TALLY_OK;
	     i++) {
		show_json_segment(&sh->out, s, i);
		rc = flush(sh, err);
	}
	return rc;
}

static enum tally_rc
visit(void *ctx, const struct tally_visit *v, struct tally_err *err)
{
	struct showing *sh = ctx;
	struct show_set s = { .report = &sh->report, .visit = v };
	enum tally_rc rc;

	s.version = tally_version_find(
	    &sh->judging.dictionary->d, tally_cstr(v->group->read_as));
	if (sh->report.json)
		return v->set == NULL ? TALLY_OK : segments_json(sh, &s, err);
	if (sh->interchange != v->interchange->offset) {
		begin_interchange(sh, v->interchange);
		sh->group = NOWHERE;
	}
	sh->interchange = v->interchange->offset;
	if (sh->group != v->group->offset)
		begin_group(sh, v->group);
	sh->group = v->group->offset;
	begin_set(sh, v, s.version);
	rc = v->set == NULL ? TALLY_OK : segments_text(sh, &s, err);
	return rc == TALLY_OK ? flush(sh, err) : rc;
}

static void
marks(struct showing *sh, const struct tally_findings *list,
    struct tally_span span)
{
	for (size_t i = span.first; i < span.first + span.n && i < list->n; i++)
		show_text_mark(&sh->out, &sh->report, &list->v[i]);
}

static void
end_interchange(struct showing *sh, const struct tally_interchange_judged *ic,
    const struct tally_findings *list)
{
	struct tally_buf *b = &sh->out;

	if (sh->interchange != ic->offset)
		begin_interchange(sh, ic); /* it has no sets */
	for (uint32_t i = 0; i < ic->ngroup; i++) {
		tally_buf_puts(b, "end of group");
		words(b, "number", ic->group[i].control);
		tally_buf_printf(b,
		    ": %s, %" PRIu32 " of %" PRIu32 " sets accepted\n",
		    report_verdict(ic->group[i].verdict), ic->group[i].accepted,
		    ic->group[i].received);
		marks(sh, list, ic->group[i].findings);
	}
	tally_buf_puts(b, "end of interchange");
	words(b, "number", ic->control);
	tally_buf_printf(b, ": %s\n", report_verdict(ic->verdict));
	marks(sh, list, ic->findings);
}

static enum tally_rc
interchange(struct showing *sh, const struct tally_interchange_judged *ic,
    struct tally_err *err)
{
	const struct tally_findings *list = tally_judge_findings(sh->judge);

	sh->interchanges += ic != NULL;
	if (ic != NULL && sh->report.json)
		report_interchange(&sh->out, &sh->report, ic, list);
	else if (ic != NULL)
		end_interchange(sh, ic, list);
	report_outside(&sh->out, &sh->report, ic, list);
	sh->interchange = sh->group = NOWHERE;
	return flush(sh, err);
}

static enum tally_rc
show_file(struct showing *sh, struct tally_err *err)
{
	struct tally_judge_options options = { .visit = visit, .ctx = sh };
	const struct tally_interchange_judged *ic = NULL;
	struct tally_judge *judge = NULL;
	struct input input;
	enum tally_rc rc;

	rc = input_open(&input, sh->report.file, err);
	if (rc != TALLY_OK)
		return rc;
	judging_options(&sh->judging, &options);
	rc = tally_judge_new(&judge, input_source(&input), 0, &options, err);
	sh->judge = judge;
	while (rc == TALLY_OK) {
		rc = tally_judge_next(judge, &ic, err);
		if (rc == TALLY_OK)
			rc = interchange(sh, ic, err);
		if (ic == NULL)
			break;
	}
	tally_judge_free(judge);
	input_close(&input);
	return rc;
}

static int
show(const struct invocation *in, int argc, char **argv)
{
	struct showing sh = { .report = { .json = in->json,
				  .color = in->color },
		.interchange = NOWHERE,
		.group = NOWHERE };
	struct tally_err err;
	enum tally_rc rc;
	int i = 1;

	for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
		if (strcmp(argv[i], "--json") == 0)
			sh.report.json = true;
		else if (strcmp(argv[i], "--guide") == 0 && i + 1 == argc)
			return command_usage(
			    &command_show, "--guide needs the file of a guide");
		else if (!judging_option(&sh.judging, argc, argv, &i))
			return command_usage(
			    &command_show, "there is no such option");
	}
	if (argc - i != 1)
		return command_usage(
		    &command_show, "one file is expected; - is standard input");
	sh.report.file = argv[i];
	rc = judging_load(&sh.judging, in->dir, &err);
	tally_buf_init(&sh.out, OUTPUT_MAX);
	if (rc == TALLY_OK)
		rc = show_file(&sh, &err);
	tally_buf_free(&sh.out);
	judging_free(&sh.judging);
	if (rc != TALLY_OK)
		return command_fail(&err);
	return sh.interchanges > 0 ? EX_OK : EX_DATAERR;
}

const struct command command_show = {
	.name = "show",
	.synopsis = JUDGING_SYNOPSIS " [--json] FILE",
	.summary = "print a document with its names, codes and findings",
	.run = show,
};
