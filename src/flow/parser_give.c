/* SPDX-License-Identifier: Apache-2.0 */
/* What is given to the parser: files, and cross-references; see parser.h. */
#include "flow/parser_inside.h"

#include <assert.h>
#include <string.h>

#include "flow/apart.h"

#define AHEAD_BYTES ((size_t)1 << 20) /* of what is given ahead */

/* --- cross-references --- */

struct lookups_sent {
	struct parser *p;
	struct tally_buf rows;
	size_t n;
	bool first;
};

static enum tally_rc
send_lookups(struct lookups_sent *s, struct tally_err *err)
{
	struct wire w;
	size_t begun = parser_begin(s->p, &w, WIRE_LOOKUPS);

	wire_bool(&w, &s->first);
	wire_size(&w, &s->n);
	tally_buf_str(w.out, tally_buf_view(&s->rows));
	w.out->failed |= s->rows.failed;
	wire_finish(&w, begun);
	tally_buf_reset(&s->rows);
	s->first = false;
	s->n = 0;
	return parser_flush(s->p, err);
}

static enum tally_rc
add_lookup(void *ctx, const struct store_lookup_row *row, struct tally_err *err)
{
	struct lookups_sent *s = ctx;
	struct store_lookup_row copy = *row;
	struct wire w = { .out = &s->rows };

	wire_lookup(&w, &copy);
	return ++s->n < WIRE_LOOKUPS_MAX ? TALLY_OK : send_lookups(s, err);
}

static enum tally_rc
send_lookups_of(struct parser *p, const struct site_partner *partner,
    struct store *st, struct tally_err *err)
{
	struct lookups_sent s = { .p = p, .first = true };
	enum tally_rc rc;

	if (p->lookups_of == partner)
		return TALLY_OK;
	p->lookups_of = NULL;
	tally_buf_init(&s.rows, WIRE_FRAME_MAX);
	rc = store_lookup_each(st, partner->name, add_lookup, &s, err);
	if (rc == TALLY_OK)
		rc = send_lookups(&s, err);
	if (rc == TALLY_OK)
		p->lookups_of = partner;
	tally_buf_free(&s.rows);
	return rc;
}

enum tally_rc
parser_lookups(struct parser *p, struct store *st, struct tally_err *err)
{
	return send_lookups_of(p, p->file.partner, st, err);
}

void
parser_forget_lookups(struct parser *p)
{
	p->lookups_of = NULL;
}

/* --- files --- */

static enum tally_rc
send_whole(struct parser *p, const struct parser_file *f, struct tally_err *err)
{
	struct tally_source source = f->source(f->ctx, 0, 0);
	char block[16384];
	struct wire w;
	size_t got = 1, total = 0, begun = parser_begin(p, &w, WIRE_BYTES);
	enum tally_rc rc = TALLY_OK;

	while (rc == TALLY_OK && got > 0 && total <= f->size) {
		rc = source.read(source.ctx, block, sizeof(block), &got, err);
		if (rc == TALLY_OK)
			tally_buf_add(&p->out, block, got);
		total += got;
	}
	wire_finish(&w, begun);
	if (rc == TALLY_OK && total != f->size)
		rc = tally_err_set(err, TALLY_IO,
		    "a file that was kept is not as long as it was; restore "
		    "it from a backup");
	return rc;
}

static enum tally_rc
send_file(struct parser *p, const struct parser_file *f, bool ahead,
    struct tally_err *err)
{
	struct wire_file m = { .partner = UINT32_MAX,
		.size = f->size,
		.from = f->from,
		.single = f->single,
		.suppose = f->suppose,
		.whole = f->size <= WIRE_SMALL,
		.ahead = ahead };
	struct wire w;
	size_t begun = parser_begin(p, &w, WIRE_FILE);

	if (f->partner != NULL)
		m.partner = (uint32_t)(f->partner - p->f->site->partner);
	wire_file(&w, &m);
	wire_finish(&w, begun);
	return m.whole ? send_whole(p, f, err) : TALLY_OK;
}

