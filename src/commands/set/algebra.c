/* Several sets: intersection, union, difference. */
#include "commands/index.h"

#include "base/mem.h"
#include "base/num.h"
#include "commands/set/set_args.h"

enum operation { INTERSECT, UNITE, SUBTRACT };

/* The sets under n keys, NULL for an absent one; NULL after WRONGTYPE. */
static struct set **gather(struct call *call, const struct bytes *keys, int n)
{
    struct set **sets = mem_alloc((size_t)n * sizeof(struct set *));
    for (int i = 0; i < n; i++)
        if (!set_args_read(call, keys[i], &sets[i])) {
            mem_free(sets);
            return NULL;
        }
    return sets;
}

typedef void found(void *context, struct bytes member);

struct result {
    struct set *set;
    struct set_limits limits;
};

static void add_to_result(void *context, struct bytes member)
{
    struct result *r = context;
    set_add(&r->set, member, &r->limits);
}

/* Members of all, at most `limit` (0: any number); returns how many. */
static size_t intersect(struct set *const *sets, int n, size_t limit, found *note, void *context)
{
    int least = 0;
    size_t count = 0;
    for (int i = 0; i < n; i++) {
        if (!sets[i])
            return 0;
        if (set_count(sets[i]) < set_count(sets[least]))
            least = i;
    }
    struct set_walk w;
    struct bytes x;
    set_walk_start(&w, sets[least]);
    while (set_walk_next(&w, &x)) {
        bool everywhere = true;
        for (int i = 0; i < n && everywhere; i++)
            everywhere = i == least || set_has(sets[i], x);
        if (!everywhere)
            continue;
        count++;
        if (note)
            note(context, x);
        if (limit && count == limit)
            break;
    }
    return count;
}

static struct set *compute(struct call *call, struct set *const *sets, int n, enum operation op)
{
    struct result r = {set_new(), set_args_limits(call)};
    struct set_walk w;
    struct bytes x;
    if (op == INTERSECT) {
        intersect(sets, n, 0, add_to_result, &r);
        return r.set;
    }
    for (int k = 0; k < (op == UNITE ? n : 1); k++) {
        if (!sets[k])
            continue;
        set_walk_start(&w, sets[k]);
        while (set_walk_next(&w, &x)) {
            bool elsewhere = false;
            for (int i = 1; op == SUBTRACT && i < n && !elsewhere; i++)
                elsewhere = sets[i] && set_has(sets[i], x);
            if (!elsewhere)
                add_to_result(&r, x);
        }
    }
    return r.set;
}

static void answer(struct call *call, enum operation op)
{
    struct set **sets = gather(call, call->argv + 1, call->argc - 1);
    struct set_walk w;
    struct bytes x;
    if (!sets)
        return;
    struct set *result = compute(call, sets, call->argc - 1, op);
    reply_set(call->reply, set_count(result));
    set_walk_start(&w, result);
    while (set_walk_next(&w, &x))
        reply_bulk(call->reply, x);
    set_free(result);
    mem_free(sets);
}

static void store(struct call *call, enum operation op, const char *event)
{
    struct set **sets = gather(call, call->argv + 2, call->argc - 2);
    struct bytes to = call->argv[1];
    struct entry *e = NULL;
    if (!sets)
        return;
    struct set *result = compute(call, sets, call->argc - 2, op);
    size_t n = set_count(result);
    mem_free(sets);
    if (n)
        e = entry_new_word(to, VALUE_SET, (uintptr_t)result);
    else
        set_free(result);
    helpers_store(call, to, e, DB_EVENT_SET, event);
    reply_int(call->reply, (long long)n);
}

static void do_sinter(struct call *call)
{
    answer(call, INTERSECT);
}

static void do_sunion(struct call *call)
{
    answer(call, UNITE);
}

static void do_sdiff(struct call *call)
{
    answer(call, SUBTRACT);
}

static void do_sinterstore(struct call *call)
{
    store(call, INTERSECT, "sinterstore");
}

static void do_sunionstore(struct call *call)
{
    store(call, UNITE, "sunionstore");
}

static void do_sdiffstore(struct call *call)
{
    store(call, SUBTRACT, "sdiffstore");
}

static size_t count_union(struct call *call, struct set *const *sets, int n, size_t limit)
{
    struct result r = {set_new(), set_args_limits(call)};
    struct set_walk w;
    struct bytes x;
    size_t count = 0;
    for (int k = 0; k < n && (!limit || count < limit); k++) {
        if (!sets[k])
            continue;
        set_walk_start(&w, sets[k]);
        while ((!limit || count < limit) && set_walk_next(&w, &x)) {
            add_to_result(&r, x);
            count = set_count(r.set);
        }
    }
    set_free(r.set);
    return count;
}

static size_t count_difference(struct set *const *sets, int n, size_t limit)
{
    struct set_walk w;
    struct bytes x;
    size_t count = 0;
    if (!sets[0])
        return 0;
    set_walk_start(&w, sets[0]);
    while ((!limit || count < limit) && set_walk_next(&w, &x)) {
        bool elsewhere = false;
        for (int i = 1; i < n && !elsewhere; i++)
            elsewhere = sets[i] && set_has(sets[i], x);
        count += !elsewhere;
    }
    return count;
}

