/*
 * See the header. A change writes the whole profile: a member that is left out becomes "".
 */
#include "api/companies.h"

#include "api/fields.h"
#include "api/words.h"
#include "base/clock.h"
#include "base/text.h"

#include <string.h>

#define PROFILE_MAX (16 * LIMIT_KB)

struct profile {
	json_t *owner;
	const char *name, *city, *country, *domain, *ref;
};

static void profile_free(struct profile *p)
{
	json_decref(p->owner);
}

static enum err optional(const struct fields *f, const char *name, const char **out)
{
	TRY(field_text(f, name, (struct text_rule){0, LIMIT_COMPANY_TEXT_CHARS, false}, out));
	if (*out == NULL)
		*out = "";
	return OK;
}

static enum err decode(struct call *call, struct profile *p)
{
	struct fields f;
	struct text_rule rule = {1, LIMIT_COMPANY_TEXT_CHARS, true};

	TRY(fields_read(call->body, call->arena, &call->fault, &p->owner, &f));
	TRY(field_text(&f, "name", rule, &p->name));
	TRY(optional(&f, "city", &p->city));
	TRY(optional(&f, "country", &p->country));
	TRY(optional(&f, "domain", &p->domain));
	return optional(&f, "ref", &p->ref);
}

static void put_profile(struct json_writer *w, const struct profile *p)
{
	jw_string(w, "name", p->name);
	jw_string(w, "city", p->city);
	jw_string(w, "country", p->country);
	jw_string(w, "domain", p->domain);
	jw_string(w, "ref", p->ref);
}

static struct vault_place place_of(const char *id)
{
	return (struct vault_place){"company", "profile", id};
}

static enum err profile_seal(
    struct call *call, const struct profile *p, const char *id, struct span *out)
{
	CLEANUP(buf_free) struct buf json = {0}, sealed = {0};
	struct json_writer w;
	uint8_t key[KEY_SIZE];

	buf_init(&json, PROFILE_MAX);
	buf_init(&sealed, 2 * PROFILE_MAX);
	jw_init(&w, &json);
	jw_object(&w, NULL);
	put_profile(&w, p);
	jw_end_object(&w);
	TRY(buf_done(&json));
	TRY(organisation_key(call, key));
	enum err e = vault_seal(key, place_of(id), buf_span(&json), &sealed);
	secret_wipe(key, sizeof key);
	TRY(e);
	*out = span_of(span_dup(call->arena, buf_span(&sealed)), sealed.size);
	return out->data != NULL ? OK : ERR_MEMORY;
}

static enum err profile_open(
    const uint8_t key[KEY_SIZE], const struct stored_company *c, struct profile *p)
{
	CLEANUP(buf_free) struct buf json = {0};
	const char **const members[] = {&p->name, &p->city, &p->country, &p->domain, &p->ref};
	const char *const names[] = {"name", "city", "country", "domain", "ref"};

	buf_init(&json, PROFILE_MAX);
	TRY(vault_open(key, place_of(c->id), c->profile, &json));
	TRY(json_read(buf_span(&json), &p->owner, NULL));
	for (size_t i = 0; i < 5; i++) {
		*members[i] = json_string_value(json_object_get(p->owner, names[i]));
		ENSURE(*members[i] != NULL, ERR_STORE);
	}
	return OK;
}

/* ---- writing ---- */

struct writing {
	struct call *call;
	struct profile profile;
	struct stored_company row;
	struct words words;
	bool is_new;
};

static enum err write_work(struct db *db, void *ctx)
{
	struct writing *w = ctx;
	struct company_scope scope = company_scope_of(w->call);

	if (w->is_new)
		TRY(store_company_add(db, &scope, &w->row));
	else
		TRY(store_company_save(db, &scope, &w->row));
	TRY(store_company_words(db, &scope, w->row.row, w->words.items, w->words.count));
	return call_keep_answer(w->call, db);
}

static enum err write_company(struct writing *w)
{
	struct call *call = w->call;
	struct company_scope scope = company_scope_of(call);
	struct json_writer json;
	const char *found_by[] = {w->profile.name, w->profile.domain, w->profile.ref, NULL};

	TRY(profile_seal(call, &w->profile, w->row.id, &w->row.profile));
	TRY(words_of_name(call->app, &scope, found_by, call->arena, &w->words));
	reply_json(call->reply, w->is_new ? 201 : 200, &json);
	jw_string(&json, "company_id", w->row.id);
	jw_string(&json, "ref", w->profile.ref);
	jw_end_object(&json);
	return call_write(call, write_work, w);
}

static enum err create_body(struct call *call)
{
	struct writing w = {.call = call, .is_new = true, .row.created_at = call->req->now};
	char id[KSUID_TEXT_SIZE];

	w.row.id = id;
	enum err e = decode(call, &w.profile);
	if (e == OK)
		e = random_ksuid(call->req->now, id);
	if (e == OK)
		e = write_company(&w);
	profile_free(&w.profile);
	return e;
}

void api_company_create(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, create_body);
}

static enum err put_body(struct call *call)
{
	struct writing w = {.call = call};

	TRY(company_find(call, call->req->params[0], &w.row));
	w.row.updated_at = call->req->now;
	enum err e = decode(call, &w.profile);
	if (e == OK)
		e = write_company(&w);
	profile_free(&w.profile);
	return e;
}

