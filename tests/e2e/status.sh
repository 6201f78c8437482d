# SPDX-License-Identifier: Apache-2.0
# What status shows where thousands need a person: some of each kind, and how
# many more there are.
. "$(dirname "$0")/../support/lib.sh"
need_sqlite3

"$TALLYMAN" init "$ws" >/dev/null
sed -i 's/settle="10"/settle="0"/' "$ws/tallyman.xml"
for n in $(seq 25); do
	order "$n" >"$ws/drop/$n.edi"
	order "$n" $((100 + n)) >"$ws/drop/again.$n.edi"
done
echo 'no X12' >"$ws/drop/bad.edi"
tallyman run
same "orders are held" "$(ask "SELECT count(*) FROM documents
    WHERE state = 'held'")" 25
tallyman status
same "the oldest of them are shown" "$(grep -c '^  document [0-9]* held' \
    "$work/said")" 20
same "and how many more" "$(grep '^  document held' "$work/said")" \
    "  document held: 5 more, 'tallyman list documents --state=held' has them all"
holds "and what else there is" grep -q '^  file [0-9]* quarantined' \
    "$work/said"
tallyman -q status
same "the same with -q" "$(grep -c '^  document .*held' "$work/said")" 21
tallyman --json status
same "JSON has all" "$(grep -o '"held","since"' "$work/said" | wc -l)" 25
tallyman list documents --state=held
same "so has the list" "$(grep -c held "$work/said")" 25

# Of mailboxes some that are well, and all that are not.
sqlite3 "$ws/tallyman.db" "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL
    SELECT i + 1 FROM n WHERE i < 30) INSERT INTO mailboxes
    SELECT 'box' || i, i > 27, '2026-01-01T00:00:' || (10 + i) || '.000Z',
	NULL, CASE WHEN i > 27 THEN 'it is down' END FROM n"
tallyman status
same "well mailboxes are shown" "$(grep -c ': well, last' "$work/said")" 20
same "and those that are not" "$(grep -c 'it is down$' "$work/said")" 3
same "and how many more" "$(grep 'more are well' "$work/said")" \
    "  8 more are well, last reached 2026-01-01T00:00:$(ask "SELECT
	10 + min(CAST(substr(name, 4) AS INTEGER)) FROM (SELECT name
	FROM mailboxes WHERE failures = 0 ORDER BY name LIMIT -1 OFFSET 20)
	WHERE name LIKE 'box%'").000Z or later"
tallyman --json status
same "JSON has all mailboxes" \
    "$(grep -o '"last_ok"' "$work/said" | wc -l)" 31

# What is open is found in another way than the rest: each state has its list.
sqlite3 "$ws/tallyman.db" "UPDATE outbox SET state = CASE id % 5 WHEN 0 THEN
    'queued' WHEN 1 THEN 'uploaded' WHEN 2 THEN 'failed' ELSE 'sent' END;
    UPDATE interchanges SET state = 'rejected' WHERE id % 7 = 0;
    UPDATE documents SET state = 'rejected' WHERE id % 9 = 0"
for table in documents files interchanges outbox; do
	ask "SELECT DISTINCT state FROM $table" >"$work/states"
	holds "$table have several states" test "$(wc -l <"$work/states")" -ge 2
	while read -r state; do
		tallyman --json list $table "--state=$state"
		same "$table that are $state, in the order of their numbers" \
		    "$(sed 's/.*"id":"\([0-9]*\)".*/\1/' "$work/said")" \
		    "$(ask "SELECT id FROM $table WHERE state = '$state'
			ORDER BY id")"
	done <"$work/states"
done
finish
