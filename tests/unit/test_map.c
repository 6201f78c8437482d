/* SPDX-License-Identifier: Apache-2.0 */
/* Maps: mistakes with their lines, and what reading makes of documents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/embed.h"
#include "tallyman/judge.h"
#include "tallyman/map.h"

static struct tally_model *model;
static const struct tally_version *version;

/* --- mistakes --- */

#define NS "<map xmlns='urn:tallyman:map:1' name='t' "
#define BEGIN \
	NS "set='850' versions='004010 005010'>\n<record table='orders'>\n"
#define BEG \
	"<field column='purpose' ref='BEG01'/><field column='type' " \
	"ref='BEG02'/><field column='po_number' ref='BEG03'/><field " \
	"column='order_date' ref='BEG05'/>"
#define PO1 \
	"<rows table='order_lines' loop='PO1'><field column='quantity' " \
	"ref='PO102'/></rows>\n"
#define END "</record></map>"

/* What stands in line 4 of a map that is right but for it. */
static const struct {
	const char *text, *says;
} mistakes[] = {
	{ "<feild column='release' ref='BEG04'/>",
	    "element \"feild\" is not allowed in record; record may hold: "
	    "rows, field" },
	{ "<field colum='release' ref='BEG04'/>",
	    "element field has no attribute \"colum\"; it may have: column" },
	{ "<field ref='BEG04'/>", "lacks its attribute column" },
	{ "<field column='release' ref='BEG04' required='maybe'/>",
	    "attribute required of field is \"maybe\"; expected one of: yes" },
	{ "<field column='release'/>", "either ref, or pair and qualifier" },
	{ "<field column='release' ref='BEG4'/>", "\"BEG4\" is no designator" },
	{ "<field column='release' ref='beg04'/>", "no designator" },
	{ "<field column='release' ref='BEG04-'/>", "no designator" },
	{ "<field column='release' ref='BEG00'/>", "no designator" },
	{ "<field column='release' ref='BEG13'/>",
	    "segment BEG has only 12 elements in version 004010" },
	{ "<field column='release' ref='BHT02'/>",
	    "set 850 of version 004010 has no segment BHT" },
	{ "<field column='release' ref='MSG01'/>",
	    "MSG could be the one of loop N9 or of loop SPI" },
	{ "<field column='release' ref='XX/SDQ03'/>",
	    "there is no loop XX in the set itself; there are: SAC, AMT" },
	{ "<field column='release' ref='BEG04-1'/>", "is not a composite" },
	{ "<field column='release' ref='MEA04'/>",
	    "MEA04 is a composite of 15 components; name one" },
	{ "<field column='release' ref='MEA04-16'/>",
	    "MEA04 has only 15 components" },
	{ "<field column='relase' ref='BEG04'/>",
	    "table orders has no column relase" },
	{ "<field column='purpose' ref='BEG04'/>",
	    "column purpose of these rows has its value from line 3" },
	{ "<field column='release' ref='BEG03'/>",
	    "BEG03 is claimed by line 3 already" },
	{ "<field column='ship_date' ref='BEG04'/>",
	    "column ship_date is of type date" },
	{ "<field column='hash_total' ref='BEG04'/>", "is of type decimal" },
	{ "<field column='release' ref='BEG04' codes='nope'/>",
	    "there is no <codes name=\"nope\">" },
	{ "<field column='department' ref='REF02' where='REF01'/>",
	    "has no \"=\"" },
	{ "<field column='department' ref='REF02' where=' '/>",
	    "where is empty" },
	{ "<field column='department' ref='REF02' where='REF01='/>",
	    "no value is given for REF01" },
	{ "<field column='department' ref='REF02' where='BEG01=00'/>",
	    "where speaks of BEG01, but can only speak of elements of the "
	    "segment that it selects, as in REF01" },
	{ "<field column='department' ref='REF02' where='REF01=Q9Q9'/>",
	    "REF01 can never be \"Q9Q9\": element 128 has no such code" },
	{ "<field column='department' ref='REF02'/>",
	    "REF01 (" }, /* mandatory, and nothing fills it */
	{ "<field column='department' pair='BEG04' qualifier='00'/>",
	    "no pairs begin at BEG04" },
	{ "<field column='department' pair='BEG12' qualifier='00'/>",
	    "there is no element behind it" },
	{ "<field column='department' pair='LIN02'/>",
	    "has the attributes pair and qualifier" },
	{ "<field column='department' ref='LIN03' qualifier='UP'/>",
	    "either ref, or pair and qualifier" },
	{ "<field column='department' pair='LIN02' qualifier='%%'/>",
	    "LIN02 can never be \"%%\"" },
	{ "<field column='department' pair='LIN02' qualifier='UP' "
	  "qualifier-column='order_date'/>",
	    "from line 3 already" },
	{ "<field column='department' pair='LIN02' qualifier='UP' "
	  "qualifier-column='ship_date'/>",
	    "a qualifier is text" },
	{ "<constant column='purpose' value='x'/>", "from line 3 already" },
	{ "<constant column='ship_date' value='x'/>", "a constant is text" },
	{ "<constant column='nope' value='x'/>", "no column nope" },
	{ "<literal ref='CUR01' value='%%'/>", "can never be \"%%\"" },
	{ "<count ref='CTT01' of='nope'/>", "the model has no table nope" },
	{ "<count ref='CTT01' of='notes'/>", "nothing to count" },
	{ "<count ref='CTT07' of='order_lines'/>", "no whole number" },
	{ "<rows table='nope' segment='REF'><field column='value' "
	  "ref='REF02'/></rows>",
	    "the model has no table nope" },
	{ "<rows table='orders' segment='REF'><field column='release' "
	  "ref='REF02'/></rows>",
	    "only <record> can make it" },
	{ "<rows table='dates'><field column='date' ref='DTM02'/></rows>",
	    "rows have one of the attributes loop, segment and pair" },
	{ "<rows table='dates' loop='N1' segment='DTM'><field column='date' "
	  "ref='DTM02'/></rows>",
	    "rows have one of the attributes" },
	{ "<rows table='dates' loop='N7'><field column='date' "
	  "ref='DTM02'/></rows>",
	    "there is no loop N7 in the set itself" },
	{ "<rows table='dates' segment='DTM'><field column='date' "
	  "ref='REF02'/></rows>",
	    "made from the segment DTM, so nothing of REF" },
	{ "<rows table='dates' segment='DTM'><field column='date' "
	  "ref='DTM02'/></rows>",
	    "DTM01 (" },
	{ "<rows table='dates' segment='DTM'><field column='role' "
	  "ref='DTM01'/><rows table='notes' segment='DTM'><field "
	  "column='text' ref='DTM02'/></rows></rows>",
	    "only rows of pairs can stand inside rows of a segment" },
	{ "<rows table='dates' segment='DTM'><field column='role' "
	  "ref='DTM01'/><rows table='notes' loop='N1'><field "
	  "column='text' ref='N102'/></rows></rows>",
	    "rows of a loop cannot stand inside rows of a segment" },
	{ "<rows table='line_ids' pair='LIN02'><field column='value' "
	  "ref='LIN03' where='LIN02=UP'/></rows>",
	    "rows of pairs cannot have fields with a where" },
	{ "<rows table='line_ids' pair='LIN02' where='LIN02=UP'><field "
	  "column='value' ref='LIN03'/></rows>",
	    "rows of pairs have no where" },
	{ "<rows table='line_ids' pair='LIN02'><field column='value' "
	  "ref='LIN03'/></rows>",
	    "LIN02 (" },
	{ "<rows table='parties' loop='N1'><field column='name' "
	  "ref='N102'/></rows>",
	    "N101 (" },
	{ "<rows table='parties' loop='N1'><field column='role' "
	  "ref='N101'/><field column='name' ref='PO101'/></rows>",
	    "segment PO1 does not stand in loop N1; it stands in PO1" },
	{ "<rows table='notes' loop='N1'><field column='reference_number_id' "
	  "ref='N101'/></rows>",
	    "is a reference, which is set by how rows are nested" },
	{ "<attribute name='x' ref='BEG04-1'/>", "is not a composite" },
	{ "<attribute name='x' ref='BEG03'/>", "claimed by line 3" },
	{ "<field column='release' ref='BEG04' versions='004010 003040'/>",
	    "version 003040 is not one of the map's own (004010 005010)" },
	{ "<level/>", "element \"level\" is not allowed in record" },
};

