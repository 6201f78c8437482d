/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: any bytes as the text of a guide.  A guide that loads is
 * applied to a ship notice or a purchase order. */
#include "fuzz.h"

#include <string.h>

#include "tallyman/guide.h"
#include "tallyman/judge.h"

#define ISA \
	"ISA*00*          *00*          *ZZ*PINEHURST      *ZZ*HARBORTRADE " \
	"   *260105*0815*^*00501*000000001*0*P*>~"

static const char documents[] =
    ISA "GS*PO*PINEHURST*HARBORTRADE*20260105*0815*1*X*004010~"
	"ST*850*0001~BEG*00*SA*PO77**20260105~CUR*BY*USD~REF*DP*038~"
	"DTM*002*20260120~MEA*PD*LN*5*CM>2~N9*L1*NOTES~MSG*CALL FIRST~"
	"N1*ST*DEPOT*92*0042~N3*1 CANAL STREET~N4*SALINA*KS*67401*US~"
	"PO1*1*12*EA*9.95**UP*012345678905*VN*AB-1~PID*F****WIDGET~"
	"N1*BY*DEPOT*92*0043~CTT*1~SE*16*0001~GE*1*1~"
	"GS*SH*PINEHURST*HARBORTRADE*20260105*0815*2*X*004010~"
	"ST*856*0001~BSN*00*77*20260105*0800~HL*1**S~TD5**2*RDWY~HL*2*1*O~"
	"PRF*PO77~HL*3*2*P~HL*4*3*I~LIN**UP*012345678905~SN1**12*EA~HL*5*4*Q~"
	"CTT*5~SE*13*0001~GE*1*2~IEA*2*000000001~";

struct run {
	size_t at;
	struct tally_guide *guide;
};

static enum tally_rc
read_documents(
    void *ctx, void *buf, size_t max, size_t *got, struct tally_err *err)
{
	struct run *r = ctx;
	size_t n = sizeof(documents) - 1 - r->at;

	(void)err;
	*got = n < max ? n : max;
	memcpy(buf, documents + r->at, *got);
	r->at += *got;
	return TALLY_OK;
}

static enum tally_rc
rules_for(void *ctx, const struct tally_rules **out,
    const struct tally_set_spec *spec, const struct tally_group_judged *group,
    const struct tally_set_judged *set, struct tally_err *err)
{
	struct run *r = ctx;

	(void)set;
	(void)group;
	(void)err;
	*out = tally_guide_fits(r->guide, spec) ? tally_guide_rules(r->guide)
						: NULL;
	return TALLY_OK;
}

static void
apply(struct tally_guide *guide)
{
	struct run r = { .guide = guide };
	struct tally_judge_options options = { .limits = &tally_limits_default,
		.dictionary = &tally_builtin,
		.rules_for = rules_for,
		.rules_ctx = &r };
	const struct tally_interchange_judged *ic;
	const struct tally_findings *list;
	struct tally_judge *judge;
	struct tally_err err;

	MUST(
	    tally_judge_new(&judge, (struct tally_source){ read_documents, &r },
		0, &options, &err) == TALLY_OK);
	MUST(tally_judge_next(judge, &ic, &err) == TALLY_OK && ic != NULL);
	list = tally_judge_findings(judge);
	for (size_t i = 0; i < list->n; i++)
		MUST(list->v[i].segment <= 16);
	tally_judge_free(judge);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tally_guide *guide = NULL;
	struct tally_err err = { .text = "" };
	enum tally_rc rc;

	rc = tally_guide_load(&guide,
	    tally_version_find(&tally_builtin, TALLY_STR("004010")),
	    "fuzz.guide.xml", tally_str(data, n), &err);
	if (rc == TALLY_OK)
		apply(guide);
	else
		MUST(err.text[0] != '\0');
	tally_guide_free(guide);
	return 0;
}
