/* SPDX-License-Identifier: Apache-2.0 */
/* Frames, and the fields that messages consist of; see wire.h. */
#include "flow/wire.h"

#include <string.h>

size_t
wire_begin(struct wire *w, struct tally_buf *out, enum wire_kind kind)
{
	const struct wire_head head = { .kind = kind };

	*w = (struct wire){ .out = out };
	tally_buf_add(out, &head, sizeof(head));
	return out->n;
}

void
wire_finish(struct wire *w, size_t begun)
{
	uint32_t n = (uint32_t)(w->out->n - begun);

	if (!w->out->failed)
		memcpy(w->out->p + begun - sizeof(n), &n, sizeof(n));
}

void
wire_open(struct wire *w, struct tally_str content)
{
	*w = (struct wire){ .p = content.p, .end = content.p + content.n };
}

bool
wire_ended(const struct wire *w)
{
	return !w->bad && w->p == w->end;
}

void
wire_raw(struct wire *w, void *v, size_t n)
{
	if (w->out != NULL) {
		tally_buf_add(w->out, v, n);
		return;
	}
	if (w->bad || (size_t)(w->end - w->p) < n) {
		w->bad = true;
		memset(v, 0, n);
		return;
	}
	memcpy(v, w->p, n);
	w->p += n;
}

void
wire_u8(struct wire *w, uint8_t *v)
{
	wire_raw(w, v, sizeof(*v));
}

void
wire_u16(struct wire *w, uint16_t *v)
{
	wire_raw(w, v, sizeof(*v));
}

void
wire_u32(struct wire *w, uint32_t *v)
{
	wire_raw(w, v, sizeof(*v));
}

void
wire_u64(struct wire *w, uint64_t *v)
{
	wire_raw(w, v, sizeof(*v));
}

void
wire_size(struct wire *w, size_t *v)
{
	wire_raw(w, v, sizeof(*v));
}

uint32_t
wire_below(struct wire *w, uint32_t v, uint32_t max)
{
	wire_u32(w, &v);
	if (w->out == NULL && v >= max) {
		w->bad = true;
		return 0;
	}
	return v;
}

void
wire_bool(struct wire *w, bool *v)
{
	uint8_t byte = *v;

	wire_u8(w, &byte);
	if (w->out != NULL)
		return;
	w->bad |= byte > 1;
	*v = byte == 1;
}

size_t
wire_count(struct wire *w, size_t n, size_t bytes)
{
	wire_size(w, &n);
	if (w->out == NULL && (w->bad || n > (size_t)(w->end - w->p) / bytes)) {
		w->bad = true;
		return 0;
	}
	return n;
}

/* The length of a text, and where it is; *n is 0 where it does not fit. */
static const char *
text(struct wire *w, size_t *n, size_t max)
{
	const char *p;
	uint32_t len = 0;

	wire_u32(w, &len);
	*n = 0;
	if (w->bad || len > max || len > (size_t)(w->end - w->p)) {
		w->bad = true;
		return "";
	}
	p = w->p;
	w->p += len;
	*n = len;
	return p;
}

static void
put_text(struct wire *w, const char *p, size_t n)
{
	uint32_t len = (uint32_t)n;

	wire_u32(w, &len);
	tally_buf_add(w->out, p, n);
}

/* One that is a C string: there is no NUL in it. */
static struct tally_str
string(struct wire *w, size_t size)
{
	size_t n;
	const char *p = text(w, &n, size - 1);

	if (memchr(p, '\0', n) != NULL) {
		w->bad = true;
		n = 0;
	}
	return tally_str(p, n);
}

void
wire_field(struct wire *w, char *field, size_t size)
{
	struct tally_str s;

	if (w->out != NULL) {
		put_text(w, field, strlen(field));
		return;
	}
	s = string(w, size);
	memset(field, 0, size);
	memcpy(field, s.p, s.n);
}

void
wire_cstr(struct wire *w, const char **v, size_t size)
{
	struct tally_str s;

	if (w->out != NULL) {
		s = tally_cstr(*v);
		put_text(w, s.p, s.n < size ? s.n : size - 1);
		return;
	}
	*v = tally_arena_cstr(w->arena, string(w, size));
	if (*v == NULL) {
		w->bad = true;
		*v = "";
	}
}

void
wire_view(struct wire *w, struct tally_str *v, size_t max)
{
	size_t n;
	const char *p;

	if (w->out != NULL) {
		put_text(w, v->p, v->n < max ? v->n : max);
		return;
	}
	p = text(w, &n, max);
	*v = tally_arena_str(w->arena, tally_str(p, n));
	if (v->p == NULL) {
		w->bad = true;
		*v = tally_str("", 0);
	}
}

void
wire_verdict(struct wire *w, enum tally_verdict *v)
{
	uint8_t byte = (uint8_t)*v;

	wire_u8(w, &byte);
	if (w->out != NULL)
		return;
	*v = TALLY_REJECTED;
	if (byte == TALLY_ACCEPTED || byte == TALLY_ACCEPTED_WITH_ERRORS ||
	    byte == TALLY_PARTIAL)
		*v = (enum tally_verdict)byte;
	else
		w->bad |= byte != TALLY_REJECTED;
}

/* --- small messages --- */

void
wire_file(struct wire *w, struct wire_file *f)
{
	wire_u32(w, &f->partner);
	wire_u64(w, &f->size);
	wire_u64(w, &f->from);
	wire_bool(w, &f->single);
	wire_bool(w, &f->whole);
	wire_bool(w, &f->ahead);
	wire_bool(w, &f->suppose);
}

void
wire_read(struct wire *w, struct wire_read *r)
{
	wire_u8(w, &r->reader);
	wire_u64(w, &r->offset);
	wire_u64(w, &r->n);
	wire_u64(w, &r->to);
	if (w->out == NULL &&
	    (r->reader >= WIRE_READERS || r->n == 0 || r->n > WIRE_BLOCK ||
		r->to > WIRE_AHEAD - r->n))
		w->bad = true;
}

void
wire_record(struct wire *w, struct wire_record *r)
{
	wire_u64(w, &r->recorded);
	wire_bool(w, &r->chosen);
	r->n = wire_count(w, r->n, sizeof(*r->offset));
	if (w->out == NULL) {
		r->offset = tally_arena_alloc(
		    w->arena, (r->n + 1) * sizeof(*r->offset));
		w->bad |= r->offset == NULL;
	}
	if (!w->bad)
		wire_raw(w, r->offset, r->n * sizeof(*r->offset));
}

void
wire_lookup(struct wire *w, struct store_lookup_row *l)
{
	uint64_t id = (uint64_t)l->id;

	wire_view(w, &l->name, UINT32_MAX);
	wire_view(w, &l->theirs, UINT32_MAX);
	wire_view(w, &l->ours, UINT32_MAX);
	wire_bool(w, &l->any);
	wire_u64(w, &id);
	l->id = (int64_t)id;
}

/* Words for people, whoever wrote them. */
static void
plain(char *s)
{
	for (; *s != '\0'; s++)
		if (*s < ' ' || *s == '\x7f')
			*s = '?';
}

void
wire_trouble(struct wire *w, struct tally_err *err)
{
	err->rc = (enum tally_rc)wire_below(
	    w, (uint32_t)err->rc, (uint32_t)TALLY_CONFIG + 1);
	wire_u32(w, &err->line);
	wire_field(w, err->file, sizeof(err->file));
	wire_field(w, err->text, sizeof(err->text));
	if (w->out != NULL)
		return;
	w->bad |= err->rc == TALLY_OK;
	plain(err->file);
	plain(err->text);
}
