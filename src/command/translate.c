/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman translate: the stage alone, or local files and then the stage.
 *
 * Whatever can be known to be wrong with the names is told before anything
 * is changed.
 *
 * JSON: as "run" has it; with files also "files", objects of "name", "file",
 * its number in the store (null with --dry-run when it is new), and "known".
 */
#include "command/run.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/text.h"
#include "command/input.h"

#define STAGE 1 /* of flow_stage */

struct request {
	const struct invocation *in;
	const char *mailbox; /* null: chosen */
	bool dry;
	char **file;
	int nfile;
};

/* What flow_take or flow_take_look says of a file. */
struct outcome {
	int64_t id;
	bool known;
};

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (strcmp(path, "-") == 0)
		return "stdin";
	return slash != NULL ? slash + 1 : path;
}

/* Not by opening it: what is behind a pipe's name can be read only once. */
static enum tally_rc
look_at_name(const char *path, int64_t *mtime, struct tally_err *err)
{
	struct stat sb;

	*mtime = 0;
	if (strcmp(path, "-") == 0)
		return TALLY_OK;
	if (stat(path, &sb) != 0 || access(path, R_OK) != 0)
		return tally_err_errno(err,
		    errno == EACCES ? TALLY_PERM : TALLY_NOINPUT,
		    "%s cannot be read", path);
	if (S_ISDIR(sb.st_mode))
		return tally_err_set(err, TALLY_NOINPUT,
		    "%s is a folder; name the files in it", path);
	if (strlen(base_name(path)) > MAILBOX_NAME_MAX)
		return tally_err_set(err, TALLY_NOINPUT,
		    "the name of %s is longer than %d bytes", path,
		    MAILBOX_NAME_MAX);
	*mtime = sb.st_mtime;
	return TALLY_OK;
}

/* One file; trouble of the store ends the command, that of the file not. */
static enum tally_rc
one(const struct request *r, struct flow *f, const struct site_mailbox *box,
    const char *path, struct outcome *o, struct tally_err *err)
{
	struct flow_local l = { .name = tally_cstr(base_name(path)) };
	struct input input;
	enum tally_rc rc;

	rc = look_at_name(path, &l.mtime, err);
	if (rc == TALLY_OK)
		rc = input_open(&input, path, err);
	if (rc != TALLY_OK)
		return rc;
	l.source = input_source(&input);
	rc = (r->dry ? flow_take_look : flow_take)(
	    f, box, &l, &o->id, &o->known, err);
	input_close(&input);
	return rc;
}

static void
tell_json(const struct request *r, const char *path, const struct outcome *o,
    unsigned n)
{
	printf("%s{\"name\":", n > 0 ? "," : "");
	command_print_json(stdout, path);
	if (r->dry && !o->known)
		fputs(",\"file\":null", stdout);
	else
		printf(",\"file\":%" PRId64, o->id);
	printf(",\"known\":%s}", o->known ? "true" : "false");
}

static void
tell_text(const struct request *r, const struct site_mailbox *box,
    const char *path, const struct outcome *o)
{
	if (r->in->quiet || (!r->dry && !o->known))
		return;
	if (r->dry)
		printf("translate, mailbox %s: ", box->name);
	command_print_safe(stdout, path);
	if (o->known)
		printf("%s taken before, as file %" PRId64
		       "; it is not taken again\n",
		    r->dry ? "," : ":", o->id);
	else
		putchar('\n');
}

static enum tally_rc
all(const struct request *r, struct flow *f, const struct site_mailbox *box,
    struct tally_err *err)
{
	struct outcome o;
	unsigned n = 0;
	enum tally_rc rc;

