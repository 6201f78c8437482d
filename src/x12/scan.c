/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which scan kernel runs; see scan.h.
 *
 * What the processor can do is asked here and not by the loader (ifunc), so
 * that sanitizers and valgrind, which run a subset, get what they can run.
 */
#include "x12/scan.h"

#include <stdlib.h>
#include <string.h>

#include "x12/scan_mask.h"

/* From the slowest to the fastest; who can run one can run those before. */
static const struct tally_scan_kernel kernels[] = {
	{ "swar", tally_scan_swar },
#if SCAN_X86
	{ "sse2", tally_scan_sse2 },
	{ "avx2", tally_scan_avx2 },
	{ "vbmi2", tally_scan_vbmi2 },
#endif
};

const struct tally_scan_kernel *
tally_scan_kernels(size_t *n)
{
	*n = 1;
#if SCAN_X86
	__builtin_cpu_init();
	*n = 2;
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
	    __builtin_cpu_supports("popcnt")) {
		*n = 3;
		if (__builtin_cpu_supports("avx512bw") &&
		    __builtin_cpu_supports("avx512vbmi2") &&
		    __builtin_cpu_supports("bmi2"))
			*n = 4;
	}
#endif
	return kernels;
}

tally_scan_fn *
tally_scan_choose(void)
{
	const char *wanted = getenv("TALLYMAN_SCAN");
	size_t n;
	const struct tally_scan_kernel *k = tally_scan_kernels(&n);

	for (size_t i = 0; wanted != NULL && i < n; i++)
		if (strcmp(k[i].name, wanted) == 0)
			return k[i].scan;
	return k[n - 1].scan;
}
