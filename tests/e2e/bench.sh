# SPDX-License-Identifier: Apache-2.0
# The benches measure what they say, whatever they see: each row has a figure,
# and no run ends badly.  How fast it is, is no test.
. "$(dirname "$0")/../support/lib.sh"
programs=${TALLYMAN%/*}
if ldd "$TALLYMAN" | grep -q 'lib[a-z]*san\.'; then
	skip "with sanitizers nothing is measured"
	finish
fi
mkdir "$work/build"
cp -r "$programs/bench" "$TALLYMAN" "$work/build"
rm -rf "$work/build/bench/history"

# bench SCRIPT ARGUMENT… : its table is in $work/said.
bench() {
	RUNS=1 PAIRS=1 "$root/scripts/$1" "$work/build" "$2" ${3+"$3"} \
	    >"$work/said" 2>&1
	same "$1: exit code" $? 0
}
rows() {
	sed -n "s/^\([A-Z][A-Za-z0-9]*\) *[<>].*/\1/p" "$work/said" | tr '\n' ' '
}
no_run_failed() {
	holds "$1: no run fails" sh -c "! grep 'did not end' '$work/said'"
	holds "$1: no figure is none" sh -c "! grep -i 'nan\|inf\b' '$work/said'"
}

bench bench 1
same "bench: rows" "$(rows)" "P1 P2 P3 P4 P5 P17 P18 P18e WRITE LOAD P7 P7m \
MAP P7w P8 P9 P10 COPIED REPLAY SCRIPT P11 CORES P16 P16w P16m SMALL \
BOXES "
no_run_failed bench
holds "bench: it is kept" ls "$work"/build/bench/history/*Z

bench bench-large 1 600
same "bench-large: rows" "$(rows)" \
    "P14 P14t P15 P14m P12 P13 WAL READ MANY MANYc "
no_run_failed bench-large
same "bench-large: figures that are 0" \
    "$(sed -n 's/^\(P[^ ]*\) *[<>][0-9.]* *0\.00 .*/\1/p' "$work/said")" ""
finish
