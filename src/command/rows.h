/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the store on their way to a person or a program. */
#ifndef TALLYMAN_COMMAND_ROWS_H
#define TALLYMAN_COMMAND_ROWS_H

#include "store/ask.h"

struct rows_row {
	int n;
	const char *const *names, *const *values;
};

/* The value of a column; "" where there is none. */
const char *rows_get(const struct rows_row *, const char *name);

/*
 * A line by a pattern: {name} is the value of that column, escaped, and what
 * stands in [ ] is left out when a value in it is empty.
 */
void rows_print_text(const struct rows_row *, const char *pattern);

/* The columns as members of an object, values as strings or null, with the
 * braces; type, if it is not null, comes first as "type". */
void rows_print_json(const struct rows_row *, const char *type);

/* A store_row_fn that prints a line for each row and counts them. */
struct rows_listing {
	bool json;
	const char *type;    /* in JSON; null: the row's own "what" */
	const char *pattern; /* for people */
	uint64_t n;
};
void rows_list(
    void *listing, int n, const char *const *names, const char *const *values);

#endif
