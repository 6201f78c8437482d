/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of tallyman.xml to values; see site_read.h. */
#include "flow/site_read.h"

#include <stdio.h>
#include <string.h>

const char *const site_word_yes[3] = { "no", "yes", NULL };

enum tally_rc
site_read_no_memory(struct site_reader *r)
{
	return tally_err_set(r->err, TALLY_NOMEM,
	    "the configuration needs more than %u bytes of memory",
	    SITE_MEMORY_MAX);
}

enum tally_rc
site_read_wrong(struct site_reader *r, const struct tally_xml *x,
    const char *attribute, const char *expected)
{
	const char *v = tally_xml_get(x, attribute);

	return tally_err_at(r->err, TALLY_CONFIG, r->site->file, x->line,
	    "<%s> has %s=\"%.80s\"; expected %s", x->name, attribute,
	    v != NULL ? v : "", expected);
}

void *
site_read_many(struct site_reader *r, size_t n, size_t size)
{
	size_t bytes;
	void *p;

	if (!tally_mul_ok(&bytes, n, size))
		return NULL;
	p = tally_arena_alloc(&r->site->arena, bytes);
	if (p != NULL)
		memset(p, 0, bytes);
	return p;
}

size_t
site_read_children(const struct tally_xml *x, const char *name)
{
	size_t n = 0;

	for (const struct tally_xml *c = x->child; c != NULL; c = c->next)
		n += strcmp(c->name, name) == 0;
	return n;
}

const struct tally_xml *
site_read_named(const struct tally_xml *c, const char *name)
{
	while (c != NULL && strcmp(c->name, name) != 0)
		c = c->next;
	return c;
}

enum tally_rc
site_read_text(struct site_reader *r, const struct tally_xml *x,
    const char *attribute, const char *fallback, const char **out)
{
	const char *v = tally_xml_get(x, attribute);

	*out = fallback;
	if (v == NULL)
		return TALLY_OK;
	if (*v == '\0')
		return site_read_wrong(r, x, attribute, "a value");
	*out = tally_arena_cstr(&r->site->arena, tally_cstr(v));
	return *out != NULL ? TALLY_OK : site_read_no_memory(r);
}

enum tally_rc
site_read_word(struct site_reader *r, const struct tally_xml *x,
    const char *attribute, const char *const words[3], int *out)
{
	const char *v = tally_xml_get(x, attribute);
	char expected[80];

	if (v == NULL)
		return TALLY_OK;
	for (int i = 0; i < 3 && words[i] != NULL; i++) {
		if (strcmp(v, words[i]) == 0) {
			*out = i;
			return TALLY_OK;
		}
	}
	snprintf(expected, sizeof(expected), "%s%s%s or %s", words[0],
	    words[2] != NULL ? ", " : "", words[2] != NULL ? words[1] : "",
	    words[2] != NULL ? words[2] : words[1]);
	return site_read_wrong(r, x, attribute, expected);
}

enum tally_rc
site_read_number(struct site_reader *r, const struct tally_xml *x,
    const char *attribute, int64_t min, int64_t max, int64_t *out)
{
	const char *v = tally_xml_get(x, attribute), *p = v;
	char expected[80];
	int64_t n = 0;

	if (v == NULL)
		return TALLY_OK;
	for (; *p >= '0' && *p <= '9' && n <= max; p++)
		n = n * 10 + (*p - '0');
	if (p == v || *p != '\0' || n < min || n > max) {
		snprintf(expected, sizeof(expected),
		    "a whole number from %lld to %lld", (long long)min,
		    (long long)max);
		return site_read_wrong(r, x, attribute, expected);
	}
	*out = n;
	return TALLY_OK;
}

static const char *const word_acknowledge[3] = { "none", "997", "999" };
static const char *const word_list[3] = { "all", "errors", NULL };
static const char *const word_ta1[3] = { "asked", "always", "never" };
static const char *const word_test[3] = { "hold", "accept", NULL };

static const char *const word_files[3] = { "each", "together", NULL };
static const char *const word_unique[3] = { "interchange", "partner", NULL };
static const char *const word_takes[3] = { "document", "group", "interchange" };

enum tally_rc
site_read_settings(
    struct site_reader *r, const struct tally_xml *x, struct site_settings *s)
{
	enum tally_rc rc;

