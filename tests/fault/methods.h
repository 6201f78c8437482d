/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The methods: each disturbs scenes in its way, at as many points as it is
 * given, and counts what the oracle says of how they end.
 */
#ifndef TESTS_FAULT_METHODS_H
#define TESTS_FAULT_METHODS_H

#include "fault/oracle.h"
#include "support/generate.h"

struct sshd;

/* What a method is to work with, and what came of it. */
struct effort {
	const char *program; /* the one under test */
	/* The one that a poison kills; it takes few files at a time, too, so
	 * that it reads, translates and delivers some beside others. */
	const char *poisoned;
	const char *preload; /* an allocator that fails */
	const struct sshd *sshd;
	struct rnd rnd;
	uint64_t seed;
	enum density {
		FULL,
		THIN,        /* a sample of the points */
		PLANTED_ONLY /* as many as find what is planted */
	} density;
	bool first; /* end at the first that is wrong */

	unsigned long points;
	unsigned long bad; /* of the points */
	unsigned long wrong[WRONGS];
	const char *skipped; /* why nothing was done, or null */
};

/* Counts a point and what is wrong at it, and tells the first few. */
void effort_point(struct effort *, const struct scene *, struct verdict *,
    const char *fmt, ...) TALLY_PRINTF(4, 5);
/* Whether to go on. */
bool effort_on(const struct effort *);
/* A status of sysexits.h, or 0 or 1: what a run says that ends by itself. */
bool is_clean(int status);

typedef void method_fn(struct effort *);
method_fn method_oracle, method_kill, method_kill_sftp, method_power,
    method_error, method_error_sftp, method_memory, method_full, method_chaos;

#endif
