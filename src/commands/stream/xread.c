/* XREAD and XREADGROUP. */
#include "commands/index.h"

#include "base/mem.h"
#include "base/num.h"
#include "command/keys.h"
#include "commands/stream/stream_args.h"
#include "engine/block.h"

#define LOOK_AGAIN_MS 86400000 /* at the latest, for entries that become idle enough */

enum { FROM_ID, FROM_NEW, FROM_LAST, FROM_NEWEST };

struct xread {
    bool group;   /* XREADGROUP */
    bool grouped; /* GROUP was given */
    struct bytes group_name, consumer;
    long long count, max_count, max_size; /* 0: no limit */
    int64_t block_ms;                     /* -1: does not block; 0: for ever */
    bool noack;
    int64_t claim_idle_ms; /* -1: does not claim */
    int keys_at, n;        /* keys_at .. +n: keys, then n IDs */
};

enum option { BLOCK, COUNT, MAXCOUNT, MAXSIZE, STREAMS, GROUP, NOACK, CLAIM, UNKNOWN };

static const struct option_word {
    const char *word;
    int arguments;   /* that must follow */
    bool group_only; /* XREADGROUP's */
} options[] = {
    [BLOCK] = {"block", 1, false},       [COUNT] = {"count", 1, false},
    [MAXCOUNT] = {"maxcount", 1, false}, [MAXSIZE] = {"maxsize", 1, false},
    [STREAMS] = {"streams", 1, false},   [GROUP] = {"group", 2, true},
    [NOACK] = {"noack", 0, true},        [CLAIM] = {"claim", 1, true},
};

/* The option at argument *i, which moves to its last argument. The one parser of these options: of
 * the command and of who asks for its keys. */
static enum option next_option(const struct bytes *argv, int argc, int *i)
{
    for (int o = BLOCK; o < UNKNOWN; o++)
        if (bytes_is(argv[*i], options[o].word) && argc - *i - 1 >= options[o].arguments) {
            *i += o == STREAMS ? 0 : options[o].arguments;
            return (enum option)o;
        }
    return UNKNOWN;
}

static bool positive(struct call *call, int i, const char *name, long long *out)
{
    if (num_parse_int(call->argv[i], out) && *out > 0)
        return true;
    reply_errorf(call->reply, "ERR %s must be a positive integer", name);
    return false;
}

static bool parse_block(struct call *call, int i, struct xread *x)
{
    long long ms;
    if (call->client->flags & CLIENT_SCRIPT) {
        reply_errorf(call->reply, "ERR %s command is not allowed with BLOCK option from scripts",
                     call->command->name);
        return false;
    }
    if (!num_parse_int(call->argv[i], &ms)) {
        call_error(call, ERR_TIMEOUT_INT);
        return false;
    }
    if (ms < 0) {
        call_error(call, ERR_TIMEOUT_NEGATIVE);
        return false;
    }
    if (ms && !num_add(ms, call->engine->steady_ms, &ms)) {
        reply_errorf(call->reply, "ERR timeout is out of range");
        return false;
    }
    x->block_ms = ms;
    return true;
}

static bool parse_claim(struct call *call, int i, struct xread *x)
{
    long long ms;
    if (!num_parse_int(call->argv[i], &ms)) {
        call_error(call, ERR_MIN_IDLE_INT);
        return false;
    }
    if (ms < 0) {
        reply_errorf(call->reply, "ERR min-idle-time must be a positive integer");
        return false;
    }
    x->claim_idle_ms = ms;
    return true;
}

static bool parse_streams(struct call *call, int i, struct xread *x)
{
    int left = call->argc - i - 1;
    x->keys_at = i + 1;
    x->n = left / 2;
    if (left % 2 == 0)
        return true;
    reply_errorf(call->reply,
                 "ERR Unbalanced '%s' list of streams: for each stream key an ID or '%c' must be "
                 "specified.",
                 call->command->name, x->group ? '>' : '$');
    return false;
}

