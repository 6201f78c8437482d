/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors, where the system does half of what it is asked. */
#ifndef TALLYMAN_BASE_IO_H
#define TALLYMAN_BASE_IO_H

#include <stdbool.h>
#include <stddef.h>

/* Calls in a row that a signal may interrupt before that counts as a failure:
 * a system that is out of order shall not keep a run busy. */
#define TALLY_INTERRUPTS 1000

/* All n bytes, in as many calls as it takes; false with errno set. */
bool tally_write_all(int fd, const void *p, size_t n);

#endif
