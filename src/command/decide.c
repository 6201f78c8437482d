/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman release and reject: what a person decides on what waits.
 *
 * All decisions are one transaction, and a preview is the same transaction
 * taken back.  A document that was held because no map read it is made anew
 * first: one may be there now.
 *
 * JSON: {"command":…,"dry_run":B,"subjects":[{"what":…,"id":N,"done":B,
 * "why":…},…],"status":N}.
 */
/* For getpwuid. */
#define _DEFAULT_SOURCE

#include "command/command.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/rows.h"
#include "command/select.h"
#include "flow/flow.h"

struct subject {
	struct store_verdict verdict;
	bool remap;  /* held, and no map has read it */
	bool mapped; /* now one has */
	bool done;
	char why[256];
};

struct decide {
	const struct invocation *in;
	const struct command *command;
	enum store_decision decision;
	const char *reason;
	char who[64];
	bool dry;
	struct select select;
	struct subject *v; /* owned */
	size_t n, cap;
	bool no_memory;
	struct flow f;
};

/* Who does it: behind sudo, the person who called it. */
static void
name_user(char who[64])
{
	const char *sudo = getenv("SUDO_USER");
	const struct passwd *pw = getpwuid(getuid());

	if (sudo != NULL && *sudo != '\0')
		snprintf(who, 64, "%s", sudo);
	else if (pw != NULL)
		snprintf(who, 64, "%s", pw->pw_name);
	else
		snprintf(who, 64, "user %ld", (long)getuid());
}

static void
add(struct decide *d, enum store_subject_kind kind, int64_t id)
{
	size_t cap = d->cap * 2 + 16;
	struct subject *v;

	if (d->n == d->cap) {
		v = tally_realloc(d->v, cap * sizeof(*v));
		d->no_memory |= v == NULL;
		if (v == NULL)
			return;
		d->v = v;
		d->cap = cap;
	}
	v = &d->v[d->n++];
	memset(v, 0, sizeof(*v));
	v->verdict.subject = kind;
	v->verdict.id = id;
	v->verdict.decision = d->decision;
}

/* "12", "document:12", "file:3". */
static bool
add_named(struct decide *d, const char *text)
{
	const char *colon = strchr(text, ':');
	int64_t id;

	if (!select_number(colon != NULL ? colon + 1 : text, &id))
		return false;
	for (int i = 0; i < STORE_SUBJECTS && colon != NULL; i++)
		if (strlen(store_subject_name[i]) == (size_t)(colon - text) &&
		    strncmp(store_subject_name[i], text,
			(size_t)(colon - text)) == 0) {
			add(d, (enum store_subject_kind)i, id);
			return true;
		}
	if (colon != NULL)
		return false;
	add(d, STORE_DOCUMENT, id);
	return true;
}

static void
add_row(void *ctx, int n, const char *const *names, const char *const *values)
{
	const struct rows_row r = { n, names, values };
	int64_t id;

	if (select_number(rows_get(&r, "id"), &id))
		add(ctx, STORE_DOCUMENT, id);
}

static struct subject *
find(struct decide *d, int64_t document)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].verdict.id == document && d->v[i].remap)
			return &d->v[i];
	return NULL;
}

static void
note_mapped(void *ctx, const struct flow_replayed *told)
{
	struct subject *s =
	    told->document != 0 ? find(ctx, told->document) : NULL;

	if (s == NULL)
		return;
	s->mapped = told->mapped;
	if (told->why != NULL)
		snprintf(s->why, sizeof(s->why), "%s", told->why);
}

static int
by_number(const void *left, const void *right)
{
	const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return a < b ? -1 : a > b;
}

