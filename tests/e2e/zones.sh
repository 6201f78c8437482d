# SPDX-License-Identifier: Apache-2.0
# Local times of a partner whose zone is one of the tz database: instants when
# reading, local times when writing, and what the configuration takes.
. "$(dirname "$0")/../support/lib.sh"
TALLYMAN_NOW=2026-03-04T05:06:00Z
export TALLYMAN_NOW

# zoned ZONE : a workspace whose partner has it.
zoned() {
	site "<partner name=\"acme\" qualifier=\"ZZ\" id=\"BUYER\" zone=\"$1\">
	<receive set=\"850\" acknowledge=\"none\"/><send set=\"850\"/></partner>"
}
# order_with DTM… : an order whose head has these.
order_with() {
	order 1 | sed "s/^BEG.*/&$(printf '\\\n%s~' "$@")/; s/^SE.6/SE*$((6 + $#))/"
}
# value NAME : of a record in $work/said, each on a line.
values() {
	tr '{,}' '\n\n\n' <"$work/said" | sed -n "s/^\"$1\":\"\(.*\)\"\$/\1/p"
}

zoned nowhere
runs "a zone that is none" 78 check
holds "says where, and what is expected" \
    grep -q 'tallyman.xml:.*zone="nowhere".*America/Chicago' "$work/said"
zoned ../../../etc/passwd
runs "a way out of the folder" 78 check
zoned +99:00
runs "an offset that is none" 78 check
zoned tzdata.zi
runs "a file that is no zone" 78 check
(
	TZDIR=$work/nowhere
	export TZDIR
	zoned America/Chicago
	runs "no tz database" 78 check
	holds "says so" grep -q 'no tz database' "$work/said"
	zoned -05:00
	runs "an offset needs none" 0 check
	echo "$passed $failed" >"$work/inner"
)
read -r inner_passed inner_failed <"$work/inner"
same "without a tz database" "$inner_failed" "$failed"
passed=$inner_passed

zoneinfo=${TZDIR:-/usr/share/zoneinfo}
if [ ! -r "$zoneinfo/America/Chicago" ]; then
	skip "$zoneinfo has no America/Chicago"
	finish
fi
zoned America/Chicago
runs "a zone of the tz database" 0 check

# Winter, summer, the hour that comes twice and the one that is left out; a
# code of the document's own, and a date alone.
order_with 'DTM*010*20260112*0930' 'DTM*037*20260712*093000' \
    'DTM*038*20261101*0130' 'DTM*002*20260308*0230' 'DTM*064*20260101*0000*UT' \
    'DTM*063*20260131' >"$work/order.edi"
runs "is read" 0 read --partner=acme "$work/order.edi"
same "winter" "$(values ship_utc)" 2026-01-12T15:30:00Z
same "summer" "$(values ship_not_before_utc)" 2026-07-12T14:30:00Z
same "the first of two" "$(values ship_not_after_utc)" 2026-11-01T06:30:00Z
same "as before the change" "$(values delivery_utc)" 2026-03-08T08:30:00Z
same "the document's own zone" "$(values deliver_not_before_utc)" \
    2026-01-01T00:00:00Z
same "a date alone" "$(values deliver_not_after_utc)" ""
same "local values stay" "$(values ship_time) $(values ship_zone)" "09:30 "

# What was read is written as it came, whatever the instants say.
cp "$work/said" "$work/records.json"
"$TALLYMAN" -C "$ws" write --partner=acme "$work/records.json" \
    2>"$work/said" | grep '^DTM' >"$work/written"
grep '^DTM' "$work/order.edi" | sort >"$work/sent"
sort "$work/written" >"$work/got"
holds "the same dates are written" cmp "$work/sent" "$work/got"

# An instant alone becomes the partner's local time.
record() {
	cat <<-END
	{"set":"850","version":"004010","records":{"orders":[{"kind":"purchase",
	"purpose":"original","type":"stand_alone","po_number":"1",
	"order_date":"2026-01-05",$1}],"order_lines":[{"id":0,"quantity":"1",
	"unit":"EA"}]}}
	END
}
# sends WHAT RECORD SEGMENT : of an order with the record it writes the segment.
sends() {
	record "$2" | tr -d '\n' >"$work/one.json"
	"$TALLYMAN" -C "$ws" write --partner=acme "$work/one.json" \
	    >"$work/written" 2>"$work/said"
	same "$1" "$(grep '^DTM' "$work/written")" "$3"
}
sends "winter" '"ship_utc":"2026-01-12T15:30:00Z"' 'DTM*010*20260112*0930~'
sends "summer" '"ship_utc":"2026-07-12T14:30:07Z"' 'DTM*010*20260712*093007~'
sends "the day before" '"ship_utc":"2026-01-12T05:59:00Z"' \
    'DTM*010*20260111*2359~'
sends "in the zone that the record names" \
    '"ship_utc":"2026-01-12T15:30:00Z","ship_zone":"ET"' \
    'DTM*010*20260112*1030*ET~'
sends "a date says more than an instant" \
    '"ship_date":"2026-01-13","ship_utc":"2026-01-12T15:30:00Z"' \
    'DTM*010*20260113~'
sends "no instant" '"ship_utc":"tomorrow"' ''
holds "is told" grep -q 'write_value' "$work/said"
holds "with its column" grep -q 'ship_utc' "$work/said"
site '<partner name="acme" qualifier="ZZ" id="BUYER"><send set="850"/></partner>'
sends "without any zone in universal time" '"ship_utc":"2026-01-12T15:30:00Z"' \
    'DTM*010*20260112*1530*UT~'
finish
