#include "store/digest.h"
#include "store/expire.h"
#include "type/string.h"
#include "unit.h"

static void set(struct db *db, const char *key, const char *value)
{
    db_delete(db, bytes_text(key));
    db_add(db, string_new(bytes_text(key), bytes_text(value)));
}

struct seen {
    int touched, ready, events, expired;
    char last[32];
};

static void on_touched(void *context, struct db *db, struct bytes key)
{
    (void)db;
    (void)key;
    ((struct seen *)context)->touched++;
}

static void on_event(void *context, struct db *db, unsigned class_, const char *name,
                     struct bytes key)
{
    struct seen *s = context;
    (void)db;
    (void)class_;
    (void)key;
    s->events++;
    snprintf(s->last, sizeof(s->last), "%s", name);
}

static void on_expired(void *context, struct db *db, struct bytes key)
{
    (void)db;
    (void)key;
    ((struct seen *)context)->expired++;
}

TEST(deadlines_pass_by_the_store_s_clock)
{
    struct store *s = db_store_new(2, 1);
    struct db *db = &s->dbs[0];
    struct seen seen = {0};
    s->events = (struct store_events){.context = &seen, .event = on_event, .expired = on_expired};
    s->notify = DB_EVENT_KEYEVENT | DB_EVENT_EXPIRED;
    s->now_ms = 1000;
    set(db, "a", "1");
    db_set_deadline(db, db_write(db, BYTES("a")), 2000);
    CHECK(db_read(db, BYTES("a")) != NULL && s->hits == 1);
    s->now_ms = 1999;
    CHECK(db_read(db, BYTES("a")) != NULL);
    s->now_ms = 2000;
    s->expiry_paused = true;
    CHECK(db_read(db, BYTES("a")) == NULL && seen.expired == 0 && db->keys.used == 1);
    s->expiry_paused = false;
    s->expiry_ignored = true;
    CHECK(db_read(db, BYTES("a")) != NULL);
    s->expiry_ignored = false;
    CHECK(db_read(db, BYTES("a")) == NULL && seen.expired == 1 && db->keys.used == 0);
    CHECK(seen.events == 1 && strcmp(seen.last, "expired") == 0 && s->expired == 1);
    db_store_free(s);
}

TEST(active_expiry_finds_all_of_them)
{
    struct store *s = db_store_new(3, 1);
    char key[32];
    s->now_ms = 1000;
    for (int i = 0; i < 30000; i++) {
        struct db *db = &s->dbs[i % 3];
        snprintf(key, sizeof(key), "k%d", i);
        set(db, key, "v");
        if (i % 2)
            db_set_deadline(db, db_write(db, bytes_text(key)), i % 4 == 1 ? 1500 : 5000);
    }
    s->now_ms = 2000;
    for (int i = 0; i < 1000 && s->expired < 7500; i++)
        expire_step(s, 1000);
    CHECK(s->expired == 7500);
    CHECK(expire_step(s, 1000) == 0);
    size_t left = s->dbs[0].keys.used + s->dbs[1].keys.used + s->dbs[2].keys.used;
    CHECK(left == 22500);
    db_store_free(s);
}

TEST(looking_is_not_using)
{
    struct store *s = db_store_new(1, 1);
    struct db *db = &s->dbs[0];
    s->now_ms = 1;
    s->touch = true;
    s->lru.clock = 10;
    set(db, "a", "1");
    db_read(db, BYTES("a"));
    s->lru.clock = 20;
    struct entry *e = db_read_notouch(db, BYTES("a"));
    CHECK(e && e->lru == 10 && s->hits == 2 && s->touch);
    CHECK(db_read_notouch(db, BYTES("none")) == NULL && s->misses == 1);
    CHECK(db_find(db, BYTES("none")) == NULL && s->misses == 1);
    CHECK(db_read(db, BYTES("a"))->lru == 20);
    db_store_free(s);
}

/* The functions that fetch differ in what they count and touch. */
TEST(who_changes_may_be_counted_as_a_reader)
{
    struct store *s = db_store_new(1, 1);
    struct db *db = &s->dbs[0];
    set(db, "a", "1");
    struct entry *e = db_find(db, BYTES("a"));
    CHECK(e && s->hits == 0 && s->misses == 0);
    CHECK(db_write(db, BYTES("a")) == e && !db_write(db, BYTES("b")));
    CHECK(s->hits == 0 && s->misses == 0);
    CHECK(db_write_notouch(db, BYTES("a")) == e && s->hits == 0);
    CHECK(db_write_counted(db, BYTES("a")) == e && s->hits == 1);
    CHECK(!db_write_counted(db, BYTES("b")) && s->misses == 1);
    CHECK(db_read(db, BYTES("a")) == e && s->hits == 2);
    db_store_free(s);
}

TEST(watchers_hear_of_changes_while_there_are_any)
{
    struct store *s = db_store_new(2, 1);
    struct db *db = &s->dbs[0];
    struct seen seen = {0};
    s->events = (struct store_events){.context = &seen, .touched = on_touched};
    set(db, "a", "1");
    db_changed(db, BYTES("a"), DB_EVENT_STRING, "set");
    CHECK(seen.touched == 0 && s->touched == 1);
    s->watched = 1;
    db_changed(db, BYTES("a"), DB_EVENT_STRING, "set");
    CHECK(seen.touched == 1);
    db_changed_quietly(db, BYTES("a"));
    CHECK(seen.touched == 1 && s->touched == 3);
    s->watched = 0;
    db_store_free(s);
}

