#include "survey/survey_more.h"

#include "base/mem.h"
#include "unit.h"

/* Console Q10: a stream with two groups in 400 bytes, of which 32 are its key. */
_Static_assert(sizeof(struct survey_stream) + 2 * sizeof(struct survey_group) <= 360,
               "records are small");

TEST(it_is_there_while_it_says_something)
{
    struct survey_stream x = {0};
    struct survey_stream_more more = *survey_more_of_stream(&x);
    CHECK(more.maxlen == -1 && !more.scheduled);
    survey_more_put_of_stream(&x, &more);
    CHECK(!x.more);
    more.failed_rate = 0.5;
    survey_more_put_of_stream(&x, &more);
    const struct survey_stream_more *first = x.more;
    more.maxlen = 0;
    survey_more_put_of_stream(&x, &more);
    CHECK(first && x.more == first && first->maxlen == 0 && first->failed_rate == 0.5);
    more = *survey_more_of_stream(&(struct survey_stream){0});
    survey_more_put_of_stream(&x, &more);
    CHECK(!x.more && survey_more_of_stream(&x)->maxlen == -1);
}

TEST(acknowledged_are_counted_with_a_policy_and_derived_without)
{
    struct survey_group x = {.counted = true, .delivered = 10, .leased = 3};
    CHECK(survey_more_acked(&x) == 7 && !survey_more_ready(&x));
    struct survey_group_more more = {.released = 1, .deferred = 2, .counts = {.acked = 99}};
    survey_more_put_of_group(&x, &more);
    x.unread = 5;
    CHECK(survey_more_acked(&x) == 4 && survey_more_ready(&x) == 6);
    x.leased = 8;
    CHECK(survey_more_acked(&x) == 0);
    x.counted = false;
    CHECK(survey_more_acked(&x) == 0);
    x.flags = SURVEY_POLICY;
    CHECK(survey_more_acked(&x) == 99);
    mem_free(x.more);
}

TEST(a_rate_is_of_its_interval)
{
    CHECK(survey_more_rate(0, 0) == 0 && survey_more_rate(5, 0) == 0);
    CHECK(survey_more_rate(1, 3000) == 1000.0 / 3000 && survey_more_rate(7, 500) == 14);
}

UNIT_MAIN(T(it_is_there_while_it_says_something),
          T(acknowledged_are_counted_with_a_policy_and_derived_without),
          T(a_rate_is_of_its_interval))
