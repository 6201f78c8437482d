/* SPDX-License-Identifier: Apache-2.0 */
/* Zones of time in tallyman.xml: offsets, and names of the tz database. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flow/site_read.h"

#define FOLDER   "/usr/share/zoneinfo"
#define FILE_MAX (1u << 20) /* of a zone; the largest has some 4 KiB */
#define EXPECTED \
	"UTC, an offset such as -05:00, or a name of the tz database, such " \
	"as America/Chicago"

/* A name that leads out of the folder is none. */
static bool
is_name(const char *s)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "_-+/";

	return *s != '\0' && *s != '/' && strspn(s, plain) == strlen(s);
}

static enum tally_rc
from_database(struct site_reader *r, const struct tally_xml *x,
    const char *name, const struct tally_zone **out)
{
	const char *folder = getenv("TZDIR");
	struct tally_buf text;
	struct tally_err err;
	char path[1024];
	enum tally_rc rc;

	if (folder == NULL || *folder == '\0')
		folder = FOLDER;
	if (access(folder, X_OK) != 0)
		return site_read_wrong(r, x, "zone",
		    "UTC or an offset such as -05:00: this system has no tz "
		    "database in TZDIR or " FOLDER);
	if (!is_name(name) ||
	    snprintf(path, sizeof(path), "%s/%s", folder, name) >=
		(int)sizeof(path))
		return site_read_wrong(r, x, "zone", EXPECTED);
	tally_buf_init(&text, FILE_MAX);
	rc = site_slurp(&text, path, &err);
	if (rc == TALLY_OK)
		rc = tally_zone_file(
		    out, &r->site->arena, path, tally_buf_view(&text), &err);
	tally_buf_free(&text);
	if (rc == TALLY_NOMEM)
		return site_read_no_memory(r);
	return rc == TALLY_OK ? rc : site_read_wrong(r, x, "zone", EXPECTED);
}

enum tally_rc
site_read_zone(struct site_reader *r, const struct tally_xml *x,
    const struct tally_zone **out)
{
	const char *name = tally_xml_get(x, "zone");
	struct tally_err err;
	enum tally_rc rc;

	if (name == NULL)
		return TALLY_OK;
	rc = tally_zone_offset(out, &r->site->arena, name, &err);
	if (rc == TALLY_NOMEM)
		return site_read_no_memory(r);
	return rc == TALLY_OK ? rc : from_database(r, x, name, out);
}
