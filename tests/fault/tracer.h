/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program under ptrace: its system calls are counted, over all its threads
 * and children, from the first that names tallyman.xml on; one of them is its
 * last, or fails, or does only half of its work.  Nothing is faked but what
 * is asked for: a call that fails is not made, but for close, which has closed
 * whatever it says; one that is short really is.
 *
 * No time passes for what is traced: calls that sleep return at once.
 */
#ifndef TESTS_FAULT_TRACER_H
#define TESTS_FAULT_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tallyman/err.h"

enum tracer_act {
	TRACE_COUNT, /* only look */
	TRACE_KILL,  /* SIGKILL at the entry to call n */
	TRACE_FAIL,  /* the first of a kind from call n on fails with error */
	TRACE_SHORT  /* likewise: it transfers half of what it is to */
};

/* A call that was made, as it ended. */
struct tracer_call {
	pid_t pid;
	uint64_t nr, arg[6];
	int64_t result;
};

struct tracing {
	enum tracer_act act;
	long at;       /* which call, from 1 */
	uint64_t kind; /* its number, of TRACE_FAIL and TRACE_SHORT */
	int error;     /* errno of TRACE_FAIL */
	long more;     /* so many later ones of its kind fail, too */
	/* Told of every call that succeeded, before the program goes on. */
	void (*saw)(void *ctx, const struct tracer_call *);
	void *ctx;

	/* Afterwards. */
	long calls;    /* that were counted */
	uint64_t *nr;  /* of each; owned, freed by tracing_free */
	bool hung;     /* ended because it took too long */
	bool happened; /* what was asked for */
};
void tracing_free(struct tracing *);

/* Why nothing can be traced here, or null. */
const char *tracer_missing(void);
/* In the child, before exec: lets its parent trace it. */
void tracer_child(void);
/* Until it and all it started have ended; its status as waitpid has it. */
int tracer_wait(pid_t, struct tracing *, unsigned seconds);

/* A string, or n bytes, of a process that stands still: false when it has
 * none there. */
bool tracer_string(pid_t, uint64_t at, char *out, size_t size);
bool tracer_bytes(pid_t, uint64_t at, void *out, size_t n);

#endif
