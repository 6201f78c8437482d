/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader, checker and judge over small inputs: for each, the verdicts and the
 * findings.  One fault is one finding, at its own place.  What a judge is told
 * besides: test_judge_options.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>

#include "support/judged.h"
#include "support/pieces.h"
#include "support/verdict.h"
#include "tallyman/judge.h"

#define ASN \
	"GS*SH*ACME*US*20261123*1200*7*X*004010~ST*856*0001~" \
	"BSN*00*S1*20261123*1200~"
#define ASN_END(n) "SE*" n "*0001~" GE IEA

static const struct row {
	const char *name, *in, *out;
} rows[] = {
	{ "sound", ISA GS SET GE IEA, "I=A(G=A(S=A))" },
	{ "nothing", "", "empty_file" },
	{ "blanks only", " \r\n\n", "not_edi" },
	{ "a letter", "Dear Sirs, VISA cards are welcome", "not_edi" },
	{ "byte order mark before", "\xef\xbb\xbf" ISA GS SET GE IEA,
	    "I=A(G=A(S=A))" },
	{ "text around", "hello\n" ISA GS SET GE IEA "\n\x1a bye",
	    "I=A(G=A(S=A))" },
	{ "two interchanges, line feeds between",
	    ISA GS SET GE IEA "\r\n\r\n" ISA GS SET GE IEA,
	    "I=A(G=A(S=A)) I=A(G=A(S=A))" },
	{ "line ends behind terminators",
	    ISA "\r\n" GS "\r\n" ST "\r\n" BEG "\n" PO1 "  \n" CTT SE5 "\n" GE
		"\n" IEA "\n",
	    "I=A(G=A(S=A))" },
	{ "no terminator at the very end", ISA GS SET GE "IEA*1*000000007",
	    "I=A(G=A(S=A))" },
	{ "no terminator at the very end, but white space",
	    ISA GS SET GE "IEA*1*000000007 \r\n", "I=A(G=A(S=A))" },
	{ "no terminator at the very end, another number",
	    ISA GS SET GE "IEA*1*000000070\n",
	    "I=R(G=A(S=A)) iea_number IEA02" },
	{ "no terminator at the very end, number spelled otherwise",
	    ISA GS SET GE "IEA*1*7", "I=A(G=A(S=A))" },
	{ "no terminator at the very end, another count",
	    ISA GS SET GE "IEA*3*000000007", "I=R(G=A(S=A)) iea_count IEA01" },
	{ "doubled terminators", ISA "~" GS SET "~~" GE "~" IEA,
	    "I=A(G=A(S=A))" },
	{ "ISA inside data",
	    ISA GS ST "BEG*00*SA*ISA**20261123~" PO1 CTT SE5 GE IEA,
	    "I=A(G=A(S=A))" },
	{ "TA1 alone",
	    ISA "TA1*000000001*261123*1200*A*000~"
		"IEA*1*000000007~",
	    "I=A" },
	{ "TA1 before a group",
	    ISA "TA1*000000001*261123*1200*A*000~" GS SET GE IEA,
	    "I=A(G=A(S=A))" },

	{ "IEA missing", ISA GS SET GE, "I=R(G=A(S=A)) iea_missing IEA" },
	{ "cut in a segment", ISA GS ST BEG "PO1*1*1",
	    "I=R(G=R(S=R)) iea_missing IEA" },
	{ "cut in the group", ISA GS SET, "I=R(G=R(S=R)) iea_missing IEA" },
	{ "cut in IEA", ISA GS SET GE "IEA*1*00000",
	    "I=R(G=A(S=A)) iea_missing IEA" },
	{ "cut, then a whole one", ISA GS ST BEG ISA GS SET GE IEA,
	    "I=R(G=R(S=R)) iea_missing IEA; "
	    "I=A(G=A(S=A))" },
	{ "GE missing", ISA GS SET IEA, "I=A(G=R(S=R)) ge_missing GE" },
	{ "SE missing",
	    ISA GS ST BEG PO1 CTT "ST*850*0002~" BEG PO1 CTT
				  "SE*5*0002~GE*2*7~" IEA,
	    "I=A(G=P(S=R S=A)) se_missing SE @5" },
	{ "GS missing", ISA SET GE IEA, "I=R structure" },
	{ "ST damaged", ISA GS "TS*850*0001~" BEG PO1 CTT SE5 GE IEA,
	    "I=A(G=R) segments_outside" },
	{ "IEA count", ISA GS SET GE "IEA*2*000000007~",
	    "I=R(G=A(S=A)) iea_count IEA01" },
	{ "IEA number", ISA GS SET GE "IEA*1*000000008~",
	    "I=R(G=A(S=A)) iea_number IEA02" },
	{ "GE count", ISA GS SET "GE*3*7~" IEA, "I=A(G=R(S=R)) ge_count GE01" },
	{ "GE number", ISA GS SET "GE*1*8~" IEA,
	    "I=A(G=R(S=R)) ge_number GE02" },
	{ "GE number spelled otherwise", ISA GS SET "GE*1*007~" IEA,
	    "I=A(G=A(S=A))" },
	{ "SE count", ISA GS ST BEG PO1 CTT "SE*4*0001~" GE IEA,
	    "I=A(G=R(S=R)) se_count SE01 @5" },
	{ "SE number", ISA GS ST BEG PO1 CTT "SE*5*0002~" GE IEA,
	    "I=A(G=R(S=R)) se_number SE02 @5" },
	{ "set number twice", ISA GS SET SET "GE*2*7~" IEA,
	    "I=A(G=P(S=A S=R)) set_duplicate ST02 @1" },
	{ "ST02 short", ISA GS "ST*850*01~" BEG PO1 CTT "SE*5*01~" GE IEA,
	    "I=A(G=R(S=R)) st_number ST02 @1" },
	{ "unknown set", ISA GS "ST*999*0001~" BEG "SE*3*0001~" GE IEA,
	    "I=A(G=R(S=R)) set_unsupported ST01 @1" },
	{ "unknown version",
	    ISA "GS*PO*ACME*US*20261123*1200*7*X*002001~" SET GE IEA,
	    "I=A(G=R(S=R)) group_version GS08" },
	{ "wrong functional identifier",
	    ISA "GS*IN*ACME*US*20261123*1200*7*X*004010~" SET GE IEA,
	    "I=A(G=R(S=R)) group_functional GS01" },
	{ "GS06 not numeric",
	    ISA "GS*PO*ACME*US*20261123*1200*A*X*004010~" SET "GE*1*A~" IEA,
	    "I=A(G=R(S=R)) gs_number GS06" },

	{ "GS with too many elements",
	    ISA "GS*PO*ACME*US*20261123*1200*7*X*004010*X~" SET GE IEA,
	    "I=A(G=R(S=R)) gs_malformed GS09" },
	{ "ST03 before 005010",
	    ISA GS "ST*850*0001*004010~" BEG PO1 CTT SE5 GE IEA,
	    "I=A(G=R(S=R)) element_excess ST03 @1" },
	{ "ST03 in 005010, and one more",
	    ISA "GS*PO*ACME*US*20261123*1200*7*X*005010~"
		"ST*850*0001*005010X1*2~" BEG PO1 CTT SE5 GE IEA,
	    "I=A(G=R(S=R)) element_excess ST04 @1" },
	{ "SE03", ISA GS ST BEG PO1 CTT "SE*5*0001*X~" GE IEA,
	    "I=A(G=R(S=R)) element_excess SE03 @5" },

	{ "ISA too short",
	    "ISA*00* *00* *ZZ*ACME           *ZZ*US             "
	    "*261123*1200*U*00401*000000007*0*P*>~" GS SET GE IEA,
	    "I=R(G=A(S=A)) isa_malformed ISA02" },
	{ "terminator a letter",
	    "ISA*00*          *00*          *ZZ*ACME           *ZZ*US         "
	    "    *261123*1200*U*00401*000000007*0*P*>XGS*PO",
	    "I=R isa_separators ISA16" },
	{ "component separator of two bytes",
	    "ISA*00*          *00*          *ZZ*ACME           *ZZ*US         "
	    "    *261123*1200*U*00401*000000007*0*P*\xc2\xac~" GS SET GE IEA,
	    "I=R isa_separators ISA16" },
	{ "terminator of two bytes",
	    "ISA*00*          *00*          *ZZ*ACME           *ZZ*US         "
	    "    *261123*1200*U*00401*000000007*0*P*>\xc3\x96GS*PO*ACME",
	    "I=R isa_separators ISA16" },
	{ "component separator a blank",
	    "ISA*00*          *00*          *ZZ*ACME           *ZZ*US         "
	    "    *261123*1200*U*00401*000000007*0*P* ~" GS ST BEG
	    "N1*ST*MAIN DOCK~" PO1 CTT "SE*6*0001~" GE IEA,
	    "I=E(G=A(S=A)) isa_component ISA16" },
	{ "ISA again and again",
	    "ISA*ISA*ISA*ISA*ISA*ISA*ISA*ISA*ISA*ISA*ISA*"
	    "ISA*ISA*ISA*ISA*ISA*ISA*ISA*ISA*ISA*ISA*ISA*ISA*ISA*ISA*ISA*",
	    "I=R isa_malformed ISA01" },
	{ "ISA date",
	    "ISA*00*          *00*          *ZZ*ACME           *ZZ*US         "
	    "    *261323*1200*U*00401*000000007*0*P*>~" GS SET GE IEA,
	    "I=R(G=A(S=A)) isa_date ISA09" },

	{ "segment missing", ISA GS ST PO1 CTT "SE*4*0001~" GE IEA,
	    "I=A(G=R(S=R)) segment_missing BEG @2" },
	{ "loop missing", ISA GS ST BEG "SE*3*0001~" GE IEA,
	    "I=A(G=R(S=R)) segment_missing PO1 @3" },
	{ "segment unknown", ISA GS ST BEG "QQQ*1~" PO1 CTT "SE*6*0001~" GE IEA,
	    "I=A(G=R(S=R)) segment_unknown @3" },
	{ "segment of another set",
	    ISA GS ST BEG "AK1*PO*1~" PO1 CTT "SE*6*0001~" GE IEA,
	    "I=A(G=R(S=R)) segment_not_in_set AK1 @3" },
	{ "segment out of order",
	    ISA GS ST BEG "DTM*002*20261224~"
			  "CUR*BY*USD~" PO1 CTT "SE*7*0001~" GE IEA,
	    "I=A(G=R(S=R)) segment_out_of_order CUR @4" },
	{ "segment too often", ISA GS ST BEG BEG PO1 CTT "SE*6*0001~" GE IEA,
	    "I=A(G=R(S=R)) segment_too_often BEG @3" },
	{ "segment without its loop",
	    ISA GS ST BEG "N3*1 MAIN ST~" PO1 CTT "SE*6*0001~" GE IEA,
	    "I=A(G=R(S=R)) segment_unexpected N3 @3" },
	{ "loop behind its place",
	    ISA GS ST BEG PO1 CTT PO1 "PID*F****LATE~SE*7*0001~" GE IEA,
	    "I=A(G=R(S=R)) segment_out_of_order PO1 @5; total_wrong CTT01 @4" },
	{ "nested loop without its first segment",
	    ISA GS ST BEG PO1 "N4*BONN~" PO1 "CTT*2~SE*7*0001~" GE IEA,
	    "I=A(G=R(S=R)) segment_unexpected N4 @4" },
	{ "two segments without their loop",
	    ISA GS ST BEG "N3*1 MAIN ST~N4*BONN~" PO1 CTT "SE*7*0001~" GE IEA,
	    "I=A(G=R(S=R)) segment_unexpected N3 @3" },
	{ "mandatory segment behind its place",
	    ISA GS ST "CUR*BY*USD~" BEG PO1 CTT "SE*6*0001~" GE IEA,
	    "I=A(G=R(S=R)) segment_out_of_order BEG @3" },
	{ "nested loops",
	    ISA GS ST BEG "N1*ST*DOCK~N3*1 MAIN~N1*BT*OFFICE~" PO1
			  "SAC*C*D240***100~"
			  "N1*MA*STORE*92*55~" PO1 "CTT*2~SE*11*0001~" GE IEA,
	    "I=A(G=A(S=A))" },
	{ "bounded loop",
	    ISA GS ST BEG PO1 "LS*LDT~LDT*AF*3*DA~LE*LDT~" CTT
			      "SE*8*0001~" GE IEA,
	    "I=A(G=A(S=A))" },
	{ "bounded loop, ended with another name",
	    ISA GS ST BEG PO1 "LS*LDT~LDT*AF*3*DA~LE*LM~" CTT
			      "SE*8*0001~" GE IEA,
	    "I=A(G=R(S=R)) loop_identifier LE01 @6" },
	{ "bounded loop without end",
	    ISA GS ST BEG PO1 "LS*LDT~LDT*AF*3*DA~" CTT "SE*7*0001~" GE IEA,
	    "I=A(G=R(S=R)) segment_missing LE @6" },
	{ "total", ISA GS ST BEG PO1 PO1 CTT "SE*6*0001~" GE IEA,
	    "I=A(G=R(S=R)) total_wrong CTT01 @5" },
	{ "hash total", ISA GS ST BEG PO1 "CTT*1*10.5~SE*5*0001~" GE IEA,
	    "I=A(G=R(S=R)) total_wrong CTT02 @4" },

	{ "element missing",
	    ISA GS ST "BEG*00*SA***20261123~" PO1 CTT SE5 GE IEA,
	    "I=A(G=R(S=R)) element_missing BEG03 @2" },
	{ "element excess", ISA GS ST BEG PO1 "CTT*1*******9~" SE5 GE IEA,
	    "I=A(G=R(S=R)) element_excess CTT08 @4" },
	{ "too long",
	    ISA GS ST
	    "BEG*00*SA*1234567890123456789012345**20261123~" PO1 CTT SE5 GE IEA,
	    "I=A(G=R(S=R)) element_too_long BEG03 @2" },
	{ "too short", ISA GS ST BEG "N1*S*DOCK~" PO1 CTT "SE*6*0001~" GE IEA,
	    "I=A(G=R(S=R)) element_too_short N101 @3" },
	{ "control character",
	    ISA GS ST "BEG*00*SA*47\x01"
		      "11**20261123~" PO1 CTT SE5 GE IEA,
	    "I=A(G=R(S=R)) element_character BEG03 @2" },
	{ "line feed in data",
	    ISA GS ST "BEG*00*SA*47\n11**20261123~" PO1 CTT SE5 GE IEA,
	    "I=A(G=R(S=R)) element_character BEG03 @2" },
	{ "code", ISA GS ST "BEG*XX*SA*4711**20261123~" PO1 CTT SE5 GE IEA,
	    "I=A(G=R(S=R)) element_code BEG01 @2" },
	{ "date", ISA GS ST "BEG*00*SA*4711**20260230~" PO1 CTT SE5 GE IEA,
	    "I=A(G=R(S=R)) element_date BEG05 @2" },
	{ "time",
	    ISA GS ST BEG "DTM*002*20261123*2460~" PO1 CTT "SE*6*0001~" GE IEA,
	    "I=A(G=R(S=R)) element_time DTM03 @3" },
	{ "letters in a number", ISA GS ST BEG "PO1*1*TEN*EA~" CTT SE5 GE IEA,
	    "I=A(G=R(S=R)) element_character PO102 @3" },
	{ "paired", ISA GS ST BEG "PO1*1*10*EA*1.25**UP~" CTT SE5 GE IEA,
	    "I=A(G=R(S=R)) element_needed PO107 @3" },
	{ "at least one", ISA GS ST BEG "N1*ST~" PO1 CTT "SE*6*0001~" GE IEA,
	    "I=A(G=R(S=R)) element_needed N102 @3" },
	{ "components too many",
	    ISA GS ST BEG "REF*DP*1>2~" PO1 CTT "SE*6*0001~" GE IEA,
	    "I=A(G=R(S=R)) component_excess REF02-2 @3" },
	{ "trailing separators",
	    ISA GS ST BEG "N1*ST*DOCK**~" PO1 CTT "SE*6*0001~" GE IEA,
	    "I=A(G=A(S=A))" },
};

