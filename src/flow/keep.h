/* SPDX-License-Identifier: Apache-2.0 */
/* Small files of the workspace beside the store. */
#ifndef TALLYMAN_FLOW_KEEP_H
#define TALLYMAN_FLOW_KEEP_H

#include "tallyman/mem.h"

#define KEEP_MARK   "tallyman.mark"   /* how far the store had come */
#define KEEP_BACKUP "tallyman.backup" /* when and where it was copied last */

/* Puts a file into the workspace: whole and durable, or not at all. */
enum tally_rc keep_write(const char *dir, const char *name, struct tally_str,
    struct tally_err *) TALLY_MUST_USE;
/* Its content, ended by a NUL; empty where there is none. */
enum tally_rc keep_read(struct tally_buf *, const char *dir, const char *name,
    struct tally_err *) TALLY_MUST_USE;

#endif
