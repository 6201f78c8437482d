# SPDX-License-Identifier: Apache-2.0
# Whatever is put into a mailbox: a reason that a person understands, and the
# files beside it are translated.
. "$(dirname "$0")/../support/lib.sh"
need_sqlite3

site "<partner name='buyer' qualifier='ZZ' id='BUYER'>
  <mailbox url='dir:.'><pull from='drop' settle='0'/><push to='out'/></mailbox>
  <receive set='850'/></partner>
<partner name='other' qualifier='ZZ' id='OTHER'><receive set='850'/></partner>"
drop=$ws/drop
order 1 >"$drop/00-good.edi"
printf '\377\330\377\340\000\020JFIF\000\001\002ISA\377\000%0500d' 0 \
    >"$drop/01-jpeg.edi"
: >"$drop/02-empty.edi"
order 3 | head -c 250 >"$drop/03-cut.edi"
order 4 | sed 's/^SE\*6/SE*7/' >"$drop/04-se.edi"
order 5 | sed 's/^GE\*1/GE*2/' >"$drop/05-ge.edi"
order 6 | sed 's/^IEA\*1/IEA*3/' >"$drop/06-iea.edi"
sender=OTHER order 7 >"$drop/07-foreign.edi"
order 8 | sed 's/^ST\*850/ST*899/' >"$drop/08-set.edi"
{ order 9 | head -n 3 | tr -d '\n' && head -c 10000000 /dev/zero |
    tr '\0' 'A'; } >"$drop/09-endless.edi"
{ order 10 | head -n 4 && printf 'N1' && head -c 100000 /dev/zero |
    tr '\0' '*' && printf '~\n' && order 10 | tail -n +6; } \
    >"$drop/10-elements.edi"
order 11 | sed "s/DOCK 4/$(printf '\033]0;owned\007\033[31m')/" \
    >"$drop/11-escapes.edi"
order 12 | tr 'A-Z' 'a-z' >"$drop/12-small.edi"
order 13 | sed 's/^PO1.*$/PO1*1*12*EA*3.5**VP*WIDGET-9*QQ~/' >"$drop/13-odd.edi"
receiver=SOMEBODY order 14 >"$drop/14-receiver.edi"
order 99 >"$drop/99-good.edi"
runs "all of it" 1 run
same "nothing is left" "$(names "$drop")" 0
same "files that nothing became of" \
    "$(ask "SELECT count(*) FROM files WHERE state = 'received'")" 0
same "orders" "$(ask "SELECT group_concat(po_number) FROM
    (SELECT po_number FROM orders WHERE po_number IN ('PO-1', 'PO-99')
    ORDER BY 1)")" PO-1,PO-99

# file N WHAT : the state of a file, its interchange and its document.
file() {
	same "$1" "$(ask "SELECT f.state, coalesce(i.state, '-'),
	    coalesce(d.state, '-') FROM files f
	    LEFT JOIN interchanges i ON i.file_id = f.id
	    LEFT JOIN functional_groups g ON g.interchange_id = i.id
	    LEFT JOIN documents d ON d.group_id = g.id
	    WHERE f.name = '$1.edi'")" "$2"
}
file 00-good 'translated|translated|accepted'
file 01-jpeg 'quarantined|-|-'
file 02-empty 'quarantined|-|-'
file 03-cut 'translated|rejected|-'
file 04-se 'translated|translated|rejected'
file 05-ge 'translated|translated|rejected'
file 06-iea 'translated|rejected|-'
file 07-foreign 'quarantined|quarantined|-'
file 08-set 'translated|translated|rejected'
file 09-endless 'translated|rejected|-'
file 10-elements 'translated|rejected|-'
file 12-small 'quarantined|-|-'
file 14-receiver 'translated|rejected|-'
file 99-good 'translated|translated|accepted'

# Each is among what needs a person, and says why.
tallyman status
cp "$work/said" "$work/status"
same "rows without a reason" "$(sed -n '/^Needs a person:/,/^[A-Z]/p' \
    "$work/status" | grep '^  ' | grep -c '[0-9]Z: [^:]*$')" 0
reason() {
	holds "status says: $1" grep -q "$1" "$work/status"
}
reason '01-jpeg.edi: .*no X12\|01-jpeg.edi: .*not X12'
reason '02-empty.edi: the file is empty'
reason '000000003 in buyer: 03-cut.edi: .*IEA'
reason '850 0001 of ZZ/BUYER 000000005: its group: GE01'
reason '07-foreign.edi: .*sender'
reason '000000009 in buyer: 09-endless.edi: .*terminator is missing'
reason '000000010 in .*: a segment is longer than any can be'
reason '000000014 in .*: the receiver .* is not us'
same "terminal controls in status" \
    "$(tr -d '\n' <"$work/status" | tr -d '[:print:]' | wc -c)" 0
same "reports beside what is quarantined" \
    "$(find "$ws/quarantine" -name '*.txt' | wc -l)" \
    "$(ask "SELECT count(*) FROM files WHERE state = 'quarantined'")"
runs "nothing is left to do" 0 run

# What the report advises: the partner is configured, the original given again.
sed -i 's,<receive.*/></partner>$,<receive set="850"/></partner>,
    s,name=.other. qualifier=.ZZ. id=.OTHER.>,&<mailbox name="by-hand" url="dir:."/>,' \
    "$ws/tallyman.xml"
original=$(ask "SELECT id FROM files WHERE name = '07-foreign.edi'")
runs "what was quarantined, again" 0 \
    translate --mailbox by-hand "$ws/quarantine/$original.original"
same "its order" "$(ask "SELECT count(*) FROM orders
    WHERE po_number = 'PO-7'")" 1
finish
