/* What every unit test includes, in the order cmocka wants. */
#ifndef CHIROGRAPH_TESTS_UNIT_H
#define CHIROGRAPH_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#endif
