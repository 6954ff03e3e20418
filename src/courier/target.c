/*
 * Where a webhook may point. The URL is taken apart by libcurl's own parser, the one that
 * connects later, so that both read the same host out of it. Names are judged again at connect
 * time by their addresses (carry.c); here falls what no address could make right.
 */
#include "courier/carry.h"

#include "base/late.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

struct target {
	char *scheme, *host, *user;
};

static void target_free(struct target *t)
{
	curl_free(t->scheme);
	curl_free(t->host);
	curl_free(t->user);
}

static bool target_parse(const char *url, struct target *t)
{
	CURLU *u = curl_url();

	bool is_good = u != NULL &&
		       curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
		       curl_url_get(u, CURLUPART_SCHEME, &t->scheme, 0) == CURLUE_OK &&
		       curl_url_get(u, CURLUPART_HOST, &t->host, 0) == CURLUE_OK &&
		       t->host[0] != '\0';
	if (is_good)
		(void)curl_url_get(u, CURLUPART_USER, &t->user, 0);
	curl_url_cleanup(u);
	return is_good;
}

static void host_unbracket(char *host)
{
	size_t size = strlen(host);

	if (host[0] == '[' && host[size - 1] == ']') {
		memmove(host, host + 1, size - 2);
		host[size - 2] = '\0';
	}
}

bool egress_is_named(const char *host, const char *const *allowed)
{
	for (size_t i = 0; allowed != NULL && allowed[i] != NULL; i++) {
		if (strcasecmp(host, allowed[i]) == 0)
			return true;
	}
	return false;
}

static bool is_literal(const char *host)
{
	uint8_t bytes[16];

	return inet_pton(AF_INET, host, bytes) == 1 || strchr(host, ':') != NULL;
}

static enum err target_judge(const struct target *t, bool is_named, struct fault *fault)
{
	bool is_https = strcasecmp(t->scheme, "https") == 0;

	if (t->user != NULL)
		return fault_set(
		    fault, ERR_EGRESS, "url", "a URL with a user name is not accepted");
	if (!is_https && (!is_named || strcasecmp(t->scheme, "http") != 0))
		return fault_set(fault, ERR_EGRESS, "url",
		    "https is needed; plain http only for a host that is allowed by name");
	if (!is_named && is_literal(t->host) && egress_is_denied(t->host))
		return fault_set(fault, ERR_EGRESS, "url",
		    "%s is not a public address: allow it by name if that is meant", t->host);
	return OK;
}

enum err egress_check(
    const char *url, const char *const *allowed, bool *is_named, struct fault *fault)
{
	struct target t = {0};
	enum err e;

	TRY(late_open(&late_curl)); /* the command line asks too, without courier_prepare */
	if (target_parse(url, &t)) {
		host_unbracket(t.host);
		*is_named = egress_is_named(t.host, allowed);
		e = target_judge(&t, *is_named, fault);
	} else {
		e = fault_set(fault, ERR_EGRESS, "url", "this is not a complete URL");
	}
	target_free(&t);
	return e;
}

enum err egress_check_url(const char *url, const char *const *allowed, struct fault *fault)
{
	bool is_named = false;

	return egress_check(url, allowed, &is_named, fault);
}
