/* XBIND: bindings of a stream to others. Copying is up to broker/broker_route.h.
 *
 * One parser (stream_bindings_words) reads a binding for ADD, for DEL and for the lookup of a
 * request's keys: only words in their places count, so that a value "TO" shifts nothing. Everything
 * is checked before the source is looked up or created; then nothing can fail. Effects have the
 * binding written out, with its routing field. Adding an existing binding and deleting an absent
 * one are no writes. */
#include "commands/index.h"

#include "base/mem.h"
#include "broker/broker_moments.h"
#include "command/keys.h"
#include "commands/helpers.h"
#include "commands/stream/stream_args.h"
#include "type/stream/stream_bindings_words.h"

#include <stdlib.h>

#define FIRST_WORD 3

/* XBIND DEL source TO dest. */
static bool is_all_to(const struct bytes *argv, int argc)
{
    return argc == FIRST_WORD + 2 && bytes_is(argv[FIRST_WORD], "to");
}

/* ADD makes the source's messages readable elsewhere, so it needs the right to read them; DEL does
 * not. The destination is always the last word. */
static void find_keys(struct keys *to, const struct bytes *argv, int argc)
{
    struct stream_binding_rule rule;
    bool adds = bytes_is(argv[1], "add");
    keys_add(to, 2, KEY_RW | KEY_UPDATE | (adds ? KEY_ACCESS : 0));
    enum stream_bindings_words_read read =
        stream_bindings_words_read(argv + FIRST_WORD, argc - FIRST_WORD, &rule);
    if (read == STREAM_BINDINGS_WORDS_GOOD || read == STREAM_BINDINGS_WORDS_TOO_MANY ||
        is_all_to(argv, argc))
        keys_add(to, argc - 1, KEY_RW | KEY_INSERT);
}

/* False after the error reply. */
static bool parse(const struct call *call, struct stream_binding_rule *rule)
{
    switch (stream_bindings_words_read(call->argv + FIRST_WORD, call->argc - FIRST_WORD, rule)) {
    case STREAM_BINDINGS_WORDS_GOOD:
        return true;
    case STREAM_BINDINGS_WORDS_RANGE:
        reply_errorf(call->reply, "ERR HEADERS must be between 1 and %d",
                     STREAM_BINDINGS_PAIRS_MOST);
        return false;
    case STREAM_BINDINGS_WORDS_TOO_MANY:
        reply_errorf(call->reply, "ERR the pattern has too many words");
        return false;
    default:
        call_error(call, ERR_SYNTAX);
        return false;
    }
}

/* ---- ADD, DEL */

static void tell(struct call *call, struct bytes word, const struct stream_binding_rule *rule)
{
    struct bytes argv[FIRST_WORD + STREAM_BINDINGS_WORDS_MOST] = {BYTES("XBIND"), word,
                                                                  call->argv[2]};
    struct stream_bindings_words w;
    stream_bindings_words_print(rule, &w);
    memcpy(argv + FIRST_WORD, w.words, (size_t)w.n * sizeof(*argv));
    call_effect_since(call, BROKER_ACT_SINCE, argv, FIRST_WORD + w.n);
}

static void done(struct call *call, struct stream *s, const char *event)
{
    struct broker_group at = broker_act_in(call, call->argv[2], s, NULL);
    broker_moments_changed(&at);
    db_changed_quietly(call->db, at.key);
    db_notify(call->db, at.key, DB_EVENT_STREAM, event);
}

static void do_xbind_add(struct call *call)
{
    struct bytes key = call->argv[2];
    struct stream_binding_rule rule;
    struct stream *s;
    if (!parse(call, &rule) || !stream_args_write(call, key, &s))
        return;
    call_no_effect(call);
    if (!s) {
        struct broker_group at = broker_act_in(call, key, NULL, NULL);
        s = stream_args_create(call, key);
        db_changed(call->db, key, 0, NULL);
        broker_act_effect_made(&at);
    }
    bool fresh = stream_bindings_add(stream_extra_need_bindings(stream_need_extra(s)), &rule);
    if (fresh) {
        tell(call, BYTES("ADD"), &rule);
        done(call, s, "xbind");
    }
    reply_int(call->reply, fresh);
}

/* Returns how many were removed. */
static size_t remove_some(struct call *call, struct stream *s,
                          const struct stream_binding_rule *rule)
{
    struct stream_bindings *b = s && s->extra ? s->extra->bindings : NULL;
    const struct bytes to[] = {BYTES("XBIND"), BYTES("DEL"), call->argv[2], BYTES("TO"),
                               call->argv[call->argc - 1]};
    size_t n = 0;
    if (!b)
        return 0;
    if (rule)
        n = stream_bindings_remove(b, rule);
    else
        n = stream_bindings_remove_to(b, to[4]);
    if (n == 0)
        return 0;
    if (rule)
        tell(call, BYTES("DEL"), rule);
    else
        call_effect_since(call, BROKER_ACT_SINCE, to, 5);
    stream_extra_tidy_bindings(s->extra);
    done(call, s, "xunbind");
    return n;
}

static void do_xbind_del(struct call *call)
{
    struct stream_binding_rule rule;
    struct stream *s;
    bool all = is_all_to(call->argv, call->argc);
    if ((!all && !parse(call, &rule)) || !stream_args_write(call, call->argv[2], &s))
        return;
    call_no_effect(call);
    reply_int(call->reply, (long long)remove_some(call, s, all ? NULL : &rule));
}

