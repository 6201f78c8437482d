# SPDX-License-Identifier: Apache-2.0
# Runs are killed, their processes are killed and connections are cut, all at
# random moments, while files keep coming: each is recorded once and answered
# once, whole, and nothing is left over.  FILES says how many in all, BATCH how
# many come between two runs; SEED= repeats a sequence of moments, as far as
# the machine lets it.  "make storm" is a long one.
. "$(dirname "$0")/../support/lib.sh"
need_sshd
need_sqlite3
files=${FILES:-100} batch=${BATCH:-10}
seed=$(seed)
[ "$files" -lt 1000 ] || echo "storm: $files files, seed $seed"

server buyer
out=$work/buyer/files/outbound in=$work/buyer/files/inbound
mkdir "$work/made" "$work/taken"
direct=$sshd_url
relay plain up=5000 down=5000 spread=150000 seed=$seed by=rst tell
site "$(partner buyer BUYER)"

# later : two hours pass, so that a mailbox that failed before is tried again.
hours=0
later() {
	hours=$((hours + 2))
	TALLYMAN_NOW=$(date -u -d "@$((1767225600 + hours * 3600))" \
	    +%Y-%m-%dT%H:%M:%SZ)
	export TALLYMAN_NOW
}
# The partner takes what is whole; twice the same name is twice delivered.
doubled=0
take() {
	for answer in "$in"/*.edi; do
		[ -e "$answer" ] || continue
		[ ! -e "$work/taken/${answer##*/}" ] || doubled=$((doubled + 1))
		mv "$answer" "$work/taken/"
	done
}

made=0 round=0 deaths=0 crashes=0
while [ "$made" -lt "$files" ] || [ "$(names "$out")" -gt 0 ]; do
	round=$((round + 1))
	if [ $round -gt $((100 + 20 * files / batch)) ]; then
		fail "no end after $round rounds (seed $seed)"
		break
	fi
	for i in $(seq "$batch"); do
		[ "$made" -lt "$files" ] || break
		made=$((made + 1))
		order $made >"$work/made/$made.edi"
		cp "$work/made/$made.edi" "$out/.$made.tmp"
		mv "$out/.$made.tmp" "$out/$made.edi"
	done
	later
	"$TALLYMAN" -C "$ws" run >"$work/said" 2>&1 &
	run=$!
	# The first die before they are done on a fast machine, too, and longer
	# and longer lives let it end on a slow one.
	ms=$(draw $round $((8 * batch + 200 * round * batch / files)))
	sleep $((ms / 1000)).$(printf '%03d' $((ms % 1000)))
	# One time in four only what works on the mailbox dies.
	if [ "$(draw $((round + 100000)) 4)" -eq 0 ] &&
	    workers $run 2>/dev/null; then
		kill -9 $workers 2>/dev/null && crashes=$((crashes + 1))
		sleep 0.2
	fi
	kill -9 $run 2>/dev/null && deaths=$((deaths + 1))
	wait $run 2>/dev/null
	take
done

# The storm is over.
sed "s|url=\"[^\"]*\"|url=\"$direct\"|" "$ws/tallyman.xml" >"$work/xml"
cp "$work/xml" "$ws/tallyman.xml"
for i in 1 2; do
	later
	runs "the run after the storm (seed $seed)" 0 run
	take
done
if [ $deaths -gt 0 ]; then
	pass
else
	fail "no run lived long enough to be killed"
fi
cuts=$(grep -c cut "$work/port")
[ "$files" -lt 1000 ] || echo "storm: $round runs, $deaths killed, $crashes" \
    "of their processes, $cuts connections cut"

same "files recorded (seed $seed)" \
    "$(ask "SELECT count(*), count(DISTINCT name) FROM files")" "$files|$files"
same "orders (seed $seed)" "$(ask "SELECT count(*), count(DISTINCT po_number)
    FROM orders")" "$files|$files"
(cd "$work/made" && sha256sum -- *.edi | cut -d' ' -f1 | sort) >"$work/a"
ask "SELECT lower(hex(sha256)) FROM files ORDER BY 1" >"$work/b"
holds "their bytes (seed $seed)" cmp "$work/a" "$work/b"
same "answers taken (seed $seed)" "$(names "$work/taken")" "$files"
same "delivered twice (seed $seed)" $doubled 0
same "left at the partner (seed $seed)" "$(names "$in")" 0
same "outbox (seed $seed)" \
    "$(ask "SELECT state, count(*) FROM outbox GROUP BY 1")" "sent|$files"
(cd "$work/taken" && sha256sum -- *.edi | cut -d' ' -f1 | sort) >"$work/a"
ask "SELECT lower(hex(p.sha256)) FROM outbox o JOIN payloads p
    ON p.id = o.payload_id ORDER BY 1" >"$work/b"
holds "the answers' bytes (seed $seed)" cmp "$work/a" "$work/b"
same "spool" "$(names "$ws/spool")" 0
same "the store" "$(ask "PRAGMA integrity_check")" ok
finish
