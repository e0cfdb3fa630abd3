/* SETBIT. The string grows with zero bytes. */
#include "commands/index.h"

#include "commands/bitmap/bitmap_args.h"
#include "commands/string_args.h"

static void do_setbit(struct call *call)
{
    struct bytes key = call->argv[1];
    uint64_t at;
    long long on;
    struct entry *e;
    if (!bitmap_args_offset(call, call->argv[2], 0, &at))
        return;
    if (!num_parse_int(call->argv[3], &on) || on < 0 || on > 1) {
        reply_errorf(call->reply, "ERR bit is not an integer or out of range");
        return;
    }
    if (!call_write(call, key, TYPE_STRING, &e))
        return;
    bool grows = !e || string_length(e) <= at / 8;
    unsigned char *place = string_args_grow(call, key, e, at / 8 + 1) + at / 8;
    unsigned shift = 7 - (at & 7);
    bool was = *place >> shift & 1;
    if (grows || was != on) {
        *place = (unsigned char)((*place & ~(1u << shift)) | (unsigned)on << shift);
        db_changed(call->db, key, DB_EVENT_STRING, "setbit");
    }
    reply_int(call->reply, was);
}

const struct command setbit_command = {
    .name = "setbit",
    .usage = "key:key offset:int value:int",
    .summary = "Sets or clears a bit of a string.",
    .since = "2.2.0",
    .complexity = "O(1)",
    .group = GROUP_BITMAP,
    .arity = 4,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_setbit,
};
