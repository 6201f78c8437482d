/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that are written like rows before, into a text that has something in it,
 * or a ceiling, and in any order of a few shapes: what comes of a document is
 * what a map without plans makes of it.
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

static const char order[] = BEGIN BEG
    "<field column='department' ref='REF02' where='REF01=DP'/>"
    "<rows table='order_lines' loop='PO1'>"
    "<sequence ref='PO101'/>"
    "<field column='quantity' ref='PO102'/>"
    "<field column='unit' ref='PO103'/>"
    "<field column='unit_price' ref='PO104'/>"
    "<field column='gtin' ref='PO107' where='PO106=UP'/>"
    "<rows table='notes' loop='PID'>"
    "<literal ref='PID01' value='F'/><field column='text' ref='PID05'/>"
    "</rows></rows>"
    "<count ref='CTT01' of='order_lines'/>" END;

#define HEAD(department) \
	"'orders':[{'purpose':'00','type':'NE','po_number':'N'," \
	"'order_date':'2026-01-05','department':'" department "'}]"
#define LINES \
	",'order_lines':[{'id':0,'quantity':'1'},{'id':1,'quantity':'12.5'," \
	"'gtin':'845676737580'},{'id':2,'quantity':'3'}]"
#define NOTES(text) \
	",'notes':[{'order_line_id':0,'text':'LAMP'},{'order_line_id':1," \
	"'text':'" text "'}]"

static const char ordinary[] = HEAD("7") LINES NOTES("A TEXT OF SOME LENGTH");
static const char unsendable[] = HEAD("7") LINES NOTES("A*B");
static const char several[] = HEAD("7*8") LINES NOTES("A*B");

static const struct tally_map_writing how = {
	.separators = { '*', '~', '>', 0 },
	.line_end = "\r\n",
	.control = "0001",
};

struct pair {
	struct reading planned, plain;
	struct tally_buf out, want;
};

static void
pair_begin(struct pair *p)
{
	reading_begin(&p->planned, order);
	writing_begin_unplanned(&p->plain, order);
	tally_buf_init(&p->out, 1 << 20);
	tally_buf_init(&p->want, 1 << 20);
}

static void
pair_end(struct pair *p)
{
	reading_end(&p->planned);
	reading_end(&p->plain);
	tally_buf_free(&p->out);
	tally_buf_free(&p->want);
}

/* Writes a document behind what there is, with what is told of it. */
static void
pair_put(struct pair *p, const char *records)
{
	tally_findings_reset(&p->planned.findings);
	tally_findings_reset(&p->plain.findings);
	tally_batch_reset(&p->planned.batch);
	tally_batch_reset(&p->plain.batch);
	writing_put(&p->out, &p->planned, records, NULL, &how);
	writing_put(&p->want, &p->plain, records, NULL, &how);
	assert_string_equal(p->out.p, p->want.p);
}

/* Documents one behind the other, of which some have what cannot be sent, the
 * first behind many that have not. */
static void
test_behind(void **state)
{
	static const char *const odd[] = { unsendable, several };
	struct pair p;

	(void)state;
	pair_begin(&p);
	for (unsigned n = 1; n < 300; n++) {
		pair_put(
		    &p, n % 37 == 0 || n % 40 == 0 ? odd[n & 1] : ordinary);
		assert_int_equal(p.planned.findings.n,
		    n % 37 == 0 || n % 40 == 0 ? 1 + (n & 1) : 0);
	}
	pair_end(&p);
}

/* The newest document of a batch into a text with a ceiling. */
static enum tally_rc
write_below(struct reading *r, struct tally_buf *out, size_t max)
{
	struct tally_err err;
	uint32_t n;

	tally_buf_init(out, max);
	tally_findings_reset(&r->findings);
	return tally_map_write(r->map, &r->batch, r->batch.ndocument - 1, NULL,
	    &how, out, &n, &r->findings, &err);
}

/* It is written where there is room for it, to the byte. */
static void
test_ceiling(void **state)
{
	static const char *const records[] = { ordinary, several };
	struct tally_buf out, want;
	struct pair p;
	size_t n;

	(void)state;
	pair_begin(&p);
	for (unsigned i = 0; i < 20; i++)
		pair_put(&p, ordinary);
	for (unsigned i = 0; i < 2; i++) {
		pair_put(&p, records[i]);
		assert_int_equal(
		    write_below(&p.plain, &want, 1 << 20), TALLY_OK);
		n = want.n;
		for (size_t max = 0; max < n + 2 * PLAN_GUESS; max++) {
			assert_int_equal(write_below(&p.planned, &out, max),
			    max < n ? TALLY_NOMEM : TALLY_OK);
			if (max >= n) {
				assert_string_equal(out.p, want.p);
				assert_int_equal(
				    p.planned.findings.n, p.plain.findings.n);
			}
			tally_buf_free(&out);
		}
		tally_buf_free(&want);
	}
	pair_end(&p);
}

