/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ISA segment; see isa.h.
 *
 * A sound ISA is read by position.  One whose padding an editor or a
 * transport has eaten is read by counting separators, so that the report can
 * say what is wrong; it is rejected all the same.
 */
#include "x12/isa.h"

#include <stdio.h>

static const uint8_t width[ISA_ELEMENTS + 1] = { 0, 2, 10, 2, 10, 2, 15, 2, 15,
	6, 4, 1, 5, 9, 1, 1, 1 };

static bool
alnum(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z');
}

static bool
fits(const struct isa *isa)
{
	for (int k = 1; k <= ISA_ELEMENTS; k++)
		if (isa->pos[k] - isa->pos[k - 1] - 1 != width[k])
			return false;
	return true;
}

static bool
line_end(unsigned char c)
{
	return c == '\n' || c == '\r';
}

/*
 * A damaged end: ISA16 is missing when what stands in its place ends the
 * next segment, too ("*P*~", line feed, "GS*…~", line feed).  A blank behind
 * ISA16 is a stray one.
 */
static void
mend_end(struct isa *isa, const unsigned char *p, uint32_t n)
{
	uint32_t t = isa->pos[ISA_ELEMENTS], i = t + 1;

	if (p[t] == ' ' && i < n && !alnum(p[i]) && p[i] != ' ') {
		isa->pos[ISA_ELEMENTS] = i;
		isa->separators.segment = p[i];
		return;
	}
	if (!line_end(p[t]))
		return;
	while (i < n && p[i] != p[t])
		i++;
	if (i < n && p[i - 1] == '\r')
		i--;
	if (i < n && p[i - 1] == p[t - 1]) {
		isa->pos[ISA_ELEMENTS] = t - 1;
		isa->separators.segment = p[t - 1];
		isa->separators.component = 0;
	}
}

static bool
separators_sound(const struct tally_separators *s)
{
	return !alnum(s->element) && !alnum(s->segment) && s->segment != ' ' &&
	    s->element != ' ' && s->segment != 0 && s->element != 0 &&
	    s->element != s->segment && s->component != s->element &&
	    s->component != s->segment;
}

/*
 * A separator that is one character, but several bytes, as editors make of
 * one-byte characters beyond ASCII when they save a file in UTF-8.
 */
static bool
several_bytes(const struct isa *isa, const unsigned char *p, uint32_t n)
{
	uint32_t t = isa->pos[ISA_ELEMENTS];

	return (isa->separators.component >= 0xc2 && (p[t] & 0xc0) == 0x80) ||
	    (p[t] >= 0xc2 && t + 1 < n && (p[t + 1] & 0xc0) == 0x80);
}

enum isa_found
isa_parse(struct isa *isa, const unsigned char *p, uint32_t n)
{
	uint32_t i = 3;
	int k = 0;

	*isa = (struct isa){ 0 };
	if (n < 4 || memcmp(p, "ISA", 3) != 0 || alnum(p[3]))
		return ISA_NO;
	isa->separators.element = p[3];
	for (; i < n && k < ISA_ELEMENTS; i++)
		if (p[i] == p[3])
			isa->pos[k++] = i;
	/* Behind the 16th separator: ISA16, one byte, and the terminator. */
	if (k < ISA_ELEMENTS || i + 1 >= n)
		return ISA_DAMAGED;
	isa->pos[ISA_ELEMENTS] = i + 1;
	isa->separators.component = p[i];
	isa->separators.segment = p[i + 1];
	if (!fits(isa) || p[i + 1] == ' ' || line_end(p[i + 1]))
		mend_end(isa, p, n);
	if (isa->pos[11] - isa->pos[10] == 2 && !alnum(p[isa->pos[10] + 1]) &&
	    p[isa->pos[10] + 1] != ' ')
		isa->separators.repetition = p[isa->pos[10] + 1];
	isa->usable =
	    separators_sound(&isa->separators) && !several_bytes(isa, p, n);
	/* A blank or a letter stands in data: nothing can be divided by it. */
	if (isa->separators.component == ' ' ||
	    alnum(isa->separators.component))
		isa->separators.component = 0;
	return ISA_YES;
}

