/* SPDX-License-Identifier: Apache-2.0 */
/* What reading through maps makes of documents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/embed.h"
#include "support/reading.h"

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
	reading_expect(BEGIN BEG PO1 END, HEADING "REF*DP*7~" LINE "CTT*1~",
	    'U',
	    ORDER "}]," LINES "}\n"
		  "residue 3.0 REF*DP*7\nresidue 4.1 1\nresidue 4.3 EA\n"
		  "residue 5.0 CTT*1\n");
	/* a segment that has no place is residue, too */
	reading_expect(BEGIN BEG PO1 END, HEADING LINE "ZZZ*1~", 'U',
	    ORDER "}]," LINES "}\n" LEFT "residue 4.0 ZZZ*1\n");
	/* blanks at the end are not part of a value */
	reading_expect(BEGIN BEG
	    "<field column='release' ref='BEG04'/>" PO1 END,
	    "BEG*00*SA*4711  *7 *20260105~" LINE, 'U',
	    "{\"orders\":[{\"id\":0,\"purpose\":\"00\",\"type\":\"SA\","
	    "\"po_number\":\"4711\",\"release\":\"7\","
	    "\"order_date\":\"2026-01-05\"}]," LINES "}\n" LEFT);
}

/* Segments of one shape, of which some have values that are refused. */
static void
test_again(void **state)
{
	static const char map[] = BEGIN BEG
	    "<rows table='order_lines' loop='PO1'>"
	    "<field column='quantity' ref='PO102'/>"
	    "<field column='gtin' pair='PO106' qualifier='UP'/>"
	    "<rows table='line_ids' pair='PO106'>"
	    "<field column='qualifier' ref='PO106'/>"
	    "<field column='value' ref='PO107'/></rows>"
	    "<field column='delivery_date' ref='DTM02' where='DTM01=002'/>"
	    "<rows table='dates' segment='DTM'>"
	    "<field column='role' ref='DTM01'/>"
	    "<field column='date' ref='DTM02'/></rows></rows>" END;

	(void)state;
	reading_expect(map,
	    HEADING "PO1**2****UP*1~DTM*002*20260101~DTM*011*20260102~"
		    "PO1**3****UP*2~DTM*002*20269999~DTM*011*20260104~"
		    "PO1**4****UP* ~DTM*002*20260105~DTM*011*20269999~"
		    "PO1**5****UP*5*UP*6~DTM*011*20260106~DTM*011*20260107~"
		    "PO1**6****UP*7*UP*8~DTM*011*20260108~DTM*002*20260109~",
	    'U',
	    ORDER "}],\"order_lines\":["
		  "{\"id\":0,\"quantity\":\"2\",\"gtin\":\"1\","
		  "\"delivery_date\":\"2026-01-01\"},"
		  "{\"id\":1,\"quantity\":\"3\",\"gtin\":\"2\"},"
		  "{\"id\":2,\"quantity\":\"4\","
		  "\"delivery_date\":\"2026-01-05\"},"
		  "{\"id\":3,\"quantity\":\"5\",\"gtin\":\"5\"},"
		  "{\"id\":4,\"quantity\":\"6\",\"gtin\":\"7\","
		  "\"delivery_date\":\"2026-01-09\"}],\"dates\":["
		  "{\"id\":0,\"order_line_id\":0,\"role\":\"011\","
		  "\"date\":\"2026-01-02\"},"
		  "{\"id\":1,\"order_line_id\":1,\"role\":\"011\","
		  "\"date\":\"2026-01-04\"},"
		  "{\"id\":2,\"order_line_id\":2,\"role\":\"011\"},"
		  "{\"id\":3,\"order_line_id\":3,\"role\":\"011\","
		  "\"date\":\"2026-01-06\"},"
		  "{\"id\":4,\"order_line_id\":3,\"role\":\"011\","
		  "\"date\":\"2026-01-07\"},"
		  "{\"id\":5,\"order_line_id\":4,\"role\":\"011\","
		  "\"date\":\"2026-01-08\"}],\"line_ids\":["
		  "{\"id\":0,\"order_line_id\":3,\"qualifier\":\"UP\","
		  "\"value\":\"6\"},"
		  "{\"id\":1,\"order_line_id\":4,\"qualifier\":\"UP\","
		  "\"value\":\"8\"}]}\n"
		  "residue 7.2 20269999\nresidue 11.2 20269999\n");
}

