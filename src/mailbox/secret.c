/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and wiping secrets; see secret.h. */
#define _GNU_SOURCE /* explicit_bzero */
#include "mailbox/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mailbox/child.h"
#include "mailbox/kind.h"
#include "mailbox/words.h"

#define WORDS_BYTES ((size_t)1 << 19) /* of a command line's words */

bool
secret_given(const struct mailbox_secret *s)
{
	return s->file != NULL || s->command != NULL || s->credential != NULL;
}

void
secret_free(struct secret *s)
{
	if (s != NULL)
		explicit_bzero(s, sizeof(*s));
	tally_free(s);
}

/* others: the bits of the mode that must not be set. */
static enum tally_rc
check_mode(const struct mailbox_settings *s, const char *what, const char *path,
    const struct stat *sb, mode_t others, struct tally_err *err)
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
	if ((sb->st_mode & others) != 0)
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

/* *fd of a file that is fit to hold a secret. */
static enum tally_rc
open_file(int *fd, const struct mailbox_settings *s, const char *what,
    const char *path, mode_t others, struct tally_err *err)
{
	char whole[4096];
	struct stat sb;
	int n = path[0] == '/' || s->base == NULL
	    ? snprintf(whole, sizeof(whole), "%s", path)
	    : snprintf(whole, sizeof(whole), "%s/%s", s->base, path);

	*fd = -1;
	if (n < 0 || (size_t)n >= sizeof(whole))
		errno = ENAMETOOLONG;
	else
		*fd = open(whole,
		    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (*fd < 0 && errno == ELOOP)
		return tally_err_set(err, TALLY_PERM,
		    "mailbox %s: the %s %s is a symbolic link; name the file"
		    " itself",
		    s->name, what, path);
	if (*fd < 0 || fstat(*fd, &sb) != 0)
		return tally_err_errno(err,
		    errno == EACCES ? TALLY_PERM : TALLY_CONFIG,
		    "mailbox %s: cannot open the %s %s", s->name, what, path);
	return check_mode(s, what, path, &sb, others, err);
}

static enum tally_rc
read_file(struct secret *out, const struct mailbox_settings *s,
    const char *what, const char *path, mode_t others, struct tally_err *err)
{
	ssize_t n;
	int fd;
	enum tally_rc rc = open_file(&fd, s, what, path, others, err);

	if (rc == TALLY_OK) {
		n = read_all(fd, out->p, sizeof(out->p));
		out->n = n > 0 ? (size_t)n : 0;
		if (n <= 0 || (size_t)n == sizeof(out->p))
			rc = tally_err_set(err, TALLY_CONFIG,
			    "mailbox %s: the %s %s cannot be read, is empty,"
			    " or is larger than %zu bytes",
			    s->name, what, path, sizeof(out->p) - 1);
		else
			out->p[out->n] = '\0';
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

static enum tally_rc
make(struct secret **out, const struct mailbox_settings *s,
    struct tally_err *err)
{
	*out = tally_alloc(sizeof(**out));
	if (*out == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "mailbox %s: no memory", s->name);
	(*out)->n = 0;
	return TALLY_OK;
}

enum tally_rc
secret_file(struct secret **out, const struct mailbox_settings *s,
    const char *what, const char *path, struct tally_err *err)
{
	enum tally_rc rc = make(out, s, err);

	if (rc == TALLY_OK)
		rc = read_file(*out, s, what, path, 077, err);
	if (rc == TALLY_OK)
		return TALLY_OK;
	secret_free(*out);
	*out = NULL;
	return rc;
}

/* Where a credential is.  Names have no slash, so none leaves the folder. */
static enum tally_rc
credential_path(char path[4096], const struct mailbox_settings *s,
    const char *what, const char *name, struct tally_err *err)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	int n;

	if (dir == NULL || dir[0] != '/')
		return tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: the %s is the credential %s, and"
		    " CREDENTIALS_DIRECTORY is not set: start tallyman from a"
		    " systemd unit with LoadCredential=%s:FILE",
		    s->name, what, name, name);
	n = snprintf(path, 4096, "%s/%s", dir, name);
	if (n < 0 || n >= 4096 || strchr(name, '/') != NULL ||
	    strcmp(name, "..") == 0)
		return tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: \"%s\" cannot be the name of a credential",
		    s->name, name);
	return TALLY_OK;
}

struct command {
	struct tally_arena arena;
	char *argv[WORDS_MAX + 1];
	char program[PATH_MAX];
};

static enum tally_rc
parse_command(struct command *c, const struct mailbox_settings *s,
    const char *what, const char *line, struct tally_err *err)
{
	const char *wrong = words_split(c->argv, &c->arena, line, NULL, 0);

	if (wrong != NULL)
		return tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: the %s command cannot be read: %s", s->name,
		    what, wrong);
	if (child_command(c->program, s->base, c->argv[0]) == NULL)
		return tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: the %s command %s cannot be run; give its"
		    " whole path, and check that it is executable",
		    s->name, what, c->argv[0]);
	return TALLY_OK;
}

