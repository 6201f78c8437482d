/* SPDX-License-Identifier: Apache-2.0 */
/* The scanner; see scan.h. */
#include "x12/scan.h"

static void
scan_plain(const unsigned char *base, uint32_t from, uint32_t to,
    unsigned char element, unsigned char segment, struct tally_index *ix)
{
	for (uint32_t i = from; i < to; i++) {
		unsigned char c = base[i];

		if (c == segment)
			ix->end[ix->nend++] = ix->npos;
		if (c == element || c == segment)
			ix->pos[ix->npos++] = i;
		else if (c < 0x20 || c > 0x7e)
			ix->odd = true;
	}
}

static const struct tally_scan_kernel kernels[] = {
	{ "plain", scan_plain },
};

const struct tally_scan_kernel *
tally_scan_kernels(size_t *n)
{
	*n = sizeof(kernels) / sizeof(kernels[0]);
	return kernels;
}

tally_scan_fn *
tally_scan_choose(void)
{
	return kernels[0].scan;
}
