/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Build tool: embed FILE … > embedded.c
 *
 * Writes each file as an array of bytes, and the table of base/embed.h.  The
 * files are given sorted by name.
 */
#include <stdio.h>
#include <string.h>

static int
emit(const char *path, int number)
{
	FILE *f = fopen(path, "rb");
	int c, n = 0;

	if (f == NULL) {
		perror(path);
		return 1;
	}
	printf("static const char file%d[] = {", number);
	while ((c = getc(f)) != EOF)
		printf("%s%d,", n++ % 16 == 0 ? "\n\t" : "",
		    c < 128 ? c : c - 256);
	printf("\n\t0 };\n");
	return ferror(f) | fclose(f);
}

int
main(int argc, char **argv)
{
	const char *name;

	printf("/* Made by src/tool/embed.c. */\n#include \"base/embed.h\"\n");
	for (int i = 1; i < argc; i++)
		if (emit(argv[i], i) != 0)
			return 1;
	printf("const struct tally_embedded tally_embedded[] = {\n");
	for (int i = 1; i < argc; i++) {
		name = strrchr(argv[i], '/');
		name = name != NULL ? name + 1 : argv[i];
		printf("\t{ \"%s\", { file%d, sizeof(file%d) - 1 } },\n", name,
		    i, i);
	}
	printf("\t{ 0 }\n};\n");
	printf("const size_t tally_nembedded = %d;\n", argc - 1);
	return fflush(stdout) != 0;
}
