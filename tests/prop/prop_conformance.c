/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conformance: each kind of finding that reader and checker raise, in every
 * set of every version that is compiled in.  A generated interchange of three
 * sets with exactly one fault has exactly that finding, and the answer tells
 * it in the code of the standard: TA105, AK905, AK502, AK304 or AK403, and
 * IK502, IK304 or IK403 in the 999 that half of those of 005010 ask for.
 *
 * Prints a table: of each fault the sets that it was possible in, the cases
 * and the misses.  A kind that is neither made here nor has a reason why not
 * is a failure.  ROUNDS=n tries each n times in each set, at other places;
 * SEED=n starts elsewhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/damage.h"
#include "../support/edit.h"
#include "../support/judged.h"

#define BYTES_MAX (8u << 20)
#define LATER     "005010"

/* Kinds that are not made here, and where they are tested instead. */
static const struct {
	enum tally_finding_kind kind;
	const char *why;
} elsewhere[] = {
	{ TALLY_F_not_edi, "no interchange: nobody to answer; test_judge" },
	{ TALLY_F_empty_file, "no interchange: nobody to answer; test_judge" },
	{ TALLY_F_text_outside, "outside interchanges; test_judge" },
	{ TALLY_F_set_too_large, "needs a lower limit; test_judge_options" },
	{ TALLY_F_binary_length, "in no set that is here; test_binary" },
	{ TALLY_F_version_nearest,
	    "only where an agreement allows it; test_judge_options" },
	{ TALLY_F_receiver_unknown, "of the workspace, not of the judge" },
	{ TALLY_F_sender_unknown, "of the workspace, not of the judge" },
	{ TALLY_F_interchange_reset, "of the workspace, not of the judge" },
	{ TALLY_F_group_number_used, "of the workspace, not of the judge" },
	{ TALLY_F_document_resent, "of the workspace, not of the judge" },
	{ TALLY_F_interchange_conflict, "of the workspace, not of the judge" },
	{ TALLY_F_interchange_duplicate, "of the workspace, not of the judge" },
	{ TALLY_F_document_duplicate, "of the workspace, not of the judge" },
	{ TALLY_F_document_test, "of the workspace, not of the judge" },
	{ TALLY_F_segment_not_used, "of a partner's guide, not the standard" },
	{ TALLY_F_element_not_used, "of a partner's guide, not the standard" },
	{ TALLY_F_hierarchy_order, "of a partner's guide, not the standard" },
	{ TALLY_F_map_missing, "of maps" },
	{ TALLY_F_map_required, "of maps" },
	{ TALLY_F_map_value, "of maps" },
	{ TALLY_F_map_limit, "of maps" },
	{ TALLY_F_map_lookup, "of maps" },
	{ TALLY_F_write_value, "of maps" },
	{ TALLY_F_write_refused, "of maps" },
	{ TALLY_F_write_replaced, "of maps" },
	{ TALLY_F_write_room, "of maps" },
	{ TALLY_F_write_row, "of maps" },
	{ TALLY_F_write_column, "of maps" },
	{ TALLY_F_write_level, "of maps" },
	{ TALLY_F_write_residue, "of maps" },
};

struct row;
struct trial {
	const struct row *row;
	const struct tally_set_spec *spec;
	struct maker m;
	struct made_set set[3];
	struct tally_buf b;
	struct expected x;
	uint32_t groups;
};

#define UNTOLD "" /* the answer says no more than how many were accepted */

struct row {
	const char *fault;
	enum tally_finding_kind kind;
	const char *code;             /* null: there is nobody to answer */
	const char *later;            /* from 005010 on; null: the same */
	bool (*make)(struct trial *); /* null: a damage of that name */
	struct edit edit[2];
};

/* --- bytes --- */

static void
write_all(struct trial *t)
{
	tally_buf_reset(&t->b);
	write_isa(&t->b, &t->m, 1);
	if (t->m.sep.repetition != 0)
		t->b.p[82] = (char)t->m.sep.repetition;
	write_gs(&t->b, &t->m, t->spec, 1);
	for (uint32_t i = 0; i < 3; i++)
		write_set(&t->b, &t->m, &t->set[i]);
	write_ge(&t->b, &t->m, 3, 1);
	write_iea(&t->b, &t->m, 1, 1);
}

/* --- faults --- */

static bool
edited(struct trial *t)
{
	write_all(t);
	for (int i = 0; i < 2; i++)
		if (t->row->edit[i].tag != NULL)
			edit_apply(&t->b, &t->m, &t->row->edit[i]);
	return true;
}

