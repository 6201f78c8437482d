# SPDX-License-Identifier: Apache-2.0
# How files get their names at a partner, renamed, written at once, with a
# trigger: what is delivered, and what becomes of it wherever a run died.
. "$(dirname "$0")/../support/lib.sh"
need_sshd
need_sqlite3

server buyer
in=$work/buyer/files/inbound
name=997-buyer-000000001.edi

# begin ATTRIBUTES : a fresh site, one answer delivered.
begin() {
	rm -rf "$work/buyer/files"
	mkdir -p "$in" "$work/buyer/files/outbound" "$work/buyer/files/temp"
	site "$(partner buyer BUYER | sed "s|<push |&$1 |")"
	order 1 >"$work/buyer/files/outbound/one.edi"
	runs "$1" 0 run
	same "$1: sent" "$(ask "SELECT state FROM outbox")" sent
	cp "$in/$name" "$work/whole"
}
# row STATE TEMPORARY : what the store says of it.
row() {
	sqlite3 "$ws/tallyman.db" "UPDATE outbox SET state = '$1',
	    temporary = nullif('${2:-}', ''), next_at = NULL"
}
# after WHAT EXIT STATE FILES : a run, and what is there then.
after() {
	runs "$1" "$2" run
	same "$1: state" "$(ask "SELECT state FROM outbox")" "$3"
	same "$1: files" "$(cd "$in" && ls -A | tr '\n' ' ')" "$4"
}
whole() {
	holds "$1: the file is whole" cmp "$in/$name" "$work/whole"
}

begin 'upload="direct"'
same "direct: files" "$(ls -A "$in")" $name
row uploaded $name
after "written, and then died" 0 sent "$name "
whole "written, and then died"
row uploaded $name
head -c 100 "$work/whole" >"$in/$name"
after "died while writing" 0 sent "$name "
whole "died while writing"
row uploaded $name
rm "$in/$name"
after "it is not there" 0 sent "$name "
whole "it is not there"
row queued
after "sent before, and asked for again" 0 sent "$name "
row queued
echo other >"$in/$name"
after "another file has the name" 73 failed "$name "
holds "which is told" grep -q 'name is taken' "$work/said"
same "which is left as it is" "$(cat "$in/$name")" other

begin 'upload="trigger" trigger=".go"'
same "trigger: files" "$(cd "$in" && ls -A | tr '\n' ' ')" "$name $name.go "
same "trigger: it is empty" "$(wc -c <"$in/$name.go")" 0
rm "$in/$name.go"
row uploaded $name
after "died before the trigger" 0 sent "$name $name.go "
rm "$in/$name.go"
head -c 100 "$work/whole" >"$in/$name"
row uploaded $name
after "died while writing, with a trigger" 0 sent "$name $name.go "
whole "died while writing, with a trigger"
rm "$in/$name" "$in/$name.go"
row uploaded $name
after "died before a byte went" 0 sent "$name $name.go "
whole "died before a byte went"
row uploaded $name.go
after "died after the trigger" 0 sent "$name $name.go "
rm "$in/$name.go"
row uploaded $name.go
after "died at the trigger" 0 sent "$name $name.go "
rm "$in/$name" "$in/$name.go"
row uploaded $name.go
after "taken, trigger and all" 0 sent ""

begin ' '
same "rename: files" "$(ls -A "$in")" $name
temporary=.$name.1.tmp
rm "$in/$name"
head -c 100 "$work/whole" >"$in/$temporary"
row queued
after "died while writing what is renamed" 0 sent "$name "
whole "died while writing what is renamed"
rm "$in/$name"
cp "$work/whole" "$in/$temporary"
row uploaded $temporary
after "died before it was renamed" 0 sent "$name "
whole "died before it was renamed"
row uploaded $temporary
after "died after it was renamed" 0 sent "$name "
rm "$in/$name"
row uploaded $temporary
after "renamed, and taken" 0 sent ""
same "which is said" "$(ask "SELECT reason FROM events ORDER BY id DESC
    LIMIT 1")" "inferred: the temporary name is gone"
cp "$work/whole" "$in/$temporary"
cp "$work/whole" "$in/$name"
row uploaded $temporary
after "both are there" 0 sent "$name "
cp "$work/whole" "$in/$temporary"
echo other >"$in/$name"
row uploaded $temporary
after "another file came between" 73 failed "$name "
same "which is left" "$(cat "$in/$name")" other

begin 'temporary="temp"'
same "temporary: files" "$(ls -A "$in")" $name
same "nothing is left there" "$(names "$work/buyer/files/temp")" 0
rm "$in/$name"
cp "$work/whole" "$work/buyer/files/temp/.x.tmp"
row uploaded .x.tmp
after "died before the renaming" 0 sent "$name "
whole "died before the renaming"
same "nothing is left there" "$(names "$work/buyer/files/temp")" 0
finish
