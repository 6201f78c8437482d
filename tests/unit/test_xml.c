/* SPDX-License-Identifier: Apache-2.0 */
/* Safe XML: hostile documents, complaints with their lines, the tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/embed.h"
#include "base/xml.h"

static const char schema[] =
    "<grammar xmlns='http://relaxng.org/ns/structure/1.0' ns='urn:t'>\n"
    "<start><ref name='list'/></start>\n"
    "<define name='list'><element name='list'>\n"
    "<attribute name='kind'><choice><value>short</value><value>long</value>"
    "</choice></attribute>\n"
    "<optional><attribute name='note'/></optional>\n"
    "<zeroOrMore><choice><ref name='list'/><ref name='item'/></choice>"
    "</zeroOrMore></element></define>\n"
    "<define name='item'><element name='item'><attribute name='name'/>"
    "<text/></element></define>\n"
    "</grammar>\n";

struct refusal {
	const char *name, *text;
	unsigned line;
	const char *says; /* part of the message */
};

static const struct refusal refusals[] = {
	{ "empty", "", 1, "empty" },
	{ "text", "hello", 1, "" },
	{ "cut", "<list xmlns='urn:t' kind='long'>\n<item name='a'>", 2, "" },
	{ "crossed", "<list xmlns='urn:t' kind='long'>\n<a></list></a>", 2,
	    "mismatch" },
	{ "laughs",
	    "<?xml version='1.0'?>\n<!DOCTYPE l [\n<!ENTITY a 'ha'>\n"
	    "<!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>\n"
	    "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>]>\n"
	    "<list xmlns='urn:t' kind='long'>&c;</list>",
	    2, "document type" },
	{ "external entity",
	    "<!DOCTYPE l [<!ENTITY a SYSTEM '/etc/passwd'>]>"
	    "<list xmlns='urn:t' kind='long'>&a;</list>",
	    1, "document type" },
	{ "external subset",
	    "<!DOCTYPE list SYSTEM 'http://127.0.0.1:1/x.dtd'>"
	    "<list xmlns='urn:t' kind='long'/>",
	    1, "document type" },
	{ "parameter entity",
	    "<!DOCTYPE l [<!ENTITY % a SYSTEM 'file:///etc/passwd'> %a;]>"
	    "<list xmlns='urn:t' kind='long'/>",
	    1, "document type" },
	{ "empty DTD", "<!DOCTYPE list>\n<list xmlns='urn:t' kind='long'/>", 1,
	    "document type" },
	{ "undefined entity", "<list xmlns='urn:t' kind='long'>\n&a;</list>", 2,
	    "not defined" },
	{ "XInclude",
	    "<list xmlns='urn:t' kind='long'>\n<x:include "
	    "xmlns:x='http://www.w3.org/2001/XInclude' href='/etc/passwd' "
	    "parse='text'/></list>",
	    2, "XInclude" },
	{ "bad UTF-8", "<list xmlns='urn:t' kind='long'>\n\xff\xfe</list>", 2,
	    "" },
	{ "unknown element",
	    "<list xmlns='urn:t' kind='long'>\n\n<itme name='a'/></list>", 3,
	    "\"itme\" is not allowed in list; list may hold: list, item" },
	{ "unknown attribute",
	    "<list xmlns='urn:t' kind='long'>\n<item nmae='a'/></list>", 2,
	    "element item has no attribute \"nmae\"; it may have: name" },
	{ "missing attribute",
	    "<list xmlns='urn:t' kind='long'>\n<item/></list>", 2,
	    "lacks its attribute name" },
	{ "wrong word", "<list xmlns='urn:t'\nkind='wide'/>", 2,
	    "attribute kind of list is \"wide\"; expected one of:" },
	{ "other namespace", "<list xmlns='urn:u' kind='long'/>", 1, "" },
	{ "terminal escape",
	    "<list xmlns='urn:t' kind='long'>\n<item "
	    "name='a'/><i\xc2\x9b"
	    "m/></list>",
	    2, "" },
};

static enum tally_rc
load(struct tally_arena *a, const struct tally_xml **root, const char *text,
    size_t n, struct tally_err *err)
{
	tally_arena_init(a, 16 << 20);
	*err = (struct tally_err){ 0 };
	return tally_xml_load(
	    root, a, "t.xml", tally_str(text, n), schema, err);
}

static void
test_refusals(void **state)
{
	struct tally_arena a;
	struct tally_err err;
	const struct tally_xml *root;
	const struct refusal *r;

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		r = &refusals[i];
		if (load(&a, &root, r->text, strlen(r->text), &err) !=
			TALLY_CONFIG ||
		    err.line != r->line || strcmp(err.file, "t.xml") != 0 ||
		    err.text[0] == '\0' || strstr(err.text, r->says) == NULL)
			fail_msg("%s: %s:%u: %s", r->name, err.file, err.line,
			    err.text);
		for (const char *p = err.text; *p != '\0'; p++)
			assert_true((unsigned char)*p >= ' ');
		tally_arena_free(&a);
	}
}

