#include "type/stream/stream_chunk.h"

#include "base/mem.h"
#include "unit.h"

static struct stream_pending_entry entry(uint64_t ms, uint64_t seq)
{
    return (struct stream_pending_entry){
        .id = {ms, seq}, .time_ms = 5000, .count = 1, .consumer = (uint32_t)ms % 70};
}

static bool holds(const struct stream_chunk *c, unsigned i, const struct stream_pending_entry *e)
{
    struct stream_pending_entry got;
    stream_chunk_read(c, i, &got);
    return stream_id_compare(got.id, e->id) == 0 && got.time_ms == e->time_ms &&
           got.count == e->count && got.consumer == e->consumer && got.touched == e->touched &&
           stream_chunk_owner(c, i) == e->consumer &&
           stream_id_compare(stream_chunk_id(c, i), e->id) == 0;
}

TEST(records_go_in_and_out_at_any_place)
{
    for (int wide = 0; wide < 2; wide++) {
        struct stream_chunk *c = stream_chunk_new(wide, 8, 1000, 5000);
        struct stream_pending_entry e;
        for (uint64_t i = 0; i < 8; i++) {
            e = entry(1000 + i * 10, 0);
            stream_chunk_insert(c, (unsigned)i, &e);
        }
        CHECK(c->n == 8 && c->plain == 8 && stream_chunk_is_sound(c));
        /* The first ones go without a move; then there is room again, in the middle. */
        for (int i = 0; i < 3; i++) {
            stream_chunk_remove(c, 0);
            c->plain--;
        }
        stream_chunk_remove(c, 2);
        c->plain--;
        CHECK(c->start == 3 && c->n == 4 && stream_chunk_is_sound(c));
        e = entry(1045, 7);
        stream_chunk_insert(c, 2, &e);
        CHECK(c->n == 5 && holds(c, 2, &e) && stream_chunk_is_sound(c));
        CHECK(stream_chunk_search(c, (struct stream_id){1045, 7}) == 2);
        CHECK(stream_chunk_search(c, (struct stream_id){1045, 8}) == 3);
        CHECK(stream_chunk_search(c, (struct stream_id){0, 0}) == 0);
        CHECK(stream_chunk_search(c, (struct stream_id){1071, 0}) == 5);
        c = stream_chunk_remake(c, true, 128);
        CHECK(c->n == 5 && c->is_wide && holds(c, 2, &e) && stream_chunk_is_sound(c));
        mem_free(c);
    }
}

/* The time of a touched one is a number as it is, whatever the chunk's base. */
TEST(a_touched_record_holds_a_number)
{
    for (int wide = 0; wide < 2; wide++) {
        struct stream_chunk *c = stream_chunk_new(wide, 8, 1000, 1700000000000);
        struct stream_pending_entry e = entry(1000, 0);
        e.touched = true;
        e.time_ms = 0;
        CHECK(stream_chunk_fits(c, &e));
        stream_chunk_insert(c, 0, &e);
        CHECK(holds(c, 0, &e));
        e.time_ms = UINT32_MAX;
        CHECK(stream_chunk_fits(c, &e));
        stream_chunk_put(c, 0, &e);
        CHECK(holds(c, 0, &e) && c->plain == 0 && stream_chunk_is_sound(c));
        c = stream_chunk_remake(c, true, 8);
        CHECK(holds(c, 0, &e));
        mem_free(c);
    }
}

/* The limits of the short form, one by one. */
TEST(what_does_not_fit_is_told)
{
    struct stream_chunk *c = stream_chunk_new(false, 4, 1000, 5000);
    struct stream_pending_entry e = entry(1000, 0), good;
    CHECK(stream_chunk_fits(c, &e));
    e.id = (struct stream_id){1000 + (uint64_t)UINT32_MAX, UINT32_MAX};
    e.time_ms = 5000 + (int64_t)UINT32_MAX;
    e.count = (1u << 15) - 1;
    e.consumer = UINT16_MAX - 1;
    good = e;
    CHECK(stream_chunk_fits(c, &e));
    stream_chunk_insert(c, 0, &e);
    CHECK(holds(c, 0, &e));
    e.id.ms++;
    CHECK(!stream_chunk_fits(c, &e));
    e = good;
    e.id.ms = 999;
    CHECK(!stream_chunk_fits(c, &e));
    e = good;
    e.id.seq++;
    CHECK(!stream_chunk_fits(c, &e));
    e = good;
    e.time_ms++;
    CHECK(!stream_chunk_fits(c, &e));
    e = good;
    e.time_ms = 4999;
    CHECK(!stream_chunk_fits(c, &e));
    e = good;
    e.count++;
    CHECK(!stream_chunk_fits(c, &e));
    e = good;
    e.consumer++;
    CHECK(!stream_chunk_fits(c, &e));
    e.consumer = STREAM_PENDING_NO_CONSUMER;
    CHECK(stream_chunk_fits(c, &e));
    mem_free(c);
}

TEST(a_chunk_is_halved)
{
    struct stream_chunk *c = stream_chunk_new(false, STREAM_CHUNK_MOST, 1000, 5000),
                        *upper = stream_chunk_new(false, STREAM_CHUNK_MOST, 1000, 5000);
    for (unsigned i = 0; i < 9; i++) {
        struct stream_pending_entry e = entry(1000 + i, 0);
        e.touched = i % 4 == 0;
        stream_chunk_insert(c, i, &e);
    }
    stream_chunk_split(c, upper);
    CHECK(c->n == 4 && upper->n == 5 && c->plain == 3 && upper->plain == 3);
    CHECK(stream_chunk_is_sound(c) && stream_chunk_is_sound(upper));
    CHECK(stream_chunk_id(c, 3).ms == 1003 && stream_chunk_id(upper, 0).ms == 1004);
    struct stream_chunk *copy = stream_chunk_copy(upper);
    CHECK(copy->n == 5 && stream_chunk_is_sound(copy) && stream_chunk_id(copy, 4).ms == 1008);
    mem_free(copy);
    mem_free(upper);
    mem_free(c);
}

/* The records reach the end of the chunk, with room in front of them. */
TEST(records_move_to_the_front_when_the_end_is_reached)
{
    for (int wide = 0; wide < 2; wide++) {
        struct stream_chunk *c = stream_chunk_new(wide, 4, 1000, 5000);
        struct stream_pending_entry e;
        for (unsigned i = 0; i < 20; i++) {
            e = entry(1000 + i, 0);
            stream_chunk_insert(c, c->n, &e);
            CHECK(holds(c, c->n - 1u, &e) && stream_chunk_is_sound(c));
            if (c->n == 4) {
                stream_chunk_remove(c, 0);
                c->plain--;
            }
        }
        CHECK(c->n == 3 && stream_chunk_id(c, 0).ms == 1017);
        e = entry(1016, 0);
        stream_chunk_insert(c, 0, &e);
        CHECK(c->n == 4 && holds(c, 0, &e) && stream_chunk_is_sound(c));
        mem_free(c);
    }
}

UNIT_MAIN(T(a_touched_record_holds_a_number), T(records_go_in_and_out_at_any_place),
          T(what_does_not_fit_is_told), T(a_chunk_is_halved),
          T(records_move_to_the_front_when_the_end_is_reached))
