/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Build tool: dictionary DIR … > dictionary.c
 *
 * Reads the folders of dictionary text, each named as its version and given
 * behind those it is based on, and writes them as const tables with
 * tally_builtin.  Text that is wrong stops the build, and so does a set whose
 * grammar is ambiguous.  A code list that a version inherits unchanged is
 * written once.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tallyman/x12.h"
#include "x12/dictionary_text.h"

#define VERSIONS_MAX 32
#define FILES_MAX    512

static const struct tally_version *versions[VERSIONS_MAX];
static struct tally_dictionary known = { versions, 0 };
static struct tally_arena arena;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static struct tally_str
read_file(const char *path)
{
	struct tally_str text;
	struct tally_buf b;
	char block[8192];
	size_t n;
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		die(path);
	tally_buf_init(&b, 16 << 20);
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		tally_buf_add(&b, block, n);
	if (ferror(f) || b.failed)
		die(path);
	fclose(f);
	text = tally_arena_str(&arena, tally_buf_view(&b));
	if (text.p == NULL)
		die(path);
	tally_buf_free(&b);
	return text;
}

static char *
copy(const char *s)
{
	char *p = tally_arena_cstr(&arena, tally_cstr(s));

	if (p == NULL)
		die("dictionary");
	return p;
}

static size_t
read_folder(const char *dir, struct tally_dictionary_file *file)
{
	char path[1024];
	struct dirent *entry;
	size_t n = 0;
	DIR *d = opendir(dir);

	if (d == NULL)
		die(dir);
	while ((entry = readdir(d)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (n == FILES_MAX) {
			fprintf(
			    stderr, "%s: more than %d files\n", dir, FILES_MAX);
			exit(1);
		}
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		file[n].name = copy(entry->d_name);
		file[n].path = copy(path);
		file[n].text = read_file(path);
		n++;
	}
	closedir(d);
	return n;
}

static void
prove(const char *dir, const struct tally_version *v)
{
	struct tally_grammar *g;
	struct tally_err err = { 0 };

	for (uint32_t i = 0; i < v->nset; i++) {
		if (tally_grammar_new(&g, v, &v->set[i], &err) != TALLY_OK) {
			fprintf(
			    stderr, "%s/%s: %s\n", dir, v->set[i].id, err.text);
			exit(1);
		}
		tally_grammar_free(g);
	}
}

static void
read_version(const char *dir)
{
	static struct tally_dictionary_file file[FILES_MAX];
	const char *slash = strrchr(dir, '/');
	const char *name = slash != NULL ? slash + 1 : dir;
	struct tally_err err = { 0 };
	size_t n = read_folder(dir, file);

	if (known.nversion == VERSIONS_MAX ||
	    (known.nversion > 0 &&
		strcmp(versions[known.nversion - 1]->version, name) >= 0)) {
		fprintf(stderr,
		    "%s: folders are given in the order of their "
		    "names, at most %d\n",
		    dir, VERSIONS_MAX);
		exit(1);
	}
	if (tally_dictionary_text(&versions[known.nversion], &arena, name, file,
		n, &known, &err) != TALLY_OK) {
		fprintf(stderr, "%s:%u: %s\n",
		    err.file[0] != '\0' ? err.file : dir, err.line, err.text);
		exit(1);
	}
	prove(dir, versions[known.nversion++]);
}

static void
put_string(const char *s)
{
	putchar('"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\' || *s == '?')
			putchar('\\');
		putchar(*s);
	}
	putchar('"');
}

/* The version whose element first had this list: its name is the table's. */
static const char *
code_owner(size_t nversion, const char *id, const struct tally_code *code)
{
	const struct tally_element *e;

	for (size_t i = 0; i < nversion; i++) {
		e = tally_element_find(versions[i], tally_cstr(id));
		if (e != NULL && e->code == code)
			return versions[i]->version;
	}
	return NULL;
}

static void
put_codes(size_t nth, const struct tally_element *e)
{
	if (e->ncode == 0 || code_owner(nth, e->id, e->code) != NULL)
		return;
	printf("static const struct tally_code c%s_%s[] = {\n",
	    versions[nth]->version, e->id);
	for (uint32_t i = 0; i < e->ncode; i++) {
		printf("\t{ ");
		put_string(e->code[i].code);
		printf(", ");
		put_string(e->code[i].meaning);
		printf(", %u },\n", e->code[i].check);
	}
	printf("};\n");
}

static void
put_uses(const struct tally_version *v, const char *kind, const char *id,
    const struct tally_use *use, uint32_t n)
{
	if (n == 0)
		return;
	printf("static const struct tally_use u%s_%s_%s[] = {\n", v->version,
	    kind, id);
	for (uint32_t i = 0; i < n; i++)
		printf("\t{ &e%s[%zu], '%c', %u }, /* %s */\n", v->version,
		    (size_t)(use[i].element - v->element), use[i].requirement,
		    use[i].repeat, use[i].element->id);
	printf("};\n");
}

static void
put_notes(const struct tally_version *v, const char *kind, const char *id,
    const struct tally_note *note, uint32_t n)
{
	if (n == 0)
		return;
	printf("static const struct tally_note n%s_%s_%s[] = {\n", v->version,
	    kind, id);
	for (uint32_t i = 0; i < n; i++)
		printf("\t{ '%c', %u, UINT64_C(0x%llx) },\n", note[i].kind,
		    note[i].first, (unsigned long long)note[i].mask);
	printf("};\n");
}

/* ", u…, 2, n…, 1": tables of uses and notes, null where there are none. */
static void
put_layout(const struct tally_version *v, const char *kind, const char *id,
    uint32_t nuse, uint32_t nnote)
{
	if (nuse > 0)
		printf(", u%s_%s_%s, %u", v->version, kind, id, nuse);
	else
		printf(", 0, 0");
	if (nnote > 0)
		printf(", n%s_%s_%s, %u", v->version, kind, id, nnote);
	else
		printf(", 0, 0");
}

static void
put_elements(size_t nth)
{
	const struct tally_version *v = versions[nth];
	const struct tally_element *e;
	const char *owner;

	printf("static const struct tally_element e%s[%u];\n", v->version,
	    v->nelement);
	for (uint32_t i = 0; i < v->nelement; i++) {
		e = &v->element[i];
		put_codes(nth, e);
		put_uses(v, "e", e->id, e->use, e->nuse);
		put_notes(v, "e", e->id, e->note, e->nnote);
	}
	printf("static const struct tally_element e%s[%u] = {\n", v->version,
	    v->nelement);
	for (uint32_t i = 0; i < v->nelement; i++) {
		e = &v->element[i];
		printf("\t{ \"%s\", ", e->id);
		put_string(e->name);
		printf(
		    ", %u, %u, %u, %u, ", e->type, e->decimals, e->min, e->max);
		owner = code_owner(nth + 1, e->id, e->code);
		if (e->ncode > 0)
			printf("c%s_%s, %u", owner, e->id, e->ncode);
		else
			printf("0, 0");
		printf(", %d, %d", e->open, e->checks);
		put_layout(v, "e", e->id, e->nuse, e->nnote);
		printf(" },\n");
	}
	printf("};\n");
}

static void
put_segments(const struct tally_version *v)
{
	const struct tally_segment_spec *s;

	for (uint32_t i = 0; i < v->nsegment; i++) {
		s = &v->segment[i];
		put_uses(v, "s", s->tag, s->use, s->nuse);
		put_notes(v, "s", s->tag, s->note, s->nnote);
	}
	printf(
	    "static const struct tally_segment_spec s%s[] = {\n", v->version);
	for (uint32_t i = 0; i < v->nsegment; i++) {
		s = &v->segment[i];
		printf("\t{ \"%s\", ", s->tag);
		put_string(s->name);
		put_layout(v, "s", s->tag, s->nuse, s->nnote);
		printf(" },\n");
	}
	printf("};\n");
}

static void
put_set_tables(const struct tally_version *v, const struct tally_set_spec *set)
{
	const struct tally_place *p;
	const struct tally_loop *l;
	const struct tally_total *t;

	printf("static const struct tally_place p%s_%s[] = {\n", v->version,
	    set->id);
	for (uint32_t i = 0; i < set->nplace; i++) {
		p = &set->place[i];
		printf("\t{ \"%s\", &s%s[%zu], '%c', %u, %u }, /* %s */\n",
		    p->pos, v->version, (size_t)(p->segment - v->segment),
		    p->requirement, p->max, p->loop, p->segment->tag);
	}
	printf("};\nstatic const struct tally_loop l%s_%s[] = {\n", v->version,
	    set->id);
	for (uint32_t i = 0; i < set->nloop; i++) {
		l = &set->loop[i];
		printf("\t{ \"%s\", %u, %u, %u, '%c', %u },\n", l->path,
		    l->parent, l->first, l->last, l->requirement, l->max);
	}
	printf("};\n");
	if (set->ntotal == 0)
		return;
	printf("static const struct tally_total t%s_%s[] = {\n", v->version,
	    set->id);
	for (uint32_t i = 0; i < set->ntotal; i++) {
		t = &set->total[i];
		printf("\t{ \"%s\", %u, \"%s\", %u },\n", t->tag, t->element,
		    t->of, t->of_element);
	}
	printf("};\n");
}

static void
put_sets(const struct tally_version *v)
{
	const struct tally_set_spec *set;

	if (v->nset == 0)
		return;
	for (uint32_t i = 0; i < v->nset; i++)
		put_set_tables(v, &v->set[i]);
	printf("static const struct tally_set_spec x%s[] = {\n", v->version);
	for (uint32_t i = 0; i < v->nset; i++) {
		set = &v->set[i];
		printf("\t{ \"%s\", \"%s\", \"%s\", ", set->id, v->version,
		    set->functional);
		put_string(set->name);
		printf(", p%s_%s, %u, l%s_%s, %u, ", v->version, set->id,
		    set->nplace, v->version, set->id, set->nloop);
		if (set->ntotal > 0)
			printf("t%s_%s, %u },\n", v->version, set->id,
			    set->ntotal);
		else
			printf("0, 0 },\n");
	}
	printf("};\n");
}

int
main(int argc, char **argv)
{
	const struct tally_version *v;

	tally_arena_init(&arena, 256 << 20);
	for (int i = 1; i < argc; i++)
		read_version(argv[i]);
	printf("/* Made by src/tool/dictionary.c. */\n"
	       "#include \"tallyman/dictionary.h\"\n");
	for (size_t i = 0; i < known.nversion; i++) {
		v = versions[i];
		put_elements(i);
		put_segments(v);
		put_sets(v);
		printf("static const struct tally_version v%s = { \"%s\", "
		       "e%s, %u, s%s, %u, ",
		    v->version, v->version, v->version, v->nelement, v->version,
		    v->nsegment);
		if (v->nset > 0)
			printf("x%s, %u };\n", v->version, v->nset);
		else
			printf("0, 0 };\n");
	}
	printf("static const struct tally_version *const v[] = {");
	for (size_t i = 0; i < known.nversion; i++)
		printf(" &v%s,", versions[i]->version);
	printf(" };\nconst struct tally_dictionary tally_builtin = { v, %zu "
	       "};\n",
	    known.nversion);
	return fflush(stdout) != 0;
}