/* Rows of a few shapes, in turn and in any order. */
static void
test_shapes(void **state)
{
	static const char *const columns[] = { "'unit':'EA',",
		"'unit':'CA','gtin':'845676737580',",
		"'unit':'EA','unit_price':'2.5',", "" };
	struct tally_buf json;
	struct pair p;
	unsigned x = 1;

	(void)state;
	pair_begin(&p);
	tally_buf_init(&json, 1 << 20);
	for (unsigned n = 0; n < 200; n++) {
		tally_buf_reset(&json);
		tally_buf_puts(&json, HEAD("7") ",'order_lines':[");
		for (unsigned line = 0; line < 9; line++) {
			x = x * 1103515245 + 12345;
			tally_buf_printf(&json, "%s{%s'quantity':'%u','id':%u}",
			    line > 0 ? "," : "",
			    columns[n & 1 ? x >> 16 & 3 : line & 3], n + 1,
			    line);
		}
		tally_buf_puts(&json,
		    "],'notes':[{'order_line_id':3,'text':'A'},"
		    "{'order_line_id':4,'text':'B'}]");
		pair_put(&p, json.p);
	}
	tally_buf_free(&json);
	pair_end(&p);
}

/* Rows of one table that refer to different rows, each to where it belongs. */
static void
test_makers(void **state)
{
	static const char map[] =
	    BEGIN BEG "<rows table='charges' segment='SAC'>"
		      "<field column='kind' ref='SAC01'/>"
		      "<field column='code' ref='SAC02'/></rows>"
		      "<rows table='order_lines' loop='PO1' where='PO104=0'>"
		      "<constant column='change' value='free'/>"
		      "<field column='quantity' ref='PO102'/></rows>"
		      "<rows table='order_lines' loop='PO1'>"
		      "<constant column='change' value='paid'/>"
		      "<field column='quantity' ref='PO102'/>"
		      "<rows table='charges' segment='SAC'>"
		      "<field column='kind' ref='SAC01'/>"
		      "<field column='code' ref='SAC02'/></rows></rows>" END;
	static const char records[] =
	    "'orders':[{'purpose':'00','type':'NE','po_number':'N',"
	    "'order_date':'2026-01-05'}],'order_lines':["
	    "{'id':0,'change':'paid','quantity':'1'},"
	    "{'id':1,'change':'free','quantity':'2'},"
	    "{'id':2,'change':'paid','quantity':'3'}],'charges':["
	    "{'kind':'C','code':'A010'},"
	    "{'order_line_id':0,'kind':'C','code':'A020'},"
	    "{'order_line_id':1,'kind':'C','code':'A030'},"
	    "{'order_line_id':2,'kind':'C','code':'A040'},"
	    "{'order_line_id':2,'kind':'C','code':'A050'},"
	    "{'kind':'C','code':'A060'},{'kind':'C','code':'A070'},"
	    "{'order_line_id':0,'kind':'C','code':'A080'}]";
	static const struct tally_map_writing plain = {
		.separators = { '*', '~', '>', 0 },
		.line_end = "",
		.control = "0001",
	};
	struct tally_buf out;
	struct reading r;

	(void)state;
	tally_buf_init(&out, 1 << 20);
	reading_begin(&r, map);
	for (unsigned n = 0; n < 3; n++) {
		tally_buf_reset(&out);
		tally_findings_reset(&r.findings);
		writing_put(&out, &r, records, NULL, &plain);
		out.p[strcspn(out.p, "\n")] = '\0';
		assert_string_equal(out.p,
		    "ST*850*0001~BEG*00*NE*N**20260105~SAC*C*A010~SAC*C*A060~"
		    "SAC*C*A070~PO1**2**0~PO1**1~SAC*C*A020~SAC*C*A080~"
		    "PO1**3~SAC*C*A040~SAC*C*A050~SE*13*0001~");
		assert_int_equal(r.findings.n, 1);
		assert_int_equal(r.findings.v[0].kind, TALLY_F_write_row);
	}
	reading_end(&r);
	tally_buf_free(&out);
}

/* Behind documents with a column, those of a batch that has none of it. */
static void
test_other_columns(void **state)
{
	struct pair p;

	(void)state;
	pair_begin(&p);
	for (unsigned i = 0; i < 5; i++)
		pair_put(&p, ordinary);
	tally_batch_free(&p.planned.batch);
	assert_int_equal(tally_batch_init(&p.planned.batch, reading_model,
			     1 << 24, &(struct tally_err){ .line = 0 }),
	    TALLY_OK);
	pair_put(&p,
	    "'orders':[{'purpose':'00','type':'NE','po_number':'N',"
	    "'order_date':'2026-01-05'}],'order_lines':[{'quantity':'1'}]");
	pair_put(&p, ordinary);
	pair_end(&p);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_makers),
		cmocka_unit_test(test_other_columns),
	};

	return cmocka_run_group_tests(tests, reading_setup, reading_teardown);
}
