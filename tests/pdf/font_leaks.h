/* Sanitizer builds: what fontconfig, pango and cairo keep for the process's life is not a leak of
 * ours, and press ends after one document. */
const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\nleak:libcairo\nleak:libpango\n";
}
