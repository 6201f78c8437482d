/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of kinds, made from finding.def, and the list of findings.
 *
 * A list owns a copy of every text it is given, so that a finding outlives
 * the window and the dictionary it speaks of.  Texts that an outsider
 * controls are cut here, once: memory per finding is bounded.
 */
#include "tallyman/finding.h"

#include <assert.h>

#include "base/text.h"

#define VALUE_MAX 99  /* AK404, a copy of the bad element, holds as many */
#define TEXT_MAX  250 /* loop paths and names are far shorter */
#define GROW_MIN  16
/* Arena per finding: six texts and a value, each rounded up to 16. */
#define FINDING_BYTES (6 * (TEXT_MAX + 22) + VALUE_MAX + 13)
#define ARENA_MIN     ((size_t)64 * 1024)

static const struct tally_finding_info info[TALLY_FINDING_COUNT] = {
	[TALLY_FINDING_NONE] = { "none", TALLY_LEVEL_FILE, TALLY_NOTE, "",
	    "nothing is wrong", "nothing" },
#define FINDING(name, level, severity, code, what, todo) \
	[TALLY_F_##name] = { #name, TALLY_LEVEL_##level, TALLY_##severity, \
		code, what, todo },
#include "tallyman/finding.def"
#undef FINDING
};

const struct tally_finding_info *
tally_finding_info(enum tally_finding_kind kind)
{
	assert((unsigned)kind < TALLY_FINDING_COUNT);
	return &info[kind];
}

const char *
tally_level_name(enum tally_level level)
{
	static const char *const name[] = {
		[TALLY_LEVEL_FILE] = "file",
		[TALLY_LEVEL_INTERCHANGE] = "interchange",
		[TALLY_LEVEL_GROUP] = "group",
		[TALLY_LEVEL_SET] = "set",
		[TALLY_LEVEL_SEGMENT] = "segment",
		[TALLY_LEVEL_ELEMENT] = "element",
	};

	return name[level];
}

const char *
tally_severity_name(enum tally_severity severity)
{
	static const char *const name[] = {
		[TALLY_NOTE] = "note",
		[TALLY_WARNING] = "warning",
		[TALLY_ERROR] = "error",
	};

	return name[severity];
}

enum tally_finding_kind
tally_finding_find(const char *name)
{
	for (unsigned k = TALLY_FINDING_NONE + 1; k < TALLY_FINDING_COUNT; k++)
		if (strcmp(info[k].name, name) == 0)
			return (enum tally_finding_kind)k;
	return TALLY_FINDING_NONE;
}

bool
tally_finding_fixed(enum tally_finding_kind kind)
{
	switch (kind) {
	case TALLY_F_isa_malformed:
	case TALLY_F_isa_separators:
	case TALLY_F_iea_missing:
	case TALLY_F_structure:
	case TALLY_F_too_many_groups:
	case TALLY_F_segment_unended:
	case TALLY_F_sender_unknown:
	case TALLY_F_interchange_conflict:
	case TALLY_F_interchange_duplicate:
	case TALLY_F_ge_missing:
	case TALLY_F_group_version:
	case TALLY_F_segments_outside:
	case TALLY_F_st_malformed:
	case TALLY_F_se_missing:
	case TALLY_F_set_unsupported:
	case TALLY_F_set_too_large:
	case TALLY_F_binary_length:
		return true;
	default:
		return tally_finding_info(kind)->level == TALLY_LEVEL_FILE;
	}
}

void
tally_findings_init(struct tally_findings *list, size_t max)
{
	size_t bytes;

	*list = (struct tally_findings){ .max = max };
	if (!tally_mul_ok(&bytes, max, FINDING_BYTES) ||
	    !tally_add_ok(&bytes, bytes, ARENA_MIN))
		bytes = SIZE_MAX;
	tally_arena_init(&list->arena, bytes);
}

void
tally_findings_free(struct tally_findings *list)
{
	tally_arena_free(&list->arena);
	tally_free(list->v);
	tally_findings_init(list, list->max);
}

void
tally_findings_reset(struct tally_findings *list)
{
	tally_arena_reset(&list->arena);
	list->n = 0;
	list->dropped = list->errors = list->warnings = 0;
	list->failed = false;
}

/* Cuts to max bytes, but not through a character. */
static struct tally_str
cut(struct tally_str s, size_t max)
{
	size_t len;

	if (s.n <= max)
		return s;
	for (size_t back = 1; back < 4 && back <= max; back++) {
		len = tally_utf8_length(s.p + max - back, s.n - max + back);
		if (len > back)
			return tally_str(s.p, max - back);
		if (len != 0)
			break;
	}
	return tally_str(s.p, max);
}

