/*
 * Errors: one enum, made from the table api/errors.def, returned by value and
 * never ignored. The table also holds what the caller of the API is told; what
 * the operator needs goes to the log. A `struct fault` carries the field's name
 * and the value that would have been right from a decoder to the reply.
 */
#ifndef CHIROGRAPH_BASE_ERR_H
#define CHIROGRAPH_BASE_ERR_H

#include <stdbool.h>

#define CHECKED __attribute__((warn_unused_result))
#define CLEANUP(f) __attribute__((cleanup(f)))

enum err {
	OK = 0,
#define ERR(symbol, status, code, english, portuguese) ERR_##symbol,
#include "errors.def"
#undef ERR
	ERR_COUNT_
};

/* One row of api/errors.def. English and Portuguese may contain "{field}" and "{detail}". */
struct err_row {
	const char *symbol; /* "FIELD_MISSING" */
	unsigned status;    /* HTTP status */
	const char *code;   /* public code: three letters, six digits */
	const char *english;
	const char *portuguese;
};

const struct err_row *err_row(enum err e); /* never NULL; unknown values give INTERNAL */
const char *err_symbol(enum err e);

/* Return ERR_##e from the enclosing function unless the condition holds. */
#define ENSURE(cond, e) \
	do { \
		if (!(cond)) \
			return (e); \
	} while (0)

/* Return the error of a call from the enclosing function. */
#define TRY(call) \
	do { \
		enum err try_err_ = (call); \
		if (try_err_ != OK) \
			return try_err_; \
	} while (0)

#define FAULT_FIELD_MAX 96
#define FAULT_DETAIL_MAX 256

/* What exactly was wrong with an input: fills {field} and {detail} of the error's texts. */
struct fault {
	enum err code;
	char field[FAULT_FIELD_MAX];   /* "signers[1].email", or empty */
	char detail[FAULT_DETAIL_MAX]; /* what would be right, or empty */
};

/* Record the first fault (later ones are ignored) and return e. fault may be NULL. */
enum err fault_set(struct fault *fault, enum err e, const char *field, const char *detail_format,
    ...) __attribute__((format(printf, 4, 5)));

#endif
