/*
 * Growing bytes with an end. What is given up is wiped: keys and bodies pass here.
 */
#include "client.h"

#include <stdlib.h>
#include <string.h>

static bool grow(struct bytes *b, size_t room)
{
	char *grown = calloc(1, room);

	if (grown == NULL)
		return false;
	if (b->size > 0)
		memcpy(grown, b->data, b->size);
	if (b->data != NULL)
		explicit_bzero(b->data, b->room);
	free(b->data);
	b->data = grown;
	b->room = room;
	return true;
}

bool bytes_put(struct bytes *b, const void *data, size_t size)
{
	size_t room = b->room == 0 ? 4096 : b->room;

	if (size > BYTES_MAX - b->size)
		return false;
	while (room < b->size + size + 1)
		room *= 2;
	if (room != b->room && !grow(b, room))
		return false;
	if (size > 0)
		memcpy(b->data + b->size, data, size);
	b->size += size;
	b->data[b->size] = '\0';
	return true;
}

void bytes_free(struct bytes *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->room);
	free(b->data);
	*b = (struct bytes){NULL, 0, 0};
}

void *cli_zeroed(size_t size)
{
	return calloc(1, size);
}

void cli_zeroed_free(void *p)
{
	free(p);
}

/* jansson may have been given another allocator by the program around us. */
void cli_json_text_free(char *text)
{
	json_free_t release;

	json_get_alloc_funcs(NULL, &release);
	release(text);
}

void cli_json_drop(json_t **j)
{
	json_decref(*j);
}

void cli_key_drop(struct chg_key **k)
{
	chg_key_free(*k);
}

void cli_request_drop(struct chg_request **r)
{
	chg_request_free(*r);
}

void cli_response_drop(struct chg_response **c)
{
	chg_response_free(*c);
}
