/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acknowledgements of several interchanges in one file, where a partner is to
 * get them like that: those of the files that share a transaction, which are
 * small, and of the interchanges of a file between two of its commits.
 *
 * A file of them is open for as long as the transaction is, one for each
 * mailbox and envelope.  It is queued with the rest, so that what is recorded
 * is answered, and what is answered is recorded.
 */
#include "flow/translate.h"

#define OPEN_MAX 64
#define BYTES    (256u << 10) /* of a file, where no limit is agreed on */

struct joint {
	struct tally_ack_joint *ack; /* owned */
	const struct site_mailbox *to;
	char label[64], set[8];
	int64_t *about; /* interchanges; owned */
	size_t n, max;
};

struct together {
	struct joint v[OPEN_MAX];
	size_t n;
};

static void
close_first(struct together *all)
{
	tally_ack_joint_free(all->v[0].ack);
	tally_free(all->v[0].about);
	memmove(all->v, all->v + 1, --all->n * sizeof(*all->v));
}

void
translate_forget_joined(struct translate *t)
{
	while (t->together != NULL && t->together->n > 0)
		close_first(t->together);
	tally_free(t->together);
	t->together = NULL;
}

static enum tally_rc
queue_first(struct translate *t, struct tally_err *err)
{
	const struct joint *j = &t->together->v[0];
	const struct reply r = { .label = j->label,
		.to = j->to,
		.set = j->set,
		.e = tally_ack_joint_envelope(j->ack),
		.bytes = tally_ack_joint_bytes(j->ack),
		.about = j->about[0] };
	int64_t id;
	enum tally_rc rc = translate_queue(t, &r, &id, err);

	if (rc == TALLY_OK && j->n > 1)
		rc = store_interchanges_answered(
		    t->f->store, id, j->about, j->n, err);
	if (rc == TALLY_OK)
		close_first(t->together);
	return rc;
}

enum tally_rc
translate_queue_joined(struct translate *t, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	while (rc == TALLY_OK && t->together != NULL && t->together->n > 0)
		rc = queue_first(t, err);
	return rc;
}

enum tally_rc
translate_commit(struct translate *t, struct tally_err *err)
{
	enum tally_rc rc = translate_queue_joined(t, err);

	return rc == TALLY_OK ? store_commit(t->f->store, err) : rc;
}

/* The newest that can take what answers the interchange in hand, or null. */
static struct joint *
find(const struct translate *t, const struct site_mailbox *to,
    const struct tally_ack_envelope *e)
{
	for (size_t i = t->together->n; i-- > 0;) {
		struct joint *j = &t->together->v[i];

		if (j->to == to &&
		    tally_ack_joint_takes(j->ack, &t->in.judged, e))
			return j;
	}
	return NULL;
}

static enum tally_rc
open_one(struct translate *t, const struct site_mailbox *to,
    const struct tally_ack_envelope *e, const char *set, struct joint **out,
    struct tally_err *err)
{
	struct tally_ack_envelope own = *e;
	struct joint j = { .to = to };
	enum tally_rc rc = TALLY_OK;

	if (t->together->n == OPEN_MAX)
		rc = queue_first(t, err);
	if (rc == TALLY_OK)
		rc = translate_draw(
		    t, "interchange", e, 1, &own.interchange_control, err);
	own.bytes_max =
	    t->partner->ack_bytes != 0 ? t->partner->ack_bytes : BYTES;
	if (rc == TALLY_OK)
		rc = tally_ack_joint_new(&j.ack, &t->in.judged, &own, err);
	if (rc != TALLY_OK)
		return rc;
	snprintf(j.label, sizeof(j.label), "%s", t->in.label);
	snprintf(j.set, sizeof(j.set), "%s", set);
	*out = &t->together->v[t->together->n++];
	**out = j;
	return TALLY_OK;
}

/* Numbers of groups, drawn for the interchange in hand. */
struct drawn {
	uint32_t n, first;
};

