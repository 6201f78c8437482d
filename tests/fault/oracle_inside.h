/* SPDX-License-Identifier: Apache-2.0 */
/* What the oracle's two files share; nobody else includes it. */
#ifndef TESTS_FAULT_ORACLE_INSIDE_H
#define TESTS_FAULT_ORACLE_INSIDE_H

#include <sqlite3.h>

#include "fault/oracle.h"

/* A look into a database. */
struct look {
	sqlite3 *db;
};
bool look_open(struct look *, const char *dir);
void look_close(struct look *);

/* The first column of the first row; arguments as sqlite3_mprintf has them. */
#define LOOK_FAILED (-1)
int64_t look_number(struct look *, const char *sql, ...);

void look_hash(const void *, size_t n, char hex[65]);

/* Whether a file was set aside because two runs died with it in hand. */
bool look_given_up(struct look *, const struct scene *, const struct offered *);

/* Of what partners got: at a moment, and at the end. */
void answers_moment(struct verdict *, const struct scene *, struct look *);
void answers_end(struct verdict *, const struct scene *, struct look *);

#endif
