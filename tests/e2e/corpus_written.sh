# SPDX-License-Identifier: Apache-2.0
# The laws of maps over files that others wrote, read in place: what is read of
# a document, residue included, is read again of what is written from it, so
# that nothing of it is lost.  Files that hold what is rejected count for what
# is not; a set that its own map cannot check is left out.
. "$(dirname "$0")/../support/lib.sh"

corpus=${TALLYMAN_SHARED:-$root/../shared}/corpus
if [ ! -e "$corpus/INDEX.tsv" ]; then
	skip "there is no $corpus/INDEX.tsv; TALLYMAN_SHARED names its folder"
	finish
fi
cd "$work" || exit

# What a document says: all but its envelope and how it is written.
content() {
	sed 's/^.*,"records":/"records":/; s/"segment":[0-9]*,//g' "$1"
}
written=0
for file in $(cut -f 1 "$corpus/INDEX.tsv"); do
	[ -f "$corpus/$file" ] || continue
	"$TALLYMAN" read "$corpus/$file" >before.json 2>said
	[ -s before.json ] || continue
	# Each alone, for one that cannot be written is none of the others'.
	n=0
	while IFS= read -r line; do
		n=$((n + 1))
		printf '%s\n' "$line" >one.json
		case $line in
		*'"verdict":"accepted",'*) ;;
		*) continue ;;
		esac
		if ! "$TALLYMAN" write one.json >out.edi 2>said; then
			fail "$file, document $n, is not written"
			sed 's/^/  | /' said | head -n 12
			continue
		fi
		"$TALLYMAN" read out.edi >after.json 2>said
		content one.json >one
		content after.json >after
		holds "$file, document $n" cmp one after
		written=$((written + 1))
	done <before.json
done
[ $written -gt 50 ] || fail "only $written documents are written"
finish
