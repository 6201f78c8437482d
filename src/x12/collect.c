/* SPDX-License-Identifier: Apache-2.0 */
/* The segments of a transaction set; see collect.h. */
#include "x12/collect.h"

#include "tallyman/mem.h"
#include "x12/isa.h"

void
collect_init(
    struct collect *c, struct window *w, const struct tally_limits *limits)
{
	*c = (struct collect){ .w = w, .limits = limits };
}

void
collect_free(struct collect *c)
{
	tally_free(c->segment);
}

void
collect_version(struct collect *c, const struct tally_version *v)
{
	uint32_t tag[BINARY_MAX];

	binary_of(&c->binary, v);
	for (unsigned i = 0; i < c->binary.n; i++)
		tag[i] = c->binary.v[i].tag;
	window_stop_at(c->w, tag, c->binary.n);
}

enum tally_rc
collect_reserve(struct collect *c, uint32_t n, struct tally_err *err)
{
	uint32_t cap = c->cap != 0 ? c->cap : 64;
	void *p;

	while (cap < n)
		cap *= 2;
	if (cap == c->cap)
		return TALLY_OK;
	p = tally_realloc(c->segment, cap * sizeof(*c->segment));
	if (p == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "no memory for %u segments", cap);
	c->segment = p;
	c->cap = cap;
	return TALLY_OK;
}

bool
collect_is_isa(const struct tally_segment *s)
{
	return s->tag == tally_tag("ISA") && s->n == ISA_ELEMENTS;
}

/* Segments that end a set which lacks its own trailer. */
static bool
ends_set(const struct tally_segment *s)
{
	return s->tag == tally_tag("ST") || s->tag == tally_tag("GE") ||
	    s->tag == tally_tag("GS") || s->tag == tally_tag("IEA") ||
	    collect_is_isa(s);
}

/*
 * The segment that was found, or was too long, once more if it is one with
 * data by length.  Where the length is not right it is read as any other, and
 * *fault says so.
 */
static enum tally_rc
reread(struct collect *c, uint32_t ordinal, enum window_found *found,
    struct tally_segment *s, struct binary_fault *fault, struct tally_err *err)
{
	struct window *w = c->w;
	const struct tally_segment_spec *spec;
	enum window_binary binary;
	uint32_t used, max = c->limits->set_bytes;
	enum tally_rc rc;

	if (*found == WINDOW_SEGMENT ? binary_find(&c->binary, s->tag) == NULL
				     : *found != WINDOW_LONG)
		return TALLY_OK;
	spec = binary_find(&c->binary, window_again(w));
	if (spec == NULL)
		return TALLY_OK;
	used = w->at - w->keep;
	rc = window_binary(
	    w, max > used ? max - used : 0, spec->nuse, &binary, s, err);
	if (rc != TALLY_OK)
		return rc;
	if (binary == WINDOW_BINARY) {
		*found = WINDOW_SEGMENT;
		return TALLY_OK;
	}
	if (binary != WINDOW_NO_DATA)
		binary_fault(fault, binary, w, spec, ordinal);
	return window_segment(w, c->limits->segment_bytes, found, s, err);
}

/* Segments that lie ready, within the limits. */
static enum tally_rc
take_ready(struct collect *c, uint32_t *n, struct tally_err *err)
{
	const struct tally_limits *limits = c->limits;
	struct window *w = c->w;
	uint32_t room = w->index.nend - w->next_end;
	uint32_t upto = UINT32_MAX;
	enum tally_rc rc;

	if (room > limits->set_segments - *n)
		room = limits->set_segments - *n;
	if (limits->set_bytes < upto - w->keep)
		upto = w->keep + limits->set_bytes;
	/* Most sets need no more than what is there already. */
	if (c->cap == *n && room > 0) {
		rc = collect_reserve(c, *n + 1, err);
		if (rc != TALLY_OK)
			return rc;
	}
	if (room > c->cap - *n)
		room = c->cap - *n;
	*n += window_segments(
	    w, limits->segment_bytes, upto, c->segment + *n, room);
	return TALLY_OK;
}

/* The buffer's beginning has moved on, and with it what starts are relative
 * to. */
static void
rebase(struct collect *c, uint32_t n, uint64_t was)
{
	uint32_t by = (uint32_t)(c->w->base - was);

	for (uint32_t i = 0; by != 0 && i < n; i++)
		c->segment[i].start -= by;
}

/* What has been read of a set. */
struct progress {
	uint32_t n;
	bool over; /* a limit */
	bool ended;
	enum collect_end end;
	struct binary_fault *fault;
};

static void
end_at(struct progress *p, enum collect_end end)
{
	p->ended = true;
	p->end = end;
}

/* Keeps a segment, unless a limit or a fault says otherwise. */
static enum tally_rc
keep(struct collect *c, struct progress *p, const struct tally_segment *s,
    bool faulty, struct tally_err *err)
{
	struct window *w = c->w;
	enum tally_rc rc;

	if (s->tag == tally_tag("SE"))
		end_at(p, COLLECT_SE);
	p->over = p->over || p->n == c->limits->set_segments ||
	    w->at - w->keep > c->limits->set_bytes;
	if (p->over) {
		window_keep(w);
		return TALLY_OK;
	}
	if (faulty && !p->ended)
		return TALLY_OK;
	rc = collect_reserve(c, p->n + 1, err);
	if (rc == TALLY_OK)
		c->segment[p->n++] = *s;
	return rc;
}

/* The next segment, wherever it is. */
static enum tally_rc
take_next(struct collect *c, struct progress *p, struct tally_err *err)
{
	struct window *w = c->w;
	bool faulty = p->fault->found != WINDOW_BINARY;
	uint64_t base = w->base;
	enum window_found found;
	struct tally_segment s;
	enum tally_rc rc;

	rc = window_segment(w, c->limits->segment_bytes, &found, &s, err);
	if (rc == TALLY_OK && !faulty)
		rc = reread(c, p->n + 1, &found, &s, p->fault, err);
	if (rc != TALLY_OK)
		return rc;
	rebase(c, p->n, base);
	if (found != WINDOW_SEGMENT) {
		end_at(p, found == WINDOW_LONG ? COLLECT_LONG : COLLECT_INPUT);
		return TALLY_OK;
	}
	if (ends_set(&s)) {
		window_back(w);
		end_at(p, collect_is_isa(&s) ? COLLECT_ISA : COLLECT_OTHER);
		return TALLY_OK;
	}
	return keep(c, p, &s, faulty, err);
}

enum tally_rc
collect_set(struct collect *c, const struct tally_segment *st, uint32_t *n,
    enum collect_end *end, struct binary_fault *fault, struct tally_err *err)
{
	struct progress p = { .fault = fault };
	enum tally_rc rc;

	fault->found = WINDOW_BINARY;
	rc = keep(c, &p, st, false, err);
	while (rc == TALLY_OK && !p.ended) {
		if (!p.over && fault->found == WINDOW_BINARY)
			rc = take_ready(c, &p.n, err);
		if (rc == TALLY_OK)
			rc = take_next(c, &p, err);
	}
	*n = p.over ? 0 : p.n;
	*end = p.end;
	return rc;
}
