/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power cuts: one run is watched; after each of its calls that changed
 * something, every disk that a cut could leave is made, and the next runs
 * begin on it.  Disks that were there before are not tried again.
 */
#include <stdlib.h>

#include "fault/disk.h"
#include "fault/methods.h"

struct power {
	struct effort *e;
	struct disk *disk;
	struct scene after; /* where runs begin on what a cut has left */
	uint64_t *hash;     /* of disks that were tried; owned */
	size_t n;
	long step, changes;
	unsigned random; /* cuts by chance, after a change */
};

/* FNV-1a; two disks that share one are taken for the same. */
static uint64_t
hash(uint64_t h, const void *p, size_t n)
{
	const unsigned char *b = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 1099511628211u;
	return h;
}

static uint64_t
hash_tree(const struct tree *t)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < t->n; i++) {
		h = hash(h, t->file[i].path, strlen(t->file[i].path) + 1);
		h = hash(h, &t->file[i].n, sizeof(t->file[i].n));
		h = hash(h, t->file[i].bytes, t->file[i].n);
	}
	return h;
}

static bool
is_known(struct power *p, uint64_t h)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->hash[i] == h)
			return true;
	if ((p->n & (p->n - 1)) == 0) {
		p->hash = realloc(
		    p->hash, (p->n == 0 ? 1 : 2 * p->n) * sizeof(*p->hash));
		if (p->hash == NULL)
			die("memory");
	}
	p->hash[p->n++] = h;
	return false;
}

static void
cut_here(struct power *p, enum cut how)
{
	struct tree image = { 0 };
	struct verdict v;
	int status;

	disk_cut(p->disk, how, &p->e->rnd, &image);
	if (!is_known(p, hash_tree(&image))) {
		verdict_init(&v);
		scene_fresh(&p->after, &image);
		oracle_moment(&v, &p->after);
		if (!scene_recover(&p->after, &status))
			verdict_add(&v, WRONG_EXIT,
			    "there is no end, status %x", (unsigned)status);
		oracle_end(&v, &p->after);
		oracle_receipt(&v, &p->after);
		effort_point(p->e, &p->after, &v,
		    "%s, power cut after change %ld: %s",
		    workload_name[p->after.w->kind], p->changes, cut_name[how]);
		verdict_free(&v);
	}
	tree_free(&image);
}

/* The run that is watched stands still in the meantime. */
static void
saw(void *ctx, const struct tracer_call *c)
{
	struct power *p = ctx;

	disk_saw(p->disk, c);
	if (!disk_changed(p->disk) || p->changes++ % p->step != 0)
		return;
	for (enum cut how = 0; how < CUTS && effort_on(p->e); how++)
		for (unsigned i = 0; i < (how == CUT_RANDOM ? p->random : 1);
		     i++)
			cut_here(p, how);
}

static void
watch(struct effort *e, const char *program, enum workload_kind kind, long step,
    unsigned random)
{
	struct power p = { .e = e, .step = step, .random = random };
	struct tracing t = { .act = TRACE_COUNT, .saw = saw, .ctx = &p };
	struct workload w;
	struct scene s;
	struct tree begin = { 0 };

	workload_make(&w, kind, e->seed);
	scene_make(&s, program, &w, NULL);
	scene_make(&p.after, program, &w, NULL);
	scene_fresh(&s, NULL);
	tree_read(&begin, s.root);
	p.disk = disk_new(s.root, &begin);
	p.changes = (long)rnd_below(&e->rnd, (uint32_t)step);
	(void)scene_run(&s, &t);
	tracing_free(&t);
	disk_free(p.disk);
	free(p.hash);
	tree_free(&begin);
	scene_remove(&p.after);
	scene_remove(&s);
	workload_free(&w);
}

void
method_power(struct effort *e)
{
	static const long step[] = { 1, 40, 3 };
	static const unsigned random[] = { 4, 1, 2 };

	watch(e, e->program, WORKLOAD_MIXED, step[e->density],
	    random[e->density]);
	if (e->density == FULL) {
		watch(e, e->poisoned, WORKLOAD_MIXED, 2, 2);
		watch(e, e->program, WORKLOAD_LARGE, 23, 2);
	}
}