static enum tally_rc
load(struct tally_map **m, const char *text, struct tally_err *err)
{
	*m = NULL;
	*err = (struct tally_err){ 0 };
	return tally_map_load(
	    m, model, version, "t.xml", tally_cstr(text), err);
}

static void
test_mistakes(void **state)
{
	char text[4000];
	struct tally_map *m;
	struct tally_err err;
	enum tally_rc rc;

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		snprintf(text, sizeof(text), "%s%s", BEGIN BEG PO1,
		    mistakes[i].text);
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "\n%s", END);
		rc = load(&m, text, &err);
		if (rc != TALLY_CONFIG || err.line != 4 ||
		    strcmp(err.file, "t.xml") != 0 ||
		    strstr(err.text, mistakes[i].says) == NULL)
			fail_msg("%s: rc %d, %s:%u: %s", mistakes[i].text, rc,
			    err.file, err.line, err.text);
	}
}

/* Whole maps that are wrong. */
static const struct {
	const char *text;
	unsigned line;
	const char *says;
} wholes[] = {
	{ "<map", 1, "" },
	{ "<map/>", 1, "" },
	{ NS "versions='004010'><record table='orders'/></map>", 1,
	    "lacks its attribute set" },
	{ NS
	    "set='850' versions='003040'>\n<record table='orders'>" BEG PO1 END,
	    1, "for versions 003040, and not for 004010" },
	{ NS
	    "set='999' versions='004010'>\n<record table='orders'>" BEG PO1 END,
	    1, "no set 999 in version 004010" },
	{ NS "set='850' versions='004010'>\n<record table='nope'>" BEG PO1 END,
	    2, "the model has no table nope" },
	{ NS "set='850' versions='004010'>\n<record table='notes'>" BEG PO1 END,
	    2, "head=\"yes\"" },
	{ NS "set='850' versions='004010'>\n<record table='orders'>" BEG END, 2,
	    "loop PO1 is mandatory" },
	{ NS "set='850' versions='004010'>\n<record table='orders'>" PO1 END, 2,
	    "segment BEG is mandatory in the set" },
	{ NS "set='850' versions='004010'>\n<codes name='c'>\n"
	     "<code x12='a' value='b'/></codes><record table='orders'>" BEG PO1
		 END,
	    3, "\"a\" is no code of X12" },
	{ NS "set='850' versions='004010'>\n<codes name='c'>\n"
	     "<code x12='A' value='B'/></codes><record table='orders'>" BEG PO1
		 END,
	    3, "\"B\" is no word" },
	{ NS "set='850' versions='004010'>\n<codes name='c'>\n<code x12='A' "
	     "value='b'/>\n<code x12='A' value='c'/></codes><record "
	     "table='orders'>" BEG PO1 END,
	    4, "in this table already" },
	{ NS "set='850' versions='004010'>\n<codes name='c'>\n<code x12='A' "
	     "value='b'/>\n<code x12='B' value='b'/></codes><record "
	     "table='orders'>" BEG PO1 END,
	    4, "in this table already" },
	{ NS "set='850' versions='004010'>\n<codes name='c'><code x12='A' "
	     "value='b'/></codes>\n<codes name='c'><code x12='A' "
	     "value='b'/></codes><record table='orders'>" BEG PO1 END,
	    3, "there is a <codes name=\"c\"> already" },
};

