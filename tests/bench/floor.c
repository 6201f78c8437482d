/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor FROM TO ANSWERS: what a file system charges for many small files.
 *
 * Reads each file of a folder, writes a small one for it into ANSWERS, and
 * renames it into TO.  Nothing is looked at, nothing is synced.
 */
#define _XOPEN_SOURCE 700

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
die(const char *what)
{
	fprintf(stderr, "floor: ");
	perror(what);
	exit(1);
}

static int
folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		die(path);
	return fd;
}

static void
work(int from, int to, int answers, const char *name)
{
	static const char answer[300];
	static char bytes[1 << 16];
	int fd = openat(from, name, O_RDONLY);

	if (fd < 0)
		die(name);
	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
	close(fd);
	fd = openat(answers, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 ||
	    write(fd, answer, sizeof(answer)) != (ssize_t)sizeof(answer))
		die(name);
	close(fd);
	if (renameat(from, name, to, name) != 0)
		die(name);
}

int
main(int argc, char **argv)
{
	struct dirent **list;
	int from, to, answers, n;

	if (argc != 4) {
		fprintf(stderr, "usage: floor FROM TO ANSWERS\n");
		return 64;
	}
	from = folder(argv[1]);
	to = folder(argv[2]);
	answers = folder(argv[3]);
	n = scandir(argv[1], &list, NULL, alphasort);
	if (n < 0)
		die(argv[1]);
	for (int i = 0; i < n; i++)
		if (list[i]->d_name[0] != '.')
			work(from, to, answers, list[i]->d_name);
	return 0;
}
