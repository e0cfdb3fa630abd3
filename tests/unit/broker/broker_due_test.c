#include "broker/broker_due.h"

#include "unit.h"

/* broker G4: the longest due first; who is not done stands behind all that are due now. */
TEST(the_longest_due_comes_first)
{
    struct engine engine = {.steady_ms = 100};
    struct broker b = {.engine = &engine};
    struct broker_due one = {0}, two = {0}, three = {0};
    CHECK(!broker_due_first(&b) && broker_due_late_ms(&b) == 0);
    broker_due_join(&b, &one, 30);
    broker_due_join(&b, &two, 10);
    broker_due_join(&b, &three, 20);
    broker_due_join(&b, &three, 5);
    CHECK(broker_due_first(&b) == &two && broker_due_late_ms(&b) == 90);
    broker_due_again(&b, &two);
    CHECK(broker_due_first(&b) == &three && broker_due_late_ms(&b) == 90);
    broker_due_leave(&b, &three);
    broker_due_leave(&b, &three);
    CHECK(broker_due_first(&b) == &one && !broker_due_is_in_line(&three));
    broker_due_leave(&b, &one);
    CHECK(broker_due_first(&b) == &two && broker_due_is_in_line(&two));
    broker_due_leave(&b, &two);
    CHECK(!broker_due_first(&b));
    heap_free(&b.due);
}

UNIT_MAIN(T(the_longest_due_comes_first))
