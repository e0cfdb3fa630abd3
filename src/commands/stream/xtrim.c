/* XTRIM: the oldest entries go. */
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
    uint64_t dropped = 0, n = s ? stream_trim(s, &t.trim, &dropped) : 0;
    if (n || dropped) {
        /* An approximate trim depends on how blocks were cut: the journal gets what it came to. */
        if (t.trim.about && call->engine->journal->on) {
            char text[STREAM_ID_TEXT_MAX];
            struct bytes threshold = trim_args_threshold(text, s, &t.trim);
            struct bytes how = call->argv[t.strategy_at ? t.strategy_at : 0];
            struct bytes what = trim_args_word(s, &t.trim);
            if (t.strategy_at)
                CALL_EFFECT(call, BYTES("XTRIM"), key, what, BYTES("="), threshold, how);
            else
                CALL_EFFECT(call, BYTES("XTRIM"), key, what, BYTES("="), threshold);
        }
        db_count_changes(call->store, n);
        db_changed(call->db, key, DB_EVENT_STREAM, n ? "xtrim" : NULL);
    }
    reply_int(call->reply, (long long)n);
}

const struct command xtrim_command = {
    .name = "xtrim",
    .usage = "key:key <MAXLEN | MINID> [<'=' | '~'>] threshold:string [LIMIT count:int] [<KEEPREF "
             "| DELREF | ACKED>]",
    .summary = "Takes the oldest entries away.",
    .since = "5.0.0",
    .complexity = "O(N) with N the trimmed entries",
    .tips = "nondeterministic_output",
    .group = GROUP_STREAM,
    .arity = -4,
    .flags = COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_xtrim,
};
