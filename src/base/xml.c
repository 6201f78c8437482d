/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Safe reading of XML; see xml.h.  The only file that names libxml2.
 *
 * Nothing is loaded but the text that was given: the entity loader always
 * fails, a document type declaration stops the parser at once (so no entity
 * is ever defined), XInclude is refused rather than ignored.  Depth and number
 * of elements are counted while parsing, so a hostile document costs no more
 * than a large honest one.
 */
#include "base/xml.h"

#include <limits.h>
#include <stdio.h>
#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <libxml/SAX2.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>

#include "base/text.h"
#include "base/xml_explain.h"
#include "base/xml_fit.h"
#include "base/xml_optional.h"

/* A map of five hundred lines has 30 KiB, depth 6 and 600 elements. */
#define BYTES_MAX    (4u << 20)
#define DEPTH_MAX    32
#define ELEMENTS_MAX 100000
#define SCHEMA_MAX   (8u << 20) /* memory for a schema's tree */

#define XINCLUDE_2001 "http://www.w3.org/2001/XInclude"
#define XINCLUDE_2003 "http://www.w3.org/2003/XInclude"

/* What a load in progress has seen; hung on the parser's _private. */
struct load {
	const char *name;
	struct tally_err *err;
	bool failed; /* err is filled; the first trouble counts */
	unsigned depth, elements;
	startElementNsSAX2Func start;
	endElementNsSAX2Func end;
};

static xmlParserInputPtr
refuse_entity(const char *url, const char *id, xmlParserCtxtPtr ctxt)
{
	(void)url;
	(void)id;
	(void)ctxt;
	return NULL;
}

static void
fail(struct load *load, long line, const char *text)
{
	if (load->failed)
		return;
	load->failed = true;
	tally_err_at(load->err, TALLY_CONFIG, load->name,
	    line > 0 && line < INT_MAX ? (unsigned)line : 0, "%s", text);
}

/* libxml2's own message, without its line feed and made printable. */
static void
note_error(struct load *load, const xmlError *e)
{
	struct tally_buf b;
	size_t n = e->message != NULL ? strlen(e->message) : 0;

	if (load->failed || e->level == XML_ERR_WARNING)
		return;
	while (n > 0 && e->message[n - 1] == '\n')
		n--;
	tally_buf_init(&b, 4096);
	tally_text_safe(&b, tally_str(e->message, n < 800 ? n : 800));
	fail(load, e->line, b.n > 0 ? b.p : "the XML cannot be read");
	tally_buf_free(&b);
}

/* libxml2 declares the error const from 2.12 on. */
#if LIBXML_VERSION >= 21200
typedef const xmlError *error_arg;
#else
typedef xmlError *error_arg;
#endif

static void
parse_error(void *ctx, error_arg e)
{
	note_error(((xmlParserCtxtPtr)ctx)->_private, e);
}

static void
schema_error(void *ctx, error_arg e)
{
	note_error(ctx, e);
}

static void
stop(xmlParserCtxtPtr ctxt, const char *text)
{
	fail(ctxt->_private, ctxt->input != NULL ? ctxt->input->line : 0, text);
	xmlStopParser(ctxt);
}

static void
refuse_dtd(
    void *ctx, const xmlChar *name, const xmlChar *id, const xmlChar *uri)
{
	(void)name;
	(void)id;
	(void)uri;
	stop(ctx,
	    "a document type declaration is not allowed; remove "
	    "<!DOCTYPE …> and write entities out");
}

static void
start_element(void *ctx, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *uri, int nns, const xmlChar **ns, int natt, int ndefault,
    const xmlChar **att)
{
	xmlParserCtxtPtr ctxt = ctx;
	struct load *load = ctxt->_private;

	if (uri != NULL &&
	    (strcmp((const char *)uri, XINCLUDE_2001) == 0 ||
		strcmp((const char *)uri, XINCLUDE_2003) == 0)) {
		stop(ctxt,
		    "XInclude is not allowed; put the included text "
		    "here");
		return;
	}
	if (++load->depth > DEPTH_MAX) {
		stop(ctxt,
		    "elements are nested deeper than 32 levels, which is "
		    "the limit");
		return;
	}
	if (++load->elements > ELEMENTS_MAX) {
		stop(ctxt,
		    "there are more than 100000 elements, which is the "
		    "limit");
		return;
	}
	load->start(ctx, name, prefix, uri, nns, ns, natt, ndefault, att);
}

