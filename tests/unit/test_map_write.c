/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing with maps, case by case: values in the form that their elements
 * have, what cannot be written, levels nested as is agreed on, residue.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "support/writing.h"

#define HEAD \
	"'orders':[{'purpose':'00','type':'NE','po_number':'1'," \
	"'order_date':'2026-01-05'"
#define BEG_OF(rest) "BEG*00*NE*" rest "~"
#define LINES        ",'order_lines':[{'id':0,'quantity':'1'}]"

static const char order[] =
    NS "set='850' versions='004010'>\n"
       "<codes name='unit'><code x12='EA' value='each'/></codes>"
       "<record table='orders'>" BEG
       "<field column='department' ref='REF02' where='REF01=DP'/>"
       "<field column='customer_order' ref='REF02' where='REF01=CO' "
       "lookup='orders'/>"
       "<field column='ship_date' ref='DTM02' where='DTM01=010'/>"
       "<field column='ship_time' ref='DTM03' where='DTM01=010'/>"
       "<rows table='reference_numbers' segment='REF'>"
       "<field column='qualifier' ref='REF01'/>"
       "<field column='value' ref='REF02'/></rows>"
       "<rows table='charges' segment='SAC'>"
       "<field column='kind' ref='SAC01'/>"
       "<field column='code' ref='SAC02'/>"
       "<field column='amount' ref='SAC05'/></rows>"
       "<rows table='order_lines' loop='PO1'>"
       "<sequence ref='PO101'/>"
       "<field column='quantity' ref='PO102'/>"
       "<field column='unit' ref='PO103' codes='unit'/>"
       "<rows table='line_ids' pair='PO106'>"
       "<field column='qualifier' ref='PO106'/>"
       "<field column='value' ref='PO107'/></rows></rows>"
       "<count ref='CTT01' of='order_lines'/>"
       "<sum ref='CTT02' of='order_lines.quantity'/>" END;

static const char notice[] =
    NS "set='856' versions='004010'>\n<record table='shipments'>"
       "<field column='purpose' ref='BSN01'/>"
       "<field column='shipment_number' ref='BSN02'/>"
       "<field column='notice_date' ref='BSN03'/>"
       "<field column='notice_time' ref='BSN04'/>"
       "<level code='S'><field column='scac' ref='TD503'/></level>"
       "<rows table='shipment_orders' level='O'>"
       "<field column='po_number' ref='PRF01'/></rows>"
       "<rows table='packages' level='T'><constant column='level' "
       "value='tare'/><field column='sscc' ref='MAN02' where='MAN01=CP'/>"
       "</rows>"
       "<rows table='packages' level='P'><constant column='level' "
       "value='pack'/><field column='sscc' ref='MAN02' where='MAN01=CP'/>"
       "</rows>"
       "<rows table='shipment_lines' level='I'>"
       "<field column='gtin' ref='LIN03' where='LIN02=VN'/>"
       "<field column='shipped' ref='SN102'/>"
       "<field column='unit' ref='SN103'/></rows>" END;

#define SHIPMENT \
	"'shipments':[{'purpose':'00','shipment_number':'S1'," \
	"'notice_date':'2026-01-05','notice_time':'08:15','scac':'UPSN'}]"
#define ORDER ",'shipment_orders':[{'id':0,'po_number':'PO'}]"
#define PACKS \
	",'packages':[{'id':0,'shipment_order_id':0,'level':'pack','sscc':'A'" \
	"}," \
	"{'id':1,'shipment_order_id':0,'level':'pack','sscc':'B'}]"
#define ITEMS \
	",'shipment_lines':[{'shipment_order_id':0,'package_id':0," \
	"'shipped':'1','unit':'EA','gtin':'G1'},{'shipment_order_id':0," \
	"'package_id':1,'shipped':'2','unit':'EA','gtin':'G2'}]"

