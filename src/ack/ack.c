/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acknowledgements: whether, what, in which groups, within which size.
 *
 * A function of its arguments alone: the same judgement and envelope give
 * the same bytes.  An acknowledgement is never answered (GS01 FA), and one
 * of ours never asks for an answer (ISA14 is 0), so that two programs of this
 * kind cannot talk for ever.
 */
#include "tallyman/ack.h"

#include <assert.h>

#include "ack/parts.h"

#define COUNT_WIDTH 10    /* by which SE01 can grow with the details */
#define PIECE_MAX   256   /* more than is ever written at once */
#define LOOP_MAX    32768 /* more than an AK3 with 99 AK4 and CTX has */

bool
tally_ack_digits(const char *s, size_t min, size_t max)
{
	size_t n = strspn(s, "0123456789");

	return s[n] == '\0' && n >= min && n <= max;
}

bool
tally_ack_letter_or_digit(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9');
}

size_t
tally_ack_plain(const char *s)
{
	size_t n = 0;

	while (tally_ack_letter_or_digit(s[n]))
		n++;
	return n;
}

bool
tally_ack_holds(
    const struct tally_group_judged *g, const char *element, const char *value)
{
	const struct tally_element *e =
	    tally_element_find(tally_ack_version(g), tally_cstr(element));
	enum tally_finding_kind kind;

	assert(e != NULL);
	if (*value == '\0' || value[tally_ack_plain(value)] != '\0')
		return false;
	kind = tally_value_check(e, tally_cstr(value));
	return kind == TALLY_FINDING_NONE || kind == TALLY_F_code_unlisted;
}

bool
tally_ack_nameable(const struct tally_group_judged *g)
{
	return tally_ack_holds(g, "479", g->functional);
}

struct tally_span
tally_ack_span(const struct tally_findings *list, struct tally_span s)
{
	if (s.first > list->n)
		s.first = list->n;
	if (s.n > list->n - s.first)
		s.n = list->n - s.first;
	return s;
}

static bool
acknowledges(const struct tally_group_judged *g)
{
	return strcmp(g->functional, "FA") == 0;
}

bool
tally_ack_wants_functional(const struct tally_interchange_judged *ic,
    const struct tally_group_judged *g)
{
	return ic->readable && ic->sender[0] != '\0' &&
	    ic->verdict != TALLY_REJECTED && !acknowledges(g) && !g->silent &&
	    tally_ack_nameable(g);
}

uint32_t
tally_ack_groups(const struct tally_interchange_judged *ic)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < ic->ngroup; i++)
		n += tally_ack_wants_functional(ic, &ic->group[i]);
	return n;
}

/* There is somebody to tell, and it did not bring acknowledgements only. */
static bool
answerable(const struct tally_interchange_judged *ic)
{
	if (!ic->readable || ic->sender[0] == '\0')
		return false;
	for (uint32_t i = 0; i < ic->ngroup; i++)
		if (!acknowledges(&ic->group[i]))
			return true;
	/* Without groups, and nothing wrong, it can only have brought a TA1. */
	return ic->ngroup == 0 && ic->verdict != TALLY_ACCEPTED;
}

bool
tally_ack_wants_ta1(const struct tally_interchange_judged *ic)
{
	if (!answerable(ic))
		return false;
	for (uint32_t i = 0; i < ic->ngroup; i++)
		if (!acknowledges(&ic->group[i]) &&
		    !tally_ack_nameable(&ic->group[i]))
			return true;
	return ic->ack_requested || ic->verdict != TALLY_ACCEPTED;
}

static bool
writes_ta1(const struct tally_interchange_judged *ic,
    const struct tally_ack_envelope *e)
{
	if (e->ta1 == TALLY_ACK_WANTED)
		return tally_ack_wants_ta1(ic);
	return e->ta1 == TALLY_ACK_ALWAYS && answerable(ic);
}

static uint32_t
groups_written(const struct tally_interchange_judged *ic,
    const struct tally_ack_envelope *e)
{
	return e->functional == TALLY_ACK_NEVER ? 0 : tally_ack_groups(ic);
}

static enum tally_rc
check_envelope(const struct tally_ack_envelope *e, struct tally_err *err)
{
	if (!tally_ack_digits(e->date, 8, 8) ||
	    !tally_ack_digits(e->time, 4, 4))
		return tally_err_set(err, TALLY_USAGE,
		    "an acknowledgement needs a date CCYYMMDD and a time HHMM");
	if (tally_str_rtrim(tally_cstr(e->sender)).n == 0 ||
	    tally_str_rtrim(tally_cstr(e->receiver)).n == 0)
		return tally_err_set(err, TALLY_USAGE,
		    "an acknowledgement needs a sender and a receiver");
	if (e->interchange_control > TALLY_ACK_CONTROL_MAX ||
	    e->group_control > TALLY_ACK_CONTROL_MAX || e->group_control == 0 ||
	    e->interchange_control == 0)
		return tally_err_set(err, TALLY_USAGE,
		    "the control numbers %u and %u of an acknowledgement are "
		    "not between 1 and %u",
		    e->interchange_control, e->group_control,
		    TALLY_ACK_CONTROL_MAX);
	if (!tally_separators_ok(&e->separators))
		return tally_err_set(err, TALLY_USAGE,
		    "the separators of an acknowledgement are not different "
		    "from one another or are letters, digits or blanks");
	if (e->usage != 'T' && e->usage != 'P' && e->usage != 'I')
		return tally_err_set(err, TALLY_USAGE,
		    "the usage of an acknowledgement is none of T, P and I");
	return TALLY_OK;
}

