#include "replica/adopt.h"

#include "base/log.h"
#include "replica/peer.h"

/* The data are those of this history (NULL: one that begins) at this offset: no replica of ours can
 * go on with what it has. */
static void begin_at(struct replication *r, const char *id, uint64_t offset)
{
    struct history own;
    history_begin(&own);
    peer_close_all(r);
    journal_adopt(r->engine->journal, id ? id : own.id, id ? offset : 0);
    backlog_restart(&r->backlog);
}

enum replication_load adopt_snapshot(struct replication *r, const char *path, const char *id,
                                     uint64_t offset)
{
    int db = -1;
    log_line(LOG_NOTICE, "Discarding previously cached master state.");
    enum replication_load end = r->services.load(r->services.context, path, &db);
    if (end == REPLICATION_STOPPED)
        return end;
    begin_at(r, end == REPLICATION_LOADED ? id : NULL, offset);
    r->engine->journal->db = db;
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
    log_line(LOG_NOTICE, "Master replication ID changed to %s", id);
    journal_shift(j, id);
    peer_close_all(r);
}
