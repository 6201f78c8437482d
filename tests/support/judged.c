/* SPDX-License-Identifier: Apache-2.0 */
/* Judging bytes in memory; see judged.h. */
#include "judged.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define KEPT_MAX 100000
#define ACK_MAX  (16u << 20)

struct feed {
	struct tally_str bytes;
	size_t at, chunk;
	struct rnd *rnd;
	struct judged *judged;
	size_t before; /* findings of the judge at the set before */
};

static enum tally_rc
give(void *ctx, void *buf, size_t max, size_t *got, struct tally_err *err)
{
	struct feed *f = ctx;
	size_t n = f->bytes.n - f->at;

	(void)err;
	if (n > max)
		n = max;
	if (f->chunk != 0) {
		size_t some = f->rnd != NULL
		    ? rnd_between(f->rnd, 1, (uint32_t)f->chunk)
		    : f->chunk;

		if (n > some)
			n = some;
	}
	if (n > 0)
		memcpy(buf, f->bytes.p + f->at, n);
	f->at += n;
	*got = n;
	return TALLY_OK;
}

/* Whether tag, elements and separators, joined, are the segment's bytes. */
static bool
joined(const struct tally_set *set, const struct tally_segment *g,
    struct tally_str bytes, uint64_t *at)
{
	struct tally_buf b;
	bool same;

	tally_buf_init(&b, ACK_MAX);
	tally_buf_str(&b, tally_segment_tag(set, g));
	for (uint32_t k = 1; k <= g->n; k++) {
		tally_buf_putc(&b, (char)set->separators.element);
		tally_buf_str(&b, tally_element(set, g, k));
	}
	tally_buf_putc(&b, (char)set->separators.segment);
	assert(!b.failed);
	*at = set->offset + g->start;
	same = *at + b.n <= bytes.n && memcmp(bytes.p + *at, b.p, b.n) == 0;
	*at += b.n;
	tally_buf_free(&b);
	return same;
}

/* All segments, and nothing between them but what may follow a terminator. */
static bool
faithful(const struct tally_set *set, struct tally_str bytes)
{
	uint64_t end = set->start, next;

	for (uint32_t i = 0; i < set->nsegment; i++) {
		const struct tally_segment *g = &set->segment[i];

		for (; end < set->offset + g->start; end++)
			if (strchr("\r\n \t", bytes.p[end]) == NULL)
				return false;
		if (!joined(set, g, bytes, &next))
			return false;
		end = next;
	}
	return end == set->start + set->length;
}

static enum tally_rc
visit(void *ctx, const struct tally_visit *v, struct tally_err *err)
{
	struct feed *f = ctx;
	struct judged *j = f->judged;
	struct seen *s;

	(void)err;
	if (j->nset == j->cap) {
		j->cap = j->cap != 0 ? 2 * j->cap : 16;
		j->set = realloc(j->set, j->cap * sizeof(*j->set));
		if (j->set == NULL)
			abort();
	}
	s = &j->set[j->nset++];
	*s = (struct seen){ .checked = v->checked,
		.verdict = v->judged->verdict,
		.findings = v->judged->findings.n };
	memcpy(s->id, v->judged->id, sizeof(s->id));
	memcpy(s->control, v->judged->control, sizeof(s->control));
	if (v->set != NULL) {
		s->start = v->set->start;
		s->length = v->set->length;
		s->nsegment = v->set->nsegment;
		for (uint32_t i = 0; i < v->set->nsegment; i++)
			s->places = s->places * 1000003 +
			    v->set->segment[i].place * 31u +
			    v->set->segment[i].loop;
		s->faithful = faithful(v->set, f->bytes);
	}
	return TALLY_OK;
}

static void
acknowledge(struct judged *j, const struct tally_interchange_judged *i,
    const struct tally_findings *findings)
{
	/* To whom it goes is agreed, not copied from what may be damaged. */
	struct tally_ack_envelope e = { .sender_qualifier = "ZZ",
		.sender = "HARBORTRADE",
		.receiver_qualifier = "ZZ",
		.receiver = "PINEHURST",
		.date = "20260105",
		.time = "0815",
		.interchange_control = j->interchanges,
		.group_control = j->interchanges,
		.usage = 'P',
		.separators = { '*', '~', '>', 0 },
		.newline = true,
		.bytes_max = ACK_MAX / 16 };
	struct tally_err err;

	if (j->vary != NULL && rnd_chance(j->vary, 50))
		e.bytes_max = 1024 + 256 * i->ngroup + rnd_below(j->vary, 2000);
	for (uint32_t g = 0; g < i->ngroup; g++) {
		i->group[g].form = j->form;
		i->group[g].errors_only =
		    j->vary != NULL && rnd_chance(j->vary, 50);
	}
	if (tally_ack_write(&j->ack, i, findings, &e, &err) != TALLY_OK) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
}

