/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts of a map as one that stands by itself: what the compiler has made
 * of libraries, parts and differences, before it makes rules of it.
 *
 * It is XML that compiles to the same program; behind each element a comment
 * says which file and line it is from.
 */
#include <string.h>

#include "map/compile.h"

#define COMMENT_AT 72 /* column of the comments */

struct printing {
	struct tally_buf *out;
	size_t line; /* where it begins in out */
};

static void
put_attribute(struct tally_buf *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	tally_buf_printf(out, " %s=\"", name);
	for (; *value != '\0'; value++)
		switch (*value) {
		case '&':
			tally_buf_puts(out, "&amp;");
			break;
		case '<':
			tally_buf_puts(out, "&lt;");
			break;
		case '"':
			tally_buf_puts(out, "&quot;");
			break;
		default:
			tally_buf_putc(out, *value);
		}
	tally_buf_putc(out, '"');
}

static void
begin(struct printing *p, size_t depth, const char *name)
{
	p->line = p->out->n;
	tally_buf_printf(p->out, "%*s<%s", (int)depth * 2, "", name);
}

/* A comment must not have two hyphens in a row (XML 1.0, section 2.5). */
static void
end(struct printing *p, const char *with, const struct tally_xml *from)
{
	struct tally_buf *out = p->out;
	size_t n;

	tally_buf_puts(out, with);
	n = out->n - p->line;
	tally_buf_printf(
	    out, "%*s <!-- ", n < COMMENT_AT ? (int)(COMMENT_AT - n) : 0, "");
	for (const char *s = from->file; *s != '\0'; s++) {
		tally_buf_putc(out, *s);
		if (s[0] == '-' && s[1] == '-')
			tally_buf_putc(out, ' ');
	}
	tally_buf_printf(out, ":%u -->\n", from->line);
}

/* --- codes --- */

static const struct tally_xml *
first_code(const struct map_file *f, const char *table)
{
	const struct tally_xml *x = compile_codes_in(f, table);

	return x != NULL ? x->child : NULL;
}

static bool
has_code(const struct map_file *f, const char *table, const char *x12)
{
	for (const struct tally_xml *x = first_code(f, table); x != NULL;
	     x = x->next)
		if (strcmp(tally_xml_get(x, "x12"), x12) == 0)
			return true;
	return false;
}

/* Whether a code of a file is the one that the table has. */
static bool
counts(const struct compile *c, const struct map_codes *t, size_t file,
    const struct tally_xml *code)
{
	const char *x12 = tally_xml_get(code, "x12");

	for (size_t i = 0; i < file; i++)
		if (has_code(&c->texts.file[i], t->name, x12))
			return false;
	for (size_t i = 0; i < t->n; i++)
		if (tally_str_eq(t->code[i].x12, tally_cstr(x12)))
			return tally_str_eq(t->code[i].value,
			    tally_cstr(tally_xml_get(code, "value")));
	return false;
}

static void
print_code(struct printing *p, const struct tally_xml *code)
{
	begin(p, 2, "code");
	put_attribute(p->out, "x12", tally_xml_get(code, "x12"));
	put_attribute(p->out, "value", tally_xml_get(code, "value"));
	end(p, "/>", code);
}

static void
print_codes(
    struct printing *p, const struct compile *c, const struct map_codes *t)
{
	const struct map_file *f = c->texts.file;

	tally_buf_puts(p->out, "  <codes");
	put_attribute(p->out, "name", t->name);
	tally_buf_puts(p->out, ">\n");
	for (size_t i = 0; i < c->texts.nfile; i++)
		for (const struct tally_xml *x = first_code(&f[i], t->name);
		     x != NULL; x = x->next)
			if (counts(c, t, i, x))
				print_code(p, x);
	tally_buf_puts(p->out, "  </codes>\n");
}

/* --- rules --- */

/* What is for other versions, or left out, is not in the tree any more. */
static void
print_rule(struct printing *p, size_t depth, const struct map_text *t)
{
	begin(p, depth, t->x->name);
	for (size_t i = 0; i < t->x->nattribute; i++)
		if (strcmp(t->x->attribute[i].name, "versions") != 0)
			put_attribute(p->out, t->x->attribute[i].name,
			    t->x->attribute[i].value);
	end(p, t->child != NULL ? ">" : "/>", t->x);
}

static void
print_record(struct printing *p, const struct map_text *record)
{
	const struct map_text *open[TEXT_DEPTH_MAX + 1], *t = record;
	size_t depth = 0;

	while (t != NULL || depth > 0) {
		if (t == NULL) {
			t = open[--depth];
			tally_buf_printf(p->out, "%*s</%s>\n",
			    (int)(depth + 1) * 2, "", t->x->name);
			t = t == record ? NULL : t->next;
			continue;
		}
		if (!t->left_out)
			print_rule(p, depth + 1, t);
		if (!t->left_out && t->child != NULL) {
			open[depth++] = t;
			t = t->child;
		} else {
			t = t->next;
		}
	}
}

enum tally_rc
effective_print(const struct compile *c, struct tally_buf *out)
{
	struct printing p = { .out = out };

	tally_buf_puts(out, "<map");
	put_attribute(out, "xmlns", "urn:tallyman:map:1");
	put_attribute(out, "name", c->map->name);
	put_attribute(out, "set", c->texts.set);
	put_attribute(out, "versions", c->version->version);
	put_attribute(out, "repeats", c->texts.repeats);
	tally_buf_puts(out, ">\n");
	for (size_t i = 0; i < c->ncodes; i++)
		print_codes(&p, c, &c->codes[i]);
	print_record(&p, c->texts.record);
	tally_buf_puts(out, "</map>\n");
	return out->failed
	    ? tally_err_set(c->err, TALLY_NOMEM, "no memory for the map's text")
	    : TALLY_OK;
}
