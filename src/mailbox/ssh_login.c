/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging in: a key file, the agent, a password (then keyboard-interactive
 * with one hidden prompt, which is what many managed servers call a password).
 *
 * What a server accepts is asked first, and each way is tried once: servers
 * lock out who tries too often.  Secrets are read only from files that nobody
 * else may read, and are wiped after use.
 */
#define _GNU_SOURCE /* explicit_bzero */
#include "mailbox/ssh.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mailbox/kind.h"
#include "mailbox/pins.h"

#define SECRET_MAX ((size_t)65536) /* the longest key files have 13 KiB */
#define AGENT_KEYS 5               /* most servers hang up after six */

struct secret {
	char path[4096];
	size_t n;
	char p[SECRET_MAX];
};

static enum tally_rc
check_mode(const struct mailbox_settings *s, const char *what, const char *path,
    const struct stat *sb, struct tally_err *err)
{
	if (!S_ISREG(sb->st_mode))
		return tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: the %s %s is not a regular file", s->name,
		    what, path);
	if (sb->st_uid != geteuid() && sb->st_uid != 0)
		return tally_err_set(err, TALLY_PERM,
		    "mailbox %s: the %s %s belongs to another user; chown it"
		    " to the one that tallyman runs as",
		    s->name, what, path);
	if ((sb->st_mode & 077) != 0)
		return tally_err_set(err, TALLY_PERM,
		    "mailbox %s: the %s %s is accessible to others (mode"
		    " %04o); chmod 600 it",
		    s->name, what, path, (unsigned)sb->st_mode & 07777);
	return TALLY_OK;
}

