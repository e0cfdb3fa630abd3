/* SPOP: removes random members. The journal gets SREM of the chosen members, or DEL if it is all,
 * since replay cannot repeat the choice. */
#include "commands/index.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "commands/set/set_args.h"
#include "commands/set/set_random.h"

/* Removes the chosen members and journals them. */
static void pop_chosen(struct call *call, struct entry *e, struct str **chosen, size_t n)
{
    struct bytes *argv = mem_alloc((n + 2) * sizeof(*argv));
    argv[0] = BYTES("SREM");
    argv[1] = call->argv[1];
    for (size_t i = 0; i < n; i++) {
        argv[2 + i] = str_bytes(chosen[i]);
        set_args_remove(e, argv[2 + i]);
    }
    call_effect(call, argv, (int)n + 2);
    mem_free(argv);
    set_args_shrunk(call, call->argv[1], e, "spop", n);
}

static void do_spop(struct call *call)
{
    struct entry *e;
    long long wanted = 1;
    bool counted = call->argc > 2;
    if (call->argc > 3) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (counted && (!num_parse_int(call->argv[2], &wanted) || wanted < 0)) {
        call_error(call, ERR_MUST_BE_POSITIVE);
        return;
    }
    if (!set_args_write(call, call->argv[1], &e))
        return;
    if (!e || wanted == 0) {
        if (counted)
            reply_set(call->reply, 0);
        else
            reply_null(call->reply);
        return;
    }
    struct set *s = value_to_change(e);
    size_t n = (size_t)wanted < set_count(s) ? (size_t)wanted : set_count(s);
    if (counted)
        reply_set(call->reply, n);
    /* All of them: no choice is needed, and the key is deleted. */
    if (n == set_count(s)) {
        set_args_reply(call, s);
        CALL_EFFECT(call, BYTES("DEL"), call->argv[1]);
        db_notify(call->db, call->argv[1], DB_EVENT_SET, "spop");
        db_delete(call->db, call->argv[1]);
        db_count_changes(call->store, n);
        db_changed(call->db, call->argv[1], DB_EVENT_GENERIC, "del");
        db_ready(call->db, call->argv[1]);
        return;
    }
    struct str **chosen = set_random_choose(call, s, n);
    for (size_t i = 0; i < n; i++)
        reply_bulk(call->reply, str_bytes(chosen[i]));
    pop_chosen(call, e, chosen, n);
    set_random_free(chosen, n);
}

const struct command spop_command = {
    .name = "spop",
    .usage = "key:key [count:int]",
    .summary = "Removes and returns random members of a set.",
    .since = "1.0.0",
    .complexity = "O(N) with N the members taken",
    .tips = "nondeterministic_output",
    .group = GROUP_SET,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_spop,
};
