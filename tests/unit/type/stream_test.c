#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "type/stream/stream.h"
#include "unit.h"

/* What the streams of this program share. */
static struct stream_context *context(void)
{
    static struct stream_context *x;
    if (!x)
        x = stream_context_new();
    return x;
}

/* A stream against an array: entries that come, are deleted and trimmed in every way (faults B1),
 * and a group that reads on meanwhile (faults B9). */

#define MOST 1200

static struct {
    struct stream_id id;
    bool live;
    int64_t expires_ms; /* -1: never */
} model[MOST];
static unsigned from, to;            /* the model's entries; before from none is alive */
static unsigned scheduled, expiring; /* messages; and of them, with a moment of expiry */

static struct rng rng;

static unsigned below(unsigned n)
{
    return (unsigned)rng_below(&rng, n);
}

static unsigned live_in(unsigned a, unsigned b)
{
    unsigned n = 0;
    for (unsigned i = a; i < b; i++)
        n += model[i].live;
    return n;
}

static void compare(const struct stream *s)
{
    struct stream_cursor c;
    unsigned i = from, expire = expiring;
    int64_t ms;
    for (unsigned k = from; k < to && s->extra; k++) {
        bool expires = model[k].live && model[k].expires_ms >= 0;
        CHECK(stream_expiry_get(&s->extra->expiry, model[k].id, &ms) == expires);
        CHECK(!expires || ms == model[k].expires_ms);
        expire += expires;
    }
    CHECK(!s->extra || (stream_expiry_count(&s->extra->expiry) == expire &&
                        stream_future_count(&s->extra->future) == scheduled));
    CHECK(stream_is_sound(s));
    CHECK(s->log.length == live_in(from, to));
    for (bool any = stream_log_seek(&s->log, STREAM_ID_MIN, &c); any;
         any = stream_log_next(&c), i++) {
        while (i < to && !model[i].live)
            i++;
        CHECK(i < to && stream_id_compare(stream_log_id(&c), model[i].id) == 0);
    }
    stream_log_end(&c);
    CHECK(live_in(i, to) == 0);
}

static void append(struct stream *s, const struct stream_log_policy *policy)
{
    struct bytes pair[] = {BYTES("a"), BYTES("some value")};
    if (to == MOST) {
        /* Forget what is gone, or everything when nothing is. */
        while (from < to && !model[from].live)
            from++;
        if (from < MOST / 2) {
            for (unsigned i = from; i < to; i++)
                stream_delete(s, model[i].id);
            from = to;
        }
        memmove(model, model + from, (to - from) * sizeof(*model));
        to -= from;
        from = 0;
    }
    struct stream_id id = {s->last_id.ms + below(3), 0};
    if (id.ms == s->last_id.ms)
        id.seq = s->last_id.seq + 1 + below(2);
    stream_append(s, id, pair, 1, policy);
    model[to].expires_ms = s->extra && below(2) ? (int64_t)below(1000) : -1;
    if (model[to].expires_ms >= 0)
        stream_expiry_set(&s->extra->expiry, id, model[to].expires_ms);
    model[to].id = id;
    model[to++].live = true;
}

/* Messages whose IDs lie between those of entries; who expires as well has an odd number. */
static void schedule_or_cancel(struct stream *s)
{
    struct bytes pair[] = {BYTES("a"), BYTES("later")};
    struct stream_future_message m;
    struct stream_map_place at;
    bool odd = below(2);
    struct stream_id id = {s->last_id.ms + below(20), 1000 + 2 * s->added + odd};
    if (below(3)) {
        stream_future_add(&s->extra->future, id, pair, 1);
        scheduled++;
        if (odd)
            stream_expiry_set(&s->extra->expiry, id, below(1000));
        expiring += odd;
    } else if (stream_future_seek(&s->extra->future, (struct stream_id){below(4000), 0}, &at, &m)) {
        CHECK(stream_cancel(s, m.id) && !stream_cancel(s, m.id));
        scheduled--;
        expiring -= m.id.seq % 2;
    }
}

/* Runs of entries, so that blocks lose their oldest, their newest, or all. */
static void delete_run(struct stream *s)
{
    unsigned i = to > from ? from + below(to - from) : to, n = 1 + below(below(4) ? 3 : 30);
    if (below(3) == 0 && to - from > n)
        i = to - n;
    for (; n-- && i < to; i++) {
        uint64_t dropped;
        int was = below(2) ? stream_delete(s, model[i].id)
                           : stream_delete_by(s, model[i].id, STREAM_KEEP_REFERENCES, &dropped) > 0;
        CHECK(was == model[i].live);
        model[i].live = false;
    }
}

