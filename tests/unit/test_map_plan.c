/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that are written like rows before: what a document gives does not depend
 * on those before it.  Each document here differs in one thing from an ordinary
 * one; behind a hundred of these it gives what it gives in a map that has no
 * plans.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "map/write.h"
#include "support/writing.h"

#define ORDINARY_BEFORE 100

static const char order[] =
    NS "set='850' versions='004010'>\n"
       "<codes name='unit'><code x12='EA' value='each'/>"
       "<code x12='CA' value='case'/></codes>"
       "<record table='orders'>" BEG "<attribute name='contract' ref='BEG06'/>"
       "<field column='department' ref='REF02' where='REF01=DP'/>"
       "<field column='customer_order' ref='REF02' where='REF01=CO' "
       "lookup='orders'/>"
       "<field column='vendor_number' ref='TD503' where='TD501=B'/>"
       "<field column='vendor_order' ref='TD503' where='TD502=2'/>"
       "<field column='ship_date' ref='DTM02' where='DTM01=010'/>"
       "<field column='ship_time' ref='DTM03' where='DTM01=010'/>"
       "<rows table='charges' segment='SAC'>"
       "<field column='kind' ref='SAC01'/>"
       "<field column='code' ref='SAC02'/>"
       "<field column='amount' ref='SAC05'/></rows>"
       "<rows table='order_lines' loop='PO1' where='PO104=0'>"
       "<constant column='change' value='free'/><sequence ref='PO101'/>"
       "<field column='quantity' ref='PO102'/>"
       "<field column='unit' ref='PO103' codes='unit'/></rows>"
       "<rows table='order_lines' loop='PO1'>"
       "<constant column='change' value='paid'/><sequence ref='PO101'/>"
       "<field column='quantity' ref='PO102'/>"
       "<field column='unit' ref='PO103' codes='unit'/>"
       "<field column='unit_price' ref='PO104'/>"
       "<field column='buyer_item' pair='PO106' qualifier='IN BP' "
       "qualifier-column='buyer_item_kind'/>"
       "<field column='gtin' pair='PO106' qualifier='UP'/>"
       "<rows table='line_ids' pair='PO106'>"
       "<field column='qualifier' ref='PO106'/>"
       "<field column='value' ref='PO107'/></rows>"
       "<rows table='notes' loop='PID'><literal ref='PID01' value='F'/>"
       "<field column='text' ref='PID05'/></rows>"
       "<rows table='charges' segment='SAC'>"
       "<field column='kind' ref='SAC01'/>"
       "<field column='code' ref='SAC02'/></rows>"
       "<rows table='dates' segment='DTM'><field column='role' ref='DTM01'/>"
       "<field column='date' ref='DTM02'/></rows></rows>"
       "<count ref='CTT01' of='order_lines'/>"
       "<sum ref='CTT02' of='order_lines.quantity'/>" END;

#define ORDER(date, department, more) \
	"'orders':[{'purpose':'00','type':'NE','po_number':'N#'," \
	"'order_date':'" date "','department':'" department "'" more "}]"
#define LINES(quantity, unit, gtin, more) \
	",'order_lines':[{'id':0,'change':'paid','quantity':'#','unit':'each'" \
	",'gtin':" \
	"'845676737580'},{'id':1,'change':'paid','quantity':'" quantity \
	"','unit':'" unit "','gtin':'" gtin "'" more \
	"},{'id':2,'change':'free','quantity':'1'," \
	"'unit':'CA'},{'id':3,'change':'free','quantity':'#','unit':'case'}]"
#define NOTES(text) \
	",'notes':[{'order_line_id':0,'text':'LAMP #'},{'order_line_id':1," \
	"'text':'" text "'}]"
#define HEAD       ORDER("2026-01-05", "7", "")
#define HEAD_OF(m) ORDER("2026-01-05", "7", m)
#define BODY       LINES("12.5", "each", "552083700624", "")
#define LINE_OF(m) LINES("12.5", "each", "552083700624", m)
#define TEXTS      NOTES("A TEXT THAT IS LONGER THAN OTHERS")

static const char notice[] =
    NS "set='856' versions='004010'>\n<record table='shipments'>"
       "<field column='purpose' ref='BSN01'/>"
       "<field column='shipment_number' ref='BSN02'/>"
       "<field column='notice_date' ref='BSN03'/>"
       "<field column='notice_time' ref='BSN04'/>"
       "<rows table='shipment_orders' level='O'>"
       "<field column='po_number' ref='PRF01'/></rows>"
       "<rows table='packages' level='P'>"
       "<field column='sscc' ref='MAN02' where='MAN01=CP'/></rows>"
       "<rows table='shipment_lines' level='I'>"
       "<field column='gtin' ref='LIN03' where='LIN02=VN'/>"
       "<field column='shipped' ref='SN102'/>"
       "<field column='unit' ref='SN103'/></rows>" END;

