/* XREAD, and the loop over the streams of a call that it shares with XREADGROUP.
 *
 * Arguments are parsed and all streams resolved (what each ID means now) before the first stream
 * changes: an error leaves everything unchanged. Then each stream is served in turn, within COUNT,
 * MAXCOUNT and MAXSIZE. If none had anything, the call either blocks (BLOCK): the command is run
 * again when one of its keys becomes ready, with "$" replaced by the ID it stood for; or it answers
 * null.
 *
 * In a group with a policy, ">" delivers what the broker chooses (broker_deliver.h): first pending
 * entries that are ready again, then new ones.
 *
 * Lengths precede what they count, so with several streams, or with MAXSIZE, the parts are first
 * written beside the reply. With one stream the header is written at once, and cut off again if
 * nothing follows. */
#include "commands/stream/xread.h"

#include "base/hash.h"
#include "base/mem.h"
#include "broker/broker_expire.h"
#include "broker/broker_presence.h"
#include "broker/broker_seat.h"
#include "commands/index.h"
#include "commands/stream/stream_args.h"
#include "commands/stream/xread_group.h"
#include "commands/stream/xread_match.h"
#include "commands/stream/xread_policy.h"
#include "engine/block.h"

/* Determines what to read from stream i. False after the error reply. */
static bool resolve(struct call *call, const struct xread_args *x, int i, struct xread_source *s)
{
    struct bytes id = call->argv[x->keys_at + x->n + i];
    *s = (struct xread_source){.key = call->argv[x->keys_at + i]};
    if (x->group) {
        struct stream *stream;
        if (!stream_args_write_counted(call, s->key, &stream))
            return false;
        s->stream = s->own = stream;
        s->group = stream ? stream_find_group(stream, x->group_name) : NULL;
        if (!s->group) {
            reply_errorf(call->reply,
                         "NOGROUP No such key '%.*s' or consumer group '%.*s' in XREADGROUP "
                         "with GROUP option",
                         (int)s->key.n, s->key.p, (int)x->group_name.n, x->group_name.p);
            return false;
        }
    } else if (!stream_args_read(call, s->key, &s->stream)) {
        return false;
    }
    bool plain = id.n == 1;
    if (plain && id.p[0] == '$') {
        if (x->group) {
            reply_errorf(call->reply,
                         "ERR The $ ID is meaningless in the context of XREADGROUP: you want to "
                         "read the history of this consumer by specifying a proper ID, or use "
                         "the > ID to get new messages. The $ ID would just return an empty "
                         "result set.");
            return false;
        }
        s->from = XREAD_LAST;
        s->after = s->stream ? s->stream->last_id : STREAM_ID_MIN;
    } else if (plain && id.p[0] == '+') {
        if (x->group) {
            reply_errorf(call->reply,
                         "ERR The + ID is meaningless in the context of XREADGROUP: you want to "
                         "read the history of this consumer by specifying a proper ID, or use "
                         "the > ID to get new messages. The + ID would just return an empty "
                         "result set.");
            return false;
        }
        s->from = XREAD_NEWEST;
    } else if (plain && id.p[0] == '>') {
        if (!x->group) {
            reply_errorf(call->reply, "ERR The > ID can be specified only when calling "
                                      "XREADGROUP using the GROUP <group> <consumer> option.");
            return false;
        }
        s->from = XREAD_NEW;
        s->after = s->group->last_id;
    } else {
        return stream_args_id(call, id, 0, true, &s->after);
    }
    return true;
}

/* Sets a cursor on the first new entry and returns how many there are; the caller ends the cursor.
 */
static uint64_t find_new(const struct xread *x, const struct xread_source *s, uint64_t claimed,
                         struct stream_cursor *c)
{
    const struct stream_log *log = &s->stream->log;
    struct stream_id from = s->after;
    *c = (struct stream_cursor){0};
    if (s->from == XREAD_NEWEST)
        return stream_log_seek_back(log, STREAM_ID_MAX, c) ? 1 : 0;
    uint64_t most = xread_reply_room(x) - claimed;
    if (!most || stream_id_compare(s->stream->last_id, from) <= 0 || !stream_id_next(&from) ||
        !stream_log_seek(log, from, c))
        return 0;
    return stream_log_count(c, STREAM_ID_MAX, most);
}