/* numkeys, keys, LIMIT; a union may be counted approximately, for which the exact count will do. */
static void count(struct call *call, enum operation op)
{
    int n;
    long long limit = 0;
    if (!helpers_numkeys(call, 1, ERR_TOO_MANY_KEYS, &n))
        return;
    for (int i = 2 + n; i < call->argc; i++) {
        if (op == UNITE && bytes_is(call->argv[i], "approx"))
            continue;
        if (!bytes_is(call->argv[i], "limit") || i + 1 >= call->argc) {
            call_error(call, ERR_SYNTAX);
            return;
        }
        if (!num_parse_int(call->argv[++i], &limit) || limit < 0) {
            reply_errorf(call->reply, "ERR LIMIT can't be negative");
            return;
        }
    }
    struct set **sets = gather(call, call->argv + 2, n);
    if (!sets)
        return;
    size_t most = (size_t)limit;
    reply_int(call->reply, (long long)(op == INTERSECT ? intersect(sets, n, most, NULL, NULL)
                                       : op == UNITE   ? count_union(call, sets, n, most)
                                                       : count_difference(sets, n, most)));
    mem_free(sets);
}

static void do_sintercard(struct call *call)
{
    count(call, INTERSECT);
}

static void do_sunioncard(struct call *call)
{
    count(call, UNITE);
}

static void do_sdiffcard(struct call *call)
{
    count(call, SUBTRACT);
}

const struct command sinter_command = {
    .name = "sinter",
    .usage = "key:key...",
    .summary = "Answers the members that all sets have.",
    .since = "1.0.0",
    .complexity = "O(N*M) with N the members of the smallest set and M the sets",
    .tips = "nondeterministic_output_order",
    .group = GROUP_SET,
    .arity = -2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, -1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_sinter,
};
const struct command sunion_command = {
    .name = "sunion",
    .usage = "key:key...",
    .summary = "Answers the members that any of the sets has.",
    .since = "1.0.0",
    .complexity = "O(N) with N the members of all sets",
    .tips = "nondeterministic_output_order",
    .group = GROUP_SET,
    .arity = -2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, -1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_sunion,
};
const struct command sdiff_command = {
    .name = "sdiff",
    .usage = "key:key...",
    .summary = "Answers the members of the first set that no other has.",
    .since = "1.0.0",
    .complexity = "O(N*M) with N the members of the first set and M the sets",
    .tips = "nondeterministic_output_order",
    .group = GROUP_SET,
    .arity = -2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, -1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_sdiff,
};
const struct command sinterstore_command = {
    .name = "sinterstore",
    .usage = "destination:key key:key...",
    .summary = "Stores the members that all sets have.",
    .since = "1.0.0",
    .complexity = "O(N*M) with N the members of the smallest set and M the sets",
    .group = GROUP_SET,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE), KEY_RANGE(2, -1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_sinterstore,
};
const struct command sunionstore_command = {
    .name = "sunionstore",
    .usage = "destination:key key:key...",
    .summary = "Stores the members that any of the sets has.",
    .since = "1.0.0",
    .complexity = "O(N) with N the members of all sets",
    .group = GROUP_SET,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_OW | KEY_UPDATE), KEY_RANGE(2, -1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_sunionstore,
};
const struct command sdiffstore_command = {
    .name = "sdiffstore",
    .usage = "destination:key key:key...",
    .summary = "Stores the members of the first set that no other has.",
    .since = "1.0.0",
    .complexity = "O(N*M) with N the members of the first set and M the sets",
    .group = GROUP_SET,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_OW | KEY_UPDATE), KEY_RANGE(2, -1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_sdiffstore,
};
const struct command sintercard_command = {
    .name = "sintercard",
    .usage = "numkeys:int key:key... [LIMIT limit:int]",
    .summary = "Counts the members that all sets have.",
    .since = "7.0.0",
    .complexity = "O(N*M) with N the members of the smallest set and M the sets",
    .group = GROUP_SET,
    .arity = -3,
    .flags = COMMAND_MOVABLEKEYS | COMMAND_READONLY,
    .keys = {KEY_COUNTED(1, 0, 1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_sintercard,
};
const struct command sunioncard_command = {
    .name = "sunioncard",
    .usage = "numkeys:int key:key... [APPROX] [LIMIT limit:int]",
    .summary = "Counts the members that any of the sets has.",
    .since = "8.10.0",
    .complexity = "O(N) with N the members of all sets",
    .group = GROUP_SET,
    .arity = -3,
    .flags = COMMAND_MOVABLEKEYS | COMMAND_READONLY,
    .keys = {KEY_COUNTED(1, 0, 1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_sunioncard,
};
const struct command sdiffcard_command = {
    .name = "sdiffcard",
    .usage = "numkeys:int key:key... [LIMIT limit:int]",
    .summary = "Counts the members of the first set that no other has.",
    .since = "8.10.0",
    .complexity = "O(N*M) with N the members of the first set and M the sets",
    .group = GROUP_SET,
    .arity = -3,
    .flags = COMMAND_MOVABLEKEYS | COMMAND_READONLY,
    .keys = {KEY_COUNTED(1, 0, 1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_sdiffcard,
};
