# SPDX-License-Identifier: Apache-2.0
# A partner behind a proxy, by what the configuration says: for all in the
# defaults, or for one mailbox; the password comes from a command.
. "$(dirname "$0")/../support/lib.sh"
need_sshd
need_sqlite3

server buyer
# proxy KIND OPTION… : starts one.
proxy() {
	direct=$sshd_url
	relay "$@"
	proxy_port=$relay_port
	sshd_url=$direct
}
# through ELEMENT : the partner's server is known to the proxy alone.
through() {
	rm -f "$work/buyer/files/inbound"/*
	order 1 >"$work/buyer/files/outbound/one.edi"
	site "$1" "$(partner buyer BUYER |
	    sed 's/127\.0\.0\.1:[0-9]*/edi.example.test/')"
	runs "$1" 0 check --online
	runs "$1" 0 run
	same "$1: answers" "$(names "$work/buyer/files/inbound")" 1
}

proxy http user=edi:sesame
through "<defaults><proxy url=\"http://edi@127.0.0.1:$proxy_port\"
    password-command=\"/bin/echo sesame\"/></defaults>"
tallyman host-key "sftp://127.0.0.1:$sshd_port"
holds "the server is there without it, too" grep -q ssh-ed25519 "$work/said"
site "<defaults><proxy url=\"http://edi@127.0.0.1:$proxy_port\"
    password-command=\"/bin/echo sesamee\"/></defaults>" \
    "$(partner buyer BUYER)"
runs "a wrong password" 77 run
holds "says so" grep -q 'user or password is wrong' "$work/said"
holds "and not which" sh -c "! grep -q sesame '$work/said'"

proxy socks
through "<defaults><proxy url=\"socks5://127.0.0.1:$proxy_port\"/></defaults>"
site "<defaults><proxy url=\"socks5://127.0.0.1:1\"/></defaults>" \
    "$(partner buyer BUYER | sed 's|<host-key>|<proxy url="none"/>&|')"
runs "none in the mailbox" 0 check --online
finish
