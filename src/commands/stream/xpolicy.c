/* XPOLICY: policies of groups.
 *
 * SET creates or changes a policy and, with MKSTREAM, stream and group: a worker may repeat it at
 * each start. Everything is checked before anything is created. The effect is the whole policy
 * written out, so that defaults of a later version cannot change an old file; a SET that changes
 * nothing is no write. Pending entries are not touched by the command: leases are computed by
 * comparison, and the broker's next turn does the rest. */
#include "commands/index.h"

#include "base/glob.h"
#include "base/mem.h"
#include "broker/broker.h"
#include "broker/broker_stats.h"
#include "broker/broker_watch.h"
#include "commands/helpers.h"
#include "commands/stream/stream_args.h"
#include "commands/stream/xpolicy_args.h"
#include "engine/rights.h"
#include "type/stream/stream_pending_deferred.h"
#include "type/stream/stream_policy_words.h"

#include <stdlib.h>

#define RETRIES_MOST  100000
#define ORDER_PENDING 100000

/* ---- SET */

/* Whether the user may write to a dead-letter key that the request does not name, checked as if it
 * did. False after the error reply. */
static bool may_write(struct call *call, struct bytes letters)
{
    struct client *c = call->client;
    if (c->flags & (CLIENT_REPLAY | CLIENT_ACT))
        return true;
    const struct bytes argv[] = {call->argv[0], call->argv[1],       call->argv[2],
                                 call->argv[3], BYTES("DEADLETTER"), letters};
    const char *context = c->flags & CLIENT_SCRIPT    ? "lua"
                          : c->flags & CLIENT_IN_EXEC ? "multi"
                                                      : "toplevel";
    struct buf why = {0};
    bool allowed = rights_allow(c, c->user, call->command, argv, 6, context, &why);
    if (!allowed)
        reply_errorf(call->reply, "NOPERM %.*s", (int)why.n, why.p);
    buf_free(&why);
    return allowed;
}

/* A new policy at its defaults, before the request's options. NULL after the error reply. */
static struct stream_policy *begin(struct call *call, const struct xpolicy_args *x)
{
    struct buf name = {0};
    if (!(x->given >> XPOLICY_DEADLETTER & 1)) {
        if (!stream_policy_dead_letter_name(call->argv[2], &name)) {
            reply_errorf(call->reply,
                         "ERR no default dead-letter key for this name, specify DEADLETTER");
            return NULL;
        }
        if (!may_write(call, buf_bytes(&name))) {
            buf_free(&name);
            return NULL;
        }
    }
    struct stream_policy *p = stream_policy_new(buf_bytes(&name));
    buf_free(&name);
    if (x->jobs)
        stream_policy_jobs(p);
    return p;
}

/* The group and its stream, made when absent. */
static struct stream_group *need_group(struct call *call, struct stream **s)
{
    struct bytes key = call->argv[2], name = call->argv[3];
    struct stream_group *g = *s ? stream_find_group(*s, name) : NULL;
    if (g)
        return g;
    if (!*s) {
        *s = stream_args_create(call, key);
        db_changed(call->db, key, 0, NULL);
        db_ready(call->db, key);
    }
    g = stream_add_group(*s, name, STREAM_ID_MIN, -1);
    CALL_EFFECT(call, BYTES("XGROUP"), BYTES("CREATE"), key, name, BYTES("0"), BYTES("MKSTREAM"));
    db_changed_quietly(call->db, key);
    db_notify(call->db, key, DB_EVENT_STREAM, "xgroup-create");
    return g;
}

static void tell(struct call *call, const struct stream_policy *p)
{
    struct bytes argv[4 + STREAM_POLICY_WORDS_MOST] = {BYTES("XPOLICY"), BYTES("SET"),
                                                       call->argv[2], call->argv[3]};
    struct buf room = {0};
    int n = stream_policy_words(p, argv + 4, &room);
    call_effect_since(call, BROKER_ACT_SINCE, argv, 4 + n);
    buf_free(&room);
}

static void put(struct call *call, struct stream *s, struct stream_policy *p)
{
    struct bytes key = call->argv[2];
    struct stream_group *g = need_group(call, &s);
    const struct stream_policy *old = g->policy;
    bool look_again = !old || old->lease_ms != p->lease_ms || old->max_deliver != p->max_deliver;
    struct broker_watch *w = broker_watch_of(g);
    if (w && (old->rate != p->rate || old->rate_ms != p->rate_ms))
        broker_watch_refill(w);
    stream_set_policy(s, g, p);
    broker_policy_changed(call->engine->broker, call->db, db_find(call->db, key), g, look_again);
    tell(call, p);
    db_changed_quietly(call->db, key);
    db_notify(call->db, key, DB_EVENT_STREAM, "xpolicy-set");
}

