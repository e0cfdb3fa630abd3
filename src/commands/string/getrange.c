/* GETRANGE, and its old name SUBSTR. Negative offsets count from the end; both are clipped to the
 * string. */
#include "commands/index.h"

#include "type/string.h"

static void do_getrange(struct call *call)
{
    struct entry *e;
    long long from, to;
    char scratch[NUM_INT_MAX];
    if (!call_int(call, 2, &from) || !call_int(call, 3, &to) ||
        !call_read(call, call->argv[1], TYPE_STRING, &e))
        return;
    struct bytes all = e ? string_view(e, scratch) : bytes_of("", 0);
    long long n = (long long)all.n;
    /* Checked before clipping, which would turn both into 0. */
    if (from < 0 && to < 0 && from > to) {
        reply_bulk(call->reply, bytes_of("", 0));
        return;
    }
    from = from < 0 ? (from + n < 0 ? 0 : from + n) : from;
    to = to < 0 ? (to + n < 0 ? 0 : to + n) : to;
    if (to >= n)
        to = n - 1;
    if (n == 0 || from > to)
        reply_bulk(call->reply, bytes_of("", 0));
    else
        reply_bulk(call->reply, bytes_of(all.p + from, (size_t)(to - from + 1)));
}

const struct command getrange_command = {
    .name = "getrange",
    .usage = "key:key start:int end:int",
    .summary = "Returns a substring.",
    .since = "2.4.0",
    .complexity = "O(N) with N the length of the part",
    .group = GROUP_STRING,
    .arity = 4,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_getrange,
};

const struct command substr_command = {
    .name = "substr",
    .usage = "key:key start:int end:int",
    .summary = "Returns a substring (superseded by GETRANGE).",
    .since = "1.0.0",
    .complexity = "O(N) with N the length of the part",
    .group = GROUP_STRING,
    .arity = 4,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_getrange,
};
