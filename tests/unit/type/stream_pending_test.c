#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "type/stream/stream_pending_deferred.h"
#include "type/stream/stream_pending_walk.h"
#include "unit.h"

#define IDS 4000

/* The model: one record for every possible ID. */
static struct {
    bool there, looked, blocked;
    enum stream_touched_state state;
    int64_t time_ms; /* deferred: when it is due; released: when it was, or 0 */
    uint64_t count, order;
    uint32_t consumer;
    char reason[8];
} model[IDS];

static struct stream_id id_of(unsigned i, bool wide)
{
    return (struct stream_id){1700000000000u + i / 3,
                              wide && i % 3 == 2 ? (uint64_t)1 << 40 : i % 3};
}

static unsigned number_of(struct stream_id id)
{
    return (unsigned)(id.ms - 1700000000000u) * 3 + (id.seq > 1 ? 2 : (unsigned)id.seq);
}

static bool is_owned(unsigned i)
{
    return model[i].there && model[i].state == STREAM_LEASED;
}

static void compare_by_id(struct stream_pending *p, bool wide)
{
    struct stream_pending_place at;
    struct stream_pending_entry e;
    unsigned n = 0, released = 0, deferred = 0, looked = 0, blocked = 0;
    bool any = stream_pending_seek(p, STREAM_ID_MIN, &at);
    for (unsigned i = 0; i < IDS; i++) {
        int64_t due_ms;
        if (!model[i].there)
            continue;
        CHECK(any);
        stream_pending_get(p, at, &e);
        CHECK(stream_id_compare(e.id, id_of(i, wide)) == 0 && e.count == model[i].count);
        CHECK(e.time_ms == (is_owned(i) ? model[i].time_ms : 0));
        CHECK(is_owned(i) || stream_pending_due_ms(p, e.id) == model[i].time_ms);
        CHECK(e.consumer == (is_owned(i) ? model[i].consumer : STREAM_PENDING_NO_CONSUMER));
        CHECK(stream_pending_is_deferred(p, e.id, &due_ms) == (model[i].state == STREAM_DEFERRED));
        CHECK(model[i].state != STREAM_DEFERRED || due_ms == model[i].time_ms);
        CHECK(bytes_equal(stream_pending_reason(p, e.id), bytes_text(model[i].reason)));
        CHECK(stream_pending_is_blocked(p, e.id) == model[i].blocked);
        released += model[i].state == STREAM_RELEASED;
        deferred += model[i].state == STREAM_DEFERRED;
        looked += model[i].looked;
        blocked += model[i].blocked;
        any = stream_pending_next(p, &at);
        n++;
    }
    CHECK(!any && p->count == n && stream_pending_is_sound(p));
    CHECK(stream_pending_released_count(p) == released && p->ended_count == looked);
    CHECK(stream_pending_deferred_count(p) == deferred &&
          stream_pending_owned_count(p) == n - released - deferred &&
          stream_pending_blocked_count(p) == blocked);
}

/* By time: released ones in their order, then never a later delivery before an earlier one. */
static void compare_walk(struct stream_pending *p)
{
    struct stream_pending_walk w;
    struct stream_pending_entry e, r;
    int64_t last = -1;
    uint64_t order = 0, walked = 0;
    uint32_t at = STREAM_TOUCHED_NONE;
    bool zone = true;
    stream_pending_walk_start(&w, p);
    CHECK(stream_pending_is_sound(p));
    while (stream_pending_walk_peek(&w, &e)) {
        unsigned i = number_of(e.id);
        bool released = model[i].state == STREAM_RELEASED;
        CHECK((zone || !released) && model[i].state != STREAM_DEFERRED);
        zone = released;
        if (released) {
            CHECK(model[i].order > order);
            order = model[i].order;
            CHECK(stream_pending_walk_released(p, &at, &r) && stream_id_compare(r.id, e.id) == 0 &&
                  r.count == e.count);
        } else {
            CHECK(e.time_ms >= last);
            last = e.time_ms;
        }
        stream_pending_walk_next(&w, &e);
        walked++;
    }
    CHECK(!stream_pending_walk_released(p, &at, &r));
    CHECK(walked + stream_pending_deferred_count(p) == p->count);
}

