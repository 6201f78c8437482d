/* SPDX-License-Identifier: Apache-2.0 */
/* A file named on the command line, or standard input, as a source. */
#ifndef TALLYMAN_COMMAND_INPUT_H
#define TALLYMAN_COMMAND_INPUT_H

#include "tallyman/x12.h"

struct input {
	int fd;
	const char *name; /* borrowed; "-" is standard input */
};

/* TALLY_NOINPUT when there is no such file or it cannot be read. */
enum tally_rc input_open(struct input *, const char *name, struct tally_err *)
    TALLY_MUST_USE;
void input_close(struct input *);

/* Borrows the input, and reads from it until the end. */
struct tally_source input_source(struct input *);

#endif
