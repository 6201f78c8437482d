/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TA1, the interchange acknowledgement.
 *
 * It repeats ISA13, ISA09 and ISA10 of what was received.  Where those are
 * not what X12 allows, the segment would itself be wrong: zeros stand for a
 * number, the first day and minute of the year 2000 for a date and a time.
 */
#include "ack/parts.h"

#define NO_ERROR    "000"
#define STRUCTURE   "022" /* control structure */
#define CONTENT     "024" /* interchange content, such as a bad GS */
#define CONTROL_LEN 9

static int
two(const char *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

static bool
is_date(const char *s)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	int month, day;

	if (!tally_ack_digits(s, 6, 6))
		return false;
	month = two(s + 2);
	day = two(s + 4);
	if (month < 1 || month > 12 || day < 1 || day > days[month - 1])
		return false;
	/* 2000 was a leap year, so the two digits are enough. */
	return month != 2 || day < 29 || two(s) % 4 == 0;
}

static bool
is_time(const char *s)
{
	return tally_ack_digits(s, 4, 4) && two(s) < 24 && two(s + 2) < 60;
}

/* ISA13 has nine digits; one that was sent with fewer is filled up. */
static void
write_control(struct tally_writer *w, const char *control)
{
	char digits[CONTROL_LEN + 1] = "000000000";

	if (tally_ack_digits(control, 1, CONTROL_LEN))
		memcpy(digits + CONTROL_LEN - strlen(control), control,
		    strlen(control));
	tally_write_cstr(w, digits);
}

/* The first error's code; without errors that of the first warning. */
static const char *
note_code(const struct tally_interchange_judged *ic,
    const struct tally_findings *list)
{
	struct tally_span s = tally_ack_span(list, ic->findings);
	const struct tally_finding_info *i;
	const char *code = NULL;

	for (size_t k = s.first; k < s.first + s.n; k++) {
		i = tally_finding_info(list->v[k].kind);
		if (i->level != TALLY_LEVEL_INTERCHANGE || *i->code == '\0')
			continue;
		if (list->v[k].severity == TALLY_ERROR)
			return i->code;
		if (list->v[k].severity == TALLY_WARNING && code == NULL)
			code = i->code;
	}
	return code;
}

void
tally_ack_ta1(struct tally_writer *w, const struct tally_interchange_judged *ic,
    const struct tally_findings *list)
{
	enum tally_verdict verdict = ic->verdict;
	const char *code = NO_ERROR;

	if (verdict != TALLY_ACCEPTED) {
		code = note_code(ic, list);
		if (code == NULL)
			code = STRUCTURE; /* the finding was not kept */
	} else {
		for (uint32_t i = 0; i < ic->ngroup; i++) {
			if (tally_ack_nameable(&ic->group[i]))
				continue;
			verdict = TALLY_ACCEPTED_WITH_ERRORS;
			code = CONTENT;
		}
	}
	tally_write_begin(w, "TA1");
	write_control(w, ic->control);
	tally_write_cstr(w, is_date(ic->date) ? ic->date : "000101");
	tally_write_cstr(w, is_time(ic->time) ? ic->time : "0000");
	tally_write_char(w, (char)verdict);
	tally_write_cstr(w, code);
	tally_write_end(w);
}
