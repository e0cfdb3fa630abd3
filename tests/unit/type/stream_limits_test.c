#include "type/stream/stream_limits.h"
#include "unit.h"

TEST(each_limit_counts)
{
    struct stream_limits none = stream_limits_none(), one;
    CHECK(stream_limits_equal(&none, &none));
    one = none, one.max_entries = 1;
    CHECK(!stream_limits_equal(&none, &one));
    one = none, one.max_bytes = 1;
    CHECK(!stream_limits_equal(&none, &one));
    one = none, one.max_age_ms = 1;
    CHECK(!stream_limits_equal(&none, &one));
    one = none, one.refuses = true;
    CHECK(!stream_limits_equal(&none, &one));
    one = none, one.strategy = STREAM_ACKNOWLEDGED;
    CHECK(!stream_limits_equal(&none, &one));
}

UNIT_MAIN(T(each_limit_counts))
