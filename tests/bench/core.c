/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core STAGE FILE: how fast the core gets through a file, one thread.
 *
 *   scan   read(2) and the positions of all separators, in 64 KiB windows
 *   walk   the same by memchr, for each segment and each element
 *   ends   the terminators alone, by memchr
 *   split  getdelim(3) and strsep(3), as programs that only split do
 *   read   envelopes and transaction sets, nothing checked
 *   check  the whole judgement: grammar, elements, counts
 *   map    the judgement, and every set mapped to rows, as many in a batch as
 *          a run gathers
 *   ack    the judgement, and the acknowledgement written
 *   write  sets written from the rows of the first 1,000; bytes are those
 *   load   the map compiled, as a site's own: all its texts are validated
 *
 * The file is gone through as often as it takes to make SECONDS (default
 * 0.5).  Prints one line: stage, bytes and sets of one pass, seconds of wall
 * clock and of CPU per pass, the process's greatest memory in KiB.
 */
#define _DEFAULT_SOURCE /* strsep */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/embed.h"
#include "flow/gathered.h"
#include "tallyman/ack.h"
#include "tallyman/judge.h"
#include "tallyman/map.h"
#include "x12/scan.h"

#define WINDOW    (64 * 1024)
#define WRITTEN   1000 /* documents */
#define BATCH_MAX (256u << 20)

static struct tally_err err;

static void
die(const char *what)
{
	fprintf(stderr, "core: %s: %s\n", what, err.text);
	exit(70);
}

/* --- the file --- */

static int fd;
static uint64_t bytes, sets;

static size_t
fill(void *buf, size_t max)
{
	ssize_t n = read(fd, buf, max);

	if (n < 0) {
		perror("core: read");
		exit(74);
	}
	bytes += (size_t)n;
	return (size_t)n;
}

static enum tally_rc
source_read(void *ctx, void *buf, size_t max, size_t *got, struct tally_err *e)
{
	(void)ctx;
	(void)e;
	*got = fill(buf, max);
	return TALLY_OK;
}

/* --- the stages --- */

static void
stage_scan(void)
{
	static unsigned char buf[WINDOW + TALLY_SCAN_PAD];
	static uint32_t pos[WINDOW + TALLY_SCAN_PAD];
	static uint32_t end[WINDOW + TALLY_SCAN_PAD];
	tally_scan_fn *scan = tally_scan_choose();
	size_t n;

	while ((n = fill(buf, WINDOW)) > 0) {
		struct tally_index ix = { .pos = pos, .end = end };

		scan(buf, 0, (uint32_t)n, '*', '~', &ix);
		sets += ix.nend; /* segments, here */
	}
}

/* Positions of c in a window, by memchr. */
static uint32_t
find_all(const unsigned char *p, const unsigned char *end, unsigned char c,
    uint32_t *out)
{
	const unsigned char *base = p;
	uint32_t n = 0;

	while ((p = memchr(p, c, (size_t)(end - p))) != NULL) {
		out[n++] = (uint32_t)(p - base);
		p++;
	}
	return n;
}

static void
stage_ends(void)
{
	static unsigned char buf[WINDOW];
	static uint32_t end[WINDOW];
	size_t n;

	while ((n = fill(buf, WINDOW)) > 0)
		sets += find_all(buf, buf + n, '~', end);
}

static void
stage_walk(void)
{
	static unsigned char buf[WINDOW];
	static uint32_t pos[WINDOW];
	const unsigned char *p, *q, *end;
	uint32_t npos;
	size_t n;

	while ((n = fill(buf, WINDOW)) > 0) {
		end = buf + n;
		npos = 0;
		for (p = buf; p < end; p = q + 1) {
			q = memchr(p, '~', (size_t)(end - p));
			if (q == NULL)
				q = end;
			npos += find_all(p, q, '*', pos + npos);
			sets++;
		}
	}
}

static void
stage_split(void)
{
	FILE *f = fdopen(dup(fd), "r");
	char *line = NULL, *rest;
	size_t cap = 0;
	ssize_t n;

	if (f == NULL) {
		perror("core: fdopen");
		exit(71);
	}
	while ((n = getdelim(&line, &cap, '~', f)) > 0) {
		rest = line;
		while (strsep(&rest, "*") != NULL)
			sets++;
		bytes += (size_t)n;
	}
	free(line);
	fclose(f);
}

