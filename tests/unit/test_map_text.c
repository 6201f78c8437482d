/* SPDX-License-Identifier: Apache-2.0 */
/* Maps that consist of several texts: libraries, parts, variants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "support/reading.h"

#define XMLNS "xmlns='urn:tallyman:map:1' "

/* The texts that maps can name. */
static const struct {
	const char *name, *text;
} files[] = {
	{ "lib",
	    "<library " XMLNS "name='lib'>\n"
	    "<codes name='c'><code x12='SA' value='alone'/>"
	    "<code x12='NE' value='fresh'/></codes>\n"
	    "<part name='refs'><rows table='reference_numbers' segment='REF'>"
	    "<field column='qualifier' ref='REF01'/>"
	    "<field column='value' ref='REF02'/></rows></part>\n"
	    "<part name='odd'><field column='release' ref='BEG04'/>"
	    "<field column='promotion' ref='ZZZ01'/>"
	    "<field column='department' ref='BEG44'/>"
	    "<rows table='notes' loop='N77'>"
	    "<field column='text' ref='N101'/></rows></part>\n"
	    "<part name='circle'><use part='circle'/></part>\n"
	    "<part name='wrong'><field column='release' ref='BEG4'/></part>\n"
	    "<part name='new'><field column='release' ref='BEG04' "
	    "versions='005010'/></part>\n"
	    "</library>" },
	{ "base",
	    "<map " XMLNS "name='base' set='850' versions='004010' "
	    "uses='lib'>\n<codes name='c'><code x12='NE' value='new'/></codes>"
	    "<record table='orders'>"
	    "<field column='purpose' ref='BEG01'/>"
	    "<field column='type' ref='BEG02' codes='c'/>"
	    "<field column='po_number' ref='BEG03'/>"
	    "<field column='release' ref='BEG04'/>"
	    "<field column='order_date' ref='BEG05'/>"
	    "<use part='refs'/>"
	    "<rows table='order_lines' loop='PO1'>"
	    "<field column='quantity' ref='PO102'/>"
	    "<field column='unit' ref='PO103'/></rows>"
	    "</record></map>" },
	{ "ring",
	    "<map " XMLNS "name='ring' extends='ring'><record table='orders'>"
	    "<field column='release' ref='BEG04'/></record></map>" },
	{ "none", "<map " XMLNS "name='none'" },
};

static enum tally_rc
find(void *ctx, const char *name, struct tally_str *text, const char **file,
    struct tally_err *err)
{
	(void)ctx;
	(void)err;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (strcmp(files[i].name, name) == 0) {
			*text = tally_cstr(files[i].text);
			*file = name;
			return TALLY_OK;
		}
	return TALLY_NOINPUT;
}

static enum tally_rc
load(struct tally_map **m, const char *text, struct tally_err *err)
{
	static const struct tally_map_texts texts = { NULL, find };

	*m = NULL;
	*err = (struct tally_err){ 0 };
	return tally_map_load(m, reading_model, reading_version, &texts, "t",
	    tally_cstr(text), err);
}

#define MAP(attributes, rules) \
	"<map " XMLNS "name='t' " attributes \
	">\n<record table='orders'>\n" rules "</record></map>"
#define FULL(rules) \
	MAP("set='850' versions='004010 005010' uses='lib'", BEG PO1 "\n" rules)
#define VARIANT(rules) MAP("extends='base'", rules)

