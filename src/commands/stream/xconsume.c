/* XCONSUME: pushes messages of groups to the client. broker/broker_consume.h decides when and what;
 * this file has the arguments, the frames, and the end of the connection.
 *
 *   START   checks the arguments, then all keys, before it subscribes to the first: each needs a
 *           group with a policy. Its reply precedes the frames (xdeliver), which come between
 *           replies
 *   STOP    ends subscriptions; so does HELLO 2, since RESP2 has no frames
 *   leave   the client closes or says RESET: all end, and entries it was sent are released
 *   xend    a key, group or policy was removed: one frame for each subscription
 *
 * A client's subscriptions are found from client.pushing, made by its first START. A client with
 * more than 1 MiB of unsent output is skipped until it has read. A client that loses its right to
 * one of the keys is closed, like one that loses its right to a channel (engine/rights.c). A
 * replica refuses START as it does XREADGROUP, even if it takes writes, since it does not act. */
#include "commands/index.h"

#include "base/mem.h"
#include "broker/broker_consume.h"
#include "command/keys.h"
#include "commands/helpers.h"
#include "commands/stream/stream_args.h"
#include "engine/deliver.h"
#include "engine/rights.h"
#include "engine/session.h"

#define PREFETCH    32        /* unless START says otherwise */
#define UNSENT_MOST (1 << 20) /* bytes */

/* A subscribed client. */
struct xconsume {
    struct client_pushing pushing; /* client.pushing points here */
    struct broker_subscriber subscriber;
};

static struct xconsume *of_client(const struct client *c)
{
    return c->pushing ? dlist_item(c->pushing, struct xconsume, pushing) : NULL;
}

static void count(struct xconsume *x)
{
    x->pushing.subscriptions = x->subscriber.subscriptions.used;
}

/* ---- Frames */

static struct reply frame(const struct broker_subscription *s, const char *word, size_t n)
{
    struct reply r = {.out = deliver_way(s->subscriber->client), .resp = 3};
    reply_push(&r, n);
    reply_bulk_text(&r, word);
    reply_bulk_str(&r, s->key);
    reply_bulk_str(&r, s->group);
    return r;
}

static void deliver(struct broker_subscription *s, struct stream_entry *e, uint64_t deliveries)
{
    struct reply r = frame(s, "xdeliver", 6);
    char id[STREAM_ID_TEXT_MAX];
    struct bytes name, value;
    reply_bulk(&r, bytes_of(id, stream_id_print(id, e->id)));
    reply_array(&r, (size_t)e->fields * 2);
    for (uint32_t i = 0; i < e->fields; i++) {
        stream_block_field(e, &name, &value);
        reply_bulk(&r, name);
        reply_bulk(&r, value);
    }
    reply_int(&r, (long long)deliveries);
}

static void ended(struct broker_subscription *s, enum broker_watch_end why)
{
    static const char *const words[] = {[BROKER_WATCH_KEY_GOES] = "key",
                                        [BROKER_WATCH_GROUP_GOES] = "group",
                                        [BROKER_WATCH_POLICY_GOES] = "policy"};
    struct client *c = s->subscriber->client;
    count(of_client(c));
    if (c->flags & CLIENT_CLOSING)
        return;
    struct reply r = frame(s, "xend", 4);
    reply_bulk_text(&r, words[why]);
}

static bool takes(const struct broker_subscriber *s)
{
    return chain_pending(&s->client->out) <= UNSENT_MOST;
}

static const struct broker_front front = {.deliver = deliver, .ended = ended, .takes = takes};

/* ---- The client */

static void leave(struct client *c)
{
    struct xconsume *x = of_client(c);
    broker_consume_leave(&x->subscriber);
    client_holds(c, 0, mem_block_size(x));
    c->pushing = NULL;
    mem_free(x);
}

static const struct command xconsume_start_command;

static bool is_allowed(const struct client *c)
{
    struct dict_walk walk = {0};
    bool allowed = true;
    int which;
    for (struct dict_node *n;
         allowed && (n = dict_next(&of_client(c)->subscriber.subscriptions, &walk));) {
        const struct broker_subscription *s = n->value;
        const struct bytes argv[] = {BYTES("XCONSUME"),   BYTES("START"),         BYTES("GROUP"),
                                     str_bytes(s->group), str_bytes(s->consumer), BYTES("STREAMS"),
                                     str_bytes(s->key)};
        allowed = check_request(c->user, c->engine->registry, &xconsume_start_command, argv, 7,
                                &which) == CHECK_OK;
    }
    return allowed;
}

