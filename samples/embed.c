/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library without the program: judge a file, say what was found, print
 * the acknowledgement.
 *
 *	cc embed.c $(pkg-config --cflags --libs tallyman) -o embed
 *	./embed 850-with-findings.edi
 *
 * Verdict and findings go to standard error, the acknowledgement to standard
 * output.  Exit status: 0 accepted, 1 something is rejected, 2 trouble.
 */
#include <stdio.h>
#include <time.h>

#include <tallyman/judge.h>

#define ACK_MAX (1u << 20)

/* The library opens nothing: it pulls its bytes through such a function. */
static enum tally_rc
read_file(void *ctx, void *buf, size_t max, size_t *got, struct tally_err *err)
{
	FILE *file = ctx;

	*got = fread(buf, 1, max, file);
	if (ferror(file))
		return tally_err_errno(
		    err, TALLY_IO, "the file cannot be read");
	return TALLY_OK;
}

static void
print_findings(const struct tally_findings *list, struct tally_span span)
{
	for (size_t i = span.first; i < span.first + span.n; i++) {
		const struct tally_finding *f = &list->v[i];

		/* Values are the partner's bytes: escape them before they
		 * reach a terminal.  These texts are ours. */
		fprintf(stderr, "  byte %llu: %s\n",
		    (unsigned long long)f->offset,
		    tally_finding_info(f->kind)->what);
	}
}

static void
print_verdicts(const struct tally_interchange_judged *ic,
    const struct tally_findings *list)
{
	fprintf(stderr, "interchange: %c\n", ic->verdict);
	print_findings(list, ic->findings);
	for (uint32_t i = 0; i < ic->ngroup; i++) {
		const struct tally_group_judged *g = &ic->group[i];

		fprintf(stderr, "group %u: %c, %u of %u sets accepted\n", i + 1,
		    g->verdict, g->accepted, g->received);
		print_findings(list, g->findings);
		for (uint32_t k = 0; k < g->nset; k++) {
			fprintf(stderr, "set %u: %c\n", g->set[k].ordinal,
			    g->set[k].verdict);
			print_findings(list, g->set[k].findings);
		}
	}
}

/* Time and numbers are values: a program draws the numbers from its store,
 * each once. */
static enum tally_rc
print_ack(const struct tally_interchange_judged *ic,
    const struct tally_findings *list, struct tally_err *err)
{
	char date[9], clock[5];
	time_t now = time(NULL);
	struct tm tm;
	struct tally_ack_envelope envelope = {
		.sender_qualifier = ic->receiver_qualifier,
		.sender = ic->receiver,
		.receiver_qualifier = ic->sender_qualifier,
		.receiver = ic->sender,
		.date = date,
		.time = clock,
		.interchange_control = 1,
		.group_control = 1,
		.usage = 'T',
		.separators = { '*', '~', '>', 0 },
		.newline = true,
		.bytes_max = ACK_MAX,
	};
	struct tally_buf ack;
	enum tally_rc rc;

	if (gmtime_r(&now, &tm) == NULL)
		return tally_err_set(err, TALLY_TEMP, "there is no time");
	strftime(date, sizeof(date), "%Y%m%d", &tm);
	strftime(clock, sizeof(clock), "%H%M", &tm);
	tally_buf_init(&ack, ACK_MAX);
	rc = tally_ack_write(&ack, ic, list, &envelope, err);
	if (rc == TALLY_OK && ack.n > 0)
		fwrite(ack.p, 1, ack.n, stdout);
	tally_buf_free(&ack);
	return rc;
}

static enum tally_rc
judge(FILE *file, size_t *errors, struct tally_err *err)
{
	const struct tally_judge_options options = {
		.limits = &tally_limits_default,
		.dictionary = &tally_builtin,
	};
	const struct tally_source source = { read_file, file };
	const struct tally_interchange_judged *ic;
	const struct tally_findings *list;
	struct tally_judge *j = NULL;
	enum tally_rc rc;

	rc = tally_judge_new(&j, source, 0, &options, err);
	while (rc == TALLY_OK) {
		rc = tally_judge_next(j, &ic, err);
		if (rc != TALLY_OK)
			break;
		list = tally_judge_findings(j);
		*errors += list->errors;
		if (ic == NULL)
			break; /* the end of the file */
		print_verdicts(ic, list);
		rc = print_ack(ic, list, err);
	}
	tally_judge_free(j);
	return rc;
}

int
main(int argc, char **argv)
{
	struct tally_err err;
	size_t errors = 0;
	enum tally_rc rc;
	FILE *file;

	if (argc != 2 || (file = fopen(argv[1], "rb")) == NULL) {
		fputs("usage: embed FILE\n", stderr);
		return 2;
	}
	rc = judge(file, &errors, &err);
	fclose(file);
	if (rc != TALLY_OK) {
		fprintf(stderr, "embed: %s\n", err.text);
		return 2;
	}
	return errors > 0;
}
