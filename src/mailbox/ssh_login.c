/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging in: a key file, the agent, a password (then keyboard-interactive
 * with one hidden prompt, which is what many managed servers call a password).
 *
 * What a server accepts is asked first, and each way is tried once: servers
 * lock out who tries too often.  Secrets are read, and keys looked at, before
 * anybody is connected to; they are wiped after the login.
 */
#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "mailbox/ssh.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "mailbox/kind.h"

#define AGENT_KEYS 5 /* most servers hang up after six */

void
ssh_secrets_free(struct ssh_secrets *sec)
{
	secret_free(sec->key);
	secret_free(sec->passphrase);
	secret_free(sec->password);
	memset(sec, 0, sizeof(*sec));
}

enum tally_rc
ssh_secrets_read(struct ssh_secrets *sec, const struct mailbox_settings *s,
    struct tally_err *err)
{
	struct key_look look;
	enum tally_rc rc = TALLY_OK;

	memset(sec, 0, sizeof(*sec));
	if (s->key != NULL)
		rc = secret_file(&sec->key, s, "private key", s->key, err);
	if (rc == TALLY_OK)
		rc = secret_line(
		    &sec->passphrase, s, "passphrase", &s->passphrase, err);
	if (rc == TALLY_OK)
		rc = secret_line(
		    &sec->password, s, "password", &s->password, err);
	if (rc == TALLY_OK && sec->key != NULL) {
		key_look(&look, tally_str(sec->key->p, sec->key->n),
		    sec->passphrase != NULL ? sec->passphrase->p : NULL);
		sec->kind = look.kind;
		rc = ssh_key_fits(s, &look, err);
	}
	if (rc != TALLY_OK)
		ssh_secrets_free(sec);
	return rc;
}

/* Whether there is an agent; cron, above all, knows of none. */
static enum tally_rc
look_for_agent(const struct mailbox_settings *s, struct tally_err *err)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	const char *path = getenv("SSH_AUTH_SOCK");
	int fd, e = 0;

	if (path == NULL || *path == '\0' || strlen(path) >= sizeof(a.sun_path))
		return tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: agent is the only way to log in that is given,"
		    " and SSH_AUTH_SOCK names none; set it where tallyman is"
		    " started, or name a key",
		    s->name);
	memcpy(a.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		e = errno;
	if (fd >= 0)
		close(fd);
	errno = e;
	if (e == 0)
		return TALLY_OK;
	return tally_err_errno(err, TALLY_CONFIG,
	    "mailbox %s: the agent at %s is not reached; start it, or name a"
	    " key",
	    s->name, path);
}

enum tally_rc
ssh_login_check(const struct mailbox_settings *s, struct tally_err *err)
{
	struct mailbox_settings with = *s;
	struct ssh_secrets sec;
	enum tally_rc rc;

	if (s->key == NULL && !s->agent && !secret_given(&s->password))
		return tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: no way to log in is given; give a key, the"
		    " agent or a password",
		    s->name);
	rc = secret_check(s, "passphrase", &s->passphrase, err);
	if (rc == TALLY_OK)
		rc = secret_check(s, "password", &s->password, err);
	if (rc == TALLY_OK && s->agent && s->key == NULL &&
	    !secret_given(&s->password))
		rc = look_for_agent(s, err);
	if (rc != TALLY_OK)
		return rc;
	/* Commands are run by those who mean to log in. */
	memset(&with.password, 0, sizeof(with.password));
	with.passphrase.command = NULL;
	rc = ssh_secrets_read(&sec, &with, err);
	ssh_secrets_free(&sec);
	return rc;
}

/* Whether this libssh2 can sign by RSA with nothing but SHA-1. */
static bool
rsa_is_weak(void)
{
	return libssh2_version(SSH_RSA_SHA2) == NULL;
}

