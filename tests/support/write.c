/* SPDX-License-Identifier: Apache-2.0 */
/* Made sets, envelopes and purchase orders as bytes; see generate.h. */
#include "generate.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static void
end(struct tally_buf *b, const struct maker *m)
{
	tally_buf_putc(b, (char)m->sep.segment);
	tally_buf_puts(b, m->after);
}

/* A segment from text in which '*' stands for the separator. */
static void
line(struct tally_buf *b, const struct maker *m, const char *text)
{
	for (; *text != '\0'; text++)
		tally_buf_putc(b, *text == '*' ? (char)m->sep.element : *text);
	end(b, m);
}

static void
line_numbers(struct tally_buf *b, const struct maker *m, const char *tag,
    uint32_t first, uint32_t second, int width)
{
	tally_buf_printf(b, "%s%c%u%c%0*u", tag, m->sep.element, first,
	    m->sep.element, width, second);
	end(b, m);
}

void
write_isa(struct tally_buf *b, const struct maker *m, uint32_t control)
{
	struct tally_buf t;

	tally_buf_init(&t, 256);
	tally_buf_printf(&t,
	    "ISA*00*          *00*          *ZZ*PINEHURST      *ZZ*"
	    "HARBORTRADE    *260105*0815*U*00401*%09u*0*P*%c",
	    control, m->sep.component);
	line(b, m, t.p);
	tally_buf_free(&t);
}

void
write_iea(struct tally_buf *b, const struct maker *m, uint32_t groups,
    uint32_t control)
{
	line_numbers(b, m, "IEA", groups, control, 9);
}

void
write_gs(struct tally_buf *b, const struct maker *m,
    const struct tally_set_spec *spec, uint32_t control)
{
	struct tally_buf t;

	tally_buf_init(&t, 256);
	tally_buf_printf(&t,
	    "GS*%s*PINEHURST*HARBORTRADE*20260105*0815*%u*X*%s",
	    spec->functional, control, spec->version);
	line(b, m, t.p);
	tally_buf_free(&t);
}

void
write_ge(
    struct tally_buf *b, const struct maker *m, uint32_t sets, uint32_t control)
{
	line_numbers(b, m, "GE", sets, control, 1);
}

void
write_segment(
    struct tally_buf *b, const struct maker *m, const struct made_segment *g)
{
	tally_buf_puts(b, g->tag);
	for (uint32_t k = 0; k < g->n; k++) {
		tally_buf_putc(b, (char)m->sep.element);
		tally_buf_str(b, g->element[k]);
	}
	end(b, m);
}

void
write_set(struct tally_buf *b, const struct maker *m, const struct made_set *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		write_segment(b, m, &s->segment[i]);
}

void
write_interchange(struct tally_buf *b, struct maker *m,
    const struct tally_version *v, uint32_t groups, uint32_t sets)
{
	struct made_set s;
	uint32_t control = rnd_between(&m->rnd, 1, 999999999);

	made_init(&s);
	write_isa(b, m, control);
	for (uint32_t g = 1; g <= groups; g++) {
		const struct tally_set_spec *spec =
		    &v->set[rnd_below(&m->rnd, v->nset)];

		write_gs(b, m, spec, g);
		for (uint32_t i = 1; i <= sets; i++) {
			made_fill(&s, m, spec, i);
			write_set(b, m, &s);
		}
		write_ge(b, m, sets, g);
	}
	write_iea(b, m, groups, control);
	made_free(&s);
}

static const char *const things[] = { "BLUE WIDGET LARGE", "HEX BOLT M8 X 40",
	"COPPER PIPE 15 MM", "WORK GLOVES SIZE 9", "DESK LAMP WITH CLAMP",
	"PAINT WHITE 5 L", "EXTENSION CORD 3 M", "STAPLES 24/6" };
static const char *const towns[] = { "SPRINGFIELD*IL*62701",
	"PORTLAND*OR*97205", "CONCORD*NH*03301", "SALINA*KS*67401" };

static void
order_head(struct tally_buf *b, struct maker *m, uint32_t number)
{
	struct rnd *r = &m->rnd;
	uint32_t day = rnd_between(r, 1, 28), month = rnd_between(r, 1, 12);

	tally_buf_printf(b, "ST*850*%04u\n", number);
	tally_buf_printf(
	    b, "BEG*00*SA*PO%010u**2026%02u%02u\n", number, month, day);
	tally_buf_printf(b, "REF*DP*%03u\n", rnd_below(r, 1000));
	tally_buf_printf(
	    b, "PER*BD*ANNA MILLER*TE*555%07u\n", rnd_below(r, 10000000));
	tally_buf_printf(b, "DTM*002*2027%02u%02u\n", month, day);
	for (int i = 0; i < 2; i++) {
		tally_buf_printf(b, "N1*%s*HARBOR TRADE %s*92*%04u\n",
		    i == 0 ? "ST" : "BY", i == 0 ? "DEPOT" : "HEAD OFFICE",
		    rnd_below(r, 10000));
		tally_buf_printf(
		    b, "N3*%u CANAL STREET\n", rnd_between(r, 1, 999));
		tally_buf_printf(b, "N4*%s*US\n", towns[rnd_below(r, 4)]);
	}
}

/* A UPC of eleven random digits and the one that checks them. */
static void
upc(struct tally_buf *b, struct rnd *r)
{
	char digits[16];
	uint32_t sum = 0;

	snprintf(digits, sizeof(digits), "%05u%06u", rnd_below(r, 100000),
	    rnd_below(r, 1000000));
	for (int i = 0; i < 11; i++)
		sum += (uint32_t)(digits[i] - '0') * (i % 2 == 0 ? 3 : 1);
	tally_buf_printf(b, "%s%u", digits, (10 - sum % 10) % 10);
}

void
write_order(struct tally_buf *b, struct maker *m, uint32_t number)
{
	struct rnd *r = &m->rnd;
	struct tally_buf t;

	tally_buf_init(&t, 1 << 16);
	order_head(&t, m, number);
	for (uint32_t i = 1; i <= 10; i++) {
		tally_buf_printf(&t, "PO1*%u*%u*EA*%u.%02u**UP*", i,
		    rnd_between(r, 1, 480), rnd_below(r, 200),
		    rnd_below(r, 100));
		upc(&t, r);
		tally_buf_printf(&t, "*VN*%c%c-%05u\n", 'A' + rnd_below(r, 26),
		    'A' + rnd_below(r, 26), rnd_below(r, 100000));
		tally_buf_printf(&t, "PID*F****%s\n", things[rnd_below(r, 8)]);
	}
	tally_buf_printf(&t, "CTT*10\nSE*33*%04u\n", number);
	assert(!t.failed);
	for (size_t i = 0; i < t.n; i++)
		if (t.p[i] == '\n')
			end(b, m);
		else
			tally_buf_putc(
			    b, t.p[i] == '*' ? (char)m->sep.element : t.p[i]);
	tally_buf_free(&t);
}
