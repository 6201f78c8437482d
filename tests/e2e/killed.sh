# SPDX-License-Identifier: Apache-2.0
# Runs die at random moments; each time the next one ends in the same state as
# if no run had died.  SEED= repeats a sequence of moments, as far as the machine
# lets it.
. "$(dirname "$0")/../support/lib.sh"
need_sshd
need_sqlite3
files=$work/buyer/files
rounds=15 each=3

# What must be the same: numbers that are drawn may not be skipped either.
state() {
	ask "SELECT name, state FROM files ORDER BY name"
	ask "SELECT po_number, d.state FROM orders o JOIN documents d
	    ON d.id = o.document_id ORDER BY 1"
	ask "SELECT count(*) FROM order_lines"
	ask "SELECT count(*), state FROM outbox GROUP BY state"
	# Names and bytes of the answers, but for the time of day.
	(cd "$files/inbound" && ls -A && cat -- *) | tr '~' '\n' |
	    sed 's/\*[0-9]\{6\}\*[0-9]\{4\}\*U/*D*T*U/
	        s/\*[0-9]\{8\}\*[0-9]\{4\}\*/*D*T*/g'
	names "$files/outbound"
	ask "PRAGMA integrity_check"
}
empty() {
	rm -rf "$files"
	mkdir -p "$files/outbound" "$files/inbound"
	site "$(partner buyer BUYER)"
}
# put ROUND : the partner writes some more orders.
put() {
	for i in $(seq $(($1 * each + 1)) $((($1 + 1) * each))); do
		order "$i" >"$work/order"
		touch -d 2026-01-05T08:00:00Z "$work/order"
		mv "$work/order" "$files/outbound/$(printf '%03d' "$i").edi"
	done
}

server buyer
empty
for round in $(seq 0 $((rounds - 1))); do
	put "$round"
done
runs "a run that nobody kills" 0 run
state >"$work/expected"

empty
seed=$(seed)
killed=0
for round in $(seq 0 $((rounds - 1))); do
	put "$round"
	"$TALLYMAN" -C "$ws" run >"$work/said" 2>&1 &
	run=$!
	sleep "0.$(printf '%03d' "$(draw "$round" $((100 + 20 * round)))")"
	if kill -9 $run 2>/dev/null; then
		killed=$((killed + 1))
	fi
	wait $run 2>/dev/null
	runs "the run after death $round (seed $seed)" 0 run
done
state >"$work/got"
if cmp -s "$work/expected" "$work/got"; then
	pass
else
	fail "another state than without deaths (seed $seed):"
	diff "$work/expected" "$work/got" | head -n 40
fi
if [ $killed -gt 0 ]; then
	pass
else
	fail "no run lived long enough to be killed"
fi
finish
