# SPDX-License-Identifier: Apache-2.0
# A file that was redacted has the same findings at the same places, and tells
# nothing of whom it is about.
. "$(dirname "$0")/../support/lib.sh"

# findings FILE : without values, the check digits that they should have, and
# the names of the parties.
findings() {
	"$TALLYMAN" --json validate "$1" 2>/dev/null |
	    sed 's/"value":"\([^"\\]\|\\.\)*",*//; s/"file":"[^"]*",*//
	    s/the check digit [0-9X] at the end//
	    s/"\(sender\|receiver\)":"[^"]*",*//g'
}
# words FILE : all that is a word of four letters or more behind N1, N3, N4,
# PID and MSG, and both parties.
words() {
	tr '~' '\n' <"$1" | grep -a '^[[:space:]]*\(N1\|N2\|N3\|PID\|MSG\|PER\)\*' |
	    grep -ao '[A-Z][A-Z][A-Z][A-Z][A-Z]*' | sort -u
}

n=0 refused=0
for file in "$root"/tests/golden/*/in.edi "$root"/samples/*.edi; do
	"$TALLYMAN" redact "$file" >"$work/out" 2>"$work/said"
	case $? in
	0) ;;
	65) refused=$((refused + 1)); continue ;;
	*) fail "$file: an exit code of its own"; continue ;;
	esac
	n=$((n + 1))
	cmp -s "$file" "$work/out" && fail "$file: is as it was"
	same "$file: size" "$(wc -c <"$work/out")" "$(wc -c <"$file")"
	findings "$file" >"$work/before"
	findings "$work/out" >"$work/after"
	holds "$file: findings" cmp "$work/before" "$work/after"
	for word in $(words "$file"); do
		! grep -qaw "$word" "$work/out" ||
		    fail "$file: $word is still there"
	done
done
holds "most files can be redacted" test $n -gt 80
same "those that cannot" $refused 1

order 1 | sed 's/\*00\*          \*00\*          /*01*SECRETUSER*01*SECRETWORD/' \
    >"$work/in"
"$TALLYMAN" redact "$work/in" >"$work/out"
holds "passwords are masked" grep -q '\*01\*XXXXXXXXXX\*01\*XXXXXXXXXX\*' "$work/out"
same "same in, same out" "$(grep -o '^ISA.*' "$work/out" | cut -c36-40)" \
    "$(grep -o '^GS.*' "$work/out" | cut -c7-11)"
"$TALLYMAN" redact --seed=x "$work/in" >"$work/one"
"$TALLYMAN" redact - --seed x <"$work/in" >"$work/two"
holds "one seed, one result" cmp "$work/one" "$work/two"
"$TALLYMAN" redact --seed=y "$work/in" >"$work/two"
holds "another, another" sh -c "! cmp -s '$work/one' '$work/two'"
"$TALLYMAN" redact "$work/none" >/dev/null 2>&1
same "no such file" $? 66
"$TALLYMAN" redact >/dev/null 2>&1
same "no file" $? 64
: >"$work/empty"
"$TALLYMAN" redact "$work/empty" >/dev/null 2>&1
same "an empty file" $? 65
finish
