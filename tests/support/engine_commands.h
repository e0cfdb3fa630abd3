/* Commands for the tests of engine: a key that exists is an element that can be taken.
 *
 *   PUT key         makes it (and changes it, when it is there)
 *   HAS key         whether it is there; TELL is the same as one that others may hear of
 *   TAKE key...     takes the first that is there, or blocks for a second; HEAR is the same and
 *                   hears of everything that happens to the keys
 *   HARK            answers 1, also to subscribers
 *   SAY             pushes to its own client and answers 1
 *   END             closes its own client
 *   SKIP            no reply to the next command
 *   MULTI, EXEC     as in commands/txn
 *   OLD key         HAS, also of a replica that must not serve old data;  FOLLOW  becomes a replica
 *   FAIL            answers with an error; BOTH a b   has two effects */
#ifndef SUPPORT_ENGINE_COMMANDS_H
#define SUPPORT_ENGINE_COMMANDS_H

#include "engine.h"

#include "engine/deliver.h"
#include "engine/exec.h"
#include "engine/state.h"
#include "engine/txn.h"
#include "type/string.h"

static void do_put(struct call *call)
{
    if (!db_write(call->db, call->argv[1]))
        db_add(call->db, string_new(call->argv[1], BYTES("x")));
    db_changed(call->db, call->argv[1], DB_EVENT_STRING, NULL);
    db_ready(call->db, call->argv[1]);
    reply_ok(call->reply);
}

static void do_has(struct call *call)
{
    reply_int(call->reply, db_read(call->db, call->argv[1]) != NULL);
}

static void take(struct call *call, bool group)
{
    for (int i = 1; i < call->argc; i++) {
        if (!db_write(call->db, call->argv[i]))
            continue;
        db_delete(call->db, call->argv[i]);
        db_changed(call->db, call->argv[i], DB_EVENT_STRING, NULL);
        reply_bulk(call->reply, call->argv[i]);
        return;
    }
    struct block_options o = {.keys = call->argv + 1,
                              .key_count = call->argc - 1,
                              .deadline_ms = call->engine->steady_ms + 1000,
                              .type = TYPE_STRING,
                              .null = BLOCK_NULL_ARRAY,
                              .group = group};
    if (block_allowed(call))
        block_on(call, &o);
    else
        reply_null_array(call->reply);
}

static void do_take(struct call *call)
{
    take(call, false);
}

static void do_hear(struct call *call)
{
    take(call, true);
}

static void do_fail(struct call *call)
{
    call_error(call, ERR_SYNTAX);
}

static void do_both(struct call *call)
{
    for (int i = 1; i < 3; i++) {
        if (!db_write(call->db, call->argv[i]))
            db_add(call->db, string_new(call->argv[i], BYTES("x")));
        db_changed(call->db, call->argv[i], DB_EVENT_STRING, NULL);
        CALL_EFFECT(call, BYTES("PUT"), call->argv[i]);
    }
    db_count_changes(call->store, 2);
    reply_ok(call->reply);
}

static void do_hark(struct call *call)
{
    reply_int(call->reply, 1);
}

static void do_say(struct call *call)
{
    deliver_push(call->client, BYTES(">push\r\n"));
    reply_int(call->reply, 1);
}

static void do_end(struct call *call)
{
    client_close_by(call->client, call->client);
    reply_ok(call->reply);
}

static void do_skip(struct call *call)
{
    call->client->flags |= CLIENT_REPLY_SKIP;
}

static void do_follow(struct call *call)
{
    state_set_role(call->engine, ROLE_REPLICA_UP);
    reply_ok(call->reply);
}

static void do_multi(struct call *call)
{
    txn_of(call->client);
    call->client->flags |= CLIENT_MULTI;
    reply_ok(call->reply);
}

static void do_exec(struct call *call)
{
    struct client *c = call->client;
    struct txn queue = *c->txn;
    c->txn->commands = NULL;
    c->txn->n = 0;
    c->flags = (c->flags & ~(unsigned)CLIENT_MULTI) | CLIENT_IN_EXEC;
    reply_array(call->reply, queue.n);
    for (size_t i = 0; i < queue.n; i++) {
        struct exec_request q = {.argv = queue.commands[i].argv, .argc = queue.commands[i].argc};
        exec_queued(c, queue.commands[i].command, &q);
        mem_free(queue.commands[i].argv);
    }
    mem_free(queue.commands);
    c->flags &= ~(unsigned)CLIENT_IN_EXEC;
    txn_end(c);
}

