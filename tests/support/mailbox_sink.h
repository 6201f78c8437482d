/* SPDX-License-Identifier: Apache-2.0 */
/* A sink for mailbox_get that keeps what came, and a scratch folder. */
#ifndef TESTS_SUPPORT_MAILBOX_SINK_H
#define TESTS_SUPPORT_MAILBOX_SINK_H

#include "mailbox/mailbox.h"

#define KEPT_MAX 4096

struct kept {
	size_t n;
	struct tally_buf *bytes; /* n of them */
	struct mailbox_result *result;
	unsigned *done; /* how often each was reported */
	size_t refuse;  /* the sink fails this one; n for none */
	struct mailbox_sink sink;
};
void kept_init(struct kept *, size_t n);
void kept_free(struct kept *);

/* A new folder under $TMPDIR or /tmp; ends the program when it cannot. */
void scratch_make(char path[256]);
/* Removes it and all that is in it. */
void scratch_remove(const char *path);
/* Writes dir/name; mtime 0 leaves the time alone. */
void scratch_write(
    const char *dir, const char *name, const void *, size_t, int64_t mtime);
/* Whole content of dir/name, malloc'ed, or null when it is not there. */
char *scratch_read(const char *dir, const char *name, size_t *n);

#endif
