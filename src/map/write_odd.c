/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes of a text that cannot be sent as they are, and what is sent for them;
 * see write.h.
 */
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/text.h"
#include "map/write.h"

/* Marks bytes that a text cannot have as they are: 2; that want a look: 1. */
static void
mark(unsigned char odd[256], const struct tally_map_writing *how,
    const unsigned char separator[ODD_SEPARATORS])
{
	for (unsigned c = 0; c < 256; c++) {
		odd[c] = c < ' ' || c == 0x7f ? 2 : c >= 0x80;
		if (how->characters != TALLY_CHARACTERS_BASIC || c >= 0x80)
			continue;
		if (c >= 'a' && c <= 'z')
			odd[c] = 1;
		else if (memchr("#$%@[]_{}\\|<>~^`", (int)c, 16) != NULL)
			odd[c] = 2;
	}
	if (how->characters == TALLY_CHARACTERS_ANY)
		memset(odd + 0x80, 0, 0x80);
	for (size_t i = 0; i < ODD_SEPARATORS; i++)
		odd[separator[i]] = 2;
}

const struct map_odd *
write_odd(struct tally_map *m, const struct tally_map_writing *how)
{
	const struct tally_separators *s = &how->separators;
	const unsigned char separator[ODD_SEPARATORS] = { s->element,
		s->segment, s->component,
		s->repetition != 0 ? s->repetition : s->element };
	struct map_odd *odd = &m->scratch.odd;

	if (odd->known && odd->characters == how->characters &&
	    memcmp(&odd->separators, s, sizeof(*s)) == 0)
		return odd;
	odd->known = true;
	odd->characters = how->characters;
	odd->separators = *s;
	mark(odd->byte, how, separator);
	for (size_t i = 0; i < ODD_SEPARATORS; i++)
		memset(odd->separator[i], separator[i], ODD_WIDTH);
	memset(odd->high, how->characters == TALLY_CHARACTERS_ANY ? 0xff : 0,
	    ODD_WIDTH);
	return odd;
}

/* --- how many there are --- */

static size_t
count_each(const unsigned char *byte, const unsigned char *p, size_t n)
{
	size_t odd = 0;

	for (size_t i = 0; i < n; i++)
		odd += byte[p[i]] != 0;
	return odd;
}

#if defined(__SSE2__)

struct keys {
	__m128i separator[ODD_SEPARATORS], high;
};

static inline __m128i
load(const void *p)
{
	return _mm_loadu_si128(p);
}

/* 0xff where a byte is not odd.  One more than 0x20 … 0x7e is above 0x20, as
 * signed numbers. */
static inline __m128i
plain_of(__m128i v, const struct keys *k)
{
	const __m128i plain =
	    _mm_or_si128(_mm_cmpgt_epi8(_mm_add_epi8(v, _mm_set1_epi8(1)),
			     _mm_set1_epi8(0x20)),
		_mm_and_si128(_mm_cmpgt_epi8(_mm_setzero_si128(), v), k->high));
	const __m128i s =
	    _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, k->separator[0]),
			     _mm_cmpeq_epi8(v, k->separator[1])),
		_mm_or_si128(_mm_cmpeq_epi8(v, k->separator[2]),
		    _mm_cmpeq_epi8(v, k->separator[3])));

	return _mm_andnot_si128(s, plain);
}

/* The sum of counts, one in each byte. */
static inline size_t
sum_of(__m128i counts)
{
	const __m128i two = _mm_sad_epu8(counts, _mm_setzero_si128());

	return (size_t)_mm_cvtsi128_si32(two) +
	    (size_t)_mm_cvtsi128_si32(_mm_srli_si128(two, 8));
}

#define COUNTED_MAX (254 * ODD_WIDTH) /* one in each byte, and one more */

/* How many of n bytes, of which there are COUNTED_MAX at most, are not odd. */
static inline __m128i
count_plain(const struct keys *k, const unsigned char *p, size_t n)
{
	const unsigned char *end = p + n;
	__m128i counts = _mm_setzero_si128();

	for (; p < end; p += ODD_WIDTH)
		counts = _mm_sub_epi8(counts, plain_of(load(p), k));
	return counts;
}