/* Whether the policy changes the group's order. */
static bool orders_anew(const struct stream_group *g, const struct stream_policy *p)
{
    const struct stream_policy *old = g->policy;
    bool had = old && old->order_by->n, has = p->order_by->n;
    return had != has || (has && (old->order_skips != p->order_skips ||
                                  !bytes_equal(str_bytes(old->order_by), str_bytes(p->order_by))));
}

static void do_xpolicy_set(struct call *call)
{
    struct xpolicy_args x;
    struct stream *s;
    struct bytes key = call->argv[2], name = call->argv[3];
    if (!xpolicy_args_parse(call, &x))
        return;
    /* A replay accepts it: a stream renamed to its dead-letter key has such a policy. */
    if ((x.given >> XPOLICY_DEADLETTER & 1) && bytes_equal(x.dead_letter, key) &&
        !call_is_replay(call)) {
        reply_errorf(call->reply, "ERR the dead-letter key must not be the stream itself");
        return;
    }
    if (!stream_args_write(call, key, &s))
        return;
    const struct stream_group *g = s ? stream_find_group(s, name) : NULL;
    if (!g && !x.make) {
        stream_args_no_group(call, key, name);
        return;
    }
    call_no_effect(call);
    struct stream_policy *p = g && g->policy ? stream_policy_copy(g->policy) : begin(call, &x);
    if (!p)
        return;
    xpolicy_args_apply(&x, p);
    if (g && g->pending.count >= ORDER_PENDING && orders_anew(g, p) && !call_is_replay(call)) {
        stream_policy_free(p);
        reply_errorf(call->reply,
                     "ERR ORDERBY cannot be changed while %d or more entries are pending",
                     ORDER_PENDING);
        return;
    }
    if (g && g->policy && stream_policy_equal(g->policy, p))
        stream_policy_free(p);
    else
        put(call, s, p);
    reply_ok(call->reply);
}

/* ---- DEL */

static void do_xpolicy_del(struct call *call)
{
    struct stream *s;
    struct bytes key = call->argv[2], name = call->argv[3];
    if (!stream_args_write(call, key, &s))
        return;
    struct stream_group *g = s ? stream_find_group(s, name) : NULL;
    if (!g) {
        stream_args_no_group(call, key, name);
        return;
    }
    bool had = g->policy != NULL;
    if (had) {
        broker_watch_drop(g, BROKER_WATCH_POLICY_GOES);
        stream_set_policy(s, g, NULL);
        broker_policy_changed(call->engine->broker, call->db, db_find(call->db, key), NULL, false);
        db_changed_quietly(call->db, key);
        db_notify(call->db, key, DB_EVENT_STREAM, "xpolicy-del");
        db_ready(call->db, key);
    }
    reply_int(call->reply, had);
}

/* ---- Looking */

/* The stream and its group; false after the error reply. */
static bool read_group(struct call *call, const struct stream **s, struct stream_group **g)
{
    if (!stream_args_read(call, call->argv[2], s))
        return false;
    *g = *s ? stream_find_group(*s, call->argv[3]) : NULL;
    if (!*g)
        stream_args_no_group(call, call->argv[2], call->argv[3]);
    return *g;
}

static void number(struct call *call, const char *name, long long v)
{
    reply_bulk_text(call->reply, name);
    reply_int(call->reply, v);
}

static void word(struct call *call, const char *name, struct bytes v)
{
    reply_bulk_text(call->reply, name);
    reply_bulk(call->reply, v);
}