#define NOTICE \
	"'shipments':[{'purpose':'00','shipment_number':'S#'," \
	"'notice_date':'2026-01-05','notice_time':'08:15'}]," \
	"'shipment_orders':[{'id':0,'po_number':'PO#'}]"
#define PACKS \
	",'packages':[{'id':0,'shipment_order_id':0,'sscc':'A'}," \
	"{'id':1,'shipment_order_id':0,'sscc':'B'}]"
#define ITEMS(second) \
	",'shipment_lines':[{'shipment_order_id':0,'package_id':0," \
	"'shipped':'1','unit':'EA','gtin':'G1'},{" second "'shipped':'2'," \
	"'unit':'EA','gtin':'G2'}]"
#define BELOW "'shipment_order_id':0,'package_id':1,"

struct documents {
	const char *map, *ordinary;
	const char *set; /* that the ordinary one with number 1 is */
};

static const struct documents orders = { order, HEAD BODY TEXTS,
	"ST*850*0001~BEG*00*NE*N1**20260105~REF*DP*7~"
	"PO1*1*1*CA*0~PO1*2*1*CA*0~PO1*3*1*EA***UP*845676737580~PID*F****LAMP "
	"1~"
	"PO1*4*12.5*EA***UP*552083700624~"
	"PID*F****A TEXT THAT IS LONGER THAN OTHERS~CTT*4*15.5~SE*11*0001~" };
static const struct documents notices = { notice, NOTICE PACKS ITEMS(BELOW),
	"ST*856*0001~BSN*00*S1*20260105*0815~HL*1**O*1~PRF*PO1~HL*2*1*P*1~"
	"MAN*CP*A~HL*3*2*I*0~LIN**VN*G1~SN1**1*EA~HL*4*1*P*1~MAN*CP*B~"
	"HL*5*4*I*0~LIN**VN*G2~SN1**2*EA~SE*15*0001~" };

#define TO_PARTNER .separators = { '*', '~', '>', 0 }