static void
test_wholes(void **state)
{
	struct tally_map *m;
	struct tally_err err;
	enum tally_rc rc;

	(void)state;
	for (size_t i = 0; i < sizeof(wholes) / sizeof(*wholes); i++) {
		rc = load(&m, wholes[i].text, &err);
		if (rc != TALLY_CONFIG || err.line != wholes[i].line ||
		    strstr(err.text, wholes[i].says) == NULL)
			fail_msg("%zu: rc %d, %s:%u: %s", i, rc, err.file,
			    err.line, err.text);
	}
}

/* --- reading --- */

struct reading {
	struct tally_map *map;
	struct tally_batch batch;
	struct tally_residues residues;
	struct tally_findings findings;
	struct tally_buf out; /* JSON, then a line per residue and finding */
	unsigned sets;
};

static void
put_all(struct reading *r)
{
	const struct tally_residue *x;
	const struct tally_finding *f;

	tally_batch_json(&r->batch, r->batch.ndocument - 1, &r->out);
	for (size_t i = 0; i < r->residues.n; i++) {
		x = &r->residues.v[i];
		tally_buf_printf(&r->out, "residue %u.%u %.*s\n", x->segment,
		    x->element, (int)x->text.n, x->text.p);
	}
	for (size_t i = 0; i < r->findings.n; i++) {
		f = &r->findings.v[i];
		tally_buf_printf(&r->out, "%s %u %s%02u %.*s: %.*s\n",
		    tally_finding_info(f->kind)->name, f->segment, f->tag,
		    f->element, (int)f->value.n, f->value.p, (int)f->expected.n,
		    f->expected.p);
	}
}

