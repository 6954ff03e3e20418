/*
 * Reading the configuration. A key nobody knows is an error that names the nearest one: a typing
 * mistake must not silently leave a default in force.
 */
#include "main/config.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/limits.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG_LINE_MAX 190 /* inih cuts longer lines */

const struct config_row config_rows[CONFIG_COUNT] = {
#define CONFIG(id, name, kind, limits, standard, description) \
	{name, CONFIG_##kind, limits, standard, description},
#include "main/config.def"
#undef CONFIG
};

extern char **environ;

void config_environment_name(const char *name, char out[64])
{
	size_t at = (size_t)snprintf(out, 64, "CHIROGRAPH_");

	for (; *name != '\0' && at < 63; name++)
		out[at++] = *name == '.' ? '_' : (char)toupper((unsigned char)*name);
	out[at] = '\0';
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Edit distance (Levenshtein), of names short enough for one row. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[64];
	size_t width = strnlen(b, 63);

	for (unsigned i = 0; i <= width; i++)
		row[i] = i;
	for (unsigned y = 1; a[y - 1] != '\0'; y++) {
		unsigned before = row[0];
		row[0] = y;
		for (size_t x = 1; x <= width; x++) {
			unsigned above = row[x];
			unsigned swap = before + (a[y - 1] != b[x - 1]);
			row[x] = least(swap, least(above, row[x - 1]) + 1);
			before = above;
		}
	}
	return row[width];
}

const char *config_nearest(const char *name)
{
	const char *best = config_rows[0].name;

	for (size_t i = 1; i < CONFIG_COUNT; i++)
		if (distance(name, config_rows[i].name) < distance(name, best))
			best = config_rows[i].name;
	return best;
}

static int find(const char *name)
{
	for (int i = 0; i < CONFIG_COUNT; i++)
		if (strcmp(config_rows[i].name, name) == 0)
			return i;
	return -1;
}

static bool is_word_of(const char *words, const char *value)
{
	struct span rest = span_str(words);

	while (rest.size > 0)
		if (span_equal_str(span_cut(&rest, ' '), value))
			return true;
	return false;
}

static bool is_int_in(const char *limits, const char *value)
{
	char *end = NULL;
	long low, high, v;

	low = strtol(limits, &end, 10);
	high = strtol(end, NULL, 10);
	errno = 0;
	v = strtol(value, &end, 10);
	return value[0] != '\0' && *end == '\0' && errno == 0 && v >= low && v <= high;
}

static enum err value_check(const struct config_row *row, const char *value, struct fault *fault)
{
	bool fits = true;
	const char *wanted = row->limits;

	if (row->kind == CONFIG_INT)
		fits = is_int_in(row->limits, value);
	if (row->kind == CONFIG_CHOICE)
		fits = is_word_of(row->limits, value);
	if (row->kind == CONFIG_ZONE) {
		fits = zone_known(value);
		wanted = "an IANA time zone such as America/Sao_Paulo";
	}
	if (fits)
		return OK;
	return fault_set(fault, ERR_CONFIG, row->name,
	    "%s: \"%s\" is not allowed; it must be %s%s.", row->name, value,
	    row->kind == CONFIG_INT ? "between " : "one of: ", wanted);
}

static void value_free(struct config_value *v)
{
	mem_string_free(v->text);
	mem_string_free(v->split);
	*v = (struct config_value){0};
}

static bool is_separator(char c)
{
	return c == ',' || c == ' ' || c == '\t';
}

static enum err list_split(struct config_value *v)
{
	size_t count = 0;

	v->split = mem_string(v->text);
	ENSURE(v->split != NULL, ERR_MEMORY);
	for (char *at = v->split; *at != '\0';) {
		while (is_separator(*at))
			*at++ = '\0';
		if (*at == '\0')
			break;
		ENSURE(count < CONFIG_LIST_MAX, ERR_TOO_MANY);
		v->list[count++] = at;
		while (*at != '\0' && !is_separator(*at))
			at++;
	}
	v->list[count] = NULL;
	return OK;
}

/* A relative path is one inside DIR. */
static char *path_absolute(const struct config *c, const char *value)
{
	char path[PATH_MAX];

	if (value[0] == '\0' || value[0] == '/')
		return mem_string(value);
	if (snprintf(path, sizeof(path), "%s/%s", c->data, value) >= (int)sizeof(path))
		return NULL;
	return mem_string(path);
}

enum err config_set(struct config *c, enum config_key key, const char *value,
    enum config_source source, struct fault *fault)
{
	const struct config_row *row = &config_rows[key];
	struct config_value *v = &c->values[key];

	TRY(value_check(row, value, fault));
	value_free(v);
	v->text = row->kind == CONFIG_PATH ? path_absolute(c, value) : mem_string(value);
	ENSURE(v->text != NULL, ERR_MEMORY);
	v->source = source;
	return row->kind == CONFIG_LIST ? list_split(v) : OK;
}

static enum err unknown(struct fault *fault, const char *where, const char *name)
{
	return fault_set(fault, ERR_CONFIG, name, "%s: unknown key %s; did you mean %s?", where,
	    name, config_nearest(name));
}

struct file_load {
	struct config *config;
	struct fault *fault;
	enum err failed;
};

static int file_row(void *ctx, const char *section, const char *name, const char *value)
{
	struct file_load *load = ctx;
	char full[128];
	int key;

	snprintf(full, sizeof(full), "%s%s%s", section, section[0] != '\0' ? "." : "", name);
	key = find(full);
	if (load->failed != OK)
		return 0;
	load->failed = key < 0 ? unknown(load->fault, "chirograph.ini", full)
			       : config_set(load->config, (enum config_key)key, value,
				     CONFIG_FROM_FILE, load->fault);
	return load->failed == OK;
}

static enum err lines_check(struct span text, struct fault *fault)
{
	for (unsigned line = 1; text.size > 0; line++)
		if (span_cut(&text, '\n').size > CONFIG_LINE_MAX)
			return fault_set(fault, ERR_CONFIG, "",
			    "chirograph.ini line %u is longer than %d bytes; put long values into "
			    "a file of their own.",
			    line, CONFIG_LINE_MAX);
	return OK;
}

static enum err file_read(const char *path, struct buf *out)
{
	uint8_t piece[4096];
	ssize_t got = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ENSURE(fd >= 0, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO);
	while ((got = read(fd, piece, sizeof(piece))) > 0)
		buf_put(out, piece, (size_t)got);
	close(fd);
	secret_wipe(piece, sizeof(piece));
	return got == 0 ? buf_done(out) : ERR_IO;
}

static enum err file_parse(struct config *c, struct buf *text, struct fault *fault)
{
	struct file_load load = {c, fault, OK};
	int line;

	TRY(lines_check(buf_span(text), fault));
	line = ini_parse_string(buf_str(text), file_row, &load);
	TRY(load.failed);
	if (line != 0)
		return fault_set(fault, ERR_CONFIG, "",
		    "chirograph.ini line %d cannot be read; write section in brackets and key = "
		    "value.",
		    line);
	return OK;
}

static enum err file_load(struct config *c, struct fault *fault)
{
	char path[PATH_MAX];
	struct buf text CLEANUP(buf_free);
	enum err e;

	buf_init(&text, LIMIT_CONFIG_BYTES);
	snprintf(path, sizeof(path), "%s/chirograph.ini", c->data);
	e = file_read(path, &text);
	if (e == ERR_NOT_FOUND)
		return OK;
	if (e != OK)
		return fault_set(fault, ERR_CONFIG, "", "%s cannot be read.", path);
	return file_parse(c, &text, fault);
}

static bool is_ours(const char *variable)
{
	static const char *const other[] = {
	    "CHIROGRAPH_TEST_", "CHIROGRAPH_SANDBOX=", "CHIROGRAPH_DATA="};

	if (strncmp(variable, "CHIROGRAPH_", 11) != 0)
		return false;
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		if (strncmp(variable, other[i], strlen(other[i])) == 0)
			return false;
	return true;
}

/* "CHIROGRAPH_MAIL_HOTS" as "mail.hots", to look for the nearest key. */
static void dotted(const char *variable, size_t size, char out[64])
{
	bool has_dot = false;
	size_t at = 0;

	for (size_t i = 11; i < size && at < 63; i++) {
		bool is_dot = variable[i] == '_' && !has_dot;
		has_dot = has_dot || is_dot;
		out[at++] = is_dot ? '.' : (char)tolower((unsigned char)variable[i]);
	}
	out[at] = '\0';
}

static enum err variable_load(struct config *c, const char *variable, struct fault *fault)
{
	const char *equal = strchr(variable, '=');
	char name[64];
	int key;

	if (equal == NULL || !is_ours(variable))
		return OK;
	dotted(variable, (size_t)(equal - variable), name);
	key = find(name);
	if (key < 0)
		return unknown(fault, "environment", name);
	return config_set(c, (enum config_key)key, equal + 1, CONFIG_FROM_ENVIRONMENT, fault);
}

static enum err flag_load(struct config *c, const char *flag, struct fault *fault)
{
	const char *equal = strchr(flag, '=');
	char name[64];
	int key;

	if (equal == NULL)
		return fault_set(fault, ERR_CONFIG, "", "%s: write section.key=value.", flag);
	snprintf(name, sizeof(name), "%.*s", (int)(equal - flag), flag);
	key = find(name);
	if (key < 0)
		return unknown(fault, "command line", name);
	return config_set(c, (enum config_key)key, equal + 1, CONFIG_FROM_FLAG, fault);
}

static enum err pairs_check(const struct config *c, struct fault *fault)
{
	static const enum config_key pairs[][2] = {
	    {CONFIG_TLS_CERTIFICATE_FILE, CONFIG_TLS_KEY_FILE},
	    {CONFIG_SEAL_CERTIFICATE_FILE, CONFIG_SEAL_KEY_FILE},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (config_is_set(c, pairs[i][0]) != config_is_set(c, pairs[i][1]))
			return fault_set(fault, ERR_CONFIG, "", "%s and %s go together.",
			    config_rows[pairs[i][0]].name, config_rows[pairs[i][1]].name);
	return OK;
}

static enum err defaults_load(struct config *c)
{
	for (size_t i = 0; i < CONFIG_COUNT; i++)
		TRY(config_set(
		    c, (enum config_key)i, config_rows[i].standard, CONFIG_FROM_DEFAULT, NULL));
	return OK;
}

enum err config_load(
    struct config *c, const char *data, const char *const *flags, struct fault *fault)
{
	char path[PATH_MAX];

	*c = (struct config){0};
	if (realpath(data, path) == NULL)
		return fault_set(fault, ERR_CONFIG, "",
		    "The data folder %s cannot be opened: run chirograph init --data %s.", data,
		    data);
	c->data = mem_string(path);
	ENSURE(c->data != NULL, ERR_MEMORY);
	TRY(defaults_load(c));
	TRY(file_load(c, fault));
	for (char **v = environ; *v != NULL; v++)
		TRY(variable_load(c, *v, fault));
	for (; flags != NULL && *flags != NULL; flags++)
		TRY(flag_load(c, *flags, fault));
	return pairs_check(c, fault);
}

void config_free(struct config *c)
{
	for (size_t i = 0; i < CONFIG_COUNT; i++)
		value_free(&c->values[i]);
	mem_string_free(c->data);
	c->data = NULL;
}

const char *config_text(const struct config *c, enum config_key key)
{
	return c->values[key].text;
}

bool config_is_set(const struct config *c, enum config_key key)
{
	return c->values[key].text[0] != '\0';
}

int64_t config_int(const struct config *c, enum config_key key)
{
	return strtol(c->values[key].text, NULL, 10);
}

const char *const *config_list(const struct config *c, enum config_key key)
{
	return c->values[key].list;
}

enum err config_secret(const struct config *c, enum config_key key, struct buf *out)
{
	if (!config_is_set(c, key))
		return OK;
	TRY(file_read(config_text(c, key), out));
	while (
	    out->size > 0 && (out->data[out->size - 1] == '\n' || out->data[out->size - 1] == '\r'))
		out->size--;
	return OK;
}

enum err config_pack(const struct config *c, struct buf *out)
{
	buf_put(out, c->data, strlen(c->data) + 1);
	for (size_t i = 0; i < CONFIG_COUNT; i++)
		buf_put(out, c->values[i].text, strlen(c->values[i].text) + 1);
	return buf_done(out);
}

enum err config_unpack(struct config *c, struct span packed)
{
	*c = (struct config){0};
	ENSURE(packed.size > 0 && packed.data[packed.size - 1] == '\0', ERR_CONFIG);
	c->data = mem_string((const char *)span_cut(&packed, '\0').data);
	ENSURE(c->data != NULL, ERR_MEMORY);
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		ENSURE(packed.size > 0, ERR_CONFIG);
		TRY(config_set(c, (enum config_key)i, (const char *)span_cut(&packed, '\0').data,
		    CONFIG_FROM_FLAG, NULL));
	}
	return OK;
}
