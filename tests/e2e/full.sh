# SPDX-License-Identifier: Apache-2.0
# Our own disk is full: the run ends and says so, nothing is taken away from
# the partner, and all of it comes when there is room again.
if [ "$(id -u)" -eq 0 ] && [ -z "${FULL_MOUNTS:-}" ] &&
    unshare -m true 2>/dev/null; then
	# What is mounted here is nobody else's, and goes with this process.
	FULL_MOUNTS=1 exec unshare -m sh "$0"
fi
. "$(dirname "$0")/../support/lib.sh"
need_sshd
need_sqlite3

server buyer
out=$work/buyer/files/outbound

# big NUMBER : an interchange of three megabytes, most of it line ends.
big() {
	order "$1"
	head -c 3000000 /dev/zero | tr '\0' '\n'
}
# there WHAT NAMES : nothing is lost, and nothing is left over.
there() {
	same "$1: at the partner" "$(ls "$out" | tr '\n' ' ')" "$2"
	same "$1: left in spool" "$(names "$ws/spool")" 0
}

# No file may grow beyond two megabytes: a write in the middle fails.
site "$(partner buyer BUYER)"
big 1 >"$out/big.edi"
(trap '' XFSZ && ulimit -f 4000 && tallyman run)
same "no room while it comes: exit code" $? 74
holds "which is told" grep -q 'cannot write spool/in-' "$work/said"
there "no room while it comes" "big.edi "
runs "room again" 0 run
same "taken" "$(ask "SELECT count(*) FROM files")" 1
there "room again" ""

# A disk that is too small is noticed before anything comes.
cp "$ws/tallyman.xml" "$work/xml"
chmod -R u+w "$ws"
rm -rf "$ws"
mkdir "$ws"
if [ -z "${FULL_MOUNTS:-}" ] ||
    ! mount -t tmpfs -o size=40m none "$ws" 2>/dev/null; then
	skip "a small disk: needs root and a mount"
	finish
fi
ws=$ws/site
"$TALLYMAN" init "$ws" >"$work/said" 2>&1 || fail "init"
cp "$work/xml" "$ws/tallyman.xml"
runs "nothing to do" 0 run
big 2 >"$out/big.edi"
order 3 >"$out/small.edi"
used=$(du -sk "$ws" | cut -f1)
mount -o remount,size=$((used + 3000))k "${ws%/site}"
runs "a small disk" 75 run
holds "which is told" grep -q 'KiB left' "$work/said"
there "a small disk" "big.edi small.edi "
mount -o remount,size=40m "${ws%/site}"
runs "a larger disk" 0 run
same "orders" "$(ask "SELECT count(*) FROM orders")" 2
there "a larger disk" ""
umount -l "${ws%/site}"
finish
