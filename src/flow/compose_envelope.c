/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes of what is composed; see compose_parts.h. */
#include <stdio.h>

#include "flow/compose_parts.h"
#include "record/parse.h"

const char *const compose_line_ends[] = { "", "\n", "\r\n" };

static bool
given(const char *s)
{
	return s != NULL && *s != '\0';
}

/* The first that is there, into a field; what is to be done when none is, or
 * when it is too long, is told. */
static enum tally_rc
fill(struct doing *d, char *to, size_t size, const char *const from[3],
    const char *what, const char *todo)
{
	const char *v = NULL;

	for (int i = 0; i < 3 && v == NULL; i++)
		if (given(from[i]))
			v = from[i];
	if (v == NULL)
		return tally_json_wrong(d->err, d->line.file, d->line.at,
		    "the document has no %s; %s", what, todo);
	if (strlen(v) >= size)
		return tally_json_wrong(d->err, d->line.file, d->line.at,
		    "the %s \"%.60s\" is longer than %zu characters", what, v,
		    size - 1);
	memcpy(to, v, strlen(v));
	return TALLY_OK;
}

#define SAY_SENDER   "say it with --sender=QUALIFIER/ID or --partner=NAME"
#define SAY_RECEIVER "say it with --receiver=QUALIFIER/ID or --partner=NAME"

static enum tally_rc
addresses(struct doing *d)
{
	const struct compose_asked *a = &d->c->o.asked;
	const struct site_partner *p = d->c->o.partner;
	const struct site_id *self = d->agreed != NULL ? d->agreed->self : NULL;
	const struct site_id *peer = p != NULL && !p->any ? &p->id[0] : NULL;
	struct outer *o = &d->outer;
	const struct line_read *l = &d->line;
	const struct {
		char *to;
		size_t size;
		const char *from[3], *what, *todo;
	} field[] = {
		{ o->sender_qualifier, 3,
		    { a->sender_qualifier,
			self != NULL ? self->qualifier : NULL,
			l->interchange.sender_qualifier },
		    "sender's qualifier", SAY_SENDER },
		{ o->sender, 16,
		    { a->sender, self != NULL ? self->id : NULL,
			l->interchange.sender },
		    "sender", SAY_SENDER },
		{ o->receiver_qualifier, 3,
		    { a->receiver_qualifier,
			peer != NULL ? peer->qualifier : NULL,
			l->interchange.receiver_qualifier },
		    "receiver's qualifier", SAY_RECEIVER },
		{ o->receiver, 16,
		    { a->receiver, peer != NULL ? peer->id : NULL,
			l->interchange.receiver },
		    "receiver", SAY_RECEIVER },
	};
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < sizeof(field) / sizeof(field[0]); i++)
		if (rc == TALLY_OK)
			rc = fill(d, field[i].to, field[i].size, field[i].from,
			    field[i].what, field[i].todo);
	return rc;
}

static bool
all_digits(const char *s, size_t min, size_t max)
{
	size_t n = strspn(s, "0123456789");

	return s[n] == '\0' && n >= min && n <= max;
}

/* Date and time are now, but those of a document that was read before and is
 * for nobody in particular. */
static void
when(struct doing *d)
{
	const struct line_read *l = &d->line;
	const char *date = l->interchange.date, *time = l->interchange.time;

	memcpy(d->outer.date, d->c->o.date, sizeof(d->outer.date));
	memcpy(d->outer.time, d->c->o.time, sizeof(d->outer.time));
	if (d->c->o.partner != NULL || date == NULL || time == NULL ||
	    !all_digits(date, 6, 6) || !all_digits(time, 4, 4))
		return;
	snprintf(d->outer.date, sizeof(d->outer.date), "20%s", date);
	memcpy(d->outer.time, time, strlen(time));
}

static void
spell(struct doing *d)
{
	const struct compose_asked *a = &d->c->o.asked;
	const struct site_spelling *s = d->spelling;
	const char *usage = d->line.interchange.usage;
	struct outer *o = &d->outer;

	o->separators = d->line.separators;
	o->line_end = SITE_LINE_LF;
	o->usage = given(usage) && strchr("PTI", *usage) != NULL ? *usage : 'P';
	if (s != NULL) {
		o->separators = s->separators;
		o->line_end = s->line_end;
		o->replacement = s->replacement;
		o->usage = s->test ? 'T' : 'P';
		o->ta1 = s->ta1;
	}
	if (a->separators != NULL)
		o->separators = *a->separators;
	if (a->line_end != NULL)
		o->line_end = *a->line_end;
	if (a->replacement != NULL)
		o->replacement = *a->replacement;
	if (a->usage != '\0')
		o->usage = a->usage;
}

