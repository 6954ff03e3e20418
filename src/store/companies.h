/*
 * Companies (an organisation's sub-accounts), their trusted parties, and documents uploaded before
 * any envelope. Profiles arrive and leave sealed under the organisation's data key; a company's
 * words are hashes that the caller made, and a search asks for companies that have all of some.
 */
#ifndef CHIROGRAPH_STORE_COMPANIES_H
#define CHIROGRAPH_STORE_COMPANIES_H

#include "store/db.h"

#include "base/crypto.h"

#define WORD_HASH_SIZE 16
#define COMPANY_QUERY_WORDS 5

struct word_hash {
	uint8_t bytes[WORD_HASH_SIZE];
};

struct company_scope {
	int64_t organisation;
	int environment;
};

struct stored_company {
	int64_t row;
	const char *id;
	struct span profile; /* sealed */
	int64_t created_at, updated_at;
};

/* Sets row. Times: created_at. */
enum err CHECKED store_company_add(
    struct db *db, const struct company_scope *s, struct stored_company *c);
/* profile and updated_at. */
enum err CHECKED store_company_save(
    struct db *db, const struct company_scope *s, const struct stored_company *c);
/* In place of the words it had. */
enum err CHECKED store_company_words(struct db *db, const struct company_scope *s, int64_t company,
    const struct word_hash *words, size_t count);
enum err CHECKED store_company_find(struct db *db, const struct company_scope *s, const char *id,
    struct arena *arena, struct stored_company *out); /* ERR_NOT_FOUND */

struct company_search {
	struct company_scope scope;
	struct word_hash words[COMPANY_QUERY_WORDS]; /* the rarest first */
	size_t word_count;                           /* 0: all companies */
	int64_t after;                               /* row, 0: from the first */
	size_t limit;
};
/* Oldest first, with one row more than the limit when others follow. total: of all pages. */
enum err CHECKED store_company_search(struct db *db, const struct company_search *search,
    struct arena *arena, struct stored_company **out, size_t *count, int64_t *total);

/* The organisation of a company whose administrator this person is. ERR_NOT_FOUND. */
enum err CHECKED store_company_owner(
    struct db *db, const char *id, int environment, int64_t user, int64_t *organisation);

/* ---- trusted parties ---- */

struct stored_party {
	const char *id;
	struct span profile; /* sealed */
	struct word_hash address;
	int64_t created_at;
};
/* ERR_CONFLICT: the company has this address; ERR_TOO_MANY. */
enum err CHECKED store_party_add(
    struct db *db, int64_t organisation, int64_t company, const struct stored_party *p);
/* All of a company, oldest first. */
enum err CHECKED store_party_list(struct db *db, int64_t organisation, int64_t company,
    struct arena *arena, struct stored_party **out, size_t *count);
enum err CHECKED store_party_remove(
    struct db *db, int64_t organisation, int64_t company, const char *id); /* ERR_NOT_FOUND */

/* ---- uploaded documents ---- */

enum upload_media { UPLOAD_OTHER = 0, UPLOAD_PDF = 1, UPLOAD_JPEG = 2 };

struct stored_upload {
	int64_t row;
	const char *id;   /* of store_upload_add only */
	const char *blob; /* under the organisation's data key */
	int64_t size;
	enum upload_media media;
	int64_t created_at, expires_at;
};
enum err CHECKED store_upload_add(
    struct db *db, const struct company_scope *s, const struct stored_upload *u);
/* ERR_NOT_FOUND, also when its time is over. */
enum err CHECKED store_upload_find(struct db *db, const struct company_scope *s, const char *id,
    int64_t now, struct arena *arena, struct stored_upload *out);
enum err CHECKED store_upload_by_row(struct db *db, int64_t organisation, int64_t row,
    struct arena *arena, struct stored_upload *out);
/* Rows only: their files are then named by nobody, and the sweep of the blobs takes them. */
enum err CHECKED store_upload_sweep(struct db *db, int64_t expired_before);

#endif
