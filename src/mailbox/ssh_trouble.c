/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of libssh2 as sentences that say what to do.  One row for each of
 * its codes, those of versions to come by their number: libssh2 never takes
 * one for another meaning.
 *
 * Logging in and the handshake know more about some codes and look at them
 * first; what stands here is what can be said without that.
 */
#include "mailbox/ssh.h"

#include <stdio.h>

#include "mailbox/kind.h"

/* Codes that the header at hand may not have. */
#define LATER_ALGO_UNSUPPORTED        (-51)
#define LATER_MISSING_USERAUTH_BANNER (-50)
#define LATER_MAC_FAILURE             (-52)
#define LATER_HASH_INIT               (-53)
#define LATER_HASH_CALC               (-54)

#define CLOSED \
	"the server closed the connection while %s; it may be down, no SSH " \
	"server, or locking us out for a while after refused logins: try " \
	"again later"
#define BROKEN \
	"what came while %s is not what the server sent, or the server is " \
	"broken; try again later, then ask the partner"
#define OURS \
	"libssh2 was used wrongly while %s, which is a fault of this " \
	"program; set transport=\"openssh\" until it is mended, and " \
	"report it"
#define LIBRARY \
	"libssh2 failed while %s; see that libssh2 and libcrypto are " \
	"whole and fit together, or set transport=\"openssh\""
#define KEY \
	"the private key cannot be used while %s; see that it is whole, " \
	"by ssh-keygen -y -f KEY, and that its passphrase is right"
#define REFUSED \
	"the server refused %s; the account may lack SFTP, or too many " \
	"sessions are open: ask the partner"
#define CHANNEL \
	"the server broke the rules of SSH channels while %s; try again " \
	"later, or set transport=\"openssh\" and tell the partner"
#define LOGIN \
	"the server refused the login while %s; have the partner check " \
	"the user's name and the key or password"
#define FORGED \
	"the server cannot prove that its host key is its own (while %s); " \
	"somebody may be in between: ask the partner"
#define ALGORITHM \
	"an algorithm that is needed while %s is not in this libssh2; " \
	"set transport=\"openssh\""
#define MEMORY "no memory while %s; give the machine more, or lower depth"
#define SILENT \
	"no answer of the server in time while %s; try again later, or " \
	"raise the timeouts if it is slow"