/* Replies up to n > 0 entries from the cursor on. Returns how many. */
static uint64_t read_entries(struct xread *x, struct stream_cursor *c, uint64_t n)
{
    uint64_t done = 0;
    do {
        struct stream_entry e;
        stream_log_read(c, &e);
        stream_args_reply(x->call, &e);
        done++;
        x->entries++;
    } while (done < n && !xread_reply_is_full(x) && stream_log_next(c));
    return done;
}

/* Claimed and new entries of one stream. */
struct parts {
    struct stream_pending_entry *old;
    size_t old_n;
    struct stream_cursor c;
    uint64_t n;
};

/* Serves claimed entries, then new ones. p gets how many of each were delivered. */
static void serve_entries(struct xread *x, struct xread_source *s, struct parts *p)
{
    struct xread_aside aside;
    xread_reply_key(x->call->reply, s->key);
    xread_reply_begin_entries(x, &aside, p->old_n + p->n);
    if (p->old_n)
        p->old_n = xread_group_claim(x, s, p->old, p->old_n);
    if (p->n && !xread_reply_is_full(x))
        p->n = s->group ? xread_group_deliver(x, s, &p->c, p->n) : read_entries(x, &p->c, p->n);
    else
        p->n = 0;
    if (s->reader)
        stream_group_active(s->reader, stream_args_now(x->call, s->group));
    xread_reply_end_entries(x, &aside, p->old_n + p->n);
}

/* Serves one stream. True: the reply contains it. */
static bool serve(struct xread *x, struct xread_source *s)
{
    if (s->group)
        xread_group_begin(x, s);
    if (xread_reply_room(x) == 0 || xread_reply_is_full(x))
        return false;
    if (s->group && s->group->policy && s->from != XREAD_AFTER)
        return xread_policy_serve(x, s);
    if (s->group && __builtin_expect(s->own->extra != NULL, 0)) {
        struct broker_group at = xread_group_at(x, s);
        bool more = broker_expire_first(&at);
        if (more && s->from != XREAD_AFTER) /* the history looks at each of its own */
            return false;
    }
    if (s->group && s->from == XREAD_AFTER) {
        xread_reply_key(x->call->reply, s->key);
        xread_group_history(x, s);
        return true;
    }
    if (!s->stream)
        return false;
    struct parts p = {0};
    if (x->args.claim_idle_ms >= 0)
        p.old = xread_group_claimable(x, s, xread_reply_room(x), &p.old_n);
    p.n = find_new(x, s, p.old_n, &p.c);
    bool any = p.old_n || p.n;
    if (any)
        serve_entries(x, s, &p);
    stream_log_end(&p.c);
    if (x->acked.n)
        xread_group_delete_acked(x, s);
    mem_free(p.old);
    return any;
}

/* Whether it reads only new entries, of one group. */
static bool wants_new(const struct xread_args *a, const struct xread_source *sources)
{
    return a->n == 1 && a->group && sources->from == XREAD_NEW && a->claim_idle_ms < 0;
}

/* The queue of a blocked read, if all readers in it would find nothing at the same time. */
static uint64_t source_of(struct xread *x, const struct xread_source *sources)
{
    if (!wants_new(&x->args, sources) || x->held_back)
        return 0;
    if (!sources->group->policy)
        return hash_key(x->args.group_name) | 1;
    struct broker_group at = xread_group_at(x, sources);
    return broker_seat_queue(&at, !x->stands_by);
}

