/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: any bytes as what an SFTP server sends, packet after packet. */
#include "fuzz.h"

#include "mailbox/sftp_codec.h"

static void
within(struct tally_str s, const uint8_t *data, size_t n)
{
	const uint8_t *p = (const uint8_t *)s.p;

	if (s.n > 0)
		MUST(p >= data && p + s.n <= data + n);
}

static void
look(struct tally_str packet, const uint8_t *data, size_t n)
{
	struct sftp_reply r;
	struct sftp_name e;
	struct tally_err err = { .rc = TALLY_OK };
	uint32_t count = 0;

	if (sftp_decode(&r, packet, &err) != TALLY_OK) {
		MUST(err.rc == TALLY_DATA && err.text[0] != '\0');
		return;
	}
	within(r.text, data, n);
	within(r.data, data, n);
	while (sftp_name_next(&r.names, &e)) {
		within(e.name, data, n);
		within(e.line, data, n);
		MUST(e.name.n <= SFTP_PATH_MAX);
		count++;
	}
	/* A name takes twelve bytes or more. */
	MUST(count <= n / 12);
	if (r.type == SFTP_HANDLE)
		MUST(r.data.n > 0 && r.data.n <= SFTP_HANDLE_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tally_str in = tally_str(data, n), packet;

	while (sftp_frame(&packet, in) == SFTP_FRAME_READY) {
		within(packet, data, n);
		MUST(packet.n + 4 <= in.n);
		look(packet, data, n);
		in.p += packet.n + 4;
		in.n -= packet.n + 4;
	}
	return 0;
}