/* What is known of documents with other separators is not known of these: a
 * value that begins like one before and what ended that. */
static void
test_other_separators(void **state)
{
	static const char map[] = BEGIN BEG
	    "<field column='department' ref='REF02' where='REF01=DP'/>"
	    "<field column='customer_order' ref='REF02' where='REF01=CO'/>" PO1
		END;
	static const char first[] =
	    "ISA*00*          *00*          *ZZ*PINEHURST      "
	    "*ZZ*HARBORTRADE    *260105*0815*U*00401*000000001*0*P*>~"
	    "GS*PO*A*B*20260105*0815*1*X*004010~ST*850*0001~"
	    "BEG*00*SA*1**20260105~REF*DP*7~REF*CO*8~SE*5*0001~"
	    "GE*1*1~IEA*1*000000001~";
	static const char second[] =
	    "ISA|00|          |00|          |ZZ|PINEHURST      "
	    "|ZZ|HARBORTRADE    |260105|0815|U|00401|000000001|0|P|>!"
	    "GS|PO|A|B|20260105|0815|1|X|004010!ST|850|0001!"
	    "BEG|00|SA|2||20260105!REF|DP|5!REF|CO*|9!SE|5|0001!"
	    "GE|1|1!IEA|1|000000001!";
	struct reading r;

	(void)state;
	reading_begin(&r, map);
	reading_judge(&r, tally_cstr(first));
	assert_non_null(strstr(r.out.p, "\"customer_order\":\"8\""));
	tally_buf_reset(&r.out);
	reading_judge(&r, tally_cstr(second));
	assert_non_null(strstr(r.out.p, "\"department\":\"5\""));
	assert_null(strstr(r.out.p, "\"customer_order\""));
	reading_end(&r);
}

/* One map fills batches in turn, and another map one of them in between: rows
 * have their values wherever the columns have their slots. */
static void
test_batches(void **state)
{
	static const char one[] =
	    BEGIN BEG "<rows table='order_lines' loop='PO1'>"
		      "<field column='quantity' ref='PO102'/>"
		      "<field column='unit' ref='PO103' /></rows>" END;
	static const char other[] =
	    BEGIN BEG "<rows table='order_lines' loop='PO1'>"
		      "<field column='unit' ref='PO103'/>"
		      "<field column='unit_price' ref='PO104'/>"
		      "<field column='quantity' ref='PO102'/></rows>" END;
	struct tally_batch spare;
	struct tally_buf bytes, want;
	struct reading r, s;

	(void)state;
	tally_buf_init(&bytes, 1 << 20);
	tally_buf_init(&want, 1 << 20);
	reading_wrap(&bytes, HEADING "PO1**2*EA*1~PO1**3*CA*2~", 'U');
	reading_begin(&r, one);
	reading_begin(&s, other);
	reading_judge(&r, tally_buf_view(&bytes));
	tally_buf_str(&want, tally_buf_view(&r.out));
	for (unsigned i = 0; i < 8; i++) {
		spare = r.batch;
		r.batch = s.batch;
		s.batch = spare;
		tally_buf_reset(&s.out);
		if (i % 3 != 0)
			reading_judge(&s, tally_buf_view(&bytes));
		tally_buf_reset(&r.out);
		reading_judge(&r, tally_buf_view(&bytes));
		assert_string_equal(r.out.p, want.p);
	}
	reading_end(&r);
	reading_end(&s);
	tally_buf_free(&bytes);
	tally_buf_free(&want);
}