static bool is_too_old(const struct stream_trim *t, unsigned i)
{
    return t->by_id ? stream_id_compare(model[i].id, t->min_id) < 0
                    : live_in(i, to) > t->max_length;
}

static unsigned too_old(const struct stream_trim *t)
{
    unsigned n = 0;
    for (unsigned i = from; i < to; i++)
        n += model[i].live && is_too_old(t, i);
    return n;
}

static void trim(struct stream *s, unsigned block_entries)
{
    struct stream_trim t = {.by_id = below(2), .about = below(3) == 0};
    if (t.about && below(2))
        t.limit = 1 + below(40);
    if (!t.about && below(3) == 0)
        t.strategy = STREAM_DROP_REFERENCES;
    t.max_length = below(4) ? below(live_in(from, to) + 2) : below(3);
    if (from < to) {
        t.min_id = model[below(3) ? from + below(to - from) : to - 1].id;
        if (below(3) == 0)
            stream_id_next(&t.min_id);
        else if (below(3) == 0)
            stream_id_previous(&t.min_id);
    }
    unsigned old = too_old(&t);
    uint64_t dropped, gone = stream_trim(s, &t, &dropped);
    CHECK(gone <= old && (!t.limit || gone <= t.limit));
    if (!t.about)
        CHECK(gone == old);
    else if (!t.limit && block_entries)
        CHECK(old - gone < block_entries);
    for (unsigned i = from; i < to && gone; i++) {
        gone -= model[i].live;
        model[i].live = false;
    }
    CHECK(s->log.length == live_in(from, to));
}

static unsigned unread(const struct stream_group *g)
{
    unsigned n = 0;
    for (unsigned i = from; i < to; i++)
        n += model[i].live && stream_id_compare(model[i].id, g->last_id) > 0;
    return n;
}

static void read_some(struct stream *s, struct stream_group *g)
{
    struct stream_id id = g->last_id;
    struct stream_cursor c;
    if (!stream_id_next(&id))
        return;
    unsigned n = 1 + below(below(3) ? 3 : 50);
    bool follows = false;
    for (bool any = stream_log_seek(&s->log, id, &c); any && n; any = stream_log_next(&c), n--) {
        stream_advance_group(s, g, stream_log_id(&c), follows);
        follows = true;
    }
    stream_log_end(&c);
}

/* true: the lag must be told. */
static void check_lag(const struct stream *s, const struct stream_group *g, bool must)
{
    uint64_t lag;
    bool known = stream_lag(s, g, &lag);
    CHECK(!known || lag == unread(g));
    CHECK(known || !must);
    /* Nothing was ever said about the counter but by what was read: it is what it is called. */
    CHECK(g->entries_read <= (int64_t)s->added);
    if (g->entries_read >= 0 && unread(g) == 0 && s->log.length && from < to &&
        stream_id_compare(g->last_id, s->last_id) == 0)
        CHECK(g->entries_read == (int64_t)s->added);
}

static void run(uint64_t seed, uint64_t entries, uint64_t bytes, size_t raw_blocks, int steps)
{
    bool extra = seed % 2;
    struct stream *s = stream_new(context(), 100, 100);
    struct stream_log_policy policy = {entries, bytes, raw_blocks};
    rng_seed(&rng, seed);
    from = to = scheduled = expiring = 0;
    if (extra)
        stream_need_extra(s);
    struct stream_group *g = stream_add_group(s, BYTES("g"), STREAM_ID_MIN, 0);
    for (int step = 0; step < steps; step++) {
        unsigned what = below(100);
        if (what < 75)
            append(s, &policy);
        else if (what < 84)
            delete_run(s);
        else if (what < 88)
            trim(s, (unsigned)entries);
        else if (extra && what < 91)
            schedule_or_cancel(s);
        else if (what < 99)
            read_some(s, g);
        else if (below(8) == 0) {
            g->last_id = below(2) || from == to ? STREAM_ID_MIN : model[from + below(to - from)].id;
            g->entries_read = -1;
        }
        check_lag(s, g, stream_id_compare(g->last_id, s->last_id) == 0 || s->log.length == 0);
        if (step % 200 == 0)
            compare(s);
    }
    compare(s);
    stream_free(s);
}

