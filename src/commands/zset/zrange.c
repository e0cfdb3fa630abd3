/* ZRANGE with its older forms ZRANGEBYSCORE and ZRANGEBYLEX; ZRANGESTORE. A range by rank, score or
 * member is converted to ranks (zset_args_ranks()), then walked. */
#include "commands/zset/zrange.h"
#include "commands/index.h"

#include "commands/zset_args.h"

struct range_request {
    struct zset_range range;
    bool scores;
    bool by_given; /* the kind of range was given, by an option or the command's name */
    bool rev_given;
};

/* Parses options from argument i on; if the command's name implies the kind of range, there are
 * fewer. */
static bool parse_options(struct call *call, int i, bool storing, struct range_request *q)
{
    for (; i < call->argc; i++) {
        struct bytes word = call->argv[i];
        if (!storing && bytes_is(word, "withscores")) {
            q->scores = true;
        } else if (bytes_is(word, "limit") && i + 2 < call->argc) {
            if (!call_int(call, i + 1, &q->range.offset) || !call_int(call, i + 2, &q->range.limit))
                return false;
            q->range.limited = true;
            i += 2;
        } else if (!q->rev_given && bytes_is(word, "rev")) {
            q->range.backwards = true;
            q->rev_given = true;
        } else if (!q->by_given && bytes_is(word, "bylex")) {
            q->range.by = ZSET_BY_LEX;
            q->by_given = true;
        } else if (!q->by_given && bytes_is(word, "byscore")) {
            q->range.by = ZSET_BY_SCORE;
            q->by_given = true;
        } else {
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    if (q->range.limited && q->range.limit != -1 && q->range.by == ZSET_BY_RANK) {
        reply_errorf(call->reply, "ERR syntax error, LIMIT is only supported in combination with "
                                  "either BYSCORE or BYLEX");
        return false;
    }
    if (q->scores && q->range.by == ZSET_BY_LEX) {
        reply_errorf(call->reply, "ERR syntax error, WITHSCORES not supported in combination with "
                                  "BYLEX");
        return false;
    }
    return true;
}

static void answer(struct call *call, struct range_request *q)
{
    const struct zset *z;
    struct zset_walk w;
    struct zset_item x;
    size_t from, n = 0;
    if (!parse_options(call, 4, false, q) || !zset_args_range(call, 2, &q->range) ||
        !zset_args_read(call, call->argv[1], &z))
        return;
    if (z)
        zset_args_ranks(z, &q->range, &from, &n);
    zset_args_reply_length(call, n, q->scores);
    if (n == 0)
        return;
    zset_walk_start(&w, z, from, n, q->range.backwards);
    while (zset_walk_next(&w, &x))
        zset_args_reply(call, &x, q->scores);
}

void zrange_answer_by(struct call *call, enum zset_range_by by, bool backwards)
{
    struct range_request q = {
        .range = {.by = by, .backwards = backwards}, .by_given = true, .rev_given = true};
    answer(call, &q);
}

static void do_zrange(struct call *call)
{
    struct range_request q = {0};
    answer(call, &q);
}

static void do_zrangebyscore(struct call *call)
{
    zrange_answer_by(call, ZSET_BY_SCORE, false);
}

static void do_zrangebylex(struct call *call)
{
    zrange_answer_by(call, ZSET_BY_LEX, false);
}

static void do_zrangestore(struct call *call)
{
    struct range_request q = {0};
    struct bytes to = call->argv[1];
    const struct zset *z;
    struct zset_walk w;
    struct zset_item x;
    struct entry *e = NULL;
    struct zset_limits limits = zset_args_limits(call);
    size_t from, n = 0;
    if (!parse_options(call, 5, true, &q) || !zset_args_range(call, 3, &q.range) ||
        !zset_args_read(call, call->argv[2], &z))
        return;
    if (z)
        zset_args_ranks(z, &q.range, &from, &n);
    if (n) {
        struct zset *result = zset_new();
        zset_walk_start(&w, z, from, n, q.range.backwards);
        while (zset_walk_next(&w, &x))
            zset_set(&result, x.member, x.score, &limits);
        e = entry_new_word(to, VALUE_ZSET, (uintptr_t)result);
    }
    helpers_store(call, to, e, DB_EVENT_ZSET, "zrangestore");
    reply_int(call->reply, (long long)n);
}

const struct command zrange_command = {
    .name = "zrange",
    .usage = "key:key start:string stop:string [<BYSCORE | BYLEX>] [REV] [LIMIT offset:int "
             "count:int] [WITHSCORES]",
    .summary = "Returns the members in a range of ranks, scores or names.",
    .since = "1.2.0",
    .complexity = "O(log(N)+M) with M the members answered",
    .group = GROUP_SORTED_SET,
    .arity = -4,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zrange,
};

const struct command zrangebyscore_command = {
    .name = "zrangebyscore",
    .usage = "key:key min:double max:double [WITHSCORES] [LIMIT offset:int count:int]",
    .summary = "Returns the members in a range of scores.",
    .since = "1.0.5",
    .complexity = "O(log(N)+M) with M the members answered",
    .group = GROUP_SORTED_SET,
    .arity = -4,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zrangebyscore,
};

const struct command zrangebylex_command = {
    .name = "zrangebylex",
    .usage = "key:key min:string max:string [LIMIT offset:int count:int]",
    .summary = "Returns the members in a lexicographical range.",
    .since = "2.8.9",
    .complexity = "O(log(N)+M) with M the members answered",
    .group = GROUP_SORTED_SET,
    .arity = -4,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zrangebylex,
};

const struct command zrangestore_command = {
    .name = "zrangestore",
    .usage = "dst:key src:key min:string max:string [<BYSCORE | BYLEX>] [REV] [LIMIT offset:int "
             "count:int]",
    .summary = "Stores the members in a range.",
    .since = "6.2.0",
    .complexity = "O(log(N)+M*log(M)) with M the members stored",
    .group = GROUP_SORTED_SET,
    .arity = -5,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_OW | KEY_UPDATE), KEY_RANGE(2, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zrangestore,
};