/* The option o, whose last argument is i. */
static bool parse_option(struct call *call, enum option o, int i, struct xread *x)
{
    if (o != UNKNOWN && options[o].group_only && !x->group) {
        static const char *const names[] = {
            [GROUP] = "GROUP", [NOACK] = "NOACK", [CLAIM] = "CLAIM"};
        reply_errorf(call->reply,
                     "ERR The %s option is only supported by XREADGROUP. You called XREAD instead.",
                     names[o]);
        return false;
    }
    switch (o) {
    case BLOCK:
        return parse_block(call, i, x);
    case COUNT:
        if (!call_int(call, i, &x->count))
            return false;
        x->count = x->count < 0 ? 0 : x->count;
        return true;
    case MAXCOUNT:
        return positive(call, i, "MAXCOUNT", &x->max_count);
    case MAXSIZE:
        return positive(call, i, "MAXSIZE", &x->max_size);
    case STREAMS:
        return parse_streams(call, i, x);
    case GROUP:
        x->group_name = call->argv[i - 1];
        x->consumer = call->argv[i];
        x->grouped = true;
        return true;
    case NOACK:
        x->noack = true;
        return true;
    case CLAIM:
        return parse_claim(call, i, x);
    default:
        call_error(call, ERR_SYNTAX);
        return false;
    }
}

static bool parse(struct call *call, struct xread *x)
{
    *x = (struct xread){.block_ms = -1, .claim_idle_ms = -1};
    x->group = strcmp(call->command->name, "xreadgroup") == 0;
    for (int i = 1; i < call->argc && !x->keys_at; i++) {
        enum option o = next_option(call->argv, call->argc, &i);
        if (!parse_option(call, o, i, x))
            return false;
    }
    if (!x->keys_at) {
        call_error(call, ERR_SYNTAX);
        return false;
    }
    if (x->group && !x->grouped) {
        reply_errorf(call->reply, "ERR Missing GROUP option for XREADGROUP");
        return false;
    }
    if (x->max_count && x->count && x->max_count < x->count) {
        reply_errorf(call->reply, "ERR MAXCOUNT must be greater than or equal to COUNT");
        return false;
    }
    return true;
}

static void find_keys(struct keys *to, const struct bytes *argv, int argc)
{
    int i = 1;
    while (i < argc && next_option(argv, argc, &i) != STREAMS)
        i++;
    int n = (argc - i - 1) / 2;
    to->misfit = n <= 0;
    for (int k = 0; k < n; k++)
        keys_add(to, i + 1 + k, KEY_RO | KEY_ACCESS);
}

/* One stream of the call. */
struct source {
    struct bytes key;
    struct stream *stream;
    struct stream_group *group;
    int from;
    struct stream_id after; /* entries above this one */
};

static bool resolve(struct call *call, const struct xread *x, int i, struct source *s)
{
    struct bytes id = call->argv[x->keys_at + x->n + i];
    *s = (struct source){.key = call->argv[x->keys_at + i]};
    bool found = stream_args_read(call, s->key, &s->stream);
    if (!found)
        return false;
    if (x->group) {
        s->group = s->stream ? stream_find_group(s->stream, x->group_name) : NULL;
        if (!s->group) {
            reply_errorf(call->reply,
                         "NOGROUP No such key '%.*s' or consumer group '%.*s' in XREADGROUP "
                         "with GROUP option",
                         (int)s->key.n, s->key.p, (int)x->group_name.n, x->group_name.p);
            return false;
        }
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
        s->from = FROM_LAST;
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
        s->from = FROM_NEWEST;
    } else if (plain && id.p[0] == '>') {
        if (!x->group) {
            reply_errorf(call->reply, "ERR The > ID can be specified only when calling "
                                      "XREADGROUP using the GROUP <group> <consumer> option.");
            return false;
        }
        s->from = FROM_NEW;
        s->after = s->group->last_id;
    } else {
        return stream_args_id(call, id, 0, true, &s->after);
    }
    return true;
}

