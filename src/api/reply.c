/*
 * Answers. An error's texts come from the one table; "{field}" and "{detail}" are filled
 * with what the decoder knew, and the route's family gives the shape. A 500 is kept as an
 * incident, and its id is what the caller is told: the cause stays in the log.
 */
#include "api/call.h"
#include "api/detail.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "store/incidents.h"
#include "store/jobs.h"

#include <stdio.h>
#include <string.h>

void reply_json(struct http_reply *reply, unsigned status, struct json_writer *w)
{
	reply->status = status;
	reply->content_type = "application/json";
	jw_init(w, &reply->body);
	jw_object(w, NULL);
}

static void fill(struct buf *out, const char *text, const char *field, const char *detail)
{
	while (*text != 0) {
		size_t plain = strcspn(text, "{");
		buf_put(out, text, plain);
		text += plain;
		struct span name = text_placeholder(span_str(text));
		if (name.size > 0) {
			buf_put_str(out, span_equal_str(name, "field") ? field : detail);
			text += name.size + 2;
		} else if (*text != 0) {
			buf_put_byte(out, (uint8_t)*text++);
		}
	}
	while (out->size > 0 && out->data[out->size - 1] == ' ')
		out->size--;
}

struct incident_work {
	struct incident incident;
	bool is_told; /* by mail, with the first of an hour */
};

static enum err incident_work(struct db *db, void *ctx)
{
	struct incident_work *w = ctx;
	char payload[UUID_TEXT_SIZE + 128];
	TRY(store_incident_add(db, &w->incident));
	if (!w->is_told)
		return OK;
	snprintf(payload, sizeof payload, "%s %s", w->incident.external_id, w->incident.route);
	struct job_new job = {.lane = JOB_LANE_COURIER,
	    .kind = "incident",
	    .run_at = w->incident.created_at,
	    .dedupe = "incident",
	    .payload = span_str(payload),
	    .now = w->incident.created_at};
	return store_job_add(db, &job);
}

static bool is_to_be_told(struct app *app, int64_t now)
{
	int64_t told = atomic_load(&app->incident_told_at);
	return app->has_mail && app->support_email != NULL && now - told >= CLOCK_HOUR &&
	       atomic_compare_exchange_strong(&app->incident_told_at, &told, now);
}

void reply_incident(
    struct app *app, const struct http_request *req, enum err e, char id[UUID_TEXT_SIZE])
{
	struct incident_work w = {.incident = {.external_id = id,
				      .created_at = req->now,
				      .route = req->route ? req->route->name : "",
				      .detail = err_symbol(e)},
	    .is_told = is_to_be_told(app, req->now)};
	id[0] = 0;
	if (random_uuid(id) != OK)
		return;
	log_error(
	    "incident", "incident=%s route=%s error=%s", id, w.incident.route, w.incident.detail);
	if (store_write(app->store, incident_work, &w) != OK)
		log_error("incident not stored", "incident=%s", id);
	else if (w.is_told)
		app->wake_jobs(app->wake_ctx);
}

/* For what no row fits: no such path, or another method. */
static const struct {
	const char *start;
	enum auth_form form;
} families[] = {
    {"/api/v1/p/sign/", FORM_ENVELOPE},
    {"/api/v1/p/upload", FORM_INTEGRATION},
    {"/api/v1/p/document/", FORM_INTEGRATION},
    {"/api/v1/p/test", FORM_INTEGRATION},
    {"/api/v1/p/", FORM_PARTNER},
    {"/company", FORM_PARTNER},
    {"/feed", FORM_PARTNER},
    {"/upload", FORM_INTEGRATION},
    {"/document/", FORM_INTEGRATION},
    {"/test", FORM_INTEGRATION},
};

static enum auth_form form_of(const struct http_request *req)
{
	if (req->route != NULL)
		return (enum auth_form)req->route->form;
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		if (span_starts(req->path, families[i].start))
			return families[i].form;
	return FORM_ENVELOPE;
}

struct refusal {
	enum err e;
	const struct err_row *row;
	char field[FAULT_FIELD_MAX];
	char detail[FAULT_DETAIL_MAX + 128];
};

static void put_texts(struct http_reply *reply, const struct refusal *r)
{
	struct json_writer w;
	struct buf text, translated;
	bool is_translated = strcmp(r->row->english, r->row->portuguese) != 0;
	buf_init(&text, 4096);
	buf_init(&translated, 1024);
	detail_portuguese(r->detail, &translated);
	reply_json(reply, r->row->status, &w);
	jw_string(&w, "title", http_status_reason(r->row->status));
	fill(&text, r->row->english, r->field, r->detail);
	jw_span(&w, "description", buf_span(&text));
	buf_reset(&text);
	fill(&text, r->row->portuguese, r->field, is_translated ? buf_str(&translated) : r->detail);
	jw_span(&w, "translation", buf_span(&text));
	jw_string(&w, "code", r->row->code);
	if (r->field[0] != 0)
		jw_string(&w, "field", r->field);
	jw_end_object(&w);
	buf_free(&translated);
	buf_free(&text);
}