	for (int i = 0; i < r->nfile; i++) {
		rc = one(r, f, box, r->file[i], &o, err);
		if (rc == TALLY_NOINPUT || rc == TALLY_DATA ||
		    rc == TALLY_PERM) {
			log_trouble(
			    &f->log, "file", tally_cstr(r->file[i]), err);
			if (rc == TALLY_DATA)
				f->count[FLOW_UNFIT]++;
			else
				flow_worse(f, rc);
			continue;
		}
		if (rc != TALLY_OK)
			return rc;
		if (r->in->json)
			tell_json(r, r->file[i], &o, n++);
		else
			tell_text(r, box, r->file[i], &o);
	}
	return TALLY_OK;
}

/* The files are told as they are taken, then what became of all. */
static enum tally_rc
work(const struct request *r, struct flow *f, const struct site_mailbox *box,
    struct tally_err *err)
{
	struct run_listing l = { r->in->json, 0 };
	enum tally_rc rc;

	if (r->in->json)
		printf("{\"command\":\"translate\",%s\"files\":[",
		    r->dry ? "\"dry_run\":true," : "");
	rc = all(r, f, box, err);
	if (r->in->json)
		fputs(r->dry ? "],\"actions\":[" : "]", stdout);
	if (rc == TALLY_OK)
		rc = r->dry ? flow_plan(f, STAGE, run_print_action, &l, err)
			    : flow_run(f, STAGE, err);
	if (!r->in->json)
		return rc;
	if (r->dry)
		putchar(']');
	else
		run_print_counts(f);
	printf(",\"status\":%d}\n",
	    rc == TALLY_OK ? flow_status(f) : tally_rc_exit(rc));
	return rc;
}

static int
take(const struct request *r)
{
	struct flow f = { .clock = r->in->clock };
	const struct site_mailbox *box;
	struct tally_err err;
	int64_t mtime;
	enum tally_rc rc = TALLY_OK;

	for (int i = 0; i < r->nfile && rc == TALLY_OK; i++)
		rc = look_at_name(r->file[i], &mtime, &err);
	if (rc != TALLY_OK)
		return command_fail(&err);
	log_begin(&f.log, r->in->quiet, r->in->verbose);
	rc = flow_begin(&f, r->in->dir, r->dry ? FLOW_LOOK : FLOW_WORK, &err);
	if (rc != TALLY_OK)
		return command_fail(&err);
	rc = flow_take_mailbox(&f, r->mailbox, &box, &err);
	if (rc == TALLY_OK)
		rc = work(r, &f, box, &err);
	flow_end(&f);
	if (rc != TALLY_OK)
		return command_fail(&err);
	if (!r->in->json && !r->dry && !r->in->quiet)
		run_print_text(&f);
	return flow_status(&f);
}

/* Options stand anywhere in front of "--"; what is none is a file. */
static bool
read_arguments(struct request *r, int argc, char **argv)
{
	bool more = true;

	r->file = argv + 1;
	for (int i = 1; i < argc; i++) {
		char *a = argv[i];

		if (!more || a[0] != '-' || a[1] == '\0')
			r->file[r->nfile++] = a;
		else if (strcmp(a, "--") == 0)
			more = false;
		else if (strcmp(a, "--dry-run") == 0)
			r->dry = true;
		else if (strncmp(a, "--mailbox=", 10) == 0)
			r->mailbox = a + 10;
		else if (strcmp(a, "--mailbox") == 0 && i + 1 < argc)
			r->mailbox = argv[++i];
		else
			return false;
	}
	return true;
}

static int
run(const struct invocation *in, int argc, char **argv)
{
	struct request r = { .in = in };

	if (!read_arguments(&r, argc, argv))
		return command_usage(&command_translate,
		    "the options are --dry-run and --mailbox NAME");
	if (r.nfile > 0)
		return take(&r);
	if (r.mailbox != NULL)
		return command_usage(&command_translate,
		    "--mailbox is for files that are named");
	return run_stages(in, &command_translate, STAGE, r.dry);
}

const struct command command_translate = {
	"translate",
	"[--dry-run] [--mailbox NAME] [FILE...]",
	"take the files that are named, check and record what is there, and "
	"queue the answers",
	run,
};
