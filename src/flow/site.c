/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of a site that has been read; see site.h. */
#include "flow/site.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/fnv.h"
#include "flow/site_read.h"

void
site_free(struct site *s)
{
	if (s == NULL)
		return;
	tally_arena_free(&s->arena);
	tally_free(s);
}

uint32_t *
site_name_at(const struct site_names *names, const char *name)
{
	uint32_t *at;
	const char *const *is;

	for (size_t i = fnv_of(name, strlen(name));; i++) {
		at = &names->at[i & (names->slots - 1)];
		if (*at == 0)
			return at;
		is = (const void *)((const char *)names->first +
		    (*at - 1) * names->size);
		if (strcmp(*is, name) == 0)
			return at;
	}
}

const struct site_mailbox *
site_mailbox_find(const struct site *s, const char *name)
{
	uint32_t at = *site_name_at(&s->mailboxes, name);

	return at != 0 ? &s->mailbox[at - 1] : NULL;
}

bool
site_partner_sends(
    const struct site_partner *p, const char *qualifier, const char *id)
{
	if (p->any)
		return true;
	for (size_t i = 0; i < p->nid; i++)
		if (strcmp(p->id[i].qualifier, qualifier) == 0 &&
		    strcmp(p->id[i].id, id) == 0)
			return true;
	return false;
}

bool
site_is_self(const struct site *s, const char *qualifier, const char *id)
{
	for (size_t i = 0; i < s->nself; i++)
		if (strcmp(s->self[i].qualifier, qualifier) == 0 &&
		    strcmp(s->self[i].id, id) == 0)
			return true;
	return s->nself == 0;
}

/* How exactly an agreement names a set: 0 not at all, 4 in all. */
static int
rank(const struct site_agreement *a, const char *set, const char *version)
{
	int n = 1;

	if (strcmp(a->set, set) == 0)
		n += 2;
	else if (strcmp(a->set, "*") != 0)
		return 0;
	/* A GS08 such as 004010VICS is of version 004010. */
	if (strcmp(a->version, "*") == 0)
		return n;
	return strncmp(a->version, version, strlen(a->version)) == 0 ? n + 1
								     : 0;
}

const struct site_agreement *
site_receive(const struct site_partner *p, const char *set, const char *version)
{
	const struct site_agreement *best = NULL;
	int most = 0, n;

	for (size_t i = 0; i < p->nreceive; i++) {
		n = rank(&p->receive[i], set, version);
		if (n > most) {
			most = n;
			best = &p->receive[i];
		}
	}
	return best;
}

const struct site_sending *
site_send(const struct site_partner *p, const char *set)
{
	for (size_t i = 0; i < p->nsend; i++)
		if (strcmp(p->send[i].set, set) == 0)
			return &p->send[i];
	return NULL;
}

const struct site_partner *
site_partner_find(const struct site *s, const char *name)
{
	uint32_t at = *site_name_at(&s->partners, name);

	return at != 0 ? &s->partner[at - 1] : NULL;
}

static const struct tally_terms *
set_terms(const void *partner, const char *set, const char *version)
{
	const struct site_agreement *a = site_receive(partner, set, version);

	return a != NULL ? &a->terms : NULL;
}

void
site_judging(struct tally_judge_options *o, const struct site_partner *p)
{
	o->dictionary = &p->dictionary;
	o->nearest = p->nearest.nversion > 0 ? &p->nearest : NULL;
	o->terms = &p->terms;
	o->characters = p->characters;
	o->set_terms = set_terms;
	o->agreements = p;
}

static bool
ends_in(struct tally_str name, const char *suffix)
{
	size_t n = strlen(suffix);

	return name.n >= n && memcmp(name.p + name.n - n, suffix, n) == 0;
}

/* Names under which a writer keeps a file that it has not finished. */
static bool
is_temporary(struct tally_str name)
{
	static const char *const suffix[] = { ".tmp", ".part", ".filepart",
		"~" };

	if (name.n == 0 || name.p[0] == '.')
		return true;
	for (size_t i = 0; i < sizeof(suffix) / sizeof(suffix[0]); i++)
		if (ends_in(name, suffix[i]))
			return true;
	return false;
}

