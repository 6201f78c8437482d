# SPDX-License-Identifier: Apache-2.0
# A file that the partner is still writing is left alone until it is whole.
. "$(dirname "$0")/../support/lib.sh"
need_sshd
need_sqlite3

# at SECOND : when the next run is.
at() {
	TALLYMAN_NOW=2026-01-05T12:00:0$1Z
	export TALLYMAN_NOW
}

server buyer
out=$work/buyer/files/outbound
site "$(partner buyer BUYER 'settle="1"')"
order 1 >"$work/whole"

for name in one.edi.filepart one.edi.tmp one.edi.part .one.edi; do
	cp "$work/whole" "$out/$name"
done
at 0
runs "temporary names" 0 run
at 1
runs "temporary names, unchanged" 0 run
same "files taken under a temporary name" "$(ask "SELECT count(*) FROM files")" 0
rm -f "$out"/* "$out"/.one.edi

head -c 200 "$work/whole" >"$out/one.edi"
at 2
runs "the first part is there" 0 run
head -c 250 "$work/whole" >"$out/one.edi"
at 3
runs "it grew" 0 run
same "files taken while it grew" "$(ask "SELECT count(*) FROM files")" 0
cp "$work/whole" "$out/one.edi"
at 4
runs "it is whole, but changed just now" 0 run
same "files taken at once" "$(ask "SELECT count(*) FROM files")" 0
at 5
runs "it did not change for a second" 0 run
same "orders" "$(ask "SELECT po_number FROM orders")" PO-1

# Where the agreement allows it, a whole envelope is taken at first sight.
site "$(partner buyer BUYER 'complete="yes"')"
head -c 250 "$work/whole" >"$out/half.edi"
cp "$work/whole" "$out/whole.edi"
runs "one whole, one not" 0 run
same "the whole one" "$(ask "SELECT count(*) FROM orders")" 1
same "the other stays" "$(ls "$out")" half.edi
finish
