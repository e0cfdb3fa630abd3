/* A schedule is a sequence of moments and a position in it. The sequence follows from the rules
 * alone: every span after the start, or the moments of a cron expression from the start on, up to
 * UNTIL. The position is passed_ms; next_ms is the first moment after it. So every change of rules
 * or position ends in look_ahead().
 *
 * The position is journalled with each message, and when moments were passed without one (missed
 * and not caught up, or refused): what was decided holds after a restart, and on whoever becomes
 * primary. */
#include "type/stream/stream_schedule.h"

#include "base/assert.h"
#include "base/mem.h"

#define NEVER INT64_MAX

/* For the search backwards: the number of moments that ends a count, and the limits of a window's
 * length. The shortest window holds fewer moments than that, since those of an expression are whole
 * seconds. */
#define WINDOW_MOST     64
#define WINDOW_LEAST_MS (WINDOW_MOST * 1000 / 2)
#define WINDOW_MOST_MS  ((int64_t)1 << 42)

bool stream_schedule_is_timed(const struct stream_schedule *x)
{
    return x->rules.every_ms || x->rules.in;
}

int64_t stream_schedule_rules_next(const struct stream_schedule_rules *r, int64_t ms)
{
    int64_t at;
    if (r->every_ms) {
        int64_t behind = ms > r->start_ms ? ms - r->start_ms : 0;
        at = r->start_ms + (behind / r->every_ms + 1) * r->every_ms;
    } else {
        int64_t from = ms < r->start_ms ? r->start_ms - 1 : ms;
        if (!r->in || !cron_next(&r->fields, r->in, from > 0 ? from : 0, &at))
            return NEVER;
    }
    return at > STREAM_SCHEDULE_MOMENT_MOST || (r->until_ms && at > r->until_ms) ? NEVER : at;
}

static void look_ahead(struct stream_schedule *x)
{
    ASSERT(x->passed_ms >= x->last_ms);
    x->next_ms =
        stream_schedule_left(x) == 0 ? NEVER : stream_schedule_rules_next(&x->rules, x->passed_ms);
}

struct stream_schedule *stream_schedule_new(struct bytes name)
{
    struct stream_schedule *x = mem_zalloc(sizeof(*x));
    x->name = str_new(name);
    x->next_ms = NEVER;
    return x;
}

void stream_schedule_free(struct stream_schedule *x)
{
    str_unref(x->name);
    mem_free(x->memory);
    mem_free(x);
}

static struct bytes put(char **to, struct bytes from)
{
    struct bytes copy = bytes_of(*to, from.n);
    if (from.n)
        memcpy(*to, from.p, from.n);
    *to += from.n;
    return copy;
}

/* Copies the rules, with everything they point to, into the schedule's own memory. */
static void keep(struct stream_schedule *x, const struct stream_schedule_rules *rules)
{
    size_t n = rules->pairs_n * sizeof(struct bytes) + rules->cron.n + rules->zone.n +
               bytes_total(rules->pairs, rules->pairs_n);
    char *memory = mem_alloc(n), *to = memory + rules->pairs_n * sizeof(struct bytes);
    struct bytes *pairs = (struct bytes *)(void *)memory;
    for (size_t i = 0; i < rules->pairs_n; i++)
        pairs[i] = put(&to, rules->pairs[i]);
    x->rules = *rules;
    x->rules.cron = put(&to, rules->cron);
    x->rules.zone = put(&to, rules->zone);
    x->rules.pairs = pairs;
    ASSERT(to == memory + n);
    mem_free(x->memory);
    x->memory = memory;
    x->held = n;
}

void stream_schedule_set_rules(struct stream_schedule *x, const struct stream_schedule_rules *rules)
{
    ASSERT(rules->pairs_n > 0 && rules->pairs_n % 2 == 0);
    ASSERT(rules->every_ms ? rules->every_ms >= STREAM_SCHEDULE_EVERY_LEAST : rules->cron.n > 0);
    keep(x, rules);
    if (rules->limit >= 0 &&
        __builtin_add_overflow(rules->limit, (int64_t)x->fired, &x->rules.limit))
        x->rules.limit = INT64_MAX;
    x->passed_ms = x->last_ms;
    x->few_until_ms = 0;
    look_ahead(x);
}

void stream_schedule_mark(struct stream_schedule *x, int64_t last_ms, uint64_t fired)
{
    x->last_ms = last_ms;
    x->fired = fired;
    if (x->passed_ms < last_ms)
        x->passed_ms = last_ms;
    look_ahead(x);
}

void stream_schedule_pass(struct stream_schedule *x, int64_t until_ms)
{
    ASSERT(until_ms >= x->passed_ms);
    x->passed_ms = until_ms;
    look_ahead(x);
}