/* Segments of one shape, of which some have values that are not canonical. */
static void
test_odd(void **state)
{
	static const char map[] =
	    NS "set='850' versions='004010'>"
	       "<codes name='unit'><code x12='EA' value='each'/></codes>"
	       "<record table='orders'>" BEG
	       "<rows table='order_lines' loop='PO1'>"
	       "<field column='quantity' ref='PO102'/>"
	       "<field column='unit' ref='PO103' codes='unit'/>"
	       "<field column='unit_price' ref='PO104'/>"
	       "<field column='vendor_item' ref='PO107'/>"
	       "<literal ref='PO106' value='VN'/></rows>" END;

	(void)state;
	reading_expect(map,
	    HEADING "PO1**2*EA*1.50**VN*1~PO1**02*EA *1.5E1**VN*2 ~"
		    "PO1**+3*CS*.5**VN* 3~PO1**4.*EA*007**VN*4~"
		    "PO1**0*CS*0.5**VN*5~PO1**123456789*EA*-0**VN*6~"
		    "PO1**7*EA*8**VN*7~",
	    'U',
	    ORDER "}],\"order_lines\":["
		  "{\"id\":0,\"quantity\":\"2\",\"unit\":\"each\","
		  "\"unit_price\":\"1.50\",\"vendor_item\":\"1\"},"
		  "{\"id\":1,\"quantity\":\"2\",\"unit\":\"each\","
		  "\"unit_price\":\"15\",\"vendor_item\":\"2\"},"
		  "{\"id\":2,\"quantity\":\"3\",\"unit\":\"CS\","
		  "\"unit_price\":\"0.5\",\"vendor_item\":\" 3\"},"
		  "{\"id\":3,\"quantity\":\"4\",\"unit\":\"each\","
		  "\"unit_price\":\"7\",\"vendor_item\":\"4\"},"
		  "{\"id\":4,\"quantity\":\"0\",\"unit\":\"CS\","
		  "\"unit_price\":\"0.5\",\"vendor_item\":\"5\"},"
		  "{\"id\":5,\"quantity\":\"123456789\",\"unit\":\"each\","
		  "\"unit_price\":\"0\",\"vendor_item\":\"6\"},"
		  "{\"id\":6,\"quantity\":\"7\",\"unit\":\"each\","
		  "\"unit_price\":\"8\",\"vendor_item\":\"7\"}]}\n");
}

