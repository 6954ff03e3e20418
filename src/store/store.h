/*
 * The embedded store. One writer thread commits many requests' transactions in one fsync;
 * each piece of work runs inside its own SAVEPOINT, so one that fails leaves nothing. Reads
 * run on pooled read connections. Work functions get a `struct db` and use only statements
 * of src/store/sql, numbered at build time.
 *
 * Every row of a tenant carries the organisation; every statement takes it as a parameter or
 * is named in the file sql/exceptions.
 */
#ifndef CHIROGRAPH_STORE_STORE_H
#define CHIROGRAPH_STORE_STORE_H

#include "base/bytes.h"

struct store;
struct db;

struct store_config {
	const char *data; /* DIR: db/ and blobs/ live there */
	bool is_tool; /* command line beside a running server: no writer thread of its own, waits
			 for locks */
};

enum err CHECKED store_open(
    const struct store_config *config, struct store **out); /* migrates; ERR_SCHEMA_NEWER */
void store_close(struct store *s);                          /* finishes queued work first */

typedef enum err (*store_work)(struct db *db, void *ctx);
/* Runs work in the writer and returns after the commit that holds it (or its error, with nothing
 * kept). */
enum err CHECKED store_write(struct store *s, store_work work, void *ctx);
/* Runs work in a read transaction: one consistent view. */
enum err CHECKED store_read(struct store *s, store_work work, void *ctx);

struct store_counts {
	uint64_t transactions, commits; /* commits = syncs */
};
void store_counts(const struct store *s, struct store_counts *out);

#endif
