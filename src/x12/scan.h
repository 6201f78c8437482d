/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scanner: where the separators are.
 *
 * One function over several kernels (portable SWAR, SSE2, AVX2, AVX-512
 * VBMI2), chosen once by what the processor can do; all give the same, entry
 * for entry.  The positions found are the element views: nothing is copied.
 */
#ifndef TALLYMAN_X12_SCAN_H
#define TALLYMAN_X12_SCAN_H

#include <stddef.h>
#include <stdint.h>

/* Bytes behind the end of what is scanned that must be readable. */
#define TALLY_SCAN_PAD 64

struct tally_index {
	uint32_t *pos; /* offsets of separators, rising */
	uint32_t *end; /* of each terminator: its index in pos */
	uint32_t npos, nend;
	uint32_t odd; /* behind the last odd byte, or as it was */
};

/*
 * Appends to *ix the positions from … to - 1 of base that hold the element
 * separator or the segment terminator (which differ).  pos and end must have
 * room for to - from more, plus TALLY_SCAN_PAD: what lies behind npos and
 * nend is written to as well.
 *
 * A byte is odd when it is no printable ASCII, no separator, and does not
 * stand right behind a terminator (where a line ends), nor behind such a byte
 * that is no printable ASCII itself: so an element with one has it in odd.
 * What lies before from is looked at for that.
 */
typedef void tally_scan_fn(const unsigned char *base, uint32_t from,
    uint32_t to, unsigned char element, unsigned char segment,
    struct tally_index *ix);

/*
 * The best kernel for this machine, or the one that the environment variable
 * TALLYMAN_SCAN names (for tests and benches: it changes no result).
 */
tally_scan_fn *tally_scan_choose(void);

/* The n kernels that can run here, for tests and benches; the best is last. */
struct tally_scan_kernel {
	const char *name; /* "swar", "sse2", "avx2", "vbmi2" */
	tally_scan_fn *scan;
};
const struct tally_scan_kernel *tally_scan_kernels(size_t *n);

#endif
