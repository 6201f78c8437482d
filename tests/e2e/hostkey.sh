# SPDX-License-Identifier: Apache-2.0
# A server that shows another key than the pinned one: refused, nothing read.
. "$(dirname "$0")/../support/lib.sh"
need_sshd
need_sqlite3

server buyer 'LogLevel VERBOSE'
order 1 >"$work/buyer/files/outbound/one.edi"
right=$sshd_host_key
ssh-keygen -q -t ed25519 -N '' -f "$work/other"
sshd_host_key=$(cut -d' ' -f1,2 "$work/other.pub")

site "$(partner buyer BUYER)"
runs "another key is pinned" 77 run
holds "says that it is the host key" grep -qi 'host.key' "$work/said"
same "files recorded" "$(ask "SELECT count(*) FROM files")" 0
same "files left at the partner" "$(names "$work/buyer/files/outbound")" 1
same "logins tried" "$(grep -c 'Accepted\|Failed\|Postponed' \
    "$work/buyer/log")" 0

# A key of a type that the server does not have is no match either.
ssh-keygen -q -t ecdsa -N '' -f "$work/ecdsa"
sshd_host_key=$(cut -d' ' -f1,2 "$work/ecdsa.pub")
site "$(partner buyer BUYER)"
runs "a key of another type is pinned" 78 run
holds "says so of host keys" grep -q "host key we have ecdsa" "$work/said"
same "files recorded" "$(ask "SELECT count(*) FROM files")" 0

# While a partner changes its key, the old and the new one are pinned.
sshd_host_key="$(cut -d' ' -f1,2 "$work/other.pub")</host-key>
<host-key>$right"
site "$(partner buyer BUYER)"
runs "the right key is the second of two pins" 0 run
same "orders" "$(ask "SELECT count(*) FROM orders")" 1
finish
