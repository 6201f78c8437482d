/* SPDX-License-Identifier: Apache-2.0 */
/* The time; see clock.h. */
#include "flow/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/days.h"

int64_t
flow_clock_now(const struct flow_clock *c)
{
	struct timespec ts;

	if (c->fixed != 0)
		return c->fixed;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int
digits(const char *p, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++)
		v = v * 10 + (p[i] - '0');
	return v;
}

bool
flow_clock_parse(const char *t, int64_t *ms)
{
	static const char form[] = "0000-00-00T00:00:00Z";
	static const int length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	int y, mo, d, h, mi, s, leap;

	if (strlen(t) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i] != '\0'; i++)
		if (form[i] == '0' ? t[i] < '0' || t[i] > '9' : t[i] != form[i])
			return false;
	y = digits(t, 4);
	mo = digits(t + 5, 2);
	d = digits(t + 8, 2);
	h = digits(t + 11, 2);
	mi = digits(t + 14, 2);
	s = digits(t + 17, 2);
	leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	if (y < 1970 || mo < 1 || mo > 12 || d < 1 ||
	    d > length[mo - 1] + (mo == 2 && leap) || h > 23 || mi > 59 ||
	    s > 59)
		return false;
	*ms =
	    ((tally_days_of(y, (unsigned)mo, (unsigned)d) * 24 + h) * 60 + mi) *
		60000 +
	    s * 1000;
	return true;
}

static void
broken_down(int64_t ms, struct tm *tm)
{
	time_t t = (time_t)(ms / 1000);

	memset(tm, 0, sizeof(*tm));
	gmtime_r(&t, tm);
}

void
flow_clock_x12(int64_t ms, char date[9], char time[5])
{
	struct tm tm;

	broken_down(ms, &tm);
	strftime(date, 9, "%Y%m%d", &tm);
	strftime(time, 5, "%H%M", &tm);
}

void
flow_clock_iso(int64_t ms, char text[32])
{
	struct tm tm;

	broken_down(ms, &tm);
	strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

void
flow_clock_sleep(unsigned seconds)
{
	struct timespec left = { .tv_sec = (time_t)seconds };

	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

int64_t
flow_clock_steady(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