/* What the whole reply may still hold. */
struct budget {
    struct call *call;
    const struct xread *x;
    uint64_t entries; /* emitted */
    uint64_t start;   /* output position at the beginning */
    size_t streams;   /* in the reply */
};

/* How many more entries this stream may give; 0: the reply is full. */
static uint64_t room(const struct budget *b, uint64_t emitted_here)
{
    const struct xread *x = b->x;
    uint64_t most = UINT64_MAX;
    if (x->count)
        most = (uint64_t)x->count > emitted_here ? (uint64_t)x->count - emitted_here : 0;
    if (x->max_count) {
        uint64_t left =
            (uint64_t)x->max_count > b->entries ? (uint64_t)x->max_count - b->entries : 0;
        most = left < most ? left : most;
    }
    return most;
}

static bool size_spent(const struct budget *b)
{
    return b->x->max_size && b->entries &&
           chain_end(b->call->reply->out) - b->start >= (uint64_t)b->x->max_size;
}

static void reply_claimable(struct reply *r, struct stream_entry *e, int64_t idle_ms,
                            uint64_t count)
{
    struct bytes name, value;
    reply_array(r, 4);
    stream_args_reply_id(r, e->id);
    reply_array(r, (size_t)e->fields * 2);
    for (uint32_t i = 0; i < e->fields; i++) {
        stream_block_field(e, &name, &value);
        reply_bulk(r, name);
        reply_bulk(r, value);
    }
    reply_int(r, idle_ms);
    reply_int(r, (long long)count);
}

static void key_header(struct call *call, struct bytes key)
{
    if (call->reply->resp == 2)
        reply_array(call->reply, 2);
    reply_bulk(call->reply, key);
}

/* Entries that nobody in the group has read. Returns how many. */
static uint64_t read_new(struct call *call, const struct xread *x, struct source *s,
                         struct budget *b, struct stream_cursor *c, uint64_t n,
                         struct stream_consumer *owner)
{
    struct stream_group *g = s->group;
    struct stream_args_claims claims = {
        .call = call, .key = s->key, .group = x->group_name, .consumer = x->consumer};
    uint64_t done = 0;
    do {
        struct stream_entry e;
        stream_log_read(c, &e);
        if (g) {
            stream_count_read(s->stream, g, e.id, done > 0);
            g->last_id = e.id;
            if (!x->noack) {
                stream_group_deliver(g, owner, e.id, call->now_ms);
                claims.last_id = e.id;
                stream_args_claims_add(&claims, e.id, call->now_ms, 1);
            }
        }
        if (x->claim_idle_ms >= 0)
            reply_claimable(call->reply, &e, 0, 0);
        else
            stream_args_reply(call->reply, &e);
        done++;
        b->entries++;
    } while (done < n && !size_spent(b) && stream_log_next(c));
    if (g) {
        claims.last_id = g->last_id;
        stream_args_claims_end(&claims);
        stream_args_effect_setid(call, s->key, g);
        db_count_changes(call->store, 1);
        db_changed_quietly(call->db, s->key);
    }
    return done;
}

/* Pending entries that have been idle long enough, and still exist. The array belongs to the
 * caller. */
static struct stream_pending_entry *claimable(struct call *call, const struct xread *x,
                                              struct source *s, uint64_t most, size_t *n)
{
    struct buf found = {0};
    struct stream_pending_walk w;
    struct stream_pending_entry e;
    *n = 0;
    stream_pending_walk_start(&w, &s->group->pending);
    while (*n < most && stream_pending_walk_peek(&w, &e)) {
        if (num_minus(call->now_ms, e.time_ms) < x->claim_idle_ms)
            break;
        stream_pending_walk_next(&w, &e);
        if (!stream_log_has(&s->stream->log, e.id))
            continue;
        buf_add(&found, bytes_of(&e, sizeof(e)));
        ++*n;
    }
    return (void *)found.p;
}

