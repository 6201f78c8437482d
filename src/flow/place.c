/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a workspace cannot be; see site.h.
 *
 * The store's write-ahead log lives in memory that processes share and trusts
 * locks; on these filesystems hosts do not see each other's.
 */
#include "flow/site.h"

#include <sys/vfs.h>

/* Types as statfs(2) has them, and what people call them. */
static const struct {
	uint32_t type;
	const char *name;
} network[] = {
	{ 0x00006969, "NFS" },
	{ 0x0000517b, "SMB" },
	{ 0xff534d42, "CIFS" },
	{ 0xfe534d42, "SMB" },
	{ 0x0000564c, "NCP" },
	{ 0x5346414f, "AFS" },
	{ 0x6b414653, "AFS" },
	{ 0x73757245, "Coda" },
};

const char *
site_network_filesystem(uint32_t type)
{
	for (size_t i = 0; i < sizeof(network) / sizeof(network[0]); i++)
		if (network[i].type == type)
			return network[i].name;
	return NULL;
}

enum tally_rc
site_place(const char *dir, struct tally_err *err)
{
	struct statfs fs;
	const char *name;

	if (statfs(dir, &fs) != 0)
		return tally_err_errno(
		    err, TALLY_IO, "the filesystem of %s cannot be told", dir);
	name = site_network_filesystem((uint32_t)fs.f_type);
	if (name == NULL)
		return TALLY_OK;
	return tally_err_set(err, TALLY_CONFIG,
	    "the workspace %s is on %s, where a database loses data; keep it "
	    "on a local disk, and let partners' folders be on %s",
	    dir, name, name);
}