static enum tally_rc
visit(void *ctx, const struct tally_visit *v, struct tally_err *err)
{
	struct reading *r = ctx;
	enum tally_rc rc;

	assert_true(v->checked);
	rc = tally_map_read(
	    r->map, v->set, &r->batch, &r->residues, &r->findings, err);
	if (rc == TALLY_OK)
		put_all(r);
	r->sets++;
	return rc;
}

/* Gives a string's bytes, a few at a time. */
static enum tally_rc
read_text(void *ctx, void *buf, size_t max, size_t *got, struct tally_err *err)
{
	struct tally_str *s = ctx;

	(void)err;
	*got = s->n < max ? s->n : max;
	memcpy(buf, s->p, *got);
	s->p += *got;
	s->n -= *got;
	return TALLY_OK;
}

static void
judge(struct reading *r, struct tally_str text)
{
	struct tally_judge_options options = { .limits = &tally_limits_default,
		.dictionary = &tally_builtin,
		.visit = visit,
		.ctx = r };
	struct tally_source source = { read_text, &text };
	const struct tally_interchange_judged *x;
	struct tally_judge *j;
	struct tally_err err;

	assert_int_equal(
	    tally_judge_new(&j, source, 0, &options, &err), TALLY_OK);
	do {
		if (tally_judge_next(j, &x, &err) != TALLY_OK)
			fail_msg("%s", err.text);
	} while (x != NULL);
	tally_judge_free(j);
}

/* An interchange with one set of these segments between ST and SE. */
static void
wrap(struct tally_buf *b, const char *segments, char repetition)
{
	unsigned n = 2;

	for (const char *p = segments; *p != '\0'; p++)
		n += *p == '~';
	tally_buf_printf(b,
	    "ISA*00*          *00*          *ZZ*%-15s*ZZ*%-15s*260105*1200*"
	    "%c*00401*000000001*0*P*>~GS*PO*A*B*20260105*1200*1*X*004010~"
	    "ST*850*0001~%sSE*%u*0001~GE*1*1~IEA*1*000000001~",
	    "A", "B", repetition, segments, n);
}

static void
begin(struct reading *r, const char *map)
{
	struct tally_err err;

	*r = (struct reading){ 0 };
	if (tally_map_load(&r->map, model, version, "t.xml", tally_cstr(map),
		&err) != TALLY_OK)
		fail_msg("%s:%u: %s", err.file, err.line, err.text);
	assert_int_equal(
	    tally_batch_init(&r->batch, model, 64 << 20, &err), TALLY_OK);
	tally_findings_init(&r->findings, 100);
	tally_buf_init(&r->out, 1 << 20);
}

static void
end(struct reading *r)
{
	tally_map_free(r->map);
	tally_batch_free(&r->batch);
	tally_residues_free(&r->residues);
	tally_findings_free(&r->findings);
	tally_buf_free(&r->out);
}

static void
expect(const char *map, const char *segments, char repetition, const char *want)
{
	struct tally_buf text;
	struct reading r;

	tally_buf_init(&text, 1 << 20);
	wrap(&text, segments, repetition);
	begin(&r, map);
	judge(&r, tally_buf_view(&text));
	assert_int_equal(r.sets, 1);
	assert_string_equal(r.out.p, want);
	end(&r);
	tally_buf_free(&text);
}

#define HEADING "BEG*00*SA*4711**20260105~"
#define LINE    "PO1*1*2*EA~"
#define ORDER \
	"{\"orders\":[{\"id\":0,\"purpose\":\"00\",\"type\":\"SA\"," \
	"\"po_number\":\"4711\",\"order_date\":\"2026-01-05\""
#define LINES "\"order_lines\":[{\"id\":0,\"quantity\":\"2\"}]"
#define LEFT  "residue 3.1 1\nresidue 3.3 EA\n" /* of LINE, behind HEADING */

static void
test_residue(void **state)
{
	(void)state;
	/* what no field claims: single elements, and whole segments */
	expect(BEGIN BEG PO1 END, HEADING "REF*DP*7~" LINE "CTT*1~", 'U',
	    ORDER "}]," LINES "}\n"
		  "residue 3.0 REF*DP*7\nresidue 4.1 1\nresidue 4.3 EA\n"
		  "residue 5.0 CTT*1\n");
	/* a segment that has no place is residue, too */
	expect(BEGIN BEG PO1 END, HEADING LINE "ZZZ*1~", 'U',
	    ORDER "}]," LINES "}\n" LEFT "residue 4.0 ZZZ*1\n");
	/* blanks at the end are not part of a value */
	expect(BEGIN BEG "<field column='release' ref='BEG04'/>" PO1 END,
	    "BEG*00*SA*4711  *7 *20260105~" LINE, 'U',
	    "{\"orders\":[{\"id\":0,\"purpose\":\"00\",\"type\":\"SA\","
	    "\"po_number\":\"4711\",\"release\":\"7\","
	    "\"order_date\":\"2026-01-05\"}]," LINES "}\n" LEFT);
}

