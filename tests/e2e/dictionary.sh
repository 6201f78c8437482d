# SPDX-License-Identifier: Apache-2.0
# A site's own dictionary text: the manual's example, and how a mistake in it
# is told.
. "$(dirname "$0")/../support/lib.sh"
samples=$root/samples

judged() {
	what=$1 expected=$2
	shift 2
	"$TALLYMAN" "$@" >"$work/out" 2>"$work/said"
	same "$what: exit code" $? "$expected"
}

judged "the sample with its set" 0 -C "$samples" validate \
    "$samples/820-remittance.edi"
holds "it is accepted" grep -q 'set 1 820 0001 .*: accepted$' "$work/out"
same "it has no findings" "$(grep -c 'codes' "$work/out")" 0
sed 's/\*CTX\*/*XXX*/; s/^ENT.*/ENT*1*AA~/' "$samples/820-remittance.edi" \
    >"$work/bad.edi"
judged "faults in it" 65 -C "$samples" validate "$work/bad.edi"
holds "a code that the site's list lacks" \
    grep -q 'codes     element_code AK403=7' "$work/out"
holds "a note of the site's segment" \
    grep -q 'codes     element_needed AK403=2' "$work/out"
judged "shown" 0 -C "$samples" show "$samples/820-remittance.edi"
holds "by the site's names" grep -q 'payment begins' "$work/out"
judged "a set with binary data" 0 -C "$samples" validate \
    "$samples/X41-picture.edi"
same "its data hides nothing" "$(grep -c codes "$work/out")" 0
judged "shown" 0 -C "$samples" show "$samples/X41-picture.edi"
holds "the data as one value" grep -q 'GIF89a.*IEA\*1\*000000051~ ;$' "$work/out"
sed 's/^BIN\*49/BIN*48/' "$samples/X41-picture.edi" >"$work/length.edi"
judged "a wrong length" 65 -C "$samples" validate "$work/length.edi"
holds "is told" grep -q 'codes     binary_length AK403=7' "$work/out"
cd "$work"
judged "without the site" 65 validate "$samples/820-remittance.edi"
holds "its set is not known" grep -q set_unsupported "$work/out"

ws=$work/ws
judged "a workspace" 0 init "$ws"
cp -R "$samples/maps/004010" "$ws/maps/"
cat >"$ws/tallyman.xml" <<'X'
<tallyman xmlns="urn:tallyman:config:1">
  <self qualifier="ZZ" id="QUAYGOODS"/>
  <partner name="harbor" qualifier="ZZ" id="HARBORSTORES">
    <mailbox url="dir:harbor">
      <pull from="outbound" settle="0"/>
      <push to="inbound"/>
    </mailbox>
    <receive set="820" version="004010"/>
  </partner>
</tallyman>
X
mkdir -p "$ws/harbor/outbound" "$ws/harbor/inbound"
cp "$samples/820-remittance.edi" "$ws/harbor/outbound/"
judged "check" 0 -C "$ws" check
# No map reads the set, so that its document waits for a person.
judged "a run" 1 -C "$ws" run
holds "its acknowledgement" grep -qs 'AK9\*A\*1\*1\*1' "$ws"/harbor/inbound/*

# A version that is not there is read as agreed, and answered.
rm "$ws"/harbor/inbound/*
sed 's/\*004010~/*004030~/; s/000000062/000000063/; s/\*62/*63/' \
    "$samples/820-remittance.edi" >"$ws/harbor/outbound/next.edi"
judged "another version" 1 -C "$ws" run
holds "is rejected" grep -qs 'AK9\*R\*1\*1\*0' "$ws"/harbor/inbound/*
rm "$ws"/harbor/inbound/*
sed 's/version="004010"/& versions="nearest"/' "$ws/tallyman.xml" >"$work/x"
cp "$work/x" "$ws/tallyman.xml"
sed 's/\*004010~/*004030~/; s/000000062/000000064/; s/\*62/*64/' \
    "$samples/820-remittance.edi" >"$ws/harbor/outbound/third.edi"
judged "the nearest version" 1 -C "$ws" run
holds "is accepted" grep -qs 'AK9\*A\*1\*1\*1' "$ws"/harbor/inbound/*

echo '1.990 SE M' >>"$ws/maps/004010/820"
line=$(wc -l <"$ws/maps/004010/820" | tr -d ' ')
for verb in check run validate\ -; do
	judged "a mistake, $verb" 78 -C "$ws" $verb </dev/null
	holds "its place, $verb" \
	    grep -q "maps/004010/820:$line: a row is POSITION" "$work/said"
done
rm "$ws/maps/004010/820"
judged "an agreement on a set that is gone" 78 -C "$ws" check
mkdir "$ws/maps/0040"
judged "a folder that is no version" 78 -C "$ws" check
holds "is told" grep -q 'dictionary 0040: ' "$work/said"

finish