static void do_xpolicy_get(struct call *call)
{
    const struct stream *s;
    struct stream_group *g;
    if (!read_group(call, &s, &g))
        return;
    const struct stream_policy *p = g->policy;
    if (!p) {
        reply_null(call->reply);
        return;
    }
    struct buf retry = {0}, rate = {0};
    stream_policy_print_retry(p, &retry);
    buf_printf(&rate, "%lld %lld", (long long)p->rate, (long long)p->rate_ms);
    reply_map(call->reply, 16);
    number(call, "lease", p->lease_ms);
    word(call, "retry", buf_bytes(&retry));
    number(call, "jitter", p->jitter);
    number(call, "maxdeliver", p->max_deliver);
    word(call, "deadletter", str_bytes(p->dead_letter));
    word(call, "onack", p->delete_acked ? BYTES("DELETE") : BYTES("KEEP"));
    number(call, "prefetch", p->prefetch);
    number(call, "maxpending", p->max_pending);
    word(call, "rate", buf_bytes(&rate));
    word(call, "orderby", str_bytes(p->order_by));
    word(call, "order", p->order_skips ? BYTES("SKIP") : BYTES("HOLD"));
    number(call, "single", p->single_ms);
    word(call, "ondisconnect", p->release_on_close ? BYTES("RELEASE") : BYTES("KEEP"));
    number(call, "consumerttl", p->consumer_ttl_ms);
    number(call, "groupttl", p->group_ttl_ms);
    word(call, "pause", p->paused ? BYTES("ON") : BYTES("OFF"));
    buf_free(&retry);
    buf_free(&rate);
}

static int by_key(const void *a, const void *b)
{
    return bytes_compare(entry_key(*(struct entry *const *)a),
                         entry_key(*(struct entry *const *)b));
}

/* Entries of streams with policies whose keys match and that the user may read, sorted; the caller
 * frees the array. */
static struct entry **list(const struct call *call, struct bytes pattern, size_t *n)
{
    const struct client *c = call->client;
    bool all = c->flags & (CLIENT_REPLAY | CLIENT_ACT);
    struct table *acting = &call->db->noted.acting;
    struct entry **found = mem_alloc((acting->used + 1) * sizeof(*found));
    struct table_walk w;
    *n = 0;
    table_walk_start(&w, acting);
    for (struct entry *e; (e = table_walk_next(&w));)
        if ((!pattern.p || glob_match(pattern, entry_key(e))) && !db_is_due(call->store, e) &&
            (all || check_key_of(c->user, call->engine->registry, call->command, entry_key(e),
                                 KEY_RO | KEY_ACCESS)))
            found[(*n)++] = e;
    if (*n)
        qsort(found, *n, sizeof(*found), by_key);
    return found;
}

static size_t reply_groups(struct call *call, struct entry *e)
{
    size_t n, told = 0;
    struct stream_group **all = stream_sorted_groups(value_object(e), &n);
    for (size_t i = 0; i < n; i++) {
        if (!all[i]->policy)
            continue;
        reply_array(call->reply, 2);
        reply_bulk(call->reply, entry_key(e));
        reply_bulk_str(call->reply, all[i]->name);
        told++;
    }
    mem_free(all);
    return told;
}

static void do_xpolicy_list(struct call *call)
{
    struct bytes pattern = {0};
    if (call->argc == 4 && bytes_is(call->argv[2], "match")) {
        pattern = call->argv[3];
    } else if (call->argc != 2) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    size_t n, told = 0;
    struct entry **all = list(call, pattern, &n);
    struct chain aside = {0};
    reply_later_begin(call->reply, &aside);
    for (size_t i = 0; i < n; i++)
        told += reply_groups(call, all[i]);
    reply_later_end(call->reply, '*', told);
    mem_free(all);
}

static bool parse_retries(struct call *call, long long *start, long long *count)
{
    *start = *count = -1;
    for (int i = 4; i < call->argc; i += 2) {
        bool is_start = bytes_is(call->argv[i], "start");
        long long *to = is_start ? start : count, least = is_start ? 0 : 1,
                  most = is_start ? STREAM_ARGS_MOMENT_MOST : RETRIES_MOST;
        const char *name = is_start ? "START" : "COUNT";
        if ((!is_start && !bytes_is(call->argv[i], "count")) || i + 1 >= call->argc) {
            call_error(call, ERR_SYNTAX);
            return false;
        }
        if (*to != -1) {
            reply_errorf(call->reply, "ERR %s specified multiple times", name);
            return false;
        }
        if (!helpers_number(call, i + 1, name, least, most, to))
            return false;
    }
    *start = *start < 0 ? 0 : *start;
    *count = *count < 0 ? 10 : *count;
    return true;
}

static void do_xpolicy_retries(struct call *call)
{
    const struct stream *s;
    struct stream_group *g;
    long long start, count;
    size_t n;
    if (!parse_retries(call, &start, &count) || !read_group(call, &s, &g))
        return;
    struct stream_pending_deferred *all =
        stream_pending_deferred(&g->pending, start, (size_t)count, &n);
    reply_array(call->reply, n);
    for (size_t i = 0; i < n; i++) {
        reply_array(call->reply, 4);
        stream_args_reply_id(call, all[i].id);
        reply_int(call->reply, all[i].due_ms);
        reply_int(call->reply, (long long)all[i].count);
        reply_bulk(call->reply, all[i].reason);
    }
    mem_free(all);
}

