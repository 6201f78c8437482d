/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading JSON; see json.h.
 *
 * One pass without recursion: the containers that are open stand in an array
 * of fixed size.  What fails has filled err, with the place that was reached.
 */
#include "base/json.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>

#include "base/text.h"

#define BOM "\xef\xbb\xbf"

/* An array or object that is open, and where its next child is put. */
struct level {
	struct tally_json *node;
	const struct tally_json **tail;
};

struct parse {
	struct tally_json_reader *r;
	struct tally_arena *arena;
	struct tally_err *err;
	struct level level[TALLY_JSON_DEPTH];
	size_t depth;
	struct tally_str name; /* of the member whose value is next */
	const struct tally_json *root;
};

static const char *const called[] = { "null", "false", "true", "a number",
	"a string", "an array", "an object" };

const char *
tally_json_called(enum tally_json_kind kind)
{
	return called[kind];
}

void
tally_json_begin(
    struct tally_json_reader *r, const char *file, struct tally_str text)
{
	*r = (struct tally_json_reader){ .file = file, .text = text };
	if (text.n >= 3 && memcmp(text.p, BOM, 3) == 0) {
		r->text.p += 3;
		r->text.n -= 3;
	}
	r->line = 1;
	r->line_start = r->text.p;
}

static enum tally_rc
out_of_memory(struct parse *p)
{
	return tally_err_at(p->err, TALLY_NOMEM, p->r->file, p->r->line,
	    "no memory for a value of this size");
}

/* What stands at the place that was reached is not what was expected. */
static enum tally_rc
wrong(struct parse *p, const char *expected)
{
	const struct tally_json_reader *r = p->r;
	unsigned column = (unsigned)(r->text.p - r->line_start) + 1;
	size_t n;

	if (r->text.n == 0)
		return tally_err_at(p->err, TALLY_DATA, r->file, r->line,
		    "column %u: the text ends here; expected %s", column,
		    expected);
	n = tally_utf8_length(r->text.p, r->text.n);
	return tally_err_at(p->err, TALLY_DATA, r->file, r->line,
	    "column %u: found \"%.*s\"; expected %s", column,
	    n != 0 ? (int)n : 1, r->text.p, expected);
}

static void
advance(struct tally_json_reader *r, size_t n)
{
	r->text.p += n;
	r->text.n -= n;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
skip_blanks(struct tally_json_reader *r)
{
	while (r->text.n > 0 && is_blank(*r->text.p)) {
		if (*r->text.p == '\n') {
			r->line++;
			r->line_start = r->text.p + 1;
		}
		advance(r, 1);
	}
}

/* The byte that is next; 0 at the end. */
static char
peek(const struct tally_json_reader *r)
{
	return r->text.n > 0 ? *r->text.p : '\0';
}

/* --- strings --- */

/* Four hexadecimal digits at p; -1 where they are not. */
static long
hex4(const char *p, size_t n)
{
	long v = 0;

	if (n < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		v <<= 4;
		if (p[i] >= '0' && p[i] <= '9')
			v += p[i] - '0';
		else if (p[i] >= 'a' && p[i] <= 'f')
			v += p[i] - 'a' + 10;
		else if (p[i] >= 'A' && p[i] <= 'F')
			v += p[i] - 'A' + 10;
		else
			return -1;
	}
	return v;
}

static char *
put_utf8(char *to, unsigned long c)
{
	if (c < 0x80) {
		*to++ = (char)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*to++ = (char)(0xe0 | c >> 12);
		} else {
			*to++ = (char)(0xf0 | c >> 18);
			*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (c & 0x3f));
	return to;
}

/* A \u escape, of which the \u is read, and the second half of a pair. */
static enum tally_rc
read_unicode(struct parse *p, char **to)
{
	struct tally_json_reader *r = p->r;
	long c = hex4(r->text.p, r->text.n), low;

	if (c < 0)
		return wrong(p, "four hexadecimal digits behind \\u");
	if (c >= 0xdc00 && c <= 0xdfff)
		return wrong(p,
		    "the first half of a surrogate pair before "
		    "the second");
	advance(r, 4);
	if (c >= 0xd800 && c <= 0xdbff) {
		low = r->text.n >= 6 && r->text.p[0] == '\\' &&
			r->text.p[1] == 'u'
		    ? hex4(r->text.p + 2, r->text.n - 2)
		    : -1;
		if (low < 0xdc00 || low > 0xdfff)
			return wrong(p, "the second half of a surrogate pair");
		advance(r, 6);
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	*to = put_utf8(*to, (unsigned long)c);
	return TALLY_OK;
}

static enum tally_rc
read_escape(struct parse *p, char **to)
{
	static const char from[] = "\"\\/bfnrt", is[] = "\"\\/\b\f\n\r\t";
	const char *at;
	char c;

	advance(p->r, 1);
	c = peek(p->r);
	if (c == 'u') {
		advance(p->r, 1);
		return read_unicode(p, to);
	}
	at = c != '\0' ? strchr(from, c) : NULL;
	if (at == NULL)
		return wrong(p, "one of \" \\ / b f n r t u behind \\");
	advance(p->r, 1);
	*(*to)++ = is[at - from];
	return TALLY_OK;
}

/* The length of the string that begins here, as it is written, to its
 * quotation mark or the text's end; whether it holds escapes. */
static size_t
measure(struct tally_str s, bool *escapes)
{
	size_t i = 0;

	*escapes = false;
	while (i < s.n && s.p[i] != '"') {
		if (s.p[i] == '\\') {
			*escapes = true;
			i++;
		}
		i++;
	}
	return i < s.n ? i : s.n;
}

/* How many bytes are as they are in the text: printable ASCII. */
static size_t
plain_bytes(struct tally_str s)
{
	size_t i = 0;

	while (i < s.n && s.p[i] >= ' ' && s.p[i] <= '~' && s.p[i] != '"' &&
	    s.p[i] != '\\')
		i++;
	return i;
}

/* A string whose first quotation mark is next. */
static enum tally_rc
read_string(struct parse *p, struct tally_str *out)
{
	struct tally_json_reader *r = p->r;
	char *start = NULL, *to;
	bool escapes;
	size_t n;
	enum tally_rc rc = TALLY_OK;

	advance(r, 1);
	n = plain_bytes(r->text);
	if (n < r->text.n && r->text.p[n] == '"') {
		*out = tally_str(r->text.p, n);
		advance(r, n + 1);
		return TALLY_OK;
	}
	n = measure(r->text, &escapes);
	*out = tally_str(r->text.p, n);
	if (escapes) {
		start = tally_arena_alloc(p->arena, n);
		if (start == NULL)
			return out_of_memory(p);
	}
	to = start;
	while (rc == TALLY_OK && r->text.n > 0 && *r->text.p != '"') {
		if (*r->text.p == '\\') {
			assert(escapes);
			rc = read_escape(p, &to);
			continue;
		}
		n = tally_utf8_length(r->text.p, r->text.n);
		if (n == 0)
			return wrong(p, "UTF-8");
		if ((unsigned char)*r->text.p < ' ')
			return wrong(p,
			    "a quotation mark before the control "
			    "character, or an escape for it");
		if (escapes)
			memcpy(to, r->text.p, n);
		to = escapes ? to + n : NULL;
		advance(r, n);
	}
	if (rc == TALLY_OK && r->text.n == 0)
		return wrong(p, "a quotation mark at the string's end");
	if (rc == TALLY_OK)
		advance(r, 1);
	if (escapes)
		*out = tally_str(start, (size_t)(to - start));
	return rc;
}

/* --- other values --- */

static size_t
digits(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] >= '0' && s[i] <= '9')
		i++;
	return i;
}

