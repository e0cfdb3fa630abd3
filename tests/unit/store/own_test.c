#include "store/own.h"

#include "base/hash.h"
#include "base/num.h"
#include "store/expire.h"
#include "type/hash.h"
#include "type/string.h"
#include "unit.h"

static unsigned heard[10], fields_heard;

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

/* A replica deletes what its own clients made, and leaves all else to its primary. */
TEST(a_replica_s_own_keys_go)
{
    struct store *s = new_store(2);
    struct db *db = &s->dbs[1];
    s->expiry_paused = true;
    db_add(db, entry_set_deadline(string_new(BYTES("1"), BYTES("x")), 1500));
    s->notes_own = true;
    s->expiry_ignored = true; /* the primary's command */
    db_add(db, entry_set_deadline(string_new(BYTES("2"), BYTES("x")), 1500));
    s->expiry_ignored = false;
    CHECK(own_count(s) == 0);
    db_add(db, entry_set_deadline(string_new(BYTES("3"), BYTES("x")), 1500));
    db_add(db, string_new(BYTES("4"), BYTES("x")));
    db_set_deadline(db, db_write(db, BYTES("4")), 1600);
    db_add(db, entry_set_deadline(string_new(BYTES("5"), BYTES("x")), 9000));
    db_add(db, entry_set_deadline(string_new(BYTES("6"), BYTES("x")), 1500));
    db_set_deadline(db, db_write(db, BYTES("6")), -1);
    CHECK(own_count(s) == 4);
    CHECK(own_expire_step(s, 1000000000) == 0 && own_count(s) == 3);
    s->notes_own = false; /* what was noted goes nevertheless */
    s->now_ms = 2000;
    CHECK(expire_step(s, 1000000000) == 0);
    CHECK(own_expire_step(s, 1000000000) == 2 && heard[3] == 1 && heard[4] == 1);
    CHECK(db->keys.used == 4 && own_count(s) == 1 && !heard[1] && !heard[2]);
    /* What is not the primary's, and has the same value as before, is no news. */
    s->notes_own = true;
    struct entry *old = db_find_past(db, BYTES("1"));
    db_replace(db, old, entry_set_deadline(string_new(BYTES("1"), BYTES("y")), 1500));
    CHECK(own_count(s) == 1);
    old = db_find_past(db, BYTES("1"));
    db_replace(db, old, entry_set_deadline(string_new(BYTES("1"), BYTES("y")), 1700));
    CHECK(own_count(s) == 2 && own_expire_step(s, 1000000000) == 1 && heard[1] == 1);
    db_swap(s, 0, 1);
    CHECK(s->dbs[0].own.used == 1 && own_expire_step(s, 1000000000) == 0 && own_count(s) == 1);
    own_forget(s);
    CHECK(own_count(s) == 0);
    db_store_free(s);
}

TEST(fields_that_a_replica_s_own_clients_made_go)
{
    struct store *s = new_store(1);
    struct hash *h = hash_new();
    static const struct hash_limits limits = {10, 10};
    s->expiry_paused = s->notes_own = true;
    for (int i = 0; i < 3; i++)
        hash_set(&h, bytes_of(&"abc"[i], 1), BYTES("v"), i == 2 ? 5000 : 1500, &limits);
    struct entry *e = entry_new_word(BYTES("h"), VALUE_HASH, (uintptr_t)h);
    db_add(&s->dbs[0], e);
    db_note_fields(&s->dbs[0], e);
    db_note_own(&s->dbs[0], BYTES("h"));
    s->now_ms = 2000;
    CHECK(own_expire_step(s, 1000000000) == 2 && fields_heard == 2 && own_count(s) == 1);
    s->now_ms = 6000;
    CHECK(own_expire_step(s, 1000000000) == 1 && s->dbs[0].keys.used == 0);
    CHECK(own_count(s) == 0);
    db_store_free(s);
}

UNIT_MAIN(T(a_replica_s_own_keys_go), T(fields_that_a_replica_s_own_clients_made_go))