static const struct {
	const char *what;
	const struct documents *as;
	const char *records;
	struct tally_separators separators;
	const char *line_end; /* null: "" */
	const char *hierarchy;
	const char *residue;
	char replacement;
	enum tally_characters characters;
} cases[] = {
	{ "ordinary", &orders, HEAD BODY TEXTS, TO_PARTNER },
	{ "a column less", &orders,
	    HEAD ",'order_lines':[{'id':0,'change':'paid','quantity':'#'}]",
	    TO_PARTNER },
	{ "a column more", &orders, HEAD LINE_OF(",'unit_price':'1.25'") TEXTS,
	    TO_PARTNER },
	{ "a column that no rule writes", &orders, HEAD LINE_OF(",'lot':'L'"),
	    TO_PARTNER },
	{ "a qualifier of its own", &orders,
	    HEAD LINE_OF(",'buyer_item':'B','buyer_item_kind':'IN'"),
	    TO_PARTNER },
	{ "the usual qualifier", &orders, HEAD LINE_OF(",'buyer_item':'B'"),
	    TO_PARTNER },
	{ "an empty value", &orders, HEAD LINE_OF(",'buyer_item':''") TEXTS,
	    TO_PARTNER },
	{ "a separator in the record", &orders,
	    ORDER("2026-01-05", "7*8", "") BODY TEXTS, TO_PARTNER },
	{ "a separator in a row below", &orders, HEAD BODY NOTES("A*B"),
	    TO_PARTNER },
	{ "a terminator replaced", &orders, HEAD BODY NOTES("A~B"), TO_PARTNER,
	    .replacement = '-' },
	{ "a control character", &orders, HEAD BODY NOTES("A\\tB"),
	    TO_PARTNER },
	{ "a character that the partner cannot read", &orders,
	    HEAD BODY NOTES("A\xc3\xa9"), TO_PARTNER, .replacement = '?',
	    .characters = TALLY_CHARACTERS_EXTENDED },
	{ "a character that the partner can read", &orders,
	    HEAD BODY NOTES("A\xc3\xa9"), TO_PARTNER,
	    .characters = TALLY_CHARACTERS_UTF8 },
	{ "any character", &orders, HEAD BODY NOTES("A\xc3\xa9"), TO_PARTNER },
	{ "capitals alone", &orders, HEAD BODY NOTES("Small"), TO_PARTNER,
	    .characters = TALLY_CHARACTERS_BASIC },
	{ "capitals already", &orders, HEAD BODY TEXTS, TO_PARTNER,
	    .characters = TALLY_CHARACTERS_BASIC },
	{ "other separators", &orders, HEAD BODY NOTES("A*B|C"),
	    .separators = { '|', '!', ':', 0 } },
	{ "a separator that is a digit", &orders, HEAD BODY TEXTS,
	    .separators = { '*', '~', '5', 0 } },
	{ "separators that are no characters", &orders, HEAD BODY NOTES("A*B"),
	    .separators = { 0x1d, 0x1c, 0x1f, 0 } },
	{ "such a separator in a text", &orders, HEAD BODY NOTES("A\\u001dB"),
	    .separators = { 0x1d, 0x1c, 0x1f, 0 } },
	{ "separators in the record and in a row below", &orders,
	    ORDER("2026-01-05", "7*8", "") BODY NOTES("A*B"), TO_PARTNER },
	{ "a separator behind what is told", &orders,
	    HEAD LINES("12.5", "each", "552083700625", "") NOTES("A~B"),
	    TO_PARTNER, .replacement = '-' },
	{ "a separator before what is told", &orders,
	    ORDER("2026-01-05", "7*8", "")
		LINES("12.5", "each", "552083700625", "") TEXTS,
	    TO_PARTNER, .replacement = '-' },
	{ "other line ends", &orders, HEAD BODY TEXTS, TO_PARTNER,
	    .line_end = "\r\n" },
	{ "longer line ends", &orders, HEAD BODY TEXTS, TO_PARTNER,
	    .line_end = "\r\n\r\n" },
	{ "a time", &orders,
	    HEAD_OF(",'ship_date':'2026-02-28','ship_time':'08:15'") BODY,
	    TO_PARTNER },
	{ "more decimals than there are", &orders,
	    HEAD BODY ",'charges':[{'kind':'C','code':'D240','amount':'12.5'},"
		      "{'kind':'C','code':'D240','amount':'12.505'}]",
	    TO_PARTNER },
	{ "rows of one table below several", &orders,
	    HEAD BODY
	    ",'charges':[{'order_line_id':0,'kind':'C','code':'D240'},"
	    "{'order_line_id':1,'kind':'C','code':'D240'},"
	    "{'kind':'C','code':'A010'},{'kind':'C','code':'A020'},"
	    "{'order_line_id':1,'kind':'C','code':'D250'},"
	    "{'order_line_id':3,'kind':'C','code':'D260'},"
	    "{'kind':'C','code':'A030'}]",
	    TO_PARTNER },
	{ "a value that is too short", &orders,
	    HEAD BODY ",'charges':[{'kind':'C','code':'D240','amount':'1'},"
		      "{'kind':'C','code':'D','amount':'1'}]",
	    TO_PARTNER },
	{ "a number below zero", &orders,
	    HEAD LINES("-12", "each", "552083700624", "") TEXTS, TO_PARTNER },
	{ "more digits than the element holds", &orders,
	    HEAD LINES("12345678901.5", "each", "552083700624", "") TEXTS,
	    TO_PARTNER },
	{ "another check digit", &orders,
	    HEAD LINES("12.5", "each", "552083700625", "") TEXTS, TO_PARTNER },
	{ "a word that has no code", &orders,
	    HEAD LINES("12.5", "heap", "552083700624", "") TEXTS, TO_PARTNER },
	{ "a word that is too short", &orders,
	    HEAD LINES("12.5", "E", "552083700624", "") TEXTS, TO_PARTNER },
	{ "an attribute", &orders,
	    HEAD BODY ",'attributes':[{'name':'contract','value':'C'}]",
	    TO_PARTNER },
	{ "a pair", &orders,
	    HEAD BODY ",'line_ids':[{'order_line_id':1,'qualifier':'VN',"
		      "'value':'V'}]",
	    TO_PARTNER },
	{ "a cross-reference", &orders,
	    HEAD_OF(",'customer_order':'ours'") BODY, TO_PARTNER },
	{ "no cross-reference", &orders,
	    HEAD_OF(",'customer_order':'nobody'") BODY, TO_PARTNER },
	{ "two values that are the same", &orders,
	    HEAD_OF(",'vendor_number':'77','vendor_order':'77'") BODY,
	    TO_PARTNER },
	{ "two values that are not", &orders,
	    HEAD_OF(",'vendor_number':'77','vendor_order':'88'") BODY,
	    TO_PARTNER },
	{ "rows of another block", &orders,
	    HEAD BODY TEXTS ",'dates':[{'order_line_id':1,'role':'002',"
			    "'date':'2026-02-28'}]",
	    TO_PARTNER },
	{ "no lines", &orders, HEAD, TO_PARTNER },
	{ "lines without a sum", &orders,
	    HEAD ",'order_lines':[{'change':'paid','unit':'each'}]",
	    TO_PARTNER },
	{ "a row that no rule makes", &orders,
	    HEAD BODY ",'notes':[{'order_line_id':0,'text':'A'},{'text':'B'}]",
	    TO_PARTNER },
	{ "residue in the row", &orders, HEAD BODY TEXTS, TO_PARTNER,
	    .residue = "PE" },
	{ "ordinary levels", &notices, NOTICE PACKS ITEMS(BELOW), TO_PARTNER },
	{ "levels in another order", &notices, NOTICE PACKS ITEMS(BELOW),
	    TO_PARTNER, .hierarchy = "O I P" },
	{ "a level that is not agreed on", &notices, NOTICE PACKS ITEMS(BELOW),
	    TO_PARTNER, .hierarchy = "O I" },
	{ "a level with none above", &notices, NOTICE PACKS ITEMS(""),
	    TO_PARTNER },
	{ "a level with none below", &notices, NOTICE PACKS, TO_PARTNER },
};
#define CASES (sizeof(cases) / sizeof(*cases))

