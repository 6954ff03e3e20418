/*
 * Organisations, people and settings, row by row. Nothing here decides; each function is one
 * statement and the words for its outcome.
 */
#include "store/organisations.h"

static void organisation_read(struct query *q, struct arena *arena, struct stored_organisation *out)
{
	*out = (struct stored_organisation){
	    .row = query_column_int(q, 0),
	    .external_id = query_column_text(q, 1, arena),
	    .name = query_column_text(q, 2, arena),
	    .time_zone = query_column_text(q, 3, arena),
	    .language = query_column_text(q, 4, arena),
	    .support_email = query_column_text(q, 5, arena),
	    .redirect_url = query_column_text(q, 6, arena),
	    .expiry = query_column_text(q, 7, arena),
	    .wrapped_key = query_column_copy(q, 8, arena),
	    .data_key = query_column_copy(q, 9, arena),
	    .created_at = query_column_int(q, 10),
	};
}

static enum err organisation_only(
    struct query *q, struct arena *arena, struct stored_organisation *out)
{
	bool is_found = query_next(q);
	if (is_found)
		organisation_read(q, arena, out);
	TRY(query_end(q));
	return is_found ? OK : ERR_NOT_FOUND;
}

enum err store_organisation_add(struct db *db, struct stored_organisation *o)
{
	struct query q;
	query_start(&q, db, SQL_ORGANISATION_ADD);
	query_text(&q, o->external_id);
	query_text(&q, o->name);
	query_text(&q, o->time_zone);
	query_text(&q, o->language);
	query_text(&q, o->support_email);
	query_text(&q, o->redirect_url);
	query_text(&q, o->expiry);
	query_blob(&q, o->wrapped_key);
	query_blob(&q, o->data_key);
	query_int(&q, o->created_at);
	if (query_next(&q))
		o->row = query_column_int(&q, 0);
	return query_end(&q);
}

enum err store_organisation_get(
    struct db *db, int64_t row, struct arena *arena, struct stored_organisation *out)
{
	struct query q;
	query_start(&q, db, SQL_ORGANISATION_GET);
	query_int(&q, row);
	return organisation_only(&q, arena, out);
}

enum err store_organisation_find(
    struct db *db, const char *external_id, struct arena *arena, struct stored_organisation *out)
{
	struct query q;
	query_start(&q, db, SQL_ORGANISATION_FIND);
	query_text(&q, external_id);
	return organisation_only(&q, arena, out);
}

enum err store_organisation_list(
    struct db *db, int64_t after, struct arena *arena, struct stored_organisation *out, size_t *n)
{
	struct query q;
	size_t max = *n;
	*n = 0;
	query_start(&q, db, SQL_ORGANISATION_LIST);
	query_int(&q, after);
	query_int(&q, (int64_t)max);
	while (*n < max && query_next(&q))
		organisation_read(&q, arena, &out[(*n)++]);
	return query_end(&q);
}

enum err store_organisation_update(struct db *db, const struct stored_organisation *o)
{
	struct query q;
	query_start(&q, db, SQL_ORGANISATION_UPDATE);
	query_int(&q, o->row);
	query_text(&q, o->name);
	query_text(&q, o->time_zone);
	query_text(&q, o->language);
	query_text(&q, o->support_email);
	query_text(&q, o->redirect_url);
	query_text(&q, o->expiry);
	return query_run_changing(&q, ERR_NOT_FOUND);
}

static void setting_read(struct query *q, struct arena *arena, struct stored_setting *out)
{
	*out = (struct stored_setting){
	    .name = query_column_text(q, 0, arena),
	    .value = query_column_copy(q, 1, arena),
	    .is_sealed = query_column_int(q, 2) != 0,
	};
}

enum err store_setting_set(struct db *db, int64_t organisation, const struct stored_setting *s)
{
	struct query q;
	query_start(&q, db, SQL_SETTING_SET);
	query_int(&q, organisation);
	query_text(&q, s->name);
	query_blob(&q, s->value.size == 0 ? span_str("") : s->value);
	query_int(&q, s->is_sealed);
	return query_run(&q);
}

