/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Room that is not there: the n-th request for memory of a whole run fails,
 * whichever library makes it, once or from then on for ever; or files cannot
 * grow, because their disk is full.
 */
#define _GNU_SOURCE /* MS_REMOUNT, setrlimit */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "fault/methods.h"

#define READY 800 /* requests, that a run makes before its work */

static void
judge(struct effort *e, struct scene *s, struct verdict *v, int status)
{
	(void)e;
	if (!is_clean(status))
		verdict_add(
		    v, WRONG_EXIT, "ends with status %x", (unsigned)status);
	s->env = NULL;
	oracle_moment(v, s);
	if (!scene_recover(s, &status))
		verdict_add(v, WRONG_EXIT, "there is no end, status %x",
		    (unsigned)status);
	oracle_end(v, s);
}

/* How many requests a run makes that nothing disturbs. */
static long
requests(struct effort *e, struct scene *s)
{
	char path[300];
	const char *const env[] = { "LD_PRELOAD", e->preload, "FAULT_COUNT",
		path, NULL };
	struct tally_buf b;
	long n;

	path_of(path, sizeof(path), "%s/count", s->root);
	scene_fresh(s, NULL);
	s->env = env;
	(void)scene_run(s, NULL);
	s->env = NULL;
	tally_buf_init(&b, 64);
	if (!file_read(path, &b))
		die("%s is not loaded", e->preload);
	n = strtol(b.p, NULL, 10);
	tally_buf_free(&b);
	return n;
}

static void
one_request(struct effort *e, struct scene *s, long n, bool forever)
{
	char at[32];
	const char *const env[] = { "LD_PRELOAD", e->preload, "FAULT_ALLOC", at,
		forever ? "FAULT_FOREVER" : NULL, "1", NULL };
	struct verdict v;
	int status;

	snprintf(at, sizeof(at), "%ld", n);
	verdict_init(&v);
	scene_fresh(s, NULL);
	s->env = env;
	status = scene_run(s, NULL);
	judge(e, s, &v, status);
	effort_point(e, s, &v, "request %ld for memory fails%s", n,
	    forever ? " and all after it" : "");
	verdict_free(&v);
}

void
method_memory(struct effort *e)
{
	struct workload w;
	struct scene s;
	long all, points = e->density == FULL ? 1500 : 12;

	workload_make(&w, WORKLOAD_PLAIN, e->seed);
	scene_make(&s, e->program, &w, NULL);
	all = requests(e, &s);
	/* Getting ready makes few requests for itself. */
	for (long n = 1; n <= READY && effort_on(e);
	     n += e->density == FULL ? 2 : 40)
		one_request(e, &s, n, false);
	for (long i = 0; i < points && effort_on(e); i++)
		one_request(e, &s,
		    1 + i * all / points +
			(long)rnd_below(&e->rnd, (uint32_t)(all / points + 1)),
		    i % 2 != 0);
	scene_remove(&s);
	workload_free(&w);
}

/* A file system in memory with so many KiB, or false. */
static bool
mounted(const struct scene *s, unsigned long flags, unsigned kib)
{
	char size[32];

	snprintf(size, sizeof(size), "size=%uk", kib);
	return mount("tmpfs", s->root, "tmpfs", flags, size) == 0;
}

/* Where nothing can be mounted: files that cannot grow. */
static int
run_limited(struct scene *s, unsigned kib)
{
	struct rlimit had, limit;
	int status;

	if (getrlimit(RLIMIT_FSIZE, &had) != 0)
		die("getrlimit");
	limit = had;
	limit.rlim_cur = (rlim_t)kib * 1024;
	signal(SIGXFSZ, SIG_IGN);
	(void)setrlimit(RLIMIT_FSIZE, &limit);
	status = scene_run(s, NULL);
	(void)setrlimit(RLIMIT_FSIZE, &had);
	signal(SIGXFSZ, SIG_DFL);
	return status;
}

static void
one_size(struct effort *e, struct scene *s, unsigned begin, unsigned more)
{
	struct verdict v;
	int status;
	bool small;

	verdict_init(&v);
	small = mounted(s, 0, 65536);
	scene_fresh(s, NULL);
	if (small && !mounted(s, MS_REMOUNT, begin + more))
		die("%s cannot be made smaller", s->root);
	status = small ? scene_run(s, NULL) : run_limited(s, begin + more);
	if (small && !mounted(s, MS_REMOUNT, 65536))
		die("%s cannot be made larger", s->root);
	judge(e, s, &v, status);
	effort_point(e, s, &v, "room for %u KiB more, %s", more,
	    small ? "in a file system" : "in a file");
	verdict_free(&v);
	if (small && umount(s->root) != 0)
		die("%s stays mounted", s->root);
}

void
method_full(struct effort *e)
{
	struct workload w;
	struct scene s;
	unsigned begin = 0, step = e->density == FULL ? 8 : 200;

	workload_make(&w, WORKLOAD_PLAIN, e->seed);
	scene_make(&s, e->program, &w, NULL);
	for (size_t i = 0; i < s.begin.n; i++)
		begin += (unsigned)(s.begin.file[i].n + 4095) / 4096 * 4;
	for (size_t i = 0; i < w.n; i++)
		begin += (unsigned)(w.v[i].bytes.n + 4095) / 4096 * 4;
	for (unsigned more = 0; more < 640 && effort_on(e); more += step)
		one_size(e, &s, begin, more);
	scene_remove(&s);
	workload_free(&w);
}
