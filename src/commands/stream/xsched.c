/* XSCHED: scheduled messages, and expiry times of messages.
 *
 * RANGE and LEN read. MOVE and RUN take the present ID of a message and answer its new one; null if
 * there is no such message (any more). EXPIRE sets the expiry time of present or scheduled
 * messages.
 *
 * Commands that change what is scheduled first append what is due, as XADD does: due messages are
 * no longer scheduled. EXPIRE with a past time deletes at once; in a replay it only sets the time,
 * and the deletion follows as an effect of its own. */
#include "commands/index.h"

#include "base/mem.h"
#include "broker/broker_append.h"
#include "broker/broker_expire.h"
#include "broker/broker_future.h"
#include "broker/broker_moments.h"
#include "commands/helpers.h"
#include "commands/stream/stream_args.h"

#define COUNT_MOST 1000000000

static const struct stream_future *future_of(const struct stream *s)
{
    static const struct stream_future none;
    return s && s->extra ? &s->extra->future : &none;
}

static void reply_message(const struct call *call, const struct stream_future_message *m)
{
    struct bytes few[64], *pairs = few;
    size_t n = (size_t)m->fields * 2;
    if (n > 64)
        pairs = mem_alloc(n * sizeof(*pairs));
    stream_future_pairs(m, pairs);
    reply_array(call->reply, 2);
    stream_args_reply_id(call, m->id);
    reply_array(call->reply, n);
    for (size_t i = 0; i < n; i++)
        reply_bulk(call->reply, pairs[i]);
    if (pairs != few)
        mem_free(pairs);
}

static uint64_t count_between(const struct stream_future *f, struct stream_id from,
                              struct stream_id to, uint64_t most)
{
    struct stream_map_place at;
    struct stream_future_message m;
    uint64_t n = 0;
    bool any = stream_future_seek(f, from, &at, &m);
    for (; any && n < most && stream_id_compare(m.id, to) <= 0;
         any = stream_future_next(f, &at, &m))
        n++;
    return n;
}

static void do_xsched_range(struct call *call)
{
    struct stream_id from, to;
    const struct stream *s;
    long long count = COUNT_MOST;
    if (!stream_args_bound(call, call->argv[3], true, &from) ||
        !stream_args_bound(call, call->argv[4], false, &to))
        return;
    if (call->argc > 5 && (call->argc != 7 || !bytes_is(call->argv[5], "count"))) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (call->argc > 5 && !helpers_number(call, 6, "COUNT", 1, COUNT_MOST, &count))
        return;
    if (!stream_args_read(call, call->argv[2], &s))
        return;
    const struct stream_future *f = future_of(s);
    struct stream_map_place at;
    struct stream_future_message m;
    uint64_t n = count_between(f, from, to, (uint64_t)count);
    reply_array(call->reply, n);
    bool any = n && stream_future_seek(f, from, &at, &m);
    for (; any && n; n--, any = stream_future_next(f, &at, &m))
        reply_message(call, &m);
    ASSERT(n == 0);
}

static void do_xsched_len(struct call *call)
{
    const struct stream *s;
    if (stream_args_read(call, call->argv[2], &s))
        reply_int(call->reply, (long long)stream_future_count(future_of(s)));
}

/* AT or DELAY and its value, arguments 4 and 5. False after the error reply. */
static bool parse_when(const struct call *call, int64_t *at_ms)
{
    bool is_at = bytes_is(call->argv[4], "at");
    long long v;
    if (!is_at && !bytes_is(call->argv[4], "delay")) {
        call_error(call, ERR_SYNTAX);
        return false;
    }
    if (!helpers_number(call, 5, is_at ? "AT" : "DELAY", 0,
                        is_at ? STREAM_ARGS_MOMENT_MOST : STREAM_ARGS_DELAY_MOST, &v))
        return false;
    *at_ms = is_at ? v : call->now_ms + v;
    return true;
}

static void do_xsched_move(struct call *call)
{
    struct stream_id id;
    struct stream *s;
    int64_t at_ms;
    if (!stream_args_id(call, call->argv[3], 0, true, &id) || !parse_when(call, &at_ms) ||
        !stream_args_write(call, call->argv[2], &s))
        return;
    call_no_effect(call);
    struct broker_group at = broker_act_in(call, call->argv[2], s, NULL);
    bool found = false;
    if (s && s->extra) {
        broker_append_due_first(&at);
        if (at_ms <= call->now_ms) {
            found = broker_append_scheduled(&at, id, &id);
        } else if (stream_future_has(&s->extra->future, id)) {
            id = broker_future_move(&at, id, at_ms);
            found = true;
        }
        broker_moments_changed(&at);
    }
    if (found)
        stream_args_reply_id(call, id);
    else
        reply_null(call->reply);
}

