/* XPENDING: a group's pending entries, as a summary by consumer or a list between two IDs. Released
 * entries have no owner: they are listed with an empty name and an idle time of -1, whatever IDLE
 * asks for. */
#include "commands/index.h"

#include "base/mem.h"
#include "base/num.h"
#include "commands/stream/stream_args.h"

static void pending_summary(struct call *call, const struct stream_group *g)
{
    const struct stream_pending *p = &g->pending;
    struct stream_pending_place at;
    struct stream_pending_entry e;
    reply_array(call->reply, 4);
    reply_int(call->reply, (long long)p->count);
    if (p->count == 0) {
        reply_null(call->reply);
        reply_null(call->reply);
        reply_null_array(call->reply);
        return;
    }
    stream_pending_seek(p, STREAM_ID_MIN, &at);
    stream_pending_get(p, at, &e);
    stream_args_reply_id(call, e.id);
    stream_pending_last(p, &e);
    stream_args_reply_id(call, e.id);
    size_t n, busy = 0;
    struct stream_consumer **all = stream_group_sorted(g, &n);
    for (size_t i = 0; i < n; i++)
        busy += all[i]->pending > 0;
    reply_array(call->reply, busy);
    for (size_t i = 0; i < n; i++) {
        if (all[i]->pending == 0)
            continue;
        reply_array(call->reply, 2);
        reply_bulk_str(call->reply, all[i]->name);
        reply_bulk_int(call->reply, (long long)all[i]->pending);
    }
    mem_free(all);
}

struct pending_filter {
    struct stream_id from, to;
    long long count;
    int64_t min_idle_ms;
    bool one_consumer;
    struct bytes consumer;
};

static void pending_list(struct call *call, const struct stream_group *g,
                         const struct pending_filter *f)
{
    const struct stream_pending *p = &g->pending;
    int64_t now_ms = stream_args_now(call, g);
    struct stream_consumer *only = f->one_consumer ? stream_group_consumer(g, f->consumer) : NULL;
    if (f->one_consumer && !only) {
        reply_array(call->reply, 0);
        return;
    }
    struct stream_pending_place at;
    struct stream_pending_entry e;
    struct chain aside = {0};
    size_t n = 0;
    reply_later_begin(call->reply, &aside);
    bool any = only ? stream_pending_seek_owned(p, f->from, only->number, &at)
                    : stream_pending_seek(p, f->from, &at);
    while (any && n < (size_t)f->count) {
        stream_pending_get(p, at, &e);
        if (stream_id_compare(e.id, f->to) > 0)
            break;
        int64_t idle = num_minus(now_ms, e.time_ms);
        struct stream_consumer *owner = stream_group_owner(g, e.consumer);
        if (idle < 0)
            idle = 0;
        if (!owner || idle >= f->min_idle_ms) {
            reply_array(call->reply, 4);
            stream_args_reply_id(call, e.id);
            if (owner)
                reply_bulk_str(call->reply, owner->name);
            else
                reply_bulk(call->reply, bytes_of("", 0));
            reply_int(call->reply, owner ? idle : -1);
            reply_int(call->reply, (long long)e.count);
            n++;
        }
        any = only ? stream_pending_next_owned(p, only->number, &at) : stream_pending_next(p, &at);
    }
    reply_later_end(call->reply, '*', n);
}

static void do_xpending(struct call *call)
{
    struct pending_filter f = {0};
    const struct stream *s;
    bool summary = call->argc == 3;
    if (!summary) {
        int at = 3;
        if (call->argc < 6 || call->argc > 9) {
            call_error(call, ERR_SYNTAX);
            return;
        }
        if (bytes_is(call->argv[3], "idle")) {
            long long idle;
            if (!call_int(call, 4, &idle))
                return;
            f.min_idle_ms = idle;
            at = 5;
            if (call->argc < 8) {
                call_error(call, ERR_SYNTAX);
                return;
            }
        }
        if (!call_int(call, at + 2, &f.count))
            return;
        if (f.count < 0)
            f.count = 0;
        if (!stream_args_bound(call, call->argv[at], true, &f.from) ||
            !stream_args_bound(call, call->argv[at + 1], false, &f.to))
            return;
        f.one_consumer = call->argc >= at + 4;
        if (f.one_consumer)
            f.consumer = call->argv[at + 3];
    }
    if (!stream_args_read(call, call->argv[1], &s))
        return;
    const struct stream_group *g = s ? stream_find_group(s, call->argv[2]) : NULL;
    if (!g)
        stream_args_no_group(call, call->argv[1], call->argv[2]);
    else if (summary)
        pending_summary(call, g);
    else
        pending_list(call, g, &f);
}

const struct command xpending_command = {
    .name = "xpending",
    .usage = "key:key group:string [[IDLE min-idle-time:int] start:string end:string count:int "
             "[consumer:string]]",
    .summary = "Returns the pending entries of a group.",
    .since = "5.0.0",
    .complexity = "O(log N), and O(M) with M the entries looked at",
    .tips = "nondeterministic_output",
    .group = GROUP_STREAM,
    .arity = -3,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_xpending,
};