void api_company_put(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, put_body);
}

/* ---- reading ---- */

static void put_company(struct call *call, const struct stored_company *c, const struct profile *p)
{
	struct json_writer w;

	reply_json(call->reply, 200, &w);
	jw_string(&w, "company_id", c->id);
	put_profile(&w, p);
	jw_int(&w, "created_at", c->created_at / CLOCK_SECOND);
	jw_int(&w, "updated_at", c->updated_at / CLOCK_SECOND);
	jw_end_object(&w);
}

static enum err get_body(struct call *call)
{
	struct stored_company c;
	struct profile p = {0};
	uint8_t key[KEY_SIZE];

	TRY(company_find(call, call->req->params[0], &c));
	TRY(organisation_key(call, key));
	enum err e = profile_open(key, &c, &p);
	secret_wipe(key, sizeof key);
	if (e == OK)
		put_company(call, &c, &p);
	profile_free(&p);
	return e;
}

void api_company_get(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, get_body);
}

/* ---- searching ---- */

struct search_work {
	struct call *call;
	struct company_search search;
	struct stored_company *rows;
	size_t count;
	int64_t total;
};

static enum err search_work(struct db *db, void *ctx)
{
	struct search_work *w = ctx;

	return store_company_search(db, &w->search, w->call->arena, &w->rows, &w->count, &w->total);
}

static enum err decode_limit(struct call *call, size_t *out)
{
	struct span text;
	size_t v = 0;

	*out = LIMIT_COMPANY_LIST;
	if (!http_query(call->req, "limit", &text))
		return OK;
	for (size_t i = 0; i < text.size && v <= LIMIT_COMPANY_LIST; i++)
		v = text.data[i] >= '0' && text.data[i] <= '9' ? v * 10 + text.data[i] - '0'
							       : SIZE_MAX / 16;
	if (text.size == 0 || v < 1 || v > LIMIT_COMPANY_LIST)
		return fault_set(&call->fault, ERR_CURSOR, "limit",
		    "It must be a number from 1 to %d.", LIMIT_COMPANY_LIST);
	*out = v;
	return OK;
}

static enum err decode_cursor(struct call *call, int64_t *after)
{
	struct stored_company last;
	struct span id;

	if (!http_query(call->req, "cursor", &id) || id.size == 0)
		return OK;
	enum err e = company_find(call, id, &last);
	if (e == ERR_NOT_FOUND)
		return fault_set(
		    &call->fault, ERR_CURSOR, "cursor", "Use next_cursor of the page before.");
	TRY(e);
	*after = last.row;
	return OK;
}

/* is_none: a query without a word in it, which no name has. */
static enum err decode_query(struct call *call, struct company_search *search, bool *is_none)
{
	struct span text;

	*is_none = false;
	if (!http_query(call->req, "query", &text) || span_trim(text).size == 0)
		return OK;
	if (!text_is_utf8(text))
		return fault_set(&call->fault, ERR_TEXT, "query", "%s", "");
	if (text_length(text) > LIMIT_COMPANY_QUERY_CHARS)
		return fault_set(&call->fault, ERR_FIELD_LENGTH, "query", "At most %d characters.",
		    LIMIT_COMPANY_QUERY_CHARS);
	enum err e = words_of_query(call->app, text, search);
	if (e == ERR_TOO_MANY)
		return fault_set(
		    &call->fault, e, "query", "At most %d words.", COMPANY_QUERY_WORDS);
	*is_none = search->word_count == 0;
	return e;
}

static enum err put_matches(
    struct json_writer *w, const uint8_t key[KEY_SIZE], const struct search_work *s, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct profile p = {0};
		enum err e = profile_open(key, &s->rows[i], &p);

		if (e == OK) {
			jw_object(w, NULL);
			jw_string(w, "company_id", s->rows[i].id);
			jw_string(w, "name", p.name);
			jw_string(w, "domain", p.domain);
			jw_end_object(w);
		}
		profile_free(&p);
		TRY(e);
	}
	return OK;
}

static enum err put_search(struct call *call, const struct search_work *s)
{
	bool has_more = s->count > s->search.limit;
	size_t count = has_more ? s->search.limit : s->count;
	struct json_writer w;
	uint8_t key[KEY_SIZE];

	TRY(organisation_key(call, key));
	reply_json(call->reply, 200, &w);
	jw_int(&w, "total_count", s->total);
	jw_array(&w, "matches");
	enum err e = put_matches(&w, key, s, count);
	secret_wipe(key, sizeof key);
	jw_end_array(&w);
	if (has_more)
		jw_string(&w, "next_cursor", s->rows[count - 1].id);
	jw_end_object(&w);
	return e;
}

static enum err search_body(struct call *call)
{
	struct search_work w = {.call = call, .search.scope = company_scope_of(call)};
	bool is_none;

	TRY(decode_query(call, &w.search, &is_none));
	TRY(decode_limit(call, &w.search.limit));
	TRY(decode_cursor(call, &w.search.after));
	if (!is_none)
		TRY(store_read(call->app->store, search_work, &w));
	return put_search(call, &w);
}

void api_company_search(void *app, const struct http_request *req, struct http_reply *reply)
{
	call_run(app, req, reply, search_body);
}
