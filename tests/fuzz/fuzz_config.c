/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: any bytes as the text of tallyman.xml.  What loads is asked what
 * a run asks of it. */
#include "fuzz.h"

#include <string.h>

#include "flow/site.h"

static void
look_at_partner(const struct site *s, const struct site_partner *p)
{
	struct tally_judge_options options = { .limits = &s->limits };

	MUST(p->name[0] != '\0' && p->nid > 0);
	MUST(p->any || site_partner_sends(p, p->id[0].qualifier, p->id[0].id));
	for (size_t i = 0; i < p->nreceive; i++) {
		const struct site_agreement *a = &p->receive[i];

		MUST(site_receive(p, a->set, a->version) != NULL);
	}
	site_judging(&options, p);
	MUST(options.dictionary != NULL && options.terms != NULL);
	for (size_t i = 0; i < options.dictionary->nversion; i++)
		MUST(tally_version_find(options.dictionary,
			 tally_cstr(options.dictionary->version[i]->version)) !=
		    NULL);
}

static void
look_at_mailbox(const struct site *s, const struct site_mailbox *m)
{
	const struct site_naming naming = { .set = "997",
		.control = 7,
		.partner = m->partner->name,
		.qualifier = "ZZ",
		.id = "HARBORSTORES",
		.self = "US" };
	struct tally_err err;
	char name[256];

	MUST(site_mailbox_find(s, m->name) == m);
	MUST(m->settings.url != NULL);
	for (size_t i = 0; i < m->npull; i++)
		MUST(!site_takes(&m->pull[i], TALLY_STR(".hidden")));
	if (m->push != NULL &&
	    site_outgoing_name(name, m->push->name, &naming, &err) == TALLY_OK)
		MUST(strchr(name, '/') == NULL && name[0] != '.');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct site *s = NULL;
	struct tally_err err = { .text = "" };
	enum tally_rc rc;

	rc = site_parse(
	    &s, "/", "tallyman.xml", tally_str(data, n), &tally_builtin, &err);
	if (rc != TALLY_OK) {
		MUST(s == NULL && err.text[0] != '\0');
		MUST(rc == TALLY_CONFIG || rc == TALLY_NOMEM);
		return 0;
	}
	for (size_t i = 0; i < s->npartner; i++)
		look_at_partner(s, &s->partner[i]);
	for (size_t i = 0; i < s->nmailbox; i++)
		look_at_mailbox(s, &s->mailbox[i]);
	site_free(s);
	return 0;
}