/* Lets maps that are there now read what none has read. */
static enum tally_rc
remap(struct decide *d, struct tally_err *err)
{
	int64_t *id = tally_calloc(d->n + 1, sizeof(*id));
	struct flow_replay asked = {
		.id = id, .apply = !d->dry, .tell = note_mapped, .ctx = d
	};
	struct store_had had;
	bool found;
	enum tally_rc rc = TALLY_OK;

	if (id == NULL)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	for (size_t i = 0; i < d->n && rc == TALLY_OK; i++) {
		if (d->v[i].verdict.subject != STORE_DOCUMENT)
			continue;
		rc = store_document_get(
		    d->f.store, d->v[i].verdict.id, &had, &found, err);
		if (rc != TALLY_OK || !found || had.mapped ||
		    strcmp(had.state, "held") != 0)
			continue;
		d->v[i].remap = true;
		id[asked.n++] = had.id;
	}
	qsort(id, asked.n, sizeof(*id), by_number);
	if (rc == TALLY_OK && asked.n > 0)
		rc = flow_replay(&d->f, &asked, err);
	tally_free(id);
	return rc;
}

static enum tally_rc
one(struct decide *d, struct subject *s, struct tally_err *err)
{
	struct store_had had;
	bool found;
	enum tally_rc rc;

	s->verdict.who = d->who;
	s->verdict.reason = d->reason;
	if (s->remap && !s->mapped) {
		if (s->why[0] == '\0')
			snprintf(s->why, sizeof(s->why),
			    "no map reads it; put one into maps/");
		return TALLY_OK;
	}
	if (s->remap) {
		rc = store_document_get(
		    d->f.store, s->verdict.id, &had, &found, err);
		if (rc != TALLY_OK)
			return rc;
		/* What held it was that alone, or nothing has been done. */
		s->done = d->dry || strcmp(had.state, "held") != 0;
		if (s->done)
			return TALLY_OK;
	}
	return store_decide(d->f.store, &s->verdict,
	    flow_clock_now(&d->f.clock), &s->done, s->why, err);
}

static enum tally_rc
all(struct decide *d, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	if (d->decision == STORE_RELEASED)
		rc = remap(d, err);
	if (rc == TALLY_OK)
		rc = store_begin(d->f.store, err);
	if (rc != TALLY_OK)
		return rc;
	for (size_t i = 0; i < d->n && rc == TALLY_OK; i++)
		rc = one(d, &d->v[i], err);
	if (rc == TALLY_OK && !d->dry)
		rc = store_commit(d->f.store, err);
	if (rc != TALLY_OK || d->dry)
		store_rollback(d->f.store);
	for (size_t i = 0; i < d->n && rc == TALLY_OK && !d->dry; i++)
		if (d->v[i].done && d->v[i].verdict.subject == STORE_FILE &&
		    d->decision == STORE_RELEASED)
			flow_unquarantine(&d->f, d->v[i].verdict.id);
	return rc;
}

static void
tell_text(const struct decide *d, const struct subject *s)
{
	const char *what = store_subject_name[s->verdict.subject];

	if (!s->done) {
		fprintf(stderr,
		    "tallyman: %s %" PRId64 " is left as it is: ", what,
		    s->verdict.id);
		command_print_safe(stderr, s->why);
		fputc('\n', stderr);
	} else if (!d->in->quiet) {
		printf("%s %" PRId64 " %s%s%s\n", what, s->verdict.id,
		    d->dry ? "would be " : "",
		    d->decision == STORE_RELEASED ? "released" : "rejected",
		    s->verdict.subject == STORE_FILE &&
			    d->decision == STORE_RELEASED
			? "; the next run translates it"
			: "");
	}
}

static int
tell(const struct decide *d)
{
	size_t done = 0;
	int status;

	for (size_t i = 0; i < d->n; i++)
		done += d->v[i].done;
	status = done == d->n ? EX_OK : EXIT_ATTENTION;
	if (d->in->json)
		printf("{\"command\":\"%s\",\"dry_run\":%s,\"subjects\":[",
		    d->command->name, d->dry ? "true" : "false");
	for (size_t i = 0; i < d->n; i++) {
		if (!d->in->json) {
			tell_text(d, &d->v[i]);
			continue;
		}
		printf("%s{\"what\":\"%s\",\"id\":%" PRId64
		       ",\"done\":%s,\"why\":",
		    i > 0 ? "," : "",
		    store_subject_name[d->v[i].verdict.subject],
		    d->v[i].verdict.id, d->v[i].done ? "true" : "false");
		command_print_json(stdout, d->v[i].done ? NULL : d->v[i].why);
		putchar('}');
	}
	if (d->in->json)
		printf("],\"status\":%d}\n", status);
	else if (d->dry && !d->in->quiet)
		printf("%zu of %zu; nothing was changed%s\n", done, d->n,
		    d->select.filtered ? ", --yes does it" : "");
	return status;
}

