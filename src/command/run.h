/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands that run stages share. */
#ifndef TALLYMAN_COMMAND_RUN_H
#define TALLYMAN_COMMAND_RUN_H

#include "command/command.h"
#include "flow/flow.h"

/* What a dry run has told. */
struct run_listing {
	bool json;
	unsigned n;
};

/* A stage (an index of flow_stage) or all, or with dry what it would do. */
int run_stages(
    const struct invocation *, const struct command *, int stage, bool dry);

/* The counts as members of an object, with a comma in front of each. */
void run_print_counts(const struct flow *);
void run_print_text(const struct flow *);
/* A flow_plan_fn; its context is a struct run_listing. */
void run_print_action(void *listing, const struct flow_action *);

#endif
