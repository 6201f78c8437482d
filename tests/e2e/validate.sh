# SPDX-License-Identifier: Apache-2.0
# validate: exit codes, its two forms, acknowledgements, and bytes that would
# do something to a terminal.
. "$(dirname "$0")/../support/lib.sh"
TALLYMAN_NOW=2026-01-05T12:00:00Z
export TALLYMAN_NOW
samples=$root/samples

# judged WHAT EXIT ARG… : validate ARG…, its output in $work/out.
judged() {
	what=$1 expected=$2
	shift 2
	"$TALLYMAN" validate "$@" >"$work/out" 2>"$work/said"
	same "$what: exit code" $? "$expected"
}
# plain WHAT : the output has printable bytes and line feeds only.
plain() {
	same "$1: bytes that are not text" \
	    "$(tr -d '\012\040-\176' <"$work/out" | wc -c | tr -d ' ')" 0
}
# objects WHAT : each line of the output is a JSON object.
objects() {
	command -v sqlite3 >/dev/null || return 0
	{
		echo '['
		sed '$!s/$/,/' "$work/out"
		echo ']'
	} >"$work/array"
	same "$1: is JSON" "$(sqlite3 :memory: \
	    "SELECT json_valid(CAST(readfile('$work/array') AS TEXT))")" 1
}

judged "a valid file" 0 "$samples/850-two-orders.edi"
same "verdict lines" "$(grep -c ': accepted' "$work/out")" 4
judged "findings" 65 "$samples/850-with-findings.edi"
holds "a rejected set" grep -q '^    set 1 850 0001 .*: rejected$' "$work/out"
holds "an accepted one" grep -q '^    set 2 850 0002 .*: accepted$' "$work/out"
judged "no file" 66 "$work/nothing"
judged "a folder" 66 "$work"
judged "one of two is missing" 66 "$work/nothing" "$samples/850-two-orders.edi"
holds "the other is judged" grep -q '^interchange 000000041' "$work/out"
judged "no argument" 64
judged "an acknowledgement that is none" 64 --ack=998 "$samples/x"
judged "an option that is none" 64 --bogus "$samples/x"
"$TALLYMAN" validate - <"$samples/850-two-orders.edi" >"$work/out"
same "standard input: exit code" $? 0
holds "standard input" grep -q '^interchange 000000041' "$work/out"
"$TALLYMAN" -q validate "$samples/850-with-findings.edi" >"$work/out"
same "quiet: exit code" $? 65
same "quiet: output" "$(cat "$work/out")" ""

judged "JSON" 65 --json "$samples/850-with-findings.edi"
objects "JSON"
same "JSON: types" "$(sed 's/{"type":"\([a-z]*\)".*/\1/' "$work/out" | sort |
    uniq -c | awk '{ print $1, $2 }' | paste -sd, -)" \
    "3 finding,1 group,1 interchange,2 set"
"$TALLYMAN" --json validate "$samples/850-with-findings.edi" >"$work/again"
holds "JSON before the command is the same" cmp "$work/out" "$work/again"

judged "the 997 of findings" 65 --ack=997 "$samples/850-with-findings.edi"
same "the 997" "$(sed -n '/^ST/,/^SE/p' "$work/out")" \
    'ST*997*0001~
AK1*PO*43~
AK2*850*0001~
AK3*BEG*2**8~
AK4*5*373*8*20261405~
AK3*PO1*5*PO1*8~
AK4*2*330*6*TWELVE~
AK5*R*5~
AK2*850*0002~
AK5*A~
AK9*P*2*2*1~
SE*12*0001~'
cp "$work/out" "$work/ack.edi"
judged "the 997 itself" 0 "$work/ack.edi"
judged "its own acknowledgement" 0 --ack=997 "$work/ack.edi"
same "is nothing" "$(cat "$work/out")" ""
judged "a TA1" 65 --ack=ta1 "$samples/850-with-findings.edi"
same "the TA1" "$(cut -d'*' -f1 "$work/out" | paste -sd' ' -)" "ISA TA1 IEA"

# A JPEG, an empty file, a file that ends early.
printf '\377\330\377\340\000\020JFIF\000' >"$work/photo.edi"
judged "no EDI" 65 "$work/photo.edi"
plain "no EDI"
holds "it says so" grep -q 'no X12 interchange' "$work/out"
judged "no EDI: no acknowledgement" 65 --ack=997 "$work/photo.edi"
same "nobody to tell" "$(cat "$work/out")" ""
: >"$work/empty.edi"
judged "an empty file" 65 "$work/empty.edi"
holds "it is said to be empty" grep -q 'the file is empty' "$work/out"
head -c 500 "$samples/850-two-orders.edi" >"$work/cut.edi"
judged "a file that was cut off" 65 "$work/cut.edi"
same "one fault, one finding" "$(grep -c ' at byte .*: [a-z].*' "$work/out" |
    tr -d ' ')" "$(($(grep -c '^ *interchange\|^ *group\|^ *set' \
    "$work/out") + 1))"
judged "a file that was cut off: answer" 65 --ack=997 "$work/cut.edi"
holds "TA1 023" grep -q '^TA1\*000000041\*.*\*R\*023~$' "$work/out"

# Escape sequences in a value, a control number and a file name.
escape=$(printf '\033')
hostile=$work/$(printf 'x\033[2J.edi')
order 1 | sed "s/WIDGET-9/${escape}[31mRED/; s/\*EA\*/*${escape}]0;x*/" \
    >"$hostile"
judged "escape sequences" 65 "$hostile"
plain "escape sequences"
holds "they are shown" grep -q 'found .*\\x1b\]0;x' "$work/out"
judged "escape sequences as JSON" 65 --json "$hostile"
plain "escape sequences as JSON"
objects "escape sequences as JSON"
judged "escape sequences in an answer" 65 --ack=997 "$hostile"
plain "escape sequences in an answer"
"$TALLYMAN" --color=always validate "$samples/850-two-orders.edi" >"$work/out"
same "colours where they are asked for" \
    "$(grep -c "$escape\[32maccepted$escape\[0m" "$work/out")" 4

# Large files are judged by all processors: what is printed is the same.
for n in 1 2 3 4 5 6; do
	file=$samples/850-two-orders.edi
	[ $n -ne 3 ] || file=$samples/850-with-findings.edi
	awk '{ line[NR] = $0 } END {
		for (n = 0; n < 400; n++)
			for (i = 1; i <= NR; i++)
				print line[i]
	}' "$file" >"$work/large$n.edi"
	"$TALLYMAN" validate "$work/large$n.edi" >>"$work/one" 2>>"$work/one.said"
	[ $n -ne 4 ] ||
	    "$TALLYMAN" validate "$work/none.edi" >>"$work/one" 2>>"$work/one.said"
done
judged "many large files" 66 "$work/large1.edi" "$work/large2.edi" \
    "$work/large3.edi" "$work/large4.edi" "$work/none.edi" \
    "$work/large5.edi" "$work/large6.edi"
holds "they are told in order" cmp -s "$work/one" "$work/out"
holds "so is what cannot be read" cmp -s "$work/one.said" "$work/said"
holds "they are worth more than one process" \
    [ "$(cat "$work"/large*.edi | wc -c)" -gt 1048576 ]
finish
