/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader: segments to interchanges, groups and transaction sets.
 *
 * It stands outside, in an interchange, or in a group; a set is read whole.
 * States and what moves between them:
 *
 *   OUTSIDE      -- ISA, outside() ------------------> INTERCHANGE
 *   INTERCHANGE  -- GS, in_interchange() ------------> GROUP
 *   GROUP        -- GE, or what cannot follow it ----> INTERCHANGE
 *   INTERCHANGE  -- IEA, another ISA, the end -------> OUTSIDE
 *
 * Where a trailer is missing, the level is closed without it.  One fault is
 * one finding: where the input is cut off, only the missing IEA is reported,
 * and what a stray segment has thrown out of count is not counted against
 * the sender again.
 */
#include <stdio.h>

#include "tallyman/mem.h"
#include "tallyman/x12.h"
#include "x12/collect.h"
#include "x12/envelope.h"
#include "x12/isa.h"
#include "x12/numbers.h"
#include "x12/window.h"

enum level { OUTSIDE, INTERCHANGE, GROUP };

struct tally_reader {
	struct window w;
	const struct tally_limits *limits;
	struct tally_findings *findings;
	enum level level;
	bool broken; /* a segment without end: close everything */
	bool cut;    /* the input, or the interchange, ended too early */
	bool stray;  /* a stray segment was reported on this level */
	bool told;   /* what follows an interchange was reported with it */
	char isa13[16], gs06[16];
	uint32_t groups, sets;
	bool uncounted; /* groups or sets cannot be counted any more */
	struct numbers group_numbers, set_numbers;
	struct isa isa;
	struct tally_set set;
	struct collect list; /* its segments */
};

enum tally_rc
tally_reader_new(struct tally_reader **out, struct tally_source source,
    uint64_t offset, const struct tally_limits *limits,
    struct tally_findings *findings, struct tally_err *err)
{
	struct tally_reader *r = tally_calloc(1, sizeof(*r));
	enum tally_rc rc;

	if (r == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory to read");
	r->limits = limits;
	r->findings = findings;
	collect_init(&r->list, &r->w, limits);
	rc = window_init(&r->w, source, offset, err);
	if (rc != TALLY_OK) {
		tally_free(r);
		return rc;
	}
	*out = r;
	return TALLY_OK;
}

void
tally_reader_again(
    struct tally_reader *r, struct tally_source source, uint64_t offset)
{
	numbers_clear(&r->group_numbers);
	numbers_clear(&r->set_numbers);
	*r = (struct tally_reader){ .w = r->w,
		.limits = r->limits,
		.findings = r->findings,
		.group_numbers = r->group_numbers,
		.set_numbers = r->set_numbers,
		.list = r->list };
	window_begin(&r->w, source, offset);
	collect_version(&r->list, NULL);
}

void
tally_reader_free(struct tally_reader *r)
{
	if (r == NULL)
		return;
	window_free(&r->w);
	numbers_free(&r->group_numbers);
	numbers_free(&r->set_numbers);
	collect_free(&r->list);
	tally_free(r);
}

void
tally_reader_version(struct tally_reader *r, const struct tally_version *v)
{
	collect_version(&r->list, v);
}

bool
tally_part(struct tally_str value, unsigned char sep, uint32_t i,
    struct tally_str *part)
{
	const char *p = value.p, *end = value.p + value.n, *q;

