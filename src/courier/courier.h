/*
 * courier connects out: SMTP, message gateways, webhooks. One framed job in, one outcome out;
 * it reads no file, no key and no database. front composes what is sent; courier only carries
 * it and refuses addresses on the deny list at connect time.
 */
#ifndef CHIROGRAPH_COURIER_COURIER_H
#define CHIROGRAPH_COURIER_COURIER_H

#include "base/bytes.h"

enum smtp_security { SMTP_STARTTLS = 0, SMTP_TLS = 1, SMTP_PLAIN = 2 /* loopback only */ };

struct courier_mail {
	const char *host;
	unsigned port;
	enum smtp_security security;
	const char *user, *password; /* NULL: no authentication */
	const char *ca_file;         /* contents, PEM, of an extra CA; NULL: the system's */
	const char *from, *to;       /* envelope addresses */
	struct span message;         /* RFC 5322, CRLF */
};

struct courier_post {
	const char *url;
	const char *const *headers;  /* "Name: value", NULL ended */
	struct span body;
	const char *ca_pem;          /* extra CA, NULL: the system's */
	const char *const *allowed;  /* names or addresses the operator allows though private; NULL ended */
};

struct courier_outcome {
	bool is_done;              /* accepted (SMTP 250) or an HTTP answer arrived */
	bool is_permanent;         /* do not try again (5xx of SMTP, denied address, bad URL) */
	unsigned status;           /* HTTP or SMTP status, 0: none */
	char detail[256];          /* for the log and the operator: no secrets */
	struct buf answer;         /* first 4 KiB of an HTTP answer's body */
};
void courier_outcome_free(struct courier_outcome *o);

struct courier {
	int (*dial)(void *ctx); /* a socket to courier; -1 on failure */
	void *ctx;
};

enum err CHECKED courier_mail(const struct courier *c, const struct courier_mail *mail, struct courier_outcome *out);
enum err CHECKED courier_post(const struct courier *c, const struct courier_post *post, struct courier_outcome *out);

int courier_serve(int control); /* the role: connections arrive over control, one thread each, bounded */

/* The egress guard, pure: may this address be connected to? (RFC 6890 special-purpose registries) */
bool egress_is_denied(const char *address);

/* ---- composing (runs in front) ---- */

/* A MIME message: multipart/alternative of text and HTML, UTF-8, headers encoded (RFC 2047), no way
 * to inject a header line. */
struct mail_parts {
	const char *from_name, *from, *to_name, *to, *reply_to; /* reply_to may be NULL */
	const char *subject;
	struct span text, html;
	const char *message_id;      /* without <> */
	int64_t now;
};
enum err CHECKED mail_compose(const struct mail_parts *parts, struct buf *out);

/* Fill a template: {name} is replaced by its value; escape for HTML when is_html. Unknown names: ERR_INTERNAL. */
struct template_value {
	const char *name;
	struct span value;
};
enum err CHECKED template_fill(struct span template, const struct template_value *values, size_t count,
    bool is_html, struct buf *out);

/* Webhook headers: Signature (hex HMAC-SHA1 of url‖"POST"‖body, manual: Webhook) and the Standard
 * Webhooks v1 (HMAC-SHA256, key bytes) value "v1,<base64>". */
enum err CHECKED webhook_signature_legacy(struct span key, const char *url, struct span body, char out[41]);
enum err CHECKED webhook_signature_v1(struct span key, const char *id, int64_t timestamp_s, struct span body,
    struct buf *out);

#endif
