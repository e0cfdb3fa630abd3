#include "type/stream/stream_context.h"

#include "base/hash.h"
#include "type/stream/stream.h"
#include "unit.h"

static const struct stream_log_policy policy = {10, 0, 1};

static struct stream *filled(struct stream_context *x)
{
    struct stream *s = stream_new(x, 100, 100);
    struct bytes pair[] = {BYTES("name"), BYTES("0123456789 0123456789 0123456789 0123456789")};
    for (uint64_t i = 1; i <= 100; i++)
        stream_append(s, (struct stream_id){i, 0}, pair, 1, &policy);
    return s;
}

static void read_all(const struct stream *s)
{
    struct stream_cursor c;
    unsigned n = 0;
    for (bool any = stream_log_seek(&s->log, STREAM_ID_MIN, &c); any; any = stream_log_next(&c))
        n++;
    stream_log_end(&c);
    CHECK(n == 100);
}

TEST(two_stores_share_nothing)
{
    hash_init("seed", 4);
    struct stream_context *x = stream_context_new(), *y = stream_context_new();
    struct stream *a = filled(x), *b = filled(x), *c = filled(y);
    read_all(a);
    read_all(b);
    CHECK(stream_cache_count(x->cache) > 0 && stream_cache_count(y->cache) == 0);
    read_all(c);
    size_t held = stream_cache_count(y->cache);
    stream_cache_drop(x->cache);
    CHECK(stream_cache_count(x->cache) == 0 && stream_cache_count(y->cache) == held);
    stream_dedup_add(&a->dedup, BYTES("p"), BYTES("1"), (struct stream_id){1, 0}, 1000);
    stream_dedup_add(&c->dedup, BYTES("p"), BYTES("1"), (struct stream_id){1, 0}, 1000);
    stream_dedup_expire_some(&x->with_records, 1000000, 10);
    CHECK(a->dedup.tracked == 0 && c->dedup.tracked == 1);
    CHECK(dlist_empty(&x->with_records) && !dlist_empty(&y->with_records));
    CHECK(stream_is_sound(a) && stream_is_sound(c));
    stream_free(a);
    stream_free(b);
    stream_free(c);
    stream_context_free(x);
    stream_context_free(y);
}

/* Before another thread frees a stream, nothing here knows it any more. */
TEST(a_stream_freed_in_another_thread_is_in_no_list)
{
    struct stream_context *x = stream_context_new();
    struct stream *a = filled(x), *copy = stream_copy(a);
    read_all(a);
    read_all(copy);
    stream_dedup_add(&a->dedup, BYTES("p"), BYTES("1"), (struct stream_id){1, 0}, 1000);
    stream_log_leave(&a->log);
    stream_dedup_leave(&a->dedup);
    CHECK(dlist_empty(&x->with_records));
    for (size_t i = 0; i < a->log.n; i++)
        CHECK(stream_log_block(&a->log, i)->cached == 0);
    stream_free(a);
    read_all(copy);
    CHECK(stream_is_sound(copy));
    stream_free(copy);
    CHECK(stream_cache_count(x->cache) == 0);
    stream_context_free(x);
}

UNIT_MAIN(T(two_stores_share_nothing), T(a_stream_freed_in_another_thread_is_in_no_list))
