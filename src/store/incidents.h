/*
 * What went wrong and what left the house: incidents (each 500's number, for the operator) and
 * the log of deliveries (each message and webhook call, target masked).
 */
#ifndef CHIROGRAPH_STORE_INCIDENTS_H
#define CHIROGRAPH_STORE_INCIDENTS_H

#include "store/db.h"

struct incident {
	const char *external_id; /* what the caller is told */
	int64_t created_at;
	const char *route;  /* method and pattern, no ids */
	const char *detail; /* for the operator; no secrets, no personal data */
};

enum err CHECKED store_incident_add(struct db *db, const struct incident *i);
enum err CHECKED store_incident_find(struct db *db, const char *external_id, struct arena *arena,
    struct incident *out); /* ERR_NOT_FOUND */
/* Up to *n since that time, newest first. */
enum err CHECKED store_incident_list(
    struct db *db, int64_t since, struct arena *arena, struct incident *out, size_t *n);
enum err CHECKED store_incident_sweep(struct db *db, int64_t created_before);

struct delivery {
	int64_t row;
	int64_t organisation, envelope; /* envelope 0: none */
	const char *kind;               /* the job's */
	const char *target_masked;
	int64_t at;
	int attempt;
	int status; /* what the other side answered; 0: no answer */
	const char *detail;
};

enum err CHECKED store_delivery_add(struct db *db, const struct delivery *d);
/* Up to *n of an envelope with a row id above `after`, oldest first. */
enum err CHECKED store_delivery_list(struct db *db, int64_t organisation, int64_t envelope,
    int64_t after, struct arena *arena, struct delivery *out, size_t *n);

#endif
