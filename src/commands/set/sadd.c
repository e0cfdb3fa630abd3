/* SADD. */
#include "commands/index.h"

#include "commands/set/set_args.h"

static void do_sadd(struct call *call)
{
    struct bytes key = call->argv[1];
    struct entry *e;
    long long added = 0;
    if (!set_args_write(call, key, &e))
        return;
    if (!e) {
        e = entry_new_word(key, VALUE_SET, (uintptr_t)set_new());
        db_add(call->db, e);
    }
    for (int i = 2; i < call->argc; i++)
        added += set_args_add(call, e, call->argv[i]);
    if (added) {
        db_count_changes(call->store, (uint64_t)added);
        db_changed(call->db, key, DB_EVENT_SET, "sadd");
    }
    reply_int(call->reply, added);
}

const struct command sadd_command = {
    .name = "sadd",
    .usage = "key:key member:string...",
    .summary = "Adds members to a set.",
    .since = "1.0.0",
    .complexity = "O(N) with N the members",
    .group = GROUP_SET,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_sadd,
};
