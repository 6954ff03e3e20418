/*
 * The embedded store. One writer thread commits many requests' transactions in one fsync;
 * each piece of work runs inside its own SAVEPOINT, so one that fails leaves nothing. Reads
 * run on pooled read connections. Work functions get a `struct db` and use only statements
 * of src/store/sql, numbered at build time.
 *
 * A work must not call store_write or store_read, nor wait for another request: everybody's
 * commit waits for it. A work that returns an error keeps nothing; one whose refusal must be
 * remembered (a wrong code is counted) returns OK and carries the refusal out in its context.
 *
 * Every row of a tenant carries the organisation; every statement takes it as a parameter or
 * says below its name why not (tools/sqlgen.c).
 */
#ifndef CHIROGRAPH_STORE_STORE_H
#define CHIROGRAPH_STORE_STORE_H

#include "base/bytes.h"

struct store;
struct db;

struct store_config {
	const char *data; /* DIR: db/ and blobs/ live there */
	bool is_tool; /* command line beside a running server: no writer thread, waits for locks */
};

/* Makes and migrates the database. ERR_SCHEMA_NEWER, ERR_SCHEMA_CHANGED, ERR_STORE; ERR_CONFLICT:
 * another server has it. */
enum err CHECKED store_open(const struct store_config *config, struct store **out);
/* Finishes queued work first. NULL is fine. */
void store_close(struct store *s);

typedef enum err (*store_work)(struct db *db, void *ctx);
/* Runs work in the writer; returns after the commit that holds it, or its error with nothing kept.
 */
enum err CHECKED store_write(struct store *s, store_work work, void *ctx);
/* Runs work in a read transaction: one consistent view. */
enum err CHECKED store_read(struct store *s, store_work work, void *ctx);

/* Called after a commit, for each channel that its works announced (0: too many to name, all are
 * meant). On the writer's thread: must not block, nor call the store. NULL: nobody. */
void store_listen(struct store *s, void (*heard)(void *ctx, uint64_t channel), void *ctx);

struct store_counts {
	uint64_t transactions; /* works committed */
	uint64_t commits;      /* commits that wrote: each is one sync of the log */
};
void store_counts(struct store *s, struct store_counts *out);

#endif
