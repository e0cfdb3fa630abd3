#include "engine/state.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/err.h"

/* States in which a client's write is refused (state_refuses_writes()) or held. A script that is
 * busy still writes: its own effects go on. */
#define HOLDS_WRITES (ENGINE_DISK_FAILED | ENGINE_SAVE_FAILED | ENGINE_FEW_REPLICAS | ENGINE_PAUSED)

void state_set(struct engine *e, enum slow_path_reason bit, bool on)
{
    e->slow_path = on ? e->slow_path | (unsigned)bit : e->slow_path & ~(unsigned)bit;
    e->store->expiry_ignored = (e->slow_path & ENGINE_LOADING) != 0;
    e->store->expiry_paused = (e->slow_path & HOLDS_WRITES) != 0;
}

bool state_holds_writes(const struct engine *e)
{
    return (e->slow_path & HOLDS_WRITES) != 0;
}

bool state_takes_writes(const struct engine *e)
{
    return !(e->slow_path & (HOLDS_WRITES | ENGINE_LOADING | ENGINE_BUSY));
}

void state_set_disk_error(struct engine *e, int error)
{
    e->disk_error = error;
    state_set(e, ENGINE_DISK_FAILED, error != 0);
}

bool state_is_torn(const struct engine *e)
{
    return e->journal->depth > 1 || (e->slow_path & ENGINE_BUSY);
}

bool state_refuses_writes(const struct engine *e, struct buf *why)
{
    if (e->slow_path & ENGINE_DISK_FAILED)
        buf_printf(why, "MISCONF Errors writing to the AOF file: %s", strerror(-e->disk_error));
    else if (e->slow_path & ENGINE_SAVE_FAILED)
        buf_add_text(why, err_text(ERR_MISCONF_RDB).p);
    else if (e->slow_path & ENGINE_FEW_REPLICAS)
        buf_add_text(why, err_text(ERR_NOREPLICAS).p);
    else
        return false;
    return true;
}

void state_count_replicas(struct engine *e)
{
    state_set(e, ENGINE_FEW_REPLICAS,
              e->settings->min_replicas_to_write > 0 && e->settings->min_replicas_max_lag > 0);
}

bool state_freeze_clock(struct engine *e)
{
    if (e->frozen_us)
        return false;
    e->frozen_us = clock_wall_us();
    e->now_ms = e->store->now_ms = e->frozen_us / 1000;
    return true;
}

void state_thaw_clock(struct engine *e)
{
    ASSERT(e->frozen_us);
    e->frozen_us = 0;
}
