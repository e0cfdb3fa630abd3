/* Union, intersection and difference of several sorted sets, or sets, whose members score 1.
 *
 * parse_inputs() looks up the keys, parse_options() parses WEIGHTS, AGGREGATE and WITHSCORES;
 * compute() makes a new sorted set of the inputs, which is sent or stored:
 *
 *   union         walks every input; scores of a member in several are combined
 *   intersection  walks the smallest input, and looks its members up in the others
 *   difference    walks the first input, and looks its members up in the others; scores are the
 *                 first's
 *
 * Inputs are first sorted by size, except for a difference: the order in which floating-point
 * scores are added affects the sum, and this is Redis' order. Weights and sums that are NaN (inf
 * and -inf) count as 0.
 *
 * The journal gets the request itself; with AGGREGATE COUNT, which Redis before 8.8 does not have,
 * it gets the result: effect(). */
#include "commands/zset/zset_algebra.h"

#include "base/mem.h"
#include "base/num.h"
#include "commands/helpers.h"
#include "commands/zset_args.h"
#include "type/set.h"

#include <math.h>

enum aggregate { SUM, LEAST, MOST, COUNT };

/* An input. Members of a plain set score 1. */
struct source {
    const struct zset *z;
    const struct set *s;
    double weight;
};

struct inputs {
    struct source *sources;
    int n;
    enum aggregate aggregate;
    bool scores; /* WITHSCORES */
};

static size_t size_of(const struct source *x)
{
    return x->z ? zset_count(x->z) : x->s ? set_count(x->s) : 0;
}

static bool score_in(const struct source *x, struct bytes member, double *score)
{
    *score = 1;
    return x->z ? zset_score(x->z, member, score) : x->s && set_has(x->s, member);
}

struct walk {
    struct zset_walk z;
    struct set_walk s;
    const struct source *x;
};

static void walk_start(struct walk *w, const struct source *x)
{
    w->x = x;
    if (x->z)
        zset_walk_start(&w->z, x->z, 0, zset_count(x->z), false);
    else if (x->s)
        set_walk_start(&w->s, x->s);
}

static bool walk_next(struct walk *w, struct zset_item *out)
{
    out->score = 1;
    if (w->x->z)
        return zset_walk_next(&w->z, out);
    return w->x->s && set_walk_next(&w->s, &out->member);
}

/* An input's contribution to a score; with COUNT, its weight alone. */
static double weighted(const struct source *x, double score, enum aggregate how)
{
    double v = how == COUNT ? x->weight : x->weight * score;
    return isnan(v) ? 0 : v;
}

static double combine(enum aggregate how, double a, double b)
{
    double v = how == SUM || how == COUNT ? a + b
               : how == LEAST             ? (b < a ? b : a)
                                          : (b > a ? b : a);
    return isnan(v) ? 0 : v; /* inf and -inf */
}

static bool look_up(struct call *call, struct bytes key, struct source *out)
{
    struct entry *e = db_read(call->db, key);
    *out = (struct source){.weight = 1};
    if (e && value_type(e) == TYPE_ZSET) {
        out->z = value_object(e);
    } else if (e && value_type(e) == TYPE_SET) {
        out->s = value_object(e);
    } else if (e) {
        call_error(call, ERR_WRONGTYPE);
        return false;
    }
    return true;
}

static bool parse_weights(struct call *call, int i, struct inputs *in)
{
    for (int k = 0; k < in->n; k++)
        if (!num_parse_double(call->argv[i + k], &in->sources[k].weight)) {
            reply_errorf(call->reply, "ERR weight value is not a float");
            return false;
        }
    return true;
}

static bool parse_aggregate(struct call *call, int i, struct inputs *in)
{
    if (bytes_is(call->argv[i], "sum"))
        in->aggregate = SUM;
    else if (bytes_is(call->argv[i], "min"))
        in->aggregate = LEAST;
    else if (bytes_is(call->argv[i], "max"))
        in->aggregate = MOST;
    else if (bytes_is(call->argv[i], "count"))
        in->aggregate = COUNT;
    else
        return false;
    return true;
}

