/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The window on the input; see window.h.
 *
 * Reading is in blocks, scanning in smaller steps and only as far as is
 * needed, because the next interchange may declare other separators; steps
 * begin small, since many an interchange is.  When the buffer is full, what is
 * kept moves to its front; when the kept part itself fills half of it, it is
 * doubled.
 */
#include "x12/window.h"

#include <assert.h>

#include "base/word.h"
#include "tallyman/mem.h"

#define BLOCK      (256u << 10)
#define SCAN_STEP  (16u << 10)
#define SCAN_LEAST (1u << 10)

/* tally_tag() as a constant */
#define TAG(a, b, c) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (c))

static enum tally_rc
nomem(struct tally_err *err)
{
	return tally_err_set(err, TALLY_NOMEM, "no memory for reading");
}

/* At worst every byte is a separator. */
static enum tally_rc
resize(struct window *w, uint32_t cap, struct tally_err *err)
{
	size_t n = (size_t)cap + TALLY_SCAN_PAD;
	unsigned char *buf = tally_realloc(w->buf, n);
	uint32_t *pos, *end;

	if (buf == NULL)
		return nomem(err);
	w->buf = buf;
	pos = tally_realloc(w->index.pos, n * sizeof(*pos));
	if (pos == NULL)
		return nomem(err);
	w->index.pos = pos;
	end = tally_realloc(w->index.end, n * sizeof(*end));
	if (end == NULL)
		return nomem(err);
	w->index.end = end;
	w->cap = cap;
	return TALLY_OK;
}

static uint64_t
filler_of(const struct tally_separators *sep)
{
	uint64_t all =
	    UINT64_C(1) << ' ' | 1 << '\n' | 1 << '\r' | 1 << '\t' | 1 << 0;

	if (sep->element < 64)
		all &= ~(UINT64_C(1) << sep->element);
	if (sep->segment < 64)
		all &= ~(UINT64_C(1) << sep->segment);
	return all;
}

void
window_begin(struct window *w, struct tally_source source, uint64_t offset)
{
	*w = (struct window){ .source = source,
		.base = offset,
		.scan = tally_scan_choose(),
		.buf = w->buf,
		.cap = w->cap,
		.step = SCAN_LEAST,
		.index = { .pos = w->index.pos, .end = w->index.end } };
	w->filler = filler_of(&w->sep);
	window_stop_at(w, NULL, 0);
}

enum tally_rc
window_init(struct window *w, struct tally_source source, uint64_t offset,
    struct tally_err *err)
{
	enum tally_rc rc;

	*w = (struct window){ .cap = 0 };
	window_begin(w, source, offset);
	rc = resize(w, 2 * BLOCK, err);
	if (rc != TALLY_OK)
		window_free(w);
	return rc;
}

void
window_free(struct window *w)
{
	tally_free(w->buf);
	tally_free(w->index.pos);
	tally_free(w->index.end);
	*w = (struct window){ 0 };
}

/* Drops what lies before keep from the index and shifts the rest down. */
static void
shift_index(struct window *w)
{
	struct tally_index *ix = &w->index;
	uint32_t p = w->keep_pos, e = w->keep_end;

	ix->npos -= p;
	for (uint32_t i = 0; i < ix->npos; i++)
		ix->pos[i] = ix->pos[p + i] - w->keep;
	ix->nend -= e;
	for (uint32_t i = 0; i < ix->nend; i++)
		ix->end[i] = ix->end[e + i] - p;
	w->next_pos -= p;
	w->next_end -= e;
	w->keep_pos = w->keep_end = 0;
}

void
window_keep(struct window *w)
{
	w->keep = w->at;
	w->keep_pos = w->next_pos;
	w->keep_end = w->next_end;
}

static void
drop(struct window *w)
{
	uint32_t n = w->keep;

	shift_index(w);
	memmove(w->buf, w->buf + n, w->len - n);
	w->base += n;
	w->len -= n;
	w->at -= n;
	w->scanned = w->scanned > n ? w->scanned - n : 0;
	w->index.odd = w->index.odd > n ? w->index.odd - n : 0;
	w->keep = 0;
}

