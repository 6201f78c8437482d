# SPDX-License-Identifier: Apache-2.0
# test: cases of a site are accepted, pass, and show what a changed map
# changes.  Ours, in tests/maps, pass.
. "$(dirname "$0")/../support/lib.sh"
need_sqlite3
cd "$work" || exit

tries() {
	what=$1 expected=$2
	shift 2
	"$TALLYMAN" -C "$ws" test "$@" >out 2>said
	same "$what: exit code" $? "$expected"
}
"$TALLYMAN" test "$root/tests/maps" >out 2>said
same "our own cases: exit code" $? 0
holds "there are some" grep -q '^[1-9][0-9]* passed, 0 failed$' out
[ ! -s out ] || grep -v passed out

"$TALLYMAN" init "$ws" >/dev/null
cat >"$ws/maps/acme.xml" <<'END'
<map xmlns="urn:tallyman:map:1" name="acme" set="850" versions="004010">
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
mkdir -p cases/one cases/two cases/none
order 1 >cases/one/in.edi
echo '--map=acme' >cases/one/options
order 2 | sed 's/20260105~/20261305~/' >cases/two/in.edi

tries "nothing is expected yet" 1 cases
same "both differ" "$(tail -n 1 out)" "0 passed, 2 failed"
same "nothing is written" "$(ls cases/one cases/two | grep -c json)" 0
tries "accept" 0 --accept cases
holds "records are shown" grep -q '^  + "orders":\[$' out
holds "findings are shown" grep -q '^  + codes     element_date AK403=8$' out
tries "then they pass" 0 cases
same "both" "$(cat out)" "2 passed, 0 failed"
same "its files" "$(cd cases/two && ls | tr '\n' ' ')" \
    "997.edi findings.txt in.edi "
"$TALLYMAN" -C "$ws" write <cases/one/records.json >written 2>said
holds "records can be written" grep -q '^BEG\*00\*SA\*PO-1\*\*20260105~$' written

sed -i 's/column="quantity" ref="PO102"/column="unit" ref="PO103"/' \
    "$ws/maps/acme.xml"
tries "a changed map" 1 cases
same "is told" "$(head -n 5 out)" 'cases/one: records.json differs
  "order_lines":[
  - {"id":0,"quantity":"12"}
  + {"id":0,"unit":"EA"}
  "residue":['
tries "as JSON" 1 --json cases/one cases/two
same "it is JSON" "$(while read -r line; do
	printf '%s' "$line" >line
	sqlite3 :memory: "SELECT json_valid(CAST(readfile('line') AS TEXT))"
    done <out | sort -u)" 1
same "the sum" "$(tail -n 1 out)" \
    '{"type":"total","passed":1,"failed":1,"status":1}'
tries "accept again" 0 --accept cases/one
tries "and pass" 0 cases/one
sed -i 's/AK5\*R/AK5*A/' cases/two/997.edi
tries "another acknowledgement" 1 cases/two
holds "is told, too" grep -q '^  - AK5\*A\*5~$' out
holds "as is what came" grep -q '^  + AK5\*R\*5~$' out

tries "no case" 66 cases/none
tries "no folder" 66 nowhere
echo '--bogus' >cases/one/options
tries "an option that is none" 65 cases
holds "it is said" grep -q 'cases/one/options: "--bogus" is no option' said
same "the other is tried" "$(tail -n 1 out)" "0 passed, 2 failed"
tries "no argument" 64
finish
