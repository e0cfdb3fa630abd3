/* Each turn uses the append-only file twice. Before requests run: do their replies have to wait,
 * and does the disk work? After they have run: the batch is written, and the gate is told which
 * offsets have been written and synced (struct gate_promise).
 *
 * When the disk fails:
 *
 *   a write fails  The batch stays in the journal and is retried every second. Meanwhile writes are
 *                  refused (ENGINE_DISK_FAILED) and replies that rely on the batch are held.
 *   a sync fails   The kernel may have dropped the data, so a retry proves nothing: the whole file
 *                  needs a new base. It is tried after one second, then with exponential backoff up
 *                  to 32 seconds.
 *   no file        It is turned on but can't be created (durability_lacks_file()): writes are
 *                  refused as well, since they would be in no file.
 *   for 5 seconds  Clients whose replies are held are closed without a reply: neither success nor
 *                  an error would be reliable.
 *   recovery       aof_error() returns 0, the file exists, and writes are accepted again, without
 *                  an operator. */
#include "server/durability.h"

#include "base/assert.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/block.h"
#include "engine/client.h"
#include "engine/gate.h"
#include "engine/state.h"
#include "persist/aof.h"
#include "server/snapshot.h"

#include <limits.h>
#include <string.h>

#define DROP_HELD_MS 5000 /* held replies are given up after this */
#define RETRY_MS     1000 /* between retries of a write; first backoff of a new base */
#define RETRY_MOST   32000
#define CHECK_MS     1000 /* between checks of the files */

struct durability {
    struct engine *engine;
    struct aof *aof;
    const struct snapshot *snapshot;
    uint64_t confirmed_at; /* gate.moves when WAITAOF was served last */
    int64_t checked_ms;    /* when the files were checked last */
    int lacks;             /* as durability_lacks_file() was told */
    /* While the disk fails (engine.disk_error). */
    int64_t failed_since_ms;
    int64_t retried_ms;
    int64_t base_tried_ms, base_wait_ms;
    unsigned base_tries;
};

struct durability *durability_new(struct engine *e, struct aof *aof,
                                  const struct snapshot *snapshot)
{
    struct durability *d = mem_zalloc(sizeof(*d));
    d->engine = e;
    d->aof = aof;
    d->snapshot = snapshot;
    return d;
}

void durability_free(struct durability *d)
{
    mem_free(d);
}

/* ---- The promise */

static struct gate_promise promise(const struct durability *d)
{
    bool durable = aof_has_base(d->aof);
    struct gate_promise p = {.armed = aof_gates(d->aof),
                             .open = aof_is_open(d->aof),
                             .durable = durable,
                             .released = aof_released(d->aof),
                             .synced = durable ? aof_synced(d->aof) : 0,
                             .locals_released = aof_locals_released(d->aof),
                             .locals_synced = durable ? aof_locals_synced(d->aof) : 0};
    ASSERT(p.synced <= d->engine->journal->offset);
    return p;
}

void durability_tell_gate(struct durability *d)
{
    struct gate_promise p = promise(d);
    gate_tell(d->engine, &p);
}

void durability_configure(struct durability *d)
{
    const struct settings *s = d->engine->settings;
    bool child = snapshot_child(d->snapshot) != SNAPSHOT_NONE;
    aof_set_policy(d->aof, (enum aof_policy)s->appendfsync,
                   s->no_appendfsync_on_rewrite && child && s->appendfsync != AOF_NO);
    aof_set_timestamps(d->aof, s->aof_timestamp_enabled);
    aof_keep_replaced(d->aof, s->aof_disable_auto_gc);
    aof_set_reserve(d->aof, (uint64_t)s->aof_disk_reserve);
    durability_tell_gate(d);
}

/* ---- The turn */

