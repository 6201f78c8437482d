/* SPDX-License-Identifier: Apache-2.0 */
/* The model: what records.xml may say, and that the shipped one says it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/embed.h"
#include "base/hash.h"
#include "record/model.h"
#include "tallyman/record.h"

#define HEAD "<records xmlns='urn:tallyman:records:1'>\n"
#define COL  "<column name='c'>n</column>"

static const struct {
	const char *text;
	unsigned line;
	const char *says;
} mistakes[] = {
	{ HEAD "<table name='t'>\n<note>n</note></table></records>", 2, "" },
	{ HEAD "<table name='T'><note>n</note>" COL "</table></records>", 2,
	    "" },
	{ HEAD "<table name='t'><note>n</note>\n"
	       "<column name='c' type='float'>n</column></table></records>",
	    3, "is \"float\"; expected one of: text, integer" },
	{ HEAD "<table name='t'><note>n</note>\n" COL "\n" COL
	       "</table></records>",
	    4, "has a column c already" },
#define LOCAL(utc) \
	HEAD "<table name='t'><note>n</note>" \
	     "<column name='d' type='date'>n</column>" \
	     "<column name='h' type='time'>n</column>" \
	     "<column name='z'>n</column>\n" utc "</table></records>"
	{ LOCAL("<column name='u' utc='d h y'>n</column>"), 3,
	    "column u of table t has utc=\"d h y\"; expected columns" },
	{ LOCAL("<column name='u' utc='h d z'>n</column>"), 3, "expected" },
	{ LOCAL("<column name='u' utc='d z'>n</column>"), 3, "expected" },
	{ LOCAL("<column name='u' utc='d'>n</column>"), 3, "" },
	{ LOCAL("<column name='u' utc='d h z z'>n</column>"), 3, "" },
	{ LOCAL("<column name='u' type='time' utc='d h z'>n</column>"), 3,
	    "for a column that is text" },
	{ HEAD "<table name='t'><note>n</note>\n<column name='id'>n</column>"
	       "</table></records>",
	    3, "has a column id already" },
	{ HEAD "<table name='t'><note>n</note>" COL "</table>\n"
	       "<table name='t'><note>n</note>" COL "</table></records>",
	    3, "there is a table t already" },
	{ HEAD "<table name='t'><note>n</note>\n"
	       "<reference name='u_id' table='u'/>" COL "</table></records>",
	    3, "there is no table u;" },
	{ HEAD "<table name='t' head='yes' key='d'><note>n</note>" COL
	       "</table></records>",
	    2, "the key d of table t" },
	{ HEAD "<table name='t' head='yes' key='c c c c c'><note>n</note>" COL
	       "</table></records>",
	    2, "more than 4 keys" },
	{ HEAD "<table name='t' key='c'><note>n</note>" COL
	       "</table></records>",
	    2, "the key c of table t" },
	{ HEAD "<table name='t'><note>n</note>" COL "</table>\n"
	       "<table name='u' head='yes'><note>n</note>"
	       "<reference name='t_id' table='t'/>" COL "</table></records>",
	    3, "cannot refer" },
};

static void
test_mistakes(void **state)
{
	struct tally_model *m = NULL;
	struct tally_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		err = (struct tally_err){ 0 };
		if (tally_model_load(&m, "r.xml", tally_cstr(mistakes[i].text),
			&err) != TALLY_CONFIG ||
		    err.line != mistakes[i].line ||
		    strcmp(err.file, "r.xml") != 0 ||
		    strstr(err.text, mistakes[i].says) == NULL)
			fail_msg(
			    "%zu: %s:%u: %s", i, err.file, err.line, err.text);
	}
	assert_null(m);
}

static void
test_small(void **state)
{
	static const char text[] = HEAD
	    "<table name='orders' head='yes' key='number'><note>an order</note>"
	    "<column name='number' search='yes'>its number</column></table>"
	    "<table name='lines'><note>a line</note>"
	    "<reference name='order_id' table='orders'/>"
	    "<column name='quantity' type='decimal'>how many</column>"
	    "<column name='day' type='date'/></table></records>";
	struct tally_model *m;
	struct tally_err err;
	struct tally_hash *h;
	unsigned char hash[32];
	const struct tally_table *t;

	(void)state;
	if (tally_model_load(&m, "r.xml", tally_cstr(text), &err) != TALLY_OK)
		fail_msg("%u: %s", err.line, err.text);
	assert_int_equal(m->ntable, 2);
	t = &m->table[0];
	assert_true(t->head);
	assert_int_equal(t->nkey, 1);
	assert_int_equal(t->key[0], 0);
	assert_string_equal(t->note, "an order");
	assert_true(t->column[0].search);
	t = &m->table[tally_model_table(m, TALLY_STR("lines"))];
	assert_int_equal(t->nkey, 0);
	assert_int_equal(t->reference[0].table, 0);
	assert_int_equal(t->column[0].type, TALLY_DECIMAL);
	assert_int_equal(tally_table_column(t, TALLY_STR("day")), 1);
	assert_int_equal(tally_table_column(t, TALLY_STR("da")), -1);
	assert_int_equal(tally_model_table(m, TALLY_STR("line")), -1);
	assert_int_equal(tally_hash_new(&h, &err), TALLY_OK);
	tally_hash_add(h, text, sizeof(text) - 1);
	tally_hash_end(h, hash);
	tally_hash_free(h);
	assert_memory_equal(hash, m->hash, 32);
	tally_model_free(m);
}

static void
test_shipped(void **state)
{
	struct tally_model *m;
	struct tally_err err;
	const struct tally_table *t;

	(void)state;
	if (tally_model_load(&m, "records.xml",
		tally_embedded_find("records.xml"), &err) != TALLY_OK)
		fail_msg("%u: %s", err.line, err.text);
	t = &m->table[tally_model_table(m, TALLY_STR("orders"))];
	assert_true(t->head);
	assert_int_equal(t->nkey, 2);
	assert_string_equal(t->column[t->key[0]].name, "depositor_order");
	assert_string_equal(t->column[t->key[1]].name, "po_number");
	assert_true(t->column[t->key[1]].search);
	for (uint16_t i = 0; i < m->ntable; i++) {
		assert_true(m->table[i].note[0] != '\0');
		for (uint16_t k = 0; k < m->table[i].ncolumn; k++)
			assert_true(m->table[i].column[k].note[0] != '\0');
	}
	tally_model_free(m);
}

static void
same_column(const struct tally_column *a, const struct tally_column *b)
{
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->note, b->note);
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->search, b->search);
	assert_int_equal(a->local != NULL, b->local != NULL);
	if (a->local != NULL)
		assert_memory_equal(a->local, b->local, sizeof(*a->local));
}

static void
same_table(const struct tally_table *a, const struct tally_table *b)
{
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->note, b->note);
	assert_int_equal(a->head, b->head);
	assert_int_equal(a->nreference, b->nreference);
	for (uint16_t i = 0; i < a->nreference; i++) {
		assert_string_equal(a->reference[i].name, b->reference[i].name);
		assert_int_equal(a->reference[i].table, b->reference[i].table);
	}
	assert_int_equal(a->ncolumn, b->ncolumn);
	for (uint16_t i = 0; i < a->ncolumn; i++)
		same_column(&a->column[i], &b->column[i]);
	assert_int_equal(a->nkey, b->nkey);
	assert_memory_equal(a->key, b->key, sizeof(a->key));
	assert_int_equal(a->ninstant, b->ninstant);
	for (uint16_t i = 0; i < a->ninstant; i++)
		assert_int_equal(a->instant[i], b->instant[i]);
}

/* The shipped model, compiled in, is what its text comes to. */
static void
test_built_in(void **state)
{
	struct tally_str text = tally_embedded_find("records.xml");
	struct tally_model *a, *b;
	struct tally_err err;

	(void)state;
	assert_int_equal(
	    tally_model_read(&a, "records.xml", text, &err), TALLY_OK);
	assert_int_equal(
	    tally_model_load(&b, "records.xml", text, &err), TALLY_OK);
	assert_ptr_not_equal(a->table, b->table);
	assert_ptr_equal(b->table, tally_model_built_in.table);
	assert_int_equal(a->ntable, b->ntable);
	for (uint16_t i = 0; i < a->ntable; i++)
		same_table(&a->table[i], &b->table[i]);
	assert_int_equal(a->ntimed, b->ntimed);
	for (uint16_t i = 0; i < a->ntimed; i++)
		assert_int_equal(a->timed[i], b->timed[i]);
	assert_memory_equal(a->hash, b->hash, sizeof(a->hash));
	tally_model_free(a);
	tally_model_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_built_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
