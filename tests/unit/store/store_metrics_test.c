#include "store/store_metrics.h"

#include "base/hash.h"
#include "metrics.h"
#include "store/db.h"
#include "type/string.h"
#include "unit.h"

static struct store *store_with_keys(void)
{
    hash_init(NULL, 0);
    struct store *s = db_store_new(2, 1);
    s->now_ms = 1000;
    db_add(&s->dbs[1], string_new(BYTES("a"), BYTES("x")));
    struct entry *e = string_new(BYTES("b"), BYTES("x"));
    db_add(&s->dbs[1], e);
    db_set_deadline(&s->dbs[1], e, 6000);
    return s;
}

TEST(lookups_and_lost_keys_are_counted)
{
    struct store *s = store_with_keys();
    db_read(&s->dbs[1], BYTES("a"));
    db_read(&s->dbs[1], BYTES("a"));
    db_read(&s->dbs[0], BYTES("a"));
    s->evicted = 4;
    s->expired_fields = 5;
    CHECK(metrics_say(&store_metrics, s, "keyspace_hits:2\r\nkeyspace_misses:1"));
    CHECK(metrics_say(&store_metrics, s, "evicted_keys:4\r\nexpired_subkeys:5"));
    s->now_ms = 7000;
    db_read(&s->dbs[1], BYTES("b"));
    CHECK(metrics_say(&store_metrics, s, "expired_keys:1"));
    db_store_free(s);
}

TEST(databases_that_hold_something_have_a_line)
{
    struct store *s = store_with_keys();
    CHECK(metrics_say(&store_metrics_databases, s, "db1:keys=2,expires=1,avg_ttl=5000"));
    s->now_ms = 9000;
    CHECK(metrics_say(&store_metrics_databases, s, "db1:keys=2,expires=1,avg_ttl=0"));
    db_flush(&s->dbs[1]);
    CHECK(metrics_say(&store_metrics_databases, s, ""));
    db_store_free(s);
}

TEST(the_mean_of_far_deadlines_does_not_overflow)
{
    hash_init(NULL, 0);
    struct store *s = db_store_new(1, 1);
    for (int i = 0; i < 3; i++) {
        char key = (char)('a' + i);
        struct entry *e = string_new(bytes_of(&key, 1), BYTES("x"));
        db_add(&s->dbs[0], e);
        db_set_deadline(&s->dbs[0], e, INT64_MAX - 4);
    }
    CHECK(metrics_say(&store_metrics_databases, s,
                      "db0:keys=3,expires=3,avg_ttl=9223372036854775803"));
    db_store_free(s);
}

TEST(what_is_counted_is_not_declared_as_a_constant)
{
    const struct metric_family *f = store_metrics_databases.family;
    for (size_t i = 0; i < store_metrics.n; i++)
        CHECK(store_metrics.rows[i].flags == 0 &&
              store_metrics.rows[i].type ==
                  (strstr(store_metrics.rows[i].info, "tracked") ? METRIC_GAUGE : METRIC_COUNTER));
    CHECK(f->n == 3);
    for (size_t i = 0; i < f->n; i++)
        CHECK(f->columns[i].flags == 0 && f->columns[i].type == METRIC_GAUGE);
}

UNIT_MAIN(T(what_is_counted_is_not_declared_as_a_constant), T(lookups_and_lost_keys_are_counted),
          T(databases_that_hold_something_have_a_line),
          T(the_mean_of_far_deadlines_does_not_overflow))