static const struct {
	const char *what, *map, *records;
	const char *want; /* segments between ST and SE, then findings */
	const char *hierarchy;
	char replacement;
	enum tally_characters characters;
} cases[] = {
	{ .what = "plain",
	    .map = order,
	    .records = HEAD "}]" LINES,
	    .want = "ST*850*0001~BEG*00*NE*1**20260105~PO1*1*1~CTT*1*1~SE*5*"
		    "0001~" },
	{ .what = "dates and times",
	    .map = order,
	    .records =
		HEAD ",'ship_date':'2026-02-28','ship_time':'08:15'}]" LINES,
	    .want = "ST*850*0001~BEG*00*NE*1**20260105~DTM*010*20260228*0815~"
		    "PO1*1*1~CTT*1*1~SE*6*0001~" },
	{ .what = "seconds",
	    .map = order,
	    .records =
		HEAD ",'ship_date':'2026-02-28','ship_time':'08:15:30'}]" LINES,
	    .want = "ST*850*0001~BEG*00*NE*1**20260105~DTM*010*20260228*081530~"
		    "PO1*1*1~CTT*1*1~SE*6*0001~" },
	{ .what = "an implied decimal point",
	    .map = order,
	    .records = HEAD "}]" LINES ",'charges':[{'kind':'C','code':'D240',"
			    "'amount':'12.5'}]",
	    .want =
		"ST*850*0001~BEG*00*NE*1**20260105~SAC*C*D240***1250~PO1*1*1~"
		"CTT*1*1~SE*6*0001~" },
	{ .what = "more decimals than there are",
	    .map = order,
	    .records = HEAD "}]" LINES ",'charges':[{'kind':'C','code':'D240',"
			    "'amount':'12.505'}]",
	    .want = "ST*850*0001~BEG*00*NE*1**20260105~SAC*C*D240~PO1*1*1~"
		    "CTT*1*1~SE*6*0001~"
		    "\nwrite_value SAC05 amount \"12.505\": a value for "
		    "element 610 (a number)" },
	{ .what = "a code of the standard for a word",
	    .map = order,
	    .records = HEAD "}],'order_lines':[{'quantity':'1','unit':'each'}]",
	    .want = "ST*850*0001~BEG*00*NE*1**20260105~PO1*1*1*EA~CTT*1*1~"
		    "SE*5*0001~" },
	{ .what = "a word that has no code",
	    .map = order,
	    .records = HEAD "}],'order_lines':[{'quantity':'1','unit':'heap'}]",
	    .want = "ST*850*0001~BEG*00*NE*1**20260105~PO1*1*1*heap~CTT*1*1~"
		    "SE*5*0001~" },
	{ .what = "a lookup",
	    .map = order,
	    .records = HEAD ",'customer_order':'ours'}]" LINES,
	    .want = "ST*850*0001~BEG*00*NE*1**20260105~REF*CO*theirs~PO1*1*1~"
		    "CTT*1*1~SE*6*0001~" },
	{ .what = "a lookup that lacks it",
	    .map = order,
	    .records = HEAD ",'customer_order':'nobody'}]" LINES,
	    .want = "ST*850*0001~BEG*00*NE*1**20260105~REF*CO*nobody~PO1*1*1~"
		    "CTT*1*1~SE*6*0001~"
		    "\nmap_lookup REF02 orders \"nobody\": orders" },
	{ .what = "numbers and totals",
	    .map = order,
	    .records =
		HEAD "}],'order_lines':[{'quantity':'1.5'},{'quantity':'2'}]",
	    .want = "ST*850*0001~BEG*00*NE*1**20260105~PO1*1*1.5~PO1*2*2~"
		    "CTT*2*3.5~SE*6*0001~" },
	{ .what = "fields before rows of their segment",
	    .map = order,
	    .records =
		HEAD ",'department':'7'}]" LINES
		     ",'reference_numbers':[{'qualifier':'CT','value':'C'}]",
	    .want =
		"ST*850*0001~BEG*00*NE*1**20260105~REF*DP*7~REF*CT*C~PO1*1*1~"
		"CTT*1*1~SE*7*0001~" },
	{ .what = "a separator in a value",
	    .map = order,
	    .records = HEAD ",'department':'a*b'}]" LINES,
	    .want =
		"ST*850*0001~BEG*00*NE*1**20260105~PO1*1*1~CTT*1*1~SE*5*0001~"
		"\nwrite_refused REF02 department \"a*b\": characters that are "
		"agreed on, and no separators" },
	{ .what = "replaced",
	    .map = order,
	    .records = HEAD ",'department':'a*b'}]" LINES,
	    .want = "ST*850*0001~BEG*00*NE*1**20260105~REF*DP*a-b~PO1*1*1~"
		    "CTT*1*1~SE*6*0001~"
		    "\nwrite_replaced REF02 department \"a*b\": a-b",
	    .replacement = '-' },
	{ .what = "a character that the partner cannot read",
	    .map = order,
	    .records = HEAD ",'department':'\u00e9'}]" LINES,
	    .want =
		"ST*850*0001~BEG*00*NE*1**20260105~REF*DP*E~PO1*1*1~CTT*1*1~"
		"SE*6*0001~"
		"\nwrite_replaced REF02 department \"é\": E",
	    .replacement = '?',
	    .characters = TALLY_CHARACTERS_BASIC },
	{ .what = "more pairs than there is room for",
	    .map = order,
	    .records = HEAD
	    "}]" LINES ",'line_ids':[{'order_line_id':0,'qualifier':'A0',"
	    "'value':'0'},{'order_line_id':0,'qualifier':'A1','value':'1'}"
	    ",{'order_line_id':0,'qualifier':'A2','value':'2'},"
	    "{'order_line_id':0,'qualifier':'A3','value':'3'},"
	    "{'order_line_id':0,'qualifier':'A4','value':'4'},"
	    "{'order_line_id':0,'qualifier':'A5','value':'5'},"
	    "{'order_line_id':0,'qualifier':'A6','value':'6'},"
	    "{'order_line_id':0,'qualifier':'A7','value':'7'},"
	    "{'order_line_id':0,'qualifier':'A8','value':'8'},"
	    "{'order_line_id':0,'qualifier':'A9','value':'9'},"
	    "{'order_line_id':0,'qualifier':'B0','value':'10'}]",
	    .want =
		"ST*850*0001~BEG*00*NE*1**20260105~"
		"PO1*1*1****A0*0*A1*1*A2*2*A3*3*A4*4*A5*5*A6*6*A7*7*A8*8*A9*9~"
		"CTT*1*1~SE*5*0001~"
		"\nwrite_room PO106 line_ids \"\": room for one more value in "
		"the segment" },
	{ .what = "numbers with their check digits",
	    .map = order,
	    .records = HEAD
	    "}]" LINES ",'line_ids':[{'order_line_id':0,'qualifier':'UP',"
	    "'value':'012345678905'},{'order_line_id':0,'qualifier':'EN',"
	    "'value':'4012345678901'},{'order_line_id':0,'qualifier':'VN',"
	    "'value':'012345678904'}]",
	    .want = "ST*850*0001~BEG*00*NE*1**20260105~PO1*1*1****UP*"
		    "012345678905*EN*4012345678901*VN*012345678904~CTT*1*1~"
		    "SE*5*0001~" },
	{ .what = "a number with another check digit",
	    .map = order,
	    .records = HEAD "}]" LINES
			    ",'line_ids':[{'order_line_id':0,'qualifier':'UP',"
			    "'value':'012345678904'}]",
	    .want =
		"ST*850*0001~BEG*00*NE*1**20260105~"
		"PO1*1*1****UP*012345678904~CTT*1*1~SE*5*0001~"
		"\ncheck_digit PO107 product id \"012345678904\": the check "
		"digit 5 at the end" },
	{ .what = "a table that the map does not write",
	    .map = order,
	    .records = HEAD "}]" LINES ",'notes':[{'text':'t'}]",
	    .want =
		"ST*850*0001~BEG*00*NE*1**20260105~PO1*1*1~CTT*1*1~SE*5*0001~"
		"\nwrite_row ST00 notes \"\": a rule that makes row 0 of notes "
		"as it is" },
	{ .what = "a reference that no rule sets",
	    .map = order,
	    .records =
		HEAD "}]" LINES ",'line_ids':[{'qualifier':'UP','value':'1'}]",
	    .want =
		"ST*850*0001~BEG*00*NE*1**20260105~PO1*1*1~CTT*1*1~SE*5*0001~"
		"\nwrite_row ST00 line_ids \"\": a rule that makes row 0 of "
		"line_ids as it is" },
	{ .what = "a column that no rule writes",
	    .map = order,
	    .records = HEAD ",'contract_number':'C'}]" LINES,
	    .want =
		"ST*850*0001~BEG*00*NE*1**20260105~PO1*1*1~CTT*1*1~SE*5*0001~"
		"\nwrite_column ST00 contract_number \"C\": a rule that writes "
		"the column" },
	{ .what = "levels as rows refer",
	    .map = notice,
	    .records = SHIPMENT ORDER PACKS ITEMS,
	    .want =
		"ST*856*0001~BSN*00*S1*20260105*0815~HL*1**S*1~TD5***UPSN~"
		"HL*2*1*O*1~PRF*PO~HL*3*2*P*1~MAN*CP*A~HL*4*3*I*0~LIN**VN*G1~"
		"SN1**1*EA~HL*5*2*P*1~MAN*CP*B~HL*6*5*I*0~LIN**VN*G2~"
		"SN1**2*EA~SE*17*0001~" },
	{ .what = "packages in items",
	    .map = notice,
	    .records = SHIPMENT ORDER PACKS ITEMS,
	    .want = "ST*856*0001~BSN*00*S1*20260105*0815~HL*1**S*1~TD5***UPSN~"
		    "HL*2*1*O*1~PRF*PO~HL*3*2*I*1~LIN**VN*G1~SN1**1*EA~"
		    "HL*4*3*P*0~MAN*CP*A~HL*5*2*I*1~LIN**VN*G2~SN1**2*EA~"
		    "HL*6*5*P*0~MAN*CP*B~SE*17*0001~",
	    .hierarchy = "S O I P" },
	{ .what = "without packages",
	    .map = notice,
	    .records = SHIPMENT ORDER
	    ",'shipment_lines':[{'shipment_order_id':0,'shipped':'1',"
	    "'unit':'EA','gtin':'G1'}]",
	    .want = "ST*856*0001~BSN*00*S1*20260105*0815~HL*1**S*1~TD5***UPSN~"
		    "HL*2*1*O*1~PRF*PO~HL*3*2*I*0~LIN**VN*G1~SN1**1*EA~"
		    "SE*10*0001~",
	    .hierarchy = "S O P I" },
	{ .what = "a level that is not agreed on",
	    .map = notice,
	    .records = SHIPMENT ORDER PACKS ITEMS,
	    .want = "ST*856*0001~BSN*00*S1*20260105*0815~SE*3*0001~"
		    "\nwrite_level HL03 packages \"P\": S O I",
	    .hierarchy = "S O I" },
	{ .what = "orders below packages",
	    .map = notice,
	    .records = SHIPMENT
	    ",'packages':[{'id':0,'level':'tare','sscc':'T'},{'id':1,"
	    "'parent_package_id':0,'level':'pack','sscc':'A'}]"
	    ",'shipment_lines':[{'package_id':1,"
	    "'shipped':'1','unit':'EA','gtin':'G1'}]",
	    .want = "ST*856*0001~BSN*00*S1*20260105*0815~HL*1**S*1~TD5***UPSN~"
		    "HL*2*1*T*1~MAN*CP*T~HL*3*2*P*1~MAN*CP*A~HL*4*3*I*0~"
		    "LIN**VN*G1~SN1**1*EA~SE*12*0001~" },
	{ .what = "levels without the record's row",
	    .map = notice,
	    .records = "'shipment_orders':[{'po_number':'PO'}]",
	    .want = "ST*856*0001~SE*2*0001~"
		    "\nwrite_row ST00 shipments \"\": one row of the table of "
		    "the record" },
	{ .what = "packages that hold one another",
	    .map = notice,
	    .records = SHIPMENT
	    ",'packages':[{'id':0,'parent_package_id':1,'level':'pack',"
	    "'sscc':'T'},{'id':1,'parent_package_id':0,'level':'pack',"
	    "'sscc':'A'}]",
	    .want = "ST*856*0001~BSN*00*S1*20260105*0815~HL*1**S*0~TD5***UPSN~"
		    "SE*5*0001~"
		    "\nwrite_level HL03 packages \"P\": a level above it; it "
		    "is below itself"
		    "\nwrite_level HL03 packages \"P\": a level above it; it "
		    "is below itself" },
};

