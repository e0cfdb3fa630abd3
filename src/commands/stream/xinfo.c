/* XINFO: describes a stream, its groups and its consumers.
 *
 * Names are those of Redis. There is no radix tree here: blocks are reported as its keys, and one
 * more than blocks as its nodes. XINFO STREAM reports counters and the first and last entry; FULL
 * reports entries, groups, consumers and their pending entries, COUNT of each (0: all). Groups and
 * consumers are sorted by name. Reading changes nothing: expired producers' records are not
 * counted, but dropped elsewhere. */
#include "commands/index.h"

#include "base/mem.h"
#include "base/num.h"
#include "commands/stream/stream_args.h"

static void text(struct call *call, const char *name)
{
    reply_bulk_text(call->reply, name);
}

static void number(struct call *call, const char *name, long long v)
{
    text(call, name);
    reply_int(call->reply, v);
}

static void id(struct call *call, const char *name, struct stream_id v)
{
    text(call, name);
    stream_args_reply_id(call, v);
}

/* The stream, which must exist. */
static bool need_stream(struct call *call, const struct stream **s)
{
    if (!stream_args_read(call, call->argv[2], s))
        return false;
    if (*s)
        return true;
    call_error(call, ERR_NO_KEY);
    return false;
}

static void common(struct call *call, const struct stream *s)
{
    number(call, "length", (long long)s->log.length);
    /* Blocks stand in for the radix tree's nodes. */
    number(call, "radix-tree-keys", (long long)s->log.n);
    number(call, "radix-tree-nodes", (long long)s->log.n + 1);
    id(call, "last-generated-id", s->last_id);
    id(call, "max-deleted-entry-id", s->max_deleted);
    number(call, "entries-added", (long long)s->added);
    id(call, "recorded-first-entry-id", stream_first_id(s));
    number(call, "idmp-duration", s->dedup.duration_s);
    number(call, "idmp-maxsize", (long long)s->dedup.max_size);
    uint64_t producers, records;
    stream_dedup_left(&s->dedup, call->now_ms, &producers, &records);
    number(call, "pids-tracked", (long long)producers);
    number(call, "iids-tracked", (long long)records);
    number(call, "iids-added", (long long)s->dedup.added);
    number(call, "iids-duplicates", (long long)s->dedup.duplicates);
}

/* Fields of a stream with features that Redis does not have (broker I4). */
static void extra(struct call *call, const struct stream *s)
{
    static const char *const ways[] = {"DROP KEEPREF", "DROP DELREF", "DROP ACKED"};
    const struct stream_extra *x = s->extra;
    struct stream_limits l = x ? x->limits : stream_limits_none();
    struct stream_future_message first = {.id = STREAM_ID_MIN};
    if (x)
        stream_future_first(&x->future, &first);
    number(call, "maxlen", l.max_entries);
    number(call, "maxbytes", l.max_bytes);
    number(call, "maxage", l.max_age_ms);
    text(call, "overflow");
    text(call, l.refuses ? "REJECT" : ways[l.strategy]);
    number(call, "scheduled", x ? (long long)stream_future_count(&x->future) : 0);
    id(call, "next-scheduled-id", first.id);
    number(call, "expiries", x ? (long long)stream_expiry_count(&x->expiry) : 0);
    number(call, "schedules", x ? (long long)stream_schedules_count(&x->schedules) : 0);
    number(call, "bindings", x && x->bindings ? (long long)x->bindings->count : 0);
    number(call, "captures", x ? (long long)stream_captures_count(&x->captures) : 0);
}

static void edge_entry(struct call *call, const struct stream *s, bool first)
{
    struct stream_cursor c;
    struct stream_entry e;
    bool found = first ? stream_log_seek(&s->log, STREAM_ID_MIN, &c)
                       : stream_log_seek_back(&s->log, STREAM_ID_MAX, &c);
    text(call, first ? "first-entry" : "last-entry");
    if (found) {
        stream_log_read(&c, &e);
        stream_args_reply(call, &e);
    } else {
        reply_null(call->reply);
    }
    stream_log_end(&c);
}

static void reading(struct call *call, const struct stream *s, const struct stream_group *g)
{
    uint64_t lag;
    text(call, "entries-read");
    if (g->entries_read >= 0)
        reply_int(call->reply, g->entries_read);
    else
        reply_null(call->reply);
    text(call, "lag");
    if (g->policy) /* never unknown (broker I5) */
        reply_int(call->reply, (long long)stream_unread(s, g));
    else if (stream_lag(s, g, &lag))
        reply_int(call->reply, (long long)lag);
    else
        reply_null(call->reply);
}

