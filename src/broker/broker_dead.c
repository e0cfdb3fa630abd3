#include "broker/broker_dead.h"

#include "base/log.h"
#include "base/mem.h"
#include "broker/broker_lease.h"
#include "broker/broker_watch.h"

#define LOG_EVERY_MS 60000

static const struct bytes names[BROKER_DEAD_FIELDS] = {
    {"dl-reason", 9}, {"dl-text", 7},      {"dl-key", 6},   {"dl-group", 8},
    {"dl-id", 5},     {"dl-consumer", 11}, {"dl-count", 8}, {"dl-delivered", 12}};

bool broker_dead_open(struct broker_message *m, struct bytes out[BROKER_DEAD_FIELDS])
{
    if (m->fields < BROKER_DEAD_FIELDS)
        return false;
    const struct bytes *tail = m->pairs + 2 * (m->fields - BROKER_DEAD_FIELDS);
    for (int i = 0; i < BROKER_DEAD_FIELDS; i++) {
        if (!bytes_equal(tail[2 * i], names[i]))
            return false;
        out[i] = tail[2 * i + 1];
    }
    m->fields -= BROKER_DEAD_FIELDS;
    return true;
}

/* Buffers for the numbers in a letter. */
struct numbers {
    char id[STREAM_ID_TEXT_MAX], count[NUM_INT_MAX], delivered[NUM_INT_MAX];
};

/* Appends the eight pairs, replacing those of an earlier death. */
static void sign(const struct broker_group *x, const struct stream_pending_entry *e,
                 const struct broker_death *d, struct broker_message *m, struct numbers *n)
{
    struct bytes earlier[BROKER_DEAD_FIELDS];
    broker_dead_open(m, earlier);
    const struct bytes values[BROKER_DEAD_FIELDS] = {
        d->fatal ? BYTES("fatal") : BYTES("maxdeliver"),
        d->text,
        x->key,
        str_bytes(x->group->name),
        broker_act_id(x, n->id, e->id),
        d->consumer,
        bytes_of(n->count, num_print_uint(n->count, e->count)),
        bytes_of(n->delivered, num_print_int(n->delivered, e->time_ms))};
    struct bytes *to = m->pairs + 2 * m->fields;
    for (int i = 0; i < BROKER_DEAD_FIELDS; i++) {
        *to++ = names[i];
        *to++ = values[i];
    }
    m->fields += BROKER_DEAD_FIELDS;
}

static void count(const struct broker_group *x, uint64_t *of_group, uint64_t *total)
{
    broker_watch_sample(x);
    ++*of_group;
    if (broker_watch_of(x->group))
        ++*total;
}

/* Acknowledges the entry, and deletes it if no other group needs it. */
static void leave(const struct broker_group *x, struct stream_id id)
{
    const struct bytes words[] = {BYTES("XACK"), x->key, str_bytes(x->group->name)};
    stream_group_ack(x->group, id);
    broker_act_effect_ids(x, words, 3, &id, 1);
    broker_act_changed(x, 1);
    broker_lease_delete(x, &id, 1);
    broker_lease_room(x);
}

static void log_blocked(const struct broker_group *x, struct bytes letters)
{
    struct broker_watch *w = broker_watch_of(x->group);
    int64_t now = broker_act_now(x);
    if (!w || (w->logged_ms && now - w->logged_ms < LOG_EVERY_MS))
        return;
    w->logged_ms = now;
    log_line(LOG_WARNING,
             "Dead letters of group '%.*s' of stream '%.*s' cannot be moved to '%.*s': it holds "
             "another type, is full, or has no IDs left. They are kept, and retried every minute.",
             (int)x->group->name->n, x->group->name->p, (int)x->key.n, x->key.p, (int)letters.n,
             letters.p);
}

/* The entry stays pending, without an owner, until it can be moved. After XNACK FATAL its count may
 * be below the policy's limit; the highest count makes it die after a restart too. */
