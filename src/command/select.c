/* SPDX-License-Identifier: Apache-2.0 */
/* See select.h. */
#include "command/select.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS   INT64_C(86400000)
#define DAYS_MAX 36500

const char *
select_value(int argc, char **argv, int *i, const char *name)
{
	const char *a = argv[*i];
	size_t n = strlen(name);

	if (strncmp(a, name, n) != 0)
		return NULL;
	if (a[n] == '=')
		return a + n + 1;
	return a[n] == '\0' && *i + 1 < argc ? argv[++*i] : NULL;
}

bool
select_number(const char *text, int64_t *out)
{
	int64_t n = 0;

	for (const char *p = text; *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || n > (INT64_MAX - 9) / 10)
			return false;
		n = n * 10 + (*p - '0');
	}
	*out = n;
	return n > 0;
}

bool
select_time(char out[32], const struct flow_clock *clock, const char *text)
{
	size_t n = strlen(text);
	char day[64];
	int64_t ms;

	if (n > 1 && n < 8 && text[n - 1] == 'd') {
		snprintf(day, sizeof(day), "%.*s", (int)n - 1, text);
		if (!select_number(day, &ms) || ms > DAYS_MAX)
			return false;
		flow_clock_iso(flow_clock_now(clock) - ms * DAY_MS, out);
	} else {
		snprintf(day, sizeof(day), "%.24s%s", text,
		    n == 10 ? "T00:00:00Z" : "");
		if (!flow_clock_parse(day, &ms))
			return false;
		snprintf(out, 32, "%.24s", text);
	}
	/* Those in the store go on with milliseconds. */
	if (out[strlen(out) - 1] == 'Z')
		out[strlen(out) - 1] = '\0';
	return true;
}

bool
select_option(struct select *s, const struct flow_clock *clock, int argc,
    char **argv, int *i, const char **why)
{
	static const char bad_time[] =
	    "a time is a day such as 2026-01-31, an instant such as "
	    "2026-01-31T23:59:59Z, or 7d for seven days ago";
	const struct {
		const char *name;
		const char **value;
		unsigned by;
	} text[] = {
		{ "--state", &s->filter.state, 0 },
		{ "--partner", &s->filter.partner, STORE_BY_PARTNER },
		{ "--set", &s->filter.set, STORE_BY_SET },
		{ "--mailbox", &s->filter.mailbox, STORE_BY_MAILBOX },
	};
	const char *v;

	s->filtered = true;
	for (size_t k = 0; k < sizeof(text) / sizeof(text[0]); k++)
		if ((v = select_value(argc, argv, i, text[k].name)) != NULL) {
			*text[k].value = v;
			s->by |= text[k].by;
			return true;
		}
	if ((v = select_value(argc, argv, i, "--since")) != NULL) {
		if (!select_time(s->since, clock, v))
			*why = bad_time;
		s->filter.since = s->since;
	} else if ((v = select_value(argc, argv, i, "--before")) != NULL) {
		if (!select_time(s->before, clock, v))
			*why = bad_time;
		s->filter.before = s->before;
	} else if ((v = select_value(argc, argv, i, "--file")) != NULL) {
		if (!select_number(v, &s->filter.file))
			*why = "--file wants the number of a file";
		s->by |= STORE_BY_FILE;
	} else {
		return false;
	}
	return true;
}