static void
test_where(void **state)
{
	static const char map[] = BEGIN BEG PO1
	    "<field column='department' ref='REF02' where='REF01=DP|19'/>"
	    "<field column='department_name' ref='REF03' "
	    "where='REF01=DP|19'/>"
	    "<field column='promotion' ref='MEA03' versions='005010'/>"
	    "<rows table='reference_numbers' segment='REF'>"
	    "<field column='qualifier' ref='REF01'/>"
	    "<field column='value' ref='REF02'/></rows>"
	    "<rows table='dates' segment='DTM' where='DTM01=002|010'>"
	    "<field column='date' ref='DTM02'/>"
	    "<field column='time' ref='DTM03'/></rows>" END;

	(void)state;
	/* the first that matches; the others go to the general rows */
	expect(map,
	    HEADING "REF*IA*1~REF*DP*7*TOYS~REF*19*8*MORE~REF*DP*9~"
		    "DTM*002*20260201*0815~DTM*001*20260301~" LINE,
	    'U',
	    ORDER ",\"department\":\"7\",\"department_name\":\"TOYS\"}]," LINES
		  ",\"reference_numbers\":["
		  "{\"id\":0,\"qualifier\":\"IA\",\"value\":\"1\"},"
		  "{\"id\":1,\"qualifier\":\"19\",\"value\":\"8\"},"
		  "{\"id\":2,\"qualifier\":\"DP\",\"value\":\"9\"}],"
		  "\"dates\":[{\"id\":0,\"date\":\"2026-02-01\","
		  "\"time\":\"08:15\"}]}\n"
		  "residue 5.3 MORE\nresidue 8.0 DTM*001*20260301\n"
		  "residue 9.1 1\nresidue 9.3 EA\n");
	/* of another alternative than the first, the element is kept */
	expect(map, HEADING "REF*19*8~DTM*010*20260201~" LINE, 'U',
	    ORDER ",\"department\":\"8\"}]," LINES
		  ",\"dates\":[{\"id\":0,\"date\":\"2026-02-01\"}]}\n"
		  "residue 3.1 19\nresidue 4.1 010\n"
		  "residue 5.1 1\nresidue 5.3 EA\n");
	/* by a field, if there is one */
	expect(BEGIN BEG PO1 "<rows table='dates' segment='DTM' "
			     "where='DTM01=002|010'>"
			     "<field column='role' ref='DTM01'/></rows>"
			     "<rows table='notes' segment='DTM'>"
			     "<field column='code' ref='DTM01'/></rows>" END,
	    HEADING "DTM*010*20260201~" LINE, 'U',
	    ORDER "}]," LINES ",\"dates\":[{\"id\":0,\"role\":\"010\"}]}\n"
		  "residue 3.2 20260201\n"
		  "residue 4.1 1\nresidue 4.3 EA\n");
	/* a row is made of a segment once, even when it claims nothing */
	expect(BEGIN BEG PO1 "<rows table='dates' segment='DTM' "
			     "where='DTM01=002|010'>"
			     "<field column='time' ref='DTM03'/></rows>"
			     "<rows table='notes' segment='DTM'>"
			     "<field column='code' ref='DTM01'/></rows>" END,
	    HEADING "DTM*010*20260201~" LINE, 'U',
	    ORDER "}]," LINES ",\"dates\":[{\"id\":0}]}\n"
		  "residue 3.0 DTM*010*20260201\n"
		  "residue 4.1 1\nresidue 4.3 EA\n");
}

#define PAIRS \
	BEGIN BEG "<rows table='order_lines' loop='PO1'>" \
		  "<field column='quantity' ref='PO102'/>" \
		  "<field column='gtin' pair='PO106' qualifier='UP EN' " \
		  "qualifier-column='gtin_kind'/>" \
		  "<field column='buyer_item' pair='PO106' qualifier='IN'/>" \
		  "<rows table='line_ids' pair='PO106'>" \
		  "<field column='qualifier' ref='PO106'/>" \
		  "<field column='value' ref='PO107'/></rows>" \
		  "<rows table='destinations' pair='SDQ03'>" \
		  "<field column='unit' ref='SDQ01'/>" \
		  "<field column='place' ref='SDQ03'/>" \
		  "<field column='quantity' ref='SDQ04'/></rows></rows>" END

