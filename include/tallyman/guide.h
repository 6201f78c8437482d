/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guides: a partner's rules over the standard, as differences from it.  A
 * guide is XML (tallyman-guide(5)), compiled when loaded against the set that
 * it names into tables by place, so that only places with rules cost anything
 * when a set is checked.
 *
 * Findings are of the standard's kinds and say where the broken rule is
 * written.  A guide has room for one set in work, so it serves one checker at
 * a time.
 */
#ifndef TALLYMAN_GUIDE_H
#define TALLYMAN_GUIDE_H

#include <stdbool.h>

#include "tallyman/dictionary.h"
#include "tallyman/err.h"
#include "tallyman/finding.h"
#include "tallyman/x12.h"

struct tally_guide;

/*
 * Compiles the guide in text against its set in the given version.  file is
 * its name in messages and, without folders, in findings.  TALLY_CONFIG with
 * file and line for every mistake.  The version is borrowed.
 */
enum tally_rc tally_guide_load(struct tally_guide **,
    const struct tally_version *, const char *file, struct tally_str text,
    struct tally_err *) TALLY_MUST_USE;
void tally_guide_free(struct tally_guide *);

const char *tally_guide_name(const struct tally_guide *);
const char *tally_guide_set(const struct tally_guide *);
/* Whether the guide is for sets of that spec: other versions differ. */
bool tally_guide_fits(
    const struct tally_guide *, const struct tally_set_spec *);
/* Whether a reference in ST03 or GS08 chooses the guide; never an empty one. */
bool tally_guide_implements(const struct tally_guide *, const char *reference);

/* The guide for a judge or a checker; lives as long as the guide. */
const struct tally_rules *tally_guide_rules(struct tally_guide *);

/*
 * The two parts of the rules by themselves.  A finding about a code is
 * withdrawn where the guide has a list of its own; what breaks the guide is
 * reported.  The set is one that the guide fits, checked.
 */
bool tally_guide_withdraws(const struct tally_guide *, const struct tally_set *,
    const struct tally_finding *);
enum tally_rc tally_guide_check(struct tally_guide *, const struct tally_set *,
    tally_report_fn *, void *ctx, struct tally_err *) TALLY_MUST_USE;

#endif
