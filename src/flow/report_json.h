/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON half of report.c; the shape is described in report.h. */
#ifndef TALLYMAN_FLOW_REPORT_JSON_H
#define TALLYMAN_FLOW_REPORT_JSON_H

#include "flow/report.h"

void report_json_interchange(struct tally_buf *, const struct report *,
    const struct tally_interchange_judged *);
void report_json_group(struct tally_buf *, const struct report *,
    const struct tally_interchange_judged *, const struct tally_group_judged *);
void report_json_set(
    struct tally_buf *, const struct report *, const struct report_place *);
void report_json_finding(struct tally_buf *, const struct report *,
    const struct report_place *, const struct tally_finding *);
void report_json_dropped(
    struct tally_buf *, const struct report *, size_t count);

/* Where an acknowledgement tells of a level: "AK403"; "" for a file. */
const char *report_told_in(enum tally_level);

/* The file's name as it is shown. */
const char *report_file(const struct report *);

#endif
