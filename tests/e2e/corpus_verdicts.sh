# SPDX-License-Identifier: Apache-2.0
# Files of all sets that others wrote, read in place: TALLYMAN_SHARED/corpus,
# with an INDEX.tsv, which says of each what a script of its collectors found.
# tests/corpus/verdicts.tsv says what we find, and why where the two disagree;
# none of the content is here.  CORPUS_PRINT=1 prints what we find.
. "$(dirname "$0")/../support/lib.sh"

corpus=${TALLYMAN_SHARED:-$root/../shared}/corpus
expected=$root/tests/corpus/verdicts.tsv
if [ ! -e "$corpus/INDEX.tsv" ]; then
	skip "there is no $corpus/INDEX.tsv; TALLYMAN_SHARED names its folder"
	finish
fi

# judge FILE : exit status, and the kinds of findings that are more than notes
judge() {
	"$TALLYMAN" validate --json "$1" >"$work/found" 2>"$work/said"
	status=$?
	kinds=$(grep '"severity":"[ew]' "$work/found" |
	    sed 's/.*"level":"[a-z]*","kind":"\([a-z_]*\)".*/\1/' |
	    awk '!seen[$0]++' | paste -sd, -)
	printf '%s\t%s' $status "${kinds:--}"
	"$TALLYMAN" validate --ack=997 "$1" >>"$work/answers" 2>>"$work/said"
	"$TALLYMAN" validate --ack=ta1 "$1" >>"$work/answers" 2>>"$work/said"
}

# agree JUDGEMENT KINDS : whether the collectors' script says the same.  It did
# not look into versions that it had no tables of.
agree() {
	case "$1:$2" in
	valid:- | *"not checked":- | *"not checked":group_version) true ;;
	broken:- | *deviates:-) false ;;
	broken:* | *deviates:*) true ;;
	*) false ;;
	esac
}

: >"$work/answers"
grep -v '^#' "$corpus/INDEX.tsv" | cut -f1,12 >"$work/list"
while IFS='	' read -r file judgement; do
	[ -e "$corpus/$file" ] || continue
	got=$(judge "$corpus/$file")
	if [ -n "${CORPUS_PRINT-}" ]; then
		printf '%s\t%s\n' "$file" "$got"
		continue
	fi
	row=$(awk -F'\t' -v f="$file" '$1 == f' "$expected")
	same "$file" "$got" "$(printf '%s\n' "$row" | cut -f2,3)"
	agree "$judgement" "${got#*	}" ||
	    holds "$file is not \"$judgement\", and nothing says why" \
	    test -n "$(printf '%s\n' "$row" | cut -sf4)"
done <"$work/list"
[ -z "${CORPUS_PRINT-}" ] || exit 0

# Whatever is answered to them is itself without a fault.
"$TALLYMAN" validate "$work/answers" >"$work/said" 2>&1
same "answers pass our own checker" $? 0
for file in $(grep -v '^#' "$expected" | cut -f1); do
	grep -q "^$file	" "$work/list" || fail "$file is not in the index"
done
finish
