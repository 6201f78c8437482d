/* SPDX-License-Identifier: Apache-2.0 */
/* Guides: mistakes in their text, and what they make of documents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "tallyman/guide.h"
#include "tallyman/judge.h"

#define GUIDE "<guide xmlns='urn:tallyman:guide:1' name='t' "
#define BEGIN GUIDE "set='850' versions='004010 005010'>\n"
#define SHIP  GUIDE "set='856' versions='004010'>\n"
#define END   "\n</guide>"

static enum tally_rc
load(struct tally_guide **g, const char *text, struct tally_err *err)
{
	const struct tally_version *v =
	    tally_version_find(&tally_builtin, TALLY_STR("004010"));

	*g = NULL;
	*err = (struct tally_err){ 0 };
	return tally_guide_load(
	    g, v, "maps/t.guide.xml", tally_cstr(text), err);
}

/* What stands in line 2 of a guide that is right but for it. */
static const struct {
	const char *text, *says;
} mistakes[] = {
	{ "<elment at='BEG05'/>", "element \"elment\" is not allowed" },
	{ "<element use='required'/>", "lacks its attribute at" },
	{ "<element at='BEG05' use='maybe'/>", "expected one of: required" },
	{ "<element at='BEG05'/>", "BEG05 says nothing; add use" },
	{ "<element at='BEG5' use='required'/>", "\"BEG5\" is no designator" },
	{ "<element at='beg05' use='required'/>", "no designator" },
	{ "<element at='BEG13' use='required'/>",
	    "segment BEG has only 12 elements in version 004010" },
	{ "<element at='BHT02' use='required'/>",
	    "set 850 of version 004010 has no segment BHT" },
	{ "<element at='XX/N104' use='required'/>",
	    "set 850 has no loop XX; write the path from the set" },
	{ "<element at='N1/PO101' use='required'/>",
	    "segment PO1 does not stand in loop N1; it stands in: PO1" },
	{ "<element at='MSG01' use='required'/>",
	    "MSG could be the one of loop N9 or of loop SPI; write the loop "
	    "before it, as in SPI/MSG" },
	{ "<element at='ST02' use='required'/>", "belongs to the envelope" },
	{ "<element at='BEG04-1' use='required'/>", "is not a composite" },
	{ "<element at='MEA04-16' use='required'/>",
	    "MEA04 has only 15 components" },
	{ "<element at='MEA04' max='3'/>", "name one of its components" },
	{ "<element at='BEG03' use='forbidden'/>",
	    "BEG03 is mandatory in the standard and cannot be forbidden" },
	{ "<element at='BEG04' use='forbidden' max='3'/>",
	    "BEG04 is forbidden, so it can have no lengths" },
	{ "<element at='BEG03' max='23'/>",
	    "element 324 has 1 to 22 characters in the standard" },
	{ "<element at='BEG03' min='0'/>", "a guide can only narrow that" },
	{ "<element at='BEG03' min='9' max='8'/>",
	    "minimum length 9 is above the maximum length 8" },
	{ "<element at='BEG03' max='ten'/>", "max=\"ten\" is no number" },
	{ "<element at='BEG03' max=''/>", "max=\"\" is no number" },
	{ "<element at='BEG03' max='99999999'/>", "is no number up to" },
	{ "<element at='BEG02' value='SAX'/>",
	    "\"SAX\" cannot be a value of element 92: the value is longer" },
	{ "<element at='BEG05' value='20260230'/>",
	    "cannot be a value of element 373: the value is not a date" },
	{ "<element at='BEG02' value=''/>", "it is empty" },
	{ "<element at='BEG02' value='SA'><code value='NE'/></element>",
	    "a value and codes; write one" },
	{ "<element at='BEG02'><code value='SA'/><code value='SA'/></element>",
	    "code \"SA\" is in this list already" },
	{ "<element at='N104' use='required' where='N101'/>", "has no \"=\"" },
	{ "<element at='N104' use='required' where=' '/>", "where is empty" },
	{ "<element at='N104' use='required' where='N1=ST'/>",
	    "\"N1\" in where is no designator" },
	{ "<element at='N104' use='required' where='N101='/>",
	    "no value is given for N101" },
	{ "<element at='N104' use='required' where='N101=Q9Q'/>",
	    "N101 can never be \"Q9Q\": element 98 has no such code" },
	{ "<element at='N104' use='required' where='N199=ST'/>",
	    "segment N1 has only 6 elements" },
	{ "<element at='N1/N401' use='required' where='BEG02=SA'/>",
	    "where speaks of BEG02, but can only speak of elements of the "
	    "rule's own segment N4" },
	{ "<element at='BEG04' use='required' versions='003040'/>",
	    "version 003040 is not one of the guide's own" },
	{ "<segment at='BEG05' use='required'/>", "\"BEG05\" is no segment" },
	{ "<segment at='DTM'/>", "DTM says nothing; add use, min or max" },
	{ "<segment at='DTM' max='11'/>",
	    "DTM stands there at most 10 times in the standard" },
	{ "<segment at='DTM' min='3' max='2'/>",
	    "the minimum 3 is above the maximum 2" },
	{ "<segment at='DTM' max='0'/>", "is written use=\"forbidden\"" },
	{ "<segment at='BEG' use='forbidden'/>",
	    "mandatory in the standard and cannot be forbidden" },
	{ "<segment at='DTM' use='forbidden' max='1'/>",
	    "so it can have no min or max" },
	{ "<segment at='N1/N1' max='1'/>",
	    "N1 begins loop N1; write <loop at=\"N1\"/>" },
	{ "<loop at='N7' use='required'/>", "set 850 has no loop N7" },
	{ "<loop at='PO1' use='forbidden'/>", "cannot be forbidden" },
	{ "<loop at='N1' max='201'/>", "at most 200 times" },
	{ "<levels order='S O I'/>", "set 850 has no hierarchical levels" },
};

