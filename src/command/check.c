/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman check: everything that can be known before a run.
 *
 * Reads only.  A configuration or map that cannot be used is told as by any
 * command; everything else is gathered and told together.
 *
 * JSON: an object of "command", "status", "problems", each with "severity"
 * ("error" or "warning") and "text", and "mailboxes" that were walked to, each
 * with "mailbox" and "steps" of "step", "folder" (or null), "ok" and "error"
 * (or null).
 */
#include "command/command.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/text.h"
#include "flow/flow.h"
#include "flow/probe.h"
#include "mailbox/mailbox.h"

/* Less free space than this cannot hold a day of a small site. */
#define FREE_MIN (200ull << 20)

struct check {
	const struct invocation *in;
	struct flow f;
	bool online, write;
	char **only;            /* names of mailboxes and partners; null: all */
	unsigned n;             /* problems told */
	struct tally_buf steps; /* of mailboxes, as JSON */
	unsigned nstep;         /* of the mailbox at hand */
	bool warned;
	enum tally_rc worst; /* of the errors */
};

/* One problem; rc TALLY_OK: a warning. */
static void problem(struct check *, enum tally_rc, const char *fmt, ...)
    TALLY_PRINTF(3, 4);

static void
problem(struct check *c, enum tally_rc rc, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (rc == TALLY_OK)
		c->warned = true;
	else if (c->worst == TALLY_OK || rc == TALLY_PERM)
		c->worst = rc;
	if (c->in->json) {
		printf("%s{\"severity\":\"%s\",\"text\":", c->n > 0 ? "," : "",
		    rc == TALLY_OK ? "warning" : "error");
		command_print_json(stdout, text);
		putchar('}');
	} else {
		fprintf(
		    stderr, "tallyman: %s", rc == TALLY_OK ? "warning: " : "");
		command_print_safe(stderr, text);
		fputc('\n', stderr);
	}
	c->n++;
}

static void
check_folders(struct check *c)
{
	static const char *const name[] = { "maps", "archive", "quarantine",
		"spool" };
	char path[PATH_MAX];
	struct stat sb;

	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", c->f.dir, name[i]);
		if (stat(path, &sb) != 0 || !S_ISDIR(sb.st_mode))
			problem(c, TALLY_CONFIG,
			    "the folder %s is missing; make it, mode 0750",
			    path);
		else if (access(path, R_OK | W_OK | X_OK) != 0)
			problem(c, TALLY_PERM,
			    "the folder %s cannot be written; give it to the "
			    "user who runs tallyman",
			    path);
		else if ((sb.st_mode & S_IWOTH) != 0)
			problem(c, TALLY_PERM,
			    "anybody can write to %s; chmod o-w it", path);
	}
	snprintf(path, sizeof(path), "%s/tallyman.db", c->f.dir);
	if (stat(path, &sb) == 0 && (sb.st_mode & S_IRWXO) != 0)
		problem(c, TALLY_PERM,
		    "anybody can read %s, which holds partners' data; chmod "
		    "0640 it",
		    path);
}

static void
check_space(struct check *c)
{
	struct statvfs fs;
	unsigned long long left;

	if (statvfs(c->f.dir, &fs) != 0) {
		problem(c, TALLY_IO, "the free space of %s cannot be told: %s",
		    c->f.dir, strerror(errno));
		return;
	}
	left = (unsigned long long)fs.f_bavail * fs.f_frsize;
	if (left < FREE_MIN)
		problem(c, TALLY_OK,
		    "only %llu MiB are free in %s; make room before the disk "
		    "is full",
		    left >> 20, c->f.dir);
}

/* What is known without connecting: URL, pins, keys, secrets, proxy. */
static void
check_access(struct check *c, const struct site_mailbox *m)
{
	struct tally_err err;

	if (mailbox_check(&m->settings, &err) != TALLY_OK)
		problem(
		    c, err.rc, "%s:%u: %s", c->f.site->file, m->line, err.text);
}

