# SPDX-License-Identifier: Apache-2.0
# A run that finds nothing to do: writes nothing, but once a quarter of an hour
# that its mailboxes are well.
. "$(dirname "$0")/../support/lib.sh"
need_sqlite3

# at TIME : a run then.
at() {
	TALLYMAN_NOW=2026-01-05T$1Z tallyman run
	same "the run at $1" $? 0
}
# store : what the file of the store is.
store() {
	cksum <"$ws/tallyman.db"
	stat -c '%i %y' "$ws/tallyman.db"
}
# well TIME [WHAT] : when the store says that the mailbox was reached.
well() {
	same "last reached${2:+, $2}" "$(ask "SELECT failures, last_ok_at, reason
	    FROM mailboxes")" "0|2026-01-05T$1.000Z|"
}

"$TALLYMAN" init "$ws" >"$work/said" 2>&1
at 12:00:00
well 12:00:00
before=$(store)
at 12:00:30
at 12:14:59
same "the store" "$(store)" "$before"
well 12:00:00
at 12:15:00
well 12:15:00 "a quarter later"

# What was not well is written down at once.
sqlite3 "$ws/tallyman.db" \
    "UPDATE mailboxes SET failures = 2, reason = 'it rained'"
at 12:16:00
well 12:16:00 "after trouble"

# As is a time that another clock has made.
at 11:00:00
well 11:00:00 "the clock set back"
finish