static enum tally_rc
find(void *ctx, const char *table, bool inverse, struct tally_str value,
    struct tally_str *out, bool *found, struct tally_err *err)
{
	(void)ctx;
	(void)table;
	(void)inverse;
	(void)err;
	*found = tally_str_eq(value, TALLY_STR("ours"));
	*out = TALLY_STR("theirs");
	return TALLY_OK;
}

static const struct tally_lookups lookups = { NULL, find };

/* A document's records, in which # is its number. */
static void
put_records(struct tally_buf *b, const char *records, unsigned number)
{
	for (; *records != '\0'; records++)
		if (*records == '#')
			tally_buf_printf(b, "%u", number);
		else
			tally_buf_putc(b, *records);
}

/* Adds a document to the batch, and writes it. */
static void
add_document(struct reading *r, struct tally_buf *out, const char *records,
    unsigned number, const struct tally_residues *residues,
    const struct tally_map_writing *how)
{
	struct tally_buf b;

	tally_buf_init(&b, 1 << 20);
	put_records(&b, records, number);
	writing_put(out, r, b.p, residues, how);
	tally_buf_free(&b);
}

/* What is written of a document, the only one of the batch, and told. */
static void
write_document(struct reading *r, struct tally_buf *out, const char *records,
    unsigned number, const struct tally_residues *residues,
    const struct tally_map_writing *how)
{
	tally_buf_reset(out);
	tally_findings_reset(&r->findings);
	tally_batch_reset(&r->batch);
	add_document(r, out, records, number, residues, how);
	for (size_t i = 0; i < r->findings.n; i++)
		tally_buf_printf(
		    out, "\nin segment %u", r->findings.v[i].segment);
}

static void
write_ordinary(struct reading *r, struct tally_buf *out,
    const struct documents *d, unsigned number)
{
	static const struct tally_map_writing how = { TO_PARTNER,
		.residue = { '*', '~', '>', 0 }, .line_end = "",
		.control = "0001" };

	write_document(r, out, d->ordinary, number, NULL, &how);
}

static void
write_case(struct reading *r, struct tally_buf *out, size_t i, unsigned number)
{
	struct tally_map_writing how = { .separators = cases[i].separators,
		.residue = { '*', '~', '>', 0 },
		.line_end = cases[i].line_end != NULL ? cases[i].line_end : "",
		.control = "0001",
		.hierarchy = cases[i].hierarchy,
		.characters = cases[i].characters,
		.replacement = cases[i].replacement };
	struct tally_residue v = { .place = 0,
		.element = 5,
		.column = TALLY_NO_COLUMN,
		.text = tally_cstr(cases[i].residue) };
	struct tally_residues residues = { &v, 1, 1 };

	v.table = (uint16_t)tally_model_table(
	    reading_model, TALLY_STR("order_lines"));
	v.row = 1;
	while (strcmp(r->map->set->place[v.place].segment->tag, "PO1") != 0 &&
	    cases[i].residue != NULL)
		v.place++;
	tally_map_lookups(r->map, &lookups);
	write_document(r, out, cases[i].records, number,
	    cases[i].residue != NULL ? &residues : NULL, &how);
	tally_map_lookups(r->map, NULL);
}

