# SPDX-License-Identifier: Apache-2.0
# A file of small and large interchanges that are answered together, while runs
# die: it is committed on the way, with the answers to what has ended by then.
# SEED= repeats a sequence of moments, as far as the machine lets it.
. "$(dirname "$0")/../support/lib.sh"
need_sqlite3
rounds=8

# interchange NUMBER DOCUMENTS
interchange() {
	order "$1" | awk -v n="$2" '
	    /^ST/ { inside = 1 }
	    inside { set = set $0 "\n" }
	    !inside { sub(/^GE\*1/, "GE*" n); print }
	    /^SE/ { inside = 0
	        for (i = 1; i <= n; i++) {
	            one = set
	            gsub(/\*0001~/, sprintf("*%04d~", i), one)
	            sub(/PO-[0-9]*/, "&-" i, one)
	            printf "%s", one } }'
}
n=0
for documents in 2 3 1 2500 1 2 3000 1 1; do
	n=$((n + 1))
	interchange $n $documents
done >"$work/file"

offer() {
	site "<partner name=\"buyer\" qualifier=\"ZZ\" id=\"BUYER\"
	    ack-files=\"together\"><mailbox url=\"dir:.\">
	    <pull from=\"in\" settle=\"0\"/><push to=\"out\"/></mailbox>
	    <receive set=\"850\"/></partner>"
	mkdir "$ws/in"
	{
		# Not without a mistake, as it is supposed to be at first.
		echo 'sent again, as asked for'
		cat "$work/file"
	} >"$ws/in/file.edi"
}
answered() {
	cat "$ws"/out/* 2>/dev/null | tr '~' '\n' | grep "^AK1" | tr '\n' ' '
}
offer
runs "a run that nobody kills" 0 run
everything=$(answered)
same "all is answered" "$(echo "$everything" | wc -w)" 9
same "in few files" "$(names "$ws/out")" 3

seed=$(seed)
killed=0
for round in $(seq $rounds); do
	offer
	for try in 1 2; do
		"$TALLYMAN" -q -C "$ws" run >"$work/said" 2>&1 &
		run=$!
		# Early in the first rounds, so that some run is there to be killed.
		sleep "0.$(printf '%03d' \
		    $((try * 20 * round + $(draw "$round$try" 40))))"
		! kill -9 $run 2>/dev/null || killed=$((killed + 1))
		wait $run 2>/dev/null
	done
	tallyman run
	# Two deaths without a step forward, and nobody tries it again.
	if [ "$(ask "SELECT state FROM files")" = quarantined ]; then
		runs "release" 0 release file:1
		tallyman run
	fi
	tallyman run
	same "round $round (seed $seed): documents" \
	    "$(ask "SELECT count(*) FROM documents")" 5511
	same "round $round (seed $seed): answers" "$(answered)" "$everything"
	runs "round $round (seed $seed): the store" 0 verify
done
holds "runs lived long enough to be killed" [ $killed -gt 0 ]
finish
