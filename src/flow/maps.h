/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The maps and the model of a site: its own in maps/, which win, and those
 * that are built in.  A site's are compiled when a run begins, so that a bad
 * one is told before anything has changed; ours when a set is there for them.
 */
#ifndef TALLYMAN_FLOW_MAPS_H
#define TALLYMAN_FLOW_MAPS_H

#include "flow/site.h"
#include "tallyman/map.h"
#include "tallyman/record.h"

struct maps;

/* Model and maps of the workspace dir; null: only those compiled in. */
enum tally_rc maps_load(struct maps **, const char *dir,
    const struct tally_dictionary *, struct tally_err *) TALLY_MUST_USE;
void maps_free(struct maps *);

const struct tally_model *maps_model(const struct maps *);

/* TALLY_CONFIG with the agreement's line when one names a map that is not
 * there, or that reads another set. */
enum tally_rc maps_check(struct maps *, const struct site *, struct tally_err *)
    TALLY_MUST_USE;

/* The map for a set under an agreement; null when none reads it. */
enum tally_rc maps_for(struct maps *, const struct site_agreement *,
    const struct tally_set_spec *, struct tally_map **, struct tally_err *)
    TALLY_MUST_USE;

/* The map of a name, if it is one for that set; else null. */
enum tally_rc maps_named(struct maps *, const char *name,
    const struct tally_set_spec *, struct tally_map **, struct tally_err *)
    TALLY_MUST_USE;
bool maps_has(const struct maps *, const char *name);

/* What there is, in order of loading, compiled for those of the dictionary's
 * versions that it is for; others are null, and all of a library's. */
size_t maps_n(const struct maps *);
const char *maps_name(const struct maps *, size_t i);
enum tally_rc maps_at(struct maps *, size_t i,
    struct tally_map *const **of_version, struct tally_err *) TALLY_MUST_USE;
/* The text that a map of maps_at comes to; see tally_map_effective. */
enum tally_rc maps_effective(struct maps *, size_t i,
    const struct tally_version *, struct tally_buf *out, struct tally_err *)
    TALLY_MUST_USE;

/* From now on no file is read: what is not compiled yet is ours, and needs
 * none. */
void maps_close(struct maps *);

/* Compiles what is not compiled yet. */
enum tally_rc maps_compile(struct maps *, struct tally_err *) TALLY_MUST_USE;

/* Maps that are compiled; libraries are none. */
size_t maps_count(const struct maps *);

#endif
