#include "store/own.h"

#include "base/assert.h"
#include "base/clock.h"

/* Returns how many keys and fields it deleted. *keep: some TTL is left. */
static size_t expire(struct db *db, struct bytes key, bool *keep)
{
    struct store *s = db->store;
    long long before = s->expired + s->expired_fields;
    struct entry *e = db_find_past(db, key);
    if (e && db_expire_anyway(db, e))
        e = NULL;
    *keep = e && (e->has_ttl || value_has_field_ttl(e));
    return (size_t)(s->expired + s->expired_fields - before);
}

/* Reading the clock costs more than a key, so it is read only every few keys. */
static size_t step(struct db *db, int64_t until_us)
{
    struct dict_walk w = {.bucket = db->own_cursor <= db->own.mask ? db->own_cursor : 0};
    size_t deleted = 0, looked = 0;
    for (struct dict_node *n; (n = dict_next(&db->own, &w));) {
        bool keep;
        deleted += expire(db, dict_key(n), &keep);
        if (!keep)
            dict_remove(&db->own, dict_key(n));
        if (++looked % 16 == 0 && clock_mono_us() >= until_us)
            break;
    }
    db->own_cursor = w.bucket;
    return deleted;
}

size_t own_expire_step(struct store *s, int64_t budget_us)
{
    int64_t until_us = clock_mono_us() + budget_us;
    size_t deleted = 0;
    ASSERT(!s->expiry_ignored);
    for (int i = 0; i < s->count; i++)
        if (s->dbs[i].own.used)
            deleted += step(&s->dbs[i], until_us);
    return deleted;
}

size_t own_count(const struct store *s)
{
    size_t n = 0;
    for (int i = 0; i < s->count; i++)
        n += s->dbs[i].own.used;
    return n;
}

void own_forget(struct store *s)
{
    for (int i = 0; i < s->count; i++)
        dict_clear(&s->dbs[i].own);
}