/* One step of a walk to a mailbox. */
static void
tell_step(void *ctx, const struct probe_step *s)
{
	struct check *c = ctx;
	bool ok = s->err.rc == TALLY_OK;

	/* What the settings lack was told with their line. */
	if (!ok && strcmp(s->name, "settings") != 0)
		problem(c, s->err.rc, "%s", s->err.text);
	if (c->in->json) {
		tally_buf_printf(&c->steps,
		    "%s{\"step\":\"%s\",\"folder\":", c->nstep++ > 0 ? "," : "",
		    s->name);
		if (s->folder != NULL)
			tally_text_json(&c->steps, tally_cstr(s->folder));
		else
			tally_buf_puts(&c->steps, "null");
		tally_buf_printf(
		    &c->steps, ",\"ok\":%s,\"error\":", ok ? "true" : "false");
		if (ok)
			tally_buf_puts(&c->steps, "null}");
		else {
			tally_text_json(&c->steps, tally_cstr(s->err.text));
			tally_buf_putc(&c->steps, '}');
		}
	} else if (c->online && !c->in->quiet) {
		printf("  %-13s%s%s", s->name, ok ? "ok" : "FAILED",
		    s->folder != NULL ? ": " : "");
		if (s->folder != NULL)
			command_print_safe(
			    stdout, *s->folder != '\0' ? s->folder : ".");
		if (ok && strcmp(s->name, "list") == 0)
			printf(", files: %zu", s->files);
		putchar('\n');
	}
}

static void
check_online(struct check *c, const struct site_mailbox *m)
{
	if (c->in->json) {
		tally_buf_puts(&c->steps, c->steps.n > 0 ? "," : "");
		tally_buf_puts(&c->steps, "{\"mailbox\":");
		tally_text_json(&c->steps, tally_cstr(m->name));
		tally_buf_puts(&c->steps, ",\"steps\":[");
	} else if (c->online && !c->in->quiet) {
		printf("mailbox %s\n", m->name);
	}
	c->nstep = 0;
	probe_mailbox(m, c->write, tell_step, c);
	if (c->in->json)
		tally_buf_puts(&c->steps, "]}");
	fflush(stdout);
}

/* Listing needs less than taking away and putting do. */
static void
check_local(struct check *c, const struct site_mailbox *m, const char *folder)
{
	const char *root = m->settings.url + strlen("dir:");
	char path[PATH_MAX];
	struct stat sb;
	int n;

	if (folder[0] == '/')
		n = snprintf(path, sizeof(path), "%s", folder);
	else if (root[0] == '/')
		n = snprintf(path, sizeof(path), "%s/%s", root, folder);
	else
		n = snprintf(
		    path, sizeof(path), "%s/%s/%s", c->f.dir, root, folder);
	if (n < 0 || (size_t)n >= sizeof(path) || stat(path, &sb) != 0)
		return; /* That listing fails is told already. */
	if (access(path, W_OK | X_OK) != 0)
		problem(c, TALLY_PERM,
		    "%s:%u: the folder %s of mailbox %s cannot be written; "
		    "give it to the user who runs tallyman, or to a group of "
		    "that user",
		    c->f.site->file, m->line, path, m->name);
}

static void
check_writing(struct check *c, const struct site_mailbox *m)
{
	for (size_t i = 0; i < m->npull; i++) {
		if (m->pull[i].then != SITE_KEEP)
			check_local(c, m, m->pull[i].from);
		if (m->pull[i].then == SITE_MOVE)
			check_local(c, m, m->pull[i].move);
	}
	if (m->push != NULL)
		check_local(c, m, m->push->to);
}

/* Whether a mailbox is meant by a name. */
static bool
is_called(const struct site_mailbox *m, const char *name)
{
	return strcmp(m->name, name) == 0 ||
	    strcmp(m->partner->name, name) == 0;
}

static bool
is_asked(const struct check *c, const struct site_mailbox *m)
{
	for (char **name = c->only; *name != NULL; name++)
		if (is_called(m, *name))
			return true;
	return *c->only == NULL;
}

/* Names that nobody has; null: all are known. */
static const char *
unknown(const struct check *c)
{
	const struct site *s = c->f.site;
	size_t i;

	for (char **name = c->only; *name != NULL; name++) {
		for (i = 0; i < s->nmailbox; i++)
			if (is_called(&s->mailbox[i], *name))
				break;
		if (i == s->nmailbox)
			return *name;
	}
	return NULL;
}

static void
check_mailboxes(struct check *c)
{
	const struct site *s = c->f.site;
	const struct site_mailbox *m;

	for (size_t i = 0; i < s->nmailbox; i++) {
		m = &s->mailbox[i];
		check_access(c, m);
		/* A local folder is always within reach. */
		if (is_asked(c, m) &&
		    (c->online || strncmp(m->settings.url, "dir:", 4) == 0))
			check_online(c, m);
		if (strncmp(m->settings.url, "dir:", 4) == 0)
			check_writing(c, m);
	}
}