static bool parse_options(struct call *call, int i, enum zset_algebra_operation op, bool storing,
                          struct inputs *in)
{
    while (i < call->argc) {
        int left = call->argc - i;
        if (op != ZSET_DIFFERENCE && left > in->n && bytes_is(call->argv[i], "weights")) {
            if (!parse_weights(call, i + 1, in))
                return false;
            i += in->n + 1;
        } else if (op != ZSET_DIFFERENCE && left > 1 && bytes_is(call->argv[i], "aggregate")) {
            if (!parse_aggregate(call, i + 1, in)) {
                call_error(call, ERR_SYNTAX);
                return false;
            }
            i += 2;
        } else if (!storing && bytes_is(call->argv[i], "withscores")) {
            in->scores = true;
            i++;
        } else {
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    return true;
}

/* Sorts by size: the order in which scores are combined. */
static void sort_by_size(struct inputs *in)
{
    for (int i = 1; i < in->n; i++) {
        struct source x = in->sources[i];
        int k = i;
        for (; k > 0 && size_of(&in->sources[k - 1]) > size_of(&x); k--)
            in->sources[k] = in->sources[k - 1];
        in->sources[k] = x;
    }
}

/* Parses numkeys at argument i, and the inputs after it. The caller frees in->sources, even after
 * false. */
static bool parse_inputs(struct call *call, int i, struct inputs *in)
{
    long long n;
    if (!call_int(call, i, &n))
        return false;
    if (n < 1) {
        reply_errorf(call->reply, "ERR at least 1 input key is needed for '%s' command",
                     call->command->name);
        return false;
    }
    if (n > call->argc - i - 1) {
        call_error(call, ERR_SYNTAX);
        return false;
    }
    in->n = (int)n;
    in->sources = mem_zalloc((size_t)n * sizeof(*in->sources));
    for (int k = 0; k < in->n; k++)
        if (!look_up(call, call->argv[i + 1 + k], &in->sources[k]))
            return false;
    return true;
}

static void unite(const struct inputs *in, struct zset **z, const struct zset_limits *limits)
{
    struct walk w;
    struct zset_item x;
    double old;
    for (int i = 0; i < in->n; i++) {
        walk_start(&w, &in->sources[i]);
        while (walk_next(&w, &x)) {
            double v = weighted(&in->sources[i], x.score, in->aggregate);
            if (zset_score(*z, x.member, &old))
                v = combine(in->aggregate, old, v);
            zset_set(z, x.member, v, limits);
        }
    }
}

static void intersect(const struct inputs *in, struct zset **z, const struct zset_limits *limits)
{
    struct walk w;
    struct zset_item x;
    double score;
    walk_start(&w, &in->sources[0]);
    while (walk_next(&w, &x)) {
        double v = weighted(&in->sources[0], x.score, in->aggregate);
        bool everywhere = true;
        for (int i = 1; i < in->n && everywhere; i++) {
            everywhere = score_in(&in->sources[i], x.member, &score);
            if (everywhere)
                v = combine(in->aggregate, v, weighted(&in->sources[i], score, in->aggregate));
        }
        if (everywhere)
            zset_set(z, x.member, v, limits);
    }
}

static void subtract(const struct inputs *in, struct zset **z, const struct zset_limits *limits)
{
    struct walk w;
    struct zset_item x;
    double score;
    walk_start(&w, &in->sources[0]);
    while (walk_next(&w, &x)) {
        bool elsewhere = false;
        for (int i = 1; i < in->n && !elsewhere; i++)
            elsewhere = score_in(&in->sources[i], x.member, &score);
        if (!elsewhere)
            zset_set(z, x.member, x.score, limits);
    }
}

struct told {
    bool scores; /* WITHSCORES */
    bool counts; /* AGGREGATE COUNT */
};

/* Computes the result; NULL after an error. */
static struct zset *compute(struct call *call, int at, enum zset_algebra_operation op, bool storing,
                            struct told *told)
{
    struct inputs in = {0};
    struct zset *z = NULL;
    struct zset_limits limits = zset_args_limits(call);
    if (parse_inputs(call, at, &in) && parse_options(call, at + 1 + in.n, op, storing, &in)) {
        z = zset_new();
        if (op == ZSET_DIFFERENCE) {
            subtract(&in, &z, &limits);
        } else {
            sort_by_size(&in);
            if (op == ZSET_UNION)
                unite(&in, &z, &limits);
            else
                intersect(&in, &z, &limits);
        }
    }
    *told = (struct told){.scores = in.scores, .counts = in.aggregate == COUNT};
    mem_free(in.sources);
    return z;
}

void zset_algebra_answer(struct call *call, enum zset_algebra_operation op)
{
    struct told told;
    struct zset *z = compute(call, 1, op, false, &told);
    struct zset_walk w;
    struct zset_item x;
    if (!z)
        return;
    zset_args_reply_length(call, zset_count(z), told.scores);
    zset_walk_start(&w, z, 0, zset_count(z), false);
    while (zset_walk_next(&w, &x))
        zset_args_reply(call, &x, told.scores);
    zset_free(z);
}

/* Redis before 8.8 does not have COUNT: the journal gets the result. */
static void effect(struct call *call, struct bytes to, const struct zset *z)
{
    size_t n = zset_count(z), argc = 2;
    struct bytes *argv = mem_alloc((2 + 2 * n) * sizeof(*argv));
    char *texts = mem_alloc(n * NUM_DOUBLE_MAX + 1), *text = texts;
    struct zset_walk w;
    struct zset_item x;
    CALL_EFFECT(call, BYTES("DEL"), to);
    argv[0] = BYTES("ZADD");
    argv[1] = to;
    zset_walk_start(&w, z, 0, n, false);
    for (; zset_walk_next(&w, &x); text += NUM_DOUBLE_MAX) {
        argv[argc++] = bytes_of(text, num_print_double(text, x.score));
        argv[argc++] = x.member;
    }
    if (n)
        call_effect(call, argv, (int)argc);
    mem_free(texts);
    mem_free(argv);
}

void zset_algebra_store(struct call *call, enum zset_algebra_operation op, const char *event)
{
    struct told told;
    struct zset *z = compute(call, 2, op, true, &told);
    struct bytes to = call->argv[1];
    struct entry *e = NULL;
    if (!z)
        return;
    size_t n = zset_count(z);
    if (told.counts)
        effect(call, to, z);
    if (n)
        e = entry_new_word(to, VALUE_ZSET, (uintptr_t)z);
    else
        zset_free(z);
    helpers_store(call, to, e, DB_EVENT_ZSET, event);
    reply_int(call->reply, (long long)n);
}

static size_t count_common(const struct inputs *in, size_t limit)
{
    struct walk w;
    struct zset_item x;
    double score;
    size_t n = 0;
    walk_start(&w, &in->sources[0]);
    while (walk_next(&w, &x)) {
        bool everywhere = true;
        for (int i = 1; i < in->n && everywhere; i++)
            everywhere = score_in(&in->sources[i], x.member, &score);
        n += everywhere;
        if (limit && n == limit)
            break;
    }
    return n;
}

void zset_algebra_count_common(struct call *call)
{
    struct inputs in = {0};
    long long limit = 0;
    bool good = parse_inputs(call, 1, &in);
    for (int i = 2 + in.n; i < call->argc && good; i += 2) {
        good = bytes_is(call->argv[i], "limit") && i + 1 < call->argc;
        if (!good) {
            call_error(call, ERR_SYNTAX);
            break;
        }
        good = num_parse_int(call->argv[i + 1], &limit) && limit >= 0;
        if (!good)
            call_error(call, ERR_LIMIT_BELOW_ZERO);
    }
    if (good) {
        sort_by_size(&in);
        reply_int(call->reply, (long long)count_common(&in, (size_t)limit));
    }
    mem_free(in.sources);
}
