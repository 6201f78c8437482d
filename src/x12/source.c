/* SPDX-License-Identifier: Apache-2.0 */
/* A source of bytes that are in memory; see tallyman/x12.h. */
#include "tallyman/x12.h"

static enum tally_rc
read_str(void *ctx, void *buf, size_t max, size_t *got, struct tally_err *err)
{
	struct tally_str *s = ctx;

	(void)err;
	*got = s->n < max ? s->n : max;
	if (*got > 0)
		memcpy(buf, s->p, *got);
	*s = tally_str(s->p + *got, s->n - *got);
	return TALLY_OK;
}

struct tally_source
tally_source_str(struct tally_str *bytes)
{
	return (struct tally_source){ read_str, bytes };
}
