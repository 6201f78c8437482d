# SPDX-License-Identifier: Apache-2.0
# show: a document as a person reads it, and as JSON.
. "$(dirname "$0")/../support/lib.sh"

# shown WHAT EXIT ARG… : show ARG…, its output in $work/out.
shown() {
	what=$1 expected=$2
	shift 2
	"$TALLYMAN" show "$@" >"$work/out" 2>"$work/said"
	same "$what: exit code" $? "$expected"
}
plain() {
	same "$1: bytes that are not text" \
	    "$(tr -d '\012\040-\176' <"$work/out" | wc -c | tr -d ' ')" 0
}

order 7 >"$work/order.edi"
shown "an order" 0 "$work/order.edi"
cat >"$work/expected" <<'END'
interchange number 000000007 from ZZ/BUYER to ZZ/SELLER of 260105 at 0800 version 00401
group number 7 of PO from BUYER to SELLER version 004010
set number 0001 of 850 (purchase order): accepted
    1   ST  set begins
             01     transaction set             850  = purchase order
             02     set control number          0001
    2   BEG  purchase order begins
             01     purpose                     00  = original
             02     order type                  SA  = stand-alone order
             03     purchase order number       PO-7
             05     date                        20260105
        loop N1
    3     N1  party
               01     party role                  ST  = ship to
               02     name                        DOCK 4
               03     identifier type             92  = number given by the buyer
               04     identifier                  0004
        loop PO1
    4     PO1  order line
               01     line number                 1
               02     quantity ordered            12
               03     unit                        EA  = each
               04     unit price                  3.5
               06     product id type             VP  = vendor's part number
               07     product id                  WIDGET-9
        loop CTT
    5     CTT  totals
               01     number of lines             1
    6   SE  set ends
             01     number of segments          6
             02     set control number          0001
end of group number 7: accepted, 1 of 1 sets accepted
end of interchange number 000000007: accepted
END
same "an order" "$(cat "$work/out")" "$(cat "$work/expected")"

# Composites by part, findings right below what they are about.
awk '{ print } /^BEG/ { print "REF*DP*A**IA>77>DP>0417~" }' \
    "$work/order.edi" | sed 's/^SE\*6/SE*7/; s/\*20260105~$/*20261405~/' \
    >"$work/parts.edi"
shown "composites" 0 "$work/parts.edi"
same "parts" "$(grep -c '^             04-[1-4] ' "$work/out")" 4
same "a finding stands below its element" \
    "$(sed -n '/20261405/{n;p;}' "$work/out")" \
    "    !   error: BEG05: the value is not a date; expected CCYYMMDD [element_date]"
sed 's/^N1.*/XYZ*1~/' "$work/order.edi" >"$work/unknown.edi"
shown "a segment that does not exist" 0 "$work/unknown.edi"
holds "is marked" grep -q '^    !   error: XYZ: no such segment' "$work/out"
sed 's/^BEG.*/REF*DP*1~/' "$work/order.edi" >"$work/missing.edi"
shown "a segment that is missing" 0 "$work/missing.edi"
holds "is marked" grep -q '^    !   error: BEG: a mandatory segment' \
    "$work/out"
sed 's/^ST\*850/ST*299/' "$work/order.edi" >"$work/other.edi"
shown "a set without a dictionary" 0 "$work/other.edi"
same "is shown with the names that are known" \
    "$(grep -c '^    [1-6]   ' "$work/out")" 6

shown "JSON" 0 --json "$work/order.edi"
same "JSON: segments" "$(grep -c '^{"type":"segment",' "$work/out")" 6
holds "JSON: an element" grep -q '"tag":"PO1","name":"order line",'\
'"loop":"PO1","elements":\[{"position":1,"id":"350","name":"line number",'\
'"value":"1"},' "$work/out"

shown "no file" 66 "$work/nothing"
shown "no argument" 64
shown "two files" 64 "$work/order.edi" "$work/order.edi"
shown "an option that is none" 64 --bogus "$work/order.edi"
printf 'dear partner\n' >"$work/letter.edi"
shown "no EDI" 65 "$work/letter.edi"
holds "it says so" grep -q 'no X12 interchange' "$work/out"

# Nothing of a partner's reaches the terminal as it is.
escape=$(printf '\033')
sed "s/WIDGET-9/${escape}[2J$(printf '\302\233')31m/; s/^N1/N${escape}/" \
    "$work/order.edi" >"$work/hostile.edi"
sed "s/BUYER          /${escape}[31mX         /" "$work/hostile.edi" \
    >"$work/hostile2.edi"
for file in "$work/hostile.edi" "$work/hostile2.edi"; do
	shown "escape sequences" 0 "$file"
	plain "escape sequences"
	shown "escape sequences in JSON" 0 --json "$file"
	plain "escape sequences in JSON"
done
finish
