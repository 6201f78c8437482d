/* SPDX-License-Identifier: Apache-2.0 */
/* Validating; see xml_validate.h. */
#include "base/xml_validate.h"

#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <libxml/tree.h>

#include "base/xml_error.h"
#include "base/xml_optional.h"

/* The validator's first one counts. */
struct complaint {
	const char *name;
	struct tally_err *err;
	bool made;
};

static void
complain(void *ctx, tally_xml_error e)
{
	struct complaint *c = ctx;

	if (!c->made)
		c->made = tally_xml_error_note(e, c->name, c->err);
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

static bool
is_valid(struct complaint *c, xmlDocPtr doc, const char *schema)
{
	xmlRelaxNGParserCtxtPtr parser = NULL;
	xmlRelaxNGValidCtxtPtr valid = NULL;
	xmlRelaxNGPtr rng = NULL;
	int rc = -1;

	parser = xmlRelaxNGNewMemParserCtxt(schema, (int)strlen(schema));
	if (parser == NULL)
		goto out;
	xmlRelaxNGSetParserStructuredErrors(parser, complain, c);
	rng = xmlRelaxNGParse(parser);
	if (rng == NULL)
		goto out;
	valid = xmlRelaxNGNewValidCtxt(rng);
	if (valid == NULL)
		goto out;
	xmlRelaxNGSetValidStructuredErrors(valid, complain, c);
	rc = xmlRelaxNGValidateDoc(valid, doc);
out:
	xmlRelaxNGFreeValidCtxt(valid);
	xmlRelaxNGFree(rng);
	xmlRelaxNGFreeParserCtxt(parser);
	return rc == 0;
}

bool
tally_xml_validate(const char *name, struct tally_str text,
    const struct tally_xml_schema *schema, struct tally_err *complaint)
{
	struct complaint c = { .name = name, .err = complaint };
	xmlDocPtr doc = xmlReadMemory(text.p, (int)text.n, name, NULL,
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
		XML_PARSE_BIG_LINES);
	bool valid;

	if (doc == NULL)
		return false;
	take_out(doc, schema->grammar);
	valid = is_valid(&c, doc, schema->text);
	xmlFreeDoc(doc);
	return valid;
}
