/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman lookup: the cross-references of partners, their values and ours.
 *
 * What is set or imported goes into the store in one transaction; then the
 * documents that were held for want of it are made anew from their bytes, as
 * replay does it, and are no longer held where nothing else holds them.
 *
 * JSON: list prints objects of "type" ("table" or "entry") and the store's
 * columns, missing objects of "type" "missing"; set, remove and import one
 * object: "command", "changed", "documents", those that were held for it,
 * "released", those that no longer are, and "status".
 */
#include "command/command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/csv.h"
#include "base/text.h"
#include "command/input.h"
#include "command/rows.h"
#include "command/select.h"
#include "flow/flow.h"
#include "flow/lookups.h"

#define NAME_BYTES_MAX 40
#define VALUE_MAX      1000
#define FILE_MAX       (256u << 20)
#define PIECE_MAX      (64u << 10)
#define COMMAND_MAX    8192

struct lookup {
	const struct invocation *in;
	bool replace, spreadsheet, json;
	char **word; /* what stands behind the verb */
	int n;
	struct flow f;
	int64_t *waiting; /* documents; owned */
	size_t nwaiting, cap;
	bool no_memory;
	uint64_t changed, released;
};

/* A line of a file that is imported. */
struct row {
	struct tally_str theirs, ours;
	unsigned line;
};

/* --- what was held for it --- */

static void
add_waiting(
    void *ctx, int n, const char *const *names, const char *const *values)
{
	struct lookup *l = ctx;
	size_t cap = l->cap * 2 + 64;
	int64_t *v;

	(void)n;
	(void)names;
	if (l->nwaiting == l->cap) {
		v = tally_realloc(l->waiting, cap * sizeof(*v));
		l->no_memory |= v == NULL;
		if (v == NULL)
			return;
		l->waiting = v;
		l->cap = cap;
	}
	if (select_number(values[0], &l->waiting[l->nwaiting]))
		l->nwaiting++;
}

static void
ignore(void *ctx, const struct flow_replayed *t)
{
	(void)ctx;
	(void)t;
}

static enum tally_rc
count_released(struct lookup *l, struct tally_err *err)
{
	struct store_had had;
	bool found;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < l->nwaiting && rc == TALLY_OK; i++) {
		rc = store_document_get(
		    l->f.store, l->waiting[i], &had, &found, err);
		if (rc == TALLY_OK && found)
			l->released += strcmp(had.state, "held") != 0;
	}
	return rc;
}

/* Makes documents anew whose findings expect an entry; "" is any. */
static enum tally_rc
release(struct lookup *l, const char *expected, struct tally_err *err)
{
	struct flow_replay asked = { .apply = true, .tell = ignore };
	enum tally_rc rc;

	rc = store_lookup_waiting(l->f.store, expected, add_waiting, l, err);
	if (rc == TALLY_OK && l->no_memory)
		rc = tally_err_set(err, TALLY_NOMEM, "out of memory");
	if (rc != TALLY_OK || l->nwaiting == 0)
		return rc;
	asked.id = l->waiting;
	asked.n = l->nwaiting;
	rc = flow_replay(&l->f, &asked, err);
	return rc == TALLY_OK ? count_released(l, err) : rc;
}

static void
tell(const struct lookup *l, const char *verb)
{
	if (l->json) {
		printf("{\"command\":\"lookup %s\",\"changed\":%" PRIu64
		       ",\"documents\":%zu,\"released\":%" PRIu64
		       ",\"status\":0}\n",
		    verb, l->changed, l->nwaiting, l->released);
		return;
	}
	if (l->in->quiet)
		return;
	printf("%" PRIu64 " entries changed", l->changed);
	if (l->nwaiting > 0)
		printf("; of %zu documents that were held for want of one, "
		       "%" PRIu64 " no longer are",
		    l->nwaiting, l->released);
	putchar('\n');
}

/* --- verbs --- */

static enum tally_rc
check_words(const struct lookup *l, struct tally_err *err)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "._-";
	const char *name = l->word[1];

	if (strcmp(l->word[0], "*") != 0 &&
	    site_partner_find(l->f.site, l->word[0]) == NULL)
		return tally_err_set(err, TALLY_CONFIG,
		    "%s has no partner \"%s\"; expected the name of one, or "
		    "\"*\" for all",
		    l->f.site->file, l->word[0]);
	if (*name == '\0' || strlen(name) > NAME_BYTES_MAX ||
	    strspn(name, plain) != strlen(name))
		return tally_err_set(err, TALLY_USAGE,
		    "\"%s\" is no name of a table; expected 1 to %d letters, "
		    "digits, '.', '-' or '_', as in the map's lookup",
		    name, NAME_BYTES_MAX);
	return TALLY_OK;
}

