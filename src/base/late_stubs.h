/*
 * Makes the stubs of one library; included once, by the file that is about nothing else:
 *
 *	#define LATE late_qpdf                  the name of its struct late
 *	#define LATE_LIST "pdf/late_qpdf.def"   LATE_FUNCTION(name) for each
 *	#define LATE_LIBRARIES LATE_QPDF        sonames, from the build
 *
 * A stub is one jump through its slot and is hidden: the library's own calls never see it. The
 * whole program does, so a library has one list and one room. Where there is no stub for the
 * processor the build links the libraries as ever, and late_open finds nothing to do.
 */
#include "base/late.h"

#ifndef CHIROGRAPH_LATE
struct late LATE = {.is_open = true};
#else

#define LATE_TEXT(x) LATE_TEXT_(x)
#define LATE_TEXT_(x) #x
#define LATE_PAGE 4096

enum late_function {
#define LATE_FUNCTION(name) late_index_##name,
#include LATE_LIST
#undef LATE_FUNCTION
	late_function_count
};

/* for the stubs, which know its name only as text */
__attribute__((used, aligned(LATE_PAGE))) static union {
	void *slots[late_function_count];
	char pages[(late_function_count * sizeof(void *) + LATE_PAGE - 1) / LATE_PAGE * LATE_PAGE];
} late_table __asm__("late_table_" LATE_TEXT(LATE));

static const char *const late_names[] = {
#define LATE_FUNCTION(name) #name,
#include LATE_LIST
#undef LATE_FUNCTION
    NULL};

static const char *const late_libraries[] = {LATE_LIBRARIES, NULL};

struct late LATE = {.libraries = late_libraries,
    .functions = late_names,
    .slots = late_table.slots,
    .size = sizeof(late_table)};

/* The first __COUNTER__ is 0 here, so the stubs count as the enumeration does. */
_Static_assert(__COUNTER__ == 0, "__COUNTER__ was used before");
#define LATE_FUNCTION(name) LATE_STUB(name, __COUNTER__)
#define LATE_STUB(name, number) LATE_STUB_(name, number)
#define LATE_STUB_(name, number) \
	__asm__(".pushsection .text\n" \
		".globl " #name "\n" \
		".hidden " #name "\n" \
		".type " #name ", @function\n" \
		".p2align 4\n" #name ":\n" \
		"endbr64\n" \
		"jmp *late_table_" LATE_TEXT(LATE) "+8*(" #number "-1)(%rip)\n" \
						   ".size " #name ", .-" #name "\n" \
						   ".popsection");
#include LATE_LIST
#undef LATE_FUNCTION
#endif