static void do_xsched_run(struct call *call)
{
    struct stream *s;
    int n = call->argc - 3;
    struct stream_id *ids = stream_args_ids(call, 3, n), id;
    if (!ids)
        return;
    call_no_effect(call);
    if (stream_args_write(call, call->argv[2], &s)) {
        struct broker_group at = broker_act_in(call, call->argv[2], s, NULL);
        if (s)
            broker_append_due_first(&at);
        reply_array(call->reply, (size_t)n);
        for (int i = 0; i < n; i++) {
            if (s && broker_append_scheduled(&at, ids[i], &id))
                stream_args_reply_id(call, id);
            else
                reply_null(call->reply);
        }
        if (s)
            broker_moments_changed(&at);
    }
    mem_free(ids);
}

/* Sets or removes the expiry time. False: there is no such message. */
static bool set_expiry(struct stream *s, struct stream_id id, int64_t at_ms, uint64_t *changed)
{
    if (!stream_log_has(&s->log, id) && !stream_future_has(future_of(s), id))
        return false;
    if (at_ms) {
        stream_expiry_set(&stream_need_extra(s)->expiry, id, at_ms);
        ++*changed;
    } else if (s->extra) {
        *changed += stream_expiry_remove(&s->extra->expiry, id);
    }
    return true;
}

static void do_xsched_expire(struct call *call)
{
    struct stream *s;
    long long at_ms;
    int n = call->argc - 4;
    size_t gone = 0;
    uint64_t changed = 0;
    struct bytes key = call->argv[2];
    struct stream_id *ids = NULL;
    if (!helpers_number(call, 3, "the moment", 0, STREAM_EXPIRY_MOST, &at_ms) ||
        !(ids = stream_args_ids(call, 4, n)))
        return;
    if (stream_args_write(call, key, &s)) {
        bool past = at_ms && at_ms <= call->now_ms && !call_is_replay(call);
        reply_array(call->reply, (size_t)n);
        for (int i = 0; i < n; i++) {
            bool there = s && (past ? broker_expire_take(s, ids[i])
                                    : set_expiry(s, ids[i], at_ms, &changed));
            if (past && there)
                ids[gone++] = ids[i];
            reply_int(call->reply, there);
        }
        struct broker_group at = broker_act_in(call, key, s, NULL);
        if (past)
            broker_expire_report(&at, ids, gone);
        else if (changed)
            db_changed(call->db, key, 0, NULL);
        if (s)
            broker_moments_changed(&at);
    }
    mem_free(ids);
}

static void do_xsched_help(struct call *call)
{
    helpers_help(call, &xsched_command);
}

static const struct command xsched_range_command = {
    .name = "range",
    .full_name = "xsched|range",
    .usage = "key:key start:string end:string [COUNT count:int]",
    .summary = "Returns the scheduled messages of a range of IDs.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(log N), and O(M) with M the messages answered",
    .group = GROUP_STREAM,
    .arity = -5,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_xsched_range,
};
static const struct command xsched_len_command = {
    .name = "len",
    .full_name = "xsched|len",
    .usage = "key:key",
    .summary = "Returns the number of scheduled messages.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = 3,
    .flags = COMMAND_READONLY | COMMAND_FAST,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RO)},
    .handler = do_xsched_len,
};
static const struct command xsched_move_command = {
    .name = "move",
    .full_name = "xsched|move",
    .usage = "key:key id:string <AT unix-time-milliseconds:unix-time | DELAY milliseconds:int>",
    .summary = "Reschedules a scheduled message.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(log N) with N the messages that are scheduled",
    .group = GROUP_STREAM,
    .arity = 6,
    .flags = COMMAND_WRITE | COMMAND_FAST | COMMAND_NEWER,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xsched_move,
};
static const struct command xsched_run_command = {
    .name = "run",
    .full_name = "xsched|run",
    .usage = "key:key id:string...",
    .summary = "Appends scheduled messages now.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(log N) for each message, with N those that are scheduled",
    .group = GROUP_STREAM,
    .arity = -4,
    .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_NEWER,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xsched_run,
};
static const struct command xsched_expire_command = {
    .name = "expire",
    .full_name = "xsched|expire",
    .usage = "key:key unix-time-milliseconds:unix-time id:string...",
    .summary = "Sets the expiration of messages, including scheduled ones; 0: none.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(log N) for each message, with N those that expire",
    .group = GROUP_STREAM,
    .arity = -5,
    .flags = COMMAND_WRITE | COMMAND_FAST | COMMAND_NEWER,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xsched_expire,
};
static const struct command xsched_help_command = {
    .name = "help",
    .full_name = "xsched|help",
    .usage = "",
    .summary = "Lists the subcommands.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = 2,
    .flags = COMMAND_LOADING | COMMAND_STALE,
    .handler = do_xsched_help,
};

static const struct command *const xsched_subcommands[] = {&xsched_expire_command,
                                                           &xsched_help_command,
                                                           &xsched_len_command,
                                                           &xsched_move_command,
                                                           &xsched_range_command,
                                                           &xsched_run_command,
                                                           NULL};

const struct command xsched_command = {
    .name = "xsched",
    .usage = "",
    .summary = "Inspects and manages scheduled messages.",
    .since = BROKER_ACT_SINCE,
    .complexity = "Depends on the subcommand.",
    .group = GROUP_STREAM,
    .arity = -2,
    .subcommands = xsched_subcommands,
};
