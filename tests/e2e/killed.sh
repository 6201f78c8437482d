# SPDX-License-Identifier: Apache-2.0
# A run dies at random moments; the next ones end in the same state as a run
# that did not die.  SEED= repeats a sequence of moments, as far as the machine
# lets it.
. "$(dirname "$0")/../support/lib.sh"
need_sshd
need_sqlite3
files=$work/buyer/files
orders=30 deaths=25

# What must be the same: numbers that are drawn once may not be skipped either.
state() {
	ask "SELECT name, state FROM files ORDER BY name"
	ask "SELECT po_number, d.state FROM orders o JOIN documents d
	    ON d.id = o.document_id ORDER BY 1"
	ask "SELECT count(*) FROM order_lines"
	ask "SELECT count(*), state FROM outbox GROUP BY state"
	(cd "$files/inbound" && ls -A && cat -- *) |
	    sed 's/\*[0-9]\{6\}\*[0-9]\{4\}\*U/*D*T*U/; s/\*[0-9]\{8\}\*[0-9]\{4\}\*/*D*T*/'
	same "files left" "$(names "$files/outbound")" 0
	ask "PRAGMA integrity_check"
}
fill() {
	rm -rf "$files"
	mkdir -p "$files/outbound" "$files/inbound"
	for i in $(seq 1 $orders); do
		order "$i" >"$files/outbound/$(printf '%03d' "$i").edi"
		touch -d 2026-01-05T08:00:00Z \
		    "$files/outbound/$(printf '%03d' "$i").edi"
	done
}

server buyer
fill
site "$(partner buyer BUYER)"
runs "a run that nobody kills" 0 run
state >"$work/expected"

fill
site "$(partner buyer BUYER)"
seed=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
moments=$(awk -v seed="$seed" -v n=$deaths 'BEGIN {
	srand(seed)
	for (i = 0; i < n; i++) printf "%.3f ", rand() * 0.25 }')
killed=0
for moment in $moments; do
	"$TALLYMAN" -C "$ws" run >"$work/said" 2>&1 &
	run=$!
	sleep "$moment"
	if kill -9 $run 2>/dev/null; then
		killed=$((killed + 1))
	fi
	wait $run 2>/dev/null
done
runs "the run after all deaths (seed $seed)" 0 run
runs "and one more" 0 run
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
