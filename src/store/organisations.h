/*
 * Organisations, the people in them and their settings. Functions run inside store_read and
 * store_write works; texts of a row found live in the arena handed over. Errors: ERR_NOT_FOUND
 * when there is no such row, ERR_CONFLICT when an outside name or address is taken.
 */
#ifndef CHIROGRAPH_STORE_ORGANISATIONS_H
#define CHIROGRAPH_STORE_ORGANISATIONS_H

#include "store/db.h"

struct stored_organisation {
	int64_t row; /* given by store_organisation_add */
	const char *external_id;
	const char *name;
	const char *time_zone;     /* IANA */
	const char *language;      /* pt-BR, en, es */
	const char *support_email; /* NULL: none */
	const char *redirect_url;  /* NULL: none */
	const char *expiry;        /* "end_of_day" */
	struct span wrapped_key;   /* organisation key, wrapped by the root key */
	struct span data_key;      /* data key of the organisation's own secrets, wrapped */
	int64_t created_at;
};

enum err CHECKED store_organisation_add(
    struct db *db, struct stored_organisation *o); /* sets row */
enum err CHECKED store_organisation_get(
    struct db *db, int64_t row, struct arena *arena, struct stored_organisation *out);
enum err CHECKED store_organisation_find(
    struct db *db, const char *external_id, struct arena *arena, struct stored_organisation *out);
/* Up to *n rows with a row id above `after`, in order; *n becomes their number. */
enum err CHECKED store_organisation_list(
    struct db *db, int64_t after, struct arena *arena, struct stored_organisation *out, size_t *n);
/* Everything but external_id, keys and created_at. */
enum err CHECKED store_organisation_update(struct db *db, const struct stored_organisation *o);

struct stored_setting {
	const char *name;
	struct span value; /* sealed under the organisation's data key when is_sealed */
	bool is_sealed;
};

enum err CHECKED store_setting_set(
    struct db *db, int64_t organisation, const struct stored_setting *s);
enum err CHECKED store_setting_get(struct db *db, int64_t organisation, const char *name,
    struct arena *arena, struct stored_setting *out);
/* Up to *n settings whose names start with the prefix ("smtp."), in order of name. */
enum err CHECKED store_setting_list(struct db *db, int64_t organisation, const char *prefix,
    struct arena *arena, struct stored_setting *out, size_t *n);
enum err CHECKED store_setting_remove(struct db *db, int64_t organisation, const char *name);

struct stored_user {
	int64_t row;
	const char *external_id;
	const char *email; /* lower case */
	const char *name;
	int64_t created_at;
};

enum err CHECKED store_user_add(struct db *db, struct stored_user *u); /* sets row */
enum err CHECKED store_user_find_email(
    struct db *db, const char *email, struct arena *arena, struct stored_user *out);
enum err CHECKED store_membership_set(
    struct db *db, int64_t organisation, int64_t user, const char *role, int64_t now);
enum err CHECKED store_membership_get(
    struct db *db, int64_t organisation, int64_t user, struct arena *arena, const char **role);
/* Up to *n people with a row id above `after`, and their roles. */
enum err CHECKED store_membership_list(struct db *db, int64_t organisation, int64_t after,
    struct arena *arena, struct stored_user *out, const char **roles, size_t *n);

#endif
