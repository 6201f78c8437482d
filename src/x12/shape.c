/* SPDX-License-Identifier: Apache-2.0 */
/* The values of segments, looked at by the shape of these; see shape.h. */
#include "x12/shape.h"

/* --- values: up to eight bytes as one word --- */

#define ONES   UINT64_C(0x0101010101010101)
#define SPREAD UINT64_C(0x9e3779b97f4a7c15) /* odd, its bits mixed */
#define BIT(k) (UINT64_C(1) << (k))

static inline bool
within(size_t n, const struct tally_value_spec *s)
{
	return n >= s->min && n <= s->max;
}

/* Numbers, dates and times: n digits, of which x has '0' taken off. */
static inline bool
digits_right(const struct tally_value_spec *s, uint64_t x, size_t n)
{
	uint64_t twos = x * 10 + (x >> 8); /* of each byte and the next one */
	unsigned month, day;

	switch ((enum tally_type)s->type) {
	case TALLY_R:
	case TALLY_N:
		return true;
	case TALLY_DT:
		if (n != 6 && n != 8)
			return false;
		month = twos >> 8 * (n - 4) & 0xff;
		day = twos >> 8 * (n - 2) & 0xff;
		return shape_day_right(month, day);
	case TALLY_TM:
		return (twos & 0xff) < 24 && (twos >> 16 & 0xff) < 60 &&
		    (n == 4 || (n >= 6 && (twos >> 32 & 0xff) < 60));
	default:
		return false;
	}
}

/* What is seen at once of a value. */
enum looks { DOUBTFUL, RIGHT, RIGHT_BUT_ODD };

static inline enum looks
looks(bool right, bool odd)
{
	return !right ? DOUBTFUL : odd ? RIGHT_BUT_ODD : RIGHT;
}

static enum looks
numeric_looks(const struct tally_value_spec *s, const char *p, uint32_t n)
{
	uint64_t x, odd;
	unsigned behind; /* the point */

	if (n > 8 || !WORD_LITTLE_ENDIAN)
		return DOUBTFUL;
	memcpy(&x, p, 8);
	x ^= ONES * '0';
	odd = word_no_digits(x) << (64 - 8 * n);
	if (odd == 0)
		return looks(
		    within(n, s) && digits_right(s, x, n), *p == '0' && n > 1);
	/* a decimal with its point */
	behind = (unsigned)__builtin_clzll(odd) / 8;
	return looks(s->type == TALLY_R && (odd & (odd - 1)) == 0 &&
		p[n - 1 - behind] == '.' && n > 1 && within(n - 1, s),
	    behind == 0 || *p == '.' || (*p == '0' && p[1] != '.'));
}

/* Another code than the last time, which is remembered if the list has it: what
 * is wrong is not what most have again. */
static enum looks
code_looks(struct shape_value *v, const char *p, uint32_t n)
{
	const struct tally_code_set *codes = v->spec->codes;
	uint32_t slot;

	if (n > WORD_MAX)
		return DOUBTFUL;
	slot = tally_code_slot(codes, word_of_padded(p, n));
	if (codes->slot[slot] == 0)
		return DOUBTFUL;
	v->span = (uint8_t)(n + 1);
	v->mask = 0;
	v->word = 1; /* is none, so masked */
	v->check = v->qualifies ? codes->check[slot] : TALLY_CHECK_NONE;
	if (n < WORD_MAX) {
		memset(&v->mask, 0xff, n + 1);
		memcpy(&v->word, p, WORD_MAX);
		v->word &= v->mask;
	}
	return RIGHT;
}

static enum looks
value_looks(struct shape_value *v, const char *p, uint32_t n, bool plain)
{
	const struct tally_value_spec *s = v->spec;

	switch ((enum tally_type)s->type) {
	case TALLY_ID:
		if (s->codes != NULL)
			return code_looks(v, p, n);
		/* fall through */
	case TALLY_AN:
		return looks(plain && within(n, s), p[n - 1] == ' ');
	case TALLY_DT:
	case TALLY_TM:
	case TALLY_R:
	case TALLY_N:
		return numeric_looks(s, p, n);
	case TALLY_B:
	case TALLY_COMPOSITE:
		break;
	}
	return DOUBTFUL;
}

