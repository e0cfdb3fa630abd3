/* Commands for the tests of replica, with the names and replies that they have in a stream: SET key
 * value, GET key, LENGTH key, INCR key, SELECT db, PING, SHUTDOWN, which does nothing, MSET k v...,
 * LOOK; and TAKE key..., MULTI and EXEC of engine_commands.h. */
#ifndef SUPPORT_REPLICA_COMMANDS_H
#define SUPPORT_REPLICA_COMMANDS_H

#include "engine_commands.h"

static void put_value(struct call *call, struct bytes key, struct bytes value)
{
    struct entry *e = db_write(call->db, key);
    if (e)
        db_delete(call->db, key);
    db_add(call->db, string_new(key, value));
    db_changed(call->db, key, DB_EVENT_STRING, NULL);
    db_ready(call->db, key);
}

static void do_set(struct call *call)
{
    put_value(call, call->argv[1], call->argv[2]);
    reply_ok(call->reply);
}

static void do_mset(struct call *call)
{
    for (int i = 1; i + 1 < call->argc; i += 2)
        put_value(call, call->argv[i], call->argv[i + 1]);
    reply_ok(call->reply);
}

static void do_get(struct call *call)
{
    char scratch[NUM_INT_MAX];
    const struct entry *e = db_read(call->db, call->argv[1]);
    if (e)
        reply_bulk(call->reply, string_view(e, scratch));
    else
        reply_null(call->reply);
}

static void do_length(struct call *call)
{
    const struct entry *e = db_read(call->db, call->argv[1]);
    reply_int(call->reply, e ? (long long)string_length(e) : 0);
}

static void do_incr(struct call *call)
{
    char scratch[NUM_INT_MAX], text[NUM_INT_MAX];
    long long v = 0;
    const struct entry *e = db_write(call->db, call->argv[1]);
    if (e && !num_parse_int(string_view(e, scratch), &v)) {
        call_error(call, ERR_NOT_INT);
        return;
    }
    put_value(call, call->argv[1], bytes_of(text, num_print_int(text, v + 1)));
    reply_int(call->reply, v + 1);
}

static void do_select(struct call *call)
{
    long long db;
    if (!call_int(call, 1, &db))
        return;
    if (db < 0 || db >= call->store->count) {
        reply_errorf(call->reply, "ERR DB index is out of range");
        return;
    }
    call->client->db = &call->store->dbs[db];
    reply_ok(call->reply);
}

static void do_ping(struct call *call)
{
    reply_simple(call->reply, "PONG");
}

static void (*look)(void); /* what LOOK calls */

static void do_look(struct call *call)
{
    look();
    reply_ok(call->reply);
}

static const struct command look_command = {
    .name = "look", .arity = 1, .flags = COMMAND_WRITE, .handler = do_look};
static const struct command set_command = {.name = "set",
                                           .arity = 3,
                                           .flags = COMMAND_WRITE,
                                           .handler = do_set,
                                           .keys = {KEY_RANGE(1, 1, 1, KEY_RW)}};
static const struct command mset_command = {
    .name = "mset", .arity = -3, .flags = COMMAND_WRITE, .handler = do_mset};
static const struct command get_command = {
    .name = "get", .arity = 2, .flags = COMMAND_READONLY, .handler = do_get, KEYED};
static const struct command length_command = {
    .name = "length", .arity = 2, .flags = COMMAND_READONLY, .handler = do_length, KEYED};
static const struct command incr_command = {
    .name = "incr", .arity = 2, .flags = COMMAND_WRITE, .handler = do_incr, KEYED};
static const struct command select_command = {.name = "select", .arity = 2, .handler = do_select};
static const struct command ping_command = {.name = "ping", .arity = -1, .handler = do_ping};
static const struct command shutdown_command = {
    .name = "shutdown", .arity = -1, .flags = COMMAND_ADMIN, .handler = do_ping};
static const struct command *const replica_commands[] = {
    &set_command,  &mset_command,   &get_command,  &length_command,
    &incr_command, &select_command, &ping_command, &shutdown_command,
    &take_command, &multi_command,  &exec_command, &look_command,
    NULL};

#endif
