#include "replica/target.h"

#include "base/assert.h"
#include "base/mem.h"
#include "io/listen.h"

static struct target *target_at(struct dlist_node *n)
{
    return dlist_item(n, struct target, node);
}

static void ready(void *context, int events)
{
    struct target *t = context;
    (void)events;
    t->rings = t->all->rings = true;
}

void target_init(struct targets *all, struct loop *l)
{
    *all = (struct targets){.loop = l};
    dlist_init(&all->list);
}

void target_end(struct targets *all)
{
    while (!dlist_empty(&all->list))
        target_free(target_at(all->list.next));
}

static void begin(struct target *t)
{
    t->busy = true;
    t->rings = t->all->rings = true;
}

struct target *target_take(struct targets *all, struct bytes name)
{
    for (struct dlist_node *n = all->list.next; n != &all->list; n = n->next) {
        struct target *t = target_at(n);
        if (t->busy || !bytes_equal(buf_bytes(&t->name), name))
            continue;
        ASSERT(t->conn && !t->dial);
        begin(t);
        t->used = true;
        return t;
    }
    return NULL;
}

struct target *target_new(struct targets *all, struct bytes name, const struct dial_to *to)
{
    struct target *t = mem_zalloc(sizeof(*t));
    t->all = all;
    t->db = -1;
    buf_add(&t->name, name);
    dlist_append(&all->list, &t->node);
    t->dial = dial_new(all->loop, to, ready, t);
    begin(t);
    return t;
}

int target_connect(struct target *t)
{
    int r = dial_step(t->dial, &t->conn);
    if (r == 0) {
        dial_free(t->dial);
        t->dial = NULL;
        listen_tune(conn_fd(t->conn), 0);
    }
    return r;
}

void target_keep(struct target *t, int64_t now_ms)
{
    ASSERT(t->busy && t->conn);
    t->busy = t->rings = false;
    t->idle_ms = now_ms;
    conn_want(t->conn, true, false);
}

void target_free(struct target *t)
{
    if (!t)
        return;
    dlist_remove(&t->node);
    dial_free(t->dial);
    conn_free(t->conn);
    buf_free(&t->name);
    mem_free(t);
}

void target_drop_idle(struct targets *all, int64_t now_ms)
{
    for (struct dlist_node *n = all->list.next; n != &all->list;) {
        struct target *t = target_at(n);
        n = n->next;
        if (!t->busy && (t->rings || now_ms - t->idle_ms >= TARGET_IDLE_MS))
            target_free(t);
    }
}

size_t target_count_idle(const struct targets *all)
{
    size_t n = 0;
    for (struct dlist_node *at = all->list.next; at != &all->list; at = at->next)
        n += !target_at(at)->busy;
    return n;
}

int64_t target_next_ms(const struct targets *all)
{
    int64_t at_ms = INT64_MAX;
    for (struct dlist_node *n = all->list.next; n != &all->list; n = n->next) {
        const struct target *t = target_at(n);
        if (!t->busy && t->idle_ms + TARGET_IDLE_MS < at_ms)
            at_ms = t->idle_ms + TARGET_IDLE_MS;
    }
    return at_ms;
}
