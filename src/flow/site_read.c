/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman.xml to struct site; see site.h.
 *
 * The schema has said which elements and attributes there are; here every
 * value is checked, so that a mistake is told with its line, what was found
 * and what was expected.  Settings are resolved on the way down: each level
 * begins with a copy of what the level above has.
 */
#include "flow/site_read.h"

#include <stdio.h>
#include <string.h>

#include "base/embed.h"
#include "flow/clock.h"
#include "tallyman/answer.h"

#define SCHEMA      "config.rng"
#define STORE_URL   "sqlite:tallyman.db"
#define FILE_BYTES  (256u << 20)
#define CONNECTIONS 4
#define SETTLE_S    60
#define RUN_S       900

static enum tally_rc
identity(struct site_reader *r, const struct tally_xml *x, struct site_id *id)
{
	enum tally_rc rc;

	rc = site_read_text(r, x, "qualifier", "", &id->qualifier);
	if (rc == TALLY_OK)
		rc = site_read_text(r, x, "id", "", &id->id);
	if (rc != TALLY_OK)
		return rc;
	id->line = x->line;
	if (strcmp(id->qualifier, "*") == 0 && strcmp(id->id, "*") == 0)
		return tally_xml_is(x, "partner")
		    ? TALLY_OK
		    : site_read_wrong(
			  r, x, "id", "an id; \"*\" is for <partner> alone");
	if (strlen(id->qualifier) != 2)
		return site_read_wrong(r, x, "qualifier",
		    "two characters as in ISA05, or \"*\" with id=\"*\"");
	if (strlen(id->id) > 15 || strcmp(id->id, "*") == 0)
		return site_read_wrong(r, x, "id",
		    "1 to 15 characters as in ISA06, without blanks at the "
		    "end");
	return TALLY_OK;
}

static enum tally_rc
selves(struct site_reader *r, const struct tally_xml *root)
{
	size_t n = site_read_children(root, "self");
	struct site_id *id = site_read_many(r, n, sizeof(*id));
	const struct tally_xml *x = root->child;
	enum tally_rc rc;

	if (id == NULL)
		return site_read_no_memory(r);
	r->site->self = id;
	r->site->nself = n;
	for (size_t i = 0; i < n; i++, x = x->next) {
		x = site_read_named(x, "self");
		rc = identity(r, x, &id[i]);
		if (rc != TALLY_OK)
			return rc;
	}
	return TALLY_OK;
}

static enum tally_rc
limits(struct site_reader *r, const struct tally_xml *x)
{
	struct tally_limits *l = &r->site->limits;
	const struct {
		const char *attribute;
		uint32_t *value;
		int64_t min, max;
	} row[] = {
		{ "set-bytes", &l->set_bytes, 1024, 1 << 30 },
		{ "set-segments", &l->set_segments, 16, 1 << 26 },
		{ "segment-bytes", &l->segment_bytes, 256, 1 << 26 },
		{ "findings", &l->findings, 1, 1 << 20 },
		{ "findings-set", &l->findings_set, 1, 1 << 20 },
		{ "connections", &r->site->connections, 1, 64 },
	};
	int64_t n = (int64_t)r->site->file_bytes;
	enum tally_rc rc;

	rc = site_read_number(r, x, "file-bytes", 1024, (int64_t)1 << 40, &n);
	r->site->file_bytes = (uint64_t)n;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		n = *row[i].value;
		if (rc == TALLY_OK)
			rc = site_read_number(
			    r, x, row[i].attribute, row[i].min, row[i].max, &n);
		*row[i].value = (uint32_t)n;
	}
	return rc;
}

bool
site_read_known(
    const struct tally_dictionary *d, const char *set, const char *version)
{
	for (size_t i = 0; i < d->nversion; i++) {
		if (strcmp(version, "*") != 0 &&
		    strcmp(d->version[i]->version, version) != 0)
			continue;
		if (strcmp(set, "*") == 0 ||
		    tally_set_find(d->version[i], tally_cstr(set)) != NULL)
			return true;
	}
	return false;
}

enum tally_rc
site_read_no_folder(struct site_reader *r, const struct tally_xml *x,
    const char *map, const char *guide)
{
	if (map != NULL && strchr(map, '/') != NULL)
		return site_read_wrong(
		    r, x, "map", "the name of a map, without folder");
	if (guide != NULL && strchr(guide, '/') != NULL)
		return site_read_wrong(
		    r, x, "guide", "the name of a guide, without folder");
	return TALLY_OK;
}