/* ODD_WIDTH bytes at a time; behind the last ones as many can be read. */
static size_t
count_wide(const struct map_odd *o, const unsigned char *p, size_t n)
{
	static const unsigned char tail[2 * ODD_WIDTH] = { 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff };
	const struct keys k = { { load(o->separator[0]), load(o->separator[1]),
				    load(o->separator[2]),
				    load(o->separator[3]) },
		load(o->high) };
	const size_t last = n % ODD_WIDTH;
	size_t odd = n;
	__m128i counts;

	for (n -= last; n > COUNTED_MAX; n -= COUNTED_MAX, p += COUNTED_MAX)
		odd -= sum_of(count_plain(&k, p, COUNTED_MAX));
	counts = count_plain(&k, p, n);
	return odd -
	    sum_of(_mm_sub_epi8(counts,
		_mm_and_si128(
		    plain_of(load(p + n), &k), load(tail + ODD_WIDTH - last))));
}

size_t
write_count_odd(const struct map_odd *o, const char *p, size_t n)
{
	const unsigned char *bytes = (const unsigned char *)p;

	return o->characters == TALLY_CHARACTERS_BASIC
	    ? count_each(o->byte, bytes, n)
	    : count_wide(o, bytes, n);
}

#else

size_t
write_count_odd(const struct map_odd *o, const char *p, size_t n)
{
	return count_each(o->byte, (const unsigned char *)p, n);
}

#endif

void
write_settle(struct write *w)
{
	struct tally_buf *out = w->out;
	size_t n = out->n - w->unsettled;

	if (w->careful || n == 0 || out->failed)
		return;
	if (out->max - out->n < ODD_WIDTH ||
	    tally_buf_room(out, ODD_WIDTH) == NULL ||
	    write_count_odd(w->odd, out->p + w->unsettled, n) != w->nodd)
		w->wrong = true;
	w->unsettled = out->n;
	w->nodd = 0;
}

/* --- what is sent for them --- */

bool
write_is_odd(const struct write *w, struct tally_str s)
{
	const unsigned char *p = (const unsigned char *)s.p, *end = p + s.n;
	const unsigned char *of = w->odd->byte;
	unsigned odd = 0;

	for (; end - p >= 4; p += 4)
		odd |= (unsigned)of[p[0]] | of[p[1]] | of[p[2]] | of[p[3]];
	for (; p < end; p++)
		odd |= of[*p];
	return odd != 0;
}

/* One character of a text, which is UTF-8, as it is sent; an empty view when
 * it cannot be. */
static void
put_character(struct write *w, struct tally_buf *out, struct tally_str c)
{
	enum tally_characters set = w->how->characters;
	size_t before = out->n;
	char *p;

	if (c.n == 1 || set == TALLY_CHARACTERS_UTF8 ||
	    set == TALLY_CHARACTERS_ANY)
		tally_buf_str(out, c);
	else
		tally_charset_ascii(w->map->charset, out, c);
	for (p = out->p + before; !out->failed && p < out->p + out->n; p++) {
		if (set == TALLY_CHARACTERS_BASIC && *p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
		if (w->odd->byte[(unsigned char)*p] == 2)
			*p = w->how->replacement;
	}
}

bool
write_odd_text(struct write *w, uint16_t place, uint8_t element,
    const char *name, struct tally_str s, struct tally_str *out)
{
	struct tally_buf *b = &w->map->scratch.text;
	size_t n;

	tally_buf_reset(b);
	for (size_t i = 0; i < s.n; i += n) {
		n = tally_utf8_length(s.p + i, s.n - i);
		n = n > 0 ? n : 1;
		put_character(w, b, tally_str(s.p + i, n));
	}
	if (b->n > 0 && memchr(b->p, '\0', b->n) != NULL) {
		write_report(w, TALLY_F_write_refused, place, element, name, s,
		    "characters that are agreed on, and no separators");
		return false;
	}
	out->p = NULL;
	if (!b->failed)
		*out = tally_arena_str(
		    &w->map->scratch.writing, tally_buf_view(b));
	if (out->p == NULL) {
		w->out->failed = true;
		return false;
	}
	if (!tally_str_eq(*out, s))
		write_report(
		    w, TALLY_F_write_replaced, place, element, name, s, out->p);
	return true;
}
