/* SPDX-License-Identifier: Apache-2.0 */
/* Checkers: how they are made, and what they are told; see check.c. */
#include "x12/checker.h"

#include "tallyman/mem.h"

enum tally_rc
tally_checker_new(struct tally_checker **out, const struct tally_limits *limits,
    struct tally_err *err)
{
	struct tally_checker *c = tally_calloc(1, sizeof(*c));

	if (c == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory to check");
	if (!tally_shapes_init(&c->shapes)) {
		tally_free(c);
		return tally_err_set(err, TALLY_NOMEM, "no memory to check");
	}
	c->limits = limits;
	*out = c;
	return TALLY_OK;
}

void
tally_checker_free(struct tally_checker *c)
{
	if (c == NULL)
		return;
	tally_free(c->seen);
	tally_free(c->instance);
	hierarchy_free(&c->hierarchy);
	tally_shapes_free(&c->shapes);
	tally_free(c);
}

void
tally_checker_again(struct tally_checker *c, enum tally_characters characters)
{
	if (c->characters != characters)
		tally_shapes_forget(&c->shapes);
	c->characters = characters;
	c->rules = NULL;
}

void
tally_checker_rules(struct tally_checker *c, const struct tally_rules *rules)
{
	c->rules = rules;
}
