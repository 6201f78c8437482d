/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of the folder kind share; nobody else includes it. */
#ifndef TALLYMAN_MAILBOX_DIRECTORY_H
#define TALLYMAN_MAILBOX_DIRECTORY_H

#include <sys/stat.h>

#include "mailbox/kind.h"

#define DIRECTORY_BLOCK ((size_t)256 * 1024)

struct directory {
	int root;
	bool owes; /* something is to be synced with its file system */
};

/* One sentence about one name, with errno's text. */
enum tally_rc directory_trouble(struct tally_err *, struct mailbox *,
    const char *what, const char *folder, struct tally_str name);

/* The open folder, or -1 and errno; that fails every request in it. */
int directory_folder(struct mailbox *, const char *folder);
enum tally_rc directory_folder_trouble(
    struct tally_err *, struct mailbox *, const char *folder);

void directory_cstr(char out[MAILBOX_NAME_MAX + 1], struct tally_str name);
struct mailbox_entry directory_entry(
    struct tally_str name, const struct stat *);

enum tally_rc directory_put(struct mailbox *, const char *folder,
    const struct mailbox_upload *, size_t, struct mailbox_result *,
    struct tally_err *);
enum tally_rc directory_rename(struct mailbox *, const struct mailbox_rename *,
    size_t, struct mailbox_result *, struct tally_err *);
enum tally_rc directory_remove(struct mailbox *, const char *folder,
    const struct tally_str *name, size_t, struct mailbox_result *,
    struct tally_err *);
enum tally_rc directory_sync(
    struct mailbox *, struct mailbox_synced *, struct tally_err *);

#endif
