# SPDX-License-Identifier: Apache-2.0
# read: records as lines of JSON, with and without a workspace; what is
# rejected or has no map is told; residue; input that can be read only once.
. "$(dirname "$0")/../support/lib.sh"
samples=$root/samples
need_sqlite3
cd "$work" || exit

# reads WHAT EXIT ARG… : read ARG…, lines in $work/out, the rest in $work/said.
reads() {
	what=$1 expected=$2
	shift 2
	"$TALLYMAN" read "$@" >"$work/out" 2>"$work/said"
	same "$what: exit code" $? "$expected"
}
# value LINE PATH : what the line of the output has there.
value() {
	sed -n "$1p" "$work/out" >"$work/line"
	sqlite3 :memory: "SELECT json_extract(
	    CAST(readfile('$work/line') AS TEXT), '$2')"
}

reads "two orders" 0 "$samples/850-two-orders.edi"
same "lines" "$(grep -c '^{"set":"850","version":"004010","map":"850"' out)" 2
same "the second" "$(value 2 '$.control')" 0002
same "verdict" "$(value 1 '$.verdict')" accepted
same "interchange" "$(value 1 '$.interchange.control')" 000000041
same "separators" "$(value 1 '$.interchange.separators')" '*~>'
same "group" "$(value 1 '$.group.functional')" PO
same "a column" "$(value 1 '$.records.orders[0].po_number')" HS-70412
same "a decimal is exact" "$(value 1 '$.records.order_lines[2].unit_price')" \
    71.4
same "nothing is told" "$(cat said)" ""

"$TALLYMAN" read - <"$samples/850-two-orders.edi" >again
holds "standard input is the same" cmp out again
cat "$samples/850-two-orders.edi" | "$TALLYMAN" read - >again
holds "a pipe is the same" cmp out again
reads "two files" 0 "$samples/850-two-orders.edi" \
    "$samples/850-newline-terminated.edi"
same "lines of two files" "$(wc -l <out | tr -d ' ')" 3
same "a line feed as separator" "$(value 3 '$.interchange.separators')" '*
>'

reads "one of two is rejected" 65 "$samples/850-with-findings.edi"
same "the other is read" "$(value 1 '$.control')" 0002
same "one line" "$(wc -l <out | tr -d ' ')" 1
holds "it is told why" grep -q 'codes     element_date' said

# A group whose end says that sets are missing goes as a whole.
sed 's/^GE\*2/GE*3/' "$samples/850-two-orders.edi" >cut.edi
reads "a group that is rejected" 65 cut.edi
same "nothing of it is read" "$(cat out)" ""

# No map reads the set: it is told, and the others are read.
{
	cat "$samples/850-two-orders.edi"
	printf 'ISA*00*          *00*          *ZZ*AA             *ZZ*BB'
	printf '             *260105*0800*U*00401*000000009*0*P*>~\n'
	printf 'GS*FA*AA*BB*20260105*0800*9*X*004010~\nST*997*0001~\n'
	printf 'AK1*PO*1~\nAK9*A*1*1*1~\nSE*4*0001~\nGE*1*9~\nIEA*1*000000009~\n'
} >mixed.edi
reads "an acknowledgement is no record" 0 mixed.edi
same "nothing is told of it" "$(cat said)" ""
reads "a map that reads another set" 1 --map=850 mixed.edi
same "orders are read" "$(wc -l <out | tr -d ' ')" 2
holds "it is told" grep -q map_missing said

reads "a map that is none" 78 --map=none mixed.edi
reads "no file" 66 nothing.edi
reads "one of two is missing" 66 nothing.edi "$samples/850-two-orders.edi"
same "the other is read" "$(wc -l <out | tr -d ' ')" 2
reads "no argument" 64
reads "an option that is none" 64 --bogus mixed.edi

# A workspace's own map wins, as does what is agreed on.
"$TALLYMAN" init "$ws" >/dev/null
order 1 >order.edi
cat >"$ws/maps/acme.xml" <<'END'
<map xmlns="urn:tallyman:map:1" name="acme" set="850" versions="004010">
  <record table="orders">
    <field column="purpose" ref="BEG01"/>
    <field column="type" ref="BEG02"/>
    <field column="po_number" ref="BEG03"/>
    <field column="order_date" ref="BEG05"/>
    <field column="release" ref="BEG04" required="yes"/>
    <rows table="order_lines" loop="PO1">
      <field column="quantity" ref="PO102"/>
    </rows>
  </record>
</map>
END
cat >"$ws/tallyman.xml" <<'END'
<tallyman xmlns="urn:tallyman:config:1">
  <self qualifier="ZZ" id="SELLER"/>
  <partner name="acme" qualifier="ZZ" id="BUYER">
    <receive set="850" map="acme"/>
  </partner>
</tallyman>
END
"$TALLYMAN" -C "$ws" read --partner=acme "$work/order.edi" >out 2>said
same "the agreement's map: exit code" $? 1
same "its name" "$(value 1 '$.map')" acme
same "what it wants is missing: held" "$(value 1 '$.verdict')" held
holds "it is told" grep -q map_required said
"$TALLYMAN" -C "$ws" --json read --map=acme "$work/order.edi" >out 2>said
same "a map by name" "$(value 1 '$.map')" acme
holds "findings as JSON" grep -q '^{"type":"finding".*"kind":"map_required"' said

# What no field claims is residue, with its place; its text is UTF-8, too.
same "a segment of residue" "$(value 1 '$.residue[#-1].place')" CTT/CTT
same "its row" "$(value 1 '$.residue[1].table') $(value 1 '$.residue[1].row')" \
    "order_lines 0"
same "an element" "$(value 1 '$.residue[1].place') $(value 1 \
    '$.residue[1].element') $(value 1 '$.residue[1].text')" "PO1/PO1 1 1"
sed "s/DOCK 4/D$(printf '\351')POT/" order.edi >latin.edi
"$TALLYMAN" -C "$ws" read --map=acme latin.edi >out 2>said
same "a segment" "$(sqlite3 :memory: "SELECT json_extract(r.value, '$.text')
    FROM json_each(CAST(readfile('out') AS TEXT), '$.residue') r
    WHERE json_extract(r.value, '$.place') = 'N1/N1'")" \
    "N1*ST*D$(printf '\303\251')POT*92*0004"
"$TALLYMAN" read latin.edi >out 2>said
same "a column" "$(value 1 '$.records.parties[0].name')" \
    "D$(printf '\303\251')POT"
finish