static void group_pending(struct call *call, const struct stream_group *g, size_t most)
{
    const struct stream_pending *p = &g->pending;
    struct stream_pending_place at;
    struct stream_pending_entry e;
    size_t n = most && most < p->count ? most : p->count;
    text(call, "pending");
    reply_array(call->reply, n);
    bool any = stream_pending_seek(p, STREAM_ID_MIN, &at);
    for (size_t i = 0; i < n && any; i++, any = stream_pending_next(p, &at)) {
        stream_pending_get(p, at, &e);
        struct stream_consumer *owner = stream_group_owner(g, e.consumer);
        reply_array(call->reply, 4);
        stream_args_reply_id(call, e.id);
        if (owner)
            reply_bulk_str(call->reply, owner->name);
        else
            reply_bulk(call->reply, bytes_of("", 0));
        reply_int(call->reply, e.time_ms);
        reply_int(call->reply, (long long)e.count);
    }
}

static void full_consumer(struct call *call, const struct stream_group *g,
                          const struct stream_consumer *c, size_t most)
{
    struct stream_pending_place at;
    struct stream_pending_entry e;
    size_t n = most && most < c->pending ? most : c->pending;
    reply_map(call->reply, 5);
    text(call, "name");
    reply_bulk_str(call->reply, c->name);
    number(call, "seen-time", c->seen_ms);
    number(call, "active-time", c->active_ms);
    number(call, "pel-count", (long long)c->pending);
    text(call, "pending");
    reply_array(call->reply, n);
    bool any = stream_pending_seek_owned(&g->pending, STREAM_ID_MIN, c->number, &at);
    for (size_t i = 0; i < n && any;
         i++, any = stream_pending_next_owned(&g->pending, c->number, &at)) {
        stream_pending_get(&g->pending, at, &e);
        reply_array(call->reply, 3);
        stream_args_reply_id(call, e.id);
        reply_int(call->reply, e.time_ms);
        reply_int(call->reply, (long long)e.count);
    }
}

static void full_group(struct call *call, const struct stream *s, const struct stream_group *g,
                       size_t most)
{
    size_t n;
    struct stream_consumer **all = stream_group_sorted(g, &n);
    reply_map(call->reply, 8);
    text(call, "name");
    reply_bulk_str(call->reply, g->name);
    id(call, "last-delivered-id", g->last_id);
    reading(call, s, g);
    number(call, "pel-count", (long long)g->pending.count);
    number(call, "nacked-count",
           (long long)(g->pending.count - stream_pending_owned_count(&g->pending)));
    group_pending(call, g, most);
    text(call, "consumers");
    reply_array(call->reply, n);
    for (size_t i = 0; i < n; i++)
        full_consumer(call, g, all[i], most);
    mem_free(all);
}

static void full(struct call *call, const struct stream *s, size_t most)
{
    struct stream_cursor c;
    struct stream_entry e;
    reply_map(call->reply, 15);
    common(call, s);
    text(call, "entries");
    uint64_t n = most && most < s->log.length ? most : s->log.length;
    reply_array(call->reply, n);
    bool any = stream_log_seek(&s->log, STREAM_ID_MIN, &c);
    for (uint64_t i = 0; i < n && any; i++) {
        stream_log_read(&c, &e);
        stream_args_reply(call, &e);
        any = i + 1 < n && stream_log_next(&c);
    }
    stream_log_end(&c);
    text(call, "groups");
    size_t groups;
    struct stream_group **all = stream_sorted_groups(s, &groups);
    reply_array(call->reply, groups);
    for (size_t i = 0; i < groups; i++)
        full_group(call, s, all[i], most);
    mem_free(all);
}