static enum tally_rc
receive(struct site_reader *r, const struct tally_xml *x,
    const struct site_settings *above, struct site_agreement *a)
{
	static const char *const word_versions[3] = { "exact", "nearest" };
	struct site_settings s = *above;
	int nearest = 0;
	enum tally_rc rc;

	a->line = x->line;
	rc = site_read_text(r, x, "set", "*", &a->set);
	if (rc == TALLY_OK)
		rc = site_read_text(r, x, "version", "*", &a->version);
	if (rc == TALLY_OK)
		rc = site_read_word(r, x, "versions", word_versions, &nearest);
	if (rc == TALLY_OK)
		rc = site_read_text(r, x, "map", NULL, &a->map);
	if (rc == TALLY_OK)
		rc = site_read_text(r, x, "guide", NULL, &a->guide);
	if (rc == TALLY_OK)
		rc = site_read_settings(r, x, &s);
	if (rc == TALLY_OK)
		rc = site_read_findings(r, x, false, &s);
	if (rc != TALLY_OK)
		return rc;
	site_read_terms(&a->terms, &s);
	a->store = s.store;
	a->acknowledge = (enum site_acknowledge)s.acknowledge;
	a->list = (enum site_list)s.list;
	a->test = s.test;
	a->nearest = nearest == 1;
	if (!site_read_known(r->dictionary, "*", a->version))
		return site_read_wrong(r, x, "version",
		    "a version that the dictionary has, such as 004010");
	if (!site_read_known(r->dictionary, a->set, a->version))
		return site_read_wrong(
		    r, x, "set", "a set that the dictionary has, or \"*\"");
	if (strcmp(a->set, "*") == 0 && a->map != NULL)
		return site_read_wrong(r, x, "map",
		    "none: a map reads one set, so "
		    "name the set as well");
	if (strcmp(a->set, "*") == 0 && a->guide != NULL)
		return site_read_wrong(r, x, "guide",
		    "none: a guide is for one set, so "
		    "name the set as well");
	return site_read_no_folder(r, x, a->map, a->guide);
}

static enum tally_rc
receives(struct site_reader *r, const struct tally_xml *parent,
    const struct site_settings *above, struct site_partner *p)
{
	size_t n = site_read_children(parent, "receive");
	struct site_agreement *a = site_read_many(r, n, sizeof(*a));
	const struct tally_xml *x = parent->child;
	enum tally_rc rc;

	if (a == NULL)
		return site_read_no_memory(r);
	p->receive = a;
	p->nreceive = n;
	for (size_t i = 0; i < n; i++, x = x->next) {
		x = site_read_named(x, "receive");
		rc = receive(r, x, above, &a[i]);
		if (rc != TALLY_OK)
			return rc;
		for (size_t k = 0; k < i; k++)
			if (strcmp(a[k].set, a[i].set) == 0 &&
			    strcmp(a[k].version, a[i].version) == 0)
				return tally_err_at(r->err, TALLY_CONFIG,
				    r->site->file, x->line,
				    "set %s is agreed on in line %u already; "
				    "drop one of the two",
				    a[i].set, a[k].line);
	}
	return TALLY_OK;
}

/* Whether the partner's agreements cover a set; nearest: in versions, too,
 * that are not there. */
static bool
covered(const struct site_partner *p, const struct tally_set_spec *spec,
    bool nearest)
{
	const struct site_agreement *a =
	    site_receive(p, spec->id, spec->version);

	return tally_answers_is(spec->id) ||
	    (a != NULL && (a->nearest || !nearest));
}

/* A version with those of its sets that are covered; false when memory
 * ends. */
static bool
restrict_version(struct site_reader *r, const struct site_partner *p,
    const struct tally_version *from, bool nearest, struct tally_version *to)
{
	struct tally_set_spec *set =
	    site_read_many(r, from->nset, sizeof(*set));

	if (set == NULL)
		return false;
	*to = *from;
	to->set = set;
	to->nset = 0;
	for (uint32_t k = 0; k < from->nset; k++)
		if (covered(p, &from->set[k], nearest))
			set[to->nset++] = from->set[k];
	return true;
}

/* Whether a version has a set beside the acknowledgements. */
static bool
reads_any(const struct tally_version *v)
{
	for (uint32_t i = 0; i < v->nset; i++)
		if (!tally_answers_is(v->set[i].id))
			return true;
	return false;
}

/*
 * The dictionary's versions, with those of their sets that are covered, so
 * that judging tells the partner itself which sets are not agreed on.  Of
 * those for versions that are not there, only such as can read a set.
 */
