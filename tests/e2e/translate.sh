# SPDX-License-Identifier: Apache-2.0
# Files that are named on the command line, as if a mailbox had held them.
. "$(dirname "$0")/../support/lib.sh"
need_sqlite3

json() {
	[ "$(sqlite3 :memory: "SELECT json_valid(readfile('$work/said'))")" = 1 ]
}
local_mailbox() {
	echo "<partner name='$1' qualifier='ZZ' id='$2'><mailbox url='dir:.'>
	    <pull from='drop'/><push to='out'/></mailbox>
	    <receive set='850'/></partner>"
}

holds "init" "$TALLYMAN" init "$ws"
mkdir "$work/in"
order 1 >"$work/in/one.edi"
order 2 >"$work/in/two.edi"
runs "a missing file among others" 66 translate "$work/in/one.edi" "$work/no"
holds "that is named" grep -q "$work/no cannot be read" "$work/said"
runs "a folder" 66 translate "$work/in"
same "nothing was taken" "$(ask "SELECT count(*) FROM files")" 0
runs "dry" 0 translate "$work/in/one.edi" --dry-run -- "$work/in/two.edi"
holds "which says what" grep -q 'mailbox any: .*two.edi$' "$work/said"
same "and takes nothing" "$(ask "SELECT count(*) FROM files")" 0
runs "two files" 0 translate "$work/in/one.edi" "$work/in/two.edi"
same "orders" "$(ask "SELECT count(*) FROM orders")" 2
same "they stay" "$(names "$work/in")" 2
same "answers are queued" \
    "$(ask "SELECT group_concat(DISTINCT state) FROM outbox")" queued
same "no look is noted" "$(ask "SELECT count(*) FROM objects")" 0

runs "again, from elsewhere" 0 -C "$ws" translate "$work/in/../in/one.edi"
holds "which is said" grep -q "taken before, as file 1" "$work/said"
same "files" "$(ask "SELECT count(*) FROM files")" 2
runs "dry again" 0 translate --dry-run "$work/in/one.edi"
holds "which is said" grep -q "taken before, as file 1" "$work/said"

order 3 | tallyman translate -
same "standard input: exit code" $? 0
same "its name" "$(ask "SELECT name FROM files ORDER BY id DESC LIMIT 1")" stdin
order 4 >"$ws/drop/four.edi"
touch -d 2026-01-05T08:00:00Z "$ws/drop/four.edi"
runs "a file that fetch would take, too" 0 translate "$ws/drop/four.edi"
runs "and which it takes" 0 run
same "but once" "$(ask "SELECT count(*) FROM orders")" 4
same "drop is empty" "$(names "$ws/drop")" 0

echo hello >"$work/in/letter"
order 5 >"$work/in/five.edi"
runs "what is no X12" 1 translate "$work/in/letter" "$work/in/five.edi"
same "the others are translated" "$(ask "SELECT count(*) FROM orders")" 5
runs "JSON" 0 --json translate "$work/in/five.edi"
holds "can be read" json
holds "and tells" grep -q '"file":6,"known":true' "$work/said"
runs "JSON, dry" 0 --json translate --dry-run "$work/in/five.edi"
holds "can be read" json
runs "an option that is none" 64 translate --sorry
runs "a mailbox and no file" 64 translate --mailbox any
runs "a mailbox that is none" 64 translate --mailbox none "$work/in/one.edi"

site "<limits file-bytes='1024'/>" "$(local_mailbox one ONE)" \
    "$(local_mailbox two BUYER)"
seq 1000 >"$work/in/large"
runs "too large" 1 translate "$work/in/large" "$work/in/one.edi"
holds "which is said" grep -q 'limit of 1024 bytes' "$work/said"
site "$(local_mailbox one ONE)" "$(local_mailbox two BUYER)"
runs "the first mailbox, whose partner is another" 1 \
    translate "$work/in/one.edi"
holds "which is said" grep -q 'quarantined: .*sender' "$work/said"
runs "the mailbox that is named" 0 \
    translate --mailbox two "$work/in/one.edi"
same "orders" "$(ask "SELECT count(*) FROM orders")" 1
site
runs "no mailbox at all" 64 translate "$work/in/one.edi"
holds "which is said" grep -q 'mailbox is needed' "$work/said"
finish
