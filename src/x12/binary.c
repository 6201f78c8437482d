/* SPDX-License-Identifier: Apache-2.0 */
/* Segments with data that has a length; see binary.h. */
#include "x12/binary.h"

#include <assert.h>

void
binary_of(struct binary_segments *b, const struct tally_version *v)
{
	b->n = v != NULL ? b->known : 0;
	if (v == NULL || b->version == v)
		return;
	b->version = v;
	b->n = 0;
	for (uint32_t i = 0; i < v->nsegment; i++) {
		if (!binary_is(&v->segment[i]))
			continue;
		assert(b->n < BINARY_MAX);
		b->v[b->n].tag =
		    tally_tag_of(v->segment[i].tag, strlen(v->segment[i].tag));
		b->v[b->n++].spec = &v->segment[i];
	}
	b->known = b->n;
}

const struct tally_segment_spec *
binary_find(const struct binary_segments *b, uint32_t tag)
{
	for (unsigned i = 0; i < b->n; i++)
		if (b->v[i].tag == tag)
			return b->v[i].spec;
	return NULL;
}

void
binary_fault(struct binary_fault *f, enum window_binary found,
    const struct window *w, const struct tally_segment_spec *spec,
    uint32_t ordinal)
{
	const uint32_t *pos = w->index.pos + w->next_pos + spec->nuse - 2;
	uint32_t n = pos[1] - pos[0] - 1;

	*f = (struct binary_fault){ .found = found,
		.spec = spec,
		.offset = w->base + pos[0] + 1,
		.ordinal = ordinal };
	f->n = (uint8_t)(n < sizeof(f->value) ? n : sizeof(f->value));
	memcpy(f->value, w->buf + pos[0] + 1, f->n);
}

void
binary_report(const struct binary_fault *f, struct tally_findings *findings)
{
	static const char *const expected[] = {
		[WINDOW_NO_LENGTH] = "the number of bytes in the next element",
		[WINDOW_BEYOND_LIMIT] = "a number of bytes that a set can have",
		[WINDOW_BEYOND_INPUT] = "a number of bytes that are there",
		[WINDOW_UNENDED] =
		    "the number of bytes up to the segment's terminator",
	};
	unsigned k = f->spec->nuse - 1u;

	tally_findings_add(findings,
	    &(struct tally_finding){ .kind = TALLY_F_binary_length,
		.offset = f->offset,
		.segment = f->ordinal,
		.element = (uint16_t)k,
		.tag = f->spec->tag,
		.loop = "",
		.id = f->spec->use[k - 1].element->id,
		.name = f->spec->use[k - 1].element->name,
		.value = tally_str(f->value, f->n),
		.expected = tally_cstr(expected[f->found]) });
}
