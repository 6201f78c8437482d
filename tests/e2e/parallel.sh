# SPDX-License-Identifier: Apache-2.0
# Partners are worked on at the same time, each by a process of its own: one
# that is slow, silent or deadly is nothing to the others.
. "$(dirname "$0")/../support/lib.sh"
need_sshd
need_sqlite3
user=$(id -un)

server all
files=$work/all/files
# folders NAME… : at the server, each with an order of that sender.
folders() {
	number=0
	for name; do
		number=$((number + 1))
		mkdir -p "$files/$name/outbound" "$files/$name/inbound"
		rm -f "$files/$name/inbound"/*
		sender=$name order $number >"$files/$name/outbound/one.edi"
	done
}
# at PORT NAME… : partners at the server by that port.
at() {
	port=$1
	shift
	for name; do
		sshd_url=sftp://$user@127.0.0.1:$port/$files/$name
		partner "$name" "$name"
	done
}
answers() {
	find "$files"/*/inbound -type f | wc -l
}

# Nobody is carried a byte before all three have called: only work at the same
# time ends that wait.
folders P1 P2 P3
relay plain gather=3
site "$(at $relay_port P1 P2 P3)"
runs "three that wait for each other" 0 run
same "orders" "$(ask "SELECT count(*) FROM orders")" 3
same "answers" "$(answers)" 3
kill $relay_pid

# How many sessions there were at once, as the server's program saw it.
mkdir "$work/now"
cat >"$work/sftp" <<END
#!/bin/sh
touch "$work/now/\$\$"
ls "$work/now" | wc -l >>"$work/peaks"
sleep 0.1
\$(ls /usr/lib/openssh/sftp-server /usr/libexec/sftp-server \\
    /usr/libexec/openssh/sftp-server 2>/dev/null | head -n 1)
rm "$work/now/\$\$"
END
chmod 755 "$work/sftp"
SSHD_SFTP=$work/sftp
server counting
unset SSHD_SFTP
files=$work/counting/files
for limit in 1 2; do
	: >"$work/peaks"
	folders P1 P2 P3 P4 P5
	site "<limits connections=\"$limit\"/>" \
	    "$(at $sshd_port P1 P2 P3 P4 P5)"
	runs "at most $limit" 0 run
	same "orders with $limit" "$(ask "SELECT count(*) FROM orders")" 5
	most=$(sort -n "$work/peaks" | tail -n 1)
	holds "at most $limit at once: $most" [ "$most" -le $limit ]
done

# The process that has a partner who does not answer any more dies.
server dead
sender=DEAD order 1 >"$work/dead/files/outbound/one.edi"
dead_port=$sshd_port
relay plain down=3000 by=stall
dead=$(partner dead DEAD)
server alive
order 1 >"$work/alive/files/outbound/one.edi"
site "$dead" "$(sender=ALIVE partner alive BUYER)"
"$TALLYMAN" -C "$ws" run >"$work/said" 2>&1 &
run=$!
# Only the one that waits for the silent server is left, of those that have a
# connection: the process that reads files has none.
one_left() {
	workers $run || return
	connected=
	for worker in $workers; do
		! ls -l /proc/$worker/fd | grep -q 'socket:' ||
		    connected="$connected $worker"
	done
	set -- $connected
	[ $# -eq 1 ] && [ "$(names "$work/alive/files/inbound")" -gt 0 ]
}
holds "one is left" wait_for one_left
same "the other is answered meanwhile" \
    "$(names "$work/alive/files/inbound")" 1
kill -ABRT $connected
wait $run
same "exit code after a process died" $? 69
holds "it is told which, and of what" \
    grep -q 'mailbox dead: .* ended by signal 6' "$work/said"
same "noted as a failed run" "$(ask "SELECT name, failures FROM mailboxes
    WHERE failures > 0")" "dead|1"

# A run that is killed takes its processes with it, and the next may begin.
"$TALLYMAN" -C "$ws" run >"$work/said" 2>&1 &
run=$!
holds "it has a process" wait_for workers $run
kill -9 $run
wait $run 2>/dev/null
kill $relay_pid
sshd_port=$dead_port
relay plain
sed "s|127.0.0.1:[0-9]*\" key=\"$work/dead/|127.0.0.1:${sshd_url##*:}\" key=\"$work/dead/|" \
    "$ws/tallyman.xml" >"$work/xml"
cp "$work/xml" "$ws/tallyman.xml"
runs "the next run" 0 run
finish
