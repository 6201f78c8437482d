/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Safe reading of XML; see xml.h.
 *
 * Nothing is loaded but the text that was given: the entity loader always
 * fails, a document type declaration stops the parser at once (so no entity
 * is ever defined), XInclude is refused rather than ignored.  Depth and number
 * of elements are counted while parsing, so a hostile document costs no more
 * than a large honest one.  The tree is made as the parser reads, without a
 * document of libxml2's.
 */
#include "base/xml.h"

#include <stdbool.h>
#include <string.h>
#include <libxml/parser.h>

#include "base/xml_error.h"
#include "base/xml_explain.h"
#include "base/xml_fit.h"
#include "base/xml_validate.h"

/* A map of five hundred lines has 30 KiB, depth 6 and 600 elements. */
#define BYTES_MAX    (4u << 20)
#define DEPTH_MAX    32
#define ELEMENTS_MAX 100000
#define SCHEMA_MAX   (8u << 20) /* memory for a schema's tree */

#define XINCLUDE_2001 "http://www.w3.org/2001/XInclude"
#define XINCLUDE_2003 "http://www.w3.org/2003/XInclude"

/* An element that is being read; [0] is the document. */
struct open {
	struct tally_xml *element, *last; /* the last child, or null */
	struct tally_buf text;
};

/* What a load in progress has seen; hung on the parser's _private. */
struct load {
	const char *name, *file; /* file: its copy in the arena */
	const char *namespace;   /* that elements should have, or null */
	struct tally_arena *arena;
	struct tally_xml *root;
	struct tally_err *err;
	bool failed; /* err is filled; the first trouble counts */
	bool no_memory;
	bool foreign; /* not all was of that namespace */
	unsigned depth, elements;
	struct open open[DEPTH_MAX + 1];
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
	if (!load->failed)
		tally_xml_error_at(load->err, load->name, line, text);
	load->failed = true;
}

static void
parse_error(void *ctx, tally_xml_error e)
{
	struct load *load = ((xmlParserCtxtPtr)ctx)->_private;

	if (!load->failed)
		load->failed = tally_xml_error_note(e, load->name, load->err);
}

static void
stop(xmlParserCtxtPtr ctxt, const char *text)
{
	fail(ctxt->_private, ctxt->input != NULL ? ctxt->input->line : 0, text);
	xmlStopParser(ctxt);
}

