/*
 * What a program behind a web server does with a webhook: headers and body come in, a verdict goes
 * out. The platform's key is fetched once from a URL with libcurl, as a receiver would at its
 *start.
 *
 *	check_webhook REGISTERED-URL KEY-URL CA-FILE SIGNATURE-KEY-FILE HEADERS-FILE BODY-FILE
 *
 * KEY-URL answers the text "whpk_…" or a PEM. Exit status 0: it is ours, 1: it is not.
 */
#include <chirograph.h>

#include <curl/curl.h>

#include <stdio.h>
#include <string.h>

struct text {
	char data[65536];
	size_t size;
};

static size_t take(char *data, size_t size, size_t count, void *context)
{
	struct text *t = context;

	if (size * count >= sizeof(t->data) - t->size)
		return 0;
	memcpy(t->data + t->size, data, size * count);
	t->size += size * count;
	t->data[t->size] = '\0';
	return size * count;
}

static bool fetch(const char *url, const char *ca, struct text *out)
{
	CURL *c = curl_easy_init();

	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_CAINFO, ca);
	curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, out);
	CURLcode code = curl_easy_perform(c);
	if (code != CURLE_OK)
		fprintf(stderr, "%s: %s\n", url, curl_easy_strerror(code));
	curl_easy_cleanup(c);
	return code == CURLE_OK;
}

static bool file_read(const char *path, struct text *out)
{
	FILE *f = fopen(path, "rb");

	if (f == NULL) {
		perror(path);
		return false;
	}
	out->size = fread(out->data, 1, sizeof(out->data) - 1, f);
	out->data[out->size] = '\0';
	fclose(f);
	return true;
}

static void lines_add(struct chg_webhook *w, const char *at)
{
	while (*at != '\0') {
		size_t size = strcspn(at, "\n");
		chg_webhook_add_line(w, at, size);
		at += size + (at[size] == '\n');
	}
}

static bool check(const char *url, const struct chg_key *key, const struct text *secret,
    const struct text *headers, const struct text *body)
{
	struct chg_webhook *w =
	    chg_webhook_new(url, CHG_WEBHOOK_LEGACY | CHG_WEBHOOK_V1 | CHG_WEBHOOK_V1A);

	chg_webhook_set_secret(w, secret->data);
	chg_webhook_set_key(w, key, CHG_ED25519);
	lines_add(w, headers->data);
	chg_webhook_set_body(w, body->data, body->size);
	bool is_ours = chg_webhook_verify(w) == CHG_OK;
	printf("%s\n", is_ours ? "ours" : chg_webhook_why(w));
	chg_webhook_free(w);
	return is_ours;
}

int main(int argc, char **argv)
{
	static struct text pem, secret, headers, body;
	struct chg_fault fault = {""};
	struct chg_key *key = NULL;
	bool is_ours = false;

	if (argc != 7) {
		fprintf(stderr,
		    "usage: check_webhook URL KEY-URL CA-FILE SIGNATURE-KEY HEADERS BODY\n");
		return 2;
	}
	if (!fetch(argv[2], argv[3], &pem) || !file_read(argv[4], &secret) ||
	    !file_read(argv[5], &headers) || !file_read(argv[6], &body))
		return 2;
	if (chg_key_public(pem.data, pem.size, &key, &fault) != CHG_OK)
		fprintf(stderr, "%s\n", fault.text);
	else
		is_ours = check(argv[1], key, &secret, &headers, &body);
	chg_key_free(key);
	return is_ours ? 0 : 1;
}
