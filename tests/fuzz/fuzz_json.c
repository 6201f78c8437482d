/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as JSON records.  Whatever is taken is written as
 * JSON and read again: it is the same then.
 */
#include "fuzz.h"

#include <string.h>

#include "base/embed.h"
#include "tallyman/record.h"

#define BATCH_MAX (16u << 20)
#define JSON_MAX  (64u << 20)

static struct tally_model *model;

static void
write_all(struct tally_buf *out, const struct tally_batch *b)
{
	tally_buf_init(out, JSON_MAX);
	for (uint32_t i = 0; i < b->ndocument; i++)
		tally_batch_json(b, i, out);
	MUST(!out->failed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tally_batch b, again;
	struct tally_buf first, second;
	struct tally_err err = { .text = "" };

	if (model == NULL)
		MUST(tally_model_load(&model, "records.xml",
			 tally_embedded_find("records.xml"), &err) == TALLY_OK);
	MUST(tally_batch_init(&b, model, BATCH_MAX, &err) == TALLY_OK);
	MUST(tally_batch_init(&again, model, BATCH_MAX, &err) == TALLY_OK);
	if (tally_batch_parse(&b, "fuzz.json", tally_str(data, n), &err) !=
	    TALLY_OK)
		MUST(err.text[0] != '\0' && err.line > 0);
	write_all(&first, &b);
	MUST(tally_batch_parse(&again, "again", tally_buf_view(&first), &err) ==
	    TALLY_OK);
	write_all(&second, &again);
	MUST(first.n == second.n &&
	    (first.n == 0 || memcmp(first.p, second.p, first.n) == 0));
	tally_buf_free(&second);
	tally_buf_free(&first);
	tally_batch_free(&again);
	tally_batch_free(&b);
	return 0;
}
