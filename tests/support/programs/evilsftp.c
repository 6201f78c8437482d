/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evilsftp FOLDER : an SFTP server on standard input and output that serves
 * the files of FOLDER/root, which is flat, and misbehaves in the one way whose
 * name is in FOLDER/rule.
 *
 * A real sshd runs it as its subsystem and does all cryptography.  It uses no
 * code of ours, and ends itself after a while: a session that stalls may
 * outlive its sshd.  The rules are the rows of evilsftp.def.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum rule {
#define R(rule, name) rule,
#include "evilsftp.def"
#undef R
	RULES
};
static const char *const names[RULES] = {
#define R(rule, name) name,
#include "evilsftp.def"
#undef R
};

#define SECONDS 60
#define MAX     (300u * 1024)

static enum rule rule;
static int folder; /* its descriptor */
static int files[64];
static unsigned nopen, listings, reads;
static char written[4097]; /* the name that was created last */

/* A packet that is being made, and one that is kept back. */
static unsigned char out[MAX], kept[MAX];
static size_t out_n, kept_n;

static void
quit(void)
{
	_exit(0);
}

static void
write_all(const unsigned char *p, size_t n)
{
	ssize_t done;

	while (n > 0) {
		done = write(1, p, n);
		if (done <= 0)
			quit();
		p += done;
		n -= (size_t)done;
	}
}

static void
read_all(unsigned char *p, size_t n)
{
	ssize_t done;

	while (n > 0) {
		done = read(0, p, n);
		if (done <= 0)
			quit();
		p += done;
		n -= (size_t)done;
	}
}

static void
u32(uint32_t v)
{
	out[out_n++] = (unsigned char)(v >> 24);
	out[out_n++] = (unsigned char)(v >> 16);
	out[out_n++] = (unsigned char)(v >> 8);
	out[out_n++] = (unsigned char)v;
}

static void
bytes(const void *p, size_t n)
{
	u32((uint32_t)n);
	if (n > 0)
		memcpy(out + out_n, p, n);
	out_n += n;
}

static void
begin(unsigned char type, uint32_t id)
{
	out_n = 4;
	out[out_n++] = type;
	u32(id);
}

static void
send_packet(void)
{
	size_t n = out_n;

	out_n = 0;
	u32((uint32_t)(n - 4));
	write_all(out, n);
}

static void
status(uint32_t id, uint32_t code, const char *text)
{
	begin(101, id);
	u32(code);
	if (rule != OLD) {
		bytes(text, strlen(text));
		bytes("", 0);
	}
	send_packet();
}

static void
failed(uint32_t id)
{
	uint32_t code = errno == ENOENT ? 2 : errno == EACCES ? 3 : 4;

	status(id, code, strerror(errno));
}

static void
attrs(const struct stat *sb, uint64_t more)
{
	uint64_t size = (uint64_t)sb->st_size + more;

	if (rule == NO_ATTRS) {
		u32(0);
		return;
	}
	u32(0x1 | 0x4 | 0x8);
	u32((uint32_t)(size >> 32));
	u32((uint32_t)size);
	u32(sb->st_mode);
	u32((uint32_t)sb->st_atime);
	u32((uint32_t)sb->st_mtime);
}

/* A request: a cursor over its bytes; what is missing reads as nothing. */
struct request {
	const unsigned char *p, *end;
};

static uint32_t
get32(struct request *q)
{
	uint32_t v;

	if (q->end - q->p < 4)
		quit();
	v = (uint32_t)q->p[0] << 24 | (uint32_t)q->p[1] << 16 |
	    (uint32_t)q->p[2] << 8 | q->p[3];
	q->p += 4;
	return v;
}

static const unsigned char *
get_bytes(struct request *q, size_t *n)
{
	const unsigned char *p;

	*n = get32(q);
	if ((size_t)(q->end - q->p) < *n)
		quit();
	p = q->p;
	q->p += *n;
	return p;
}

/* The last component of a path: there is but one folder here. */
static const char *
get_name(struct request *q, char name[4097])
{
	size_t n;
	const unsigned char *p = get_bytes(q, &n);
	char *slash;

	if (n > 4096)
		quit();
	memcpy(name, p, n);
	name[n] = '\0';
	slash = strrchr(name, '/');
	return slash != NULL ? slash + 1 : name;
}

