/* SPDX-License-Identifier: Apache-2.0 */
/* What the planted fault POISON does to a parser; see plant.h. */
/* For memmem. */
#define _GNU_SOURCE
#include "flow/parse.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/plant.h"

static void
loop(struct parse *p)
{
	for (volatile unsigned i = 0;; i++)
		(void)p;
}

static void
stand(struct parse *p)
{
	(void)p;
	for (;;)
		(void)poll(NULL, 0, -1);
}

static void
die(struct parse *p)
{
	(void)p;
	abort();
}

static void
look_around(struct parse *p)
{
	(void)p;
	(void)open("/etc/passwd", O_RDONLY);
}

static void
swallow(struct parse *p)
{
	(void)p;
	while (tally_alloc((size_t)64 << 20) != NULL)
		;
}

/* What cannot be: rows in tables that there are not. */
static void
lie(struct parse *p)
{
	struct tally_err err;
	struct wire w;
	size_t begun = wire_begin(&w, &p->out, WIRE_JUDGED);

	for (uint32_t i = 0; i < 1000; i++)
		wire_u32(&w, &i);
	wire_finish(&w, begun);
	(void)!parse_send(p, &err);
	parse_flush(p);
}

bool
parse_poisoned(struct parse *p, const char *bytes, size_t n)
{
	static const struct {
		const char *word;
		void (*act)(struct parse *);
	} all[] = {
		{ "POISON ABORT", die },
		{ "POISON LOOP", loop },
		{ "POISON STAND", stand },
		{ "POISON OPEN", look_around },
		{ "POISON MEMORY", swallow },
		{ "POISON LIE", lie },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (memmem(bytes, n, all[i].word, strlen(all[i].word)) !=
		    NULL) {
			all[i].act(p);
			return true;
		}
	return false;
}