/* Reads one more block, or notices the end. */
static enum tally_rc
fill(struct window *w, struct tally_err *err)
{
	enum tally_rc rc;
	size_t got = 0;

	assert(w->keep <= w->at && w->at <= w->len);
	/* What moves is not much more than what has been given since. */
	if (w->cap - w->len < BLOCK && w->keep > 0 && w->keep >= w->len / 4)
		drop(w);
	if (w->cap - w->len < BLOCK) {
		if (w->cap > UINT32_MAX / 4)
			return tally_err_set(err, TALLY_NOMEM,
			    "a transaction set is larger than %u bytes",
			    w->cap);
		rc = resize(w, 2 * w->cap, err);
		if (rc != TALLY_OK)
			return rc;
	}
	rc = w->source.read(w->source.ctx, w->buf + w->len, BLOCK, &got, err);
	if (rc != TALLY_OK)
		return rc;
	assert(got <= BLOCK);
	w->len += (uint32_t)got;
	memset(w->buf + w->len, 0, TALLY_SCAN_PAD); /* looked at, in vain */
	w->eof = got == 0;
	return TALLY_OK;
}

enum tally_rc
window_peek(
    struct window *w, uint32_t want, uint32_t *got, struct tally_err *err)
{
	enum tally_rc rc;

	while (w->len - w->at < want && !w->eof) {
		rc = fill(w, err);
		if (rc != TALLY_OK)
			return rc;
	}
	*got = w->len - w->at;
	return TALLY_OK;
}

void
window_separators(struct window *w, struct tally_separators sep)
{
	w->sep = sep;
	w->filler = filler_of(&sep);
	w->scanned = w->at;
	w->step = SCAN_LEAST;
	w->index.npos = w->next_pos;
	w->index.nend = w->next_end;
	w->index.odd = 0; /* nothing from `at` on */
}

static inline bool
filler(const struct window *w, unsigned char c)
{
	return c <= ' ' && (w->filler >> c & 1) != 0;
}

/* A tag as a number, from offset at to end; of more than three bytes it is
 * none.  The buffer is readable beyond its end. */
static inline uint32_t
tag_at(const struct window *w, uint32_t at, uint32_t end)
{
	const unsigned char *p = w->buf + at;
	uint32_t n = end - at;

	return n - 1 < 3 ? (uint32_t)word_of_padded((const char *)p, n) : 0;
}

static void
pass_filler(struct window *w)
{
	while (w->at < w->len && filler(w, w->buf[w->at]))
		w->at++;
}

/* Scans on, or reads on; false when neither is possible or allowed. */
static enum tally_rc
advance(struct window *w, uint32_t limit, bool *more, struct tally_err *err)
{
	uint32_t to = w->len;

	*more = true;
	if (w->scanned == w->len) {
		*more = !w->eof && w->len - w->at <= limit;
		return *more ? fill(w, err) : TALLY_OK;
	}
	if (to - w->scanned > w->step)
		to = w->scanned + w->step;
	if (w->step < SCAN_STEP)
		w->step *= 2;
	w->scan(
	    w->buf, w->scanned, to, w->sep.element, w->sep.segment, &w->index);
	w->scanned = to;
	return TALLY_OK;
}

/* Makes sure that a terminator is in the index, or says why there is none. */
static enum tally_rc
find_end(struct window *w, uint32_t limit, enum window_found *found,
    struct tally_err *err)
{
	enum tally_rc rc;
	bool more;

	*found = WINDOW_SEGMENT;
	while (w->next_end == w->index.nend) {
		if (w->scanned == w->len)
			pass_filler(w);
		if (w->scanned < w->at)
			w->scanned = w->at;
		rc = advance(w, limit, &more, err);
		if (rc != TALLY_OK)
			return rc;
		if (!more) {
			*found = w->at == w->len ? WINDOW_END
			    : w->eof             ? WINDOW_CUT
						 : WINDOW_LONG;
			return TALLY_OK;
		}
	}
	return TALLY_OK;
}

enum tally_rc
window_segment(struct window *w, uint32_t limit, enum window_found *found,
    struct tally_segment *seg, struct tally_err *err)
{
	const uint32_t *pos;
	enum tally_rc rc;
	uint32_t e, first;

	w->back.at = w->at - w->keep;
	w->back.pos = w->next_pos - w->keep_pos;
	w->back.end = w->next_end - w->keep_end;
	do {
		rc = find_end(w, limit, found, err);
		if (rc != TALLY_OK || *found != WINDOW_SEGMENT)
			return rc;
		pos = w->index.pos;
		e = w->index.end[w->next_end];
		first = w->next_pos;
		pass_filler(w);
		if (pos[e] - w->at > limit) {
			*found = WINDOW_LONG;
			return TALLY_OK;
		}
		*seg = (struct tally_segment){
			.start = w->at,
			.pos = first - w->keep_pos,
			.n = e - first,
			.place = TALLY_NOWHERE,
		};
		w->at = pos[e] + 1;
		w->next_pos = e + 1;
		w->next_end++;
		/* A terminator that ends nothing is passed over. */
	} while (seg->n == 0 && pos[first] == seg->start);
	seg->tag = tag_at(w, seg->start, pos[first]);
	return TALLY_OK;
}

