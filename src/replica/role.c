#include "replica/role.h"

#include "base/assert.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "engine/block.h"
#include "engine/gate.h"
#include "engine/state.h"
#include "replica/confirm.h"
#include "replica/follow.h"
#include "replica/peer.h"
#include "replica/quorum.h"
#include "replica/reach.h"

#include <stdio.h>
#include <string.h>

/* For CONFIG GET and REWRITE. */
static void set_setting(struct replication *r, const char *text)
{
    char **field = &r->engine->settings->replicaof;
    mem_free(*field);
    *field = mem_copy_text(text, strlen(text));
}

void role_follow(struct replication *r, const char *host, int port, bool at_start)
{
    struct journal *j = r->engine->journal;
    char text[512];
    snprintf(text, sizeof(text), "%s %d", host, port);
    set_setting(r, text);
    reach_hint(r, "primary", host);
    if (r->follow) {
        follow_turn_to(r->follow, host, port);
        return;
    }
    /* Changes were not counted: our data have no place in any history. */
    if (!j->on && !at_start)
        history_begin(&j->history);
    if (!at_start)
        log_line(LOG_NOTICE,
                 "Before turning into a replica, using my own master parameters to synthesize a "
                 "cached master: I may be able to synchronize with the new master with just a "
                 "partial transfer.");
    confirm_end(r);
    r->follow = follow_new(r, host, port, !at_start || j->offset > 0, false);
    log_set_role('S');
    block_end_all(r->engine);
    /* The new primary may lack what replicas have not confirmed: waiting clients are closed without
     * a reply. */
    gate_give_up_before(r->engine, UINT64_MAX - 1);
    quorum_update(r);
}

bool role_follows(const struct replication *r, struct bytes host, int port)
{
    struct follow_figures f;
    if (!r->follow)
        return false;
    follow_figures(r->follow, &f);
    return f.port == port && bytes_is(host, f.host);
}

void role_settle(struct replication *r)
{
    struct journal *j = r->engine->journal;
    ASSERT(j->depth == 0);
    if (j->mode != JOURNAL_RAW)
        journal_set_mode(j, JOURNAL_RAW);
    if (!backlog_is_open(&r->backlog))
        backlog_open(&r->backlog, j);
}

void role_promote(struct replication *r)
{
    struct journal *j = r->engine->journal;
    ASSERT(r->follow);
    follow_free(r->follow);
    r->follow = NULL;
    set_setting(r, "");
    log_set_role('M');
    state_set_role(r->engine, ROLE_PRIMARY);
    quorum_begin(r);
    confirm_begin(r);
    if (replication_is_unconfirmed(r) || j->mode != JOURNAL_RAW)
        return;
    journal_set_mode(j, JOURNAL_EFFECTS);
    journal_shift(j, NULL);
    log_line(LOG_NOTICE,
             "Setting secondary replication ID to %s, valid up to offset: %llu. New replication ID "
             "is %s",
             j->history.id2, (unsigned long long)j->history.second_offset, j->history.id);
    peer_close_all(r);
}

static bool is_empty(const struct replication *r)
{
    const struct store *s = r->engine->store;
    bool empty = r->engine->journal->offset == 0;
    for (int i = 0; i < s->count; i++)
        empty = empty && s->dbs[i].keys.used == 0;
    return empty;
}

void role_begin(struct replication *r)
{
    const char *text = r->engine->settings->replicaof;
    const char *blank = strchr(text, ' ');
    long long port;
    r->confirmation.blank = is_empty(r);
    if (!blank || !num_parse_int(bytes_text(blank + 1), &port)) {
        quorum_begin(r);
        confirm_begin(r);
        confirm_settle(r);
        return;
    }
    char *host = mem_copy_text(text, (size_t)(blank - text));
    role_follow(r, host, (int)port, true);
    mem_free(host);
}
