/*
 * Libraries that only one role needs, opened by that role: the dynamic linker binds them in no
 * other process, which is most of what starting one costs. A room lists the functions it calls in
 * a .def file; late_stubs.h makes a stub of each, so callers and their headers stay as they are.
 * Calling a stub before late_open is a jump to address 0.
 */
#ifndef CHIROGRAPH_BASE_LATE_H
#define CHIROGRAPH_BASE_LATE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct late {
	const char *const *libraries; /* sonames, NULL ended; one brings its own libraries along */
	const char *const *functions; /* NULL ended */
	void **slots;                 /* one a function; whole pages, read-only once filled */
	size_t size;                  /* of slots, in bytes */
	bool is_open;
};

/* Once a process; later calls do nothing. By one thread, before others could call a stub. */
enum err CHECKED late_open(struct late *late);

#endif
