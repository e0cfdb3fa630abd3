/* Members and scores: ZADD and its kin, lookups, counts. */
#include "commands/index.h"

#include "base/mem.h"
#include "commands/scan_args.h"
#include "commands/zset_args.h"
#include "ds/dict.h"

#include <math.h>

enum { NX = 1, XX = 2, GT = 4, LT = 8, CH = 16, INCR = 32 };

/* The options from argument 2 on; returns where the scores begin. */
static int parse_options(const struct call *call, unsigned *flags)
{
    static const char *const words[] = {"nx", "xx", "gt", "lt", "ch", "incr"};
    int i = 2;
    for (*flags = 0; i < call->argc; i++) {
        unsigned k = 0;
        while (k < 6 && !bytes_is(call->argv[i], words[k]))
            k++;
        if (k == 6)
            break;
        *flags |= 1u << k;
    }
    return i;
}

static bool options_fit(struct call *call, unsigned flags, int pairs)
{
    const char *why = NULL;
    if ((flags & NX) && (flags & XX))
        why = "ERR XX and NX options at the same time are not compatible";
    else if (((flags & NX) && (flags & (GT | LT))) || ((flags & GT) && (flags & LT)))
        why = "ERR GT, LT, and/or NX options at the same time are not compatible";
    else if ((flags & INCR) && pairs > 1)
        why = "ERR INCR option supports a single increment-element pair";
    if (why)
        reply_errorf(call->reply, "%s", why);
    return !why;
}

enum outcome { NOTHING, ADDED, UPDATED, SAME, NOT_A_NUMBER };

static enum outcome put(const struct call *call, struct entry *e, unsigned flags,
                        struct bytes member, double *score)
{
    struct zset *z = value_object(e);
    struct zset_limits limits = zset_args_limits(call);
    double old;
    bool there = zset_score(z, member, &old);
    if ((flags & NX) && there)
        return NOTHING;
    if ((flags & XX) && !there)
        return NOTHING;
    if (there && (flags & INCR)) {
        *score += old;
        if (isnan(*score))
            return NOT_A_NUMBER;
    }
    if (there && (((flags & LT) && *score >= old) || ((flags & GT) && *score <= old)))
        return NOTHING;
    if (there && *score == old)
        return SAME;
    zset_set(&z, member, *score, &limits);
    value_moved(e, z);
    return there ? UPDATED : ADDED;
}

/* Scores and members from argument `at` on. */
static void add(struct call *call, int at, unsigned flags)
{
    struct bytes key = call->argv[1];
    struct entry *e;
    int pairs = (call->argc - at) / 2;
    long long added = 0, updated = 0;
    double few[16], *scores = pairs <= 16 ? few : mem_alloc((size_t)pairs * sizeof(*scores)),
                    score = 0;
    bool good = true, done = false;
    for (int i = 0; good && i < pairs; i++)
        good = call_double(call, at + 2 * i, &scores[i]);
    if (good && zset_args_write(call, key, &e)) {
        bool fresh = !e && !(flags & XX);
        if (fresh) {
            e = entry_new_word(key, VALUE_ZSET, (uintptr_t)zset_new());
            db_add(call->db, e);
        }
        for (int i = 0; good && e && i < pairs; i++) {
            score = scores[i];
            enum outcome o = put(call, e, flags, call->argv[at + 2 * i + 1], &score);
            added += o == ADDED;
            updated += o == UPDATED;
            done = done || (o != NOTHING && o != NOT_A_NUMBER);
            good = o != NOT_A_NUMBER;
        }
        if (!good)
            reply_errorf(call->reply, "ERR resulting score is not a number (NaN)");
        else if (!(flags & INCR))
            reply_int(call->reply, flags & CH ? added + updated : added);
        else if (done)
            reply_double(call->reply, score);
        else
            reply_null(call->reply);
        if (added || updated) {
            db_count_changes(call->store, (uint64_t)(added + updated));
            db_changed(call->db, key, DB_EVENT_ZSET, flags & INCR ? "zincr" : "zadd");
            db_ready(call->db, key);
        }
    }
    if (scores != few)
        mem_free(scores);
}

static void do_zadd(struct call *call)
{
    unsigned flags;
    int at = parse_options(call, &flags), left = call->argc - at;
    if (left == 0 || left % 2)
        call_error(call, ERR_SYNTAX);
    else if (options_fit(call, flags, left / 2))
        add(call, at, flags);
}

static void do_zincrby(struct call *call)
{
    add(call, 2, INCR);
}

static void do_zrem(struct call *call)
{
    struct entry *e;
    long long removed = 0;
    if (!zset_args_write(call, call->argv[1], &e))
        return;
    for (int i = 2; e && i < call->argc; i++) {
        struct zset *z = value_object(e);
        removed += zset_remove(&z, call->argv[i]);
        value_moved(e, z);
    }
    if (removed)
        zset_args_shrunk(call, call->argv[1], e, "zrem", (uint64_t)removed);
    reply_int(call->reply, removed);
}

