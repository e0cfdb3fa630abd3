/* XCLAIM, XAUTOCLAIM and XNACK: pending entries change hands. */
#include "commands/index.h"

#include "base/mem.h"
#include "base/num.h"
#include "commands/stream/stream_args.h"

#include <limits.h>

/* The group of arguments 1 and 2; false after the error reply. */
static bool need_group(struct call *call, struct stream **s, struct stream_group **g)
{
    if (!stream_args_read(call, call->argv[1], s))
        return false;
    *g = *s ? stream_find_group(*s, call->argv[2]) : NULL;
    if (*g)
        return true;
    stream_args_no_group(call, call->argv[1], call->argv[2]);
    return false;
}

struct xclaim {
    long long min_idle_ms;
    int first, last; /* arguments that are IDs */
    int64_t time_ms;
    long long count; /* -1: count one more */
    bool force, just_id;
    bool has_last_id;
    struct stream_id last_id;
};

static bool parse_claim(struct call *call, struct xclaim *x)
{
    *x = (struct xclaim){.first = 5, .time_ms = -1, .count = -1};
    if (!num_parse_int(call->argv[4], &x->min_idle_ms)) {
        reply_errorf(call->reply, "ERR Invalid min-idle-time argument for XCLAIM");
        return false;
    }
    if (x->min_idle_ms < 0)
        x->min_idle_ms = 0;
    int i = 5;
    struct stream_id id;
    for (; i < call->argc && stream_id_parse(call->argv[i], 0, &id); i++)
        ;
    x->last = i - 1;
    for (; i < call->argc; i++) {
        struct bytes word = call->argv[i];
        bool more = i + 1 < call->argc;
        long long v;
        if (bytes_is(word, "force")) {
            x->force = true;
        } else if (bytes_is(word, "justid")) {
            x->just_id = true;
        } else if (bytes_is(word, "idle") && more) {
            if (!num_parse_int(call->argv[++i], &v)) {
                reply_errorf(call->reply, "ERR Invalid IDLE option argument for XCLAIM");
                return false;
            }
            x->time_ms = num_minus(call->now_ms, v);
        } else if (bytes_is(word, "time") && more) {
            if (!num_parse_int(call->argv[++i], &v)) {
                reply_errorf(call->reply, "ERR Invalid TIME option argument for XCLAIM");
                return false;
            }
            x->time_ms = v;
        } else if (bytes_is(word, "retrycount") && more) {
            if (!num_parse_int(call->argv[++i], &x->count)) {
                reply_errorf(call->reply, "ERR Invalid RETRYCOUNT option argument for XCLAIM");
                return false;
            }
            if (x->count < 0)
                x->count = 0;
        } else if (bytes_is(word, "lastid") && more) {
            if (!stream_args_id(call, call->argv[++i], 0, true, &x->last_id))
                return false;
            x->has_last_id = true;
        } else {
            reply_errorf(call->reply, "ERR Unrecognized XCLAIM option '%.*s'", (int)word.n, word.p);
            return false;
        }
    }
    /* A time in the future, or before all time, is now. */
    if (x->time_ms < 0 || (x->time_ms > call->now_ms && !call_is_replay(call)))
        x->time_ms = call->now_ms;
    return true;
}

static void reply_entry(struct call *call, const struct stream *s, struct stream_id id)
{
    struct stream_cursor c;
    struct stream_entry e;
    if (stream_log_seek(&s->log, id, &c)) {
        stream_log_read(&c, &e);
        stream_args_reply(call->reply, &e);
    }
    stream_log_end(&c);
}

static uint64_t one_more(uint64_t count)
{
    return count >= LLONG_MAX ? LLONG_MAX : count + 1;
}

/* A pending reference to an entry that is gone: it goes too. */
static void drop_reference(struct call *call, struct stream_group *g, struct stream_id id)
{
    char text[STREAM_ID_TEXT_MAX];
    stream_group_ack(g, id);
    CALL_EFFECT(call, BYTES("XACK"), call->argv[1], call->argv[2], stream_args_id_text(text, id));
    db_count_changes(call->store, 1);
    db_changed_quietly(call->db, call->argv[1]);
}

