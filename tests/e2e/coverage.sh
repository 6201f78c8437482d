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
# The archive of a workspace, by partner, set and time.
cat >"$ws/tallyman.xml" <<'END'
<tallyman xmlns="urn:tallyman:config:1">
  <self qualifier="ZZ" id="SELLER"/>
  <partner name="acme" qualifier="ZZ" id="BUYER">
    <mailbox url="dir:acme"><pull from="." complete="yes" settle="0"/></mailbox>
    <receive set="*" acknowledge="none"/>
    <receive set="850" map="some" acknowledge="none"/>
  </partner>
  <partner name="bolt" qualifier="ZZ" id="BOLT">
    <mailbox url="dir:bolt"><pull from="." complete="yes" settle="0"/></mailbox>
    <receive set="*" acknowledge="none"/>
  </partner>
</tallyman>
END
mkdir "$ws/acme" "$ws/bolt"
# comes DAY NAME : the files in acme/ and bolt/ are taken on that day.
comes() {
	TALLYMAN_NOW=$1T12:00:00Z tallyman run
}
for n in 1 2 3; do
	order $n | sed 's/\*EA\*/*CA*/'
done >"$ws/acme/1"
{
	order 4 | sed 's/N1\*ST/N1*BT/'
	order 5 | sed 's/20260105~/20261305~/'
} >"$ws/acme/2"
sender=BOLT order 6 | sed 's/\*EA\*/*DZ*/' >"$ws/bolt/1"
comes 2026-01-10
order 7 | sed 's/\*EA\*/*Q9*/' >"$ws/acme/3"
order 8 >"$ws/acme/4"
sender=BOLT order 9 | sed 's/\*EA\*/*CA*/' >"$ws/bolt/2"
comes 2026-01-20

covers "the archive" 0 --archive
same "both partners, each with its map" "$(grep '^850' out | cut -d, -f2)" \
    " map some: 6 documents
 map 850: 2 documents"
holds "what is not read" grep -q '^    PO1/PO1 03 .*: 6 of 6 ' out
holds "what is not listed" grep -q '^    PO1/PO1 03 .* Q9, 1 times' out
holds "what is rejected" grep -q '^1 sets are rejected' out
covers "of a partner" 0 --archive --partner=bolt
same "alone" "$(grep -c '^850' out)" 1
covers "since a day" 0 --archive --partner acme --since=2026-01-15
holds "two" grep -q '^850 004010, map some: 2 documents' out
covers "before it" 0 --archive --partner=acme --before=2026-01-15
holds "four" grep -q '^850 004010, map some: 4 documents' out
covers "of a set that did not come" 0 --archive --set=856
same "nothing" "$(cat out)" "there are no sets"
covers "by another map" 0 --archive --map=850 --partner=acme
holds "reads all" grep -q '^850 004010, map 850: 6 documents.*(100.0 %)' out

covers "codes of the last days" 0 --archive --new-codes --since=2026-01-15
same "are those that had not come before, by set and map" \
    "$(grep '355' out | grep -v 'of 1\|of 2')" \
    "    PO1/PO1 03 unit (355): Q9, 1 times
    PO1/PO1 03 unit (355): Q9, 1 times
    PO1/PO1 03 unit (355): CA, 1 times"
covers "of one partner" 0 --archive --new-codes --since=2026-01-15 \
    --partner=bolt
holds "its own alone" grep -q '^    PO1/PO1 03 .*: CA, 1 times' out
covers "as JSON" 0 --json --archive --new-codes --since=2026-01-15 \
    --partner=bolt
holds "a new code" grep -q '^{"type":"new_code","set":"850","version":"004010","place":"PO1/PO1","element":3,"id":"355","name":"[^"]*","value":"CA","seen":1}$' out
{
	order 20 | sed 's/\*EA\*/*EA*/'
	order 21 | sed 's/\*EA\*/*PK*/; s/N1\*ST/N1*QQ/'
} >new.edi
covers "a file with the archive" 0 --new-codes --partner=acme new.edi
same "what it has of its own" \
    "$(sed -n '/did not occur before/,$p' out | sed 1d)" \
    "    N1/N1 01 party role (98): QQ, 1 times
    PO1/PO1 03 unit (355): PK, 1 times"
covers "without the question" 0 --partner=acme new.edi
same "nothing is compared" "$(grep -c 'before' out)" 0

# What is told of bytes that are gone.
runs "purge" 0 purge --before=2026-02-01 --payloads --yes
covers "purged ones" 0 --archive --partner=acme
holds "are counted" grep -q 'interchanges are left out: their bytes were' out

covers "files and the archive" 64 --archive orders.edi
covers "a time without the archive" 64 --since=7d orders.edi
covers "new codes of what" 64 --archive --new-codes
covers "a time that is none" 64 --archive --since=yesterday
covers "a filter that is none" 64 --archive --state=held
covers "no file" 66 nothing.edi
covers "no argument" 64
covers "an option that is none" 64 --bogus orders.edi
covers "a map that is none" 78 --map=none orders.edi
finish
