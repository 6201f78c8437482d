# SPDX-License-Identifier: Apache-2.0
# Keeping a store: copies, checking, removing what is old, and going on after a
# copy was restored.
. "$(dirname "$0")/../support/lib.sh"
need_sqlite3

says() {
	holds "$1" grep -q -e "$2" "$work/said"
}
# alter SQL : as somebody would who has the file.
alter() {
	sqlite3 "$ws/tallyman.db" "$1"
}

"$TALLYMAN" init "$ws" >/dev/null
sed -i 's/settle="10"/settle="0"/' "$ws/tallyman.xml"
order 1 >"$ws/drop/1.edi"
order 1 2 >"$ws/drop/2.edi"
order 3 | sed 's/PO1\*1\*12\*EA/PO1*1*TWELVE*EA/' >"$ws/drop/3.edi"
# Larger than what is kept as a row.
{
	order 4 | sed '/^CTT/,$d'
	for line in $(seq 2 40000); do
		printf 'PO1*%d*12*EA*3.5**VP*WIDGET-9~\n' "$line"
	done
	printf 'CTT*40000~\nSE*40005*0001~\nGE*1*4~\nIEA*1*000000004~\n'
} >"$ws/drop/4.edi"
runs "a day" 1 run
archived=$(ask "SELECT archive FROM payloads WHERE archive IS NOT NULL")
holds "a file in the archive" test -f "$ws/$archived"

# Copies, one of them while somebody writes.
runs "backup" 0 backup "$work/one.db"
says "names what is not in it" 'archived files: 1, .* copy archive/, too'
same "it is sound" \
    "$(sqlite3 "$work/one.db" 'PRAGMA integrity_check')" ok
same "it has all" "$(sqlite3 "$work/one.db" 'SELECT count(*) FROM documents')" \
    "$(ask 'SELECT count(*) FROM documents')"
runs "backup to a name that is taken" 73 backup "$work/one.db"
runs "backup with the archive" 0 --json backup "$work/two.db" --archive
says "JSON" '^{"command":"backup","file":.*"archived_files":1,.*"status":0}$'
holds "the archived file" cmp "$ws/$archived" "$work/two.db.archive/$archived"
mkfifo "$work/hold"
sqlite3 "$ws/tallyman.db" <"$work/hold" &
writer=$!
exec 9>"$work/hold"
echo "BEGIN IMMEDIATE; UPDATE mailboxes SET failures = 9;" >&9
runs "backup while somebody writes" 0 backup "$work/three.db"
same "what was not committed is not in it" "$(sqlite3 "$work/three.db" \
    'SELECT max(failures) FROM mailboxes')" 0
echo "ROLLBACK;" >&9
exec 9>&-
wait $writer
same "nothing is left beside them" "$(ls "$work" | grep -c 'db\.tmp\|-wal\|-shm')" 0
runs "backup into a folder that is not there" 73 backup "$work/none/a.db"
for wrong in backup "backup a b" "verify x" "purge" "purge --before=1d" \
    "purge --payloads" "purge --before=soon --payloads"; do
	runs "$wrong" 64 $wrong
done

# Verify finds what was changed.
runs "verify" 0 verify
says "all is well" 'all is well; events: [1-9]'
same "verify, quietly, says nothing" "$("$TALLYMAN" -C "$ws" -q verify 2>&1)" ""
# A page that does not count its free bytes rightly: a line for each problem.
cp -R "$ws" "$work/bad"
chmod -R u+w "$work/bad"
root=$(sqlite3 "$work/bad/tallyman.db" "PRAGMA wal_checkpoint(TRUNCATE);
    SELECT rootpage FROM sqlite_schema WHERE name = 'objects'" | tail -n 1)
printf '\7' | dd of="$work/bad/tallyman.db" bs=1 conv=notrunc \
    seek=$(((root - 1) * 16384 + 7)) 2>/dev/null
"$TALLYMAN" -C "$work/bad" verify >"$work/said" 2>&1
same "a store that is damaged: exit code" $? 1
holds "what is wrong" grep -q '^tallyman: .*[Pp]age [0-9]*: ' "$work/said"
same "without line ends and the database's name" \
    "$(grep -c 'x0a\|in database main' "$work/said")" 0
cp "$ws/tallyman.db" "$work/good.db"
# damaged WHAT PATTERN SQL : it is told, and put right again.
damaged() {
	alter "$3"
	runs "$1" 1 verify
	says "$1: told" "$2"
	rm -f "$ws/tallyman.db-wal" "$ws/tallyman.db-shm"
	cp "$work/good.db" "$ws/tallyman.db"
}
damaged "an event that was changed" 'event 3 does not follow' \
    "UPDATE events SET reason = 'all right' WHERE id = 3"
damaged "an event that was removed" 'does not follow' \
    "DELETE FROM events WHERE id = (SELECT min(id) FROM events
     WHERE stream LIKE 'partner%')"
