/* libFuzzer: the request parsers, whole and in two pieces. */
#include "base/mem.h"
#include "proto/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct bytes argv[64];
    struct request_limits limits = {
        .bulk = 1 << 20, .args = 1 << 16, .inline_ = 65536, .authenticated = n & 1};
    int argc;
    if (n == 0)
        return 0;
    char *copy = mem_alloc(n);
    memcpy(copy, data, n);
    request_quick(copy, copy + n, argv, 64, &argc);
    struct request q;
    request_init(&q);
    if (request_parse(&q, copy, n / 2, &limits) == REQUEST_MORE && !q.big)
        request_parse(&q, copy, n, &limits);
    request_free(&q);
    mem_free(copy);
    return 0;
}