static bool
is_envelope(uint32_t tag)
{
	switch (tag) {
	case TAG('I', 'S', 'A'):
	case TAG('I', 'E', 'A'):
	case TAG(0, 'G', 'S'):
	case TAG(0, 'G', 'E'):
	case TAG(0, 'S', 'T'):
	case TAG(0, 'S', 'E'):
		return true;
	default:
		return false;
	}
}

static uint64_t
tag_bit(uint32_t tag)
{
	return UINT64_C(1) << (tag & 63);
}

void
window_stop_at(struct window *w, const uint32_t *tag, unsigned n)
{
	static const char last[] = "ASET"; /* letters of tags of envelopes */

	assert(n <= WINDOW_STOPS);
	w->marked = 0;
	for (const char *p = last; *p != '\0'; p++)
		w->marked |= tag_bit((uint32_t)*p);
	for (unsigned i = 0; i < n; i++) {
		w->stop[i] = tag[i];
		w->marked |= tag_bit(tag[i]);
	}
	w->nstop = n;
}

/* Most tags have none of the marks, and nothing more is asked. */
static inline bool
stops_at(const struct window *w, uint32_t tag)
{
	if ((w->marked & tag_bit(tag)) == 0)
		return false;
	for (unsigned i = 0; i < w->nstop; i++)
		if (w->stop[i] == tag)
			return true;
	return is_envelope(tag);
}

uint32_t
window_segments(struct window *w, uint32_t limit, uint32_t upto,
    struct tally_segment *seg, uint32_t max)
{
	const uint32_t *pos = w->index.pos, *end = w->index.end;
	uint32_t next_end = w->next_end, first = w->next_pos;
	uint32_t from = w->at, at, e, tag, n = 0;

	if (max > w->index.nend - next_end)
		max = w->index.nend - next_end;
	while (max > 0 && pos[end[next_end + max - 1]] >= upto)
		max--;
	for (; n < max; n++) {
		e = end[next_end];
		for (at = from; filler(w, w->buf[at]);)
			at++;
		tag = tag_at(w, at, pos[first]);
		if (pos[e] - at > limit || at == pos[e] || stops_at(w, tag))
			break;
		seg[n] = (struct tally_segment){ .tag = tag,
			.start = at,
			.pos = first - w->keep_pos,
			.n = e - first,
			.place = TALLY_NOWHERE };
		from = pos[e] + 1;
		first = e + 1;
		next_end++;
	}
	w->at = from;
	w->next_pos = first;
	w->next_end = next_end;
	return n;
}

bool
window_last(struct window *w, struct tally_segment *seg)
{
	uint32_t end = w->len, n = w->index.npos - w->next_pos;

	while (end > w->at && filler(w, w->buf[end - 1]))
		end--;
	if (w->scanned < w->len || end == w->at)
		return false;
	*seg = (struct tally_segment){
		.start = w->at,
		.pos = w->next_pos - w->keep_pos,
		.n = n,
		.place = TALLY_NOWHERE,
	};
	/* There is room: the tag, at least, is no separator. */
	w->index.pos[w->index.npos] = end;
	end = n > 0 ? w->index.pos[w->next_pos] : end;
	if (end - seg->start > 3 || end == seg->start)
		return false;
	seg->tag =
	    tally_tag_of((const char *)w->buf + seg->start, end - seg->start);
	return true;
}

void
window_back(struct window *w)
{
	w->at = w->keep + w->back.at;
	w->next_pos = w->keep_pos + w->back.pos;
	w->next_end = w->keep_end + w->back.end;
}

uint32_t
window_again(struct window *w)
{
	const struct tally_index *ix = &w->index;

	window_back(w);
	/* As window_segment passes over what ends nothing. */
	for (pass_filler(w);
	     w->next_end < ix->nend && ix->end[w->next_end] == w->next_pos &&
	     ix->pos[w->next_pos] == w->at;
	     pass_filler(w)) {
		w->at++;
		w->next_pos++;
		w->next_end++;
	}
	if (w->next_pos == ix->npos)
		return 0;
	return tag_at(w, w->at, ix->pos[w->next_pos]);
}