/* At least one digit; those that there are, are passed. */
static enum tally_rc
read_digits(struct parse *p)
{
	size_t n = digits(p->r->text.p, p->r->text.n);

	if (n == 0)
		return wrong(p, "a digit");
	advance(p->r, n);
	return TALLY_OK;
}

static enum tally_rc
read_number(struct parse *p, struct tally_str *out)
{
	struct tally_json_reader *r = p->r;
	const char *start = r->text.p;
	enum tally_rc rc = TALLY_OK;

	if (peek(r) == '-')
		advance(r, 1);
	if (peek(r) == '0')
		advance(r, 1);
	else
		rc = read_digits(p);
	if (rc == TALLY_OK && peek(r) == '.') {
		advance(r, 1);
		rc = read_digits(p);
	}
	if (rc == TALLY_OK && (peek(r) == 'e' || peek(r) == 'E')) {
		advance(r, 1);
		if (peek(r) == '-' || peek(r) == '+')
			advance(r, 1);
		rc = read_digits(p);
	}
	*out = tally_str(start, (size_t)(r->text.p - start));
	return rc;
}

static enum tally_rc
read_word(struct parse *p, enum tally_json_kind *kind)
{
	struct tally_json_reader *r = p->r;
	size_t n;

	for (unsigned k = TALLY_JSON_NULL; k <= TALLY_JSON_TRUE; k++) {
		n = strlen(called[k]);
		if (r->text.n < n || memcmp(r->text.p, called[k], n) != 0)
			continue;
		advance(r, n);
		*kind = (enum tally_json_kind)k;
		return TALLY_OK;
	}
	return wrong(p,
	    "a value: an object, an array, a string, a number, "
	    "true, false or null");
}

/* --- structure --- */

static bool
has(const struct tally_json *object, struct tally_str name)
{
	for (const struct tally_json *c = object->child; c != NULL; c = c->next)
		if (tally_str_eq(c->name, name))
			return true;
	return false;
}

