/* SPDX-License-Identifier: Apache-2.0 */
/* A queue of errands for each lane and the thread that does them; errand.h. */
#include "flow/errand.h"

#include <pthread.h>
#include <stddef.h>

#include "tallyman/mem.h"

struct lane {
	struct errands *all;
	struct errand *first, *last; /* away; the first is in hand */
	pthread_t thread;
	pthread_cond_t given;
};

/* All but the threads is changed under the lock. */
struct errands {
	struct lane lane[ERRAND_LANES];
	unsigned running; /* of the lanes */
	bool ended;
	pthread_mutex_t lock;
	pthread_cond_t done; /* one, in any lane; only the run waits for it */
};

static void *
work(void *ctx)
{
	struct lane *l = ctx;
	struct errands *es = l->all;
	struct errand *e;

	pthread_mutex_lock(&es->lock);
	for (;;) {
		while (l->first == NULL && !es->ended)
			pthread_cond_wait(&l->given, &es->lock);
		e = l->first;
		if (e == NULL)
			break;
		pthread_mutex_unlock(&es->lock);
		e->go(e->ctx);
		pthread_mutex_lock(&es->lock);
		l->first = e->next;
		e->away = false;
		pthread_cond_signal(&es->done);
	}
	pthread_mutex_unlock(&es->lock);
	return NULL;
}

struct errands *
errands_new(void)
{
	struct errands *es = tally_calloc(1, sizeof(*es));

	if (es == NULL)
		return NULL;
	pthread_mutex_init(&es->lock, NULL);
	pthread_cond_init(&es->done, NULL);
	for (; es->running < ERRAND_LANES; es->running++) {
		struct lane *l = &es->lane[es->running];

		l->all = es;
		pthread_cond_init(&l->given, NULL);
		if (pthread_create(&l->thread, NULL, work, l) == 0)
			continue;
		pthread_cond_destroy(&l->given);
		errands_free(es);
		return NULL;
	}
	return es;
}

void
errands_free(struct errands *es)
{
	if (es == NULL)
		return;
	pthread_mutex_lock(&es->lock);
	es->ended = true;
	for (unsigned i = 0; i < es->running; i++)
		pthread_cond_signal(&es->lane[i].given);
	pthread_mutex_unlock(&es->lock);
	for (unsigned i = 0; i < es->running; i++) {
		pthread_join(es->lane[i].thread, NULL);
		pthread_cond_destroy(&es->lane[i].given);
	}
	pthread_cond_destroy(&es->done);
	pthread_mutex_destroy(&es->lock);
	tally_free(es);
}

void
errand_give(struct errands *es, struct errand *e)
{
	struct lane *l;

	if (es == NULL) {
		e->go(e->ctx);
		return;
	}
	l = &es->lane[e->lane];
	e->next = NULL;
	e->away = true;
	pthread_mutex_lock(&es->lock);
	if (l->first == NULL)
		l->first = e;
	else
		l->last->next = e;
	l->last = e;
	pthread_cond_signal(&l->given);
	pthread_mutex_unlock(&es->lock);
}

bool
errand_is_away(struct errands *es, const struct errand *e)
{
	bool away;

	if (es == NULL)
		return false;
	pthread_mutex_lock(&es->lock);
	away = e->away;
	pthread_mutex_unlock(&es->lock);
	return away;
}

void
errand_await(struct errands *es, const struct errand *e)
{
	if (es == NULL)
		return;
	pthread_mutex_lock(&es->lock);
	while (e->away)
		pthread_cond_wait(&es->done, &es->lock);
	pthread_mutex_unlock(&es->lock);
}

void
errands_rest(struct errands *es)
{
	if (es == NULL)
		return;
	pthread_mutex_lock(&es->lock);
	for (unsigned i = 0; i < ERRAND_LANES; i++)
		while (es->lane[i].first != NULL)
			pthread_cond_wait(&es->done, &es->lock);
	pthread_mutex_unlock(&es->lock);
}
