/*
 * A WebSocket client (RFC 6455) over a TLS connection that libcurl makes: Debian 12's libcurl has
 * no WebSockets of its own. One frame at a time, messages of at most 1 MB, every rule of a client:
 * what it sends is masked, what it gets must not be.
 */
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#define MESSAGE_MAX (1024u * 1024u)
#define HEAD_MAX 16384u
#define CONNECT_SECONDS 20L
#define PING_AFTER 75  /* seconds of silence; the server pings every 60 */
#define GONE_AFTER 150 /* seconds of silence: the peer is away */
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

enum opcode {
	OP_CONTINUE = 0,
	OP_TEXT = 1,
	OP_BINARY = 2,
	OP_CLOSE = 8,
	OP_PING = 9,
	OP_PONG = 10
};

struct feed {
	CURL *curl;
	curl_socket_t socket;
	struct bytes in; /* read and not yet understood */
	struct bytes message;
	bool is_in_message, was_pinged;
	time_t heard;
	char accept[32];
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

bool feed_is_stopped(void)
{
	return stopped != 0;
}

static time_t seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* false: gone, or stopped. */
static bool wait_for(struct feed *f, short events)
{
	struct pollfd p = {.fd = f->socket, .events = events};
	int n = poll(&p, 1, 1000);

	if (n < 0 && errno != EINTR)
		return false;
	return stopped == 0;
}

static bool send_all(struct feed *f, const void *data, size_t size)
{
	const char *at = data;
	time_t start = seconds();

	while (size > 0 && seconds() - start < CONNECT_SECONDS) {
		size_t sent = 0;
		CURLcode code = curl_easy_send(f->curl, at, size, &sent);
		if (code == CURLE_AGAIN) {
			struct pollfd p = {.fd = f->socket, .events = POLLOUT};
			(void)poll(&p, 1, 1000);
			continue;
		}
		if (code != CURLE_OK)
			return false;
		at += sent;
		size -= sent;
	}
	return size == 0;
}

/* RFC 6455 §5.3: every frame of a client is masked with fresh random bytes. */
static bool frame_send(struct feed *f, enum opcode op, const void *data, size_t size)
{
	uint8_t frame[2 + 4 + 125];

	if (size > 125 || RAND_bytes(frame + 2, 4) != 1)
		return false;
	frame[0] = (uint8_t)(0x80 | op);
	frame[1] = (uint8_t)(0x80 | size);
	for (size_t i = 0; i < size; i++)
		frame[6 + i] = ((const uint8_t *)data)[i] ^ frame[2 + i % 4];
	return send_all(f, frame, 6 + size);
}

static void close_send(struct feed *f, unsigned code)
{
	const uint8_t bytes[2] = {(uint8_t)(code >> 8), (uint8_t)code};

	(void)frame_send(f, OP_CLOSE, bytes, sizeof(bytes));
}

enum got { GOT_BYTES, GOT_NOTHING, GOT_END };

static enum got read_more(struct feed *f)
{
	char piece[16384];
	size_t n = 0;
	CURLcode code = curl_easy_recv(f->curl, piece, sizeof(piece), &n);