static void
stop_for_memory(xmlParserCtxtPtr ctxt)
{
	struct load *load = ctxt->_private;

	load->no_memory = load->no_memory || !load->failed;
	stop(ctxt, "no memory");
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

/* --- the tree, as elements are read --- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* An element that may not be there: of XInclude, too deep, one too many. */
static const char *
refused(struct load *load, const xmlChar *uri)
{
	if (uri != NULL &&
	    (strcmp((const char *)uri, XINCLUDE_2001) == 0 ||
		strcmp((const char *)uri, XINCLUDE_2003) == 0))
		return "XInclude is not allowed; put the included text here";
	if (load->depth == DEPTH_MAX)
		return "elements are nested deeper than 32 levels, which is "
		       "the limit";
	if (++load->elements > ELEMENTS_MAX)
		return "there are more than 100000 elements, which is the "
		       "limit";
	return NULL;
}

static const char *
keep(struct load *load, const xmlChar *p, size_t n)
{
	return tally_arena_cstr(load->arena, tally_str((const char *)p, n));
}

/* Attributes come as name, prefix, namespace, and the value from where to
 * where. */
static bool
keep_attributes(
    struct load *load, struct tally_xml *x, size_t n, const xmlChar **att)
{
	struct tally_xml_attribute *v =
	    tally_arena_alloc(load->arena, n * sizeof(*v));

	if (v == NULL)
		return false;
	x->attribute = v;
	x->nattribute = n;
	for (size_t i = 0; i < n; i++, att += 5) {
		v[i].name = keep(load, att[0], strlen((const char *)att[0]));
		v[i].value = keep(load, att[3], (size_t)(att[4] - att[3]));
		if (v[i].name == NULL || v[i].value == NULL)
			return false;
		load->foreign |= att[2] != NULL;
	}
	return true;
}

static struct tally_xml *
keep_element(struct load *load, const xmlChar *name, long line, size_t natt,
    const xmlChar **att)
{
	struct tally_xml *x = tally_arena_alloc(load->arena, sizeof(*x));

	if (x == NULL)
		return NULL;
	*x = (struct tally_xml){ .file = load->file,
		.text = "",
		.line = line > 0 ? (unsigned)line : 0 };
	x->name = keep(load, name, strlen((const char *)name));
	return x->name != NULL && keep_attributes(load, x, natt, att) ? x
								      : NULL;
}

static void
start_element(void *ctx, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *uri, int nns, const xmlChar **ns, int natt, int ndefault,
    const xmlChar **att)
{
	xmlParserCtxtPtr ctxt = ctx;
	struct load *load = ctxt->_private;
	struct open *in = &load->open[load->depth], *at = in + 1;
	const char *why = refused(load, uri);
	struct tally_xml *x;

	(void)prefix;
	(void)nns;
	(void)ns;
	(void)ndefault;
	if (why != NULL) {
		stop(ctxt, why);
		return;
	}
	x = keep_element(load, name, ctxt->input->line, (size_t)natt, att);
	if (x == NULL) {
		stop_for_memory(ctxt);
		return;
	}
	load->foreign |= load->namespace == NULL || uri == NULL ||
	    strcmp((const char *)uri, load->namespace) != 0;
	if (in->last != NULL)
		in->last->next = x;
	else if (in->element != NULL)
		in->element->child = x;
	else
		load->root = x;
	in->last = x;
	load->depth++;
	at->element = x;
	at->last = NULL;
	tally_buf_reset(&at->text);
}

static void
end_element(
    void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	xmlParserCtxtPtr ctxt = ctx;
	struct load *load = ctxt->_private;
	struct open *at = &load->open[load->depth--];
	struct tally_str s = tally_buf_view(&at->text);

	(void)name;
	(void)prefix;
	(void)uri;
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	if (s.n > 0)
		at->element->text = tally_arena_cstr(load->arena, s);
	if (at->text.failed || at->element->text == NULL)
		stop_for_memory(ctxt);
}

/* Text directly in an element, without the blanks that it begins with. */
static void
add_text(void *ctx, const xmlChar *text, int n)
{
	struct load *load = ((xmlParserCtxtPtr)ctx)->_private;
	struct tally_buf *b = &load->open[load->depth].text;
	struct tally_str s = tally_str((const char *)text, (size_t)n);

	while (b->n == 0 && s.n > 0 && is_blank(*s.p)) {
		s.p++;
		s.n--;
	}
	if (s.n > 0)
		tally_buf_add(b, s.p, s.n);
}

static void TALLY_PRINTF(2, 3) say_nothing(void *ctx, const char *fmt, ...)
{
	(void)ctx;
	(void)fmt;
}

static void
handle(xmlParserCtxtPtr ctxt, struct load *load)
{
	memset(ctxt->sax, 0, sizeof(*ctxt->sax));
	ctxt->sax->initialized = XML_SAX2_MAGIC;
	ctxt->sax->startElementNs = start_element;
	ctxt->sax->endElementNs = end_element;
	ctxt->sax->characters = add_text;
	ctxt->sax->ignorableWhitespace = add_text;
	ctxt->sax->cdataBlock = add_text;
	ctxt->sax->internalSubset = refuse_dtd;
	ctxt->sax->externalSubset = refuse_dtd;
	ctxt->sax->serror = parse_error;
	ctxt->_private = load;
}

/* True when the text is well formed, its tree then whole. */
static bool
parse_by(xmlParserCtxtPtr ctxt, struct load *load, struct tally_str text)
{
	/* NOENT makes "&amp;" and "&#38;" in attributes what they stand for;
	 * there are no other entities, for they need a DTD. */
	int options = XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_BIG_LINES;
	xmlGenericErrorFunc others = xmlGenericError;
	void *context = xmlGenericErrorContext;

#if LIBXML_VERSION >= 21300
	options |= XML_PARSE_NO_XXE;
#endif
	handle(ctxt, load);
	/* What cannot be decoded is told to this thread's handler as well as
	 * to ours, and that one prints: silent while we read. */
	xmlSetGenericErrorFunc(NULL, say_nothing);
	xmlFreeDoc(xmlCtxtReadMemory(
	    ctxt, text.p, (int)text.n, load->file, NULL, options));
	xmlSetGenericErrorFunc(context, others);
	return !load->failed && ctxt->wellFormed && load->root != NULL;
}

static enum tally_rc
parse(struct load *load, struct tally_str text)
{
	xmlParserCtxtPtr ctxt;
	bool whole = false;

	if (text.n == 0) {
		fail(
		    load, 1, "the file is empty; an XML document was expected");
		return TALLY_CONFIG;
	}
	if (text.n > BYTES_MAX) {
		fail(load, 0,
		    "the file is larger than 4 MiB, which is the limit");
		return TALLY_CONFIG;
	}
	xmlInitParser();
	xmlSetExternalEntityLoader(refuse_entity);
	ctxt = xmlNewParserCtxt();
	if (ctxt != NULL) {
		for (int i = 0; i <= DEPTH_MAX; i++)
			tally_buf_init(&load->open[i].text, BYTES_MAX);
		whole = parse_by(ctxt, load, text);
		for (int i = 0; i <= DEPTH_MAX; i++)
			tally_buf_free(&load->open[i].text);
		xmlFreeParserCtxt(ctxt);
	}
	if (whole)
		return TALLY_OK;
	if (load->failed && !load->no_memory)
		return TALLY_CONFIG;
	return tally_err_set(
	    load->err, TALLY_NOMEM, "no memory for %s", load->name);
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

/* What is surely valid need not be shown to the validator, whose complaint is
 * only explained. */
static enum tally_rc
check_valid(const struct load *load, struct tally_str text,
    const struct tally_xml_schema *schema)
{
	struct tally_err complaint = { .rc = TALLY_CONFIG };

	if (schema->fit != NULL && !load->foreign &&
	    tally_xml_fits(schema->fit, load->root))
		return TALLY_OK;
	if (tally_xml_validate(load->name, text, schema, &complaint))
		return TALLY_OK;
	return tally_xml_explain(
	    load->root, load->name, schema->grammar, &complaint, load->err);
}

enum tally_rc
tally_xml_load_by(const struct tally_xml **root, struct tally_arena *a,
    const char *name, struct tally_str text, struct tally_xml_schema *schema,
    struct tally_err *err)
{
	struct load load = { .name = name, .arena = a, .err = err };
	enum tally_rc rc = schema != NULL ? make_ready(schema, err) : TALLY_OK;

	if (rc != TALLY_OK)
		return rc;
	if (schema != NULL)
		load.namespace = tally_xml_get(schema->grammar, "ns");
	load.file = tally_arena_cstr(a, tally_cstr(name));
	if (load.file == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "no memory for %s", name);
	rc = parse(&load, text);
	if (rc == TALLY_OK && schema != NULL)
		rc = check_valid(&load, text, schema);
	if (rc == TALLY_OK)
		*root = load.root;
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
	const char *name;

	for (size_t i = 0; i < x->nattribute; i++) {
		name = x->attribute[i].name;
		if (name[0] == attribute[0] && strcmp(name, attribute) == 0)
			return x->attribute[i].value;
	}
	return NULL;
}
