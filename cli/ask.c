/*
 * One request as people describe it: flags, files of the working folder, or a named request; and
 * from that the library's builder. Defaults are the names that the platforms' own clients use.
 */
#include "client.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

size_t ask_options(struct ask *a, struct option_spec *out)
{
	const struct option_spec all[ASK_OPTIONS] = {{"--method", &a->method, NULL, NULL},
	    {"--url", &a->url, NULL, NULL}, {"--body", &a->body_file, NULL, NULL},
	    {"--scheme", &a->scheme, NULL, NULL}, {"--key", &a->key, NULL, NULL},
	    {"--api-key", &a->api_key, NULL, NULL}, {"--client-key", &a->client_key, NULL, NULL},
	    {"--key-id", &a->key_id, NULL, NULL}, {"--timestamp", &a->timestamp, NULL, NULL},
	    {"--nonce", &a->nonce, NULL, NULL},
	    {"--passphrase-file", &a->passphrase_file, NULL, NULL},
	    {"--content-type", &a->content_type, NULL, NULL},
	    {"--compact", NULL, NULL, &a->is_compact}};

	memcpy(out, all, sizeof(all));
	return COUNT(all);
}

void ask_free(struct ask *a)
{
	bytes_free(&a->body);
	bytes_free(&a->full_url);
	bytes_free(&a->api_key_text);
	bytes_free(&a->client_key_text);
	chg_key_free(a->private_key);
	json_decref(a->named);
}

bool ask_url_is_good(const char *url)
{
	static const char *const methods[] = {
	    "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"};
	size_t size = strcspn(url, " \t");

	for (size_t i = 0; url[size] != '\0' && i < COUNT(methods); i++) {
		if (strlen(methods[i]) != size || strncasecmp(url, methods[i], size) != 0)
			continue;
		complain_text("\"%s\": give the URL alone; the method is told with --method %s "
			      "(x-sign does not sign it)",
		    url, methods[i]);
		return false;
	}
	if (strstr(url, "://") != NULL && url[size] == '\0')
		return true;
	complain_text("\"%s\": a full URL is wanted, as https://api.example.com/company", url);
	return false;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool cli_body_compact(struct bytes *body)
{
	json_error_t error;
	json_t *parsed =
	    json_loadb(body->data, body->size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	bool is_text = false;
	size_t kept = 0;

	if (parsed == NULL) {
		complain_text("the body is not JSON (line %d, column %d): it cannot be compacted",
		    error.line, error.column);
		return false;
	}
	json_decref(parsed);
	for (size_t i = 0; i < body->size; i++) {
		char c = body->data[i];
		if (!is_text && is_space(c))
			continue;
		body->data[kept++] = c;
		if (is_text && c == '\\' && i + 1 < body->size)
			body->data[kept++] = body->data[++i];
		else if (c == '"')
			is_text = !is_text;
	}
	body->size = kept;
	body->data[kept] = '\0';
	return true;
}

bool ask_body(struct ask *a)
{
	const char *path = a->upload != NULL ? a->upload : a->body_file;

	if (a->upload != NULL && a->body_file != NULL) {
		complain_text("--upload and --body exclude each other");
		return false;
	}
	if (path == NULL)
		return true;
	a->has_body = true;
	return cli_file_read(path, &a->body);
}

static const char *key_default(enum chg_scheme scheme)
{
	if (scheme == CHG_ES512_WRAPPED || scheme == CHG_ES512_PLAIN)
		return "jwtECDSASHA512.key";
	return scheme == CHG_HTTP_SIGNATURE ? "ed25519.pem" : "private.pem";
}

/* x-sign may do without: then its header is left to the caller. */
static bool api_key_load(struct ask *a)
{
	if (a->parsed != CHG_API_KEY && a->parsed != CHG_X_SIGN)
		return true;
	if (a->api_key == NULL && a->parsed == CHG_X_SIGN && !cli_file_exists("apikey"))
		return true;
	return cli_file_read(a->api_key != NULL ? a->api_key : "apikey", &a->api_key_text);
}

/* The integration key is no secret: the flag holds it, or the file "integrationkey". */
static bool client_key_load(struct ask *a)
{
	if (a->parsed != CHG_ES512_WRAPPED && a->parsed != CHG_ES512_PLAIN)
		return true;
	if (a->client_key != NULL)
		return bytes_put(&a->client_key_text, a->client_key, strlen(a->client_key));
	if (cli_file_exists("integrationkey"))
		return cli_file_read("integrationkey", &a->client_key_text);
	complain_text("the integration key is missing: --client-key UUID, or a file "
		      "\"integrationkey\" in this folder");
	return false;
}

bool ask_keys(struct ask *a)
{
	const char *scheme = a->scheme != NULL ? a->scheme : "x-sign";

	if (!chg_scheme_of(scheme, &a->parsed)) {
		complain_text("--scheme %s: one of x-sign, es512-wrapped, es512-plain, "
			      "http-signature, api-key",
		    scheme);
		return false;
	}
	if (!api_key_load(a) || !client_key_load(a))
		return false;
	if (a->parsed == CHG_HTTP_SIGNATURE && a->key_id == NULL) {
		complain_text(
		    "http-signature needs --key-id ID, as it was told when the public key "
		    "was uploaded");
		return false;
	}
	return a->parsed == CHG_API_KEY ||
	       cli_key_load(a->key != NULL ? a->key : key_default(a->parsed), a->passphrase_file,
		   &a->private_key);
}

static enum chg_algorithm algorithm_of(const struct ask *a)
{
	enum chg_algorithm first = chg_key_algorithm(a->private_key);

	return a->parsed == CHG_HTTP_SIGNATURE && first == CHG_RSA_SHA256 ? CHG_RSA_PSS_SHA512
									  : first;
}

static bool ask_moment(const struct ask *a, struct chg_request *r)
{
	int64_t number;

	if (a->nonce != NULL) {
		if (a->timestamp != NULL) {
			complain_text("--timestamp and --nonce exclude each other");
			return false;
		}
		if (!cli_number_read("--nonce", a->nonce, &number))
			return false;
		chg_request_set_nonce(r, number);
	}
	if (a->timestamp == NULL)
		return true;
	if (!cli_number_read("--timestamp", a->timestamp, &number))
		return false;
	chg_request_set_time(r, number);
	return true;
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static void ask_tell(const struct ask *a, struct chg_request *r)
{
	chg_request_set_target(r,
	    a->method != NULL ? a->method
	    : a->has_body     ? "POST"
			      : "GET",
	    a->url);
	if (a->upload != NULL)
		chg_request_set_upload(r, file_name(a->upload), a->body.data, a->body.size);
	else if (a->has_body)
		chg_request_set_body(r, a->body.data, a->body.size);
	if (a->private_key != NULL)
		chg_request_set_key(r, a->private_key, algorithm_of(a));
	chg_request_set_api_key(r, a->api_key_text.data);
	chg_request_set_client_key(r, a->client_key_text.data);
	chg_request_set_key_id(r, a->key_id);
	chg_request_set_content_type(r, a->content_type);
	chg_request_set_answer_signed(r, a->platform_key != NULL);
}

bool ask_request(struct ask *a, struct chg_request **out)
{
	*out = chg_request_new(a->parsed);
	if (*out == NULL) {
		complain_text("out of memory");
		return false;
	}
	ask_tell(a, *out);
	if (!ask_moment(a, *out))
		return false;
	if (chg_request_sign(*out) == CHG_OK)
		return true;
	complain_text("%s", chg_request_why(*out));
	return false;
}