/* What is wrong with a key and what is to be done, or null. */
static const char *
key_trouble_of(const struct mailbox_settings *s, const struct key_look *k)
{
	switch (k->kind) {
	case KEY_PUBLIC:
		return "it is a public key; name the private one, which mostly"
		       " has the same name without .pub";
	case KEY_PUTTY:
		return "it is in the format of PuTTY; convert it: puttygen KEY"
		       " -O private-openssh -o NEW";
	case KEY_NONE:
		return "it is no whole private key in the format of OpenSSH,"
		       " PEM or PKCS8";
	case KEY_DSA:
		return "it is a DSA key, which servers refuse since 2015; make"
		       " another: ssh-keygen -t ed25519";
	case KEY_HARDWARE:
		if (!s->openssh)
			return "its private half is in hardware, which only"
			       " transport=\"openssh\" can ask";
		break;
	case KEY_ED25519:
		if (s->openssh && k->form == KEY_PKCS8)
			return "ssh reads ed25519 in its own format only, not"
			       " in PKCS8; take out transport, or make"
			       " another: ssh-keygen -t ed25519";
		break;
	default:
		break;
	}
	if (k->locked && !secret_given(&s->passphrase))
		return s->openssh
		    ? "it has a passphrase, which transport=\"openssh\""
		      " cannot give; put it into the agent, or take off the"
		      " passphrase: ssh-keygen -p -f KEY"
		    : "it is encrypted and no passphrase is given; add"
		      " passphrase-file, passphrase-command or"
		      " passphrase-credential";
	return k->wrong ? "the passphrase is wrong" : NULL;
}

enum tally_rc
ssh_key_fits(const struct mailbox_settings *s, const struct key_look *k,
    struct tally_err *err)
{
	const char *trouble = key_trouble_of(s, k);

	if (trouble != NULL)
		return tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: the private key %s cannot be used: %s",
		    s->name, s->key, trouble);
	if (k->kind != KEY_RSA || s->openssh || s->legacy || !rsa_is_weak())
		return TALLY_OK;
	return tally_err_set(err, TALLY_CONFIG,
	    "mailbox %s: the private key %s is RSA, with which this libssh2"
	    " (%s) can sign by SHA-1 only; most servers refuse that since"
	    " 2021.  Set transport=\"openssh\", or give the partner an"
	    " ed25519 or ecdsa key (ssh-keygen -t ed25519), or set"
	    " legacy=\"yes\" if the server is that old",
	    s->name, s->key, libssh2_version(0));
}

