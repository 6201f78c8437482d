# SPDX-License-Identifier: Apache-2.0
# A partner whose server is ProFTPD with mod_sftp, which differs from OpenSSH
# where it may: files come, are moved there, and answers go; what exists is
# not written over.  PROFTPD and PROFTPD_MODULES name another one.
. "$(dirname "$0")/../support/lib.sh"
need_sqlite3
proftpd=${PROFTPD:-$(PATH=$PATH:/usr/sbin command -v proftpd || true)}
modules=${PROFTPD_MODULES:-/usr/lib/proftpd}
if [ -z "$proftpd" ] || [ ! -e "$modules/mod_sftp.so" ]; then
	skip "ProFTPD with mod_sftp (Debian: proftpd-core proftpd-mod-crypto)" \
	    "is not installed"
	finish
fi
command -v ssh-keygen >/dev/null || { skip "no ssh-keygen"; finish; }

lab=$work/lab files=$work/lab/files
mkdir -p "$files/outbound" "$files/inbound" "$files/done" "$lab/keys"
chmod -R 755 "$lab"
for type in ed25519 ecdsa rsa; do
	ssh-keygen -q -t $type -N '' -C host -f "$lab/host_$type"
	ssh-keygen -q -t $type -N '' -C user -f "$lab/keys/$type"
	ssh-keygen -e -m RFC4716 -f "$lab/keys/$type.pub" >>"$lab/authorized"
done
printf 'edi:x:%s:%s::%s:/bin/sh\n' "$(id -u)" "$(id -g)" "$files" \
    >"$lab/passwd"
chmod 600 "$lab/passwd" "$lab/authorized"

# speaks : or it never will, the port being taken.
speaks() {
	! kill -0 $pid || "$TALLYMAN" host-key "sftp://127.0.0.1:$port"
}
# start : on a random port, as long as it is taken on another.
start() {
	for try in 1 2 3 4 5; do
		port=$(sshd_random_port)
		cat >"$lab/config" <<-END
		ServerType standalone
		DefaultAddress 127.0.0.1
		Port $port
		User $(id -un)
		Group $(id -gn)
		UseReverseDNS off
		WtmpLog off
		PidFile $lab/pid
		ScoreboardFile $lab/scoreboard
		DelayTable $lab/delay
		ModulePath $modules
		LoadModule mod_sftp.c
		AuthOrder mod_auth_file.c
		AuthUserFile $lab/passwd
		RequireValidShell off
		RootLogin on
		SystemLog $lab/log
		SFTPEngine on
		SFTPLog $lab/sftp.log
		SFTPHostKey $lab/host_ed25519
		SFTPHostKey $lab/host_ecdsa
		SFTPHostKey $lab/host_rsa
		SFTPAuthorizedUserKeys file:$lab/authorized
		SFTPAuthMethods publickey
		END
		"$proftpd" -n -c "$lab/config" >"$lab/said" 2>&1 &
		pid=$!
		if wait_for speaks >/dev/null && kill -0 $pid 2>/dev/null; then
			return 0
		fi
		kill -9 $pid 2>/dev/null
		wait $pid
	done
	fail "ProFTPD does not start"
	cat "$lab/said"
	finish
}
stop() {
	kill $pid 2>/dev/null
	wait $pid
	clean_up
}
start
trap stop EXIT

# from HOST-KEY-TYPE USER-KEY-TYPE ATTRIBUTES : a fresh site.
from() {
	rm -rf "$files"/*/*
	sshd_url=sftp://edi@127.0.0.1:$port
	sshd_host_key=$(cut -d' ' -f1,2 "$lab/host_$1.pub")
	sshd_user_key=$lab/keys/$2
	site "$(partner buyer BUYER 'settle="0" then="move:done"' |
	    sed "s/<mailbox /&$3 /")"
}

for keys in 'ed25519 ecdsa' 'ecdsa ed25519'; do
	from ${keys% *} ${keys#* } ''
	order 1 >"$files/outbound/one.edi"
	runs "keys $keys" 0 run
	same "orders" "$(ask "SELECT count(*) FROM orders")" 1
	same "left at the partner" "$(names "$files/outbound")" 0
	same "moved there" "$(names "$files/done")" 1
	same "answers at the partner" "$(names "$files/inbound")" 1
done

# Sent before, and asked for again; then the name is another's.
requeue() {
	sqlite3 "$ws/tallyman.db" "UPDATE outbox SET state = 'queued',
	    temporary = NULL, next_at = NULL"
}
requeue
runs "the answer is there" 0 run
same "answers at the partner" "$(names "$files/inbound")" 1
echo other >"$files/inbound/997-buyer-000000001.edi"
requeue
runs "another file is there" 73 run
same "which is not written over" "$(cat "$files"/inbound/*)" other

if command -v ssh >/dev/null; then
	from rsa rsa 'transport="openssh"'
	order 1 >"$files/outbound/one.edi"
	runs "RSA alone, by openssh" 0 run
	same "orders" "$(ask "SELECT count(*) FROM orders")" 1
fi
finish