static bool next_taken(struct stream_pending_walk *w, bool remembers, int64_t until_ms,
                       struct stream_pending_entry *e)
{
    while (stream_pending_walk_peek(w, e) && e->time_ms <= until_ms) {
        bool barred = e->count % 2 == 0;
        if (remembers && stream_pending_walk_leap(w, e))
            continue;
        if (remembers && barred)
            stream_pending_walk_bar(w, e);
        else
            stream_pending_walk_next(w, e);
        if (!barred)
            return true;
    }
    return false;
}

/* A reader that may not take entries with even counts, and remembers those at the front, finds the
 * same others. */
static void compare_barred(struct stream_pending *p, int64_t until_ms)
{
    struct stream_pending_walk all, others;
    struct stream_pending_entry e, o;
    bool more;
    stream_pending_walk_start(&all, p);
    stream_pending_walk_start(&others, p);
    do {
        more = next_taken(&all, false, until_ms, &e);
        CHECK(next_taken(&others, true, until_ms, &o) == more);
        CHECK(!more || stream_id_compare(o.id, e.id) == 0);
    } while (more);
    CHECK(stream_pending_is_sound(p));
}

/* Those that are due, from a moment on, and the first ones of them. */
static void compare_deferred(struct stream_pending *p, int64_t from_ms, size_t most)
{
    size_t n, there = 0;
    struct stream_pending_deferred *all = stream_pending_deferred(p, from_ms, most, &n);
    for (unsigned i = 0; i < IDS; i++)
        there += model[i].there && model[i].state == STREAM_DEFERRED && model[i].time_ms >= from_ms;
    CHECK(n == (there < most ? there : most));
    for (size_t k = 0; k < n; k++) {
        unsigned i = number_of(all[k].id);
        size_t before = 0;
        CHECK(model[i].there && model[i].state == STREAM_DEFERRED);
        CHECK(all[k].due_ms == model[i].time_ms && all[k].count == model[i].count &&
              bytes_equal(all[k].reason, bytes_text(model[i].reason)));
        for (unsigned j = 0; j < IDS; j++)
            before += model[j].there && model[j].state == STREAM_DEFERRED &&
                      model[j].time_ms >= from_ms &&
                      (model[j].time_ms < model[i].time_ms ||
                       (model[j].time_ms == model[i].time_ms && j < i));
        CHECK(before == k);
    }
    mem_free(all);
}

static void compare_owned(struct stream_pending *p, unsigned consumers)
{
    struct stream_pending_place at;
    for (uint32_t c = 0; c < consumers; c++) {
        unsigned mine = 0, found = 0;
        for (unsigned i = 0; i < IDS; i++)
            mine += is_owned(i) && model[i].consumer == c;
        for (bool any = stream_pending_seek_owned(p, STREAM_ID_MIN, c, &at); any;
             any = stream_pending_next_owned(p, c, &at))
            found++;
        CHECK(mine == found);
    }
}

static void compare(struct stream_pending *p, bool wide, unsigned consumers)
{
    compare_by_id(p, wide);
    compare_owned(p, consumers < 8 ? consumers : 8);
    compare_walk(p);
    compare_by_id(p, wide);
    compare_deferred(p, 0, 10);
    compare_deferred(p, 1700000000500, 40);
}

static struct rng rng;

static unsigned below(unsigned n)
{
    return (unsigned)rng_below(&rng, n);
}

/* What releases or defers, and what is noted of it then. */
static void give_up(struct stream_pending *p, unsigned i, struct stream_pending_place at,
                    int64_t now, uint64_t *order, uint64_t count)
{
    struct stream_pending_entry e = {.consumer = STREAM_PENDING_NO_CONSUMER, .count = count};
    struct stream_id id;
    stream_pending_get(p, at, &e);
    id = e.id;
    e.consumer = STREAM_PENDING_NO_CONSUMER;
    e.count = count;
    memset(model[i].reason, 0, sizeof(model[i].reason));
    model[i].blocked = model[i].looked = false;
    model[i].count = count;
    if (below(2)) {
        model[i].state = STREAM_RELEASED;
        model[i].time_ms = 0;
        model[i].order = ++*order;
        stream_pending_change(p, at, &e, true);
    } else {
        model[i].state = STREAM_DEFERRED;
        model[i].time_ms = now + below(200);
        stream_pending_defer(p, at, count, model[i].time_ms);
    }
    if (below(3) == 0) {
        snprintf(model[i].reason, sizeof(model[i].reason), "r%u", below(1000));
        stream_pending_set_reason(p, id, bytes_text(model[i].reason));
    }
    if (below(5) == 0) {
        model[i].blocked = true;
        stream_pending_set_blocked(p, id);
    }
}

