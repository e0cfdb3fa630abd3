#include "store/expire.h"

#include "base/clock.h"

#define BATCH 64

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

/* Walks on from where the last step stopped; a database is left once a whole round is done. */
static size_t step_db(struct db *db, int64_t until_us)
{
    size_t deleted = 0, buckets = db->deadlines.buckets;
    for (size_t i = 0; i < buckets; i++) {
        struct due due = {.store = db->store};
        db->expire_cursor = table_scan(&db->deadlines, db->expire_cursor, note_due, &due);
        for (size_t k = 0; k < due.n; k++)
            deleted += db_expire_if_due(db, due.items[k]);
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
    for (int i = 0; i < s->count; i++)
        if (s->dbs[i].deadlines.used)
            deleted += step_db(&s->dbs[i], until_us);
    return deleted;
}
