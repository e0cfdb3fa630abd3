/* Members of one set: adding, removing, looking, taking any. */
#include "commands/index.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "commands/scan_args.h"
#include "commands/set/set_args.h"
#include "ds/dict.h"

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

static void do_srem(struct call *call)
{
    struct entry *e;
    long long removed = 0;
    if (!set_args_write(call, call->argv[1], &e))
        return;
    for (int i = 2; e && i < call->argc; i++)
        removed += set_args_remove(e, call->argv[i]);
    if (removed)
        set_args_shrunk(call, call->argv[1], e, "srem", (uint64_t)removed);
    reply_int(call->reply, removed);
}

static void do_smove(struct call *call)
{
    struct bytes from = call->argv[1], to = call->argv[2], member = call->argv[3];
    struct entry *a = db_write(call->db, from), *b = db_write(call->db, to);
    if (!a) {
        reply_int(call->reply, 0);
        return;
    }
    if (value_type(a) != TYPE_SET || (b && value_type(b) != TYPE_SET)) {
        call_error(call, ERR_WRONGTYPE);
        return;
    }
    if (a == b) {
        reply_int(call->reply, set_has(value_object(a), member));
        return;
    }
    if (!set_args_remove(a, member)) {
        reply_int(call->reply, 0);
        return;
    }
    set_args_shrunk(call, from, a, "srem", 1);
    if (!b) {
        b = entry_new_word(to, VALUE_SET, (uintptr_t)set_new());
        db_add(call->db, b);
    }
    if (set_args_add(call, b, member)) {
        db_count_changes(call->store, 1);
        db_changed(call->db, to, DB_EVENT_SET, "sadd");
    }
    reply_int(call->reply, 1);
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
const struct command srem_command = {
    .name = "srem",
    .usage = "key:key member:string...",
    .summary = "Removes members from a set.",
    .since = "1.0.0",
    .complexity = "O(N) with N the members",
    .group = GROUP_SET,
    .arity = -3,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_srem,
};
const struct command smove_command = {
    .name = "smove",
    .usage = "source:key destination:key member:string",
    .summary = "Moves a member from one set to another.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_SET,
    .arity = 4,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE),
             KEY_RANGE(2, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_smove,
};

static void do_sismember(struct call *call)
{
    struct set *s;
    if (set_args_read(call, call->argv[1], &s))
        reply_int(call->reply, s && set_has(s, call->argv[2]));
}

static void do_smismember(struct call *call)
{
    struct set *s;
    if (!set_args_read(call, call->argv[1], &s))
        return;
    reply_array(call->reply, (size_t)call->argc - 2);
    for (int i = 2; i < call->argc; i++)
        reply_int(call->reply, s && set_has(s, call->argv[i]));
}

static void do_scard(struct call *call)
{
    struct set *s;
    if (set_args_read(call, call->argv[1], &s))
        reply_int(call->reply, s ? (long long)set_count(s) : 0);
}

static void reply_members(struct call *call, const struct set *s)
{
    struct set_walk w;
    struct bytes x;
    set_walk_start(&w, s);
    while (set_walk_next(&w, &x))
        reply_bulk(call->reply, x);
}

static void do_smembers(struct call *call)
{
    struct set *s;
    if (!set_args_read(call, call->argv[1], &s))
        return;
    reply_set(call->reply, s ? set_count(s) : 0);
    if (s)
        reply_members(call, s);
}

const struct command sismember_command = {
    .name = "sismember",
    .usage = "key:key member:string",
    .summary = "Tells whether something is a member.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_SET,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO)},
    .handler = do_sismember,
};
const struct command smismember_command = {
    .name = "smismember",
    .usage = "key:key member:string...",
    .summary = "Tells of several things whether they are members.",
    .since = "6.2.0",
    .complexity = "O(N) with N the things asked for",
    .group = GROUP_SET,
    .arity = -3,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_smismember,
};
const struct command scard_command = {
    .name = "scard",
    .usage = "key:key",
    .summary = "Answers how many members a set has.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_SET,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO)},
    .handler = do_scard,
};
const struct command smembers_command = {
    .name = "smembers",
    .usage = "key:key",
    .summary = "Answers all members.",
    .since = "1.0.0",
    .complexity = "O(N) with N the members",
    .tips = "nondeterministic_output_order",
    .group = GROUP_SET,
    .arity = 2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_smembers,
};

/* n different members, as counted strings. n <= count. */
static struct str **choose(struct call *call, const struct set *s, size_t n)
{
    struct str **chosen = mem_alloc((n + 1) * sizeof(struct str *));
    struct rng *rng = &call->store->rng;
    size_t left = set_count(s), k = 0;
    char scratch[NUM_INT_MAX];
    struct bytes x;
    if (n * 3 < left) {
        /* Few of many: draw until they differ. */
        struct dict seen = {0};
        while (k < n) {
            x = set_random(s, rng, scratch);
            dict_ensure(&seen, x);
            if (seen.used > k)
                chosen[k++] = str_new(x);
        }
        dict_clear(&seen);
        return chosen;
    }
    /* Of each member it is decided in turn: as many are wanted of as many that are left. */
    struct set_walk w;
    set_walk_start(&w, s);
    for (; k < n && set_walk_next(&w, &x); left--)
        if (rng_below(rng, left) < n - k)
            chosen[k++] = str_new(x);
    return chosen;
}

static void free_chosen(struct str **chosen, size_t n)
{
    for (size_t i = 0; i < n; i++)
        str_unref(chosen[i]);
    mem_free(chosen);
}

/* Takes the chosen members out; the journal gets what was chosen. */
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
        call_error(call, ERR_NOT_POSITIVE);
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
    struct set *s = value_object(e);
    size_t n = (size_t)wanted < set_count(s) ? (size_t)wanted : set_count(s);
    if (counted)
        reply_set(call->reply, n);
    if (n == set_count(s)) {
        reply_members(call, s);
        CALL_EFFECT(call, BYTES("DEL"), call->argv[1]);
        db_notify(call->db, call->argv[1], DB_EVENT_SET, "spop");
        db_delete(call->db, call->argv[1]);
        db_count_changes(call->store, n);
        db_changed(call->db, call->argv[1], DB_EVENT_GENERIC, "del");
        db_ready(call->db, call->argv[1]);
        return;
    }
    struct str **chosen = choose(call, s, n);
    for (size_t i = 0; i < n; i++)
        reply_bulk(call->reply, str_bytes(chosen[i]));
    pop_chosen(call, e, chosen, n);
    free_chosen(chosen, n);
}

