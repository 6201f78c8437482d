/* SPDX-License-Identifier: Apache-2.0 */
/* A relay on loopback between a test and a server: programs/relay.c. */
#ifndef TESTS_SUPPORT_RELAY_H
#define TESTS_SUPPORT_RELAY_H

#include <sys/types.h>

struct relay {
	pid_t pid;
	int in; /* it ends when this is closed */
	unsigned port;
};

/* self: argv[0] of the test.  options: words with blanks between.  Aborts
 * when it does not start. */
void relay_start(struct relay *, const char *self, const char *kind,
    unsigned port, const char *options);
void relay_stop(struct relay *);

#endif
