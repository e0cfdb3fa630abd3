/* PFSELFTEST: counts known numbers of elements and checks the error. */
#include "commands/index.h"

#include "base/num.h"
#include "commands/hyperloglog/hll_args.h"
#include "type/hll.h"

#include <math.h>

static void do_pfselftest(struct call *call)
{
    struct buf b = {0};
    uint8_t registers[HLL_REGISTERS];
    uint64_t next = 10;
    char text[NUM_INT_MAX];
    hll_init(&b);
    for (uint64_t n = 1; n <= 1000000; n++) {
        hll_add(&b, bytes_of(text, num_print_uint(text, n)), hll_args_sparse_max(call));
        if (n != next)
            continue;
        next *= 10;
        memset(registers, 0, sizeof(registers));
        double error = hll_merge(registers, buf_bytes(&b))
                           ? fabs((double)hll_estimate(registers) - (double)n)
                           : INFINITY;
        /* Six standard errors, plus two for small counts. */
        if (error > (double)n * 0.0081 * 6 + 2) {
            reply_errorf(call->reply, "TESTFAILED Too big error. card:%llu", (unsigned long long)n);
            buf_free(&b);
            return;
        }
    }
    buf_free(&b);
    reply_ok(call->reply);
}

const struct command pfselftest_command = {
    .name = "pfselftest",
    .usage = "",
    .summary = "Runs the self-test of the HyperLogLog implementation.",
    .since = "2.8.9",
    .complexity = "Some tenths of a second",
    .group = GROUP_HYPERLOGLOG,
    .arity = 1,
    .flags = COMMAND_ADMIN,
    .handler = do_pfselftest,
};
