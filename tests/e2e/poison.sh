# SPDX-License-Identifier: Apache-2.0
# What a file can do to the process that reads it, with a program that is built
# to let it: the file is set aside and says why, in the same run, and the files
# before and behind it are recorded.
. "$(dirname "$0")/../support/lib.sh"
need_sqlite3

good=$TALLYMAN
poisoned=${TALLYMAN%/*}/plant/POISON/tallyman
if [ ! -x "$poisoned" ]; then
	skip "$poisoned is not built"
	finish
fi
# Poison of the kernel's part is none where that part is not built or there.
"$TALLYMAN" init "$ws" >/dev/null
tallyman doctor
grep -q 'SANDBOX=no\|no seccomp' "$work/said" && missing=yes || missing=

# much : what stands before an order of a file that is judged while it comes.
much() {
	awk 'BEGIN { for (i = 0; i < 40000; i++)
		print "sent again, as was asked for" }'
}
# second WORD : the order with that poison, behind what $before makes.
before=:
second() {
	$before
	order 2 | sed "s/DOCK 4/POISON $1/"
}
# does WORD HOW : a file with that poison between two good ones.
does() {
	rm -rf "$ws"
	"$good" init "$ws" >/dev/null
	sed -i 's/settle="10"/settle="0"/' "$ws/tallyman.xml"
	order 1 >"$ws/drop/1.edi"
	second "$1" >"$ws/drop/2.edi"
	order 3 >"$ws/drop/3.edi"
	TALLYMAN=$poisoned
	runs "$1" 1 run
	TALLYMAN=$good
	same "$1: nobody else is blamed" \
	    "$(grep -c '[13]\.edi: the process' "$work/said")" 0
	same "$1: files" "$(ask "SELECT state FROM files ORDER BY name" |
	    tr '\n' ' ')" 'translated quarantined translated '
	same "$1: records" "$(ask "SELECT count(*) FROM orders")" 2
	holds "$1: told" grep -q "$2" "$ws/quarantine/2.txt"
	holds "$1: kept" cmp -s "$ws/quarantine/2.original" - <<-X
	$(second "$1")
	X
	# A program without the fault reads it.
	runs "$1: released" 0 release file:2
	runs "$1: again" 0 run
	same "$1: then" "$(ask "SELECT count(*) FROM orders")" 3
}
# Recorded by a program without the fault, and replayed by one that has it.
replays() {
	rm -rf "$ws"
	"$good" init "$ws" >/dev/null
	sed -i 's/settle="10"/settle="0"/' "$ws/tallyman.xml"
	for i in 1 2 3; do
		order $i | sed "s/DOCK 4/DOCK $i/
		    s/DOCK 2/POISON ABORT/" >"$ws/drop/$i.edi"
	done
	runs "recorded" 0 run
	ask "SELECT * FROM documents" >"$work/before"
	TALLYMAN=$poisoned
	runs "replayed" 1 replay --set=850 --yes
	TALLYMAN=$good
	holds "one is left" grep -q \
	    'left as it is: it brings down the process that reads it' "$work/said"
	same "the others are not" "$(grep -c 'left as it is' "$work/said")" 1
	ask "SELECT * FROM documents" >"$work/after"
	holds "nothing changed" cmp "$work/before" "$work/after"
}
replays
does ABORT 'was ended by signal 6, 2 times'
does LOOP 'did not come to an end, 2 times'
does STAND 'stood still, 2 times'
does LIE 'says what cannot be, 2 times'
if [ -n "$missing" ]; then
	skip 'what the kernel forbids: it forbids nothing here'
else
	does OPEN 'made a system call that reading has no reason for, 2 times'
	does MEMORY 'more memory than the 2048 MiB'
fi
before=much
does ABORT 'was ended by signal 6, 2 times'
does LOOP 'did not come to an end, 2 times'
does LIE 'says what cannot be, 2 times'
finish
