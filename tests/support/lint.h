/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clang-tidy cannot see, because it looks at one source at a time: that
 * the functions which say what is wrong return the trouble that they are
 * given, or some.  scripts/lint alone includes it, before each source, and
 * defines IS_name for those that the source itself has.
 */
#include "base/json.h"
#include "flow/site_read.h"
#include "guide/compile.h"
#include "mailbox/directory.h"
#include "mailbox/sftp_client.h"
#include "store/sqlite.h"
#include "tallyman/err.h"
#include "x12/dictionary_rows.h"

#ifndef IS_tally_err_set
#define tally_err_set(err, rc, ...) \
	((void)tally_err_set((err), (rc), __VA_ARGS__), (rc))
#endif
#ifndef IS_tally_err_at
#define tally_err_at(err, rc, ...) \
	((void)tally_err_at((err), (rc), __VA_ARGS__), (rc))
#endif
#ifndef IS_tally_err_errno
#define tally_err_errno(err, rc, ...) \
	((void)tally_err_errno((err), (rc), __VA_ARGS__), (rc))
#endif
#ifndef IS_tally_json_wrong
#define tally_json_wrong(...) ((void)tally_json_wrong(__VA_ARGS__), TALLY_DATA)
#endif
#ifndef IS_tally_rows_error
#define tally_rows_error(...) \
	((void)tally_rows_error(__VA_ARGS__), TALLY_CONFIG)
#endif
#ifndef IS_tally_rows_nomem
#define tally_rows_nomem(r) ((void)tally_rows_nomem(r), TALLY_NOMEM)
#endif
#ifndef IS_site_read_wrong
#define site_read_wrong(...) ((void)site_read_wrong(__VA_ARGS__), TALLY_CONFIG)
#endif
#ifndef IS_sqlite_fail
#define sqlite_fail(...) ((void)sqlite_fail(__VA_ARGS__), TALLY_IO)
#endif
#ifndef IS_guide_mistake
#define guide_mistake(...) ((void)guide_mistake(__VA_ARGS__), TALLY_CONFIG)
#endif
#ifndef IS_directory_trouble
#define directory_trouble(...) ((void)directory_trouble(__VA_ARGS__), TALLY_IO)
#endif
#ifndef IS_sftp_client_fail
#define sftp_client_fail(...) \
	((void)sftp_client_fail(__VA_ARGS__), TALLY_UNAVAILABLE)
#endif
