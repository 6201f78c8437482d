/* SPDX-License-Identifier: Apache-2.0 */
/* What turns blocks of 64 bytes into the state of SHA-256 (FIPS 180-4). */
#ifndef TALLYMAN_BASE_HASH_KERNEL_H
#define TALLYMAN_BASE_HASH_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) && defined(__x86_64__)
#define HASH_X86 1
#else
#define HASH_X86 0
#endif

#define HASH_BLOCK 64

typedef void tally_hash_fn(
    uint32_t state[8], const unsigned char *, size_t nblock);

struct tally_hash_kernel {
	const char *name;
	tally_hash_fn *blocks;
};

/* Those that this processor can run, from the slowest to the fastest. */
const struct tally_hash_kernel *tally_hash_kernels(size_t *n);

extern const uint32_t tally_hash_round[64];
tally_hash_fn tally_hash_portable;
#if HASH_X86
tally_hash_fn tally_hash_x86; /* with the instructions that x86-64 has for it */
#endif

#endif