	for (;; i--) {
		q = sep != 0 && p < end ? memchr(p, sep, (size_t)(end - p))
					: NULL;
		if (i == 0)
			break;
		if (q == NULL)
			return false;
		p = q + 1;
	}
	*part = tally_str(p, (size_t)((q != NULL ? q : end) - p));
	return true;
}

static uint64_t
here(const struct tally_reader *r)
{
	return r->w.base + r->w.at;
}

/* --- units --- */

/* The set's view of the n segments in r->list.segment. */
static void
view(struct tally_reader *r, uint32_t n)
{
	struct window *w = &r->w;

	r->set = (struct tally_set){
		.bytes = w->buf,
		.pos = w->index.pos + w->keep_pos,
		.segment = r->list.segment,
		.nsegment = n,
		.separators = w->sep,
		.plain = w->index.odd <= r->list.segment[0].start,
		.offset = w->base,
		.start = w->base + r->list.segment[0].start,
		.length = w->at - r->list.segment[0].start,
	};
}

static void
unit_is(struct tally_reader *r, struct tally_unit *u, enum tally_unit_kind kind,
    bool has_set)
{
	*u = (struct tally_unit){ .kind = kind,
		.complete = has_set,
		.offset = has_set ? r->set.start : here(r),
		.end = here(r),
		.set = has_set ? &r->set : NULL };
}

/* Segments that end a group which lacks its own trailer. */
static bool
ends_group(const struct tally_segment *s)
{
	return s->tag == tally_tag("GS") || s->tag == tally_tag("IEA") ||
	    collect_is_isa(s);
}

/* --- transaction sets --- */

static enum tally_rc
read_set(struct tally_reader *r, const struct tally_segment *st,
    struct tally_unit *u, struct tally_err *err)
{
	uint64_t start = r->w.base + st->start;
	struct binary_fault fault = { .found = WINDOW_BINARY };
	uint32_t n;
	enum collect_end end;
	enum tally_rc rc;

	r->sets++;
	rc = collect_set(&r->list, st, &n, &end, &fault, err);
	if (rc != TALLY_OK)
		return rc;
	r->broken = end == COLLECT_LONG;
	r->cut = end == COLLECT_INPUT || end == COLLECT_ISA;
	if (n == 0) {
		*u = (struct tally_unit){ .kind = TALLY_UNIT_SET,
			.complete = end == COLLECT_SE,
			.unreadable = true,
			.offset = start,
			.end = here(r) };
		envelope_report(r->findings, TALLY_F_set_too_large, start, "ST",
		    1, 0, tally_str("", 0), "a set within the limits");
		return TALLY_OK;
	}
	view(r, n);
	unit_is(r, u, TALLY_UNIT_SET, true);
	u->complete = end == COLLECT_SE;
	envelope_check_st(&r->set, &r->set_numbers, r->findings);
	/* Data is not to be told from the end of the input. */
	u->unreadable = fault.found != WINDOW_BINARY &&
	    (fault.found != WINDOW_BEYOND_INPUT || end != COLLECT_INPUT);
	if (u->unreadable)
		binary_report(&fault, r->findings);
	if (end == COLLECT_SE)
		envelope_check_trailer(&envelope_se, &r->set, n - 1, n,
		    &(struct envelope_actual){ n, !u->unreadable,
			tally_element(&r->set, &r->list.segment[0], 2) },
		    r->findings);
	else if (end == COLLECT_OTHER && !u->unreadable)
		envelope_report(r->findings, TALLY_F_se_missing, here(r), "SE",
		    n + 1, 0, tally_str("", 0), "SE at the end of the set");
	return TALLY_OK;
}

/* --- groups --- */

static void
copy(char *to, size_t size, struct tally_str s)
{
	size_t n = s.n < size - 1 ? s.n : size - 1;

	memcpy(to, s.p, n);
	to[n] = '\0';
}

static void
begin_group(struct tally_reader *r, struct tally_unit *u)
{
	r->level = GROUP;
	if (r->groups++ == 0 && !r->stray)
		r->uncounted = false;
	r->sets = 0;
	r->stray = false;
	numbers_clear(&r->set_numbers);
	copy(r->gs06, sizeof(r->gs06),
	    tally_element(&r->set, &r->list.segment[0], 6));
	unit_is(r, u, TALLY_UNIT_GROUP, true);
	envelope_check_gs(&r->set, &r->group_numbers, r->findings);
}

static void
end_group(struct tally_reader *r, struct tally_unit *u, bool trailer)
{
	unit_is(r, u, TALLY_UNIT_GROUP_END, trailer);
	u->count = r->sets;
	r->level = INTERCHANGE;
	if (trailer)
		envelope_check_trailer(&envelope_ge, &r->set, 0, 0,
		    &(struct envelope_actual){
			r->sets, !r->stray, tally_cstr(r->gs06) },
		    r->findings);
	else if (!r->cut && !r->broken)
		envelope_report(r->findings, TALLY_F_ge_missing, here(r), "GE",
		    0, 0, tally_str("", 0), "GE at the end of the group");
	r->stray = false;
}

/* --- interchanges --- */

static void
end_interchange(struct tally_reader *r, struct tally_unit *u, bool trailer)
{
	unit_is(r, u, TALLY_UNIT_INTERCHANGE_END, trailer);
	u->count = r->groups;
	r->level = OUTSIDE;
	window_separators(&r->w, r->w.sep);
	if (trailer)
		envelope_check_trailer(&envelope_iea, &r->set, 0, 0,
		    &(struct envelope_actual){
			r->groups, !r->uncounted, tally_cstr(r->isa13) },
		    r->findings);
	else if (r->broken)
		envelope_report(r->findings, TALLY_F_segment_unended, here(r),
		    "", 0, 0, tally_str(r->w.buf + r->w.at, r->w.len - r->w.at),
		    "a terminator within the longest segment there is");
	else if (r->isa.usable)
		envelope_report(r->findings, TALLY_F_iea_missing, here(r),
		    "IEA", 0, 0, tally_str("", 0),
		    "IEA at the end of the interchange");
	r->told = r->broken || r->cut || !r->isa.usable;
	r->cut = r->broken = false;
}

/* Whether IEA01 and IEA02 of an IEA without terminator are all that it has,
 * and not what is left of the right ones. */
static bool
whole_iea(const struct tally_reader *r)
{
	struct tally_str n = tally_element(&r->set, &r->list.segment[0], 2);
	struct tally_str right = tally_cstr(r->isa13);

	return r->list.segment[0].n == 2 && n.n > 0 &&
	    (n.n >= right.n || memcmp(n.p, right.p, n.n) != 0);
}

/*
 * An IEA whose terminator is all that is missing at the end of the input, but
 * for white space: makes it a segment.  Not one that a cut can have left.
 */
static bool
unended_iea(struct tally_reader *r)
{
	if (!window_last(&r->w, &r->list.segment[0]) ||
	    r->list.segment[0].tag != tally_tag("IEA"))
		return false;
	view(r, 1);
	if (!whole_iea(r))
		return false;
	r->w.at = r->w.len;
	return true;
}

static enum tally_rc
in_interchange(struct tally_reader *r, struct tally_unit *u, bool *have,
    struct tally_err *err)
{
	struct tally_segment s;
	enum window_found found;
	enum tally_rc rc;

