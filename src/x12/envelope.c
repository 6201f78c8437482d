/* SPDX-License-Identifier: Apache-2.0 */
/* Values of envelope segments (X12.5, X12.6, 3.8); see envelope.h. */
#include "x12/envelope.h"

#include <stdio.h>

const struct envelope_trailer envelope_se = { "SE", TALLY_F_se_count,
	TALLY_F_se_number, "segments", "ST02" };
const struct envelope_trailer envelope_ge = { "GE", TALLY_F_ge_count,
	TALLY_F_ge_number, "transaction sets", "GS06" };
const struct envelope_trailer envelope_iea = { "IEA", TALLY_F_iea_count,
	TALLY_F_iea_number, "functional groups", "ISA13" };

void
envelope_report(struct tally_findings *fs, enum tally_finding_kind kind,
    uint64_t offset, const char *tag, uint32_t ordinal, uint16_t element,
    struct tally_str value, const char *expected)
{
	tally_findings_add(fs,
	    &(struct tally_finding){ .kind = kind,
		.offset = offset,
		.segment = ordinal,
		.element = element,
		.tag = tag,
		.loop = "",
		.id = "",
		.name = "",
		.value = value,
		.expected = tally_cstr(expected) });
}

/* A control number as a number: false when it is not digits alone. */
static bool
to_number(struct tally_str s, uint64_t *v)
{
	*v = 0;
	if (s.n == 0 || s.n > 18)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*v = *v * 10 + (uint64_t)(s.p[i] - '0');
	}
	return true;
}

static uint64_t
offset_of(
    const struct tally_set *set, const struct tally_segment *s, uint32_t k)
{
	if (k > s->n)
		k = s->n;
	return set->offset + (k == 0 ? s->start : set->pos[s->pos + k - 1] + 1);
}

void
envelope_check_trailer(const struct envelope_trailer *t,
    const struct tally_set *set, uint32_t i, uint32_t ordinal,
    const struct envelope_actual *is, struct tally_findings *fs)
{
	const struct tally_segment *s = &set->segment[i];
	struct tally_str c = tally_element(set, s, 1);
	struct tally_str n = tally_element(set, s, 2);
	enum tally_finding_kind kind = t->number;
	char words[96];
	uint64_t a, b;

	if (is->counted && (!to_number(c, &a) || a != is->count)) {
		snprintf(words, sizeof(words), "%u, the %s that are there",
		    is->count, t->what);
		envelope_report(fs, t->count, offset_of(set, s, 1), t->tag,
		    ordinal, 1, c, words);
	}
	if (tally_str_eq(n, is->number))
		return;
	if (to_number(n, &a) && to_number(is->number, &b) && a == b)
		kind = TALLY_F_number_spelling;
	snprintf(words, sizeof(words), "%.*s, as in %s",
	    (int)(is->number.n < 32 ? is->number.n : 32), is->number.p,
	    t->header);
	envelope_report(
	    fs, kind, offset_of(set, s, 2), t->tag, ordinal, 2, n, words);
}

void
envelope_check_st(const struct tally_set *set, struct numbers *seen,
    struct tally_findings *fs)
{
	const struct tally_segment *st = &set->segment[0];
	struct tally_str id = tally_element(set, st, 1);
	struct tally_str number = tally_element(set, st, 2);

	if (id.n != 3)
		envelope_report(fs, TALLY_F_st_malformed, offset_of(set, st, 1),
		    "ST", 1, 1, id, "three characters, as in 850");
	if (number.n < 4 || number.n > 9)
		envelope_report(fs, TALLY_F_st_number, offset_of(set, st, 2),
		    "ST", 1, 2, number, "4 to 9 characters");
	else if (numbers_add(seen, number))
		envelope_report(fs, TALLY_F_set_duplicate,
		    offset_of(set, st, 2), "ST", 1, 2, number,
		    "a number that is new in the group");
}

void
envelope_check_gs(const struct tally_set *set, struct numbers *seen,
    struct tally_findings *fs)
{
	static const struct {
		uint8_t min, max;
		const char *expected;
	} rule[] = {
		{ 2, 2, "two characters, as in PO" },
		{ 2, 15, "2 to 15 characters" },
		{ 2, 15, "2 to 15 characters" },
		{ 6, 8, "a date, CCYYMMDD" },
		{ 4, 8, "a time, HHMM" },
		{ 1, 9, "1 to 9 digits" },
		{ 1, 2, "X, for X12" },
		{ 1, 12, "a version, as in 004010" },
	};
	const struct tally_segment *s = &set->segment[0];
	struct tally_str number = tally_element(set, s, 6);
	uint64_t x;

	for (unsigned k = 1; k <= sizeof(rule) / sizeof(rule[0]); k++) {
		struct tally_str v = tally_element(set, s, k);

		if (v.n >= rule[k - 1].min && v.n <= rule[k - 1].max &&
		    (k != 6 || to_number(v, &x)))
			continue;
		envelope_report(fs,
		    k == 6 ? TALLY_F_gs_number : TALLY_F_gs_malformed,
		    offset_of(set, s, k), "GS", 0, k, v, rule[k - 1].expected);
		return;
	}
	for (uint32_t k = 9; k <= s->n; k++)
		if (tally_element(set, s, k).n > 0) {
			envelope_report(fs, TALLY_F_gs_malformed,
			    offset_of(set, s, k), "GS", 0,
			    (uint16_t)(k < UINT16_MAX ? k : UINT16_MAX),
			    tally_element(set, s, k), "8 elements");
			return;
		}
	if (numbers_add(seen, number))
		envelope_report(fs, TALLY_F_group_duplicate,
		    offset_of(set, s, 6), "GS", 0, 6, number,
		    "a number that is new in the interchange");
}
