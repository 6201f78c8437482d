# SPDX-License-Identifier: Apache-2.0
# lookup: entries set, imported and exported; a document that misses one is
# held with the command that mends it, and released by it.
. "$(dirname "$0")/../support/lib.sh"
need_sqlite3
TALLYMAN_NOW=2026-01-05T12:00:00Z
export TALLYMAN_NOW

"$TALLYMAN" init "$ws" >/dev/null
cat >"$ws/tallyman.xml" <<'END'
<tallyman xmlns="urn:tallyman:config:1">
  <self qualifier="ZZ" id="SELLER"/>
  <partner name="acme" qualifier="ZZ" id="BUYER">
    <mailbox url="dir:.">
      <pull from="drop" settle="0"/>
      <push to="out"/>
    </mailbox>
    <receive set="850" map="acme"/>
  </partner>
</tallyman>
END
cat >"$ws/maps/acme.xml" <<'END'
<map xmlns="urn:tallyman:map:1" name="acme" set="850" versions="004010">
  <record table="orders">
    <field column="purpose" ref="BEG01"/>
    <field column="type" ref="BEG02"/>
    <field column="po_number" ref="BEG03"/>
    <field column="order_date" ref="BEG05"/>
    <rows table="order_lines" loop="PO1">
      <field column="quantity" ref="PO102"/>
      <field column="vendor_item" ref="PO107" lookup="items"/>
    </rows>
  </record>
</map>
END

# drop NUMBER ITEM : an order for that item.
drop() {
	order "$1" | sed "s/WIDGET-9/$2/" >"$ws/drop/$1.edi"
}
items() {
	ask "SELECT group_concat(vendor_item, ',') FROM (SELECT vendor_item
	    FROM order_lines ORDER BY id)"
}
states() {
	ask "SELECT group_concat(state, ',') FROM (SELECT state FROM documents
	    ORDER BY id)"
}

runs "set before" 0 lookup set acme items KNOWN our-1
drop 1 KNOWN
drop 2 'A B'
drop 3 'A B'
drop 4 OTHER
runs "run" 1 run
same "held" "$(states)" accepted,held,held,held
same "values" "$(items)" "our-1,A B,A B,OTHER"
same "it says what to do" "$(ask "SELECT DISTINCT expected FROM findings
    WHERE kind = 'map_lookup' AND value = 'A B'")" \
    "an entry: tallyman lookup set acme items 'A B' OURS"
tallyman lookup missing
holds "what is missing" grep -qxF \
    "2 documents of acme wait for an entry: tallyman lookup set acme items 'A B' OURS" \
    "$work/said"
runs "set" 0 lookup set acme items 'A B' our-2
holds "it tells" grep -qx "1 entries changed; of 2 documents that were held \
for want of one, 2 no longer are" "$work/said"
same "released" "$(states)" accepted,accepted,accepted,held
same "values then" "$(items)" "our-1,our-2,our-2,OTHER"
runs "set again" 0 lookup set acme items 'A B' our-2
holds "nothing changes" grep -qx "0 entries changed" "$work/said"
runs "for all partners" 0 lookup set '*' items OTHER our-3
same "released, too" "$(states)" accepted,accepted,accepted,accepted
same "values at last" "$(items)" "our-1,our-2,our-2,our-3"
runs "its own comes first" 0 lookup set acme items OTHER our-4
drop 5 OTHER
runs "run again" 0 run
same "its own" "$(items)" "our-1,our-2,our-2,our-3,our-4"

# Files.
cd "$work" || exit
printf 'ours,theirs\r\n"x, ""1""",NEW\r\nour-9,KNOWN\r\n' >items.csv
runs "import" 0 lookup import acme items "$work/items.csv"
holds "it counts" grep -qx "2 entries changed" said
tallyman lookup export acme items
printf 'theirs,ours\r\nA B,our-2\r\nKNOWN,our-9\r\nNEW,"x, ""1"""\r\n' >want
printf 'OTHER,our-4\r\n' >>want
holds "export" cmp said want
cp said items.csv
runs "import of an export" 0 lookup import acme items "$work/items.csv"
holds "nothing changes" grep -qx "0 entries changed" said
printf 'theirs,ours\n=1+1,-x\n' >items.csv
runs "import in place of all" 0 lookup import --replace acme items \
    "$work/items.csv"
tallyman lookup export acme items
same "what is there" "$(tail -n 1 said | tr -d '\r')" '=1+1,-x'
tallyman lookup export --spreadsheet acme items
same "no formulas" "$(tail -n 1 said | tr -d '\r')" "\"'=1+1\",\"'-x\""
tallyman lookup list
same "tables" "$(cat said)" "* items: 1 entries
acme items: 1 entries"
tallyman lookup list acme items
same "entries" "$(cat said)" "acme items: =1+1 is -x"
"$TALLYMAN" -C "$ws" --json lookup list acme >said
same "as JSON" "$(cat said)" \
    '{"type":"entry","partner":"acme","name":"items","theirs":"=1+1","ours":"-x"}'
runs "remove" 0 lookup remove acme items =1+1
runs "remove again" 66 lookup remove acme items =1+1
tallyman lookup list acme
same "nothing left" "$(cat said)" "there is nothing of the kind"

# Mistakes change nothing.
bad() {
	printf "$2" >bad.csv
	runs "$1" 65 lookup import acme items "$work/bad.csv"
	holds "$1: says $3" grep -qF "$3" said
}
bad "no header" 'A,B\n' 'bad.csv:1: expected a first line'
bad "a value is missing" 'theirs,ours\nA,b\nC\n' 'bad.csv:3: expected two values'
bad "an empty value" 'theirs,ours\nA,\n' 'bad.csv:2: expected two values'
bad "two of ours" 'theirs,ours\nA,b\nC,d\nA,c\n' \
    'bad.csv:4: "A" has another value in line 2'
bad "a quotation mark" 'theirs,ours\nA,b\n"C,d\n' 'bad.csv:3: a field begins'
tallyman lookup list acme
same "nothing was taken" "$(cat said)" "there is nothing of the kind"
runs "no such partner" 78 lookup set nobody items A b
runs "no such table name" 64 lookup set acme 'a b' A b
runs "no verb" 64 lookup
runs "too few words" 64 lookup set acme items A
runs "no file" 66 lookup import acme items "$work/none.csv"

# read asks them as well.
order 6 | sed 's/WIDGET-9/LAST/' >last.edi
"$TALLYMAN" -C "$ws" read --partner=acme last.edi >out 2>said
same "read: held" $? 1
holds "read: says what to do" grep -qF \
    "an entry: tallyman lookup set acme items LAST OURS" said
runs "set for read" 0 lookup set acme items LAST our-6
"$TALLYMAN" -C "$ws" read --partner=acme last.edi >out 2>said
same "read: not held" $? 0
holds "read: our value" grep -q '"vendor_item":"our-6"' out
finish