/* Whether what stands in the buffer is the whole of it, within the limit. */
static bool
fits(const struct tally_buf *out, const struct tally_ack_envelope *e)
{
	return !out->failed && out->n <= e->bytes_max;
}

bool
tally_ack_memory_ended(const struct tally_buf *out)
{
	return out->failed && out->n + PIECE_MAX < out->max;
}

static enum tally_rc
write_all(struct tally_buf *out, const struct tally_interchange_judged *ic,
    const struct tally_findings *findings, const struct tally_ack_envelope *e,
    struct tally_ack_detail detail, struct tally_ack_groups *groups,
    struct tally_err *err)
{
	struct tally_writer w;
	enum tally_rc rc = TALLY_OK;

	*groups = (struct tally_ack_groups){ .next = e->group_control };
	tally_buf_reset(out);
	tally_writer_init(&w, out, &e->separators, e->newline ? "\n" : "");
	tally_ack_open(&w, ic, e);
	if (writes_ta1(ic, e))
		tally_ack_ta1(&w, ic, findings);
	if (e->functional != TALLY_ACK_NEVER)
		rc = tally_ack_groups_add(
		    groups, &w, ic, findings, e, &detail, err);
	if (rc != TALLY_OK)
		return rc;
	tally_ack_groups_end(groups, &w, ic, e);
	/* With less to write it might succeed, but not always the same. */
	if (tally_ack_memory_ended(out))
		return tally_err_set(err, TALLY_NOMEM,
		    "there is no memory for an acknowledgement");
	return TALLY_OK;
}

/*
 * Writes as much as bytes_max holds: everything; or else the first AK3 loops
 * for which there is room; or else no AK3 and no accepted sets; or else the
 * first sets for which there is room.  AK9 counts them all.
 */
static enum tally_rc
fit(struct tally_buf *out, const struct tally_interchange_judged *ic,
    const struct tally_findings *findings, const struct tally_ack_envelope *e,
    struct tally_ack_groups *groups, struct tally_err *err)
{
	struct tally_ack_detail step[] = { { SIZE_MAX, true, SIZE_MAX },
		{ 0, true, SIZE_MAX }, { 0, false, SIZE_MAX },
		{ 0, false, 0 } };
	const size_t steps = sizeof(step) / sizeof(step[0]);
	size_t reserve = (size_t)COUNT_WIDTH * groups_written(ic, e), room;
	enum tally_rc rc;
	size_t i = 0;

	do {
		rc = write_all(out, ic, findings, e, step[i], groups, err);
	} while (rc == TALLY_OK && !fits(out, e) && ++i < steps);
	if (rc != TALLY_OK || i == steps || out->n + reserve >= e->bytes_max)
		return rc;
	room = e->bytes_max - out->n - reserve;
	if (i == 1)
		step[i].bytes = room;
	else if (i == 3)
		step[i].sets = room;
	else
		return TALLY_OK;
	return write_all(out, ic, findings, e, step[i], groups, err);
}

enum tally_rc
tally_ack_fit(struct tally_buf *out, const struct tally_interchange_judged *ic,
    const struct tally_findings *findings, const struct tally_ack_envelope *e,
    struct tally_ack_groups *groups, struct tally_err *err)
{
	enum tally_rc rc = check_envelope(e, err);

	if (rc == TALLY_OK)
		rc = fit(out, ic, findings, e, groups, err);
	if (rc == TALLY_OK && !fits(out, e))
		rc = tally_err_set(err, TALLY_NOMEM,
		    "the acknowledgement does not fit into %u bytes; raise "
		    "the limit",
		    e->bytes_max);
	return rc;
}

size_t
tally_ack_work(const struct tally_ack_envelope *e)
{
	return (size_t)e->bytes_max + LOOP_MAX;
}

enum tally_rc
tally_ack_write(struct tally_buf *out,
    const struct tally_interchange_judged *ic,
    const struct tally_findings *findings, const struct tally_ack_envelope *e,
    struct tally_err *err)
{
	struct tally_ack_groups groups;
	struct tally_buf work;
	enum tally_rc rc;

	if (!writes_ta1(ic, e) && groups_written(ic, e) == 0)
		return TALLY_OK;
	tally_buf_init(&work, tally_ack_work(e));
	rc = tally_ack_fit(&work, ic, findings, e, &groups, err);
	if (rc == TALLY_OK)
		tally_buf_str(out, tally_buf_view(&work));
	if (rc == TALLY_OK && out->failed)
		rc = tally_err_set(err, TALLY_NOMEM,
		    "there is no room for an acknowledgement of %zu bytes",
		    work.n);
	tally_buf_free(&work);
	return rc;
}