static unsigned
get_handle(struct request *q)
{
	size_t n;
	const unsigned char *p = get_bytes(q, &n);

	if (n != 1 || p[0] >= sizeof(files) / sizeof(files[0]))
		quit();
	return p[0];
}

static void
send_handle(uint32_t id, int fd)
{
	unsigned char h = 0;

	while (files[h] >= 0)
		h++;
	files[h] = fd;
	begin(102, id);
	bytes(&h, 1);
	send_packet();
}

static void
do_open(uint32_t id, struct request *q)
{
	char path[4097];
	const char *name = get_name(q, path);
	uint32_t flags = get32(q);
	int fd;

	if (rule == ONE_FILE && nopen > 0) {
		status(id, 3, "There is a file transfer in progress.");
		return;
	}
	if (rule == FEW_FILES && nopen > 2) {
		status(id, 4, "Failure");
		return;
	}
	if (rule == GONE && !(flags & 2)) {
		status(id, 2, "No such file");
		return;
	}
	if (rule == DENIED && !(flags & 2)) {
		status(id, 3, "Permission denied");
		return;
	}
	if (flags & 2)
		snprintf(written, sizeof(written), "%s", name);
	fd = openat(folder, name,
	    flags & 2 ? O_WRONLY | O_CREAT | O_EXCL : O_RDONLY, 0644);
	if (fd < 0) {
		failed(id);
		return;
	}
	nopen++;
	if (rule == UNLINKED && !(flags & 2))
		unlinkat(folder, name, 0);
	send_handle(id, fd);
}

static void
do_close(uint32_t id, struct request *q)
{
	unsigned h = get_handle(q);

	if (nopen > 0)
		nopen--;
	close(files[h]);
	files[h] = -1;
	if (rule == CLOSE_LOST && written[0] != '\0')
		quit();
	if (rule == TAKEN && written[0] != '\0')
		unlinkat(folder, written, 0);
	if (rule == FULL_LATE)
		status(id, 4, "quota exceeded");
	else
		status(id, 0, "ok");
}

static void
drip(void)
{
	size_t n = out_n;

	out_n = 0;
	u32((uint32_t)(n - 4));
	for (size_t i = 0; i < n; i++) {
		write_all(out + i, 1);
		poll(NULL, 0, 100);
	}
}

/* Keeps this answer back until the next one has been sent. */
static void
swap(void)
{
	size_t n = out_n;

	if (kept_n == 0) {
		out_n = 0;
		u32((uint32_t)(n - 4));
		memcpy(kept, out, n);
		kept_n = n;
		return;
	}
	send_packet();
	write_all(kept, kept_n);
	kept_n = 0;
}

/* Changes what is being read. */
static void
change(void)
{
	static const struct timespec then[2] = { { 5000, 0 }, { 5000, 0 } };
	int fd = openat(folder, "good", O_WRONLY);
	struct stat sb;

	if (fd < 0 || fstat(fd, &sb) != 0)
		quit();
	if (rule == GROWS && pwrite(fd, "more", 4, (off_t)sb.st_size) != 4)
		quit();
	if (rule == SHRINKS && ftruncate(fd, sb.st_size / 2) != 0)
		quit();
	/* As large as before: only the time tells. */
	if ((rule == REPLACED || rule == RACE) &&
	    (pwrite(fd, "anew", 4, 0) != 4 || futimens(fd, then) != 0))
		quit();
	close(fd);
}

static void
do_read(uint32_t id, struct request *q)
{
	unsigned h = get_handle(q);
	uint64_t high = get32(q), offset = high << 32 | get32(q);
	uint32_t n = get32(q);
	static char block[65536];
	ssize_t got;

	if (rule == STALL)
		pause();
	if (rule == SLOW)
		poll(NULL, 0, 800);
	if (rule == DIE)
		quit();
	if (rule == BAD_TYPE) {
		send_handle(id, dup(files[h]));
		return;
	}
	if (rule == HUGE_PACKET) {
		out_n = 0;
		u32(0x7fffffff);
		write_all(out, out_n);
		pause();
	}
	if (rule == READ_FAILS && offset + n > 32768) {
		status(id, 4, "Input/output error");
		return;
	}
	if (rule == DROP && ++reads == 2)
		return;
	if ((rule == GROWS || rule == SHRINKS || rule == REPLACED) &&
	    reads++ == 0)
		change();
	if (rule == SHORT && n > 1000)
		n = 1000;
	if (n > sizeof(block))
		n = sizeof(block);
	got = pread(files[h], block, n, (off_t)offset);
	if (rule == EARLY_EOF && offset + (uint64_t)(got > 0 ? got : 0) > 1000)
		got = offset < 1000 ? (ssize_t)(1000 - offset) : 0;
	if (got < 0) {
		failed(id);
		return;
	}
	if (got == 0 && rule != EMPTY_EOF) {
		begin(101, id);
		u32(1);
		bytes("end", 3);
		bytes("", 0);
	} else {
		begin(103, rule == BAD_ID ? id + 256 : id);
		bytes(block, (size_t)got + (rule == OVER));
	}
	if (rule == GARBLED)
		out[9] = 0x7f; /* the high byte of the data's length */
	if (rule == SWAP)
		swap();
	else if (rule == DRIP)
		drip();
	else
		send_packet();
}