static void keep(const struct broker_group *x, const struct stream_pending_entry *e,
                 const struct broker_death *d)
{
    struct stream_pending *p = &x->group->pending;
    struct stream_pending_place at;
    struct broker_watch *w = broker_watch_of(x->group);
    int64_t due = broker_act_now(x) + BROKER_DEAD_RETRY_MS;
    uint64_t deliveries =
        stream_policy_is_used_up(x->group->policy, e->count) ? e->count : INT64_MAX;
    struct buf text = {0};
    buf_add(&text, d->text); /* it may be the entry's stored reason, which is freed below */
    bool found = stream_pending_find(p, e->id, &at);
    ASSERT(found);
    stream_group_defer(x->group, at, deliveries, due);
    stream_pending_set_reason(p, e->id, buf_bytes(&text));
    stream_pending_set_blocked(p, e->id);
    broker_watch_sooner(w, due);
    broker_act_effect_nack(
        x,
        &(struct broker_act_nack){
            .ids = &e->id, .n = 1, .count = deliveries, .due_ms = due, .reason = buf_bytes(&text)});
    buf_free(&text);
    broker_act_changed(x, 1);
    db_notify(x->db, x->key, DB_EVENT_STREAM, "xdeadletter-blocked");
    if (w)
        w->broker->totals.dead_blocked++;
    log_blocked(x, str_bytes(x->group->policy->dead_letter));
}

static void move(const struct broker_group *x, const struct stream_pending_entry *e,
                 const struct broker_death *d, struct broker_message *m)
{
    struct stream_policy *p = x->group->policy;
    struct broker_watch *w = broker_watch_of(x->group);
    struct numbers numbers;
    sign(x, e, d, m, &numbers);
    broker_append(x, str_bytes(p->dead_letter), m);
    count(x, &p->counts.dead, w ? &w->broker->totals.dead : NULL);
    leave(x, e->id);
    db_notify(x->db, x->key, DB_EVENT_STREAM, "xdeadletter");
}

/* The dead-letter stream may be bound back to this stream. Its copies must not trim here: callers
 * hold entries of this stream. */
static void move_or_keep(const struct broker_group *x, const struct stream_pending_entry *e,
                         const struct broker_death *d, struct broker_message *m)
{
    struct broker *b = x->engine->broker;
    const struct stream *held = b ? b->held : NULL;
    if (b)
        b->held = x->stream;
    if (broker_append_may(x, str_bytes(x->group->policy->dead_letter), m))
        move(x, e, d, m);
    else
        keep(x, e, d);
    if (b)
        b->held = held;
}

void broker_dead_die(const struct broker_group *x, const struct stream_pending_entry *e,
                     const struct broker_death *d)
{
    struct stream_policy *p = x->group->policy;
    struct broker_watch *w = broker_watch_of(x->group);
    struct broker_message m;
    if (!broker_append_read(x->stream, e->id, BROKER_DEAD_FIELDS, &m)) {
        broker_lease_drop(x, &e->id, 1);
        return;
    }
    if (p->dead_letter->n == 0) {
        count(x, &p->counts.discarded, w ? &w->broker->totals.discarded : NULL);
        leave(x, e->id);
        db_notify(x->db, x->key, DB_EVENT_STREAM, "xdiscard");
    } else {
        move_or_keep(x, e, d, &m);
    }
    broker_append_free(&m);
}

bool broker_dead_is_due(const struct stream_group *g, const struct stream_pending_entry *e)
{
    return stream_policy_is_used_up(g->policy, e->count) ||
           stream_pending_is_blocked(&g->pending, e->id);
}

void broker_dead_die_of_age(const struct broker_group *x, const struct stream_pending_entry *e)
{
    const struct stream_consumer *owner = stream_group_owner(x->group, e->consumer);
    struct broker_death d = {.fatal = e->count >= INT64_MAX,
                             .text = owner ? BYTES("lease ended")
                                           : stream_pending_reason(&x->group->pending, e->id),
                             .consumer = owner ? str_bytes(owner->name) : bytes_of("", 0)};
    broker_dead_die(x, e, &d);
}
