/* A group is a position in the log, its consumers and the pending list. A pending record refers to
 * its owner by number, in two bytes instead of a pointer; by_number maps it back. Numbers are
 * reused, lowest first, to stay small; a consumer is removed with all its records, so none refers
 * to a reused number.
 *
 * Each consumer counts its pending entries, and every function that changes a record's owner or
 * removes it keeps that count; stream_group_is_sound() checks it. The same functions keep the order
 * by a field informed (stream_turn.h). */
#include "type/stream/stream_group.h"

#include "base/assert.h"
#include "base/mem.h"

#include <stdlib.h>

struct stream_group *stream_group_new(struct bytes name, struct stream_id last_id,
                                      int64_t entries_read)
{
    struct stream_group *g = mem_zalloc(sizeof(*g));
    g->name = str_new(name);
    g->last_id = last_id;
    g->entries_read = entries_read;
    stream_pending_init(&g->pending);
    return g;
}

static void free_consumer(struct stream_consumer *c)
{
    ASSERT(dlist_empty(&c->presence.full));
    str_unref(c->name);
    mem_free(c);
}

void stream_group_free(struct stream_group *g)
{
    struct dict_walk w = {0};
    for (struct dict_node *n; (n = dict_next(&g->consumers, &w));)
        free_consumer(n->value);
    dict_clear(&g->consumers);
    stream_pending_free(&g->pending);
    stream_policy_free(g->policy);
    if (g->order)
        stream_order_free(g->order);
    mem_free(g->order);
    mem_free(g->by_number);
    mem_free(g->roomy);
    str_unref(g->name);
    mem_free(g);
}

struct stream_consumer *stream_group_consumer(const struct stream_group *g, struct bytes name)
{
    return dict_get(&g->consumers, name);
}

struct stream_consumer *stream_group_owner(const struct stream_group *g, uint32_t number)
{
    ASSERT(number < g->numbers || number == STREAM_PENDING_NO_CONSUMER);
    return number == STREAM_PENDING_NO_CONSUMER ? NULL : g->by_number[number];
}

/* The consumer has one pending entry less: notes it if subscriptions wait for that. */
static inline void one_less(struct stream_group *g, struct stream_consumer *c)
{
    ASSERT(c->pending > 0);
    c->pending--;
    if (__builtin_expect(dlist_empty(&c->presence.full), 1) || c->presence.has_room)
        return;
    if (g->roomy_n == g->roomy_cap) {
        g->roomy_cap = g->roomy_cap ? g->roomy_cap * 2 : 8;
        g->roomy = mem_realloc(g->roomy, g->roomy_cap * sizeof(*g->roomy));
    }
    g->roomy[g->roomy_n++] = c->number;
    c->presence.has_room = true;
}

void stream_group_visit_roomy(struct stream_group *g, stream_group_visit *visit, void *context)
{
    for (uint32_t i = 0; i < g->roomy_n; i++) {
        /* The consumer may have been deleted since, and its number reused. */
        struct stream_consumer *c = g->roomy[i] < g->numbers ? g->by_number[g->roomy[i]] : NULL;
        if (!c || !c->presence.has_room)
            continue;
        c->presence.has_room = false;
        visit(context, c);
    }
    g->roomy_n = 0;
}

struct stream_consumer *stream_group_add_consumer(struct stream_group *g, struct bytes name,
                                                  int64_t now_ms)
{
    struct dict_node *n = dict_ensure(&g->consumers, name);
    if (n->value)
        return NULL;
    struct stream_consumer *c = mem_zalloc(sizeof(*c));
    c->name = str_new(name);
    dlist_init(&c->presence.full);
    c->seen_ms = now_ms;
    c->active_ms = -1;
    n->value = c;
    /* The lowest free number. */
    c->number = g->taken_below;
    while (c->number < g->numbers && g->by_number[c->number])
        c->number++;
    g->taken_below = c->number + 1;
    if (c->number == g->numbers) {
        if (g->numbers == g->number_cap) {
            g->number_cap = g->number_cap ? g->number_cap * 2 : 4;
            g->by_number = mem_realloc(g->by_number, g->number_cap * sizeof(void *));
        }
        g->numbers++;
    }
    g->by_number[c->number] = c;
    return c;
}