static const struct {
	int code;
	enum tally_rc rc;
	const char *says; /* %s: what was being done */
} rows[] = {
	{ LIBSSH2_ERROR_SOCKET_NONE, TALLY_UNAVAILABLE, CLOSED },
	{ LIBSSH2_ERROR_BANNER_RECV, TALLY_UNAVAILABLE, CLOSED },
	{ LIBSSH2_ERROR_BANNER_SEND, TALLY_UNAVAILABLE, CLOSED },
	{ LIBSSH2_ERROR_INVALID_MAC, TALLY_UNAVAILABLE, BROKEN },
	{ LIBSSH2_ERROR_KEX_FAILURE, TALLY_CONFIG,
	    "the server has no algorithm in common with us (while %s); pin a "
	    "host key of another type, or set transport=\"openssh\", or "
	    "legacy if the partner cannot do better" },
	{ LIBSSH2_ERROR_ALLOC, TALLY_NOMEM, MEMORY },
	{ LIBSSH2_ERROR_SOCKET_SEND, TALLY_UNAVAILABLE, CLOSED },
	{ LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE, TALLY_UNAVAILABLE,
	    "the exchange of keys broke off while %s: the server closed the "
	    "connection, or could not prove that its host key is its own; "
	    "try again later, then ask the partner" },
	{ LIBSSH2_ERROR_TIMEOUT, TALLY_UNAVAILABLE, SILENT },
	{ LIBSSH2_ERROR_HOSTKEY_INIT, TALLY_PERM, FORGED },
	{ LIBSSH2_ERROR_HOSTKEY_SIGN, TALLY_PERM, FORGED },
	{ LIBSSH2_ERROR_DECRYPT, TALLY_UNAVAILABLE, BROKEN },
	{ LIBSSH2_ERROR_SOCKET_DISCONNECT, TALLY_UNAVAILABLE, CLOSED },
	{ LIBSSH2_ERROR_PROTO, TALLY_UNAVAILABLE, BROKEN },
	{ LIBSSH2_ERROR_PASSWORD_EXPIRED, TALLY_PERM,
	    "the password has expired, says the server while %s; ask the "
	    "partner for a new one" },
	{ LIBSSH2_ERROR_FILE, TALLY_CONFIG, KEY },
	{ LIBSSH2_ERROR_METHOD_NONE, TALLY_CONFIG, ALGORITHM },
	{ LIBSSH2_ERROR_AUTHENTICATION_FAILED, TALLY_PERM, LOGIN },
	{ LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED, TALLY_PERM, LOGIN },
	{ LIBSSH2_ERROR_CHANNEL_OUTOFORDER, TALLY_UNAVAILABLE, CHANNEL },
	{ LIBSSH2_ERROR_CHANNEL_FAILURE, TALLY_UNAVAILABLE, REFUSED },
	{ LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED, TALLY_UNAVAILABLE, REFUSED },
	{ LIBSSH2_ERROR_CHANNEL_UNKNOWN, TALLY_UNAVAILABLE, CHANNEL },
	{ LIBSSH2_ERROR_CHANNEL_WINDOW_EXCEEDED, TALLY_UNAVAILABLE, CHANNEL },
	{ LIBSSH2_ERROR_CHANNEL_PACKET_EXCEEDED, TALLY_UNAVAILABLE, CHANNEL },
	{ LIBSSH2_ERROR_CHANNEL_CLOSED, TALLY_UNAVAILABLE, CLOSED },
	{ LIBSSH2_ERROR_CHANNEL_EOF_SENT, TALLY_UNAVAILABLE, CHANNEL },
	{ LIBSSH2_ERROR_SCP_PROTOCOL, TALLY_UNAVAILABLE, OURS },
	{ LIBSSH2_ERROR_ZLIB, TALLY_UNAVAILABLE, BROKEN },
	{ LIBSSH2_ERROR_SOCKET_TIMEOUT, TALLY_UNAVAILABLE, SILENT },
	{ LIBSSH2_ERROR_SFTP_PROTOCOL, TALLY_UNAVAILABLE, OURS },
	{ LIBSSH2_ERROR_REQUEST_DENIED, TALLY_UNAVAILABLE, REFUSED },
	{ LIBSSH2_ERROR_METHOD_NOT_SUPPORTED, TALLY_CONFIG, ALGORITHM },
	{ LIBSSH2_ERROR_INVAL, TALLY_UNAVAILABLE, OURS },
	{ LIBSSH2_ERROR_INVALID_POLL_TYPE, TALLY_UNAVAILABLE, OURS },
	{ LIBSSH2_ERROR_PUBLICKEY_PROTOCOL, TALLY_UNAVAILABLE, OURS },
	{ LIBSSH2_ERROR_EAGAIN, TALLY_UNAVAILABLE, SILENT },
	{ LIBSSH2_ERROR_BUFFER_TOO_SMALL, TALLY_UNAVAILABLE, OURS },
	{ LIBSSH2_ERROR_BAD_USE, TALLY_UNAVAILABLE, OURS },
	{ LIBSSH2_ERROR_COMPRESS, TALLY_UNAVAILABLE, BROKEN },
	{ LIBSSH2_ERROR_OUT_OF_BOUNDARY, TALLY_UNAVAILABLE, BROKEN },
	{ LIBSSH2_ERROR_AGENT_PROTOCOL, TALLY_UNAVAILABLE,
	    "the agent does not answer while %s as an agent does; see that "
	    "SSH_AUTH_SOCK names one, by ssh-add -l" },
	{ LIBSSH2_ERROR_SOCKET_RECV, TALLY_UNAVAILABLE, CLOSED },
	{ LIBSSH2_ERROR_ENCRYPT, TALLY_UNAVAILABLE, LIBRARY },
	{ LIBSSH2_ERROR_BAD_SOCKET, TALLY_UNAVAILABLE, OURS },
	{ LIBSSH2_ERROR_KNOWN_HOSTS, TALLY_UNAVAILABLE, OURS },
	{ LIBSSH2_ERROR_CHANNEL_WINDOW_FULL, TALLY_UNAVAILABLE, CHANNEL },
	{ LIBSSH2_ERROR_KEYFILE_AUTH_FAILED, TALLY_CONFIG, KEY },
	{ LIBSSH2_ERROR_RANDGEN, TALLY_UNAVAILABLE, LIBRARY },
	{ LATER_MISSING_USERAUTH_BANNER, TALLY_UNAVAILABLE, OURS },
	{ LATER_ALGO_UNSUPPORTED, TALLY_CONFIG, ALGORITHM },
	{ LATER_MAC_FAILURE, TALLY_UNAVAILABLE, LIBRARY },
	{ LATER_HASH_INIT, TALLY_UNAVAILABLE, LIBRARY },
	{ LATER_HASH_CALC, TALLY_UNAVAILABLE, LIBRARY },
};
#define NROWS (sizeof(rows) / sizeof(rows[0]))

enum tally_rc
ssh_sentence(char out[SSH_SENTENCE], int code, const char *doing)
{
	size_t i = 0;
	const char *says, *at;

	while (i < NROWS && rows[i].code != code)
		i++;
	if (i == NROWS) {
		snprintf(out, SSH_SENTENCE,
		    "trouble of a kind that is not known while %s; try again "
		    "later, then ask the partner",
		    doing);
		return TALLY_UNAVAILABLE;
	}
	says = rows[i].says;
	at = strstr(says, "%s");
	snprintf(out, SSH_SENTENCE, "%.*s%s%s", (int)(at - says), says, doing,
	    at + 2);
	return rows[i].rc;
}

enum tally_rc
ssh_trouble(struct ssh *s, int rc, const char *doing, struct tally_err *err)
{
	char sentence[SSH_SENTENCE], shown[MAILBOX_SHOWN], *text = NULL;
	enum tally_rc is = ssh_sentence(sentence, rc, doing);

	if (rc == LIBSSH2_ERROR_EAGAIN || rc == LIBSSH2_ERROR_TIMEOUT ||
	    rc == LIBSSH2_ERROR_SOCKET_TIMEOUT)
		return tally_err_set(err, is,
		    "mailbox %s: no answer of the server within %u ms while"
		    " %s; try again later, or raise the timeouts if it is"
		    " slow",
		    s->set->name, s->limit_ms, doing);
	if (s->session != NULL)
		libssh2_session_last_error(s->session, &text, NULL, 0);
	mailbox_shown(shown, tally_cstr(text));
	return tally_err_set(err, is, "mailbox %s: %s (libssh2 %d%s%s)",
	    s->set->name, sentence, rc, shown[0] != '\0' ? ": " : "", shown);
}