#define KEYED .keys = {KEY_RANGE(1, -1, 1, KEY_RW)}
static const struct command put_command = {
    .name = "put", .arity = 2, .flags = COMMAND_WRITE | COMMAND_DENYOOM, .handler = do_put, KEYED};
static const struct command has_command = {
    .name = "has", .arity = 2, .flags = COMMAND_READONLY, .handler = do_has, KEYED};
static const struct command take_command = {.name = "take",
                                            .arity = -2,
                                            .flags = COMMAND_WRITE | COMMAND_BLOCKING,
                                            .handler = do_take,
                                            KEYED};
static const struct command hear_command = {.name = "hear",
                                            .arity = -2,
                                            .flags = COMMAND_WRITE | COMMAND_BLOCKING,
                                            .handler = do_hear,
                                            KEYED};
static const struct command hark_command = {
    .name = "hark", .arity = 1, .flags = COMMAND_OK_SUBSCRIBED, .handler = do_hark};
static const struct command fail_command = {.name = "fail", .arity = 1, .handler = do_fail};
static const struct command both_command = {
    .name = "both", .arity = 3, .flags = COMMAND_WRITE, .handler = do_both, KEYED};
static const struct command tell_command = {
    .name = "tell", .arity = 2, .flags = COMMAND_MAY_REPLICATE, .handler = do_has};
static const struct command old_command = {
    .name = "old", .arity = 2, .flags = COMMAND_READONLY | COMMAND_STALE, .handler = do_has};
static const struct command follow_command = {.name = "follow", .arity = 1, .handler = do_follow};
static const struct command say_command = {.name = "say", .arity = 1, .handler = do_say};
static const struct command end_command = {.name = "end", .arity = 1, .handler = do_end};
static const struct command skip_command = {.name = "skip", .arity = 1, .handler = do_skip};
static const struct command multi_command = {
    .name = "multi", .arity = 1, .flags = COMMAND_QUICK_MULTI, .handler = do_multi};
static const struct command exec_command = {.name = "exec",
                                            .arity = 1,
                                            .flags = COMMAND_EXEC | COMMAND_STALE |
                                                     COMMAND_LEAVES_MULTI | COMMAND_QUICK_MULTI,
                                            .handler = do_exec};
static const struct command *const engine_commands[] = {
    &put_command,   &has_command,  &take_command,   &tell_command, &say_command,  &end_command,
    &multi_command, &exec_command, &skip_command,   &hear_command, &fail_command, &both_command,
    &hark_command,  &old_command,  &follow_command, NULL};

/* ---- Looking at what came of it */

#define RAW_PUT(k) "*2\r\n$3\r\nPUT\r\n$1\r\n" k "\r\n"
#define RAW_DEL(k) "*2\r\n$3\r\nDEL\r\n$1\r\n" k "\r\n"
#define RAW_MULTI  "*1\r\n$5\r\nMULTI\r\n"
#define RAW_EXEC   "*1\r\n$4\r\nEXEC\r\n"

static inline struct bench *bench_begin_journal(void)
{
    struct bench *b = bench_begin(engine_commands);
    bench_journal(b);
    return b;
}

static inline struct engine_stat *stat_of(struct bench *b, const struct command *command)
{
    return &b->engine.stats.of_command[registry_number(b->engine.registry, command)];
}

static inline bool counted(struct bench *b, const struct command *command, uint64_t calls,
                           uint64_t rejected, uint64_t failed)
{
    const struct engine_stat *s = stat_of(b, command);
    return s->calls == calls && s->rejected == rejected && s->failed == failed;
}

/* A key that is due in so many milliseconds. */
static inline struct entry *add_due(struct db *db, const char *key, int64_t ms)
{
    struct bytes name = bytes_text(key);
    db_add(db, string_new(name, BYTES("x")));
    return db_set_deadline(db, db_read(db, name), db->store->now_ms + ms);
}

#endif
