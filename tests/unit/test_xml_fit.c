/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What surely fits a schema: every shipped map does, and a configuration; and
 * whatever is done to one, libxml2 finds valid what is said to fit.
 *
 * SEED=n starts elsewhere, ROUNDS=n does more; a failure prints the document.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <libxml/parser.h>
#include <libxml/relaxng.h>

#include "base/embed.h"
#include "base/xml_fit.h"
#include "support/generate.h"

#define BYTES_MAX (16u << 20)

static void
say_nothing(void *ctx, const char *fmt, ...)
{
	(void)ctx;
	(void)fmt;
}

static bool
is_valid(xmlRelaxNGPtr rng, struct tally_str text)
{
	xmlDocPtr doc =
	    xmlReadMemory(text.p, (int)text.n, "test", NULL, XML_PARSE_NOERROR);
	xmlRelaxNGValidCtxtPtr valid = xmlRelaxNGNewValidCtxt(rng);
	int rc;

	assert_non_null(doc);
	assert_non_null(valid);
	xmlRelaxNGSetValidErrors(valid, say_nothing, say_nothing, NULL);
	rc = xmlRelaxNGValidateDoc(valid, doc);
	xmlRelaxNGFreeValidCtxt(valid);
	xmlFreeDoc(doc);
	return rc == 0;
}

/* --- damage --- */

enum damage {
	LEAVE_OUT,
	TWICE,
	RENAME,
	WITHOUT_ATTRIBUTE,
	MORE_ATTRIBUTE,
	OTHER_VALUE,
	TEXT,
	UNWRAP,
	WRAP,
	CHILDLESS,
	ROTATE,
	NDAMAGE
};

struct damaged {
	struct tally_buf out;
	const char *namespace;
	struct rnd *rnd;
	uint32_t at[3]; /* ordinals of elements that something is done to */
	enum damage what[3];
	uint32_t n; /* elements so far */
};

static const char *
some_name(struct rnd *r)
{
	static const char *const names[] = { "map", "library", "part", "codes",
		"code", "record", "level", "count", "sum", "rows", "field",
		"constant", "attribute", "literal", "sequence", "use", "remove",
		"name", "set", "versions", "extends", "uses", "repeats", "x12",
		"self", "partner", "id", "mailbox", "pull", "push", "proxy",
		"finding", "host-key", "url", "value", "where", "table", "ref",
		"of", "loop", "segment", "pair", "column", "qualifier",
		"qualifier-column", "lookup", "required", "absent", "zzz" };

	return names[rnd_below(r, sizeof(names) / sizeof(names[0]))];
}

static const char *
some_value(struct rnd *r)
{
	static const char *const values[] = { "yes", "no", "skip", "x", "" };

	return values[rnd_below(r, 5)];
}

static bool
does(const struct damaged *d, uint32_t element, enum damage what)
{
	for (size_t i = 0; i < 3; i++)
		if (d->at[i] == element && d->what[i] == what)
			return true;
	return false;
}

static void
put_value(struct tally_buf *b, const char *s)
{
	for (; *s != '\0'; s++)
		if (*s == '"' || *s == '<' || *s == '&')
			tally_buf_printf(b, "&#%d;", *s);
		else
			tally_buf_putc(b, *s);
}

static void
put_attributes(struct damaged *d, const struct tally_xml *x, uint32_t me)
{
	const struct tally_xml_attribute *a;
	const char *more = some_name(d->rnd);
	uint32_t one =
	    x->nattribute > 0 ? rnd_below(d->rnd, (uint32_t)x->nattribute) : 0;

	for (uint32_t i = 0; i < x->nattribute; i++) {
		a = &x->attribute[i];
		if (i == one && does(d, me, WITHOUT_ATTRIBUTE))
			continue;
		tally_buf_printf(&d->out, " %s=\"", a->name);
		put_value(&d->out,
		    i == one && does(d, me, OTHER_VALUE) ? some_value(d->rnd)
							 : a->value);
		tally_buf_putc(&d->out, '"');
	}
	if (does(d, me, MORE_ATTRIBUTE) && tally_xml_get(x, more) == NULL)
		tally_buf_printf(
		    &d->out, " %s=\"%s\"", more, some_value(d->rnd));
}

static void put(struct damaged *, const struct tally_xml *, bool root);