/* Where the separator that is not told is not needed. */
static bool
no_component(struct trial *t)
{
	write_all(t);
	if (memchr(t->b.p + 106, t->m.sep.component, t->b.n - 106) != NULL)
		return false;
	return edited(t);
}

static bool
damaged(struct trial *t)
{
	const struct damage *d = damage_find(t->row->fault);

	if (!d->spoil(&t->set[1], &t->m, &t->x))
		return false;
	assert_int_equal(t->x.kind, t->row->kind);
	write_all(t);
	return true;
}

static bool
group_twice(struct trial *t)
{
	tally_buf_reset(&t->b);
	write_isa(&t->b, &t->m, 1);
	for (uint32_t g = 0; g < 2; g++) {
		write_gs(&t->b, &t->m, t->spec, 1);
		for (uint32_t i = 0; i < 3; i++)
			write_set(&t->b, &t->m, &t->set[i]);
		write_ge(&t->b, &t->m, 3, 1);
	}
	write_iea(&t->b, &t->m, 2, 1);
	t->groups = 2;
	return true;
}

/* Once in a version is enough of so many bytes. */
static bool
many_groups(struct trial *t)
{
	if (strcmp(t->spec->id, "850") != 0)
		return false;
	tally_buf_reset(&t->b);
	write_isa(&t->b, &t->m, 1);
	for (uint32_t g = 1; g <= TALLY_JUDGE_GROUPS + 1; g++) {
		write_gs(&t->b, &t->m, t->spec, g);
		write_ge(&t->b, &t->m, 0, g);
	}
	write_iea(&t->b, &t->m, TALLY_JUDGE_GROUPS + 1, 1);
	return true;
}

static bool
endless(struct trial *t)
{
	static char text[70000];
	const struct edit e = { "SE", 2, EDIT_INSERT, text };

	memset(text, 'A', sizeof(text) - 1);
	write_all(t);
	edit_apply(&t->b, &t->m, &e);
	return true;
}

#define F(name) TALLY_F_##name
#define DAMAGE(fault, kind, code) \
	{ \
		fault, F(kind), code, NULL, damaged, \
		{ \
			{ \
				0 \
			} \
		} \
	}
#define EDIT(fault, kind, code, ...) \
	{ \
		fault, F(kind), code, NULL, edited, \
		{ \
			__VA_ARGS__ \
		} \
	}

