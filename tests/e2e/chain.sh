# SPDX-License-Identifier: Apache-2.0
# An outsourced warehouse, as samples/chain has it: an order becomes one to the
# warehouse, what that shipped a notice to the customer.  Documents of the store
# are written as they came; scripts can do no harm.
. "$(dirname "$0")/../support/lib.sh"
need_sqlite3
chain=$root/samples/chain
TALLYMAN_NOW=2026-01-05T10:30:00Z
export TALLYMAN_NOW
"$TALLYMAN" init "$ws" >/dev/null
cp "$chain/tallyman.xml" "$ws"
for partner in harbor tide; do
	mkdir -p "$ws/$partner/inbound" "$ws/$partner/outbound"
done
takes() {
	touch -d 2026-01-04T00:00:00Z "$1"
	runs "a run" 0 run
}
segments() {
	tr -d '\r\n' <"$1" | tr '~' '\n' | grep "^$2" | tr '\n' ' ' |
	    sed 's/ $//'
}

# The order, with segments that no map reads.
sed 's/^DTM\*010\*20260119~/INC*36*EA*3*4~DTM*010*20260119~/
    s/^SE\*19/SE*20/' "$root/samples/850-two-orders.edi" |
    tr -d '\n' >"$work/order"
cp "$work/order" "$ws/harbor/outbound/order.edi"
takes "$ws/harbor/outbound/order.edi"
same "what no map reads" "$(ask "SELECT path, text, record_table, record_row
    FROM residue")" "INC|INC*36*EA*3*4|orders|0"
runs "both orders as they are" 0 write --document=1 --document=2 --line-end=none
holds "are those that came" cmp "$work/said" "$work/order"

runs "to the warehouse" 0 write --partner=tide --send --set=940 \
    --document=1 --document=2 --script="$chain/order-to-warehouse.sql"
same "a file" "$(cat "$work/said")" 940-000000001.edi
takes "$chain/tallyman.xml"
out=$ws/tide/inbound/940-000000001.edi
same "its orders" "$(segments "$out" W05)" \
    "W05*N*WO-HS-70412*HS-70412 W05*N*WO-HS-70413*HS-70413"
same "its stores" "$(segments "$out" SDQ)" \
    "SDQ*EA*92*0112*40*0113*40*0118*40"
same "its totals" "$(segments "$out" W76)" "W76*78 W76*120"
runs "is accepted" 0 validate "$out"
same "its state" "$(ask "SELECT state, control_number FROM outbox
    WHERE mailbox LIKE '%tide%'")" "sent|1"

cp "$root/samples/945-shipping-advice.edi" "$ws/tide/outbound/advice.edi"
takes "$ws/tide/outbound/advice.edi"
advice=$(ask "SELECT id FROM documents WHERE set_id = '945'")
runs "the advice as it is" 0 write --document="$advice"
holds "is what came" cmp "$work/said" "$root/samples/945-shipping-advice.edi"
runs "to the customer" 0 write --partner=harbor --send --set=856 \
    --document="$advice" --script="$chain/advice-to-notice.sql"
takes "$chain/tallyman.xml"
out=$(echo "$ws"/harbor/inbound/856-*.edi)
same "its order, from the one that came" "$(segments "$out" PRF)" \
    "PRF*HS-70412***20260105"
same "its levels" "$(segments "$out" HL)" \
    "HL*1**S*1 HL*2*1*O*1 HL*3*2*P*1 HL*4*3*I*0 HL*5*2*P*1 HL*6*5*I*0 HL*7*5*I*0"
same "its packages" "$(segments "$out" 'MAN\*GM')" \
    "MAN*GM*00100123450000000024 MAN*GM*00100123450000000031"
same "item numbers of the order" "$(segments "$out" 'LIN\*1')" \
    "LIN*1*UP*012345678905*VP*LAMP-9*LT*L2601"
same "what was packed" "$(segments "$out" 'SN1\*2')" "SN1*2*16*EA**24*EA"
runs "is accepted" 0 validate "$out"

