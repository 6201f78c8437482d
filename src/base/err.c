/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of the environment; see tallyman/err.h. */
#include "tallyman/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static void fill(struct tally_err *, enum tally_rc, const char *file,
    unsigned line, const char *fmt, va_list) TALLY_PRINTF(5, 0);

static void
fill(struct tally_err *err, enum tally_rc rc, const char *file, unsigned line,
    const char *fmt, va_list ap)
{
	if (err == NULL)
		return;
	err->rc = rc;
	err->line = line;
	snprintf(err->file, sizeof(err->file), "%s", file);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
}

enum tally_rc
tally_err_set(struct tally_err *err, enum tally_rc rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(err, rc, "", 0, fmt, ap);
	va_end(ap);
	return rc;
}

enum tally_rc
tally_err_at(struct tally_err *err, enum tally_rc rc, const char *file,
    unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(err, rc, file, line, fmt, ap);
	va_end(ap);
	return rc;
}

enum tally_rc
tally_err_errno(struct tally_err *err, enum tally_rc rc, const char *fmt, ...)
{
	int saved = errno;
	size_t n;
	va_list ap;

	va_start(ap, fmt);
	fill(err, rc, "", 0, fmt, ap);
	va_end(ap);
	if (err != NULL) {
		n = strlen(err->text);
		snprintf(err->text + n, sizeof(err->text) - n, ": %s",
		    strerror(saved));
	}
	return rc;
}

int
tally_rc_exit(enum tally_rc rc)
{
	static const int status[] = {
		[TALLY_OK] = EX_OK,
		[TALLY_USAGE] = EX_USAGE,
		[TALLY_DATA] = EX_DATAERR,
		[TALLY_NOINPUT] = EX_NOINPUT,
		[TALLY_UNAVAILABLE] = EX_UNAVAILABLE,
		[TALLY_NOMEM] = EX_TEMPFAIL,
		[TALLY_CREATE] = EX_CANTCREAT,
		[TALLY_IO] = EX_IOERR,
		[TALLY_TEMP] = EX_TEMPFAIL,
		[TALLY_PERM] = EX_NOPERM,
		[TALLY_CONFIG] = EX_CONFIG,
	};

	return status[rc];
}