static const struct row rows[] = {
	EDIT("ISA06 not filled up", isa_malformed, "022",
	    { "ISA", 1, 6, "PINEHURST" }),
	EDIT("ISA08 not filled up", isa_malformed, "022",
	    { "ISA", 1, 8, "HARBORTRADE" }),
	EDIT("ISA01 blank", isa_authorization, "010", { "ISA", 1, 1, "  " }),
	EDIT("ISA03 no code", isa_security, "012", { "ISA", 1, 3, "0?" }),
	EDIT("ISA05 blank", isa_sender_qualifier, "005", { "ISA", 1, 5, "  " }),
	EDIT("ISA06 blank", isa_sender, NULL,
	    { "ISA", 1, 6, "               " }),
	EDIT("ISA07 blank", isa_receiver_qualifier, "007",
	    { "ISA", 1, 7, "  " }),
	EDIT("ISA08 blank", isa_receiver, NULL,
	    { "ISA", 1, 8, "               " }),
	EDIT("ISA09 no day", isa_date, "014", { "ISA", 1, 9, "260230" }),
	EDIT("ISA10 no time", isa_time, "015", { "ISA", 1, 10, "2460" }),
	EDIT("ISA12 no number", isa_version, "017", { "ISA", 1, 12, "0040A" }),
	EDIT("ISA13 no number", isa_number, "018",
	    { "ISA", 1, 13, "00000000A" }, { "IEA", 1, 2, "00000000A" }),
	EDIT("ISA14 neither 0 nor 1", isa_ack_requested, "019",
	    { "ISA", 1, 14, "2" }),
	EDIT("ISA15 unknown", isa_usage, "020", { "ISA", 1, 15, "X" }),
	EDIT("ISA16 as what stands between elements", isa_separators, NULL,
	    { "ISA", 1, 16, "*" }),
	{ "ISA16 a letter", F(isa_component), "027", NULL, no_component,
	    { { "ISA", 1, 16, "A" } } },
	EDIT("no IEA", iea_missing, "023", { "IEA", 1, EDIT_REMOVE, NULL }),
	EDIT("IEA02 another", iea_number, "001", { "IEA", 1, 2, "000000002" }),
	EDIT("IEA01 too many", iea_count, "021", { "IEA", 1, 1, "2" }),
	EDIT("IEA01 no number", iea_count, "021", { "IEA", 1, 1, "ONE" }),
	EDIT("a segment behind GE", structure, "022",
	    { "IEA", 1, EDIT_INSERT, "NTE**X" }),
	{ "more groups than are read", F(too_many_groups), "022", NULL,
	    many_groups, { { 0 } } },
	{ "a segment without end", F(segment_unended), "004", NULL, endless,
	    { { 0 } } },

	EDIT("GS02 missing", gs_malformed, "1", { "GS", 1, 2, "" }),
	EDIT("GS03 too long", gs_malformed, "1",
	    { "GS", 1, 3, "HARBORTRADE12345" }),
	EDIT("GS06 no number", gs_number, "6", { "GS", 1, 6, "1A" },
	    { "GE", 1, 2, "1A" }),
	EDIT("no GE", ge_missing, "3", { "GE", 1, EDIT_REMOVE, NULL }),
	EDIT("GE02 another", ge_number, "4", { "GE", 1, 2, "2" }),
	EDIT("GE01 too few", ge_count, "5", { "GE", 1, 1, "2" }),
	EDIT("GS08 unknown", group_version, "2", { "GS", 1, 8, "001000" }),
	EDIT("GS01 of other sets", group_functional, "1", { "GS", 1, 1, "ZZ" }),
	EDIT("a segment between sets", segments_outside, "5",
	    { "ST", 2, EDIT_INSERT, "NTE**X" }),
	{ "two groups of one number", F(group_duplicate), "19", NULL,
	    group_twice, { { 0 } } },

	EDIT("ST01 too short", st_malformed, UNTOLD, { "ST", 2, 1, "85" }),
	EDIT("ST02 too short", st_number, UNTOLD, { "ST", 2, 2, "2" },
	    { "SE", 2, 2, "2" }),
	EDIT("ST02 of another set", set_duplicate, "23", { "ST", 2, 2, "0001" },
	    { "SE", 2, 2, "0001" }),
	EDIT("SE02 with other zeros", number_spelling, NULL,
	    { "SE", 2, 2, "00002" }),
	DAMAGE("a wrong SE01", se_count, "4"),
	DAMAGE("a wrong SE02", se_number, "3"),
	DAMAGE("no SE", se_missing, "2"),
	DAMAGE("a wrong total", total_wrong, "5"),
	DAMAGE("an unknown set", set_unsupported, "1"),

	DAMAGE("an unknown segment", segment_unknown, "1"),
	DAMAGE("a segment outside its loop", segment_unexpected, "2"),
	DAMAGE("a mandatory segment left out", segment_missing, "3"),
	DAMAGE("a loop too often", loop_too_often, "4"),
	DAMAGE("a segment twice", segment_too_often, "5"),
	DAMAGE("a segment of another set", segment_not_in_set, "6"),
	DAMAGE("a segment too late", segment_out_of_order, "7"),

	DAMAGE("a mandatory element left out", element_missing, "1"),
	DAMAGE("half of a pair", element_needed, "2"),
	DAMAGE("none of those of which one is needed", element_needed, "2"),
	DAMAGE("a condition not met", element_needed, "2"),
	DAMAGE("a condition of which none is met", element_needed, "2"),
	DAMAGE("a mandatory component left out", element_missing, "1"),
	DAMAGE("one element too many", element_excess, "3"),
	EDIT("an element behind ST03", element_excess, "3",
	    { "ST", 2, 2, "0002*X*X" }),
	EDIT("an element behind SE02", element_excess, "3",
	    { "SE", 2, 2, "0002*X" }),
	{ "one component too many", F(component_excess), "3", "13", damaged,
	    { { 0 } } },
	{ "one repetition too many", F(repetition_excess), "3", "12", damaged,
	    { { 0 } } },
	DAMAGE("a text that is too short", element_too_short, "4"),
	DAMAGE("a text that is too long", element_too_long, "5"),
	DAMAGE("a component that is too long", element_too_long, "5"),
	DAMAGE("a repetition that is too long", element_too_long, "5"),
	DAMAGE("letters in a number", element_character, "6"),
	DAMAGE("a control character in a text", element_character, "6"),
	DAMAGE("a code that is not listed", element_code, "7"),
	DAMAGE("a code that an open list lacks", code_unlisted, NULL),
	DAMAGE("a date that does not exist", element_date, "8"),
	DAMAGE("a time that does not exist", element_time, "9"),
	DAMAGE("two that exclude one another", element_excluded, "10"),
	DAMAGE("a level with the number of another", hierarchy_number, "7"),
	DAMAGE("a level below one that is not there", hierarchy_parent, "7"),
	DAMAGE(
	    "levels that are not numbered in turn", hierarchy_sequence, NULL),
	DAMAGE("a level without those below that it announces", hierarchy_child,
	    "7"),
	DAMAGE("an LE that is not of its LS", loop_identifier, "7"),
	DAMAGE("another check digit", check_digit, NULL),
	DAMAGE("separators behind the last element", trailing_separators, NULL),
};
#define NROWS (sizeof(rows) / sizeof(rows[0]))

