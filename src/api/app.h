/*
 * What every handler stands on: the rooms below, opened once by front, and the settings that
 * requests need. Read-only after start, except the atomics.
 */
#ifndef CHIROGRAPH_API_APP_H
#define CHIROGRAPH_API_APP_H

#include "auth/auth.h"
#include "auth/rate.h"
#include "base/crypto.h"
#include "courier/courier.h"
#include "keyd/keyd.h"
#include "pdf/pdf.h"
#include "store/store.h"
#include "store/vault.h"

#include <pthread.h>
#include <stdatomic.h>

#define APP_ANSWER_KEYS 64

struct app {
	const char *data; /* DIR */
	struct auth *auth;
	struct rates *rates;
	struct store *store;
	struct vault *vault;
	struct keyd *keyd;
	struct press press;
	struct courier courier;

	const char *base_url;  /* first external base URL, no slash at the end: links to files */
	const char *pages_url; /* of the signer's pages, no slash at the end */
	const char *support_email; /* NULL: none */
	const char *default_language;
	atomic_bool has_mail, has_sms, has_whatsapp; /* a server or gateway is configured */

	uint8_t file_key[KEY_SIZE];        /* MAC of links to files */
	uint8_t idempotency_key[KEY_SIZE]; /* stored answers */
	uint8_t index_key[KEY_SIZE];       /* words of names */
	struct {
		pthread_rwlock_t lock;
		struct keyd_public list[APP_ANSWER_KEYS]; /* newest first in each line */
		size_t count;
	} answer_keys;
	struct feeds *feeds; /* who listens, see api/feed.h */
	int64_t feed_ping_ms;
	atomic_bool is_seal_ready; /* the sealing key passed its test */
	atomic_bool is_maintenance;
	atomic_int_least64_t incident_told_at; /* when the operator was last mailed one */
	void (*wake_jobs)(void *ctx);          /* new jobs were committed */
	void *wake_ctx;
};

#endif
