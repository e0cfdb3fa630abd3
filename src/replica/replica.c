#include "replica/replica.h"

#include "base/mem.h"

struct replication *replica_new(struct engine *e, struct loop *l,
                                const struct replication_services *services, const char *run_id)
{
    struct replication *r = mem_zalloc(sizeof(*r));
    r->engine = e;
    r->loop = l;
    r->services = *services;
    r->run_id = run_id;
    dlist_init(&r->peers);
    e->replication = r;
    return r;
}

void replica_free(struct replication *r)
{
    r->engine->replication = NULL;
    if (backlog_is_open(&r->backlog))
        backlog_close(&r->backlog);
    mem_free(r);
}

void replica_send(struct replication *r)
{
    if (backlog_is_open(&r->backlog))
        backlog_take(&r->backlog);
}