static void
end_element(
    void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct load *load = ((xmlParserCtxtPtr)ctx)->_private;

	load->depth--;
	load->end(ctx, name, prefix, uri);
}

static void TALLY_PRINTF(2, 3) say_nothing(void *ctx, const char *fmt, ...)
{
	(void)ctx;
	(void)fmt;
}

static xmlDocPtr
parse(struct load *load, struct tally_str text)
{
	xmlGenericErrorFunc others;
	xmlParserCtxtPtr ctxt;
	void *context;
	xmlDocPtr doc;
	int options = XML_PARSE_NONET | XML_PARSE_BIG_LINES;

#if LIBXML_VERSION >= 21300
	options |= XML_PARSE_NO_XXE;
#endif
	if (text.n == 0) {
		fail(
		    load, 1, "the file is empty; an XML document was expected");
		return NULL;
	}
	if (text.n > BYTES_MAX) {
		fail(load, 0,
		    "the file is larger than 4 MiB, which is the limit");
		return NULL;
	}
	xmlInitParser();
	xmlSetExternalEntityLoader(refuse_entity);
	ctxt = xmlNewParserCtxt();
	if (ctxt == NULL)
		return NULL;
	ctxt->_private = load;
	load->start = ctxt->sax->startElementNs;
	load->end = ctxt->sax->endElementNs;
	ctxt->sax->startElementNs = start_element;
	ctxt->sax->endElementNs = end_element;
	ctxt->sax->internalSubset = refuse_dtd;
	ctxt->sax->externalSubset = refuse_dtd;
	ctxt->sax->serror = parse_error;
	/* What cannot be decoded is told to this thread's handler as well as
	 * to ours, and that one prints: silent while we read. */
	others = xmlGenericError;
	context = xmlGenericErrorContext;
	xmlSetGenericErrorFunc(NULL, say_nothing);
	doc = xmlCtxtReadMemory(
	    ctxt, text.p, (int)text.n, load->name, NULL, options);
	if (doc != NULL && (load->failed || !ctxt->wellFormed)) {
		xmlFreeDoc(doc);
		doc = NULL;
	}
	xmlFreeParserCtxt(ctxt);
	xmlSetGenericErrorFunc(context, others);
	return doc;
}

static bool
copy_attributes(
    struct tally_xml *to, const xmlNode *from, struct tally_arena *a)
{
	struct tally_xml_attribute *v;
	size_t n = 0;
	xmlChar *value;

