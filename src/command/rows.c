/* SPDX-License-Identifier: Apache-2.0 */
/* See rows.h. */
#include "command/rows.h"

#include <stdio.h>
#include <string.h>

#include "command/command.h"

const char *
rows_get(const struct rows_row *r, const char *name)
{
	for (int i = 0; i < r->n; i++)
		if (strcmp(r->names[i], name) == 0)
			return r->values[i] != NULL ? r->values[i] : "";
	return "";
}

/* The value of the column that "{name}" at p asks for; *p moves behind it. */
static const char *
value_at(const struct rows_row *r, const char **p)
{
	char name[32];
	const char *end = strchr(*p, '}');

	snprintf(name, sizeof(name), "%.*s", (int)(end - *p - 1), *p + 1);
	*p = end + 1;
	return rows_get(r, name);
}

/* Whether what stands between [ and ] has all its values. */
static bool
is_whole(const struct rows_row *r, const char *p)
{
	while (*p != ']')
		if (*p != '{')
			p++;
		else if (*value_at(r, &p) == '\0')
			return false;
	return true;
}

void
rows_print_text(const struct rows_row *r, const char *pattern)
{
	const char *p = pattern;

	while (*p != '\0') {
		if (*p == '{')
			command_print_safe(stdout, value_at(r, &p));
		else if (*p == '[' && !is_whole(r, p + 1))
			p = strchr(p, ']') + 1;
		else if (*p == '[' || *p == ']')
			p++;
		else
			putchar(*p++);
	}
	putchar('\n');
}

void
rows_print_json(const struct rows_row *r, const char *type)
{
	putchar('{');
	if (type != NULL)
		printf("\"type\":\"%s\"", type);
	for (int i = 0; i < r->n; i++) {
		if (i > 0 || type != NULL)
			putchar(',');
		command_print_json(stdout, r->names[i]);
		putchar(':');
		command_print_json(stdout, r->values[i]);
	}
	putchar('}');
}

void
rows_list(
    void *listing, int n, const char *const *names, const char *const *values)
{
	struct rows_listing *l = listing;
	const struct rows_row r = { n, names, values };

	l->n++;
	if (l->json) {
		rows_print_json(
		    &r, l->type != NULL ? l->type : rows_get(&r, "what"));
		putchar('\n');
	} else {
		rows_print_text(&r, l->pattern);
	}
}