static ssize_t
read_all(int fd, char *p, size_t max)
{
	size_t n = 0;
	ssize_t got;

	while (n < max) {
		got = read(fd, p + n, max - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

/* Reads a file that only we may read; relative to the settings' base. */
static enum tally_rc
read_secret(struct secret *out, const struct mailbox_settings *s,
    const char *what, const char *path, struct tally_err *err)
{
	enum tally_rc rc = TALLY_CONFIG;
	struct stat sb;
	ssize_t n = -1;
	int fd = -1, e;

	e = path[0] == '/' || s->base == NULL
	    ? snprintf(out->path, sizeof(out->path), "%s", path)
	    : snprintf(out->path, sizeof(out->path), "%s/%s", s->base, path);
	if (e < 0 || (size_t)e >= sizeof(out->path))
		errno = ENAMETOOLONG;
	else
		fd = open(out->path,
		    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ELOOP)
		return tally_err_set(err, TALLY_PERM,
		    "mailbox %s: the %s %s is a symbolic link; name the file"
		    " itself",
		    s->name, what, path);
	if (fd < 0 || fstat(fd, &sb) != 0) {
		rc = tally_err_errno(err, TALLY_CONFIG,
		    "mailbox %s: cannot open the %s %s", s->name, what, path);
		goto out;
	}
	rc = check_mode(s, what, path, &sb, err);
	if (rc != TALLY_OK)
		goto out;
	n = read_all(fd, out->p, sizeof(out->p));
	if (n <= 0 || (size_t)n == sizeof(out->p))
		rc = tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: the %s %s cannot be read, is empty, or is"
		    " larger than %zu bytes",
		    s->name, what, path, sizeof(out->p) - 1);
	out->n = n > 0 ? (size_t)n : 0;
out:
	if (fd >= 0)
		close(fd);
	return rc;
}

/* A secret that is one line. */
static enum tally_rc
read_line(struct secret *out, const struct mailbox_settings *s,
    const char *what, const char *path, struct tally_err *err)
{
	enum tally_rc rc = read_secret(out, s, what, path, err);

	while (rc == TALLY_OK && out->n > 0 &&
	    (out->p[out->n - 1] == '\n' || out->p[out->n - 1] == '\r'))
		out->n--;
	if (rc == TALLY_OK)
		out->p[out->n] = '\0'; /* out->n < SECRET_MAX */
	return rc;
}

static void
wipe(struct secret *s)
{
	if (s != NULL)
		explicit_bzero(s, sizeof(*s));
	tally_free(s);
}

enum tally_rc
ssh_login_check(const struct mailbox_settings *s, struct tally_err *err)
{
	struct secret *secret;
	enum tally_rc rc = TALLY_OK;

	if (s->key == NULL && !s->agent && s->password_file == NULL)
		return tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: no way to log in is given; give a key, the"
		    " agent or a password file",
		    s->name);
	secret = tally_calloc(1, sizeof(*secret));
	if (secret == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "mailbox %s: no memory", s->name);
	if (s->key != NULL)
		rc = read_secret(secret, s, "private key", s->key, err);
	if (rc == TALLY_OK && s->passphrase_file != NULL)
		rc = read_secret(
		    secret, s, "passphrase file", s->passphrase_file, err);
	if (rc == TALLY_OK && s->password_file != NULL)
		rc = read_secret(
		    secret, s, "password file", s->password_file, err);
	wipe(secret);
	return rc;
}

static bool
contains(const unsigned char *p, size_t n, const char *word, size_t len)
{
	for (size_t i = 0; n >= len && i <= n - len; i++)
		if (memcmp(p + i, word, len) == 0)
			return true;
	return false;
}

/* Whether the text of a private key is that of an RSA key, as far as the
 * beginning of it tells. */
static bool
is_rsa(const struct secret *key)
{
	static const char oid[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
	const unsigned char *text = (const unsigned char *)key->p;
	unsigned char raw[512];
	char base64[600];
	size_t n = 0, i = 0;

	if (contains(text, key->n, "BEGIN RSA PRIVATE KEY", 21))
		return true;
	/* The lines between the dashes, as one text of whole groups. */
	while (i < key->n && key->p[i] != '\n')
		i++;
	for (; i < key->n && key->p[i] != '-' && n < sizeof(base64); i++)
		if (key->p[i] != '\n' && key->p[i] != '\r')
			base64[n++] = key->p[i];
	if (!pins_base64(raw, &n, sizeof(raw), tally_str(base64, n - n % 4)))
		return false;
	/* The encodings of a type's name and of the object identifier. */
	return contains(raw, n, "\0\0\0\7ssh-rsa", 11) ||
	    contains(raw, n, oid, sizeof(oid) - 1);
}

struct login {
	struct ssh *s;
	const char *user;
	const char *accepts; /* the server's list, or null */
	char tried[400];     /* for the message at the end */
	char hint[400];
	bool refused; /* one way at least */
};

static bool
accepted(const struct login *l, const char *method)
{
	size_t n = strlen(method);

	for (const char *p = l->accepts; p != NULL;
	     p = strchr(p, ',') != NULL ? strchr(p, ',') + 1 : NULL)
		if (strncmp(p, method, n) == 0 && (p[n] == ',' || p[n] == '\0'))
			return true;
	return l->accepts == NULL;
}

static void
note(struct login *l, const char *what, const char *outcome)
{
	size_t n = strlen(l->tried);

	snprintf(l->tried + n, sizeof(l->tried) - n, "%s%s %s",
	    n > 0 ? ", " : "", what, outcome);
}

static enum tally_rc
key_unusable(struct login *l, struct tally_err *err)
{
	const struct mailbox_settings *set = l->s->set;

	return tally_err_set(err, TALLY_CONFIG,
	    "mailbox %s: the private key %s cannot be used: %s", set->name,
	    set->key,
	    set->passphrase_file != NULL
		? "the passphrase is wrong, or it is no private key in the"
		  " format of OpenSSH or PEM"
		: "it is encrypted and no passphrase file is given, or it is"
		  " no private key in the format of OpenSSH or PEM");
}

static void
hint_rsa(struct login *l, const struct secret *key)
{
	if (!is_rsa(key) || libssh2_version(SSH_RSA_SHA2) != NULL)
		return;
	snprintf(l->hint, sizeof(l->hint),
	    "; the key is RSA, with which this libssh2 (%s) can sign by SHA-1"
	    " only, and most servers refuse that since 2021: set"
	    " transport=\"openssh\", or give the partner an ed25519 or ecdsa"
	    " key (ssh-keygen -t ed25519)",
	    libssh2_version(0));
}

/*
 * Codes that stand for trouble with the key as well as with the connection;
 * only libssh2's text tells them apart.
 */
static enum tally_rc
key_trouble(struct login *l, int e, struct tally_err *err)
{
	char *text = NULL;

	libssh2_session_last_error(l->s->session, &text, NULL, 0);
	if (text == NULL)
		text = l->hint; /* empty by now */
	if (e == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED &&
	    strstr(text, "response") != NULL)
		e = LIBSSH2_ERROR_SOCKET_DISCONNECT;
	else if (e == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED ||
	    strstr(text, "PEM") != NULL || strstr(text, "key") != NULL)
		return key_unusable(l, err);
	return ssh_trouble(l->s, e, "logging in", err);
}

/* *in: whether that was it.  Not TALLY_OK: give up. */
static enum tally_rc
by_key(struct login *l, bool *in, struct tally_err *err)
{
	const struct mailbox_settings *set = l->s->set;
	struct secret *key = tally_calloc(1, sizeof(*key));
	struct secret *pass = tally_calloc(1, sizeof(*pass));
	enum tally_rc rc = TALLY_OK;
	int e;

	if (key == NULL || pass == NULL)
		rc = tally_err_set(
		    err, TALLY_NOMEM, "mailbox %s: no memory", set->name);
	if (rc == TALLY_OK)
		rc = read_secret(key, set, "private key", set->key, err);
	if (rc == TALLY_OK && set->passphrase_file != NULL)
		rc = read_line(
		    pass, set, "passphrase file", set->passphrase_file, err);
	if (rc != TALLY_OK)
		goto out;
	do
		e = libssh2_userauth_publickey_frommemory(l->s->session,
		    l->user, strlen(l->user), NULL, 0, key->p, key->n,
		    set->passphrase_file != NULL ? pass->p : NULL);
	while (ssh_again(l->s, e));
	*in = e == 0;
	switch (e) {
	case 0:
		break;
	case LIBSSH2_ERROR_AUTHENTICATION_FAILED:
		l->refused = true;
		note(l, "key", "refused");
		hint_rsa(l, key);
		break;
	case LIBSSH2_ERROR_FILE:
	case LIBSSH2_ERROR_KEYFILE_AUTH_FAILED:
	case LIBSSH2_ERROR_METHOD_NONE:
	case LIBSSH2_ERROR_METHOD_NOT_SUPPORTED:
		rc = key_unusable(l, err);
		break;
	default:
		rc = key_trouble(l, e, err);
	}
out:
	wipe(key);
	wipe(pass);
	return rc;
}

static enum tally_rc
by_agent(struct login *l, bool *in, struct tally_err *err)
{
	LIBSSH2_AGENT *agent = libssh2_agent_init(l->s->session);
	struct libssh2_agent_publickey *key = NULL, *last = NULL;
	int e = LIBSSH2_ERROR_ALLOC, n = 0;

	(void)err;
	if (agent != NULL)
		e = libssh2_agent_connect(agent);
	if (e == 0)
		e = libssh2_agent_list_identities(agent);
	if (e != 0) {
		note(l, "agent", "not reached (is SSH_AUTH_SOCK set?)");
		goto out;
	}
	for (; n < AGENT_KEYS; n++, last = key) {
		if (libssh2_agent_get_identity(agent, &key, last) != 0)
			break;
		do
			e = libssh2_agent_userauth(agent, l->user, key);
		while (ssh_again(l->s, e));
		*in = e == 0;
		if (e == 0)
			goto out;
		l->refused = true;
		if (e != LIBSSH2_ERROR_AUTHENTICATION_FAILED)
			break;
	}
	note(l, "agent",
	    n > 0 ? "whose keys are all refused" : "that holds no usable key");
out:
	if (agent != NULL) {
		libssh2_agent_disconnect(agent);
		libssh2_agent_free(agent);
	}
	return TALLY_OK;
}

/* One hidden prompt is answered with the password, others with nothing. */
static void
answer(const char *name, int name_len, const char *instruction,
    int instruction_len, int n, const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompts,
    LIBSSH2_USERAUTH_KBDINT_RESPONSE *responses, void **ctx)
{
	struct ssh *s = *ctx;

	(void)name;
	(void)name_len;
	(void)instruction;
	(void)instruction_len;
	if (n != 1 || prompts[0].echo)
		return;
	responses[0].text = tally_alloc(s->secret.n + 1); /* libssh2 frees it */
	if (responses[0].text == NULL)
		return;
	memcpy(responses[0].text, s->secret.p, s->secret.n);
	responses[0].length = (unsigned)s->secret.n;
}

static enum tally_rc
by_password(struct login *l, bool *in, struct tally_err *err)
{
	struct ssh *s = l->s;
	struct secret *pass = tally_calloc(1, sizeof(*pass));
	unsigned user_n = (unsigned)strlen(l->user);
	enum tally_rc rc;
	int e = LIBSSH2_ERROR_AUTHENTICATION_FAILED;

	if (pass == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "mailbox %s: no memory", s->set->name);
	rc = read_line(
	    pass, s->set, "password file", s->set->password_file, err);
	if (rc == TALLY_OK && accepted(l, "password")) {
		do
			e = libssh2_userauth_password_ex(s->session, l->user,
			    user_n, pass->p, (unsigned)pass->n, NULL);
		while (ssh_again(s, e));
		note(l, "password", "refused");
	}
	if (rc == TALLY_OK && e == LIBSSH2_ERROR_AUTHENTICATION_FAILED &&
	    accepted(l, "keyboard-interactive")) {
		s->secret = tally_str(pass->p, pass->n);
		do
			e = libssh2_userauth_keyboard_interactive_ex(
			    s->session, l->user, user_n, answer);
		while (ssh_again(s, e));
		s->secret = tally_str(NULL, 0);
		note(l, "keyboard-interactive", "refused");
	}
	wipe(pass);
	*in = rc == TALLY_OK && e == 0;
	l->refused = true;
	if (e == LIBSSH2_ERROR_PASSWORD_EXPIRED)
		snprintf(l->hint, sizeof(l->hint),
		    "; the password has expired: ask the partner for a new"
		    " one");
	else if (rc == TALLY_OK && e != 0 &&
	    e != LIBSSH2_ERROR_AUTHENTICATION_FAILED)
		rc = ssh_trouble(s, e, "logging in", err);
	return rc;
}

/* Copies the server's list of ways, which does not live long. */
static enum tally_rc
ask_list(struct login *l, char list[256], bool *in, struct tally_err *err)
{
	char *got;
	int e;

	do {
		got = libssh2_userauth_list(
		    l->s->session, l->user, (unsigned)strlen(l->user));
		e = got != NULL ? 0 : libssh2_session_last_errno(l->s->session);
	} while (got == NULL && ssh_again(l->s, e));
	*in = got == NULL && libssh2_userauth_authenticated(l->s->session);
	if (got == NULL && !*in)
		return ssh_trouble(l->s, e, "logging in", err);
	if (got != NULL) {
		snprintf(list, 256, "%s", got);
		l->accepts = list;
	}
	return TALLY_OK;
}

enum tally_rc
ssh_login(struct ssh *s, const char *user, struct tally_err *err)
{
	struct login l = { .s = s, .user = user };
	const struct mailbox_settings *set = s->set;
	char list[256] = "", safe[MAILBOX_SHOWN], who[MAILBOX_SHOWN];
	bool in = false;
	enum tally_rc rc = ask_list(&l, list, &in, err);

	if (rc == TALLY_OK && !in && set->key != NULL) {
		if (accepted(&l, "publickey"))
			rc = by_key(&l, &in, err);
		else
			note(&l, "key", "not accepted here");
	}
	if (rc == TALLY_OK && !in && set->agent && accepted(&l, "publickey"))
		rc = by_agent(&l, &in, err);
	if (rc == TALLY_OK && !in && set->password_file != NULL)
		rc = by_password(&l, &in, err);
	if (l.tried[0] == '\0')
		note(&l, "nothing that is given", "is accepted here");
	if (rc == TALLY_OK && in)
		return TALLY_OK;
	/* Hung up on after a refusal: trying again would make it worse. */
	if (rc != TALLY_OK && !(rc == TALLY_UNAVAILABLE && l.refused))
		return rc;
	return tally_err_set(err, TALLY_PERM,
	    "mailbox %s: the server refused the login of %s: %s (it accepts"
	    " %s)%s; have the partner check the user's name and the key",
	    set->name, mailbox_shown(who, tally_cstr(user)), l.tried,
	    mailbox_shown(safe, tally_cstr(list)), l.hint);
}
