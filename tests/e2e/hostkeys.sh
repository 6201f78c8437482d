# SPDX-License-Identifier: Apache-2.0
# tallyman host-key: what a server shows, for a person to compare and to pin.
. "$(dirname "$0")/../support/lib.sh"
need_sshd

# What ssh-keygen says of a key that the server has.
fingerprint() {
	ssh-keygen -l -f "$1" | cut -d' ' -f2
}
shows() {
	grep -qF "$1" "$work/said"
}

mkdir "$work/keys"
ssh-keygen -q -t rsa -b 2048 -N '' -C host -f "$work/keys/rsa"
ssh-keygen -q -t ecdsa -b 384 -N '' -C host -f "$work/keys/p384"
ssh-keygen -q -t ed25519 -N '' -C other -f "$work/keys/other"
server buyer "HostKey $work/keys/rsa" "HostKey $work/keys/p384" \
    'LogLevel VERBOSE'
url=${sshd_url#*@}

# A URL needs no workspace and no user.
ws=$work/none
runs "a URL" 0 host-key "sftp://$url"
for key in "$work/buyer/host" "$work/keys/rsa" "$work/keys/p384"; do
	line=$(cut -d' ' -f1,2 "$key.pub")
	if [ "${line%% *}" = ssh-rsa ] && ! shows "$line"; then
		skip "RSA keys: neither libssh2 nor ssh-keyscan reads them here"
		continue
	fi
	holds "the fingerprint of ${line%% *}" shows "$(fingerprint "$key")"
	holds "the line that pins ${line%% *}" \
	    shows "<host-key>$line</host-key>"
done
holds "how far it is to be trusted" shows 'by another way'
same "nothing is said of pins" "$(grep -c 'pinned)' "$work/said")" 0
runs "a URL with a user" 0 host-key "$sshd_url"
runs "the same as JSON" 0 --json host-key "$sshd_url"
holds "the key in it" shows "\"fingerprint\":\"$(fingerprint "$work/buyer/host")\""
holds "no word on pins in it" shows '"pinned":null'
holds "the status in it" grep -q '"status":0}$' "$work/said"
same "logins tried" "$(grep -c 'Accepted\|Failed\|Postponed' \
    "$work/buyer/log")" 0

# What is shown can be pasted: the configuration that it makes is whole.
ws=$work/ws
shown=$(tallyman host-key "$sshd_url"; sed -n \
    's:^ *<host-key>\(ecdsa.*\)</host-key>$:\1:p' "$work/said")
good=$sshd_host_key
sshd_host_key=$shown
site "$(partner buyer BUYER)"
runs "what is shown is pinned" 0 run

# Of a partner, with what is pinned.
sshd_host_key=$good
site "$(partner buyer BUYER)"
cp "$ws/tallyman.xml" "$work/before"
runs "a partner" 0 host-key buyer
holds "which key is pinned" grep -q '^ssh-ed25519 .*(pinned)$' "$work/said"
holds "which is not" grep -q '^ecdsa-sha2-nistp384 .*(not pinned)$' \
    "$work/said"
holds "nothing is stored" cmp -s "$ws/tallyman.xml" "$work/before"
sshd_host_key=$(cut -d' ' -f1,2 "$work/keys/other.pub")
site "$(partner buyer BUYER)"
runs "a partner whose pin is no key of the server" 1 host-key buyer
runs "a partner that there is not" 78 host-key seller
runs "the same as JSON" 78 --json host-key seller
same "no JSON then" "$(grep -c '{' "$work/said")" 0
runs "no partner" 64 host-key

# Nobody is there.
sshd_stop "$work/buyer"
runs "a server that is down" 69 host-key "$sshd_url"
runs "as JSON" 69 --json host-key "$sshd_url"
holds "the reason in it" grep -q '"error":"mailbox.*"status":69}$' "$work/said"
runs "no host" 78 host-key sftp://
finish