/* Adds the interchange in hand, with as many numbers more as it needs. */
static enum tally_rc
add(struct translate *t, struct joint *j, uint32_t bytes_max, struct drawn *d,
    bool *added, struct tally_err *err)
{
	const struct tally_interchange_judged *ic = &t->in.judged;
	uint32_t n = tally_ack_joint_envelopes(j->ack, ic), number = d->first;
	size_t max = j->max != 0 ? 2 * j->max : 64;
	enum tally_rc rc;
	int64_t *p;

	if (j->n == j->max) {
		p = tally_realloc(j->about, max * sizeof(*p));
		if (p == NULL)
			return tally_err_set(err, TALLY_NOMEM, "out of memory");
		j->about = p;
		j->max = max;
	}
	rc = translate_draw(t, "group", tally_ack_joint_envelope(j->ack),
	    n - d->n, &number, err);
	if (d->n == 0)
		d->first = number;
	d->n = n;
	if (rc == TALLY_OK)
		rc = tally_ack_joint_add(
		    j->ack, ic, t->in.list, d->first, bytes_max, added, err);
	if (rc == TALLY_OK && *added)
		j->about[j->n++] = t->in.id;
	return rc;
}

enum tally_rc
translate_join(struct translate *t, const struct site_mailbox *to,
    const struct tally_ack_envelope *e, const char *set, struct tally_err *err)
{
	struct drawn d = { .n = 0 };
	bool added = false;
	struct joint *j;
	enum tally_rc rc = TALLY_OK;

	if (t->together == NULL)
		t->together = tally_calloc(1, sizeof(*t->together));
	if (t->together == NULL)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	j = find(t, to, e);
	if (j != NULL)
		rc = add(t, j, e->bytes_max, &d, &added, err);
	if (rc != TALLY_OK || added)
		return rc;
	rc = open_one(t, to, e, set, &j, err);
	return rc == TALLY_OK ? add(t, j, e->bytes_max, &d, &added, err) : rc;
}

/* The groups of the interchange in hand, while its answers are looked for: how
 * many sets about groups of the same name and number come before. */
struct looking {
	const struct tally_interchange_judged *ic;
	uint64_t *before; /* of each group; owned */
	struct tally_buf *out;
};

static enum tally_rc
look_before(struct translate *t, struct looking *l, bool together,
    struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	l->before = tally_calloc(l->ic->ngroup + 1, sizeof(*l->before));
	if (l->before == NULL)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	for (uint32_t i = 0; together && i < l->ic->ngroup && rc == TALLY_OK;
	     i++)
		rc = store_answered_before(t->f->store, t->in.id,
		    &l->ic->group[i], &l->before[i], err);
	return rc;
}

/* Whether a set with that AK1 is about one of the groups. */
static bool
is_own(struct looking *l, struct tally_str functional, struct tally_str control)
{
	for (uint32_t i = 0; i < l->ic->ngroup; i++) {
		const struct tally_group_judged *g = &l->ic->group[i];

		if (tally_str_eq(functional, tally_cstr(g->functional)) &&
		    tally_str_eq(control, tally_cstr(g->control)) &&
		    l->before[i]-- == 0)
			return true;
	}
	return false;
}

static bool
add_own(void *ctx, const struct tally_unit *u)
{
	struct looking *l = ctx;
	const struct tally_set *set = u->set;
	const struct tally_segment *ak1, *se;

	if (u->kind != TALLY_UNIT_SET || u->unreadable || set->nsegment < 3)
		return true;
	ak1 = &set->segment[1];
	se = &set->segment[set->nsegment - 1];
	if (tally_str_eq(tally_segment_tag(set, ak1), TALLY_STR("AK1")) &&
	    is_own(l, tally_element(set, ak1, 1), tally_element(set, ak1, 2)))
		tally_buf_add(
		    l->out, set->bytes + ak1->start, se->start - ak1->start);
	return true;
}

enum tally_rc
translate_own_part(struct translate *t, struct tally_str file, bool together,
    struct tally_buf *out, struct tally_err *err)
{
	struct looking l = { .ic = &t->in.judged, .out = out };
	enum tally_rc rc = look_before(t, &l, together, err);

	if (rc == TALLY_OK)
		rc = translate_units(file, add_own, &l, err);
	tally_free(l.before);
	return rc;
}
