/* SPDX-License-Identifier: Apache-2.0 */
/* A file named on the command line, or standard input, as a source. */
#ifndef TALLYMAN_COMMAND_INPUT_H
#define TALLYMAN_COMMAND_INPUT_H

#include "tallyman/mem.h"
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

/*
 * Lets it be read from any place: what is no regular file is copied into a
 * temporary one.  TALLY_IO when there is no room for that.
 */
enum tally_rc input_keep(struct input *, struct tally_err *) TALLY_MUST_USE;

/* Of an input that is kept, from a place on. */
struct input_from {
	const struct input *input;
	uint64_t at;
};
struct tally_source input_source_from(struct input_from *);

/* All of it.  TALLY_DATA when the buffer cannot hold it. */
enum tally_rc input_slurp(
    struct input *, struct tally_buf *, struct tally_err *) TALLY_MUST_USE;

#endif
