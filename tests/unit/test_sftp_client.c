/* SPDX-License-Identifier: Apache-2.0 */
/* The client over a link that is made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mailbox/sftp.h"

/*
 * A server that answers each request with OK, behind a link that takes half of
 * what it is given and then says that it is full.
 */
struct slow {
	struct link link; /* first */
	bool full;
	unsigned char head[9]; /* of the request that is coming: length, id */
	size_t at, length;     /* in it; bytes of it, 0: not known yet */
	struct tally_buf replies;
	size_t told;
};

static uint32_t
number(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static void
answer(struct slow *s)
{
	static const unsigned char version[] = { 0, 0, 0, 5, 2, 0, 0, 0, 3 };
	unsigned char ok[] = { 0, 0, 0, 17, 101, s->head[5], s->head[6],
		s->head[7], s->head[8], 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };

	if (s->head[4] == 1)
		tally_buf_add(&s->replies, version, sizeof(version));
	else
		tally_buf_add(&s->replies, ok, sizeof(ok));
}

static enum link_io
slow_send(struct link *link, const void *p, size_t n, size_t *done,
    struct tally_err *err)
{
	struct slow *s = (struct slow *)link;
	const unsigned char *c = p;

	(void)err;
	s->full = !s->full;
	if (!s->full)
		return LINK_AGAIN;
	*done = n / 2 + 1;
	for (size_t i = 0; i < *done; i++) {
		if (s->at < sizeof(s->head))
			s->head[s->at] = c[i];
		if (++s->at == 4)
			s->length = number(s->head) + 4;
		if (s->at == s->length) {
			answer(s);
			s->at = s->length = 0;
		}
	}
	return LINK_DONE;
}

static enum link_io
slow_recv(
    struct link *link, void *p, size_t n, size_t *done, struct tally_err *err)
{
	struct slow *s = (struct slow *)link;
	size_t left = s->replies.n - s->told;

	(void)err;
	if (left == 0)
		return LINK_AGAIN;
	*done = n < left ? n : left;
	memcpy(p, s->replies.p + s->told, *done);
	s->told += *done;
	return LINK_DONE;
}

static void
slow_wait(struct link *link, bool sending, int ms)
{
	(void)link;
	(void)sending;
	(void)ms;
}

static void
slow_close(struct link *link, bool polite)
{
	struct slow *s = (struct slow *)link;

	(void)polite;
	tally_buf_free(&s->replies);
}

static const struct link_methods methods = { slow_send, slow_recv, slow_wait,
	slow_close };

/* What is sent does not stay in memory until all of it is. */
static void
a_link_may_always_be_behind(void **state)
{
	enum { BLOCKS = 4000 };
	static const char block[SFTP_BLOCK];
	const struct mailbox_settings set = { .name = "t" };
	struct slow s = { .link.methods = &methods };
	struct sftp_request q = { .type = SFTP_WRITE,
		.handle = TALLY_STR("h"),
		.data = { block, sizeof(block) } };
	struct sftp_ticket t = { .item = 0 };
	struct sftp_client *c;
	struct sftp_reply r;
	struct tally_err err = { .text = "" };
	unsigned sent = 0, answered = 0;

	(void)state;
	tally_buf_init(&s.replies, (size_t)1 << 20);
	assert_int_equal(
	    sftp_client_open(&c, &s.link, &set, INT64_MAX, &err), TALLY_OK);
	while (answered < BLOCKS) {
		for (; sent < BLOCKS && sftp_client_pending(c) < 32; sent++)
			sftp_client_send(c, &q, &t);
		if (sftp_client_next(c, &r, &t, &err) != TALLY_OK)
			fail_msg("after %u: %s", answered, err.text);
		assert_int_equal(r.status, SFTP_STATUS_OK);
		answered++;
	}
	assert_int_equal(sftp_client_pending(c), 0);
	sftp_client_close(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_may_always_be_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
