/*
 * Turns the store's SQL files into C: one numbered statement per "-- name:" section and one
 * row per migration. It exists so that no SQL is written inside C and so that a statement
 * that forgets the organisation stops the build, not a review.
 *
 *	sqlgen OUT.h OUT.c FILE.sql...
 *
 * A file whose name begins with a digit is a migration (NNNN_name.sql, numbers without a gap);
 * every other file holds statements. What always holds: every statement compares or inserts
 * `organisation`, or says "-- exception: reason" below its name. Placeholders $1..$n are
 * written the SQLite way, ?1..?n.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATEMENTS_MAX 1024
#define MIGRATIONS_MAX 256
#define NAME_MAX_ 64
#define POOL_SIZE (4u * 1024u * 1024u)

struct statement {
	char name[NAME_MAX_];
	const char *file;
	char *text;
	bool is_exception;
};

struct migration {
	unsigned long number;
	char name[NAME_MAX_];
	char *text;
};

static struct statement statements[STATEMENTS_MAX];
static size_t statement_count;
static struct migration migrations[MIGRATIONS_MAX];
static size_t migration_count;
static char pool[POOL_SIZE];
static size_t pool_used;

static _Noreturn void fail(const char *file, const char *name, const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", file, name, what);
	exit(1);
}

static char *file_read(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		fail(path, "", "cannot be opened");
	char *text = pool + pool_used;
	size_t n = fread(text, 1, POOL_SIZE - pool_used - 1, f);
	if (ferror(f) || fgetc(f) != EOF)
		fail(path, "", "cannot be read whole");
	fclose(f);
	text[n] = '\0';
	pool_used += n + 1;
	return text;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash == NULL ? path : slash + 1;
}

static void migration_add(const char *path)
{
	const char *base = base_name(path);
	char *end;
	unsigned long number = strtoul(base, &end, 10);
	const char *dot = strstr(end, ".sql");
	if (end - base != 4 || *end != '_' || dot == NULL || dot - end > NAME_MAX_)
		fail(path, base, "a migration is named NNNN_name.sql");
	if (migration_count == MIGRATIONS_MAX || number != migration_count + 1)
		fail(path, base, "migration numbers go up by one, in the order of the build file");
	struct migration *m = &migrations[migration_count++];
	m->number = number;
	memcpy(m->name, end + 1, (size_t)(dot - end - 1));
	m->text = file_read(path);
}

static char *line_next(char **rest)
{
	char *line = *rest;
	if (line == NULL || *line == '\0')
		return NULL;
	char *end = strchr(line, '\n');
	*rest = end == NULL ? NULL : end + 1;
	if (end != NULL)
		*end = '\0';
	return line;
}

static void statement_begin(const char *path, const char *name)
{
	while (*name == ' ')
		name++;
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
	if (n == 0 || n >= NAME_MAX_ || name[n] != '\0')
		fail(path, name, "a statement's name is lower case letters, digits and _");
	if (statement_count == STATEMENTS_MAX)
		fail(path, name, "too many statements");
	for (size_t i = 0; i < statement_count; i++)
		if (strcmp(statements[i].name, name) == 0)
			fail(path, name, "this name is already taken");
	struct statement *s = &statements[statement_count++];
	memcpy(s->name, name, n);
	s->file = path;
	s->text = pool + pool_used;
	pool[pool_used++] = '\0';
}

/* Appends one line to the statement being read, which always ends the pool. */
static void statement_line(struct statement *s, const char *line)
{
	bool quoted = false;
	if (pool_used + strlen(line) + 2 > POOL_SIZE)
		fail(s->file, s->name, "too much text");
	pool_used--;
	for (const char *c = line; *c != '\0'; c++) {
		if (*c == '\'')
			quoted = !quoted;
		bool placeholder = *c == '$' && !quoted && isdigit((unsigned char)c[1]);
		pool[pool_used++] = placeholder ? '?' : *c;
	}
	pool[pool_used++] = '\n';
	pool[pool_used++] = '\0';
}

static bool has_prefix(const char *line, const char *prefix)
{
	return strncmp(line, prefix, strlen(prefix)) == 0;
}

