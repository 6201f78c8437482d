# SPDX-License-Identifier: Apache-2.0
# The everyday run: files come, are taken once, and are answered once.
. "$(dirname "$0")/../support/lib.sh"
need_sshd
need_sqlite3

server buyer
files=$work/buyer/files
site "$(partner buyer BUYER)"
order 1 >"$files/outbound/one.edi"
order 2 >"$files/outbound/two.edi"

runs "first run" 0 run
same "files left at the partner" "$(names "$files/outbound")" 0
same "files" "$(ask "SELECT count(*), state FROM files GROUP BY state")" \
    "2|translated"
same "orders" "$(ask "SELECT group_concat(po_number) FROM
    (SELECT po_number FROM orders ORDER BY 1)")" PO-1,PO-2
same "answers at the partner" "$(names "$files/inbound")" 2
same "sets accepted" "$(cat "$files"/inbound/* | grep -o 'AK5\*A' |
    wc -l)" 2
same "outbox" "$(ask "SELECT count(*), state FROM outbox GROUP BY state")" \
    "2|sent"

runs "nothing new" 0 run
same "orders after a run with nothing new" \
    "$(ask "SELECT count(*) FROM orders")" 2
same "answers after a run with nothing new" "$(names "$files/inbound")" 2

# The partner did not see our answer, and sends the same again.
cp "$files/inbound/"*000000001* "$work/answer"
rm "$files/inbound/"*
order 1 >"$files/outbound/one.edi"
runs "the same file again" 0 run
same "orders after the same file" "$(ask "SELECT count(*) FROM orders")" 2
same "the file is taken away again" "$(names "$files/outbound")" 0
order 1 >"$files/outbound/one-again.edi"
runs "the same bytes under another name" 0 run
same "orders after the same bytes" "$(ask "SELECT count(*) FROM orders")" 2
same "answered again" "$(names "$files/inbound")" 1
holds "with the same bytes" cmp "$work/answer" "$files/inbound/"*

# What the partner has overwritten is another file.
order 3 >"$files/outbound/one.edi"
runs "other bytes under a name that was used" 0 run
same "orders after other bytes" "$(ask "SELECT count(*) FROM orders")" 3
finish
