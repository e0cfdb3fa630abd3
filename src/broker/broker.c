#include "broker/broker.h"

#include "base/mem.h"

struct broker {
    struct engine *engine;
};

struct broker *broker_new(struct engine *e)
{
    struct broker *b = mem_zalloc(sizeof(*b));
    b->engine = e;
    return b;
}

void broker_free(struct broker *b)
{
    mem_free(b);
}

bool broker_has_work(const struct broker *b)
{
    (void)b;
    return false;
}

void broker_turn(struct broker *b)
{
    (void)b;
}
