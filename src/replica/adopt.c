#include "replica/adopt.h"

#include "base/log.h"
#include "replica/peer.h"
#include "replica/promise.h"
#include "replica/quorum.h"

enum { ADOPT_ON_EMPTY_DB = 1, ADOPT_SWAPDB }; /* of repl-diskless-load */

/* repl-diskless-load swapdb keeps our data until the snapshot is complete, and serves them
 * meanwhile if they belong to the same history. */
static enum replication_how how(const struct replication *r, const char *id)
{
    if (r->engine->settings->repl_diskless_load != ADOPT_SWAPDB)
        return REPLICATION_IN_PLACE;
    return id && history_same_id(id, r->engine->journal->history.id) ? REPLICATION_BESIDE_SERVING
                                                                     : REPLICATION_BESIDE;
}

bool adopt_needs_no_disk(const struct replication *r)
{
    const struct store *s = r->engine->store;
    long long when = r->engine->settings->repl_diskless_load;
    bool empty = true;
    for (int i = 0; i < s->count; i++)
        empty = empty && s->dbs[i].keys.used == 0;
    return when == ADOPT_SWAPDB || (when == ADOPT_ON_EMPTY_DB && empty);
}

/* The data now belong to this history (NULL: a new one) at this offset: no replica of ours can
 * continue with its data. */
static void begin_at(struct replication *r, const char *id, uint64_t offset)
{
    struct history own;
    history_begin(&own);
    peer_close_all(r);
    journal_adopt(r->engine->journal, id ? id : own.id, id ? offset : 0);
    backlog_restart(&r->backlog);
    quorum_restart(r);
    if (id)
        promise_data_came(r);
    else
        promise_data_lost(r);
}

enum replication_load adopt_snapshot(struct replication *r, const char *path, const char *id,
                                     uint64_t offset)
{
    int db = -1;
    log_line(LOG_NOTICE, "Discarding previously cached master state.");
    enum replication_load end = r->services.load(r->services.context, path, how(r, id), &db);
    if (end == REPLICATION_STOPPED || end == REPLICATION_KEPT)
        return end;
    begin_at(r, end == REPLICATION_LOADED ? id : NULL, offset);
    journal_stream_in(r->engine->journal, db);
    r->services.load_ended(r->services.context);
    if (end == REPLICATION_LOADED)
        log_line(LOG_NOTICE, "MASTER <-> REPLICA sync: Finished with success");
    else
        log_line(LOG_WARNING, "Failed trying to load the MASTER synchronization DB from disk, "
                              "check server logs.");
    return end;
}

void adopt_id(struct replication *r, const char *id)
{
    struct journal *j = r->engine->journal;
    if (history_same_id(id, j->history.id))
        return;
    promise_data_came(r);
    log_line(LOG_NOTICE, "Master replication ID changed to %s", id);
    journal_shift(j, id);
    peer_close_all(r);
}