/* One value, if it is not as most are. */
static void
look_closely(struct shape_value *v, const char *bytes, const uint32_t *pos,
    bool plain, struct shape_seen *seen)
{
	uint32_t from = pos[v->element - 1] + 1, n = pos[v->element] - from;
	enum looks as;

	seen->unlike |= n == 0;
	if (n == 0)
		return;
	as = value_looks(v, bytes + from, n, plain);
	if (as != RIGHT)
		seen->odd |= BIT(v->element);
	if (v->spec->type == TALLY_ID && v->spec->codes != NULL) {
		seen->others |= as != DOUBTFUL;
		seen->strange |= as == DOUBTFUL;
	}
	if (as == DOUBTFUL)
		seen->doubtful |= BIT(v->element);
	else if (!shape_checks(v, bytes, pos))
		seen->qualifiers |= BIT(v->element);
}

/* Whether a code is the one of the last time. */
static bool
code_again(const struct shape_value *v, const char *bytes, const uint32_t *pos,
    struct shape_seen *seen)
{
	uint64_t word;

	memcpy(&word, bytes + pos[v->element - 1] + 1, WORD_MAX);
	if ((word & v->mask) != v->word)
		return false;
	if (!shape_checks(v, bytes, pos))
		seen->qualifiers |= BIT(v->element);
	return true;
}

/* Another number for a shape, whose codes are others. */
static void
renumber(struct shapes *all, struct shape *m)
{
	m->like = all->likes < UINT16_MAX ? ++all->likes : 0;
}

bool
tally_shape_look(struct shapes *all, struct shape *m, struct shape_value *v,
    uint32_t end, const struct tally_set *set, const struct tally_segment *s,
    struct shape_seen *seen)
{
	const char *bytes = (const char *)set->bytes;
	const uint32_t *pos = set->pos + s->pos, *at;
	uint32_t span;
	bool usual;

	*seen = (struct shape_seen){ .unlike = false };
	for (; v < m->end; v++, end += span) {
		at = pos + v->element;
		span = at[0] - at[-1];
		if (v < m->codes)
			usual = code_again(v, bytes, pos, seen);
		else if (v < m->texts)
			usual = set->plain &&
			    shape_text_right(v, bytes + at[0], span);
		else if (v < m->numbers)
			usual = shape_number_right(v, bytes + at[-1] + 1, span);
		else
			usual = v < m->dates &&
			    shape_date_right(bytes + at[-1] + 1, span);
		if (!usual)
			look_closely(v, bytes, pos, set->plain, seen);
	}
	if (seen->others)
		renumber(all, m);
	return end == pos[m->n] && !seen->unlike;
}

/* --- shapes --- */

void
tally_shapes_forget(struct shapes *s)
{
	/* Others are written when they are made. */
	memset(s->all, 0, sizeof(*s->all));
	/* The first is none: it stands for what has not been made. */
	for (uint32_t i = 0; i < SHAPE_WAYS << SHAPE_BITS; i++)
		s->slot[i] = s->all;
	s->all->next = s->all->other = s->newest = s->all;
	s->n = 1;
	s->likes = 0;
	s->known = NULL;
}

bool
tally_shapes_init(struct shapes *s)
{
	size_t n = (SHAPE_WAYS << SHAPE_BITS) + 1;

	*s = (struct shapes){ .all = tally_alloc(n * sizeof(*s->all)) };
	if (s->all == NULL)
		return false;
	tally_shapes_forget(s);
	return true;
}

void
tally_shapes_free(struct shapes *s)
{
	tally_free(s->all);
}

/* What is done to a value: the loops of tally_shape_glance. */
enum way { CODE, TEXT, NUMBER, DATE, OTHER, WAYS };