static void disk_failed(struct durability *d, int error)
{
    struct engine *e = d->engine;
    log_line(LOG_WARNING,
             aof_needs_base(d->aof)
                 ? "The append-only file can't be synced: %s. What it holds is not known any "
                   "more: writes are refused and replies that depend on it are held until a "
                   "new base has taken its place."
                 : "The append-only file can't be written: %s. Writes are refused until the "
                   "disk takes them again.",
             strerror(-error));
    d->failed_since_ms = d->retried_ms = d->base_tried_ms = e->steady_ms;
    d->base_wait_ms = RETRY_MS;
    d->base_tries = 0;
    state_set_disk_error(e, error);
}

void durability_lacks_file(struct durability *d, int error)
{
    d->lacks = error;
    if (error && !d->engine->disk_error)
        disk_failed(d, error);
}

void durability_begin_turn(struct durability *d)
{
    struct engine *e = d->engine;
    struct gate_promise p = promise(d);
    gate_begin_turn(e, &p);
    if (d->confirmed_at != e->gate.moves) {
        d->confirmed_at = e->gate.moves;
        block_serve_confirming(e);
    }
    int error = aof_error(d->aof) ? aof_error(d->aof) : d->lacks;
    if (error && !e->disk_error) {
        disk_failed(d, error);
    } else if (!error && e->disk_error) {
        state_set_disk_error(e, 0);
        log_line(LOG_WARNING, "The append-only file can be written again, writes are accepted.");
    }
}

void durability_flush(struct durability *d)
{
    struct engine *e = d->engine;
    if (e->gate.sync_wanted) {
        e->gate.sync_wanted = false;
        aof_want_sync(d->aof);
    }
    aof_flush(d->aof, e->steady_ms, e->gate.held_count);
    durability_tell_gate(d);
}

bool durability_waits_for_group(const struct durability *d)
{
    return aof_waits_for_group(d->aof);
}

/* ---- The tick */

bool durability_wants_base(struct durability *d)
{
    const struct engine *e = d->engine;
    if (!e->disk_error || !aof_needs_base(d->aof) ||
        e->steady_ms - d->base_tried_ms < d->base_wait_ms)
        return false;
    if (d->base_tries++ && d->base_wait_ms < RETRY_MOST)
        d->base_wait_ms *= 2;
    d->base_tried_ms = e->steady_ms;
    return true;
}

/* Files may have been removed or truncated: a restart would not find acknowledged data. */
static void check_files(struct durability *d)
{
    char what[PATH_MAX + 64];
    if (!aof_is_intact(d->aof, what, sizeof(what)))
        log_line(LOG_WARNING, "The append-only file is no longer intact: %s", what);
}

static void retry(struct durability *d)
{
    struct engine *e = d->engine;
    if (e->steady_ms - d->retried_ms >= RETRY_MS) {
        d->retried_ms = e->steady_ms;
        aof_retry_batch(d->aof);
    }
    if (e->steady_ms - d->failed_since_ms > DROP_HELD_MS)
        gate_give_up(e, false);
}

void durability_tick(struct durability *d, bool idle)
{
    struct engine *e = d->engine;
    if (e->disk_error) {
        retry(d);
    } else if (idle && e->steady_ms - d->checked_ms >= CHECK_MS) {
        d->checked_ms = e->steady_ms;
        check_files(d);
    }
    /* A batch may wait for a sync, or a sync be due, without any request. */
    aof_flush(d->aof, e->steady_ms, e->gate.held_count);
}

/* Clients blocked in a command that asked for durability get an error. */
static void end_durable_waits(struct engine *e)
{
    for (struct dlist_node *n = e->clients.all.next; n != &e->clients.all; n = n->next) {
        struct client *c = dlist_item(n, struct client, all);
        if ((c->flags & CLIENT_DURABLE) && (c->flags & CLIENT_BLOCKED))
            block_end(c, true);
    }
}

void durability_close(struct durability *d)
{
    durability_tell_gate(d);
    gate_give_up(d->engine, true);
    end_durable_waits(d->engine);
    aof_close(d->aof);
    durability_tell_gate(d);
}
