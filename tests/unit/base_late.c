/* Does a late library open, refuse what is missing, and lie safe once it is open? */
#include "unit.h"

#include "base/late.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

static const char *const real[] = {"libm.so.6", NULL};
static const char *const missing[] = {"libm.so.6", "libchirograph-none.so.1", NULL};
static const char *const known[] = {"floor", "ceil", NULL};
static const char *const unknown[] = {"floor", "chirograph_none", NULL};

static void **page(void)
{
	void *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(at, MAP_FAILED);
	return at;
}

static void test_opens_once(void **state)
{
	struct late late = {real, known, page(), PAGE, false};
	assert_int_equal(late_open(&late), OK);
	double (*down)(double), (*up)(double);
	memcpy(&down, &late.slots[0], sizeof down);
	memcpy(&up, &late.slots[1], sizeof up);
	assert_true(down(1.5) < 1.25 && up(1.5) > 1.75);
	late.libraries = missing;
	assert_int_equal(late_open(&late), OK);
	munmap(late.slots, PAGE);
}

static void test_refuses_what_is_missing(void **state)
{
	struct late no_library = {missing, known, page(), PAGE, false};
	struct late no_function = {real, unknown, page(), PAGE, false};
	assert_int_equal(late_open(&no_library), ERR_INTERNAL);
	assert_int_equal(late_open(&no_function), ERR_INTERNAL);
	assert_false(no_library.is_open || no_function.is_open);
	munmap(no_library.slots, PAGE);
	munmap(no_function.slots, PAGE);
}

/* An address in the table is a jump target: nobody may change it later. */
static void test_table_is_read_only(void **state)
{
	struct late late = {real, known, page(), PAGE, false};
	assert_int_equal(late_open(&late), OK);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		signal(SIGSEGV, SIG_DFL);
		late.slots[0] = NULL;
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	munmap(late.slots, PAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_opens_once),
	    cmocka_unit_test(test_refuses_what_is_missing),
	    cmocka_unit_test(test_table_is_read_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
