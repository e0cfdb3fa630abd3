#include "store/expire.h"

#include "base/assert.h"
#include "base/clock.h"
#include "type/hash.h"

#define BATCH 64 /* of one bucket; more are due again in the next round */

/* Found by a scan, deleted behind it: the table must not change while it is scanned. */
struct due {
    struct store *store;
    struct entry *items[BATCH];
    size_t n;
};

static void note_due(void *context, struct entry *e)
{
    struct due *due = context;
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

/* Walks on from where the last step stopped; a database is left once a whole round is done. */
static size_t step(struct db *db, struct table *t, uint64_t *cursor, table_visit *note,
                   size_t (*expire)(struct db *db, struct entry *e), int64_t until_us)
{
    size_t deleted = 0, buckets = t->buckets;
    for (size_t i = 0; i < buckets; i++) {
        struct due due = {.store = db->store};
        *cursor = table_scan(t, *cursor, note, &due);
        for (size_t k = 0; k < due.n; k++)
            deleted += expire(db, due.items[k]);
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
        if (db->keys_with_ttl.used)
            deleted +=
                step(db, &db->keys_with_ttl, &db->expire_cursor, note_due, expire_key, until_us);
        if (db->hashes_with_ttl.used)
            deleted += step(db, &db->hashes_with_ttl, &db->field_ttl_cursor, note_due_fields,
                            expire_fields, until_us);
    }
    return deleted;
}