static void do_xclaim(struct call *call)
{
    struct xclaim x;
    struct stream *s;
    struct stream_group *g;
    struct bytes key = call->argv[1];
    if (!need_group(call, &s, &g))
        return;
    if (!parse_claim(call, &x))
        return;
    call_no_effect(call);
    bool moved = false;
    if (x.has_last_id && stream_id_compare(x.last_id, g->last_id) > 0) {
        g->last_id = x.last_id;
        moved = true;
    }
    struct stream_consumer *owner = stream_args_consumer(call, key, g, call->argv[3], true);
    owner->seen_ms = call->now_ms;
    struct stream_args_claims claims = {.call = call,
                                        .key = key,
                                        .group = call->argv[2],
                                        .consumer = call->argv[3],
                                        .last_id = g->last_id};
    struct chain aside = {0};
    size_t n = 0;
    reply_later_begin(call->reply, &aside);
    for (int i = x.first; i <= x.last; i++) {
        struct stream_id id;
        struct stream_pending_place at;
        struct stream_pending_entry e = {0};
        stream_id_parse(call->argv[i], 0, &id);
        bool pending = stream_pending_find(&g->pending, id, &at);
        if (!stream_log_has(&s->log, id)) {
            bool ours = call_is_replay(call) && !call->engine->replaying_foreign;
            if (pending && !ours)
                drop_reference(call, g, id);
            if (!(ours && x.force))
                continue;
        }
        if (!pending) {
            if (!x.force)
                continue;
            /* As one that was delivered once, and is claimed now. */
            e.count = x.count >= 0 ? (uint64_t)x.count : x.just_id ? 1 : 2;
            stream_group_restore(g, id, owner, x.time_ms, e.count);
        } else {
            stream_pending_get(&g->pending, at, &e);
            int64_t idle = num_minus(call->now_ms, e.time_ms);
            if (e.consumer != STREAM_PENDING_NO_CONSUMER && idle < x.min_idle_ms)
                continue;
            e.count = x.count >= 0 ? (uint64_t)x.count : x.just_id ? e.count : one_more(e.count);
            stream_group_assign(g, at, owner, x.time_ms, e.count, false);
        }
        owner->active_ms = call->now_ms;
        stream_args_claims_add(&claims, id, x.time_ms, e.count);
        if (x.just_id)
            stream_args_reply_id(call->reply, id);
        else
            reply_entry(call, s, id);
        n++;
    }
    stream_args_claims_end(&claims);
    reply_later_end(call->reply, '*', n);
    if (moved && n == 0)
        stream_args_effect_setid(call, key, g);
    if (n || moved) {
        db_count_changes(call->store, n ? n : 1);
        db_changed_quietly(call->db, key);
    }
}

const struct command xclaim_command = {
    .name = "xclaim",
    .usage = "key:key group:string consumer:string min-idle-time:string id:string... [IDLE ms:int] "
             "[TIME unix-time-milliseconds:unix-time] [RETRYCOUNT count:int] [FORCE] [JUSTID] "
             "[LASTID lastid:string]",
    .summary = "Gives pending entries another owner.",
    .since = "5.0.0",
    .complexity = "O(log N) for each entry, with N the pending entries of the group",
    .tips = "nondeterministic_output",
    .group = GROUP_STREAM,
    .arity = -6,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xclaim,
};

