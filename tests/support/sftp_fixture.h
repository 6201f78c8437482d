/* SPDX-License-Identifier: Apache-2.0 */
/* A mailbox on a private sshd, for the tests of the SFTP kind. */
#ifndef TESTS_SUPPORT_SFTP_FIXTURE_H
#define TESTS_SUPPORT_SFTP_FIXTURE_H

#include "mailbox/mailbox.h"
#include "mailbox_sink.h"
#include "sshd.h"

/* One sshd for a group of tests, unless sshd is missing. */
extern struct sshd server;
int server_start(void **state);
int server_stop(void **state);

/* Before it is started: its SFTP is support/programs/evilsftp, which is told
 * what to do by the file "rule" in its folder.  program: argv[0] of the test;
 * extra: for sshd_start. */
void server_hostile(const char *program, const char *extra);

/* Skips the test, with the reason, where there is no sshd. */
void need_sshd(void);

/* Settings that work with one pin, to be spoilt by a test. */
struct mailbox_settings settings(const struct sshd *, const char *const *pin);

/* A mailbox with such settings, which closed() frees. */
struct mailbox *opened(const struct sshd *);
void closed(struct mailbox *);

/* Empties the folder that is served. */
void empty_root(const struct sshd *);

/* n bytes that repeat nowhere near, malloc'ed. */
char *made(size_t n);

#endif