/* --- the answer --- */

static bool
tells_number(const struct judged *j, const char *tag, int k, uint32_t want)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", want);
	return want == 0 || judged_tells(j, tag, 1, k, text);
}

/* The AK5 of the set at fault, which comes second or is alone. */
static bool
tells_set(const struct judged *j, const char *verdict, const char *code)
{
	int nth = judged_told(j, "AK5", 2, 1) != NULL ? 2 : 1;

	return judged_tells(j, "AK5", nth, 1, verdict) &&
	    judged_tells(j, "AK5", nth, 2, code);
}

/* Null when the answer is right; else what is wrong with it. */
static const char *
compare_answer(const struct trial *t, const struct judged *j)
{
	const struct row *r = t->row;
	const struct tally_finding_info *info = tally_finding_info(r->kind);
	bool error = info->severity == TALLY_ERROR;
	const char *code = r->code;

	if (r->later != NULL && strcmp(t->spec->version, LATER) >= 0)
		code = r->later;
	if (strcmp(t->spec->functional, "FA") == 0)
		return NULL; /* acknowledgements are not acknowledged */
	if (info->level == TALLY_LEVEL_INTERCHANGE) {
		if (code == NULL)
			return j->ack.n == 0 ? NULL : "somebody is answered";
		return judged_tells(j, "TA1", 1, 4, error ? "R" : "E") &&
			judged_tells(j, "TA1", 1, 5, code)
		    ? NULL
		    : "not the TA1";
	}
	if (code == NULL)
		return judged_tells(j, "AK9", 1, 1, "A") &&
			judged_told(j, "AK3", 1, 1) == NULL
		    ? NULL
		    : "a note is told";
	if (info->level == TALLY_LEVEL_GROUP)
		return judged_tells(
			   j, "AK9", (int)t->groups, 1, error ? "R" : "E") &&
			judged_tells(j, "AK9", (int)t->groups, 5, code)
		    ? NULL
		    : "not the AK9";
	if (!judged_tells(j, "AK9", 1, 1, error ? "P" : "E") ||
	    !judged_tells(j, "AK9", 1, 4, error ? "2" : "3"))
		return "not the AK9";
	if (strcmp(code, UNTOLD) == 0)
		return NULL;
	if (info->level == TALLY_LEVEL_SET)
		return tells_set(j, "R", code) ? NULL : "not the AK5";
	if (!tells_set(j, error ? "R" : "E", "5"))
		return "not the AK5";
	if (judged_told(j, "AK3", 2, 1) != NULL ||
	    !tells_number(j, "AK3", 2, t->x.segment) ||
	    !judged_tells(j, "AK3", 1, 4,
		info->level == TALLY_LEVEL_SEGMENT ? code : "8") ||
	    (t->x.tag != NULL && !judged_tells(j, "AK3", 1, 1, t->x.tag)))
		return "not the AK3";
	if (info->level == TALLY_LEVEL_SEGMENT)
		return judged_told(j, "AK4", 1, 1) == NULL ? NULL : "an AK4";
	return judged_told(j, "AK4", 2, 1) == NULL &&
		judged_tells(j, "AK4", 1, 3, code) &&
		tells_number(j, "AK4", 1, t->x.element)
	    ? NULL
	    : "not the AK4";
}

