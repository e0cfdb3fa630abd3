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

UNIT_MAIN(T(limits_make_a_stream_one_that_acts))
