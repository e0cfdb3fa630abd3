/* A plan is a list that grows while it is processed: chains are followed breadth first, without
 * recursion. Each stream is listed once, which ends loops. For each destination, in this order:
 *
 *   absent                       it will be created, and leads nowhere yet
 *   another type, or no ID left  it is skipped with everything bound to it: counted, and logged at
 *                                most once a minute
 *   full, and refuses            a producer's message is refused as a whole; the server's own
 *                                appends skip the destination, as above
 *   it has bindings              their matches join the list, at most BROKER_ROUTE_DEPTH deep
 *
 * Only the append of the message itself comes between the plan and the copies, so what was found
 * still holds then. */
#include "broker/broker_route.h"

#include "base/log.h"
#include "base/mem.h"
#include "broker/broker_due.h"
#include "broker/broker_expire.h"
#include "broker/broker_limits.h"
#include "broker/broker_moments.h"
#include "broker/broker_put.h"

#define LOG_EVERY_MS 60000

bool broker_route_has_bindings(const struct broker_group *x)
{
    return x->stream->extra && x->stream->extra->bindings && !broker_put_is_replay(x);
}

void broker_route_free(struct broker_route *r)
{
    if (r->copies != r->few)
        mem_free(r->copies);
    dict_clear(&r->seen);
    *r = (struct broker_route){0};
}

/* ---- The plan */

struct planning {
    struct broker_route *route;
    const struct broker_group *x;
    const struct bytes *pairs;
    size_t fields;
    uint64_t bytes; /* of names and values */
    unsigned depth; /* of the destinations being found */
};

/* A few keys are compared one by one. */
static bool is_new(struct broker_route *r, struct bytes key)
{
    if (r->n < BROKER_ROUTE_FEW) {
        for (size_t i = 0; i < r->n; i++)
            if (bytes_equal(r->copies[i].key, key))
                return false;
        return true;
    }
    if (!r->seen.used)
        for (size_t i = 0; i < r->n; i++)
            dict_ensure(&r->seen, r->copies[i].key);
    size_t before = r->seen.used;
    dict_ensure(&r->seen, key);
    return r->seen.used != before;
}

static void make_room(struct broker_route *r)
{
    if (r->n < r->cap)
        return;
    struct broker_route_copy *old = r->copies;
    r->cap = old ? 2 * r->cap : BROKER_ROUTE_FEW;
    r->copies = old ? mem_alloc(r->cap * sizeof(*old)) : r->few;
    if (old)
        memcpy(r->copies, old, r->n * sizeof(*old));
    if (old != r->few)
        mem_free(old);
}

static void add(void *context, struct bytes dest)
{
    struct planning *p = context;
    struct broker_route *r = p->route;
    if (bytes_equal(dest, p->x->key) || !is_new(r, dest))
        return;
    make_room(r);
    r->copies[r->n++] = (struct broker_route_copy){.key = dest, .depth = p->depth};
}

static void fail(struct broker_route *r, struct bytes key, const char *why)
{
    if (r->failures++)
        return;
    r->failed = key;
    r->failed_why = why;
}

static void skip(struct broker_route *r, size_t i, const char *why)
{
    fail(r, r->copies[i].key, why);
    r->copies[i].skipped = true;
}

static void follow(struct planning *p, struct stream *s, struct bytes key, unsigned depth)
{
    if (depth > BROKER_ROUTE_DEPTH) {
        fail(p->route, key, "the chain of bindings is too long");
        return;
    }
    p->depth = depth;
    stream_bindings_match(s->extra->bindings, p->pairs, p->fields, add, p);
}

/* Whether a due message has not been appended yet. */
static bool has_due(const struct broker_group *at)
{
    struct stream_future_message m;
    const struct stream_future *f = &at->stream->extra->future;
    return stream_future_count(f) && stream_future_first(f, &m) &&
           m.id.ms <= (uint64_t)broker_act_wall(at);
}

