/* SPDX-License-Identifier: Apache-2.0 */
/* A queue of errands and the thread that does them; see errand.h. */
#include "flow/errand.h"

#include <pthread.h>
#include <stddef.h>

#include "tallyman/mem.h"

/* All but the thread is changed under the lock. */
struct errands {
	struct errand *first, *last; /* away; the first is in hand */
	bool ended;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t given, done;
};

static void *
work(void *ctx)
{
	struct errands *es = ctx;
	struct errand *e;

	pthread_mutex_lock(&es->lock);
	for (;;) {
		while (es->first == NULL && !es->ended)
			pthread_cond_wait(&es->given, &es->lock);
		e = es->first;
		if (e == NULL)
			break;
		pthread_mutex_unlock(&es->lock);
		e->go(e->ctx);
		pthread_mutex_lock(&es->lock);
		es->first = e->next;
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
	pthread_cond_init(&es->given, NULL);
	pthread_cond_init(&es->done, NULL);
	if (pthread_create(&es->thread, NULL, work, es) == 0)
		return es;
	pthread_cond_destroy(&es->done);
	pthread_cond_destroy(&es->given);
	pthread_mutex_destroy(&es->lock);
	tally_free(es);
	return NULL;
}

void
errands_free(struct errands *es)
{
	if (es == NULL)
		return;
	pthread_mutex_lock(&es->lock);
	es->ended = true;
	pthread_cond_signal(&es->given);
	pthread_mutex_unlock(&es->lock);
	pthread_join(es->thread, NULL);
	pthread_cond_destroy(&es->done);
	pthread_cond_destroy(&es->given);
	pthread_mutex_destroy(&es->lock);
	tally_free(es);
}

void
errand_give(struct errands *es, struct errand *e)
{
	if (es == NULL) {
		e->go(e->ctx);
		return;
	}
	e->next = NULL;
	e->away = true;
	pthread_mutex_lock(&es->lock);
	if (es->first == NULL)
		es->first = e;
	else
		es->last->next = e;
	es->last = e;
	pthread_cond_signal(&es->given);
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
	while (es->first != NULL)
		pthread_cond_wait(&es->done, &es->lock);
	pthread_mutex_unlock(&es->lock);
}