/* A count is looked at in each document. */
static void
test_counts(void **state)
{
	static const char map[] =
	    BEGIN BEG PO1 "<field column='hash_total' ref='CTT02'/>"
			  "<count ref='CTT01' of='order_lines'/>" END;
	static const struct {
		const char *body, *left;
	} sets[] = { { HEADING "PO1**2~CTT*1~", NULL },
		{ HEADING "PO1**2~PO1**3~CTT*2~", NULL },
		{ HEADING "PO1**2~CTT*2~", "residue 4.1 2\n" },
		{ HEADING "PO1**2~CTT*01*7~", NULL },
		{ HEADING "PO1**2~CTT*1*7~", NULL },
		{ HEADING "PO1**2~CTT*11*7~", "residue 4.1 11\n" },
		{ HEADING "PO1**2~CTT*1~", NULL } };
	struct tally_buf text;
	struct reading r;
	const char *left;

	(void)state;
	tally_buf_init(&text, 1 << 20);
	reading_begin(&r, map);
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		tally_buf_reset(&text);
		reading_wrap(&text, sets[i].body, 'U');
		tally_buf_reset(&r.out);
		tally_batch_reset(&r.batch);
		reading_judge(&r, tally_buf_view(&text));
		left = strstr(r.out.p, "residue");
		if (sets[i].left == NULL
			? left != NULL
			: left == NULL || strcmp(left, sets[i].left) != 0)
			fail_msg("%s gave %s", sets[i].body, r.out.p);
	}
	reading_end(&r);
	tally_buf_free(&text);
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
	reading_expect(map,
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
	reading_expect(map, HEADING "REF*19*8~DTM*010*20260201~" LINE, 'U',
	    ORDER ",\"department\":\"8\"}]," LINES
		  ",\"dates\":[{\"id\":0,\"date\":\"2026-02-01\"}]}\n"
		  "residue 3.1 19\nresidue 4.1 010\n"
		  "residue 5.1 1\nresidue 5.3 EA\n");
	/* by a field, if there is one */
	reading_expect(BEGIN BEG PO1
	    "<rows table='dates' segment='DTM' "
	    "where='DTM01=002|010'>"
	    "<field column='role' ref='DTM01'/></rows>"
	    "<rows table='notes' segment='DTM'>"
	    "<field column='code' ref='DTM01'/></rows>" END,
	    HEADING "DTM*010*20260201~" LINE, 'U',
	    ORDER "}]," LINES ",\"dates\":[{\"id\":0,\"role\":\"010\"}]}\n"
		  "residue 3.2 20260201\n"
		  "residue 4.1 1\nresidue 4.3 EA\n");
	/* a row is made of a segment once, even when it claims nothing */
	reading_expect(BEGIN BEG PO1
	    "<rows table='dates' segment='DTM' "
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
	reading_expect(PAIRS,
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
	reading_expect(text,
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
	reading_expect(map,
	    "BEG*00*SA*4711**20260105*C-1~CUR*BY*USD*1.25E-2~"
	    "SAC*A****-00250~PO1**2~CTT*1~",
	    'U',
	    ORDER ",\"currency\":\"USD\",\"exchange_rate\":\"0.0125\"}]," LINES
		  ",\"charges\":[{\"id\":0,\"kind\":\"A\","
		  "\"amount\":\"-2.50\"}],\"attributes\":[{\"id\":0,"
		  "\"name\":\"contract\",\"value\":\"C-1\"}]}\n");
	/* a count that is wrong is not claimed; what is required is missed */
	reading_expect(map, HEADING "CUR*SE*USD~PO1**2~CTT*7~", 'U',
	    ORDER ",\"currency\":\"USD\"}]," LINES "}\n"
		  "residue 3.1 SE\nresidue 5.1 7\n"
		  "map_required 1 CUR03 : a value for orders.exchange_rate\n");
	/* of what repeats, the first is taken and the whole stays residue */
	reading_expect(map, "BEG*00*SA*4711**20260105*A^B~PO1**2~", '^',
	    ORDER "}]," LINES ",\"attributes\":[{\"id\":0,\"name\":"
		  "\"contract\",\"value\":\"A\"}]}\nresidue 2.6 A^B\n"
		  "map_required 1 CUR03 : a value for orders.exchange_rate\n");
	/* Windows text */
	reading_expect(map,
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
	reading_wrap(&text,
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
	reading_begin(&r, tally_embedded_find("850.xml").p);
	reading_judge(&r, tally_buf_view(&text));
	assert_int_equal(r.sets, 1);
	if (r.residues.n > 0)
		fail_msg("%s", strstr(r.out.p, "\nresidue"));
	assert_int_equal(r.findings.n, 0);
	rows = &r.batch.rows[tally_model_table(
	    reading_model, TALLY_STR("destinations"))];
	assert_int_equal(rows->n, 2);
	assert_non_null(strstr(r.out.p, "\"total_amount\":\"156\""));
	assert_non_null(strstr(r.out.p, "\"role\":\"ship_to\""));
	assert_non_null(strstr(r.out.p, "\"description\":\"TABLE LAMP\""));
	assert_non_null(strstr(r.out.p, "\"text\":\"CALL FIRST\""));
	assert_string_equal(tally_map_name(r.map), "850");
	assert_string_equal(tally_map_set(r.map), "850");
	/* the same map serves document after document */
	tally_batch_undo(&r.batch);
	reading_judge(&r, tally_buf_view(&text));
	assert_int_equal(rows->n, 2);
	reading_end(&r);
	tally_buf_free(&text);
}

/* The shipped map is sound for each version that it and the dictionary name. */
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
	reading_wrap(&text, lines.p, 'U');
	reading_begin(&r, BEGIN BEG PO1 END);
	tally_batch_free(&r.batch);
	assert_int_equal(
	    tally_batch_init(&r.batch, reading_model, 200000, &err), TALLY_OK);
	reading_judge(&r, tally_buf_view(&text));
	rows = &r.batch.rows[tally_model_table(
	    reading_model, TALLY_STR("order_lines"))];
	assert_true(rows->n > 10 && rows->n < 1000);
	assert_int_equal(r.residues.n, 2 * rows->n + 1000 - rows->n);
	assert_int_equal(r.findings.n, 1);
	assert_int_equal(r.findings.v[0].kind, TALLY_F_map_limit);
	assert_int_equal(r.findings.v[0].segment, rows->n + 3);
	reading_end(&r);
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
	reading_begin(&r, BEGIN BEG PO1 END);
	assert_int_equal(tally_map_read(r.map, &set, &r.batch, &r.residues,
			     &r.findings, &err),
	    TALLY_USAGE);
	assert_int_equal(r.batch.ndocument, 0);
	reading_end(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_residue),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_other_separators),
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_where),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_wrong_set),
	};

	return cmocka_run_group_tests(tests, reading_setup, reading_teardown);
}