damaged "bytes that were changed" 'payload 1 is not as it was' \
    "UPDATE payloads SET bytes =
     CAST(replace(CAST(bytes AS TEXT), 'PO-1', 'PO-2') AS BLOB) WHERE id = 1"
damaged "records of a rejected document" 'orders .*which is rejected' \
    "UPDATE documents SET state = 'rejected' WHERE id = 1"
damaged "records of none" 'order_lines .*which is not there' \
    "INSERT INTO order_lines (id, document_id) VALUES (99 << 20, 99)"
damaged "a number that was given twice" 'number 1 was given to 2' \
    "UPDATE outbox SET control_number = 1 WHERE id = 2"
damaged "a row that is not there" 'names a row of files' \
    "PRAGMA foreign_keys = OFF; DELETE FROM files WHERE id = 1"
alter "UPDATE events SET reason = 'x' WHERE id = 1"
tallyman --json verify
holds "JSON" grep -q '^{"command":"verify","problems":\["event 1 .*"status":1}$' \
    "$work/said"
cp "$work/good.db" "$ws/tallyman.db"
chmod u+w "$ws/$archived"
printf X | dd of="$ws/$archived" bs=1 seek=9999 conv=notrunc 2>/dev/null
runs "an archived file that was changed" 1 verify
says "is told" "$archived is not as it was"

# Purging: shown first; what is held, and the rows themselves, stay.
rows=$(ask 'SELECT count(*) FROM files')
runs "purge, shown" 0 purge --before=2100-01-01 --payloads --findings --residue
says "how much" '^payloads: [1-9].*; --yes removes them'
same "nothing is gone" "$(ask "SELECT count(*) FROM payloads
    WHERE length(bytes) = 0")" 0
runs "of yesterday there is nothing" 0 purge --before=1d --payloads --yes
says "nothing" '^payloads: 0,'
runs "purge" 0 purge --before=2100-01-01 --payloads --findings --residue --yes
holds "the archived file is gone" test ! -e "$ws/$archived"
same "the rows are there" "$(ask 'SELECT count(*) FROM files')" "$rows"
same "a held document's bytes, too" "$(ask "SELECT length(p.bytes) = p.size
    FROM payloads p JOIN files f ON f.payload_id = p.id
    WHERE f.name = '2.edi'")" 1
same "and its findings" "$(ask "SELECT count(*) > 0 FROM findings n
    JOIN documents d ON d.id = n.document_id WHERE d.state = 'held'")" 1
same "others' are gone" "$(ask "SELECT count(*) FROM findings n
    JOIN documents d ON d.id = n.document_id WHERE d.state <> 'held'")" 0
runs "verify after it" 0 verify
runs "replay of what is gone" 1 replay 1
says "says so" 'its bytes were purged'
# The same bytes once more: a duplicate, and nothing empty is sent.
rm -f "$ws"/out/*
order 1 >"$ws/drop/same.edi"
runs "the same bytes once more" 0 run
same "nothing goes out" "$(names "$ws/out")" 0
order 5 >"$ws/drop/5.edi"
runs "and something new" 0 run
same "is answered" "$(names "$ws/out")" 1
runs "verify once more" 0 verify

# A restored copy does not draw its numbers again.
cp "$ws/tallyman.db" "$work/old.db"
order 6 >"$ws/drop/6.edi"
order 7 >"$ws/drop/7.edi"
runs "two more" 0 run
last=$(ask "SELECT max(number) FROM control_numbers")
rm -f "$ws/tallyman.db-wal" "$ws/tallyman.db-shm"
cp "$work/old.db" "$ws/tallyman.db"
sent=$(names "$ws/out")
order 8 >"$ws/drop/8.edi"
runs "a run of a restored store" 1 run
says "says what it is" 'it was restored from a backup'
same "takes what is there" "$(names "$ws/drop")" 0
same "records nothing" "$(ask "SELECT count(*) FROM orders
    WHERE po_number = 'PO-8'")" 0
same "and sends nothing" "$(names "$ws/out")" "$sent"
runs "the next run, too" 1 run
runs "deliver" 1 deliver
runs "an answer that is asked for" 75 replay 3 --acknowledge
runs "a person decides" 0 deliver --restored
runs "a run" 0 run
same "goes on behind the last number" "$(ask "SELECT control_number
    FROM outbox ORDER BY id DESC LIMIT 1")" $((last + 1))
runs "as if nothing had been" 0 run
echo 'event' >"$ws/tallyman.mark"
runs "a mark that cannot be read" 1 run
runs "is made anew" 0 deliver --restored
runs "and all is well" 0 run
runs "an option that is none" 64 deliver --again

# Under systemd each line has its priority.
head -c 200 /dev/zero >"$ws/drop/zeros"
(
	exec 2>"$work/journal"
	JOURNAL_STREAM=$(stat -L -c %d:%i /dev/stderr) \
	    exec "$TALLYMAN" -C "$ws" run
) >/dev/null
holds "a line for the journal" grep -q '^<4>tallyman: file zeros' \
    "$work/journal"
finish
