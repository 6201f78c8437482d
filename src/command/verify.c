/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman verify: whether the store is sound.
 *
 * JSON: {"command":"verify","problems":[…],"events":N,"payloads":N,
 * "status":N}, problems as strings.
 */
#include "command/command.h"

#include <inttypes.h>
#include <sysexits.h>

#include "flow/flow.h"

struct verify {
	const struct invocation *in;
	uint64_t n;
};

static void
problem(void *ctx, const char *text)
{
	struct verify *v = ctx;

	if (v->in->json) {
		if (v->n > 0)
			putchar(',');
		command_print_json(stdout, text);
	} else {
		fputs("tallyman: ", stderr);
		command_print_safe(stderr, text);
		fputc('\n', stderr);
	}
	v->n++;
}

static int
run(const struct invocation *in, int argc, char **argv)
{
	struct flow f = { .clock = in->clock };
	struct verify v = { in, 0 };
	struct store_verified n;
	struct tally_err err;
	enum tally_rc rc;
	int status = command_no_arguments(&command_verify, argc, argv);

	if (status != EX_OK)
		return status;
	log_begin(&f.log, in->quiet, in->verbose);
	if (flow_begin(&f, in->dir, FLOW_LOOK, &err) != TALLY_OK)
		return command_fail(&err);
	if (in->json)
		fputs("{\"command\":\"verify\",\"problems\":[", stdout);
	rc = store_verify(f.store, problem, &v, &n, &err);
	flow_end(&f);
	status = rc != TALLY_OK ? tally_rc_exit(rc)
	    : v.n > 0           ? EXIT_ATTENTION
				: EX_OK;
	if (in->json)
		printf("],\"events\":%" PRIu64 ",\"payloads\":%" PRIu64
		       ",\"status\":%d}\n",
		    n.events, n.payloads, status);
	if (rc != TALLY_OK)
		return command_fail(&err);
	if (in->json)
		return status;
	if (!in->quiet && v.n == 0)
		printf("all is well; events: %" PRIu64 ", payloads: %" PRIu64
		       "\n",
		    n.events, n.payloads);
	if (v.n > 0)
		fprintf(stderr,
		    "tallyman: problems: %" PRIu64 "; keep the store as it is "
		    "and restore a backup\n",
		    v.n);
	return status;
}

const struct command command_verify = {
	"verify",
	"",
	"check the store: the database, hashes, the chain of events",
	run,
};
