/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman validate: judge files, without a workspace if need be; of one it
 * only takes the dictionary.
 *
 * Prints what flow/report.h describes, interchange by interchange, or, with
 * --ack, the acknowledgement that the receiver of the file would send back
 * and nothing else.  The exit status is 65 when a finding rejects anything,
 * and 66 when a file cannot be read; the others are judged all the same.  Many
 * files are judged by a process for each processor.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "command/answer.h"
#include "command/command.h"
#include "command/crew.h"
#include "command/input.h"
#include "command/judging.h"
#include "flow/report.h"
#include "tallyman/judge.h"

/* Of a report on one interchange, or its acknowledgement.  Findings are
 * limited in number and length, so this is never reached by honest means. */
#define OUTPUT_MAX ((size_t)256 << 20)

/* Bytes of all files below which more processes would cost more than they
 * save. */
#define CREW_MIN ((off_t)1 << 20)

struct job {
	const struct invocation *in;
	struct judging judging;
	enum answer answer;
	bool json;
	struct answer_time when;
	struct tally_buf out;
	char *const *file;
	bool errors; /* of the file in hand */
	bool any_errors;
	int status;
};

static void
report(struct job *job, const char *file,
    const struct tally_interchange_judged *ic,
    const struct tally_findings *findings)
{
	const struct report r = {
		.file = file, .json = job->json, .color = job->in->color
	};

	if (ic != NULL)
		report_interchange(&job->out, &r, ic, findings);
	report_outside(&job->out, &r, ic, findings);
}

static enum tally_rc
put(struct job *job, const char *file,
    const struct tally_interchange_judged *ic,
    const struct tally_findings *findings, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	tally_buf_reset(&job->out);
	if (job->answer == ANSWER_NONE && !job->in->quiet)
		report(job, file, ic, findings);
	else if (job->answer != ANSWER_NONE && ic != NULL)
		rc = answer_write(
		    &job->out, ic, findings, job->answer, &job->when, err);
	if (rc == TALLY_OK && job->out.failed)
		rc = tally_err_set(err, TALLY_NOMEM,
		    "there is no memory for the report on %s", file);
	if (rc == TALLY_OK && job->out.n > 0)
		fwrite(job->out.p, 1, job->out.n, stdout);
	return rc;
}

static enum tally_rc
judge_file(struct job *job, const char *name, struct tally_err *err)
{
	struct tally_judge_options options = { .ctx = NULL };
	const struct tally_interchange_judged *ic = NULL;
	const struct tally_findings *findings;
	struct tally_judge *judge = NULL;
	struct input input;
	enum tally_rc rc;

	rc = input_open(&input, name, err);
	if (rc != TALLY_OK)
		return rc;
	judging_options(&job->judging, &options);
	rc = tally_judge_new(&judge, input_source(&input), 0, &options, err);
	while (rc == TALLY_OK) {
		rc = tally_judge_next(judge, &ic, err);
		if (rc != TALLY_OK)
			break;
		findings = tally_judge_findings(judge);
		job->errors |= findings->errors > 0;
		rc = put(job, name, ic, findings, err);
		if (ic == NULL)
			break;
	}
	tally_judge_free(judge);
	input_close(&input);
	return rc;
}

static int
option(struct job *job, const char *arg)
{
	enum answer answer =
	    strncmp(arg, "--ack=", 6) == 0 ? answer_find(arg + 6) : ANSWER_NONE;

	if (answer != ANSWER_NONE)
		job->answer = answer;
	else if (strncmp(arg, "--ack", 5) == 0)
		return command_usage(
		    &command_validate, "--ack is ta1, 997 or 999");
	else if (strcmp(arg, "--json") == 0)
		job->json = true;
	else if (strcmp(arg, "--guide") == 0)
		return command_usage(
		    &command_validate, "--guide needs the file of a guide");
	else
		return command_usage(
		    &command_validate, "there is no such option");
	return EX_OK;
}

/* What became of a file, as one number: an exit status, and findings. */
#define ERRORS 0x100

static int
judge_one(void *ctx, size_t i)
{
	struct job *job = ctx;
	struct tally_err err;
	int status = EX_OK;

	job->errors = false;
	if (judge_file(job, job->file[i], &err) != TALLY_OK)
		status = command_fail(&err);
	return status | (job->errors ? ERRORS : 0);
}

static void
judged(void *ctx, int result)
{
	struct job *job = ctx;

	job->any_errors |= (result & ERRORS) != 0;
	if ((result & ~ERRORS) != EX_OK)
		job->status = result & ~ERRORS;
}

/* How many processes are worth while.  Standard input cannot be shared. */
static size_t
hands(char *const *file, size_t n)
{
	struct stat sb;
	off_t size = 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(file[i], "-") == 0)
			return 1;
		if (stat(file[i], &sb) == 0 && S_ISREG(sb.st_mode))
			size += sb.st_size;
	}
	return size < CREW_MIN ? 1 : crew_size();
}

static int
validate(const struct invocation *in, int argc, char **argv)
{
	struct job job = { .in = in, .json = in->json };
	struct crew crew = { &job, judge_one, judged };
	struct tally_err err;
	int i = 1, status = EX_OK;

	for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		if (judging_option(&job.judging, argc, argv, &i))
			continue;
		status = option(&job, argv[i]);
		if (status != EX_OK)
			return status;
	}
	if (i == argc)
		return command_usage(&command_validate,
		    "the file is missing; - is standard input");
	if (judging_load(&job.judging, in->dir, &err) != TALLY_OK) {
		status = command_fail(&err);
		goto out;
	}
	job.when = answer_time(&in->clock);
	tally_buf_init(&job.out, OUTPUT_MAX);
	job.file = argv + i;
	crew_work(
	    &crew, (size_t)(argc - i), hands(job.file, (size_t)(argc - i)));
	status = job.status;
	tally_buf_free(&job.out);
out:
	judging_free(&job.judging);
	if (status == EX_OK && job.any_errors)
		status = EX_DATAERR;
	return status;
}

const struct command command_validate = {
	.name = "validate",
	.synopsis = "[--ack=ta1|997|999] " JUDGING_SYNOPSIS " [--json] FILE...",
	.summary = "say what is wrong with X12 files, or how they are answered",
	.run = validate,
};