uint64_t stream_group_remove_consumer(struct stream_group *g, struct stream_consumer *c)
{
    ASSERT(g->by_number[c->number] == c);
    uint64_t pending = c->pending;
    struct stream_pending_place at;
    struct stream_id from = STREAM_ID_MIN;
    /* Skips chunks without its records; stops after the last record. */
    while (c->pending && stream_pending_seek_owned(&g->pending, from, c->number, &at)) {
        struct stream_pending_entry e;
        stream_pending_get(&g->pending, at, &e);
        from = e.id;
        stream_pending_remove(&g->pending, at);
        c->pending--;
        if (g->order)
            stream_turn_gone(g->order, &g->pending, e.id);
    }
    ASSERT(c->pending == 0);
    g->by_number[c->number] = NULL;
    if (c->number < g->taken_below)
        g->taken_below = c->number;
    while (g->numbers && !g->by_number[g->numbers - 1])
        g->numbers--;
    dict_remove(&g->consumers, str_bytes(c->name));
    free_consumer(c);
    return pending;
}

void stream_group_set_position(struct stream_group *g, struct stream_id last_id,
                               int64_t entries_read)
{
    ASSERT(entries_read >= -1);
    g->last_id = last_id;
    g->entries_read = entries_read;
}

bool stream_group_raise_position(struct stream_group *g, struct stream_id id)
{
    if (stream_id_compare(id, g->last_id) <= 0)
        return false;
    g->last_id = id;
    return true;
}

/* Groups without an order pay one comparison up front; the work for an order is kept out of line.
 */
#define HAS_ORDER(g) __builtin_expect((g)->order != NULL, 0)
#define BUILT_IN     static inline __attribute__((always_inline))
#define APART        static __attribute__((noinline))

static void order_changed(struct stream_group *g, struct stream_id id, bool released)
{
    if (released)
        stream_turn_released(g->order, &g->pending, id);
    else
        stream_turn_leased(g->order, id);
}

BUILT_IN void assign(struct stream_group *g, struct stream_pending_place at,
                     struct stream_consumer *c, int64_t time_ms, uint64_t count, bool released)
{
    struct stream_pending_entry e;
    stream_pending_get(&g->pending, at, &e);
    struct stream_consumer *old = stream_group_owner(g, e.consumer);
    if (old)
        one_less(g, old);
    if (c)
        c->pending++;
    e.consumer = c ? c->number : STREAM_PENDING_NO_CONSUMER;
    e.time_ms = time_ms;
    e.count = count;
    stream_pending_change(&g->pending, at, &e, released);
}

APART void assign_in_order(struct stream_group *g, struct stream_pending_place at,
                           struct stream_consumer *c, int64_t time_ms, uint64_t count,
                           bool released)
{
    struct stream_pending_entry e;
    stream_pending_get(&g->pending, at, &e);
    assign(g, at, c, time_ms, count, released);
    order_changed(g, e.id, released);
}

void stream_group_assign(struct stream_group *g, struct stream_pending_place at,
                         struct stream_consumer *c, int64_t time_ms, uint64_t count, bool released)
{
    if (HAS_ORDER(g))
        assign_in_order(g, at, c, time_ms, count, released);
    else
        assign(g, at, c, time_ms, count, released);
}

void stream_group_release(struct stream_group *g, struct stream_pending_place at, uint64_t count)
{
    stream_group_assign(g, at, NULL, 0, count, true);
}

void stream_group_defer(struct stream_group *g, struct stream_pending_place at, uint64_t count,
                        int64_t due_ms)
{
    struct stream_pending_entry e;
    stream_pending_get(&g->pending, at, &e);
    struct stream_consumer *owner = stream_group_owner(g, e.consumer);
    if (owner)
        one_less(g, owner);
    stream_pending_defer(&g->pending, at, count, due_ms);
    if (g->order)
        stream_turn_deferred(g->order, &g->pending, e.id);
}

