#include "base/hash.h"
#include "store/digest.h"
#include "store/expire.h"
#include "type/hash.h"
#include "type/string.h"
#include "type/value.h"
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

TEST(a_write_finds_no_passed_key_whatever_is_paused)
{
    struct store *s = db_store_new(1, 1);
    struct db *db = &s->dbs[0];
    struct seen seen = {0};
    s->events = (struct store_events){.context = &seen, .expired = on_expired};
    s->expiry_paused = true;
    for (int i = 0; i < 3; i++) {
        s->now_ms = 1000;
        set(db, "a", "1");
        db_set_deadline(db, db_find(db, BYTES("a")), 2000);
        s->now_ms = 2000;
        CHECK(!db_find(db, BYTES("a")) && db->keys.used == 1 && seen.expired == i);
        CHECK(!(i == 0   ? db_write(db, BYTES("a"))
                : i == 1 ? db_write_counted(db, BYTES("a"))
                         : db_write_notouch(db, BYTES("a"))));
        CHECK(db->keys.used == 0 && db->keys_with_ttl.used == 0 && seen.expired == i + 1);
    }
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
TEST(write_lookups_may_count_as_hits_and_misses)
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

struct events {
    char text[128];
};

static void write_down(void *context, struct db *db, unsigned class_, const char *name,
                       struct bytes key)
{
    struct events *e = context;
    size_t n = strlen(e->text);
    (void)class_;
    snprintf(e->text + n, sizeof(e->text) - n, "%d:%.*s:%s ", db->id, (int)key.n, key.p, name);
}

TEST(an_overwritten_key_has_events_of_its_own)
{
    struct store *s = db_store_new(2, 1);
    struct db *db = &s->dbs[1];
    struct events seen = {""};
    s->events = (struct store_events){.context = &seen, .event = write_down};
    static const struct {
        unsigned wanted;
        enum value_type is;
        const char *events;
    } rows[] = {
        {0, TYPE_LIST, ""},
        {DB_EVENT_STRING, TYPE_LIST, ""},
        {DB_EVENT_OVERWRITTEN, TYPE_STRING, "1:k:overwritten "},
        {DB_EVENT_OVERWRITTEN, TYPE_LIST, "1:k:overwritten "},
        {DB_EVENT_TYPE_CHANGED, TYPE_STRING, ""},
        {DB_EVENT_TYPE_CHANGED, TYPE_LIST, "1:k:type_changed "},
        {DB_EVENT_OVERWRITTEN | DB_EVENT_TYPE_CHANGED, TYPE_LIST,
         "1:k:overwritten 1:k:type_changed "},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        seen.text[0] = 0;
        s->notify = rows[i].wanted;
        db_overwritten(db, BYTES("k"), TYPE_STRING, rows[i].is);
        CHECK(strcmp(seen.text, rows[i].events) == 0);
    }
    db_store_free(s);
}

/* A hash with a field that ends at a time. */
static struct entry *timed_hash(const char *key, int64_t deadline_ms)
{
    const struct hash_limits limits = {10, 64};
    struct hash *h = hash_new();
    hash_set(&h, BYTES("f"), BYTES("v"), deadline_ms, &limits);
    hash_set(&h, BYTES("g"), BYTES("v"), HASH_NO_TTL, &limits);
    struct entry *e = entry_new_word(bytes_text(key), VALUE_HASH, (uintptr_t)h);
    value_set_field_ttl(e, true);
    return e;
}

TEST(a_replaced_entry_is_known_by_what_it_is_now)
{
    struct store *s = db_store_new(1, 1);
    struct db *db = &s->dbs[0];
    s->now_ms = 1000;
    set(db, "k", "1");
    db_set_deadline(db, db_write(db, BYTES("k")), 5000);
    struct entry *e = timed_hash("k", 3000);
    db_replace(db, db_write(db, BYTES("k")), e);
    CHECK(db_read(db, BYTES("k")) == e && db->keys.used == 1 && db->keys_with_ttl.used == 0);
    CHECK(db->noted.hashes.used == 1);
    e = timed_hash("k", 4000);
    db_replace(db, db_write(db, BYTES("k")), e);
    CHECK(db_read(db, BYTES("k")) == e && db->noted.hashes.used == 1);
    e = entry_set_deadline(string_new(BYTES("k"), BYTES("x")), 2000);
    db_replace(db, db_write(db, BYTES("k")), e);
    CHECK(db_read(db, BYTES("k")) == e && db->noted.hashes.used == 0);
    CHECK(db->keys_with_ttl.used == 1 && db->keys.used == 1);
    db_store_free(s);
}

TEST(fields_stay_while_expiry_is_paused)
{
    struct store *s = db_store_new(1, 1);
    struct db *db = &s->dbs[0];
    s->now_ms = 1000;
    db_add(db, timed_hash("h", 2000));
    struct entry *e = db_write(db, BYTES("h"));
    CHECK(!db_expire_fields(db, e) && hash_count(value_object(e)) == 2);
    struct events seen = {""};
    s->events = (struct store_events){.context = &seen, .event = write_down};
    s->notify = DB_EVENT_HASH;
    s->now_ms = 2000;
    s->expiry_paused = true;
    CHECK(!db_expire_fields(db, e) && hash_count(value_object(e)) == 2 && s->expired_fields == 0);
    CHECK(seen.text[0] == 0);
    s->expiry_paused = false;
    CHECK(!db_expire_fields(db, e) && hash_count(value_object(e)) == 1 && s->expired_fields == 1);
    CHECK(strcmp(seen.text, "0:h:hexpired ") == 0);
    CHECK(db->noted.hashes.used == 0);
    db_store_free(s);
}

TEST(what_is_not_wanted_is_not_told)
{
    static const struct {
        unsigned wanted;
        const char *events;
    } rows[] = {{0, ""}, {DB_EVENT_STRING, "0:a:set "}, {DB_EVENT_EXPIRED, "0:a:expired "}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct store *s = db_store_new(1, 1);
        struct db *db = &s->dbs[0];
        struct events seen = {""};
        s->events = (struct store_events){.context = &seen, .event = write_down};
        s->notify = rows[i].wanted;
        s->now_ms = 1000;
        set(db, "a", "1");
        db_changed(db, BYTES("a"), DB_EVENT_STRING, "set");
        db_set_deadline(db, db_write(db, BYTES("a")), 2000);
        s->now_ms = 2000;
        CHECK(!db_read(db, BYTES("a")) && strcmp(seen.text, rows[i].events) == 0);
        db_store_free(s);
    }
}

/* Its address is in the table of deadlines too. */
TEST(an_entry_that_moves_is_put_back_with_its_deadline)
{
    struct store *s = db_store_new(1, 1);
    struct db *db = &s->dbs[0];
    static const int64_t deadlines[] = {-1, 5000};
    s->now_ms = 1000;
    for (int had = 0; had < 2; had++)
        for (int has = 0; has < 2; has++) {
            set(db, "k", "1");
            struct entry *old = db_write(db, BYTES("k")),
                         *e = string_new(BYTES("k"), BYTES("a longer one"));
            if (had)
                old = db_set_deadline(db, old, deadlines[1]);
            if (has)
                e = entry_set_deadline(e, deadlines[1]);
            db_put_back(db, old, e, had);
            CHECK(db_find(db, BYTES("k")) == e && db->keys.used == 1);
            struct entry **slot = table_find(&db->keys_with_ttl, hash_key(BYTES("k")), BYTES("k"));
            CHECK(has ? slot && *slot == e : !slot);
            CHECK(db->keys_with_ttl.used == (size_t)has);
            entry_free(old);
        }
    db_store_free(s);
}

TEST(a_random_key_is_one_that_is_there)
{
    struct store *s = db_store_new(1, 1);
    struct db *db = &s->dbs[0];
    s->now_ms = 1000;
    CHECK(s->lru.log_factor == 10 && s->lru.decay_minutes == 1 && s->touch);
    CHECK(!db_random(db));
    for (int i = 0; i < 5; i++) {
        char key[16];
        snprintf(key, sizeof(key), "due%d", i);
        set(db, key, "1");
        db_set_deadline(db, db_write(db, bytes_text(key)), 2000);
    }
    set(db, "k", "1");
    s->now_ms = 2000;
    s->expiry_paused = true; /* they stay, as absent ones */
    for (int i = 0; i < 20; i++)
        CHECK(bytes_is(entry_key(db_random(db)), "k"));
    CHECK(db->keys.used == 6);
    db_delete(db, BYTES("k"));
    CHECK(!db_random(db) && db->keys.used == 5);
    s->expiry_paused = false;
    CHECK(!db_random(db) && db->keys.used == 0 && s->expired == 5);
    db_store_free(s);
}

static void write_fields(void *context, struct db *db, const char *name, struct bytes key,
                         struct db_fields fields)
{
    struct events *e = context;
    size_t n = strlen(e->text);
    n += (size_t)snprintf(e->text + n, sizeof(e->text) - n, "%d:%.*s:%s", db->id, (int)key.n, key.p,
                          name);
    for (size_t i = 0; i < fields.n; i++) {
        struct bytes f = fields.names[i * fields.step];
        n += (size_t)snprintf(e->text + n, sizeof(e->text) - n, ":%.*s", (int)f.n, f.p);
    }
}

TEST(expired_fields_are_reported_to_observers)
{
    struct store *s = db_store_new(1, 1);
    struct db *db = &s->dbs[0];
    struct events seen = {""};
    s->events = (struct store_events){.context = &seen, .fields = write_fields};
    for (int wanted = 0; wanted < 2; wanted++) {
        s->notify = DB_EVENT_HASH | (wanted ? DB_EVENT_SUBKEYEVENT : 0);
        s->now_ms = 1000;
        db_add(db, timed_hash("h", 2000));
        s->now_ms = 2000;
        CHECK(!db_expire_fields(db, db_write(db, BYTES("h"))));
        CHECK(strcmp(seen.text, wanted ? "0:h:hexpired:f" : "") == 0);
        db_delete(db, BYTES("h"));
    }
    db_store_free(s);
}

TEST(a_hash_goes_with_its_last_field)
{
    struct store *s = db_store_new(1, 1);
    struct db *db = &s->dbs[0];
    struct events seen = {""};
    struct seen ready = {0};
    s->events = (struct store_events){.context = &seen, .event = write_down};
    s->notify = DB_EVENT_HASH | DB_EVENT_GENERIC;
    s->now_ms = 1000;
    const struct hash_limits limits = {10, 64};
    struct hash *h = hash_new();
    hash_set(&h, BYTES("f"), BYTES("v"), 2000, &limits);
    struct entry *e = entry_new_word(BYTES("h"), VALUE_HASH, (uintptr_t)h);
    value_set_field_ttl(e, true);
    db_add(db, e);
    s->now_ms = 2000;
    CHECK(db_expire_fields(db, e) && db->keys.used == 0);
    CHECK(strcmp(seen.text, "0:h:hexpired 0:h:del ") == 0 && db->noted.hashes.used == 0);
    /* Who waits for the key hears that it is gone. */
    s->now_ms = 1000;
    s->events = (struct store_events){.context = &ready, .ready = on_ready};
    s->waited = 1;
    h = hash_new();
    hash_set(&h, BYTES("f"), BYTES("v"), 2000, &limits);
    e = entry_new_word(BYTES("h"), VALUE_HASH, (uintptr_t)h);
    value_set_field_ttl(e, true);
    db_add(db, e);
    s->now_ms = 2000;
    CHECK(db_expire_fields(db, e) && ready.ready == 1);
    s->waited = 0;
    db_store_free(s);
}

/* The gate asks when a key was written last, by its hash. */
TEST(the_last_write_of_a_key_is_noted)
{
    static uint64_t written[STORE_WRITTEN_SLOTS];
    struct store *s = db_store_new(1, 1);
    struct db *db = &s->dbs[0];
    uint64_t *a = &written[hash_key(BYTES("a")) % STORE_WRITTEN_SLOTS];
    s->now_ms = 1000;
    set(db, "a", "1");
    s->written_now = 5;
    db_changed(db, BYTES("a"), DB_EVENT_STRING, "set");
    CHECK(*a == 0); /* not in force */
    s->written = written;
    db_changed(db, BYTES("a"), DB_EVENT_STRING, "set");
    CHECK(*a == 5);
    s->written_now = 6;
    db_changed_quietly(db, BYTES("a"));
    CHECK(*a == 6);
    s->written_now = 7;
    db_set_deadline(db, db_write(db, BYTES("a")), 2000);
    CHECK(*a == 6);
    s->now_ms = 2000;
    CHECK(!db_read(db, BYTES("a")) && *a == 7); /* it expired */
    memset(written, 0, sizeof(written));
    db_store_free(s);
}

static void count_replaced(void *context, struct db *db)
{
    ((struct seen *)context)->ready += 1 << db->id;
}

static void count_replacing(void *context, struct db *db, struct db *other)
{
    ((struct seen *)context)->touched += other && other->id == db->id && other != db;
}

TEST(a_store_beside_takes_the_place_of_another)
{
    struct store *s = db_store_new(2, 1), *x = db_store_beside(s);
    struct seen seen = {0};
    s->events = (struct store_events){
        .context = &seen, .replacing = count_replacing, .replaced = count_replaced};
    s->waited = 1;
    set(&s->dbs[0], "old", "1");
    set(&x->dbs[0], "a", "2");
    set(&x->dbs[1], "b", "3");
    db_set_deadline(&x->dbs[1], db_write(&x->dbs[1], BYTES("b")), 5000);
    CHECK(seen.events == 0 && db_find(&s->dbs[0], BYTES("old")) && x->streams == s->streams);
    long long before = s->dirty;
    db_exchange(s, x);
    CHECK(seen.touched == 2 && seen.ready == 3 && s->dirty == before + 2);
    CHECK(!db_find(&s->dbs[0], BYTES("old")) && db_find(&s->dbs[0], BYTES("a")));
    CHECK(s->dbs[1].keys_with_ttl.used == 1 && s->dbs[1].store == s && s->dbs[1].id == 1);
    CHECK(db_find(&x->dbs[0], BYTES("old")) && x->dbs[0].store == x);
    db_store_free(x);
    CHECK(db_find(&s->dbs[1], BYTES("b")));
    db_store_free(s);
}

UNIT_MAIN(T(a_store_beside_takes_the_place_of_another),
          T(a_key_that_expires_is_heard_of_and_not_counted), T(deadlines_pass_by_the_store_s_clock),
          T(a_write_finds_no_passed_key_whatever_is_paused), T(active_expiry_finds_all_of_them),
          T(looking_is_not_using), T(write_lookups_may_count_as_hits_and_misses),
          T(watchers_hear_of_changes_while_there_are_any),
          T(the_digest_is_of_the_data_and_not_of_its_order),
          T(whole_databases_announce_that_they_change), T(an_overwritten_key_has_events_of_its_own),
          T(a_replaced_entry_is_known_by_what_it_is_now), T(fields_stay_while_expiry_is_paused),
          T(what_is_not_wanted_is_not_told), T(an_entry_that_moves_is_put_back_with_its_deadline),
          T(a_random_key_is_one_that_is_there), T(expired_fields_are_reported_to_observers),
          T(a_hash_goes_with_its_last_field), T(the_last_write_of_a_key_is_noted))