static void
nested(struct tally_buf *b, int depth)
{
	for (int i = 0; i < depth; i++)
		tally_buf_puts(b, "<list xmlns='urn:t' kind='long'>\n");
	for (int i = 0; i < depth; i++)
		tally_buf_puts(b, "</list>");
}

static void
test_depth(void **state)
{
	struct tally_arena a;
	struct tally_buf b;
	struct tally_err err;
	const struct tally_xml *root;

	(void)state;
	tally_buf_init(&b, 16 << 20);
	nested(&b, 32);
	assert_int_equal(load(&a, &root, b.p, b.n, &err), TALLY_OK);
	tally_arena_free(&a);
	tally_buf_reset(&b);
	nested(&b, 100000);
	assert_int_equal(load(&a, &root, b.p, b.n, &err), TALLY_CONFIG);
	assert_int_equal(err.line, 33);
	assert_non_null(strstr(err.text, "deeper"));
	tally_arena_free(&a);
	tally_buf_free(&b);
}

static void
wide(struct tally_buf *b, size_t elements, size_t bytes)
{
	tally_buf_puts(b, "<list xmlns='urn:t' kind='long'>");
	for (size_t i = 1; i < elements; i++)
		tally_buf_puts(b, "<item name='a'/>");
	tally_buf_puts(b, "<!--");
	while (b->n < bytes)
		tally_buf_puts(b, " 0123456789abcdef");
	tally_buf_puts(b, "--></list>");
}

static void
test_ceilings(void **state)
{
	struct tally_arena a;
	struct tally_buf b;
	struct tally_err err;
	const struct tally_xml *root;

	(void)state;
	tally_buf_init(&b, 16 << 20);
	wide(&b, 100002, 0);
	assert_int_equal(load(&a, &root, b.p, b.n, &err), TALLY_CONFIG);
	assert_non_null(strstr(err.text, "more than 100000 elements"));
	tally_arena_free(&a);
	tally_buf_reset(&b);
	wide(&b, 2, 4 << 20);
	assert_int_equal(load(&a, &root, b.p, b.n, &err), TALLY_CONFIG);
	assert_non_null(strstr(err.text, "larger than 4 MiB"));
	tally_arena_free(&a);
	tally_buf_free(&b);
}

static void
test_tree(void **state)
{
	static const char text[] =
	    "<?xml version='1.0' encoding='ISO-8859-1'?>\n"
	    "<list xmlns='urn:t' kind='short' note=''>\n"
	    "  <item name='a'> caf\xe9 &amp; <![CDATA[<b>]]> </item>\n"
	    "  <!-- no -->\n"
	    "  <list kind='long'><item name='b'/></list>\n"
	    "  <item name='c'>x</item>\n"
	    "</list>\n";
	struct tally_arena a;
	struct tally_err err;
	const struct tally_xml *x;

	(void)state;
	if (load(&a, &x, text, sizeof(text) - 1, &err) != TALLY_OK)
		fail_msg("%s", err.text);
	assert_string_equal(x->name, "list");
	assert_int_equal(x->line, 2);
	assert_string_equal(tally_xml_get(x, "kind"), "short");
	assert_string_equal(tally_xml_get(x, "note"), "");
	assert_null(tally_xml_get(x, "name"));
	assert_string_equal(x->text, "");
	x = x->child;
	assert_string_equal(x->text, "caf\xc3\xa9 & <b>");
	assert_int_equal(x->line, 3);
	assert_null(x->child);
	x = x->next;
	assert_string_equal(x->name, "list");
	assert_string_equal(tally_xml_get(x->child, "name"), "b");
	assert_null(x->child->next);
	x = x->next;
	assert_string_equal(x->text, "x");
	assert_int_equal(x->line, 6);
	assert_null(x->next);
	tally_arena_free(&a);
}

