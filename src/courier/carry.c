/*
 * The transfers, by libcurl: one mail by SMTP or one POST by HTTPS. What always holds: no
 * redirect is followed, no proxy of the environment is used, TLS is 1.2 or newer and verified,
 * a transfer ends within LIMIT_COURIER_MS, an answer is cut at 4 KiB, and the address that a
 * name stands for is judged when the socket is made, so DNS cannot change its mind in between.
 */
#include "courier/carry.h"

#include "base/limits.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <curl/curl.h>

#define CONNECT_MS 10000
#define ANSWER_HEAD_MAX (64u * LIMIT_KB)

enum reach { REACH_ANY, REACH_PUBLIC, REACH_LOOPBACK, REACH_NONE };

struct transfer {
	CURL *curl;
	struct curl_slist *headers, *recipients;
	struct courier_outcome *out;
	struct span rest; /* of the mail, still to be read */
	enum reach reach;
	size_t head_size;
	bool is_denied, is_tried, is_cut;
	char error[CURL_ERROR_SIZE];
};

static bool address_text(const struct sockaddr *sa, char out[INET6_ADDRSTRLEN])
{
	const void *bytes = NULL;

	if (sa->sa_family == AF_INET)
		bytes = &((const struct sockaddr_in *)sa)->sin_addr;
	else if (sa->sa_family == AF_INET6)
		bytes = &((const struct sockaddr_in6 *)sa)->sin6_addr;
	return bytes != NULL && inet_ntop(sa->sa_family, bytes, out, INET6_ADDRSTRLEN) != NULL;
}

