# SPDX-License-Identifier: Apache-2.0
# A partner that cannot be reached delays only itself.
. "$(dirname "$0")/../support/lib.sh"
need_sshd
need_sqlite3

# One server is gone, but its partner stays in the configuration, first.
server gone
gone=$(partner gone GONE)
sshd_stop "$work/gone"
server buyer
site "$gone" "$(partner buyer BUYER)"
order 1 >"$work/buyer/files/outbound/one.edi"

# The run itself tries the other again for a while; nobody waits for that.
"$TALLYMAN" -C "$ws" run >"$work/said" 2>&1 &
run=$!
answered() {
	[ "$(names "$work/buyer/files/inbound")" -eq 1 ]
}
holds "the partner that is there is answered" wait_for answered
holds "while the run goes on" kill -0 $run
wait $run
same "exit code: a partner is unreachable" $? 69
same "orders" "$(ask "SELECT count(*) FROM orders")" 1
tallyman status
holds "status names the mailbox that is down" grep -q gone "$work/said"

# When it is back, it is served without anything being said.
mkdir -p "$work/gone/files/outbound" "$work/gone/files/inbound"
sender=GONE order 7 >"$work/gone/files/outbound/seven.edi"
SSHD_PORT=$(sed -n 's/.*127\.0\.0\.1:\([0-9]*\)$/\1/p' "$work/gone/config")
sshd_start "$work/gone"
runs "it is back" 0 run
same "orders" "$(ask "SELECT count(*) FROM orders")" 2
finish
