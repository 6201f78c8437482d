/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay KIND PORT [OPTION…] : what may stand between a program and a server
 * on 127.0.0.1:PORT.  It listens on a port of its own, which it prints, and
 * ends when its standard input does.
 *
 *   plain   bytes go to and fro
 *   http    HTTP CONNECT first; to whatever host, it connects to PORT
 *   socks   SOCKS 5 first; likewise
 *
 *   user=NAME:PASSWORD  what http and socks want
 *   refuse=N            http answers with status N, socks with reply N
 *   garbage             http and socks answer nonsense
 *   delay=MS            each byte arrives so much later
 *   up=N  down=N        after N bytes to the server, from it …
 *   spread=N seed=N     … and up to N more, drawn for each connection …
 *   by=rst|fin|stall    … the connection is cut so; fin if not said
 *   times=N             only the first N connections are cut
 *   tell                each cut is a line of output: "cut"
 *   gather=N            nothing is carried before N callers wait at once
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECONDS 3600
/* More than is ever on its way at the round trips of tests, so that a relay
 * delays and does not throttle. */
#define CHUNKS     1024
#define CHUNK      65536
#define GATHER_MAX 16

static struct {
	const char *kind, *user, *by;
	int refuse, delay, times, gather;
	bool garbage, tell;
	long up, down; /* -1: no limit */
	long spread, seed;
	uint16_t port;
} o = { .by = "fin", .up = -1, .down = -1, .times = -1 };

struct chunk {
	int64_t due;
	size_t n, at;
	char p[CHUNK];
};
struct way {
	int from, to;
	size_t first, n; /* chunks on their way */
	bool ended;      /* nothing more comes */
	long left;       /* -1: no limit */
	struct chunk *q;
};

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
send_all(int fd, const void *p, size_t n)
{
	const char *at = p;
	ssize_t done;

	while (n > 0) {
		done = send(fd, at, n, MSG_NOSIGNAL);
		if (done <= 0)
			_exit(0);
		at += done;
		n -= (size_t)done;
	}
}

static void
recv_all(int fd, void *p, size_t n)
{
	char *at = p;
	ssize_t got;

	while (n > 0) {
		got = recv(fd, at, n, 0);
		if (got <= 0)
			_exit(0);
		at += got;
		n -= (size_t)got;
	}
}