	rc = site_read_word(
	    r, x, "acknowledge", word_acknowledge, &s->acknowledge);
	if (rc == TALLY_OK)
		rc = site_read_word(r, x, "list", word_list, &s->list);
	if (rc == TALLY_OK)
		rc = site_read_number(
		    r, x, "ack-bytes", 1024, 32 << 20, &s->ack_bytes);
	if (rc == TALLY_OK)
		rc =
		    site_read_word(r, x, "ack-files", word_files, &s->together);
	if (rc == TALLY_OK)
		rc = site_read_word(
		    r, x, "validate", site_word_yes, &s->validate);
	if (rc == TALLY_OK)
		rc = site_read_word(r, x, "store", site_word_yes, &s->store);
	if (rc == TALLY_OK)
		rc = site_read_word(r, x, "reject", word_takes, &s->takes);
	if (rc == TALLY_OK)
		rc = site_read_word(r, x, "ta1", word_ta1, &s->ta1);
	if (rc == TALLY_OK)
		rc = site_read_number(
		    r, x, "number-days", 1, 36500, &s->number_days);
	if (rc == TALLY_OK)
		rc = site_read_word(
		    r, x, "unique-groups", word_unique, &s->unique);
	if (rc == TALLY_OK)
		rc = site_read_word(r, x, "test", word_test, &s->test);
	if (rc == TALLY_OK)
		rc = site_read_number(r, x, "settle", 0, 86400, &s->settle_s);
	if (rc == TALLY_OK)
		rc = site_read_number(r, x, "depth", 1, 64, &s->depth);
	if (rc == TALLY_OK)
		rc = site_read_number(
		    r, x, "connect-timeout", 1, 3600, &s->connect_s);
	if (rc == TALLY_OK)
		rc = site_read_number(
		    r, x, "login-timeout", 1, 3600, &s->login_s);
	if (rc == TALLY_OK)
		rc = site_read_number(
		    r, x, "reply-timeout", 1, 3600, &s->reply_s);
	if (rc == TALLY_OK)
		rc = site_read_number(r, x, "run-timeout", 1, 86400, &s->run_s);
	if (rc == TALLY_OK)
		rc = site_read_zone(r, x, &s->zone);
	if (rc == TALLY_OK)
		rc = site_read_spelling(r, x, &s->spelling);
	return rc;
}

static bool
of_envelope(enum tally_finding_kind kind)
{
	enum tally_level level = tally_finding_info(kind)->level;

	return level == TALLY_LEVEL_INTERCHANGE || level == TALLY_LEVEL_GROUP;
}

enum tally_rc
site_read_findings(struct site_reader *r, const struct tally_xml *x,
    bool envelopes, struct site_settings *s)
{
	/* In the order of enum tally_treatment, from TALLY_IGNORE on. */
	static const char *const word_severity[3] = { "ignore", "accept",
		"reject" };
	enum tally_finding_kind kind;
	const char *name;
	enum tally_rc rc;
	int severity = 0;

	for (const struct tally_xml *c = site_read_named(x->child, "finding");
	     c != NULL; c = site_read_named(c->next, "finding")) {
		name = tally_xml_get(c, "kind");
		kind = tally_finding_find(name != NULL ? name : "");
		if (kind == TALLY_FINDING_NONE)
			return site_read_wrong(r, c, "kind",
			    "the name of a finding, as validate prints it");
		if (tally_finding_fixed(kind))
			return site_read_wrong(r, c, "kind",
			    "another: what this one is found in cannot be "
			    "taken, whatever is agreed on");
		if (!envelopes && of_envelope(kind))
			return site_read_wrong(r, c, "kind",
			    "one about sets; envelopes are agreed on in "
			    "<partner>");
		rc = site_read_word(r, c, "severity", word_severity, &severity);
		if (rc != TALLY_OK)
			return rc;
		s->treatment[kind] = (unsigned char)(TALLY_IGNORE + severity);
	}
	return TALLY_OK;
}

void
site_read_terms(struct tally_terms *terms, const struct site_settings *s)
{
	memcpy(terms->treatment, s->treatment, sizeof(terms->treatment));
	terms->takes = (enum tally_takes)s->takes;
	if (s->validate)
		return;
	/* Nothing is held against a set but what hinders reading it. */
	for (unsigned k = TALLY_FINDING_NONE + 1; k < TALLY_FINDING_COUNT; k++)
		if (terms->treatment[k] == TALLY_AS_IT_IS &&
		    !of_envelope((enum tally_finding_kind)k) &&
		    !tally_finding_fixed((enum tally_finding_kind)k))
			terms->treatment[k] = TALLY_IGNORE;
}

enum tally_rc
site_read_name_fits(
    struct site_reader *r, const struct tally_xml *x, const char *name)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "._-";

	if (strlen(name) <= SITE_NAME_MAX &&
	    strspn(name, plain) == strlen(name) && *name != '.')
		return TALLY_OK;
	return site_read_wrong(r, x, "name",
	    "1 to 40 letters, digits, '.', '-' or '_', no dot in front");
}
