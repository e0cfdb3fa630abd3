#include "type/stream/stream_status.h"

#include "base/num.h"

#define LOOKS_MOST 10000
#define GONE_MOST  1000

static int64_t age_ms(int64_t now_ms, int64_t then_ms)
{
    int64_t ms = num_minus(now_ms, then_ms);
    return ms > 0 ? ms : 0;
}

/* Ended leases: those looked at, and some that were not yet. They are only counted here, since
 * looking at one requires acting on it (broker D2). */
static uint64_t count_overdue(struct stream_group *g, int64_t steady_ms)
{
    struct stream_pending *p = &g->pending;
    struct stream_pending_entry e;
    uint64_t n = 0;
    if (!g->policy || !g->policy->lease_ms)
        return 0;
    struct stream_pending_walk w;
    stream_pending_walk_unlooked(&w, p);
    while (n < LOOKS_MOST && stream_pending_walk_peek(&w, &e) &&
           num_minus(steady_ms, e.time_ms) >= g->policy->lease_ms) {
        stream_pending_walk_next(&w, &e);
        n++;
    }
    return p->ended_count + n;
}

/* Whether the message of a pending entry exists; exact false: may exist. */
static bool is_there(const struct stream *s, struct stream_id id, bool exact)
{
    struct stream_id first;
    uint64_t count;
    return exact ? stream_log_has(&s->log, id)
                 : stream_log_glance(&s->log, id, &first, &count) &&
                       stream_id_compare(first, id) == 0;
}

/* The pending entry that a reader would get first; false: none. */
static bool find_pending(const struct stream *s, struct stream_group *g, int64_t steady_ms,
                         bool exact, struct stream_id *out)
{
    struct stream_pending_walk w;
    struct stream_pending_entry e;
    bool leases = g->policy && g->policy->lease_ms;
    if (!g->pending.count)
        return false;
    stream_pending_walk_start(&w, &g->pending);
    for (int i = 0; i < GONE_MOST && stream_pending_walk_peek(&w, &e); i++) {
        bool ready = e.consumer == STREAM_PENDING_NO_CONSUMER ||
                     (leases && num_minus(steady_ms, e.time_ms) >= g->policy->lease_ms);
        if (!ready)
            break;
        if (is_there(s, e.id, exact)) {
            *out = e.id;
            return true;
        }
        stream_pending_walk_next(&w, &e);
    }
    return false;
}

/* The first unread entry and the number of unread ones; false: none. */
static bool find_unread(const struct stream *s, const struct stream_group *g, bool exact,
                        struct stream_id *first, uint64_t *count)
{
    struct stream_cursor c;
    struct stream_id from = g->last_id;
    *count = 0;
    if (!stream_id_next(&from) || !s->log.length)
        return false;
    if (!exact)
        return stream_log_glance(&s->log, from, first, count);
    bool any = stream_log_seek(&s->log, from, &c);
    if (any) {
        *first = stream_log_id(&c);
        *count = stream_log_count(&c, STREAM_ID_MAX, UINT64_MAX);
        stream_log_end(&c);
    }
    return any;
}

static void look(const struct stream *s, struct stream_group *g, int64_t wall_ms, int64_t steady_ms,
                 bool exact, struct stream_status *out)
{
    struct stream_pending *p = &g->pending;
    struct stream_pending_entry e;
    struct stream_id next;
    int64_t ms;
    uint64_t ended = count_overdue(g, steady_ms), unread;
    bool any = find_unread(s, g, exact, &next, &unread);
    *out = (struct stream_status){
        .unread = unread,
        .released = stream_pending_released_count(p),
        .overdue = ended,
        .leased = stream_pending_owned_count(p) - ended,
        .deferred = stream_pending_deferred_count(p),
        .held = stream_pending_held_count(p),
        .blocked = stream_pending_blocked_count(p),
        .oldest_ready_ms = -1,
        .oldest_leased_ms = -1,
        .next_due_ms = -1,
    };
    if (find_pending(s, g, steady_ms, exact, &next) || any)
        out->oldest_ready_ms = age_ms(wall_ms, next.ms < INT64_MAX ? (int64_t)next.ms : INT64_MAX);
    if (p->count && stream_pending_walk_oldest_leased(p, &e))
        out->oldest_leased_ms = age_ms(g->policy ? steady_ms : wall_ms, e.time_ms);
    if (stream_pending_first_due(p, &ms))
        out->next_due_ms = age_ms(ms, steady_ms);
}

void stream_status_read(const struct stream *s, struct stream_group *g, int64_t wall_ms,
                        int64_t steady_ms, struct stream_status *out)
{
    look(s, g, wall_ms, steady_ms, true, out);
}

void stream_status_glance(const struct stream *s, struct stream_group *g, int64_t wall_ms,
                          int64_t steady_ms, struct stream_status *out)
{
    look(s, g, wall_ms, steady_ms, false, out);
}