struct login {
	struct ssh *s;
	const char *user;
	const struct ssh_secrets *sec;
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

/* A key that looked well and that libssh2 cannot read nevertheless. */
static enum tally_rc
key_unusable(struct login *l, struct tally_err *err)
{
	const struct mailbox_settings *set = l->s->set;

	return tally_err_set(err, TALLY_CONFIG,
	    "mailbox %s: the private key %s cannot be used: %s", set->name,
	    set->key,
	    l->sec->passphrase != NULL
		? "the passphrase is wrong, or the key is damaged; try"
		  " ssh-keygen -y -f KEY"
		: "libssh2 cannot read it; try ssh-keygen -y -f KEY");
}

/* Only where the partner is known to be old: see ssh_key_fits. */
static void
hint_rsa(struct login *l)
{
	if (l->sec->kind != KEY_RSA || !rsa_is_weak())
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
	const struct secret *key = l->sec->key, *pass = l->sec->passphrase;
	int e;

	do
		e = libssh2_userauth_publickey_frommemory(l->s->session,
		    l->user, strlen(l->user), NULL, 0, key->p, key->n,
		    pass != NULL ? pass->p : NULL);
	while (ssh_again(l->s, e));
	*in = e == 0;
	switch (e) {
	case 0:
		return TALLY_OK;
	case LIBSSH2_ERROR_AUTHENTICATION_FAILED:
		l->refused = true;
		note(l, "key", "refused");
		hint_rsa(l);
		return TALLY_OK;
	case LIBSSH2_ERROR_FILE:
	case LIBSSH2_ERROR_KEYFILE_AUTH_FAILED:
	case LIBSSH2_ERROR_METHOD_NONE:
	case LIBSSH2_ERROR_METHOD_NOT_SUPPORTED:
		return key_unusable(l, err);
	default:
		return key_trouble(l, e, err);
	}
}

/* Keys of the agent that are worth an attempt. */
static bool
is_usable(const struct login *l, const struct libssh2_agent_publickey *key)
{
	static const char rsa[] = "\0\0\0\7ssh-rsa";
	bool is_rsa = key->blob_len >= sizeof(rsa) - 1 &&
	    memcmp(key->blob, rsa, sizeof(rsa) - 1) == 0;

	return !is_rsa || l->s->set->legacy || !rsa_is_weak();
}

static void
note_agent(struct login *l, unsigned tried, unsigned left_out)
{
	note(l, "agent",
	    tried > 0 ? "whose keys are all refused"
		      : "that holds no usable key");
	if (left_out > 0)
		snprintf(l->hint, sizeof(l->hint),
		    "; %u RSA keys of the agent were left out, because this"
		    " libssh2 (%s) can sign by SHA-1 only: set"
		    " transport=\"openssh\" for them",
		    left_out, libssh2_version(0));
}

static enum tally_rc
by_agent(struct login *l, bool *in, struct tally_err *err)
{
	LIBSSH2_AGENT *agent = libssh2_agent_init(l->s->session);
	struct libssh2_agent_publickey *key = NULL, *last = NULL;
	unsigned n = 0, left_out = 0;
	int e = LIBSSH2_ERROR_ALLOC;

	(void)err;
	if (agent != NULL)
		e = libssh2_agent_connect(agent);
	if (e == 0)
		e = libssh2_agent_list_identities(agent);
	if (e != 0) {
		note(l, "agent", "not reached (is SSH_AUTH_SOCK set?)");
		goto out;
	}
	for (; n < AGENT_KEYS; last = key) {
		if (libssh2_agent_get_identity(agent, &key, last) != 0)
			break;
		if (!is_usable(l, key)) {
			left_out++;
			continue;
		}
		n++;
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
	note_agent(l, n, left_out);
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
	responses[0].text = ssh_alloc(s->secret.n + 1, ctx); /* it frees it */
	if (responses[0].text == NULL)
		return;
	memcpy(responses[0].text, s->secret.p, s->secret.n);
	responses[0].length = (unsigned)s->secret.n;
}

static enum tally_rc
by_password(struct login *l, bool *in, struct tally_err *err)
{
	struct ssh *s = l->s;
	const struct secret *pass = l->sec->password;
	unsigned user_n = (unsigned)strlen(l->user);
	int e = LIBSSH2_ERROR_AUTHENTICATION_FAILED;

	if (accepted(l, "password")) {
		do
			e = libssh2_userauth_password_ex(s->session, l->user,
			    user_n, pass->p, (unsigned)pass->n, NULL);
		while (ssh_again(s, e));
		note(l, "password", "refused");
	}
	if (e == LIBSSH2_ERROR_AUTHENTICATION_FAILED &&
	    accepted(l, "keyboard-interactive")) {
		s->secret = tally_str(pass->p, pass->n);
		do
			e = libssh2_userauth_keyboard_interactive_ex(
			    s->session, l->user, user_n, answer);
		while (ssh_again(s, e));
		s->secret = tally_str(NULL, 0);
		note(l, "keyboard-interactive", "refused");
	}
	*in = e == 0;
	l->refused = true;
	if (e == LIBSSH2_ERROR_PASSWORD_EXPIRED)
		snprintf(l->hint, sizeof(l->hint),
		    "; the password has expired: ask the partner for a new"
		    " one");
	else if (e != 0 && e != LIBSSH2_ERROR_AUTHENTICATION_FAILED)
		return ssh_trouble(s, e, "logging in", err);
	return TALLY_OK;
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
ssh_login(struct ssh *s, const char *user, const struct ssh_secrets *sec,
    struct tally_err *err)
{
	struct login l = { .s = s, .user = user, .sec = sec };
	const struct mailbox_settings *set = s->set;
	char list[256] = "", safe[MAILBOX_SHOWN], who[MAILBOX_SHOWN];
	bool in = false;
	enum tally_rc rc = ask_list(&l, list, &in, err);

	if (rc == TALLY_OK && !in && sec->key != NULL) {
		if (accepted(&l, "publickey"))
			rc = by_key(&l, &in, err);
		else
			note(&l, "key", "not accepted here");
	}
	if (rc == TALLY_OK && !in && set->agent && accepted(&l, "publickey"))
		rc = by_agent(&l, &in, err);
	if (rc == TALLY_OK && !in && sec->password != NULL)
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