static void
expect_same(size_t i, const char *when, const struct tally_buf *want,
    const struct tally_buf *got)
{
	if (strcmp(want->p, got->p) != 0)
		fail_msg("%s, %s:\n%s\nrather than\n%s", cases[i].what, when,
		    got->p, want->p);
}

static void
test_cases(void **state)
{
	struct tally_buf want, out;
	struct reading r;

	(void)state;
	tally_buf_init(&want, 1 << 20);
	tally_buf_init(&out, 1 << 20);
	for (size_t i = 0; i < CASES; i++) {
		writing_begin_unplanned(&r, cases[i].as->map);
		write_case(&r, &want, i, 101);
		reading_end(&r);
		reading_begin(&r, cases[i].as->map);
		for (unsigned n = 1; n <= ORDINARY_BEFORE; n++)
			write_ordinary(&r, &out, cases[i].as, n);
		for (unsigned n = 1; n <= PLAN_TRIES + 2; n++) {
			write_case(&r, &out, i, 101);
			expect_same(i, "behind others", &want, &out);
		}
		write_ordinary(&r, &out, cases[i].as, 1);
		assert_string_equal(out.p, cases[i].as->set);
		reading_end(&r);
	}
	tally_buf_free(&want);
	tally_buf_free(&out);
}

/* All cases, one after the other, in one map; of the ways to write them some
 * are too many to have plans. */
static void
test_mixed(void **state)
{
	const struct documents *all[] = { &orders, &notices };
	struct tally_buf want, out;
	struct reading r, plain;

	(void)state;
	tally_buf_init(&want, 1 << 20);
	tally_buf_init(&out, 1 << 20);
	for (size_t k = 0; k < 2; k++) {
		reading_begin(&r, all[k]->map);
		for (size_t i = 0; i < 5 * CASES; i++) {
			if (cases[i * 7 % CASES].as != all[k])
				continue;
			writing_begin_unplanned(&plain, all[k]->map);
			write_case(&plain, &want, i * 7 % CASES, 3);
			reading_end(&plain);
			write_case(&r, &out, i * 7 % CASES, 3);
			expect_same(i * 7 % CASES, "mixed", &want, &out);
		}
		reading_end(&r);
	}
	tally_buf_free(&want);
	tally_buf_free(&out);
}

/* Plans there are: each block of the ordinary order has one that is known. */
static void
test_known(void **state)
{
	struct tally_buf out;
	struct reading r;
	const struct plan *p;
	unsigned known = 0;

	(void)state;
	tally_buf_init(&out, 1 << 20);
	reading_begin(&r, order);
	write_ordinary(&r, &out, &orders, 1);
	for (size_t i = 0; i < r.map->nblock; i++)
		for (p = r.map->scratch.block[i].plan; p != NULL; p = p->next) {
			assert_non_null(p->part);
			known++;
		}
	assert_int_equal(known, r.map->scratch.nplan);
	assert_int_equal(known, 4); /* order, lines of both kinds, notes */
	reading_end(&r);
	tally_buf_free(&out);
}

/* More shapes than are remembered: lines with each set of six columns. */
static void
test_many_shapes(void **state)
{
	static const char *const columns[] = { "'quantity':'1',",
		"'unit':'each',", "'unit_price':'2.5',",
		"'gtin':'845676737580',", "'buyer_item':'B',",
		"'buyer_item_kind':'IN'," };
	struct tally_buf json, want, out;
	static const struct tally_map_writing how = { TO_PARTNER,
		.line_end = "", .control = "0001" };
	struct reading r, plain;
	unsigned line = 0;

	(void)state;
	tally_buf_init(&json, 1 << 20);
	tally_buf_init(&want, 1 << 20);
	tally_buf_init(&out, 1 << 20);
	tally_buf_puts(&json, HEAD ",'order_lines':[");
	for (unsigned set = 0; set < 64; set++) {
		tally_buf_puts(&json, set > 0 ? ",{" : "{");
		for (unsigned k = 0; k < 6; k++)
			if (set >> k & 1)
				tally_buf_puts(&json, columns[k]);
		tally_buf_printf(&json, "'change':'paid','id':%u}", line++);
	}
	tally_buf_puts(&json, "]");
	writing_begin_unplanned(&plain, order);
	write_document(&plain, &want, json.p, 1, NULL, &how);
	assert_int_equal(plain.map->scratch.nplan, 0);
	reading_end(&plain);
	reading_begin(&r, order);
	for (unsigned n = 0; n < PLAN_TRIES + 2; n++) {
		write_document(&r, &out, json.p, 1, NULL, &how);
		assert_string_equal(out.p, want.p);
	}
	assert_true(r.map->scratch.nplan <= 2 * PLAN_SHAPES);
	reading_end(&r);
	tally_buf_free(&json);
	tally_buf_free(&want);
	tally_buf_free(&out);
}

