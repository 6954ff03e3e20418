/* Incidents and the log of deliveries, row by row. */
#include "store/incidents.h"

static void incident_read(struct query *q, struct arena *arena, struct incident *out)
{
	*out = (struct incident){
	    .external_id = query_column_text(q, 0, arena),
	    .created_at = query_column_int(q, 1),
	    .route = query_column_text(q, 2, arena),
	    .detail = query_column_text(q, 3, arena),
	};
}

enum err store_incident_add(struct db *db, const struct incident *i)
{
	struct query q;
	query_start(&q, db, SQL_INCIDENT_ADD);
	query_text(&q, i->external_id);
	query_int(&q, i->created_at);
	query_text(&q, i->route);
	query_text(&q, i->detail);
	return query_run(&q);
}

enum err store_incident_find(
    struct db *db, const char *external_id, struct arena *arena, struct incident *out)
{
	struct query q;
	query_start(&q, db, SQL_INCIDENT_FIND);
	query_text(&q, external_id);
	bool is_found = query_next(&q);
	if (is_found)
		incident_read(&q, arena, out);
	TRY(query_end(&q));
	return is_found ? OK : ERR_NOT_FOUND;
}

enum err store_incident_list(
    struct db *db, int64_t since, struct arena *arena, struct incident *out, size_t *n)
{
	struct query q;
	size_t max = *n;
	*n = 0;
	query_start(&q, db, SQL_INCIDENT_LIST);
	query_int(&q, since);
	query_int(&q, (int64_t)max);
	while (*n < max && query_next(&q))
		incident_read(&q, arena, &out[(*n)++]);
	return query_end(&q);
}

enum err store_incident_sweep(struct db *db, int64_t created_before)
{
	struct query q;
	query_start(&q, db, SQL_INCIDENT_SWEEP);
	query_int(&q, created_before);
	return query_run(&q);
}

enum err store_delivery_add(struct db *db, const struct delivery *d)
{
	struct query q;
	query_start(&q, db, SQL_DELIVERY_ADD);
	query_int(&q, d->organisation);
	query_row(&q, d->envelope);
	query_text(&q, d->kind);
	query_text(&q, d->target_masked);
	query_int(&q, d->at);
	query_int(&q, d->attempt);
	query_int(&q, d->status);
	query_text(&q, d->detail);
	return query_run(&q);
}

enum err store_delivery_list(struct db *db, int64_t organisation, int64_t envelope, int64_t after,
    struct arena *arena, struct delivery *out, size_t *n)
{
	struct query q;
	size_t max = *n;
	*n = 0;
	query_start(&q, db, SQL_DELIVERY_LIST);
	query_int(&q, organisation);
	query_int(&q, envelope);
	query_int(&q, after);
	query_int(&q, (int64_t)max);
	while (*n < max && query_next(&q))
		out[(*n)++] = (struct delivery){
		    .row = query_column_int(&q, 0),
		    .organisation = organisation,
		    .envelope = query_column_int(&q, 1),
		    .kind = query_column_text(&q, 2, arena),
		    .target_masked = query_column_text(&q, 3, arena),
		    .at = query_column_int(&q, 4),
		    .attempt = (int)query_column_int(&q, 5),
		    .status = (int)query_column_int(&q, 6),
		    .detail = query_column_text(&q, 7, arena),
		};
	return query_end(&q);
}