/* The name of the next member and the colon behind it. */
static enum tally_rc
read_name(struct parse *p)
{
	const struct tally_json *object = p->level[p->depth - 1].node;
	struct tally_json_reader *r = p->r;
	unsigned column = (unsigned)(r->text.p - r->line_start) + 1;
	enum tally_rc rc;

	if (peek(r) != '"')
		return wrong(p, "the name of a member in quotation marks");
	if (object->n == TALLY_JSON_MEMBERS)
		return tally_err_at(p->err, TALLY_DATA, r->file, r->line,
		    "column %u: the object has more than %d members, which is "
		    "the limit",
		    column, TALLY_JSON_MEMBERS);
	rc = read_string(p, &p->name);
	if (rc == TALLY_OK && has(object, p->name))
		return tally_err_at(p->err, TALLY_DATA, r->file, r->line,
		    "column %u: the object has a member \"%.*s\" already; "
		    "remove one",
		    column, (int)(p->name.n < 60 ? p->name.n : 60), p->name.p);
	skip_blanks(r);
	if (rc == TALLY_OK && peek(r) != ':')
		rc = wrong(p, "a colon behind the name");
	if (rc == TALLY_OK)
		advance(r, 1);
	return rc;
}

/* Puts a node into the container that is open, and opens it if it is one. */
static enum tally_rc
add(struct parse *p, struct tally_json *x)
{
	struct level *l;

	if (p->depth > 0) {
		l = &p->level[p->depth - 1];
		*l->tail = x;
		l->tail = &x->next;
		l->node->n++;
	} else {
		p->root = x;
	}
	if (x->kind != TALLY_JSON_ARRAY && x->kind != TALLY_JSON_OBJECT)
		return TALLY_OK;
	if (p->depth == TALLY_JSON_DEPTH)
		return wrong(p,
		    "at most 64 arrays and objects inside one "
		    "another");
	p->level[p->depth++] = (struct level){ x, &x->child };
	return TALLY_OK;
}

/* A scalar, or the beginning of a container. */
static enum tally_rc
read_value(struct parse *p)
{
	struct tally_json_reader *r = p->r;
	struct tally_json *x = tally_arena_alloc(p->arena, sizeof(*x));
	char c = peek(r);
	enum tally_rc rc = TALLY_OK;

	if (x == NULL)
		return out_of_memory(p);
	*x = (struct tally_json){ .line = r->line, .name = p->name };
	x->column = (unsigned)(r->text.p - r->line_start) + 1;
	p->name = tally_str(NULL, 0);
	if (c == '{' || c == '[') {
		x->kind = c == '{' ? TALLY_JSON_OBJECT : TALLY_JSON_ARRAY;
		advance(r, 1);
	} else if (c == '"') {
		x->kind = TALLY_JSON_STRING;
		rc = read_string(p, &x->text);
	} else if (c == '-' || (c >= '0' && c <= '9')) {
		x->kind = TALLY_JSON_NUMBER;
		rc = read_number(p, &x->text);
	} else {
		rc = read_word(p, &x->kind);
	}
	return rc == TALLY_OK ? add(p, x) : rc;
}

/*
 * What stands between the last value and the next: commas, names, the ends of
 * containers.  *done when the outermost value has ended.
 */
static enum tally_rc
read_between(struct parse *p, bool *done)
{
	struct tally_json_reader *r = p->r;
	const struct tally_json *open;
	bool object;

	for (;;) {
		*done = p->depth == 0;
		if (*done)
			return TALLY_OK;
		open = p->level[p->depth - 1].node;
		object = open->kind == TALLY_JSON_OBJECT;
		skip_blanks(r);
		if (peek(r) != (object ? '}' : ']'))
			break;
		advance(r, 1);
		p->depth--;
	}
	if (open->n > 0) {
		if (peek(r) != ',')
			return wrong(p,
			    object ? "a comma or } behind the member"
				   : "a comma or ] behind the value");
		advance(r, 1);
		skip_blanks(r);
	}
	return object ? read_name(p) : TALLY_OK;
}

enum tally_rc
tally_json_next(struct tally_json_reader *r, struct tally_arena *arena,
    const struct tally_json **out, struct tally_err *err)
{
	struct parse p = { .r = r, .arena = arena, .err = err };
	bool done = false;
	enum tally_rc rc = TALLY_OK;

	*out = NULL;
	if (r->begun && r->text.n > 0 && !is_blank(*r->text.p))
		return wrong(&p, "a blank or a new line between two values");
	skip_blanks(r);
	if (r->text.n == 0)
		return TALLY_OK;
	while (rc == TALLY_OK && !done) {
		skip_blanks(r);
		rc = read_value(&p);
		if (rc == TALLY_OK)
			rc = read_between(&p, &done);
	}
	r->begun = true;
	if (rc == TALLY_OK)
		*out = p.root;
	return rc;
}

const struct tally_json *
tally_json_get(const struct tally_json *object, const char *name)
{
	struct tally_str wanted = tally_cstr(name);

	if (object->kind != TALLY_JSON_OBJECT)
		return NULL;
	for (const struct tally_json *c = object->child; c != NULL; c = c->next)
		if (tally_str_eq(c->name, wanted))
			return c;
	return NULL;
}

enum tally_rc
tally_json_wrong(struct tally_err *err, const char *file,
    const struct tally_json *at, const char *fmt, ...)
{
	char text[900];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return tally_err_at(
	    err, TALLY_DATA, file, at->line, "column %u: %s", at->column, text);
}
