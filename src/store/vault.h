/*
 * Encryption of columns. A data key belongs to one envelope (or to one organisation's own
 * secrets) and is kept wrapped in the database; open keys live here only, in a bounded cache
 * whose entries are wiped when they leave. What is sealed is bound to its table, column and
 * row, so a value copied to another place does not open.
 */
#ifndef CHIROGRAPH_STORE_VAULT_H
#define CHIROGRAPH_STORE_VAULT_H

#include "base/bytes.h"
#include "base/crypto.h"

/* Where a sealed value lives. row: the external id or the row id in digits; what never changes. */
struct vault_place {
	const char *table, *column, *row;
};

enum err CHECKED vault_seal(
    const uint8_t key[KEY_SIZE], struct vault_place at, struct span plain, struct buf *out);
/* ERR_DECRYPT when key, place or bytes differ. */
enum err CHECKED vault_open(
    const uint8_t key[KEY_SIZE], struct vault_place at, struct span sealed, struct buf *out);

struct vault;

/* Unwraps a data key (keyd does it). May block; called without any lock held. */
typedef enum err (*vault_unwrap)(
    void *ctx, struct span organisation_wrapped, struct span wrapped, uint8_t key[KEY_SIZE]);

enum err CHECKED vault_new(size_t entries, vault_unwrap unwrap, void *ctx, struct vault **out);
void vault_free(struct vault *v); /* wipes; NULL is fine */

/* The open data key of an envelope; envelope 0: the organisation's own data key. Wipe the copy
 * after use. Any number of threads. */
enum err CHECKED vault_key(struct vault *v, int64_t organisation, int64_t envelope,
    struct span organisation_wrapped, struct span wrapped, uint8_t key[KEY_SIZE]);
/* A key just made: spares the first unwrapping. */
void vault_remember(
    struct vault *v, int64_t organisation, int64_t envelope, const uint8_t key[KEY_SIZE]);
/* The envelope's key was destroyed. */
void vault_forget(struct vault *v, int64_t organisation, int64_t envelope);

#endif
