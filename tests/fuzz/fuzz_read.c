/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes through judge, map and acknowledgement.
 *
 * Beside not crashing: what is found lies inside the input, what a visitor
 * sees lies inside the input, and every acknowledgement that we write passes
 * our own judge.
 */
#include "fuzz.h"

#include <string.h>

#include "base/embed.h"
#include "tallyman/ack.h"
#include "tallyman/judge.h"
#include "tallyman/map.h"
#include "tallyman/record.h"

#define ACK_MAX   (1u << 20)
#define BATCH_MAX (256u << 20)

/* The shipped model, and the map for the set of each version; loaded once. */
#define VERSIONS 8
static struct tally_model *model;
static struct tally_map *map[VERSIONS];

struct run {
	const uint8_t *p;
	size_t n, at, step;
	struct tally_batch batch;
	struct tally_residues residues;
	struct tally_findings findings; /* of the map */
};

static void
load(void)
{
	struct tally_err err;
	struct tally_str text = tally_embedded_find("records.xml");
	size_t n = tally_builtin.nversion;

	if (model != NULL)
		return;
	MUST(text.p != NULL && n <= VERSIONS);
	MUST(tally_model_load(&model, "records.xml", text, &err) == TALLY_OK);
	text = tally_embedded_find("850.xml");
	MUST(text.p != NULL);
	for (size_t i = 0; i < n; i++)
		if (tally_map_load(&map[i], model, tally_builtin.version[i],
			NULL, "850.xml", text, &err) != TALLY_OK)
			map[i] = NULL;
	MUST(map[0] != NULL);
}

static struct tally_map *
map_for(const struct tally_set_spec *spec)
{
	for (size_t i = 0; i < tally_builtin.nversion; i++)
		if (map[i] != NULL && tally_map_fits(map[i], spec))
			return map[i];
	return NULL;
}

/* Gives the input in pieces of step bytes. */
static enum tally_rc
read_some(void *ctx, void *buf, size_t max, size_t *got, struct tally_err *err)
{
	struct run *r = ctx;
	size_t n = r->n - r->at;

	(void)err;
	if (n > max)
		n = max;
	if (n > r->step)
		n = r->step;
	if (n > 0)
		memcpy(buf, r->p + r->at, n);
	r->at += n;
	*got = n;
	return TALLY_OK;
}

/* Every view that a visitor can make is inside the set's bytes. */
static void
look(const struct run *r, const struct tally_set *set)
{
	uint32_t sum = 0;

	MUST(set->start + set->length <= r->n);
	for (uint32_t i = 0; i < set->nsegment; i++) {
		const struct tally_segment *s = &set->segment[i];

		for (uint32_t k = 0; k <= s->n; k++) {
			struct tally_str v = k == 0 ? tally_segment_tag(set, s)
						    : tally_element(set, s, k);

			MUST(v.n <= set->length);
			for (size_t j = 0; j < v.n; j++)
				sum += (unsigned char)v.p[j];
		}
	}
	MUST(sum != UINT32_MAX); /* so that the loop is not dropped */
}

static enum tally_rc
visit(void *ctx, const struct tally_visit *v, struct tally_err *err)
{
	struct run *r = ctx;
	struct tally_map *m;

	MUST(v->judged != NULL && v->group != NULL && v->interchange != NULL);
	if (v->set == NULL)
		return TALLY_OK;
	look(r, v->set);
	m = v->checked ? map_for(v->set->spec) : NULL;
	if (m == NULL)
		return TALLY_OK;
	tally_findings_reset(&r->findings);
	MUST(tally_map_read(m, v->set, &r->batch, &r->residues, &r->findings,
		 err) == TALLY_OK);
	tally_batch_reset(&r->batch);
	return TALLY_OK;
}

static void judge(const uint8_t *p, size_t n, size_t step, bool answer);

/* Writes the acknowledgement and judges it; nothing may be wrong with it. */
static void
acknowledge(const struct tally_interchange_judged *j,
    const struct tally_findings *findings, bool newline)
{
	struct tally_ack_envelope e = { .sender_qualifier = "ZZ",
		.sender = "HARBORTRADE",
		.receiver_qualifier = "01",
		.receiver = "PINEHURST",
		.date = "20260105",
		.time = "0815",
		.interchange_control = 17,
		.group_control = 4,
		.usage = 'P',
		.separators = { '*', '~', '>', 0 },
		.newline = newline,
		.bytes_max = ACK_MAX };
	struct tally_err err;
	struct tally_buf b;

	tally_buf_init(&b, ACK_MAX + 1);
	MUST(tally_ack_write(&b, j, findings, &e, &err) == TALLY_OK);
	MUST(!b.failed);
	if (tally_ack_wants_ta1(j) || tally_ack_groups(j) > 0)
		MUST(b.n > 0);
	else
		MUST(b.n == 0);
	if (b.n > 0)
		judge((const uint8_t *)b.p, b.n, 512, false);
	tally_buf_free(&b);
}

static void
judge(const uint8_t *p, size_t n, size_t step, bool answer)
{
	struct tally_judge_options options = { .limits = &tally_limits_default,
		.dictionary = &tally_builtin,
		.visit = visit };
	struct run r = { .p = p, .n = n, .step = step };
	const struct tally_interchange_judged *j;
	const struct tally_findings *found;
	struct tally_judge *judge = NULL;
	struct tally_err err;

	MUST(tally_batch_init(&r.batch, model, BATCH_MAX, &err) == TALLY_OK);
	tally_findings_init(&r.findings, 100);
	options.ctx = &r;
	MUST(tally_judge_new(&judge, (struct tally_source){ read_some, &r }, 0,
		 &options, &err) == TALLY_OK);
	do {
		MUST(tally_judge_next(judge, &j, &err) == TALLY_OK);
		found = tally_judge_findings(judge);
		for (size_t i = 0; i < found->n; i++)
			MUST(found->v[i].offset <= n);
		if (!answer)
			MUST(found->errors == 0);
		else if (j != NULL && j->readable)
			acknowledge(j, found, n % 2 == 0);
	} while (j != NULL);
	tally_judge_free(judge);
	tally_residues_free(&r.residues);
	tally_findings_free(&r.findings);
	tally_batch_free(&r.batch);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const size_t steps[] = { 1 << 20, 7, 4096, 1000 };

	load();
	judge(data, n, steps[n % 4], true);
	return 0;
}
