/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A site: what tallyman.xml says, resolved.
 *
 * Every setting is resolved when the file is read: built-in, then <defaults>,
 * then the partner, then the agreement or mailbox.  What is behind struct
 * site is immutable and lives until site_free.  Paths stay as written; those
 * that are relative start from the workspace.
 */
#ifndef TALLYMAN_FLOW_SITE_H
#define TALLYMAN_FLOW_SITE_H

#include <stdbool.h>
#include <stdint.h>

#include "mailbox/mailbox.h"
#include "tallyman/dictionary.h"
#include "tallyman/err.h"
#include "tallyman/judge.h"
#include "tallyman/mem.h"
#include "tallyman/x12.h"
#include "tallyman/zone.h"

#define SITE_FILE "tallyman.xml"

/* Configuration and maps are read by people: more of it is a mistake. */
#define SITE_BYTES_MAX (1u << 20)

/* An interchange id; "*" in both: anybody. */
struct site_id {
	const char *qualifier, *id;
	unsigned line;
};

enum site_then { SITE_DELETE, SITE_MOVE, SITE_KEEP };

struct site_pull {
	const char *from;  /* folder */
	const char *match; /* glob of names */
	enum site_then then;
	const char *move;  /* folder, when then is SITE_MOVE */
	int64_t settle_ms; /* unchanged for so long before it is taken */
	bool complete;     /* taken at first sight when it ends in IEA */
};

enum site_upload {
	SITE_UPLOAD_RENAME,
	SITE_UPLOAD_DIRECT,
	SITE_UPLOAD_TRIGGER
};

struct site_push {
	const char *to; /* folder */
	enum site_upload upload;
	const char *temporary; /* folder of temporary names */
	const char *trigger;   /* what a trigger's name ends in */
	const char *name;      /* pattern, see site_outgoing_name */
};

struct site_partner;

struct site_mailbox {
	const char *name; /* unique: what the store knows it by */
	const struct site_partner *partner;
	struct mailbox_settings settings;
	const struct site_pull *pull;
	size_t npull;
	const struct site_push *push; /* null: nothing is put there */
	unsigned line;
};

enum site_ta1 { SITE_TA1_ASKED, SITE_TA1_ALWAYS, SITE_TA1_NEVER };

enum site_acknowledge {
	SITE_ACKNOWLEDGE_NONE,
	SITE_ACKNOWLEDGE_997,
	SITE_ACKNOWLEDGE_999 /* in versions that have it, else 997 */
};
enum site_list { SITE_LIST_ALL, SITE_LIST_ERRORS };

/* An agreement on what is received. */
struct site_agreement {
	const char *set;     /* "850"; "*": any that the dictionary has */
	const char *version; /* "004010"; "*": any */
	const char *map;     /* null: the one that is named as the set */
	const char *guide;   /* null: the one that the sender refers to */
	enum site_acknowledge acknowledge;
	enum site_list list;      /* the sets that an acknowledgement names */
	struct tally_terms terms; /* of findings in its sets */
	bool store;               /* documents become records */
	bool test;                /* documents of tests count as live ones */
	bool nearest; /* versions that are not there are read, too */
	unsigned line;
};

enum site_line_end { SITE_LINE_NONE, SITE_LINE_LF, SITE_LINE_CRLF };

/* How a file that is sent is spelled, and what is expected back. */
struct site_spelling {
	struct tally_separators separators;
	enum site_line_end line_end; /* behind each segment */
	char replacement;            /* for what cannot be sent; 0: an error */
	bool test;                   /* ISA15 is T */
	bool ta1;                    /* ISA14 is 1 */
	int64_t expect_ms; /* until an answer is overdue; 0: none expected */
};

/* An agreement on what is sent. */
struct site_sending {
	const char *set;            /* "856" */
	const char *version;        /* "004010"; null: that of the document */
	const char *map;            /* null: the one that is named as the set */
	const char *guide;          /* null: none but what the set refers to */
	const char *hierarchy;      /* codes of levels, "S O P I"; or null */
	const struct site_id *self; /* null: there is none */
	const struct site_mailbox *mailbox; /* null: the partner's first */
	const char *group_sender, *group_receiver; /* null: as in ISA */
	struct site_spelling spelling;
	unsigned line;
};

struct site_partner {
	const char *name;
	const struct site_id *id;
	size_t nid;
	bool any; /* its id is "*" */
	enum site_ta1 ta1;
	enum tally_characters characters; /* that its values can have */
	const struct tally_zone *zone;    /* of its local times, or null */
	struct tally_terms terms;         /* of findings in envelopes */
	uint32_t ack_bytes; /* of an acknowledgement; 0: as what it answers */
	bool acks_together; /* what answers small files goes in one */
	/* Control numbers count for so long, and not from before that instant;
	 * 0: for ever, and all. */
	int64_t number_ms, numbers_from;
	bool unique_groups; /* their numbers in all interchanges, not in one */
	const struct site_agreement *receive;
	size_t nreceive;
	const struct site_sending *send;
	size_t nsend;
	struct site_spelling spelling; /* of what no <send> is about */
	/* The dictionary without what no agreement covers; what answers us
	 * stays. */
	struct tally_dictionary dictionary;
	/* Of that, what reads versions that are not there; often nothing. */
	struct tally_dictionary nearest;
	unsigned line;
};

