/* See the header. What was opened is never closed: destructors of libraries gain nothing here. */
#include "base/late.h"

#include "base/log.h"

#include <dlfcn.h>
#include <sys/mman.h>

#define LIBRARIES_MAX 4

struct opened {
	void *handles[LIBRARIES_MAX];
	size_t count;
};

static enum err libraries_open(const struct late *late, struct opened *o)
{
	for (; late->libraries[o->count] != NULL; o->count++) {
		ENSURE(o->count < LIBRARIES_MAX, ERR_INTERNAL);
		o->handles[o->count] = dlopen(late->libraries[o->count], RTLD_NOW | RTLD_LOCAL);
		if (o->handles[o->count] == NULL) {
			log_error("a library cannot be opened", "detail=%s", dlerror());
			return ERR_INTERNAL;
		}
	}
	return OK;
}

static void *function_find(const struct opened *o, const char *name)
{
	void *found = NULL;

	for (size_t i = 0; i < o->count && found == NULL; i++)
		found = dlsym(o->handles[i], name);
	return found;
}

enum err late_open(struct late *late)
{
	struct opened o = {.count = 0};

	if (late->is_open)
		return OK;
	TRY(libraries_open(late, &o));
	for (size_t i = 0; late->functions[i] != NULL; i++) {
		late->slots[i] = function_find(&o, late->functions[i]);
		if (late->slots[i] == NULL) {
			log_error("a library lacks a function", "name=%s", late->functions[i]);
			return ERR_INTERNAL;
		}
	}
	/* as RELRO does for the linker's own table */
	ENSURE(mprotect(late->slots, late->size, PROT_READ) == 0, ERR_INTERNAL);
	late->is_open = true;
	return OK;
}
