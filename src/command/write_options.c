/* SPDX-License-Identifier: Apache-2.0 */
/* Options of tallyman write; see writing.h. */
#include "command/writing.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "command/command.h"
#include "x12/write.h"

static const char document_option[] = "--document=";

int64_t
writing_document(const char *arg)
{
	size_t length = sizeof(document_option) - 1, n;
	const char *v = arg + length;

	if (strncmp(arg, document_option, length) != 0)
		return 0;
	n = strspn(v, "0123456789");
	return n > 0 && n < 19 && v[n] == '\0' ? strtoll(v, NULL, 10) : 0;
}

/* QUALIFIER/ID. */
static bool
take_id(const char *v, char qualifier[3], const char **q, const char **id)
{
	if (strlen(v) < 4 || strlen(v) > 18 || v[2] != '/')
		return false;
	memcpy(qualifier, v, 2);
	*q = qualifier;
	*id = v + 3;
	return true;
}

static bool
take_separators(struct writing *w, const char *v)
{
	size_t n = strlen(v);

	if (n != 3 && n != 4)
		return false;
	w->separators = (struct tally_separators){ (unsigned char)v[0],
		(unsigned char)v[1], (unsigned char)v[2], (unsigned char)v[3] };
	w->options.asked.separators = &w->separators;
	return tally_separators_ok(&w->separators);
}

static bool
take_line_end(struct writing *w, const char *v)
{
	static const char *const words[] = { "none", "lf", "crlf" };

	for (unsigned i = 0; i < 3; i++)
		if (strcmp(words[i], v) == 0) {
			w->line_end = (enum site_line_end)i;
			w->options.asked.line_end = &w->line_end;
			return true;
		}
	return false;
}

static bool
take_replacement(struct writing *w, const char *v)
{
	w->replacement[0] = strcmp(v, "none") == 0 ? '\0' : *v;
	w->options.asked.replacement = w->replacement;
	return strcmp(v, "none") == 0 ||
	    (strlen(v) == 1 && *v >= ' ' && *v <= '~');
}

static bool
take_usage(struct writing *w, const char *v)
{
	w->options.asked.usage = *v == 't' ? 'T' : 'P';
	return strcmp(v, "test") == 0 || strcmp(v, "production") == 0;
}

static bool
take_control(struct writing *w, const char *v)
{
	char *rest;
	unsigned long n = strtoul(v, &rest, 10);

	w->options.asked.control = (uint32_t)n;
	return *v >= '0' && *v <= '9' && *rest == '\0' && n > 0 &&
	    n <= 999999999;
}

static bool
take_sender(struct writing *w, const char *v)
{
	struct compose_asked *a = &w->options.asked;

	return take_id(
	    v, w->sender_qualifier, &a->sender_qualifier, &a->sender);
}

static bool
take_receiver(struct writing *w, const char *v)
{
	struct compose_asked *a = &w->options.asked;

	return take_id(
	    v, w->receiver_qualifier, &a->receiver_qualifier, &a->receiver);
}

static bool
take_map(struct writing *w, const char *v)
{
	w->options.asked.map = v;
	return *v != '\0';
}

static bool
take_version(struct writing *w, const char *v)
{
	w->options.asked.version = v;
	return *v != '\0';
}

static bool
take_hierarchy(struct writing *w, const char *v)
{
	w->options.asked.hierarchy = v;
	return *v != '\0';
}

static bool
take_document(struct writing *w, const char *v)
{
	w->ndocument++;
	return writing_document(v - (sizeof(document_option) - 1)) > 0;
}

static bool
take_script(struct writing *w, const char *v)
{
	w->script = v;
	return *v != '\0';
}

static bool
take_set(struct writing *w, const char *v)
{
	w->set = v;
	return *v != '\0';
}

static const struct {
	const char *name;
	bool (*take)(struct writing *, const char *value);
	const char *expected;
} options[] = {
	{ "--sender=", take_sender,
	    "--sender is QUALIFIER/ID as ZZ/MYCOMPANY" },
	{ "--receiver=", take_receiver,
	    "--receiver is QUALIFIER/ID as 01/123456789" },
	{ "--map=", take_map, "--map is the name of a map" },
	{ "--version=", take_version, "--version is one such as 004010" },
	{ "--hierarchy=", take_hierarchy,
	    "--hierarchy is codes of levels such as \"S O P I\"" },
	{ "--usage=", take_usage, "--usage is production or test" },
	{ "--separators=", take_separators,
	    "--separators is three or four different characters, no letters, "
	    "digits or blanks" },
	{ "--line-end=", take_line_end, "--line-end is none, lf or crlf" },
	{ "--replacement=", take_replacement,
	    "--replacement is one printable character, or none" },
	{ "--control=", take_control,
	    "--control is a number from 1 to 999999999" },
	{ document_option, take_document,
	    "--document is the id of a document, a whole number" },
	{ "--script=", take_script, "--script is the name of a file" },
	{ "--set=", take_set, "--set is one such as 940" },
};

int
writing_option(struct writing *w, int argc, char **argv, int *i)
{
	for (size_t k = 0; k < sizeof(options) / sizeof(options[0]); k++) {
		size_t n = strlen(options[k].name);

		if (strncmp(argv[*i], options[k].name, n) != 0)
			continue;
		return options[k].take(w, argv[*i] + n)
		    ? EX_OK
		    : command_usage(&command_write, options[k].expected);
	}
	if (strcmp(argv[*i], "--send") == 0) {
		w->send = true;
		return EX_OK;
	}
	return judging_option(&w->judging, argc, argv, i)
	    ? EX_OK
	    : command_usage(&command_write, "there is no such option");
}

const char *
writing_mismatch(const struct writing *w, bool files)
{
	if (w->send &&
	    (w->judging.name == NULL || w->options.asked.control != 0))
		return "--send needs --partner, and draws its own numbers";
	if (w->ndocument > 0 && files)
		return "--document and files do not go together";
	if (w->script != NULL && w->ndocument == 0)
		return "--script needs a --document";
	if ((w->script != NULL) != (w->set != NULL))
		return "--script and --set go together";
	return NULL;
}
