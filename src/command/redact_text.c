/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See redact.h.
 *
 * A replacement comes from the SHA-256 over key, value and the number of the
 * attempt: another attempt is made while the replacement would be judged
 * otherwise than the value, as a code that became one of the list would.
 */
#include "command/redact.h"

#include <inttypes.h>

#include "base/check_digit.h"
#include "base/text.h"
#include "command/show.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define ATTEMPTS        100
/* Longer values are not compared by what they are judged. */
#define COMPARED 256

struct redacting {
	char *bytes;
	const unsigned char *key;
	struct tally_hash *hash;
	const struct tally_dictionary *dictionary;
	const struct tally_version *version; /* of the group; null: unknown */
	size_t done;                         /* of bytes, from the beginning */
};

/* Texts that only refer to something within the file, or to a standard. */
static const char *const referring[] = { "28", "96", "97", "143", "329", "350",
	"447", "479", "480", "628", "719", "721", "734", "1705", "I12" };

static bool
refers(const struct tally_element *e)
{
	for (size_t i = 0; i < sizeof(referring) / sizeof(referring[0]); i++)
		if (strcmp(e->id, referring[i]) == 0)
			return true;
	return false;
}

/* Letters and digits by others of their kind, characters of several bytes by
 * one of as many; everything else stays. */
static void
replace(
    struct redacting *r, const char *from, char *to, size_t n, unsigned attempt)
{
	static const char *const other[] = { "", "", "\xc3\xa9", "\xe4\xb8\xad",
		"\xf0\x9f\x93\xa6" };
	unsigned char digest[TALLY_HASH_SIZE];
	size_t length;
	unsigned block = 0;

	for (size_t i = 0; i < n; i += length) {
		unsigned char c = (unsigned char)from[i];
		size_t at = i % sizeof(digest);

		if (at == 0 || i == 0 || i / sizeof(digest) != block) {
			block = (unsigned)(i / sizeof(digest));
			tally_hash_add(r->hash, r->key, TALLY_HASH_SIZE);
			tally_hash_add(r->hash, &attempt, sizeof(attempt));
			tally_hash_add(r->hash, &block, sizeof(block));
			tally_hash_add(r->hash, from, n);
			tally_hash_end(r->hash, digest);
		}
		length = tally_utf8_length(from + i, n - i);
		if (length == 3 && memcmp(from + i, BYTE_ORDER_MARK, 3) == 0)
			memcpy(to + i, from + i, length);
		else if (length > 1)
			memcpy(to + i, other[length], length);
		else if (c >= 'A' && c <= 'Z')
			to[i] = (char)('A' + digest[at] % 26);
		else if (c >= 'a' && c <= 'z')
			to[i] = (char)('a' + digest[at] % 26);
		else if (c >= '0' && c <= '9')
			to[i] = (char)('0' + digest[at] % 10);
		else
			to[i] = from[i];
		if (length == 0)
			length = 1;
	}
}

static char *
place_of(
    const struct redacting *r, const struct tally_set *set, struct tally_str s)
{
	return r->bytes + set->offset +
	    (size_t)(s.p - (const char *)set->bytes);
}

/* The last character with which a number of n has a right check digit, or has
 * not; 0: there is none. */
static char
last_of(enum tally_check check, char *number, size_t n, bool right)
{
	char words[CHECK_DIGIT_WORDS];

	for (const char *c = "0123456789X"; *c != '\0'; c++) {
		number[n - 1] = *c;
		if (tally_check_digit_right(
			check, tally_str(number, n), words) == right)
			return *c;
	}
	return '\0';
}

/* Gives a replacement a check digit that is right if that of the number was.
 * What was no such number in any other way stays one. */
static void
check_digit(enum tally_check check, struct tally_str was, char *made)
{
	char words[CHECK_DIGIT_WORDS], copy[COMPARED];

	if (check == TALLY_CHECK_NONE)
		return;
	memcpy(copy, was.p, was.n);
	if (last_of(check, copy, was.n, true) == '\0')
		return;
	if (check == TALLY_CHECK_SSCC && was.n > 18)
		memcpy(made, was.p, was.n - 18); /* what says that it is one */
	(void)last_of(
	    check, made, was.n, tally_check_digit_right(check, was, words));
}