/* What stands for characters in attributes; text around elements. */
static void
test_characters(void **state)
{
	static const char text[] =
	    "<l a='&lt;&amp;&#65;&quot;' b=\"x\ty\n&#10;'\" xmlns:p='urn:p'>\n"
	    "  one &gt;<?no no?><e p:c='d'/> t<!-- no -->wo <f> </f>\n</l>";
	struct tally_arena a;
	struct tally_err err;
	const struct tally_xml *x;

	(void)state;
	tally_arena_init(&a, 1u << 20);
	if (tally_xml_load(&x, &a, "t", tally_cstr(text), NULL, &err) !=
	    TALLY_OK)
		fail_msg("%s", err.text);
	assert_int_equal(x->nattribute, 2);
	assert_string_equal(tally_xml_get(x, "a"), "<&A\"");
	assert_string_equal(tally_xml_get(x, "b"), "x y \n'");
	assert_string_equal(x->text, "one > two");
	assert_string_equal(x->child->name, "e");
	assert_string_equal(tally_xml_get(x->child, "c"), "d");
	assert_string_equal(x->child->text, "");
	assert_string_equal(x->child->next->text, "");
	assert_int_equal(x->child->next->line, 3);
	tally_arena_free(&a);
}

/* With and without each of so many attributes would be more cases than there
 * is time for. */
static void
many_optional_attributes(void **state)
{
	enum { N = 40 };
	const struct tally_xml *root = NULL;
	struct tally_err err = { .text = "" };
	struct tally_buf rng, text;
	struct tally_arena a;

	(void)state;
	tally_arena_init(&a, 1u << 20);
	tally_buf_init(&rng, 1u << 16);
	tally_buf_init(&text, 1u << 16);
	tally_buf_puts(&rng,
	    "<grammar xmlns='http://relaxng.org/ns/structure/1.0' ns='urn:t'>"
	    "<start><element name='l'><attribute name='must'/><ref name='m'/>"
	    "<zeroOrMore><element name='e'><optional><attribute name='a1'>"
	    "<value>x</value></attribute></optional></element></zeroOrMore>"
	    "</element></start><define name='m'>");
	tally_buf_puts(&text, "<l xmlns='urn:t' must='x'");
	for (int i = 0; i < N; i++) {
		tally_buf_printf(
		    &rng, "<optional><attribute name='a%d'/></optional>", i);
		tally_buf_printf(&text, " a%d='%d'", i, i);
	}
	tally_buf_puts(&rng, "</define></grammar>");
	tally_buf_putc(&rng, '\0');
	tally_buf_puts(&text, "/>");
	if (tally_xml_load(
		&root, &a, "t", tally_buf_view(&text), rng.p, &err) != TALLY_OK)
		fail_msg("%s", err.text);
	assert_int_equal(root->nattribute, N + 1);
	assert_string_equal(tally_xml_get(root, "a39"), "39");

	/* What is not free is still asked for. */
	assert_int_equal(
	    tally_xml_load(&root, &a, "t",
		TALLY_STR("<l xmlns='urn:t' a1='1'/>"), rng.p, &err),
	    TALLY_CONFIG);
	assert_non_null(strstr(err.text, "must"));
	assert_int_equal(
	    tally_xml_load(&root, &a, "t",
		TALLY_STR("<l xmlns='urn:t' must='1' a40='1'/>"), rng.p, &err),
	    TALLY_CONFIG);
	assert_non_null(strstr(err.text, "a40"));
	assert_int_equal(tally_xml_load(&root, &a, "t",
			     TALLY_STR("<l xmlns='urn:t' must='1'>"
				       "<e a1='y'/></l>"),
			     rng.p, &err),
	    TALLY_CONFIG);
	tally_buf_free(&text);
	tally_buf_free(&rng);
	tally_arena_free(&a);
}

/* Every text that is compiled in, and so is not held against its schema when it
 * is read, fits it; one with a single byte changed is held against it. */
static void
embedded_texts(void **state)
{
	const struct tally_xml *root;
	struct tally_str text;
	struct tally_arena a;
	struct tally_err err;
	const char *name, *rng;
	size_t n = 0;
	char *copy;

	(void)state;
	for (size_t i = 0; i < tally_nembedded; i++) {
		name = tally_embedded[i].name;
		text = tally_embedded[i].text;
		if (strstr(name, ".xml") == NULL)
			continue;
		rng = strcmp(name, "records.xml") == 0 ? "records.rng"
						       : "map.rng";
		assert_null(tally_embedded_schema(rng, text));
		tally_arena_init(&a, 64u << 20);
		copy = tally_arena_cstr(&a, text);
		assert_null(tally_embedded_schema(rng, tally_cstr(copy)));
		copy[text.n / 2] ^= 1;
		assert_ptr_equal(tally_embedded_schema(rng, tally_cstr(copy)),
		    tally_embedded_find(rng).p);
		if (tally_xml_load(&root, &a, name, text,
			tally_embedded_find(rng).p, &err) != TALLY_OK)
			fail_msg("%s:%u: %s", name, err.line, err.text);
		tally_arena_free(&a);
		n++;
	}
	assert_true(n > 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_characters),
		cmocka_unit_test(many_optional_attributes),
		cmocka_unit_test(embedded_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
