/* SPDX-License-Identifier: Apache-2.0 */
/* What a fuzz target is: a function that libFuzzer or replay.c calls. */
#ifndef TALLYMAN_TESTS_FUZZ_H
#define TALLYMAN_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* What must hold for every input; assert() would go with NDEBUG. */
#define MUST(x) \
	((x) ? (void)0 \
	     : (fprintf( \
		    stderr, "%s:%d: must hold: %s\n", __FILE__, __LINE__, #x), \
		   abort()))

#endif