static void do_xautoclaim(struct call *call)
{
    struct bytes key = call->argv[1];
    struct stream *s;
    struct stream_group *g;
    long long min_idle_ms, count = 100;
    bool just_id = false;
    struct stream_id from;
    if (!num_parse_int(call->argv[4], &min_idle_ms)) {
        reply_errorf(call->reply, "ERR Invalid min-idle-time argument for XAUTOCLAIM");
        return;
    }
    if (min_idle_ms < 0)
        min_idle_ms = 0;
    if (!stream_args_bound(call, call->argv[5], true, &from))
        return;
    for (int i = 6; i < call->argc; i++) {
        if (bytes_is(call->argv[i], "count") && i + 1 < call->argc) {
            if (!num_parse_int(call->argv[++i], &count) || count < 1 || count > LONG_MAX / 16) {
                reply_errorf(call->reply, "ERR COUNT must be > 0");
                return;
            }
        } else if (bytes_is(call->argv[i], "justid")) {
            just_id = true;
        } else {
            call_error(call, ERR_SYNTAX);
            return;
        }
    }
    if (!need_group(call, &s, &g))
        return;
    call_no_effect(call);
    struct stream_consumer *owner = stream_args_consumer(call, key, g, call->argv[3], true);
    owner->seen_ms = call->now_ms;
    struct stream_args_claims claims = {.call = call,
                                        .key = key,
                                        .group = call->argv[2],
                                        .consumer = call->argv[3],
                                        .last_id = g->last_id};
    struct buf gone = {0};
    struct stream_pending_place at;
    struct stream_pending_entry e;
    struct stream_cursor c = {0};
    struct reply *r = call->reply;
    struct chain *out = r->out, aside = chain_beside(out);
    bool in_log = false, started = false;
    long long attempts = count * 10, n = 0;
    r->out = &aside;
    bool any = stream_pending_seek(&g->pending, from, &at);
    while (any && attempts-- && count > 0) {
        stream_pending_get(&g->pending, at, &e);
        /* The entry itself: the cursor walks along with the pending ones. */
        if (!started || (in_log && stream_id_compare(stream_log_id(&c), e.id) < 0)) {
            if (started && stream_log_next(&c)) {
                in_log = true;
            } else {
                stream_log_end(&c);
                in_log = stream_log_seek(&s->log, e.id, &c);
            }
            started = true;
            if (in_log && stream_id_compare(stream_log_id(&c), e.id) < 0) {
                stream_log_end(&c);
                in_log = stream_log_seek(&s->log, e.id, &c);
            }
        }
        bool exists = in_log && stream_id_compare(stream_log_id(&c), e.id) == 0;
        if (!exists) {
            buf_add(&gone, bytes_of(&e.id, sizeof(e.id)));
            struct stream_id behind = e.id;
            drop_reference(call, g, e.id);
            count--;
            any = stream_id_next(&behind) && stream_pending_seek(&g->pending, behind, &at);
            continue;
        }
        bool owned = e.consumer != STREAM_PENDING_NO_CONSUMER;
        if (!owned || num_minus(call->now_ms, e.time_ms) >= min_idle_ms) {
            uint64_t times = just_id ? e.count : one_more(e.count);
            stream_group_assign(g, at, owner, call->now_ms, times, false);
            stream_args_claims_add(&claims, e.id, call->now_ms, times);
            if (just_id) {
                stream_args_reply_id(r, e.id);
            } else {
                struct stream_entry entry;
                stream_log_read(&c, &entry);
                stream_args_reply(r, &entry);
            }
            owner->active_ms = call->now_ms;
            n++;
            count--;
        }
        any = stream_pending_next(&g->pending, &at);
    }
    stream_log_end(&c);
    stream_args_claims_end(&claims);
    r->out = out;
    reply_array(r, 3);
    struct stream_id next = STREAM_ID_MIN;
    if (any) {
        stream_pending_get(&g->pending, at, &e);
        next = e.id;
    }
    stream_args_reply_id(r, next);
    reply_array(r, (size_t)n);
    chain_move(out, &aside);
    size_t gone_n = gone.n / sizeof(struct stream_id);
    reply_array(r, gone_n);
    for (size_t i = 0; i < gone_n; i++)
        stream_args_reply_id(r, ((const struct stream_id *)(const void *)gone.p)[i]);
    buf_free(&gone);
    if (n || gone_n) {
        db_count_changes(call->store, (uint64_t)n);
        db_changed_quietly(call->db, key);
    }
}