static void
do_write(uint32_t id, struct request *q)
{
	unsigned h = get_handle(q);
	uint64_t high = get32(q), offset = high << 32 | get32(q);
	size_t n;
	const unsigned char *p = get_bytes(q, &n);

	if (rule == WRITE_DIES)
		quit();
	if (rule == FULL && offset + n > 32768) {
		status(id, 4, "No space left on device");
		return;
	}
	if (rule != LIE_WRITE &&
	    pwrite(files[h], p, n, (off_t)offset) != (ssize_t)n)
		failed(id);
	else
		status(id, 0, "ok");
}

static void
do_fstat(uint32_t id, struct request *q)
{
	struct stat sb;

	if (rule == NO_FSTAT || fstat(files[get_handle(q)], &sb) != 0) {
		status(id, 2, "message was extracted");
		return;
	}
	begin(105, id);
	attrs(&sb, rule == LIE_SIZE);
	send_packet();
}

static void
do_lstat(uint32_t id, struct request *q)
{
	char path[4097];
	const char *name = get_name(q, path);
	struct stat sb;

	if (rule == EXISTS) {
		status(id, 2, "No such file");
		return;
	}
	if (fstatat(folder, name, &sb, AT_SYMLINK_NOFOLLOW) != 0) {
		failed(id);
		return;
	}
	begin(105, id);
	attrs(&sb, 0);
	send_packet();
}

static void
name_entry(const char *name, size_t n, const struct stat *sb)
{
	char line[64];

	bytes(name, n);
	snprintf(line, sizeof(line), "%crw-r--r-- 1 edi edi",
	    S_ISDIR(sb->st_mode) ? 'd' : '-');
	if (rule == BARE_LIST) {
		bytes("", 0);
		u32(0);
		return;
	}
	bytes(line, strlen(line));
	attrs(sb, 0);
}

static void
weird_names(uint32_t id, const struct stat *sb)
{
	static char longest[4000];

	memset(longest, 'n', sizeof(longest));
	begin(104, id);
	u32(12);
	name_entry("../../evil", 10, sb);
	name_entry("/abs", 4, sb);
	name_entry("a\nb", 3, sb);
	name_entry("nul\0byte", 8, sb);
	name_entry("", 0, sb);
	name_entry(".", 1, sb);
	name_entry("..", 2, sb);
	name_entry("\033[2J", 4, sb);
	name_entry(longest, 255, sb);
	name_entry(longest, sizeof(longest), sb);
	name_entry("-rf \xff", 5, sb);
	name_entry("good", 4, sb);
	send_packet();
}