static void
test_mistakes(void **state)
{
	char text[4000];
	struct tally_guide *g;
	struct tally_err err;
	enum tally_rc rc;

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		snprintf(text, sizeof(text), BEGIN "%s" END, mistakes[i].text);
		rc = load(&g, text, &err);
		if (rc != TALLY_CONFIG || err.line != 2 ||
		    strcmp(err.file, "maps/t.guide.xml") != 0 ||
		    strstr(err.text, mistakes[i].says) == NULL)
			fail_msg("%s: rc %d, %s:%u: %s", mistakes[i].text, rc,
			    err.file, err.line, err.text);
	}
}

/* Whole guides that are wrong. */
static const struct {
	const char *text;
	unsigned line;
	const char *says;
} wholes[] = {
	{ "<guide", 1, "" },
	{ GUIDE "set='850' versions='004010'/>", 1, "" },
	{ GUIDE "set='850' versions='003040'><loop at='N1' max='1'/></guide>",
	    1, "for versions 003040, and not for 004010" },
	{ GUIDE "set='123' versions='004010'><loop at='N1' max='1'/></guide>",
	    1, "no set 123 in version 004010" },
	{ BEGIN "<element at='BEG04' use='required'/>\n"
		"<element at='BEG04' max='3'/>" END,
	    3, "line 2 has a rule for this place already" },
	{ BEGIN "<segment at='DTM' max='3'/>\n<segment at='DTM' min='1'/>" END,
	    3, "line 2 has a rule for this place already" },
	{ SHIP "<levels/>" END, 2, "either an order" },
	{ SHIP "<levels order=' '/>" END, 2, "order names no level" },
	{ SHIP "<levels order='S O S'/>" END, 2, "is there already" },
	{ SHIP "<levels order='S ?'/>" END, 2, "\"?\" is no level" },
	{ SHIP "<levels>\n<level code='S'/>\n<level code='O' below='T'/>"
	       "</levels>" END,
	    4, "below names \"T\", which is none of the levels" },
	{ SHIP "<levels>\n<level code='S' below=''/></levels>" END, 3,
	    "below is empty" },
	{ SHIP "<levels order='S O'/>\n<levels order='S I'/>" END, 3,
	    "there is a <levels> already" },
};

