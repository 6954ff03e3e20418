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

/* The partner API's own words for a key that is not there (manual 000: "empty token"). */
static void put_partner(struct http_reply *reply, enum err e, const struct err_row *row,
    const char *field, const char *detail)
{
	struct json_writer w;
	struct buf text;
	bool is_key = e == ERR_AUTH_MISSING || e == ERR_AUTH_KEY;
	buf_init(&text, 4096);
	fill(&text, is_key ? "empty token" : row->english, field, detail);
	reply_json(reply, row->status, &w);
	jw_int(&w, "code", row->status);
	jw_string(&w, "msg", http_status_reason(row->status));
	jw_object(&w, "detail");
	jw_span(&w, "reason", buf_span(&text));
	if (!is_key)
		jw_string(&w, "code", row->code);
	if (field[0] != 0)
		jw_string(&w, "field", field);
	jw_end_object(&w);
	jw_end_object(&w);
	buf_free(&text);
}

static void put_texts(
    struct http_reply *reply, const struct err_row *row, const char *field, const char *detail)
{
	struct json_writer w;
	struct buf text, translated;
	bool is_translated = strcmp(row->english, row->portuguese) != 0;
	buf_init(&text, 4096);
	buf_init(&translated, 1024);
	detail_portuguese(detail, &translated);
	reply_json(reply, row->status, &w);
	jw_string(&w, "title", http_status_reason(row->status));
	fill(&text, row->english, field, detail);
	jw_span(&w, "description", buf_span(&text));
	buf_reset(&text);
	fill(&text, row->portuguese, field, is_translated ? buf_str(&translated) : detail);
	jw_span(&w, "translation", buf_span(&text));
	jw_string(&w, "code", row->code);
	if (field[0] != 0)
		jw_string(&w, "field", field);
	jw_end_object(&w);
	buf_free(&translated);
	buf_free(&text);
}

void reply_error(struct app *app, const struct http_request *req, struct http_reply *reply,
    enum err e, const struct fault *fault)
{
	bool is_described = fault != NULL && fault->code == e;
	enum auth_form form = form_of(req);
	if (e == ERR_AUTH_MISSING && form == FORM_INTEGRATION)
		e = ERR_CLIENT_KEY_MISSING;
	const struct err_row *row = err_row(e);
	char id[UUID_TEXT_SIZE] = "", detail[FAULT_DETAIL_MAX + 128];
	snprintf(detail, sizeof detail, "%s", is_described ? fault->detail : "");
	if (row->status == 500) {
		reply_incident(app, req, e, id);
		row = err_row(ERR_INTERNAL);
		snprintf(detail, sizeof detail, "Incident %s%s%s.", id,
		    app->support_email ? "; contact " : "",
		    app->support_email ? app->support_email : "");
	}
	buf_reset(&reply->body);
	reply->source = (struct http_source){.read = NULL};
	if ((row->status == 503 && e != ERR_MAINTENANCE) || row->status == 429)
		http_reply_header(reply, "Retry-After", row->status == 503 ? "2" : "60");
	const char *field = is_described ? fault->field : "";
	if (form == FORM_PARTNER)
		put_partner(reply, e, row, field, detail);
	else
		put_texts(reply, row, field, detail);
}