/* Ends all, or those of a group, in any database. Returns how many. */
static long long stop_all(struct xconsume *x, const struct bytes *group)
{
    struct dict_walk walk = {0};
    long long stopped = 0;
    for (struct dict_node *n; (n = dict_next(&x->subscriber.subscriptions, &walk));) {
        struct broker_subscription *s = n->value;
        if (group && !bytes_equal(str_bytes(s->group), *group))
            continue;
        broker_consume_stop(s);
        stopped++;
    }
    count(x);
    return stopped;
}

static void stop(struct client *c)
{
    stop_all(of_client(c), NULL);
}

static struct xconsume *join(struct client *c)
{
    if (c->pushing)
        return of_client(c);
    struct xconsume *x = mem_zalloc(sizeof(*x));
    x->pushing = (struct client_pushing){.leave = leave, .stop = stop, .is_allowed = is_allowed};
    x->subscriber = (struct broker_subscriber){.front = &front, .client = c};
    c->pushing = &x->pushing;
    client_holds(c, mem_block_size(x), 0);
    return x;
}

/* ---- START */

struct start {
    struct bytes group, consumer;
    long long prefetch;
    int keys_at; /* up to the last argument */
};

/* The index of the first key of START or STOP; 0: an unknown word, or no keys. Shared by the
 * handlers and the lookup of a request's keys. */
static int find_streams(const struct bytes *argv, int argc, int at, int *prefetch)
{
    *prefetch = 0;
    if (argc - at > 2 && bytes_is(argv[at], "prefetch")) {
        *prefetch = at + 1;
        at += 2;
    }
    return argc - at > 1 && bytes_is(argv[at], "streams") ? at + 1 : 0;
}

static bool parse_start(struct call *call, struct start *s)
{
    int prefetch = 0;
    if (bytes_is(call->argv[2], "group"))
        s->keys_at = find_streams(call->argv, call->argc, 5, &prefetch);
    if (!s->keys_at) {
        if (prefetch && bytes_is(call->argv[prefetch + 1], "prefetch"))
            reply_errorf(call->reply, "ERR PREFETCH specified multiple times");
        else
            call_error(call, ERR_SYNTAX);
        return false;
    }
    s->group = call->argv[3];
    s->consumer = call->argv[4];
    s->prefetch = PREFETCH;
    return !prefetch ||
           helpers_number(call, prefetch, "PREFETCH", 1, BROKER_CONSUME_PREFETCH, &s->prefetch);
}

/* Finds the group, which needs a policy. False after the error reply. */
static bool find(struct call *call, const struct start *s, int i, struct broker_group *x)
{
    struct stream *stream;
    if (!stream_args_write_counted(call, call->argv[i], &stream))
        return false;
    struct stream_group *g = stream ? stream_find_group(stream, s->group) : NULL;
    if (!g) {
        stream_args_no_group(call, call->argv[i], s->group);
        return false;
    }
    if (!g->policy) {
        reply_errorf(call->reply, "ERR XCONSUME needs a group with a policy");
        return false;
    }
    *x = broker_act_in(call, call->argv[i], stream, g);
    return true;
}

static void do_xconsume_start(struct call *call)
{
    struct start s = {0};
    struct broker_group x;
    if (!parse_start(call, &s))
        return;
    if (!client_is_resp3(call->client)) {
        reply_errorf(call->reply, "ERR XCONSUME needs RESP3, use HELLO 3");
        return;
    }
    if (call->engine->role != ROLE_PRIMARY) { /* a replica that takes writes does not act */
        call_error(call, ERR_READONLY);
        return;
    }
    for (int i = s.keys_at; i < call->argc; i++)
        if (!find(call, &s, i, &x))
            return;
    call_no_effect(call);
    struct xconsume *to = join(call->client);
    for (int i = s.keys_at; i < call->argc; i++)
        if (find(call, &s, i, &x))
            broker_consume_start(&x, &to->subscriber, s.consumer, s.prefetch);
    count(to);
    reply_ok(call->reply);
}

