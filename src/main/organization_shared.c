/*
 * What several verbs of `chirograph organization` read the same way: a file, the routes and rate of
 * a key, a member.
 */
#include "main/organization.h"
#include "main/routes.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RATE_MOST 1000000

enum err organization_file(const char *path, struct buf *out)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	uint8_t piece[512];
	ssize_t got = -1;

	if (fd >= 0)
		while ((got = read(fd, piece, sizeof(piece))) > 0)
			buf_put(out, piece, (size_t)got);
	secret_wipe(piece, sizeof(piece));
	if (got != 0)
		complain_text("%s cannot be read: %s", path, strerror(errno));
	else if (buf_done(out) != OK)
		complain_text("%s is larger than any key", path);
	if (fd > STDIN_FILENO)
		close(fd);
	return got == 0 && buf_done(out) == OK ? OK : ERR_CONFIG;
}

static bool is_route(struct span item)
{
	struct span path = span_trim(item), method = span_cut(&path, ' ');

	path = span_trim(path);
	for (size_t i = 0; i < app_route_count; i++) {
		const struct http_route *r = &app_routes[i];
		struct span pattern = span_str(r->pattern);
		if (pattern.size > 2 && pattern.data[pattern.size - 1] == '?')
			pattern.size -= 2;
		if (r->schemes != 0 && span_equal(pattern, path) &&
		    span_equal_str(method, http_method_name(r->method)))
			return true;
	}
	return false;
}

static enum err routes_take(char *out, size_t size)
{
	struct span rest = span_str(organization_options.routes);

	if (span_equal_str(rest, "all"))
		rest = SPAN_EMPTY;
	if (rest.size >= size) {
		complain_text("--routes is too long");
		return ERR_CONFIG;
	}
	snprintf(out, size, "%.*s", (int)rest.size, (const char *)rest.data);
	while (rest.size > 0) {
		struct span item = span_cut(&rest, ',');
		if (is_route(item))
			continue;
		complain_text("--routes: there is no endpoint \"%.*s\"; write METHOD /path as "
			      "chirograph routes prints them, commas between, or all",
		    (int)item.size, (const char *)item.data);
		return ERR_CONFIG;
	}
	return OK;
}

static enum err rate_take(const char *text, int64_t *out)
{
	int64_t n = 0;

	for (const char *c = text; *c != '\0'; c++)
		n = *c >= '0' && *c <= '9' && n <= RATE_MOST ? n * 10 + (*c - '0') : RATE_MOST + 1;
	if (text[0] == '\0' || n > RATE_MOST) {
		complain_text("--rate is a number of requests a minute, at most %d; 0: the "
			      "server's default",
		    RATE_MOST);
		return ERR_CONFIG;
	}
	*out = n;
	return OK;
}

enum err organization_limits(char *routes, size_t routes_size, int64_t *rate)
{
	if (organization_options.routes != NULL)
		TRY(routes_take(routes, routes_size));
	return organization_options.rate != NULL ? rate_take(organization_options.rate, rate) : OK;
}

struct member_search {
	struct organization_run *run;
	const char *email;
	struct stored_user *user;
	const char **role;
};

static enum err member_work(struct db *db, void *ctx)
{
	struct member_search *s = ctx;

	TRY(store_user_find_email(db, s->email, s->run->arena, s->user));
	return store_membership_get(
	    db, s->run->organisation.row, s->user->row, s->run->arena, s->role);
}

enum err organization_member(
    struct organization_run *run, const char *email, struct stored_user *user, const char **role)
{
	struct member_search s = {run, email, user, role};
	enum err e = store_read(run->tool.store, member_work, &s);

	if (e != ERR_NOT_FOUND)
		return e;
	complain_text("--user %s is nobody of this organisation (chirograph organization user "
		      "list)",
	    email);
	return ERR_CONFIG;
}
