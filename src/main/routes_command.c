/*
 * `chirograph routes`: the route table as JSON lines, for the tests that walk every endpoint.
 */
#include "main/command.h"
#include "main/routes.h"

#include "auth/auth.h"
#include "base/json.h"

#include <stdio.h>

static const char *tenant_name(unsigned tenant)
{
	switch (tenant) {
	case TENANT_ORGANISATION: return "organisation";
	case TENANT_LINK: return "link";
	default: return "none";
	}
}

static const char *form_name(unsigned form)
{
	switch (form) {
	case FORM_PARTNER: return "partner";
	case FORM_INTEGRATION: return "integration";
	default: return "envelope";
	}
}

/* Without the mark of an optional slash at the end. */
static struct span pattern_path(const char *pattern)
{
	struct span path = span_str(pattern);

	if (path.size > 2 && span_equal_str(span_of(path.data + path.size - 2, 2), "/?"))
		path.size -= 2;
	return path;
}

static void route_write(const struct http_route *route, struct buf *out)
{
	struct json_writer w;

	jw_init(&w, out);
	jw_object(&w, NULL);
	jw_string(&w, "method", http_method_name(route->method));
	jw_span(&w, "path", pattern_path(route->pattern));
	jw_string(&w, "operation", route->name);
	jw_int(&w, "schemes", route->schemes);
	jw_string(&w, "tenant", tenant_name(route->tenant));
	jw_string(&w, "form", form_name(route->form));
	jw_int(&w, "body_limit", (int64_t)route->body_limit);
	jw_end_object(&w);
}

int command_routes(int argc, char **argv)
{
	struct buf line CLEANUP(buf_free);

	buf_init(&line, 4096);
	for (size_t i = 0; i < app_route_count; i++) {
		buf_reset(&line);
		route_write(&app_routes[i], &line);
		printf("%s\n", buf_str(&line));
	}
	return buf_done(&line) == OK ? 0 : 1;
}