/* A number of up to 15 digits, as element 784 is. */
static bool
to_length(const unsigned char *p, uint32_t n, uint64_t *length)
{
	*length = 0;
	for (uint32_t i = 0; i < n; i++) {
		if (n > 15 || p[i] < '0' || p[i] > '9')
			return false;
		*length = *length * 10 + (uint64_t)(p[i] - '0');
	}
	return n > 0;
}

/* Makes the terminator at offset end the entry `entry`, and goes on behind
 * it; what the index has in between stays there, passed over. */
static void
step_over(struct window *w, uint32_t entry, uint32_t end)
{
	struct tally_index *ix = &w->index;
	uint32_t last = entry;

	if (end < w->scanned) {
		while (ix->pos[last] < end)
			last++;
		while (w->next_end < ix->nend && ix->end[w->next_end] <= last)
			w->next_end++;
	} else {
		ix->npos = entry + 1;
		ix->nend = w->next_end;
		w->scanned = end + 1;
	}
	/* It may hold bytes that are not looked at. */
	if (ix->odd < end)
		ix->odd = end;
	ix->pos[entry] = end;
	w->next_pos = last + 1;
	w->at = end + 1;
}

enum tally_rc
window_binary(struct window *w, uint32_t limit, unsigned data,
    enum window_binary *found, struct tally_segment *seg, struct tally_err *err)
{
	const struct tally_index *ix = &w->index;
	uint32_t n = w->next_end < ix->nend ? ix->end[w->next_end] : ix->npos;
	uint32_t from, got;
	uint64_t length, want;
	enum tally_rc rc;

	*found = WINDOW_NO_DATA;
	if (n - w->next_pos < data)
		return TALLY_OK;
	from = ix->pos[w->next_pos + data - 2] + 1;
	n = ix->pos[w->next_pos + data - 1] - from;
	*found = WINDOW_NO_LENGTH;
	if (!to_length(w->buf + from, n, &length))
		return TALLY_OK;
	want = from + n + 1 - w->at + length + 1;
	*found = WINDOW_BEYOND_LIMIT;
	if (want > limit)
		return TALLY_OK;
	rc = window_peek(w, (uint32_t)want, &got, err);
	if (rc != TALLY_OK)
		return rc;
	*found = got < want ? WINDOW_BEYOND_INPUT : WINDOW_UNENDED;
	if (got < want || w->buf[w->at + want - 1] != w->sep.segment)
		return TALLY_OK;
	*found = WINDOW_BINARY;
	*seg = (struct tally_segment){
		.tag = tally_tag_of(
		    (const char *)w->buf + w->at, ix->pos[w->next_pos] - w->at),
		.start = w->at,
		.pos = w->next_pos - w->keep_pos,
		.n = data,
		.place = TALLY_NOWHERE,
	};
	step_over(w, w->next_pos + data, w->at + (uint32_t)want - 1);
	return TALLY_OK;
}

/* Bytes that transports and editors leave between interchanges. */
static uint32_t
harmless(const unsigned char *p, uint32_t n)
{
	uint32_t i = 0;

	for (;;) {
		if (n - i >= 3 && memcmp(p + i, "\xef\xbb\xbf", 3) == 0)
			i += 3;
		else if (i < n && (p[i] <= ' ' || p[i] == 0x7f))
			i++;
		else
			return i;
	}
}

enum tally_rc
window_pass_harmless(struct window *w, uint32_t *got, struct tally_err *err)
{
	uint32_t n;
	enum tally_rc rc;

	do {
		window_keep(w);
		rc = window_peek(w, WINDOW_LOOK, got, err);
		if (rc != TALLY_OK)
			return rc;
		n = harmless(w->buf + w->at, *got);
		w->at += n;
	} while (n > 0);
	/* What is found must not depend on how much was read ahead. */
	if (*got > WINDOW_LOOK)
		*got = WINDOW_LOOK;
	return TALLY_OK;
}

enum tally_rc
window_pass_text(struct window *w, struct tally_err *err)
{
	const unsigned char *p;
	enum tally_rc rc;
	uint32_t got;

	w->at++;
	for (;;) {
		window_keep(w);
		rc = window_peek(w, WINDOW_LOOK, &got, err);
		if (rc != TALLY_OK)
			return rc;
		p = got >= 3 ? memchr(w->buf + w->at, 'I', got - 2) : NULL;
		if (p != NULL)
			w->at = (uint32_t)(p - w->buf);
		else
			w->at += got >= 3 ? got - 2 : got;
		if (p != NULL && memcmp(p, "ISA", 3) == 0)
			return TALLY_OK;
		if (p != NULL)
			w->at++;
		else if (got < 3)
			return TALLY_OK;
	}
}
