/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman host-key: what host keys a server shows, to be confirmed by another
 * way and pinned by a person.  Never stores one.
 *
 * JSON: {"command":"host-key","servers":[...],"status":N}; a server has
 * mailbox (null for a URL) and either error, or server and keys; a key has
 * type, fingerprint, host_key (null where it could not be read), pinned (null
 * for a URL) and transport.
 */
#include "command/command.h"

#include <string.h>
#include <sysexits.h>

#include "flow/flow.h"
#include "mailbox/host_key.h"

struct asking {
	const struct invocation *in;
	unsigned servers;
	int status;
};

static void
worse(struct asking *a, int status)
{
	if (a->status == EX_OK || a->status == EXIT_ATTENTION)
		a->status = status;
}

static const char *
transport(const struct host_key *k)
{
	return k->openssh ? "openssh" : "builtin";
}

static void
print_json_key(const struct host_key *k, bool configured)
{
	fputs("{\"type\":", stdout);
	command_print_json(stdout, k->type);
	fputs(",\"fingerprint\":", stdout);
	command_print_json(stdout, k->line[0] != '\0' ? k->fingerprint : NULL);
	fputs(",\"host_key\":", stdout);
	command_print_json(stdout, k->line[0] != '\0' ? k->line : NULL);
	printf(",\"pinned\":%s,\"transport\":\"%s\"}",
	    !configured     ? "null"
		: k->pinned ? "true"
			    : "false",
	    transport(k));
}

static void
print_json(const struct host_keys *h, bool configured)
{
	fputs(",\"server\":", stdout);
	command_print_json(stdout, h->server);
	fputs(",\"keys\":[", stdout);
	for (size_t i = 0; i < h->n; i++) {
		if (i > 0)
			putchar(',');
		print_json_key(&h->key[i], configured);
	}
	putchar(']');
}

static void
print_key(const struct host_key *k, bool configured)
{
	if (k->line[0] == '\0') {
		printf("\n%s: offered, but it could not be read here; "
		       "ssh-keyscan of a newer OpenSSH may\n",
		    k->type);
		return;
	}
	printf("\n%s %s%s\n", k->type, k->fingerprint,
	    !configured     ? ""
		: k->pinned ? " (pinned)"
			    : " (not pinned)");
	if (k->openssh)
		puts("  needs transport=\"openssh\" here");
	printf("  <host-key>%s</host-key>\n", k->line);
}

static void
print_text(const char *name, const struct host_keys *h, bool configured)
{
	command_print_safe(stdout, h->server);
	if (configured) {
		fputs(" (mailbox ", stdout);
		command_print_safe(stdout, name);
		putchar(')');
	}
	puts(" shows these host keys.  They may be anybody's: compare the\n"
	     "fingerprint with what the partner says by another way, then pin "
	     "one.");
	for (size_t i = 0; i < h->n; i++)
		print_key(&h->key[i], configured);
}

static void
ask(struct asking *a, const struct mailbox_settings *set, bool configured)
{
	static struct host_keys h;
	struct tally_err err;
	bool pinned = false;
	enum tally_rc rc = host_keys_read(&h, set, &err);

	if (a->in->json) {
		printf("%s{\"mailbox\":",
		    a->servers > 0 ? ","
				   : "{\"command\":\"host-key\",\"servers\":[");
		command_print_json(stdout, configured ? set->name : NULL);
	} else if (a->servers > 0) {
		putchar('\n');
	}
	a->servers++;
	if (rc != TALLY_OK) {
		worse(a, tally_rc_exit(rc));
		if (a->in->json) {
			fputs(",\"error\":", stdout);
			command_print_json(stdout, err.text);
		} else {
			(void)command_fail(&err);
		}
	} else if (a->in->json) {
		print_json(&h, configured);
	} else {
		print_text(set->name, &h, configured);
	}
	if (a->in->json)
		putchar('}');
	for (size_t i = 0; i < h.n; i++)
		pinned = pinned || h.key[i].pinned;
	if (rc == TALLY_OK && configured && !pinned)
		worse(a, EXIT_ATTENTION);
}

/* The mailboxes of a partner, or one by its own name. */
static int
ask_configured(struct asking *a, const char *name)
{
	struct flow f = { .clock = a->in->clock };
	const struct site_mailbox *m;
	struct tally_err err;
	bool found = false;

	log_begin(&f.log, a->in->quiet, a->in->verbose);
	if (flow_begin(&f, a->in->dir, FLOW_CHECK, &err) != TALLY_OK)
		return command_fail(&err);
	for (size_t i = 0; i < f.site->nmailbox; i++) {
		m = &f.site->mailbox[i];
		if (strcmp(m->name, name) != 0 &&
		    strcmp(m->partner->name, name) != 0)
			continue;
		found = true;
		if (strncmp(m->settings.url, "sftp:", 5) == 0)
			ask(a, &m->settings, true);
	}
	if (a->servers == 0) {
		tally_err_set(&err, TALLY_CONFIG,
		    found ? "%s has no SFTP server, only local folders"
			  : "%s is neither a partner nor a mailbox of "
			    "tallyman.xml; a URL begins with sftp://",
		    name);
		a->status = command_fail(&err);
	}
	flow_end(&f);
	return a->status;
}

static int
run(const struct invocation *in, int argc, char **argv)
{
	struct asking a = { .in = in };
	struct mailbox_settings set = { .name = argv[argc - 1] };

	if (argc != 2 || argv[1][0] == '-')
		return command_usage(
		    &command_host_key, "one partner or one URL is expected");
	if (strncmp(argv[1], "sftp://", 7) == 0) {
		set.url = argv[1];
		ask(&a, &set, false);
	} else {
		a.status = ask_configured(&a, argv[1]);
	}
	if (in->json && a.servers > 0)
		printf("],\"status\":%d}\n", a.status);
	return a.status;
}

const struct command command_host_key = {
	"host-key",
	"PARTNER|URL",
	"show the host keys of an SFTP server, to be confirmed by the partner "
	"and pinned; stores nothing",
	run,
};