TEST(behaves_like_an_array_when_deleted_and_trimmed)
{
    hash_init("seed", 4);
    for (uint64_t seed = 1; seed < 4; seed++) {
        run(seed, 1, 0, 0, 6000);
        run(seed, 2, 0, 1, 10000);
        run(seed, 7, 0, 2, 10000);
        run(seed, 100, 4096, 1, 10000);
        run(seed, 0, 300, 1, 6000);
    }
}

static struct stream *five(struct stream_group **g)
{
    struct stream *s = stream_new(context(), 100, 100);
    struct stream_log_policy policy = {100, 4096, 0};
    struct bytes pair[] = {BYTES("a"), BYTES("b")};
    *g = stream_add_group(s, BYTES("g"), STREAM_ID_MIN, 0);
    for (unsigned i = 1; i <= 5; i++)
        stream_append(s, (struct stream_id){i, 0}, pair, 1, &policy);
    return s;
}

static void read_one(struct stream *s, struct stream_group *g, uint64_t ms)
{
    struct stream_id id = {ms, 0};
    stream_advance_group(s, g, id, false);
}

TEST(trims_by_id_when_the_newest_entries_are_deleted)
{
    struct stream_group *g;
    struct stream *s = five(&g);
    struct stream_trim t = {.by_id = true, .min_id = {5, 0}};
    uint64_t dropped;
    stream_delete(s, (struct stream_id){5, 0});
    CHECK(stream_trim(s, &t, &dropped) == 4 && s->log.length == 0 && s->log.n == 0);
    stream_free(s);
}

TEST(counts_what_was_read_over_what_was_trimmed)
{
    struct stream_group *g;
    struct stream *s = five(&g);
    struct stream_trim t = {.max_length = 2};
    uint64_t dropped, lag;
    read_one(s, g, 1);
    stream_trim(s, &t, &dropped);
    CHECK(stream_lag(s, g, &lag) && lag == 2);
    read_one(s, g, 4);
    CHECK(g->entries_read == 4 && stream_lag(s, g, &lag) && lag == 1);
    read_one(s, g, 5);
    CHECK(g->entries_read == 5 && stream_lag(s, g, &lag) && lag == 0);
    stream_free(s);
}

TEST(counts_what_was_read_over_what_was_deleted)
{
    struct stream_group *g;
    struct stream *s = five(&g);
    uint64_t lag;
    read_one(s, g, 1);
    stream_delete(s, (struct stream_id){2, 0});
    stream_delete(s, (struct stream_id){3, 0});
    CHECK(!stream_lag(s, g, &lag));
    read_one(s, g, 4);
    CHECK(g->entries_read == 4 && stream_lag(s, g, &lag) && lag == 1);
    stream_free(s);
}

TEST(an_entry_deleted_at_the_position_makes_the_lag_unknown)
{
    struct stream_group *g;
    struct stream *s = five(&g);
    uint64_t lag;
    read_one(s, g, 1);
    read_one(s, g, 2);
    stream_delete(s, (struct stream_id){2, 0});
    CHECK(!stream_lag(s, g, &lag));
    read_one(s, g, 3);
    CHECK(g->entries_read == 3 && stream_lag(s, g, &lag) && lag == 2);
    stream_free(s);
}

TEST(counters_stay_at_their_highest)
{
    struct stream_group *g;
    struct stream *s = five(&g);
    struct stream_log_policy policy = {100, 4096, 0};
    struct bytes pair[] = {BYTES("a"), BYTES("b")};
    read_one(s, g, 1);
    g->entries_read = INT64_MAX;
    s->added = INT64_MAX;
    read_one(s, g, 2);
    stream_append(s, (struct stream_id){6, 0}, pair, 1, &policy);
    uint64_t lag;
    CHECK(g->entries_read == INT64_MAX && s->added == INT64_MAX);
    CHECK(stream_lag(s, g, &lag) && lag == 4);
    stream_free(s);
}

TEST(dropping_references_takes_those_of_entries_that_went_before)
{
    struct stream_group *g;
    struct stream *s = five(&g);
    struct stream_consumer *c = stream_group_add_consumer(g, BYTES("c"), 1);
    for (unsigned i = 1; i <= 5; i++)
        stream_group_deliver(g, c, (struct stream_id){i, 0}, 1);
    struct stream_trim t = {.max_length = 2, .strategy = STREAM_DROP_REFERENCES};
    uint64_t dropped;
    for (unsigned i = 1; i <= 3; i++)
        stream_delete(s, (struct stream_id){i, 0});
    CHECK(stream_trim(s, &t, &dropped) == 0 && dropped == 3 && g->pending.count == 2);
    stream_delete(s, (struct stream_id){4, 0});
    stream_delete(s, (struct stream_id){5, 0});
    CHECK(stream_trim(s, &t, &dropped) == 0 && dropped == 2 && c->pending == 0);
    stream_free(s);
}

