/*
 * The opening handshake of a WebSocket (RFC 6455 §4.2): whether a request asks for one, and the
 * answer that grants it. No subprotocol and no extension is agreed. Origin is not looked at: no
 * route knows its caller by anything that a browser sends by itself.
 */
#include "http/internal.h"

#include "base/codec.h"
#include "base/limits.h"
#include "http/frame.h"

#include <openssl/evp.h>
#include <string.h>

#define KEY_BYTES 16
#define KEY_CHARS 24
#define SHA1_BYTES 20
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define VERSION "13"

/* Is the word in the list that all lines of this header make (RFC 9110 §5.6.1)? */
static bool header_lists(const struct http_request *req, const char *name, const char *word)
{
	for (size_t i = 0; i < req->header_count; i++) {
		struct span rest = req->headers[i].value;

		if (!span_equal_nocase(req->headers[i].name, name))
			continue;
		while (rest.size > 0)
			if (span_equal_nocase(span_trim(span_cut(&rest, ',')), word))
				return true;
	}
	return false;
}

static bool asks_for_socket(const struct http_request *req)
{
	return req->method == HTTP_GET && req->may_upgrade &&
	       header_lists(req, "Upgrade", "websocket") &&
	       header_lists(req, "Connection", "upgrade");
}

static enum err refuse(struct http_reply *reply, struct fault *fault, const char *why)
{
	http_reply_header(reply, "Upgrade", "websocket");
	http_reply_header(reply, "Connection", "Upgrade");
	http_reply_header(reply, "Sec-WebSocket-Version", VERSION);
	return fault_set(fault, ERR_UPGRADE, "", "%s", why);
}

static enum err key_read(const struct http_request *req, struct span *key, struct fault *fault)
{
	struct buf bytes CLEANUP(buf_free);
	size_t count;

	buf_init(&bytes, KEY_BYTES + 4);
	*key = http_header(req, "Sec-WebSocket-Key", &count);
	if (count != 1 || key->size != KEY_CHARS || b64_decode(&bytes, *key) != OK ||
	    bytes.size != KEY_BYTES)
		return fault_set(fault, ERR_BAD_REQUEST, "", "%s",
		    "Sec-WebSocket-Key must be 16 bytes in base64.");
	return OK;
}

/* RFC 6455 §4.2.2 (5.4): the one place where SHA-1 proves nothing but having read the key. */
static enum err accept_make(struct arena *arena, struct span key, const char **out)
{
	struct buf text CLEANUP(buf_free);
	uint8_t digest[SHA1_BYTES];

	buf_init(&text, 128);
	buf_put_span(&text, key);
	buf_put_str(&text, GUID);
	TRY(buf_done(&text));
	ENSURE(EVP_Digest(text.data, text.size, digest, NULL, EVP_sha1(), NULL) == 1, ERR_CRYPTO);
	buf_reset(&text);
	b64_encode(&text, span_of(digest, sizeof(digest)));
	TRY(buf_done(&text));
	*out = span_dup(arena, buf_span(&text));
	ENSURE(*out != NULL, ERR_MEMORY);
	return OK;
}

enum err http_upgrade(const struct http_request *req, struct http_reply *reply,
    const struct http_upgrade *upgrade, struct fault *fault)
{
	const char *accept;
	struct span key;
	size_t versions;

	if (!asks_for_socket(req))
		return refuse(reply, fault, "This address is a WebSocket (wss://).");
	struct span version = http_header(req, "Sec-WebSocket-Version", &versions);
	if (versions != 1 || !span_equal_str(version, VERSION))
		return refuse(reply, fault, "Only version 13 of WebSocket is spoken here.");
	TRY(key_read(req, &key, fault));
	TRY(accept_make(req->arena, key, &accept));
	http_reply_header(reply, "Upgrade", "websocket");
	http_reply_header(reply, "Connection", "Upgrade");
	http_reply_header(reply, "Sec-WebSocket-Accept", accept);
	reply->status = 101;
	reply->upgrade = *upgrade;
	return OK;
}

void http_turn_text(struct http_turn *t, struct span text)
{
	frame_put(&t->out, FRAME_OP_TEXT, text);
}