static uint64_t claim(struct call *call, const struct xread *x, struct source *s, struct budget *b,
                      const struct stream_pending_entry *list, size_t n,
                      struct stream_consumer *owner)
{
    struct stream_group *g = s->group;
    struct stream_args_claims claims = {.call = call,
                                        .key = s->key,
                                        .group = x->group_name,
                                        .consumer = x->consumer,
                                        .last_id = g->last_id};
    uint64_t done = 0;
    for (; done < n && !size_spent(b); done++) {
        const struct stream_pending_entry *p = &list[done];
        struct stream_pending_place at;
        struct stream_cursor c;
        struct stream_entry e;
        uint64_t count = p->count >= INT64_MAX ? INT64_MAX : p->count + 1;
        bool found = stream_pending_find(&g->pending, p->id, &at);
        if (!found)
            continue;
        stream_group_assign(g, at, owner, call->now_ms, count, false);
        stream_args_claims_add(&claims, p->id, call->now_ms, count);
        if (stream_log_seek(&s->stream->log, p->id, &c)) {
            stream_log_read(&c, &e);
            reply_claimable(call->reply, &e, num_minus(call->now_ms, p->time_ms), p->count);
        }
        stream_log_end(&c);
        b->entries++;
    }
    stream_args_claims_end(&claims);
    if (done) {
        db_count_changes(call->store, 1);
        db_changed_quietly(call->db, s->key);
    }
    return done;
}

/* What this consumer has pending, from its history; each is counted as delivered once more. */
static void read_history(struct call *call, const struct xread *x, struct source *s,
                         struct budget *b, struct stream_consumer *owner)
{
    struct stream_group *g = s->group;
    struct buf found = {0};
    struct stream_pending_place at;
    struct stream_pending_entry e;
    uint64_t n = 0, most = room(b, 0);
    struct stream_id from = s->after;
    bool any = stream_id_next(&from) && owner &&
               stream_pending_seek_owned(&g->pending, from, owner->number, &at);
    for (; any && n < most; any = stream_pending_next_owned(&g->pending, owner->number, &at)) {
        stream_pending_get(&g->pending, at, &e);
        buf_add(&found, bytes_of(&e, sizeof(e)));
        n++;
    }
    const struct stream_pending_entry *list = (const void *)found.p;
    struct chain aside = chain_beside(call->reply->out);
    struct stream_args_claims claims = {.call = call,
                                        .key = s->key,
                                        .group = x->group_name,
                                        .consumer = x->consumer,
                                        .last_id = g->last_id};
    struct chain *out = call->reply->out;
    uint64_t done = 0;
    if (x->max_size)
        call->reply->out = &aside;
    else
        reply_array(call->reply, n);
    for (; done < n; done++) {
        const struct stream_pending_entry *p = &list[done];
        struct stream_cursor c;
        if (x->max_size && b->entries &&
            chain_end(&aside) + chain_end(out) - b->start >= (uint64_t)x->max_size)
            break;
        if (stream_log_seek(&s->stream->log, p->id, &c) &&
            stream_id_compare(stream_log_id(&c), p->id) == 0) {
            struct stream_entry entry;
            uint64_t count = p->count >= INT64_MAX ? INT64_MAX : p->count + 1;
            stream_log_read(&c, &entry);
            stream_args_reply(call->reply, &entry);
            if (stream_pending_find(&g->pending, p->id, &at))
                stream_group_assign(g, at, owner, call->now_ms, count, false);
            stream_args_claims_add(&claims, p->id, call->now_ms, count);
        } else {
            reply_array(call->reply, 2);
            stream_args_reply_id(call->reply, p->id);
            reply_null_array(call->reply);
        }
        stream_log_end(&c);
        b->entries++;
    }
    if (x->max_size) {
        call->reply->out = out;
        reply_array(call->reply, done);
        chain_move(out, &aside);
    }
    stream_args_claims_end(&claims);
    if (done) {
        db_count_changes(call->store, 1);
        db_changed_quietly(call->db, s->key);
    }
    buf_free(&found);
}