/* Each way in which an entry goes. */
TEST(moments_of_expiry_go_with_their_entries)
{
    for (int way = 0; way < 7; way++) {
        struct stream_group *g;
        struct stream *s = five(&g);
        struct stream_extra *x = stream_need_extra(s);
        struct stream_trim t = {.by_id = true, .min_id = {4, 0}};
        struct bytes pair[] = {BYTES("a"), BYTES("b")};
        struct stream_id later = {3, 5};
        uint64_t dropped = 0;
        int64_t ms;
        stream_future_add(&x->future, later, pair, 1);
        stream_expiry_set(&x->expiry, later, 77);
        for (uint64_t i = 1; i <= 5; i++)
            stream_expiry_set(&x->expiry, (struct stream_id){i, 0}, (int64_t)i);
        stream_group_set_position(g, STREAM_ID_MAX, -1);
        if (way < 3) {
            t.strategy = (enum stream_strategy)way;
            CHECK(stream_trim(s, &t, &dropped) == 3);
        } else if (way == 3) {
            t = (struct stream_trim){.max_length = 0};
            CHECK(stream_trim(s, &t, &dropped) == 5);
            CHECK(stream_expiry_count(&x->expiry) == 1);
        } else {
            for (uint64_t i = 1; i <= 3; i++)
                CHECK(stream_delete_by(s, (struct stream_id){i, 0}, (enum stream_strategy)(way - 4),
                                       &dropped) == 1);
        }
        CHECK(stream_expiry_count(&x->expiry) == 1 + s->log.length && stream_is_sound(s));
        CHECK(stream_expiry_get(&x->expiry, later, &ms) && ms == 77);
        CHECK(stream_cancel(s, later) && !stream_cancel(s, later));
        CHECK(stream_expiry_count(&x->expiry) == s->log.length);
        stream_free(s);
    }
}

TEST(trimming_by_acked_stops_where_a_group_reads)
{
    struct stream_group *g;
    struct stream *s = five(&g);
    struct stream_group *h = stream_add_group(s, BYTES("h"), (struct stream_id){4, 0}, -1);
    struct stream_consumer *c = stream_group_add_consumer(g, BYTES("c"), 1);
    struct stream_trim t = {
        .by_id = true, .min_id = STREAM_ID_MAX, .strategy = STREAM_ACKNOWLEDGED};
    uint64_t dropped;
    CHECK(stream_trim(s, &t, &dropped) == 0);
    for (unsigned i = 1; i <= 3; i++)
        read_one(s, g, i);
    stream_group_deliver(g, c, (struct stream_id){2, 0}, 1);
    CHECK(stream_trim(s, &t, &dropped) == 2 && s->log.length == 3);
    CHECK(stream_remove_group(s, BYTES("g")) && h->last_id.ms == 4);
    CHECK(stream_trim(s, &t, &dropped) == 2 && s->log.length == 1);
    CHECK(stream_remove_group(s, BYTES("h")));
    CHECK(stream_trim(s, &t, &dropped) == 1 && s->log.length == 0);
    stream_free(s);
}

TEST(an_entry_is_needed_until_all_groups_are_done_with_it)
{
    struct stream_group *g;
    struct stream *s = five(&g);
    struct stream_group *h = stream_add_group(s, BYTES("h"), (struct stream_id){4, 0}, -1);
    struct stream_consumer *c = stream_group_add_consumer(g, BYTES("c"), 1);
    CHECK(stream_is_needed(s, (struct stream_id){3, 0})); /* g has not read it */
    for (unsigned i = 1; i <= 3; i++)
        read_one(s, g, i);
    CHECK(!stream_is_needed(s, (struct stream_id){3, 0}));
    CHECK(stream_is_needed(s, (struct stream_id){4, 0}));
    stream_group_deliver(g, c, (struct stream_id){3, 0}, 1);
    CHECK(stream_is_needed(s, (struct stream_id){3, 0}));
    CHECK(stream_group_ack(g, (struct stream_id){3, 0}));
    CHECK(!stream_is_needed(s, (struct stream_id){3, 0}));
    read_one(s, g, 4);
    CHECK(!stream_is_needed(s, (struct stream_id){4, 0}) &&
          stream_is_needed(s, (struct stream_id){5, 0}));
    CHECK(h->last_id.ms == 4);
    stream_free(s);
}

