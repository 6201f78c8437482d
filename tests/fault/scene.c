/* SPDX-License-Identifier: Apache-2.0 */
/* See scene.h. */
#include "fault/scene.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/sshd.h"

#define START     1767614400 /* 2026-01-05T12:00:00Z */
#define HOURS     (3 * 3600) /* that pass between runs; files settle in one */
#define QUIET     2          /* runs that end well, with nothing new */
#define RUNS_MAX  8
#define LATER     1000 /* seconds that files of phase 1 are younger */
#define XML_MAX   8192
#define RUN_LIMIT 60 /* seconds after which a run hangs */

static void
mailbox_xml(struct tally_buf *b, const struct scene *s, unsigned box)
{
	if (s->sshd == NULL)
		tally_buf_printf(
		    b, "<mailbox url=\"dir:../box/%s\">", box_id[box]);
	else
		tally_buf_printf(b,
		    "<mailbox url=\"sftp://%s@127.0.0.1:%u%s/box/%s\""
		    " key=\"%s\"><host-key>%s</host-key>",
		    s->sshd->user, s->sshd->port, s->root, box_id[box],
		    s->sshd->key, s->sshd->ed25519);
	tally_buf_printf(b,
	    "<pull from=\"outbound\" settle=\"3600\" complete=\"yes\"%s/>"
	    "<push to=\"inbound\"/></mailbox>",
	    box == 0 ? "" : " then=\"move:taken\"");
}

/* Whether what answers the partner's small files goes in one file. */
static bool
together(const struct scene *s, unsigned box)
{
	return box == 1 || s->w->kind == WORKLOAD_PLAIN;
}

static void
configure(const struct scene *s)
{
	char path[PATH_MAX];
	struct tally_buf b;

	tally_buf_init(&b, XML_MAX);
	tally_buf_puts(&b,
	    "<tallyman xmlns=\"urn:tallyman:config:1\">"
	    "<self qualifier=\"ZZ\" id=\"SELLER\"/>");
	for (unsigned i = 0; i < BOXES; i++) {
		tally_buf_printf(&b,
		    "<partner name=\"%s\" qualifier=\"ZZ\" id=\"%s\""
		    " ack-files=\"%s\">",
		    box_id[i], box_id[i], together(s, i) ? "together" : "each");
		mailbox_xml(&b, s, i);
		tally_buf_puts(&b, "<receive set=\"850\"/></partner>");
	}
	tally_buf_puts(&b, "</tallyman>\n");
	if (b.failed)
		die("memory");
	path_of(path, sizeof(path), "%s/ws/tallyman.xml", s->root);
	file_write(path, b.p, b.n, 0);
	tally_buf_free(&b);
}

/* Starts the program; it waits for its tracer when it has one. */
static pid_t
start(const struct scene *s, bool traced, char *const argv[])
{
	char said[PATH_MAX], now[32];
	time_t t = (time_t)s->now;
	struct tm tm;
	pid_t pid;
	int fd;

	path_of(said, sizeof(said), "%s/said", s->root);
	strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid != 0)
		return pid;
	fd = open(said, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0 ||
	    setenv("TALLYMAN_NOW", now, 1) != 0)
		_exit(126);
	close(fd);
	for (const char *const *e = s->env; e != NULL && *e != NULL; e += 2)
		if (setenv(e[0], e[1], 1) != 0)
			_exit(126);
	if (traced)
		tracer_child();
	execv(s->program, argv);
	_exit(127);
}

static pid_t
start_run(struct scene *s, bool traced)
{
	char dir[PATH_MAX];
	char *argv[] = { (char[]){ "tallyman" }, (char[]){ "-C" }, dir,
		(char[]){ "run" }, NULL };

	path_of(dir, sizeof(dir), "%s/ws", s->root);
	return start(s, traced, argv);
}

pid_t
scene_start(struct scene *s)
{
	return start_run(s, false);
}

int
scene_run(struct scene *s, struct tracing *t)
{
	int status = tracer_wait(start_run(s, t != NULL), t, RUN_LIMIT);
	if (WIFSIGNALED(status))
		s->deaths++;
	return status;
}

static void
remember_begin(struct scene *s)
{
	static const char *const folder[] = { "outbound", "inbound", "taken" };
	char path[PATH_MAX];

	tree_read(&s->begin, s->root);
	tree_folder(&s->begin, "box");
	for (unsigned i = 0; i < BOXES; i++) {
		path_of(path, sizeof(path), "box/%s", box_id[i]);
		tree_folder(&s->begin, path);
		for (size_t k = 0; k < 3; k++) {
			path_of(path, sizeof(path), "box/%s/%s", box_id[i],
			    folder[k]);
			tree_folder(&s->begin, path);
		}
	}
}

void
scene_make(struct scene *s, const char *program, const struct workload *w,
    const struct sshd *sshd)
{
	const char *tmp = getenv("TMPDIR");
	char path[PATH_MAX];
	char *argv[] = { (char[]){ "tallyman" }, (char[]){ "-q" },
		(char[]){ "init" }, path, NULL };

	*s = (struct scene){
		.program = program, .w = w, .sshd = sshd, .now = START
	};
	/* Where it is memory, syncs cost nothing. */
	if (tmp == NULL)
		tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	path_of(s->root, sizeof(s->root), "%s/tallyman-fault-XXXXXX", tmp);
	if (mkdtemp(s->root) == NULL)
		die("%s cannot be made", s->root);
	path_of(path, sizeof(path), "%s/ws", s->root);
	if (tracer_wait(start(s, false, argv), NULL, RUN_LIMIT) != 0)
		die("%s init fails", program);
	configure(s);
	remember_begin(s);
	s->put = tally_calloc(w->n, sizeof(*s->put));
	if (s->put == NULL)
		die("memory");
}

