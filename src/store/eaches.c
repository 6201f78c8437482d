/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quantities in eaches, as SQL: exact, or null.
 *
 * What one unit is says the partner's cross-reference "eaches", else the table
 * below: a number of eaches, or "pack", which is what the line's own pack and
 * inner pack come to.  A quantity is its digits without the point as a whole
 * number, and is divided at the end, where that leaves no rest.  Bounds keep
 * all of it within 63 bits: 11 digits of a quantity, 6 of eaches in a unit.
 */
#include "store/eaches.h"

#define LOOKUP "eaches"

static const struct {
	const char *unit, *says;
} units[] = {
	{ "EA", "1" },
	{ "PC", "1" },
	{ "UN", "1" },
	{ "PR", "2" },
	{ "DZ", "12" },
	{ "HC", "100" },
	{ "HU", "100" },
	{ "GS", "144" },
	{ "TH", "1000" },
	{ "BA", "pack" },
	{ "BD", "pack" },
	{ "BG", "pack" },
	{ "BX", "pack" },
	{ "CA", "pack" },
	{ "CT", "pack" },
	{ "DS", "pack" },
	{ "KT", "pack" },
	{ "PH", "pack" },
	{ "PK", "pack" },
};

/* What one unit of t is: a number, or "pack"; null where nobody says. */
#define OURS "lookup_own.ours, lookup_all.ours"
#define SAYS "coalesce(" OURS ", unit.eaches)"
/* Whether that is a number, from 1 on. */
#define IS_NUMBER \
	"eaches_says GLOB '[1-9]*' AND eaches_says NOT GLOB '*[^0-9]*'"

static bool
has(const struct tally_table *t, const char *column)
{
	return tally_table_column(t, tally_cstr(column)) >= 0;
}

static void
put_pack(struct tally_buf *sql, const struct tally_table *t)
{
	if (!has(t, "pack"))
		tally_buf_puts(sql, "NULL");
	else if (has(t, "inner_pack"))
		tally_buf_puts(sql, "t.pack * coalesce(t.inner_pack, 1)");
	else
		tally_buf_puts(sql, "t.pack");
}

void
eaches_says(struct tally_buf *sql, const struct tally_table *t)
{
	tally_buf_puts(sql,
	    ", " SAYS " AS eaches_says, coalesce(" OURS ") IS NULL"
	    " AS eaches_common, ");
	put_pack(sql, t);
	tally_buf_puts(sql, " AS eaches_pack");
}

void
eaches_per_unit(struct tally_buf *sql)
{
	tally_buf_puts(sql,
	    ", CASE WHEN eaches_says = 'pack' THEN eaches_pack"
	    " WHEN " IS_NUMBER " THEN CAST(eaches_says AS INTEGER) END"
	    " AS eaches_per_unit, CASE WHEN eaches_says = 'pack'"
	    " THEN CASE WHEN eaches_pack IS NOT NULL THEN 'pack' END"
	    " WHEN " IS_NUMBER " THEN CASE WHEN eaches_common THEN 'unit'"
	    " ELSE 'lookup' END END AS eaches_rule");
}

void
eaches_parts(struct tally_buf *sql, const char *as, const char *quantity)
{
	const char *q = quantity;

	tally_buf_printf(sql,
	    ", CAST(replace(\"%s\", '.', '') AS INTEGER) AS %s_digits,"
	    " CAST('1' || CASE instr(\"%s\", '.') WHEN 0 THEN ''"
	    " ELSE substr('00000000000', 1, length(\"%s\") - instr(\"%s\", "
	    "'.'))"
	    " END AS INTEGER) AS %s_scale",
	    q, as, q, q, q, as);
}

void
eaches_join(struct tally_buf *sql)
{
	tally_buf_puts(sql,
	    " LEFT JOIN lookups lookup_own ON lookup_own.partner = d.partner"
	    " AND lookup_own.name = '" LOOKUP "'"
	    " AND lookup_own.theirs = t.unit"
	    " LEFT JOIN lookups lookup_all ON lookup_all.partner = '*'"
	    " AND lookup_all.name = '" LOOKUP "'"
	    " AND lookup_all.theirs = t.unit"
	    " LEFT JOIN " EACHES_UNITS " unit ON unit.unit = t.unit");
}

void
eaches_units(struct tally_buf *sql)
{
	tally_buf_puts(
	    sql, "CREATE VIEW " EACHES_UNITS " (unit, eaches) AS VALUES ");
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		tally_buf_printf(sql, "%s('%s', '%s')", i > 0 ? ", " : "",
		    units[i].unit, units[i].says);
}

void
eaches_of(struct tally_buf *sql, const char *as, const char *quantity)
{
	tally_buf_printf(sql,
	    "CASE WHEN length(\"%s\") <= 12"
	    " AND eaches_per_unit BETWEEN 1 AND 999999"
	    " AND %s_digits * eaches_per_unit %% %s_scale = 0"
	    " THEN %s_digits * eaches_per_unit / %s_scale END",
	    quantity, as, as, as, as);
}
