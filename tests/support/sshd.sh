# SPDX-License-Identifier: Apache-2.0
# A private SFTP server on loopback, for tests and the demonstration: sourced,
# not run.  Its keys are made for the occasion and its folder is all it has.
#
#   sshd_start DIR [LINE…]  starts a server whose files, keys and log are in
#                           DIR; a login lands in DIR/files.  LINEs are added
#                           to its configuration.  Sets sshd_port, sshd_url,
#                           sshd_host_key (one line, as a pin is written) and
#                           sshd_user_key (a private key that may log in).
#   sshd_stop DIR           ends it, and its sessions.
#
# SSHD_SFTP names another program for its SFTP, SSHD_PORT a port.
#
# Started a second time in the same DIR it keeps its keys.

sshd_program=$(PATH=$PATH:/usr/sbin:/sbin command -v sshd || true)

# A random port; whether it is free is known when the server listens.
sshd_random_port() {
	set -- $(od -An -N2 -tu2 /dev/urandom)
	echo $((20000 + $1 % 40000))
}

# A root whose password is locked may log in only where PAM decides.
sshd_use_pam() {
	if [ "$(id -u)" -eq 0 ] && grep -q '^root:!' /etc/shadow 2>/dev/null
	then
		echo yes
	else
		echo no
	fi
}

sshd_start() {
	sshd_dir=$1
	shift
	mkdir -p "$sshd_dir/files"
	chmod 755 "$sshd_dir" "$sshd_dir/files"
	if [ ! -e "$sshd_dir/user" ]; then
		ssh-keygen -q -t ed25519 -N '' -C host -f "$sshd_dir/host"
		ssh-keygen -q -t ed25519 -N '' -C user -f "$sshd_dir/user"
		cp "$sshd_dir/user.pub" "$sshd_dir/authorized_keys"
	fi
	# The server of a machine that has none running wants its folder.
	[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd

	sshd_tries=0
	while :; do
		sshd_port=${SSHD_PORT:-$(sshd_random_port)}
		cat >"$sshd_dir/config" <<-END
		ListenAddress 127.0.0.1:$sshd_port
		PidFile $sshd_dir/pid
		HostKey $sshd_dir/host
		AuthorizedKeysFile $sshd_dir/authorized_keys
		StrictModes no
		UsePAM $(sshd_use_pam)
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		MaxStartups 100
		Subsystem sftp ${SSHD_SFTP:-internal-sftp -d $sshd_dir/files}
		END
		[ $# -eq 0 ] || printf '%s\n' "$@" >>"$sshd_dir/config"
		: >"$sshd_dir/log"
		"$sshd_program" -D -f "$sshd_dir/config" -E "$sshd_dir/log" &
		sshd_pid=$!
		sshd_wait && break
		wait $sshd_pid
		sshd_tries=$((sshd_tries + 1))
		if [ $sshd_tries -eq 20 ]; then
			cat "$sshd_dir/log" >&2
			return 1
		fi
	done
	echo $sshd_pid >"$sshd_dir/running"
	sshd_url=sftp://$(id -un)@127.0.0.1:$sshd_port
	sshd_host_key=$(cut -d' ' -f1,2 "$sshd_dir/host.pub")
	sshd_user_key=$sshd_dir/user
}

# Until it listens (true) or has ended (false).
sshd_wait() {
	while kill -0 $sshd_pid 2>/dev/null; do
		! grep -q '^Server listening' "$sshd_dir/log" || return 0
		sleep 0.02
	done
	return 1
}

# A session is two processes below the server, not ended with it.
sshd_stop() {
	[ -e "$1/running" ] || return 0
	sshd_pid=$(cat "$1/running")
	rm -f "$1/running"
	sshd_sessions=$(sshd_below $sshd_pid)
	kill $sshd_pid $sshd_sessions 2>/dev/null
	wait $sshd_pid 2>/dev/null
	return 0
}

# Process ids below one, deepest last, without ps.
sshd_below() {
	for sshd_child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
		echo "$sshd_child"
		(sshd_below "$sshd_child")
	done
}
