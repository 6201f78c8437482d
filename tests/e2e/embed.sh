# SPDX-License-Identifier: Apache-2.0
# The library without the program: samples/embed.c against a staged install,
# linked with the shared library and with the static one.
. "$(dirname "$0")/../support/lib.sh"
: "${CC:=cc}" "${MAKE:=make}"
if ! command -v pkg-config >/dev/null; then
	skip "pkg-config is not installed"
	finish
fi
build=$(dirname "$TALLYMAN")
if nm "$build/libtallyman.a" 2>/dev/null | grep -q '__asan_init\|__gcov_'; then
	skip "the library is instrumented; a plain one is tested here"
	finish
fi

stage=$work/stage
PREFIX=/opt/tally
(cd "$root" && $MAKE -s install B="$build" DESTDIR="$stage" PREFIX=$PREFIX) \
    >"$work/said" 2>&1
same "make install" $? 0
for file in bin/tallyman lib/libtallyman.a lib/libtallyman.so \
    lib/pkgconfig/tallyman.pc include/tallyman/judge.h \
    include/tallyman/finding.def; do
	holds "$file is installed" test -e "$stage$PREFIX/$file"
done
same "no file outside the prefix" "$(cd "$stage" && ls)" opt

PKG_CONFIG_SYSROOT_DIR=$stage
PKG_CONFIG_PATH=$stage$PREFIX/lib/pkgconfig
export PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH
same "pkg-config: version" "tallyman $(pkg-config --modversion tallyman)" \
    "$("$stage$PREFIX/bin/tallyman" --version)"

# compile NAME ARG… : samples/embed.c, in a folder that has no other header.
compile() {
	name=$1
	shift
	(cd "$work" && $CC -std=c11 -Wall -Wextra -Werror \
	    -D_POSIX_C_SOURCE=200809L -o "$name" "$root/samples/embed.c" \
	    $(pkg-config --cflags tallyman) "$@") >"$work/said" 2>&1
	same "$name: compiled" $? 0
}

# answers NAME : what it says of the samples is what the program says.
answers() {
	"$work/$1" "$root/samples/850-two-orders.edi" \
	    >"$work/ack" 2>"$work/said"
	same "$1: exit code, a valid file" $? 0
	same "$1: verdict" "$(sed -n 's/^group 1: //p' "$work/said")" \
	    "A, 2 of 2 sets accepted"
	"$work/$1" "$root/samples/850-with-findings.edi" \
	    >"$work/ack" 2>"$work/said"
	same "$1: exit code, findings" $? 1
	"$stage$PREFIX/bin/tallyman" validate --ack=997 \
	    "$root/samples/850-with-findings.edi" |
	    sed -n '/^ST/,/^SE/p' >"$work/expected"
	sed -n '/^ST/,/^SE/p' "$work/ack" >"$work/got"
	same "$1: the 997" "$(cat "$work/got")" "$(cat "$work/expected")"
	holds "$1: there is a 997" grep -q '^AK9\*P\*2\*2\*1' "$work/ack"
	holds "$1: it is valid" \
	    "$stage$PREFIX/bin/tallyman" validate "$work/ack"
	"$work/$1" /nonexistent >"$work/ack" 2>"$work/said"
	same "$1: exit code, no file" $? 2
}

compile shared $(pkg-config --libs tallyman)
LD_LIBRARY_PATH=$stage$PREFIX/lib
export LD_LIBRARY_PATH
answers shared
holds "shared: is linked with it" \
    sh -c "ldd '$work/shared' | grep -q 'libtallyman.so.0 => $stage'"

same "shared: names that are not ours" "$(nm -D --defined-only \
    "$stage$PREFIX/lib/libtallyman.so" | awk '$3 !~ /^tally_/' | wc -l)" 0

# Without the shared one the linker takes the archive.
rm "$stage$PREFIX"/lib/libtallyman.so*
compile static $(pkg-config --static --libs tallyman)
answers static
same "static: is not linked with it" \
    "$(ldd "$work/static" | grep -c libtallyman)" 0
finish
