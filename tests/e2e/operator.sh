# SPDX-License-Identifier: Apache-2.0
# What an operator does with what there is: lists, finds and traces it, decides
# on what is held, and makes documents anew from the bytes that were kept.
. "$(dirname "$0")/../support/lib.sh"
need_sqlite3

# dump FOLDER : all that a replay can change, without the numbers of findings
# and residue, which say nothing.
dump() {
	sqlite3 -readonly "$1/tallyman.db" "
	    SELECT m.name, group_concat('quote(\"' || c.name || '\")', '||'',''||')
	    FROM sqlite_schema m JOIN pragma_table_info(m.name) c
	    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'
	    AND m.name NOT IN ('events', 'maps', 'meta', 'mailboxes', 'objects')
	    AND NOT (m.name IN ('findings', 'residue') AND c.name = 'id')
	    GROUP BY m.name" -separator ' ' |
	while read -r table columns; do
		sqlite3 -readonly "$1/tallyman.db" \
		    "SELECT '$table', $columns FROM $table ORDER BY 2"
	done
}
# says WHAT PATTERN : it was said.
says() {
	holds "$1" grep -q -e "$2" "$work/said"
}

# A day: orders that are right, one that comes twice under another number, one
# with findings, two in one file, a picture, a test, and a set without a map.
"$TALLYMAN" init "$ws" >/dev/null
mkdir -p "$ws/maps/004010"
cat >"$ws/maps/004010/899" <<'X'
set 899 RA small advice

1.010  ST   M 1
1.020  REF  M 1
1.030  SE   M 1
X
sed -i 's/settle="10"/settle="0"/' "$ws/tallyman.xml"
for n in 1 2 3 4 5 6 7 8; do order $n >"$ws/drop/$n.edi"; done
order 1 21 >"$ws/drop/again.edi"
order 9 | sed 's/\*0\*P\*>/*0*T*>/' >"$ws/drop/test.edi"
order 10 | sed 's/PO1\*1\*12\*EA/PO1*1*TWELVE*EA/' >"$ws/drop/wrong.edi"
cp "$root/samples/850-two-orders.edi" "$ws/drop/two.edi"
cp "$root/samples/850-with-findings.edi" "$ws/drop/with-findings.edi"
order 99 | sed 's/^GS\*PO/GS*RA/; s/^ST\*850/ST*899/
    s/^BEG.*/REF*PO*70045512*DAIRY~/; /^N1/d; /^PO1/d; /^CTT/d
    s/^SE\*6/SE*3/' >"$ws/drop/unmapped.edi"
head -c 500 /dev/zero | tr '\0' 'x' >"$ws/drop/picture.jpg"
runs "the day" 1 run
held=$(ask "SELECT count(*) FROM documents WHERE state = 'held'")
same "held" "$held" 3

# Lists.
runs "list" 0 list
same "list has them all" "$(wc -l <"$work/said")" \
    "$(ask 'SELECT count(*) FROM documents')"
runs "held ones" 0 list --state=held
same "held ones are listed" "$(wc -l <"$work/said")" 3
says "with why" "850 PO-1 held, in, ZZ:BUYER.*an accepted document has the same key"
runs "files" 0 list files
same "files" "$(wc -l <"$work/said")" "$(ask 'SELECT count(*) FROM files')"
runs "quarantine" 0 list quarantine
says "the picture" 'picture.jpg, 500 bytes'
runs "interchanges of a file" 0 list interchanges --file=1
same "one" "$(wc -l <"$work/said")" 1
runs "outbox" 0 list outbox --state sent
same "answers" "$(wc -l <"$work/said")" "$(ask 'SELECT count(*) FROM outbox')"
runs "answers of partners" 0 list answers
says "none yet" 'nothing of the kind'
runs "list as JSON" 0 --json list --set=850 --partner ZZ:BUYER
same "lines that are objects" "$(grep -c '^{"type":"document","id":"[0-9]*",.*}$' \
    "$work/said")" "$(ask "SELECT count(*) FROM documents
    WHERE partner = 'ZZ:BUYER' AND set_id = '850'")"
runs "nothing before that" 0 list --before=2020-01-01
says "says so" 'nothing of the kind'
runs "since yesterday" 0 list --since=1d
same "all" "$(wc -l <"$work/said")" "$(ask 'SELECT count(*) FROM documents')"
for wrong in "list orders" "list --since=yesterday" "list --mailbox=any" \
    "list files --set=850" "find" "trace" "release" "reject 1" "replay" \
    "replay 1 --set=850" "release x:1" "release 0"; do
	runs "$wrong" 64 $wrong
done

