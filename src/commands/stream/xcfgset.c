/* XCFGSET: how long and how many producers' message ids a stream remembers. */
#include "commands/index.h"

#include "base/num.h"
#include "commands/stream/stream_args.h"

static void do_xcfgset(struct call *call)
{
    struct bytes key = call->argv[1];
    struct stream *s;
    long long duration = -1, size = -1;
    struct entry *e = db_write(call->db, key);
    for (int i = 2; i < call->argc; i += 2) {
        bool is_duration = bytes_is(call->argv[i], "idmp-duration");
        if ((!is_duration && !bytes_is(call->argv[i], "idmp-maxsize")) || i + 1 >= call->argc) {
            call_error(call, ERR_SYNTAX);
            return;
        }
        long long *to = is_duration ? &duration : &size, v;
        if (*to != -1) {
            reply_errorf(call->reply, "ERR %s specified multiple times",
                         is_duration ? "IDMP-DURATION" : "IDMP-MAXSIZE");
            return;
        }
        if (!num_parse_int(call->argv[i + 1], &v) || v < 1 || v > (is_duration ? 86400 : 10000)) {
            reply_errorf(call->reply, is_duration
                                          ? "ERR IDMP-DURATION must be between 1 and 86400 seconds"
                                          : "ERR IDMP-MAXSIZE must be between 1 and 10000 entries");
            return;
        }
        *to = v;
    }
    if (duration == -1 && size == -1) {
        reply_errorf(call->reply, "ERR At least one parameter must be specified");
        return;
    }
    if (!e) {
        call_error(call, ERR_NO_KEY);
        return;
    }
    if (!stream_args_write(call, key, &s))
        return;
    duration = duration != -1 ? duration : s->dedup.duration_s;
    uint64_t most = size != -1 ? (uint64_t)size : s->dedup.max_size;
    if (duration != s->dedup.duration_s || most != s->dedup.max_size) {
        stream_dedup_set_limits(&s->dedup, duration, most);
        db_changed_quietly(call->db, key);
    }
    reply_ok(call->reply);
}

const struct command xcfgset_command = {
    .name = "xcfgset",
    .usage = "key:key [IDMP-DURATION seconds:int] [IDMP-MAXSIZE count:int]",
    .summary = "Sets how long and how many producers' message ids a stream remembers.",
    .since = "8.6.0",
    .complexity = "O(1), or O(N) with N the ids forgotten",
    .group = GROUP_STREAM,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xcfgset,
};