static const struct {
	const char *text, *file;
	unsigned line;
	const char *says;
} mistakes[] = {
	{ FULL("<use part='nope'/>"), "t", 5,
	    "no <part name=\"nope\"> in this map or in what it uses" },
	{ FULL("<use part='circle'/>"), "lib", 5,
	    "do parts use one another in a circle" },
	{ FULL("<use part='wrong'/>"), "lib", 6, "\"BEG4\" is no designator" },
	{ FULL("<use part='odd'/>"), "lib", 4, "has no segment ZZZ" },
	{ FULL("<use part='refs' absent='keep'/>"), "t", 5, "expected" },
	{ FULL("<remove column='release'/>"), "t", 5,
	    "only a map that extends another one can remove" },
	{ FULL("<field column='release' ref='BEG04' codes='d'/>"), "t", 5,
	    "no <codes name=\"d\"> in this map or in what it uses" },
	{ MAP("set='850' versions='004010' uses='nope'", BEG PO1), "t", 1,
	    "there is no library \"nope\"" },
	{ MAP("set='850' versions='004010' uses='base'", BEG PO1), "t", 1,
	    "\"base\" is no library, but a map" },
	{ MAP("extends='nope'", BEG), "t", 1, "there is no map \"nope\"" },
	{ MAP("extends='lib'", BEG), "t", 1, "\"lib\" is no map, but a lib" },
	{ MAP("extends='base' set='850'", BEG), "t", 1,
	    "leave out the attribute set" },
	{ MAP("extends='ring'", BEG), "ring", 1, "is it a circle?" },
	{ MAP("extends='none'", BEG), "none", 1, "" },
	{ VARIANT("<remove column='department'/>"), "t", 3,
	    "has no such rule here" },
	{ VARIANT("<remove/>"), "t", 3, "7 rules of the map" },
	{ VARIANT("<field column='po_number' ref='BEG44'/>"), "t", 3,
	    "BEG has only 12 elements" },
	{ VARIANT("<rows table='order_lines' loop='PO1'>"
		  "<field column='release' ref='PO101'/></rows>"),
	    "t", 3, "table order_lines has no column release" },
	{ VARIANT("<field column='contract_number' ref='BEG04'/>"), "base", 0,
	    "BEG04 is claimed by line 3 of t already" },
	{ "<map " XMLNS "name='t' extends='base'><record table='notes'>"
	  "<field column='text' ref='BEG04'/></record></map>",
	    "t", 1, "makes a record of table orders" },
	{ "<map " XMLNS "name='t' set='850' versions='004010'>\n"
	  "<part name='p'><field column='release' ref='BEG04'/></part>\n"
	  "<part name='p'><field column='release' ref='BEG04'/></part>\n"
	  "<record table='orders'>" BEG PO1 "</record></map>",
	    "t", 3, "there is a <part name=\"p\"> already, in line 2" },
	{ "<library " XMLNS "name='t'><codes name='c'><code x12='A' "
	  "value='a'/></codes></library>",
	    "t", 1, "this is a library" },
};

static void
test_mistakes(void **state)
{
	struct tally_map *m;
	struct tally_err err;
	enum tally_rc rc;

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		rc = load(&m, mistakes[i].text, &err);
		if (rc != TALLY_CONFIG ||
		    strcmp(err.file, mistakes[i].file) != 0 ||
		    (mistakes[i].line != 0 && err.line != mistakes[i].line) ||
		    strstr(err.text, mistakes[i].says) == NULL)
			fail_msg("%zu: rc %d, %s:%u: %s", i, rc, err.file,
			    err.line, err.text);
	}
}

#define ORDER "BEG*00*NE*4711*7*20260105~REF*DP*8~PO1*1*2*EA~"

/* What a map reads of ORDER. */
static const struct {
	const char *text, *want;
} readings[] = {
	/* a part in its place; codes of the library */
	{ MAP("set='850' versions='004010' uses='lib'",
	      "<field column='type' ref='BEG02' codes='c'/>"
	      "<field column='purpose' ref='BEG01'/>"
	      "<field column='po_number' ref='BEG03'/>"
	      "<field column='order_date' ref='BEG05'/>" PO1
	      "<use part='refs'/>"),
	    "{\"orders\":[{\"id\":0,\"purpose\":\"00\",\"type\":\"fresh\","
	    "\"po_number\":\"4711\",\"order_date\":\"2026-01-05\"}],"
	    "\"order_lines\":[{\"id\":0,\"quantity\":\"2\"}],"
	    "\"reference_numbers\":[{\"id\":0,\"qualifier\":\"DP\","
	    "\"value\":\"8\"}]}\n"
	    "residue 2.4 7\nresidue 4.1 1\nresidue 4.3 EA\n" },
	/* what the set does not have is left out of the part */
	{ FULL("<use part='odd' absent='skip'/>"),
	    "{\"orders\":[{\"id\":0,\"purpose\":\"00\",\"type\":\"NE\","
	    "\"po_number\":\"4711\",\"release\":\"7\","
	    "\"order_date\":\"2026-01-05\"}],"
	    "\"order_lines\":[{\"id\":0,\"quantity\":\"2\"}]}\n"
	    "residue 3.0 REF*DP*8\nresidue 4.1 1\nresidue 4.3 EA\n" },
	/* or of this version */
	{ FULL("<use part='new'/>"),
	    "{\"orders\":[{\"id\":0,\"purpose\":\"00\",\"type\":\"NE\","
	    "\"po_number\":\"4711\",\"order_date\":\"2026-01-05\"}],"
	    "\"order_lines\":[{\"id\":0,\"quantity\":\"2\"}]}\n"
	    "residue 2.4 7\nresidue 3.0 REF*DP*8\nresidue 4.1 1\n"
	    "residue 4.3 EA\n" },
	/* a variant: replaced, added, removed; its codes come first */
	{ "<map " XMLNS "name='t' extends='base'>"
	  "<codes name='c'><code x12='SA' value='single'/></codes>"
	  "<record table='orders'>"
	  "<field column='release' ref='BEG02'/>"
	  "<field column='department' ref='REF02' where='REF01=DP'/>"
	  "<remove column='type'/>"
	  "<rows table='order_lines' loop='PO1'>"
	  "<remove column='unit'/>"
	  "<field column='line_number' ref='PO101'/></rows>"
	  "</record></map>",
	    "{\"orders\":[{\"id\":0,\"purpose\":\"00\","
	    "\"po_number\":\"4711\",\"release\":\"NE\","
	    "\"order_date\":\"2026-01-05\",\"department\":\"8\"}],"
	    "\"order_lines\":[{\"id\":0,\"line_number\":\"1\","
	    "\"quantity\":\"2\"}]}\n"
	    "residue 2.4 7\nresidue 4.3 EA\n" },
	/* a map's own code wins over its library's */
	{ VARIANT("<field column='department' ref='REF02' "
		  "where='REF01=DP'/>"),
	    "{\"orders\":[{\"id\":0,\"purpose\":\"00\",\"type\":\"new\","
	    "\"po_number\":\"4711\",\"release\":\"7\","
	    "\"order_date\":\"2026-01-05\",\"department\":\"8\"}],"
	    "\"order_lines\":[{\"id\":0,\"quantity\":\"2\","
	    "\"unit\":\"EA\"}]}\n"
	    "residue 4.1 1\n" },
};

