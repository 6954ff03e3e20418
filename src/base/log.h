/*
 * The log: one line an event on standard error, logfmt (`ts= level= role= msg= key=value`).
 * Values are escaped, so an input cannot forge a line. Secrets and personal data never go in.
 */
#ifndef CHIROGRAPH_BASE_LOG_H
#define CHIROGRAPH_BASE_LOG_H

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

void log_role(const char *role); /* "front", "keyd" …: once, at start */
void log_threshold(enum log_level level);

/* message: a fixed sentence. format: logfmt pairs `key=%s other=%d` or NULL, with %s, %d, %u, %o,
 * %zu, %lld and %llu only. A text value is quoted and escaped when it needs to be. */
void log_write(enum log_level level, const char *message, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warn(...) log_write(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)

#endif