static const char *
compare(const struct trial *t, const struct judged *j)
{
	const struct tally_finding *f = j->findings.v;

	if (j->findings.n != 1)
		return "not one finding";
	if (f->kind != t->row->kind)
		return "another finding";
	if ((t->x.segment != 0 && f->segment != t->x.segment) ||
	    (t->x.element != 0 && f->element != t->x.element) ||
	    (t->x.tag != NULL && strcmp(f->tag, t->x.tag) != 0 &&
		t->row->kind != F(segment_unknown)))
		return "at another place";
	return compare_answer(t, j);
}

/* --- rounds --- */

struct figures {
	uint32_t sets, cases, misses;
};

/* One case; false when this set, as it was made, cannot have the fault. */
static bool
attempt(struct trial *t, uint64_t seed, struct figures *f)
{
	struct judged j;
	const char *wrong;

	maker_init(&t->m, seed);
	maker_vary(&t->m);
	if (seed % 2 == 0)
		t->m.sep.repetition = '!';
	t->groups = 1;
	t->x = (struct expected){ .kind = t->row->kind };
	for (uint32_t i = 0; i < 3; i++)
		made_fill(&t->set[i], &t->m, t->spec, i + 1);
	if (!t->row->make(t))
		return false;
	assert_false(t->b.failed);
	f->cases++;
	judged_run_as(&j, tally_buf_view(&t->b),
	    seed % 4 < 2 && strcmp(t->spec->version, LATER) >= 0
		? TALLY_ACK_999
		: TALLY_ACK_997,
	    0, NULL);
	wrong = compare(t, &j);
	if (wrong != NULL && f->misses++ < 3)
		print_message("%s, %s %s, SEED=%llu: %s; %zu findings, first "
			      "%s\n%s\n",
		    t->row->fault, t->spec->version, t->spec->id,
		    (unsigned long long)seed, wrong, j.findings.n,
		    j.findings.n > 0 ? finding_text(&j.findings.v[0]) : "none",
		    j.ack.n < 2000 && j.ack.p != NULL ? j.ack.p : "");
	judged_free(&j);
	return true;
}

static struct figures
run(struct trial *t, uint64_t seed, uint64_t rounds)
{
	struct figures f = { 0 };

	for (size_t v = 0; v < tally_builtin.nversion; v++)
		for (uint32_t i = 0; i < tally_builtin.version[v]->nset; i++) {
			uint32_t before = f.cases;

			t->spec = &tally_builtin.version[v]->set[i];
			for (uint64_t k = 0;
			     k < 8 * rounds && f.cases - before < rounds; k++)
				attempt(t, seed + k, &f);
			f.sets += f.cases > before;
		}
	return f;
}

static void
every_fault_has_its_finding_and_answer(void **state)
{
	uint64_t seed = rnd_env("SEED", 1), rounds = rnd_env("ROUNDS", 2);
	struct trial t = { 0 };
	uint32_t misses = 0, unmade = 0;

	(void)state;
	tally_buf_init(&t.b, BYTES_MAX);
	for (int i = 0; i < 3; i++)
		made_init(&t.set[i]);
	print_message("%-24s %-48s %5s %6s %6s\n", "finding", "fault", "sets",
	    "cases", "misses");
	for (size_t i = 0; i < NROWS; i++) {
		struct figures f;

		t.row = &rows[i];
		f = run(&t, seed, rounds);
		print_message("%-24s %-48s %5u %6u %6u\n",
		    tally_finding_info(t.row->kind)->name, t.row->fault, f.sets,
		    f.cases, f.misses);
		misses += f.misses;
		unmade += f.cases == 0;
	}
	for (int i = 0; i < 3; i++)
		made_free(&t.set[i]);
	tally_buf_free(&t.b);
	assert_int_equal(misses, 0);
	assert_int_equal(unmade, 0);
}

static void
no_kind_is_forgotten(void **state)
{
	uint32_t forgotten = 0;

	(void)state;
	for (int k = 1; k < TALLY_FINDING_COUNT; k++) {
		bool made = false;
		const char *why = NULL;

		for (size_t i = 0; i < NROWS; i++)
			made = made || (int)rows[i].kind == k;
		for (size_t i = 0; i < sizeof(elsewhere) / sizeof(*elsewhere);
		     i++)
			if ((int)elsewhere[i].kind == k)
				why = elsewhere[i].why;
		if (!made)
			print_message("%-24s %s\n",
			    tally_finding_info((enum tally_finding_kind)k)
				->name,
			    why != NULL ? why : "FORGOTTEN");
		forgotten += made == (why != NULL);
	}
	assert_int_equal(forgotten, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fault_has_its_finding_and_answer),
		cmocka_unit_test(no_kind_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
