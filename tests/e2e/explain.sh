# SPDX-License-Identifier: Apache-2.0
# explain: each thing that can be asked, both forms, and what is not known.
. "$(dirname "$0")/../support/lib.sh"
cd "$work"

# explained EXIT ARG… : explain ARG…, its output in $work/out.
explained() {
	what="explain $*" expected=$1
	shift
	"$TALLYMAN" explain "$@" >"$work/out" 2>"$work/said"
	same "$what: exit code" $? "$expected"
}
says() {
	holds "$what says: $1" grep -qF -- "$1" "$work/out"
}
tells() {
	holds "$what tells: $1" grep -qF -- "$1" "$work/said"
	same "$what: no output" "$(cat "$work/out")" ""
}

explained 0 850
says '850  purchase order'
says 'transaction set of version 004010, also of 005010'
says 'loop PO1/N1: optional, 200'
says 'CTT01 counts PO1'
explained 0 850 005010
says 'transaction set of version 005010, also of 004010'
explained 0 999
says 'transaction set of version 005010'
explained 0 004010
says '850  PO  purchase order'
explained 0 N1
says 'N103  66   identifier type: conditional, code, 1 to 2 characters'
says 'all or none of elements 03 04'
says 'in 855: N1, PO1/N1, PO1/SLN/N1'
explained 0 n103
says 'N103 of segment N1, party: conditional'
says '92       number given by the buyer'
explained 0 66
says '66  identifier type'
says 'in N103 NM108'
explained 0 REF04-2
says 'element of version 004010'
explained 0 C040
says 'composite of version 004010'
explained 0 66 92
says '92  number given by the buyer'
for query in 'N103=92' 'N103 92' 'N103 = 92' '66=92'; do
	explained 0 "$query"
	says '92  number given by the buyer'
done
explained 0 BEG01 00 005010
says 'code of version 005010'
explained 0 480 004010
says 'code of version 004010, element 480'
explained 0 element_code
says 'the partner is told AK403=7'
explained 0 code_unlisted
says 'the partner is not told'

explained 64
explained 64 --bogus
explained 64 a b c d
explained 66 element_cod
tells 'near: element_code ('
explained 66 purchase
tells '850 (purchase order)'
explained 66 850 003030
tells 'there is no version 003030; there are 004010, 005010'
explained 66 999 004010
tells 'of version 004010 is called "999"'
explained 66 N103=9Q
tells 'element 66, identifier type, has no code "9Q" that is listed'
explained 66 BEG01=99
tells 'has no code "99"'
explained 66 "$(printf 'N\033[31m')"
tells 'is called "N\x1b[31m"'
explained 66 N199
explained 64 -- --
for word in N N- N1- N111 99 9999999999 REF04-0 REF04-99 REF04-x REF04-1x REF04-0000001; do
	"$TALLYMAN" explain "$word" >"$work/out" 2>"$work/said"
	same "$word: exit code" $? 66
done

if command -v sqlite3 >/dev/null; then
	for query in 850 N1 66 N103 C040 N103=92 element_code 004010; do
		explained 0 --json "$query"
		same "$what: lines" "$(wc -l <"$work/out" | tr -d ' ')" 1
		same "$what: JSON" "$(sqlite3 :memory: \
		    "SELECT json_valid(CAST(readfile('$work/out') AS TEXT))")" 1
	done
	same "a code as JSON" "$("$TALLYMAN" --json explain N103=92)" \
	    '{"type":"code","version":"004010","element":"66","name":"identifier type","segment":"N1","position":3,"code":"92","meaning":"number given by the buyer"}'
else
	skip "the sqlite3 command is not installed"
fi

"$TALLYMAN" -C "$root/samples" explain 820 >"$work/out" 2>"$work/said"
same "a set of the workspace" $? 0
what="the workspace's set"
says 'loop ENT/RMR: optional, any number'

finish