static void
stage_read(void)
{
	struct tally_findings findings;
	struct tally_reader *reader;
	struct tally_unit unit;

	tally_findings_init(&findings, 100);
	if (tally_reader_new(&reader,
		(struct tally_source){ source_read, NULL }, 0,
		&tally_limits_default, &findings, &err) != TALLY_OK)
		die("reader");
	do {
		if (tally_reader_next(reader, &unit, &err) != TALLY_OK)
			die("reader");
		sets += unit.kind == TALLY_UNIT_SET;
	} while (unit.kind != TALLY_UNIT_END);
	tally_reader_free(reader);
	tally_findings_free(&findings);
}

struct mapping {
	struct tally_model *model;
	struct tally_map *map;
	struct tally_batch batch;
	struct tally_residues residues;
	struct tally_findings findings;
};
static struct mapping m;

static void
mapping_load(void)
{
	if (tally_model_load(&m.model, "records.xml",
		tally_embedded_find("records.xml"), &err) != TALLY_OK ||
	    tally_map_load(&m.map, m.model,
		tally_version_find(&tally_builtin, TALLY_STR("004010")), NULL,
		"850.xml", tally_embedded_find("850.xml"), &err) != TALLY_OK ||
	    tally_batch_init(&m.batch, m.model, BATCH_MAX, &err) != TALLY_OK)
		die("map");
	tally_findings_init(&m.findings, 100);
}

static void
mapping_free(void)
{
	tally_batch_free(&m.batch);
	tally_residues_free(&m.residues);
	tally_findings_free(&m.findings);
	tally_map_free(m.map);
	tally_model_free(m.model);
}

static enum tally_rc
visit_count(void *ctx, const struct tally_visit *v, struct tally_err *e)
{
	(void)ctx;
	(void)v;
	(void)e;
	sets++;
	return TALLY_OK;
}

static enum tally_rc
visit_map(void *ctx, const struct tally_visit *v, struct tally_err *e)
{
	(void)ctx;
	sets++;
	if (m.batch.ndocument == GATHERED_DOCUMENTS ||
	    m.batch.used >= GATHERED_BYTES)
		tally_batch_reset(&m.batch);
	return tally_map_read(
	    m.map, v->set, &m.batch, &m.residues, &m.findings, e);
}

static void
acknowledge(const struct tally_interchange_judged *j,
    const struct tally_findings *findings)
{
	static const struct tally_ack_envelope e = { .sender_qualifier = "ZZ",
		.sender = "HARBORTRADE",
		.receiver_qualifier = "ZZ",
		.receiver = "PINEHURST",
		.date = "20260105",
		.time = "0815",
		.interchange_control = 1,
		.group_control = 1,
		.usage = 'P',
		.separators = { '*', '~', '>', 0 },
		.newline = true,
		.bytes_max = 64u << 20 };
	struct tally_buf b;

	tally_buf_init(&b, 65u << 20);
	if (tally_ack_write(&b, j, findings, &e, &err) != TALLY_OK)
		die("acknowledgement");
	tally_buf_free(&b);
}

static void
judge(enum tally_rc (*visit)(
	  void *, const struct tally_visit *, struct tally_err *),
    bool answer)
{
	struct tally_judge_options options = { .limits = &tally_limits_default,
		.dictionary = &tally_builtin,
		.visit = visit };
	const struct tally_interchange_judged *j;
	struct tally_judge *judge;

	if (tally_judge_new(&judge, (struct tally_source){ source_read, NULL },
		0, &options, &err) != TALLY_OK)
		die("judge");
	do {
		if (tally_judge_next(judge, &j, &err) != TALLY_OK)
			die("judge");
		if (j != NULL && answer)
			acknowledge(j, tally_judge_findings(judge));
	} while (j != NULL);
	tally_judge_free(judge);
}

static void
stage_check(void)
{
	judge(visit_count, false);
}

static void
stage_map(void)
{
	judge(visit_map, false);
	tally_batch_reset(&m.batch);
}

static void
stage_ack(void)
{
	judge(visit_count, true);
}