static void
put_children(struct damaged *d, const struct tally_xml *x, uint32_t me)
{
	const struct tally_xml *first = x->child;

	if (does(d, me, ROTATE))
		while (first != NULL && rnd_chance(d->rnd, 60))
			first = first->next;
	for (const struct tally_xml *c = first; c != NULL; c = c->next) {
		put(d, c, false);
		if (does(d, me, TWICE) && rnd_chance(d->rnd, 50))
			put(d, c, false);
	}
	for (const struct tally_xml *c = x->child; c != first; c = c->next)
		put(d, c, false);
}

/* An element with all that is in it; as deep as the document. */
static void
put(struct damaged *d, const struct tally_xml *x, bool root)
{
	uint32_t me = d->n++;
	const char *name = does(d, me, RENAME) ? some_name(d->rnd) : x->name;
	bool bare = !root && does(d, me, UNWRAP);

	if (!root && does(d, me, LEAVE_OUT))
		return;
	if (!root && does(d, me, WRAP))
		tally_buf_puts(&d->out, "<part name=\"x\">");
	if (!bare) {
		tally_buf_printf(&d->out, "<%s", name);
		if (root)
			tally_buf_printf(
			    &d->out, " xmlns=\"%s\"", d->namespace);
		put_attributes(d, x, me);
		tally_buf_puts(&d->out, ">\n");
	}
	if (does(d, me, TEXT))
		tally_buf_puts(&d->out, "text");
	put_value(&d->out, x->text);
	if (!does(d, me, CHILDLESS))
		put_children(d, x, me);
	if (!bare)
		tally_buf_printf(&d->out, "</%s>", name);
	if (!root && does(d, me, WRAP))
		tally_buf_puts(&d->out, "</part>");
}

static uint32_t
count(const struct tally_xml *x)
{
	uint32_t n = 1;

	for (x = x->child; x != NULL; x = x->next)
		n += count(x);
	return n;
}

/* --- the tests --- */

struct schema {
	struct tally_arena arena;
	const char *namespace;
	const struct tally_xml_fit *fit;
	xmlRelaxNGPtr rng;
};

static void
schema_init(struct schema *s, const char *name)
{
	const char *text = tally_embedded_find(name).p;
	xmlRelaxNGParserCtxtPtr parser =
	    xmlRelaxNGNewMemParserCtxt(text, (int)strlen(text));
	const struct tally_xml *grammar;
	struct tally_err err;

	tally_arena_init(&s->arena, BYTES_MAX);
	assert_int_equal(tally_xml_load(&grammar, &s->arena, name,
			     tally_cstr(text), NULL, &err),
	    TALLY_OK);
	s->namespace = tally_xml_get(grammar, "ns");
	s->fit = tally_xml_fit_new(&s->arena, grammar);
	assert_non_null(s->fit);
	s->rng = xmlRelaxNGParse(parser);
	assert_non_null(s->rng);
	xmlRelaxNGFreeParserCtxt(parser);
}

static void
schema_free(struct schema *s)
{
	xmlRelaxNGFree(s->rng);
	tally_arena_free(&s->arena);
}

/* Whether a text is said to fit; libxml2 has to agree that it does. */
static bool
fits(const struct schema *s, struct tally_str text)
{
	const struct tally_xml *root;
	struct tally_arena a;
	struct tally_err err;
	bool yes;

	tally_arena_init(&a, BYTES_MAX);
	if (tally_xml_load(&root, &a, "test", text, NULL, &err) != TALLY_OK)
		fail_msg("%s", err.text);
	yes = tally_xml_fits(s->fit, root);
	if (yes && !is_valid(s->rng, text))
		fail_msg("said to fit, but is not valid:\n%.*s", (int)text.n,
		    text.p);
	tally_arena_free(&a);
	return yes;
}

static bool
is_map(const struct tally_embedded *e)
{
	size_t n = strlen(e->name);

	return n > 4 && strcmp(e->name + n - 4, ".xml") == 0 &&
	    (strstr(e->text.p, "\n<map ") != NULL ||
		strstr(e->text.p, "\n<library ") != NULL);
}

/* All that may stand in any order, in some order. */
static const char configuration[] =
    "<tallyman xmlns='urn:tallyman:config:1'>"
    "<partner name='A' qualifier='ZZ' id='A' test='yes'>"
    "<send set='997'/><finding kind='k' severity='note'/>"
    "<mailbox url='sftp://a/' transport='openssh'>"
    "<push to='in'/><host-key>AAAA</host-key><pull from='out'/>"
    "<proxy url='socks5://b'/><host-key>BBBB</host-key></mailbox>"
    "<id qualifier='01' id='2'/><receive set='850' map='m'>"
    "<finding kind='k' severity='error'/></receive>"
    "<mailbox url='file:x'/><id qualifier='01' id='3'/></partner>"
    "<self qualifier='ZZ' id='US'/><limits findings='9'/>"
    "<partner name='B' qualifier='ZZ' id='B'/>"
    "<defaults zone='utc'><finding kind='k' severity='note'/>"
    "<proxy command='c'/><finding kind='l' severity='note'/></defaults>"
    "<self qualifier='ZZ' id='WE'/></tallyman>";

