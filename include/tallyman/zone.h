/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zones of time, by which local dates and times become instants.
 *
 * A zone is an offset, with or without a second one in summer; one of the tz
 * database also has the offsets that it had.
 */
#ifndef TALLYMAN_ZONE_H
#define TALLYMAN_ZONE_H

#include "tallyman/err.h"
#include "tallyman/mem.h"
#include "tallyman/str.h"

struct tally_zone;

/* "UTC", or an offset such as "-05:00"; in the arena.  TALLY_CONFIG when it is
 * neither. */
enum tally_rc tally_zone_offset(const struct tally_zone **,
    struct tally_arena *, const char *name, struct tally_err *) TALLY_MUST_USE;

/* From the content of a file of the tz database (RFC 8536), in the arena.
 * TALLY_CONFIG when it is none; name is for messages. */
enum tally_rc tally_zone_file(const struct tally_zone **, struct tally_arena *,
    const char *name, struct tally_str content, struct tally_err *)
    TALLY_MUST_USE;

#endif