static void
value(struct redacting *r, const struct tally_element *spec,
    enum tally_check check, const struct tally_set *set, struct tally_str text)
{
	struct tally_str v = tally_str_rtrim(text);
	char *to = place_of(r, set, text), made[COMPARED];
	enum tally_finding_kind kind;

	if (v.n == 0)
		return;
	if (spec == NULL || v.n > sizeof(made)) {
		replace(r, v.p, to, v.n, 0);
		return;
	}
	kind = tally_value_check(spec, v);
	for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
		replace(r, v.p, made, v.n, attempt);
		check_digit(check, v, made);
		if (tally_value_check(spec, tally_str(made, v.n)) == kind)
			break;
	}
	memcpy(to, made, v.n);
}

/* Whether a value is a code, a number, a date, or refers to something. */
static bool
is_kept(const struct tally_element *e, struct tally_str text)
{
	bool valid = tally_value_check(e, text) == TALLY_FINDING_NONE;

	switch (e->type) {
	case TALLY_DT:
	case TALLY_TM:
	case TALLY_R:
	case TALLY_N:
		return valid;
	case TALLY_ID:
		/* 116 is a postal code. */
		return valid && strcmp(e->id, "116") != 0;
	default:
		return valid && (e->ncode > 0 || refers(e));
	}
}

/* What the number behind the element before is checked for. */
static enum tally_check
check_of(const struct redacting *r, const struct tally_set *set,
    const struct tally_segment *seg, const struct show_value *v)
{
	const struct tally_segment_spec *spec = r->version != NULL
	    ? tally_segment_find(r->version, tally_segment_tag(set, seg))
	    : NULL;
	const struct tally_element *before;
	const struct tally_code *code;

	if (spec == NULL || v->position < 2 || v->position > spec->nuse)
		return TALLY_CHECK_NONE;
	before = spec->use[v->position - 2].element;
	code = before->checks
	    ? tally_code_find(before,
		  tally_str_rtrim(tally_element(set, seg, v->position - 1)))
	    : NULL;
	return code != NULL ? (enum tally_check)code->check : TALLY_CHECK_NONE;
}

static bool
is_binary(const struct tally_segment *seg)
{
	return seg->tag == tally_tag("BIN") || seg->tag == tally_tag("BDS");
}

static void
segment(struct redacting *r, const struct tally_set *set,
    const struct tally_segment *seg)
{
	const struct report plain = { .json = false };
	const struct tally_visit visit = { .set = set };
	const struct show_set shown = {
		.report = &plain, .visit = &visit, .version = r->version
	};
	struct show_cursor cursor = { 0, 0, 0 };
	struct show_value v;

	while (show_next_value(&v, &cursor, &shown, seg)) {
		if (is_binary(seg)) {
			/* The last element, behind its length in bytes. */
			if (v.position == seg->n)
				memset(place_of(r, set, v.text), 'X', v.text.n);
		} else if (v.spec == NULL || !is_kept(v.spec, v.text))
			value(
			    r, v.spec, check_of(r, set, seg, &v), set, v.text);
	}
}

/* ISA02 and ISA04 are passwords, ISA06 and ISA08 names; GS02 and GS03, too. */
static void
interchange(struct redacting *r, const struct tally_set *set)
{
	const struct tally_segment *isa = set->segment;
	struct tally_str s;

	for (uint32_t k = 2; k <= 4; k += 2) {
		s = tally_element(set, isa, k);
		for (size_t i = 0; i < s.n; i++)
			if (s.p[i] != ' ')
				place_of(r, set, s)[i] = 'X';
	}
	for (uint32_t k = 6; k <= 8; k += 2)
		value(
		    r, NULL, TALLY_CHECK_NONE, set, tally_element(set, isa, k));
}

