/*
 * The webhook of an organisation, one for each environment. The secret arrives and leaves
 * sealed under the organisation's data key.
 */
#ifndef CHIROGRAPH_STORE_WEBHOOKS_H
#define CHIROGRAPH_STORE_WEBHOOKS_H

#include "store/db.h"

struct stored_webhook {
	int64_t row;
	int64_t organisation;
	int environment; /* 0 sandbox, 1 production */
	const char *url;
	struct span secret;  /* sealed */
	const char *types;   /* event types with spaces between; "": the default ones */
	const char *allowed; /* private addresses the operator allows, spaces between; "": none */
	const char *profile; /* "legacy", … */
	int64_t created_at;
};

/* Makes it or changes the one that is there. */
enum err CHECKED store_webhook_set(struct db *db, const struct stored_webhook *w);
enum err CHECKED store_webhook_get(struct db *db, int64_t organisation, int environment,
    struct arena *arena, struct stored_webhook *out); /* ERR_NOT_FOUND */
enum err CHECKED store_webhook_remove(struct db *db, int64_t organisation, int environment);

#endif
