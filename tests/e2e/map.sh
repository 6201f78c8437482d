# SPDX-License-Identifier: Apache-2.0
# map: which maps there are, what a variant comes to, its program; a library of
# the site's that our maps use.
. "$(dirname "$0")/../support/lib.sh"
cd "$work" || exit

map() {
	what=$1 expected=$2
	shift 2
	"$TALLYMAN" -C "$ws" map "$@" >out 2>said
	same "$what: exit code" $? "$expected"
}
"$TALLYMAN" init "$ws" >/dev/null
cat >"$ws/maps/acme-850.xml" <<'END'
<map xmlns="urn:tallyman:map:1" name="acme-850" extends="850">
  <record table="orders">
    <field column="contract_number" ref="REF02" where="REF01=CT"/>
  </record>
</map>
END

map "all maps" 0
holds "a map of the site's" grep -qx 'acme-850: set 850 004010 005010' out
holds "one of ours" grep -qx '945: set 945 004010 005010' out
holds "a library" grep -qx 'common: a library' out
"$TALLYMAN" -C "$ws" --json map >out
holds "as JSON" grep -qx '{"type":"map","name":"acme-850","set":"850","versions":\["004010","005010"\]}' out
holds "a library as JSON" grep -qx '{"type":"map","name":"common","set":null,"versions":\[\]}' out

map "a variant" 0 --effective acme-850
holds "has its own rule with its place" grep -q \
    'where="REF01=CT"/> *<!-- .*/maps/acme-850.xml:3 -->$' out
holds "and those of the base" grep -q '<!-- built-in 850.xml:[0-9]* -->$' out
holds "and of libraries" grep -q '<!-- built-in common.xml:[0-9]* -->$' out
holds "the first version is shown" grep -q 'versions="004010"' out
sed 's/name="acme-850"/name="alone"/' out >"$ws/maps/alone.xml"
map "its program" 0 --dump acme-850
mv out variant
map "the program of the text that stands by itself" 0 --dump alone
sed 's/^map alone/map acme-850/' out >alone
holds "is the same" cmp -s variant alone
map "another version" 0 --version=005010 acme-850
holds "is shown" grep -q 'versions="005010"' out
"$TALLYMAN" -C "$ws" --json map --dump 850 >out
holds "a program as JSON" grep -q \
    '^{"type":"dump","name":"850","version":"004010","text":"map 850 of' out

map "a version that it is not for" 64 --version=003040 acme-850
holds "is told" grep -q 'not for version 003040' said
map "no such map" 78 nope
holds "is told" grep -q 'there is no map "nope"' said
map "a library" 64 common
holds "is told" grep -q 'common is a library' said
map "both" 64 --dump --effective 850
map "no name" 64 --dump
map "two names" 64 850 856

# A library of the site's is the one that our maps use.
cat >"$ws/maps/common.xml" <<'END'
<library xmlns="urn:tallyman:map:1" name="common">
  <part name="none"><field column="text" ref="REF01"/></part>
</library>
END
map "maps whose library lacks their parts" 78 850
holds "are told" grep -q 'there is no <' said
finish