/* Serves one stream. True: it is in the reply. */
static bool serve(struct call *call, const struct xread *x, struct source *s, struct budget *b)
{
    struct reply *r = call->reply;
    struct stream_consumer *owner = NULL;
    bool history = x->group && s->from == FROM_ID;
    if (x->group) {
        owner = stream_group_consumer(s->group, x->consumer);
        if (!owner)
            owner = stream_args_consumer(call, s->key, s->group, x->consumer, true);
        owner->seen_ms = call->now_ms;
    }
    if (room(b, 0) == 0 || size_spent(b))
        return false;
    if (history) {
        key_header(call, s->key);
        read_history(call, x, s, b, owner);
        return true;
    }
    if (!s->stream)
        return false;
    struct stream_pending_entry *old = NULL;
    size_t old_n = 0;
    if (x->claim_idle_ms >= 0)
        old = claimable(call, x, s, room(b, 0), &old_n);
    struct stream_cursor c;
    bool any = false;
    uint64_t n = 0;
    if (s->from == FROM_NEWEST) {
        any = stream_log_seek_back(&s->stream->log, STREAM_ID_MAX, &c);
        n = any ? 1 : 0;
    } else {
        struct stream_id from = s->after;
        uint64_t most = room(b, old_n);
        c = (struct stream_cursor){0};
        if (most && stream_id_compare(s->stream->last_id, from) > 0 && stream_id_next(&from)) {
            any = stream_log_seek(&s->stream->log, from, &c);
            n = any ? stream_log_count(&c, STREAM_ID_MAX, most) : 0;
        }
    }
    if (old_n == 0 && n == 0) {
        stream_log_end(&c);
        return false;
    }
    key_header(call, s->key);
    struct chain *out = r->out, aside = chain_beside(out);
    uint64_t done = 0;
    if (x->max_size) {
        r->out = &aside;
        /* Positions in the aside chain count from where the reply stands. */
        aside.closed = aside.taken = chain_end(out);
    } else {
        reply_array(r, old_n + n);
    }
    if (old_n)
        done += claim(call, x, s, b, old, old_n, owner);
    if (n && !size_spent(b))
        done += read_new(call, x, s, b, &c, n, owner);
    stream_log_end(&c);
    if (owner)
        owner->active_ms = call->now_ms;
    if (x->max_size) {
        r->out = out;
        reply_array(r, done);
        chain_move(out, &aside);
    }
    mem_free(old);
    return true;
}

/* When the first pending entry will have been idle long enough. */
static int64_t next_claim_ms(const struct xread *x, const struct source *sources,
                             const struct call *call)
{
    int64_t first = INT64_MAX;
    for (int i = 0; i < x->n; i++) {
        struct stream_pending_walk w;
        struct stream_pending_entry e;
        if (!sources[i].group)
            continue;
        stream_pending_walk_start(&w, &sources[i].group->pending);
        while (stream_pending_walk_peek(&w, &e)) {
            if (stream_log_has(&sources[i].stream->log, e.id)) {
                first = e.time_ms < first ? e.time_ms : first;
                break;
            }
            stream_pending_walk_next(&w, &e);
        }
    }
    int64_t left = x->claim_idle_ms < LOOK_AGAIN_MS ? x->claim_idle_ms : LOOK_AGAIN_MS;
    left = num_minus(left, first == INT64_MAX ? 0 : num_minus(call->now_ms, first));
    return call->engine->steady_ms + (left > 0 ? left : 1);
}

static void wait(struct call *call, const struct xread *x, const struct source *sources)
{
    /* "$" and "+" stand for what they mean now. */
    struct bytes *argv = mem_alloc((size_t)call->argc * sizeof(*argv));
    char *texts = mem_alloc((size_t)x->n * STREAM_ID_TEXT_MAX);
    memcpy(argv, call->argv, (size_t)call->argc * sizeof(*argv));
    for (int i = 0; i < x->n; i++)
        if (sources[i].from == FROM_LAST)
            argv[x->keys_at + x->n + i] =
                stream_args_id_text(texts + (size_t)i * STREAM_ID_TEXT_MAX, sources[i].after);
    struct block_options o = {
        .argv = argv,
        .argc = call->argc,
        .keys = call->argv + x->keys_at,
        .key_count = x->n,
        .deadline_ms = x->block_ms,
        .type = TYPE_STREAM,
        .null = BLOCK_NULL_ARRAY,
        .group = x->group,
        .wake_ms = x->claim_idle_ms >= 0 ? next_claim_ms(x, sources, call) : 0,
    };
    block_on(call, &o);
    mem_free(argv);
    mem_free(texts);
}

