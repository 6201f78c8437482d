# SPDX-License-Identifier: Apache-2.0
# What end-to-end tests share: sourced, not run.  TALLYMAN names the program.
#
# A test makes claims, each of which passes, fails or is skipped, one line for
# what did not pass; "finish" at its end prints the totals that scripts/e2e
# reads.  $work is a private folder that is gone afterwards, with every server
# that was started in it.

set -u
LC_ALL=C TZ=UTC0
export LC_ALL TZ
unset TALLYMAN_DIR TALLYMAN_NOW SSH_AUTH_SOCK
root=$(cd "$(dirname "$0")/../.." && pwd)
: "${TALLYMAN:=$root/build/tallyman}"
. "$root/tests/support/sshd.sh"

work=$(mktemp -d)
relays=
clean_up() {
	# The archive is read-only, on purpose.
	chmod -R u+w "$work"
	for pid in $relays; do
		kill "$pid" 2>/dev/null
	done
	for running in "$work"/*/running; do
		[ ! -e "$running" ] || sshd_stop "${running%/running}"
	done
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# wait_for COMMAND… : until it succeeds; false when a minute was not enough.
wait_for() {
	waits=0
	until "$@" 2>/dev/null; do
		[ $waits -lt 3000 ] || return 1
		waits=$((waits + 1))
		sleep 0.02
	done
}

# relay KIND OPTION… : tests/support/programs/relay, to the server that was
# started last.  Sets relay_pid, relay_port, and sshd_url to it.
relay() {
	kind=$1
	shift
	: >"$work/port"
	[ -e "$work/relay" ] || mkfifo "$work/relay"
	# They end when the descriptor 9 is closed: with the test at the latest.
	exec 9<>"$work/relay"
	"${TALLYMAN%/*}/support/relay" "$kind" "$sshd_port" "$@" \
	    <"$work/relay" >"$work/port" 9>&- &
	relay_pid=$!
	relays="$relays $relay_pid"
	wait_for [ -s "$work/port" ]
	relay_port=$(cat "$work/port")
	sshd_url=sftp://$(id -un)@127.0.0.1:$relay_port
}

passed=0 failed=0 skipped=0
pass() {
	passed=$((passed + 1))
}
fail() {
	failed=$((failed + 1))
	echo "FAILED: $*"
}
skip() {
	skipped=$((skipped + 1))
	echo "skipped: $*"
}
finish() {
	echo "totals $passed $failed $skipped"
	[ $failed -eq 0 ]
	exit
}

# same WHAT GOT EXPECTED
same() {
	if [ "$2" = "$3" ]; then
		pass
	else
		fail "$1: got '$2', expected '$3'"
		[ ! -s "$work/said" ] || sed 's/^/  | /' "$work/said"
	fi
}
# holds WHAT COMMAND… : the command succeeds.
holds() {
	what=$1
	shift
	if "$@" >/dev/null 2>&1; then
		pass
	else
		fail "$what"
		[ ! -s "$work/said" ] || sed 's/^/  | /' "$work/said"
	fi
}

need_sshd() {
	[ -n "$sshd_program" ] && command -v ssh-keygen >/dev/null && return
	skip "sshd and ssh-keygen (Debian: openssh-server) are not installed"
	finish
}
need_sqlite3() {
	command -v sqlite3 >/dev/null && return
	skip "the sqlite3 command is not installed"
	finish
}

# tallyman ARG… : in the workspace $ws; what it says is in $work/said, its exit
# code is the function's.
ws=$work/ws
tallyman() {
	"$TALLYMAN" -C "$ws" "$@" >"$work/said" 2>&1
}
# runs WHAT EXIT ARG… : tallyman ARG… ends with exit code EXIT.
runs() {
	what=$1 expected=$2
	shift 2
	tallyman "$@"
	same "$what: exit code" $? "$expected"
}

# locked : some run holds the lock of the workspace.
locked() {
	grep -q ":$(stat -c %i "$ws/tallyman.lock") " /proc/locks
}
# seed : what SEED= says, or a number that nobody knows.
seed() {
	echo "${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}"
}
# draw NUMBER MAX : from 0 to below MAX, by $seed.
draw() {
	# By a checksum, for numbers next to each other are to give others.
	echo "$seed $1" | cksum | {
		read -r sum rest
		echo $((sum % $2))
	}
}
# workers PID : the processes of that run are in $workers; false: none are.
workers() {
	workers=$(cat "/proc/$1/task/$1/children") && [ -n "$workers" ]
}

# partner NAME ID [PULL…] : the configuration of a partner at the server that
# was started last, with attributes for <pull>; made into a file by site.
partner() {
	# Not in the text below: shells differ in the quotes that they keep there.
	pull=${3:-'settle="0"'}
	cat <<-END
	<partner name="$1" qualifier="ZZ" id="$2">
	  <mailbox url="$sshd_url" key="$sshd_user_key">
	    <host-key>$sshd_host_key</host-key>
	    <pull from="outbound" $pull/>
	    <push to="inbound"/>
	  </mailbox>
	  <receive set="850"/>
	</partner>
	END
}
# site PARTNER… : a fresh workspace with these partners in it.
site() {
	rm -rf "$ws"
	"$TALLYMAN" init "$ws" >"$work/said" 2>&1 || fail "init"
	{
		echo '<tallyman xmlns="urn:tallyman:config:1">'
		echo '<self qualifier="ZZ" id="SELLER"/>'
		printf '%s\n' "$@"
		echo '</tallyman>'
	} >"$ws/tallyman.xml"
}
# server NAME [LINE…] : starts one in $work/NAME with its two folders.
server() {
	name=$1
	shift
	sshd_start "$work/$name" "$@" || { fail "no server"; finish; }
	mkdir -p "$work/$name/files/outbound" "$work/$name/files/inbound"
}
# names FOLDER : how many files are in it, hidden ones included.
names() {
	find "$1" -type f | wc -l
}

# ask SQL : the answer of the workspace's store.
ask() {
	sqlite3 -readonly "$ws/tallyman.db" "$1"
}

# order NUMBER [CONTROL] : an interchange with one purchase order.
order() {
	control=${2:-$1}
	printf 'ISA*00*          *00*          *ZZ*%-15s*ZZ*%-15s*' \
	    "${sender:-BUYER}" "${receiver:-SELLER}"
	printf '260105*0800*U*00401*%09d*0*P*>~\n' "$control"
	printf 'GS*PO*%s*%s*20260105*0800*%d*X*004010~\n' \
	    "${sender:-BUYER}" "${receiver:-SELLER}" "$control"
	printf 'ST*850*0001~\nBEG*00*SA*PO-%s**20260105~\n' "$1"
	printf 'N1*ST*DOCK 4*92*0004~\n'
	printf 'PO1*1*12*EA*3.5**VP*WIDGET-9~\nCTT*1~\nSE*6*0001~\n'
	printf 'GE*1*%d~\nIEA*1*%09d~\n' "$control" "$control"
}