static void
test_wholes(void **state)
{
	struct tally_guide *g;
	struct tally_err err;
	enum tally_rc rc;

	(void)state;
	for (size_t i = 0; i < sizeof(wholes) / sizeof(*wholes); i++) {
		rc = load(&g, wholes[i].text, &err);
		if (rc != TALLY_CONFIG || err.line != wholes[i].line ||
		    strstr(err.text, wholes[i].says) == NULL)
			fail_msg("%s: rc %d, %s:%u: %s", wholes[i].text, rc,
			    err.file, err.line, err.text);
	}
}

/* --- documents --- */

struct judging {
	struct tally_guide *guide;
	struct tally_str bytes;
	struct tally_buf out;
	struct tally_err err;
	bool later; /* 005010, with ^ between repetitions */
};

static enum tally_rc
read_bytes(void *ctx, void *buf, size_t max, size_t *got, struct tally_err *err)
{
	struct judging *j = ctx;

	(void)err;
	*got = j->bytes.n < max ? j->bytes.n : max;
	memcpy(buf, j->bytes.p, *got);
	j->bytes.p += *got;
	j->bytes.n -= *got;
	return TALLY_OK;
}

static enum tally_rc
rules_for(void *ctx, const struct tally_rules **out,
    const struct tally_set_spec *spec, const struct tally_group_judged *group,
    const struct tally_set_judged *set, struct tally_err *err)
{
	struct judging *j = ctx;

	(void)group;
	(void)set;
	(void)err;
	*out = tally_guide_fits(j->guide, spec) ? tally_guide_rules(j->guide)
						: NULL;
	return TALLY_OK;
}

static void
put_findings(struct judging *j, const struct tally_findings *list)
{
	const struct tally_finding *f = list->v;

	for (size_t i = 0; i < list->n; i++, f++)
		tally_buf_printf(&j->out,
		    "%s%s%u %s%02u-%u.%u %s \"%.*s\" "
		    "(%.*s)\n",
		    *f->rule != '\0' ? strchr(f->rule, ':') + 1 : "",
		    *f->rule != '\0' ? ": " : "", f->segment, f->tag,
		    f->element, f->component, f->repetition,
		    tally_finding_info(f->kind)->name, (int)f->value.n,
		    f->value.p, (int)f->expected.n, f->expected.p);
}

static void
judge(struct judging *j, const char *functional, const char *set,
    const char *segments)
{
	const struct tally_judge_options options = {
		.limits = &tally_limits_default,
		.dictionary = &tally_builtin,
		.rules_for = rules_for,
		.rules_ctx = j,
	};
	const struct tally_interchange_judged *ic;
	struct tally_judge *judge;
	struct tally_buf text;
	unsigned n = 2;

	for (const char *p = segments; *p != '\0'; p++)
		n += *p == '~';
	tally_buf_init(&text, 1 << 20);
	tally_buf_printf(&text,
	    "ISA*00*          *00*          *ZZ*A              *ZZ*B         "
	    "     *260105*0800*%s*000000001*0*P*>~"
	    "GS*%s*AA*BB*20260105*0800*1*X*%s~ST*%s*0001~%sSE*%u*0001~"
	    "GE*1*1~IEA*1*000000001~",
	    j->later ? "^*00501" : "U*00401", functional,
	    j->later ? "005010" : "004010", set, segments, n);
	j->bytes = tally_buf_view(&text);
	assert_int_equal(
	    tally_judge_new(&judge, (struct tally_source){ read_bytes, j }, 0,
		&options, &j->err),
	    TALLY_OK);
	assert_int_equal(tally_judge_next(judge, &ic, &j->err), TALLY_OK);
	put_findings(j, tally_judge_findings(judge));
	tally_judge_free(judge);
	tally_buf_free(&text);
}

static void
expect(const char *guide, const char *segments, const char *want)
{
	bool ship = strstr(guide, "'856'") != NULL;
	struct judging j = { 0 };

	if (load(&j.guide, guide, &j.err) != TALLY_OK)
		fail_msg("%s: line %u: %s", guide, j.err.line, j.err.text);
	tally_buf_init(&j.out, 1 << 20);
	judge(&j, ship ? "SH" : "PO", ship ? "856" : "850", segments);
	if (strcmp(j.out.n > 0 ? j.out.p : "", want) != 0)
		fail_msg("%s\n%s\nwant:\n%sgot:\n%s", guide, segments, want,
		    j.out.n > 0 ? j.out.p : "");
	tally_buf_free(&j.out);
	tally_guide_free(j.guide);
}

