/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said between the process that reads partners' bytes and the one that
 * has the store: frames, each a kind, a length and fields one after the other.
 *
 * A message is one function for both directions: what it is given is written
 * where the wire writes, and filled where it reads.  Reading believes nothing:
 * each length, count, number of a table or column, kind, verdict, reference
 * and text is compared with the model, the dictionary and the limits.  At the
 * first that does not fit the wire is bad, and what was filled must not be
 * used.  What is read is copied first, so nobody can change it afterwards.
 *
 * Both ends are the same program on the same machine: numbers are as it has
 * them.
 */
#ifndef TALLYMAN_FLOW_WIRE_H
#define TALLYMAN_FLOW_WIRE_H

#include "flow/gathered.h"
#include "store/lookups.h"
#include "tallyman/ack.h"
#include "tallyman/answer.h"
#include "tallyman/dictionary.h"
#include "tallyman/mem.h"

/* What is in a frame.  The first half goes to the reading process. */
enum wire_kind {
	WIRE_FILE = 1, /* struct wire_file: a file to be judged */
	WIRE_BYTES,    /* bytes of the file, which is sent whole */
	WIRE_THERE,    /* struct wire_read: they are in what is shared */
	WIRE_LOOKUPS,  /* rows of cross-references, WIRE_LOOKUPS_MAX a time */
	WIRE_RECORD,   /* struct wire_record: read the interchange again */
	WIRE_SKIP,     /* on to the next one */
	WIRE_USED,     /* a bool: what WIRE_ASK asked for */
	/* To the process that has the store. */
	WIRE_READY,     /* it can be asked to read */
	WIRE_READ,      /* struct wire_read: bytes are wanted */
	WIRE_ASK,       /* interchange and group: was its number used? */
	WIRE_JUDGED,    /* findings and the interchange */
	WIRE_END,       /* findings: there is no further interchange */
	WIRE_BATCH,     /* struct gathered */
	WIRE_ANSWERS,   /* struct wire_answers */
	WIRE_OTHERWISE, /* nothing: it is not as it was supposed to be */
	WIRE_TROUBLE,   /* a tally_rc and its text */
	WIRE_KINDS
};

struct wire_head {
	uint32_t kind; /* enum wire_kind */
	uint32_t n;    /* bytes that follow */
};

/* The largest frame: a batch, its copies and what lies around each value. */
#define WIRE_FRAME_MAX   ((size_t)512 << 20)
#define WIRE_LOOKUPS_MAX 4096
/* Bytes of a file that are wanted at a time, and of one that is sent whole. */
#define WIRE_BLOCK ((size_t)128 << 10)
#define WIRE_SMALL ((size_t)256 << 10)
/* Two readers can be at different places of a file.  Each has as many bytes
 * of memory that the run writes and the parser reads. */
#define WIRE_READERS 2
#define WIRE_AHEAD   ((size_t)2 << 20)
#define WIRE_SHARED  (WIRE_READERS * WIRE_AHEAD)

struct wire {
	struct tally_buf *out;     /* written to; null: this reads */
	const char *p, *end;       /* what is still to be read */
	struct tally_arena *arena; /* where what is read is kept */
	const struct tally_dictionary *dictionary; /* specs are of it */
	uint64_t viewed; /* bytes of cells, each counted */
	bool bad;
};

/* Begins a frame in out, behind what is there, and ends it. */
size_t wire_begin(struct wire *, struct tally_buf *out, enum wire_kind);
void wire_finish(struct wire *, size_t begun);
/* Reads the content of a frame.  Arena and dictionary are the caller's to set
 * before something is read that needs them. */
void wire_open(struct wire *, struct tally_str content);
/* Whether all was well, and all of it was read. */
bool wire_ended(const struct wire *);

/* --- fields --- */

void wire_u8(struct wire *, uint8_t *);
void wire_u16(struct wire *, uint16_t *);
void wire_u32(struct wire *, uint32_t *);
void wire_u64(struct wire *, uint64_t *);
void wire_size(struct wire *, size_t *);
void wire_bool(struct wire *, bool *);
void wire_raw(struct wire *, void *, size_t n);
/* A number below max. */
uint32_t wire_below(struct wire *, uint32_t v, uint32_t max);
/* A count of things of which each takes at least so many bytes. */
size_t wire_count(struct wire *, size_t n, size_t bytes);
/* A string in a field of that size, which it does not fill. */
void wire_field(struct wire *, char *, size_t size);
/* A string of less than size bytes, in the arena; null is "". */
void wire_cstr(struct wire *, const char **, size_t size);
/* A view of at most max bytes, in the arena. */
void wire_view(struct wire *, struct tally_str *, size_t max);
void wire_verdict(struct wire *, enum tally_verdict *);

/* --- messages --- */

struct wire_file {
	uint32_t partner; /* index in the site, or UINT32_MAX: none */
	uint64_t size;    /* of the whole file */
	uint64_t from;    /* the first byte to be judged */
	bool single;      /* there is an end behind one interchange */
	bool whole;       /* all bytes follow at once, in one WIRE_BYTES */
	bool ahead;       /* nothing is asked about it: see wire_is_recorded */
	bool suppose;     /* see parser_supposed */
};
/* Whether the interchange of a file that is read ahead is recorded, all of it,
 * without being asked for: then what follows is the same as on WIRE_RECORD. */
bool wire_is_recorded(const struct tally_interchange_judged *);
void wire_file(struct wire *, struct wire_file *);

struct wire_read {
	uint8_t reader;  /* index of the one that wants them */
	uint64_t offset; /* in the file */
	uint64_t n;      /* at most WIRE_BLOCK */
	uint64_t to;     /* where they are to be, in the reader's memory */
};
void wire_read(struct wire *, struct wire_read *);

struct wire_record {
	uint64_t recorded; /* sets that are recorded already */
	bool chosen;       /* only those at offset, in rising order */
	uint64_t *offset;
	size_t n;
};
void wire_record(struct wire *, struct wire_record *);

void wire_lookup(struct wire *, struct store_lookup_row *);

/* A list, without its treatment.  It is to have room for twice as many as may
 * come, since notes have half of it. */
void wire_findings(struct wire *, struct tally_findings *);

/* An interchange with its groups and sets, whose spans are of the list. */
void wire_interchange(struct wire *, struct tally_interchange_judged *,
    const struct tally_findings *);
/* The two of WIRE_ASK: the group without its sets, the interchange without
 * groups. */
void wire_envelope(struct wire *, struct tally_interchange_judged *);
void wire_group(struct wire *, struct tally_group_judged *);

/* Where answers stand: in a set of a group, or, for a TA1, in none. */
struct wire_answers {
	uint32_t group; /* index, or UINT32_MAX */
	uint64_t offset;
	struct tally_answers answers; /* read: in the arena, not to be freed */
};
void wire_answers(struct wire *, struct wire_answers *);

/* Documents with all they have, read into an empty one, which then has the
 * wire's content as g->bytes: texts of the batch point into it.  Several may be
 * the same bytes: how long they are together, viewed, has its own limit. */
void wire_gathered(struct wire *, struct gathered *);

/* What the rows of a batch hold, which are there, without cells where it is
 * read; up to the end of the frame.  A row has one cell at least. */
#define WIRE_CELL 8 /* bytes of it */
void wire_cells(struct wire *, struct tally_batch *);

void wire_trouble(struct wire *, struct tally_err *);

#endif