static void
test_pairs(void **state)
{
	(void)state;
	expect(PAIRS,
	    HEADING "PO1**1****VN*A*EN*4006381333931*UP*012345678905*IN*B*VN*C~"
		    "SDQ*EA*92*S1*1*S2*02.50~SDQ*CA**S3*7~",
	    'U',
	    ORDER "}],\"order_lines\":[{\"id\":0,\"quantity\":\"1\","
		  "\"gtin\":\"4006381333931\",\"gtin_kind\":\"EN\","
		  "\"buyer_item\":\"B\"}],\"destinations\":["
		  "{\"id\":0,\"order_line_id\":0,\"unit\":\"EA\","
		  "\"place\":\"S1\",\"quantity\":\"1\"},"
		  "{\"id\":1,\"order_line_id\":0,\"unit\":\"EA\","
		  "\"place\":\"S2\",\"quantity\":\"2.50\"},"
		  "{\"id\":2,\"order_line_id\":0,\"unit\":\"CA\","
		  "\"place\":\"S3\",\"quantity\":\"7\"}],\"line_ids\":["
		  "{\"id\":0,\"order_line_id\":0,\"qualifier\":\"VN\","
		  "\"value\":\"A\"},"
		  "{\"id\":1,\"order_line_id\":0,\"qualifier\":\"UP\","
		  "\"value\":\"012345678905\"},"
		  "{\"id\":2,\"order_line_id\":0,\"qualifier\":\"VN\","
		  "\"value\":\"C\"}]}\nresidue 4.2 92\n");
}

static void
test_nesting(void **state)
{
	static const char map[] = BEGIN BEG
	    "<constant column='kind' value='purchase'/>"
	    "<field column='vendor_name' ref='N1/N102' where='N101=VN'/>"
	    "<rows table='parties' loop='N1'>"
	    "<field column='role' ref='N101' codes='role'/>"
	    "<field column='city' ref='N401'/>"
	    "<rows table='contacts' segment='PER'>"
	    "<field column='role' ref='PER01'/>"
	    "<field column='phone' pair='PER03' qualifier='TE'/>"
	    "<rows table='contact_numbers' pair='PER03'>"
	    "<field column='kind' ref='PER03'/>"
	    "<field column='number' ref='PER04'/></rows></rows></rows>"
	    "<rows table='order_lines' loop='PO1'>"
	    "<field column='quantity' ref='PO102'/>"
	    "<field column='description' ref='PID/PID05' where='PID01=F'/>"
	    "<rows table='notes' loop='PID'>"
	    "<field column='form' ref='PID01'/>"
	    "<field column='text' ref='PID05'/>"
	    "<rows table='measurements' segment='MEA'>"
	    "<field column='kind' ref='MEA01'/>"
	    "<field column='unit' ref='MEA04-1'/></rows></rows>"
	    "<rows table='parties' loop='N1'>"
	    "<field column='role' ref='N101'/></rows></rows>" END;
	char text[4000];

	(void)state;
	snprintf(text, sizeof(text),
	    "%s<codes name='role'><code x12='ST' value='ship_to'/></codes>%s",
	    NS "set='850' versions='004010'>", strstr(map, "<record"));
	expect(text,
	    HEADING "N1*VN*ACME~N4*ROME~N1*ST*X~N4*PARIS~"
		    "PER*BD**EM*a@b*TE*1*FX*2~"
		    "PO1**1~PID*F****FIRST~PID*F****SECOND~MEA*WT***LB>2~"
		    "PO1**2~N1*BY*B~",
	    'U',
	    "{\"orders\":[{\"id\":0,\"kind\":\"purchase\",\"purpose\":\"00\","
	    "\"type\":\"SA\",\"po_number\":\"4711\",\"order_date\":"
	    "\"2026-01-05\",\"vendor_name\":\"ACME\"}],\"order_lines\":["
	    "{\"id\":0,\"quantity\":\"1\",\"description\":\"FIRST\"},"
	    "{\"id\":1,\"quantity\":\"2\"}],\"parties\":["
	    "{\"id\":0,\"role\":\"ship_to\",\"city\":\"PARIS\"},"
	    "{\"id\":1,\"order_line_id\":1,\"role\":\"BY\"}],\"contacts\":["
	    "{\"id\":0,\"party_id\":0,\"role\":\"BD\",\"phone\":\"1\"}],"
	    "\"contact_numbers\":[{\"id\":0,\"contact_id\":0,\"kind\":\"EM\","
	    "\"number\":\"a@b\"},{\"id\":1,\"contact_id\":0,\"kind\":\"FX\","
	    "\"number\":\"2\"}],\"notes\":[{\"id\":0,\"order_line_id\":0,"
	    "\"form\":\"F\",\"text\":\"SECOND\"}],\"measurements\":["
	    "{\"id\":0,\"order_line_id\":0,\"note_id\":0,\"kind\":\"WT\","
	    "\"unit\":\"LB\"}]}\n"
	    "residue 4.0 N4*ROME\nresidue 5.2 X\nresidue 11.4 LB>2\n"
	    "residue 13.2 B\n");
}

