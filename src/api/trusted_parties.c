/*
 * Trusted parties of a company: people, by e-mail address. An address stands once in a company;
 * its keyed hash says so without the address.
 */
#include "api/companies.h"

#include "api/fields.h"
#include "api/words.h"
#include "base/clock.h"
#include "base/text.h"

#include <string.h>

struct party {
	json_t *owner;
	const char *address, *name;
};

static struct vault_place place_of(const char *id)
{
	return (struct vault_place){"trusted_party", "profile", id};
}

static enum err decode(struct call *call, struct party *p)
{
	struct fields f;
	const char *type;

	TRY(fields_read(call->body, call->arena, &call->fault, &p->owner, &f));
	TRY(field_text(&f, "address", (struct text_rule){1, 254, true}, &p->address));
	if (!text_is_email(span_str(p->address)))
		return fields_fault(&f, ERR_EMAIL, "address", NULL);
	TRY(field_text(
	    &f, "name", (struct text_rule){0, LIMIT_COMPANY_TEXT_CHARS, false}, &p->name));
	TRY(field_text(&f, "type", (struct text_rule){0, 20, false}, &type));
	if (type != NULL && strcmp(type, "user") != 0)
		return fields_fault(&f, ERR_FIELD_VALUE, "type", "It must be user.");
	return OK;
}

static enum err party_seal(
    struct call *call, const struct party *p, const char *id, struct span *out)
{
	CLEANUP(buf_free) struct buf json = {0}, sealed = {0};
	struct json_writer w;
	uint8_t key[KEY_SIZE];

	buf_init(&json, 16 * LIMIT_KB);
	buf_init(&sealed, 16 * LIMIT_KB);
	jw_init(&w, &json);
	jw_object(&w, NULL);
	jw_string(&w, "address", p->address);
	jw_string(&w, "name", p->name != NULL ? p->name : "");
	jw_end_object(&w);
	TRY(buf_done(&json));
	TRY(organisation_key(call, key));
	enum err e = vault_seal(key, place_of(id), buf_span(&json), &sealed);
	secret_wipe(key, sizeof key);
	TRY(e);
	*out = span_of(span_dup(call->arena, buf_span(&sealed)), sealed.size);
	return out->data != NULL ? OK : ERR_MEMORY;
}

struct add_work {
	struct call *call;
	int64_t company;
	struct stored_party row;
};

static enum err add_work(struct db *db, void *ctx)
{
	struct add_work *w = ctx;

	TRY(store_party_add(db, w->call->principal.organisation, w->company, &w->row));
	return call_keep_answer(w->call, db);
}

static void put_done(struct call *call, unsigned status, const char *id)
{
	struct json_writer w;

	reply_json(call->reply, status, &w);
	jw_int(&w, "code", status);
	jw_string(&w, "msg", status == 201 ? "Created" : "OK");
	jw_string(&w, "trusted_entity_id", id);
	jw_end_object(&w);
}

/* In one company, and in any case of letters. */
static enum err address_hash(
    struct call *call, const char *company, const char *address, struct word_hash *out)
{
	struct company_scope scope = company_scope_of(call);
	char *text = arena_format(call->arena, "%s %s", company, address);

	ENSURE(text != NULL, ERR_MEMORY);
	for (char *c = text + strlen(company); *c != 0; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + 'a' - 'A');
	return word_of_whole(call->app, &scope, span_str(text), out);
}

static enum err add_party(struct call *call, const struct stored_company *c, const struct party *p)
{
	char id[KSUID_TEXT_SIZE];
	struct add_work w = {call, c->row, {.id = id, .created_at = call->req->now}};

	TRY(random_ksuid(call->req->now, id));
	TRY(party_seal(call, p, id, &w.row.profile));
	TRY(address_hash(call, c->id, p->address, &w.row.address));
	put_done(call, 201, id);
	enum err e = call_write(call, add_work, &w);
	if (e == ERR_CONFLICT)
		return fault_set(&call->fault, e, "address", "The company has this party.");
	if (e == ERR_TOO_MANY)
		return fault_set(
		    &call->fault, e, "trustedparty", "At most %d.", LIMIT_TRUSTED_PARTIES);
	return e;
}

static enum err add_body(struct call *call)
{
	struct stored_company c;
	struct party p = {0};

	TRY(company_find(call, call->req->params[0], &c));
	enum err e = decode(call, &p);
	if (e == OK)
		e = add_party(call, &c, &p);
	json_decref(p.owner);
	return e;
}

void api_party_add(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, add_body);
}

/* ---- the list ---- */

struct list_work {
	struct call *call;
	int64_t company;
	struct stored_party *rows;
	size_t count;
};

static enum err list_work(struct db *db, void *ctx)
{
	struct list_work *w = ctx;

	return store_party_list(
	    db, w->call->principal.organisation, w->company, w->call->arena, &w->rows, &w->count);
}

static enum err put_party(
    struct json_writer *w, const uint8_t key[KEY_SIZE], const struct stored_party *row)
{
	CLEANUP(buf_free) struct buf json = {0};
	json_t *owner CLEANUP(json_freep) = NULL;

	buf_init(&json, 16 * LIMIT_KB);
	TRY(vault_open(key, place_of(row->id), row->profile, &json));
	TRY(json_read(buf_span(&json), &owner, NULL));
	jw_object(w, NULL);
	jw_string(w, "trusted_entity_id", row->id);
	jw_string(w, "name", json_string_value(json_object_get(owner, "name")));
	jw_string(w, "type", "user");
	jw_string(w, "address", json_string_value(json_object_get(owner, "address")));
	jw_int(w, "created", row->created_at / CLOCK_SECOND);
	jw_end_object(w);
	return OK;
}

static enum err list_body(struct call *call)
{
	struct stored_company c;
	struct list_work list = {.call = call};
	struct json_writer w;
	uint8_t key[KEY_SIZE];
	enum err e = OK;

	TRY(company_find(call, call->req->params[0], &c));
	list.company = c.row;
	TRY(store_read(call->app->store, list_work, &list));
	TRY(organisation_key(call, key));
	reply_json(call->reply, 200, &w);
	jw_string(&w, "company_id", c.id);
	jw_int(&w, "total_count", (int64_t)list.count);
	jw_array(&w, "list");
	for (size_t i = 0; e == OK && i < list.count; i++)
		e = put_party(&w, key, &list.rows[i]);
	secret_wipe(key, sizeof key);
	jw_end_array(&w);
	jw_end_object(&w);
	return e;
}

void api_party_list(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, list_body);
}

/* ---- removing ---- */

struct remove_work {
	struct call *call;
	int64_t company;
	const char *id;
};

static enum err remove_work(struct db *db, void *ctx)
{
	struct remove_work *w = ctx;

	TRY(store_party_remove(db, w->call->principal.organisation, w->company, w->id));
	return call_keep_answer(w->call, db);
}

static enum err remove_body(struct call *call)
{
	struct stored_company c;
	struct remove_work w = {.call = call, .id = span_dup(call->arena, call->req->params[1])};

	ENSURE(w.id != NULL, ERR_MEMORY);
	TRY(company_find(call, call->req->params[0], &c));
	w.company = c.row;
	put_done(call, 200, w.id);
	return call_write(call, remove_work, &w);
}

void api_party_remove(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, remove_body);
}
