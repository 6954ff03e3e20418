/*
 * A store in a folder of its own, beside the test program (in the build folder, so never on a
 * memory file system that syncs nothing), and an organisation in it.
 */
#ifndef CHIROGRAPH_TESTS_STORE_SUPPORT_H
#define CHIROGRAPH_TESTS_STORE_SUPPORT_H

#include "unit.h"

#include "store/keys.h"
#include "store/organisations.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[PATH_MAX];
static struct store *store;
static int64_t organisation, api_key;

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static inline void folder_remove(void)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void folder_make(void)
{
	char program[PATH_MAX - 32] = "";
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	assert_true(n > 0);
	*strrchr(program, '/') = '\0';
	snprintf(folder, sizeof(folder), "%s/store-XXXXXX", program);
	assert_non_null(mkdtemp(folder));
}

static inline struct store *store_start(bool is_tool)
{
	struct store *s = NULL;
	struct store_config config = {.data = folder, .is_tool = is_tool};
	assert_int_equal(store_open(&config, &s), OK);
	return s;
}

static inline enum err work_organisation(struct db *db, void *ctx)
{
	struct stored_organisation o = {.external_id = ctx,
	    .name = "Cartório do Teste",
	    .time_zone = "America/Sao_Paulo",
	    .language = "pt-BR",
	    .expiry = "end_of_day",
	    .wrapped_key = span_str("wrapped"),
	    .data_key = span_str("data key"),
	    .created_at = 1};
	struct stored_key k = {.environment = 1, .scheme = 1, .key_id_size = 10, .created_at = 1};
	snprintf((char *)k.key_id, sizeof(k.key_id), "k-%s", (const char *)ctx);
	TRY(store_organisation_add(db, &o));
	organisation = k.organisation = o.row;
	TRY(store_key_add(db, &k));
	api_key = k.row;
	return OK;
}

static inline int store_setup(void **state)
{
	static char id[] = "first";
	folder_make();
	store = store_start(false);
	return store_write(store, work_organisation, id) == OK ? 0 : -1;
}

static inline int store_teardown(void **state)
{
	store_close(store);
	store = NULL;
	folder_remove();
	return 0;
}

#endif