/* A copy of s; where the finding before has the same text, that one. */
static const char *
keep(struct tally_findings *list, const char *s, const char *before)
{
	char *p;

	if (s == NULL || *s == '\0')
		return "";
	if (before != NULL && strcmp(s, before) == 0)
		return before;
	p = tally_arena_cstr(&list->arena, cut(tally_cstr(s), TEXT_MAX));
	if (p == NULL) {
		list->failed = true;
		return "";
	}
	return p;
}

static struct tally_str
keep_view(struct tally_findings *list, struct tally_str s, size_t max,
    struct tally_str before)
{
	struct tally_str copy;

	if (s.n == 0)
		return tally_str("", 0);
	if (tally_str_eq(s, before))
		return before;
	copy = tally_arena_str(&list->arena, cut(s, max));
	if (copy.p == NULL) {
		list->failed = true;
		return tally_str("", 0);
	}
	return copy;
}

static bool
grow(struct tally_findings *list)
{
	struct tally_finding *v;
	size_t cap = list->cap == 0 ? GROW_MIN : list->cap * 2;
	size_t bytes;

	if (list->n < list->cap)
		return true;
	if (cap > list->max)
		cap = list->max;
	if (!tally_mul_ok(&bytes, cap, sizeof(*v)))
		return false;
	v = tally_realloc(list->v, bytes);
	if (v == NULL)
		return false;
	list->v = v;
	list->cap = cap;
	return true;
}

/* Notes, however many there are, leave half of the room to what decides. */
static size_t
room(const struct tally_findings *list, enum tally_severity severity)
{
	return severity == TALLY_NOTE ? list->max - list->max / 2 : list->max;
}

/* The one place where it is decided how grave a finding is. */
static enum tally_severity
severity_of(const unsigned char *treatment, const struct tally_finding *f)
{
	static const enum tally_severity agreed[] = { [TALLY_IGNORE] =
							  TALLY_NOTE,
		[TALLY_ACCEPT] = TALLY_WARNING,
		[TALLY_REJECT] = TALLY_ERROR };
	enum tally_severity usual = tally_finding_info(f->kind)->severity;

	if (treatment != NULL && treatment[f->kind] != TALLY_AS_IT_IS)
		return agreed[treatment[f->kind]];
	return f->severity > usual ? f->severity : usual;
}

static void
count(struct tally_findings *list, enum tally_severity severity)
{
	list->errors += severity == TALLY_ERROR;
	list->warnings += severity == TALLY_WARNING;
}

void
tally_findings_count(struct tally_findings *list, const struct tally_finding *f)
{
	list->dropped++;
	count(list, severity_of(list->treatment, f));
}

void
tally_findings_treat(
    struct tally_findings *list, size_t first, const unsigned char *treatment)
{
	struct tally_finding *f;

	for (size_t i = first; i < list->n; i++) {
		f = &list->v[i];
		list->errors -= f->severity == TALLY_ERROR;
		list->warnings -= f->severity == TALLY_WARNING;
		if (treatment[f->kind] == TALLY_AS_IT_IS)
			f->severity = tally_finding_info(f->kind)->severity;
		f->severity = severity_of(treatment, f);
		count(list, f->severity);
	}
}

static void
append(struct tally_findings *list, const struct tally_finding *f,
    enum tally_severity severity)
{
	static const struct tally_finding none;
	const struct tally_finding *before;
	struct tally_finding *to;

	assert(f->kind != TALLY_FINDING_NONE);
	count(list, severity);
	if (list->n >= room(list, severity)) {
		list->dropped++;
		return;
	}
	if (!grow(list)) {
		list->dropped++;
		list->failed = true;
		return;
	}
	before = list->n > 0 ? &list->v[list->n - 1] : &none;
	to = &list->v[list->n];
	*to = *f;
	to->severity = severity;
	to->tag = keep(list, f->tag, before->tag);
	to->loop = keep(list, f->loop, before->loop);
	to->id = keep(list, f->id, before->id);
	to->name = keep(list, f->name, before->name);
	to->value = keep_view(list, f->value, VALUE_MAX, before->value);
	to->expected = keep_view(list, f->expected, TEXT_MAX, before->expected);
	to->rule = keep(list, f->rule, before->rule);
	list->n++;
}

void
tally_findings_add(struct tally_findings *list, const struct tally_finding *f)
{
	append(list, f, severity_of(list->treatment, f));
}

void
tally_findings_copy(struct tally_findings *list, const struct tally_finding *f)
{
	append(list, f, f->severity);
}