static void
test_values(void **state)
{
	static const char map[] = BEGIN BEG PO1
	    "<literal ref='CUR01' value='BY'/>"
	    "<field column='currency' ref='CUR02'/>"
	    "<field column='exchange_rate' ref='CUR03' required='yes'/>"
	    "<count ref='CTT01' of='order_lines'/>"
	    "<attribute name='contract' ref='BEG06'/>"
	    "<rows table='charges' loop='SAC'>"
	    "<field column='kind' ref='SAC01'/>"
	    "<field column='amount' ref='SAC05'/></rows>" END;

	(void)state;
	expect(map,
	    "BEG*00*SA*4711**20260105*C-1~CUR*BY*USD*1.25E-2~"
	    "SAC*A****-00250~PO1**2~CTT*1~",
	    'U',
	    ORDER ",\"currency\":\"USD\",\"exchange_rate\":\"0.0125\"}]," LINES
		  ",\"charges\":[{\"id\":0,\"kind\":\"A\","
		  "\"amount\":\"-2.50\"}],\"attributes\":[{\"id\":0,"
		  "\"name\":\"contract\",\"value\":\"C-1\"}]}\n");
	/* a count that is wrong is not claimed; what is required is missed */
	expect(map, HEADING "CUR*SE*USD~PO1**2~CTT*7~", 'U',
	    ORDER ",\"currency\":\"USD\"}]," LINES "}\n"
		  "residue 3.1 SE\nresidue 5.1 7\n"
		  "map_required 1 CUR03 : a value for orders.exchange_rate\n");
	/* of what repeats, the first is taken and the whole stays residue */
	expect(map, "BEG*00*SA*4711**20260105*A^B~PO1**2~", '^',
	    ORDER "}]," LINES ",\"attributes\":[{\"id\":0,\"name\":"
		  "\"contract\",\"value\":\"A\"}]}\nresidue 2.6 A^B\n"
		  "map_required 1 CUR03 : a value for orders.exchange_rate\n");
	/* Windows text */
	expect(map,
	    "BEG*00*SA*4711**20260105*\x93"
	    "A\xe9\x94~PO1**2~",
	    'U',
	    ORDER "}]," LINES ",\"attributes\":[{\"id\":0,\"name\":"
		  "\"contract\",\"value\":\"\xe2\x80\x9c"
		  "A\xc3\xa9\xe2\x80\x9d\"}]}\n"
		  "map_required 1 CUR03 : a value for orders.exchange_rate\n");
}