const struct command zadd_command = {
    .name = "zadd",
    .usage = "key:key [<NX | XX>] [<GT | LT>] [CH] [INCR] (score:double member:string)...",
    .summary = "Adds members with their scores, or changes scores.",
    .since = "1.2.0",
    .complexity = "O(log(N)) for each member",
    .group = GROUP_SORTED_SET,
    .arity = -4,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_zadd,
};
const struct command zincrby_command = {
    .name = "zincrby",
    .usage = "key:key increment:int member:string",
    .summary = "Adds to the score of a member.",
    .since = "1.2.0",
    .complexity = "O(log(N))",
    .group = GROUP_SORTED_SET,
    .arity = 4,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_zincrby,
};
const struct command zrem_command = {
    .name = "zrem",
    .usage = "key:key member:string...",
    .summary = "Removes members.",
    .since = "1.2.0",
    .complexity = "O(log(N)) for each member",
    .group = GROUP_SORTED_SET,
    .arity = -3,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_zrem,
};

static void do_zscore(struct call *call)
{
    struct zset *z;
    double score;
    if (!zset_args_read(call, call->argv[1], &z))
        return;
    if (z && zset_score(z, call->argv[2], &score))
        reply_double(call->reply, score);
    else
        reply_null(call->reply);
}

static void do_zmscore(struct call *call)
{
    struct zset *z;
    double score;
    if (!zset_args_read(call, call->argv[1], &z))
        return;
    reply_array(call->reply, (size_t)call->argc - 2);
    for (int i = 2; i < call->argc; i++) {
        if (z && zset_score(z, call->argv[i], &score))
            reply_double(call->reply, score);
        else
            reply_null(call->reply);
    }
}

static void do_zcard(struct call *call)
{
    struct zset *z;
    if (zset_args_read(call, call->argv[1], &z))
        reply_int(call->reply, z ? (long long)zset_count(z) : 0);
}

static void rank(struct call *call, bool backwards)
{
    struct zset *z;
    size_t r;
    double score;
    bool scores = call->argc == 4 && bytes_is(call->argv[3], "withscore");
    if (call->argc > 4 || (call->argc == 4 && !scores)) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (!zset_args_read(call, call->argv[1], &z))
        return;
    if (!z || !zset_rank(z, call->argv[2], &r, &score)) {
        if (scores)
            reply_null_array(call->reply);
        else
            reply_null(call->reply);
        return;
    }
    if (scores)
        reply_array(call->reply, 2);
    reply_int(call->reply, (long long)(backwards ? zset_count(z) - 1 - r : r));
    if (scores)
        reply_double(call->reply, score);
}

static void do_zrank(struct call *call)
{
    rank(call, false);
}

static void do_zrevrank(struct call *call)
{
    rank(call, true);
}

static void count(struct call *call, enum zset_range_by by)
{
    struct zset *z;
    struct zset_range r = {.by = by};
    size_t from, n = 0;
    if (!zset_args_range(call, 2, &r) || !zset_args_read(call, call->argv[1], &z))
        return;
    if (z)
        zset_args_ranks(z, &r, &from, &n);
    reply_int(call->reply, (long long)n);
}

static void do_zcount(struct call *call)
{
    count(call, ZSET_BY_SCORE);
}

static void do_zlexcount(struct call *call)
{
    count(call, ZSET_BY_LEX);
}

const struct command zscore_command = {
    .name = "zscore",
    .usage = "key:key member:string",
    .summary = "Answers the score of a member.",
    .since = "1.2.0",
    .complexity = "O(1)",
    .group = GROUP_SORTED_SET,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zscore,
};
const struct command zmscore_command = {
    .name = "zmscore",
    .usage = "key:key member:string...",
    .summary = "Answers the scores of several members, null for each that is absent.",
    .since = "6.2.0",
    .complexity = "O(N) with N the members",
    .group = GROUP_SORTED_SET,
    .arity = -3,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zmscore,
};
const struct command zcard_command = {
    .name = "zcard",
    .usage = "key:key",
    .summary = "Answers how many members a sorted set has.",
    .since = "1.2.0",
    .complexity = "O(1)",
    .group = GROUP_SORTED_SET,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO)},
    .handler = do_zcard,
};
const struct command zrank_command = {
    .name = "zrank",
    .usage = "key:key member:string [WITHSCORE]",
    .summary = "Answers the place of a member, by ascending score.",
    .since = "2.0.0",
    .complexity = "O(log(N))",
    .group = GROUP_SORTED_SET,
    .arity = -3,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zrank,
};
const struct command zrevrank_command = {
    .name = "zrevrank",
    .usage = "key:key member:string [WITHSCORE]",
    .summary = "Answers the place of a member, by descending score.",
    .since = "2.0.0",
    .complexity = "O(log(N))",
    .group = GROUP_SORTED_SET,
    .arity = -3,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zrevrank,
};
const struct command zcount_command = {
    .name = "zcount",
    .usage = "key:key min:double max:double",
    .summary = "Counts the members within a range of scores.",
    .since = "2.0.0",
    .complexity = "O(log(N))",
    .group = GROUP_SORTED_SET,
    .arity = 4,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zcount,
};
const struct command zlexcount_command = {
    .name = "zlexcount",
    .usage = "key:key min:string max:string",
    .summary = "Counts the members within a range of names, all scores being the same.",
    .since = "2.8.9",
    .complexity = "O(log(N))",
    .group = GROUP_SORTED_SET,
    .arity = 4,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zlexcount,
};

