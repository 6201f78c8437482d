/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walk to a mailbox, step by step, as a run would go: to say at which step
 * it fails, and why.
 */
#ifndef TALLYMAN_FLOW_PROBE_H
#define TALLYMAN_FLOW_PROBE_H

#include "flow/site.h"

struct probe_step {
	const char *name;     /* of the step: "login", "list" */
	const char *folder;   /* null: it is not about one */
	struct tally_err err; /* rc is TALLY_OK where the step went well */
	size_t files;         /* that a listing shows */
};
/* The step lives for the call. */
typedef void probe_fn(void *ctx, const struct probe_step *);

/*
 * Connects and lists every folder that the mailbox is pulled from or pushed
 * to, and tells each step that was gone: when one on the way there fails it is
 * the last, and a folder is nothing to the next one.
 *
 * With write, in each folder where a run would put, move or remove, a small
 * file with a name that no partner takes is put, renamed and removed again.
 * Where nothing may be put although only removing or moving is agreed on, that
 * is no fault, and what may be done there is not known.
 */
void probe_mailbox(
    const struct site_mailbox *, bool write, probe_fn *, void *ctx);

#endif
