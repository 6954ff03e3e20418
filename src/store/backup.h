/*
 * A copy of a data folder that can be served: the database by SQLite's online backup, which sees
 * one moment of a database in use, then the blobs, which are written before the row that names them
 * and never change. So every blob that the copy's rows name is in the copy.
 */
#ifndef CHIROGRAPH_STORE_BACKUP_H
#define CHIROGRAPH_STORE_BACKUP_H

#include "base/err.h"

#include <stddef.h>

/* Into TO/db/chirograph.db, by a rename: an older copy there stays until the new one is whole. */
enum err CHECKED backup_database(const char *data, const char *to);
/* Blobs that TO has already are not copied again. */
enum err CHECKED backup_blobs(const char *data, const char *to, size_t *copied, size_t *kept);
/* One file, by a rename, mode 0600; a source that does not exist is OK. */
enum err CHECKED backup_file(const char *from, const char *to);

#endif