size_t stream_group_release_due(struct stream_group *g, int64_t now_ms, size_t most)
{
    struct stream_pending *p = &g->pending;
    size_t n = 0;
    if (!g->order)
        return stream_pending_release_due(p, now_ms, most);
    for (uint32_t node; n < most; n++) {
        node = stream_touched_next_due(&p->touched);
        if (node == STREAM_TOUCHED_NONE)
            break;
        struct stream_id id = stream_touched_at(&p->touched, node)->id;
        if (!stream_pending_release_due(p, now_ms, 1))
            break;
        stream_turn_released(g->order, p, id);
    }
    return n;
}

struct stream_order *stream_group_begin_order(struct stream_group *g)
{
    ASSERT(!g->order);
    g->order = mem_alloc(sizeof(*g->order));
    stream_order_init(g->order);
    return g->order;
}

void stream_group_gone(struct stream_group *g, struct stream_id from, struct stream_id to)
{
    if (g->policy) /* a read drops references to them */
        stream_pending_walk_unbar_between(&g->pending, from, to);
    if (g->order)
        stream_turn_unread_gone(g->order);
}

void stream_group_end_order(struct stream_group *g)
{
    stream_pending_let_all_go(&g->pending);
    stream_pending_walk_unbar(&g->pending);
    if (g->order)
        stream_order_free(g->order);
    mem_free(g->order);
    g->order = NULL;
}

uint64_t stream_group_release_consumer(struct stream_group *g, struct stream_consumer *c)
{
    struct stream_pending_place at;
    struct stream_id from = STREAM_ID_MIN;
    uint64_t n = c->pending;
    while (c->pending && stream_pending_seek_owned(&g->pending, from, c->number, &at)) {
        struct stream_pending_entry e;
        stream_pending_get(&g->pending, at, &e);
        from = e.id;
        stream_group_release(g, at, e.count);
    }
    ASSERT(c->pending == 0);
    return n;
}

BUILT_IN void restore(struct stream_group *g, struct stream_id id, struct stream_consumer *c,
                      int64_t time_ms, uint64_t count)
{
    struct stream_pending_entry e = {
        .id = id,
        .time_ms = time_ms,
        .count = count,
        .consumer = c ? c->number : STREAM_PENDING_NO_CONSUMER,
    };
    stream_pending_add(&g->pending, &e);
    if (c)
        c->pending++;
}

APART void restore_in_order(struct stream_group *g, struct stream_id id, struct stream_consumer *c,
                            int64_t time_ms, uint64_t count)
{
    restore(g, id, c, time_ms, count);
    order_changed(g, id, !c);
}

void stream_group_restore(struct stream_group *g, struct stream_id id, struct stream_consumer *c,
                          int64_t time_ms, uint64_t count)
{
    if (HAS_ORDER(g))
        restore_in_order(g, id, c, time_ms, count);
    else
        restore(g, id, c, time_ms, count);
}

bool stream_group_deliver(struct stream_group *g, struct stream_consumer *c, struct stream_id id,
                          int64_t now_ms)
{
    struct stream_pending *p = &g->pending;
    struct stream_pending_place at;
    /* Already pending, since XGROUP SETID moved back: another consumer may own it. */
    bool was_pending = p->count && stream_pending_find(p, id, &at);
    if (was_pending)
        stream_group_assign(g, at, c, now_ms, 1, false);
    else
        stream_group_restore(g, id, c, now_ms, 1);
    return was_pending;
}

BUILT_IN bool acknowledge(struct stream_group *g, struct stream_id id)
{
    struct stream_pending_place at;
    if (!stream_pending_find(&g->pending, id, &at))
        return false;
    struct stream_consumer *owner = stream_group_owner(g, stream_pending_owner(&g->pending, at));
    if (owner)
        one_less(g, owner);
    stream_pending_remove(&g->pending, at);
    return true;
}

APART bool acknowledge_in_order(struct stream_group *g, struct stream_id id)
{
    if (!acknowledge(g, id))
        return false;
    stream_turn_gone(g->order, &g->pending, id);
    return true;
}