/* Documents of one batch in any order, and behind those of another batch. */
static void
test_order(void **state)
{
	static const char *const records[] = { HEAD BODY TEXTS, HEAD, HEAD BODY,
		HEAD ",'order_lines':[{'change':'paid'}]", HEAD BODY TEXTS };
	static const unsigned order_of[] = { 4, 3, 2, 1, 0, 0, 2, 4, 1, 3, 3, 4,
		0, 1, 2, 3, 4 };
	static const struct tally_map_writing how = { TO_PARTNER,
		.line_end = "", .control = "0001" };
	struct tally_buf want[5], out;
	struct reading r, other;
	struct tally_err err;
	uint32_t n;

	(void)state;
	tally_buf_init(&out, 1 << 20);
	reading_begin(&r, order);
	for (unsigned i = 0; i < 5; i++) {
		tally_buf_init(&want[i], 1 << 20);
		add_document(&r, &want[i], records[i], i, NULL, &how);
	}
	reading_begin(&other, order);
	add_document(&other, &out, HEAD BODY, 9, NULL, &how);
	for (size_t i = 0; i < sizeof(order_of) / sizeof(*order_of); i++) {
		tally_buf_reset(&out);
		assert_int_equal(tally_map_write(r.map, &other.batch, 0, NULL,
				     &how, &out, &n, &r.findings, &err),
		    TALLY_OK);
		tally_buf_reset(&out);
		assert_int_equal(tally_map_write(r.map, &r.batch, order_of[i],
				     NULL, &how, &out, &n, &r.findings, &err),
		    TALLY_OK);
		assert_string_equal(out.p, want[order_of[i]].p);
	}
	assert_int_equal(r.findings.n, 0);
	for (unsigned i = 0; i < 5; i++)
		tally_buf_free(&want[i]);
	reading_end(&other);
	reading_end(&r);
	tally_buf_free(&out);
}

/* A text of so many letters, of which one is a separator if at is among them.
 */
static void
put_text(struct tally_buf *b, unsigned letters, unsigned at)
{
	tally_buf_reset(b);
	tally_buf_puts(b, HEAD BODY ",'notes':[{'order_line_id':0,'text':'");
	for (unsigned i = 0; i < letters; i++)
		tally_buf_putc(b, i == at ? '*' : 'T');
	tally_buf_puts(b, "'}]");
}

/* Texts of any length: what cannot be sent is found wherever it is. */
static void
test_lengths(void **state)
{
	static const struct tally_map_writing how = { TO_PARTNER,
		.line_end = "", .control = "0001" };
	static const unsigned lengths[] = { 4050, 4063, 4064, 4065, 4079, 4080,
		4096, 10000 };
	struct tally_buf json, out;
	struct reading r;
	unsigned n;

	(void)state;
	tally_buf_init(&json, 1 << 20);
	tally_buf_init(&out, 1 << 20);
	reading_begin(&r, order);
	write_ordinary(&r, &out, &orders, 1);
	for (unsigned i = 1; i < 108; i++) {
		n = i < 100 ? i : lengths[i - 100];
		put_text(&json, n, n);
		write_document(&r, &out, json.p, 1, NULL, &how);
		assert_int_equal(r.findings.n, 0);
		assert_non_null(strstr(out.p, "T~"));
		for (unsigned k = 0; k < 5; k++) {
			put_text(&json, n, (n - 1) * k / 4);
			write_document(&r, &out, json.p, 1, NULL, &how);
			assert_int_equal(r.findings.n, 1);
			assert_int_equal(
			    r.findings.v[0].kind, TALLY_F_write_refused);
			assert_non_null(strstr(out.p, "PID*F~"));
		}
	}
	reading_end(&r);
	tally_buf_free(&json);
	tally_buf_free(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_many_shapes),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, reading_setup, reading_teardown);
}