/* The document's own number, where no other is drawn or asked for. */
static enum tally_rc
own_number(struct doing *d, char to[12], const char *own)
{
	if (d->c->o.number != NULL || d->c->o.asked.control != 0)
		return TALLY_OK;
	if (own == NULL || !all_digits(own, 1, 9) ||
	    strspn(own, "0") == strlen(own))
		return tally_json_wrong(d->err, d->line.file, d->line.at,
		    "the document has no control numbers; say the first with "
		    "--control=N, or --partner=NAME in a workspace to draw "
		    "them");
	memcpy(to, own, strlen(own));
	return TALLY_OK;
}

/* The set's version of X12, and what GS08 and ISA12 say of it. */
static enum tally_rc
versions(struct doing *d)
{
	const char *asked = d->c->o.asked.version, *own = d->line.version;
	const char *isa = d->line.interchange.version;
	const char *gs = d->line.group.version;
	const struct tally_version *v;

	if (!given(asked) && d->agreed != NULL)
		asked = d->agreed->version;
	if (given(asked))
		own = gs = asked;
	if (!given(own))
		own = gs;
	if (!given(own))
		return tally_json_wrong(d->err, d->line.file, d->line.at,
		    "the document has no \"version\"; say it with "
		    "--version=004010 or the like");
	v = tally_version_find(d->c->o.dictionary, tally_cstr(own));
	d->spec = v != NULL ? tally_set_find(v, tally_cstr(d->line.set)) : NULL;
	if (d->spec == NULL)
		return tally_json_wrong(d->err, d->line.file, d->line.at,
		    "no dictionary has a set \"%.20s\" of version \"%.20s\"",
		    d->line.set, own);
	if (!given(gs) || strncmp(gs, d->spec->version, 6) != 0)
		gs = own;
	if (strlen(gs) >= sizeof(d->inner.version))
		return tally_json_wrong(d->err, d->line.file, d->line.at,
		    "the version \"%.60s\" is longer than 12 characters", gs);
	memcpy(d->inner.version, gs, strlen(gs));
	if (!given(isa) || given(asked) || !all_digits(isa, 5, 5))
		isa = d->spec->version;
	memcpy(d->outer.version, isa, 5);
	return TALLY_OK;
}

static enum tally_rc
group(struct doing *d)
{
	const struct compose_asked *a = &d->c->o.asked;
	const struct line_read *l = &d->line;
	const struct site_sending *s = d->agreed;
	bool own = d->c->o.partner == NULL;
	const char *const sender[3] = { s != NULL ? s->group_sender : NULL,
		own && a->sender == NULL ? l->group.sender : NULL,
		d->outer.sender };
	const char *const receiver[3] = { s != NULL ? s->group_receiver : NULL,
		own && a->receiver == NULL ? l->group.receiver : NULL,
		d->outer.receiver };
	const char *const functional[3] = { d->spec->functional,
		l->group.functional, NULL };
	struct inner *i = &d->inner;
	enum tally_rc rc;

	rc = fill(d, i->functional, sizeof(i->functional), functional,
	    "functional id", "the dictionary has to have it");
	if (rc == TALLY_OK)
		rc = fill(d, i->sender, sizeof(i->sender), sender,
		    "sender of its group", SAY_SENDER);
	if (rc == TALLY_OK)
		rc = fill(d, i->receiver, sizeof(i->receiver), receiver,
		    "receiver of its group", SAY_RECEIVER);
	return rc;
}

enum tally_rc
compose_resolve(struct doing *d)
{
	const struct site_partner *p = d->c->o.partner;
	enum tally_rc rc;

	memset(&d->outer, 0, sizeof(d->outer));
	memset(&d->inner, 0, sizeof(d->inner));
	d->agreed = p != NULL ? site_send(p, d->line.set) : NULL;
	d->spelling = d->agreed != NULL ? &d->agreed->spelling
	    : p != NULL                 ? &p->spelling
					: NULL;
	if (p != NULL && d->agreed == NULL)
		return tally_json_wrong(d->err, d->line.file, d->line.at,
		    "nothing is agreed on with %s about sending set %.20s; add "
		    "<send set=\"%.20s\"/> to its <partner>",
		    p->name, d->line.set, d->line.set);
	rc = versions(d);
	if (rc == TALLY_OK)
		rc = addresses(d);
	if (rc == TALLY_OK)
		rc = group(d);
	if (rc == TALLY_OK)
		rc = own_number(
		    d, d->outer.control, d->line.interchange.control);
	if (rc == TALLY_OK)
		rc = own_number(d, d->inner.control, d->line.group.control);
	when(d);
	spell(d);
	d->outer.mailbox = d->agreed != NULL ? d->agreed->mailbox : NULL;
	return rc;
}

/* --- numbers --- */

