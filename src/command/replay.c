/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman replay: documents again, from the bytes that were kept.
 *
 * JSON: an object a line for each document ("type":"document") and each
 * acknowledgement that was compared ("type":"acknowledgement"), with
 * "interchange", "document", "changed", "why" and, with --diff, "removed" and
 * "added", lists of lines; at the end "type":"total" with "documents",
 * "changed", "acknowledgements", "acknowledgements_changed", "refused",
 * "applied" and "status".
 */
#include "command/command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/text.h"
#include "command/rows.h"
#include "command/select.h"
#include "flow/flow.h"

#define OUTPUT_MAX ((size_t)256 << 20)

struct replaying {
	const struct invocation *in;
	bool diff, dry, acknowledge;
	struct select select;
	int64_t *id; /* owned */
	size_t n, cap;
	bool no_memory;
	const int64_t *interchange; /* only of these, rising; null: any */
	size_t ninterchange;
	struct tally_buf out;
	uint64_t documents, changed, answers, answers_changed, refused;
	struct flow f;
};

static void
add(struct replaying *r, int64_t id)
{
	size_t cap = r->cap * 2 + 16;
	int64_t *v;

	if (r->n == r->cap) {
		v = tally_realloc(r->id, cap * sizeof(*v));
		r->no_memory |= v == NULL;
		if (v == NULL)
			return;
		r->id = v;
		r->cap = cap;
	}
	r->id[r->n++] = id;
}

static int
by_number(const void *left, const void *right)
{
	const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return a < b ? -1 : a > b;
}

static void
add_row(void *ctx, int n, const char *const *names, const char *const *values)
{
	const struct rows_row row = { n, names, values };
	struct replaying *r = ctx;
	int64_t id, interchange;

	if (strcmp(rows_get(&row, "direction"), "in") != 0 ||
	    !select_number(rows_get(&row, "id"), &id) ||
	    !select_number(rows_get(&row, "interchange"), &interchange))
		return;
	if (r->interchange == NULL ||
	    bsearch(&interchange, r->interchange, r->ninterchange,
		sizeof(interchange), by_number) != NULL)
		add(r, id);
}

/* The next line of text, without its end; false at the end.  An
 * acknowledgement's lines are its segments. */
static bool
next_line(struct tally_str *text, char end, struct tally_str *line)
{
	const char *p;

	if (text->n == 0)
		return false;
	p = memchr(text->p, end, text->n);
	line->p = text->p;
	line->n = p != NULL ? (size_t)(p - text->p) : text->n;
	text->p += line->n + (p != NULL);
	text->n -= line->n + (p != NULL);
	return true;
}

/* The lines of a text, to be found by their hash. */
struct lines {
	struct tally_str *slot; /* owned; p null: empty */
	size_t mask;
};

static size_t
hash_line(struct tally_str line)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < line.n; i++)
		h = (h ^ (unsigned char)line.p[i]) * 1099511628211u;
	return (size_t)(h ^ h >> 29);
}

/* Where the line is, or could be put. */
static struct tally_str *
find_line(const struct lines *l, struct tally_str line)
{
	size_t at = hash_line(line) & l->mask;

	while (l->slot[at].p != NULL && !tally_str_eq(l->slot[at], line))
		at = (at + 1) & l->mask;
	return &l->slot[at];
}

/* False when there is no memory. */
static bool
gather_lines(struct lines *l, struct tally_str text, char end)
{
	struct tally_str rest = text, line;
	size_t n = 0;

	while (next_line(&rest, end, &line))
		n++;
	l->mask = 15;
	while (l->mask < 2 * n)
		l->mask = l->mask * 2 + 1;
	l->slot = tally_calloc(l->mask + 1, sizeof(*l->slot));
	while (l->slot != NULL && next_line(&text, end, &line))
		*find_line(l, line) = line;
	return l->slot != NULL;
}

static void
put_line(struct replaying *r, char sign, struct tally_str line, bool any)
{
	if (r->in->json) {
		tally_buf_puts(&r->out, any ? "," : "");
		tally_text_json(&r->out, line);
	} else {
		tally_buf_printf(&r->out, "  %c ", sign);
		tally_text_safe(&r->out, line);
		tally_buf_putc(&r->out, '\n');
	}
}

/* The lines of a that b has not. */
static void
put_lines(struct replaying *r, char sign, struct tally_str a,
    struct tally_str b, char end)
{
	struct tally_str line;
	struct lines l;
	bool any = false;

