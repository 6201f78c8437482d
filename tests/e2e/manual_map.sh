# SPDX-License-Identifier: Apache-2.0
# The examples of tallyman-map(5): each map compiles, and each command prints
# what the page says.  A display is a map, a library, an interchange, or a
# command with lines that are in its output.
. "$(dirname "$0")/../support/lib.sh"
"$TALLYMAN" init "$ws" >/dev/null
cd "$ws" || exit
mkdir "$work/bin"
ln -s "$TALLYMAN" "$work/bin/tallyman"
PATH=$work/bin:$PATH

awk -v to="$work/display" '
	/^\.Bd -literal/ { on = 1; n++; next }
	/^\.Ed/ { on = 0 }
	on { print >(to "." n) }
' "$root/man/tallyman-map.5"

maps=0 commands=0
display() {
	case $1 in
	'<map '* | '<library '*)
		name=$(sed -n '1s/.* name="\([^"]*\)".*/\1/p' "$2")
		cp "$2" "maps/$name.xml"
		maps=$((maps + 1)) ;;
	'ISA*'*)
		if grep -q '^ST\*850' "$2"; then
			cp "$2" order.edi
		else
			cp "$2" notice.edi
		fi ;;
	'$ '*)
		sh -c "${1#??}" >"$work/out" 2>"$work/said"
		same "${1#??}: exit code" $? 0
		sed 1d "$2" >"$work/lines"
		while IFS= read -r line; do
			holds "prints $line" grep -qF -e "$line" "$work/out"
		done <"$work/lines"
		commands=$((commands + 1)) ;;
	*)
		same "a display of a known kind" "$1" "" ;;
	esac
}
n=1
while [ -e "$work/display.$n" ]; do
	display "$(head -n 1 "$work/display.$n")" "$work/display.$n"
	n=$((n + 1))
done
same "maps and libraries" "$maps" 6
same "commands" "$commands" 7
finish