static void outer_header(struct reply *r, size_t streams)
{
    if (r->resp == 3)
        reply_map(r, streams);
    else
        reply_array(r, streams);
}

static void read_streams(struct call *call)
{
    struct xread x;
    if (!parse(call, &x))
        return;
    if (x.group)
        call_no_effect(call);
    struct source few[8], *sources = x.n <= 8 ? few : mem_alloc((size_t)x.n * sizeof(*sources));
    for (int i = 0; i < x.n; i++)
        if (!resolve(call, &x, i, &sources[i]))
            goto out;
    struct reply *r = call->reply;
    struct chain *out = r->out, aside = chain_beside(out);
    struct budget b = {.call = call, .x = &x, .start = chain_end(out)};
    if (x.n == 1) {
        /* The header goes in front at once and is taken back if there is nothing. */
        outer_header(r, 1);
        b.streams = serve(call, &x, &sources[0], &b);
        if (!b.streams)
            chain_cut(out, b.start);
    } else {
        /* Positions in the aside chain count from where the reply stands. */
        r->out = &aside;
        aside.closed = aside.taken = b.start;
        for (int i = 0; i < x.n; i++)
            b.streams += serve(call, &x, &sources[i], &b);
        r->out = out;
        if (b.streams) {
            outer_header(r, b.streams);
            chain_move(out, &aside);
        }
    }
    if (!b.streams) {
        chain_free(&aside);
        if (x.block_ms >= 0 && block_allowed(call))
            wait(call, &x, sources);
        else
            reply_null_array(r);
    }
out:
    if (sources != few)
        mem_free(sources);
}

static void do_xread(struct call *call)
{
    read_streams(call);
}

static void do_xreadgroup(struct call *call)
{
    read_streams(call);
}

const struct command xread_command = {
    .name = "xread",
    .usage = "[COUNT count:int] [MAXCOUNT maxcount:int] [MAXSIZE bytes:int] [BLOCK "
             "milliseconds:int] STREAMS key:key... id:string...",
    .summary = "Reads entries above given IDs from several streams, waiting for them if asked to.",
    .since = "5.0.0",
    .complexity = "O(N) with N the entries read",
    .group = GROUP_STREAM,
    .arity = -4,
    .flags = COMMAND_BLOCKING | COMMAND_MOVABLEKEYS | COMMAND_READONLY,
    .keys = {KEY_BEHIND("STREAMS", 1, -1, 1, 2, KEY_RO | KEY_ACCESS)},
    .find_keys = find_keys,
    .handler = do_xread,
};
const struct command xreadgroup_command = {
    .name = "xreadgroup",
    .usage = "GROUP group:string consumer:string [COUNT count:int] [MAXCOUNT maxcount:int] "
             "[MAXSIZE bytes:int] [BLOCK milliseconds:int] [CLAIM min-idle-time:int] [NOACK] "
             "STREAMS key:key... id:string...",
    .summary = "Reads entries for a consumer of a group: new ones, its own pending ones, or "
               "others' forgotten ones.",
    .since = "5.0.0",
    .complexity = "O(N) with N the entries read",
    .group = GROUP_STREAM,
    .arity = -7,
    .flags = COMMAND_BLOCKING | COMMAND_MOVABLEKEYS | COMMAND_WRITE,
    .keys = {KEY_BEHIND("STREAMS", 4, -1, 1, 2, KEY_RO | KEY_ACCESS)},
    .find_keys = find_keys,
    .handler = do_xreadgroup,
};
