/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Build tool: model > model.c
 *
 * Reads the embedded records.xml and writes it as const tables with
 * tally_model_built_in.  A text that is wrong stops the build.
 */
#include <stdio.h>

#include "base/embed.h"
#include "record/model.h"

static void
put_string(const char *s)
{
	putchar('"');
	for (; *s != '\0'; s++)
		if (*s == '"' || *s == '\\' || *s == '?')
			printf("\\%c", *s);
		else if (*s < ' ' || *s > '~')
			printf("\\%03o", (unsigned char)*s);
		else
			putchar(*s);
	putchar('"');
}

static void
put_numbers(const char *name, unsigned table, const uint16_t *v, uint16_t n)
{
	printf("static const uint16_t %s%u[] = { ", name, table);
	for (uint16_t i = 0; i < n; i++)
		printf("%u, ", v[i]);
	printf("0 };\n");
}

static void
put_column(const struct tally_column *c)
{
	printf("\t{ ");
	put_string(c->name);
	printf(", %d, %d, ", (int)c->type, c->search);
	put_string(c->note);
	if (c->local == NULL)
		printf(", NULL },\n");
	else
		printf(", &(const struct tally_local){ %u, %u, %u } },\n",
		    c->local->date, c->local->time, c->local->zone);
}

/* What a table consists of; a last one is never looked at, for there may be
 * no other. */
static void
put_parts(unsigned i, const struct tally_table *t)
{
	printf("static const struct tally_column column%u[] = {\n", i);
	for (uint16_t c = 0; c < t->ncolumn; c++)
		put_column(&t->column[c]);
	printf("\t{ 0 }\n};\n");
	printf("static const struct tally_reference reference%u[] = {\n", i);
	for (uint16_t r = 0; r < t->nreference; r++) {
		printf("\t{ ");
		put_string(t->reference[r].name);
		printf(", %u },\n", t->reference[r].table);
	}
	printf("\t{ 0 }\n};\n");
	put_numbers("instant", i, t->instant, t->ninstant);
}

static void
put_table(unsigned i, const struct tally_table *t)
{
	printf("\t{ ");
	put_string(t->name);
	printf(", ");
	put_string(t->note);
	printf(", %d, reference%u, %u, column%u, %u, { ", t->head, i,
	    t->nreference, i, t->ncolumn);
	for (int k = 0; k < TALLY_KEYS_MAX; k++)
		printf("%u, ", t->key[k]);
	printf("}, %u, instant%u, %u },\n", t->nkey, i, t->ninstant);
}

static void
put_model(const struct tally_model *m)
{
	printf(
	    "/* Made by src/tool/model.c. */\n#include \"record/model.h\"\n");
	for (uint16_t i = 0; i < m->ntable; i++)
		put_parts(i, &m->table[i]);
	printf("static const struct tally_table table[] = {\n");
	for (uint16_t i = 0; i < m->ntable; i++)
		put_table(i, &m->table[i]);
	printf("};\n");
	put_numbers("timed", 0, m->timed, m->ntimed);
	printf("const struct tally_model tally_model_built_in = {\n"
	       "\t.table = table,\n\t.ntable = %u,\n"
	       "\t.timed = timed0,\n\t.ntimed = %u,\n\t.hash = { ",
	    m->ntable, m->ntimed);
	for (size_t i = 0; i < sizeof(m->hash); i++)
		printf("%u, ", m->hash[i]);
	printf("}\n};\n");
}

int
main(void)
{
	struct tally_model *m;
	struct tally_err err;

	if (tally_model_read(&m, "records.xml",
		tally_embedded_find("records.xml"), &err) != TALLY_OK) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	put_model(m);
	tally_model_free(m);
	return fflush(stdout) != 0;
}
