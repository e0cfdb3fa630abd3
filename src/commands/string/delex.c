/* DELEX and DELIFEQ: delete a key if its string is what the client expects. The journal gets a
 * plain DEL. */
#include "commands/index.h"

#include "command/keys.h"
#include "commands/string/condition.h"

static void delete_key(struct call *call)
{
    struct bytes key = call->argv[1];
    db_delete(call->db, key);
    CALL_EFFECT(call, BYTES("DEL"), key);
    db_changed(call->db, key, DB_EVENT_GENERIC, "del");
    db_ready(call->db, key);
    reply_int(call->reply, 1);
}

static void delete_if(struct call *call, const struct condition *c)
{
    struct entry *e = db_write(call->db, call->argv[1]);
    /* For an absent key the condition is not even checked. */
    if (!e)
        reply_int(call->reply, 0);
    else if (c->given && value_type(e) != TYPE_STRING)
        call_error(call, ERR_WRONGTYPE);
    else if (!condition_check(call, c))
        return;
    else if (condition_holds(c, e))
        delete_key(call);
    else
        reply_int(call->reply, 0);
}

static void do_delex(struct call *call)
{
    struct condition c = {0};
    if (call->argc != 2 && (call->argc != 4 || !condition_word(call->argv[2], &c))) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (c.given)
        c.operand = call->argv[3];
    delete_if(call, &c);
}

/* A condition reveals the value. */
static void find_delex_keys(struct keys *to, const struct bytes *argv, int argc)
{
    (void)argv;
    keys_add(to, 1, argc > 2 ? KEY_RW | KEY_ACCESS | KEY_DELETE : KEY_RM | KEY_DELETE);
}

static void do_delifeq(struct call *call)
{
    struct condition c = {.given = true, .equal = true, .operand = call->argv[2]};
    delete_if(call, &c);
}

const struct command delex_command = {
    .name = "delex",
    .usage = "key:key [<IFEQ value:string | IFNE value:string | IFDEQ digest:string | IFDNE "
             "digest:string>]",
    .summary = "Deletes a key, if its value meets a condition.",
    .since = "8.4.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE | KEY_VARIABLE_FLAGS)},
    .find_keys = find_delex_keys,
    .handler = do_delex,
};

const struct command delifeq_command = {
    .name = "delifeq",
    .usage = "key:key value:string",
    .summary = "Deletes a key, if its value equals the given one.",
    .since = "9.0.0",
    .complexity = "O(1)",
    .group = GROUP_STRING,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_delifeq,
};