#define BEG "BEG*00*SA*PO77**20260105~"
#define PO1 "PO1*1*12*EA*9.95**UP*012345678905~"

static const struct {
	const char *rule, *segments, *want;
} cases[] = {
	/* elements */
	{ "<element at='BEG04' use='required'/>", BEG PO1,
	    "2: 2 BEG04-0.0 element_missing \"\" (a value)\n" },
	{ "<element at='BEG03' use='required'/>", "BEG*00*SA***20260105~" PO1,
	    "2 BEG03-0.0 element_missing \"\" (a value)\n" },
	{ "<element at='BEG04' use='forbidden'/>",
	    "BEG*00*SA*PO77*R1*20260105~" PO1,
	    "2: 2 BEG04-0.0 element_not_used \"R1\" (no value)\n" },
	{ "<element at='BEG04' use='forbidden'/>", BEG PO1, "" },
	{ "<element at='BEG03' max='3'/>", BEG PO1,
	    "2: 2 BEG03-0.0 element_too_long \"PO77\" (1 to 3 "
	    "characters)\n" },
	{ "<element at='BEG03' min='5' max='5'/>", BEG PO1,
	    "2: 2 BEG03-0.0 element_too_short \"PO77\" (5 characters)\n" },
	{ "<element at='PO1/PO104' max='3'/>", BEG PO1, "" },
	{ "<element at='BEG02' value='NE'/>", BEG PO1,
	    "2: 2 BEG02-0.0 element_code \"SA\" (NE)\n" },
	{ "<element at='BEG02'><code value='SA' meaning='stand alone'/>"
	  "<code value='NE' meaning='new'/></element>",
	    "BEG*00*RL*PO77**20260105~" PO1,
	    "2: 2 BEG02-0.0 element_code \"RL\" (SA (stand alone), NE "
	    "(new))\n" },
	/* A code of the guide's that the standard does not have. */
	{ "<element at='BEG02'><code value='SA'/><code value='Q?'/></element>",
	    "BEG*00*Q?*PO77**20260105~" PO1, "" },
	{ "<element at='BEG02'><code value='SA'/></element>",
	    "BEG*00*Q?*PO77**20260105~" PO1,
	    "2: 2 BEG02-0.0 element_code \"Q?\" (SA)\n" },
	/* The standard's own findings stay, and are not told twice. */
	{ "<element at='BEG03' max='3'/>",
	    "BEG*00*SA*PO345678901234567890123**20260105~" PO1,
	    "2 BEG03-0.0 element_too_long \"PO345678901234567890123\" (1 to "
	    "22 characters)\n" },
	/* components */
	{ "<element at='MEA04-1' value='IN'/>",
	    BEG "MEA*PD*LN*5*CM>2~MEA*PD*LN*6*IN~" PO1,
	    "2: 3 MEA04-1.0 element_code \"CM\" (IN)\n" },
	{ "<element at='MEA04-2' use='required'/>", BEG "MEA*PD*LN*5*IN~" PO1,
	    "2: 3 MEA04-2.0 element_missing \"\" (a value)\n" },
	{ "<element at='MEA04-2' use='forbidden'/>",
	    BEG "MEA*PD*LN*5*IN>2~" PO1,
	    "2: 3 MEA04-2.0 element_not_used \"2\" (no value)\n" },
	{ "<element at='MEA04' use='forbidden'/>", BEG "MEA*PD*LN*5*IN~" PO1,
	    "2: 3 MEA04-0.0 element_not_used \"IN\" (no value)\n" },
	/* conditions */
	{ "<element at='N1/N104' use='required' where='N101=ST|SF'/>",
	    BEG "N1*BY*A~N1*ST*B~N1*SF*C*92*77~" PO1,
	    "2: 4 N104-0.0 element_missing \"\" (a value)\n" },
	{ "<element at='N1/N403' use='required' where='N101=ST'/>",
	    BEG "N1*BY*A~N4*XX*NY~N1*ST*B~N4*YY*NY~N4*ZZ*NY*123~" PO1,
	    "2: 6 N403-0.0 element_missing \"\" (a value)\n" },
	{ "<element at='DTM03' use='required' where='DTM01=002'/>",
	    BEG "DTM*010*20260101~DTM*002*20260101~" PO1,
	    "2: 4 DTM03-0.0 element_missing \"\" (a value)\n" },
	{ "<element at='PO1/SDQ01' value='EA' where='PO103=EA'/>",
	    BEG PO1 "SDQ*CA*92*0112*40~PO1*2*1*CA~SDQ*CA*92*0112*40~",
	    "2: 4 SDQ01-0.0 element_code \"CA\" (EA)\n" },
	/* segments and loops */
	{ "<segment at='CUR' use='required'/>", BEG PO1,
	    "2: 4 CUR00-0.0 segment_missing \"\" (at least once)\n" },
	{ "<segment at='DTM' max='2'/>",
	    BEG "DTM*001*20260101~DTM*002*20260101~DTM*010*20260101~DTM*011*"
		"20260101~" PO1,
	    "2: 5 DTM00-0.0 segment_too_often \"\" (at most 2 times)\n" },
	{ "<segment at='DTM' min='1' max='1' where='DTM01=002'/>",
	    BEG "DTM*001*20260101~DTM*010*20260101~" PO1,
	    "2: 6 DTM00-0.0 segment_missing \"\" (at least once, where "
	    "DTM01=002)\n" },
	{ "<segment at='DTM' use='forbidden' where='DTM01=001'/>",
	    BEG "DTM*001*20260101~DTM*010*20260101~" PO1,
	    "2: 3 DTM00-0.0 segment_not_used \"\" (nothing, where "
	    "DTM01=001)\n" },
	{ "<segment at='REF' use='forbidden'/>", BEG "REF*DP*1~" PO1,
	    "2: 3 REF00-0.0 segment_not_used \"\" (nothing)\n" },
	{ "<segment at='N1/N3' use='required' where='N101=ST'/>",
	    BEG "N1*BY*A~N1*ST*B~N1*ST*C~N3*X~" PO1,
	    "2: 4 N300-0.0 segment_missing \"\" (at least once, where "
	    "N101=ST)\n" },
	{ "<segment at='BEG' use='required'/>", PO1,
	    "2 BEG00-0.0 segment_missing \"\" (the segment, before this "
	    "one)\n" },
	{ "<loop at='N1' min='1' max='1' where='N101=ST'/>", BEG "N1*BY*A~" PO1,
	    "2: 5 N100-0.0 segment_missing \"\" (at least once, where "
	    "N101=ST)\n" },
	{ "<loop at='N1' min='1' max='1' where='N101=ST'/>",
	    BEG "N1*ST*A~N1*BY*B~N1*ST*C~" PO1,
	    "2: 5 N100-0.0 loop_too_often \"\" (at most once, where "
	    "N101=ST)\n" },
	{ "<loop at='PO1' max='1'/>", BEG PO1 PO1 PO1,
	    "2: 4 PO100-0.0 loop_too_often \"\" (at most once)\n" },
	{ "<loop at='PO1/N1' use='required' where='PO103=EA'/>",
	    BEG PO1 "PO1*2*1*CA~" PO1 "N1*ST*A~",
	    "2: 3 N100-0.0 segment_missing \"\" (at least once, where "
	    "PO103=EA)\n" },
	{ "<loop at='PO1/N1' use='forbidden'/>", BEG PO1 "N1*ST*A~",
	    "2: 4 N100-0.0 segment_not_used \"\" (nothing)\n" },
	/* other versions */
	{ "<element at='BEG04' use='required' versions='005010'/>"
	  "<element at='BEG06' use='forbidden'/>",
	    BEG PO1, "" },
};