/* Sets *obstacle if the copy cannot be made. False: the message is refused. */
static bool judge_extras(const struct planning *p, const struct broker_group *at, struct buf *why,
                         const char **obstacle)
{
    if (has_due(at))
        p->route->due = true;
    if (broker_limits_allow(at, 1, p->bytes, why))
        return true;
    *obstacle = "it is full";
    if (!why)
        return true;
    buf_add_text(why, " (destination '");
    buf_add(why, at->key);
    buf_add_text(why, "')");
    return false;
}

/* Decides whether copy i can be made, and where it leads. False: the message is refused. */
static bool look_at(struct planning *p, size_t i, struct buf *why)
{
    struct broker_route_copy copy = p->route->copies[i];
    struct entry *e = db_write(p->x->db, copy.key);
    const char *obstacle = NULL;
    if (!e)
        return true;
    if (value_type(e) != TYPE_STREAM) {
        skip(p->route, i, "it holds another type");
        return true;
    }
    struct broker_group at = broker_put_at(p->x, copy.key, value_to_change(e));
    if (at.stream->extra && !judge_extras(p, &at, why, &obstacle))
        return false;
    if (broker_put_is_exhausted(at.stream))
        obstacle = "it has no IDs left";
    if (obstacle)
        skip(p->route, i, obstacle);
    else if (at.stream->extra && at.stream->extra->bindings)
        follow(p, at.stream, copy.key, copy.depth + 1);
    return true;
}

bool broker_route_plan(struct broker_route *r, const struct broker_group *x,
                       const struct bytes *pairs, size_t fields, struct buf *why)
{
    struct planning p = {.route = r,
                         .x = x,
                         .pairs = pairs,
                         .fields = fields,
                         .bytes = bytes_total(pairs, fields * 2)};
    *r = (struct broker_route){0};
    follow(&p, x->stream, x->key, 1);
    for (size_t i = 0; i < r->n; i++)
        if (!look_at(&p, i, why))
            return false;
    return true;
}

/* ---- The copies */

static void report(const struct broker_route *r, const struct broker_group *x)
{
    struct broker *b = x->engine->broker;
    if (!r->failures || !b)
        return;
    b->totals.route_failures += r->failures;
    stream_need_outcomes(x->stream)->route_failures += r->failures;
    if (b->route_logged_ms && broker_act_now(x) - b->route_logged_ms < LOG_EVERY_MS)
        return;
    b->route_logged_ms = broker_act_now(x);
    log_line(LOG_WARNING,
             "A message of stream '%.*s' was not copied to '%.*s', to which it is bound: %s.",
             (int)x->key.n, x->key.p, (int)r->failed.n, r->failed.p, r->failed_why);
}

static void copy_to(const struct broker_group *x, struct bytes key, struct stream_id id,
                    const struct bytes *pairs, size_t fields, int64_t expires_ms)
{
    struct broker_group at = broker_put_at(x, key, broker_put_find_or_make(x, key));
    struct stream *s = at.stream;
    if (stream_id_compare(id, s->last_id) <= 0)
        id = broker_put_next_id(s, (int64_t)s->last_id.ms);
    broker_put_take_id(&at, id);
    broker_put(&at, id, pairs, fields, false);
    if (expires_ms && stream_log_has(&s->log, id))
        broker_expire_set(&at, id, expires_ms);
    db_ready(at.db, key);
    if (s->extra)
        broker_moments_changed(&at);
}

size_t broker_route_copy(const struct broker_route *r, const struct broker_group *x,
                         struct stream_id id, const struct bytes *pairs, size_t fields,
                         int64_t expires_ms)
{
    size_t made = 0;
    for (size_t i = 0; i < r->n; i++) {
        if (r->copies[i].skipped)
            continue;
        copy_to(x, r->copies[i].key, id, pairs, fields, expires_ms);
        made++;
    }
    if (x->engine->broker && made) {
        x->engine->broker->totals.routed += made;
        stream_need_outcomes(x->stream)->routed += made;
    }
    report(r, x);
    return made;
}
