/*
 * What a webhook carries so that its receiver can know it is ours. v1a (Ed25519) is signed by
 * keyd over the same content. The library's checker reads the same contents and keys.
 */
#include "base/codec.h"
#include "sign/sign.h"

#include <stdio.h>
#include <string.h>

#define CONTENT_MAX (1024u * 1024u)

void webhook_content_legacy(const char *url, struct span body, struct buf *out)
{
	buf_put_str(out, url);
	buf_put_str(out, "POST");
	buf_put_span(out, body);
}

enum err webhook_signature_legacy(struct span key, const char *url, struct span body, char out[41])
{
	struct buf content;
	uint8_t mac[20];

	buf_init(&content, CONTENT_MAX);
	webhook_content_legacy(url, body, &content);
	enum err e = buf_done(&content);
	if (e == OK)
		e = hmac_sha1(key, buf_span(&content), mac);
	if (e == OK)
		hex_text(out, mac, sizeof(mac));
	buf_free(&content);
	return e;
}

void webhook_content(struct span id, struct span timestamp, struct span body, struct buf *out)
{
	buf_put_span(out, id);
	buf_put_byte(out, '.');
	buf_put_span(out, timestamp);
	buf_put_byte(out, '.');
	buf_put_span(out, body);
}

enum err webhook_key(const char *secret, struct buf *out)
{
	if (strncmp(secret, "whsec_", 6) != 0 || b64_decode(out, span_str(secret + 6)) != OK) {
		buf_reset(out);
		buf_put_str(out, secret);
	}
	return buf_done(out);
}

/* Standard Webhooks, "Signature scheme": v1 = base64(HMAC-SHA256(key, id.timestamp.body)). */
enum err webhook_signature_v1(
    struct span key, const char *id, int64_t timestamp_s, struct span body, struct buf *out)
{
	struct buf content;
	uint8_t mac[SHA256_SIZE];
	char at[24];

	snprintf(at, sizeof(at), "%lld", (long long)timestamp_s);
	buf_init(&content, CONTENT_MAX);
	webhook_content(span_str(id), span_str(at), body, &content);
	enum err e = buf_done(&content);
	if (e == OK)
		e = hmac_sha256(key, buf_span(&content), mac);
	if (e == OK) {
		buf_put_str(out, "v1,");
		b64_encode(out, span_of(mac, sizeof(mac)));
		e = buf_done(out);
	}
	buf_free(&content);
	return e;
}