/* Until a moment, some of them. The longest leased one comes next. */
static void look(struct stream_pending *p, int64_t until, unsigned most)
{
    struct stream_pending_entry e;
    while (most-- && stream_pending_end_next(p, until, &e)) {
        unsigned i = number_of(e.id);
        CHECK(is_owned(i) && !model[i].looked && model[i].time_ms <= until);
        for (unsigned j = 0; j < IDS; j++)
            CHECK(!is_owned(j) || model[j].looked || model[j].time_ms >= model[i].time_ms);
        model[i].looked = true;
    }
    if (most == UINT32_MAX)
        return;
    for (unsigned j = 0; j < IDS; j++)
        CHECK(!is_owned(j) || model[j].looked || model[j].time_ms > until);
}

static void release_due(struct stream_pending *p, int64_t now, size_t most, uint64_t *order)
{
    size_t released = stream_pending_release_due(p, now, most), left = released;
    for (; left; left--) {
        unsigned next = IDS;
        for (unsigned i = 0; i < IDS; i++)
            if (model[i].there && model[i].state == STREAM_DEFERRED &&
                (next == IDS || model[i].time_ms < model[next].time_ms))
                next = i;
        CHECK(next < IDS && model[next].time_ms <= now);
        model[next].state = STREAM_RELEASED;
        model[next].order = ++*order;
    }
    for (unsigned i = 0; released < most && i < IDS; i++)
        CHECK(!model[i].there || model[i].state != STREAM_DEFERRED || model[i].time_ms > now);
}

static void lease(struct stream_pending *p, unsigned i, struct stream_pending_place at,
                  int64_t time_ms, uint32_t consumer)
{
    struct stream_pending_entry e = {
        .time_ms = time_ms, .consumer = consumer, .count = below(3) ? 2 : (uint64_t)INT64_MAX};
    stream_pending_change(p, at, &e, false);
    model[i].state = STREAM_LEASED;
    model[i].time_ms = time_ms;
    model[i].count = e.count;
    model[i].consumer = consumer;
    model[i].looked = model[i].blocked = false;
    memset(model[i].reason, 0, sizeof(model[i].reason));
}

static void add(struct stream_pending *p, unsigned i, bool wide, int64_t now, uint32_t consumer)
{
    struct stream_pending_entry e = {
        .id = id_of(i, wide), .time_ms = now, .count = 1 + below(2), .consumer = consumer};
    stream_pending_add(p, &e);
    memset(&model[i], 0, sizeof(model[i]));
    model[i].there = true;
    model[i].time_ms = now;
    model[i].count = e.count;
    model[i].consumer = consumer;
}

static void run(unsigned seed, bool wide, unsigned consumers)
{
    struct stream_pending p;
    int64_t now = 1700000000000;
    unsigned next = 0;
    uint64_t order = 0;
    rng_seed(&rng, seed);
    stream_pending_init(&p);
    memset(model, 0, sizeof(model));
    for (int step = 0; step < 12000; step++) {
        unsigned what = below(40), i = below(next + 1);
        uint32_t c = below(consumers);
        struct stream_pending_place at;
        now += below(3);
        if (below(1000) == 0)
            now -= below(200); /* the clock goes back */
        if (what < 16 && next < IDS) {
            add(&p, next++, wide, now, c);
        } else if (what < 18) {
            look(&p, now - below(300), below(30));
        } else if (what < 19) {
            release_due(&p, now - below(100), below(10) ? below(50) : SIZE_MAX, &order);
        } else if (what == 19 && below(100) == 0) {
            stream_pending_end_reset(&p);
            for (unsigned j = 0; j < IDS; j++)
                model[j].looked = false;
        } else if (i >= next) {
            continue;
        } else if (!model[i].there) {
            if (what < 22)
                add(&p, i, wide, now, c);
            continue;
        } else {
            CHECK(stream_pending_find(&p, id_of(i, wide), &at));
            if (what < 30) {
                stream_pending_remove(&p, at);
                memset(&model[i], 0, sizeof(model[i]));
            } else if (what < 36) {
                lease(&p, i, at, below(4) ? now : now - below(400), c);
            } else {
                give_up(&p, i, at, now, &order, below(3) ? 2 : (uint64_t)INT64_MAX);
            }
        }
        if (step % 20 == 0)
            compare_barred(&p, now - below(400));
        if (step % 500 == 0)
            compare(&p, wide, consumers);
    }
    compare(&p, wide, consumers);
    struct stream_pending copy;
    stream_pending_copy(&copy, &p);
    compare(&copy, wide, 1);
    stream_pending_free(&p);
    compare(&copy, wide, 1);
    look(&copy, INT64_MAX, UINT32_MAX - 1);
    release_due(&copy, INT64_MAX, SIZE_MAX, &order);
    compare(&copy, wide, 1);
    /* In the order of IDs, as acknowledging goes. */
    for (unsigned i = 0; i < IDS; i++) {
        struct stream_pending_place at;
        if (!model[i].there)
            continue;
        CHECK(stream_pending_find(&copy, id_of(i, wide), &at));
        stream_pending_remove(&copy, at);
        memset(&model[i], 0, sizeof(model[i]));
        CHECK(i % 64 || stream_pending_is_sound(&copy));
    }
    CHECK(copy.count == 0 && copy.touched.room == 0 && copy.ended_count == 0 &&
          stream_pending_memory(&copy) < 4096);
    stream_pending_free(&copy);
}

