/*
 * courier connects out: SMTP, message gateways, webhooks. One framed job in, one outcome out;
 * it reads no key and no database. front composes what is sent; courier only carries it and
 * refuses addresses on the deny list at connect time.
 *
 * What the role's sandbox must leave open: sockets (inet, inet6, unix and netlink: the system's
 * resolver uses them), threads (one per connection and libcurl's resolver), memfd reads, and
 * these files to read: /etc/{resolv.conf,hosts,nsswitch.conf,host.conf,gai.conf,services,
 * ld.so.cache}, the system's library folders (libnss_* are loaded by the resolver), and the
 * CAs: /etc/ssl/certs, /usr/share/ca-certificates, /usr/local/share/ca-certificates.
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
	const char *from, *to;       /* envelope addresses; both NULL: only connect and log in */
	struct span message;         /* RFC 5322, CRLF */
	bool is_guarded; /* a tenant, not the operator, chose the host: the deny list holds */
};

struct courier_post {
	const char *url;
	const char *const *headers; /* "Name: value", NULL ended */
	struct span body;
	const char *ca_pem; /* extra CA, NULL: the system's */
	const char *const
	    *allowed; /* names or addresses the operator allows though private (and then
		       * without TLS too); compared with the URL's host; NULL ended */
};

struct courier_outcome {
	bool is_done;      /* accepted (SMTP 250) or an HTTP answer arrived */
	bool is_permanent; /* do not try again (5xx of SMTP, denied address, bad URL) */
	unsigned status;   /* HTTP or SMTP status, 0: none */
	char detail[256];  /* for the log and the operator: no secrets */
	struct buf answer; /* first 4 KiB of an HTTP answer's body */
};
void courier_outcome_free(struct courier_outcome *o);

struct courier {
	int (*dial)(void *ctx); /* a socket to courier; -1 on failure; called from any thread */
	void *ctx;
};

/* OK: an outcome is there, good or bad. An error: courier could not be asked; try again later. */
enum err CHECKED courier_mail(
    const struct courier *c, const struct courier_mail *mail, struct courier_outcome *out);
enum err CHECKED courier_post(
    const struct courier *c, const struct courier_post *post, struct courier_outcome *out);

/* The role. courier_prepare before the sandbox (libraries, resolver), then courier_serve:
 * connections arrive over control, one descriptor a frame, one thread each, bounded. */
enum err CHECKED courier_prepare(void);
int courier_serve(int control); /* process exit status, when control closes */

/* The egress guard, pure: may this address not be connected to? (RFC 6890 special-purpose
 * registries) */
bool egress_is_denied(const char *address);

/* Does the operator allow this host by name? allowed may be NULL. */
bool egress_is_named(const char *host, const char *const *allowed);
/* May this URL be a webhook's at all? https (or http to an allowed name), a host, no user part, no
 * literal address that is denied. For configuration; the address is checked again at connect time.
 */
enum err CHECKED egress_check_url(const char *url, const char *const *allowed, struct fault *fault);

/* ---- composing (runs in front) ---- */

/* A MIME message: multipart/alternative of text and HTML, UTF-8, headers encoded (RFC 2047), no way
 * to inject a header line. */
struct mail_parts {
	const char *from_name, *from, *to_name, *to, *reply_to; /* names and reply_to may be NULL */
	const char *subject;
	struct span text, html;
	const char *message_id; /* without <> */
	int64_t now;
};
enum err CHECKED mail_compose(const struct mail_parts *parts, struct buf *out);

/* Fill a template: {name} is replaced by its value, escaped for HTML when is_html. A line that
 * names an empty value is left out, so optional sentences need no second template. Unknown names:
 * ERR_INTERNAL. */
struct template_value {
	const char *name;
	struct span value;
	bool is_markup; /* already HTML: the layout's content */
};
enum err CHECKED template_fill(struct span template, const struct template_value *values,
    size_t count, bool is_html, struct buf *out);

/* The texts of src/courier/templates: one kind of message in one language. */
enum letter_kind { LETTER_INVITE, LETTER_CODE, LETTER_COMPLETED, LETTER_INCIDENT };

struct letter_values {
	const char *organisation; /* who asks */
	const char *name;         /* of the person written to; NULL: greeted without */
	const char *subject;      /* of the envelope */
	const char *link;
	const char *until;         /* a date for people; INVITE and INCIDENT, may be NULL */
	const char *code;          /* CODE; INCIDENT: its number */
	const char *support_email; /* NULL: the sentence is left out */
	bool is_sandbox;           /* a line says that nothing here has legal effect */
};

struct letter {
	struct buf subject, text, html; /* e-mail */
	struct buf brief;               /* SMS, WhatsApp */
};

const char *letter_kind_name(enum letter_kind kind); /* "invite" */
const char *letter_language(
    const char *language); /* one of pt-BR, en, es: the nearest; NULL: pt-BR */
void letter_init(struct letter *l);
void letter_free(struct letter *l);
enum err CHECKED letter_write(enum letter_kind kind, const char *language,
    const struct letter_values *values, struct letter *out);

#endif
