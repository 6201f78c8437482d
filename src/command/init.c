/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman init: makes a workspace.
 *
 * The configuration is written last, under a temporary name and renamed, so
 * that a folder with a tallyman.xml is always a whole workspace: an init that
 * died is simply begun again.
 */
#include "command/command.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "flow/maps.h"
#include "flow/site.h"
#include "store/store.h"
#include "tallyman/dictionary.h"

static const char configuration[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<!-- tallyman.xml(5) explains every element; 'tallyman check' reads\n"
    "     this file and says what is wrong with it. -->\n"
    "<tallyman xmlns=\"urn:tallyman:config:1\">\n"
    "  <store url=\"sqlite:tallyman.db\"/>\n"
    "\n"
    "  <!-- Who we are.  Without it every receiver is taken for us.\n"
    "  <self qualifier=\"ZZ\" id=\"MYCOMPANY\"/>\n"
    "  -->\n"
    "\n"
    "  <!-- Anybody's files in drop/; the answers go to out/. -->\n"
    "  <partner name=\"any\" qualifier=\"*\" id=\"*\">\n"
    "    <mailbox url=\"dir:.\">\n"
    "      <pull from=\"drop\" then=\"delete\" settle=\"10\"\n"
    "            complete=\"yes\"/>\n"
    "      <push to=\"out\"/>\n"
    "    </mailbox>\n"
    "    <receive set=\"*\" acknowledge=\"997\"/>\n"
    "  </partner>\n"
    "\n"
    "  <!-- A partner with an SFTP server.\n"
    "  <partner name=\"acme\" qualifier=\"01\" id=\"123456789\">\n"
    "    <mailbox url=\"sftp://edi@sftp.acme.example\" key=\"keys/acme\">\n"
    "      <host-key>ssh-ed25519 AAAA...</host-key>\n"
    "      <pull from=\"/outbound\" match=\"*.edi\" then=\"delete\"/>\n"
    "      <push to=\"/inbound\"/>\n"
    "    </mailbox>\n"
    "    <receive set=\"850\" map=\"850\" acknowledge=\"997\"/>\n"
    "  </partner>\n"
    "  -->\n"
    "</tallyman>\n";

/* keys/ and spool/ are nobody else's business. */
static const struct {
	const char *name;
	mode_t mode;
} folder[] = {
	{ "maps", 0750 },
	{ "drop", 0750 },
	{ "out", 0750 },
	{ "archive", 0750 },
	{ "quarantine", 0750 },
	{ "keys", 0700 },
	{ "spool", 0700 },
};

/* Makes a folder unless it is there, in which case it is left as it is. */
static enum tally_rc
make_folder(const char *path, mode_t mode, struct tally_err *err)
{
	struct stat sb;

	if (mkdir(path, mode) == 0)
		return TALLY_OK;
	if (errno == EEXIST && stat(path, &sb) == 0 && S_ISDIR(sb.st_mode))
		return TALLY_OK;
	return tally_err_errno(
	    err, TALLY_CREATE, "the folder %s cannot be made", path);
}

static enum tally_rc
make_folders(const char *dir, struct tally_err *err)
{
	char path[PATH_MAX];
	enum tally_rc rc = make_folder(dir, 0750, err);

	if (rc == TALLY_OK)
		rc = site_place(dir, err);
	for (size_t i = 0;
	     i < sizeof(folder) / sizeof(folder[0]) && rc == TALLY_OK; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, folder[i].name);
		rc = make_folder(path, folder[i].mode, err);
	}
	return rc;
}

static enum tally_rc
sync_folder(const char *dir, struct tally_err *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum tally_rc rc = TALLY_OK;

	if (fd < 0 || fsync(fd) != 0)
		rc = tally_err_errno(err, TALLY_IO, "syncing %s", dir);
	if (fd >= 0)
		close(fd);
	return rc;
}

static enum tally_rc
write_configuration(const char *dir, struct tally_err *err)
{
	char path[PATH_MAX], temporary[PATH_MAX];
	enum tally_rc rc = TALLY_OK;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, SITE_FILE);
	snprintf(temporary, sizeof(temporary), "%s/.%s.tmp", dir, SITE_FILE);
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd < 0)
		return tally_err_errno(
		    err, TALLY_CREATE, "%s cannot be made", temporary);
	if (!tally_write_all(fd, configuration, sizeof(configuration) - 1) ||
	    fsync(fd) != 0)
		rc = tally_err_errno(err, TALLY_IO, "writing %s", temporary);
	close(fd);
	if (rc == TALLY_OK && rename(temporary, path) != 0)
		rc = tally_err_errno(
		    err, TALLY_CREATE, "%s cannot be made", path);
	if (rc == TALLY_OK)
		rc = sync_folder(dir, err);
	if (rc != TALLY_OK)
		unlink(temporary);
	return rc;
}

/* What is there already is either a workspace or the rest of an init that
 * died; the store tells them apart no better than the configuration does. */
static enum tally_rc
refuse_existing(const char *dir, struct tally_err *err)
{
	static const char *const name[] = { SITE_FILE, "tallyman.db" };
	char path[PATH_MAX];
	struct stat sb;

	if (strlen(dir) > PATH_MAX - 64)
		return tally_err_set(
		    err, TALLY_USAGE, "the folder's name is too long");
	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, name[i]);
		if (lstat(path, &sb) == 0)
			return tally_err_set(err, TALLY_CREATE,
			    "%s is there already; choose another folder, or "
			    "remove it if an earlier init was cut off",
			    path);
	}
	return TALLY_OK;
}

static enum tally_rc
make_store(const char *dir, struct tally_err *err)
{
	struct maps *maps = NULL;
	struct store *st = NULL;
	enum tally_rc rc;

	rc = maps_load(&maps, NULL, &tally_builtin, err);
	if (rc == TALLY_OK)
		rc = store_open(&st, dir, STORE_CREATE, maps_model(maps), err);
	store_close(st);
	maps_free(maps);
	return rc;
}

static int
run(const struct invocation *in, int argc, char **argv)
{
	const char *dir = argc > 1 ? argv[1] : ".";
	struct tally_err err;
	enum tally_rc rc;

	if (in->dir != NULL)
		return command_usage(
		    &command_init, "-C is not for init; name the folder");
	if (argc > 2 || dir[0] == '-')
		return command_usage(&command_init, "expected one folder");
	rc = refuse_existing(dir, &err);
	if (rc == TALLY_OK)
		rc = make_folders(dir, &err);
	if (rc == TALLY_OK)
		rc = make_store(dir, &err);
	if (rc == TALLY_OK)
		rc = write_configuration(dir, &err);
	if (rc != TALLY_OK)
		return command_fail(&err);
	if (in->json) {
		fputs("{\"command\":\"init\",\"workspace\":", stdout);
		command_print_json(stdout, dir);
		puts("}");
	} else if (!in->quiet) {
		fputs("made the workspace ", stdout);
		command_print_safe(stdout, dir);
		puts("; put files into its drop/ and call 'tallyman run'");
	}
	return EX_OK;
}

const struct command command_init = {
	"init",
	"[DIR]",
	"make a workspace; an existing one is refused",
	run,
};
