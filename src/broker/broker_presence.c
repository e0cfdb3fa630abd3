#include "broker/broker_presence.h"

#include "broker/broker_seat.h"

static struct broker_watch *watch_of(const struct broker_attachment *a)
{
    return dlist_item(a->group, struct broker_watch, attachments);
}

static bool is_last(const struct broker_attachment *a)
{
    return a->consumer->presence.attached == 1;
}

/* Another connection of the consumer takes over its duty to release at the last close. */
static void pass_on(const struct broker_attachment *a)
{
    for (struct dlist_node *n = a->group->present.next; n != &a->group->present; n = n->next) {
        struct broker_attachment *other = dlist_item(n, struct broker_attachment, of_group);
        if (other != a && other->consumer == a->consumer) {
            other->releases = true;
            return;
        }
    }
}

static void leave(struct broker_attachment *a)
{
    struct broker_watch *w = watch_of(a);
    struct stream_consumer *consumer = a->consumer;
    bool last = is_last(a);
    if (a->waits)
        stream_group_seen(consumer, w->broker->engine->steady_ms);
    if (!last && a->releases)
        pass_on(a);
    if (last && consumer->pending && (a->releases || w->of->policy->release_on_close)) {
        broker_attachment_leave(a);
        broker_watch_note(w);
    } else {
        broker_attachment_drop(a);
    }
    if (last && w->seat.holder == consumer)
        broker_seat_free(w);
}

static void on_left(void *context, struct client *c)
{
    (void)context;
    while (c->attached)
        leave(c->attached);
}

/* The client was present until now. */
static void end_waiting(struct broker_attachment *a)
{
    struct broker_watch *w = watch_of(a);
    broker_attachment_set_waiting(a, false);
    stream_group_seen(a->consumer, w->broker->engine->steady_ms);
    if (w->attachments.waiting)
        broker_seat_is_awaited(w);
}

static void on_unblocked(void *context, struct client *c)
{
    (void)context;
    while (c->awaiting)
        end_waiting(c->awaiting);
}

void broker_presence_init(struct broker *b)
{
    b->engine->client_events =
        (struct engine_client_events){.context = b, .left = on_left, .unblocked = on_unblocked};
}

void broker_presence_end(struct broker *b)
{
    b->engine->client_events = (struct engine_client_events){0};
}

struct broker_attachment *broker_presence_attach(const struct broker_group *x, struct client *c,
                                                 struct stream_consumer *reader)
{
    struct broker_watch *w = broker_watch_of(x->group);
    if (c->flags & CLIENT_SCRIPT && c->caller)
        c = c->caller; /* a script reads for the connection that runs it */
    if (!w || x->engine->role != ROLE_PRIMARY || (c->flags & (CLIENT_REPLAY | CLIENT_INTERNAL)))
        return NULL;
    struct broker_attachment *a = broker_attachment_find(&w->attachments, c, reader);
    return a ? a : broker_attachment_add(&w->attachments, c, reader);
}

void broker_presence_subscribe(struct broker_attachment *a)
{
    broker_attachment_set_waiting(a, false); /* the client may be blocked here, too */
    a->subscribed = a->releases = true;
    broker_attachment_set_waiting(a, true);
}

void broker_presence_unsubscribe(struct broker_attachment *a)
{
    a->subscribed = a->releases = false;
    end_waiting(a);
}

size_t broker_presence_others(const struct stream_group *g, const struct stream_consumer *consumer,
                              struct client *c)
{
    const struct broker_watch *w = broker_watch_of(g);
    return consumer->presence.attached -
           (w && broker_attachment_find(&w->attachments, c, consumer) != NULL);
}

/* Whether the policy depends on presence. */
static bool is_wanted(const struct stream_policy *p)
{
    return p->release_on_close || p->single_ms || p->consumer_ttl_ms || p->group_ttl_ms;
}

void broker_presence_reads(const struct broker_group *x, struct client *c,
                           struct stream_consumer *reader)
{
    if (is_wanted(x->group->policy))
        broker_presence_attach(x, c, reader);
}

void broker_presence_waits(const struct broker_group *x, struct client *c,
                           struct stream_consumer *reader)
{
    if (!is_wanted(x->group->policy))
        return;
    struct broker_attachment *a = broker_presence_attach(x, c, reader);
    if (!a)
        return;
    broker_attachment_set_waiting(a, true);
    broker_seat_is_awaited(broker_watch_of(x->group));
}

static bool is_of(const struct broker_attachment *a, const struct db *db, struct bytes group,
                  struct bytes consumer)
{
    const struct broker_watch *w = watch_of(a);
    return w->db == db && bytes_equal(str_bytes(w->group), group) &&
           bytes_equal(str_bytes(a->consumer->name), consumer);
}

void broker_presence_waits_anywhere(struct client *c, const struct db *db, struct bytes group,
                                    struct bytes consumer)
{
    struct broker_attachment *a = c->attached;
    if (!a)
        return;
    do {
        struct broker_watch *w = watch_of(a);
        if (is_of(a, db, group, consumer)) {
            broker_attachment_set_waiting(a, true);
            /* A free seat is taken when there is something to deliver. */
            if (w->seat.holder && w->seat.holder != a->consumer)
                broker_seat_is_awaited(w);
        }
        a = dlist_item(a->of_client.next, struct broker_attachment, of_client);
    } while (a != c->attached);
}

void broker_presence_forget_all(struct broker *b)
{
    for (struct dlist_node *n = b->watches.next; n != &b->watches; n = n->next) {
        struct broker_watch *w = dlist_item(n, struct broker_watch, all);
        broker_attachment_drop_all(&w->attachments);
        w->seat = (struct broker_seat){.changes = w->seat.changes + 1};
    }
}

void broker_presence_forget(const struct stream_group *g, const struct stream_consumer *c)
{
    struct broker_watch *w = broker_watch_of(g);
    if (!w)
        return;
    if (c->seen_ms > w->idle.seen_ms)
        w->idle.seen_ms = c->seen_ms;
    bool awaited = c->presence.waiting;
    broker_attachment_drop_consumer(&w->attachments, c);
    /* Readers blocked as this consumer read again, which creates it anew. */
    if (w->seat.holder == c)
        broker_seat_free(w);
    else if (awaited)
        broker_seat_ask_anew(w);
}
