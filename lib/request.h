/*
 * A request while it is built: what the caller told, and what signing made of it.
 */
#ifndef CHIROGRAPH_LIB_REQUEST_H
#define CHIROGRAPH_LIB_REQUEST_H

#include "lib/own.h"

struct chg_request {
	enum chg_scheme scheme;
	struct arena *told;
	struct said mistake; /* of a setter */
	const char *method, *url, *content_type, *api_key, *client_key, *key_id, *file_name;
	struct span body, file;
	const struct chg_key *key;
	enum sign_algorithm algorithm;
	int64_t time, nonce; /* time: Unix seconds */
	bool has_time, has_nonce, is_answer_signed;
	struct fields sent; /* of chg_request_add_sent */

	struct arena *made; /* what the last chg_request_sign made */
	struct said said;
	struct target target;
	struct fields fields;
	struct span payload;
	struct buf wrapped;    /* the payload when it is not the body itself */
	const char *sent_type; /* NULL: none */
	char hash[2 * SHA256_SIZE + 1];
	int64_t at;
	bool is_signed;
};

/* One a scheme; each says what is wrong. */
enum chg_status sign_api_key(struct chg_request *r);
enum chg_status sign_wrapped(struct chg_request *r);
enum chg_status sign_plain(struct chg_request *r);
enum chg_status sign_x_sign(struct chg_request *r);
enum chg_status sign_message(struct chg_request *r);

void request_header(struct chg_request *r, const char *name, struct span value);

#endif