static enum tally_rc
restrict_dictionary(struct site_reader *r, const struct site_partner *p,
    bool nearest, struct tally_dictionary *out)
{
	const struct tally_dictionary *d = r->dictionary;
	const struct tally_version **list;
	struct tally_version *v;
	size_t n = 0;

	list = site_read_many(r, d->nversion, sizeof(*list));
	v = site_read_many(r, d->nversion, sizeof(*v));
	if (list == NULL || v == NULL)
		return site_read_no_memory(r);
	for (size_t i = 0; i < d->nversion; i++) {
		if (!restrict_version(r, p, d->version[i], nearest, &v[i]))
			return site_read_no_memory(r);
		if (!nearest || reads_any(&v[i]))
			list[n++] = &v[i];
	}
	out->version = list;
	out->nversion = n;
	return TALLY_OK;
}

static enum tally_rc
ids(struct site_reader *r, const struct tally_xml *x, struct site_partner *p)
{
	size_t n = site_read_children(x, "id") + 1;
	struct site_id *id = site_read_many(r, n, sizeof(*id));
	const struct tally_xml *c = x->child;
	enum tally_rc rc;

	if (id == NULL)
		return site_read_no_memory(r);
	p->id = id;
	p->nid = n;
	rc = identity(r, x, &id[0]);
	if (rc != TALLY_OK)
		return rc;
	p->any = strcmp(id[0].id, "*") == 0;
	for (size_t i = 1; i < n; i++, c = c->next) {
		c = site_read_named(c, "id");
		rc = identity(r, c, &id[i]);
		if (rc != TALLY_OK)
			return rc;
	}
	return TALLY_OK;
}

/* When a partner's numbering began again. */
static enum tally_rc
numbers_from(
    struct site_reader *r, const struct tally_xml *x, struct site_partner *p)
{
	const char *v = tally_xml_get(x, "numbers-from");
	char text[32] = "";

	if (v == NULL)
		return TALLY_OK;
	if (strlen(v) == strlen("2026-01-31"))
		snprintf(text, sizeof(text), "%sT00:00:00Z", v);
	else if (strlen(v) < sizeof(text))
		snprintf(text, sizeof(text), "%s", v);
	if (!flow_clock_parse(text, &p->numbers_from))
		return site_read_wrong(r, x, "numbers-from",
		    "a date, or an instant, as 2026-01-31 or "
		    "2026-01-31T23:59:59Z");
	return TALLY_OK;
}

static enum tally_rc
partner(struct site_reader *r, const struct tally_xml *x,
    const struct site_settings *above, struct site_partner *p)
{
	/* In the order of enum tally_characters, from basic on. */
	static const char *const word_characters[3] = { "basic", "extended",
		"utf-8" };
	struct site_settings s = *above;
	const struct tally_xml *c;
	int characters = -1;
	size_t nth = 0;
	uint32_t *at;
	enum tally_rc rc;

	p->line = x->line;
	rc = site_read_text(r, x, "name", "", &p->name);
	if (rc == TALLY_OK)
		rc = site_read_name_fits(r, x, p->name);
	if (rc != TALLY_OK)
		return rc;
	at = site_name_at(&r->site->partners, p->name);
	if (*at != 0)
		return site_read_wrong(
		    r, x, "name", "a name that no other partner has");
	*at = (uint32_t)(p - r->site->partner) + 1;
	rc = site_read_settings(r, x, &s);
	if (rc == TALLY_OK)
		rc = site_read_findings(r, x, true, &s);
	site_read_terms(&p->terms, &s);
	if (rc == TALLY_OK)
		rc = site_read_word(
		    r, x, "characters", word_characters, &characters);
	p->characters = (enum tally_characters)(characters + 1);
	if (rc == TALLY_OK)
		rc = numbers_from(r, x, p);
	if (rc == TALLY_OK)
		rc = ids(r, x, p);
	if (rc == TALLY_OK)
		rc = receives(r, x, &s, p);
	p->spelling = s.spelling;
	if (rc == TALLY_OK)
		rc = site_read_sends(r, x, &s.spelling, p);
	if (rc == TALLY_OK)
		rc = restrict_dictionary(r, p, false, &p->dictionary);
	if (rc == TALLY_OK)
		rc = restrict_dictionary(r, p, true, &p->nearest);
	if (rc != TALLY_OK)
		return rc;
	p->zone = s.zone;
	p->ta1 = (enum site_ta1)s.ta1;
	p->ack_bytes = (uint32_t)s.ack_bytes;
	p->number_ms = s.number_days * 86400000;
	p->unique_groups = s.unique == 1;
	p->acks_together = s.together == 1;
	for (c = x->child; c != NULL; c = c->next) {
		if (!tally_xml_is(c, "mailbox"))
			continue;
		rc = site_read_mailbox(r, c, &s, p, nth++);
		if (rc != TALLY_OK)
			return rc;
	}
	return site_read_send_mailboxes(r, x, p);
}

