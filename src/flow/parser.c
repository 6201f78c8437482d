/* SPDX-License-Identifier: Apache-2.0 */
/* The parser's process, and what is asked of it; see parser.h. */
/* For F_SETPIPE_SZ and pipe2. */
#define _GNU_SOURCE
#include "flow/parser_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/plant.h"
#include "flow/apart.h"
#include "flow/parse.h"

#define PIPE_BYTES (1 << 20) /* what an ordinary user may have */
/* Of a file that may be supposed; a small one is too large in the build
 * for tests. */
#define SUPPOSED_MAX (PLANTED(POISON) ? UINT64_C(1) << 20 : UINT64_C(32) << 20)
/* Of what is judged; its lists have their own limits. */
#define ARENA_MAX ((size_t)512 << 20)

enum tally_rc
parser_new(struct parser **out, const struct flow *f, struct tally_err *err)
{
	struct parser *p = tally_calloc(1, sizeof(*p));

	if (p == NULL)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	p->f = f;
	p->cpu_ms = PLANTED(POISON) ? 100 : PARSER_CPU_MS;
	p->silent_ms = PLANTED(POISON) ? 5000 : PARSER_MS;
	tally_buf_init(&p->in, SIZE_MAX);
	tally_buf_init(&p->out, SIZE_MAX);
	tally_arena_init(&p->arena, ARENA_MAX);
	tally_arena_init(&p->kept, ARENA_MAX);
	tally_findings_init(&p->list, 2 * (size_t)f->site->limits.findings);
	*out = p;
	return TALLY_OK;
}

void
parser_free(struct parser *p)
{
	if (p == NULL)
		return;
	parser_beside_free(p);
	parser_end(p);
	sandbox_unshare(&p->shared);
	tally_hash_free(p->hash);
	tally_charset_free(p->charset);
	tally_findings_free(&p->list);
	tally_arena_free(&p->arena);
	tally_arena_free(&p->kept);
	tally_buf_free(&p->in);
	tally_buf_free(&p->out);
	tally_free(p);
}

void
parser_leave(struct parser *p)
{
	if (p == NULL || p->pid == 0)
		return;
	if (!p->parted) {
		close(p->from);
		close(p->to);
	}
	p->pid = 0;
}

/* --- its life --- */

static void work(const struct parser *, int from, int to, pid_t run)
    TALLY_NORETURN;

static void
work(const struct parser *p, int from, int to, pid_t run)
{
	static struct parse all; /* zero */
	struct tally_err err;

	all.site = p->f->site;
	all.dictionary = &p->f->dictionary->d;
	all.maps = p->f->maps;
	all.guides = p->f->guides;
	all.hash = p->hash;
	all.shared = p->shared.readable;
	all.box = (struct sandbox){ from, to, PARSER_MEMORY };
	/* Nobody waits for what an orphan does. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != run)
		sandbox_exit(1);
	if (sandbox_enter(&all.box, &err) != TALLY_OK)
		parse_refuse(&all, &err);
	parse_work(&all);
}

enum tally_rc
parser_share(struct parser *p, struct tally_err *err)
{
	return p->shared.writable != NULL
	    ? TALLY_OK
	    : sandbox_share(&p->shared, WIRE_SHARED, err);
}

static void
close_both(const int fd[2])
{
	for (int i = 0; i < 2; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

static enum tally_rc
fork_it(struct parser *p, struct tally_err *err)
{
	int there[2] = { -1, -1 }, back[2] = { -1, -1 };
	pid_t run = getpid();
	enum tally_rc rc = TALLY_OK;

	if (pipe2(there, O_CLOEXEC) != 0 || pipe2(back, O_CLOEXEC) != 0)
		rc = tally_err_errno(err, TALLY_TEMP, "no pipe can be had");
	/* More is only faster. */
	if (rc == TALLY_OK) {
		(void)fcntl(there[1], F_SETPIPE_SZ, PIPE_BYTES);
		(void)fcntl(back[1], F_SETPIPE_SZ, PIPE_BYTES);
		p->pid = fork();
		if (p->pid == 0)
			work(p, there[0], back[1], run);
		if (p->pid < 0) {
			p->pid = 0;
			rc = tally_err_errno(
			    err, TALLY_TEMP, "no process can be made");
		}
	}
	if (rc != TALLY_OK) {
		close_both(there);
		close_both(back);
		return rc;
	}
	apart_begin(p->pid);
	apart_end(p->pid);
	close(there[0]);
	close(back[1]);
	p->to = there[1];
	p->from = back[0];
	p->timed = clock_getcpuclockid(p->pid, &p->clock) == 0;
	if (fcntl(p->to, F_SETFL, O_NONBLOCK) != 0) {
		rc = tally_err_errno(err, TALLY_IO, "setting up a pipe");
		parser_end(p);
	}
	return rc;
}