static enum tally_rc
find(void *ctx, const char *table, bool inverse, struct tally_str value,
    struct tally_str *out, bool *found, struct tally_err *err)
{
	(void)ctx;
	(void)err;
	assert_string_equal(table, "orders");
	assert_true(inverse);
	*found = tally_str_eq(value, TALLY_STR("ours"));
	*out = TALLY_STR("theirs");
	return TALLY_OK;
}

static const struct tally_lookups lookups = { NULL, find };

static void
test_cases(void **state)
{
	struct tally_map_writing how = {
		.separators = { '*', '~', '>', '\0' },
		.residue = { '*', '~', '>', '\0' },
		.line_end = "",
		.control = "0001",
	};
	struct reading r;
	struct tally_buf out;
	bool failed = false;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		reading_begin(&r, cases[i].map);
		tally_map_lookups(r.map, &lookups);
		how.hierarchy = cases[i].hierarchy;
		how.replacement = cases[i].replacement;
		how.characters = cases[i].characters;
		tally_buf_init(&out, 1 << 20);
		writing_put(&out, &r, cases[i].records, NULL, &how);
		if (strcmp(out.p, cases[i].want) != 0) {
			print_error("%s:\n%s\n", cases[i].what, out.p);
			failed = true;
		}
		tally_buf_free(&out);
		reading_end(&r);
	}
	assert_false(failed);
}

