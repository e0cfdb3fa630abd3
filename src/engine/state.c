#include "engine/state.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/err.h"
#include "store/own.h"

/* States in which writes are refused (state_refuses_writes()) or held. ENGINE_BUSY is not one: the
 * script's own writes go on. */
#define OBSTACLES    (ENGINE_DISK_FAILED | ENGINE_SAVE_FAILED | ENGINE_FEW_REPLICAS | ENGINE_PAUSED)
#define HOLDS_WRITES (OBSTACLES | ENGINE_READ_ONLY)

static void update_store(struct engine *e)
{
    ASSERT((e->slow_path & ENGINE_REPLICA) || !(e->slow_path & (ENGINE_READ_ONLY | ENGINE_STALE)));
    e->store->expiry_ignored = (e->slow_path & ENGINE_LOADING) != 0;
    e->store->expiry_paused = (e->slow_path & (HOLDS_WRITES | ENGINE_REPLICA)) != 0;
}

static void set(struct engine *e, enum slow_path_reason bit, bool on)
{
    e->slow_path = on ? e->slow_path | (unsigned)bit : e->slow_path & ~(unsigned)bit;
}

void state_set(struct engine *e, enum slow_path_reason bit, bool on)
{
    set(e, bit, on);
    update_store(e);
}

void state_apply_replica_settings(struct engine *e)
{
    const struct settings *s = e->settings;
    bool replica = e->role != ROLE_PRIMARY;
    set(e, ENGINE_REPLICA, replica);
    set(e, ENGINE_READ_ONLY, replica && s->replica_read_only);
    e->store->notes_own = replica && !s->replica_read_only;
    if (!replica)
        own_forget(e->store);
    set(e, ENGINE_STALE, e->role == ROLE_REPLICA_DOWN && !s->replica_serve_stale_data);
    update_store(e);
}

void state_set_role(struct engine *e, enum engine_role role)
{
    e->role = role;
    e->role_changes++;
    state_apply_replica_settings(e);
    state_compare_replicas(e);
}

bool state_ignores_memory(const struct engine *e)
{
    return (e->slow_path & ENGINE_REPLICA) && e->settings->replica_ignore_maxmemory;
}

bool state_holds_writes(const struct engine *e)
{
    return (e->slow_path & HOLDS_WRITES) != 0;
}

bool state_may_evict(const struct engine *e)
{
    return !(e->slow_path & (OBSTACLES | ENGINE_LOADING | ENGINE_BUSY));
}

bool state_takes_writes(const struct engine *e)
{
    return state_may_evict(e) && !(e->slow_path & (ENGINE_REPLICA | ENGINE_MOVING));
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
    else if (e->slow_path & ENGINE_FEW_REPLICAS) /* not on a replica */
        buf_add_text(why, err_text(ERR_NOREPLICAS).p);
    else if (e->slow_path & ENGINE_READ_ONLY)
        buf_add_text(why, err_text(ERR_READONLY).p);
    else
        return false;
    return true;
}

void state_compare_replicas(struct engine *e)
{
    long long least = e->settings->min_replicas_to_write;
    bool few = e->role == ROLE_PRIMARY && least > (long long)e->good_replicas &&
               e->settings->min_replicas_max_lag > 0;
    if (few != ((e->slow_path & ENGINE_FEW_REPLICAS) != 0))
        state_set(e, ENGINE_FEW_REPLICAS, few);
}

void state_count_replicas(struct engine *e, size_t good)
{
    e->good_replicas = good;
    state_compare_replicas(e);
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