static void
stage_write(void)
{
	const struct tally_map_writing how = {
		.separators = { '*', '~', '>', 0 },
		.residue = { '*', '~', '>', 0 },
		.line_end = "\n",
		.control = "0001",
		.characters = TALLY_CHARACTERS_ANY,
	};
	struct tally_buf b;
	uint32_t n;

	tally_buf_init(&b, 16u << 20);
	for (uint32_t i = 0; i < m.batch.ndocument; i++) {
		tally_buf_reset(&b);
		if (tally_map_write(m.map, &m.batch, i, NULL, &how, &b, &n,
			&m.findings, &err) != TALLY_OK)
			die("write");
		bytes += b.n;
		sets++;
	}
	if (m.findings.n > 0)
		die("what was read cannot be written");
	tally_buf_free(&b);
}

/* Texts that are not those compiled in to the byte, so that they are validated
 * like those of a site. */
static struct tally_arena texts;

static enum tally_rc
own_text(void *ctx, const char *name, struct tally_str *text, const char **file,
    struct tally_err *e)
{
	struct tally_buf b;

	(void)ctx;
	(void)e;
	tally_buf_init(&b, 1u << 20);
	tally_buf_printf(&b, "%s.xml", name);
	*file = tally_arena_cstr(&texts, tally_buf_view(&b));
	*text = tally_embedded_find(*file);
	tally_buf_reset(&b);
	tally_buf_add(&b, text->p, text->n);
	tally_buf_putc(&b, '\n');
	*text = tally_arena_str(&texts, tally_buf_view(&b));
	tally_buf_free(&b);
	return TALLY_OK;
}

static void
stage_load(void)
{
	const struct tally_map_texts from = { NULL, own_text };
	const char *file;
	struct tally_map *map;
	struct tally_str text;

	tally_arena_init(&texts, 16u << 20);
	if (own_text(NULL, "850", &text, &file, &err) != TALLY_OK ||
	    tally_map_load(&map, m.model,
		tally_version_find(&tally_builtin, TALLY_STR("004010")), &from,
		file, text, &err) != TALLY_OK)
		die("map");
	bytes += text.n;
	sets++;
	tally_map_free(map);
	tally_arena_free(&texts);
}

/* The first documents of the file, for writing. */
static enum tally_rc
visit_fill(void *ctx, const struct tally_visit *v, struct tally_err *e)
{
	(void)ctx;
	if (m.batch.ndocument == WRITTEN)
		return TALLY_OK;
	return tally_map_read(
	    m.map, v->set, &m.batch, &m.residues, &m.findings, e);
}

static const struct {
	const char *name;
	void (*run)(void);
} stages[] = {
	{ "scan", stage_scan },
	{ "walk", stage_walk },
	{ "ends", stage_ends },
	{ "split", stage_split },
	{ "read", stage_read },
	{ "check", stage_check },
	{ "map", stage_map },
	{ "ack", stage_ack },
	{ "write", stage_write },
	{ "load", stage_load },
};

static double
now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void
measure(const char *name, void (*run)(void), double seconds)
{
	double wall = now(CLOCK_MONOTONIC), cpu, spent;
	struct rusage usage;
	unsigned passes = 0;

	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	do {
		bytes = sets = 0;
		if (lseek(fd, 0, SEEK_SET) != 0) {
			perror("core: seek");
			exit(74);
		}
		run();
		passes++;
		spent = now(CLOCK_MONOTONIC) - wall;
	} while (spent < seconds);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	getrusage(RUSAGE_SELF, &usage);
	printf("%s %llu %llu %.9f %.9f %ld\n", name, (unsigned long long)bytes,
	    (unsigned long long)sets, spent / passes, cpu / passes,
	    usage.ru_maxrss);
}

static bool
maps(void (*run)(void))
{
	return run == stage_map || run == stage_write || run == stage_load;
}

int
main(int argc, char **argv)
{
	const char *seconds = getenv("SECONDS");

	if (argc != 3) {
		fprintf(stderr, "usage: core STAGE FILE\n");
		return 64;
	}
	fd = open(argv[2], O_RDONLY);
	if (fd < 0) {
		perror(argv[2]);
		return 66;
	}
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		if (strcmp(stages[i].name, argv[1]) == 0) {
			if (maps(stages[i].run))
				mapping_load();
			if (stages[i].run == stage_write)
				judge(visit_fill, false);
			measure(stages[i].name, stages[i].run,
			    seconds != NULL ? (double)strtoul(seconds, NULL, 10)
					    : 0.5);
			if (maps(stages[i].run))
				mapping_free();
			close(fd);
			return 0;
		}
	fprintf(stderr, "core: no stage %s\n", argv[1]);
	return 64;
}