TEST(a_group_that_has_not_counted_begins_where_that_can_be_told)
{
    struct stream_group *g;
    struct stream *s = five(&g);
    uint64_t lag;
    stream_group_set_position(g, (struct stream_id){3, 0}, -1);
    read_one(s, g, 4);
    CHECK(g->entries_read == -1 && !stream_lag(s, g, &lag));
    read_one(s, g, 5); /* the last: all of them were added */
    CHECK(g->entries_read == 5 && stream_lag(s, g, &lag) && lag == 0);
    stream_group_set_position(g, STREAM_ID_MIN, -1);
    read_one(s, g, 1); /* the first */
    CHECK(g->entries_read == 1 && stream_lag(s, g, &lag) && lag == 4);
    stream_free(s);
}

TEST(groups_are_sorted_by_name)
{
    static const char *const names[] = {"m", "b", "zz", "a", "z"}, *const sorted[] = {"a", "b",
                                                                                      "g", "m",
                                                                                      "z", "zz"};
    struct stream_group *g;
    struct stream *s = five(&g);
    for (int i = 0; i < 5; i++)
        CHECK(stream_add_group(s, bytes_text(names[i]), STREAM_ID_MIN, 0));
    CHECK(!stream_add_group(s, BYTES("a"), STREAM_ID_MIN, 0));
    size_t n;
    struct stream_group **all = stream_sorted_groups(s, &n);
    CHECK(n == 6);
    for (int i = 0; i < 6; i++)
        CHECK(bytes_is(str_bytes(all[i]->name), sorted[i]));
    mem_free(all);
    CHECK(stream_remove_group(s, BYTES("b")) && !stream_remove_group(s, BYTES("b")));
    CHECK(!stream_find_group(s, BYTES("b")) && stream_find_group(s, BYTES("g")) == g);
    stream_free(s);
}

TEST(the_last_possible_id_is_counted_too)
{
    struct stream_group *g;
    struct stream *s = five(&g);
    struct stream_log_policy policy = {100, 4096, 0};
    struct bytes pair[] = {BYTES("a"), BYTES("b")};
    struct stream_id next;
    uint64_t lag;
    stream_append(s, STREAM_ID_MAX, pair, 1, &policy);
    CHECK(stream_entries_read_at(s, STREAM_ID_MAX) == 6);
    CHECK(stream_entries_read_at(s, (struct stream_id){5, 0}) == -1);
    stream_group_set_position(g, (struct stream_id){5, 0}, -1);
    stream_advance_group(s, g, STREAM_ID_MAX, false);
    CHECK(g->entries_read == 6 && stream_lag(s, g, &lag) && lag == 0);
    CHECK(!stream_next_id(s, 1000, &next));
    stream_free(s);
}

static struct stream_policy *policy(bool deletes, int64_t lease_ms)
{
    struct stream_policy *p = stream_policy_new(BYTES("dead"));
    p->delete_acked = deletes;
    p->lease_ms = lease_ms;
    return p;
}