static void
run(struct judged *j, struct feed f, enum tally_ack_form form)
{
	struct tally_judge_options options = { .limits = &tally_limits_default,
		.dictionary = &tally_builtin,
		.visit = visit,
		.ctx = &f };
	const struct tally_interchange_judged *i;
	const struct tally_findings *found;
	struct tally_judge *judge;
	struct tally_err err;

	*j = (struct judged){ .form = form,
		.vary = f.chunk == 0 ? f.rnd : NULL };
	tally_findings_init(&j->findings, KEPT_MAX);
	tally_buf_init(&j->ack, ACK_MAX);
	if (tally_judge_new(&judge, (struct tally_source){ give, &f }, 0,
		&options, &err) != TALLY_OK)
		abort();
	do {
		if (tally_judge_next(judge, &i, &err) != TALLY_OK) {
			fprintf(stderr, "%s\n", err.text);
			abort();
		}
		found = tally_judge_findings(judge);
		for (size_t k = 0; k < found->n; k++)
			tally_findings_add(&j->findings, &found->v[k]);
		if (i == NULL)
			break;
		j->interchanges++;
		j->complete = i->complete;
		if (i->readable)
			acknowledge(j, i, found);
	} while (i != NULL);
	tally_judge_free(judge);
}

void
judged_run(
    struct judged *j, struct tally_str bytes, size_t chunk, struct rnd *rnd)
{
	judged_run_as(j, bytes, TALLY_ACK_997, chunk, rnd);
}

void
judged_run_as(struct judged *j, struct tally_str bytes,
    enum tally_ack_form form, size_t chunk, struct rnd *rnd)
{
	run(j,
	    (struct feed){
		.bytes = bytes, .chunk = chunk, .rnd = rnd, .judged = j },
	    form);
}

void
judged_free(struct judged *j)
{
	tally_findings_free(&j->findings);
	tally_buf_free(&j->ack);
	free(j->set);
	*j = (struct judged){ .nset = 0 };
}

size_t
judged_faults(const struct judged *j)
{
	return j->findings.errors + j->findings.warnings;
}

const char *
finding_text(const struct tally_finding *f)
{
	static char text[512];
	struct tally_buf value;

	tally_buf_init(&value, 4096);
	tally_text_safe(&value, f->value);
	snprintf(text, sizeof(text),
	    "%s at byte %llu: segment %u (%s), element %u-%u, loop %s, value "
	    "\"%s\", expected %.*s",
	    tally_finding_info(f->kind)->name, (unsigned long long)f->offset,
	    f->segment, f->tag, f->element, f->component, f->loop,
	    value.p != NULL ? value.p : "", (int)f->expected.n, f->expected.p);
	tally_buf_free(&value);
	return text;
}

const char *
judged_text(const struct judged *j)
{
	for (size_t i = 0; i < j->findings.n; i++)
		if (j->findings.v[i].severity > TALLY_NOTE)
			return finding_text(&j->findings.v[i]);
	return "none";
}

const char *
judged_told(const struct judged *j, const char *tag, int nth, int k)
{
	static char value[128];
	const char *p = j->ack.p, *end;
	size_t n = strlen(tag);
	char name[4];

	/* It has AK2 and AK9, too; a line for each segment, * and ~. */
	snprintf(name, sizeof(name), "%s", tag);
	if (j->form == TALLY_ACK_999 && name[0] == 'A' && name[2] >= '3' &&
	    name[2] <= '5')
		name[0] = 'I';
	for (; p != NULL && *p != '\0'; p = end + 1) {
		end = strchr(p, '\n');
		if (end == NULL)
			return NULL;
		if (strncmp(p, name, n) != 0 || (p[n] != '*' && p[n] != '~') ||
		    --nth > 0)
			continue;
		for (; k > 0 && *p != '~'; p++)
			k -= *p == '*';
		n = strcspn(p, "*~>");
		snprintf(value, sizeof(value), "%.*s", (int)n, p);
		return value;
	}
	return NULL;
}

bool
judged_tells(
    const struct judged *j, const char *tag, int nth, int k, const char *want)
{
	const char *is = judged_told(j, tag, nth, k);

	return is != NULL && strcmp(is, want) == 0;
}
