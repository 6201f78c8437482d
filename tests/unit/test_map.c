/* SPDX-License-Identifier: Apache-2.0 */
/* Mistakes in maps, each with its line and the words that help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/embed.h"
#include "support/reading.h"

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
	    "no pair begins at BEG04" },
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
	    "rows have one of the attributes loop, segment, pair and level" },
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
	{ "<field column='ship_utc' ref='DTM03'/>",
	    "column ship_utc is computed from others of table orders" },
	{ "<rows table='notes' loop='N1'><field column='reference_number_id' "
	  "ref='N101'/></rows>",
	    "is a reference, which is set by how rows are nested" },
	{ "<rows table='dates' level='S'><field column='role' "
	  "ref='DTM01'/></rows>",
	    "set 850 has no hierarchical levels" },
	{ "<level code='S'><field column='release' ref='REF02'/></level>",
	    "set 850 has no hierarchical levels" },
	{ "<rows table='parties' loop='N1'><field column='role' ref='N101'/>"
	  "<rows table='dates' level='S'><field column='role' ref='DTM01'/>"
	  "</rows></rows>",
	    "levels stand side by side in <record>" },
	{ "<sum ref='CTT02' of='order_lines'/>", "names no column" },
	{ "<sum ref='CTT02' of='order_lines.unit'/>",
	    "is no number, so it has no sum" },
	{ "<sum ref='BEG03' of='order_lines.quantity'/>",
	    "is no number, so it cannot be a sum" },
	{ "<sum ref='CTT02' of='sub_lines.quantity'/>",
	    "nothing in the map makes rows of sub_lines" },
	{ "<sequence ref='BEG04'/>", "numbers the instances of a loop" },
	{ "<sequence ref='LDT02'/>", "numbers the instances of a loop" },
	{ "<field column='release' ref='BEG04' lookup='A b'/>",
	    "no name of a cross-reference table" },
	{ "<field column='order_date' ref='BEG05' lookup='items'/>",
	    "has its value from line 3" },
	{ "<field column='hash_total' ref='CTT02' lookup='items'/>",
	    "a lookup needs an element that is a code or text" },
	{ "<attribute name='x' ref='BEG04-1'/>", "is not a composite" },
	{ "<attribute name='x' ref='BEG03'/>", "claimed by line 3" },
	{ "<field column='release' ref='BEG04' versions='004010 003040'/>",
	    "version 003040 is not one of the map's own (004010 005010)" },
	{ "<rows table=\"order_references\" segment=\"REF\"/>",
	    "element rows is empty; it needs one of: " },
	{ "<levels/>", "element \"levels\" is not allowed in record" },
};

static enum tally_rc
load(struct tally_map **m, const char *text, struct tally_err *err)
{
	*m = NULL;
	*err = (struct tally_err){ 0 };
	return tally_map_load(m, reading_model, reading_version, NULL, "t.xml",
	    tally_cstr(text), err);
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
	{ NS "versions='004010'><record table='orders'>" BEG PO1 END, 1,
	    "lacks its attribute set" },
	{ NS "set='850'><record table='orders'>" BEG PO1 END, 1,
	    "lacks its attribute versions" },
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
		if (tally_map_load(&m, reading_model, v, NULL, "850.xml",
			tally_embedded_find("850.xml"), &err) != TALLY_OK)
			fail_msg("%s: %s:%u: %s", v->version, err.file,
			    err.line, err.text);
		tally_map_free(m);
		n++;
	}
	assert_true(n > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_wholes),
		cmocka_unit_test(test_versions),
	};

	return cmocka_run_group_tests(tests, reading_setup, reading_teardown);
}
