/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A private sshd on loopback for tests: own port, throw-away host and user
 * keys, the user who runs the test (root or not).  It ends with its sessions.
 */
#ifndef TESTS_SUPPORT_SSHD_H
#define TESTS_SUPPORT_SSHD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct sshd {
	pid_t pid;
	unsigned port;
	char user[64];
	char dir[256];      /* scratch folder with all of it */
	char root[300];     /* dir/root: an empty folder to be served */
	char url[700];      /* sftp://user@127.0.0.1:port/dir/root */
	char ed25519[1024]; /* host keys as they are pinned */
	char ecdsa[1024];
	char sha256[128]; /* fingerprint of the ecdsa one */
	char key[300];    /* user keys: ed25519, ecdsa, ... */
	char key_ecdsa[300];
	char key_locked[300];  /* ed25519 with the passphrase "open sesame" */
	char key_rsa[300];     /* made only if sshd_rsa() is called */
	char key_unknown[300]; /* not authorized */
	char passphrase[300];  /* file that holds it */
};

/* Why it cannot be started here, or null. */
const char *sshd_missing(void);

/*
 * Starts it and waits until it listens.  subsystem: command of the SFTP
 * subsystem, null for internal-sftp; an @ at its end stands for dir.  extra:
 * more lines of sshd_config, or null.  Aborts when that fails.
 */
void sshd_start(struct sshd *, const char *subsystem, const char *extra);

/* Makes an RSA user key and lets it in. */
void sshd_rsa(struct sshd *);

/* Ends listener and sessions at once, as a crash would; stop is still due. */
void sshd_kill(struct sshd *);

void sshd_stop(struct sshd *);

#endif
