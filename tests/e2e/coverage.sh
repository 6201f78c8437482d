# SPDX-License-Identifier: Apache-2.0
# coverage: what a map leaves, what never varies, codes that are not listed;
# values are not shown.
. "$(dirname "$0")/../support/lib.sh"
need_sqlite3
cd "$work" || exit

covers() {
	what=$1 expected=$2
	shift 2
	"$TALLYMAN" -C "$ws" coverage "$@" >out 2>said
	same "$what: exit code" $? "$expected"
}
"$TALLYMAN" init "$ws" >/dev/null
cat >"$ws/maps/some.xml" <<'END'
<map xmlns="urn:tallyman:map:1" name="some" set="850" versions="004010">
  <record table="orders">
    <field column="purpose" ref="BEG01"/>
    <field column="type" ref="BEG02"/>
    <field column="po_number" ref="BEG03"/>
    <field column="order_date" ref="BEG05"/>
    <rows table="order_lines" loop="PO1">
      <field column="quantity" ref="PO102"/>
    </rows>
  </record>
</map>
END
for n in 1 2 3 4 5 6 7 8 9 10; do
	order $n | sed "s/WIDGET-9/SECRET-$n/; s/\*EA\*/*Q9*/"
done >orders.edi

covers "a map that reads some" 0 --map=some orders.edi
same "the sum" "$(head -n 1 out)" \
    "850 004010, map some: 10 documents, 50 of 150 elements are read (33.3 %)"
holds "an element" grep -qx \
    "    PO1/PO1 07 .* (234): 10 of 10 (100 %), as AAAAAA-9, AAAAAA-99" \
    out
holds "of a segment" grep -qx \
    "    N1/N1 02 .* (93): 10 of 10 (100 %), as AAAA 9" out
same "no value is shown" "$(grep -c SECRET out)" 0
holds "a code that is always the same" grep -qx \
    "    BEG 01 .* (353): 00, 10 times" out
same "one that varies is not" "$(grep -c 'BEG 03' out)" 0
holds "a code that is not listed" grep -qx \
    "    PO1/PO1 03 .* (355): Q9, 10 times" out

covers "as JSON" 0 --json --map=some orders.edi
{ echo '['; sed '$!s/$/,/' out; echo ']'; } >array
same "it is JSON" "$(sqlite3 :memory: \
    "SELECT json_valid(CAST(readfile('array') AS TEXT))")" 1
holds "unread" grep -q '^{"type":"unread","set":"850","version":"004010","place":"PO1/PO1","element":7,"id":"234",.*"seen":10,"unread":10,"samples":\["AAAAAA-9","AAAAAA-99"\]}$' out
holds "a code" grep -q '"type":"code".*"value":"Q9","seen":10' out

covers "the shipped map" 0 orders.edi
holds "reads all" grep -q '(100.0 %)$' out
{
	order 11
	order 12 | sed 's/20260105~/20261305~/'
} >mixed.edi
covers "rejected ones" 0 --map=some mixed.edi
holds "are left out" grep -q '^850 004010, map some: 1 documents' out
holds "and counted" grep -qx \
    "1 sets are rejected and left out; validate says why" out
covers "no file" 66 nothing.edi
covers "no argument" 64
covers "an option that is none" 64 --bogus orders.edi
covers "a map that is none" 78 --map=none orders.edi
finish