	for (const xmlAttr *t = from->properties; t != NULL; t = t->next)
		n++;
	v = tally_arena_alloc(a, n * sizeof(*v));
	if (v == NULL)
		return false;
	to->attribute = v;
	for (xmlAttr *t = from->properties; t != NULL; t = t->next) {
		value = xmlNodeListGetString(from->doc, t->children, 1);
		v->name =
		    tally_arena_cstr(a, tally_cstr((const char *)t->name));
		v->value = tally_arena_cstr(a, tally_cstr((char *)value));
		xmlFree(value);
		if (v->name == NULL || v->value == NULL)
			return false;
		v++;
		to->nattribute++;
	}
	return true;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
copy_text(struct tally_xml *to, const xmlNode *from, struct tally_arena *a)
{
	struct tally_buf b;
	struct tally_str s;

	tally_buf_init(&b, BYTES_MAX);
	for (const xmlNode *t = from->children; t != NULL; t = t->next)
		if ((t->type == XML_TEXT_NODE ||
			t->type == XML_CDATA_SECTION_NODE) &&
		    t->content != NULL)
			tally_buf_puts(&b, (const char *)t->content);
	s = tally_buf_view(&b);
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	while (s.n > 0 && is_blank(*s.p)) {
		s.p++;
		s.n--;
	}
	to->text = b.failed ? NULL : tally_arena_cstr(a, s);
	tally_buf_free(&b);
	return to->text != NULL;
}

static struct tally_xml *
copy_element(const xmlNode *from, struct tally_arena *a, const char *file)
{
	struct tally_xml *to = tally_arena_alloc(a, sizeof(*to));
	long line = xmlGetLineNo(from);

	if (to == NULL)
		return NULL;
	*to = (struct tally_xml){ .file = file,
		.line = line > 0 ? (unsigned)line : 0 };
	to->name = tally_arena_cstr(a, tally_cstr((const char *)from->name));
	if (to->name == NULL || !copy_attributes(to, from, a) ||
	    !copy_text(to, from, a))
		return NULL;
	return to;
}

static const xmlNode *
element_from(const xmlNode *n)
{
	while (n != NULL && n->type != XML_ELEMENT_NODE)
		n = n->next;
	return n;
}

/* Copies the elements below root in document order, depth bounded by
 * DEPTH_MAX. */
static const struct tally_xml *
copy_tree(const xmlNode *root, struct tally_arena *a, const char *file)
{
	struct tally_xml *open[DEPTH_MAX + 1];
	struct tally_xml *last[DEPTH_MAX + 1] = { NULL };
	const xmlNode *n = root, *next;
	int depth = 0;

	open[0] = copy_element(root, a, file);
	if (open[0] == NULL)
		return NULL;
	for (;;) {
		next = element_from(n->children);
		if (next != NULL) {
			depth++;
			last[depth] = NULL;
		} else {
			while (depth > 0 &&
			    (next = element_from(n->next)) == NULL) {
				n = n->parent;
				depth--;
			}
			if (depth == 0)
				return open[0];
		}
		open[depth] = copy_element(next, a, file);
		if (open[depth] == NULL)
			return NULL;
		if (last[depth] != NULL)
			last[depth]->next = open[depth];
		else
			open[depth - 1]->child = open[depth];
		last[depth] = open[depth];
		n = next;
	}
}

/* The element after n in document order. */
static xmlNode *
element_after(xmlNode *n)
{
	for (xmlNode *c = n->children; c != NULL; c = c->next)
		if (c->type == XML_ELEMENT_NODE)
			return c;
	for (; n != NULL; n = n->parent)
		for (xmlNode *s = n->next; s != NULL; s = s->next)
			if (s->type == XML_ELEMENT_NODE)
				return s;
	return NULL;
}

/*
 * Takes out of doc the attributes that the schema leaves free.  libxml2 goes
 * on with and without each one that it meets, so that an element with twenty
 * of them would keep it busy for hours.
 */
static void
take_out(xmlDocPtr doc, const struct tally_xml *grammar)
{
	const struct tally_xml *pattern;

	for (xmlNode *n = xmlDocGetRootElement(doc); n != NULL;
	     n = element_after(n)) {
		pattern = tally_xml_pattern(grammar, (const char *)n->name);
		if (pattern == NULL)
			continue;
		for (xmlAttr *at = n->properties, *next; at; at = next) {
			next = at->next;
			if (at->ns == NULL &&
			    tally_xml_optional(
				grammar, pattern, (const char *)at->name))
				xmlRemoveProp(at);
		}
	}
}

/* True when doc is valid; otherwise load holds libxml2's first complaint. */
static bool
validate(struct load *load, xmlDocPtr doc, const char *schema)
{
	xmlRelaxNGParserCtxtPtr parser = NULL;
	xmlRelaxNGValidCtxtPtr valid = NULL;
	xmlRelaxNGPtr rng = NULL;
	int rc = -1;

	parser = xmlRelaxNGNewMemParserCtxt(schema, (int)strlen(schema));
	if (parser == NULL)
		goto out;
	xmlRelaxNGSetParserStructuredErrors(parser, schema_error, load);
	rng = xmlRelaxNGParse(parser);
	if (rng == NULL)
		goto out;
	valid = xmlRelaxNGNewValidCtxt(rng);
	if (valid == NULL)
		goto out;
	xmlRelaxNGSetValidStructuredErrors(valid, schema_error, load);
	rc = xmlRelaxNGValidateDoc(valid, doc);
out:
	xmlRelaxNGFreeValidCtxt(valid);
	xmlRelaxNGFree(rng);
	xmlRelaxNGFreeParserCtxt(parser);
	return rc == 0;
}

/* --- schemas --- */

void
tally_xml_schema_init(struct tally_xml_schema *s, const char *text)
{
	*s = (struct tally_xml_schema){ .text = text };
	tally_arena_init(&s->arena, SCHEMA_MAX);
}

void
tally_xml_schema_free(struct tally_xml_schema *s)
{
	tally_arena_free(&s->arena);
	s->grammar = NULL;
	s->fit = NULL;
}

static enum tally_rc
make_ready(struct tally_xml_schema *s, struct tally_err *err)
{
	enum tally_rc rc;

	if (s->grammar != NULL)
		return TALLY_OK;
	rc = tally_xml_load(&s->grammar, &s->arena, "the schema",
	    tally_cstr(s->text), NULL, err);
	if (rc == TALLY_OK)
		s->fit = tally_xml_fit_new(&s->arena, s->grammar);
	return rc;
}

/* Whether all elements are of the namespace, and no attribute is of any. */
static bool
is_of(xmlDocPtr doc, const char *namespace)
{
	const xmlNs *known = NULL;

	if (namespace == NULL)
		return false;
	for (xmlNode *n = xmlDocGetRootElement(doc); n != NULL;
	     n = element_after(n)) {
		if (n->ns == NULL ||
		    (n->ns != known &&
			strcmp((const char *)n->ns->href, namespace) != 0))
			return false;
		known = n->ns;
		for (const xmlAttr *a = n->properties; a != NULL; a = a->next)
			if (a->ns != NULL)
				return false;
	}
	return true;
}

/* What is surely valid need not be shown to the validator, whose complaint is
 * only explained. */
static enum tally_rc
check_valid(struct load *load, xmlDocPtr doc, const struct tally_xml *tree,
    struct tally_xml_schema *schema)
{
	struct tally_err complaint = { .rc = TALLY_CONFIG }, *err = load->err;
	enum tally_rc rc = make_ready(schema, err);

