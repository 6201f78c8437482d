# SPDX-License-Identifier: Apache-2.0
# A fresh workspace works without editing, and what is wrong with a
# configuration is said with file and line before anything is changed.
. "$(dirname "$0")/../support/lib.sh"
need_sqlite3

holds "init" "$TALLYMAN" init "$ws"
"$TALLYMAN" init "$ws" >"$work/said" 2>&1
same "init where there is a workspace: exit code" $? 73
order 1 >"$ws/drop/one.edi"
runs "check of a fresh workspace" 0 check
runs "run" 0 run
same "orders" "$(ask "SELECT po_number FROM orders")" PO-1
same "drop is empty" "$(names "$ws/drop")" 0
same "answers in out" "$(names "$ws/out")" 1
holds "that accept" grep -q 'AK9\*A\*1\*1\*1' "$ws"/out/*

# Nothing at all is left behind by a run that cannot read its configuration.
"$TALLYMAN" init "$work/fresh" >/dev/null
sed -i 's/<receive/<recieve/' "$work/fresh/tallyman.xml"
before=$(ls -A "$work/fresh"; cksum <"$work/fresh/tallyman.db")
for verb in run fetch translate deliver check status; do
	"$TALLYMAN" -C "$work/fresh" $verb >/dev/null 2>&1
	same "a wrong configuration: $verb" $? 78
done
same "what is there afterwards" \
    "$(ls -A "$work/fresh"; cksum <"$work/fresh/tallyman.db")" "$before"

# From a folder below, without being told where the workspace is.
order 2 >"$ws/drop/two.edi"
mkdir -p "$ws/drop/deep"
(cd "$ws/drop/deep" && "$TALLYMAN" run) >"$work/said" 2>&1
same "run in a folder of the workspace: exit code" $? 0
same "orders" "$(ask "SELECT count(*) FROM orders")" 2
rmdir "$ws/drop/deep"

# bad WHAT LINE TEXT : a configuration that is wrong in LINE.
cp "$ws/tallyman.xml" "$work/good.xml"
bad() {
	printf '%s\n' "$3" >"$ws/tallyman.xml"
	order 9 >"$ws/drop/nine.edi"
	for verb in run check; do
		runs "$1: $verb" 78 $verb
		same "$1: lines said by $verb" "$(wc -l <"$work/said")" 1
		holds "$1: file and line" grep -q "tallyman.xml:$2: " "$work/said"
	done
	same "$1: nothing was taken" "$(names "$ws/drop")" 1
	same "$1: orders" "$(ask "SELECT count(*) FROM orders")" 2
	cp "$work/good.xml" "$ws/tallyman.xml"
}
xmlns='xmlns="urn:tallyman:config:1"'
bad "no XML" 1 'self = ZZ/SELLER'
bad "an element that is none" 2 "<tallyman $xmlns>
<selv qualifier='ZZ' id='US'/></tallyman>"
bad "a partner's id that is too long" 2 "<tallyman $xmlns>
<partner name='a' qualifier='ZZ' id='SIXTEENCHARACTER'/></tallyman>"
bad "a server without a pinned key" 3 "<tallyman $xmlns>
<partner name='a' qualifier='ZZ' id='A'>
<mailbox url='sftp://a@localhost' key='k'><pull from='out'/></mailbox>
</partner></tallyman>"
bad "a set that no dictionary has" 3 "<tallyman $xmlns>
<partner name='a' qualifier='ZZ' id='A'>
<receive set='899'/></partner></tallyman>"
bad "an entity" 1 '<!DOCTYPE x [<!ENTITY a SYSTEM "/etc/passwd">]>
<tallyman>&a;</tallyman>'
runs "mended" 0 run
same "orders" "$(ask "SELECT count(*) FROM orders")" 3

same "no workspace: exit code" "$(cd / && "$TALLYMAN" -C "$work" status \
    >"$work/said" 2>&1; echo $?)" 78
same "no such command: exit code" \
    "$("$TALLYMAN" frobnicate >/dev/null 2>&1; echo $?)" 64
same "no such file: exit code" \
    "$("$TALLYMAN" validate "$work/nofile" >/dev/null 2>&1; echo $?)" 66
finish
