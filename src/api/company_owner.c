/*
 * Whose company is it: the choice of the organisation for people with several, and finding the
 * company that a request names.
 */
#include "api/companies.h"

#include "base/text.h"

#include <string.h>

struct owner_work {
	struct call *call;
	const char *id;
	int64_t organisation;
};

static enum err owner_work(struct db *db, void *ctx)
{
	struct owner_work *w = ctx;
	const struct principal *p = &w->call->principal;

	return store_company_owner(db, w->id, (int)p->environment, p->user, &w->organisation);
}

static bool named_company(const struct call *call, struct span *id)
{
	const struct http_request *req = call->req;

	if (strstr(req->route->pattern, "/company/:company") == req->route->pattern)
		*id = req->params[0];
	else if (!http_query(req, "company_id", id))
		return false;
	return text_is_id(*id);
}

static enum err choose(struct call *call, struct span id)
{
	struct owner_work w = {call, span_dup(call->arena, id), 0};

	ENSURE(w.id != NULL, ERR_MEMORY);
	enum err e = store_read(call->app->store, owner_work, &w);
	if (e == OK)
		call->principal.organisation = w.organisation;
	return e == ERR_NOT_FOUND ? OK : e;
}

enum err company_decides(struct call *call)
{
	struct span id;

	if (call->principal.user == 0 || !named_company(call, &id))
		return OK;
	return choose(call, id);
}

static enum err organisation_work(struct db *db, void *ctx)
{
	struct call *call = ctx;
	return store_organisation_get(
	    db, call->principal.organisation, call->arena, &call->organisation);
}

enum err company_decides_for(struct call *call, const char *id)
{
	int64_t before = call->principal.organisation;

	if (call->principal.user == 0 || !text_is_id(span_str(id)))
		return OK;
	TRY(choose(call, span_str(id)));
	if (call->principal.organisation == before)
		return OK;
	TRY(store_read(call->app->store, organisation_work, call));
	call->reply->tenant = call->organisation.external_id;
	return OK;
}

struct company_scope company_scope_of(const struct call *call)
{
	return (struct company_scope){
	    call->principal.organisation, (int)call->principal.environment};
}

struct find_work {
	struct call *call;
	const char *id;
	struct stored_company *out;
};

static enum err find_work(struct db *db, void *ctx)
{
	struct find_work *w = ctx;
	struct company_scope scope = company_scope_of(w->call);

	return store_company_find(db, &scope, w->id, w->call->arena, w->out);
}

enum err company_find(struct call *call, struct span id, struct stored_company *out)
{
	struct find_work w = {call, span_dup(call->arena, id), out};

	ENSURE(w.id != NULL, ERR_MEMORY);
	ENSURE(text_is_id(id), ERR_NOT_FOUND);
	return store_read(call->app->store, find_work, &w);
}

enum err organisation_key(struct call *call, uint8_t key[KEY_SIZE])
{
	return app_data_key(call->app, &call->organisation, 0, call->organisation.data_key, key);
}
