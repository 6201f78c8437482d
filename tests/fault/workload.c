/* SPDX-License-Identifier: Apache-2.0 */
/* See workload.h. */
#include "fault/workload.h"

#include <stdio.h>

#include "fault/tree.h"
#include "support/generate.h"

#define BYTES_MAX  (8u << 20)
#define T0         1767600000 /* files are older than any run */
#define LARGE_DOCS 1100       /* more than a transaction takes */

const char *const box_id[BOXES] = { "ALPHA", "BETA" };
const char *const workload_name[WORKLOAD_KINDS] = { "mixed", "plain", "large",
	"poison" };

struct making {
	struct workload *w;
	struct rnd rnd;
	unsigned control[BOXES];
};

void
workload_po(char po[32], const struct offered *o, unsigned ordinal)
{
	snprintf(po, 32, "P%u-%u-%u", o->box, o->control, ordinal);
}

/* An interchange; a word for the ship-to's name makes its bytes its own. */
static void
write_x12(struct offered *o, const char *sender, const char *word)
{
	struct tally_buf *b = &o->bytes;
	char po[32];

	tally_buf_printf(b,
	    "ISA*00*          *00*          *ZZ*%-15s*ZZ*SELLER         "
	    "*260105*0800*U*00401*%09u*%d*P*>~"
	    "GS*PO*%s*SELLER*20260105*0800*%u*X*004010~",
	    sender, o->control, o->ta1, sender, o->control);
	for (unsigned d = 1; d <= o->docs; d++) {
		workload_po(po, o, d);
		tally_buf_printf(b, "ST*850*%04u~", d);
		if (o->fate != FATE_BROKEN)
			tally_buf_printf(b, "BEG*00*SA*%s**20260105~", po);
		tally_buf_printf(b, "N1*ST*%s*92*0004~", word);
		for (unsigned i = 1; i <= o->lines; i++)
			tally_buf_printf(
			    b, "PO1*%u*12*EA*3.5**VP*WIDGET-%u~", i, i % 9);
		tally_buf_printf(b, "CTT*%u~SE*%u*%04u~", o->lines,
		    o->lines + 4 + (o->fate != FATE_BROKEN), d);
	}
	tally_buf_printf(b, "GE*%u*%u~IEA*%d*%09u~", o->docs, o->control,
	    o->fate == FATE_REFUSED ? 7 : 1, o->control);
}

static struct offered *
offer(struct making *m, unsigned box, const char *name, enum fate fate)
{
	struct workload *w = m->w;
	struct offered *o;

	w->v = tally_realloc(w->v, (w->n + 1) * sizeof(*w->v));
	if (w->v == NULL)
		die("memory");
	o = &w->v[w->n];
	*o = (struct offered){ .box = box, .fate = fate, .other = NO_OTHER };
	/* Order is that of time, and that of names within a second. */
	o->mtime = T0 + (int64_t)(w->n / 2);
	snprintf(o->name, sizeof(o->name), "%02zu-%s.edi", w->n, name);
	tally_buf_init(&o->bytes, BYTES_MAX);
	o->control = ++m->control[box];
	o->docs = 1;
	o->lines = rnd_between(&m->rnd, 1, 4);
	w->n++;
	return o;
}

static struct offered *
offer_orders(struct making *m, unsigned box, const char *name, enum fate fate)
{
	struct offered *o = offer(m, box, name, fate);

	/* What answers the second's is in files with others, where no TA1 can
	 * be. */
	o->ta1 = box == 0 && rnd_chance(&m->rnd, 30);
	if (fate == FATE_ORDERS)
		o->docs = rnd_between(&m->rnd, 1, 3);
	write_x12(o, box_id[box], "DOCK 4");
	return o;
}

/* Another file with the number, or the bytes too, of one that was offered. */
static struct offered *
offer_again(struct making *m, size_t other, enum fate fate)
{
	static const char *const name[FATES] = { [FATE_CONFLICT] = "conflict",
		[FATE_DUPLICATE] = "duplicate",
		[FATE_REPEAT] = "repeat" };
	unsigned box = m->w->v[other].box;
	struct offered *o = offer(m, box, name[fate], fate);
	const struct offered *first = &m->w->v[other];

	m->control[box]--;
	o->other = other;
	o->control = first->control;
	o->docs = first->docs;
	o->lines = first->lines;
	o->ta1 = first->ta1;
	if (fate == FATE_CONFLICT)
		write_x12(o, box_id[box], "DOCK 5");
	else
		tally_buf_add(&o->bytes, first->bytes.p, first->bytes.n);
	if (fate == FATE_REPEAT)
		memcpy(o->name, first->name, sizeof(o->name));
	return o;
}