/* 856: shipment, order, pack, item. */
#define BSN "BSN*00*77*20260105*0800~"
#define CTT "CTT*4~"
static const struct {
	const char *rule, *segments, *want;
} ships[] = {
	{ "<levels order='S O P I'/>",
	    BSN "HL*1**S~HL*2*1*O~HL*3*2*P~HL*4*3*I~" CTT, "" },
	{ "<levels order='S O P I'/>",
	    BSN "HL*1**S~HL*2*1*O~HL*3*2*I~HL*4*3*P~" CTT,
	    "2: 5 HL03-0.0 hierarchy_order \"I\" (a level above it that is P)\n"
	    "2: 6 HL03-0.0 hierarchy_order \"P\" (a level above it that is "
	    "O)\n" },
	{ "<levels>\n<level code='S'/>\n<level code='O' below='S'/>\n<level "
	  "code='I' below='P O'/>\n<level code='P' below='O'/></levels>",
	    BSN "HL*1**O~HL*2*1*I~HL*3*2*T~HL*4*9*I~" CTT,
	    "6 HL02-0.0 hierarchy_parent \"9\" (HL01 of an earlier level)\n"
	    "4: 3 HL03-0.0 hierarchy_order \"O\" (a level above it that is S)\n"
	    "2: 5 HL03-0.0 hierarchy_order \"T\" (one of S, O, I, P)\n" },
};

