-- name: engine_begin_write
-- exception: opens a batch, touches no row
BEGIN IMMEDIATE;

-- name: engine_begin_exclusive
-- exception: opens the migration, touches no row
BEGIN EXCLUSIVE;

-- name: engine_begin_read
-- exception: opens a view, touches no row
BEGIN;

-- name: engine_commit
-- exception: ends a batch, touches no row
COMMIT;

-- name: engine_rollback
-- exception: ends a batch, touches no row
ROLLBACK;

-- name: engine_savepoint
-- exception: opens one work, touches no row
SAVEPOINT work;

-- name: engine_release
-- exception: ends one work, touches no row
RELEASE work;

-- name: engine_rollback_work
-- exception: undoes one work, touches no row
ROLLBACK TO work;

-- name: engine_wal
-- exception: sets up a connection
PRAGMA journal_mode = WAL;

-- name: engine_synchronous
-- exception: sets up a connection
PRAGMA synchronous = FULL;

-- name: engine_cache
-- exception: sets up a connection (KiB, negative by SQLite's custom)
PRAGMA cache_size = -1024;

-- name: engine_temporary
-- exception: sets up a connection, so that nothing lands in /tmp
PRAGMA temp_store = MEMORY;

-- name: engine_wal_limit
-- exception: sets up a connection; bytes the log keeps after a checkpoint
PRAGMA journal_size_limit = 33554432;

-- name: schema_table
-- exception: the schema belongs to the store
CREATE TABLE IF NOT EXISTS schema_migration (
	number INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	checksum BLOB NOT NULL,
	applied_at BIGINT NOT NULL
);

-- name: schema_list
-- exception: the schema belongs to the store
SELECT number, name, checksum
FROM schema_migration
ORDER BY number;

-- name: schema_add
-- exception: the schema belongs to the store
INSERT INTO schema_migration (number, name, checksum, applied_at)
VALUES ($1, $2, $3, $4);

-- name: doctor_integrity
-- exception: looks at the whole file, shows no row
PRAGMA integrity_check(1);
