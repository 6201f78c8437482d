/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman map: which maps there are, and what one comes to.
 *
 * JSON: an object for each map, "type" "map": "name", "set" (null: a library)
 * and "versions"; of one map, "type" "effective" or "dump": "name",
 * "version" and "text".
 */
#include "command/command.h"

#include <string.h>
#include <sysexits.h>

#include "base/text.h"
#include "command/judging.h"

#define TEXT_MAX ((size_t)64 << 20)

struct asked {
	const struct invocation *in;
	const char *name, *version;
	bool dump;
	struct judging judging;
};

/* --- all of them --- */

/* versions is "", or has a blank before each. */
static void
print_entry(const struct asked *a, const char *name, const char *set,
    const char *versions)
{
	size_t n;

	if (!a->in->json) {
		command_print_safe(stdout, name);
		printf(": %s%s%s\n", *set != '\0' ? "set " : "a library", set,
		    versions);
		return;
	}
	fputs("{\"type\":\"map\",\"name\":", stdout);
	command_print_json(stdout, name);
	fputs(",\"set\":", stdout);
	command_print_json(stdout, *set != '\0' ? set : NULL);
	fputs(",\"versions\":[", stdout);
	for (const char *sep = ""; *versions != '\0'; sep = ",") {
		n = strcspn(++versions, " ");
		printf("%s\"%.*s\"", sep, (int)n, versions);
		versions += n;
	}
	fputs("]}\n", stdout);
}

static enum tally_rc
list(struct asked *a, struct tally_err *err)
{
	const struct tally_dictionary *d = &a->judging.dictionary->d;
	struct tally_map *const *map;
	const char *set;
	struct tally_buf b;
	enum tally_rc rc = TALLY_OK;

	tally_buf_init(&b, TEXT_MAX);
	for (size_t i = 0; i < maps_n(a->judging.maps) && rc == TALLY_OK; i++) {
		rc = maps_at(a->judging.maps, i, &map, err);
		set = "";
		tally_buf_reset(&b);
		tally_buf_puts(&b, "");
		for (size_t k = 0; rc == TALLY_OK && k < d->nversion; k++) {
			if (map[k] == NULL)
				continue;
			set = tally_map_set(map[k]);
			tally_buf_printf(&b, " %s", d->version[k]->version);
		}
		if (rc == TALLY_OK)
			print_entry(a, maps_name(a->judging.maps, i), set,
			    b.n > 0 ? b.p : "");
	}
	tally_buf_free(&b);
	return rc;
}

/* --- one --- */

static void
print_text(const struct asked *a, const char *version, struct tally_str text)
{
	struct tally_buf b;

	if (!a->in->json) {
		fwrite(text.p, 1, text.n, stdout);
		return;
	}
	tally_buf_init(&b, TEXT_MAX);
	tally_text_json(&b, text);
	printf("{\"type\":\"%s\",\"name\":", a->dump ? "dump" : "effective");
	command_print_json(stdout, a->name);
	printf(",\"version\":\"%s\",\"text\":%s}\n", version,
	    b.failed ? "null" : b.p);
	tally_buf_free(&b);
}

/* The version that is asked for; else the first that there is a map for. */
static enum tally_rc
choose(struct asked *a, struct tally_map *const *map, size_t *version,
    struct tally_err *err)
{
	const struct tally_dictionary *d = &a->judging.dictionary->d;
	bool any = false;

	for (*version = 0; *version < d->nversion; ++*version) {
		any |= map[*version] != NULL;
		if (map[*version] != NULL &&
		    (a->version == NULL ||
			strcmp(d->version[*version]->version, a->version) == 0))
			return TALLY_OK;
	}
	if (!any)
		return tally_err_set(err, TALLY_USAGE,
		    "%s is a library; name a map that uses it", a->name);
	return tally_err_set(err, TALLY_USAGE,
	    "the map %s is not for version %s; tallyman map lists the versions "
	    "of each",
	    a->name, a->version);
}

static enum tally_rc
print(struct asked *a, size_t i, struct tally_map *const *map,
    struct tally_err *err)
{
	const struct tally_dictionary *d = &a->judging.dictionary->d;
	struct tally_buf b;
	size_t version;
	enum tally_rc rc = choose(a, map, &version, err);

	if (rc != TALLY_OK)
		return rc;
	tally_buf_init(&b, TEXT_MAX);
	if (a->dump)
		tally_map_dump(map[version], &b);
	else
		rc = maps_effective(
		    a->judging.maps, i, d->version[version], &b, err);
	if (rc == TALLY_OK && b.failed)
		rc = tally_err_set(err, TALLY_NOMEM, "no memory for the text");
	if (rc == TALLY_OK)
		print_text(a, d->version[version]->version, tally_buf_view(&b));
	tally_buf_free(&b);
	return rc;
}

static enum tally_rc
show(struct asked *a, struct tally_err *err)
{
	struct maps *maps = a->judging.maps;
	struct tally_map *const *map;
	size_t i = 0;
	enum tally_rc rc;

	while (strcmp(maps_name(maps, i), a->name) != 0)
		i++; /* it is there: judging_maps has looked for it */
	rc = maps_at(maps, i, &map, err);
	return rc == TALLY_OK ? print(a, i, map, err) : rc;
}

static int
work(struct asked *a)
{
	struct tally_err err;
	enum tally_rc rc = judging_load(&a->judging, a->in->dir, &err);

	if (rc == TALLY_OK)
		rc = judging_maps(&a->judging, a->in->dir, a->name, &err);
	if (rc == TALLY_OK)
		rc = a->name != NULL ? show(a, &err) : list(a, &err);
	judging_free(&a->judging);
	return rc == TALLY_OK ? EX_OK : command_fail(&err);
}

static int
run(const struct invocation *in, int argc, char **argv)
{
	struct asked a = { .in = in };
	bool effective = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--dump") == 0)
			a.dump = true;
		else if (strcmp(argv[i], "--effective") == 0)
			effective = true;
		else if (strncmp(argv[i], "--version=", 10) == 0)
			a.version = argv[i] + 10;
		else if (argv[i][0] != '-' && a.name == NULL)
			a.name = argv[i];
		else
			return command_usage(&command_map,
			    "the options are --effective, --dump and "
			    "--version=VERSION, with one name");
	}
	if (a.dump && effective)
		return command_usage(
		    &command_map, "--effective and --dump exclude each other");
	if (a.name == NULL && (a.dump || effective || a.version != NULL))
		return command_usage(&command_map, "the map's name is missing");
	return work(&a);
}

const struct command command_map = {
	.name = "map",
	.synopsis = "[[--effective|--dump] [--version=VERSION] NAME]",
	.summary = "list the maps, or show what one comes to",
	.run = run,
};