/* ---- Looking */

static void do_xbind_list(struct call *call)
{
    struct bytes args[2 * STREAM_BINDINGS_PAIRS_MOST];
    struct stream_bindings_words w;
    const struct stream *s;
    if (!stream_args_read(call, call->argv[2], &s))
        return;
    const struct stream_bindings *b = s && s->extra ? s->extra->bindings : NULL;
    reply_array(call->reply, b ? b->count : 0);
    for (const struct stream_binding *x = NULL; b && (x = stream_bindings_next(b, x));) {
        struct stream_binding_rule rule = stream_bindings_rule(x, args);
        stream_bindings_words_print(&rule, &w);
        reply_array(call->reply, 4);
        reply_bulk(call->reply, w.words[0]);
        reply_array(call->reply, (size_t)w.args_n);
        for (int i = 0; i < w.args_n; i++)
            reply_bulk(call->reply, w.words[1 + i]);
        reply_bulk(call->reply, rule.field);
        reply_bulk(call->reply, rule.dest);
    }
}

/* Destinations found, and the stream itself, which gets no copies of its own messages. */
struct found {
    struct bytes source;
    struct buf dests; /* struct bytes each */
};

static void add_dest(void *context, struct bytes dest)
{
    struct found *f = context;
    if (!bytes_equal(dest, f->source))
        buf_add(&f->dests, bytes_of(&dest, sizeof(dest)));
}

static int by_name(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

static void do_xbind_test(struct call *call)
{
    const struct stream *s;
    struct found found = {.source = call->argv[2]};
    size_t fields = (size_t)(call->argc - FIRST_WORD) / 2;
    if ((call->argc - FIRST_WORD) % 2) {
        helpers_wrong_arity(call, call->command);
        return;
    }
    if (!stream_args_read(call, call->argv[2], &s))
        return;
    if (s && s->extra && s->extra->bindings)
        stream_bindings_match(s->extra->bindings, call->argv + FIRST_WORD, fields, add_dest,
                              &found);
    struct bytes *all = (void *)found.dests.p;
    size_t n = found.dests.n / sizeof(*all);
    if (n)
        qsort(all, n, sizeof(*all), by_name);
    reply_array(call->reply, n);
    for (size_t i = 0; i < n; i++)
        reply_bulk(call->reply, all[i]);
    buf_free(&found.dests);
}

static void do_xbind_help(struct call *call)
{
    helpers_help(call, &xbind_command);
}

static const struct command xbind_add_command = {
    .name = "add",
    .full_name = "xbind|add",
    .usage = "source:key <ALL | DIRECT value:string | TOPIC pattern:pattern | HEADERS <ALL | ANY> "
             "count:int (name:string content:string)... | ALTERNATE> [BY field:string] TO "
             "destination:key",
    .summary = "Adds a binding: matching messages are copied to another stream.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = -6,
    .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_NEWER | COMMAND_MOVABLEKEYS,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE),
             KEY_BEHIND("TO", 4, 0, 1, 0, KEY_RW | KEY_INSERT | KEY_INCOMPLETE)},
    .find_keys = find_keys,
    .handler = do_xbind_add,
};
static const struct command xbind_del_command = {
    .name = "del",
    .full_name = "xbind|del",
    .usage = "source:key [<ALL | DIRECT value:string | TOPIC pattern:pattern | HEADERS <ALL | ANY> "
             "count:int (name:string content:string)... | ALTERNATE> [BY field:string]] TO "
             "destination:key",
    .summary = "Removes a binding, or all bindings to a destination.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(1), or O(N) with N the stream's bindings for all to one destination",
    .group = GROUP_STREAM,
    .arity = -5,
    .flags = COMMAND_WRITE | COMMAND_NEWER | COMMAND_MOVABLEKEYS,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RW | KEY_UPDATE),
             KEY_BEHIND("TO", 3, 0, 1, 0, KEY_RW | KEY_INSERT | KEY_INCOMPLETE)},
    .find_keys = find_keys,
    .handler = do_xbind_del,
};
static const struct command xbind_list_command = {
    .name = "list",
    .full_name = "xbind|list",
    .usage = "source:key",
    .summary = "Lists the bindings of a stream.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(N) with N the bindings",
    .group = GROUP_STREAM,
    .arity = 3,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_xbind_list,
};
static const struct command xbind_test_command = {
    .name = "test",
    .full_name = "xbind|test",
    .usage = "source:key (field:string value:string)...",
    .summary = "Returns the streams to which a message would be copied.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(N log N) with N the destinations, and what matching takes",
    .group = GROUP_STREAM,
    .arity = -5,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_xbind_test,
};
static const struct command xbind_help_command = {
    .name = "help",
    .full_name = "xbind|help",
    .usage = "",
    .summary = "Lists the subcommands.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = 2,
    .flags = COMMAND_LOADING | COMMAND_STALE,
    .handler = do_xbind_help,
};

static const struct command *const xbind_subcommands[] = {&xbind_add_command,  &xbind_del_command,
                                                          &xbind_help_command, &xbind_list_command,
                                                          &xbind_test_command, NULL};

const struct command xbind_command = {
    .name = "xbind",
    .usage = "",
    .summary = "Manages bindings, which copy messages between streams.",
    .since = BROKER_ACT_SINCE,
    .complexity = "Depends on the subcommand.",
    .group = GROUP_STREAM,
    .arity = -2,
    .subcommands = xbind_subcommands,
};