enum tally_rc
parser_start(struct parser *p, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	/* What its libraries would load while it works has to be there. */
	if (p->hash == NULL)
		rc = tally_hash_new(&p->hash, err);
	if (rc == TALLY_OK)
		rc = parser_share(p, err);
	if (rc == TALLY_OK && p->charset == NULL)
		rc = tally_charset_new(&p->charset, TALLY_CHARSET_DEFAULT, err);
	if (rc != TALLY_OK)
		return rc;
	/* One that dies must not take the run with it. */
	signal(SIGPIPE, SIG_IGN);
	errands_rest(p->f->errands);
	/* What is waiting there must not be written twice. */
	fflush(NULL);
	return fork_it(p, err);
}

/* Nothing more is said to it, nor heard. */
static void
part(struct parser *p, bool at_once)
{
	if (p->parted)
		return;
	apart_begin(p->pid); /* ending takes a while, too */
	close(p->to);
	close(p->from);
	if (at_once)
		kill(p->pid, SIGKILL);
	p->parted = true;
}

/* Its status, when it has ended. */
static int
bury(struct parser *p, bool at_once)
{
	int status = 0, tries = 0;

	part(p, at_once);
	while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR &&
	    tries++ < TALLY_INTERRUPTS)
		;
	p->pid = 0;
	p->ready = p->busy = p->parted = false;
	p->lookups_of = NULL;
	p->nasked = 0;
	p->nahead = 0;
	tally_buf_reset(&p->in);
	tally_buf_reset(&p->out);
	p->first = p->sent = 0;
	return status;
}

void
parser_end(struct parser *p)
{
	if (p->pid != 0)
		(void)bury(p, p->busy || sandbox_is_built());
}

void
parser_dismiss(struct parser *p)
{
	if (p != NULL && p->pid != 0)
		part(p, p->busy || sandbox_is_built());
}

static void
put_how(char *how, size_t size, int status)
{
	int signo = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (signo == SIGSYS)
		snprintf(how, size,
		    "made a system call that reading has no reason for");
	else if (signo != 0)
		snprintf(how, size, "was ended by signal %d", signo);
	else
		snprintf(how, size, "ended by itself with status %d",
		    WEXITSTATUS(status));
}

enum tally_rc
parser_lost(struct parser *p, const char *how, struct tally_err *err)
{
	char own[80];
	bool begun = p->ready;
	int status = bury(p, how != NULL);

	put_how(own, sizeof(own), status);
	p->died = true;
	return tally_err_set(err, begun ? TALLY_DATA : TALLY_TEMP,
	    "the process that %s it %s", begun ? "read" : "was to read",
	    how != NULL ? how : own);
}

bool
parser_died(const struct parser *p)
{
	return p->died;
}