static bool
value_ok(struct tally_str v)
{
	return v.n > 0 && v.n <= VALUE_MAX && tally_utf8_ok(v);
}

static enum tally_rc
put(struct lookup *l, struct tally_str theirs, struct tally_str ours,
    struct tally_err *err)
{
	const struct store_lookup e = { l->word[0], l->word[1], theirs, ours };
	bool changed;
	enum tally_rc rc = store_lookup_put(l->f.store, &e, &changed, err);

	l->changed += rc == TALLY_OK && changed;
	return rc;
}

/* Ends the transaction that rc speaks of. */
static enum tally_rc
finish(struct lookup *l, enum tally_rc rc, struct tally_err *err)
{
	if (rc == TALLY_OK && l->changed > 0)
		rc = store_lookup_changed(l->f.store, l->word[0], l->word[1],
		    l->changed, flow_clock_now(&l->f.clock), err);
	return store_settle(l->f.store, rc, err);
}

static enum tally_rc
run_set(struct lookup *l, struct tally_err *err)
{
	struct tally_str theirs = tally_cstr(l->word[2]);
	struct tally_str ours = tally_cstr(l->word[3]);
	struct tally_buf cause;
	enum tally_rc rc = check_words(l, err);

	if (rc == TALLY_OK && (!value_ok(theirs) || !value_ok(ours)))
		rc = tally_err_set(err, TALLY_USAGE,
		    "a value is empty, longer than %d bytes or not UTF-8",
		    VALUE_MAX);
	if (rc == TALLY_OK)
		rc = store_begin(l->f.store, err);
	if (rc != TALLY_OK)
		return rc;
	rc = finish(l, put(l, theirs, ours, err), err);
	if (rc != TALLY_OK)
		return rc;
	tally_buf_init(&cause, COMMAND_MAX);
	if (strcmp(l->word[0], "*") != 0)
		lookups_command(&cause, l->word[0], l->word[1], theirs);
	rc = release(l, cause.n > 0 ? cause.p : "", err);
	tally_buf_free(&cause);
	if (rc == TALLY_OK)
		tell(l, "set");
	return rc;
}

static enum tally_rc
run_remove(struct lookup *l, struct tally_err *err)
{
	const struct store_lookup e = { l->word[0], l->word[1],
		tally_cstr(l->word[2]), { NULL, 0 } };
	bool found;
	enum tally_rc rc = check_words(l, err);

	if (rc == TALLY_OK)
		rc = store_begin(l->f.store, err);
	if (rc != TALLY_OK)
		return rc;
	rc = store_lookup_remove(l->f.store, &e, &found, err);
	if (rc == TALLY_OK && !found)
		rc = tally_err_set(err, TALLY_NOINPUT,
		    "table %s of %s has no entry for \"%s\"", l->word[1],
		    l->word[0], l->word[2]);
	l->changed = 1;
	rc = finish(l, rc, err);
	if (rc == TALLY_OK)
		tell(l, "remove");
	return rc;
}

/* --- files --- */

static int
by_theirs(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	size_t n = a->theirs.n < b->theirs.n ? a->theirs.n : b->theirs.n;
	int c = memcmp(a->theirs.p, b->theirs.p, n);

	if (c == 0)
		c = (a->theirs.n > b->theirs.n) - (a->theirs.n < b->theirs.n);
	return c != 0 ? c : (a->line > b->line) - (a->line < b->line);
}

/* One value of theirs has one of ours. */
static enum tally_rc
check_rows(struct row *v, size_t n, const char *file, struct tally_err *err)
{
	qsort(v, n, sizeof(*v), by_theirs);
	for (size_t i = 1; i < n; i++)
		if (tally_str_eq(v[i].theirs, v[i - 1].theirs) &&
		    !tally_str_eq(v[i].ours, v[i - 1].ours))
			return tally_err_at(err, TALLY_DATA, file, v[i].line,
			    "\"%.*s\" has another value in line %u; drop one "
			    "of the two",
			    (int)v[i].theirs.n, v[i].theirs.p, v[i - 1].line);
	return TALLY_OK;
}

static enum tally_rc
read_row(struct tally_csv *c, struct tally_arena *a, size_t theirs,
    struct row *row, bool *end, struct tally_err *err)
{
	struct tally_str field[2];
	size_t n;
	enum tally_rc rc = tally_csv_next(c, a, field, 2, &n, err);