enum err store_setting_get(struct db *db, int64_t organisation, const char *name,
    struct arena *arena, struct stored_setting *out)
{
	struct query q;
	query_start(&q, db, SQL_SETTING_GET);
	query_int(&q, organisation);
	query_text(&q, name);
	bool is_found = query_next(&q);
	if (is_found)
		setting_read(&q, arena, out);
	TRY(query_end(&q));
	return is_found ? OK : ERR_NOT_FOUND;
}

enum err store_setting_list(struct db *db, int64_t organisation, const char *prefix,
    struct arena *arena, struct stored_setting *out, size_t *n)
{
	struct query q;
	size_t max = *n;
	*n = 0;
	query_start(&q, db, SQL_SETTING_LIST);
	query_int(&q, organisation);
	query_text(&q, prefix);
	query_int(&q, (int64_t)max);
	while (*n < max && query_next(&q) && span_starts(query_column(&q, 0), prefix))
		setting_read(&q, arena, &out[(*n)++]);
	return query_end(&q);
}

enum err store_setting_remove(struct db *db, int64_t organisation, const char *name)
{
	struct query q;
	query_start(&q, db, SQL_SETTING_REMOVE);
	query_int(&q, organisation);
	query_text(&q, name);
	return query_run_changing(&q, ERR_NOT_FOUND);
}

enum err store_user_add(struct db *db, struct stored_user *u)
{
	struct query q;
	query_start(&q, db, SQL_USER_ADD);
	query_text(&q, u->external_id);
	query_text(&q, u->email);
	query_text(&q, u->name);
	query_int(&q, u->created_at);
	if (query_next(&q))
		u->row = query_column_int(&q, 0);
	return query_end(&q);
}

static void user_read(struct query *q, struct arena *arena, struct stored_user *out)
{
	*out = (struct stored_user){
	    .row = query_column_int(q, 0),
	    .external_id = query_column_text(q, 1, arena),
	    .email = query_column_text(q, 2, arena),
	    .name = query_column_text(q, 3, arena),
	    .created_at = query_column_int(q, 4),
	};
}

enum err store_user_find_email(
    struct db *db, const char *email, struct arena *arena, struct stored_user *out)
{
	struct query q;
	query_start(&q, db, SQL_USER_FIND_EMAIL);
	query_text(&q, email);
	bool is_found = query_next(&q);
	if (is_found)
		user_read(&q, arena, out);
	TRY(query_end(&q));
	return is_found ? OK : ERR_NOT_FOUND;
}

enum err store_membership_set(
    struct db *db, int64_t organisation, int64_t user, const char *role, int64_t now)
{
	struct query q;
	query_start(&q, db, SQL_MEMBERSHIP_SET);
	query_int(&q, organisation);
	query_int(&q, user);
	query_text(&q, role);
	query_int(&q, now);
	return query_run(&q);
}

enum err store_membership_get(
    struct db *db, int64_t organisation, int64_t user, struct arena *arena, const char **role)
{
	struct query q;
	query_start(&q, db, SQL_MEMBERSHIP_GET);
	query_int(&q, organisation);
	query_int(&q, user);
	bool is_found = query_next(&q);
	if (is_found)
		*role = query_column_text(&q, 0, arena);
	TRY(query_end(&q));
	return is_found ? OK : ERR_NOT_FOUND;
}

enum err store_membership_list(struct db *db, int64_t organisation, int64_t after,
    struct arena *arena, struct stored_user *out, const char **roles, size_t *n)
{
	struct query q;
	size_t max = *n;
	*n = 0;
	query_start(&q, db, SQL_MEMBERSHIP_LIST);
	query_int(&q, organisation);
	query_int(&q, after);
	query_int(&q, (int64_t)max);
	while (*n < max && query_next(&q)) {
		user_read(&q, arena, &out[*n]);
		roles[(*n)++] = query_column_text(&q, 5, arena);
	}
	return query_end(&q);
}
