/*
 * Public keys, row by row. What always holds: an owner has at most STORE_PUBLIC_KEYS_VALID keys
 * valid at a time and no key twice among them; what was written stays, so that a signature of
 * years ago can be laid beside its key.
 */
#include "store/public_keys.h"

#include "store/keys.h"

#include <string.h>

static void public_key_read(struct query *q, struct stored_public_key *out)
{
	struct span spki = query_column(q, 5);
	*out = (struct stored_public_key){
	    .row = query_column_int(q, 0),
	    .owner = {.organisation = query_column_int(q, 1),
		.integration = query_column_int(q, 2),
		.user = query_column_int(q, 3)},
	    .kind = (int)query_column_int(q, 4),
	    .created_at = query_column_int(q, 7),
	    .valid_until = query_column_int(q, 8),
	    .revoked_at = query_column_int(q, 9),
	    .last_verified_at = query_column_int(q, 10),
	};
	if (spki.size <= sizeof(out->spki) && spki.size > 0) {
		memcpy(out->spki, spki.data, spki.size);
		out->spki_size = spki.size;
	}
	column_chars(q, 6, out->fingerprint, sizeof(out->fingerprint));
}

/* A person's statement knows the person alone; the others the organisation and the integration. */
static void owner_start(struct query *q, struct db *db, const struct key_owner *owner,
    enum statement of_user, enum statement of_other)
{
	if (owner->user != 0) {
		query_start(q, db, of_user);
		query_int(q, owner->user);
		return;
	}
	query_start(q, db, of_other);
	query_int(q, owner->organisation);
	query_int(q, owner->integration);
}

enum err store_public_key_valid(struct db *db, const struct key_owner *owner, int64_t now,
    struct stored_public_key *out, size_t *n)
{
	struct query q;
	size_t max = *n < STORE_PUBLIC_KEYS_VALID ? *n : STORE_PUBLIC_KEYS_VALID;
	*n = 0;
	owner_start(&q, db, owner, SQL_PUBLIC_KEY_VALID_USER, SQL_PUBLIC_KEY_VALID);
	query_int(&q, now);
	query_int(&q, (int64_t)max);
	while (*n < max && query_next(&q))
		public_key_read(&q, &out[(*n)++]);
	return query_end(&q);
}

enum err store_public_key_list(struct db *db, const struct key_owner *owner, int64_t after,
    struct stored_public_key *out, size_t *n)
{
	struct query q;
	size_t max = *n;
	*n = 0;
	owner_start(&q, db, owner, SQL_PUBLIC_KEY_LIST_USER, SQL_PUBLIC_KEY_LIST);
	query_int(&q, after);
	query_int(&q, (int64_t)max);
	while (*n < max && query_next(&q))
		public_key_read(&q, &out[(*n)++]);
	return query_end(&q);
}

static enum err row_run(struct db *db, enum statement s, int64_t row, int64_t time)
{
	struct query q;
	query_start(&q, db, s);
	query_int(&q, row);
	query_int(&q, time);
	return query_run(&q);
}

static enum err public_key_insert(struct db *db, struct stored_public_key *k)
{
	struct query q;
	query_start(&q, db, SQL_PUBLIC_KEY_ADD);
	query_int(&q, k->owner.organisation);
	query_int(&q, k->owner.integration);
	query_int(&q, k->owner.user);
	query_int(&q, k->kind);
	query_blob(&q, span_of(k->spki, k->spki_size));
	query_text(&q, k->fingerprint);
	query_int(&q, k->created_at);
	query_int(&q, k->valid_until);
	if (query_next(&q))
		k->row = query_column_int(&q, 0);
	return query_end(&q);
}

enum err store_public_key_add(struct db *db, struct stored_public_key *k, int64_t older_until)
{
	struct stored_public_key older[STORE_PUBLIC_KEYS_VALID];
	size_t n = STORE_PUBLIC_KEYS_VALID;
	int64_t now = k->created_at, end = older_until > now ? older_until : now;

	ENSURE(k->spki_size > 0 && k->spki_size <= sizeof(k->spki), ERR_INTERNAL);
	TRY(store_public_key_valid(db, &k->owner, now, older, &n));
	for (size_t i = 0; i < n; i++)
		ENSURE(strcmp(older[i].fingerprint, k->fingerprint) != 0, ERR_CONFLICT);
	for (size_t i = 0; older_until != STORE_OLDER_KEPT && i < n; i++)
		TRY(row_run(db, SQL_PUBLIC_KEY_END, older[i].row, end));
	ENSURE(n < STORE_PUBLIC_KEYS_VALID || (older_until != STORE_OLDER_KEPT && end == now),
	    ERR_TOO_MANY);
	return public_key_insert(db, k);
}

enum err store_public_key_revoke(
    struct db *db, const struct key_owner *owner, int64_t row, int64_t now)
{
	struct stored_public_key one;
	size_t n = 1;
	TRY(store_public_key_list(db, owner, row - 1, &one, &n));
	ENSURE(n == 1 && one.row == row && one.revoked_at == 0, ERR_NOT_FOUND);
	return row_run(db, SQL_PUBLIC_KEY_REVOKE, row, now);
}

enum err store_public_key_verified(struct db *db, int64_t row, int64_t now)
{
	return row_run(db, SQL_PUBLIC_KEY_VERIFIED, row, now);
}