bool
site_takes(const struct site_pull *pull, struct tally_str name)
{
	char z[MAILBOX_NAME_MAX + 1];

	if (name.n > MAILBOX_NAME_MAX || is_temporary(name))
		return false;
	memcpy(z, name.p, name.n);
	z[name.n] = '\0';
	return fnmatch(pull->match, z, FNM_NOESCAPE) == 0;
}

/* The tokens of a pattern, in the order of enum token. */
enum token { SET, CONTROL, PARTNER, QUALIFIER, ID, SELF, TOKENS };
static const char *const token_name[TOKENS] = { "{set}", "{control}",
	"{partner}", "{qualifier}", "{id}", "{self}" };

static int
token_at(const char *p)
{
	for (int i = 0; i < TOKENS; i++)
		if (strncmp(p, token_name[i], strlen(token_name[i])) == 0)
			return i;
	return -1;
}

static bool
plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

/* Whether two ids of a partner differ in their qualifiers alone. */
static bool
same_ids(const struct site_partner *p)
{
	for (size_t i = 0; i < p->nid; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(p->id[i].id, p->id[k].id) == 0)
				return true;
	return false;
}

/* Null, or why names by a pattern would come twice. */
static const char *
pattern_twice(
    const char *p, const struct site *site, const struct site_partner *partner)
{
	bool id = strstr(p, "{id}") != NULL;
	bool qualifier = strstr(p, "{qualifier}") != NULL;

	if (strstr(p, "{control}") == NULL)
		return "{control} is missing, so names would not be unique";
	if (partner->any && (!id || !qualifier))
		return "{qualifier} and {id} are needed where the partner is "
		       "\"*\": each sender has numbers of its own";
	if (partner->nid > 1 && !id)
		return "{id} is needed where the partner has several ids: each "
		       "has numbers of its own";
	if (same_ids(partner) && !qualifier)
		return "{qualifier} is needed where two ids of the partner "
		       "differ in it alone: each has numbers of its own";
	if (site->nself != 1 && strstr(p, "{self}") == NULL)
		return "{self} is needed where there is not exactly one "
		       "<self>: each id of ours has numbers of its own";
	return NULL;
}

const char *
site_pattern_wrong(
    const char *p, const struct site *site, const struct site_partner *partner)
{
	const char *why;

	if (*p == '\0' || *p == '.')
		return "the name must not be empty or begin with a dot";
	why = pattern_twice(p, site, partner);
	if (why != NULL)
		return why;
	for (int t; *p != '\0'; p++) {
		t = *p == '{' ? token_at(p) : -1;
		if (t >= 0)
			p += strlen(token_name[t]) - 1;
		else if (!plain(*p))
			return "expected letters, digits, '.', '-', '_' and "
			       "{set} {control} {partner} {qualifier} {id} "
			       "{self}";
	}
	return NULL;
}

enum tally_rc
site_outgoing_name(char out[256], const char *pattern,
    const struct site_naming *names, struct tally_err *err)
{
	char control[16];
	const char *value[TOKENS] = { names->set, control, names->partner,
		names->qualifier, names->id, names->self };
	const char *p, *v;
	size_t n = 0;
	int t;

	snprintf(control, sizeof(control), "%09u", names->control);
	for (p = pattern; *p != '\0'; p += t >= 0 ? strlen(token_name[t]) : 1) {
		t = *p == '{' ? token_at(p) : -1;
		v = t >= 0 ? value[t] : p;
		for (; *v != '\0' && n < 255; v++) {
			out[n++] = plain(*v) ? *v : '_';
			if (t < 0)
				break;
		}
		if (n >= 255)
			return tally_err_set(err, TALLY_CONFIG,
			    "the pattern \"%s\" makes names over 254 bytes; "
			    "shorten it",
			    pattern);
	}
	out[n] = '\0';
	return TALLY_OK;
}
