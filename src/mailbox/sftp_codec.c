/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of SFTP version 3; see sftp_codec.h.
 *
 * All reading goes through get_*(), which never pass the end and, once they
 * could not have what they wanted, remember it in ok and give zero: so a
 * decoder reads straight on and looks at ok at its end.
 */
#include "mailbox/sftp_codec.h"

#include <assert.h>
#include <string.h>

#define HAS_UIDGID   0x02u
#define HAS_EXTENDED 0x80000000u

#define TYPE_MASK    0170000u
#define TYPE_REGULAR 0100000u

struct cursor {
	const unsigned char *p, *end;
	bool ok;
};

static size_t
left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

static uint32_t
load32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static unsigned
get_byte(struct cursor *c)
{
	if (!c->ok || left(c) < 1) {
		c->ok = false;
		return 0;
	}
	return *c->p++;
}

static uint32_t
get_u32(struct cursor *c)
{
	uint32_t v;

	if (!c->ok || left(c) < 4) {
		c->ok = false;
		return 0;
	}
	v = load32(c->p);
	c->p += 4;
	return v;
}

static uint64_t
get_u64(struct cursor *c)
{
	uint64_t high = get_u32(c);

	return high << 32 | get_u32(c);
}

static struct tally_str
get_str(struct cursor *c)
{
	uint32_t n = get_u32(c);
	struct tally_str s = { NULL, 0 };

	if (!c->ok || left(c) < n) {
		c->ok = false;
		return s;
	}
	s = tally_str(c->p, n);
	c->p += n;
	return s;
}

static struct sftp_attrs
get_attrs(struct cursor *c)
{
	struct sftp_attrs a = { .has = get_u32(c) };
	uint32_t n;

	if (a.has & SFTP_HAS_SIZE)
		a.size = get_u64(c);
	if (a.has & HAS_UIDGID) {
		get_u32(c);
		get_u32(c);
	}
	if (a.has & SFTP_HAS_PERMISSIONS)
		a.permissions = get_u32(c);
	if (a.has & SFTP_HAS_TIMES) {
		get_u32(c);
		a.mtime = get_u32(c);
	}
	if (a.has & HAS_EXTENDED) {
		n = get_u32(c);
		/* Each pair takes eight bytes or more: this ends soon. */
		for (uint32_t i = 0; c->ok && i < n; i++) {
			get_str(c);
			get_str(c);
		}
	}
	return a;
}

static struct sftp_name
get_name(struct cursor *c)
{
	struct sftp_name n;

	n.name = get_str(c);
	n.line = get_str(c);
	n.attrs = get_attrs(c);
	return n;
}

static void
put_u32(struct tally_buf *b, uint32_t v)
{
	unsigned char p[4] = { (unsigned char)(v >> 24),
		(unsigned char)(v >> 16), (unsigned char)(v >> 8),
		(unsigned char)v };

	tally_buf_add(b, p, sizeof(p));
}

static void
put_u64(struct tally_buf *b, uint64_t v)
{
	put_u32(b, (uint32_t)(v >> 32));
	put_u32(b, (uint32_t)v);
}

static void
put_str(struct tally_buf *b, struct tally_str s)
{
	put_u32(b, (uint32_t)s.n);
	tally_buf_str(b, s);
}

static void
put_body(struct tally_buf *b, const struct sftp_request *q)
{
	switch (q->type) {
	case SFTP_OPEN:
		put_str(b, q->path);
		put_u32(b, q->flags);
		put_u32(b, 0); /* no attributes: the server's defaults */
		return;
	case SFTP_LSTAT:
	case SFTP_OPENDIR:
	case SFTP_REMOVE:
		put_str(b, q->path);
		return;
	case SFTP_RENAME:
		put_str(b, q->path);
		put_str(b, q->to);
		return;
	case SFTP_CLOSE:
	case SFTP_FSTAT:
	case SFTP_READDIR:
		put_str(b, q->handle);
		return;
	case SFTP_READ:
		put_str(b, q->handle);
		put_u64(b, q->offset);
		put_u32(b, q->length);
		return;
	case SFTP_WRITE:
		put_str(b, q->handle);
		put_u64(b, q->offset);
		put_str(b, q->data);
		return;
	case SFTP_EXTENDED:
		put_str(b, TALLY_STR("fsync@openssh.com"));
		put_str(b, q->handle);
		return;
	default:
		assert(!"a request");
	}
}

