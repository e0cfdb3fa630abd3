/* ZADD, and ZINCRBY, which is its INCR. All scores are parsed before the first member is set, so
 * that an invalid one changes nothing. */
#include "commands/index.h"

#include "base/mem.h"
#include "commands/zset_args.h"

#include <math.h>

enum { NX = 1, XX = 2, GT = 4, LT = 8, CH = 16, INCR = 32 };

/* Parses the options from argument 2 on; returns the index of the first score. */
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

/* GT and LT do not apply to new members. */
static enum outcome put_one(const struct call *call, struct entry *e, unsigned flags,
                            struct bytes member, double *score)
{
    struct zset *z = value_to_change(e);
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
    /* Small requests need no allocation. */
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
            enum outcome o = put_one(call, e, flags, call->argv[at + 2 * i + 1], &score);
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

const struct command zadd_command = {
    .name = "zadd",
    .usage = "key:key [<NX | XX>] [<GT | LT>] [CH] [INCR] (score:double member:string)...",
    .summary = "Adds members with their scores, or updates scores.",
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
    .summary = "Increments the score of a member.",
    .since = "1.2.0",
    .complexity = "O(log(N))",
    .group = GROUP_SORTED_SET,
    .arity = 4,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_zincrby,
};