static void
test_cases(void **state)
{
	char text[2000];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(text, sizeof(text), BEGIN "%s" END, cases[i].rule);
		expect(text, cases[i].segments, cases[i].want);
	}
	for (size_t i = 0; i < sizeof(ships) / sizeof(*ships); i++) {
		snprintf(text, sizeof(text), SHIP "%s" END, ships[i].rule);
		expect(text, ships[i].segments, ships[i].want);
	}
}

/* A code of the guide's silences the standard however often it occurs: more
 * often than findings of a set are kept. */
static void
test_many(void **state)
{
	struct judging j = { 0 };
	struct tally_buf segments;

	(void)state;
	tally_buf_init(&segments, 1 << 20);
	tally_buf_puts(&segments, BEG);
	for (unsigned i = 0; i < 3 * tally_limits_default.findings_set; i++)
		tally_buf_puts(&segments, "PO1**1*ZQ~");
	tally_buf_init(&j.out, 1 << 20);
	assert_int_equal(load(&j.guide,
			     BEGIN "<element at='PO1/PO103'><code value='ZQ'/>"
				   "</element>" END,
			     &j.err),
	    TALLY_OK);
	judge(&j, "PO", "850", segments.p);
	assert_int_equal(j.out.n, 0);
	tally_guide_free(j.guide);
	tally_buf_free(&j.out);
	tally_buf_free(&segments);
}

/* Of an element that repeats each value is checked. */
static void
test_repetitions(void **state)
{
	const struct tally_version *v =
	    tally_version_find(&tally_builtin, TALLY_STR("005010"));
	struct judging j = { .later = true };
	struct tally_err err;

	(void)state;
	tally_buf_init(&j.out, 1 << 20);
	assert_int_equal(
	    tally_guide_load(&j.guide, v, "t.guide.xml",
		TALLY_STR(GUIDE "set='999' versions='005010'>\n"
				"<element at='AK2/IK3/CTX01-1' max='3'/>" END),
		&err),
	    TALLY_OK);
	judge(&j, "FA", "999",
	    "AK1*PO*1~AK2*850*0001~IK3*BEG*2**8~CTX*ABCD>X^ABC^ABCDE~IK5*R*5~"
	    "AK9*R*1*1*0~");
	assert_string_equal(j.out.p,
	    "2: 5 CTX01-1.1 element_too_long \"ABCD\" (1 to 3 characters)\n"
	    "2: 5 CTX01-1.3 element_too_long \"ABCDE\" (1 to 3 "
	    "characters)\n");
	tally_guide_free(j.guide);
	tally_buf_free(&j.out);
}

static void
test_head(void **state)
{
	struct tally_guide *g;
	struct tally_err err;

	(void)state;
	assert_int_equal(load(&g,
			     GUIDE "set='850' versions='004010' "
				   "implementation='ACME1 ACME2'>"
				   "<loop at='N1' max='3'/></guide>",
			     &err),
	    TALLY_OK);
	assert_string_equal(tally_guide_name(g), "t");
	assert_string_equal(tally_guide_set(g), "850");
	assert_true(tally_guide_implements(g, "ACME2"));
	assert_false(tally_guide_implements(g, "ACME"));
	assert_false(tally_guide_implements(g, ""));
	tally_guide_free(g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_wholes),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_repetitions),
		cmocka_unit_test(test_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