static void
judge(const struct row *r, size_t chunk)
{
	struct tally_buf out;

	tally_buf_init(&out, 1 << 20);
	verdict_of(&out, tally_cstr(r->in), chunk);
	if (strcmp(out.p != NULL ? out.p : "", r->out) != 0)
		fail_msg("%s, %zu at a time:\n  is   %s\n  want %s", r->name,
		    chunk, out.p, r->out);
	tally_buf_free(&out);
}

static void
test_verdicts(void **state)
{
	static const size_t chunk[] = { 0, 1, 7, 106 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t k = 0; k < sizeof(chunk) / sizeof(chunk[0]); k++)
			judge(&rows[i], chunk[k]);
}

/* One judge for all: what it read before makes no difference. */
static void
test_again(void **state)
{
	struct tally_judge *judge = NULL;
	struct tally_buf out;

	(void)state;
	tally_buf_init(&out, 1 << 20);
	for (size_t i = 0; i < 3 * sizeof(rows) / sizeof(rows[0]); i++) {
		/* Each behind others, too. */
		const struct row *r =
		    &rows[i * 7 % (sizeof(rows) / sizeof(rows[0]))];

		tally_buf_reset(&out);
		tally_buf_puts(&out, "");
		verdict_by(&judge, &out, tally_cstr(r->in), i % 3);
		if (strcmp(out.p, r->out) != 0)
			fail_msg("%s, after others:\n  is   %s\n  want %s",
			    r->name, out.p, r->out);
	}
	tally_judge_free(judge);
	tally_buf_free(&out);
}

