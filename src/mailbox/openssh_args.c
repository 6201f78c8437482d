/* SPDX-License-Identifier: Apache-2.0 */
/* What the program ssh is told; see openssh_args.h. */
#include "mailbox/openssh_args.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/kind.h"
#include "mailbox/secret.h"
#include "mailbox/words.h"

#define ARG_MAX_BYTES ((size_t)8000)
#define ARENA_MAX     ((size_t)1 << 20)

bool
openssh_args_plain(const char *path)
{
	for (; *path != '\0'; path++)
		if ((unsigned char)*path < 0x20 || *path == 0x7f ||
		    strchr("\"'\\%$", *path) != NULL)
			return false;
	return true;
}

static void add(struct openssh_args *, const char *fmt, ...) TALLY_PRINTF(2, 3);

static void
add(struct openssh_args *a, const char *fmt, ...)
{
	char text[8192];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text) || a->n == OPENSSH_ARGS) {
		a->failed = true;
		return;
	}
	a->v[a->n] = tally_arena_cstr(&a->arena, tally_cstr(text));
	a->failed = a->failed || a->v[a->n] == NULL;
	a->n++;
	a->v[a->n] = NULL;
}

static void
add_login(struct openssh_args *a, const struct mailbox_settings *s)
{
	const char *agent = getenv("SSH_AUTH_SOCK");
	bool relative = s->key != NULL && s->key[0] != '/' && s->base != NULL;

	add(a, "-oPreferredAuthentications=publickey");
	if (s->key != NULL)
		add(a, "-oIdentityFile=\"%s%s%s\"", relative ? s->base : "",
		    relative ? "/" : "", s->key);
	else
		add(a, "-oIdentityFile=none");
	add(a, "-oIdentitiesOnly=%s", s->agent ? "no" : "yes");
	if (s->agent && agent != NULL && openssh_args_plain(agent))
		add(a, "-oIdentityAgent=\"%s\"", agent);
	else
		add(a, "-oIdentityAgent=none");
}

static void
add_legacy(struct openssh_args *a)
{
	add(a,
	    "-oKexAlgorithms=+diffie-hellman-group14-sha1,"
	    "diffie-hellman-group-exchange-sha1,"
	    "diffie-hellman-group1-sha1");
	add(a, "-oCiphers=+aes256-cbc,aes192-cbc,aes128-cbc,3des-cbc");
	add(a, "-oMACs=+hmac-sha1");
	add(a, "-oPubkeyAcceptedAlgorithms=+ssh-rsa");
}

/*
 * ssh has a shell run it, so each word is quoted, and what ssh would expand
 * is doubled.  It was taken apart before, by our rules.
 */
static void
add_proxy(struct openssh_args *a, const struct link_target *t, const char *line)
{
	struct words_value v[DIAL_VALUES];
	char *word[WORDS_MAX + 1];
	struct tally_buf b;

	dial_values(v, t);
	tally_buf_init(&b, ARG_MAX_BYTES);
	if (words_split(word, &a->arena, line, v, DIAL_VALUES) != NULL)
		b.failed = true;
	for (size_t i = 0; !b.failed && word[i] != NULL; i++) {
		tally_buf_puts(&b, i > 0 ? " '" : "'");
		for (const char *p = word[i]; *p != '\0'; p++) {
			if (*p == '\'')
				tally_buf_puts(&b, "'\\'");
			else if (*p == '%')
				tally_buf_putc(&b, '%');
			tally_buf_putc(&b, *p);
		}
		tally_buf_putc(&b, '\'');
	}
	a->failed = a->failed || b.failed;
	if (!b.failed)
		add(a, "-oProxyCommand=%s", b.p);
	tally_buf_free(&b);
}

void
openssh_args_make(struct openssh_args *a, const struct mailbox_settings *s,
    const struct link_target *t, const char *known, const char *types)
{
	unsigned ms = s->connect_ms != 0 ? s->connect_ms : MAILBOX_CONNECT_MS;

	*a = (struct openssh_args){ .n = 0 };
	tally_arena_init(&a->arena, ARENA_MAX);
	add(a, "ssh");
	add(a, "-F");
	add(a, "none");
	add(a, "-a");
	add(a, "-x");
	add(a, "-T");
	add(a, "-oBatchMode=yes");
	add(a, "-oStrictHostKeyChecking=yes");
	add(a, "-oUserKnownHostsFile=%s", known);
	add(a, "-oGlobalKnownHostsFile=/dev/null");
	add(a, "-oHostKeyAlias=" OPENSSH_ALIAS);
	add(a, "-oHostKeyAlgorithms=%s", types);
	add(a, "-oCheckHostIP=no");
	add(a, "-oUpdateHostKeys=no");
	add(a, "-oVerifyHostKeyDNS=no");
	add(a, "-oClearAllForwardings=yes");
	add(a, "-oControlPath=none");
	add(a, "-oPermitLocalCommand=no");
	add(a, "-oEscapeChar=none");
	add(a, "-oLogLevel=INFO");
	add(a, "-oConnectionAttempts=1");
	add(a, "-oConnectTimeout=%u", (ms + 999) / 1000);
	add_login(a, s);
	if (s->legacy)
		add_legacy(a);
	else
		add(a,
		    "-oCiphers=^aes128-gcm@openssh.com,"
		    "aes256-gcm@openssh.com");
	if (s->proxy.command != NULL)
		add_proxy(a, t, s->proxy.command);
	add(a, "-p");
	add(a, "%s", t->port);
	add(a, "-l");
	add(a, "%s", t->user);
	add(a, "-s");
	add(a, "--");
	add(a, "%s", t->host);
	add(a, "sftp");
}

const char *
openssh_args_cannot(const struct mailbox_settings *s, const struct pins *pins)
{
	for (size_t i = 0; i < pins->n; i++)
		if (pins->pin[i].type < 0)
			return "with transport openssh a host key cannot be"
			       " pinned by its fingerprint (SHA256:); pin the"
			       " whole key, as ssh-keyscan prints it";
	if (secret_given(&s->password) || secret_given(&s->passphrase))
		return "transport openssh takes no password and no passphrase;"
		       " log in by a key without a passphrase, or by an agent";
	if (s->proxy.url != NULL)
		return "transport openssh takes no HTTP or SOCKS proxy; give a"
		       " proxy command, such as"
		       " \"/usr/bin/nc -X connect -x PROXY:PORT %h %p\"";
	if ((s->key != NULL && !openssh_args_plain(s->key)) ||
	    (s->base != NULL && !openssh_args_plain(s->base)))
		return "with transport openssh the key's path cannot have"
		       " quotes, backslashes, '%' or '$'";
	return NULL;
}
