#include "type/stream/stream_captures.h"

#include "base/mem.h"
#include "unit.h"

TEST(patterns_come_and_go)
{
    struct stream_captures c = {0};
    size_t n;
    CHECK(stream_captures_count(&c) == 0 && stream_captures_memory(&c) == 0);
    CHECK(stream_captures_add(&c, BYTES("news.*")) && !stream_captures_add(&c, BYTES("news.*")));
    CHECK(stream_captures_add(&c, BYTES("a?c")) && stream_captures_add(&c, bytes_of("", 0)));
    CHECK(stream_captures_match(&c, BYTES("news.x")) && stream_captures_match(&c, BYTES("abc")));
    CHECK(!stream_captures_match(&c, BYTES("new.x")) && stream_captures_match(&c, BYTES("")));
    struct bytes *all = stream_captures_sorted(&c, &n);
    CHECK(n == 3 && all[0].n == 0 && bytes_equal(all[1], BYTES("a?c")) &&
          bytes_equal(all[2], BYTES("news.*")));
    mem_free(all);
    CHECK(stream_captures_remove(&c, BYTES("news.*")) &&
          !stream_captures_remove(&c, BYTES("news.*")));
    CHECK(!stream_captures_match(&c, BYTES("news.x")) && stream_captures_count(&c) == 2);
    CHECK(stream_captures_memory(&c) > 0);
    stream_captures_free(&c);
    CHECK(stream_captures_count(&c) == 0);
}

UNIT_MAIN(T(patterns_come_and_go))