static void find_start_keys(struct keys *to, const struct bytes *argv, int argc)
{
    int prefetch, at = bytes_is(argv[2], "group") ? find_streams(argv, argc, 5, &prefetch) : 0;
    to->misfit = !at;
    for (int i = at; at && i < argc; i++)
        keys_add(to, i, KEY_RO | KEY_ACCESS);
}

/* ---- STOP */

/* *keys_at 0: all keys. False: wrong arguments. */
static bool parse_stop(const struct bytes *argv, int argc, int *keys_at)
{
    int prefetch;
    *keys_at = 0;
    if (argc == 2)
        return true;
    if (argc < 4 || !bytes_is(argv[2], "group"))
        return false;
    if (argc == 4)
        return true;
    *keys_at = find_streams(argv, argc, 4, &prefetch);
    return *keys_at && !prefetch;
}

static void do_xconsume_stop(struct call *call)
{
    struct xconsume *x = of_client(call->client);
    long long stopped = 0;
    int keys_at;
    if (!parse_stop(call->argv, call->argc, &keys_at)) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (x && !keys_at)
        stopped = stop_all(x, call->argc > 2 ? &call->argv[3] : NULL);
    for (int i = keys_at; x && keys_at && i < call->argc; i++) {
        struct broker_subscription *s =
            broker_consume_find(&x->subscriber, call->db, call->argv[i], call->argv[3]);
        if (s)
            broker_consume_stop(s);
        stopped += s != NULL;
    }
    if (x)
        count(x);
    reply_int(call->reply, stopped);
}

static void find_stop_keys(struct keys *to, const struct bytes *argv, int argc)
{
    int at;
    to->misfit = !parse_stop(argv, argc, &at);
    for (int i = at; at && i < argc; i++)
        keys_add(to, i, KEY_RO | KEY_ACCESS);
}

static void do_xconsume_help(struct call *call)
{
    helpers_help(call, &xconsume_command);
}

static const struct command xconsume_start_command = {
    .name = "start",
    .full_name = "xconsume|start",
    .usage = "GROUP group:string consumer:string [PREFETCH count:int] STREAMS key:key...",
    .summary = "Subscribes the connection to groups: ready entries are pushed to it.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(N) with N the keys, and what the consumer has pending from before",
    .group = GROUP_STREAM,
    .arity = -7,
    .flags =
        COMMAND_WRITE | COMMAND_NOSCRIPT | COMMAND_NO_MULTI | COMMAND_MOVABLEKEYS | COMMAND_NEWER,
    .keys = {KEY_BEHIND("STREAMS", 5, -1, 1, 0, KEY_RO | KEY_ACCESS)},
    .find_keys = find_start_keys,
    .of_connection = true,
    .handler = do_xconsume_start,
};
static const struct command xconsume_stop_command = {
    .name = "stop",
    .full_name = "xconsume|stop",
    .usage = "[GROUP group:string [STREAMS key:key...]]",
    .summary = "Ends subscriptions of the connection.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(N) with N the subscriptions that end",
    .group = GROUP_STREAM,
    .arity = -2,
    .flags = COMMAND_NOSCRIPT | COMMAND_NO_MULTI | COMMAND_MOVABLEKEYS,
    .keys = {KEY_BEHIND("STREAMS", 4, -1, 1, 0, KEY_RO | KEY_ACCESS)},
    .find_keys = find_stop_keys,
    .of_connection = true,
    .handler = do_xconsume_stop,
};
static const struct command xconsume_help_command = {
    .name = "help",
    .full_name = "xconsume|help",
    .usage = "",
    .summary = "Shows how to use XCONSUME.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = 2,
    .flags = COMMAND_LOADING | COMMAND_STALE,
    .handler = do_xconsume_help,
};
static const struct command *const xconsume_subcommands[] = {
    &xconsume_help_command, &xconsume_start_command, &xconsume_stop_command, NULL};
const struct command xconsume_command = {
    .name = "xconsume",
    .usage = "",
    .summary = "Manages subscriptions to consumer groups.",
    .since = BROKER_ACT_SINCE,
    .complexity = "Depends on the subcommand.",
    .group = GROUP_STREAM,
    .arity = -2,
    .subcommands = xconsume_subcommands,
};