	if (!gather_lines(&l, b, end)) {
		r->out.failed = true;
		return;
	}
	while (next_line(&a, end, &line)) {
		if (find_line(&l, line)->p != NULL)
			continue;
		put_line(r, sign, line, any);
		any = true;
	}
	tally_free(l.slot);
}

static void
tell_json(struct replaying *r, const struct flow_replayed *t, char end)
{
	struct tally_buf *b = &r->out;

	tally_buf_printf(b, "{\"type\":\"%s\",\"interchange\":%" PRId64,
	    t->document != 0 ? "document" : "acknowledgement", t->interchange);
	if (t->document != 0)
		tally_buf_printf(b, ",\"document\":%" PRId64, t->document);
	tally_buf_printf(
	    b, ",\"changed\":%s,\"why\":", t->changed ? "true" : "false");
	if (t->why != NULL)
		tally_text_json(b, tally_cstr(t->why));
	else
		tally_buf_puts(b, "null");
	if (r->diff) {
		tally_buf_puts(b, ",\"removed\":[");
		put_lines(r, '-', t->before, t->after, end);
		tally_buf_puts(b, "],\"added\":[");
		put_lines(r, '+', t->after, t->before, end);
		tally_buf_putc(b, ']');
	}
	tally_buf_puts(b, "}\n");
}

static void
tell_text(struct replaying *r, const struct flow_replayed *t, char end)
{
	struct tally_buf *b = &r->out;

	if (!t->changed && t->why == NULL)
		return;
	if (t->document != 0)
		tally_buf_printf(b, "document %" PRId64, t->document);
	else
		tally_buf_printf(b, "acknowledgement of interchange %" PRId64,
		    t->interchange);
	if (t->why != NULL)
		tally_buf_printf(b, " is left as it is: %s\n", t->why);
	else
		tally_buf_printf(b, " differs\n");
	if (r->diff && t->changed) {
		put_lines(r, '-', t->before, t->after, end);
		put_lines(r, '+', t->after, t->before, end);
	}
}

static void
told(void *ctx, const struct flow_replayed *t)
{
	struct replaying *r = ctx;
	const char end = t->document != 0 ? '\n' : '~';

	r->refused += t->why != NULL;
	if (t->document != 0) {
		r->documents++;
		r->changed += t->changed;
	} else {
		r->answers++;
		r->answers_changed += t->changed;
	}
	tally_buf_reset(&r->out);
	if (r->in->json)
		tell_json(r, t, end);
	else
		tell_text(r, t, end);
	r->no_memory |= r->out.failed;
	if (r->out.n > 0 && (r->in->json || !r->in->quiet))
		fwrite(r->out.p, 1, r->out.n, stdout);
}

static int
total(struct replaying *r)
{
	int status = r->refused > 0 ? EXIT_ATTENTION : EX_OK;

	if (r->dry && r->changed + r->answers_changed > 0)
		status = EXIT_ATTENTION;
	if (r->in->json)
		printf("{\"type\":\"total\",\"documents\":%" PRIu64
		       ",\"changed\":%" PRIu64 ",\"acknowledgements\":%" PRIu64
		       ",\"acknowledgements_changed\":%" PRIu64
		       ",\"refused\":%" PRIu64 ",\"applied\":%s"
		       ",\"status\":%d}\n",
		    r->documents, r->changed, r->answers, r->answers_changed,
		    r->refused, r->dry ? "false" : "true", status);
	else if (!r->in->quiet)
		printf("documents: %" PRIu64 ", %s: %" PRIu64
		       "; acknowledgements: %" PRIu64 ", different: %" PRIu64
		       "%s\n",
		    r->documents, r->dry ? "different" : "replaced", r->changed,
		    r->answers, r->answers_changed,
		    r->dry               ? "; nothing was changed"
			: r->acknowledge ? "; queued"
			: r->answers_changed > 0
			? "; --acknowledge sends the new ones"
			: "");
	return status;
}

/* In order, each once. */
static void
sort(struct replaying *r)
{
	size_t n = 0;

	if (r->n > 0)
		qsort(r->id, r->n, sizeof(*r->id), by_number);
	for (size_t i = 0; i < r->n; i++)
		if (n == 0 || r->id[n - 1] != r->id[i])
			r->id[n++] = r->id[i];
	r->n = n;
}

/* Adds the other documents of the interchanges: an acknowledgement speaks of
 * them all. */
