# SPDX-License-Identifier: Apache-2.0
# write: what read printed becomes the same X12 again; envelopes by options,
# by agreement, by the document; control numbers from the store; nothing is
# written that a partner would reject.
. "$(dirname "$0")/../support/lib.sh"
samples=$root/samples
need_sqlite3
TALLYMAN_NOW=2026-03-04T05:06:00Z
export TALLYMAN_NOW
cd "$work" || exit

# writes WHAT EXIT ARG… : write ARG…, X12 in out, the rest in said.
writes() {
	what=$1 expected=$2
	shift 2
	"$TALLYMAN" write "$@" >out 2>said
	same "$what: exit code" $? "$expected"
}
segment() {
	grep "^$1" out | head -n 1
}

"$TALLYMAN" read "$samples/850-two-orders.edi" >two.json
writes "two orders" 0 two.json
holds "are what was read" cmp out "$samples/850-two-orders.edi"
"$TALLYMAN" read "$samples/850-two-orders.edi" | "$TALLYMAN" write >out
holds "through a pipe" cmp out "$samples/850-two-orders.edi"
"$TALLYMAN" read out >again.json
holds "and are read the same" cmp two.json again.json
writes "numbers of its own twice" 65 two.json two.json
holds "it is refused" grep -q set_duplicate said
writes "two files" 0 --control=5 two.json two.json
same "one interchange, one group, as they are alike" \
    "$(grep -c '^ISA' out) $(grep -c '^GS' out) $(segment GE)" "1 1 GE*4*5~"

# Options.
writes "ids" 0 --sender=01/111222333 --receiver=ZZ/BUYER --control=7 \
    --usage=test two.json
same "ISA" "$(segment ISA | cut -d'*' -f6-10,13-16)" \
    "01*111222333      *ZZ*BUYER          *260105*00401*000000007*0*T"
same "GS" "$(segment GS)" \
    "GS*PO*111222333*BUYER*20260105*0800*7*X*004010~"
same "sets are numbered" "$(grep '^ST' out | tr '\n' ' ')" \
    "ST*850*0001~ ST*850*0002~ "
writes "separators" 0 --separators='|~:' --line-end=crlf two.json
same "lines" "$(tr -d '\r' <out | grep -c '~$')" \
    "$(tr '\r' '#' <out | grep -c '~#$')"
same "ISA16" "$(segment ISA | tr -d '\r' | tail -c 4)" '|:~'
"$TALLYMAN" read out >spelled.json
same "reads the same records" \
    "$(sed 's/.*"records"://' spelled.json | sed 's/,"residue.*//')" \
    "$(sed 's/.*"records"://' two.json | sed 's/,"residue.*//')"
writes "one line" 0 --line-end=none two.json
same "no line ends" "$(wc -l <out | tr -d ' ')" 0
writes "another version" 0 --version=005010 two.json
same "GS08" "$(segment GS | cut -d'*' -f9)" "005010~"
same "ISA12" "$(segment ISA | cut -d'*' -f13)" "00501"

# A document that somebody else has made.
cat >own.json <<'END'
{
  "set": "850",
  "version": "004010",
  "records": {
    "orders": [{"kind": "purchase", "purpose": "original",
      "type": "stand_alone", "po_number": "A*1", "order_date": "2026-03-01"}],
    "order_lines": [{"line_number": "1", "quantity": 2, "unit": "EA",
      "unit_price": 1.50, "vendor_item": "X-1", "vendor_item_kind": "VP"}]
  }
}
END
writes "no ids" 65 own.json
holds "it says what to do" grep -q 'own.json:1: .*no sender.*--sender=' said
writes "no numbers" 65 --sender=ZZ/US --receiver=ZZ/THEM own.json
holds "it says what to do, too" grep -q -- '--control=N' said
same "nothing is written" "$(cat out)" ""
writes "a separator in a value" 65 --sender=ZZ/US --receiver=ZZ/THEM \
    --control=1 own.json
holds "it is refused" grep -q 'write_refused' said
same "nothing is written then" "$(cat out)" ""
writes "replaced" 0 --sender=ZZ/US --receiver=ZZ/THEM --control=1 \
    --replacement=- own.json
same "BEG" "$(segment BEG)" "BEG*00*SA*A-1**20260301~"
same "PO1" "$(segment PO1)" "PO1*1*2*EA*1.50**VP*X-1~"
same "the date is today" "$(segment ISA | cut -d'*' -f10,11)" "260304*0506"

# What our own checker finds is not written.
sed 's/"A\*1"/"0123456789012345678901234567890"/' own.json >long.json
writes "too long" 65 --sender=ZZ/US --receiver=ZZ/THEM --control=1 long.json
same "nothing is written of it" "$(cat out)" ""
holds "it is told" test -s said

# Mistakes are told for all documents, and nothing is written.
{
	cat two.json
	echo '{"set":"850"}'
	sed 's/"orders":/"ordres":/' two.json
	echo '{"set":"850","version":"004010","recrods":{}}'
	echo '{"set":"999999","version":"004010","records":{}}'
} >bad.json
writes "mistakes" 65 bad.json
same "all are told" "$(grep -c '^tallyman: bad.json:' said)" 5
holds "no records" grep -q 'bad.json:3: .*no "records"' said
holds "no such table" grep -q 'bad.json:4: .*no table "ordres"' said
holds "no such member" grep -q 'bad.json:6: .*no member "recrods"' said
holds "no such set" grep -q 'bad.json:7: .*a set "999999"' said
same "and none is written" "$(cat out)" ""
writes "no JSON" 65 "$samples/850-two-orders.edi"
writes "no file" 66 nothing.json
writes "an option that is none" 64 --bogus two.json
writes "a sender that is none" 64 --sender=X two.json
writes "separators that are none" 64 --separators='*~*' two.json
writes "a number that is none" 64 --control=0 two.json
writes "a map that is none" 78 --map=none two.json

# By agreement, with numbers from the store.
"$TALLYMAN" init "$ws" >/dev/null
cat >"$ws/tallyman.xml" <<'END'
<tallyman xmlns="urn:tallyman:config:1">
  <self qualifier="01" id="US"/>
  <defaults line-end="none"/>
  <partner name="acme" qualifier="12" id="ACME">
    <send set="850" version="005010" group-sender="USGROUP" separators="*~:^"
        line-end="lf" usage="test" ask-ta1="yes" replacement="?"/>
  </partner>
</tallyman>
END
for n in 1 2; do
	"$TALLYMAN" -C "$ws" write --partner=acme own.json >out 2>said
	same "for a partner: exit code" $? 0
	same "ISA $n" "$(segment ISA | cut -d'*' -f6-)" \
	    "01*US             *12*ACME           *260304*0506*^*00501*00000000$n*1*T*:~"
	same "GS $n" "$(segment GS)" \
	    "GS*PO*USGROUP*ACME*20260304*0506*$n*X*005010~"
done
"$TALLYMAN" -C "$ws" write --partner=acme long.json >out 2>said
same "one that is refused: exit code" $? 65
same "draws no number" "$(ask "SELECT number FROM control_numbers
    WHERE level = 'interchange'")" 2
sed 's/"850"/"855"/' own.json >other.json
"$TALLYMAN" -C "$ws" write --partner=acme other.json >out 2>said
same "nothing is agreed on: exit code" $? 65
holds "nothing is agreed on" grep -q 'add <send set="855"/>' said
finish