static void do_xpolicy_stats(struct call *call)
{
    const struct stream *s;
    struct stream_group *g;
    if (read_group(call, &s, &g))
        broker_stats_reply(call, call->argv[2], s, g);
}

static void do_xpolicy_help(struct call *call)
{
    helpers_help(call, &xpolicy_command);
}

static const struct command xpolicy_set_command = {
    .name = "set",
    .full_name = "xpolicy|set",
    .usage = "key:key group:string [MKSTREAM] [JOBS] [LEASE milliseconds:int] [RETRY <NONE | FIXED "
             "milliseconds:int | EXP base:int max:int [factor:double] | LIST milliseconds:int...>] "
             "[JITTER percent:int] [MAXDELIVER count:int] [DEADLETTER dead-letter-key:key] [ONACK "
             "<KEEP | DELETE>] [PREFETCH count:int] [MAXPENDING count:int] "
             "[RATE count:int milliseconds:int] [ORDERBY field:string [<HOLD | SKIP>]] "
             "[SINGLE milliseconds:int] [ONDISCONNECT <KEEP | RELEASE>] [CONSUMERTTL "
             "milliseconds:int] [GROUPTTL milliseconds:int] [PAUSE <ON | OFF>]",
    .summary = "Sets the policy of a group: leases, retries, dead-lettering, limits.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = -5,
    .flags = COMMAND_WRITE | COMMAND_NEWER | COMMAND_MOVABLEKEYS,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE),
             KEY_BEHIND("DEADLETTER", 4, 0, 1, 0, KEY_RW | KEY_INSERT | KEY_INCOMPLETE)},
    .find_keys = xpolicy_args_find_keys,
    .handler = do_xpolicy_set,
};
static const struct command xpolicy_get_command = {
    .name = "get",
    .full_name = "xpolicy|get",
    .usage = "key:key group:string",
    .summary = "Returns the policy of a group.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = 4,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_xpolicy_get,
};
static const struct command xpolicy_stats_command = {
    .name = "stats",
    .full_name = "xpolicy|stats",
    .usage = "key:key group:string",
    .summary = "Returns statistics of a group: entries by state, and counters.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(N) with N the blocks of the stream that are unread",
    .tips = "nondeterministic_output",
    .group = GROUP_STREAM,
    .arity = 4,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_xpolicy_stats,
};
static const struct command xpolicy_del_command = {
    .name = "del",
    .full_name = "xpolicy|del",
    .usage = "key:key group:string",
    .summary = "Removes the policy of a group.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(N) with N the entries that are deferred",
    .group = GROUP_STREAM,
    .arity = 4,
    .flags = COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xpolicy_del,
};
static const struct command xpolicy_retries_command = {
    .name = "retries",
    .full_name = "xpolicy|retries",
    .usage = "key:key group:string [START unix-time-milliseconds:unix-time] [COUNT count:int]",
    .summary = "Lists the deferred entries of a group with their due times.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(N) with N the entries that are deferred",
    .group = GROUP_STREAM,
    .arity = -4,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_xpolicy_retries,
};
static const struct command xpolicy_list_command = {
    .name = "list",
    .full_name = "xpolicy|list",
    .usage = "[MATCH pattern:pattern]",
    .summary = "Lists the groups of the database that have a policy.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(N log N) with N the streams that have such groups",
    .group = GROUP_STREAM,
    .arity = -2,
    .flags = COMMAND_READONLY | COMMAND_WHOLE,
    .handler = do_xpolicy_list,
};
static const struct command xpolicy_help_command = {
    .name = "help",
    .full_name = "xpolicy|help",
    .usage = "",
    .summary = "Lists the subcommands.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = 2,
    .flags = COMMAND_LOADING | COMMAND_STALE,
    .handler = do_xpolicy_help,
};

static const struct command *const xpolicy_subcommands[] = {
    &xpolicy_del_command,     &xpolicy_get_command, &xpolicy_help_command,  &xpolicy_list_command,
    &xpolicy_retries_command, &xpolicy_set_command, &xpolicy_stats_command, NULL};

const struct command xpolicy_command = {
    .name = "xpolicy",
    .usage = "",
    .summary = "Manages the policies of consumer groups.",
    .since = BROKER_ACT_SINCE,
    .complexity = "Depends on the subcommand.",
    .group = GROUP_STREAM,
    .arity = -2,
    .subcommands = xpolicy_subcommands,
};