	*end = n == 0;
	if (rc != TALLY_OK || n == 0)
		return rc;
	*row = (struct row){ field[theirs], field[n == 2 ? 1 - theirs : 0],
		c->line };
	if (n != 2 || !value_ok(row->theirs) || !value_ok(row->ours))
		return tally_err_at(err, TALLY_DATA, c->file, c->line,
		    "expected two values of 1 to %d bytes, theirs and ours",
		    VALUE_MAX);
	return TALLY_OK;
}

/* Which field is theirs, by the header. */
static enum tally_rc
read_header(struct tally_csv *c, struct tally_arena *a, size_t *theirs,
    struct tally_err *err)
{
	struct tally_str f[2];
	size_t n;
	enum tally_rc rc = tally_csv_next(c, a, f, 2, &n, err);

	if (rc != TALLY_OK)
		return rc;
	for (*theirs = 0; n == 2 && *theirs < 2; ++*theirs)
		if (tally_str_eq(f[*theirs], TALLY_STR("theirs")) &&
		    tally_str_eq(f[1 - *theirs], TALLY_STR("ours")))
			return TALLY_OK;
	return tally_err_at(err, TALLY_DATA, c->file, c->line,
	    "expected a first line that says which column is which: "
	    "theirs,ours");
}

static enum tally_rc
read_rows(struct tally_csv *c, struct tally_arena *a, struct row **out,
    size_t *n, struct tally_err *err)
{
	size_t cap = 0, theirs;
	bool end = false;
	void *p;
	enum tally_rc rc = read_header(c, a, &theirs, err);

	*n = 0;
	while (rc == TALLY_OK) {
		if (*n == cap) {
			cap = cap != 0 ? cap * 2 : 1024;
			p = tally_realloc(*out, cap * sizeof(**out));
			if (p == NULL)
				return tally_err_set(
				    err, TALLY_NOMEM, "out of memory");
			*out = p;
		}
		rc = read_row(c, a, theirs, &(*out)[*n], &end, err);
		if (end)
			break;
		++*n;
	}
	return rc == TALLY_OK ? check_rows(*out, *n, c->file, err) : rc;
}

static enum tally_rc
import_rows(
    struct lookup *l, const struct row *v, size_t n, struct tally_err *err)
{
	enum tally_rc rc = store_begin(l->f.store, err);

	if (rc != TALLY_OK)
		return rc;
	if (l->replace)
		rc =
		    store_lookup_clear(l->f.store, l->word[0], l->word[1], err);
	for (size_t i = 0; i < n && rc == TALLY_OK; i++)
		rc = put(l, v[i].theirs, v[i].ours, err);
	return finish(l, rc, err);
}

static enum tally_rc
run_import(struct lookup *l, struct tally_err *err)
{
	struct tally_csv c;
	struct tally_arena a;
	struct tally_buf text;
	struct input input;
	struct row *v = NULL;
	size_t n;
	enum tally_rc rc = check_words(l, err);

	tally_arena_init(&a, FILE_MAX);
	tally_buf_init(&text, FILE_MAX);
	if (rc == TALLY_OK)
		rc = input_open(&input, l->word[2], err);
	if (rc == TALLY_OK) {
		rc = input_slurp(&input, &text, err);
		input_close(&input);
	}
	tally_csv_begin(&c, l->word[2], tally_buf_view(&text));
	if (rc == TALLY_OK)
		rc = read_rows(&c, &a, &v, &n, err);
	if (rc == TALLY_OK)
		rc = import_rows(l, v, n, err);
	if (rc == TALLY_OK)
		rc = release(l, "", err);
	if (rc == TALLY_OK)
		tell(l, "import");
	tally_free(v);
	tally_buf_free(&text);
	tally_arena_free(&a);
	return rc;
}

static void
export_row(
    void *ctx, int n, const char *const *names, const char *const *values)
{
	const struct lookup *l = ctx;
	struct tally_buf b;

	(void)n;
	(void)names;
	tally_buf_init(&b, PIECE_MAX);
	tally_csv_put(&b, tally_cstr(values[2]), l->spreadsheet);
	tally_buf_putc(&b, ',');
	tally_csv_put(&b, tally_cstr(values[3]), l->spreadsheet);
	tally_buf_puts(&b, "\r\n");
	fwrite(b.p, 1, b.n, stdout);
	tally_buf_free(&b);
}

static enum tally_rc
run_export(struct lookup *l, struct tally_err *err)
{
	enum tally_rc rc = check_words(l, err);

	if (rc != TALLY_OK)
		return rc;
	fputs("theirs,ours\r\n", stdout);
	return store_lookup_list(
	    l->f.store, l->word[0], l->word[1], export_row, l, err);
}

