/*
 * What leaves the house: the handlers of "message" and "webhook" jobs (store/effects.h names
 * them), and the sweeps. All they need is in struct post, filled once by main from the
 * configuration; texts are borrowed and must outlive the scheduler.
 *
 * A message goes through the organisation's own SMTP settings, else the global ones, else into
 * DIR/outbox as a file (.eml; .txt for SMS and WhatsApp). Sandbox envelopes always go there.
 */
#ifndef CHIROGRAPH_JOBS_POST_H
#define CHIROGRAPH_JOBS_POST_H

#include "courier/courier.h"
#include "jobs/jobs.h"
#include "store/envelopes.h"
#include "store/organisations.h"
#include "store/vault.h"

struct smtp_account {
	const char *host; /* NULL: none */
	unsigned port;
	enum smtp_security security;
	const char *user, *password;
	const char *ca_pem;
	const char *from;      /* NULL: user, when it is an address */
	const char *from_name; /* NULL: the organisation's name alone */
	bool is_guarded;       /* an organisation's own: private addresses only when named */
};

/* POSTed as {"id","channel","to","text"} with "Authorization: Bearer <token>"; any 2xx is success.
 */
struct message_gateway {
	const char *url;   /* NULL: none */
	const char *token; /* NULL: no Authorization header */
};

struct plain; /* sign/sign.h */

struct post {
	struct store *store;
	struct vault *vault;
	const struct courier *courier;
	const char *data;      /* DIR */
	const char *pages_url; /* of the signer's pages, no slash at the end */
	const char
	    *support_email; /* the operator's; an organisation's own goes before it. NULL: none */
	struct smtp_account mail;
	struct message_gateway sms, whatsapp;
	const char *const *allowed;      /* webhook.allow, NULL ended; also for gateways */
	const char *const *mail_allowed; /* mail.allow: organisations' own servers */
	const char *webhook_ca_pem;      /* NULL: the system's only */
	int64_t archive_ms; /* how long signed traffic is kept; 0: as long as its envelope */
	/* Ed25519 over a webhook's content (keyd_webhook_sign): signatures of 64 bytes, one after
	 * another. NULL: no v1a signature. */
	enum err (*sign)(void *ctx, struct span content, struct buf *signatures);
	/* The token of these claims, for partners with an ES512 integration. NULL: none. */
	enum err (*sign_es512)(void *ctx, const struct plain *claims, struct buf *token);
	void *sign_ctx; /* of both */
};

/* Handlers; ctx is a struct post. */
enum job_result message_job_run(void *ctx, struct job *job);  /* kind "message" */
enum job_result webhook_job_run(void *ctx, struct job *job);  /* kind "webhook" */
enum job_result incident_job_run(void *ctx, struct job *job); /* kind "incident" */
enum job_result expiry_job_run(void *ctx, struct job *job);   /* periodic "expiry": each minute */
enum job_result sweep_job_run(
    void *ctx, struct job *job); /* periodic "sweep": stored answers, incidents */

#define POST_HANDLERS 5
/* Their rows for jobs_config.handlers; main adds its own ("seal", blob sweep) beside them. */
void post_handlers(struct post *post, struct job_handler out[POST_HANDLERS]);

/* ---- an organisation's secrets, sealed under its own data key ---- */

/* Settings of an organisation's SMTP server: smtp.host smtp.port smtp.security (starttls, tls)
 * smtp.user smtp.password (sealed) smtp.ca (PEM) smtp.from smtp.from_name. */
struct vault_place setting_place(const char *name);
struct vault_place webhook_place(int environment); /* stored_webhook.secret */

enum err CHECKED organisation_seal(struct vault *v, const struct stored_organisation *o,
    struct vault_place at, struct span plain, struct buf *out);
enum err CHECKED organisation_open(struct vault *v, const struct stored_organisation *o,
    struct vault_place at, struct span sealed, struct arena *arena, const char **out);

#endif
