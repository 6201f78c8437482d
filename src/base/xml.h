/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XML documents of the user's (configuration, model, maps), read safely.
 *
 * A document is parsed without network, entities, DTD (any is refused) or
 * XInclude, with ceilings on size and depth, into a plain tree with line
 * numbers, and held against a RELAX NG schema.  Nothing outside of base/xml*
 * knows libxml2.
 */
#ifndef TALLYMAN_BASE_XML_H
#define TALLYMAN_BASE_XML_H

#include "tallyman/err.h"
#include "tallyman/mem.h"
#include "tallyman/str.h"

struct tally_xml_fit;

struct tally_xml_attribute {
	const char *name;
	const char *value;
};

struct tally_xml {
	const char *name; /* without prefix */
	const char *text; /* character data directly inside, trimmed; never
	                     null */
	const char *file; /* the name that it was loaded under */
	unsigned line;
	const struct tally_xml_attribute *attribute;
	size_t nattribute;
	const struct tally_xml *child; /* first; null */
	const struct tally_xml *next;  /* sibling; null */
};

/*
 * Parses text and validates it against schema (null: not validated).  name
 * is the file's name for messages.  The tree is in the arena.  TALLY_CONFIG
 * with file and line for anything wrong; what was expected is in the text.
 */
enum tally_rc tally_xml_load(const struct tally_xml **root,
    struct tally_arena *, const char *name, struct tally_str text,
    const char *schema, struct tally_err *) TALLY_MUST_USE;

/* A schema that several documents are validated against, which is made ready
 * when the first one comes. */
struct tally_xml_schema {
	const char *text;         /* borrowed */
	struct tally_arena arena; /* owned */
	const struct tally_xml *grammar;
	const struct tally_xml_fit *fit; /* or null */
};
void tally_xml_schema_init(struct tally_xml_schema *, const char *text);
void tally_xml_schema_free(struct tally_xml_schema *);

/* tally_xml_load with such a schema; null: not validated. */
enum tally_rc tally_xml_load_by(const struct tally_xml **root,
    struct tally_arena *, const char *name, struct tally_str text,
    struct tally_xml_schema *, struct tally_err *) TALLY_MUST_USE;

static inline bool
tally_xml_is(const struct tally_xml *x, const char *name)
{
	return x->name[0] == name[0] && strcmp(x->name, name) == 0;
}

/* The attribute's value, or null. */
const char *tally_xml_get(const struct tally_xml *, const char *attribute);

#endif
