# SPDX-License-Identifier: Apache-2.0
# check --online says at which step the way to a mailbox ends, and why.
. "$(dirname "$0")/../support/lib.sh"
need_sshd
need_sqlite3

server buyer
good=$(partner buyer BUYER)
# ends WHAT EXIT STEP SAYS [ARG…] : the step is the first that fails.
ends() {
	what=$1 exit=$2 step=$3 says=$4
	shift 4
	runs "$what" "$exit" check --online "$@"
	same "$what: the step" "$(sed -n 's/^  \(.*[^ ]\)  *FAILED.*/\1/p' \
	    "$work/said" | head -n 1)" "$step"
	holds "$what: why" grep -q "$says" "$work/said"
}

site "$good"
ends "all is well" 0 "" "login  *ok"
holds "lists are counted" grep -q 'list  *ok: outbound, files: 0' "$work/said"
site "$(echo "$good" | sed 's/127.0.0.1:/no-such-host.invalid:/')"
ends "no such host" 69 look-up no-such-host
site "$(echo "$good" | sed "s/127.0.0.1:[0-9]*/127.0.0.1:1/")"
ends "nobody listens" 69 connect "cannot connect"
relay plain down=1 by=rst
site "$(partner buyer BUYER)"
ends "it hangs up" 69 "key exchange" "mailbox buyer"
ssh-keygen -q -t ed25519 -N secret -f "$work/locked"
site "$(echo "$good" | sed "s|key=\"[^\"]*\"|key=\"$work/locked\"|")"
ends "a key whose passphrase nobody gives" 78 settings 'xml:[0-9]*: mailbox'
holds "told once" [ "$(grep -c 'it is encrypted' "$work/said")" = 1 ]
server other
site "$(echo "$good" | sed "s|<host-key>.*<|<host-key>$sshd_host_key<|")"
ends "another host key" 77 "host key" "not pinned"
site "$(echo "$good" | sed "s|key=\"[^\"]*\"|key=\"$sshd_user_key\"|")"
ends "a key that it does not know" 77 login "mailbox buyer"
SSHD_SFTP=/bin/false
server mute
unset SSHD_SFTP
site "$(partner buyer BUYER)"
ends "no SFTP" 69 sftp "mailbox buyer"
site "$(echo "$good" | sed 's/from="outbound"/from="nowhere"/')"
ends "no such folder" 66 list nowhere
tallyman doctor --online
holds "doctor goes the same way" grep -q 'list  *FAILED: nowhere' "$work/said"

# What may be written is tried only when it is asked for.
SSHD_SFTP="internal-sftp -R -d $work/read-only/files"
server read-only
unset SSHD_SFTP
site "$(partner shy SHY)" "$good"
ends "read, and nothing else" 0 "" "list  *ok"
ends "read, although it is to be written" 77 put "mailbox shy" --write shy
holds "only what was asked for" [ "$(grep -c '^mailbox' "$work/said")" = 1 ]
ends "may be written" 0 "" "remove  *ok" --write buyer
same "nothing is left" "$(names "$work/buyer/files")" 0
runs "an unknown name" 78 check --online nobody
runs "a name, not online" 64 check buyer
tallyman --json check --online
holds "as JSON" grep -q '"mailboxes":\[{"mailbox":"shy","steps":\[{"step":"look-up","folder":null,"ok":true,"error":null},' "$work/said"
finish