# Finding and tracing.
runs "find an order" 0 find PO-1
same "both documents, by key" "$(grep -c '(documents.key)' "$work/said")" 2
same "and by column" "$(grep -c '(orders.po_number)' "$work/said")" 2
runs "find a control number" 0 find 21
says "an interchange" '^interchange .*000000021'
runs "find a file" 0 find picture.jpg
says "it" '^file .*quarantined'
runs "find nothing" 66 find PO-NONE
runs "trace" 0 trace PO-1
same "in order of time" "$(cut -d' ' -f1 "$work/said" | sort -c && echo yes)" yes
same "both files" "$(grep -c ' file [0-9]* received' "$work/said")" 2
same "both acknowledgements" "$(grep -c ' acknowledgement [0-9]* sent' \
    "$work/said")" 2

# The day again gives the day, byte for byte, answers included.
runs "replay of the day, shown" 0 replay --since=2000-01-01 --diff
says "nothing differs" 'different: 0; acknowledgements: [1-9][0-9]*, different: 0;'
dump "$ws" >"$work/before"
cp -R "$ws" "$work/second"
tables=$(sqlite3 -readonly "$ws/tallyman.db" "SELECT m.name FROM sqlite_schema m
    JOIN pragma_table_info(m.name) c WHERE m.type = 'table'
    AND c.name = 'document_id' AND m.name <> 'expected_acks'
    AND NOT m.name = 'findings'")
for table in $tables; do
	sqlite3 "$work/second/tallyman.db" "DELETE FROM $table"
done
sqlite3 "$work/second/tallyman.db" "
    DELETE FROM findings WHERE document_id IS NOT NULL;
    UPDATE documents SET key = NULL, map_id = NULL, verdict = 'R',
        state = 'rejected'"
first=$ws ws=$work/second
runs "replay of a store without records" 0 replay --since=2000-01-01 --yes
says "all were made" 'replaced: [1-9]'
dump "$ws" >"$work/after"
holds "the same rows, byte for byte" cmp "$work/before" "$work/after"
runs "once more" 0 replay --since=2000-01-01 --yes
says "nothing is replaced" 'replaced: 0'
sqlite3 "$ws/tallyman.db" "UPDATE payloads SET bytes =
    CAST(replace(CAST(bytes AS TEXT), 'AK9*A', 'AK9*E') AS BLOB)
    WHERE id = (SELECT payload_id FROM outbox ORDER BY id LIMIT 1)"
runs "an answer that is not as it would be" 1 replay --since=2000-01-01 --diff
says "is told" 'acknowledgement of interchange 1 differs'
says "what was" '  - AK9\*E'
says "what would be" '  + AK9\*A'
ws=$first

# Nothing is done that is only shown.
before=$(dump "$ws" | cksum)
runs "release, shown" 0 release --dry-run 9
runs "reject, shown" 0 reject --partner=ZZ:BUYER --reason=x
says "--yes does it" ' --yes does it'
same "nothing was changed" "$(dump "$ws" | cksum)" "$before"

# Decisions.
again=$(ask "SELECT id FROM documents WHERE key = 'PO-1' AND state = 'held'")
test=$(ask "SELECT id FROM documents WHERE key = 'PO-9'")
same "the ERP does not see it" \
    "$(ask "SELECT count(*) FROM erp_orders WHERE po_number = 'PO-1'")" 1
runs "release" 0 release "$again" --reason 'the buyer wants both'
same "now it does" \
    "$(ask "SELECT count(*) FROM erp_orders WHERE po_number = 'PO-1'")" 2
same "with its lines" "$(ask "SELECT count(*) FROM erp_order_lines
    WHERE order_id = $again")" 1
same "accepted later than received" "$(ask "SELECT accepted_at > received_at
    FROM erp_orders WHERE order_id = $again")" 1
same "an event" "$(ask "SELECT from_state || to_state || reason FROM events
    WHERE subject = 'documents' AND subject_id = $again
    ORDER BY id DESC LIMIT 1")" 'heldacceptedthe buyer wants both'
runs "release once more" 1 release "$again"
says "is none" 'accepted, which needs no such decision'
runs "replay leaves it released" 0 replay "$again" --diff
runs "reject" 0 reject "$test" --reason 'only a test'
same "its state" "$(ask "SELECT state FROM documents WHERE id = $test")" rejected
same "it has no records" \
    "$(ask "SELECT count(*) FROM orders WHERE id = $test")" 0
runs "replay leaves it rejected" 0 replay "$test" --diff
runs "trace tells it" 0 trace PO-1
says "who and why" 'released by .*: the buyer wants both'

# A set that no map read, until one is there.
unmapped=$(ask "SELECT id FROM documents WHERE set_id = '899'")
runs "release without a map" 1 release "$unmapped"
says "is refused" 'no map reads it'
cat >"$ws/maps/899.xml" <<'X'
<map xmlns="urn:tallyman:map:1" name="899" set="899" versions="004010">
  <record table="orders">
    <constant column="kind" value="purchase"/>
    <literal ref="REF01" value="PO"/>
    <field column="po_number" ref="REF02"/>
  </record>
</map>
X
runs "shown with one" 0 release --set=899
same "nothing was changed" \
    "$(ask "SELECT state FROM documents WHERE id = $unmapped")" held
runs "release with one" 0 release --set=899 --yes
same "its record" "$(ask "SELECT po_number FROM erp_orders
    WHERE order_id = $unmapped")" 70045512

# A map that is changed.
sent=$(ask 'SELECT count(*) FROM outbox')
sed -i 's,REF02,REF03,' "$ws/maps/899.xml"
runs "what would change" 1 replay "$unmapped" --diff
says "the old row" '  - orders kind="purchase" po_number="70045512"'
says "the new row" '  + orders kind="purchase" po_number="DAIRY"'
same "is not changed" \
    "$(ask "SELECT po_number FROM orders WHERE id = $unmapped")" 70045512
runs "replay" 0 replay "$unmapped"
same "is changed" \
    "$(ask "SELECT po_number FROM orders WHERE id = $unmapped")" DAIRY
same "the key, too" \
    "$(ask "SELECT key FROM documents WHERE id = $unmapped")" DAIRY
same "no answer was sent again" "$(ask "SELECT count(*) FROM outbox
    WHERE state <> 'sent'")" 0
runs "replay with the same answer" 0 replay "$unmapped" --acknowledge
same "is queued again" \
    "$(ask "SELECT count(*) FROM outbox WHERE state = 'queued'")" 1
same "under no new number" "$(ask 'SELECT count(*) FROM outbox')" "$sent"

# Another agreement on answers: what would be answered differs.
cp "$ws/tallyman.xml" "$work/tallyman.xml"
sed -i 's,acknowledge="997",& list="errors",' "$ws/tallyman.xml"
runs "another answer, shown" 1 replay 1 --diff
says "what is left out" '  - AK2\*850\*0001'
runs "replay" 0 replay 1
says "says how to send it" '--acknowledge sends the new ones'
same "nothing was queued" "$(ask 'SELECT count(*) FROM outbox')" "$sent"
runs "replay and answer" 0 replay 1 --acknowledge
same "one more answer" "$(ask 'SELECT count(*) FROM outbox')" $((sent + 1))
same "under a new number" "$(ask "SELECT count(*) = count(DISTINCT name)
    FROM outbox")" 1
runs "now it is the one that would be given" 1 replay 1 --diff
cp "$work/tallyman.xml" "$ws/tallyman.xml"
wrong=$(ask "SELECT d.id FROM documents d WHERE d.state = 'rejected'
    AND d.id <> $test ORDER BY d.id LIMIT 1")
runs "a document stays rejected" 0 replay "$wrong" --diff

# What a partner says of what was sent.
printf '%s' 'ISA*00*          *00*          *ZZ*BUYER          *ZZ*SELLER         *260105*0900*U*00401*000000777*0*P*>~' \
    'TA1*000000001*260105*0800*R*018~' \
    'IEA*0*000000777~' >"$ws/drop/ta1.edi"
tallyman run
runs "answers" 0 list answers
says "the TA1" 'TA1 R.*, matched, ZZ:BUYER, .*codes 018'
runs "status asks for it" 1 status
says "by its number" 'answer 1 rejected'
runs "it is decided on" 0 reject answer:1 --reason 'was sent again'

# What needs a person, and no longer.
quarantined=$(ask "SELECT id FROM files WHERE state = 'quarantined'")
runs "release of a file" 0 release "file:$quarantined"
same "it is to be done" \
    "$(ask "SELECT state FROM files WHERE id = $quarantined")" received
same "its copy is gone" "$(names "$ws/quarantine")" 0
runs "it is no X12, still" 1 run
runs "reject it" 0 reject "file:$quarantined" --reason 'a picture'
for id in $(ask "SELECT id FROM documents WHERE state = 'rejected'"); do
	tallyman reject "$id" --reason 'the buyer was told'
done
for id in $(ask "SELECT id FROM interchanges WHERE state = 'rejected'"); do
	tallyman reject "interchange:$id" --reason 'the buyer was told'
done
runs "status: nothing needs a person" 0 status
holds "decisions as JSON" "$TALLYMAN" -C "$ws" --json reject "$wrong" \
    --reason again
finish