static enum tally_rc
number(struct compose *c, const char *level, const char *own, uint32_t *n,
    struct tally_err *err)
{
	const struct outer *o = &c->outer;
	char from[24], to[24];

	*n = 0;
	if (c->o.number == NULL) {
		for (; *own != '\0'; own++)
			*n = *n * 10 + (uint32_t)(*own - '0');
		return TALLY_OK;
	}
	snprintf(from, sizeof(from), "%s:%s", o->sender_qualifier, o->sender);
	snprintf(to, sizeof(to), "%s:%s", o->receiver_qualifier, o->receiver);
	return c->o.number(c->o.ctx, level, from, to, n, err);
}

/* --- opening and closing --- */

static struct tally_enclosure
outside(const struct compose *c)
{
	const struct outer *o = &c->outer;

	return (
	    struct tally_enclosure){ .sender_qualifier = o->sender_qualifier,
		.sender = o->sender,
		.receiver_qualifier = o->receiver_qualifier,
		.receiver = o->receiver,
		.date = o->date,
		.time = o->time,
		.version = o->version,
		.control = c->outer_control,
		.ta1 = o->ta1,
		.usage = o->usage };
}

static struct tally_group_enclosure
inside(const struct compose *c)
{
	const struct inner *i = &c->inner;

	return (struct tally_group_enclosure){ .functional = i->functional,
		.sender = tally_cstr(i->sender),
		.receiver = tally_cstr(i->receiver),
		.version = tally_cstr(i->version),
		.control = c->inner_control };
}

static void
close_group(struct compose *c)
{
	const struct tally_group_enclosure g = inside(c);

	if (c->sets > 0)
		tally_enclose_group_close(&c->writer, &g, c->sets);
	c->sets = 0;
}

void
compose_close(struct compose *c)
{
	const struct tally_enclosure e = outside(c);

	close_group(c);
	if (c->groups > 0)
		tally_enclose_close(&c->writer, &e, c->groups);
	c->groups = 0;
}

static enum tally_rc
open_interchange(
    struct compose *c, const struct outer *o, struct tally_err *err)
{
	struct tally_enclosure e;
	enum tally_rc rc;

	compose_close(c);
	memcpy(&c->outer, o, sizeof(c->outer));
	rc = number(c, "interchange", o->control, &c->outer_control, err);
	if (c->o.number == NULL && c->o.asked.control != 0)
		c->outer_control = c->o.asked.control + c->asked++;
	e = outside(c);
	tally_writer_init(&c->writer, &c->out, &o->separators,
	    compose_line_ends[o->line_end]);
	tally_enclose_open(&c->writer, &e);
	return rc;
}

static enum tally_rc
open_group(struct compose *c, const struct inner *i, struct tally_err *err)
{
	const struct tally_enclosure e = outside(c);
	struct tally_group_enclosure g;
	enum tally_rc rc;

	close_group(c);
	memcpy(&c->inner, i, sizeof(c->inner));
	rc = number(c, "group", i->control, &c->inner_control, err);
	if (c->o.number == NULL && c->o.asked.control != 0)
		c->inner_control =
		    c->groups == 0 ? c->outer_control : c->inner_control + 1;
	g = inside(c);
	tally_enclose_group_open(&c->writer, &e, &g);
	c->groups++;
	return rc;
}

static bool
same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static bool
same_outer(const struct doing *d)
{
	const struct outer *a = &d->c->outer, *b = &d->outer;

	return d->c->groups > 0 &&
	    same(a->sender_qualifier, b->sender_qualifier) &&
	    same(a->sender, b->sender) &&
	    same(a->receiver_qualifier, b->receiver_qualifier) &&
	    same(a->receiver, b->receiver) && same(a->date, b->date) &&
	    same(a->time, b->time) && same(a->version, b->version) &&
	    same(a->control, b->control) && a->usage == b->usage &&
	    a->ta1 == b->ta1 &&
	    memcmp(&a->separators, &b->separators, sizeof(a->separators)) ==
	    0 &&
	    a->line_end == b->line_end && a->replacement == b->replacement &&
	    a->mailbox == b->mailbox;
}

bool
compose_goes_on(const struct doing *d)
{
	const struct inner *a = &d->c->inner, *b = &d->inner;

	return same_outer(d) && d->c->sets > 0 &&
	    same(a->functional, b->functional) && same(a->sender, b->sender) &&
	    same(a->receiver, b->receiver) && same(a->version, b->version) &&
	    same(a->control, b->control);
}

enum tally_rc
compose_enclose(struct doing *d)
{
	bool goes_on = compose_goes_on(d);
	enum tally_rc rc = TALLY_OK;

	if (!same_outer(d))
		rc = open_interchange(d->c, &d->outer, d->err);
	if (rc == TALLY_OK && !goes_on)
		rc = open_group(d->c, &d->inner, d->err);
	return rc;
}
