/*
 * What a webhook carries so that its receiver can know it is ours. v1a (Ed25519) is signed by
 * keyd over the same content.
 */
#include "courier/courier.h"

#include "base/codec.h"
#include "base/crypto.h"

#define CONTENT_MAX (1024u * 1024u)

/* manual: Webhook, Signature: HMAC-SHA1 over endpoint + method + payload, lower-case hex. */
enum err webhook_signature_legacy(struct span key, const char *url, struct span body, char out[41])
{
	struct buf content;
	uint8_t mac[20];

	buf_init(&content, CONTENT_MAX);
	buf_put_str(&content, url);
	buf_put_str(&content, "POST");
	buf_put_span(&content, body);
	enum err e = buf_done(&content);
	if (e == OK)
		e = hmac_sha1(key, buf_span(&content), mac);
	if (e == OK)
		hex_text(out, mac, sizeof(mac));
	buf_free(&content);
	return e;
}

void webhook_content(const char *id, int64_t timestamp_s, struct span body, struct buf *out)
{
	buf_format(out, "%s.%lld.", id, (long long)timestamp_s);
	buf_put_span(out, body);
}

/* Standard Webhooks, "Signature scheme": v1 = base64(HMAC-SHA256(key, id.timestamp.body)). */
enum err webhook_signature_v1(
    struct span key, const char *id, int64_t timestamp_s, struct span body, struct buf *out)
{
	struct buf content;
	uint8_t mac[SHA256_SIZE];

	buf_init(&content, CONTENT_MAX);
	webhook_content(id, timestamp_s, body, &content);
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