static void
test_shipped(void **state)
{
	struct schema s;
	size_t n = 0;

	(void)state;
	schema_init(&s, "map.rng");
	for (size_t i = 0; i < tally_nembedded; i++)
		if (is_map(&tally_embedded[i])) {
			assert_true(fits(&s, tally_embedded[i].text));
			n++;
		}
	assert_true(n > 10);
	schema_free(&s);
	schema_init(&s, "config.rng");
	assert_true(fits(&s, tally_cstr(configuration)));
	schema_free(&s);
}

static bool
one_round(const struct schema *s, struct tally_str text, struct rnd *r)
{
	struct damaged d = { .rnd = r, .namespace = s->namespace };
	const struct tally_xml *root;
	struct tally_arena a;
	struct tally_err err;
	uint32_t n;
	bool yes;

	tally_arena_init(&a, BYTES_MAX);
	tally_buf_init(&d.out, BYTES_MAX);
	assert_int_equal(
	    tally_xml_load(&root, &a, "test", text, NULL, &err), TALLY_OK);
	n = count(root);
	for (size_t i = 0; i < 3; i++) {
		/* the first few are looked at more often */
		d.at[i] = rnd_below(r, rnd_chance(r, 33) && n > 4 ? 4 : n);
		d.what[i] = (enum damage)rnd_below(r, NDAMAGE);
		if (rnd_chance(r, 50))
			d.at[i] = UINT32_MAX;
	}
	put(&d, root, true);
	yes = fits(s, tally_buf_view(&d.out));
	tally_buf_free(&d.out);
	tally_arena_free(&a);
	return yes;
}

/* A shipped map, or the configuration. */
static struct tally_str
some_text(bool map, struct rnd *r)
{
	size_t i;

	if (!map)
		return tally_cstr(configuration);
	do
		i = rnd_below(r, (uint32_t)tally_nembedded);
	while (!is_map(&tally_embedded[i]));
	return tally_embedded[i].text;
}

static void
damage_of(const char *schema, bool map)
{
	uint64_t seed = rnd_env("SEED", 1), rounds = rnd_env("ROUNDS", 400);
	uint64_t yes = 0;
	struct schema s;
	struct rnd r;

	schema_init(&s, schema);
	rnd_seed(&r, seed);
	for (uint64_t n = 0; n < rounds; n++)
		yes += one_round(&s, some_text(map, &r), &r);
	print_message("%llu of %llu documents fit\n", (unsigned long long)yes,
	    (unsigned long long)rounds);
	assert_true(yes > rounds / 20 && yes < rounds / 10 * 9);
	schema_free(&s);
}

static void
test_damaged(void **state)
{
	(void)state;
	damage_of("map.rng", true);
	damage_of("config.rng", false);
}

/* Namespaces are not seen in the tree; a document is refused for them. */
static void
test_namespaces(void **state)
{
	static const char *const texts[] = {
		"<map xmlns='urn:other' name='t' set='850' versions='004010'>"
		"<record table='orders'><sequence ref='BEG01'/></record></map>",
		"<map name='t' set='850' versions='004010'>"
		"<record table='orders'><sequence ref='BEG01'/></record></map>",
		"<map xmlns='urn:tallyman:map:1' xmlns:o='urn:other' name='t' "
		"set='850' versions='004010'><record o:table='orders'>"
		"<sequence ref='BEG01'/></record></map>",
		"<map xmlns='urn:tallyman:map:1' xmlns:o='urn:other' name='t' "
		"set='850' versions='004010'><record table='orders'>"
		"<o:sequence ref='BEG01'/></record></map>",
	};
	const char *schema = tally_embedded_find("map.rng").p;
	const struct tally_xml *root;
	struct tally_arena a;
	struct tally_err err;

	(void)state;
	tally_arena_init(&a, BYTES_MAX);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(tally_xml_load(&root, &a, "t.xml",
				     tally_cstr(texts[i]), schema, &err),
		    TALLY_CONFIG);
	tally_arena_free(&a);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_namespaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
