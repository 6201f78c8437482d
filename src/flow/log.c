/* SPDX-License-Identifier: Apache-2.0 */
/* Lines on standard error; see log.h. */
#include "flow/log.h"

#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "flow/clock.h"
#include "tallyman/mem.h"

#define LINE_MAX_BYTES 8192
#define WIPE           "\r\033[K"

/* Whether standard error is the stream that JOURNAL_STREAM names, by device
 * and inode (systemd.exec(5)). */
static bool
is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat sb;

	if (stream == NULL || fstat(STDERR_FILENO, &sb) != 0)
		return false;
	snprintf(ours, sizeof(ours), "%llu:%llu", (unsigned long long)sb.st_dev,
	    (unsigned long long)sb.st_ino);
	return strcmp(stream, ours) == 0;
}

void
log_begin(struct log *l, bool quiet, int verbose)
{
	*l = (struct log){ .to = stderr, .since = flow_clock_steady() };
	l->level = quiet ? LOG_ALARM : LOG_ALARM + verbose;
	l->journal = is_journal();
	l->progress = !quiet && isatty(STDERR_FILENO) == 1;
}

void
log_progress_end(struct log *l)
{
	if (l->shown)
		fputs(WIPE, l->to);
	l->shown = false;
	l->since = flow_clock_steady();
}

static void
write_line(struct log *l, struct tally_buf *b)
{
	if (l->shown)
		fputs(WIPE, l->to);
	l->shown = false;
	/* A line that did not fit is shown as far as it goes. */
	fprintf(l->to, "%s\n", b->p != NULL ? b->p : "");
	fflush(l->to);
}

/* Syslog's priorities, as sd-daemon(3) writes them. */
static const char *const priority[] = {
	[LOG_ALARM] = "<4>",
	[LOG_EVENT] = "<6>",
	[LOG_DETAIL] = "<7>",
};

static void
head(struct tally_buf *b, const struct log *l, enum log_level level,
    const char *what, struct tally_str name)
{
	if (l->journal)
		tally_buf_puts(b, priority[level]);
	tally_buf_puts(b, "tallyman: ");
	if (what != NULL) {
		tally_buf_printf(b, "%s ", what);
		tally_text_safe(b, name);
		tally_buf_puts(b, ": ");
	}
}

void
log_line(struct log *l, enum log_level level, const char *what,
    struct tally_str name, const char *fmt, ...)
{
	char text[1024];
	struct tally_buf b;
	va_list ap;

	if (l->to == NULL || (int)level > l->level)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	tally_buf_init(&b, LINE_MAX_BYTES);
	head(&b, l, level, what, name);
	tally_text_safe(&b, tally_cstr(text));
	write_line(l, &b);
	tally_buf_free(&b);
}

void
log_trouble(struct log *l, const char *what, struct tally_str name,
    const struct tally_err *err)
{
	struct tally_buf b;

	if (l->to == NULL)
		return;
	tally_buf_init(&b, LINE_MAX_BYTES);
	head(&b, l, LOG_ALARM, what, name);
	if (err->line != 0)
		tally_buf_printf(&b, "%s:%u: ", err->file, err->line);
	tally_text_safe(&b, tally_cstr(err->text));
	write_line(l, &b);
	tally_buf_free(&b);
}

void
log_progress(struct log *l, const char *what, uint64_t done, uint64_t all)
{
	int64_t now;

	if (!l->progress)
		return;
	now = flow_clock_steady();
	if (now - l->since < (l->shown ? 200 : 1000))
		return;
	l->since = now;
	l->shown = true;
	if (all != 0)
		fprintf(l->to, WIPE "%s: %llu of %llu", what,
		    (unsigned long long)done, (unsigned long long)all);
	else
		fprintf(l->to, WIPE "%s: %llu", what, (unsigned long long)done);
	fflush(l->to);
}