static int
work(struct decide *d)
{
	struct tally_err err;
	enum tally_rc rc;
	int status;

	name_user(d->who);
	log_begin(&d->f.log, d->in->quiet, d->in->verbose);
	rc = flow_begin(&d->f, d->in->dir, FLOW_WORK, &err);
	if (rc != TALLY_OK)
		return command_fail(&err);
	if (d->select.filtered) {
		d->select.filter.state = "held";
		rc = store_list(d->f.store, STORE_LIST_DOCUMENTS,
		    &d->select.filter, add_row, d, &err);
	}
	if (rc == TALLY_OK && d->no_memory)
		rc = tally_err_set(&err, TALLY_NOMEM, "out of memory");
	if (rc == TALLY_OK)
		rc = all(d, &err);
	flow_end(&d->f);
	status = rc == TALLY_OK ? tell(d) : command_fail(&err);
	return status;
}

/* False with a reason when the arguments are no such command's. */
static bool
read_arguments(struct decide *d, int argc, char **argv, const char **why)
{
	bool yes = false;
	const char *v;

	for (int i = 1; i < argc && *why == NULL; i++) {
		if (strcmp(argv[i], "--dry-run") == 0)
			d->dry = true;
		else if (strcmp(argv[i], "--yes") == 0)
			yes = true;
		else if ((v = select_value(argc, argv, &i, "--reason")) != NULL)
			d->reason = v;
		else if (argv[i][0] == '-' && argv[i][1] != '\0') {
			if (!select_option(&d->select, &d->in->clock, argc,
				argv, &i, why) &&
			    *why == NULL)
				*why = "there is no such option";
		} else if (!add_named(d, argv[i]))
			*why = "a number is expected, as 12, file:3, "
			       "interchange:4 or answer:5";
	}
	if (*why == NULL && d->select.filtered && d->n > 0)
		*why = "name numbers, or filter, not both";
	if (*why == NULL && !d->select.filtered && d->n == 0)
		*why = "which is missing: numbers, or a filter";
	if (*why == NULL &&
	    ((d->select.by & ~store_filters(STORE_LIST_DOCUMENTS)) != 0 ||
		d->select.filter.state != NULL))
		*why = "held documents are filtered by partner, set, file and "
		       "time";
	if (*why == NULL && d->decision == STORE_REJECTED && d->reason == NULL)
		*why = "--reason is missing: say why";
	/* Many at once are shown before it is done. */
	d->dry |= d->select.filtered && !yes;
	return *why == NULL;
}

static int
decide(const struct invocation *in, const struct command *command,
    enum store_decision decision, int argc, char **argv)
{
	struct decide d = { .in = in,
		.command = command,
		.decision = decision,
		.f = { .clock = in->clock } };
	const char *why = NULL;
	int status;

	status = read_arguments(&d, argc, argv, &why)
	    ? work(&d)
	    : command_usage(command, why);
	tally_free(d.v);
	return status;
}

static int
run_release(const struct invocation *in, int argc, char **argv)
{
	return decide(in, &command_release, STORE_RELEASED, argc, argv);
}

static int
run_reject(const struct invocation *in, int argc, char **argv)
{
	return decide(in, &command_reject, STORE_REJECTED, argc, argv);
}

const struct command command_release = {
	"release",
	"[--dry-run] [--reason=TEXT] ID...\n"
	"       tallyman release [--partner=NAME] [--set=ID] [--file=N]\n"
	"    [--since=TIME] [--before=TIME] [--reason=TEXT] [--yes]",
	"accept documents that are held; try quarantined files again",
	run_release,
};
const struct command command_reject = {
	"reject",
	"[--dry-run] --reason=TEXT ID...\n"
	"       tallyman reject [--partner=NAME] [--set=ID] [--file=N]\n"
	"    [--since=TIME] [--before=TIME] --reason=TEXT [--yes]",
	"decide that nothing is done with what needs a person",
	run_reject,
};
