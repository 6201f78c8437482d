# SPDX-License-Identifier: Apache-2.0
# Guides: every example of the manual, and who chooses which guide.
. "$(dirname "$0")/../support/lib.sh"
samples=$root/samples
page=$root/man/tallyman-guide.5

judged() {
	what=$1 expected=$2
	shift 2
	"$TALLYMAN" "$@" >"$work/out" 2>"$work/said"
	same "$what: exit code" $? "$expected"
}

# Each literal block of the manual to a file.
awk -v to="$work/example" '
/^\.Bd -literal/ { n++; inside = 1; next }
/^\.Ed/          { inside = 0 }
inside           { print > (to "-" n) }' "$page"

# Rules alone are put into a guide of their set.
n=0
for file in "$work"/example-*; do
	guide=$work/guide-$n.guide.xml set=850
	case $(head -n 1 "$file") in
	'<guide'*) cp "$file" "$guide" ;;
	'<element'* | '<segment'* | '<levels'*)
		! grep -q '<levels' "$file" || set=856
		{
			echo '<guide xmlns="urn:tallyman:guide:1" name="m"'
			echo "set=\"$set\" versions=\"004010\">"
			cat "$file"
			echo '</guide>'
		} >"$guide" ;;
	*) continue ;;
	esac
	n=$((n + 1))
	"$TALLYMAN" validate --guide "$guide" "$samples/850-two-orders.edi" \
	    >"$work/out" 2>"$work/said"
	[ $? -ne 78 ] || cat "$work/said"
	holds "example $n compiles" [ ! -s "$work/said" ]
done
same "examples that are guides or rules" $n 6

# The whole one, against an order that breaks its eighth line.
sed '/^BEG/a CUR*BY*USD~' "$samples/850-two-orders.edi" |
    sed 's/^SE\*19/SE*20/; s/^SE\*10/SE*11/' >"$work/order.edi"
for file in "$work"/example-*; do
	! grep -q 'acme-850" set' "$file" || cp "$file" "$work/acme-850.guide.xml"
done
judged "without a guide" 0 validate "$work/order.edi"
judged "a rule broken" 65 validate --guide="$work/acme-850.guide.xml" \
    "$work/order.edi"
same "told for each set, as the manual says" \
    "$(grep -c "^ *$(cat "$work"/example-* | grep '^broken rule')$" \
    "$work/out")" 2
judged "in JSON" 65 validate --json --guide "$work/acme-850.guide.xml" \
    "$work/order.edi"
same "under its key" \
    "$(grep -c '"rule":"acme-850.guide.xml:8"' "$work/out")" 2
judged "shown" 0 show --guide "$work/acme-850.guide.xml" "$work/order.edi"
same "the rule broken stands at its place" \
    "$(grep -c '^    ! .*CUR' "$work/out")" 2
judged "no guide there" 66 validate --guide "$work/none" "$work/order.edi"
judged "no file named" 64 validate --guide
judged "no file named to show" 64 show --guide

# A workspace's guide is chosen by ST03 or GS08, or by the agreement.
judged "a workspace" 0 init "$work/ws"
cp "$work/acme-850.guide.xml" "$work/ws/maps/"
judged "not referred to" 0 -C "$work/ws" validate "$work/order.edi"
sed 's/^\(ST\*850\*000[12]\)~/\1*ACME01~/' "$work/order.edi" >"$work/st03.edi"
judged "referred to in ST03" 65 -C "$work/ws" validate "$work/st03.edi"
holds "by its rule" grep -q 'broken rule: acme-850.guide.xml:8' "$work/out"
sed 's/ACME01/004010ACME/' "$work/acme-850.guide.xml" \
    >"$work/ws/maps/acme-850.guide.xml"
sed 's/\*004010~/*004010ACME~/' "$work/order.edi" >"$work/gs08.edi"
judged "referred to in GS08" 65 -C "$work/ws" validate "$work/gs08.edi"
holds "by its rule" grep -q 'broken rule: acme-850.guide.xml:8' "$work/out"

judged "all is well" 0 -C "$work/ws" check
sed 's/<receive[^>]*>/<receive set="850" guide="nope"\/>/' \
    "$root/tests/golden/31-guide-by-agreement/tallyman.xml" \
    >"$work/ws/tallyman.xml"