static void
cut(int a, int b)
{
	struct linger hard = { 1, 0 };

	if (o.tell && write(STDOUT_FILENO, "cut\n", 4) != 4)
		_exit(1);
	if (strcmp(o.by, "stall") == 0)
		for (;;)
			pause();
	if (strcmp(o.by, "rst") == 0) {
		setsockopt(a, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		setsockopt(b, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	}
	close(a);
	close(b);
	_exit(0);
}

static int
connect_on(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(o.port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		_exit(0);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void
base64(char *out, const char *text)
{
	size_t n = strlen(text), k = 0;

	for (size_t i = 0; i < n; i += 3) {
		unsigned long v = (unsigned long)(unsigned char)text[i] << 16;

		if (i + 1 < n)
			v |= (unsigned long)(unsigned char)text[i + 1] << 8;
		if (i + 2 < n)
			v |= (unsigned char)text[i + 2];
		out[k++] = digits[v >> 18];
		out[k++] = digits[v >> 12 & 63];
		out[k++] = i + 1 < n ? digits[v >> 6 & 63] : '=';
		out[k++] = i + 2 < n ? digits[v & 63] : '=';
	}
	out[k] = '\0';
}

static void
http(int fd)
{
	char head[8192], want[400] = "", code[300], line[100];
	size_t n = 0;

	while (n < sizeof(head) - 1) {
		recv_all(fd, head + n++, 1);
		head[n] = '\0';
		if (n >= 4 && strcmp(head + n - 4, "\r\n\r\n") == 0)
			break;
	}
	if (o.garbage) {
		send_all(fd, "220 mail ready\r\n\r\n", 18);
		_exit(0);
	}
	if (strncmp(head, "CONNECT ", 8) != 0 ||
	    strstr(head, "\r\nHost: ") == NULL)
		_exit(1);
	if (o.user != NULL) {
		base64(code, o.user);
		snprintf(want, sizeof(want),
		    "\r\nProxy-Authorization: Basic %s\r\n", code);
	}
	if (strstr(head, want) == NULL)
		o.refuse = 407;
	if (o.refuse != 0) {
		snprintf(line, sizeof(line),
		    "HTTP/1.1 %d Not for you\r\nX: y\r\n\r\n", o.refuse);
		send_all(fd, line, strlen(line));
		_exit(0);
	}
	send_all(fd, "HTTP/1.1 200 OK\r\nVia: x\r\n\r\n", 27);
}

static void
socks_login(int fd)
{
	unsigned char n;
	char user[256], pass[256], pair[600];

	recv_all(fd, &n, 1);
	recv_all(fd, &n, 1);
	recv_all(fd, user, n);
	user[n] = '\0';
	recv_all(fd, &n, 1);
	recv_all(fd, pass, n);
	pass[n] = '\0';
	snprintf(pair, sizeof(pair), "%s:%s", user, pass);
	send_all(fd, strcmp(pair, o.user) == 0 ? "\1\0" : "\1\1", 2);
	if (strcmp(pair, o.user) != 0)
		_exit(0);
}

static void
socks(int fd)
{
	unsigned char head[4], methods[255], rest[300], n;
	unsigned char answer[] = { 5, 0, 0, 3, 2, 'x', 'y', 0, 0 };
	unsigned char want = o.user != NULL ? 2 : 0;

	recv_all(fd, head, 2);
	recv_all(fd, methods, head[1]);
	if (o.garbage) {
		send_all(fd, "HTTP", 4);
		_exit(0);
	}
	if (memchr(methods, want, head[1]) == NULL) {
		send_all(fd, "\5\377", 2);
		_exit(0);
	}
	send_all(fd, want == 2 ? "\5\2" : "\5\0", 2);
	if (want == 2)
		socks_login(fd);
	recv_all(fd, head, 4);
	n = head[3] == 1 ? 4 : 16;
	if (head[3] == 3)
		recv_all(fd, &n, 1);
	recv_all(fd, rest, (size_t)n + 2);
	answer[1] = (unsigned char)o.refuse;
	send_all(fd, answer, sizeof(answer));
	if (o.refuse != 0)
		_exit(0);
}

/* SplitMix64, which has no bad seeds. */
static uint64_t
draw(uint64_t seed)
{
	uint64_t z = seed * 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Takes what has come, as far as it may go on. */
static bool
take(struct way *w)
{
	struct chunk *c = &w->q[(w->first + w->n) % CHUNKS];
	ssize_t got = recv(w->from, c->p, CHUNK, 0);

	if (got <= 0) {
		w->ended = true;
		return true;
	}
	c->n = (size_t)got;
	c->at = 0;
	c->due = now() + o.delay;
	if (w->left >= 0 && (long)c->n > w->left)
		c->n = (size_t)w->left;
	if (w->left >= 0)
		w->left -= (long)c->n;
	w->n++;
	return w->left != 0;
}

/* Gives what is due, or all, as far as the other side takes it. */
static void
give(struct way *w, bool all)
{
	struct chunk *c;
	ssize_t done;

	while (w->n > 0 && (all || w->q[w->first].due <= now())) {
		c = &w->q[w->first];
		done = send(w->to, c->p + c->at, c->n - c->at,
		    MSG_NOSIGNAL | (all ? 0 : MSG_DONTWAIT));
		if (done < 0 && errno == EAGAIN)
			return;
		if (done < 0)
			_exit(0);
		c->at += (size_t)done;
		if (c->at < c->n)
			continue;
		w->first = (w->first + 1) % CHUNKS;
		w->n--;
	}
	if (w->n == 0 && w->ended)
		shutdown(w->to, SHUT_WR);
}

/* Waits until one of the ways can go on; p[i] is of what way i comes from. */
static void
watch(const struct way *w, struct pollfd *p)
{
	int64_t wait = 1000, left;

	for (int i = 0; i < 2; i++)
		p[i] = (struct pollfd){ .fd = w[i].from,
			.events = w[i].ended || w[i].n == CHUNKS ? 0 : POLLIN };
	for (int i = 0; i < 2; i++) {
		if (w[i].n == 0)
			continue;
		left = w[i].q[w[i].first].due - now();
		if (left <= 0)
			p[1 - i].events |= POLLOUT;
		else if (left < wait)
			wait = left;
	}
	/* A hang-up is always told: not to be asked in vain. */
	for (int i = 0; i < 2; i++)
		if (p[i].events == 0)
			p[i].fd = -1;
	if (poll(p, 2, (int)wait) < 0)
		_exit(0);
}

static void
carry(int fd, int to, bool whole)
{
	struct way w[2] = { { .from = fd, .to = to, .left = o.up },
		{ .from = to, .to = fd, .left = o.down } };
	struct pollfd p[2];
	bool over;

	for (int i = 0; i < 2; i++) {
		w[i].q = malloc(CHUNKS * sizeof(*w[i].q));
		if (w[i].q == NULL)
			_exit(1);
		if (whole)
			w[i].left = -1;
		else if (w[i].left >= 0)
			w[i].left += (long)(draw((uint64_t)o.seed) %
			    (uint64_t)(o.spread + 1));
	}
	for (;;) {
		if (w[0].ended && w[1].ended && w[0].n + w[1].n == 0)
			_exit(0);
		watch(w, p);
		over = false;
		for (int i = 0; i < 2; i++) {
			if (p[i].fd >= 0 && !w[i].ended && w[i].n < CHUNKS &&
			    (p[i].revents & ~POLLOUT) != 0)
				over = !take(&w[i]) || over;
		}
		give(&w[0], over);
		give(&w[1], over);
		if (over)
			cut(fd, to);
	}
}

static void
serve(int fd, bool whole)
{
	int on = 1;

	alarm(SECONDS);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (strcmp(o.kind, "http") == 0)
		http(fd);
	else if (strcmp(o.kind, "socks") == 0)
		socks(fd);
	carry(fd, connect_on(), whole);
}

static bool
option(const char *a)
{
	static const struct {
		const char *name;
		int *number;
		long *count;
		const char **text;
	} known[] = {
		{ "user=", NULL, NULL, &o.user },
		{ "by=", NULL, NULL, &o.by },
		{ "refuse=", &o.refuse, NULL, NULL },
		{ "delay=", &o.delay, NULL, NULL },
		{ "times=", &o.times, NULL, NULL },
		{ "gather=", &o.gather, NULL, NULL },
		{ "spread=", NULL, &o.spread, NULL },
		{ "seed=", NULL, &o.seed, NULL },
		{ "up=", NULL, &o.up, NULL },
		{ "down=", NULL, &o.down, NULL },
	};

	if (strcmp(a, "garbage") == 0)
		return o.garbage = true;
	if (strcmp(a, "tell") == 0)
		return o.tell = true;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t n = strlen(known[i].name);

		if (strncmp(a, known[i].name, n) != 0)
			continue;
		if (known[i].text != NULL)
			*known[i].text = a + n;
		else if (known[i].number != NULL)
			*known[i].number = (int)strtol(a + n, NULL, 10);
		else
			*known[i].count = strtol(a + n, NULL, 10);
		return true;
	}
	return false;
}

static void
begin(int listener, int peer)
{
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(listener);
		serve(peer, o.times == 0);
	}
	close(peer);
	o.seed++;
	if (o.times > 0)
		o.times--;
}

/* Serves callers, those that wait for more of them all together. */
static int
listen_on(int fd)
{
	struct pollfd p[2 + GATHER_MAX] = { { .fd = fd, .events = POLLIN },
		{ .fd = 0, .events = POLLIN } };
	nfds_t n = 2;
	int peer;

	for (;;) {
		if (poll(p, n, -1) < 0)
			return 1;
		if (p[1].revents != 0)
			return 0;
		for (nfds_t i = n - 1; i >= 2; i--) {
			if (p[i].revents == 0)
				continue;
			close(p[i].fd);
			p[i] = p[--n];
		}
		if (p[0].revents == 0)
			continue;
		peer = accept(fd, NULL, NULL);
		if (peer < 0)
			continue;
		p[n++] = (struct pollfd){ .fd = peer, .events = POLLRDHUP };
		if ((int)n - 2 < o.gather)
			continue;
		o.gather = 0;
		while (n > 2)
			begin(fd, p[--n].fd);
	}
}

int
main(int argc, char **argv)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (argc < 3)
		return 64;
	o.kind = argv[1];
	o.port = (uint16_t)strtol(argv[2], NULL, 10);
	for (int i = 3; i < argc; i++)
		if (!option(argv[i]))
			return 64;
	if (o.gather > GATHER_MAX)
		return 64;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    listen(fd, 100) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &n) != 0)
		return 1;
	printf("%d\n", ntohs(a.sin_port));
	fflush(stdout);
	signal(SIGCHLD, SIG_IGN);
	alarm(SECONDS);
	return listen_on(fd);
}