/* ---- the form of x-sign and of the partner routes ---- */

#define PARTNER_BAD_SIGNATURE 1020

static const char *partner_reason(const struct refusal *r, const struct session *s)
{
	switch ((int)r->e) {
	case ERR_SIGNATURE:
	case ERR_STALE: return r->detail[0] != 0 ? r->detail : "signature";
	case ERR_REPLAY: return s != NULL && s->auth.field == 'n' ? "nonce" : "replay";
	case ERR_AUTH_MISSING:
	case ERR_AUTH_KEY: return "empty token";
	default: return NULL;
	}
}

static bool is_bad_signature(enum err e, const struct session *s)
{
	return s != NULL && s->auth.scheme == AUTH_X_SIGN &&
	       (e == ERR_SIGNATURE || e == ERR_STALE || e == ERR_REPLAY);
}

static void put_partner(struct http_reply *reply, const struct refusal *r, const struct session *s)
{
	bool is_bad = is_bad_signature(r->e, s);
	const char *reason = partner_reason(r, s);
	struct json_writer w;
	struct buf text;
	buf_init(&text, 4096);
	if (reason != NULL)
		buf_put_str(&text, reason);
	else
		fill(&text, r->row->english, r->field, r->detail);
	reply_json(reply, r->row->status, &w);
	jw_int(&w, "code", is_bad ? PARTNER_BAD_SIGNATURE : (int)r->row->status);
	jw_string(&w, "msg", is_bad ? "errPartnerAuth" : http_status_reason(r->row->status));
	jw_object(&w, "detail");
	jw_span(&w, "reason", buf_span(&text));
	if (!auth_is_refusal(r->e))
		jw_string(&w, "code", r->row->code);
	if (r->field[0] != 0)
		jw_string(&w, "field", r->field);
	jw_end_object(&w);
	jw_end_object(&w);
	buf_free(&text);
}

/* Refusals of authentication have the scheme's form, everything else the route's. */
static bool is_partner_form(const struct http_request *req, enum err e)
{
	const struct session *s = session_of(req);
	if (s != NULL && s->auth.scheme != 0 && auth_is_refusal(e))
		return s->auth.scheme == AUTH_X_SIGN;
	return form_of(req) == FORM_PARTNER;
}

/* What the scheme, or the route where no scheme was told, calls this error. */
static enum err rename_error(const struct http_request *req, enum err e, struct fault *fault)
{
	const struct session *s = session_of(req);
	if (e == ERR_AUTH_MISSING && form_of(req) == FORM_INTEGRATION &&
	    (s == NULL || s->auth.scheme == 0))
		return ERR_CLIENT_KEY_MISSING;
	return s != NULL ? auth_refusal(&s->auth, e, fault) : e;
}

/* How long at most, where the error's own window is longer than a minute. */
static const char *retry_after(
    const struct http_request *req, const struct session *s, enum err e, unsigned status)
{
	switch ((int)e) {
	case ERR_CPF_LOCKED: return "3600";
	case ERR_CODE_SENDS: return "86400";
	case ERR_RATE:
		if (s != NULL && s->auth.retry_after_s > 0)
			return arena_format(req->arena, "%lld", (long long)s->auth.retry_after_s);
		break;
	default: break;
	}
	return status == 503 ? "2" : "60";
}

static bool has_header(const struct http_reply *reply, const char *name)
{
	for (size_t i = 0; i < reply->header_count; i++)
		if (span_equal_nocase(span_str(reply->headers[i].name), name))
			return true;
	return false;
}

static void put_retry_after(
    const struct http_request *req, struct http_reply *reply, enum err e, unsigned status)
{
	const struct session *s = session_of(req);

	if ((status != 503 || e == ERR_MAINTENANCE) && status != 429)
		return;
	if (!has_header(reply, "Retry-After"))
		http_reply_header(reply, "Retry-After", retry_after(req, s, e, status));
}

void reply_error(struct app *app, const struct http_request *req, struct http_reply *reply,
    enum err e, const struct fault *given)
{
	const struct session *s = session_of(req);
	struct fault fault = given != NULL ? *given : s != NULL ? s->fault : (struct fault){0};
	struct refusal r = {.e = rename_error(req, e, &fault)};
	char id[UUID_TEXT_SIZE] = "";
	r.row = err_row(r.e);
	if (fault.code == r.e) {
		snprintf(r.field, sizeof r.field, "%s", fault.field);
		snprintf(r.detail, sizeof r.detail, "%s", fault.detail);
	}
	if (r.row->status == 500) {
		reply_incident(app, req, e, id);
		r.row = err_row(ERR_INTERNAL);
		snprintf(r.detail, sizeof r.detail, "Incident %s%s%s.", id,
		    app->support_email ? "; contact " : "",
		    app->support_email ? app->support_email : "");
	}
	buf_reset(&reply->body);
	reply->source = (struct http_source){.read = NULL};
	put_retry_after(req, reply, r.e, r.row->status);
	if (is_partner_form(req, e))
		put_partner(reply, &r, s);
	else
		put_texts(reply, &r);
}
