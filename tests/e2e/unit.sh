# SPDX-License-Identifier: Apache-2.0
# The sample units are sound, and leave little to attack.
. "$(dirname "$0")/../support/lib.sh"
units=$root/samples/systemd

command -v systemd-analyze >/dev/null || {
	skip "systemd-analyze is not installed"
	finish
}
# The program is not installed where a test runs, nor is its manual.
mkdir "$work/units"
sed "s,^ExecStart=[^ ]*,ExecStart=$TALLYMAN,; /^Documentation=/d" \
    "$units/tallyman.service" >"$work/units/tallyman.service"
sed '/^Documentation=/d' "$units/tallyman.timer" >"$work/units/tallyman.timer"
systemd-analyze verify "$work/units/tallyman.service" \
    "$work/units/tallyman.timer" >"$work/said" 2>&1
same "lines about the sample units" \
    "$(grep -c "$work/units" "$work/said")" 0
if systemd-analyze security --offline=true \
    "$work/units/tallyman.service" >"$work/said" 2>&1; then
	level=$(sed -n 's/.*Overall exposure level.*: \([0-9]*\)\.\([0-9]\).*/\1\2/p' \
	    "$work/said")
	holds "exposure below 2.0" test "${level:-99}" -lt 20
else
	skip "systemd-analyze cannot look at units that are not installed"
fi
finish
