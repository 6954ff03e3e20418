/*
 * Name trees (ISO 32000-1 §7.9.6). The keys of a tree are sorted, and every node but the root
 * states the lowest and highest key below it: an insertion keeps both true on its way down.
 */
#include "pdf/append.h"

#include <string.h>

#define TREE_DEPTH 32

#define KEY_BYTES 256

/* A PDF string: UTF-16 has zero bytes. */
struct name {
	char bytes[KEY_BYTES];
	size_t size;
};

static void put_unit(struct name *n, unsigned unit)
{
	if (n->size + 2 > sizeof n->bytes)
		return;
	n->bytes[n->size++] = (char)(unit >> 8);
	n->bytes[n->size++] = (char)unit;
}

/* Some readers order keys by their bytes, others by the text those mean. In UTF-16 behind U+FF5E
 * ours comes last in both orders; among no others it may stay plain. */
static struct name name_of(const char *word, bool is_alone)
{
	struct name n = {.size = 0};
	if (!is_alone) {
		put_unit(&n, 0xFEFF);
		put_unit(&n, 0xFF5E);
	}
	for (; *word != 0; word++)
		if (!is_alone)
			put_unit(&n, (unsigned char)*word);
		else if (n.size < sizeof n.bytes)
			n.bytes[n.size++] = *word;
	return n;
}

static qpdf_oh name_object(qpdf_data q, const struct name *n)
{
	return qpdf_oh_new_binary_string(q, n->bytes, n->size);
}

static int compare(qpdf_data q, qpdf_oh theirs, const struct name *ours)
{
	size_t size;
	const char *word = qpdf_oh_get_binary_string_value(q, theirs, &size);
	int order = memcmp(word, ours->bytes, size < ours->size ? size : ours->size);
	return order != 0 ? order : (size > ours->size) - (size < ours->size);
}

/* 0: the lower limit, 1: the upper */
static int compare_limit(qpdf_data q, qpdf_oh node, int which, const struct name *key)
{
	qpdf_oh limits = obj_get(q, node, "/Limits");
	if (!obj_is_array(q, limits) || qpdf_oh_get_array_n_items(q, limits) != 2)
		return 0;
	return compare(q, qpdf_oh_get_array_item(q, limits, which), key);
}

static void widen(struct append *a, struct slot node, const struct name *key)
{
	qpdf_data q = a->file->q;
	qpdf_oh limits = obj_get(q, node.oh, "/Limits");
	if (!obj_is_array(q, limits) || qpdf_oh_get_array_n_items(q, limits) != 2)
		return;
	struct slot s = append_slot(a, node, limits);
	if (compare_limit(q, node.oh, 0, key) > 0)
		qpdf_oh_set_array_item(q, limits, 0, name_object(q, key));
	else if (compare_limit(q, node.oh, 1, key) < 0)
		qpdf_oh_set_array_item(q, limits, 1, name_object(q, key));
	else
		return;
	append_touch(a, s);
}

static void insert_pair(struct append *a, struct slot leaf, const struct name *key, qpdf_oh value)
{
	qpdf_data q = a->file->q;
	struct slot names = append_array(a, leaf, "/Names");
	int n = qpdf_oh_get_array_n_items(q, names.oh), at = 0;
	while (at + 1 < n && compare(q, qpdf_oh_get_array_item(q, names.oh, at), key) < 0)
		at += 2;
	qpdf_oh_insert_item(q, names.oh, at, name_object(q, key));
	qpdf_oh_insert_item(q, names.oh, at + 1, value);
}

/* The first kid that ends at or after the key, else the last one. */
static struct slot kid_for(struct append *a, struct slot kids, const struct name *key)
{
	qpdf_data q = a->file->q;
	int n = qpdf_oh_get_array_n_items(q, kids.oh);
	for (int i = 0; i + 1 < n; i++) {
		qpdf_oh kid = qpdf_oh_get_array_item(q, kids.oh, i);
		if (compare_limit(q, kid, 1, key) >= 0)
			return append_slot(a, kids, kid);
	}
	return append_slot(a, kids, qpdf_oh_get_array_item(q, kids.oh, n - 1));
}

static bool is_empty(qpdf_data q, qpdf_oh tree)
{
	qpdf_oh names = obj_get(q, tree, "/Names");
	return !obj_is_array(q, obj_get(q, tree, "/Kids")) &&
	       (!obj_is_array(q, names) || qpdf_oh_get_array_n_items(q, names) == 0);
}

void append_name(struct append *a, struct slot tree, const char *word, qpdf_oh value)
{
	qpdf_data q = a->file->q;
	const struct name key = name_of(word, is_empty(q, tree.oh));
	for (int depth = 0; depth < TREE_DEPTH; depth++) {
		qpdf_oh list = obj_get(q, tree.oh, "/Kids");
		if (!obj_is_array(q, list) || qpdf_oh_get_array_n_items(q, list) == 0)
			break;
		struct slot kid = kid_for(a, append_slot(a, tree, list), &key);
		if (!obj_is_dict(q, kid.oh))
			break;
		widen(a, kid, &key);
		tree = kid;
	}
	insert_pair(a, tree, &key, value);
}
