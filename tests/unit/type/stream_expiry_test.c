#include "type/stream/stream_expiry.h"
#include "unit.h"

static struct stream_id id_of(uint64_t ms)
{
    return (struct stream_id){ms, 0};
}

TEST(moments_of_messages)
{
    struct stream_expiry x, copy;
    struct stream_id id;
    struct stream_map_place at;
    int64_t ms;
    stream_expiry_init(&x);
    CHECK(!stream_expiry_first(&x, &id, &ms) && !stream_expiry_get(&x, id_of(1), &ms));
    stream_expiry_set(&x, id_of(1), 500);
    stream_expiry_set(&x, id_of(3), 100);
    stream_expiry_set(&x, id_of(2), 300);
    CHECK(stream_expiry_first(&x, &id, &ms) && id.ms == 3 && ms == 100);
    stream_expiry_set(&x, id_of(3), 900);
    CHECK(stream_expiry_count(&x) == 3 && stream_expiry_get(&x, id_of(3), &ms) && ms == 900);
    CHECK(stream_expiry_first(&x, &id, &ms) && id.ms == 2 && ms == 300);
    stream_expiry_copy(&copy, &x);
    CHECK(stream_expiry_remove(&x, id_of(2)) && !stream_expiry_remove(&x, id_of(2)));
    CHECK(stream_expiry_first(&x, &id, &ms) && id.ms == 1 && ms == 500);
    CHECK(stream_expiry_is_sound(&x) && stream_expiry_is_sound(&copy));
    CHECK(stream_expiry_memory(&x) > 0);
    stream_expiry_free(&x);
    CHECK(stream_expiry_count(&x) == 0 && stream_expiry_is_sound(&x));
    CHECK(stream_expiry_first(&copy, &id, &ms) && id.ms == 2 && ms == 300);
    id = STREAM_ID_MAX, ms = -1;
    CHECK(stream_expiry_seek(&copy, id_of(2), &at, &id, &ms) && id.ms == 2 && ms == 300);
    CHECK(stream_expiry_next(&copy, &at, &id, &ms) && id.ms == 3 && ms == 900);
    CHECK(!stream_expiry_next(&copy, &at, &id, &ms));
    CHECK(!stream_expiry_seek(&copy, id_of(4), &at, &id, &ms));
    stream_expiry_free(&copy);
}

TEST(scheduled_messages_keep_theirs)
{
    struct stream_expiry x;
    struct stream_future f = {0};
    struct bytes pairs[] = {BYTES("a"), BYTES("1")};
    int64_t ms;
    stream_expiry_init(&x);
    for (uint64_t i = 0; i < 1000; i++) {
        stream_expiry_set(&x, id_of(i), (int64_t)i);
        if (i % 10 == 3)
            stream_future_add(&f, id_of(i), pairs, 1);
    }
    stream_expiry_remove_between(&x, id_of(100), id_of(100), &f);
    CHECK(stream_expiry_count(&x) == 1000);
    stream_expiry_remove_between(&x, id_of(100), id_of(900), &f);
    CHECK(stream_expiry_count(&x) == 280);
    for (uint64_t i = 0; i < 1000; i++)
        CHECK(stream_expiry_get(&x, id_of(i), &ms) == (i < 100 || i >= 900 || i % 10 == 3));
    stream_expiry_remove_between(&x, STREAM_ID_MIN, STREAM_ID_MAX, &f);
    CHECK(stream_expiry_count(&x) == 100);
    stream_expiry_set(&x, STREAM_ID_MAX, 5);
    stream_expiry_remove_between(&x, STREAM_ID_MIN, STREAM_ID_MAX, &f);
    CHECK(stream_expiry_get(&x, STREAM_ID_MAX, &ms) && stream_expiry_is_sound(&x));
    stream_expiry_free(&x);
    stream_future_free(&f);
}

UNIT_MAIN(T(moments_of_messages), T(scheduled_messages_keep_theirs))
