#include "store/db.h"

#include "base/hash.h"
#include "base/rng.h"
#include "type/stream/stream.h"
#include "type/string.h"
#include "type/value.h"
#include "unit.h"

#define KEYS 12

/* Which streams of which database are linked, as events tell it. */
static struct stream *linked[2][KEYS];

static unsigned number_of(const struct entry *e)
{
    return (unsigned)(entry_key(e).p[0] - 'a');
}

static bool moves; /* what is taken out is added again */

static void on_placed(void *context, struct db *db, struct entry *e, enum db_placing what)
{
    struct stream **x = &linked[db->id][number_of(e)];
    CHECK(context == linked);
    if (what == DB_COMES) {
        CHECK(!*x);
        *x = value_to_change(e);
        CHECK(*x && (*x)->policies > 0);
        return;
    }
    CHECK(*x && *x == value_object(e) && (what == DB_MOVES) == moves);
    /* What it knows of its groups is there to be taken away. */
    struct stream_group *g = stream_find_group(*x, BYTES("g"));
    CHECK(!g || g->pending.count == 0);
    *x = NULL;
}

static struct bytes key_of(unsigned i)
{
    return (struct bytes){&"abcdefghijkl"[i], 1};
}

static struct entry *make(const struct store *s, unsigned i, bool acts)
{
    struct stream *x = stream_new(s->streams, 100, 100);
    struct stream_group *g = stream_add_group(x, BYTES("g"), STREAM_ID_MIN, 0);
    struct entry *e = entry_new_word(key_of(i), VALUE_STREAM, (uintptr_t)x);
    if (acts)
        stream_set_policy(x, g, stream_policy_new(BYTES("d")));
    value_set_stream_acts(e, acts);
    return e;
}

static void set_policy(struct db *db, unsigned i, bool has)
{
    struct entry *e = db_write(db, key_of(i));
    if (!e || value_type(e) != TYPE_STREAM)
        return;
    struct stream *x = value_to_change(e);
    stream_set_policy(x, stream_find_group(x, BYTES("g")),
                      has ? stream_policy_new(BYTES("d")) : NULL);
    db_note_acting(db, e);
    db_note_acting(db, e);
    db_changed_quietly(db, key_of(i));
}

/* Linked is what is there and acts, and nothing else. */
static void compare(struct store *s)
{
    for (int d = 0; d < 2; d++) {
        size_t n = 0, streams = 0;
        for (unsigned i = 0; i < KEYS; i++) {
            struct entry *e = db_find_as_it_is(s, d, key_of(i));
            bool acts = e && value_type(e) == TYPE_STREAM &&
                        ((const struct stream *)value_object(e))->policies;
            CHECK(linked[d][i] == (acts ? value_object(e) : NULL));
            CHECK(!e || value_stream_acts(e) == acts);
            n += acts;
            streams += e && value_type(e) == TYPE_STREAM;
        }
        CHECK(s->dbs[d].noted.streams.used == streams && table_is_sound(&s->dbs[d].noted.streams));
        CHECK(s->dbs[d].noted.acting.used == n && table_is_sound(&s->dbs[d].noted.acting));
    }
}

static void put(struct store *s, struct db *db, unsigned i, struct entry *e, bool replaces)
{
    struct entry *old = db_write(db, key_of(i));
    if (old && replaces) {
        db_replace(db, old, e);
        return;
    }
    if (old)
        db_delete(db, key_of(i));
    db_add(db, e);
    (void)s;
}

static void step(struct store *s, struct rng *rng)
{
    unsigned i = (unsigned)rng_below(rng, KEYS), j = (unsigned)rng_below(rng, KEYS);
    struct db *db = &s->dbs[rng_below(rng, 2)];
    struct entry *e;
    switch (rng_below(rng, 12)) {
    case 0:
    case 1:
        put(s, db, i, make(s, i, rng_below(rng, 2)), rng_below(rng, 2));
        break;
    case 2:
        put(s, db, i, string_new(key_of(i), BYTES("x")), rng_below(rng, 2));
        break;
    case 3:
    case 4:
        set_policy(db, i, rng_below(rng, 3));
        break;
    case 5:
        db_delete(db, key_of(i));
        break;
    case 6: /* renamed, perhaps into the other database */
        if (i == j)
            break;
        moves = true;
        e = db_take(db, key_of(i), DB_MOVES);
        moves = false;
        if (!e)
            break;
        e = entry_rename(e, key_of(j));
        db = &s->dbs[rng_below(rng, 2)];
        db_delete(db, key_of(j));
        db_add(db, e);
        break;
    case 7: /* copied */
        if (i == j || !(e = db_find(db, key_of(i))))
            break;
        e = value_copy(e, key_of(j));
        db_delete(db, key_of(j));
        db_add(db, e);
        break;
    case 8: /* the entry moves, or is gone at once */
        if ((e = db_write(db, key_of(i))))
            db_set_deadline(db, e, rng_below(rng, 2) ? s->now_ms + 50 : -1);
        break;
    case 9:
        s->now_ms += (int64_t)rng_below(rng, 20);
        for (unsigned k = 0; k < KEYS; k++)
            db_write(db, key_of(k));
        break;
    case 10:
        if (rng_below(rng, 10) == 0)
            db_flush(db);
        break;
    default:
        moves = true;
        if (rng_below(rng, 5) == 0)
            db_swap(s, 0, (int)rng_below(rng, 2));
        moves = false;
    }
}

/* broker, hard cases: whatever becomes of a stream that acts, its timers follow. Console S1: the
 * table of streams holds all there are, and nothing else. */
TEST(observers_are_notified_of_added_and_removed_streams)
{
    hash_init("seed", 4);
    for (unsigned seed = 1; seed < 8; seed++) {
        struct store *s = db_store_new(2, seed);
        struct rng rng;
        rng_seed(&rng, seed);
        memset(linked, 0, sizeof(linked));
        s->events = (struct store_events){.context = linked, .placed = on_placed};
        s->now_ms = 1000;
        for (int n = 0; n < 2000; n++) {
            step(s, &rng);
            compare(s);
        }
        /* All at once, by what was read beside. */
        struct store *beside = db_store_beside(s);
        for (unsigned i = 0; i < KEYS; i++)
            db_add(&beside->dbs[i % 2], make(beside, i, i % 3));
        db_exchange(s, beside);
        compare(s);
        db_store_free(beside);
        compare(s);
        db_store_free(s);
    }
}

UNIT_MAIN(T(observers_are_notified_of_added_and_removed_streams))