/* Any separators will do, a line feed as terminator as well. */
static void
test_separators(void **state)
{
	static const char *const sets[] = { "*~>", "|\n:", "\x1d\x1c\x1f",
		"\t\r;", "^'&", "+!@", "\xc7\xe9\xa6" };
	const char *sound = ISA GS SET GE IEA;
	char in[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		struct row r = { sets[i], in, "I=A(G=A(S=A))" };
		size_t n = strlen(sound);

		for (size_t k = 0; k <= n; k++)
			in[k] = sound[k] == '*' ? sets[i][0]
			    : sound[k] == '~'   ? sets[i][1]
			    : sound[k] == '>'   ? sets[i][2]
						: sound[k];
		judge(&r, 0);
		judge(&r, 1);
	}
}

static void
test_unended_segment(void **state)
{
	const char *head = ISA GS "ST*850*0001~BEG*00*";
	size_t n = 10u << 20, h = strlen(head);
	char *big = tally_alloc(n);
	struct tally_buf out;

	(void)state;
	assert_non_null(big);
	memset(big, 'A', n);
	memcpy(big, head, h);
	tally_buf_init(&out, 1 << 20);
	verdict_of(&out, tally_str(big, n), 0);
	assert_string_equal(out.p, "I=R(G=R(S=R)) segment_unended");
	tally_buf_free(&out);
	tally_free(big);
}

