# SPDX-License-Identifier: Apache-2.0
# Replaying what was answered together with others: what is compared, told and
# answered anew is about one interchange, though the numbers of groups repeat.
. "$(dirname "$0")/../support/lib.sh"
need_sqlite3

# offer NUMBER TYPE : an order of that type; all groups have the number 1.
offer() {
	order "$1" | sed "s/BEG\*00\*SA/BEG*00*$2/; s/^\(GS.*0800\)\*$1\*/\1*1*/
	    s/^GE\*1\*$1~/GE*1*1~/" >"$ws/in/$1.edi"
}
partner_takes() {
	echo "<partner name=\"buyer\" qualifier=\"ZZ\" id=\"BUYER\"
	    ack-files=\"together\"><mailbox url=\"dir:.\">
	    <pull from=\"in\" settle=\"0\"/><push to=\"out\"/></mailbox>
	    <receive set=\"850\">$1</receive></partner>"
}
site "$(partner_takes '')"
mkdir -p "$ws/in"
for n in 1 2 3; do
	offer $n SA
done
offer 4 QQ
offer 5 SA
runs "five files" 1 run
same "their answers" "$(ask "SELECT count(*), count(DISTINCT answered_in)
    FROM interchanges WHERE answered_in IS NOT NULL")" "5|1"
same "a file" "$(names "$ws/out")" 1
runs "list of interchanges" 0 list interchanges
same "it tells of all of them by what they are answered" \
    "$(grep -c 'answered by outgoing file 1$' "$work/said")" 5
first=$(ls "$ws/out")
same "sets of it" "$(grep -o 'ST.997' "$ws/out/$first" | wc -l)" 5

runs "replay by the same rules" 0 replay --since=2000-01-01 --diff
holds "finds nothing new" \
    grep -q 'different: 0; acknowledgements: 5, different: 0' "$work/said"

sed -i 's|</receive>|<finding kind="element_code" severity="accept"/>&|' \
    "$ws/tallyman.xml"
runs "replay by milder ones" 1 replay --since=2000-01-01 --diff
holds "tells of one answer" grep -q 'acknowledgements: 5, different: 1' \
    "$work/said"
holds "namely the fourth" grep -q 'acknowledgement of interchange 4' \
    "$work/said"
same "and of what is about it" "$(grep -c '^  [-+] A' "$work/said")" 4
holds "as it was" grep -q '^  - AK5.R.5' "$work/said"
holds "as it would be" grep -q '^  + AK5.E.5' "$work/said"

cp "$ws/out/$first" "$work/before"
rm "$ws/out/$first"
runs "replay of the fourth" 0 replay 4 --yes --acknowledge
runs "the run that answers" 0 run
same "one more answer" "$(names "$ws/out")" 1
second=$(ls "$ws/out")
same "about one group" "$(grep -o 'AK1.PO.1' "$ws/out/$second" | wc -l)" 1
holds "which is accepted now" grep -q 'AK5.E.5' "$ws/out/$second"
runs "what is replayed for the others" 0 replay 2 3 --yes --acknowledge
runs "the run that answers again" 0 run
holds "sends what was sent, as it was" cmp -s "$ws/out/$first" "$work/before"
same "once" "$(names "$ws/out")" 2
runs "the store" 0 verify
finish