static void do_xinfo_stream(struct call *call)
{
    const struct stream *s;
    long long count = 10;
    bool wants_full = call->argc > 3;
    if (!need_stream(call, &s))
        return;
    if (wants_full) {
        if (!bytes_is(call->argv[3], "full") || (call->argc != 4 && call->argc != 6) ||
            (call->argc == 6 && !bytes_is(call->argv[4], "count"))) {
            helpers_bad_subcommand(call);
            return;
        }
        if (call->argc == 6 && !call_int(call, 5, &count))
            return;
        if (count < 0)
            count = 10;
        full(call, s, (size_t)count);
        return;
    }
    bool ours = s->policies || (s->extra && !stream_extra_is_empty(s->extra));
    reply_map(call->reply, ours ? 26 : 16);
    common(call, s);
    number(call, "groups", (long long)s->groups.used);
    edge_entry(call, s, true);
    edge_entry(call, s, false);
    if (ours)
        extra(call, s);
}

static void do_xinfo_groups(struct call *call)
{
    const struct stream *s;
    if (!need_stream(call, &s))
        return;
    size_t n;
    struct stream_group **all = stream_sorted_groups(s, &n);
    reply_array(call->reply, n);
    for (size_t i = 0; i < n; i++) {
        reply_map(call->reply, 6);
        text(call, "name");
        reply_bulk_str(call->reply, all[i]->name);
        number(call, "consumers", (long long)all[i]->consumers.used);
        number(call, "pending", (long long)all[i]->pending.count);
        id(call, "last-delivered-id", all[i]->last_id);
        reading(call, s, all[i]);
    }
    mem_free(all);
}

static void do_xinfo_consumers(struct call *call)
{
    const struct stream *s;
    if (!need_stream(call, &s))
        return;
    const struct stream_group *g = stream_find_group(s, call->argv[3]);
    if (!g) {
        stream_args_no_such_group(call, call->argv[2], call->argv[3]);
        return;
    }
    size_t n;
    int64_t now_ms = stream_args_now(call, g);
    struct stream_consumer **all = stream_group_sorted(g, &n);
    reply_array(call->reply, n);
    for (size_t i = 0; i < n; i++) {
        int64_t idle = num_minus(now_ms, all[i]->seen_ms),
                inactive = all[i]->active_ms < 0 ? -1 : num_minus(now_ms, all[i]->active_ms);
        reply_map(call->reply, 4);
        text(call, "name");
        reply_bulk_str(call->reply, all[i]->name);
        number(call, "pending", (long long)all[i]->pending);
        number(call, "idle", idle > 0 ? idle : 0);
        number(call, "inactive", inactive < -1 ? 0 : inactive);
    }
    mem_free(all);
}

static void do_xinfo_help(struct call *call)
{
    helpers_help(call, &xinfo_command);
}

static const struct command xinfo_stream_command = {
    .name = "stream",
    .full_name = "xinfo|stream",
    .usage = "key:key [FULL [COUNT count:int]]",
    .summary = "Returns information about a stream.",
    .since = "5.0.0",
    .complexity = "O(1), or O(N) with FULL and N what is answered",
    .group = GROUP_STREAM,
    .arity = -3,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_xinfo_stream,
};
static const struct command xinfo_groups_command = {
    .name = "groups",
    .full_name = "xinfo|groups",
    .usage = "key:key",
    .summary = "Returns information about the groups of a stream.",
    .since = "5.0.0",
    .complexity = "O(N) with N the groups",
    .group = GROUP_STREAM,
    .arity = 3,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_xinfo_groups,
};
static const struct command xinfo_consumers_command = {
    .name = "consumers",
    .full_name = "xinfo|consumers",
    .usage = "key:key group:string",
    .summary = "Returns information about the consumers of a group.",
    .since = "5.0.0",
    .complexity = "O(N) with N the consumers",
    .tips = "nondeterministic_output",
    .group = GROUP_STREAM,
    .arity = 4,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_xinfo_consumers,
};
static const struct command xinfo_help_command = {
    .name = "help",
    .full_name = "xinfo|help",
    .usage = "",
    .summary = "Lists the subcommands.",
    .since = "5.0.0",
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = 2,
    .flags = COMMAND_LOADING | COMMAND_STALE,
    .handler = do_xinfo_help,
};

static const struct command *const xinfo_subcommands[] = {
    &xinfo_consumers_command, &xinfo_groups_command, &xinfo_help_command, &xinfo_stream_command,
    NULL};

const struct command xinfo_command = {
    .name = "xinfo",
    .usage = "",
    .summary = "Inspects streams.",
    .since = "5.0.0",
    .complexity = "Depends on the subcommand.",
    .group = GROUP_STREAM,
    .arity = -2,
    .subcommands = xinfo_subcommands,
};
