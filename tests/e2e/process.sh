# SPDX-License-Identifier: Apache-2.0
# What the process shows of itself, and how it takes closed outputs, signals
# and a full disk.
. "$(dirname "$0")/../support/lib.sh"
need_sqlite3

holds "init" "$TALLYMAN" init "$ws"

# What waits is said, or a newcomer takes it for lost.
printf 'ISA*00*' >"$ws/drop/half.edi"
runs "a file that is not complete" 0 run
holds "waits, which is said" grep -q 'files waiting: 1' "$work/said"
rm "$ws/drop/half.edi"
order 1 >"$ws/drop/one.edi"
same "no folder behind -C" "$("$TALLYMAN" -C 2>&1)" \
    "tallyman: a folder is missing behind -C; 'tallyman --help' says what there is"

# Nothing of what is in memory gets into a file of the system.
mkfifo "$work/pipe"
"$TALLYMAN" validate - <"$work/pipe" >"$work/said" 2>&1 &
running=$!
exec 4>"$work/pipe"
if [ -r /proc/$running/limits ]; then
	holds "the umask" wait_for grep -q 'Umask:.0027' /proc/$running/status
	holds "no core file" grep -q 'core file size *0 *0' /proc/$running/limits
else
	skip "no /proc here"
fi
exec 4>&-
wait $running
same "of nothing: exit code" $? 65

# Output that cannot be written is no success, and no harm.
if [ -w /dev/full ]; then
	"$TALLYMAN" -C "$ws" status >/dev/full 2>"$work/said"
	same "a full output: exit code" $? 74
	"$TALLYMAN" -C "$ws" --json run >/dev/full 2>"$work/said"
	same "a run into a full output: exit code" $? 74
	holds "which is said" grep -q 'standard output' "$work/said"
	same "and the work is done" "$(ask "SELECT count(*) FROM orders")" 1
else
	skip "no /dev/full here"
fi
order 2 >"$ws/drop/two.edi"
"$TALLYMAN" -C "$ws" run >&- 2>"$work/said"
same "a closed output: exit code" $? 74
"$TALLYMAN" -C "$ws" status 2>&- >&- <&-
same "all closed: exit code" $? 74
same "the store is whole" "$(ask "PRAGMA integrity_check")" ok
same "orders" "$(ask "SELECT count(*) FROM orders")" 2

# An interrupt is a death like any other.
for i in $(seq 3 60); do
	order "$i" >"$ws/drop/$i.edi"
done
"$TALLYMAN" -C "$ws" run >"$work/said" 2>&1 &
running=$!
holds "it has the lock" wait_for locked
kill -TERM $running
wait $running 2>/dev/null
runs "the run after an interrupt" 0 run
same "orders" "$(ask "SELECT count(*) FROM orders")" 60
same "answers" "$(names "$ws/out")" 60
same "suspects" "$(ask "SELECT count(*) FROM files
    WHERE state <> 'translated'")" 0

# A folder that can be read but not written; root may write everywhere.
chmod 0500 "$ws/out"
if [ -w "$ws/out" ]; then
	skip "this user writes where the mode forbids it"
else
	runs "a folder that cannot be written" 77 check
	holds "which is said" grep -q '/out of mailbox any' "$work/said"
fi
chmod 0750 "$ws/out"

# A mailbox that is down for long is among what needs a person.
rmdir "$ws/drop"
for i in 1 2 3 4; do
	tallyman -q fetch
done
runs "four runs without it" 0 status
tallyman -q fetch
runs "five" 1 status
holds "which is said" grep -q '  mailbox down since .*any: .*drop' "$work/said"

rm "$ws"/tallyman.db*
runs "no store" 66 status
holds "which is said" grep -q 'there is no store; restore a backup' "$work/said"
finish
