# SPDX-License-Identifier: Apache-2.0
# Names that a partner gives are data: never a path, never a terminal control.
. "$(dirname "$0")/../support/lib.sh"
need_sshd
need_sqlite3

server buyer
out=$work/buyer/files/outbound
site "$(partner buyer BUYER)"
newline='a
b.edi'
escape=$(printf 'c\033]0;owned\007.edi')
order 1 >"$out/$newline"
order 2 >"$out/$escape"
order 3 >"$out/-rf"
# A dot in front says that the writer has not finished.
order 4 >"$out/..dots.edi"
order 5 >"$out/sp ace*?.edi"
order 6 >"$out/$(printf '%0251d' 0).edi"
mkdir "$out/folder.edi"
ln -s /etc/passwd "$out/link.edi"
mkfifo "$out/pipe.edi"
runs "names that cannot be trusted" 1 run
same "orders of those that can be opened" \
    "$(ask "SELECT group_concat(po_number) FROM
    (SELECT po_number FROM orders ORDER BY 1)")" PO-3,PO-5,PO-6
holds "the refused one is left" test -e "$out/$newline"
tallyman status
LC_ALL=C
if grep -q "$(printf '[\001-\010\013-\037]')" "$work/said"; then
	fail "status prints terminal controls"
else
	pass
fi
finish