/* What is told is what the command says of errors, never what it prints. */
static enum tally_rc
failed(const struct child_said *said, const struct mailbox_settings *s,
    const char *what, int e, unsigned ms, struct tally_err *err)
{
	char shown[MAILBOX_SHOWN], how[80] = "";
	size_t end = said->words_n, begin;

	while (end > 0 && (unsigned char)said->words[end - 1] <= ' ')
		end--;
	for (begin = end; begin > 0 && said->words[begin - 1] != '\n';)
		begin--;
	mailbox_shown(shown, tally_str(said->words + begin, end - begin));
	if (e == ETIMEDOUT)
		snprintf(how, sizeof(how), "did not end within %u ms", ms);
	else if (e != 0)
		snprintf(
		    how, sizeof(how), "cannot be started (%s)", strerror(e));
	else if (WIFEXITED(said->status) && WEXITSTATUS(said->status) != 0)
		snprintf(how, sizeof(how), "ended with %d",
		    WEXITSTATUS(said->status));
	else if (WIFSIGNALED(said->status))
		snprintf(how, sizeof(how), "was ended by signal %d",
		    WTERMSIG(said->status));
	else
		snprintf(how, sizeof(how), "printed nothing, or too much");
	return tally_err_set(err, TALLY_CONFIG,
	    "mailbox %s: the %s command %s%s%s; run it by hand as the user"
	    " that tallyman runs as",
	    s->name, what, how, shown[0] != '\0' ? ": " : "", shown);
}

static enum tally_rc
read_command(struct secret *out, const struct mailbox_settings *s,
    const char *what, const char *line, struct tally_err *err)
{
	unsigned ms = s->login_ms != 0 ? s->login_ms : MAILBOX_LOGIN_MS;
	struct child_said said = { .out = out->p, .size = sizeof(out->p) - 1 };
	struct command *c = tally_alloc(sizeof(*c));
	enum tally_rc rc;
	int e;

	if (c == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "mailbox %s: no memory", s->name);
	tally_arena_init(&c->arena, WORDS_BYTES);
	rc = parse_command(c, s, what, line, err);
	if (rc == TALLY_OK) {
		e = child_run(&said, c->program, c->argv, true, ms);
		out->n = said.n;
		if (e != 0 || said.status != 0 || said.n == 0 || said.more)
			rc = failed(&said, s, what, e, ms, err);
	}
	tally_arena_free(&c->arena);
	tally_free(c);
	return rc;
}

/* Up to the end of the first line. */
static void
cut_line(struct secret *s)
{
	size_t n = 0;

	if (s->n == SECRET_MAX)
		s->n--;
	while (n < s->n && s->p[n] != '\n' && s->p[n] != '\r')
		n++;
	s->n = n;
	s->p[n] = '\0';
}

enum tally_rc
secret_line(struct secret **out, const struct mailbox_settings *s,
    const char *what, const struct mailbox_secret *from, struct tally_err *err)
{
	char name[40], path[4096];
	enum tally_rc rc;

	*out = NULL;
	if (!secret_given(from))
		return TALLY_OK;
	rc = make(out, s, err);
	if (rc != TALLY_OK)
		return rc;
	snprintf(name, sizeof(name), "%s file", what);
	if (from->file != NULL) {
		rc = read_file(*out, s, name, from->file, 077, err);
	} else if (from->command != NULL) {
		rc = read_command(*out, s, what, from->command, err);
	} else {
		rc = credential_path(path, s, what, from->credential, err);
		/* systemd lets us read it by a list of access, which looks
		 * like the rights of a group. */
		if (rc == TALLY_OK)
			rc = read_file(*out, s, name, path, 007, err);
	}
	if (rc == TALLY_OK) {
		cut_line(*out);
		if ((*out)->n > 0)
			return TALLY_OK;
		rc = tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: the %s is an empty line", s->name, what);
	}
	secret_free(*out);
	*out = NULL;
	return rc;
}

enum tally_rc
secret_check(const struct mailbox_settings *s, const char *what,
    const struct mailbox_secret *from, struct tally_err *err)
{
	struct secret *read = NULL;
	struct command *c;
	enum tally_rc rc;

	if (from->command == NULL) {
		rc = secret_line(&read, s, what, from, err);
		secret_free(read);
		return rc;
	}
	c = tally_alloc(sizeof(*c));
	if (c == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "mailbox %s: no memory", s->name);
	tally_arena_init(&c->arena, WORDS_BYTES);
	rc = parse_command(c, s, what, from->command, err);
	tally_arena_free(&c->arena);
	tally_free(c);
	return rc;
}
