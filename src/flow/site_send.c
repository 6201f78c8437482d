/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agreements on what is sent: <send> of tallyman.xml.
 *
 * How a file is spelled, separators and the like, is mostly the same for all
 * that a partner gets: it is resolved downwards as other settings are.
 */
#include "flow/site_read.h"

#include <string.h>

#include "x12/write.h"

#define EXPECT_MAX_H (24 * 366)

/* Three or four bytes: element, segment, component, repetition. */
static enum tally_rc
separators(struct site_reader *r, const struct tally_xml *x,
    struct tally_separators *out)
{
	const char *v = tally_xml_get(x, "separators");
	size_t n = v != NULL ? strlen(v) : 0;

	if (v == NULL)
		return TALLY_OK;
	if (n == 3 || n == 4)
		*out = (struct tally_separators){ (unsigned char)v[0],
			(unsigned char)v[1], (unsigned char)v[2],
			(unsigned char)v[3] };
	if ((n == 3 || n == 4) && tally_separators_ok(out))
		return TALLY_OK;
	return site_read_wrong(r, x, "separators",
	    "three or four different characters, no letters, digits or blanks: "
	    "those of elements, segments, components and repetitions, such as "
	    "\"*~>^\"");
}

static enum tally_rc
replacement(struct site_reader *r, const struct tally_xml *x, char *out)
{
	const char *v = tally_xml_get(x, "replacement");

	if (v == NULL)
		return TALLY_OK;
	*out = '\0';
	if (strcmp(v, "none") == 0)
		return TALLY_OK;
	*out = *v;
	if (strlen(v) == 1 && *v >= ' ' && *v <= '~')
		return TALLY_OK;
	return site_read_wrong(r, x, "replacement",
	    "one printable character, or \"none\": a document with a character "
	    "that cannot be sent is an error");
}

/* "24h", "90m", "2d" or "none", as milliseconds. */
static enum tally_rc
expect(struct site_reader *r, const struct tally_xml *x, int64_t *out)
{
	static const struct {
		char unit;
		int64_t minutes;
	} units[] = { { 'm', 1 }, { 'h', 60 }, { 'd', 24 * 60 } };
	const char *v = tally_xml_get(x, "expect-ack"), *p = v;
	int64_t n = 0;

	if (v == NULL)
		return TALLY_OK;
	*out = 0;
	if (strcmp(v, "none") == 0)
		return TALLY_OK;
	for (; *p >= '0' && *p <= '9' && n < 1000000; p++)
		n = n * 10 + (*p - '0');
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (p > v && *p == units[i].unit && p[1] == '\0')
			*out = n * units[i].minutes * 60000;
	if (*out > 0 && *out <= (int64_t)EXPECT_MAX_H * 3600000)
		return TALLY_OK;
	return site_read_wrong(r, x, "expect-ack",
	    "a time of at most a year such as 90m, 24h or 2d, or \"none\"");
}

enum tally_rc
site_read_spelling(
    struct site_reader *r, const struct tally_xml *x, struct site_spelling *s)
{
	static const char *const word_line_end[3] = { "none", "lf", "crlf" };
	static const char *const word_usage[3] = { "production", "test", NULL };
	int line_end = (int)s->line_end, test = s->test, ta1 = s->ta1;
	enum tally_rc rc;

	rc = separators(r, x, &s->separators);
	if (rc == TALLY_OK)
		rc = site_read_word(r, x, "line-end", word_line_end, &line_end);
	if (rc == TALLY_OK)
		rc = replacement(r, x, &s->replacement);
	if (rc == TALLY_OK)
		rc = site_read_word(r, x, "usage", word_usage, &test);
	if (rc == TALLY_OK)
		rc = site_read_word(r, x, "ask-ta1", site_word_yes, &ta1);
	if (rc == TALLY_OK)
		rc = expect(r, x, &s->expect_ms);
	s->line_end = (enum site_line_end)line_end;
	s->test = test;
	s->ta1 = ta1;
	return rc;
}

/* The id of ours that it is sent by; the first one where none is named. */
static enum tally_rc
self(struct site_reader *r, const struct tally_xml *x, struct site_sending *a)
{
	const char *v = tally_xml_get(x, "self");

	a->self = r->site->nself > 0 ? &r->site->self[0] : NULL;
	if (v == NULL)
		return TALLY_OK;
	for (size_t i = 0; i < r->site->nself; i++)
		if (strcmp(r->site->self[i].id, v) == 0) {
			a->self = &r->site->self[i];
			return TALLY_OK;
		}
	return site_read_wrong(r, x, "self", "the id of a <self>");
}

/* Codes of levels parted by blanks, as HL03 has them. */
static bool
hierarchy_ok(const char *v)
{
	for (size_t n = 0; *v != '\0'; v++) {
		n = *v == ' ' ? 0 : n + 1;
		if (n > 2 || (*v != ' ' && (*v < 'A' || *v > 'Z')))
			return false;
	}
	return true;
}