/* Residue goes back to its row, or is told. */
static void
test_residue(void **state)
{
	struct tally_map_writing how = {
		.separators = { '*', '~', '>', '\0' },
		.residue = { '|', '~', '>', '\0' },
		.line_end = "\r\n",
		.control = "0001",
	};
	struct tally_residue v[] = {
		{ .segment = 3,
		    .place = 0,
		    .tag = tally_tag("MSG"),
		    .column = TALLY_NO_COLUMN,
		    .text = TALLY_STR("") },
	};
	struct tally_residues residues = { v, 1, 1 };
	struct reading r;
	struct tally_buf out;

	(void)state;
	reading_begin(&r, order);
	v[0].table = (uint16_t)tally_model_table(
	    reading_model, TALLY_STR("order_lines"));
	v[0].row = 7;
	v[0].place = 20;
	v[0].text = TALLY_STR("MSG|TEXT");
	tally_buf_init(&out, 1 << 20);
	writing_put(&out, &r, HEAD "}]" LINES, &residues, &how);
	assert_string_equal(out.p,
	    "ST*850*0001~\r\nBEG*00*NE*1**20260105~\r\nPO1*1*1~\r\n"
	    "CTT*1*1~\r\nSE*5*0001~\r\n\nwrite_residue ST00 residue "
	    "\"MSG|TEXT\": the row and the place that it was at");
	tally_buf_free(&out);
	reading_end(&r);
}