static enum tally_rc
print(struct lookup *l, struct rows_listing *rows, enum tally_rc rc)
{
	if (rc == TALLY_OK && rows->n == 0 && !l->json && !l->in->quiet)
		puts("there is nothing of the kind");
	return rc;
}

static enum tally_rc
run_list(struct lookup *l, struct tally_err *err)
{
	struct rows_listing rows = { .json = l->json,
		.type = "table",
		.pattern = "{partner} {name}: {entries} entries" };

	if (l->n == 0)
		return print(l, &rows,
		    store_lookup_tables(l->f.store, rows_list, &rows, err));
	rows.type = "entry";
	rows.pattern = "{partner} {name}: {theirs} is {ours}";
	return print(l, &rows,
	    store_lookup_list(l->f.store, l->word[0],
		l->n > 1 ? l->word[1] : "", rows_list, &rows, err));
}

static enum tally_rc
run_missing(struct lookup *l, struct tally_err *err)
{
	struct rows_listing rows = { .json = l->json,
		.type = "missing",
		.pattern =
		    "{documents} documents of {partner} wait for {todo}" };

	return print(
	    l, &rows, store_lookup_missing(l->f.store, rows_list, &rows, err));
}

static const struct verb {
	const char *name, *words;
	int min, max;
	enum flow_open mode;
	enum tally_rc (*run)(struct lookup *, struct tally_err *);
} verbs[] = {
	{ "list", "list [PARTNER [TABLE]]", 0, 2, FLOW_LOOK, run_list },
	{ "missing", "missing", 0, 0, FLOW_LOOK, run_missing },
	{ "set", "set PARTNER TABLE THEIRS OURS", 4, 4, FLOW_WORK, run_set },
	{ "remove", "remove PARTNER TABLE THEIRS", 3, 3, FLOW_WORK,
	    run_remove },
	{ "import", "import [--replace] PARTNER TABLE FILE", 3, 3, FLOW_WORK,
	    run_import },
	{ "export", "export [--spreadsheet] PARTNER TABLE", 2, 2, FLOW_LOOK,
	    run_export },
};

static int
work(struct lookup *l, const struct verb *v)
{
	struct tally_err err;
	enum tally_rc rc;

	log_begin(&l->f.log, l->in->quiet, l->in->verbose);
	rc = flow_begin(&l->f, l->in->dir, v->mode, &err);
	if (rc != TALLY_OK)
		return command_fail(&err);
	rc = v->run(l, &err);
	flow_end(&l->f);
	return rc == TALLY_OK ? EX_OK : command_fail(&err);
}

static int
run(const struct invocation *in, int argc, char **argv)
{
	struct lookup l = { .in = in,
		.json = in->json,
		.word = argv + 2,
		.f = { .clock = in->clock } };
	const struct verb *v = NULL;
	char why[128];
	bool more = true;
	int status;

	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(verbs[i].name, argv[1]) == 0)
			v = &verbs[i];
	if (v == NULL)
		return command_usage(&command_lookup,
		    "what is to be done is missing: list, missing, set, "
		    "remove, import or export");
	for (int i = 2; i < argc; i++) {
		if (more && strcmp(argv[i], "--") == 0)
			more = false;
		else if (more && strcmp(argv[i], "--json") == 0)
			l.json = true;
		else if (more && strcmp(argv[i], "--replace") == 0)
			l.replace = true;
		else if (more && strcmp(argv[i], "--spreadsheet") == 0)
			l.spreadsheet = true;
		else
			l.word[l.n++] = argv[i];
	}
	snprintf(why, sizeof(why), "expected %s", v->words);
	if (l.n < v->min || l.n > v->max ||
	    (l.replace && v->run != run_import) ||
	    (l.spreadsheet && v->run != run_export))
		return command_usage(&command_lookup, why);
	status = work(&l, v);
	tally_free(l.waiting);
	return status;
}

const struct command command_lookup = {
	"lookup",
	"list [PARTNER [TABLE]]\n"
	"       tallyman lookup missing\n"
	"       tallyman lookup set PARTNER TABLE THEIRS OURS\n"
	"       tallyman lookup remove PARTNER TABLE THEIRS\n"
	"       tallyman lookup import [--replace] PARTNER TABLE FILE\n"
	"       tallyman lookup export [--spreadsheet] PARTNER TABLE",
	"partners' values and ours: cross-references that maps use",
	run,
};