bool stream_group_ack(struct stream_group *g, struct stream_id id)
{
    return HAS_ORDER(g) ? acknowledge_in_order(g, id) : acknowledge(g, id);
}

static int by_name(const void *a, const void *b)
{
    const struct stream_consumer *x = *(struct stream_consumer *const *)a,
                                 *y = *(struct stream_consumer *const *)b;
    return bytes_compare(str_bytes(x->name), str_bytes(y->name));
}

struct stream_consumer **stream_group_sorted(const struct stream_group *g, size_t *n)
{
    struct stream_consumer **all = mem_alloc((g->consumers.used + 1) * sizeof(*all));
    struct dict_walk w = {0};
    *n = 0;
    for (struct dict_node *x; (x = dict_next(&g->consumers, &w));)
        all[(*n)++] = x->value;
    qsort(all, *n, sizeof(*all), by_name);
    return all;
}

struct stream_group *stream_group_copy(const struct stream_group *g)
{
    struct stream_group *copy = stream_group_new(str_bytes(g->name), g->last_id, g->entries_read);
    if (g->policy)
        copy->policy = stream_policy_copy(g->policy);
    /* Records refer to consumers by number, so the copy keeps the numbers. */
    stream_pending_free(&copy->pending);
    stream_pending_copy(&copy->pending, &g->pending);
    stream_pending_let_all_go(&copy->pending); /* nothing acts by an order there */
    copy->numbers = copy->number_cap = g->numbers;
    copy->taken_below = g->taken_below;
    copy->by_number = mem_zalloc((g->numbers + 1) * sizeof(void *));
    for (uint32_t i = 0; i < g->numbers; i++) {
        const struct stream_consumer *from = g->by_number[i];
        if (!from)
            continue;
        struct stream_consumer *c = mem_alloc(sizeof(*c));
        *c = *from;
        c->name = str_new(str_bytes(from->name));
        c->presence = (struct stream_presence){0};
        dlist_init(&c->presence.full);
        copy->by_number[i] = c;
        dict_ensure(&copy->consumers, str_bytes(c->name))->value = c;
    }
    return copy;
}

size_t stream_group_memory(const struct stream_group *g)
{
    return mem_block_size(g) + stream_pending_memory(&g->pending) + dict_memory(&g->consumers) +
           g->consumers.used * sizeof(struct stream_consumer) +
           (g->policy ? stream_policy_memory(g->policy) : 0) +
           (g->order ? stream_order_memory(g->order) : 0);
}

bool stream_group_is_sound(const struct stream_group *g)
{
    uint64_t owned = 0, unowned = 0;
    uint32_t known = 0;
    struct stream_pending_place at;
    struct stream_pending_entry e;
    for (uint32_t i = 0; i < g->numbers; i++) {
        const struct stream_consumer *c = g->by_number[i];
        if (!c && i < g->taken_below)
            return false;
        if (!c)
            continue;
        if (c->number != i || stream_group_consumer(g, str_bytes(c->name)) != c)
            return false;
        uint64_t n = 0;
        bool any = stream_pending_seek_owned(&g->pending, STREAM_ID_MIN, i, &at);
        for (; any; any = stream_pending_next_owned(&g->pending, i, &at))
            n++;
        if (n != c->pending)
            return false;
        owned += n;
        known++;
    }
    bool any = stream_pending_seek(&g->pending, STREAM_ID_MIN, &at);
    for (; any; any = stream_pending_next(&g->pending, &at)) {
        stream_pending_get(&g->pending, at, &e);
        unowned += e.consumer == STREAM_PENDING_NO_CONSUMER;
    }
    return g->taken_below <= g->numbers && known == g->consumers.used &&
           owned + unowned == g->pending.count &&
           owned == stream_pending_owned_count(&g->pending) &&
           stream_pending_is_sound(&g->pending) &&
           (g->order ? stream_turn_is_sound(g->order, &g->pending)
                     : stream_pending_held_count(&g->pending) == 0);
}
