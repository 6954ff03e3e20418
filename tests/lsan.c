/*
 * Linked into the programs of sanitizer builds that use fonts: what fontconfig, pango and cairo
 * keep for the process's life is no leak of ours. Inside the program, since a role in its sandbox,
 * or of another user, may not read a file of suppressions.
 */
const char *__lsan_default_suppressions(void);

__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\nleak:libcairo\nleak:libpango\n";
}
