/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: any bytes as the text of a map.  A map that loads is run over
 * a purchase order. */
#include "fuzz.h"

#include <string.h>

#include "base/embed.h"
#include "tallyman/judge.h"
#include "tallyman/map.h"
#include "tallyman/record.h"

#define BATCH_MAX (64u << 20)

static const char order[] =
    "ISA*00*          *00*          *ZZ*PINEHURST      *ZZ*HARBORTRADE    "
    "*260105*0815*U*00401*000000001*0*P*>~"
    "GS*PO*PINEHURST*HARBORTRADE*20260105*0815*1*X*004010~"
    "ST*850*0001~BEG*00*SA*PO77**20260105~CUR*BY*USD~REF*DP*038~"
    "ITD*14*3*2**45**46~DTM*002*20260120~N9*L1*NOTES~MSG*CALL FIRST~"
    "N1*ST*DEPOT*92*0042~N3*1 CANAL STREET~N4*SALINA*KS*67401*US~"
    "PO1*1*12*EA*9.95**UP*012345678905*VN*AB-1~PID*F****WIDGET~"
    "SAC*A*C310***500~CTT*1~SE*16*0001~GE*1*1~IEA*1*000000001~";

static struct tally_model *model;

struct run {
	size_t at;
	struct tally_map *map;
	struct tally_batch batch;
	struct tally_residues residues;
	struct tally_findings findings;
};

static enum tally_rc
read_order(void *ctx, void *buf, size_t max, size_t *got, struct tally_err *err)
{
	struct run *r = ctx;
	size_t n = sizeof(order) - 1 - r->at;

	(void)err;
	*got = n < max ? n : max;
	memcpy(buf, order + r->at, *got);
	r->at += *got;
	return TALLY_OK;
}

static enum tally_rc
visit(void *ctx, const struct tally_visit *v, struct tally_err *err)
{
	struct run *r = ctx;
	struct tally_buf json;

	MUST(v->checked);
	if (strcmp(tally_map_set(r->map), "850") != 0)
		return TALLY_OK;
	MUST(tally_map_read(r->map, v->set, &r->batch, &r->residues,
		 &r->findings, err) == TALLY_OK);
	tally_buf_init(&json, 1 << 20);
	tally_batch_json(&r->batch, 0, &json);
	MUST(!json.failed);
	tally_buf_free(&json);
	return TALLY_OK;
}

static void
run(struct tally_map *map)
{
	struct run r = { .map = map };
	struct tally_judge_options options = { .limits = &tally_limits_default,
		.dictionary = &tally_builtin,
		.visit = visit,
		.ctx = &r };
	const struct tally_interchange_judged *j;
	struct tally_judge *judge;
	struct tally_err err;

	MUST(tally_batch_init(&r.batch, model, BATCH_MAX, &err) == TALLY_OK);
	tally_findings_init(&r.findings, 100);
	MUST(tally_judge_new(&judge, (struct tally_source){ read_order, &r }, 0,
		 &options, &err) == TALLY_OK);
	MUST(tally_judge_next(judge, &j, &err) == TALLY_OK && j != NULL);
	MUST(tally_judge_findings(judge)->errors == 0);
	tally_judge_free(judge);
	tally_residues_free(&r.residues);
	tally_findings_free(&r.findings);
	tally_batch_free(&r.batch);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tally_map *map = NULL;
	struct tally_err err = { .text = "" };
	enum tally_rc rc;

	if (model == NULL)
		MUST(tally_model_load(&model, "records.xml",
			 tally_embedded_find("records.xml"), &err) == TALLY_OK);
	rc = tally_map_load(&map, model,
	    tally_version_find(&tally_builtin, TALLY_STR("004010")), NULL,
	    "fuzz.xml", tally_str(data, n), &err);
	if (rc == TALLY_OK)
		run(map);
	else
		MUST(err.text[0] != '\0');
	tally_map_free(map);
	return 0;
}
