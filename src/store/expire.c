#include "store/expire.h"

#include "base/assert.h"
#include "base/clock.h"
#include "type/hash.h"

#define BATCH 64 /* per bucket; the rest waits for the next round */

/* Collected by a scan and deleted after it: the table must not change during a scan. */
struct due {
    struct store *store;
    struct entry *items[BATCH];
    size_t n;
};

static void note_due(void *context, struct entry *e)
{
    struct due *due = context;
    ASSERT(e->has_ttl);
    if (due->n < BATCH && db_is_due(due->store, e))
        due->items[due->n++] = e;
}

static void note_due_fields(void *context, struct entry *e)
{
    struct due *due = context;
    ASSERT(value_has_field_ttl(e));
    if (due->n < BATCH && hash_next_due_ms(value_object(e)) <= due->store->now_ms)
        due->items[due->n++] = e;
}

static size_t expire_fields(struct db *db, struct entry *e)
{
    long long before = db->store->expired_fields;
    db_expire_fields(db, e);
    ASSERT(db->store->expired_fields >= before);
    return (size_t)(db->store->expired_fields - before);
}

static size_t expire_key(struct db *db, struct entry *e)
{
    return db_expire_if_due(db, e);
}

/* Expiry in one table of a database. */
struct round {
    const struct table *table;
    uint64_t *cursor; /* where the last step ended */
    table_visit *note_due;
    size_t (*expire)(struct db *db, struct entry *e); /* returns how many it deleted */
};

/* Ends when the table was scanned once, or the time is up. Reading the clock costs more than a
 * bucket, so it is read only every few buckets. */
static size_t step(struct db *db, const struct round *r, int64_t until_us)
{
    size_t deleted = 0, buckets = r->table->buckets;
    for (size_t i = 0; i < buckets; i++) {
        struct due due = {.store = db->store};
        *r->cursor = table_scan(r->table, *r->cursor, r->note_due, &due);
        for (size_t k = 0; k < due.n; k++)
            deleted += r->expire(db, due.items[k]);
        if (i % 16 == 15 && clock_mono_us() >= until_us)
            break;
    }
    return deleted;
}

size_t expire_step(struct store *s, int64_t budget_us)
{
    if (s->expiry_paused || s->expiry_ignored)
        return 0;
    int64_t until_us = clock_mono_us() + budget_us;
    size_t deleted = 0;
    for (int i = 0; i < s->count; i++) {
        struct db *db = &s->dbs[i];
        struct round keys = {&db->keys_with_ttl, &db->expire_cursor, note_due, expire_key};
        struct round fields = {&db->noted.hashes, &db->field_ttl_cursor, note_due_fields,
                               expire_fields};
        if (db->keys_with_ttl.used)
            deleted += step(db, &keys, until_us);
        if (db->noted.hashes.used)
            deleted += step(db, &fields, until_us);
    }
    return deleted;
}