static bool
has_push(const struct site *s, const struct site_partner *p)
{
	for (size_t i = 0; i < s->nmailbox; i++)
		if (s->mailbox[i].partner == p && s->mailbox[i].push != NULL)
			return true;
	return false;
}

static void
check_partners(struct check *c)
{
	const struct site *s = c->f.site;
	const struct site_partner *p;
	bool answers;

	if (s->npartner == 0)
		problem(c, TALLY_OK,
		    "%s has no <partner>: nothing will be fetched", s->file);
	for (size_t i = 0; i < s->npartner; i++) {
		p = &s->partner[i];
		if (p->nreceive == 0)
			problem(c, TALLY_OK,
			    "%s:%u: partner %s has no <receive>: every "
			    "document of it will be rejected",
			    s->file, p->line, p->name);
		answers = p->ta1 == SITE_TA1_ALWAYS;
		for (size_t k = 0; k < p->nreceive; k++)
			answers |= p->receive[k].acknowledge;
		if (answers && !has_push(s, p))
			problem(c, TALLY_OK,
			    "%s:%u: partner %s has no mailbox with a <push>: "
			    "it will not get the agreed acknowledgements",
			    s->file, p->line, p->name);
	}
}

static void
check_store(struct check *c)
{
	struct store *st = NULL;
	struct tally_err err;
	enum tally_rc rc;

	rc = store_open(&st, c->f.dir, STORE_READ, maps_model(c->f.maps), &err);
	if (rc != TALLY_OK)
		problem(c, rc, "%s", err.text);
	store_close(st);
}

static int
finish(struct check *c)
{
	int status = c->worst != TALLY_OK ? tally_rc_exit(c->worst)
	    : c->warned                   ? EXIT_ATTENTION
					  : EX_OK;

	if (c->in->json)
		printf("],\"mailboxes\":[%s],\"status\":%d}\n",
		    c->steps.p != NULL && !c->steps.failed ? c->steps.p : "",
		    status);
	else if (c->n == 0 && !c->in->quiet)
		printf(
		    "all is well; partners: %zu, mailboxes: %zu, maps: %zu\n",
		    c->f.site->npartner, c->f.site->nmailbox,
		    maps_count(c->f.maps));
	return status;
}

static const char *
options(struct check *c, char **argv)
{
	for (argv++; *argv != NULL && **argv == '-'; argv++) {
		if (strcmp(*argv, "--online") == 0)
			c->online = true;
		else if (strcmp(*argv, "--write") == 0)
			c->write = true;
		else
			return "the options are --online and --write";
	}
	c->only = argv;
	if (!c->online && (c->write || *argv != NULL))
		return "--write and names of mailboxes go with --online";
	return NULL;
}

static int
run(const struct invocation *in, int argc, char **argv)
{
	struct check c = { .in = in, .f = { .clock = in->clock } };
	const char *wrong = options(&c, argv);
	struct tally_err err;
	int status;

	(void)argc;
	if (wrong != NULL)
		return command_usage(&command_check, wrong);
	log_begin(&c.f.log, in->quiet, in->verbose);
	if (flow_begin(&c.f, in->dir, FLOW_CHECK, &err) != TALLY_OK)
		return command_fail(&err);
	wrong = unknown(&c);
	if (wrong != NULL) {
		tally_err_set(&err, TALLY_CONFIG,
		    "%s is neither a partner nor a mailbox of tallyman.xml",
		    wrong);
		flow_end(&c.f);
		return command_fail(&err);
	}
	tally_buf_init(&c.steps, 16u << 20);
	if (in->json)
		fputs("{\"command\":\"check\",\"problems\":[", stdout);
	check_folders(&c);
	check_space(&c);
	check_partners(&c);
	check_mailboxes(&c);
	check_store(&c);
	status = finish(&c);
	flow_end(&c.f);
	tally_buf_free(&c.steps);
	return status;
}

const struct command command_check = {
	"check",
	"[--online [--write] [MAILBOX...]]",
	"say what is wrong before a run does: configuration, keys, folders; "
	"--online also logs in, --write tries to put and remove",
	run,
};
