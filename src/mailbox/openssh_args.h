/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of the program ssh: all that it is told. */
#ifndef TALLYMAN_MAILBOX_OPENSSH_ARGS_H
#define TALLYMAN_MAILBOX_OPENSSH_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "mailbox/dial.h"
#include "mailbox/pins.h"
#include "tallyman/mem.h"

#define OPENSSH_ALIAS "mailbox" /* the host's name in the file of known hosts */
#define OPENSSH_ARGS  48

struct openssh_args {
	char *v[OPENSSH_ARGS + 1]; /* null behind the last */
	size_t n;
	bool failed; /* for want of memory, or one is too long */
	struct tally_arena arena;
};

/* For the subsystem sftp at the target; known is the file of known hosts,
 * types are the algorithms that its host key may have.  The caller frees the
 * arena, also when it failed. */
void openssh_args_make(struct openssh_args *, const struct mailbox_settings *,
    const struct link_target *, const char *known, const char *types);

/* What ssh cannot be told without asking it, or at all; null: nothing. */
const char *openssh_args_cannot(
    const struct mailbox_settings *, const struct pins *);

/* Whether a path has nothing that ssh would take apart or expand. */
bool openssh_args_plain(const char *path);

#endif