judged "a guide that is not there" 78 -C "$work/ws" check
holds "what to do" grep -q 'put nope.guide.xml into' "$work/said"
sed -i 's/nope/acme-850/; s/set="850"/set="860"/' "$work/ws/tallyman.xml"
judged "a guide for another set" 78 -C "$work/ws" check
holds "which it is for" grep -q 'is for set 850, not 860' "$work/said"
sed -i 's/set="860"/set="*"/' "$work/ws/tallyman.xml"
judged "a guide for any set" 78 -C "$work/ws" check
sed -i 's/set="\*"/set="850"/' "$work/ws/tallyman.xml"
judged "the right one" 0 -C "$work/ws" check
judged "as agreed on with the partner" 65 -C "$work/ws" validate \
    --partner=harbor "$work/order.edi"
holds "by the agreement's guide" \
    grep -q 'broken rule: acme-850.guide.xml:8' "$work/out"
grep -l '"856"' "$work"/guide-*.guide.xml | head -n 1 | while read -r file; do
	cp "$file" "$work/other.guide.xml"
done
judged "shown as agreed on" 0 -C "$work/ws" show --partner=harbor \
    "$work/order.edi"
holds "by the agreement's guide" grep -q '^    ! .*CUR' "$work/out"
judged "a named file instead, for another set" 0 -C "$work/ws" validate \
    --partner=harbor --guide "$work/other.guide.xml" "$work/order.edi"
sed 's/acme-850/nope/' "$work/ws/tallyman.xml" >"$work/x"
cp "$work/ws/tallyman.xml" "$work/y"
cp "$work/x" "$work/ws/tallyman.xml"
judged "agreed on, but not there" 78 -C "$work/ws" validate \
    --partner=harbor "$work/order.edi"
cp "$work/y" "$work/ws/tallyman.xml"
sed -i 's/BEG03/BEG99/' "$work/ws/maps/acme-850.guide.xml"
judged "a mistake in it" 78 -C "$work/ws" check
holds "told with file and line" \
    grep -q 'acme-850.guide.xml:7: segment BEG has only 12' "$work/said"

# Files of two partners, read one after the other by the same parser: each is
# judged by the guide of its own partner, whichever came before.
site_of_two() {
	rm -rf "$work/two"
	"$TALLYMAN" init "$work/two" >"$work/out"
	mkdir "$work/two/$1" "$work/two/$2"
	cp "$samples/maps/harbor-850.guide.xml" "$work/two/maps/"
	{
		echo '<tallyman xmlns="urn:tallyman:config:1">'
		echo '<store url="sqlite:tallyman.db"/>'
		for name in "$1" "$2"; do
			guide=
			[ "$name" != guided ] || guide='guide="harbor-850"'
			echo "<partner name=\"$name\" qualifier=\"ZZ\" id=\"$name\">"
			echo '<mailbox url="dir:."><pull from="'"$name"'" settle="0"'
			echo 'complete="yes" then="delete"/></mailbox>'
			echo "<receive set=\"850\" $guide/></partner>"
		done
		echo '</tallyman>'
	} >"$work/two/tallyman.xml"
}
# order NAME N FILE [EDIT] : a file like that of it, with a number of its own.
order() {
	id=$(printf '%-15s' "$1")
	sed "s/^ISA.*/ISA*00*          *00*          *ZZ*$id*ZZ*QUAYGOODS      *260105*0800*U*00401*00000010$2*0*P*>~/
	    s/^GS.*/GS*PO*$1*QUAYGOODS*20260105*0800*41*X*004010~/
	    s/^IEA.*/IEA*1*00000010$2~/; ${4:-}" "$3" >"$work/two/$1/$2.edi"
}
told() {
	sqlite3 "$work/two/tallyman.db" "SELECT count(*) FROM findings f
	    JOIN interchanges i ON i.id = f.interchange_id
	    WHERE i.sender_id = '$1' AND $2"
}
for turn in 'guided plain' 'plain guided'; do
	# shellcheck disable=SC2086
	site_of_two $turn
	for name in $turn; do
		for k in 1 2 3; do
			order "$name" $k "$samples/850-two-orders.edi" \
			    's/^BEG\*00\*SA/BEG*00*HX/'
		done
		for k in 4 5 6; do
			order "$name" $k "$work/order.edi"
		done
	done
	"$TALLYMAN" -q -C "$work/two" run >"$work/out" 2>"$work/said"
	same "$turn: a code that the guide adds" \
	    "$(told guided "value = 'HX'") $(told plain "value = 'HX'")" '0 6'
	holds "$turn: by one parser" test ! -s "$work/said"
	same "$turn: a segment that the guide forbids" \
	    "$(told guided "tag = 'CUR'") $(told plain "tag = 'CUR'")" '6 0'
done

finish
