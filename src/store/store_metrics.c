#include "store/store_metrics.h"

#include "base/num.h"
#include "store/own.h"

#include <stdio.h>

#define TTL_SAMPLES 100 /* keys sampled for the mean */

#define M(type, unit, flags, info, name, value, help)                                              \
    METRIC_GETTER(const struct store *s, info, value)
#include "store/store_metrics.def"
#undef M

#define M METRIC_ROW
static const struct metric rows[] = {
#include "store/store_metrics.def"
};
#undef M

const struct metric_table store_metrics = {.rows = rows, .n = METRIC_COUNT(rows)};

enum { KEYS, EXPIRES, AVG_TTL, COLUMNS };

static const struct metric columns[COLUMNS] = {
    [KEYS] = {"keys", "redis_db_keys", "Keys of the database.", METRIC_GAUGE, METRIC_NUMBER, 0,
              NULL},
    [EXPIRES] = {"expires", "redis_db_keys_expiring", "Keys of the database that have a TTL.",
                 METRIC_GAUGE, METRIC_NUMBER, 0, NULL},
    [AVG_TTL] = {"avg_ttl", "redis_db_avg_ttl_seconds", "Estimated mean TTL of keys that have one.",
                 METRIC_GAUGE, METRIC_MILLISECONDS, 0, NULL},
};

/* Sums quotients, since a sum of TTLs could overflow. */
static long long mean_ttl_ms(const struct store *s, const struct db *db)
{
    long long many =
        db->keys_with_ttl.used < TTL_SAMPLES ? (long long)db->keys_with_ttl.used : TTL_SAMPLES;
    long long mean = 0, rest = 0, n = 0;
    struct table_walk w;
    table_walk_start(&w, &db->keys_with_ttl);
    for (struct entry *x; n < many && (x = table_walk_next(&w)); n++) {
        long long left = num_minus(entry_deadline_ms(x), s->now_ms);
        mean += left / many;
        rest += left % many;
    }
    mean += many ? rest / many : 0;
    return mean > 0 ? mean : 0;
}

static void walk_databases(const void *owner, const struct metric_sink *sink)
{
    const struct store *s = owner;
    for (int i = 0; i < s->count; i++) {
        const struct db *db = &s->dbs[i];
        if (!db->keys.used)
            continue;
        char label[16];
        int n = snprintf(label, sizeof(label), "db%d", i);
        struct metric_cell cells[COLUMNS] = {
            {.metric = &columns[KEYS], .value = metric_unsigned(db->keys.used)},
            {.metric = &columns[EXPIRES], .value = metric_unsigned(db->keys_with_ttl.used)},
            {.metric = &columns[AVG_TTL], .value = metric_signed(mean_ttl_ms(s, db))},
        };
        sink->line(sink->to, bytes_of(label, (size_t)n), cells, COLUMNS);
    }
}

static const struct metric_family databases = {"", "db", NULL, columns, COLUMNS, walk_databases};

const struct metric_table store_metrics_databases = {.family = &databases};
