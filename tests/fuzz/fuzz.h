/* What every fuzz target offers: libFuzzer's two functions. An input must never crash, hang, leak or break a promise that the
 * target checks with g_assert. */
#ifndef QV_TESTS_FUZZ_H
#define QV_TESTS_FUZZ_H
#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Log messages about bad input are what is expected, and would be gigabytes. */
static inline GLogWriterOutput fuzz_no_log(GLogLevelFlags level, const GLogField *fields, gsize n, gpointer user)
{
    return G_LOG_WRITER_HANDLED;
}
static inline void fuzz_quiet(void)
{
    g_log_set_writer_func(fuzz_no_log, NULL, NULL);
}
#endif