static void
forget_got(struct scene *s)
{
	for (size_t i = 0; i < s->ngot; i++) {
		tally_free(s->got[i].file.path);
		tally_free(s->got[i].file.bytes);
	}
	tally_free(s->got);
	s->got = NULL;
	s->ngot = 0;
}

void
scene_remove(struct scene *s)
{
	remove_all(s->root);
	forget_got(s);
	tree_free(&s->begin);
	tally_free(s->put);
}

/* A file of an outbound folder, whole or as much as there is yet. */
static void
put(struct scene *s, const struct offered *o, const char *name, size_t n,
    int64_t mtime)
{
	char path[PATH_MAX];

	path_of(path, sizeof(path), "%s/box/%s/outbound/%s", s->root,
	    box_id[o->box], name);
	file_write(path, o->bytes.p, n, mtime);
}

static void
first_phase(struct scene *s)
{
	for (size_t i = 0; i < s->w->n; i++) {
		const struct offered *o = &s->w->v[i];

		s->put[i] = o->phase == 0;
		if (s->put[i])
			put(s, o, o->early[0] != '\0' ? o->early : o->name,
			    o->half != 0 ? o->half : o->bytes.n, o->mtime);
	}
}

void
scene_fresh(struct scene *s, const struct tree *disk)
{
	char path[PATH_MAX];

	path_of(path, sizeof(path), "%s/ws", s->root);
	remove_all(path);
	path_of(path, sizeof(path), "%s/box", s->root);
	remove_all(path);
	forget_got(s);
	s->now = START;
	s->phase = 0;
	s->deaths = 0;
	tree_write(&s->begin, s->root);
	first_phase(s);
	if (disk == NULL)
		return;
	path_of(path, sizeof(path), "%s/ws", s->root);
	remove_all(path);
	path_of(path, sizeof(path), "%s/box", s->root);
	remove_all(path);
	tree_write(disk, s->root);
}

/* What has a name that is not of a file on its way. */
static bool
is_visible(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && (n < 4 || strcmp(name + n - 4, ".tmp") != 0);
}

void
scene_empty(struct scene *s)
{
	char path[PATH_MAX];
	struct got *g;

	for (unsigned i = 0; i < BOXES; i++) {
		struct tree in = { 0 };

		path_of(path, sizeof(path), "%s/box/%s/inbound", s->root,
		    box_id[i]);
		tree_read(&in, path);
		for (size_t k = 0; k < in.n; k++) {
			if (!is_visible(in.file[k].path))
				continue;
			path_of(path, sizeof(path), "%s/box/%s/inbound/%s",
			    s->root, box_id[i], in.file[k].path);
			/* It may be gone by a rename of ours, not of theirs. */
			if (unlink(path) != 0)
				continue;
			s->got = tally_realloc(
			    s->got, (s->ngot + 1) * sizeof(*s->got));
			if (s->got == NULL)
				die("memory");
			g = &s->got[s->ngot++];
			*g = (struct got){ i, in.file[k] };
			in.file[k].path = in.file[k].bytes = NULL;
		}
		tree_free(&in);
	}
}

/* The whole of what was half. */
static void
complete(struct scene *s, const struct offered *o)
{
	char path[PATH_MAX];

	path_of(path, sizeof(path), "%s/box/%s/outbound/%s", s->root,
	    box_id[o->box], o->early);
	if (o->early[0] != '\0')
		(void)unlink(path);
	put(s, o, o->name, o->bytes.n, o->mtime + LATER);
}

static bool
is_taken(const struct scene *s, const struct offered *o)
{
	char path[PATH_MAX];

	path_of(path, sizeof(path), "%s/box/%s/outbound/%s", s->root,
	    box_id[o->box], o->name);
	return access(path, F_OK) == 0;
}

void
scene_second_phase(struct scene *s)
{
	for (size_t i = 0; i < s->w->n; i++) {
		const struct offered *o = &s->w->v[i];

		if (o->half != 0 && s->phase == 0)
			complete(s, o);
		if (s->put[i] || is_taken(s, o))
			continue;
		s->put[i] = true;
		put(s, o, o->name, o->bytes.n, o->mtime + LATER);
	}
	s->phase = 1;
}

static bool
all_put(const struct scene *s)
{
	for (size_t i = 0; i < s->w->n; i++)
		if (!s->put[i])
			return false;
	return true;
}

static void
let_pass(struct scene *s)
{
	s->now += HOURS;
	scene_empty(s);
}

bool
scene_recover(struct scene *s, int *status)
{
	unsigned quiet = 0;
	bool all;

	let_pass(s);
	for (int i = 0; i < RUNS_MAX; i++) {
		all = all_put(s) && s->phase > 0;
		scene_second_phase(s);
		*status = scene_run(s, NULL);
		let_pass(s);
		/* What waits for a clock that was set back, begins to wait
		 * with the first. */
		quiet = all && *status == 0 ? quiet + 1 : 0;
		if (quiet == QUIET)
			return true;
	}
	return false;
}

void
scene_said(const struct scene *s, struct tally_buf *b)
{
	char path[PATH_MAX];

	path_of(path, sizeof(path), "%s/said", s->root);
	(void)file_read(path, b);
}
