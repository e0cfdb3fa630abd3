#include "replica/promise.h"

#include <stdio.h>

struct promise_place promise_our_place(const struct replication *r)
{
    const struct journal *j = r->engine->journal;
    if (r->confirmation.blank)
        return (struct promise_place){.id = ""};
    return (struct promise_place){history_last_id(&j->history, j->offset), j->offset};
}

bool promise_is_ahead(struct promise_place a, struct promise_place b)
{
    uint32_t x = history_generation(a.id), y = history_generation(b.id);
    return x != y ? x > y : a.offset > b.offset;
}

bool promise_is_related(const struct replication *r, const char *id)
{
    return *id &&
           (r->confirmation.blank || history_same_family(id, r->engine->journal->history.id));
}

bool promise_is_due(const struct replication *r, const char *id, uint64_t offset)
{
    return *id && r->engine->journal->offset >= offset &&
           !history_same_id(r->confirmation.promise, id);
}

bool promise_give(struct replication *r, const char *id, uint64_t offset)
{
    struct confirmation *c = &r->confirmation;
    if (!promise_is_due(r, id, offset))
        return true;
    if (*c->promise && history_same_family(c->promise, id) &&
        history_generation(c->promise) >= history_generation(id))
        return false;
    snprintf(c->promise, sizeof(c->promise), "%s", id);
    return true;
}

bool promise_is_open(const struct replication *r, const char *id)
{
    return *id && !history_same_id(id, r->engine->journal->history.id);
}

void promise_data_lost(struct replication *r)
{
    r->confirmation.whole = false;
    r->confirmation.blank = r->confirmation.fetch_took = true;
}

void promise_data_came(struct replication *r)
{
    r->confirmation.blank = false;
    r->confirmation.fetch_took = true;
}
