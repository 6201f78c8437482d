/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiling a guide: read.c walks the text, rule.c makes a rule of each
 * element of it, place.c finds what a rule speaks of, compile.c puts the
 * rules into tables by place.
 */
#ifndef TALLYMAN_GUIDE_COMPILE_H
#define TALLYMAN_GUIDE_COMPILE_H

#include "base/xml.h"
#include "guide/guide.h"
#include "x12/designator.h"

/* What a rule speaks of. */
struct guide_target {
	struct tally_places at; /* of one loop */
	uint8_t element, component;
	const struct tally_use *use; /* null: the whole segment */
};

/* Where the text of a rule is, to tell it from another one. */
struct guide_origin {
	struct guide_target of;
	const char *where; /* null: none */
	unsigned line;
};

struct guide_compile {
	struct tally_guide *guide;
	const struct tally_version *version;
	const struct tally_set_spec *set;
	const struct tally_xml *root;
	const char *file;
	struct tally_arena scratch;
	struct guide_origin *element, *count; /* of the guide's rules */
	struct tally_err *err;
};

enum tally_rc guide_mistake(struct guide_compile *, unsigned line,
    const char *fmt, ...) TALLY_PRINTF(3, 4);
enum tally_rc guide_nomem(struct guide_compile *);

/* The next word of a list parted by a character; p null behind the last. */
struct tally_str guide_word(const char **list, char separator);
/* A text in the guide's arena; null when memory ends. */
const char *guide_words(struct guide_compile *, const char *fmt, ...)
    TALLY_PRINTF(2, 3);

/* "PO1/PO107", "N1/REF" and "PO1/N1"; line is the rule's. */
enum tally_rc guide_find_element(
    struct guide_compile *, struct guide_target *, const struct tally_xml *);
enum tally_rc guide_find_segment(
    struct guide_compile *, struct guide_target *, const struct tally_xml *);
enum tally_rc guide_find_loop(
    struct guide_compile *, struct guide_target *, const struct tally_xml *);
/* The conditions on a target whose instances lie in loop scope. */
enum tally_rc guide_find_where(struct guide_compile *, struct guide_where *,
    const struct guide_target *, uint16_t scope, const struct tally_xml *);

/* One element of the text below <guide>. */
enum tally_rc guide_read_rule(struct guide_compile *, const struct tally_xml *);

#endif
