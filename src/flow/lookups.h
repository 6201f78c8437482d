/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cross-references of a partner, as maps ask them: its values for ours and
 * back.  They are read whole, since documents are mapped by a process that has
 * no store.
 *
 * An entry of the partner's own comes before one for all partners; where two of
 * its values are one of ours, the one that was entered first is sent.
 */
#ifndef TALLYMAN_FLOW_LOOKUPS_H
#define TALLYMAN_FLOW_LOOKUPS_H

#include "flow/site.h"
#include "store/lookups.h"
#include "tallyman/map.h"

struct lookups;
/* None yet; rows are added, and found once they are sorted. */
enum tally_rc lookups_new(struct lookups **, struct tally_err *) TALLY_MUST_USE;
enum tally_rc lookups_add(struct lookups *, const struct store_lookup_row *,
    struct tally_err *) TALLY_MUST_USE;
void lookups_sort(struct lookups *);
/* Those of a partner. */
enum tally_rc lookups_load(struct lookups **, struct store *,
    const struct site_partner *, struct tally_err *) TALLY_MUST_USE;
void lookups_free(struct lookups *);

/* Lets a map use them; null: none, and values stay as they are. */
void lookups_use(struct tally_map *, const struct lookups *);

/* Makes the findings from first on that miss an entry of the partner's say by
 * which command it is added. */
void lookups_explain(
    struct tally_findings *, size_t first, const char *partner);

/* What such a finding says then. */
void lookups_command(struct tally_buf *, const char *partner, const char *table,
    struct tally_str theirs);

#endif