/* broker P2, P12: a policy is changed, taken along by its group, and goes with it. */
TEST(groups_carry_policies)
{
    struct stream *s = stream_new(context(), 100, 100);
    struct stream_group *a = stream_add_group(s, BYTES("a"), STREAM_ID_MIN, 0),
                        *b = stream_add_group(s, BYTES("b"), STREAM_ID_MIN, 0);
    CHECK(!a->policy && s->policies == 0 && stream_is_sound(s));
    append(s, &(struct stream_log_policy){.node_entries = 10, .node_bytes = 4096});
    stream_set_policy(s, a, policy(true, 5));
    stream_set_policy(s, b, policy(false, 5));
    CHECK(s->policies == 2 && s->deleting == 1 && a->policy->counts.added_before == 1);
    /* What was counted, and who watches, belongs to the group. */
    a->policy->counts.dead = 3;
    a->policy->watch = &model;
    stream_set_policy(s, a, policy(false, 7));
    CHECK(a->policy->counts.dead == 3 && a->policy->watch == &model && a->policy->lease_ms == 7);
    CHECK(s->policies == 2 && s->deleting == 0 && stream_is_sound(s));
    stream_set_policy(s, b, policy(true, 1));
    struct stream *copy = stream_copy(s);
    CHECK(copy->policies == 2 && copy->deleting == 1 && stream_is_sound(copy));
    struct stream_group *copied = stream_find_group(copy, BYTES("a"));
    CHECK(copied->policy != a->policy && stream_policy_equal(copied->policy, a->policy) &&
          !copied->policy->watch && copied->policy->counts.dead == 0 &&
          copied->policy->counts.added_before == 1);
    /* broker P8: without a policy nobody waits for a moment. */
    struct stream_pending_place at;
    struct stream_pending_entry e;
    stream_group_restore(a, (struct stream_id){5, 0}, NULL, 0, 3);
    CHECK(stream_pending_find(&a->pending, (struct stream_id){5, 0}, &at));
    stream_group_defer(a, at, 3, INT64_MAX);
    struct stream_consumer *c = stream_group_add_consumer(a, BYTES("c"), 1);
    stream_group_deliver(a, c, (struct stream_id){6, 0}, 100);
    CHECK(stream_pending_end_next(&a->pending, 100, &e) && e.id.ms == 6);
    stream_set_policy(s, a, policy(false, 7)); /* the same lease */
    CHECK(a->pending.ended_count == 1 && stream_pending_deferred_count(&a->pending) == 1);
    stream_set_policy(s, a, policy(false, 8));
    CHECK(a->pending.ended_count == 0 && stream_pending_end_next(&a->pending, 100, &e));
    stream_set_policy(s, a, NULL);
    CHECK(stream_pending_released_count(&a->pending) == 1 && a->pending.ended_count == 0);
    stream_set_policy(s, a, NULL);
    CHECK(!a->policy && s->policies == 1 && s->deleting == 1 && stream_is_sound(s));
    CHECK(stream_remove_group(s, BYTES("b")) && !stream_remove_group(s, BYTES("b")));
    CHECK(s->policies == 0 && s->deleting == 0 && stream_is_sound(s));
    stream_free(s);
    CHECK(stream_is_sound(copy));
    stream_free(copy);
}

/* broker I1, I5: exact where XINFO does not know the lag. */
TEST(what_is_unread_is_counted)
{
    struct stream_log_policy policy = {.node_entries = 10, .node_bytes = 4096};
    struct stream *s = stream_new(context(), 100, 100);
    struct bytes pair[] = {BYTES("a"), BYTES("b")};
    struct stream_group *g = stream_add_group(s, BYTES("g"), STREAM_ID_MIN, 0);
    uint64_t lag;
    CHECK(stream_unread(s, g) == 0);
    for (unsigned i = 1; i <= 100; i++)
        stream_append(s, (struct stream_id){i, 0}, pair, 1, &policy);
    CHECK(stream_unread(s, g) == 100);
    stream_delete(s, (struct stream_id){50, 0});
    stream_delete(s, (struct stream_id){20, 0});
    CHECK(!stream_lag(s, g, &lag) || lag == 98);
    CHECK(stream_unread(s, g) == 98);
    stream_group_set_position(g, (struct stream_id){40, 7}, -1);
    CHECK(!stream_lag(s, g, &lag) && stream_unread(s, g) == 59);
    stream_group_set_position(g, (struct stream_id){100, 0}, -1);
    CHECK(stream_unread(s, g) == 0);
    stream_group_set_position(g, STREAM_ID_MAX, -1);
    CHECK(stream_unread(s, g) == 0);
    stream_free(s);
}

UNIT_MAIN(T(moments_of_expiry_go_with_their_entries),
          T(trimming_by_acked_stops_where_a_group_reads), T(groups_carry_policies),
          T(what_is_unread_is_counted), T(behaves_like_an_array_when_deleted_and_trimmed),
          T(trims_by_id_when_the_newest_entries_are_deleted),
          T(counts_what_was_read_over_what_was_trimmed),
          T(counts_what_was_read_over_what_was_deleted),
          T(an_entry_deleted_at_the_position_makes_the_lag_unknown),
          T(counters_stay_at_their_highest),
          T(dropping_references_takes_those_of_entries_that_went_before),
          T(an_entry_is_needed_until_all_groups_are_done_with_it),
          T(a_group_that_has_not_counted_begins_where_that_can_be_told),
          T(groups_are_sorted_by_name), T(the_last_possible_id_is_counted_too))
