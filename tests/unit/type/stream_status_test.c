#include "base/hash.h"
#include "type/stream/stream_status.h"
#include "unit.h"

static struct stream_context *context(void)
{
    static struct stream_context *x;
    if (!x)
        x = stream_context_new();
    return x;
}

static const struct stream_log_policy log_policy = {.node_entries = 10, .node_bytes = 4096};

static struct stream *make(unsigned n)
{
    struct stream *s = stream_new(context(), 100, 100);
    struct bytes pair[] = {BYTES("a"), BYTES("b")};
    for (unsigned i = 1; i <= n; i++)
        stream_append(s, (struct stream_id){i, 0}, pair, 1, &log_policy);
    return s;
}

static void read_some(struct stream *s, struct stream_group *g, struct stream_consumer *c,
                      unsigned from, unsigned to, int64_t ms)
{
    for (unsigned i = from; i <= to; i++) {
        stream_advance_group(s, g, (struct stream_id){i, 0}, i > from);
        stream_group_deliver(g, c, (struct stream_id){i, 0}, ms);
    }
}

static struct stream_pending_place place(struct stream_group *g, unsigned i)
{
    struct stream_pending_place at;
    CHECK(stream_pending_find(&g->pending, (struct stream_id){i, 0}, &at));
    return at;
}

/* broker I1: each entry is in one state, and the ages are those of what comes next. */
TEST(states_and_ages)
{
    struct stream_status x;
    struct stream *s = make(20);
    struct stream_group *g = stream_add_group(s, BYTES("g"), STREAM_ID_MIN, 0);
    struct stream_consumer *c = stream_group_add_consumer(g, BYTES("c"), 1);
    struct stream_policy *p = stream_policy_new(BYTES("d"));
    p->lease_ms = 100;
    stream_set_policy(s, g, p);
    stream_status_read(s, g, 1000, 5000, &x);
    CHECK(x.unread == 20 && x.released == 0 && x.overdue == 0 && x.leased == 0 && x.deferred == 0);
    CHECK(x.oldest_ready_ms == 999 && x.oldest_leased_ms == -1 && x.next_due_ms == -1);
    read_some(s, g, c, 1, 4, 5000);
    read_some(s, g, c, 5, 10, 5050);
    stream_status_read(s, g, 1000, 5099, &x);
    CHECK(x.unread == 10 && x.overdue == 0 && x.leased == 10);
    CHECK(x.oldest_ready_ms == 989 && x.oldest_leased_ms == 99);
    stream_status_read(s, g, 1000, 5100, &x); /* a lease ends when it is over, not after that */
    CHECK(x.overdue == 4 && x.leased == 6 && x.oldest_ready_ms == 999);
    /* Its message is gone: it is not what comes next. */
    stream_delete(s, (struct stream_id){1, 0});
    stream_status_read(s, g, 1000, 5100, &x);
    CHECK(x.overdue == 4 && x.oldest_ready_ms == 998 && x.oldest_leased_ms == 100);
    stream_group_defer(g, place(g, 2), 1, 5300);
    stream_pending_set_blocked(&g->pending, (struct stream_id){2, 0});
    stream_group_release(g, place(g, 7), 1);
    stream_group_defer(g, place(g, 8), 1, 5400);
    stream_status_read(s, g, 1000, 5100, &x);
    CHECK(x.released == 1 && x.overdue == 3 && x.leased == 4 && x.deferred == 2 && x.blocked == 1);
    CHECK(x.oldest_ready_ms == 993 && x.next_due_ms == 200 && x.unread == 10);
    stream_status_read(s, g, 1000, 5350, &x);
    CHECK(x.next_due_ms == 0 && x.overdue == 7 && x.leased == 0);
    /* IDs ahead of the clock have no age. */
    stream_status_read(s, g, 2, 5350, &x);
    CHECK(x.oldest_ready_ms == 0);
    stream_free(s);
}

/* console S4: a look that expands no block is exact where blocks are not compressed, and else of
 * the right block. */
