/*
 * See the header. Everything is synced before it gets its name.
 */
#include "store/backup.h"

#include "store/engine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096

static enum err path_make(char out[PATH_SIZE], const char *folder, const char *name)
{
	int n = snprintf(out, PATH_SIZE, "%s/%s", folder, name);
	return n > 0 && n < PATH_SIZE ? OK : ERR_IO;
}

static enum err folder_make(const char *path)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST ? OK : ERR_IO;
}

static enum err synced(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ENSURE(fd >= 0, ERR_IO);
	int done = fsync(fd);
	close(fd);
	return done == 0 ? OK : ERR_IO;
}

static enum err pages_copy(struct db *from, sqlite3 *to)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from->handle, "main");
	ENSURE(b != NULL, ERR_STORE);
	int rc = sqlite3_backup_step(b, -1);
	int finished = sqlite3_backup_finish(b);
	return rc == SQLITE_DONE && finished == SQLITE_OK ? OK : ERR_STORE;
}

static enum err database_copy(const char *from, const char *to)
{
	struct db *source = NULL;
	sqlite3 *target = NULL;
	enum err e = db_open(from, DB_READER, &source);
	if (e == OK && sqlite3_open_v2(to, &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
			   NULL) != SQLITE_OK)
		e = ERR_STORE;
	if (e == OK)
		e = pages_copy(source, target);
	sqlite3_close(target);
	db_close(source);
	return e;
}

enum err backup_database(const char *data, const char *to)
{
	char from[PATH_SIZE], folder[PATH_SIZE], temporary[PATH_SIZE], final[PATH_SIZE];
	TRY(path_make(from, data, "db/chirograph.db"));
	TRY(path_make(folder, to, "db"));
	TRY(path_make(temporary, folder, "chirograph.db.new"));
	TRY(path_make(final, folder, "chirograph.db"));
	TRY(folder_make(folder));
	ENSURE(unlink(temporary) == 0 || errno == ENOENT, ERR_IO);
	TRY(database_copy(from, temporary));
	TRY(synced(temporary));
	ENSURE(rename(temporary, final) == 0, ERR_IO);
	return synced(folder);
}

static enum err bytes_copy(int from, int to)
{
	for (;;) {
		uint8_t piece[65536];
		ssize_t got = read(from, piece, sizeof piece), at = 0;
		ENSURE(got >= 0, ERR_IO);
		if (got == 0)
			return fsync(to) == 0 ? OK : ERR_IO;
		while (at < got) {
			ssize_t put = write(to, piece + at, (size_t)(got - at));
			ENSURE(put > 0, ERR_IO);
			at += put;
		}
	}
}

static enum err file_copy(int from, const char *to)
{
	char temporary[PATH_SIZE];
	int n = snprintf(temporary, sizeof temporary, "%s.new", to);
	ENSURE(n > 0 && n < PATH_SIZE, ERR_IO);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ENSURE(fd >= 0, ERR_IO);
	enum err e = bytes_copy(from, fd);
	if (close(fd) != 0 && e == OK)
		e = ERR_IO;
	ENSURE(e == OK, e);
	return rename(temporary, to) == 0 ? OK : ERR_IO;
}

enum err backup_file(const char *from, const char *to)
{
	int fd = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? OK : ERR_IO;
	enum err e = file_copy(fd, to);
	close(fd);
	return e;
}

/* A blob that a row names is there for good; one that is gone was an orphan. */
static enum err blob_copy(const char *from, const char *to, size_t *copied, size_t *kept)
{
	struct stat a, b;
	if (stat(from, &a) != 0 || !S_ISREG(a.st_mode))
		return OK;
	if (stat(to, &b) == 0 && a.st_size == b.st_size) {
		(*kept)++;
		return OK;
	}
	(*copied)++;
	return backup_file(from, to);
}

static bool is_blob(const char *name)
{
	return strlen(name) == 32 && strspn(name, "0123456789abcdef") == 32;
}

static enum err shelf_copy(const char *from, const char *to, size_t *copied, size_t *kept)
{
	DIR *dir = opendir(from);
	enum err e = OK;
	ENSURE(dir != NULL, ERR_IO);
	for (struct dirent *d; e == OK && (d = readdir(dir)) != NULL;) {
		char source[PATH_SIZE], target[PATH_SIZE];
		if (!is_blob(d->d_name))
			continue;
		e = path_make(source, from, d->d_name);
		if (e == OK)
			e = path_make(target, to, d->d_name);
		if (e == OK)
			e = blob_copy(source, target, copied, kept);
	}
	closedir(dir);
	return e == OK ? synced(to) : e;
}

enum err backup_blobs(const char *data, const char *to, size_t *copied, size_t *kept)
{
	char from[PATH_SIZE], shelf[PATH_SIZE], root[PATH_SIZE];
	TRY(path_make(root, to, "blobs"));
	TRY(folder_make(root));
	for (unsigned i = 0; i < 256; i++) {
		char name[16];
		snprintf(name, sizeof name, "blobs/%02x", i);
		TRY(path_make(from, data, name));
		TRY(path_make(shelf, to, name));
		if (access(from, F_OK) != 0)
			continue;
		TRY(folder_make(shelf));
		TRY(shelf_copy(from, shelf, copied, kept));
	}
	return OK;
}