static void
test_many_elements(void **state)
{
	struct tally_buf in, out;

	(void)state;
	tally_buf_init(&in, 1 << 20);
	tally_buf_init(&out, 1 << 20);
	tally_buf_puts(&in, ISA GS ST BEG "PO1");
	for (int i = 0; i < 50000; i++)
		tally_buf_putc(&in, '*');
	tally_buf_puts(&in, "9~" CTT SE5 GE IEA);
	verdict_of(&out, tally_buf_view(&in), 0);
	assert_string_equal(out.p, "I=A(G=R(S=R)) element_excess PO150000 @3");
	tally_buf_free(&in);
	tally_buf_free(&out);
}

/* A code that an open list lacks: a note, once for each element of a set. */
static void
test_unlisted(void **state)
{
	static const char in[] = ISA GS ST BEG
	    "N1*QQ*DOCK~PO1*1*10*Q1*1.25~PO1*2*10*Q2*1.25~PO1*3*10*EA*1.25~"
	    "CTT*3~SE*8*0001~ST*850*0002~" BEG
	    "PO1*1*10*Q1*1.25~CTT*1~SE*5*0002~GE*2*7~" IEA;
	static const struct {
		uint32_t segment;
		unsigned element;
		const char *value;
	} want[] = { { 3, 1, "QQ" }, { 4, 3, "Q1" }, { 3, 3, "Q1" } };
	struct judged j;

	(void)state;
	judged_run(&j, tally_cstr(in), 0, NULL);
	assert_int_equal(j.nset, 2);
	assert_int_equal(j.findings.n, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct tally_finding *f = &j.findings.v[i];

		assert_int_equal(f->kind, TALLY_F_code_unlisted);
		assert_int_equal(f->severity, TALLY_NOTE);
		assert_int_equal(f->segment, want[i].segment);
		assert_int_equal(f->element, want[i].element);
		assert_true(tally_str_eq(f->value, tally_cstr(want[i].value)));
	}
	assert_int_equal(j.set[0].verdict, TALLY_ACCEPTED);
	assert_int_equal(j.set[1].verdict, TALLY_ACCEPTED);
	assert_non_null(strstr(j.ack.p, "AK9*A*2*2*2~"));
	assert_null(strstr(j.ack.p, "AK4*"));
	judged_free(&j);
}

