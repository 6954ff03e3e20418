/*
 * May an address that somebody else chose be connected to? Edges of each special-purpose block
 * (RFC 6890 and updates), its neighbours, disguises, and public addresses that must stay allowed.
 */
#include "courier/courier.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char *const denied[] = {
    "0.0.0.0",
    "0.0.0.1",
    "0.255.255.255",
    "10.0.0.0",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.0",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.0",
    "127.0.0.1",
    "127.1.2.3",
    "127.255.255.255",
    "169.254.0.0",
    "169.254.169.254",
    "169.254.170.2",
    "169.254.255.255",
    "172.16.0.0",
    "172.17.0.1",
    "172.31.255.255",
    "192.0.0.0",
    "192.0.0.8",
    "192.0.0.170",
    "192.0.0.255",
    "192.0.2.0",
    "192.0.2.255",
    "192.88.99.0",
    "192.88.99.1",
    "192.88.99.255",
    "192.168.0.0",
    "192.168.1.1",
    "192.168.255.255",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.0",
    "198.51.100.255",
    "203.0.113.0",
    "203.0.113.255",
    "224.0.0.0",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.0",
    "250.1.1.1",
    "255.255.255.254",
    "255.255.255.255",
    "::",
    "::1",
    "::2",
    "::ffff",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:7f00:1",
    "::FFFF:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::",
    "64:ff9b::7f00:1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::1",
    "64:ff9b:1::10.0.0.1",
    "100::",
    "100::1",
    "100:0:0:1::1",
    "1fff:ffff::1",
    "2001::",
    "2001::1",
    "2001:0:4136:e378::1",
    "2001:1::1",
    "2001:1::2",
    "2001:2::",
    "2001:3::1",
    "2001:4:112::1",
    "2001:10::1",
    "2001:20::1",
    "2001:30::1",
    "2001:1ff:ffff::1",
    "2001:db8::",
    "2001:db8::1",
    "2001:db8:ffff::ffff",
    "2002::",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2002:808:808::1",
    "2002:ffff::",
    "3ffe::1",
    "3ffe:ffff::1",
    "3fff::",
    "3fff::1",
    "3fff:fff:ffff::1",
    "4000::1",
    "5f00::1",
    "8000::1",
    "c000::1",
    "fc00::",
    "fc00::1",
    "fd00::1",
    "fd12:3456:789a::1",
    "fdff:ffff::1",
    "fe00::1",
    "fe80::",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "feff::1",
    "ff00::",
    "ff01::1",
    "ff02::1",
    "ff0e::1",
    "ffff::1",
};

/* What inet_pton does not read is no address: octal, hex, short forms, names, ports, zones. */
static const char *const unreadable[] = {
    "",
    " ",
    "localhost",
    "127.1",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "2130706433",
    "127.0.0.1 ",
    " 8.8.8.8",
    "8.8.8.8:443",
    "8.8.8",
    "8.8.8.8.8",
    "256.1.1.1",
    "[2606:4700::1]",
    "fe80::1%lo",
    "2606:4700::1%eth0",
    "::ffff:300.1.1.1",
    "1::2::3",
    "8.8.8.8/32",
    "example.com",
};

static const char *const allowed[] = {
    "1.0.0.0",
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.0.3.0",
    "192.88.98.255",
    "192.88.100.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.99.255",
    "198.51.101.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "200.147.3.157",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2001:db7:ffff::1",
    "2001:db9::1",
    "2003::1",
    "2606:4700:4700::1111",
    "2620:4f:8000::1",
    "2800:3f0:4001::1",
    "2a00:1450::1",
    "2c0f:fb50::1",
    "3ffd:ffff::1",
    "2000::1",
};

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static void test_denied(void **state)
{
	(void)state;
	assert_true(COUNT(denied) + COUNT(unreadable) + COUNT(allowed) > 150);
	for (size_t i = 0; i < COUNT(denied); i++) {
		if (!egress_is_denied(denied[i]))
			fail_msg("%s passed", denied[i]);
	}
}

static void test_unreadable(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(unreadable); i++) {
		if (!egress_is_denied(unreadable[i]))
			fail_msg("'%s' passed", unreadable[i]);
	}
}

static void test_allowed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(allowed); i++) {
		if (egress_is_denied(allowed[i]))
			fail_msg("%s was denied", allowed[i]);
	}
}

struct url_case {
	const char *url;
	bool is_good;
};

static const struct url_case urls[] = {
    {"https://example.com/hook", true},
    {"https://example.com:8443/hook?x=1", true},
    {"HTTPS://EXAMPLE.com/", true},
    {"https://[2606:4700:4700::1111]/", true},
    {"https://8.8.8.8/", true},
    {"https://10.1.2.3:9000/", true}, /* in the list below */
    {"http://10.1.2.3/", true},
    {"http://inside.test/", true},
    {"https://[fd00::7]/", true},
    {"http://example.com/", false},
    {"ftp://inside.test/", false},
    {"file:///etc/passwd", false},
    {"gopher://inside.test/", false},
    {"https://", false},
    {"example.com/hook", false},
    {"", false},
    {"https://user:pass@example.com/", false},
    {"https://inside.test@example.com/", false},
    {"https://127.0.0.1/", false},
    {"https://127.1/", false},
    {"https://0x7f000001/", false},
    {"https://2130706433/", false},
    {"https://0177.0.0.1/", false},
    {"https://[::1]/", false},
    {"https://[::ffff:127.0.0.1]/", false},
    {"https://[64:ff9b::a01:203]/", false},
    {"https://169.254.169.254/latest/meta-data", false},
    {"http://inside.test.example.com/", false},
    {"http://xinside.test/", false},
};

static void test_urls(void **state)
{
	static const char *const names[] = {"10.1.2.3", "inside.test", "fd00::7", NULL};

	(void)state;
	for (size_t i = 0; i < COUNT(urls); i++) {
		struct fault fault = {0};
		enum err e = egress_check_url(urls[i].url, names, &fault);
		if (e != (urls[i].is_good ? OK : ERR_EGRESS))
			fail_msg("%s: %s %s", urls[i].url, err_symbol(e), fault.detail);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_denied),
	    cmocka_unit_test(test_unreadable),
	    cmocka_unit_test(test_allowed),
	    cmocka_unit_test(test_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
