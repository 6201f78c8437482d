/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parser says of an interchange of many batches, read and checked by
 * a thread beside the run's, which stores meanwhile what was said before.
 *
 * As long as the thread lives the parser and the sources of its file are the
 * thread's; the run has what is ready, in a ring: the full ones, from first
 * on, are the run's, the others the thread's.  What both change is changed
 * under the lock.  The thread ends with the last batch, with the first trouble,
 * or because it is stopped.
 */
#include "flow/parser_inside.h"

#include <pthread.h>

#define RING 2

/* What parser_read gave. */
struct ready {
	struct gathered g;
	struct wire_answers answers;
	struct tally_arena arena; /* of answers */
	enum wire_kind kind;
	enum tally_rc rc;
	struct tally_err err;
};

struct parser_beside {
	struct ready ready[RING];
	struct tally_arena given; /* of the answers that the run has */
	unsigned first, full;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* full */
};

/* Whether nothing comes behind what was read. */
static bool
is_end(enum tally_rc rc, enum wire_kind kind, const struct gathered *g)
{
	return rc != TALLY_OK || (kind == WIRE_BATCH && g->last);
}

/* Waits until there are other than so many; false: it is stopped. */
static bool
await(struct parser *p, unsigned full)
{
	struct parser_beside *b = p->beside;
	bool go;

	pthread_mutex_lock(&b->lock);
	while (b->full == full && !p->stopped)
		pthread_cond_wait(&b->changed, &b->lock);
	go = !p->stopped;
	pthread_mutex_unlock(&b->lock);
	return go;
}

static void
fill(struct parser_beside *b)
{
	pthread_mutex_lock(&b->lock);
	b->full++;
	pthread_cond_signal(&b->changed);
	pthread_mutex_unlock(&b->lock);
}

static void *
work(void *ctx)
{
	struct parser *p = ctx;
	struct parser_beside *b = p->beside;
	struct ready *r;
	bool end = false;

	for (unsigned i = 0; !end && await(p, RING); i = (i + 1) % RING) {
		r = &b->ready[i];
		r->rc = parser_read(
		    p, &r->g, &r->answers, &r->arena, &r->kind, &r->err);
		end = is_end(r->rc, r->kind, &r->g);
		fill(b);
	}
	return NULL;
}

static bool
make(struct parser *p)
{
	const struct tally_model *model = maps_model(p->f->maps);
	struct parser_beside *b = tally_calloc(1, sizeof(*b));
	struct tally_err ignored;
	bool ok = b != NULL;

	if (!ok)
		return false;
	p->beside = b;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->changed, NULL);
	tally_arena_init(&b->given, SIZE_MAX);
	for (int i = 0; i < RING; i++) {
		tally_arena_init(&b->ready[i].arena, SIZE_MAX);
		ok = ok &&
		    gathered_open(&b->ready[i].g, model, &ignored) == TALLY_OK;
	}
	if (!ok)
		parser_beside_free(p);
	return ok;
}

void
parser_beside_free(struct parser *p)
{
	struct parser_beside *b = p->beside;

	if (b == NULL)
		return;
	parser_stop(p);
	for (int i = 0; i < RING; i++) {
		gathered_close(&b->ready[i].g);
		tally_arena_free(&b->ready[i].arena);
	}
	tally_arena_free(&b->given);
	pthread_cond_destroy(&b->changed);
	pthread_mutex_destroy(&b->lock);
	tally_free(b);
	p->beside = NULL;
}

void
parser_beside_start(struct parser *p)
{
	struct parser_beside *b;

	if (p->beside == NULL && !make(p))
		return;
	b = p->beside;
	b->first = b->full = 0;
	/* Set before it is looked at by the thread. */
	b->running = true;
	if (pthread_create(&b->thread, NULL, work, p) != 0)
		b->running = false;
}

bool
parser_beside_runs(const struct parser *p)
{
	return p->beside != NULL && p->beside->running;
}

/* The thread has ended, or is about to. */
static void
join(struct parser_beside *b)
{
	pthread_join(b->thread, NULL);
	b->running = false;
}

void
parser_stop(struct parser *p)
{
	struct parser_beside *b = p->beside;

	if (!parser_beside_runs(p))
		return;
	pthread_mutex_lock(&b->lock);
	p->stopped = true;
	pthread_cond_signal(&b->changed);
	pthread_mutex_unlock(&b->lock);
	join(b);
	p->stopped = false;
	p->died = false; /* nobody has been told */
}

/* Hands over what is in r for what the run had. */
static void
swap(struct parser_beside *b, struct ready *r, struct gathered *g,
    struct wire_answers *answers)
{
	struct gathered had = *g;
	struct tally_arena given = b->given;

	*g = r->g;
	r->g = had;
	*answers = r->answers;
	b->given = r->arena;
	r->arena = given;
}

enum tally_rc
parser_beside_next(struct parser *p, struct gathered *g,
    struct wire_answers *answers, enum wire_kind *kind, struct tally_err *err)
{
	struct parser_beside *b = p->beside;
	struct ready *r = &b->ready[b->first];
	enum tally_rc rc;
	bool end;

	(void)await(p, 0);
	swap(b, r, g, answers);
	*kind = r->kind;
	rc = r->rc;
	if (rc != TALLY_OK && err != NULL)
		*err = r->err;
	end = is_end(rc, *kind, g);
	pthread_mutex_lock(&b->lock);
	b->first = (b->first + 1) % RING;
	b->full--;
	pthread_cond_signal(&b->changed);
	pthread_mutex_unlock(&b->lock);
	if (end)
		join(b);
	return rc;
}
