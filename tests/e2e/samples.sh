# SPDX-License-Identifier: Apache-2.0
# The samples are what README.md says they are, and work together.
. "$(dirname "$0")/../support/lib.sh"

for sample in two-orders newline-terminated; do
	"$TALLYMAN" validate "$root/samples/850-$sample.edi" >"$work/said" 2>&1
	same "850-$sample.edi is valid: exit code" $? 0
done
"$TALLYMAN" validate "$root/samples/850-with-findings.edi" >"$work/said" 2>&1
same "850-with-findings.edi has some: exit code" $? 65
same "errors in it" "$(grep -c '^ *error at' "$work/said")" 3

# All at once in a new workspace: what is said to have been sent lies in out/,
# though some answers to one sender come from different ids of ours.
"$TALLYMAN" init "$work/all" >/dev/null
cp "$root"/samples/*.edi "$work/all/drop/"
"$TALLYMAN" -C "$work/all" -q run >"$work/said" 2>&1
same "a run with all samples" $? 1
same "nothing is said of it" "$(cat "$work/said")" ""
queued=$(sqlite3 "$work/all/tallyman.db" 'SELECT count(*) FROM outbox')
same "answers, all sent" \
    "$(sqlite3 "$work/all/tallyman.db" \
	"SELECT count(*) FROM outbox WHERE state = 'sent'")" "$queued"
same "answers in out/" "$(ls "$work/all/out" | wc -l)" "$queued"

# The configuration: sound but for the key that only the partner has.
if command -v ssh-keygen >/dev/null; then
	"$TALLYMAN" init "$ws" >/dev/null
	ssh-keygen -q -t ed25519 -N '' -f "$ws/keys/harbor"
	cp "$root/samples/tallyman.xml" "$ws/tallyman.xml"
	runs "check of the configuration as it is" 78 check
	key=$(cut -d' ' -f2 "$ws/keys/harbor.pub")
	sed "s,PUT-THE-SERVERS-KEY-HERE,$key," "$root/samples/tallyman.xml" \
	    >"$ws/tallyman.xml"
	runs "check of it with a key" 0 check
else
	skip "ssh-keygen (Debian: openssh-client) is not installed"
fi
finish
