/*
 * R || S to DER and back. A value of zero or not below the curve's order is refused by comparing
 * bytes: signatures are no secrets, so this need not be constant in time.
 */
#include "sign/ecdsa.h"

#include <string.h>

/* SEC 2 v2 §2.4.2, §2.5.1, §2.6.1: the order n of each curve, big endian. */
static const uint8_t order_p256[] = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2,
    0xfc, 0x63, 0x25, 0x51};
static const uint8_t order_p384[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63,
    0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf, 0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec,
    0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73};
static const uint8_t order_p521[] = {0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfa, 0x51, 0x86, 0x87, 0x83, 0xbf, 0x2f, 0x96, 0x6b,
    0x7f, 0xcc, 0x01, 0x48, 0xf7, 0x09, 0xa5, 0xd0, 0x3b, 0xb5, 0xc9, 0xb8, 0x89, 0x9c, 0x47, 0xae,
    0xbb, 0x6f, 0xb7, 0x1e, 0x91, 0x38, 0x64, 0x09};

static struct span order_of(enum sign_algorithm a)
{
	switch (a) {
	case SIGN_ES512: return span_of(order_p521, sizeof order_p521);
	case SIGN_ES256: return span_of(order_p256, sizeof order_p256);
	case SIGN_ES384: return span_of(order_p384, sizeof order_p384);
	default: return SPAN_EMPTY;
	}
}

size_t ecdsa_raw_size(enum sign_algorithm a)
{
	return 2 * order_of(a).size;
}

static size_t leading_zeros(const uint8_t *v, size_t size)
{
	size_t n = 0;
	while (n < size && v[n] == 0)
		n++;
	return n;
}

static bool is_in_range(const uint8_t *v, struct span order)
{
	return leading_zeros(v, order.size) < order.size && memcmp(v, order.data, order.size) < 0;
}

bool ecdsa_raw_is_valid(enum sign_algorithm a, struct span raw)
{
	struct span order = order_of(a);
	return order.size > 0 && raw.size == 2 * order.size && is_in_range(raw.data, order) &&
	       is_in_range(raw.data + order.size, order);
}

/* X.690 §8.3.2: the shortest form of a positive number. */
static size_t put_integer(uint8_t *at, const uint8_t *v, size_t size)
{
	size_t zeros = leading_zeros(v, size), sign = v[zeros] >> 7;
	size_t length = size - zeros + sign;
	at[0] = 0x02;
	at[1] = (uint8_t)length;
	at[2] = 0;
	memcpy(at + 2 + sign, v + zeros, size - zeros);
	return 2 + length;
}

size_t ecdsa_der_of_raw(struct span raw, uint8_t der[ECDSA_DER_MAX])
{
	uint8_t body[ECDSA_DER_MAX];
	size_t half = raw.size / 2, size = put_integer(body, raw.data, half), head = 0;
	size += put_integer(body + size, raw.data + half, half);
	der[head++] = 0x30;
	if (size > 127)
		der[head++] = 0x81;
	der[head++] = (uint8_t)size;
	memcpy(der + head, body, size);
	return head + size;
}

/* One INTEGER at the start of rest, right-aligned into size bytes. */
static enum err take_integer(struct span *rest, uint8_t *out, size_t size)
{
	ENSURE(rest->size >= 3 && rest->data[0] == 0x02, ERR_CRYPTO);
	size_t length = rest->data[1];
	ENSURE(length >= 1 && length < 128 && length <= rest->size - 2, ERR_CRYPTO);
	struct span v = span_of(rest->data + 2, length);
	*rest = span_of(rest->data + 2 + length, rest->size - 2 - length);
	ENSURE(v.data[0] < 0x80, ERR_CRYPTO);
	if (v.data[0] == 0 && v.size > 1)
		v = span_of(v.data + 1, v.size - 1);
	ENSURE(v.size <= size, ERR_CRYPTO);
	memset(out, 0, size - v.size);
	memcpy(out + size - v.size, v.data, v.size);
	return OK;
}

enum err ecdsa_raw_of_der(struct span der, uint8_t *raw, size_t size)
{
	ENSURE(der.size > 3 && der.data[0] == 0x30, ERR_CRYPTO);
	size_t head = der.data[1] == 0x81 ? 3 : 2;
	ENSURE(der.data[head - 1] == der.size - head, ERR_CRYPTO);
	struct span rest = span_of(der.data + head, der.size - head);
	TRY(take_integer(&rest, raw, size / 2));
	TRY(take_integer(&rest, raw + size / 2, size / 2));
	ENSURE(rest.size == 0, ERR_CRYPTO);
	return OK;
}
