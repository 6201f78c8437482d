/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for libFuzzer with any compiler: gives each file named on the
 * command line to the target, its last byte flush against memory that cannot
 * be read, so that reading behind the input ends the program.
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

#define INPUT_MAX (16 << 20)

static long
replay(const char *path, unsigned char *end)
{
	FILE *f = fopen(path, "rb");
	unsigned char *p;
	long n = -1;

	if (f == NULL)
		return -1;
	if (fseek(f, 0, SEEK_END) == 0)
		n = ftell(f);
	if (n < 0 || n > INPUT_MAX || fseek(f, 0, SEEK_SET) != 0) {
		fclose(f);
		return -1;
	}
	p = end - n;
	if (fread(p, 1, (size_t)n, f) != (size_t)n)
		n = -1;
	fclose(f);
	if (n >= 0)
		LLVMFuzzerTestOneInput(p, (size_t)n);
	return n;
}

int
main(int argc, char **argv)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *map;
	int failed = 0;

	map = mmap(NULL, INPUT_MAX + page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED ||
	    mprotect(map + INPUT_MAX, page, PROT_NONE) != 0) {
		perror("replay");
		return 1;
	}
	for (int i = 1; i < argc; i++) {
		fprintf(stderr, "%s\n", argv[i]);
		if (replay(argv[i], map + INPUT_MAX) < 0) {
			perror(argv[i]);
			failed = 1;
		}
	}
	munmap(map, INPUT_MAX + page);
	return failed;
}