/* A block with more operations than a mask has bits. */
static void
test_many_rules(void **state)
{
	struct tally_map_writing how = {
		.separators = { '*', '~', '>', '\0' },
		.residue = { '*', '~', '>', '\0' },
		.line_end = "",
		.control = "0001",
	};
	static const unsigned kinds[] = { 79, 63, 0, 64, 62 };
	struct reading r;
	struct tally_buf map, json, out;

	(void)state;
	tally_buf_init(&map, 1 << 20);
	tally_buf_init(&json, 1 << 20);
	tally_buf_puts(&map, BEGIN BEG);
	writing_rules(&map, 80);
	tally_buf_puts(&map, PO1 END);
	tally_buf_puts(&json, HEAD "}]" LINES ",'reference_numbers':[");
	for (size_t i = 0; i < 5; i++)
		tally_buf_printf(&json,
		    "%s{'kind':'k%u','qualifier':'DP','value':'%u'}",
		    i > 0 ? "," : "", kinds[i], kinds[i]);
	tally_buf_puts(&json, "]");
	reading_begin(&r, map.p);
	tally_buf_init(&out, 1 << 20);
	writing_put(&out, &r, json.p, NULL, &how);
	assert_string_equal(out.p,
	    "ST*850*0001~BEG*00*NE*1**20260105~REF*DP*0~REF*DP*62~REF*DP*63~"
	    "REF*DP*64~REF*DP*79~PO1**1~SE*9*0001~");
	tally_buf_free(&out);
	tally_buf_free(&json);
	tally_buf_free(&map);
	reading_end(&r);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_residue),
		cmocka_unit_test(test_many_rules),
	};

	return cmocka_run_group_tests(tests, reading_setup, reading_teardown);
}
