/* XRANGE and XREVRANGE: the entries between two IDs. They are counted first (O(blocks), one search
 * in the last of them), so that the reply can begin with its length and is written once. COUNT 0
 * returns null if the stream exists and an empty array if not, as in Redis. */
#include "commands/index.h"

#include "commands/stream/stream_args.h"

static void range(struct call *call, bool reverse)
{
    struct stream_id from, to;
    const struct stream *s;
    long long count = -1;
    if (!stream_args_bound(call, call->argv[reverse ? 3 : 2], true, &from) ||
        !stream_args_bound(call, call->argv[reverse ? 2 : 3], false, &to))
        return;
    for (int i = 4; i < call->argc; i += 2) {
        if (!bytes_is(call->argv[i], "count") || i + 1 >= call->argc) {
            call_error(call, ERR_SYNTAX);
            return;
        }
        if (!call_int(call, i + 1, &count))
            return;
        if (count < 0)
            count = 0;
    }
    if (!stream_args_read(call, call->argv[1], &s))
        return;
    if (!s || count == 0) {
        if (s)
            reply_null_array(call->reply);
        else
            reply_array(call->reply, 0);
        return;
    }
    struct stream_cursor c = {0};
    struct stream_entry e;
    uint64_t n = 0, most = count < 0 ? UINT64_MAX : (uint64_t)count;
    if (stream_id_compare(from, to) <= 0 && stream_log_seek(&s->log, from, &c))
        n = stream_log_count(&c, to, reverse ? UINT64_MAX : most);
    if (reverse) {
        stream_log_end(&c);
        n = n < most ? n : most;
        if (n)
            stream_log_seek_back(&s->log, to, &c);
    }
    reply_array(call->reply, n);
    for (uint64_t i = 0; i < n; i++) {
        stream_log_read(&c, &e);
        stream_args_reply(call, &e);
        if (i + 1 < n && !(reverse ? stream_log_previous(&c) : stream_log_next(&c)))
            break;
    }
    stream_log_end(&c);
}

static void do_xrange(struct call *call)
{
    range(call, false);
}

static void do_xrevrange(struct call *call)
{
    range(call, true);
}

const struct command xrange_command = {
    .name = "xrange",
    .usage = "key:key start:string end:string [COUNT count:int]",
    .summary = "Returns the entries of a range of IDs.",
    .since = "5.0.0",
    .complexity = "O(log N), and O(M) with M the entries answered",
    .group = GROUP_STREAM,
    .arity = -4,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_xrange,
};
const struct command xrevrange_command = {
    .name = "xrevrange",
    .usage = "key:key end:string start:string [COUNT count:int]",
    .summary = "Returns the entries of a range of IDs in reverse order.",
    .since = "5.0.0",
    .complexity = "O(log N), and O(M) with M the entries answered",
    .group = GROUP_STREAM,
    .arity = -4,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_xrevrange,
};
