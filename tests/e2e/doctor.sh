# SPDX-License-Identifier: Apache-2.0
# What is going to hurt is told before it does.
. "$(dirname "$0")/../support/lib.sh"
need_sqlite3

says() {
	holds "$1" grep -q -e "$2" "$work/said"
}
# later DAYS : the time for the program.
later() {
	TALLYMAN_NOW=$(date -u -d "2026-03-01 + $1 days" +%Y-%m-%dT12:00:00Z)
	export TALLYMAN_NOW
}
# told WHAT PATTERN : doctor says it, and leaves with 1.
told() {
	runs "$1" 1 doctor
	says "$1: told" "$2"
}

later 0
"$TALLYMAN" init "$ws" >/dev/null
sed -i 's/settle="10"/settle="0"/' "$ws/tallyman.xml"
order 1 >"$ws/drop/1.edi"
runs "a run" 0 run
told "no backup" 'was never copied'
# Whoever builds as root tests as root, and sanitizers have no sandbox, which is
# to be told.
known='runs as root\|built with SANDBOX=no'
well=0
! grep -q "$known" "$work/said" || well=1
runs "backup" 0 backup "$work/copy.db"
runs "all is well" $well doctor
same "lines said" "$(grep -vc "$known" "$work/said")" $((1 - well))
tallyman --json doctor
holds "JSON" grep -q '^{"command":"doctor","check":{"command":"check"' \
    "$work/said"
holds "JSON, to its end" grep -q '^,"problems":\[.*\],"status":[01]}$' \
    "$work/said"

unboxed=${TALLYMAN%/*}/unboxed/tallyman
if [ -x "$unboxed" ]; then
	boxed=$TALLYMAN TALLYMAN=$unboxed
	told "a build without a sandbox" 'was built with SANDBOX=no'
	TALLYMAN=$boxed
else
	skip "$unboxed is not built"
fi

later 8
told "an old backup" 'copied last 8 days ago'
says "a mailbox that nobody looks at" 'mailbox any was reached last on 2026-03-01'
later -1
told "a clock that was set back" 'the clock is behind the newest event'
later 0
order 1 2 >"$ws/drop/2.edi"
runs "a document is held" 1 run
order 3 >"$ws/drop/3.edi"
runs "and a file only fetched" 0 fetch
later 9
told "both wait" 'held since 2026-03-01'
says "the file" 'received on 2026-03-01.* is not translated'
later 0
runs "translated" 0 translate
later 2
told "not delivered" 'queued on 2026-03-01.* is not sent'
later 0
runs "delivered" 0 deliver
chmod o+w "$ws/tallyman.xml"
told "a configuration for everybody" 'tallyman.xml; chmod o-w'
chmod o-w "$ws/tallyman.xml"
chmod 0755 "$ws/keys"
told "keys for everybody" 'keys; chmod 0700'
chmod 0700 "$ws/keys"
sqlite3 "$ws/tallyman.db" 'PRAGMA journal_mode = DELETE' >/dev/null
told "another journal" '"delete", not "wal"'
runs "a run mends it" 0 run
cp "$work/copy.db" "$ws/tallyman.db"
told "a restored store" 'was restored from a backup'
rm -r "$ws/quarantine"
runs "what check finds" 78 doctor
says "is told" 'quarantine is missing'
sed -i 's/<push/<pish/' "$ws/tallyman.xml"
runs "a configuration that is wrong" 78 doctor
runs "an option that is none" 64 doctor --offline
finish