/* The shipped map over an order that has most of what orders have. */
static void
test_shipped(void **state)
{
	struct tally_buf text;
	struct reading r;
	const struct tally_rows *rows;

	(void)state;
	tally_buf_init(&text, 1 << 20);
	wrap(&text,
	    HEADING
	    "CUR*BY*USD~REF*DP*7~REF*IA*99*ACME~REF*ZZ*A*B~"
	    "PER*BD*ANN*TE*1*EM*a@b~FOB*PP*OR*PORT~SAC*C*D240***4500~"
	    "ITD*01*3*2**10**30~DTM*010*20260119~DTM*015*20260120~"
	    "TD5**2*RDWY*M~N9*L1*NOTE~MSG*CALL FIRST~"
	    "N1*ST*STORES*92*0004~N3*12 QUAY ROAD~N4*PORTSMOUTH*NH*03801*US~"
	    "PO1*1*48*EA*3.25*PE*UP*012345678905*VN*LAMP*CB*X~"
	    "PID*F*08***TABLE LAMP~PO4*6*1*EA~"
	    "SDQ*EA*92*0112*40*0113*8~DTM*002*20260130~SCH*10*EA***002*"
	    "20260201~"
	    "SLN*1**I*2*EA~CTT*1*48~AMT*TT*156~",
	    'U');
	begin(&r, tally_embedded_find("850.xml").p);
	judge(&r, tally_buf_view(&text));
	assert_int_equal(r.sets, 1);
	if (r.residues.n > 0)
		fail_msg("%s", strstr(r.out.p, "\nresidue"));
	assert_int_equal(r.findings.n, 0);
	rows =
	    &r.batch.rows[tally_model_table(model, TALLY_STR("destinations"))];
	assert_int_equal(rows->n, 2);
	assert_non_null(strstr(r.out.p, "\"total_amount\":\"156\""));
	assert_non_null(strstr(r.out.p, "\"role\":\"ship_to\""));
	assert_non_null(strstr(r.out.p, "\"description\":\"TABLE LAMP\""));
	assert_non_null(strstr(r.out.p, "\"text\":\"CALL FIRST\""));
	assert_string_equal(tally_map_name(r.map), "850");
	assert_string_equal(tally_map_set(r.map), "850");
	/* the same map serves document after document */
	tally_batch_undo(&r.batch);
	judge(&r, tally_buf_view(&text));
	assert_int_equal(rows->n, 2);
	end(&r);
	tally_buf_free(&text);
}

/* The shipped map is sound for each version that it and the dictionary name. */
static void
test_versions(void **state)
{
	const struct tally_version *v;
	struct tally_map *m;
	struct tally_err err;
	unsigned n = 0;

	(void)state;
	for (size_t i = 0; i < tally_builtin.nversion; i++) {
		v = tally_builtin.version[i];
		if (tally_set_find(v, TALLY_STR("850")) == NULL)
			continue;
		if (tally_map_load(&m, model, v, "850.xml",
			tally_embedded_find("850.xml"), &err) != TALLY_OK)
			fail_msg("%s: %s:%u: %s", v->version, err.file,
			    err.line, err.text);
		tally_map_free(m);
		n++;
	}
	assert_true(n > 0);
}

/* A document that makes more rows than it can have: the first ones are there,
 * the others are residue, and one finding says so. */
static void
test_limit(void **state)
{
	struct tally_buf lines, text;
	struct tally_err err;
	struct reading r;
	const struct tally_rows *rows;

	(void)state;
	tally_buf_init(&lines, 1 << 20);
	tally_buf_init(&text, 1 << 20);
	tally_buf_puts(&lines, HEADING);
	for (int i = 0; i < 1000; i++)
		tally_buf_puts(&lines, LINE);
	wrap(&text, lines.p, 'U');
	begin(&r, BEGIN BEG PO1 END);
	tally_batch_free(&r.batch);
	assert_int_equal(
	    tally_batch_init(&r.batch, model, 200000, &err), TALLY_OK);
	judge(&r, tally_buf_view(&text));
	rows =
	    &r.batch.rows[tally_model_table(model, TALLY_STR("order_lines"))];
	assert_true(rows->n > 10 && rows->n < 1000);
	assert_int_equal(r.residues.n, 2 * rows->n + 1000 - rows->n);
	assert_int_equal(r.findings.n, 1);
	assert_int_equal(r.findings.v[0].kind, TALLY_F_map_limit);
	assert_int_equal(r.findings.v[0].segment, rows->n + 3);
	end(&r);
	tally_buf_free(&text);
	tally_buf_free(&lines);
}

/* A map is for one set of one version. */
static void
test_wrong_set(void **state)
{
	struct tally_set set = { 0 };
	struct reading r;
	struct tally_err err;

	(void)state;
	begin(&r, BEGIN BEG PO1 END);
	assert_int_equal(tally_map_read(r.map, &set, &r.batch, &r.residues,
			     &r.findings, &err),
	    TALLY_USAGE);
	assert_int_equal(r.batch.ndocument, 0);
	end(&r);
}

static int
setup(void **state)
{
	struct tally_err err;

	(void)state;
	version = tally_version_find(&tally_builtin, TALLY_STR("004010"));
	return version == NULL ||
	    tally_model_load(&model, "records.xml",
		tally_embedded_find("records.xml"), &err) != TALLY_OK;
}

static int
teardown(void **state)
{
	(void)state;
	tally_model_free(model);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_wholes),
		cmocka_unit_test(test_residue),
		cmocka_unit_test(test_where),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_wrong_set),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
