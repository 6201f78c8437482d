/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 of blocks, for any machine: FIPS 180-4, sections 4.1.2 and 6.2. */
#include "base/hash_kernel.h"

const uint32_t tally_hash_round[64] = { 0x428a2f98, 0x71374491, 0xb5c0fbcf,
	0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
	0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7,
	0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
	0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
	0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e,
	0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
	0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c,
	0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee,
	0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2 };

static inline uint32_t
turn(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static inline uint32_t
word(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

/* The words of the message that the 64 rounds take. */
static void
schedule(uint32_t w[64], const unsigned char *p)
{
	uint32_t a, b;

	for (unsigned i = 0; i < 16; i++)
		w[i] = word(p + (size_t)4 * i);
	for (unsigned i = 16; i < 64; i++) {
		a = w[i - 15];
		b = w[i - 2];
		w[i] = w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ a >> 3) +
		    w[i - 7] + (turn(b, 17) ^ turn(b, 19) ^ b >> 10);
	}
}

/* What a round adds to d and puts into h; k: its constant and its word. */
static inline void
step(uint32_t a, uint32_t b, uint32_t c, uint32_t *d, uint32_t e, uint32_t f,
    uint32_t g, uint32_t *h, uint32_t k)
{
	uint32_t t = *h + k + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) +
	    (g ^ (e & (f ^ g)));

	*d += t;
	*h = t + (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) +
	    ((a & b) | (c & (a | b)));
}

/* The rounds, eight in a turn: after these each variable is in its own place
 * again. */
static void
block(uint32_t s[8], const uint32_t w[64])
{
	uint32_t a = s[0], b = s[1], c = s[2], d = s[3];
	uint32_t e = s[4], f = s[5], g = s[6], h = s[7];

	for (unsigned i = 0; i < 64; i += 8) {
		const uint32_t *k = tally_hash_round + i, *v = w + i;

		step(a, b, c, &d, e, f, g, &h, v[0] + k[0]);
		step(h, a, b, &c, d, e, f, &g, v[1] + k[1]);
		step(g, h, a, &b, c, d, e, &f, v[2] + k[2]);
		step(f, g, h, &a, b, c, d, &e, v[3] + k[3]);
		step(e, f, g, &h, a, b, c, &d, v[4] + k[4]);
		step(d, e, f, &g, h, a, b, &c, v[5] + k[5]);
		step(c, d, e, &f, g, h, a, &b, v[6] + k[6]);
		step(b, c, d, &e, f, g, h, &a, v[7] + k[7]);
	}
	s[0] += a;
	s[1] += b;
	s[2] += c;
	s[3] += d;
	s[4] += e;
	s[5] += f;
	s[6] += g;
	s[7] += h;
}

void
tally_hash_portable(uint32_t state[8], const unsigned char *p, size_t nblock)
{
	uint32_t w[64];

	for (; nblock > 0; nblock--, p += HASH_BLOCK) {
		schedule(w, p);
		block(state, w);
	}
}
