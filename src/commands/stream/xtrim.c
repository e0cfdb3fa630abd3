/* XTRIM: deletes the oldest entries. */
#include "commands/index.h"

#include "commands/stream/stream_args.h"
#include "commands/stream/trim_args.h"

static void do_xtrim(struct call *call)
{
    struct trim_args t = {0};
    struct bytes key = call->argv[1];
    struct stream *s;
    for (int i = 2; i < call->argc; i++) {
        int taken = trim_args_option(call, &i, &t);
        if (taken < 0)
            return;
        if (!taken) {
            call_error(call, ERR_SYNTAX);
            return;
        }
    }
    if (!t.given) {
        call_error(call, t.limited ? ERR_LIMIT_ALONE : ERR_XTRIM_STRATEGY);
        return;
    }
    if (!trim_args_check(call, &t) || !stream_args_write(call, key, &s))
        return;
    /* An approximate trim depends on how blocks were cut, and not every reader knows all
     * strategies: the journal gets the outcome. */
    uint64_t dropped = 0,
             n = s ? trim_args_run(call, s, &t, t.trim.about || t.strategy_at, &dropped) : 0;
    if (n || dropped) {
        db_count_changes(call->store, n);
        db_changed(call->db, key, DB_EVENT_STREAM, n ? "xtrim" : NULL);
    }
    reply_int(call->reply, (long long)n);
}

const struct command xtrim_command = {
    .name = "xtrim",
    .usage = "key:key <MAXLEN | MINID> [<'=' | '~'>] threshold:string [LIMIT count:int] [<KEEPREF "
             "| DELREF | ACKED>]",
    .summary = "Deletes the oldest entries of a stream.",
    .since = "5.0.0",
    .complexity = "O(N) with N the trimmed entries",
    .tips = "nondeterministic_output",
    .group = GROUP_STREAM,
    .arity = -4,
    .flags = COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_xtrim,
};
