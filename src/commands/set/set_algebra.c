#include "commands/set/set_algebra.h"

#include "base/mem.h"
#include "base/num.h"
#include "commands/helpers.h"
#include "commands/set/set_args.h"

/* The sets under n keys, NULL for absent ones. Returns NULL after WRONGTYPE. */
static const struct set **read_sets(struct call *call, const struct bytes *keys, int n)
{
    const struct set **sets = mem_alloc((size_t)n * sizeof(struct set *));
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

/* Visits members of all sets, at most `limit` (0: no limit); returns how many. */
static size_t intersect(const struct set *const *sets, int n, size_t limit, found *note,
                        void *context)
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
    /* Walks the smallest set and looks its members up in the others: O(N*K) with N its size. */
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

static struct set *compute(struct call *call, const struct set *const *sets, int n,
                           enum set_algebra_operation op)
{
    struct result r = {set_new(), set_args_limits(call)};
    struct set_walk w;
    struct bytes x;
    if (op == SET_INTERSECTION) {
        intersect(sets, n, 0, add_to_result, &r);
        return r.set;
    }
    for (int k = 0; k < (op == SET_UNION ? n : 1); k++) {
        if (!sets[k])
            continue;
        set_walk_start(&w, sets[k]);
        while (set_walk_next(&w, &x)) {
            bool elsewhere = false;
            for (int i = 1; op == SET_DIFFERENCE && i < n && !elsewhere; i++)
                elsewhere = sets[i] && set_has(sets[i], x);
            if (!elsewhere)
                add_to_result(&r, x);
        }
    }
    return r.set;
}

void set_algebra_answer(struct call *call, enum set_algebra_operation op)
{
    const struct set **sets = read_sets(call, call->argv + 1, call->argc - 1);
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

void set_algebra_store(struct call *call, enum set_algebra_operation op, const char *event)
{
    const struct set **sets = read_sets(call, call->argv + 2, call->argc - 2);
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

static size_t count_union(struct call *call, const struct set *const *sets, int n, size_t limit)
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

static size_t count_difference(const struct set *const *sets, int n, size_t limit)
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

void set_algebra_count(struct call *call, enum set_algebra_operation op)
{
    int n;
    long long limit = 0;
    if (!helpers_numkeys(call, 1, ERR_TOO_MANY_KEYS, &n))
        return;
    for (int i = 2 + n; i < call->argc; i++) {
        if (op == SET_UNION && bytes_is(call->argv[i], "approx"))
            continue;
        if (!bytes_is(call->argv[i], "limit") || i + 1 >= call->argc) {
            call_error(call, ERR_SYNTAX);
            return;
        }
        if (!num_parse_int(call->argv[++i], &limit) || limit < 0) {
            call_error(call, ERR_LIMIT_BELOW_ZERO);
            return;
        }
    }
    const struct set **sets = read_sets(call, call->argv + 2, n);
    if (!sets)
        return;
    size_t most = (size_t)limit;
    reply_int(call->reply, (long long)(op == SET_INTERSECTION ? intersect(sets, n, most, NULL, NULL)
                                       : op == SET_UNION      ? count_union(call, sets, n, most)
                                                              : count_difference(sets, n, most)));
    mem_free(sets);
}