static void
test_readings(void **state)
{
	struct tally_map *m;
	struct tally_buf b;
	struct reading r;
	struct tally_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(readings) / sizeof(*readings); i++) {
		if (load(&m, readings[i].text, &err) != TALLY_OK)
			fail_msg(
			    "%zu: %s:%u: %s", i, err.file, err.line, err.text);
		reading_through(&r, m);
		tally_buf_init(&b, 1 << 20);
		reading_wrap(&b, ORDER, 'U');
		reading_judge(&r, tally_buf_view(&b));
		if (strcmp(r.out.p, readings[i].want) != 0)
			fail_msg("%zu: got %s\nwant %s", i, r.out.p,
			    readings[i].want);
		tally_buf_free(&b);
		reading_end(&r);
	}
}

/* Rows within rows by way of parts, deeper than XML itself may be, in a base
 * and in a map that extends it. */
#define DEEP 14 /* parts of three rows each */

#define ROWS "<rows table='notes' segment='REF'>"

static enum tally_rc
find_deep(void *ctx, const char *name, struct tally_str *text,
    const char **file, struct tally_err *err)
{
	struct tally_buf *b = ctx;

	(void)err;
	*file = name;
	tally_buf_reset(b);
	if (strcmp(name, "parts") == 0) {
		tally_buf_puts(b, "<library " XMLNS "name='parts'>");
		for (int i = 0; i < DEEP; i++)
			tally_buf_printf(b,
			    "<part name='p%d'>" ROWS ROWS ROWS
			    "<use part='p%d'/></rows></rows></rows></part>",
			    i, i + 1);
		tally_buf_printf(b,
		    "<part name='p%d'><field column='text' ref='REF01'/>"
		    "</part></library>",
		    DEEP);
	} else {
		tally_buf_puts(b,
		    "<map " XMLNS "name='deep' set='850' versions='004010' "
		    "uses='parts'><record table='orders'><use part='p0'/>"
		    "</record></map>");
	}
	*text = tally_buf_view(b);
	return b->failed ? TALLY_NOMEM : TALLY_OK;
}

static void
test_deep(void **state)
{
	static const char text[] = "<map " XMLNS "name='t' extends='deep' "
				   "uses='parts'><record table='orders'>"
				   "<use part='p0'/></record></map>";
	struct tally_buf b;
	struct tally_map_texts texts = { &b, find_deep };
	struct tally_map *m = NULL;
	struct tally_err err = { .text = "" };

	(void)state;
	tally_buf_init(&b, 1 << 20);
	assert_int_equal(tally_map_load(&m, reading_model, reading_version,
			     &texts, "t", tally_cstr(text), &err),
	    TALLY_CONFIG);
	assert_non_null(strstr(err.text, "inside rows of a segment"));
	tally_buf_free(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_readings),
		cmocka_unit_test(test_deep),
	};

	return cmocka_run_group_tests(tests, reading_setup, reading_teardown);
}