/* Room for the names of n, none of which is there; false when memory ends. */
static bool
names(struct site_reader *r, const void *first, size_t size, size_t n,
    struct site_names *out)
{
	out->first = first;
	out->size = size;
	for (out->slots = 2; out->slots < 2 * n;)
		out->slots *= 2;
	out->at = site_read_many(r, out->slots, sizeof(*out->at));
	return out->at != NULL;
}

/* Counts, so that nothing moves while pointers to it are handed out. */
static enum tally_rc
partners(struct site_reader *r, const struct tally_xml *root,
    const struct site_settings *above)
{
	size_t n = site_read_children(root, "partner"), nmailbox = 0;
	struct site_partner *p = site_read_many(r, n, sizeof(*p));
	const struct tally_xml *x;
	enum tally_rc rc;

	for (x = root->child; x != NULL; x = x->next)
		nmailbox += site_read_children(x, "mailbox");
	r->mailbox = site_read_many(r, nmailbox, sizeof(*r->mailbox));
	if (p == NULL || r->mailbox == NULL ||
	    !names(r, p, sizeof(*p), n, &r->site->partners) ||
	    !names(r, r->mailbox, sizeof(*r->mailbox), nmailbox,
		&r->site->mailboxes))
		return site_read_no_memory(r);
	r->site->partner = p;
	r->site->mailbox = r->mailbox;
	for (x = site_read_named(root->child, "partner"); x != NULL;
	     x = site_read_named(x->next, "partner")) {
		rc = partner(r, x, above, p++);
		if (rc != TALLY_OK)
			return rc;
		r->site->npartner++;
	}
	return TALLY_OK;
}

static enum tally_rc
whole(struct site_reader *r, const struct tally_xml *root)
{
	/* 0 stands for the mailbox's own default. */
	struct site_settings s = { .acknowledge = SITE_ACKNOWLEDGE_997,
		.validate = 1,
		.store = 1,
		.spelling = { { '*', '~', '>', '^' }, SITE_LINE_LF, 0, false,
		    false, 0 },
		.settle_s = SETTLE_S,
		.run_s = RUN_S };
	const struct tally_xml *x;
	enum tally_rc rc;

	rc = selves(r, root);
	x = site_read_named(root->child, "store");
	r->site->store = STORE_URL;
	if (rc == TALLY_OK && x != NULL)
		rc = site_read_text(r, x, "url", STORE_URL, &r->site->store);
	if (rc == TALLY_OK && strcmp(r->site->store, STORE_URL) != 0)
		rc = site_read_wrong(r, x, "url",
		    "\"" STORE_URL "\", the store that this version has");
	x = site_read_named(root->child, "limits");
	if (rc == TALLY_OK && x != NULL)
		rc = limits(r, x);
	x = site_read_named(root->child, "defaults");
	if (rc == TALLY_OK && x != NULL)
		rc = site_read_settings(r, x, &s);
	if (rc == TALLY_OK && x != NULL)
		rc = site_read_findings(r, x, true, &s);
	if (rc == TALLY_OK && x != NULL)
		rc = site_read_proxy(r, x, &s.proxy);
	return rc != TALLY_OK ? rc : partners(r, root, &s);
}

enum tally_rc
site_parse(struct site **out, const char *dir, const char *file,
    struct tally_str bytes, const struct tally_dictionary *dictionary,
    struct tally_err *err)
{
	struct site_reader r = { .dictionary = dictionary, .err = err };
	struct tally_arena tree;
	const struct tally_xml *root;
	enum tally_rc rc;

	tally_arena_init(&tree, SITE_MEMORY_MAX);
	r.site = tally_calloc(1, sizeof(*r.site));
	if (r.site == NULL) {
		rc = site_read_no_memory(&r);
		goto out;
	}
	tally_arena_init(&r.site->arena, SITE_MEMORY_MAX);
	r.site->limits = tally_limits_default;
	r.site->file_bytes = FILE_BYTES;
	r.site->connections = CONNECTIONS;
	r.site->dir = tally_arena_cstr(&r.site->arena, tally_cstr(dir));
	r.site->file = tally_arena_cstr(&r.site->arena, tally_cstr(file));
	if (r.site->dir == NULL || r.site->file == NULL) {
		rc = site_read_no_memory(&r);
		goto out;
	}
	rc = tally_xml_load(
	    &root, &tree, file, bytes, tally_embedded_find(SCHEMA).p, err);
	if (rc == TALLY_OK)
		rc = whole(&r, root);
	if (rc == TALLY_OK) {
		*out = r.site;
		r.site = NULL;
	}
out:
	site_free(r.site);
	tally_arena_free(&tree);
	return rc;
}