TEST(behaves_like_a_plain_table)
{
    hash_init("seed", 4);
    for (unsigned seed = 1; seed < 6; seed++) {
        run(seed, false, 4);
        run(seed, true, 4);
        run(seed, false, 70000);
    }
}

/* XCLAIM, XAUTOCLAIM: idle for exactly as long as asked for is long enough. */
TEST(what_is_idle_long_enough_may_be_claimed)
{
    struct stream_pending_entry e = {.time_ms = 1000, .count = 1, .consumer = 3};
    CHECK(!stream_pending_is_claimable(&e, 1999, 1000));
    CHECK(stream_pending_is_claimable(&e, 2000, 1000));
    /* Without an idle time no clock is asked; with one, a clock that is behind says no. */
    CHECK(stream_pending_is_claimable(&e, 1000, 0) && stream_pending_is_claimable(&e, 999, 0));
    CHECK(!stream_pending_is_claimable(&e, 999, 1));
    e.consumer = STREAM_PENDING_NO_CONSUMER;
    CHECK(stream_pending_is_claimable(&e, 1000, INT64_MAX));
}

/* What comes in the order of IDs and of time needs no link. */
TEST(only_what_is_out_of_order_is_linked)
{
    struct stream_pending p;
    stream_pending_init(&p);
    for (unsigned i = 1; i <= 300; i++) {
        struct stream_pending_entry e = {.id = {i * 10, 0}, .time_ms = 1000 + i / 2, .count = 1};
        stream_pending_add(&p, &e);
    }
    CHECK(p.count == 300 && p.touched.n == 0);
    CHECK(stream_pending_memory(&p) >= 300 * 16 && stream_pending_memory(&p) < 300 * 40);
    struct stream_pending_entry early = {.id = {3001, 0}, .time_ms = 999, .count = 1};
    stream_pending_add(&p, &early); /* the clock went back */
    CHECK(p.touched.n == 1);
    struct stream_pending_entry low = {.id = {15, 0}, .time_ms = 2000, .count = 1};
    stream_pending_add(&p, &low);
    CHECK(p.touched.n == 2 && p.count == 302 && stream_pending_is_sound(&p));
    /* Claimed as if it had been idle for some time: where that time belongs. */
    static const struct {
        uint64_t ms;
        int64_t time_ms;
    } claimed[] = {{500, 5000}, {510, 3000}, {520, 4000}, {530, 0}, {540, 3000}};
    struct stream_pending_walk w;
    struct stream_pending_entry e;
    struct stream_pending_place at;
    for (size_t i = 0; i < sizeof(claimed) / sizeof(*claimed); i++) {
        CHECK(stream_pending_find(&p, (struct stream_id){claimed[i].ms, 0}, &at));
        stream_pending_get(&p, at, &e);
        e.time_ms = claimed[i].time_ms;
        stream_pending_change(&p, at, &e, false);
    }
    static const uint64_t order[] = {510, 540, 520, 500};
    int64_t last = -1;
    size_t late = 0;
    stream_pending_walk_start(&w, &p);
    while (stream_pending_walk_peek(&w, &e)) {
        CHECK(e.time_ms >= last && (e.time_ms < 3000 || e.id.ms == order[late++]));
        last = e.time_ms;
        stream_pending_walk_next(&w, &e);
    }
    CHECK(late == 4);
    stream_pending_free(&p);
}