void
sftp_encode(struct tally_buf *b, uint32_t id, const struct sftp_request *q)
{
	size_t start = b->n;
	uint32_t n;

	put_u32(b, 0);
	tally_buf_putc(b, (char)q->type);
	if (q->type == SFTP_INIT) {
		put_u32(b, 3);
	} else {
		put_u32(b, id);
		put_body(b, q);
	}
	if (b->failed)
		return;
	n = (uint32_t)(b->n - start - 4);
	for (int i = 0; i < 4; i++)
		b->p[start + (size_t)i] = (char)(n >> (24 - 8 * i));
}

enum sftp_framing
sftp_frame(struct tally_str *packet, struct tally_str in)
{
	uint32_t n;

	if (in.n < 4)
		return SFTP_FRAME_SHORT;
	n = load32((const unsigned char *)in.p);
	if (n < 5 || n > SFTP_PACKET_MAX)
		return SFTP_FRAME_BAD;
	if (in.n - 4 < n)
		return SFTP_FRAME_SHORT;
	*packet = tally_str(in.p + 4, n);
	return SFTP_FRAME_READY;
}

static void
decode_version(struct sftp_reply *r, struct cursor *c)
{
	struct tally_str name, value;

	r->version = get_u32(c);
	while (c->ok && left(c) > 0) {
		name = get_str(c);
		value = get_str(c);
		if (tally_str_eq(name, TALLY_STR("fsync@openssh.com")) &&
		    tally_str_eq(value, TALLY_STR("1")))
			r->fsync = c->ok;
	}
}

static void
decode_status(struct sftp_reply *r, struct cursor *c)
{
	r->status = get_u32(c);
	/* The text and its language are missing in old servers' replies. */
	if (c->ok && left(c) > 0)
		r->text = get_str(c);
}

/* Walks all names once, so that sftp_name_next cannot fail. */
static void
decode_names(struct sftp_reply *r, struct cursor *c)
{
	r->names.left = get_u32(c);
	r->names.p = c->p;
	r->names.end = c->end;
	for (uint32_t i = 0; c->ok && i < r->names.left; i++)
		if (get_name(c).name.n > SFTP_PATH_MAX)
			c->ok = false;
}

enum tally_rc
sftp_decode(
    struct sftp_reply *r, struct tally_str packet, struct tally_err *err)
{
	const unsigned char *p = (const unsigned char *)packet.p;
	struct cursor c = { p, p + packet.n, true };

	memset(r, 0, sizeof(*r));
	r->type = (enum sftp_type)get_byte(&c);
	if (r->type != SFTP_VERSION)
		r->id = get_u32(&c);
	switch (r->type) {
	case SFTP_VERSION:
		decode_version(r, &c);
		break;
	case SFTP_STATUS:
		decode_status(r, &c);
		break;
	case SFTP_HANDLE:
		r->data = get_str(&c);
		if (r->data.n == 0 || r->data.n > SFTP_HANDLE_MAX)
			c.ok = false;
		break;
	case SFTP_DATA:
		r->data = get_str(&c);
		break;
	case SFTP_NAME:
		decode_names(r, &c);
		break;
	case SFTP_ATTRS:
		r->attrs = get_attrs(&c);
		break;
	default:
		return tally_err_set(err, TALLY_DATA,
		    "a packet of type %u, which is no reply of SFTP version 3",
		    (unsigned)r->type);
	}
	if (!c.ok)
		return tally_err_set(err, TALLY_DATA,
		    "an SFTP packet of type %u whose %zu bytes do not hold"
		    " what it announces",
		    (unsigned)r->type, packet.n);
	return TALLY_OK;
}

bool
sftp_name_next(struct sftp_names *names, struct sftp_name *out)
{
	struct cursor c = { names->p, names->end, true };

	if (names->left == 0)
		return false;
	*out = get_name(&c);
	assert(c.ok);
	names->p = c.p;
	names->left--;
	return true;
}

bool
sftp_regular(const struct sftp_attrs *a, struct tally_str line)
{
	if (a->has & SFTP_HAS_PERMISSIONS && (a->permissions & TYPE_MASK) != 0)
		return (a->permissions & TYPE_MASK) == TYPE_REGULAR;
	/* No type in the attributes: the line is like that of ls -l. */
	return line.n == 0 || strchr("dlbcps", line.p[0]) == NULL ||
	    line.p[0] == '\0';
}

const char *
sftp_status_words(uint32_t status)
{
	static const char *const words[] = { "ok", "end of file",
		"no such file", "permission denied", "failure", "bad message",
		"no connection", "connection lost", "not supported",
		"invalid handle", "no such path", "file exists",
		"write protected", "no media", "no space", "quota exceeded" };

	if (status < sizeof(words) / sizeof(words[0]))
		return words[status];
	return "unknown status";
}
