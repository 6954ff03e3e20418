/*
 * A bundle in memory. Everything lives in the arena of the checker; keys only while it verifies.
 */
#ifndef CHIROGRAPH_LIB_PROOF_H
#define CHIROGRAPH_LIB_PROOF_H

#include "lib/check.h"

#define PROOF_TRUSTED_MAX 32
#define PROOF_EXCHANGES_MAX 2000

struct proof_part {
	struct fields fields;
	const char *spki;
	EVP_PKEY *key;
	enum key_kind kind;
	struct span body_token;
	uint8_t sha256[SHA256_SIZE];
	bool has_hash; /* false: no body */
	bool is_file;  /* es512-wrapped: sha256 is of the file that was signed in its body */
	bool is_answer;
	bool is_missing; /* an answer that was not kept */
	struct said said;
	struct chg_proof_part shown;
};

struct proof_exchange {
	const char *at, *url;
	struct span method; /* NUL-ended */
	enum chg_scheme scheme;
	unsigned status;
	struct target target;
	struct proof_part parts[2]; /* enum chg_side */
};

struct proof_body {
	struct proof_body *next;
	struct span bytes;
	uint8_t sha256[SHA256_SIZE];
};

struct chg_proof {
	struct arena *arena;
	struct said mistake, said;
	const struct chg_key *trusted[2][PROOF_TRUSTED_MAX];
	size_t trusted_count[2];
	struct proof_body *bodies;
	struct proof_exchange *exchanges;
	size_t count;
};

enum chg_status proof_read(struct chg_proof *p, struct span json);

#endif
