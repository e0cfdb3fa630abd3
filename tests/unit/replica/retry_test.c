#include "replica/retry.h"

#include "unit.h"

TEST(a_primary_that_is_not_there_is_tried_often_at_first)
{
    struct retry r = {0};
    retry_begin(&r, 5000);
    CHECK(retry_failed(&r, 5000) == 100 && retry_failed(&r, 14999) == 100);
    CHECK(retry_failed(&r, 15000) == RETRY_LAST_MS);
    retry_begin(&r, 15000);
    CHECK(retry_failed(&r, 15001) == 100);
}

TEST(a_primary_that_says_so_is_asked_again_at_once)
{
    static const int64_t want[] = {0, 20, 40, 80, 100, 100};
    struct retry r = {0};
    retry_begin(&r, 0);
    CHECK(retry_asked(&r, false, 0) == 100); /* another one's refusal */
    for (int i = 0; i < 6; i++)
        CHECK(retry_asked(&r, true, 0) == want[i]);
    CHECK(retry_asked(&r, true, 10000) == RETRY_LAST_MS);
    retry_end(&r);
    CHECK(retry_asked(&r, true, 10000) == 0 && retry_asked(&r, true, 10000) == 20);
    retry_begin(&r, 10000);
    CHECK(retry_asked(&r, true, 10000) == 0);
}

UNIT_MAIN(T(a_primary_that_is_not_there_is_tried_often_at_first),
          T(a_primary_that_says_so_is_asked_again_at_once))
