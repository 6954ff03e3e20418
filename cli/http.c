/*
 * One exchange by libcurl: TLS 1.2 or newer with the certificate checked, no redirects (a signature
 * is for one URL), exactly the bytes that were signed.
 */
#include "client.h"

#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#define CONNECT_SECONDS 20L
#define WHOLE_SECONDS 180L

static size_t take(char *data, size_t size, size_t count, void *into)
{
	return bytes_put(into, data, size * count) ? size * count : 0;
}

static void slist_drop(struct curl_slist **l)
{
	curl_slist_free_all(*l);
}

static void easy_drop(CURL **c)
{
	curl_easy_cleanup(*c);
}

static bool header_put(struct curl_slist **list, const char *name, const char *value)
{
	CLEAN(bytes_free) struct bytes line = {NULL, 0, 0};
	struct curl_slist *longer;

	if (!bytes_put(&line, name, strlen(name)) || !bytes_put(&line, ": ", 2) ||
	    !bytes_put(&line, value, strlen(value)))
		return false;
	longer = curl_slist_append(*list, line.data);
	if (longer == NULL)
		return false;
	*list = longer;
	return true;
}

/* libcurl's own Content-Type and Expect are not wanted. */
static bool headers_make(const struct chg_request *r, struct curl_slist **list)
{
	struct curl_slist *first = curl_slist_append(NULL, "Expect:");
	bool is_done = first != NULL;

	*list = first;
	if (is_done && chg_request_header(r, "content-type") == NULL)
		is_done = curl_slist_append(first, "Content-Type:") != NULL;
	for (size_t i = 0; is_done && i < chg_request_header_count(r); i++)
		is_done =
		    header_put(list, chg_request_header_name(r, i), chg_request_header_value(r, i));
	return is_done;
}

static void payload_set(CURL *c, const struct ask *a, const struct chg_request *r)
{
	const char *method = a->method != NULL ? a->method : a->has_body ? "POST" : "GET";
	size_t size;
	const void *payload = chg_request_payload(r, &size);

	if (payload != NULL) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, payload);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
	} else if (strcasecmp(method, "HEAD") == 0)
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	else if (strcasecmp(method, "POST") == 0)
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, 0L);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
}

static void connection_set(CURL *c, const struct ask *a, char *error)
{
	curl_easy_setopt(c, CURLOPT_URL, a->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, WHOLE_SECONDS);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "chirograph/" CHG_VERSION);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, error);
	if (a->cacert != NULL)
		curl_easy_setopt(c, CURLOPT_CAINFO, a->cacert);
}

bool cli_http_send(const struct ask *a, const struct chg_request *r, struct answer *out)
{
	CLEAN(easy_drop) CURL *c = curl_easy_init();
	CLEAN(slist_drop) struct curl_slist *headers = NULL;
	char error[CURL_ERROR_SIZE] = "";
	CURLcode code;

	if (c == NULL || !headers_make(r, &headers)) {
		complain_text("out of memory");
		return false;
	}
	connection_set(c, a, error);
	payload_set(c, a, r);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, &out->lines);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &out->body);
	code = curl_easy_perform(c);
	if (code != CURLE_OK) {
		complain_text(
		    "%s: %s", a->url, error[0] != '\0' ? error : curl_easy_strerror(code));
		return false;
	}
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &out->status);
	return true;
}

void cli_answer_free(struct answer *a)
{
	bytes_free(&a->lines);
	bytes_free(&a->body);
}

void cli_lines_each(
    const struct bytes *lines, void (*each)(void *, const void *, size_t), void *ctx)
{
	const char *at = lines->data, *end;

	for (; at != NULL && *at != '\0'; at = end != NULL ? end + 1 : NULL) {
		end = strchr(at, '\n');
		each(ctx, at, end != NULL ? (size_t)(end - at) : strlen(at));
	}
}
