#include "type/stream/stream.h"
#include "type/stream/stream_context.h"
#include "unit.h"

TEST(limits_make_a_stream_one_that_acts)
{
    struct stream_context *x = stream_context_new();
    struct stream *s = stream_new(x, 100, 100);
    CHECK(!s->extra && !stream_acts(s));
    size_t before = stream_memory(s, 0);
    struct stream_extra *extra = stream_need_extra(s);
    CHECK(extra == stream_need_extra(s) && stream_extra_is_empty(extra) && stream_acts(s));
    extra->limits.max_entries = 0;
    CHECK(!stream_extra_is_empty(extra) && stream_memory(s, 0) > before && stream_is_sound(s));
    stream_tidy_extra(s);
    CHECK(s->extra == extra);
    struct stream *copy = stream_copy(s);
    CHECK(copy->extra != extra && copy->extra->limits.max_entries == 0);
    stream_free(copy);
    extra->limits.max_entries = STREAM_LIMITS_NONE;
    stream_tidy_extra(s);
    CHECK(!s->extra && !stream_acts(s) && stream_memory(s, 0) == before);
    stream_tidy_extra(s);
    stream_free(s);
    stream_context_free(x);
}

TEST(the_future_and_expiry_go_along)
{
    struct stream_context *c = stream_context_new();
    struct stream *s = stream_new(c, 100, 100);
    struct stream_extra *x = stream_need_extra(s);
    struct stream_id id = {5, 6};
    struct bytes pairs[] = {BYTES("name"), BYTES("value")};
    int64_t ms;
    size_t before = stream_memory(s, 0);
    stream_future_add(&x->future, id, pairs, 1);
    CHECK(!stream_extra_is_empty(x) && stream_memory(s, 0) > before && stream_is_sound(s));
    stream_expiry_set(&x->expiry, id, 900);
    struct stream *copy = stream_copy(s);
    stream_future_remove(&x->future, id);
    CHECK(!stream_extra_is_empty(x));
    stream_expiry_remove(&x->expiry, id);
    CHECK(stream_extra_is_empty(x));
    stream_tidy_extra(s);
    CHECK(!s->extra);
    stream_free(s);
    CHECK(stream_future_has(&copy->extra->future, id) && stream_is_sound(copy));
    CHECK(stream_expiry_get(&copy->extra->expiry, id, &ms) && ms == 900);
    stream_free(copy);
    stream_context_free(c);
}

/* broker Z7: a copy would act a second time. */
TEST(schedules_stay_behind)
{
    struct stream_context *c = stream_context_new();
    struct stream *s = stream_new(c, 100, 100);
    struct stream_extra *x = stream_need_extra(s);
    struct bytes pairs[] = {BYTES("name"), BYTES("value")};
    struct stream_schedule_rules r = {.every_ms = 100, .limit = -1, .pairs = pairs, .pairs_n = 2};
    size_t before = stream_memory(s, 0);
    CHECK(stream_zones(s) == c->zones);
    stream_schedules_set(&x->schedules, BYTES("n"), &r);
    CHECK(!stream_extra_is_empty(x) && stream_memory(s, 0) > before && stream_is_sound(s));
    CHECK(stream_extra_free_effort(x) > 0);
    struct stream *copy = stream_copy(s);
    CHECK(!copy->extra && stream_zones(copy) == c->zones);
    stream_free(copy);
    x->limits.max_entries = 7;
    copy = stream_copy(s);
    CHECK(copy->extra->limits.max_entries == 7);
    CHECK(stream_schedules_count(&copy->extra->schedules) == 0 && stream_is_sound(copy));
    stream_free(copy);
    stream_free(s);
    stream_context_free(c);
}

UNIT_MAIN(T(limits_make_a_stream_one_that_acts), T(the_future_and_expiry_go_along),
          T(schedules_stay_behind))
