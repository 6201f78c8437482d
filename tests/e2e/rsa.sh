# SPDX-License-Identifier: Apache-2.0
# A partner who has nothing but RSA, the server's key and ours: by OpenSSH's
# own program, files come and acknowledgements go.
. "$(dirname "$0")/../support/lib.sh"
need_sshd
need_sqlite3
if ! command -v ssh >/dev/null; then
	skip "ssh (Debian: openssh-client) is not installed"
	finish
fi

mkdir "$work/keys"
ssh-keygen -q -t rsa -b 2048 -N '' -C host -f "$work/keys/host"
ssh-keygen -q -t rsa -b 2048 -N '' -C user -f "$work/keys/user"
server buyer "HostKey $work/keys/host" \
    'HostKeyAlgorithms rsa-sha2-512,rsa-sha2-256' \
    'PubkeyAcceptedAlgorithms rsa-sha2-512,rsa-sha2-256'
cat "$work/keys/user.pub" >>"$work/buyer/authorized_keys"
sshd_user_key=$work/keys/user
sshd_host_key=$(cut -d' ' -f1,2 "$work/keys/host.pub")
order 1 >"$work/buyer/files/outbound/one.edi"

site "$(partner buyer BUYER | sed 's/<mailbox /&transport="openssh" /')"
runs "check" 0 check --online
runs "run" 0 run
same "orders" "$(ask "SELECT count(*) FROM orders")" 1
same "files left at the partner" "$(names "$work/buyer/files/outbound")" 0
same "answers at the partner" "$(names "$work/buyer/files/inbound")" 1
holds "which say yes" grep -q 'AK9\*A\*1\*1\*1' "$work"/buyer/files/inbound/*

# A key that the partner does not know: told once, and not tried in a loop.
ssh-keygen -q -t rsa -b 2048 -N '' -C other -f "$work/keys/other"
sshd_user_key=$work/keys/other
site "$(partner buyer BUYER | sed 's/<mailbox /&transport="openssh" /')"
runs "an unknown key" 77 run
holds "says that the login is refused" grep -q 'refused the login' "$work/said"
same "connections for it" "$(grep -c 'Connection closed by authenticating' \
    "$work/buyer/log")" 1
finish