static void wait(struct xread *x, const struct xread_source *sources)
{
    struct call *call = x->call;
    const struct xread_args *a = &x->args;
    for (int i = 0; i < a->n; i++)
        if (sources[i].group && sources[i].group->policy) {
            struct broker_group at = xread_group_at(x, &sources[i]);
            broker_presence_waits(&at, call->client, sources[i].reader);
            broker_deliver_wait(&at);
        }
    /* "$" is replaced by the ID it stands for now. */
    struct bytes *argv = mem_alloc((size_t)call->argc * sizeof(*argv));
    char *texts = mem_alloc((size_t)a->n * STREAM_ID_TEXT_MAX);
    memcpy(argv, call->argv, (size_t)call->argc * sizeof(*argv));
    for (int i = 0; i < a->n; i++)
        if (sources[i].from == XREAD_LAST)
            argv[a->keys_at + a->n + i] =
                stream_args_id_text(call, texts + (size_t)i * STREAM_ID_TEXT_MAX, sources[i].after);
    struct block_options o = {
        .argv = argv,
        .argc = call->argc,
        .keys = call->argv + a->keys_at,
        .key_count = a->n,
        .deadline_ms = a->block_ms,
        .type = TYPE_STREAM,
        .null = BLOCK_NULL_ARRAY,
        .group = a->group,
        .wake_ms = a->claim_idle_ms >= 0 ? xread_group_claim_due_ms(x, sources) : 0,
        .readers = a->group ? block_readers(a->group_name) : 0,
        .source = source_of(x, sources),
    };
    if (o.source)
        block_found_empty(call, o.source);
    block_on(call, &o);
    mem_free(argv);
    mem_free(texts);
}

/* Returns how many streams the reply contains; writes nothing if there are none. */
static size_t serve_all(struct xread *x, struct xread_source *sources)
{
    struct reply *r = x->call->reply;
    size_t served = 0;
    if (x->args.n == 1) {
        xread_reply_streams(r, 1);
        if (serve(x, &sources[0]))
            return 1;
        chain_cut(r->out, x->start);
        return 0;
    }
    struct xread_aside aside;
    xread_reply_begin_aside(x, &aside);
    for (int i = 0; i < x->args.n; i++)
        served += serve(x, &sources[i]);
    xread_reply_end_aside(x, &aside);
    if (served) {
        xread_reply_streams(r, served);
        chain_move(r->out, &aside.chain);
    } else {
        chain_free(&aside.chain);
    }
    return served;
}

void xread_run(struct call *call, bool group)
{
    struct xread x = {.call = call, .start = chain_end(call->reply->out)};
    if (!xread_args_parse(call, group, &x.args))
        return;
    if (group)
        call_no_effect(call);
    if (x.args.match.p) {
        xread_match_run(&x);
        return;
    }
    int n = x.args.n;
    struct xread_source few[8], *sources = n <= 8 ? few : mem_alloc((size_t)n * sizeof(*sources));
    bool good = true;
    for (int i = 0; good && i < n; i++)
        good = resolve(call, &x.args, i, &sources[i]);
    if (good && !serve_all(&x, sources)) {
        if (x.args.block_ms >= 0 && block_allowed(call))
            wait(&x, sources);
        else
            reply_null_array(call->reply);
    }
    if (sources != few)
        mem_free(sources);
}

static void do_xread(struct call *call)
{
    xread_run(call, false);
}

const struct command xread_command = {
    .name = "xread",
    .usage = "[COUNT count:int] [MAXCOUNT maxcount:int] [MAXSIZE bytes:int] [BLOCK "
             "milliseconds:int] STREAMS key:key... id:string...",
    .summary = "Reads entries with greater IDs from several streams; optionally blocks until there "
               "are any.",
    .since = "5.0.0",
    .complexity = "O(N) with N the entries read",
    .group = GROUP_STREAM,
    .arity = -4,
    .flags = COMMAND_BLOCKING | COMMAND_MOVABLEKEYS | COMMAND_READONLY,
    .keys = {KEY_BEHIND("STREAMS", 1, -1, 1, 2, KEY_RO | KEY_ACCESS)},
    .find_keys = xread_args_find_keys,
    .handler = do_xread,
};