static void reply_rank(struct call *call, const struct zset *z, size_t rank_, bool scores)
{
    struct zset_walk w;
    struct zset_item x;
    zset_walk_start(&w, z, rank_, 1, false);
    zset_walk_next(&w, &x);
    zset_args_reply(call, &x, scores);
}

/* n different members: ranks that are drawn until they differ, or decided upon one by one. */
static void reply_distinct(struct call *call, const struct zset *z, size_t n, bool scores)
{
    struct rng *rng = &call->store->rng;
    size_t left = zset_count(z);
    zset_args_reply_length(call, n, scores);
    if (n * 3 < left) {
        struct dict seen = {0};
        while (n) {
            size_t r = rng_below(rng, left), before = seen.used;
            dict_ensure(&seen, bytes_of(&r, sizeof(r)));
            if (seen.used == before)
                continue;
            reply_rank(call, z, r, scores);
            n--;
        }
        dict_clear(&seen);
        return;
    }
    struct zset_walk w;
    struct zset_item x;
    zset_walk_start(&w, z, 0, left, false);
    for (; n && zset_walk_next(&w, &x); left--)
        if (rng_below(rng, left) < n) {
            zset_args_reply(call, &x, scores);
            n--;
        }
}

static void do_zrandmember(struct call *call)
{
    struct zset *z;
    long long wanted;
    struct rng *rng = &call->store->rng;
    if (call->argc == 2) {
        if (!zset_args_read(call, call->argv[1], &z))
            return;
        if (z)
            reply_rank(call, z, rng_below(rng, zset_count(z)), false);
        else
            reply_null(call->reply);
        return;
    }
    if (!call_int_range(call, 2, -HELPERS_RANDOM_MOST, INT64_MAX, ERR_VALUE_RANGE, &wanted))
        return;
    if (call->argc > 4 || (call->argc == 4 && !bytes_is(call->argv[3], "withscores"))) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    bool scores = call->argc == 4;
    if (scores && wanted > INT64_MAX / 2) {
        call_error(call, ERR_VALUE_RANGE);
        return;
    }
    if (!zset_args_read(call, call->argv[1], &z))
        return;
    if (!z || wanted == 0) {
        reply_array(call->reply, 0);
    } else if (wanted < 0) {
        zset_args_reply_length(call, (size_t)-wanted, scores);
        for (; wanted && !reply_is_lost(call->reply); wanted++)
            reply_rank(call, z, rng_below(rng, zset_count(z)), scores);
    } else {
        size_t n = (size_t)wanted < zset_count(z) ? (size_t)wanted : zset_count(z);
        reply_distinct(call, z, n, scores);
    }
}

const struct command zrandmember_command = {
    .name = "zrandmember",
    .usage = "key:key [count:int [WITHSCORES]]",
    .summary = "Answers any members of a sorted set.",
    .since = "6.2.0",
    .complexity = "O(N*log(M)) with N the members answered and M all",
    .tips = "nondeterministic_output",
    .group = GROUP_SORTED_SET,
    .arity = -2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zrandmember,
};

static void note_item(void *context, const struct zset_item *x)
{
    struct scan_args *s = context;
    char text[NUM_DOUBLE_MAX];
    if (!scan_args_matches(s, x->member))
        return;
    reply_bulk(s->call->reply, x->member);
    reply_bulk(s->call->reply, bytes_of(text, num_print_double(text, x->score)));
    s->n += 2;
    s->found++;
}

static uint64_t step(const void *collection, struct scan_args *s)
{
    return zset_scan(collection, s->cursor, note_item, s);
}

static void do_zscan(struct call *call)
{
    struct scan_args s;
    struct zset *z;
    if (!scan_args_cursor(call, 2, &s) || !zset_args_read(call, call->argv[1], &z))
        return;
    if (!z) {
        scan_args_nothing(call);
        return;
    }
    if (!scan_args_options(call, 3, 0, &s))
        return;
    scan_args_walk(&s, z, step);
}

const struct command zscan_command = {
    .name = "zscan",
    .usage = "key:key cursor:int [MATCH pattern:pattern] [COUNT count:int]",
    .summary = "Walks the members of a sorted set a little at a time.",
    .since = "2.8.0",
    .complexity = "O(1) for each call, O(N) for a whole walk",
    .tips = "nondeterministic_output",
    .group = GROUP_SORTED_SET,
    .arity = -3,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zscan,
};