static void statements_read(const char *path)
{
	static const char name_mark[] = "-- name:", exception_mark[] = "-- exception:";
	size_t first = statement_count;
	char *rest = file_read(path);
	for (char *line; (line = line_next(&rest)) != NULL;) {
		if (has_prefix(line, name_mark)) {
			statement_begin(path, line + sizeof(name_mark) - 1);
			continue;
		}
		if (has_prefix(line, exception_mark) && statement_count > first)
			statements[statement_count - 1].is_exception =
			    strlen(line) > sizeof(exception_mark) + 8;
		if (has_prefix(line, "--") || line[strspn(line, " \t")] == '\0')
			continue;
		if (statement_count == first)
			fail(path, line, "text before the first name");
		statement_line(&statements[statement_count - 1], line);
	}
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* "organisation = ..." anywhere, or the word in an INSERT's list of columns. */
static bool names_organisation(const char *text)
{
	static const char word[] = "organisation";
	bool is_insert = has_prefix(text, "INSERT");
	const char *open = strchr(text, '('), *close = open == NULL ? NULL : strchr(open, ')');
	for (const char *at = text; (at = strstr(at, word)) != NULL; at++) {
		const char *after = at + sizeof(word) - 1;
		if ((at > text && is_word(at[-1])) || is_word(*after))
			continue;
		if (after[strspn(after, " \t\n")] == '=')
			return true;
		if (is_insert && close != NULL && at > open && at < close)
			return true;
	}
	return false;
}

static void statement_check(struct statement *s)
{
	size_t n = strlen(s->text);
	while (n > 0 && (isspace((unsigned char)s->text[n - 1]) || s->text[n - 1] == ';'))
		s->text[--n] = '\0';
	if (n == 0)
		fail(s->file, s->name, "no text");
	if (strchr(s->text, ';') != NULL)
		fail(s->file, s->name, "one statement under one name");
	if (!s->is_exception && !names_organisation(s->text))
		fail(s->file, s->name,
		    "neither compares nor inserts organisation; say why: -- exception: reason");
}

static void text_write(FILE *f, const char *text)
{
	fputs("\n\t    \"", f);
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '\n')
			fputs(c[1] == '\0' ? "\\n" : "\\n\"\n\t    \"", f);
		else if (*c == '\t')
			fputs("\\t", f);
		else if (*c == '"' || *c == '\\')
			fprintf(f, "\\%c", *c);
		else
			fputc(*c, f);
	}
	fputc('"', f);
}

static void header_write(FILE *f)
{
	fputs("/* Made by tools/sqlgen.c from src/store/sql and src/store/migrations. */\n"
	      "#ifndef CHIROGRAPH_STATEMENTS_H\n#define CHIROGRAPH_STATEMENTS_H\n\n"
	      "enum statement {\n",
	    f);
	for (size_t i = 0; i < statement_count; i++) {
		fputs("\tSQL_", f);
		for (const char *c = statements[i].name; *c != '\0'; c++)
			fputc(toupper((unsigned char)*c), f);
		fputs(",\n", f);
	}
	fputs("\tSQL_COUNT_\n};\n\n"
	      "struct statement_text {\n\tconst char *name, *text;\n};\n"
	      "extern const struct statement_text statement_texts[SQL_COUNT_];\n\n"
	      "struct migration_text {\n\tunsigned number;\n\tconst char *name, *text;\n};\n",
	    f);
	fprintf(f, "#define MIGRATION_COUNT %zu\n", migration_count);
	fputs(
	    "extern const struct migration_text migration_texts[MIGRATION_COUNT];\n\n#endif\n", f);
}

static void source_write(FILE *f)
{
	fputs("#include \"statements.h\"\n\n"
	      "const struct statement_text statement_texts[SQL_COUNT_] = {\n",
	    f);
	for (size_t i = 0; i < statement_count; i++) {
		fprintf(f, "\t{\"%s\",", statements[i].name);
		text_write(f, statements[i].text);
		fputs("},\n", f);
	}
	fputs("};\n\nconst struct migration_text migration_texts[MIGRATION_COUNT] = {\n", f);
	for (size_t i = 0; i < migration_count; i++) {
		fprintf(f, "\t{%lu, \"%s\",", migrations[i].number, migrations[i].name);
		text_write(f, migrations[i].text);
		fputs("},\n", f);
	}
	fputs("};\n", f);
}

static void output(const char *path, void (*writer)(FILE *))
{
	FILE *f = fopen(path, "wb");
	if (f == NULL)
		fail(path, "", "cannot be written");
	writer(f);
	if (ferror(f) || fclose(f) != 0)
		fail(path, "", "cannot be written whole");
}

int main(int argc, char **argv)
{
	if (argc < 4)
		fail("sqlgen", "usage", "sqlgen OUT.h OUT.c FILE.sql...");
	for (int i = 3; i < argc; i++) {
		if (isdigit((unsigned char)*base_name(argv[i])))
			migration_add(argv[i]);
		else
			statements_read(argv[i]);
	}
	for (size_t i = 0; i < statement_count; i++)
		statement_check(&statements[i]);
	if (statement_count == 0 || migration_count == 0)
		fail("sqlgen", "input", "no statement or no migration");
	output(argv[1], header_write);
	output(argv[2], source_write);
	return 0;
}
