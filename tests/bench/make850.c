/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make850 SIZE [SEED [FIRST]]: writes one interchange of about that many
 * million bytes, or thousand where a k follows, to standard output: one group
 * of purchase orders (see write_order) with numbers from FIRST (1) on.  SEED
 * (850) is the number of the interchange too.  With 0 it has one order.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../support/generate.h"

#define KB 1000.0
#define MB 1000000.0

static int
flush(struct tally_buf *b, double *written)
{
	if (b->failed || fwrite(b->p, 1, b->n, stdout) != b->n)
		return -1;
	*written += (double)b->n;
	tally_buf_reset(b);
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct tally_set_spec order = { .functional = "PO",
		.version = "004010" };
	struct maker m;
	struct tally_buf b;
	double wanted, written = 0;
	uint32_t first, seed, n = 0;
	char *unit;
	int rc = 0;

	if (argc < 2 || argc > 4) {
		fprintf(stderr, "usage: make850 SIZE [SEED [FIRST]]\n");
		return 64;
	}
	wanted = (double)strtoul(argv[1], &unit, 10);
	wanted *= *unit == 'k' ? KB : MB;
	seed = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 850;
	first = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 1;
	maker_init(&m, seed);
	tally_buf_init(&b, 1 << 20);
	write_isa(&b, &m, seed);
	write_gs(&b, &m, &order, 1);
	do {
		write_order(&b, &m, first + n++);
		rc = flush(&b, &written);
	} while (rc == 0 && written < wanted);
	write_ge(&b, &m, n, 1);
	write_iea(&b, &m, 1, seed);
	if (rc == 0)
		rc = flush(&b, &written);
	tally_buf_free(&b);
	if (rc != 0 || fflush(stdout) != 0) {
		perror("make850");
		return 74;
	}
	return 0;
}
