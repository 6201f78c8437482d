/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The codes that acknowledgements tell.
 *
 * finding.def has the code of each kind of finding as 004010 means it.  Here
 * are the exceptions: kinds for which a later version, or the 999, has a code
 * that says more, and kinds that are told only where an agreement makes more
 * of them than a note.
 */
#include "ack/parts.h"

#define LATER "005010" /* from here on the code lists are longer */

static const struct {
	const char *code;    /* instead of finding.def's; null: that one */
	const char *later;   /* from 005010 on; null: as before */
	const char *of_999;  /* in a 999; null: as before */
	const char *of_rule; /* there, where a guide is broken; likewise */
} row[TALLY_FINDING_COUNT] = {
	[TALLY_F_component_excess] = { NULL, "13", NULL, NULL },
	[TALLY_F_repetition_excess] = { NULL, "12", NULL, NULL },
	/* What a partner's guide adds to the standard. */
	[TALLY_F_element_code] = { NULL, NULL, NULL, "I6" },
	[TALLY_F_segment_missing] = { NULL, NULL, NULL, "I8" },
	[TALLY_F_segment_not_used] = { NULL, NULL, "I4", NULL },
	[TALLY_F_element_not_used] = { NULL, NULL, "I10", NULL },
	/* Notes, unless an agreement says otherwise. */
	[TALLY_F_code_unlisted] = { "7", NULL, NULL, NULL },
	[TALLY_F_check_digit] = { "7", NULL, NULL, NULL },
	[TALLY_F_hierarchy_sequence] = { "7", NULL, NULL, NULL },
	[TALLY_F_number_spelling] = { "3", NULL, NULL, NULL },
	[TALLY_F_trailing_separators] = { "3", NULL, NULL, NULL },
};

const char *
tally_ack_code(const struct tally_ack_answer *a, const struct tally_finding *f)
{
	const char *code = tally_finding_info(f->kind)->code;

	if (row[f->kind].code != NULL)
		code = row[f->kind].code;
	if (row[f->kind].later != NULL &&
	    strcmp(a->version->version, LATER) >= 0)
		code = row[f->kind].later;
	if (row[f->kind].of_999 != NULL && a->kind->implementation)
		code = row[f->kind].of_999;
	if (row[f->kind].of_rule != NULL && a->kind->implementation &&
	    f->rule != NULL && *f->rule != '\0')
		code = row[f->kind].of_rule;
	return code;
}