/* A process that is not in the middle of another file. */
static enum tally_rc
get_ready(struct parser *p, struct tally_err *err)
{
	if (p->busy || p->parted)
		parser_end(p);
	return p->pid == 0 ? parser_start(p, err) : TALLY_OK;
}

void
parser_make(struct parser *p)
{
	struct tally_err err;

	(void)get_ready(p, &err);
}

/* It is in hand now, by another source; what was judged so far stands. */
static void
come_for(struct parser *p, const struct parser_file *f)
{
	assert(f->size == p->file.size && f->partner == p->file.partner &&
	    f->from == p->file.from && !f->single && !f->suppose);
	p->early = false;
	p->file = *f;
	p->there = f->size;
	for (int i = 0; i < WIRE_READERS; i++)
		p->reader[i].open = false;
}

enum tally_rc
parser_file(
    struct parser *p, const struct parser_file *f, struct tally_err *err)
{
	enum tally_rc rc;

	p->died = p->otherwise = false;
	if (p->early) {
		come_for(p, f);
		return TALLY_OK;
	}
	/* What is said of one must not be taken for what is said of another. */
	if (p->nahead > 0 && p->ahead_of[p->first_ahead] != f->id)
		parser_end(p);
	rc = get_ready(p, err);
	if (rc != TALLY_OK)
		return rc;
	p->file = *f;
	p->there = f->size;
	p->ahead = p->nahead > 0;
	p->busy = true;
	p->skipped = false;
	p->said = 0;
	p->begun = parser_worked(p);
	p->judged = f->from;
	memset(p->reader, 0, sizeof(p->reader));
	if (!p->ahead)
		return send_file(p, f, false, err);
	p->first_ahead = (p->first_ahead + 1) % PARSER_AHEAD;
	p->nahead--;
	p->ahead_bytes -= f->size;
	return TALLY_OK;
}

enum tally_rc
parser_early(
    struct parser *p, const struct parser_file *f, struct tally_err *err)
{
	enum tally_rc rc = parser_file(p, f, err);

	assert(f->size > WIRE_SMALL && p->nahead == 0);
	p->early = true;
	p->there = 0;
	return rc;
}

enum tally_rc
parser_early_on(struct parser *p, uint64_t there, struct tally_err *err)
{
	p->there = there;
	return parser_serve(p, err);
}

/* --- files read ahead --- */

bool
parser_ahead(struct parser *p, const struct parser_file *f, struct store *st)
{
	struct tally_err ignored;

	/* What its groups' numbers were is asked about, and answered, when
	 * those before them are recorded. */
	if (f->size > WIRE_SMALL || f->partner == NULL ||
	    f->partner->unique_groups || p->busy)
		return false;
	if (p->nahead == 0)
		p->ahead_bytes = 0;
	if (p->nahead == PARSER_AHEAD || p->ahead_bytes + f->size > AHEAD_BYTES)
		return false;
	if (get_ready(p, &ignored) != TALLY_OK ||
	    send_lookups_of(p, f->partner, st, &ignored) != TALLY_OK)
		return false;
	/* What is wrong with it is told when it is in hand. */
	if (send_file(p, f, true, &ignored) != TALLY_OK) {
		parser_end(p);
		return false;
	}
	p->ahead_of[(p->first_ahead + p->nahead++) % PARSER_AHEAD] = f->id;
	p->ahead_bytes += f->size;
	return true;
}

bool
parser_waits(const struct parser *p)
{
	return p != NULL && p->pid != 0 && !p->parted && !p->busy;
}

void
parser_send(struct parser *p)
{
	struct tally_err ignored;

	if (p->nahead == 0)
		return;
	apart_begin(p->pid);
	if (parser_pump(p, &ignored) != TALLY_OK)
		parser_end(p);
	else
		apart_end(p->pid);
}

size_t
parser_has_ahead(const struct parser *p)
{
	return p->nahead;
}

void
parser_forget_ahead(struct parser *p)
{
	if (p != NULL && p->nahead > 0)
		parser_end(p);
}

bool
parser_is_ahead(const struct parser *p)
{
	return p->ahead;
}
