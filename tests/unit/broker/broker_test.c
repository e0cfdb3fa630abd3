#include "broker/broker.h"

#include "engine.h"
#include "unit.h"

TEST(a_turn_without_work_is_none)
{
    static const struct command *const none[] = {NULL};
    struct bench *b = bench_begin(none);
    struct broker *broker = broker_new(&b->engine);
    CHECK(!broker_has_work(broker));
    broker_turn(broker);
    broker_free(broker);
    bench_end(b);
}

UNIT_MAIN(T(a_turn_without_work_is_none))