static bool is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static bool is_reachable(enum reach reach, const char *address)
{
	switch (reach) {
	case REACH_ANY: return true;
	case REACH_LOOPBACK: return is_loopback(address);
	case REACH_PUBLIC: return !egress_is_denied(address);
	case REACH_NONE: return false;
	}
	return false;
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct transfer *t = arg;
	char address[INET6_ADDRSTRLEN];

	if (purpose != CURLSOCKTYPE_IPCXN || !address_text(&to->addr, address) ||
	    !is_reachable(t->reach, address)) {
		t->is_denied = true;
		return CURL_SOCKET_BAD;
	}
	t->is_tried = true;
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static size_t take_answer(char *data, size_t one, size_t count, void *arg)
{
	struct transfer *t = arg;
	struct buf *answer = &t->out->answer;
	size_t size = one * count, room = COURIER_ANSWER_MAX - answer->size;

	buf_put(answer, data, size < room ? size : room);
	if (size <= room)
		return size;
	t->is_cut = true; /* enough was read: end the transfer, the answer counts */
	return CURL_WRITEFUNC_ERROR;
}

static size_t take_head(char *data, size_t one, size_t count, void *arg)
{
	struct transfer *t = arg;

	(void)data;
	t->head_size += one * count;
	return t->head_size <= ANSWER_HEAD_MAX ? one * count : 0;
}

static size_t give_mail(char *out, size_t one, size_t count, void *arg)
{
	struct transfer *t = arg;
	size_t size = one * count < t->rest.size ? one * count : t->rest.size;

	memcpy(out, t->rest.data, size);
	t->rest = span_of(t->rest.data + size, t->rest.size - size);
	return size;
}

static bool transfer_open(struct transfer *t, struct courier_outcome *out, const char *ca_pem)
{
	*t = (struct transfer){.out = out, .curl = curl_easy_init()};
	if (t->curl == NULL)
		return false;
	curl_easy_setopt(t->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(t->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(t->curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(t->curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(t->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(t->curl, CURLOPT_TIMEOUT_MS, (long)LIMIT_COURIER_MS);
	curl_easy_setopt(t->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(t->curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(t->curl, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_HEADERFUNCTION, take_head);
	curl_easy_setopt(t->curl, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, t->error);
	if (ca_pem != NULL) {
		struct curl_blob pem = {(void *)(uintptr_t)ca_pem, strlen(ca_pem), CURL_BLOB_COPY};
		curl_easy_setopt(t->curl, CURLOPT_CAINFO_BLOB, &pem);
	}
	return true;
}

static void transfer_close(struct transfer *t)
{
	curl_easy_cleanup(t->curl);
	curl_slist_free_all(t->headers);
	curl_slist_free_all(t->recipients);
}

static void outcome_refuse(struct courier_outcome *out, const char *why, const char *what)
{
	out->is_permanent = true;
	snprintf(out->detail, sizeof(out->detail), "%s%s%.160s", why, what == NULL ? "" : ": ",
	    what == NULL ? "" : what);
}

static CURLcode transfer_run(struct transfer *t, const char *what)
{
	long status = 0;
	CURLcode code = curl_easy_perform(t->curl);

	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	t->out->status = (unsigned)status;
	t->out->is_done = code == CURLE_OK || (t->is_cut && code == CURLE_WRITE_ERROR);
	if (t->is_denied && !t->is_tried)
		outcome_refuse(t->out, "this address may not be contacted", what);
	else if (!t->out->is_done)
		snprintf(t->out->detail, sizeof(t->out->detail), "%s",
		    t->error[0] != '\0' ? t->error : curl_easy_strerror(code));
	else
		snprintf(t->out->detail, sizeof(t->out->detail), "status %ld", status);
	return code;
}

/* ---- SMTP ---- */

/* RFC 5321 §4.2.1: 5yz is final; but a refused login (RFC 4954 §6: 530, 534, 535, 538) or a
 * closed house (521, 554 at the greeting) is the operator's to mend, and the mail can wait. */
static bool is_final_reply(unsigned status, CURLcode code)
{
	if (status < 550 || code == CURLE_LOGIN_DENIED || code == CURLE_USE_SSL_FAILED)
		return false;
	return status < 560 && status != 554;
}

static bool mail_address(struct buf *out, const char *address)
{
	buf_reset(out);
	buf_format(out, "<%s>", address);
	return text_is_email(span_str(address)) && buf_done(out) == OK;
}

static void mail_server(struct transfer *t, const struct courier_mail *mail, struct buf *url)
{
	bool is_v6 = strchr(mail->host, ':') != NULL;

	buf_format(url, "%s://%s%s%s:%u", mail->security == SMTP_TLS ? "smtps" : "smtp",
	    is_v6 ? "[" : "", mail->host, is_v6 ? "]" : "", mail->port);
	curl_easy_setopt(t->curl, CURLOPT_URL, buf_str(url));
	curl_easy_setopt(t->curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(t->curl, CURLOPT_USE_SSL,
	    mail->security == SMTP_PLAIN ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL);
	if (mail->is_guarded)
		t->reach = mail->security == SMTP_PLAIN ? REACH_NONE : REACH_PUBLIC;
	else
		t->reach = mail->security == SMTP_PLAIN ? REACH_LOOPBACK : REACH_ANY;
	if (mail->user != NULL) {
		curl_easy_setopt(t->curl, CURLOPT_USERNAME, mail->user);
		curl_easy_setopt(
		    t->curl, CURLOPT_PASSWORD, mail->password == NULL ? "" : mail->password);
	}
}

static bool mail_people(struct transfer *t, const struct courier_mail *mail, struct buf *address)
{
	if (!mail_address(address, mail->from))
		return false;
	curl_easy_setopt(t->curl, CURLOPT_MAIL_FROM, buf_str(address));
	if (!mail_address(address, mail->to))
		return false;
	t->recipients = curl_slist_append(NULL, buf_str(address));
	curl_easy_setopt(t->curl, CURLOPT_MAIL_RCPT, t->recipients);
	return t->recipients != NULL;
}

static void mail_run(struct transfer *t, const struct courier_mail *mail)
{
	t->rest = mail->message;
	curl_easy_setopt(t->curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(t->curl, CURLOPT_READFUNCTION, give_mail);
	curl_easy_setopt(t->curl, CURLOPT_READDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)mail->message.size);
	CURLcode code = transfer_run(t, mail->host);
	if (!t->out->is_done && is_final_reply(t->out->status, code))
		t->out->is_permanent = true;
}

/* Nobody to write to: connect, protect, log in, and ask for nothing. */
static void login_run(struct transfer *t, const struct courier_mail *mail)
{
	curl_easy_setopt(t->curl, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(t->curl, CURLOPT_CUSTOMREQUEST, "NOOP");
	transfer_run(t, mail->host);
}

void carry_mail(const struct courier_mail *mail, struct courier_outcome *out)
{
	struct transfer t;
	struct buf url, address;

	buf_init(&url, 1024);
	buf_init(&address, 512);
	if (!transfer_open(&t, out, mail->ca_file)) {
		snprintf(out->detail, sizeof(out->detail), "out of memory");
		return;
	}
	mail_server(&t, mail, &url);
	if (mail->to == NULL)
		login_run(&t, mail);
	else if (!mail_people(&t, mail, &address) || buf_done(&url) != OK)
		outcome_refuse(out, "not a mail address", NULL);
	else
		mail_run(&t, mail);
	transfer_close(&t);
	buf_free(&url);
	buf_free(&address);
}

/* ---- HTTPS ---- */

static bool post_headers(struct transfer *t, const char *const *headers)
{
	/* No "Expect: 100-continue": bodies are small and an answer is not worth a round trip. */
	t->headers = curl_slist_append(NULL, "Expect:");
	for (size_t i = 0; t->headers != NULL && headers != NULL && headers[i] != NULL; i++) {
		struct curl_slist *more = NULL;
		if (strpbrk(headers[i], "\r\n") == NULL)
			more = curl_slist_append(t->headers, headers[i]);
		if (more == NULL)
			return false;
		t->headers = more;
	}
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers);
	return t->headers != NULL;
}

static void post_run(struct transfer *t, const struct courier_post *post)
{
	curl_easy_setopt(t->curl, CURLOPT_URL, post->url);
	curl_easy_setopt(
	    t->curl, CURLOPT_PROTOCOLS_STR, "https,http"); /* egress_check_url decided */
	curl_easy_setopt(t->curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(t->curl, CURLOPT_USERAGENT, "Chirograph/" CHIROGRAPH_VERSION);
	curl_easy_setopt(t->curl, CURLOPT_POST, 1L);
	curl_easy_setopt(t->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->body.size);
	curl_easy_setopt(
	    t->curl, CURLOPT_POSTFIELDS, post->body.size > 0 ? (const char *)post->body.data : "");
	if (!post_headers(t, post->headers))
		outcome_refuse(t->out, "a header is malformed", NULL);
	else
		(void)transfer_run(t, NULL);
}

void carry_post(const struct courier_post *post, struct courier_outcome *out)
{
	struct transfer t;
	struct fault fault = {0};
	bool is_named = false;

	if (egress_check(post->url, post->allowed, &is_named, &fault) != OK) {
		outcome_refuse(out, "this URL may not be used", fault.detail);
		return;
	}
	if (!transfer_open(&t, out, post->ca_pem)) {
		snprintf(out->detail, sizeof(out->detail), "out of memory");
		return;
	}
	t.reach = is_named ? REACH_ANY : REACH_PUBLIC;
	post_run(&t, post);
	transfer_close(&t);
}
