# SPDX-License-Identifier: Apache-2.0
# The check of layers finds what it is there for: arrows that point up or
# sideways, and a library's header outside its files.
. "$(dirname "$0")/../support/lib.sh"

# layer WHAT EXIT FILE INCLUDE : a tree with that one line.
layer() {
	rm -rf "$work/tree"
	mkdir -p "$work/tree/include/tallyman" "$work/tree/src" \
	    "$work/tree/$(dirname "$3")"
	printf '#include %s\n' "$4" >"$work/tree/$3"
	"$root/scripts/layers" "$work/tree" >"$work/said" 2>&1
	same "$1: exit code" $? "$2"
}
layer "flow uses the store" 0 src/flow/a.c '"store/store.h"'
layer "a public header" 0 src/map/a.c '"tallyman/x12.h"'
layer "a sibling" 0 src/map/a.c '"b.h"'
layer "base uses x12" 1 src/base/a.c '"x12/scan.h"'
layer "x12 uses flow" 1 src/x12/a.h '"flow/site.h"'
layer "the store uses a mailbox" 1 src/store/a.c '"mailbox/mailbox.h"'
layer "a map uses the store" 1 src/map/a.c '"store/store.h"'
layer "a folder nobody knows" 1 src/util/a.c '"base/text.h"'
layer "a public header uses a private one" 1 include/tallyman/a.h \
    '"base/text.h"'
layer "libxml2 in its place" 0 src/base/xml.c '<libxml/parser.h>'
layer "libxml2 elsewhere" 1 src/map/a.c '<libxml/parser.h>'
layer "SQLite elsewhere" 1 src/flow/a.c '<sqlite3.h>'
layer "libssh2 elsewhere" 1 src/flow/a.c '<libssh2.h>'
layer "openssl elsewhere" 1 src/x12/a.c '<openssl/evp.h>'
finish