/* Half of it is there when the run begins, perhaps under another name. */
static void
halve(struct making *m, struct offered *o, const char *early)
{
	o->half = rnd_between(&m->rnd, 50, (uint32_t)o->bytes.n - 1);
	snprintf(o->early, sizeof(o->early), "%s%s", early,
	    *early == '\0' ? "" : o->name);
}

static void
offer_foreign(struct making *m, unsigned box)
{
	struct offered *o = offer(m, box, "foreign", FATE_SET_ASIDE);

	write_x12(o, "OMEGA", "DOCK 4");
	o = offer(m, box, "picture", FATE_SET_ASIDE);
	tally_buf_puts(&o->bytes, "\377\330\377\340 no X12 at all");
}

/* What both have; their files begin with three orders.  Returns the
 * first order of the second. */
static size_t
make_common(struct making *m)
{
	struct offered *o;
	size_t first;

	offer_orders(m, 0, "broken", FATE_BROKEN);
	offer_foreign(m, 0);
	halve(m, offer_orders(m, 0, "early", FATE_ORDERS), ".");
	first = m->w->n;
	offer_orders(m, 1, "order", FATE_ORDERS);
	offer_orders(m, 1, "refused", FATE_REFUSED);
	offer_orders(m, 1, "order", FATE_ORDERS);
	offer_again(m, first, FATE_REPEAT)->phase = 1;
	/* A name that comes again with another content. */
	o = offer_orders(m, 0, "order", FATE_ORDERS);
	memcpy(o->name, m->w->v[1].name, sizeof(o->name));
	o->phase = 1;
	return first;
}

static void
make_plain(struct making *m)
{
	for (unsigned i = 0; i < 3; i++)
		offer_orders(m, 0, "order", FATE_ORDERS);
	(void)make_common(m);
}

static void
make_mixed(struct making *m)
{
	size_t first;

	for (unsigned i = 0; i < 3; i++)
		offer_orders(m, 0, "order", FATE_ORDERS);
	offer_again(m, 0, FATE_DUPLICATE);
	offer_again(m, 1, FATE_CONFLICT);
	halve(m, offer_orders(m, 0, "half", FATE_ORDERS), "");
	first = make_common(m);
	offer_again(m, 2, FATE_DUPLICATE)->phase = 1;
	offer_again(m, first, FATE_DUPLICATE)->phase = 1;
}

static void
make_large(struct making *m)
{
	struct offered *o = offer(m, 1, "large", FATE_ORDERS);

	o->docs = LARGE_DOCS;
	o->lines = 27;
	write_x12(o, box_id[1], "DOCK 4");
	offer_orders(m, 1, "order", FATE_ORDERS);
	offer_again(m, 0, FATE_CONFLICT);
	offer_orders(m, 1, "order", FATE_ORDERS);
	/* One that is not without a mistake, as the first one is supposed to
	 * be: it is committed on the way. */
	o = offer(m, 1, "noted", FATE_ORDERS);
	o->docs = LARGE_DOCS;
	o->lines = 4;
	tally_buf_puts(&o->bytes, "sent again, as asked for\n");
	write_x12(o, box_id[1], "DOCK 4");
}

static void
offer_poison(struct making *m, unsigned box, const char *word)
{
	struct offered *o = offer(m, box, "poison", FATE_SET_ASIDE);

	write_x12(o, box_id[box], word);
}

static void
make_poison(struct making *m)
{
	offer_orders(m, 0, "order", FATE_ORDERS);
	offer_orders(m, 1, "order", FATE_ORDERS);
	/* What was read before a lie is kept, so a file of answers is open. */
	offer_poison(m, 1, "POISON LIE");
	offer_orders(m, 1, "order", FATE_ORDERS);
	offer_poison(m, 1, "POISON ABORT");
}

void
workload_make(struct workload *w, enum workload_kind kind, uint64_t seed)
{
	static void (*const make[WORKLOAD_KINDS])(struct making *) = {
		make_mixed, make_plain, make_large, make_poison
	};
	struct making m = { .w = w };

	*w = (struct workload){ .kind = kind };
	rnd_seed(&m.rnd, seed);
	make[kind](&m);
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].bytes.failed)
			die("memory");
}

void
workload_free(struct workload *w)
{
	for (size_t i = 0; i < w->n; i++)
		tally_buf_free(&w->v[i].bytes);
	tally_free(w->v);
}