static enum tally_rc
complete(struct replaying *r, struct tally_err *err)
{
	static const struct store_filter any;
	int64_t *interchange = tally_calloc(r->n + 1, sizeof(*interchange));
	struct store_had had;
	bool found;
	enum tally_rc rc = TALLY_OK;

	if (interchange == NULL)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	for (size_t i = 0; i < r->n && rc == TALLY_OK; i++) {
		rc =
		    store_document_get(r->f.store, r->id[i], &had, &found, err);
		if (rc == TALLY_OK && found)
			interchange[r->ninterchange++] = had.interchange;
	}
	if (r->ninterchange > 0)
		qsort(interchange, r->ninterchange, sizeof(*interchange),
		    by_number);
	r->interchange = interchange;
	if (rc == TALLY_OK)
		rc = store_list(
		    r->f.store, STORE_LIST_DOCUMENTS, &any, add_row, r, err);
	r->interchange = NULL;
	tally_free(interchange);
	return rc;
}

static enum tally_rc
choose(struct replaying *r, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	if (r->select.filtered)
		rc = store_list(r->f.store, STORE_LIST_DOCUMENTS,
		    &r->select.filter, add_row, r, err);
	if (rc == TALLY_OK && r->acknowledge)
		rc = complete(r, err);
	if (rc == TALLY_OK && r->no_memory)
		rc = tally_err_set(err, TALLY_NOMEM, "out of memory");
	sort(r);
	return rc;
}

static int
work(struct replaying *r)
{
	struct flow_replay asked = { .apply = !r->dry,
		.acknowledge = r->acknowledge,
		.tell = told,
		.ctx = r };
	struct tally_err err;
	enum tally_rc rc;

	log_begin(&r->f.log, r->in->quiet, r->in->verbose);
	rc = flow_begin(&r->f, r->in->dir, FLOW_WORK, &err);
	if (rc != TALLY_OK)
		return command_fail(&err);
	rc = choose(r, &err);
	asked.id = r->id;
	asked.n = r->n;
	if (rc == TALLY_OK)
		rc = flow_replay(&r->f, &asked, &err);
	flow_end(&r->f);
	if (rc == TALLY_OK && r->no_memory)
		rc = tally_err_set(&err, TALLY_NOMEM,
		    "there is no memory to tell all that changes");
	return rc == TALLY_OK ? total(r) : command_fail(&err);
}

static bool
read_arguments(struct replaying *r, int argc, char **argv, const char **why)
{
	bool yes = false;
	int64_t id;

	for (int i = 1; i < argc && *why == NULL; i++) {
		if (strcmp(argv[i], "--diff") == 0)
			r->diff = r->dry = true;
		else if (strcmp(argv[i], "--dry-run") == 0)
			r->dry = true;
		else if (strcmp(argv[i], "--yes") == 0)
			yes = true;
		else if (strcmp(argv[i], "--acknowledge") == 0)
			r->acknowledge = true;
		else if (argv[i][0] == '-') {
			if (!select_option(&r->select, &r->in->clock, argc,
				argv, &i, why) &&
			    *why == NULL)
				*why = "there is no such option";
		} else if (select_number(argv[i], &id))
			add(r, id);
		else
			*why = "the numbers of documents are expected";
	}
	if (*why == NULL && r->select.filtered && r->n > 0)
		*why = "name numbers, or filter, not both";
	if (*why == NULL && !r->select.filtered && r->n == 0)
		*why = "which is missing: numbers of documents, or a filter";
	if (*why == NULL &&
	    (r->select.by & ~store_filters(STORE_LIST_DOCUMENTS)) != 0)
		*why = "documents have no mailbox; filter them otherwise";
	r->dry |= r->select.filtered && !yes;
	return *why == NULL;
}

static int
run(const struct invocation *in, int argc, char **argv)
{
	struct replaying r = { .in = in, .f = { .clock = in->clock } };
	const char *why = NULL;
	int status;

	tally_buf_init(&r.out, OUTPUT_MAX);
	status = read_arguments(&r, argc, argv, &why)
	    ? work(&r)
	    : command_usage(&command_replay, why);
	tally_buf_free(&r.out);
	tally_free(r.id);
	return status;
}

const struct command command_replay = {
	"replay",
	"[--dry-run | --diff] [--acknowledge] ID...\n"
	"       tallyman replay [--state=S] [--partner=NAME] [--set=ID]\n"
	"    [--file=N] [--since=TIME] [--before=TIME] [--diff]\n"
	"    [--acknowledge] [--yes]",
	"make documents anew from the bytes that were kept",
	run,
};