# What is corrected in the store is what is written.
sqlite3 "$ws/tallyman.db" "UPDATE orders SET department = '0999' WHERE id = 1"
runs "a corrected order" 0 write --document=1
holds "has the correction" grep -q '^REF\*DP\*0999~' "$work/said"

# Scripts.
numbers() {
	ask "SELECT level, receiver, number FROM control_numbers ORDER BY 1, 2"
}
before=$(ask "SELECT count(*) FROM outbox") drawn=$(numbers)
script() {
	cat >"$work/script.sql"
	runs "$1" "$2" write --partner=tide --send --document=1 --set=940 \
	    --script="$work/script.sql"
}
script "a mistake" 78 <<'END'
INSERT INTO orders (id, kind)
SELECT 1, 'warehouse';

INSERT INTO orders (colour)
SELECT 'blue';
END
holds "its line" grep -q 'script.sql:4: .*colour' "$work/said"
script "a change of the store" 78 <<'END'
DELETE FROM store.orders;
END
holds "is refused" grep -q 'readonly' "$work/said"
script "another database" 78 <<'END'
ATTACH '/tmp/other.db' AS other;
END
holds "is refused as well" grep -q 'not authorized' "$work/said"
script "nothing is made" 65 <<'END'
SELECT 1;
END
script "a row that no rule writes" 65 <<'END'
INSERT INTO orders (id, kind, depositor_order) VALUES (1, 'warehouse', 'X');
INSERT INTO packages (id, sscc) VALUES (1, '00100123450000000024');
END
holds "is told" grep -q 'write_row' "$work/said"
same "nothing was sent" "$(ask "SELECT count(*) FROM outbox")" "$before"
same "nor a number drawn" "$(numbers)" "$drawn"

# Each document has tables of its own, whatever was done with those before.
both() {
	cat - "$chain/order-to-warehouse.sql" >"$work/script.sql"
	"$TALLYMAN" -C "$ws" write --set=940 --sender=ZZ/QUAYGOODS \
	    --receiver=ZZ/TIDE --version=004010 --control=1 --document=1 \
	    --document=2 --document=1 --script="$work/script.sql"
}
both </dev/null >"$work/plain"
same "three orders" "$(grep -c '^W05' "$work/plain")" 3
while read -r before; do
	echo "$before" | both >"$work/again"
	holds "after $before" cmp "$work/again" "$work/plain"
done <<'END'
CREATE TEMP TABLE "it's ""odd""" AS SELECT * FROM store.orders;
CREATE TEMP VIEW mine AS SELECT 1 AS x; CREATE TEMP TABLE t (x UNIQUE);
CREATE TEMP TRIGGER t AFTER INSERT ON orders BEGIN DELETE FROM parties; END;
CREATE TEMP TABLE counted (x INTEGER PRIMARY KEY AUTOINCREMENT);
CREATE TABLE mine AS SELECT 1 AS x;
BEGIN; DELETE FROM orders; COMMIT;
INSERT INTO packages (sscc) SELECT 'x' WHERE EXISTS (SELECT 1 FROM orders);
INSERT INTO packages (sscc) SELECT 'x' WHERE last_insert_rowid() <> 0;
CREATE INDEX mine ON orders (po_number);
END
# A store has many rows: the samples show how those of a document are found.
same "no script looks at all" "$(cat "$chain"/*.sql |
    grep -c 'document_id = ')" 0

runs "no such document" 65 write --document=99
runs "a script without a set" 64 write --document=1 --script=x
runs "to nobody" 64 write --send --document=1

# A store that an older tallyman has filled does not know where residue was.
sqlite3 "$ws/tallyman.db" "UPDATE residue SET path = NULL"
runs "of an older store" 65 write --document=1
holds "what to do" grep -q 'tallyman replay 1' "$work/said"
runs "replay" 0 replay 1
runs "which is done" 0 write --document=1
holds "it is whole again" grep -q '^INC\*36\*EA\*3\*4~' "$work/said"
finish
