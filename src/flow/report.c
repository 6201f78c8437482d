/* SPDX-License-Identifier: Apache-2.0 */
/* Findings and verdicts for a person; see report.h. */
#include "flow/report.h"

#include <inttypes.h>

#include "base/text.h"
#include "flow/report_json.h"

#define INDENT 2

const char *
report_verdict(enum tally_verdict v)
{
	switch (v) {
	case TALLY_ACCEPTED:
		return "accepted";
	case TALLY_ACCEPTED_WITH_ERRORS:
		return "accepted with errors";
	case TALLY_PARTIAL:
		return "partially accepted";
	case TALLY_REJECTED:
		break;
	}
	return "rejected";
}

/* Select graphic rendition: green, cyan, yellow, red. */
static const char *
severity_color(enum tally_severity s)
{
	static const char *const color[] = { "36", "33", "1;31" };

	return color[s];
}

static const char *
verdict_color(enum tally_verdict v)
{
	switch (v) {
	case TALLY_ACCEPTED:
		return "32";
	case TALLY_ACCEPTED_WITH_ERRORS:
	case TALLY_PARTIAL:
		return "33";
	case TALLY_REJECTED:
		break;
	}
	return "1;31";
}

static void
colored(struct tally_buf *b, const struct report *r, const char *color,
    const char *word)
{
	if (r->color)
		tally_buf_printf(b, "\033[%sm%s\033[0m", color, word);
	else
		tally_buf_puts(b, word);
}

static void
safe(struct tally_buf *b, const char *s)
{
	tally_text_safe(b, tally_cstr(s));
}

/* The name of an empty control number is a question mark. */
static void
safe_or_unknown(struct tally_buf *b, const char *s)
{
	safe(b, *s != '\0' ? s : "?");
}

static void
label(struct tally_buf *b, int indent, const char *name)
{
	tally_buf_printf(b, "%*s%-10s", indent, "", name);
}

static void
put_where(struct tally_buf *b, int indent, const struct tally_finding *f)
{
	const struct tally_finding_info *i = tally_finding_info(f->kind);

	if (f->segment == 0 && *f->tag == '\0' && *f->loop == '\0')
		return;
	label(b, indent, "where");
	tally_buf_puts(b, "segment");
	if (f->segment != 0)
		tally_buf_printf(b, " %" PRIu32, f->segment);
	if (*f->tag != '\0') {
		tally_buf_putc(b, ' ');
		safe(b, f->tag);
	}
	if (i->level != TALLY_LEVEL_ELEMENT && *f->name != '\0') {
		tally_buf_putc(b, ' ');
		safe(b, f->name);
	}
	if (*f->loop != '\0') {
		tally_buf_puts(b, ", loop ");
		safe(b, f->loop);
	}
	tally_buf_putc(b, '\n');
}

static void
put_element(struct tally_buf *b, int indent, const struct tally_finding *f)
{
	if (f->element == 0)
		return;
	label(b, indent, "element");
	safe(b, f->tag);
	tally_buf_printf(b, "%02u", f->element);
	if (f->component != 0)
		tally_buf_printf(b, "-%u", f->component);
	if (*f->name != '\0') {
		tally_buf_putc(b, ' ');
		safe(b, f->name);
	}
	if (*f->id != '\0') {
		tally_buf_puts(b, " (");
		safe(b, f->id);
		tally_buf_putc(b, ')');
	}
	if (f->repetition != 0)
		tally_buf_printf(b, ", repetition %u", f->repetition);
	tally_buf_putc(b, '\n');
}

#define NOTHING_REJECTED "nothing is rejected for it"
#define SET_ACCEPTED     "the set is accepted, and the sender told of the error"
#define SET_REJECTED \
	"the set is rejected: it makes no record until it is sent again"

const char *
report_matters(const struct tally_finding *f)
{
	static const char *const words[][3] = {
		[TALLY_LEVEL_FILE] = { NOTHING_REJECTED,
		    "what it is about waits for a person",
		    "what it is about is not processed" },
		[TALLY_LEVEL_INTERCHANGE] = { NOTHING_REJECTED,
		    "the interchange is accepted, and the sender told of the "
		    "error",
		    "the interchange is rejected with all that is in it" },
		[TALLY_LEVEL_GROUP] = { NOTHING_REJECTED,
		    "the group is accepted, and the sender told of the error",
		    "the group is rejected with all of its sets" },
		[TALLY_LEVEL_SET] = { NOTHING_REJECTED, SET_ACCEPTED,
		    SET_REJECTED },
		[TALLY_LEVEL_SEGMENT] = { NOTHING_REJECTED, SET_ACCEPTED,
		    SET_REJECTED },
		[TALLY_LEVEL_ELEMENT] = { NOTHING_REJECTED, SET_ACCEPTED,
		    SET_REJECTED },
	};

	return words[tally_finding_info(f->kind)->level][f->severity];
}

static void
put_texts(struct tally_buf *b, int indent, const struct tally_finding *f)
{
	const struct tally_finding_info *i = tally_finding_info(f->kind);

	if (f->value.n > 0) {
		label(b, indent, "found");
		tally_buf_putc(b, '"');
		tally_text_safe(b, f->value);
		tally_buf_puts(b, "\"\n");
	}
	if (f->expected.n > 0) {
		label(b, indent, "expected");
		tally_text_safe(b, f->expected);
		tally_buf_putc(b, '\n');
	}
	if (f->rule != NULL && *f->rule != '\0') {
		tally_buf_printf(b, "%*sbroken rule: ", indent, "");
		safe(b, f->rule);
		tally_buf_putc(b, '\n');
	}
	label(b, indent, "matters");
	tally_buf_printf(b, "%s\n", report_matters(f));
	label(b, indent, "who acts");
	tally_buf_printf(b, "%s\n", i->todo);
	label(b, indent, "codes");
	tally_buf_puts(b, i->name);
	if (*i->code != '\0')
		tally_buf_printf(
		    b, " %s=%s", report_told_in(i->level), i->code);
	tally_buf_putc(b, '\n');
}

