/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors: what the system does half of, or wants to be told. */
#ifndef TALLYMAN_BASE_IO_H
#define TALLYMAN_BASE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Calls in a row that a signal may interrupt before that counts as a failure:
 * a system that is out of order shall not keep a run busy. */
#define TALLY_INTERRUPTS 1000

/* All n bytes, in as many calls as it takes; false with errno set. */
bool tally_write_all(int fd, const void *p, size_t n);

/* Of a file of that size, read once and too large for the memory of a machine,
 * the kernel lets go of what lies before an offset, some MiB at a time; up to
 * *forgotten, 0 at first, it has.  A small one it keeps. */
void tally_forget_read(
    int fd, uint64_t size, uint64_t *forgotten, uint64_t upto);

#endif
