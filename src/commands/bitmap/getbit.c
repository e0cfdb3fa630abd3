/* GETBIT. Beyond the end of the string every bit is 0. */
#include "commands/index.h"

#include "commands/bitmap/bitmap_args.h"
#include "commands/string_args.h"

static void do_getbit(struct call *call)
{
    uint64_t at;
    char scratch[NUM_INT_MAX];
    struct bytes s;
    if (!bitmap_args_offset(call, call->argv[2], 0, &at) ||
        !string_args_read(call, call->argv[1], scratch, &s))
        return;
    bool on = at / 8 < s.n && ((unsigned char)s.p[at / 8] >> (7 - (at & 7)) & 1);
    reply_int(call->reply, on);
}

const struct command getbit_command = {
    .name = "getbit",
    .usage = "key:key offset:int",
    .summary = "Returns a bit of a string.",
    .since = "2.2.0",
    .complexity = "O(1)",
    .group = GROUP_BITMAP,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_getbit,
};