static bool
digits(struct tally_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

static bool
good_date(struct tally_str s)
{
	static const struct tally_element yymmdd = {
		.id = "I08", .type = TALLY_DT, .min = 6, .max = 6
	};

	return tally_value_check(&yymmdd, s) == TALLY_FINDING_NONE;
}

static bool
good_time(struct tally_str s)
{
	static const struct tally_element hhmm = {
		.id = "I09", .type = TALLY_TM, .min = 4, .max = 4
	};

	return tally_value_check(&hhmm, s) == TALLY_FINDING_NONE;
}

static bool
good_qualifier(struct tally_str s)
{
	return s.n == 2 && alnum((unsigned char)s.p[0]) &&
	    alnum((unsigned char)s.p[1]);
}

static bool
good_party(struct tally_str s)
{
	return tally_str_rtrim(s).n > 0;
}

static bool
good_flag(struct tally_str s)
{
	return s.p[0] == '0' || s.p[0] == '1';
}

static bool
good_component(struct tally_str s)
{
	return s.p[0] != ' ' && !alnum((unsigned char)s.p[0]);
}

static bool
good_usage(struct tally_str s)
{
	return s.p[0] == 'P' || s.p[0] == 'T' || s.p[0] == 'I';
}

/* What ISA elements must look like; the others can hold anything. */
static const struct {
	int element;
	bool (*good)(struct tally_str);
	enum tally_finding_kind kind;
	const char *id, *name, *expected;
} rule[] = {
	{ 1, good_qualifier, TALLY_F_isa_authorization, "I01",
	    "authorization qualifier", "two letters or digits, often 00" },
	{ 3, good_qualifier, TALLY_F_isa_security, "I03", "security qualifier",
	    "two letters or digits, often 00" },
	{ 5, good_qualifier, TALLY_F_isa_sender_qualifier, "I05",
	    "sender qualifier", "two letters or digits, as in 01, 12, ZZ" },
	{ 6, good_party, TALLY_F_isa_sender, "I06", "interchange sender",
	    "an identification, filled up with blanks" },
	{ 7, good_qualifier, TALLY_F_isa_receiver_qualifier, "I05",
	    "receiver qualifier", "two letters or digits, as in 01, 12, ZZ" },
	{ 8, good_party, TALLY_F_isa_receiver, "I07", "interchange receiver",
	    "an identification, filled up with blanks" },
	{ 9, good_date, TALLY_F_isa_date, "I08", "interchange date", "YYMMDD" },
	{ 10, good_time, TALLY_F_isa_time, "I09", "interchange time", "HHMM" },
	{ 12, digits, TALLY_F_isa_version, "I11", "interchange version",
	    "five digits, as in 00401" },
	{ 13, digits, TALLY_F_isa_number, "I12", "interchange control number",
	    "nine digits" },
	{ 14, good_flag, TALLY_F_isa_ack_requested, "I13",
	    "acknowledgement requested", "0 or 1" },
	{ 16, good_component, TALLY_F_isa_component, "I15",
	    "component separator", "a byte that cannot occur in data" },
	{ 15, good_usage, TALLY_F_isa_usage, "I14", "usage indicator",
	    "P (production), T (test) or I (information)" },
};

static void
add(struct tally_findings *fs, enum tally_finding_kind kind, uint64_t offset,
    int element, struct tally_str value, const char *id, const char *name,
    const char *expected)
{
	tally_findings_add(fs,
	    &(struct tally_finding){ .kind = kind,
		.offset = offset,
		.element = (uint16_t)element,
		.tag = "ISA",
		.loop = "",
		.id = id,
		.name = name,
		.value = value,
		.expected = tally_cstr(expected) });
}

static struct tally_str
element(const struct isa *isa, const unsigned char *p, int k)
{
	return tally_str(
	    p + isa->pos[k - 1] + 1, isa->pos[k] - isa->pos[k - 1] - 1);
}

void
isa_check(const struct isa *isa, const unsigned char *p, uint64_t offset,
    struct tally_findings *fs)
{
	char expected[64];

	for (int k = 1; k <= ISA_ELEMENTS; k++) {
		struct tally_str v = element(isa, p, k);

		if (v.n == width[k])
			continue;
		snprintf(expected, sizeof(expected),
		    "%d characters, filled up with blanks; there are %zu",
		    width[k], v.n);
		add(fs, TALLY_F_isa_malformed, offset + isa->pos[k - 1] + 1, k,
		    v, "", "", expected);
		return;
	}
	if (!isa->usable) {
		add(fs, TALLY_F_isa_separators, offset + isa->pos[15], 16,
		    tally_str(p + isa->pos[15], 3), "I15",
		    "component separator",
		    "three different bytes that cannot occur in data");
		return;
	}
	for (size_t i = 0; i < sizeof(rule) / sizeof(rule[0]); i++) {
		struct tally_str v = element(isa, p, rule[i].element);

		if (!rule[i].good(v))
			add(fs, rule[i].kind,
			    offset + (uint64_t)(v.p - (const char *)p),
			    rule[i].element, v, rule[i].id, rule[i].name,
			    rule[i].expected);
	}
}