	window_keep(&r->w);
	rc = window_segment(&r->w, r->limits->segment_bytes, &found, &s, err);
	if (rc != TALLY_OK)
		return rc;
	*have = true;
	if (found == WINDOW_CUT && unended_iea(r)) {
		end_interchange(r, u, true);
		return TALLY_OK;
	}
	if (found != WINDOW_SEGMENT || collect_is_isa(&s)) {
		r->broken = found == WINDOW_LONG;
		r->cut = found == WINDOW_CUT || found == WINDOW_END;
		if (found == WINDOW_SEGMENT)
			window_back(&r->w);
		end_interchange(r, u, false);
		return TALLY_OK;
	}
	r->list.segment[0] = s;
	view(r, 1);
	if (s.tag == tally_tag("GS")) {
		begin_group(r, u);
	} else if (s.tag == tally_tag("TA1")) {
		/* Many count it as a group where there is none. */
		r->uncounted = r->uncounted || r->groups == 0;
		unit_is(r, u, TALLY_UNIT_TA1, true);
	} else if (s.tag == tally_tag("IEA")) {
		end_interchange(r, u, true);
	} else if (s.tag == tally_tag("ISB") || s.tag == tally_tag("ISE") ||
	    s.tag == tally_tag("TA3")) {
		*have = false; /* interchange services: nothing to us */
	} else {
		if (!r->stray)
			envelope_report(r->findings, TALLY_F_structure,
			    r->set.start, "", 0, 0,
			    tally_segment_tag(&r->set, &s), "GS, TA1 or IEA");
		r->stray = r->uncounted = true;
		*have = false;
	}
	return TALLY_OK;
}

static enum tally_rc
in_group(struct tally_reader *r, struct tally_unit *u, bool *have,
    struct tally_err *err)
{
	struct tally_segment s;
	enum window_found found;
	enum tally_rc rc;

