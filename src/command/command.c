/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands share; see command.h. */
#include "command/command.h"

#include <string.h>
#include <sysexits.h>

#include "base/text.h"
#include "tallyman/mem.h"

#define TEXT_MAX (64u << 10)

int
command_fail(const struct tally_err *err)
{
	struct tally_buf b;

	tally_buf_init(&b, TEXT_MAX);
	if (err->file[0] != '\0') {
		tally_text_safe(&b, tally_cstr(err->file));
		if (err->line != 0)
			tally_buf_printf(&b, ":%u", err->line);
		tally_buf_puts(&b, ": ");
	}
	tally_text_safe(&b, tally_cstr(err->text));
	fprintf(stderr, "tallyman: %s\n", b.p != NULL ? b.p : err->text);
	tally_buf_free(&b);
	return tally_rc_exit(err->rc);
}

int
command_usage(const struct command *c, const char *why)
{
	fprintf(stderr,
	    "tallyman: %s: %s\nusage: tallyman [OPTION...] %s%s%s\n", c->name,
	    why, c->name, c->synopsis[0] != '\0' ? " " : "", c->synopsis);
	return EX_USAGE;
}

int
command_no_arguments(const struct command *c, int argc, char **argv)
{
	char why[128];

	if (argc < 2)
		return EX_OK;
	snprintf(why, sizeof(why), "%s is not expected",
	    argv[1][0] == '-' ? "an option" : "an argument");
	return command_usage(c, why);
}

void
command_print_safe(FILE *to, const char *text)
{
	struct tally_buf b;

	tally_buf_init(&b, TEXT_MAX);
	tally_text_safe(&b, tally_cstr(text));
	fputs(b.p != NULL ? b.p : "", to);
	tally_buf_free(&b);
}

void
command_print_json(FILE *to, const char *text)
{
	struct tally_buf b;

	if (text == NULL) {
		fputs("null", to);
		return;
	}
	tally_buf_init(&b, TEXT_MAX);
	tally_text_json(&b, tally_cstr(text));
	fputs(b.p != NULL && !b.failed ? b.p : "null", to);
	tally_buf_free(&b);
}
