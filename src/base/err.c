/*
 * The error table as data, and the one place where a fault is recorded.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct err_row rows[] = {
    {"OK", 200, "SGN200000", "", ""},
#define ERR(symbol, status, code, english, portuguese) {#symbol, status, code, english, portuguese},
#include "errors.def"
#undef ERR
};

const struct err_row *err_row(enum err e)
{
	if ((unsigned)e >= sizeof rows / sizeof rows[0])
		e = ERR_INTERNAL;
	return &rows[e];
}

const char *err_symbol(enum err e)
{
	return err_row(e)->symbol;
}

enum err fault_set(
    struct fault *fault, enum err e, const char *field, const char *detail_format, ...)
{
	if (fault == NULL || fault->code != OK)
		return e;
	fault->code = e;
	snprintf(fault->field, sizeof fault->field, "%s", field ? field : "");
	if (detail_format != NULL) {
		va_list args;
		va_start(args, detail_format);
		vsnprintf(fault->detail, sizeof fault->detail, detail_format, args);
		va_end(args);
	}
	return e;
}
