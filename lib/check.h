/*
 * Checking one signed message, the same for an answer that just arrived, a webhook, and either side
 * of a bundle read years later. Key and algorithm come from the caller; nothing here knows a clock:
 * the moment of the signature is handed back.
 */
#ifndef CHIROGRAPH_LIB_CHECK_H
#define CHIROGRAPH_LIB_CHECK_H

#include "lib/own.h"

struct evidence {
	EVP_PKEY *key;
	enum sign_algorithm algorithm;
	struct span method; /* of the request */
	struct target target;
	const struct fields *fields;         /* of the message itself */
	const struct fields *request_fields; /* responses: what ;req covers */
	bool is_response;
	unsigned status;
	struct span body; /* raw bytes */
	bool has_body;    /* false: only body_sha256 is known */
	const uint8_t *body_sha256;
	struct span body_token; /* es512-wrapped without raw bytes: what encoded_body was */
	bool is_file;           /* es512-wrapped: the body is a file, signed as it is */
	const char
	    *client_key; /* what API-CLIENT-KEY and sub must be; NULL: what the message says */
};

struct finding {
	int64_t at;          /* Unix seconds of the signature; 0: it says none */
	bool is_body_open;   /* all fits, but the body's bytes are needed to decide */
	struct buf *decoded; /* wrapped: claims of the body are appended; may be NULL */
};

enum chg_status check_wrapped(const struct evidence *e, struct finding *f, struct said *s);
enum chg_status check_plain(const struct evidence *e, struct finding *f, struct said *s);
enum chg_status check_x_sign(const struct evidence *e, struct finding *f, struct said *s);
enum chg_status check_message(const struct evidence *e, struct finding *f, struct said *s);
/* window 0: any time */
enum chg_status check_time(int64_t at, int64_t now, int64_t window, struct said *s);

#endif