int64_t
parser_worked(const struct parser *p)
{
	struct timespec t;

	if (!p->timed || clock_gettime(p->clock, &t) != 0)
		return -1;
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

const char *
parser_slow(struct parser *p)
{
	int64_t most = p->cpu_ms + (int64_t)(p->file.size / PARSER_RATE);
	int64_t now = parser_worked(p);

	return p->begun >= 0 && now - p->begun > most ? "did not come to an end"
						      : NULL;
}

const char *
parser_late(struct parser *p)
{
	int64_t cpu = parser_worked(p);

	if (p->cpu < 0)
		p->cpu = cpu;
	if (cpu >= 0 && cpu - p->cpu > p->cpu_ms)
		return "did not come to an end";
	if (flow_clock_steady() - p->heard > p->silent_ms)
		return "stood still";
	return NULL;
}

/* --- a file --- */

/* Whether it is one that can come where it is said to be. */
static bool
is_next(const struct parser *p)
{
	const struct tally_interchange_judged *j = &p->ic;

	return j->offset >= p->judged && j->offset <= p->file.size &&
	    j->length <= p->file.size - j->offset;
}

enum tally_rc
parser_judged(struct parser *p, struct tally_interchange_judged **out,
    const struct tally_findings **list, struct tally_err *err)
{
	enum wire_kind kind;
	struct wire w;
	enum tally_rc rc;

	do
		rc = parser_receive(p, &kind, &w, err);
	while (rc == TALLY_OK && p->skipped &&
	    (kind == WIRE_BATCH || kind == WIRE_ANSWERS));
	if (rc != TALLY_OK)
		return rc;
	p->skipped = false;
	tally_findings_reset(&p->list);
	tally_arena_reset(&p->kept);
	w.arena = &p->kept;
	memset(&p->ic, 0, sizeof(p->ic));
	wire_findings(&w, &p->list);
	if (kind == WIRE_JUDGED)
		wire_interchange(&w, &p->ic, &p->list);
	if (!wire_ended(&w) || (kind != WIRE_JUDGED && kind != WIRE_END) ||
	    (kind == WIRE_JUDGED && !is_next(p)))
		return parser_lost(p, "says what cannot be", err);
	p->busy = kind == WIRE_JUDGED;
	p->judged = p->ic.offset + p->ic.length;
	p->at = p->ic.offset;
	p->group = 0;
	*out = p->busy ? &p->ic : NULL;
	*list = &p->list;
	return TALLY_OK;
}

bool
parser_supposed(const struct parser *p)
{
	return p->file.suppose;
}

bool
parser_is_large(uint64_t size)
{
	return size > SUPPOSED_MAX;
}

bool
parser_otherwise(const struct parser *p)
{
	return p->otherwise;
}

void
parser_skip(struct parser *p)
{
	struct wire w;

	p->skipped = p->ahead && wire_is_recorded(&p->ic);
	if (!p->ahead)
		wire_finish(&w, parser_begin(p, &w, WIRE_SKIP));
}

void
parser_record(struct parser *p, const struct wire_record *r)
{
	struct wire_record m = *r;
	struct wire w;
	size_t begun = parser_begin(p, &w, WIRE_RECORD);

	wire_record(&w, &m);
	wire_finish(&w, begun);
}

/* --- what is recorded --- */

/* Whether the documents are of the interchange, in the order of its bytes. */
static bool
follow(struct parser *p, const struct gathered *g)
{
	const struct tally_interchange_judged *j = &p->ic;
	const struct tally_group_judged *group;

	for (size_t i = 0; i < g->n; i++) {
		const struct store_document *d = &g->doc[i];
		uint32_t k = g->pending[i].group;

		if (k < p->group || k >= j->ngroup)
			return false;
		group = &j->group[k];
		if (d->offset < p->at || d->offset < group->offset ||
		    d->offset - j->offset >= j->length ||
		    d->length > j->length - (d->offset - j->offset) ||
		    (group->verdict == TALLY_REJECTED &&
			d->verdict != TALLY_REJECTED))
			return false;
		p->group = k;
		p->at = d->offset + 1;
	}
	return g->last || g->n > 0;
}

static bool
is_there(const struct parser *p, const struct wire_answers *a)
{
	const struct tally_interchange_judged *j = &p->ic;

	return (a->group == UINT32_MAX || a->group < j->ngroup) &&
	    a->offset >= j->offset && a->offset - j->offset < j->length;
}

enum tally_rc
parser_read(struct parser *p, struct gathered *g, struct wire_answers *answers,
    struct tally_arena *a, enum wire_kind *kind, struct tally_err *err)
{
	struct wire w;
	enum tally_rc rc = parser_receive(p, kind, &w, err);
	bool ok = false;

	gathered_empty(g);
	tally_arena_reset(a);
	*answers = (struct wire_answers){ .group = UINT32_MAX };
	if (rc != TALLY_OK)
		return rc;
	if (*kind == WIRE_BATCH) {
		rc = parser_keep(p, &g->bytes, &w, err);
		if (rc != TALLY_OK)
			return rc;
		wire_gathered(&w, g);
		if (!parser_says(p, w.viewed))
			return parser_lost(
			    p, "says more than can be said", err);
		ok = wire_ended(&w) && follow(p, g);
	} else if (*kind == WIRE_ANSWERS) {
		w.arena = a;
		wire_answers(&w, answers);
		ok = wire_ended(&w) && is_there(p, answers);
	}
	return ok ? TALLY_OK : parser_lost(p, "says what cannot be", err);
}

enum tally_rc
parser_next(struct parser *p, struct gathered *g, struct wire_answers *answers,
    enum wire_kind *kind, struct tally_err *err)
{
	enum tally_rc rc;

	if (parser_beside_runs(p))
		return parser_beside_next(p, g, answers, kind, err);
	rc = parser_read(p, g, answers, &p->arena, kind, err);
	/* Now much follows, and what there is is to be stored. */
	if (rc == TALLY_OK && *kind == WIRE_BATCH && !g->last &&
	    p->file.size > WIRE_SMALL)
		parser_beside_start(p);
	return rc;
}
