# SPDX-License-Identifier: Apache-2.0
# Two runs at once: the second leaves with 75 and changes nothing; a lock dies
# with the process that holds it.
. "$(dirname "$0")/../support/lib.sh"
need_sshd
need_sqlite3

server buyer
site "$(partner buyer BUYER)"
order 1 >"$work/buyer/files/outbound/one.edi"

# The first run waits for a server that stands still.
kill -STOP $sshd_pid
"$TALLYMAN" -C "$ws" run >"$work/first" 2>&1 &
first=$!
holds "it has the lock" wait_for locked
runs "the second run" 75 run
holds "says that another one is running" grep -qi 'run' "$work/said"
kill -CONT $sshd_pid
wait $first
same "the first run: exit code" $? 0
same "orders" "$(ask "SELECT count(*) FROM orders")" 1

# One that dies does not lock out the next.
order 2 >"$work/buyer/files/outbound/two.edi"
kill -STOP $sshd_pid
"$TALLYMAN" -C "$ws" run >"$work/first" 2>&1 &
first=$!
holds "it has the lock" wait_for locked
kill -9 $first
wait $first 2>/dev/null
kill -CONT $sshd_pid
runs "the run after one that died" 0 run
same "orders" "$(ask "SELECT count(*) FROM orders")" 2
finish