const struct command xautoclaim_command = {
    .name = "xautoclaim",
    .usage = "key:key group:string consumer:string min-idle-time:string start:string [COUNT "
             "count:int] [JUSTID]",
    .summary = "Gives entries that have been pending for long another owner, a run at a time.",
    .since = "6.2.0",
    .complexity = "O(1) when COUNT is small",
    .tips = "nondeterministic_output",
    .group = GROUP_STREAM,
    .arity = -6,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_xautoclaim,
};

static void do_xnack(struct call *call)
{
    struct bytes key = call->argv[1], mode = call->argv[3];
    struct stream *s;
    struct stream_group *g;
    long long n = 0, retry = -1, released = 0;
    bool force = false;
    if (!need_group(call, &s, &g))
        return;
    bool silent = bytes_is(mode, "silent"), fatal = bytes_is(mode, "fatal");
    if (!silent && !fatal && !bytes_is(mode, "fail")) {
        reply_errorf(call->reply, "ERR mode must be SILENT, FAIL, or FATAL");
        return;
    }
    if (!bytes_is(call->argv[4], "ids")) {
        reply_errorf(call->reply, "ERR syntax error, expected IDS keyword");
        return;
    }
    if (!num_parse_int(call->argv[5], &n) || n < 1) {
        reply_errorf(call->reply, "ERR numids must be a positive integer");
        return;
    }
    if (n > call->argc - 6) {
        reply_errorf(call->reply, "ERR number of IDs doesn't match numids");
        return;
    }
    for (int i = 6 + (int)n; i < call->argc; i++) {
        if (bytes_is(call->argv[i], "retrycount") && i + 1 < call->argc) {
            if (!num_parse_int(call->argv[++i], &retry) || retry < 0) {
                reply_errorf(call->reply, "ERR Invalid RETRYCOUNT value, must be >= 0");
                return;
            }
        } else if (bytes_is(call->argv[i], "force")) {
            force = true;
        } else {
            reply_errorf(call->reply, "ERR Unrecognized XNACK option '%.*s'", (int)call->argv[i].n,
                         call->argv[i].p);
            return;
        }
    }
    struct stream_id *ids = mem_alloc((size_t)n * sizeof(*ids));
    for (int i = 0; i < n; i++)
        if (!stream_args_id(call, call->argv[6 + i], 0, true, &ids[i])) {
            mem_free(ids);
            return;
        }
    for (int i = 0; i < n; i++) {
        struct stream_pending_place at;
        struct stream_pending_entry e = {0};
        if (!stream_pending_find(&g->pending, ids[i], &at)) {
            if (!force || (!stream_log_has(&s->log, ids[i]) && !call_is_replay(call)))
                continue;
            stream_group_restore(g, ids[i], NULL, call->now_ms, 0);
            stream_pending_find(&g->pending, ids[i], &at);
        }
        stream_pending_get(&g->pending, at, &e);
        uint64_t count = retry >= 0 ? (uint64_t)retry
                         : fatal    ? (uint64_t)LLONG_MAX
                         : silent   ? (e.count ? e.count - 1 : 0)
                                    : e.count;
        stream_group_assign(g, at, NULL, 0, count, true);
        released++;
    }
    mem_free(ids);
    if (released) {
        db_count_changes(call->store, (uint64_t)released);
        db_changed_quietly(call->db, key);
        db_ready(call->db, key);
    }
    reply_int(call->reply, released);
}

const struct command xnack_command = {
    .name = "xnack",
    .usage = "key:key group:string <SILENT | FAIL | FATAL> IDS numids:int id:string... [RETRYCOUNT "
             "count:int] [FORCE]",
    .summary = "Gives pending entries back, for another consumer to claim.",
    .since = "8.8.0",
    .complexity = "O(log N) for each entry, with N the pending entries of the group",
    .group = GROUP_STREAM,
    .arity = -7,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xnack,
};