TEST(a_glance_expands_nothing)
{
    struct stream_log_policy how = {.node_entries = 100, .raw_blocks = 1};
    struct stream *s = make(0);
    struct stream_status x, y;
    for (unsigned i = 1; i <= 2000; i++) {
        struct bytes pair[2] = {BYTES("name"), BYTES("a value that can be compressed, compressed")};
        stream_append(s, (struct stream_id){i, 0}, pair, 1, &how);
    }
    struct stream_group *g = stream_add_group(s, BYTES("g"), STREAM_ID_MIN, 0);
    CHECK(stream_log_block(&s->log, 3)->packed_n && !stream_log_block(&s->log, 19)->packed_n);
    for (unsigned at = 0; at <= 2000; at += 25) {
        stream_group_set_position(g, (struct stream_id){at, 0}, -1);
        stream_status_glance(s, g, 5000, 5000, &x);
        for (size_t i = 0; i < s->log.n; i++)
            CHECK(!stream_log_block(&s->log, i)->cached);
        stream_status_read(s, g, 5000, 5000, &y);
        for (size_t i = 0; i < s->log.n; i++) /* it is not known from the exact look */
            stream_cache_drop(s->log.cache);
        uint64_t off = x.unread > y.unread ? x.unread - y.unread : y.unread - x.unread;
        CHECK(off <= 2 && (at % 100 || !off) && (at < 1900 || !off));
        CHECK(x.oldest_ready_ms - y.oldest_ready_ms <= 1 && x.oldest_ready_ms >= y.oldest_ready_ms);
    }
    struct stream_id first;
    uint64_t count;
    CHECK(!stream_log_glance(&s->log, (struct stream_id){2001, 0}, &first, &count) && !count);
    stream_free(s);
}

/* Without leases nothing is overdue; without a policy deliveries are by the wall clock. */
TEST(without_leases)
{
    struct stream_status x;
    struct stream *s = make(3);
    struct stream_group *g = stream_add_group(s, BYTES("g"), STREAM_ID_MIN, 0);
    struct stream_consumer *c = stream_group_add_consumer(g, BYTES("c"), 1);
    read_some(s, g, c, 1, 3, 700);
    stream_status_read(s, g, 1000, 5000, &x);
    CHECK(x.unread == 0 && x.leased == 3 && x.overdue == 0 && x.oldest_ready_ms == -1 &&
          x.oldest_leased_ms == 300);
    stream_set_policy(s, g, stream_policy_new(BYTES("d")));
    stream_status_read(s, g, 1000, 5000, &x);
    CHECK(x.leased == 3 && x.overdue == 0 && x.oldest_ready_ms == -1 && x.oldest_leased_ms == 4300);
    stream_free(s);
}

/* broker I2, D2: a call counts 10,000 leases that nobody has looked at, and looks at none: who
 * looks has to act. */
TEST(status_counts_expired_leases_up_to_a_limit)
{
    struct stream_status x;
    struct stream *s = make(25000);
    struct stream_group *g = stream_add_group(s, BYTES("g"), STREAM_ID_MIN, 0);
    struct stream_consumer *c = stream_group_add_consumer(g, BYTES("c"), 1);
    struct stream_policy *p = stream_policy_new(BYTES("d"));
    p->lease_ms = 100;
    stream_set_policy(s, g, p);
    read_some(s, g, c, 1, 25000, 1000);
    struct stream_pending_entry e;
    for (unsigned looked = 0; looked <= 25000; looked += 5000) {
        unsigned seen = looked + 10000 < 25000 ? looked + 10000 : 25000;
        stream_status_read(s, g, 90000, 90000, &x);
        CHECK(x.overdue == seen && x.leased == 25000 - seen && x.oldest_leased_ms == 89000);
        CHECK(g->pending.ended_count == looked);
        for (int i = 0; i < 5000; i++)
            CHECK(stream_pending_end_next(&g->pending, 90000, &e) == (looked < 25000));
    }
    stream_free(s);
}

UNIT_MAIN(T(states_and_ages), T(a_glance_expands_nothing), T(without_leases),
          T(status_counts_expired_leases_up_to_a_limit))