static void
real_names(uint32_t id)
{
	DIR *dir = fdopendir(openat(folder, ".", O_RDONLY));
	struct dirent *e;
	struct stat sb;
	uint32_t count = 0;

	begin(104, id);
	u32(0);
	while (dir != NULL && out_n < MAX / 2 && (e = readdir(dir)) != NULL) {
		if (fstatat(folder, e->d_name, &sb, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		for (int i = rule == TWICE ? 0 : 1; i < 2; i++, count++)
			name_entry(e->d_name, strlen(e->d_name), &sb);
	}
	closedir(dir);
	out[12] = (unsigned char)count;
	send_packet();
}

static void
do_readdir(uint32_t id)
{
	struct stat sb;
	char name[32];

	if (fstatat(folder, "good", &sb, 0) != 0)
		quit();
	listings++;
	if (rule == LIST_DIES)
		quit();
	if (rule == ENDLESS) {
		begin(104, id);
		u32(1000);
		for (unsigned i = 0; i < 1000; i++) {
			snprintf(name, sizeof(name), "n%u.%u", listings, i);
			name_entry(name, strlen(name), &sb);
		}
		send_packet();
	} else if (rule == HOLLOW) {
		begin(104, id);
		u32(0);
		send_packet();
	} else if (rule == BIG_COUNT) {
		begin(104, id);
		u32(0x7fffffff);
		name_entry("good", 4, &sb);
		send_packet();
	} else if (listings > 1) {
		status(id, rule == LIST_FAIL ? 4 : 1, "the end");
	} else if (rule == NAMES) {
		weird_names(id, &sb);
	} else {
		real_names(id);
	}
}

static void
do_rename(uint32_t id, struct request *q)
{
	char from[4097], to[4097];
	const char *a = get_name(q, from), *b = get_name(q, to);
	static const struct timespec then[2] = { { 6000, 0 }, { 6000, 0 } };
	struct stat sb;

	if (rule == RACE && strcmp(a, "good") == 0)
		change();
	if (rule == EXISTS)
		status(id, 11, "File exists");
	else if (rule != OVERWRITE && fstatat(folder, b, &sb, 0) == 0)
		status(id, 4, "Failure");
	else if (renameat(folder, a, folder, b) != 0)
		failed(id);
	else if (rule == RENAME_LOST)
		quit();
	else if (rule == COPIES && utimensat(folder, b, then, 0) != 0)
		failed(id);
	else
		status(id, 0, "ok");
}

static void
do_remove(uint32_t id, struct request *q)
{
	char path[4097];

	if (unlinkat(folder, get_name(q, path), 0) != 0)
		failed(id);
	else
		status(id, 0, "ok");
}

static void
do_init(void)
{
	if (rule == MUTE)
		pause();
	out_n = 4;
	out[out_n++] = 2;
	u32(rule == VERSION_2 ? 2 : rule == VERSION_6 ? 6 : 3);
	if (rule != OLD) {
		bytes("newline@vandyke.com", 19);
		bytes("\n", 1);
		bytes("fsync@openssh.com", 17);
		bytes("1", 1);
	}
	send_packet();
}

static void
serve(unsigned char type, struct request *q)
{
	uint32_t id = type != 1 ? get32(q) : 0;

	switch (type) {
	case 1:
		do_init();
		return;
	case 3:
		do_open(id, q);
		return;
	case 4:
		do_close(id, q);
		return;
	case 5:
		do_read(id, q);
		return;
	case 6:
		do_write(id, q);
		return;
	case 7:
		do_lstat(id, q);
		return;
	case 8:
		do_fstat(id, q);
		return;
	case 11:
		listings = 0;
		send_handle(id, dup(folder));
		return;
	case 12:
		do_readdir(id);
		return;
	case 13:
		do_remove(id, q);
		return;
	case 18:
		do_rename(id, q);
		return;
	case 9:
	case 10:
		/* Many servers refuse to set attributes: nobody may ask. */
		quit();
		return;
	case 200:
		status(id,
		    rule == OLD || rule == NO_SYNC ? 8
			: rule == SYNC_DENIED      ? 3
						   : 0,
		    "sync");
		return;
	default:
		status(id, 8, "unsupported");
	}
}

int
main(int argc, char **argv)
{
	static unsigned char in[MAX];
	unsigned char head[4];
	char name[32] = "";
	int rule_file;
	uint32_t n;

	if (argc != 2 || chdir(argv[1]) != 0)
		return 64;
	rule_file = open("rule", O_RDONLY);
	if (rule_file < 0 || read(rule_file, name, sizeof(name) - 1) < 1)
		return 66;
	while (rule < RULES && strcmp(names[rule], name) != 0)
		rule++;
	folder = open("root", O_RDONLY | O_DIRECTORY);
	if (rule == RULES || folder < 0)
		return 64;
	memset(files, -1, sizeof(files));
	alarm(SECONDS);
	if (rule == GREETING)
		write_all((const unsigned char *)"Welcome to EDI!\n", 16);
	for (;;) {
		struct request q;

		read_all(head, sizeof(head));
		n = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 |
		    (uint32_t)head[2] << 8 | head[3];
		if (n < 1 || n > sizeof(in))
			quit();
		read_all(in, n);
		q.p = in + 1;
		q.end = in + n;
		serve(in[0], &q);
	}
}