static void
finding_text(struct tally_buf *b, const struct report *r, int indent,
    const struct tally_finding *f)
{
	const struct tally_finding_info *i = tally_finding_info(f->kind);

	tally_buf_printf(b, "%*s", indent, "");
	colored(b, r, severity_color(f->severity),
	    tally_severity_name(f->severity));
	tally_buf_printf(b, " at byte %" PRIu64 ": %s\n", f->offset, i->what);
	indent += INDENT;
	label(b, indent, "file");
	safe(b, report_file(r));
	tally_buf_putc(b, '\n');
	put_where(b, indent, f);
	put_element(b, indent, f);
	put_texts(b, indent, f);
}

static int
depth(const struct report_place *p)
{
	return (p->interchange != NULL) + (p->group != NULL) + (p->set != NULL);
}

void
report_finding(struct tally_buf *b, const struct report *r,
    const struct report_place *p, const struct tally_finding *f)
{
	if (r->json)
		report_json_finding(b, r, p, f);
	else
		finding_text(b, r, INDENT * depth(p), f);
}

static void
findings(struct tally_buf *b, const struct report *r,
    const struct report_place *p, const struct tally_findings *list,
    struct tally_span s)
{
	for (size_t i = s.first; i < s.first + s.n && i < list->n; i++)
		report_finding(b, r, p, &list->v[i]);
}

static void
interchange_text(struct tally_buf *b, const struct report *r,
    const struct tally_interchange_judged *ic)
{
	tally_buf_puts(b, "interchange ");
	safe_or_unknown(b, ic->control);
	tally_buf_puts(b, " from ");
	safe_or_unknown(b, ic->sender_qualifier);
	tally_buf_putc(b, '/');
	safe_or_unknown(b, ic->sender);
	tally_buf_puts(b, " to ");
	safe_or_unknown(b, ic->receiver_qualifier);
	tally_buf_putc(b, '/');
	safe_or_unknown(b, ic->receiver);
	tally_buf_printf(b, " at byte %" PRIu64 ": ", ic->offset);
	colored(b, r, verdict_color(ic->verdict), report_verdict(ic->verdict));
	tally_buf_putc(b, '\n');
}

static void
group_text(struct tally_buf *b, const struct report *r,
    const struct tally_group_judged *g)
{
	tally_buf_printf(b, "%*sgroup ", INDENT, "");
	safe_or_unknown(b, g->control);
	tally_buf_putc(b, ' ');
	safe_or_unknown(b, g->functional);
	tally_buf_putc(b, ' ');
	safe_or_unknown(b, g->version);
	tally_buf_printf(b, " at byte %" PRIu64 ": ", g->offset);
	colored(b, r, verdict_color(g->verdict), report_verdict(g->verdict));
	tally_buf_printf(b, ", %" PRIu32 " of %" PRIu32 " sets accepted\n",
	    g->accepted, g->received);
}

static void
set_text(struct tally_buf *b, const struct report *r,
    const struct tally_set_judged *s)
{
	tally_buf_printf(b, "%*sset %" PRIu32 " ", 2 * INDENT, "", s->ordinal);
	safe_or_unknown(b, s->id);
	tally_buf_putc(b, ' ');
	safe_or_unknown(b, s->control);
	tally_buf_printf(b, " at byte %" PRIu64 ": ", s->offset);
	colored(b, r, verdict_color(s->verdict), report_verdict(s->verdict));
	tally_buf_putc(b, '\n');
}

static void
group(struct tally_buf *b, const struct report *r, struct report_place p,
    const struct tally_findings *list)
{
	const struct tally_group_judged *g = p.group;

	if (r->json)
		report_json_group(b, r, p.interchange, g);
	else
		group_text(b, r, g);
	findings(b, r, &p, list, g->findings);
	for (uint32_t i = 0; i < g->nset; i++) {
		p.set = &g->set[i];
		if (r->json)
			report_json_set(b, r, &p);
		else
			set_text(b, r, p.set);
		findings(b, r, &p, list, p.set->findings);
	}
	if (!r->json && g->received > g->nset)
		tally_buf_printf(b,
		    "%*s%" PRIu32 " more sets without findings\n", 2 * INDENT,
		    "", g->received - g->nset);
}

void
report_interchange(struct tally_buf *b, const struct report *r,
    const struct tally_interchange_judged *ic,
    const struct tally_findings *list)
{
	struct report_place p = { .interchange = ic };

	if (r->json)
		report_json_interchange(b, r, ic);
	else
		interchange_text(b, r, ic);
	findings(b, r, &p, list, ic->findings);
	for (uint32_t i = 0; i < ic->ngroup; i++) {
		p.group = &ic->group[i];
		group(b, r, p, list);
	}
}

void
report_outside(struct tally_buf *b, const struct report *r,
    const struct tally_interchange_judged *ic,
    const struct tally_findings *list)
{
	static const struct report_place nowhere;
	const struct tally_finding *f = list->v;

	for (size_t i = 0; i < list->n; i++, f++)
		if (ic == NULL || f->offset < ic->offset ||
		    tally_finding_info(f->kind)->level == TALLY_LEVEL_FILE)
			report_finding(b, r, &nowhere, f);
	if (list->dropped == 0)
		return;
	if (r->json)
		report_json_dropped(b, r, list->dropped);
	else
		tally_buf_printf(b,
		    "findings beyond the limit, not kept: %zu\n",
		    list->dropped);
}
