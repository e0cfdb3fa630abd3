#include "broker/broker_attachment.h"

#include "base/mem.h"

static struct broker_attachment *of_client(struct dlist_node *n)
{
    return dlist_item(n, struct broker_attachment, of_client);
}

static struct broker_attachment *of_group(struct dlist_node *n)
{
    return dlist_item(n, struct broker_attachment, of_group);
}

void broker_attachment_init(struct broker_attachments *g)
{
    dlist_init(&g->present);
    dlist_init(&g->leaving);
    g->waiting = 0;
}

/* Both lists contain it, if there is one, so the search ends with the shorter list. */
struct broker_attachment *broker_attachment_find(const struct broker_attachments *g,
                                                 struct client *c,
                                                 const struct stream_consumer *consumer)
{
    struct broker_attachment *a = c->attached;
    struct dlist_node *n = g->present.next;
    if (!a || !consumer->presence.attached)
        return NULL;
    do {
        struct broker_attachment *other = of_group(n);
        a = of_client(a->of_client.next);
        if (a->consumer == consumer || (other->client == c && other->consumer == consumer)) {
            c->attached = a->consumer == consumer ? a : other;
            return c->attached;
        }
        n = n->next;
    } while (a != c->attached && n != &g->present);
    return NULL;
}

struct broker_attachment *broker_attachment_add(struct broker_attachments *g, struct client *c,
                                                struct stream_consumer *consumer)
{
    struct broker_attachment *a = mem_zalloc(sizeof(*a));
    a->group = g;
    a->client = c;
    a->consumer = consumer;
    if (c->attached)
        dlist_insert_before(c->attached->of_client.next, &a->of_client);
    else
        dlist_init(&a->of_client);
    c->attached = a;
    dlist_append(&g->present, &a->of_group);
    consumer->presence.attached++;
    client_holds(c, mem_block_size(a), 0);
    return a;
}

static void add_to_wait(struct broker_attachment *a)
{
    struct client *c = a->client;
    if (c->awaiting)
        dlist_insert_before(&c->awaiting->of_wait, &a->of_wait);
    else
        dlist_init(&a->of_wait);
    c->awaiting = a;
}

static void leave_wait(struct broker_attachment *a)
{
    struct dlist_node *next = a->of_wait.next;
    if (a->client->awaiting == a)
        a->client->awaiting =
            next == &a->of_wait ? NULL : dlist_item(next, struct broker_attachment, of_wait);
    dlist_remove(&a->of_wait);
}

void broker_attachment_set_waiting(struct broker_attachment *a, bool waits)
{
    struct stream_presence *p = &a->consumer->presence;
    ASSERT(a->client);
    if (a->waits == waits)
        return;
    ASSERT(waits || (p->waiting && a->group->waiting));
    a->waits = waits;
    if (waits && !a->subscribed)
        add_to_wait(a);
    else
        leave_wait(a);
    p->waiting = waits ? p->waiting + 1 : p->waiting - 1;
    a->group->waiting = waits ? a->group->waiting + 1 : a->group->waiting - 1;
}

void broker_attachment_stop_waiting(struct broker_attachments *g)
{
    for (struct dlist_node *n = g->present.next; n != &g->present && g->waiting; n = n->next)
        if (!of_group(n)->subscribed)
            broker_attachment_set_waiting(of_group(n), false);
}

/* Detaches the client. */
static void let_go(struct broker_attachment *a)
{
    struct client *c = a->client;
    broker_attachment_set_waiting(a, false);
    if (c->attached == a)
        c->attached = a->of_client.next == &a->of_client ? NULL : of_client(a->of_client.prev);
    dlist_remove(&a->of_client);
    dlist_remove(&a->of_group);
    client_holds(c, 0, mem_block_size(a));
    ASSERT(a->consumer->presence.attached > 0);
    a->consumer->presence.attached--;
    a->client = NULL;
}

void broker_attachment_leave(struct broker_attachment *a)
{
    let_go(a);
    dlist_append(&a->group->leaving, &a->of_group);
    a->consumer->presence.leaving++;
}

void broker_attachment_drop(struct broker_attachment *a)
{
    if (a->client) {
        let_go(a);
    } else {
        dlist_remove(&a->of_group);
        ASSERT(a->consumer->presence.leaving > 0);
        a->consumer->presence.leaving--;
    }
    mem_free(a);
}

static void drop(struct dlist_node *list, const struct stream_consumer *consumer)
{
    for (struct dlist_node *n = list->next, *next; n != list; n = next) {
        next = n->next;
        if (!consumer || of_group(n)->consumer == consumer)
            broker_attachment_drop(of_group(n));
    }
}

void broker_attachment_drop_consumer(struct broker_attachments *g,
                                     const struct stream_consumer *consumer)
{
    if (consumer->presence.attached)
        drop(&g->present, consumer);
    if (consumer->presence.leaving)
        drop(&g->leaving, consumer);
    ASSERT(!consumer->presence.attached && !consumer->presence.leaving);
}

void broker_attachment_drop_all(struct broker_attachments *g)
{
    drop(&g->present, NULL);
    drop(&g->leaving, NULL);
    ASSERT(!g->waiting);
}

struct broker_attachment *broker_attachment_first_leaving(const struct broker_attachments *g)
{
    return dlist_empty(&g->leaving) ? NULL : of_group(g->leaving.next);
}