TEST(the_digest_is_of_the_data_and_not_of_its_order)
{
    struct store *a = db_store_new(2, 1), *b = db_store_new(2, 99);
    unsigned char x[20], y[20], zero[20] = {0};
    char key[32];
    digest_store(a, x);
    CHECK(memcmp(x, zero, 20) == 0);
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        set(&a->dbs[0], key, "v");
        snprintf(key, sizeof(key), "k%d", 999 - i);
        set(&b->dbs[0], key, "v");
    }
    digest_store(a, x);
    digest_store(b, y);
    CHECK(memcmp(x, y, 20) == 0);
    set(&b->dbs[0], "k7", "w");
    digest_store(b, y);
    CHECK(memcmp(x, y, 20) != 0);
    set(&b->dbs[0], "k7", "v");
    db_set_deadline(&b->dbs[0], db_write(&b->dbs[0], BYTES("k7")), 99999999);
    digest_store(b, y);
    CHECK(memcmp(x, y, 20) != 0);
    db_set_deadline(&b->dbs[0], db_write(&b->dbs[0], BYTES("k7")), -1);
    digest_store(b, y);
    CHECK(memcmp(x, y, 20) == 0);
    db_swap(b, 0, 1);
    digest_store(b, y);
    CHECK(memcmp(x, y, 20) != 0);
    CHECK(db_flush(&b->dbs[1]) == 1000);
    digest_store(b, y);
    CHECK(memcmp(y, zero, 20) == 0);
    db_store_free(a);
    db_store_free(b);
}

struct replacing {
    struct store *store;
    int before, after;
    size_t keys_before;
};

static void on_replacing(void *context, struct db *db, struct db *other)
{
    struct replacing *r = context;
    r->before++;
    r->keys_before += db->keys.used + (other ? other->keys.used : 0);
}

static void on_replaced(void *context, struct db *db)
{
    (void)db;
    ((struct replacing *)context)->after++;
}

/* faults D10: what changes whole databases says so as what changes one key does. */
TEST(whole_databases_announce_that_they_change)
{
    struct store *s = db_store_new(2, 1);
    struct replacing r = {.store = s};
    s->events =
        (struct store_events){.context = &r, .replacing = on_replacing, .replaced = on_replaced};
    set(&s->dbs[0], "a", "1");
    set(&s->dbs[0], "b", "1");
    s->written_now = 10;
    CHECK(db_flush(&s->dbs[0]) == 2 && s->dirty == 2 && s->written_all == 10);
    CHECK(r.before == 1 && r.keys_before == 2 && r.after == 0);
    s->waited = 1;
    set(&s->dbs[0], "a", "1");
    s->written_now = 20;
    db_swap(s, 0, 1);
    CHECK(s->touched == 1 && s->dirty == 2 && s->written_all == 20 && r.before == 2 &&
          r.keys_before == 3);
    CHECK(r.after == 2 && s->dbs[1].keys.used == 1);
    s->written_now = 30;
    db_swap(s, 1, 1);
    CHECK(s->touched == 2 && r.before == 2 && r.after == 2);
    db_store_changed(s);
    CHECK(s->touched == 3 && s->written_all == 30);
    CHECK(db_flush(&s->dbs[1]) == 1 && db_flush(&s->dbs[1]) == 0 && s->dirty == 3);
    CHECK(r.after == 4);
    db_store_free(s);
}

static void on_ready(void *context, struct db *db, struct bytes key)
{
    (void)db;
    (void)key;
    ((struct seen *)context)->ready++;
}

/* compat 3.4; and whoever waits for a key hears that it is gone. */
TEST(a_key_that_expires_is_heard_of_and_not_counted)
{
    struct store *s = db_store_new(2, 1);
    struct db *db = &s->dbs[0];
    struct seen seen = {0};
    s->events = (struct store_events){
        .context = &seen, .touched = on_touched, .expired = on_expired, .ready = on_ready};
    s->watched = s->waited = 1;
    s->now_ms = 1000;
    set(db, "a", "1");
    db_set_deadline(db, db_write(db, BYTES("a")), 2000);
    s->now_ms = 2000;
    CHECK(db_read(db, BYTES("a")) == NULL);
    CHECK(seen.expired == 1 && seen.touched == 1 && seen.ready == 1);
    CHECK(s->touched == 0 && s->dirty == 0);
    db_store_free(s);
}

UNIT_MAIN(T(a_key_that_expires_is_heard_of_and_not_counted), T(deadlines_pass_by_the_store_s_clock),
          T(active_expiry_finds_all_of_them), T(looking_is_not_using),
          T(who_changes_may_be_counted_as_a_reader),
          T(watchers_hear_of_changes_while_there_are_any),
          T(the_digest_is_of_the_data_and_not_of_its_order),
          T(whole_databases_announce_that_they_change))