size_t stream_schedule_memory(const struct stream_schedule *x)
{
    return mem_block_size(x) + mem_block_size(x->memory) + mem_block_size(x->name);
}

bool stream_schedule_is_sound(const struct stream_schedule *x)
{
    return x->next_ms > x->passed_ms && x->passed_ms >= x->last_ms;
}

bool stream_schedule_rules_equal(const struct stream_schedule_rules *a,
                                 const struct stream_schedule_rules *b)
{
    bool same = bytes_equal(a->cron, b->cron) && bytes_equal(a->zone, b->zone) && a->in == b->in &&
                a->every_ms == b->every_ms && a->until_ms == b->until_ms &&
                a->catchup == b->catchup && a->pairs_n == b->pairs_n;
    for (size_t i = 0; same && i < a->pairs_n; i++)
        same = bytes_equal(a->pairs[i], b->pairs[i]);
    return same;
}

int64_t stream_schedule_rules_start(const struct stream_schedule_rules *r)
{
    return r->start_ms + r->every_ms;
}

bool stream_schedule_is_over(const struct stream_schedule *x)
{
    return x->next_ms == NEVER && stream_schedule_is_timed(x);
}

int64_t stream_schedule_due_ms(const struct stream_schedule *x)
{
    return x->next_ms != NEVER ? x->next_ms : x->passed_ms ? x->passed_ms : x->rules.start_ms;
}

int64_t stream_schedule_left(const struct stream_schedule *x)
{
    int64_t fired = (int64_t)x->fired;
    return x->rules.limit < 0 ? -1 : x->rules.limit > fired ? x->rules.limit - fired : 0;
}

int64_t stream_schedule_last_until(const struct stream_schedule *x, int64_t until_ms)
{
    ASSERT(x->next_ms <= until_ms);
    int64_t low = x->passed_ms, high = until_ms; /* a moment follows low; none follows high */
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (stream_schedule_rules_next(&x->rules, middle) <= until_ms)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* Moments in (from, until]. */
static uint64_t count(const struct stream_schedule *x, int64_t from, int64_t until, uint64_t most)
{
    uint64_t n = 0;
    while (n < most && (from = stream_schedule_rules_next(&x->rules, from)) <= until)
        n++;
    return n;
}

uint64_t stream_schedule_count_until(const struct stream_schedule *x, int64_t until_ms,
                                     uint64_t most)
{
    return count(x, x->passed_ms, until_ms, most);
}

/* With EVERY: by arithmetic. */
static int64_t before_last_span(const struct stream_schedule *x, int64_t until_ms, uint64_t n)
{
    const struct stream_schedule_rules *r = &x->rules;
    int64_t end = r->until_ms && r->until_ms < until_ms ? r->until_ms : until_ms;
    int64_t last = end < r->start_ms ? 0 : (end - r->start_ms) / r->every_ms;
    int64_t before = last > (int64_t)n ? r->start_ms + (last - (int64_t)n) * r->every_ms : 0;
    return before > x->passed_ms ? before : x->passed_ms;
}

/* A time at or up to WINDOW_LEAST_MS after the last moment in (begin, end], which has one. */
static int64_t end_of_last(const struct stream_schedule *x, int64_t begin, int64_t end,
                           uint64_t *searches)
{
    for (; end - begin > WINDOW_LEAST_MS; ++*searches) {
        int64_t middle = begin + (end - begin) / 2;
        if (stream_schedule_rules_next(&x->rules, middle) <= end)
            begin = middle;
        else
            end = middle;
    }
    return end;
}

/* Cron expressions can only be searched forwards. So the moments are counted in windows from the
 * end backwards, whose length is adapted to the number of moments they hold. A window with too many
 * is given up, and the search goes on at its last moment with the shortest window. In the window
 * that reaches n, moments are skipped from its beginning. */
int64_t stream_schedule_before_last(const struct stream_schedule *x, int64_t until_ms, uint64_t n,
                                    uint64_t *searches)
{
    int64_t end = until_ms, window = WINDOW_LEAST_MS;
    *searches = 0;
    if (x->rules.every_ms)
        return before_last_span(x, until_ms, n);
    while (end > x->passed_ms) {
        int64_t begin = end - x->passed_ms > window ? end - window : x->passed_ms;
        uint64_t found = count(x, begin, end, WINDOW_MOST);
        *searches += found + 1;
        if (found == WINDOW_MOST) {
            end = end_of_last(x, begin, end, searches);
            window = WINDOW_LEAST_MS;
            continue;
        }
        if (found > n) {
            for (; found > n; found--, ++*searches)
                begin = stream_schedule_rules_next(&x->rules, begin);
            return begin;
        }
        n -= found;
        end = begin;
        if (found < WINDOW_MOST / 4 && window < WINDOW_MOST_MS)
            window *= 2;
    }
    return x->passed_ms;
}