	*have = true;
	window_keep(&r->w);
	rc = window_segment(&r->w, r->limits->segment_bytes, &found, &s, err);
	if (rc != TALLY_OK)
		return rc;
	if (found != WINDOW_SEGMENT || ends_group(&s)) {
		r->broken = found == WINDOW_LONG;
		r->cut = found == WINDOW_CUT || found == WINDOW_END ||
		    (found == WINDOW_SEGMENT && collect_is_isa(&s));
		if (found == WINDOW_SEGMENT)
			window_back(&r->w);
		end_group(r, u, false);
		return TALLY_OK;
	}
	if (s.tag == tally_tag("ST"))
		return read_set(r, &s, u, err);
	r->list.segment[0] = s;
	view(r, 1);
	if (s.tag == tally_tag("GE")) {
		end_group(r, u, true);
		return TALLY_OK;
	}
	if (!r->stray)
		envelope_report(r->findings, TALLY_F_segments_outside,
		    r->set.start, "", 0, 0, tally_segment_tag(&r->set, &s),
		    "ST or GE");
	r->stray = true;
	*have = false;
	return TALLY_OK;
}

/* --- outside --- */

static void
begin_interchange(struct tally_reader *r, struct tally_unit *u)
{
	struct window *w = &r->w;
	const unsigned char *p = w->buf + w->at;

	r->list.segment[0] = (struct tally_segment){ .tag = tally_tag("ISA"),
		.n = ISA_ELEMENTS,
		.place = TALLY_NOWHERE };
	r->set = (struct tally_set){ .bytes = p,
		.pos = r->isa.pos,
		.segment = r->list.segment,
		.nsegment = 1,
		.separators = r->isa.separators,
		.offset = here(r),
		.start = here(r),
		.length = r->isa.pos[ISA_ELEMENTS] + 1 };
	isa_check(&r->isa, p, here(r), r->findings);
	copy(r->isa13, sizeof(r->isa13),
	    tally_element(&r->set, &r->list.segment[0], 13));
	r->level = INTERCHANGE;
	r->groups = 0;
	r->stray = r->uncounted = r->cut = r->broken = false;
	numbers_clear(&r->group_numbers);
	w->at += r->isa.pos[ISA_ELEMENTS] + 1;
	unit_is(r, u, TALLY_UNIT_INTERCHANGE, true);
	window_separators(w, r->isa.separators);
}

static enum tally_rc
outside(struct tally_reader *r, struct tally_unit *u, struct tally_err *err)
{
	struct window *w = &r->w;
	enum isa_found found;
	enum tally_rc rc;
	uint32_t got;
	bool told = r->told; /* one finding for a stretch of text */

	for (;;) {
		rc = window_pass_harmless(w, &got, err);
		if (rc != TALLY_OK)
			return rc;
		if (got == 0) {
			unit_is(r, u, TALLY_UNIT_END, false);
			return TALLY_OK;
		}
		found = isa_parse(&r->isa, w->buf + w->at, got);
		/* In what is broken already, only a sound ISA counts. */
		if (found == ISA_YES && (r->isa.usable || !told)) {
			r->told = false;
			begin_interchange(r, u);
			return TALLY_OK;
		}
		if (!told)
			envelope_report(r->findings,
			    found == ISA_DAMAGED ? TALLY_F_isa_malformed
						 : TALLY_F_text_outside,
			    here(r), found == ISA_DAMAGED ? "ISA" : "", 0, 0,
			    tally_str(w->buf + w->at, got),
			    found == ISA_DAMAGED ? "16 elements of fixed width"
						 : "ISA, or nothing");
		told = r->told = true;
		rc = window_pass_text(w, err);
		if (rc != TALLY_OK)
			return rc;
	}
}

enum tally_rc
tally_reader_next(
    struct tally_reader *r, struct tally_unit *u, struct tally_err *err)
{
	bool have = false;
	enum tally_rc rc = collect_reserve(&r->list, 1, err);

	while (rc == TALLY_OK && !have) {
		if (r->level != OUTSIDE &&
		    (r->broken || r->cut || !r->isa.usable)) {
			if (r->level == GROUP)
				end_group(r, u, false);
			else
				end_interchange(r, u, false);
			return TALLY_OK;
		}
		switch (r->level) {
		case OUTSIDE:
			return outside(r, u, err);
		case INTERCHANGE:
			rc = in_interchange(r, u, &have, err);
			break;
		case GROUP:
			rc = in_group(r, u, &have, err);
			break;
		}
	}
	return rc;
}