/* Numbers behind qualifiers that promise a check digit: each that is wrong is
 * a note, and no value at fault otherwise is told of twice. */
static void
test_check_digits(void **state)
{
	static const char in[] = ISA GS ST BEG
	    "PO1*1*1*EA***UP*012345678905*EN*4006381333931*UK*10036000291459~"
	    "PO1*2*1*EA***UP*012345678904*VN*012345678904*EN*400638133393~"
	    "PO1*3*1*EA***UA*012345678904*UP*012345678905  *IB*080442957X~"
	    "PO1*4*1*EA***UP*0123456789050123456789050123456789050123456789050~"
	    "CTT*4~SE*8*0001~GE*1*7~" IEA;
	static const struct {
		enum tally_finding_kind kind;
		uint32_t segment;
		unsigned element;
		const char *value, *expected;
	} want[] = {
		{ TALLY_F_check_digit, 4, 7, "012345678904",
		    "the check digit 5 at the end" },
		{ TALLY_F_check_digit, 4, 11, "400638133393",
		    "the check digit 0 at the end" },
		{ TALLY_F_element_too_long, 6, 7,
		    "0123456789050123456789050123456789050123456789050",
		    "1 to 48 characters" },
	};
	struct judged j;

	(void)state;
	judged_run(&j, tally_cstr(in), 0, NULL);
	assert_int_equal(j.findings.n, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < j.findings.n; i++) {
		const struct tally_finding *f = &j.findings.v[i];

		assert_int_equal(f->kind, want[i].kind);
		assert_int_equal(f->segment, want[i].segment);
		assert_int_equal(f->element, want[i].element);
		assert_true(tally_str_eq(f->value, tally_cstr(want[i].value)));
		assert_true(
		    tally_str_eq(f->expected, tally_cstr(want[i].expected)));
	}
	assert_int_equal(j.findings.v[0].severity, TALLY_NOTE);
	judged_free(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_separators),
		cmocka_unit_test(test_unended_segment),
		cmocka_unit_test(test_many_elements),
		cmocka_unit_test(test_unlisted),
		cmocka_unit_test(test_check_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