/* Where one with a name is in an array, each of which begins with its name:
 * numbers from 1, 0 for none. */
struct site_names {
	const void *first;
	size_t size;
	uint32_t *at;
	size_t slots; /* a power of two, more than there are names */
};

struct site {
	struct tally_arena arena; /* owns everything below */
	const char *dir;          /* the workspace, absolute */
	const char *file;         /* tallyman.xml, for messages */
	const char *store;        /* URL */
	const struct site_id *self;
	size_t nself;
	const struct site_partner *partner;
	size_t npartner;
	const struct site_mailbox *mailbox; /* in the order of the file */
	size_t nmailbox;
	struct site_names partners, mailboxes;
	struct tally_limits limits;
	uint64_t file_bytes;  /* of a file that is fetched */
	uint32_t connections; /* mailboxes of the network worked on at once */
};

/*
 * The workspace: asked (-C) if not null, else TALLYMAN_DIR, else the current
 * folder or the nearest one above it that has a tallyman.xml, else
 * /var/lib/tallyman.  *dir is absolute and the caller's (tally_free).
 * TALLY_CONFIG when there is none.
 */
enum tally_rc site_find(char **dir, const char *asked, struct tally_err *)
    TALLY_MUST_USE;
/* For commands that work without a workspace as well: *dir is null when none
 * is asked for, by -C or TALLYMAN_DIR, and none found. */
enum tally_rc site_find_any(char **dir, const char *asked, struct tally_err *)
    TALLY_MUST_USE;

/*
 * Whether a workspace can be kept where dir is.  TALLY_CONFIG on a filesystem
 * of the network: locks and shared memory of a database do not hold there.
 * site_network_filesystem names what a type of statfs(2) is; null: none.
 */
enum tally_rc site_place(const char *dir, struct tally_err *) TALLY_MUST_USE;
const char *site_network_filesystem(uint32_t type);

/* Appends a whole file.  TALLY_NOINPUT when there is none of that name,
 * TALLY_CONFIG when it cannot be read or b cannot hold it. */
enum tally_rc site_slurp(
    struct tally_buf *b, const char *path, struct tally_err *) TALLY_MUST_USE;

/* Reads dir/tallyman.xml.  TALLY_CONFIG with file and line. */
enum tally_rc site_load(struct site **, const char *dir,
    const struct tally_dictionary *, struct tally_err *) TALLY_MUST_USE;
/* The same from memory; file is for messages. */
enum tally_rc site_parse(struct site **, const char *dir, const char *file,
    struct tally_str text, const struct tally_dictionary *, struct tally_err *)
    TALLY_MUST_USE;
void site_free(struct site *);

const struct site_mailbox *site_mailbox_find(
    const struct site *, const char *name);

/* Whether an id may send through the partner's mailboxes. */
bool site_partner_sends(
    const struct site_partner *, const char *qualifier, const char *id);
/* Whether an id is ours; every one is where none is configured. */
bool site_is_self(const struct site *, const char *qualifier, const char *id);

/* The agreement on a set: an exact set before "*", likewise the version. */
const struct site_agreement *site_receive(
    const struct site_partner *, const char *set, const char *version);

/* The agreement on sending a set, or null. */
const struct site_sending *site_send(
    const struct site_partner *, const char *set);

const struct site_partner *site_partner_find(
    const struct site *, const char *name);

/* Lets a judge read with what the partner's agreements cover. */
void site_judging(struct tally_judge_options *, const struct site_partner *);

/* Whether a listed name is to be taken: it matches and is not temporary. */
bool site_takes(const struct site_pull *, struct tally_str name);

/*
 * The name of an outgoing file by a pattern, with {set} {control} {partner}
 * {qualifier} {id} {self} replaced.  Bytes of values outside letters, digits,
 * '.', '-' and '_' become '_'.
 */
struct site_naming {
	const char *set;
	uint32_t control; /* of the interchange, nine digits */
	const char *partner;
	const char *qualifier, *id; /* of the receiver */
	const char *self;           /* our id, that it is from */
};
enum tally_rc site_outgoing_name(char out[256], const char *pattern,
    const struct site_naming *, struct tally_err *) TALLY_MUST_USE;
/* Null, or what is wrong with a pattern for files to a partner: each pair of
 * an id of ours and one of theirs has numbers of its own. */
const char *site_pattern_wrong(
    const char *pattern, const struct site *, const struct site_partner *);

#endif
