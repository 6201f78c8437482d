# SPDX-License-Identifier: Apache-2.0
# Acknowledgements of several files in one (ack-files="together"): what is in it
# and what is not, how large it becomes, and what is left of it afterwards.
. "$(dirname "$0")/../support/lib.sh"
need_sqlite3

says() {
	holds "$1" grep -q -e "$2" "$work/said"
}
# sites [ATTRIBUTES] : a fresh workspace; attributes of the partner acme.
sites() {
	for name in acme van lone; do
		case $name in
		acme) who="\"ZZ\" id=\"BUYER\" ${1-}" ;;
		van) who='"*" id="*"' ;;
		lone) who='"ZZ" id="LONE" ack-files="each"' ;;
		esac
		cat <<-END
		<partner name="$name" qualifier=$who>
		  <mailbox url="dir:$name">
		    <pull from="in" complete="yes" settle="0"/><push to="out"/>
		  </mailbox>
		  <mailbox url="dir:$name-2">
		    <pull from="in" complete="yes" settle="0"/><push to="out"/>
		  </mailbox>
		  <receive set="*"/><receive set="850" version="005010"
		      acknowledge="999"/>
		</partner>
		END
	done >"$work/partners"
	site '<defaults ack-files="together"/>' "$(cat "$work/partners")"
	for name in acme van lone; do
		mkdir -p "$ws/$name/in" "$ws/$name/out" "$ws/$name-2/in" \
		    "$ws/$name-2/out"
	done
}
# put NAME [FOLDER] : standard input into its mailbox; names order them.
put() {
	cat >"$ws/${2:-acme}/in/$1.edi"
	touch -d 2026-01-05T08:00:00Z "$ws/${2:-acme}/in/$1.edi"
}
# 850 of 005010.
newer() {
	order "$1" | sed '/^GS/s/004010/005010/'
}
# large NUMBER : an order of more than 100 KB.
large() {
	order "$1" | awk '
	    /^PO1/ { for (i = 1; i <= 3000; i++) {
	        sub(/^PO1\*[0-9]*/, "PO1*" i); print }; next }
	    { sub(/CTT\*1/, "CTT*3000"); sub(/SE\*6/, "SE*3005"); print }'
}
# digest FILE [TERMINATOR ELEMENT] : the number of its interchange, and of each
# group its number and, of each answer, AK101, AK102 and AK901; and what is
# wrong with the numbers and counts.
digest() {
	awk -v RS="${2:-~}" -F"${3:-*}" '
	    { n++ }
	    $1 == "ISA" { isa = $14; printf "%d%s", isa, $16 == "P" ? "" : $16 }
	    $1 == "TA1" { printf " TA1 %d%s", $2, $5 }
	    $1 == "GS" { groups++; gs = $7; sets = 0; printf " GS%s", gs }
	    $1 == "ST" { n = 1; sets++; st = $3; ok = st == sprintf("%04d", sets)
	        if (!ok) printf " ST?"; printf "%s", $2 == 999 ? " 999" : "" }
	    $1 == "AK1" { about = $2 $3 }
	    $1 == "AK9" { printf " %s%s", about, $2 }
	    $1 == "SE" && ($2 != n || $3 != st) { printf " SE?" }
	    $1 == "GE" && ($2 != sets || $3 != gs) { printf " GE?" }
	    $1 == "IEA" && ($2 != groups || $3 != isa) { printf " IEA?" }
	    END { print "" }' "$1"
}
# sent WHAT FOLDER DIGEST… : these are there, and nothing is wrong with them;
# they are taken away.
sent() {
	what=$1 folder=$ws/$2/out
	shift 2
	got=$(for file in "$folder"/*; do
		[ ! -e "$file" ] || digest "$file"
	done)
	same "$what" "$got" "$(printf '%s\n' "$@")"
	for file in "$folder"/*; do
		[ ! -e "$file" ] || holds "$what: $file is right" \
		    "$TALLYMAN" validate "$file"
	done
	rm -f "$folder"/*
}
# all_answered WHAT : of what was taken in, each is by exactly one file.
all_answered() {
	same "$1: each is answered once" "$(ask "SELECT count(*)
	    FROM interchanges i WHERE state IN ('translated', 'rejected')
	    AND (SELECT count(*) FROM outbox o WHERE o.id = i.answered_in
	    OR o.interchange_id = i.id) <> 1")" 0
	runs "$1: verify" 0 verify
}

sites
for n in 1 2 4; do order $n | put $n; done
order 3 | sed 's/PO1\*1\*12\*EA/PO1*1*TWELVE*EA/' | put 3
order 5 | sed 's/\*0\*P\*>/*1*P*>/' | put 5
for n in 6 7; do sender=LONE order $n | put $n lone; done
for n in 1 2; do
	sender=ONE order $n | put one-$n van
	sender=TWO order $n | put two-$n van
done
runs "a run" 1 run
cp "$ws/acme/out/997-acme-000000001.edi" "$work/first.edi"
sent "four in one, and what wants a TA1 alone" acme \
    '1 GS1 PO1A PO2A PO3R PO4A' '2 TA1 5A GS2 PO5A'
sent "each" lone '1 GS1 PO6A' '2 GS2 PO7A'
sent "senders of one mailbox" van '1 GS1 PO1A PO2A' '1 GS1 PO1A PO2A'
same "which answer others, too" "$(ask "SELECT o.name, count(*)
    FROM outbox o JOIN interchanges i ON i.answered_in = o.id
    WHERE o.interchange_id = (SELECT min(a.id) FROM interchanges a
    WHERE a.answered_in = o.id) GROUP BY 1" | tr '\n' ' ')" \
    '997-ZZ-ONE-000000001.edi|2 997-ZZ-TWO-000000001.edi|2 997-acme-000000001.edi|4 '
all_answered "a run"

# One that is not the first can be followed to its answer.
runs "trace" 0 trace PO-4
says "tells what answers it" 'acknowledgement [0-9]* queued 997-acme-000000001'
says "and when that was sent" 'acknowledgement [0-9]* sent 997-acme-000000001'
same "no other" "$(grep -c acknowledgement "$work/said")" 2
runs "find" 0 find 997-acme-000000001.edi
says "the file" '^outbox .* sent'
runs "list outbox" 0 list outbox --partner=acme
same "as files" "$(wc -l <"$work/said")" 2

# What was answered comes again, as it was, once.
order 2 | put again
order 4 | put more
runs "two come again" 0 run
holds "byte for byte" cmp "$work/first.edi" "$ws/acme/out/997-acme-000000001.edi"
sent "once" acme '1 GS1 PO1A PO2A PO3R PO4A'
order 5 | sed 's/\*0\*P\*>/*1*P*>/' | put again
runs "one that has a file of its own" 0 run
sent "gets that" acme '2 TA1 5A GS2 PO5A'

# One alone is answered as ever.
order 8 | put 8
runs "one file" 0 run
sent "one answer" acme '3 GS3 PO8A'
same "with no other" "$(ask "SELECT count(*) FROM interchanges i JOIN outbox o
    ON o.interchange_id = i.id AND o.control_number = 3
    WHERE i.answered_in IS NULL")" 1

# Several in one file; one of them wants a TA1.
{
	order 11
	order 12 | sed 's/\*0\*P\*>/*1*P*>/'
	order 13
} | put several
runs "several interchanges in a file" 0 run
sent "all in one but the one" acme '4 GS4 PO11A PO13A' '5 TA1 12A GS5 PO12A'

# Each mailbox has its own; so has a file that is recorded by itself.
for n in 17 18; do order $n | put $n acme-2; done
order 19 | put 19
order 20 | put 20
runs "two mailboxes" 0 run
sent "the one" acme '6 GS6 PO19A PO20A'
sent "and the other" acme-2 '7 GS7 PO17A PO18A'
for n in 14 15 16; do large $n; done | put large
same "a file for itself" "$(find "$ws/acme/in" -size +256k | wc -l)" 1
runs "several interchanges in a large file" 0 run
sent "all in one" acme '8 GS8 PO14A PO15A PO16A'

# An envelope is of one usage, one syntax and one version; a group, too.
order 21 | put 21
order 22 | sed 's/\*P\*>/*T*>/' | put 22
order 23 | tr '*~' "|'" | put 23
order 24 | sed '1s/\*U\*00401/*U*00403/' | put 24
order 25 | put 25
runs "others, one a test" 1 run
holds "as it was asked" grep -q "^ISA|.*'\$" "$ws/acme/out/997-acme-000000011.edi"
same "what has other separators" \
    "$(digest "$ws/acme/out/997-acme-000000011.edi" "'" '|')" '11 GS11 PO23A'
rm "$ws/acme/out/997-acme-000000011.edi"
sent "the others" acme '9 GS9 PO21A PO25A' '10T GS10 PO22A' '12 GS12 PO24A'
order 31 | put 31
newer 32 | put 32
newer 33 | put 33
order 34 | put 34
order 35 | sed '/^GS/s/\*BUYER/*BRANCH/' | put 35
runs "997 and 999" 0 run
same "named after the first" "$(ls "$ws/acme/out")" 997-acme-000000013.edi
sent "in one" acme \
    '13 GS13 PO31A GS14 999 PO32A 999 PO33A GS15 PO34A GS16 PO35A'

# What comes in between and is no part of it: nothing answers an answer or what
# is in quarantine, and a TA1 what is refused.
order 41 | put 41
printf '%s\n' 'ISA*00*          *00*          *ZZ*BUYER          *ZZ*SELLER         *260105*0900*U*00401*000000777*0*P*>~' \
    'GS*FA*BUYER*SELLER*20260105*0900*777*X*004010~' 'ST*997*0001~' \
    'AK1*PO*999~' 'AK9*A*1*1*1~' 'SE*4*0001~' 'GE*1*777~' \
    'IEA*1*000000777~' | put 42
order 43 | sed 's/^IEA\*1/IEA*2/' | put 43
order 44 | put 44
echo 'a picture' | put 45
sender=FOREIGN order 46 | put 46
order 47 | put 47
runs "what is answered otherwise, or not at all, among them" 1 run
sent "is no part of it" acme '14 GS17 PO41A PO44A PO47A' '15 TA1 43R'

# More senders than are waited for, taking turns.
for n in 1 2; do
	for s in $(seq 10 89); do
		sender=S$s order $n | put $n-$s van
	done
done
runs "many senders" 0 run
same "all are answered" \
    "$(cat "$ws"/van/out/* | grep -o 'AK9\*A' | wc -l)" 160
holds "and rightly" "$TALLYMAN" validate "$ws"/van/out/*
same "as are all so far but the 997" "$(ask "SELECT count(*), max(control_number)
    FROM interchanges i WHERE state IN ('translated', 'rejected')
    AND (SELECT count(*) FROM outbox o WHERE o.id = i.answered_in
    OR o.interchange_id = i.id) <> 1")" '1|000000777'

# What is gone cannot come again.
runs "purge" 0 purge --before=2100-01-01 --payloads --yes
order 2 | put again
order 51 | put 51
order 52 | put 52
runs "one whose answer is gone" 0 run
sent "is answered no more" acme '16 GS18 PO51A PO52A'
runs "verify" 0 verify

# No file is larger than what is agreed on.
for limit in 1024 2048 4096; do
	sites "ack-bytes=\"$limit\""
	for n in $(seq 10 69); do
		order $n | put $n
	done
	runs "$limit bytes" 0 run
	same "$limit bytes: all are answered" \
	    "$(cat "$ws"/acme/out/* | grep -o 'AK9\*A' | wc -l)" 60
	same "$limit bytes: what is larger" \
	    "$(find "$ws/acme/out" -type f -size +${limit}c)" ""
	# 62 bytes each, and 160 around them.
	same "$limit bytes: files" "$(names "$ws/acme/out")" \
	    $((60 / ((limit - 160) / 62) + 1))
	for file in "$ws"/acme/out/*; do
		holds "$file is right" "$TALLYMAN" validate "$file"
	done
	all_answered "$limit bytes"
done

# Nor is one that is alone, with more mistakes than there is room for.
for files in each together; do
	sites "ack-bytes=\"1024\" ack-files=\"$files\""
	large 1 | sed 's/\*EA\*/*NO SUCH UNIT*/' | put 1
	runs "$files, many mistakes" 1 run
	same "$files, many mistakes: what is larger" \
	    "$(find "$ws/acme/out" -type f -size +1024c)" ""
	holds "$files, many mistakes: some are told" \
	    grep -q 'AK4' "$ws/acme/out/"*
	holds "$files, many mistakes: it is right" "$TALLYMAN" validate \
	    "$ws/acme/out/"*
done

# Where one of them fails, each is recorded by itself, and answered so.
good=$TALLYMAN poisoned=${TALLYMAN%/*}/plant/POISON/tallyman
if [ ! -x "$poisoned" ]; then
	skip "$poisoned is not built"
	finish
fi
sites
# More in front than are given to the parser ahead.
for n in $(seq 101 300) 401; do order $n | put $n; done
{ order 302; order 303 | sed 's/DOCK 4/POISON ABORT/'; order 304; } | put 301
{ order 402; order 403; } | put 402
# What is poisoned takes few files at a time.
runs "fetch" 0 fetch
TALLYMAN=$poisoned
runs "one that cannot be read" 1 translate
TALLYMAN=$good
runs "deliver" 0 deliver
all_answered "one that cannot be read"
same "others are answered, each in a file" \
    "$(for file in "$ws"/acme/out/*; do digest "$file" | cut -d' ' -f3-; done)" \
    "$(for n in $(seq 101 300) 401; do echo PO${n}A; done; echo PO402A PO403A)"
rm "$ws"/acme/out/*
order 404 | put 404
runs "release" 0 release file:201
runs "a program that reads it" 0 run
sent "all of it" acme '203 GS203 PO302A PO303A PO304A PO404A'
all_answered "a failure"
finish
