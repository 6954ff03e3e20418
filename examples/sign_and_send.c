/*
 * Sends one signed request with libcurl and believes the answer only after its signature was
 * checked.
 *
 *	sign_and_send URL CA-FILE SCHEME PRIVATE-KEY PLATFORM-KEY CLIENT-KEY [BODY]
 *
 * CLIENT-KEY is the integration key (es512-*), the key's id (http-signature) or the API key
 *(x-sign).
 */
#include <chirograph.h>

#include <curl/curl.h>

#include <stdio.h>
#include <string.h>

struct answer {
	char body[65536];
	size_t size;
	struct chg_response *checker;
};

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
	struct answer *a = context;

	if (size * count > sizeof(a->body) - a->size)
		return 0;
	memcpy(a->body + a->size, data, size * count);
	a->size += size * count;
	return size * count;
}

static size_t take_line(char *line, size_t size, size_t count, void *context)
{
	struct answer *a = context;

	chg_response_add_line(a->checker, line, size * count);
	return size * count;
}

static size_t file_read(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "rb");
	size_t n = f != NULL ? fread(out, 1, size, f) : 0;

	if (f != NULL)
		fclose(f);
	return n;
}

static struct chg_key *key_load(const char *path, bool is_private)
{
	struct chg_fault fault = {""};
	struct chg_key *k = NULL;
	char pem[16384];
	size_t size = file_read(path, pem, sizeof(pem));
	enum chg_status s = is_private ? chg_key_private(pem, size, NULL, NULL, &k, &fault)
				       : chg_key_public(pem, size, &k, &fault);

	if (s != CHG_OK)
		fprintf(stderr, "%s: %s\n", path, fault.text);
	return k;
}

static struct curl_slist *headers_of(const struct chg_request *r)
{
	struct curl_slist *list = NULL;
	char line[8192];

	for (size_t i = 0; i < chg_request_header_count(r); i++) {
		snprintf(line, sizeof(line), "%s: %s", chg_request_header_name(r, i),
		    chg_request_header_value(r, i));
		list = curl_slist_append(list, line);
	}
	return list;
}

static bool exchange(const struct chg_request *r, const char *url, const char *ca, struct answer *a)
{
	CURL *c = curl_easy_init();
	struct curl_slist *headers = headers_of(r);
	size_t size;
	const void *payload = chg_request_payload(r, &size);
	long status = 0;

	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_CAINFO, ca);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	if (payload != NULL) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, payload);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
	}
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_line);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, a);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, a);
	CURLcode code = curl_easy_perform(c);
	if (code != CURLE_OK)
		fprintf(stderr, "%s\n", curl_easy_strerror(code));
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	chg_response_set_status(a->checker, (unsigned)status);
	chg_response_set_body(a->checker, a->body, a->size);
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);
	return code == CURLE_OK;
}

static bool answer_print(
    const struct chg_request *r, const struct chg_key *platform, const char *url, const char *ca)
{
	static struct answer a;
	size_t size;
	const char *body;

	a.checker = chg_response_new(r);
	chg_response_set_key(a.checker, platform, chg_key_algorithm(platform));
	bool is_good = exchange(r, url, ca, &a) && chg_response_verify(a.checker) == CHG_OK;
	if (is_good) {
		body = chg_response_body(a.checker, &size);
		printf("%.*s\n", (int)size, body);
	} else
		fprintf(stderr, "not believed: %s\n", chg_response_why(a.checker));
	chg_response_free(a.checker);
	return is_good;
}

static struct chg_request *request_make(char **argv, const struct chg_key *key, const char *body)
{
	enum chg_scheme scheme;
	struct chg_request *r;

	if (!chg_scheme_of(argv[3], &scheme))
		return NULL;
	r = chg_request_new(scheme);
	chg_request_set_target(r, body != NULL ? "POST" : "GET", argv[1]);
	chg_request_set_body(r, body, body != NULL ? strlen(body) : 0);
	chg_request_set_key(r, key, chg_key_algorithm(key));
	chg_request_set_client_key(r, argv[6]);
	chg_request_set_key_id(r, argv[6]);
	chg_request_set_api_key(r, argv[6]);
	chg_request_set_answer_signed(r, true);
	return r;
}

int main(int argc, char **argv)
{
	struct chg_key *key = argc >= 7 ? key_load(argv[4], true) : NULL;
	struct chg_key *platform = key != NULL ? key_load(argv[5], false) : NULL;
	struct chg_request *r =
	    platform != NULL ? request_make(argv, key, argc > 7 ? argv[7] : NULL) : NULL;
	bool is_done = false;

	if (r == NULL)
		fprintf(stderr, "usage: sign_and_send URL CA-FILE SCHEME PRIVATE-KEY PLATFORM-KEY "
				"CLIENT-KEY [BODY]\n");
	else if (chg_request_sign(r) != CHG_OK)
		fprintf(stderr, "%s\n", chg_request_why(r));
	else
		is_done = answer_print(r, platform, argv[1], argv[2]);
	chg_request_free(r);
	chg_key_free(platform);
	chg_key_free(key);
	return is_done ? 0 : 1;
}
