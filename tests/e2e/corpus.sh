# SPDX-License-Identifier: Apache-2.0
# Purchase orders that others wrote, read in place: TALLYMAN_SHARED/corpus,
# with an INDEX.tsv.  tests/corpus/850.tsv says what each of them must become;
# none of their content is here.  CORPUS_PRINT=1 prints what they become.
. "$(dirname "$0")/../support/lib.sh"
need_sqlite3

corpus=${TALLYMAN_SHARED:-$root/../shared}/corpus
expected=$root/tests/corpus/850.tsv
if [ ! -e "$corpus/INDEX.tsv" ]; then
	skip "there is no $corpus/INDEX.tsv; TALLYMAN_SHARED names its folder"
	finish
fi

# become FILE : states of its documents, orders, verdicts of the 997, kinds of
# findings that are more than a note.
become() {
	rm -rf "$ws"
	"$TALLYMAN" init "$ws" >"$work/said" 2>&1
	cp "$1" "$ws/drop/in.edi"
	TALLYMAN_NOW=2026-01-05T12:00:00Z tallyman run
	rc=$?
	if [ -e "$ws/drop/in.edi" ]; then
		TALLYMAN_NOW=2026-01-05T12:05:00Z tallyman run
		rc=$?
	fi
	# 128 and above: it was a signal that ended it.
	if [ $rc -gt 1 ]; then
		echo "run ended with $rc"
		return
	fi
	documents=$(ask "SELECT group_concat(n || ' ' || state, ', ') FROM
	    (SELECT count(*) AS n, state FROM documents GROUP BY state
	    ORDER BY state)")
	orders=$(ask "SELECT count(*) FROM orders")
	# Answers are in the separators of what they answer.
	answers=$(cat "$ws"/out/* 2>/dev/null |
	    grep -aoE 'AK9.[AEPR]|TA1.[0-9]*.[0-9]*.[0-9]*.[AER].[0-9]{3}' |
	    sed 's/^AK9.//; s/^TA1.*\([AER]\).\([0-9]*\)$/TA1 \1 \2/' |
	    sort | uniq -c | sed 's/^ *//' | paste -sd, - | sed 's/,/, /g')
	kinds=$(ask "SELECT group_concat(kind, ', ') FROM
	    (SELECT DISTINCT kind FROM findings WHERE severity <> 'note'
	    ORDER BY kind)")
	printf '%s\t%s\t%s\t%s' "${documents:--}" "$orders" "${answers:--}" \
	    "${kinds:--}"
}

for file in $(awk -F'\t' '$2 ~ /(^|,)850(,|$)/ { print $1 }' \
    "$corpus/INDEX.tsv"); do
	[ -e "$corpus/$file" ] || continue
	got=$(become "$corpus/$file")
	if [ -n "${CORPUS_PRINT-}" ]; then
		printf '%s\t%s\n' "$file" "$got"
		continue
	fi
	: >"$work/said"
	same "$file" "$got" "$(awk -F'\t' -v OFS='\t' -v f="$file" \
	    '$1 == f { print $2, $3, $4, $5 }' "$expected")"
done
finish
