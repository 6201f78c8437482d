# SPDX-License-Identifier: Apache-2.0
# Acknowledgements of what was sent: waited for from the time on when it is sent,
# overdue, answered, waived; and the mailbox that an agreement names.
. "$(dirname "$0")/../support/lib.sh"
need_sqlite3
at() {
	TALLYMAN_NOW=2026-03-$1Z
	export TALLYMAN_NOW
}
# sells ATTRIBUTES… : the partner, with those of <send>.
sells() {
	site "<partner name=\"acme\" qualifier=\"ZZ\" id=\"BUYER\">
	<mailbox url=\"dir:one\"><pull from=\"in\" complete=\"yes\"/><push to=\"out\"/>
	</mailbox><mailbox url=\"dir:two\"><push to=\"out\"/></mailbox>
	<mailbox name=\"acme-in\" url=\"dir:three\"><pull from=\"in\"/></mailbox>
	<receive set=\"*\"/><send set=\"850\" $1/><send set=\"860\" ${2:-}/></partner>
	<partner name=\"bolt\" qualifier=\"ZZ\" id=\"BOLT\">
	<mailbox url=\"dir:bolt\"><push to=\"out\"/></mailbox></partner>"
	mkdir -p "$ws/one/in" "$ws/one/out" "$ws/two/out" "$ws/three/in" \
	    "$ws/bolt/out"
}
# A line of JSON for each order.
sends() {
	for n in "$@"; do
		order "$n"
	done >"$work/orders"
	"$TALLYMAN" read "$work/orders" >"$work/orders.json"
	runs "orders $* are sent" 0 write --partner=acme --send \
	    "$work/orders.json"
}
expected() {
	ask "SELECT d.key, e.state, e.due_at FROM expected_acks e
	    JOIN documents d ON d.id = e.document_id ORDER BY d.id" | tr '\n' ' '
}
# answers TEXT… : segments of a 997 between ST and SE, one interchange each.
answered=0
answers() {
	answered=$((answered + 1))
	{
		printf 'ISA*00*          *00*          *ZZ*%-15s*ZZ*%-15s*' \
		    BUYER SELLER
		printf '260301*0800*U*00401*%09d*0*P*>~\n' $answered
		printf 'GS*FA*BUYER*SELLER*20260301*0800*%d*X*004010~\n' $answered
		printf 'ST*997*0001~\n'
		printf '%s~\n' "$@"
		printf 'SE*%d*0001~\nGE*1*%d~\n' $(($# + 2)) $answered
		printf 'IEA*1*%09d~\n' $answered
	} >"$ws/one/in/answer-$answered.edi"
}

at 01T12:00:00
sells 'expect-ack="24h" mailbox="nobody"'
runs "a mailbox that is none" 78 check
holds "is told" grep -q 'mailbox="nobody".*the name of a <mailbox> of this' \
    "$work/said"
sells 'mailbox="bolt"'
runs "another partner's mailbox" 78 check
sells 'mailbox="acme-in"'
runs "a mailbox without a <push>" 78 check
holds "is told" grep -q 'a <mailbox> with a <push>' "$work/said"

sells 'expect-ack="24h" mailbox="acme-2"' 'expect-ack="2d"'
sends 1 2
name=$(cat "$work/said")
same "the mailbox" "$(ask "SELECT mailbox FROM outbox")" acme-2
same "not due until it is sent" "$(expected)" \
    "PO-1|waiting|9999 PO-2|waiting|9999 "
same "what was sent is known" "$(ask "SELECT i.direction, i.sender_id,
    i.receiver_id, g.functional_id, d.state, d.set_id, d.control_number
    FROM documents d JOIN functional_groups g ON g.id = d.group_id
    JOIN interchanges i ON i.id = g.interchange_id ORDER BY d.id LIMIT 1")" \
    "out|SELLER|BUYER|PO|sent|850|0001"
at 02T00:00:00
runs "a run" 0 run
holds "puts it there" test -f "$ws/two/out/$name"
same "due a day later" "$(expected)" \
    "PO-1|waiting|2026-03-03T00:00:00.000Z PO-2|waiting|2026-03-03T00:00:00.000Z "
at 02T23:59:00
runs "in time" 0 run
runs "nothing is overdue" 0 status
at 03T00:01:00
runs "too late" 0 run
same "overdue" "$(expected | cut -d' ' -f1)" \
    "PO-1|overdue|2026-03-03T00:00:00.000Z"
runs "status" 1 status
holds "names the document" \
    grep -q "document 1 unanswered since 2026-03-03.*acme: 850 PO-1 in $name" \
    "$work/said"
runs "list" 0 list expected --state=overdue
same "both" "$(grep -c 'overdue, acme' "$work/said")" 2
runs "list as JSON" 0 --json list expected --partner=acme --set=850
holds "with all numbers" grep -q '"type":"expected","id":"1",.*"key":"PO-1","control":"0001","functional":"PO","group_control":"1".*"state":"overdue"' "$work/said"
tallyman doctor
holds "doctor" grep -q 'is due since 2026-03-03.*list expected' "$work/said"
runs "no lists of others" 0 list expected --partner=bolt
holds "nothing" grep -q 'nothing of the kind' "$work/said"
runs "trace" 0 trace PO-1
holds "tells where it went" grep -q "outbox.* sent.*$name" "$work/said"
runs "the store" 0 verify

# Late answers count; of what is waived nobody asks any more.
answers 'AK1*PO*1' 'AK2*850*0001' 'AK5*A' 'AK9*P*2*2*1'
runs "an answer" 0 run
same "to one, and by the group to the other" "$(expected | tr ' ' '\n' |
    cut -d'|' -f1,2 | tr '\n' ' ')" "PO-1|accepted PO-2|accepted "
sends 3 4
at 05T00:00:00
runs "they are sent" 0 run
answers 'AK1*PO*2' 'AK2*850*0001' 'AK3*BEG*2**8' 'AK5*R*5' 'AK9*P*2*2*1'
runs "one is rejected" 0 run
same "is rejected" "$(expected | tr ' ' '\n' | sed -n 3p | cut -d'|' -f1,2)" \
    "PO-3|rejected"
sends 5
at 05T01:00:00
runs "it is sent" 0 run
at 07T01:00:00
runs "two days pass" 0 run
id=$(ask "SELECT id FROM documents WHERE key = 'PO-5'")
runs "a person waits no longer" 0 reject --reason='by telephone' "$id"
same "waived" "$(ask "SELECT state FROM expected_acks WHERE document_id = $id")" \
    waived
runs "twice" 1 reject --reason='by telephone' "$id"
holds "is told" grep -q 'no acknowledgement of it is waited for' "$work/said"
runs "it cannot be released" 1 release "$id"
runs "it has no records" 65 write --document="$id"

# A TA1 that refuses the file: no set of it is going to be answered.
sends 6
number=$(ask "SELECT control_number FROM outbox ORDER BY id DESC LIMIT 1")
runs "it is sent" 0 run
{
	printf 'ISA*00*          *00*          *ZZ*%-15s*ZZ*%-15s*' BUYER SELLER
	printf '260301*0800*U*00401*000000090*0*P*>~\n'
	printf 'TA1*%09d*260307*0100*R*006~\n' "$number"
	printf 'IEA*0*000000090~\n'
} >"$ws/one/in/ta1.edi"
runs "a TA1" 0 run
same "all is rejected" "$(expected | tr ' ' '\n' | sed -n '/PO-6/p' |
    cut -d'|' -f2)" rejected

# Orders of one partner are not those that it sends us.
order 1 77 >"$ws/one/in/order.edi"
runs "an order with the number of ours" 0 run
same "is taken" "$(ask "SELECT state FROM documents WHERE key = 'PO-1'
    ORDER BY id DESC LIMIT 1")" accepted
runs "replay" 0 replay --set=850 --yes
holds "is about what came" grep -q '^documents: 1,' "$work/said"

# Nothing is expected where nothing is agreed on.
sells 'mailbox="acme"'
sends 1
same "nothing" "$(ask "SELECT count(*) FROM expected_acks")" 0
same "the mailbox" "$(ask "SELECT mailbox FROM outbox")" acme
finish