static void
group(struct redacting *r, const struct tally_set *set)
{
	const struct tally_segment *gs = set->segment;
	struct tally_str version = tally_element(set, gs, 8);

	for (uint32_t k = 2; k <= 3; k++)
		value(
		    r, NULL, TALLY_CHECK_NONE, set, tally_element(set, gs, k));
	if (version.n > 6)
		version.n = 6;
	r->version = tally_version_find(r->dictionary, version);
}

/* What stands between the units is no X12: all of it is replaced. */
static void
outside(struct redacting *r, size_t end)
{
	char *p = r->bytes + r->done;

	if (end <= r->done)
		return;
	/* One that was cut off still begins with its tag. */
	if (end - r->done > 3 && memcmp(p, "ISA", 3) == 0) {
		p += 3;
		r->done += 3;
	}
	for (size_t i = 0, n; i < end - r->done; i += n) {
		/* In pieces, so that memory is not needed for it. */
		char piece[COMPARED];

		n = end - r->done - i;
		if (n > sizeof(piece))
			n = sizeof(piece);
		memcpy(piece, p + i, n);
		replace(r, piece, p + i, n, 0);
	}
	r->done = end;
}

static enum tally_rc
unit(struct redacting *r, const struct tally_unit *u, struct tally_err *err)
{
	const struct tally_set *set = u->set;

	if (set == NULL || set->nsegment == 0 || u->unreadable)
		return u->unreadable
		    ? tally_err_set(err, TALLY_DATA,
			  "the transaction set at byte %" PRIu64
			  " is larger than the limits allow; it cannot be "
			  "taken apart",
			  u->offset)
		    : TALLY_OK;
	outside(r, (size_t)set->start);
	switch (u->kind) {
	case TALLY_UNIT_INTERCHANGE:
		interchange(r, set);
		r->version = NULL;
		break;
	case TALLY_UNIT_GROUP:
		group(r, set);
		break;
	case TALLY_UNIT_SET:
		/* ST and SE have nothing of their own. */
		for (uint32_t i = 0; i < set->nsegment; i++)
			if (set->segment[i].tag != tally_tag("ST") &&
			    set->segment[i].tag != tally_tag("SE"))
				segment(r, set, &set->segment[i]);
		break;
	default:
		break;
	}
	r->done = (size_t)(set->start + set->length);
	/* The last segment's terminator can be missing. */
	if (u->kind == TALLY_UNIT_INTERCHANGE_END && u->end > r->done)
		r->done = (size_t)u->end;
	return TALLY_OK;
}

static enum tally_rc
read_some(void *ctx, void *buf, size_t max, size_t *got, struct tally_err *err)
{
	struct redact_place *from = ctx;

	(void)err;
	*got = from->n < max ? from->n : max;
	if (*got > 0)
		memcpy(buf, from->p, *got);
	from->p += *got;
	from->n -= *got;
	return TALLY_OK;
}

struct tally_source
redact_source(struct redact_place *place)
{
	return (struct tally_source){ read_some, place };
}

enum tally_rc
redact_bytes(char *bytes, size_t n, const struct tally_dictionary *dictionary,
    struct tally_hash *hash, const unsigned char key[32], struct tally_err *err)
{
	struct redacting r = { .bytes = bytes,
		.key = key,
		.hash = hash,
		.dictionary = dictionary };
	struct redact_place place = { bytes, n };
	struct tally_reader *reader = NULL;
	struct tally_findings found;
	struct tally_unit u = { .kind = TALLY_UNIT_SET };
	enum tally_rc rc;

	tally_findings_init(&found, 1);
	rc = tally_reader_new(&reader, redact_source(&place), 0,
	    &tally_limits_default, &found, err);
	while (rc == TALLY_OK && u.kind != TALLY_UNIT_END) {
		rc = tally_reader_next(reader, &u, err);
		if (rc == TALLY_OK)
			rc = unit(&r, &u, err);
		if (rc == TALLY_OK && u.kind == TALLY_UNIT_GROUP)
			tally_reader_version(reader, r.version);
	}
	if (rc == TALLY_OK)
		outside(&r, n);
	tally_reader_free(reader);
	tally_findings_free(&found);
	return rc;
}
