/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which folder is the workspace, and its tallyman.xml as text; see site.h.
 */
/* For realpath. */
#define _XOPEN_SOURCE 700

#include "flow/site.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FALLBACK "/var/lib/tallyman"

static bool
is_workspace(const char *dir)
{
	char path[PATH_MAX + sizeof(SITE_FILE)];
	struct stat sb;

	snprintf(path, sizeof(path), "%s/%s", dir, SITE_FILE);
	return stat(path, &sb) == 0 && S_ISREG(sb.st_mode);
}

static enum tally_rc
copy(char **dir, const char *path, struct tally_err *err)
{
	size_t n = strlen(path) + 1;

	*dir = tally_alloc(n);
	if (*dir == NULL)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	memcpy(*dir, path, n);
	return TALLY_OK;
}

/* The current folder or the nearest above it; empties path when there is
 * none. */
static enum tally_rc
look_upwards(char path[PATH_MAX], struct tally_err *err)
{
	char *slash;

	if (getcwd(path, PATH_MAX) == NULL)
		return tally_err_errno(
		    err, TALLY_IO, "the current folder cannot be told");
	while (!is_workspace(path)) {
		slash = strrchr(path, '/');
		if (slash == NULL || slash[1] == '\0') {
			path[0] = '\0';
			return TALLY_OK;
		}
		slash[slash == path ? 1 : 0] = '\0';
	}
	return TALLY_OK;
}

enum tally_rc
site_find(char **dir, const char *asked, struct tally_err *err)
{
	char path[PATH_MAX];
	const char *from = asked != NULL ? asked : getenv("TALLYMAN_DIR");
	enum tally_rc rc;

	if (from != NULL) {
		if (realpath(from, path) == NULL || !is_workspace(path))
			return tally_err_set(err, TALLY_CONFIG,
			    "%s is no workspace: it has no %s; make one with "
			    "'tallyman init %s'",
			    from, SITE_FILE, from);
		return copy(dir, path, err);
	}
	rc = look_upwards(path, err);
	if (rc != TALLY_OK)
		return rc;
	if (path[0] != '\0')
		return copy(dir, path, err);
	if (is_workspace(FALLBACK))
		return copy(dir, FALLBACK, err);
	return tally_err_set(err, TALLY_CONFIG,
	    "no workspace: neither this folder nor one above it nor %s has a "
	    "%s; make one with 'tallyman init DIR' or name one with -C",
	    FALLBACK, SITE_FILE);
}

enum tally_rc
site_find_any(char **dir, const char *asked, struct tally_err *err)
{
	struct tally_err none;
	bool named = asked != NULL || getenv("TALLYMAN_DIR") != NULL;
	enum tally_rc rc = site_find(dir, asked, &none);

	if (rc == TALLY_CONFIG && !named) {
		*dir = NULL;
		return TALLY_OK;
	}
	if (rc != TALLY_OK && err != NULL)
		*err = none;
	return rc;
}

enum tally_rc
site_slurp(struct tally_buf *b, const char *path, struct tally_err *err)
{
	char block[16384];
	ssize_t n = 0;
	size_t whole = b->n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum tally_rc rc = TALLY_OK;

	if (fd < 0)
		return tally_err_errno(err,
		    errno == ENOENT ? TALLY_NOINPUT : TALLY_CONFIG,
		    "%s cannot be read", path);
	do {
		n = read(fd, block, sizeof(block));
		if (n > 0) {
			tally_buf_add(b, block, (size_t)n);
			whole += (size_t)n;
		}
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0)
		rc = tally_err_errno(err, TALLY_IO, "reading %s", path);
	else if (b->failed && whole <= b->max)
		rc = tally_err_set(err, TALLY_NOMEM, "out of memory");
	else if (b->failed)
		rc = tally_err_set(err, TALLY_CONFIG,
		    "%s is larger than %zu bytes, the most such a file can be",
		    path, b->max);
	close(fd);
	return rc;
}

enum tally_rc
site_load(struct site **out, const char *dir,
    const struct tally_dictionary *dictionary, struct tally_err *err)
{
	char path[PATH_MAX + sizeof(SITE_FILE)];
	struct tally_buf text;
	enum tally_rc rc;

	snprintf(path, sizeof(path), "%s/%s", dir, SITE_FILE);
	tally_buf_init(&text, SITE_BYTES_MAX);
	rc = site_slurp(&text, path, err);
	if (rc == TALLY_OK)
		rc = site_parse(
		    out, dir, path, tally_buf_view(&text), dictionary, err);
	tally_buf_free(&text);
	return rc;
}
