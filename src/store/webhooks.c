/* The webhook of an organisation's environment, row by row. */
#include "store/webhooks.h"

enum err store_webhook_set(struct db *db, const struct stored_webhook *w)
{
	struct query q;
	query_start(&q, db, SQL_WEBHOOK_SET);
	query_int(&q, w->organisation);
	query_int(&q, w->environment);
	query_text(&q, w->url);
	query_blob(&q, w->secret);
	query_text(&q, w->types);
	query_text(&q, w->allowed);
	query_text(&q, w->profile);
	query_int(&q, w->created_at);
	return query_run(&q);
}

enum err store_webhook_get(struct db *db, int64_t organisation, int environment,
    struct arena *arena, struct stored_webhook *out)
{
	struct query q;
	query_start(&q, db, SQL_WEBHOOK_GET);
	query_int(&q, organisation);
	query_int(&q, environment);
	bool is_found = query_next(&q);
	if (is_found)
		*out = (struct stored_webhook){
		    .row = query_column_int(&q, 0),
		    .organisation = organisation,
		    .environment = (int)query_column_int(&q, 1),
		    .url = query_column_text(&q, 2, arena),
		    .secret = query_column_copy(&q, 3, arena),
		    .types = query_column_text(&q, 4, arena),
		    .allowed = query_column_text(&q, 5, arena),
		    .profile = query_column_text(&q, 6, arena),
		    .created_at = query_column_int(&q, 7),
		};
	TRY(query_end(&q));
	return is_found ? OK : ERR_NOT_FOUND;
}

enum err store_webhook_remove(struct db *db, int64_t organisation, int environment)
{
	struct query q;
	query_start(&q, db, SQL_WEBHOOK_REMOVE);
	query_int(&q, organisation);
	query_int(&q, environment);
	return query_run_changing(&q, ERR_NOT_FOUND);
}