/* Section 17, beyond the message: first delivery 24 bytes, whatever comes then 72 in all. */
TEST(an_entry_takes_little_memory)
{
    struct stream_pending p;
    struct stream_pending_place at;
    struct stream_pending_entry e;
    unsigned n = 100000;
    stream_pending_init(&p);
    for (unsigned i = 1; i <= n; i++) {
        e = (struct stream_pending_entry){
            .id = {1700000000000 + i, 0}, .time_ms = 1700000000000 + i, .count = 1};
        stream_pending_add(&p, &e);
    }
    CHECK(stream_pending_memory(&p) <= 24 * (size_t)n);
    for (int how = 0; how < 3; how++) {
        for (unsigned i = 1; i <= n; i++) {
            CHECK(stream_pending_find(&p, (struct stream_id){1700000000000 + i, 0}, &at));
            e = (struct stream_pending_entry){.count = 2, .time_ms = 1700000090000 + i};
            if (how == 2)
                e.consumer = STREAM_PENDING_NO_CONSUMER;
            if (how == 1)
                stream_pending_defer(&p, at, 2, 1700000100000 + i * 7919 % n);
            else
                stream_pending_change(&p, at, &e, how == 2);
        }
        CHECK(stream_pending_memory(&p) <= 72 * (size_t)n);
    }
    /* It is given back as they are acknowledged, in any order. */
    for (unsigned i = 1; i <= n; i++) {
        unsigned k = 1 + (unsigned)((uint64_t)i * 7919 % n);
        CHECK(stream_pending_find(&p, (struct stream_id){1700000000000 + k, 0}, &at));
        stream_pending_remove(&p, at);
        CHECK(i != n / 2 || p.touched.room <= n / 2 + 300);
    }
    CHECK(p.count == 0 && stream_pending_is_sound(&p));
    stream_pending_free(&p);
}

/* broker R6: of a reason the first 1024 bytes are kept, while nobody owns the entry. */
TEST(a_reason_is_kept_for_unowned_entries)
{
    struct stream_pending p;
    struct stream_pending_place at;
    struct stream_pending_entry e = {.id = {5, 0}, .time_ms = 10, .count = 1};
    char text[2000];
    memset(text, 'x', sizeof(text));
    stream_pending_init(&p);
    stream_pending_add(&p, &e);
    CHECK(stream_pending_find(&p, e.id, &at));
    stream_pending_defer(&p, at, 1, 50);
    stream_pending_set_reason(&p, e.id, bytes_of(text, sizeof(text)));
    CHECK(stream_pending_reason(&p, e.id).n == STREAM_PENDING_REASON_MOST);
    CHECK(stream_pending_release_due(&p, 49, 9) == 0 && stream_pending_release_due(&p, 50, 9) == 1);
    CHECK(stream_pending_reason(&p, e.id).n == STREAM_PENDING_REASON_MOST);
    stream_pending_set_blocked(&p, e.id);
    CHECK(stream_pending_is_blocked(&p, e.id) && stream_pending_reason(&p, e.id).n);
    stream_pending_set_reason(&p, e.id, BYTES(""));
    CHECK(stream_pending_is_blocked(&p, e.id) && !stream_pending_reason(&p, e.id).n);
    stream_pending_set_reason(&p, e.id, BYTES("why"));
    CHECK(stream_pending_find(&p, e.id, &at));
    stream_pending_change(&p, at, &e, false);
    CHECK(!stream_pending_reason(&p, e.id).n && !stream_pending_is_blocked(&p, e.id) &&
          p.notes.by_id.used == 0 && stream_pending_is_sound(&p));
    stream_pending_defer(&p, at, 1, 50);
    stream_pending_set_reason(&p, e.id, BYTES("why"));
    stream_pending_remove(&p, at);
    CHECK(p.notes.by_id.used == 0);
    stream_pending_free(&p);
}

UNIT_MAIN(T(an_entry_takes_little_memory), T(a_reason_is_kept_for_unowned_entries),
          T(behaves_like_a_plain_table), T(what_is_idle_long_enough_may_be_claimed),
          T(only_what_is_out_of_order_is_linked))
