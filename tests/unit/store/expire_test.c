#include "store/expire.h"

#include "base/hash.h"
#include "base/num.h"
#include "type/hash.h"
#include "type/string.h"
#include "unit.h"

#include <stdio.h>

enum { KEYS = 5000, FIELDS = 300 };

static unsigned heard[KEYS], fields_heard;

static void on_expired(void *context, struct db *db, struct bytes key)
{
    long long i;
    (void)context;
    (void)db;
    if (num_parse_int(key, &i))
        heard[i]++;
}

static void on_fields_expired(void *context, struct db *db, struct bytes key,
                              struct str *const *names, size_t n)
{
    (void)context;
    (void)db;
    (void)key;
    (void)names;
    fields_heard += (unsigned)n;
}

/* Whole rounds, whatever time they take, until nothing is left that is due. */
static size_t expire_all(struct store *s)
{
    size_t n = 0;
    for (size_t now; (now = expire_step(s, 1000000000)) > 0;)
        n += now;
    return n;
}

static struct store *new_store(int dbs)
{
    struct store *s = db_store_new(dbs, 1);
    hash_init("fixed", 5);
    memset(heard, 0, sizeof(heard));
    fields_heard = 0;
    s->events.expired = on_expired;
    s->events.fields_expired = on_fields_expired;
    s->now_ms = 1000;
    return s;
}

/* Keys with deadlines anywhere, some taken away again, against an array of the deadlines. */
TEST(what_is_due_goes_and_nothing_else)
{
    static int64_t deadline_ms[KEYS];
    static bool there[KEYS];
    struct store *s = new_store(3);
    struct rng r;
    char text[NUM_INT_MAX];
    rng_seed(&r, 4);
    for (unsigned i = 0; i < KEYS; i++) {
        struct db *db = &s->dbs[i % 3];
        struct bytes key = {text, num_print_uint(text, i)};
        db_add(db, string_new(key, BYTES("x")));
        there[i] = true;
        deadline_ms[i] = rng_below(&r, 3) ? 1001 + (int64_t)rng_below(&r, 5000) : -1;
        if (deadline_ms[i] >= 0)
            db_set_deadline(db, db_write(db, key), deadline_ms[i]);
        if (rng_below(&r, 10) == 0) {
            db_set_deadline(db, db_write(db, key), -1);
            deadline_ms[i] = -1;
        }
    }
    for (s->now_ms = 1000; s->now_ms < 7000; s->now_ms += 500) {
        size_t due = 0;
        for (unsigned i = 0; i < KEYS; i++)
            due += there[i] && deadline_ms[i] >= 0 && deadline_ms[i] <= s->now_ms;
        CHECK(expire_all(s) == due);
        for (unsigned i = 0; i < KEYS; i++) {
            there[i] = there[i] && !(deadline_ms[i] >= 0 && deadline_ms[i] <= s->now_ms);
            CHECK(heard[i] == !there[i]);
            CHECK(there[i] ==
                  (db_find_past(&s->dbs[i % 3], bytes_of(text, num_print_uint(text, i))) != NULL));
        }
        for (int i = 0; i < 3; i++)
            CHECK(table_is_sound(&s->dbs[i].keys) && table_is_sound(&s->dbs[i].keys_with_ttl));
    }
    db_store_free(s);
}

TEST(fields_that_are_due_go_and_their_hash_with_the_last)
{
    struct store *s = new_store(1);
    struct db *db = &s->dbs[0];
    struct hash_limits limits = {10, 64};
    char text[NUM_INT_MAX];
    for (int large = 0; large < 2; large++) {
        struct hash *h = hash_new();
        unsigned n = large ? FIELDS : 5;
        for (unsigned i = 0; i < n; i++)
            hash_set(&h, bytes_of(text, num_print_uint(text, i)), BYTES("v"), 2000 + i, &limits);
        CHECK(hash_is_large(h) == large);
        struct bytes key = large ? BYTES("large") : BYTES("small");
        struct entry *e = entry_new_word(key, VALUE_HASH, (uintptr_t)h);
        value_set_field_ttl(e, true);
        db_add(db, e);
    }
    CHECK(db->noted.hashes.used == 2 && expire_all(s) == 0);
    s->now_ms = 2000;
    CHECK(expire_all(s) == 2 && fields_heard == 2);
    s->now_ms = 2002;
    CHECK(expire_all(s) == 4 && fields_heard == 6);
    struct entry *small = db_find_past(db, BYTES("small"));
    CHECK(hash_count(value_object(small)) == 2 && hash_is_sound(value_object(small)));
    s->now_ms = 2004;
    CHECK(expire_all(s) == 4 && !db_find_past(db, BYTES("small")));
    CHECK(db->noted.hashes.used == 1 && db->keys.used == 1);
    s->now_ms = 100000;
    CHECK(expire_all(s) == FIELDS - 5 && fields_heard == FIELDS + 5);
    CHECK(db->keys.used == 0 && db->noted.hashes.used == 0);
    db_store_free(s);
}

TEST(nothing_goes_while_expiry_is_paused_or_ignored)
{
    struct store *s = new_store(1);
    struct db *db = &s->dbs[0];
    db_add(db, entry_set_deadline(string_new(BYTES("1"), BYTES("x")), 500));
    s->expiry_paused = true;
    CHECK(expire_step(s, 1000) == 0 && db->keys.used == 1);
    s->expiry_paused = false;
    s->expiry_ignored = true;
    CHECK(expire_step(s, 1000) == 0 && db->keys.used == 1);
    s->expiry_ignored = false;
    CHECK(expire_step(s, 1000) == 1 && db->keys.used == 0 && heard[1] == 1);
    db_store_free(s);
}

/* A step without any budget still gets on, and the next goes on where it stopped. */
TEST(steps_without_time_come_to_the_end_too)
{
    struct store *s = new_store(1);
    struct db *db = &s->dbs[0];
    char text[NUM_INT_MAX];
    for (unsigned i = 0; i < KEYS; i++)
        db_add(db, entry_set_deadline(
                       string_new(bytes_of(text, num_print_uint(text, i)), BYTES("x")), 500));
    size_t first = expire_step(s, 0), steps = 1;
    CHECK(first > 0 && first < KEYS / 2);
    for (size_t n = first; n < KEYS; steps++) {
        size_t now = expire_step(s, 0);
        CHECK(now > 0);
        n += now;
    }
    CHECK(db->keys.used == 0 && steps > 5);
    db_store_free(s);
}

UNIT_MAIN(T(what_is_due_goes_and_nothing_else),
          T(fields_that_are_due_go_and_their_hash_with_the_last),
          T(nothing_goes_while_expiry_is_paused_or_ignored),
          T(steps_without_time_come_to_the_end_too))
