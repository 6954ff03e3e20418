/*
 * What happens to every request besides its handler: closed during maintenance, numbered, and
 * its answer signed, noted in one line that says which operation, how it ended and how long it
 * took, and nothing about a person.
 */
#include "main/routes.h"

#include "api/answer.h"
#include "base/log.h"

enum err app_admit(void *app, struct http_request *req)
{
	struct app *a = app;

	ENSURE(
	    !atomic_load(&a->is_maintenance) || req->route->tenant == TENANT_NONE, ERR_MAINTENANCE);
	return req->route->schemes != 0 ? session_admit(a, req) : OK;
}

void app_finish(void *app, const struct http_request *req, struct http_reply *reply, int64_t micros)
{
	char id[UUID_TEXT_SIZE] = "-";
	const char *method = http_method_name(req->method);

	answer_sign(app, req, reply);
	if (random_uuid(id) == OK) {
		const char *copy = arena_string(req->arena, id, UUID_TEXT_SIZE - 1);
		if (copy != NULL)
			http_reply_header(reply, "X-Request-Id", copy);
	}
	log_info("request", "id=%s method=%s route=%s status=%u us=%lld org=%s", id,
	    method[0] != '\0' ? method : "-", req->route != NULL ? req->route->name : "-",
	    reply->status, (long long)micros, reply->tenant != NULL ? reply->tenant : "-");
}