/* GS02 and GS03 have at least two bytes. */
static enum tally_rc
group_code(struct site_reader *r, const struct tally_xml *x,
    const char *attribute, const char **out)
{
	enum tally_rc rc = site_read_text(r, x, attribute, NULL, out);

	if (rc != TALLY_OK || *out == NULL ||
	    (strlen(*out) >= 2 && strlen(*out) <= 15))
		return rc;
	return site_read_wrong(
	    r, x, attribute, "2 to 15 characters as in GS02 and GS03");
}

static enum tally_rc
names(struct site_reader *r, const struct tally_xml *x, struct site_sending *a)
{
	enum tally_rc rc = site_read_text(r, x, "set", "*", &a->set);

	if (rc == TALLY_OK)
		rc = site_read_text(r, x, "version", NULL, &a->version);
	if (rc == TALLY_OK)
		rc = site_read_text(r, x, "map", NULL, &a->map);
	if (rc == TALLY_OK)
		rc = site_read_text(r, x, "guide", NULL, &a->guide);
	if (rc == TALLY_OK)
		rc = site_read_text(r, x, "hierarchy", NULL, &a->hierarchy);
	if (rc == TALLY_OK)
		rc = group_code(r, x, "group-sender", &a->group_sender);
	if (rc == TALLY_OK)
		rc = group_code(r, x, "group-receiver", &a->group_receiver);
	if (rc == TALLY_OK)
		rc = self(r, x, a);
	return rc;
}

static enum tally_rc
send(struct site_reader *r, const struct tally_xml *x,
    const struct site_spelling *above, struct site_sending *a)
{
	enum tally_rc rc;

	a->line = x->line;
	a->spelling = *above;
	rc = names(r, x, a);
	if (rc == TALLY_OK)
		rc = site_read_spelling(r, x, &a->spelling);
	if (rc != TALLY_OK)
		return rc;
	if (a->version != NULL &&
	    !site_read_known(r->dictionary, "*", a->version))
		return site_read_wrong(r, x, "version",
		    "a version that the dictionary has, such as 004010");
	if (strcmp(a->set, "*") == 0 ||
	    !site_read_known(
		r->dictionary, a->set, a->version != NULL ? a->version : "*"))
		return site_read_wrong(
		    r, x, "set", "a set that the dictionary has");
	rc = site_read_no_folder(r, x, a->map, a->guide);
	if (rc != TALLY_OK)
		return rc;
	if (a->hierarchy != NULL && !hierarchy_ok(a->hierarchy))
		return site_read_wrong(r, x, "hierarchy",
		    "codes of levels parted by blanks, such as \"S O P I\"");
	return TALLY_OK;
}

enum tally_rc
site_read_sends(struct site_reader *r, const struct tally_xml *parent,
    const struct site_spelling *above, struct site_partner *p)
{
	size_t n = site_read_children(parent, "send");
	struct site_sending *a = site_read_many(r, n, sizeof(*a));
	const struct tally_xml *x = parent->child;
	enum tally_rc rc;

	if (a == NULL)
		return site_read_no_memory(r);
	p->send = a;
	p->nsend = n;
	r->send = a;
	for (size_t i = 0; i < n; i++, x = x->next) {
		x = site_read_named(x, "send");
		if (p->any)
			return tally_err_at(r->err, TALLY_CONFIG, r->site->file,
			    x->line,
			    "<send> in a partner that is anybody; there has to "
			    "be a partner with an id to send to");
		rc = send(r, x, above, &a[i]);
		if (rc != TALLY_OK)
			return rc;
		for (size_t k = 0; k < i; k++)
			if (strcmp(a[k].set, a[i].set) == 0)
				return tally_err_at(r->err, TALLY_CONFIG,
				    r->site->file, x->line,
				    "sending set %s is agreed on in line %u "
				    "already; drop one of the two",
				    a[i].set, a[k].line);
	}
	return TALLY_OK;
}

static enum tally_rc
to_mailbox(struct site_reader *r, const struct tally_xml *x,
    const struct site_partner *p, struct site_sending *a)
{
	const char *name = tally_xml_get(x, "mailbox");
	const struct site_mailbox *m;

	if (name == NULL)
		return TALLY_OK;
	m = site_mailbox_find(r->site, name);
	if (m == NULL || m->partner != p)
		return site_read_wrong(
		    r, x, "mailbox", "the name of a <mailbox> of this partner");
	if (m->push == NULL)
		return site_read_wrong(
		    r, x, "mailbox", "a <mailbox> with a <push>");
	a->mailbox = m;
	return TALLY_OK;
}

enum tally_rc
site_read_send_mailboxes(struct site_reader *r, const struct tally_xml *parent,
    struct site_partner *p)
{
	const struct tally_xml *x = parent->child;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < p->nsend && rc == TALLY_OK; i++, x = x->next) {
		x = site_read_named(x, "send");
		rc = to_mailbox(r, x, p, &r->send[i]);
	}
	return rc;
}