static enum way
way_of(const struct tally_value_spec *s)
{
	switch ((enum tally_type)s->type) {
	case TALLY_ID:
		if (s->codes != NULL)
			return CODE;
		/* fall through */
	case TALLY_AN:
		return s->min > 0 ? TEXT : OTHER;
	case TALLY_R:
	case TALLY_N:
		return NUMBER;
	case TALLY_DT:
		return s->min == 8 && s->max == 8 ? DATE : OTHER;
	case TALLY_TM:
	case TALLY_B:
	case TALLY_COMPOSITE:
		break;
	}
	return OTHER;
}

static void
make_values(struct shape *m, const struct tally_class *of)
{
	struct shape_value **end[WAYS] = { &m->codes, &m->texts, &m->numbers,
		&m->dates, &m->end };
	uint64_t numbers = m->present & m->present >> 1 & of->checks;
	const struct tally_value_spec *spec;
	struct shape_value *v = m->value;

	for (unsigned way = 0; way < WAYS; way++) {
		for (uint64_t k = 1; k <= m->n; k++) {
			spec = &of->value[k - 1];
			if ((m->present >> k & 1) == 0 || way_of(spec) != way)
				continue;
			*v++ = (struct shape_value){ .word = 1,
				.spec = spec,
				.least = spec->min + 1,
				.range = spec->max - spec->min,
				.element = (uint8_t)k,
				.qualifies = (numbers >> k & 1) != 0 };
		}
		*end[way] = v;
	}
}

/* One more than there may be. */
static uint32_t
over(uint32_t max)
{
	return max != TALLY_UNBOUNDED ? max + 1 : 0;
}

static void
make_way(struct shape *m, const struct tally_grammar *g)
{
	const struct tally_step *st = m->step;
	const struct tally_place *p;
	const struct tally_loop *l;

	m->straight = false;
	if (st->to == TALLY_NOWHERE || st->nmissing > 0)
		return;
	p = &g->spec->place[st->to];
	l = &g->spec->loop[p->loop];
	m->straight = st->loop == 0 || st->loop == p->loop;
	m->way = (struct shape_way){ .row = tally_grammar_step(g, st->to, 0),
		.place = st->to,
		.loop = p->loop,
		.around = l->parent,
		.begins = st->loop != 0,
		.over = over(p->max),
		.loop_over = over(l->max) };
}

/* A shape that is none yet, or has to go. */
static struct shape *
vacate(struct shapes *all, struct shape **way)
{
	struct shape *m;

	for (unsigned i = 0; i < SHAPE_WAYS; i++)
		if (way[i] == all->all) {
			m = way[i] = &all->all[all->n++];
			m->next = m->other = all->all;
			return m;
		}
	return way[all->turn++ % SHAPE_WAYS];
}

struct shape *
tally_shape_of(struct shapes *all, const struct tally_grammar *g,
    const struct tally_step *row, unsigned class, uint16_t style,
    const struct tally_segment *s, const uint32_t *pos)
{
	const struct tally_class *of = &g->class[class];
	uint64_t present = tally_values_present(pos, 1, s->n), key;
	struct shape **way, *m;

	if (all->none || s->n > of->spec->nuse ||
	    __builtin_popcountll(present) > SHAPE_VALUES)
		return NULL;
	key = (present ^ (uint64_t)s->n << 56 ^ (uint64_t)style << 40 ^
		  (uintptr_t)(row + class)) *
	    SPREAD;
	way = &all->slot[((key ^ key >> 32) * SPREAD >> (64 - SHAPE_BITS)) *
	    SHAPE_WAYS];
	for (unsigned i = 0; i < SHAPE_WAYS; i++) {
		m = way[i];
		if (m->row == row && m->tag == s->tag && m->n == s->n &&
		    m->style == style && m->present == present)
			return m;
	}
	m = vacate(all, way);
	m->row = row;
	m->tag = s->tag;
	m->n = s->n;
	m->present = present;
	m->style = style;
	m->step = row + class;
	m->class = (uint8_t) class;
	m->sound = m->quick = false;
	m->absent = m->n - (uint32_t)__builtin_popcountll(present);
	make_values(m, of);
	make_way(m, g);
	m->like = 0;
	if (m->codes == m->value)
		renumber(all, m);
	return m;
}