	if (code == CURLE_AGAIN)
		return GOT_NOTHING;
	if (code != CURLE_OK || n == 0 || !bytes_put(&f->in, piece, n))
		return GOT_END;
	f->heard = seconds();
	f->was_pinged = false;
	return GOT_BYTES;
}

static void in_drop(struct feed *f, size_t size)
{
	memmove(f->in.data, f->in.data + size, f->in.size - size);
	f->in.size -= size;
	f->in.data[f->in.size] = '\0';
}

/* ---- handshake, RFC 6455 §4.1 ---- */

static bool handshake_put(struct bytes *b, const char *name, const char *value)
{
	return bytes_put(b, name, strlen(name)) && bytes_put(b, ": ", 2) &&
	       bytes_put(b, value, strlen(value)) && bytes_put(b, "\r\n", 2);
}

static bool accept_make(const char key[32], char out[32])
{
	char text[80];
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	snprintf(text, sizeof(text), "%s" GUID, key);
	if (EVP_Digest(text, strlen(text), digest, &size, EVP_sha1(), NULL) != 1)
		return false;
	return EVP_EncodeBlock((unsigned char *)out, digest, (int)size) == 28;
}

static bool target_split(const char *url, char *host, size_t host_size, const char **path)
{
	const char *start = url + 6; /* wss:// */
	size_t size = strcspn(start, "/?");

	*path = start[size] != '\0' ? start + size : "/";
	return size > 0 && **path == '/' &&
	       snprintf(host, host_size, "%.*s", (int)size, start) < (int)host_size;
}

static bool handshake_send(struct feed *f, const char *url, const struct chg_request *r)
{
	CLEAN(bytes_free) struct bytes head = {NULL, 0, 0};
	char host[256], line[2300], key[32];
	const char *path;
	uint8_t nonce[16];

	if (!target_split(url, host, sizeof(host), &path) ||
	    RAND_bytes(nonce, sizeof(nonce)) != 1 ||
	    EVP_EncodeBlock((unsigned char *)key, nonce, sizeof(nonce)) != 24 ||
	    !accept_make(key, f->accept) ||
	    snprintf(line, sizeof(line), "GET %s HTTP/1.1\r\n", path) >= (int)sizeof(line))
		return false;
	if (!bytes_put(&head, line, strlen(line)) || !handshake_put(&head, "Host", host) ||
	    !handshake_put(&head, "Upgrade", "websocket") ||
	    !handshake_put(&head, "Connection", "Upgrade") ||
	    !handshake_put(&head, "Sec-WebSocket-Key", key) ||
	    !handshake_put(&head, "Sec-WebSocket-Version", "13"))
		return false;
	for (size_t i = 0; i < chg_request_header_count(r); i++)
		if (!handshake_put(
			&head, chg_request_header_name(r, i), chg_request_header_value(r, i)))
			return false;
	return bytes_put(&head, "\r\n", 2) && send_all(f, head.data, head.size);
}

static bool line_is(const char *line, const char *name, const char *value)
{
	size_t size = strlen(name);

	if (strncasecmp(line, name, size) != 0 || line[size] != ':')
		return false;
	line += size + 1;
	line += strspn(line, " \t");
	size = strcspn(line, "\r\n \t");
	return strlen(value) == size && strncasecmp(line, value, size) == 0;
}

static bool head_has(const char *head, const char *name, const char *value)
{
	for (const char *at = strchr(head, '\n'); at != NULL; at = strchr(at + 1, '\n'))
		if (line_is(at + 1, name, value))
			return true;
	return false;
}

static bool handshake_judge(struct feed *f, long *status)
{
	char *end = strstr(f->in.data, "\r\n\r\n");

	if (strncmp(f->in.data, "HTTP/1.1 ", 9) != 0)
		return false;
	for (int i = 9; i < 12 && f->in.data[i] >= '0' && f->in.data[i] <= '9'; i++)
		*status = *status * 10 + (f->in.data[i] - '0');
	end[2] = '\0';
	bool is_fine = *status == 101 && head_has(f->in.data, "Upgrade", "websocket") &&
		       head_has(f->in.data, "Connection", "Upgrade") &&
		       head_has(f->in.data, "Sec-WebSocket-Accept", f->accept) &&
		       !head_has(f->in.data, "Sec-WebSocket-Extensions", "permessage-deflate");
	in_drop(f, (size_t)(end + 4 - f->in.data));
	return is_fine;
}

static bool handshake_read(struct feed *f, long *status)
{
	time_t start = seconds();

	while (seconds() - start < CONNECT_SECONDS && f->in.size < HEAD_MAX) {
		enum got got;
		if (f->in.size > 0 && strstr(f->in.data, "\r\n\r\n") != NULL)
			return handshake_judge(f, status);
		got = read_more(f);
		if (got == GOT_END || (got == GOT_NOTHING && !wait_for(f, POLLIN)))
			return false;
	}
	return false;
}

/* libcurl makes the TLS connection to the https:// form of the URL, and nothing more. */
static bool connect_tls(struct feed *f, const char *url, const char *cacert)
{
	CLEAN(bytes_free) struct bytes https = {NULL, 0, 0};
	char error[CURL_ERROR_SIZE] = "";
	CURLcode code;

	f->curl = curl_easy_init();
	if (f->curl == NULL || !bytes_put(&https, "https", 5) ||
	    !bytes_put(&https, url + 3, strlen(url + 3)))
		return false;
	curl_easy_setopt(f->curl, CURLOPT_URL, https.data);
	curl_easy_setopt(f->curl, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(f->curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(f->curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(f->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(f->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(f->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(f->curl, CURLOPT_ERRORBUFFER, error);
	if (cacert != NULL)
		curl_easy_setopt(f->curl, CURLOPT_CAINFO, cacert);
	code = curl_easy_perform(f->curl);
	curl_easy_setopt(f->curl, CURLOPT_ERRORBUFFER, NULL);
	if (code == CURLE_OK)
		code = curl_easy_getinfo(f->curl, CURLINFO_ACTIVESOCKET, &f->socket);
	if (code != CURLE_OK)
		complain_text("%s: %s", url, error[0] != '\0' ? error : curl_easy_strerror(code));
	return code == CURLE_OK;
}

struct feed *feed_open(
    const char *url, const char *cacert, const struct chg_request *r, long *status)
{
	const struct sigaction act = {.sa_handler = stop};
	struct feed *f = cli_zeroed(sizeof(*f));

	*status = 0;
	if (f == NULL)
		return NULL;
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	f->heard = seconds();
	if (!connect_tls(f, url, cacert)) {
		feed_close(f);
		return NULL;
	}
	if (handshake_send(f, url, r) && handshake_read(f, status))
		return f;
	complain_text("%s: the handshake failed (HTTP %ld)", url, *status);
	feed_close(f);
	return NULL;
}

void feed_close(struct feed *f)
{
	curl_easy_cleanup(f->curl);
	bytes_free(&f->in);
	bytes_free(&f->message);
	cli_zeroed_free(f);
}

/* ---- frames, RFC 6455 §5.2 ---- */

struct frame {
	bool is_final;
	unsigned op;
	size_t head, size;
};

enum read { READ_FRAME, READ_MORE, READ_BAD };

static enum read frame_read(const struct feed *f, struct frame *out)
{
	const uint8_t *p = (const uint8_t *)f->in.data;
	uint64_t size;

	if (f->in.size < 2)
		return READ_MORE;
	*out = (struct frame){(p[0] & 0x80) != 0, p[0] & 15, 2, 0};
	size = p[1];
	if ((p[0] & 0x70) != 0 || (size & 0x80) != 0) /* no extension was agreed; §5.1: no mask */
		return READ_BAD;
	if (size >= 126)
		out->head = size == 126 ? 4 : 10;
	if (f->in.size < out->head)
		return READ_MORE;
	if (out->head > 2)
		size = 0;
	for (size_t i = 2; i < out->head; i++)
		size = size << 8 | p[i];
	if (size > MESSAGE_MAX || (out->op >= 8 && (size > 125 || !out->is_final)))
		return READ_BAD;
	out->size = (size_t)size;
	return f->in.size - out->head < size ? READ_MORE : READ_FRAME;
}

/* Appends a text frame; true when the message is whole. */
static bool data_take(struct feed *f, const struct frame *frame, bool *is_whole)
{
	bool starts = frame->op != OP_CONTINUE;

	if (frame->op == OP_BINARY || starts == f->is_in_message ||
	    f->message.size + frame->size > MESSAGE_MAX)
		return false;
	f->is_in_message = !frame->is_final;
	*is_whole = frame->is_final;
	return bytes_put(&f->message, f->in.data + frame->head, frame->size);
}

enum taken { TAKEN_WHOLE, TAKEN_PART, TAKEN_CLOSE, TAKEN_BAD };

static enum taken frame_take(struct feed *f, const struct frame *frame)
{
	const char *data = f->in.data + frame->head;
	bool is_whole = false;

	switch (frame->op) {
	case OP_CONTINUE:
	case OP_TEXT:
	case OP_BINARY:
		if (!data_take(f, frame, &is_whole))
			return TAKEN_BAD;
		return is_whole ? TAKEN_WHOLE : TAKEN_PART;
	case OP_PING: return frame_send(f, OP_PONG, data, frame->size) ? TAKEN_PART : TAKEN_BAD;
	case OP_PONG: return TAKEN_PART;
	case OP_CLOSE:
		(void)frame_send(f, OP_CLOSE, data, frame->size >= 2 ? 2 : 0);
		return TAKEN_CLOSE;
	default: return TAKEN_BAD;
	}
}

/* false: silent for too long. */
static bool silence_judge(struct feed *f)
{
	time_t silent = seconds() - f->heard;

	if (silent >= GONE_AFTER)
		return false;
	if (silent < PING_AFTER || f->was_pinged)
		return true;
	f->was_pinged = true;
	return frame_send(f, OP_PING, "", 0);
}

static enum feed_event end(struct feed *f, unsigned code)
{
	if (code != 0)
		close_send(f, code);
	return stopped != 0 ? FEED_STOPPED : FEED_CLOSED;
}

/* Until no whole frame is left: PART asks for more bytes. */
static enum taken frames_take(struct feed *f)
{
	struct frame frame;
	enum read read;
	enum taken taken = TAKEN_PART;

	while (taken == TAKEN_PART && (read = frame_read(f, &frame)) != READ_MORE) {
		if (read == READ_BAD)
			return TAKEN_BAD;
		taken = frame_take(f, &frame);
		in_drop(f, frame.head + frame.size);
	}
	return taken;
}

bool feed_send(struct feed *f, const char *text)
{
	return frame_send(f, OP_TEXT, text, strlen(text));
}

enum feed_event feed_next(struct feed *f, struct bytes *text)
{
	for (;;) {
		enum got got;
		switch (f->in.size > 0 ? frames_take(f) : TAKEN_PART) {
		case TAKEN_WHOLE:
			bytes_free(text);
			*text = f->message;
			f->message = (struct bytes){NULL, 0, 0};
			return FEED_TEXT;
		case TAKEN_CLOSE: return end(f, 0);
		case TAKEN_BAD: return end(f, 1002);
		case TAKEN_PART: break;
		}
		got = stopped != 0 ? GOT_END : read_more(f);
		if (got == GOT_END ||
		    (got == GOT_NOTHING && (!silence_judge(f) || !wait_for(f, POLLIN))))
			return end(f, stopped != 0 ? 1000 : 0);
	}
}