static void do_srandmember(struct call *call)
{
    struct set *s;
    long long wanted;
    char scratch[NUM_INT_MAX];
    struct rng *rng = &call->store->rng;
    if (call->argc > 3) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (call->argc == 2) {
        if (!set_args_read(call, call->argv[1], &s))
            return;
        if (s)
            reply_bulk(call->reply, set_random(s, rng, scratch));
        else
            reply_null(call->reply);
        return;
    }
    if (!call_int_range(call, 2, -HELPERS_RANDOM_MOST, INT64_MAX, ERR_VALUE_RANGE, &wanted) ||
        !set_args_read(call, call->argv[1], &s))
        return;
    if (!s || wanted == 0) {
        reply_array(call->reply, 0);
    } else if (wanted < 0) {
        reply_array(call->reply, (size_t)-wanted);
        for (; wanted && !reply_is_lost(call->reply); wanted++)
            reply_bulk(call->reply, set_random(s, rng, scratch));
    } else if ((size_t)wanted >= set_count(s)) {
        reply_array(call->reply, set_count(s));
        reply_members(call, s);
    } else {
        struct str **chosen = choose(call, s, (size_t)wanted);
        reply_array(call->reply, (size_t)wanted);
        for (long long i = 0; i < wanted; i++)
            reply_bulk(call->reply, str_bytes(chosen[i]));
        free_chosen(chosen, (size_t)wanted);
    }
}

const struct command spop_command = {
    .name = "spop",
    .usage = "key:key [count:int]",
    .summary = "Takes any members out of a set.",
    .since = "1.0.0",
    .complexity = "O(N) with N the members taken",
    .tips = "nondeterministic_output",
    .group = GROUP_SET,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_spop,
};
const struct command srandmember_command = {
    .name = "srandmember",
    .usage = "key:key [count:int]",
    .summary = "Answers any members of a set.",
    .since = "1.0.0",
    .complexity = "O(N) with N the members answered",
    .tips = "nondeterministic_output",
    .group = GROUP_SET,
    .arity = -2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_srandmember,
};

static void note_member(void *context, struct bytes member)
{
    struct scan_args *s = context;
    if (!scan_args_matches(s, member))
        return;
    reply_bulk(s->call->reply, member);
    s->n++;
    s->found++;
}

static uint64_t step(const void *collection, struct scan_args *s)
{
    return set_scan(collection, s->cursor, note_member, s);
}

static void do_sscan(struct call *call)
{
    struct scan_args s;
    struct set *set;
    if (!scan_args_cursor(call, 2, &s) || !set_args_read(call, call->argv[1], &set))
        return;
    if (!set) {
        scan_args_nothing(call);
        return;
    }
    if (!scan_args_options(call, 3, 0, &s))
        return;
    scan_args_walk(&s, set, step);
}

const struct command sscan_command = {
    .name = "sscan",
    .usage = "key:key cursor:int [MATCH pattern:pattern] [COUNT count:int]",
    .summary = "Walks the members of a set a little at a time.",
    .since = "2.8.0",
    .complexity = "O(1) for each call, O(N) for a whole walk",
    .tips = "nondeterministic_output",
    .group = GROUP_SET,
    .arity = -3,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_sscan,
};
