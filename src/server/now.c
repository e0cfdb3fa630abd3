#include "server/now.h"

#include "base/clock.h"
#include "engine/exec.h"
#include "store/lru.h"

void now_read(struct engine *e)
{
    e->now_ms = clock_wall_ms();
    e->steady_ms = clock_steady_ms();
    exec_begin_clock(e);
    e->store->now_ms = e->now_ms;
    lru_set_time(&e->store->lru, e->now_ms);
}