	if (rc != TALLY_OK)
		return rc;
	if (schema->fit != NULL &&
	    is_of(doc, tally_xml_get(schema->grammar, "ns")) &&
	    tally_xml_fits(schema->fit, tree))
		return TALLY_OK;
	take_out(doc, schema->grammar);
	load->err = &complaint;
	if (validate(load, doc, schema->text))
		return TALLY_OK;
	return tally_xml_explain(
	    tree, load->name, schema->grammar, &complaint, err);
}

enum tally_rc
tally_xml_load_by(const struct tally_xml **root, struct tally_arena *a,
    const char *name, struct tally_str text, struct tally_xml_schema *schema,
    struct tally_err *err)
{
	struct load load = { .name = name, .err = err };
	const struct tally_xml *tree = NULL;
	const char *file;
	enum tally_rc rc = TALLY_OK;
	xmlDocPtr doc = parse(&load, text);

	if (doc == NULL)
		return load.failed
		    ? TALLY_CONFIG
		    : tally_err_set(err, TALLY_NOMEM, "no memory for %s", name);
	file = tally_arena_cstr(a, tally_cstr(name));
	if (file != NULL)
		tree = copy_tree(xmlDocGetRootElement(doc), a, file);
	if (tree == NULL)
		rc = tally_err_set(err, TALLY_NOMEM, "no memory for %s", name);
	else if (schema != NULL)
		rc = check_valid(&load, doc, tree, schema);
	if (rc == TALLY_OK)
		*root = tree;
	xmlFreeDoc(doc);
	return rc;
}

enum tally_rc
tally_xml_load(const struct tally_xml **root, struct tally_arena *a,
    const char *name, struct tally_str text, const char *schema,
    struct tally_err *err)
{
	struct tally_xml_schema s;
	enum tally_rc rc;

	if (schema == NULL)
		return tally_xml_load_by(root, a, name, text, NULL, err);
	tally_xml_schema_init(&s, schema);
	rc = tally_xml_load_by(root, a, name, text, &s, err);
	tally_xml_schema_free(&s);
	return rc;
}

const char *
tally_xml_get(const struct tally_xml *x, const char *attribute)
{
	for (size_t i = 0; i < x->nattribute; i++)
		if (strcmp(x->attribute[i].name, attribute) == 0)
			return x->attribute[i].value;
	return NULL;
}
