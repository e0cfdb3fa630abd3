#include "server/replay.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "engine/exec.h"
#include "engine/feed.h"
#include "engine/rights.h"
#include "engine/session.h"
#include "script/scripting.h"

#include <limits.h>
#include <stdio.h>

static void be_nobody(struct replay *r)
{
    client_set_anonymous(r->client, false);
    r->client->flags |= CLIENT_REPLAY;
}

void replay_begin(struct replay *r, struct engine *e)
{
    *r = (struct replay){.engine = e,
                         .client = client_new(e),
                         .select = registry_find_original(e->registry, BYTES("select")),
                         .beyond = -1};
    rights_begin(r->client);
    be_nobody(r);
}

void replay_end(struct replay *r)
{
    session_close(r->client);
    r->client = NULL;
    aof_parse_free(&r->room);
}

void replay_forget_transaction(struct replay *r)
{
    session_reset(r->client);
    be_nobody(r);
}

int replay_database(const struct replay *r)
{
    return r->beyond < 0 ? (int)(r->client->db - r->engine->store->dbs) : r->beyond;
}

void replay_select(struct replay *r, int db)
{
    r->beyond = db < r->engine->store->count ? -1 : db;
    if (r->beyond < 0)
        r->client->db = &r->engine->store->dbs[db];
}

/* True: this SELECT goes beyond our databases. A replica whose primary has more of them notes in
 * its file where the stream is. */
static bool goes_beyond(struct replay *r, const struct bytes *argv, int argc)
{
    long long db;
    if (argc != 2 || !num_parse_int(argv[1], &db) || db < 0 || db >= INT_MAX)
        return false;
    r->beyond = db < r->engine->store->count ? -1 : (int)db;
    return r->beyond >= 0;
}

/* It would change another database than its own. */
static bool is_out_of_place(const struct replay *r, const struct command *c)
{
    if (r->beyond < 0 || !(c->flags & COMMAND_WRITE))
        return false;
    log_line(LOG_WARNING, "A file changes database %d, which does not exist here (see 'databases')",
             r->beyond);
    return true;
}

/* Our files use the original names of commands, files of Redis those of the requests, as renamed at
 * that time. */
static const struct command *command_of(const struct replay *r, struct bytes name)
{
    const struct engine *e = r->engine;
    const struct command *c = e->replaying_foreign ? registry_find(e->registry, name) : NULL;
    return c ? c : registry_find_original(e->registry, name);
}

/* A file may only contain commands that act on data: not SHUTDOWN, CONFIG SET or CLIENT KILL.
 */
static bool may_stand_in_files(const struct command *c, const struct bytes *argv, int argc)
{
    if (c->subcommands && argc > 1) {
        const struct command *sub = registry_subcommand(c, argv[1]);
        c = sub ? sub : c;
    }
    return (c->flags & (COMMAND_WRITE | COMMAND_MAY_REPLICATE)) || c->group == GROUP_TRANSACTIONS ||
           c->group == GROUP_SCRIPTING || !(c->flags & (COMMAND_ADMIN | COMMAND_NOSCRIPT));
}

bool replay_command(struct replay *r, const struct bytes *argv, int argc)
{
    int inner = wrap_open(argv, argc, &r->room);
    if (inner) {
        argv = r->room.argv;
        argc = inner;
    }
    struct exec_request q = {.argv = argv, .argc = argc};
    unsigned errors = r->client->reply.errors;
    uint64_t failures = scripting_failures(r->engine->scripting);
    q.command = command_of(r, argv[0]);
    if (!q.command) {
        snprintf(r->unknown, sizeof(r->unknown), "%.*s", argv[0].n < 64 ? (int)argv[0].n : 64,
                 argv[0].p);
        return false;
    }
    if (!may_stand_in_files(q.command, argv, argc)) {
        log_line(LOG_WARNING, "A file contains '%.*s', which is not a write command",
                 (int)argv[0].n, argv[0].p);
        return false;
    }
    if (q.command == r->select && goes_beyond(r, argv, argc))
        return true;
    if (is_out_of_place(r, q.command))
        return false;
    clock_delay(r->engine->settings->key_load_delay, r->commands++);
    exec_request(r->client, &q);
    if (scripting_failures(r->engine->scripting) != failures) {
        /* If loading continued, the next rewrite would lose the library for good. */
        log_line(LOG_WARNING,
                 "A function library cannot be loaded; has script-memory-limit been lowered?");
        return false;
    }
    if (r->client->reply.errors != errors && r->errors++ < 10)
        log_line(LOG_WARNING, "Error while replaying '%.*s': %s", (int)argv[0].n, argv[0].p,
                 r->client->reply.error_code);
    return true;
}

void replay_look_ahead(struct replay *r, const struct aof_read_command *commands, unsigned n)
{
    struct feed_key keys[AOF_READ_AHEAD];
    for (unsigned i = 0; i < n; i++) {
        const struct bytes *argv = commands[i].argv;
        feed_key(&keys[i], r->client, command_of(r, argv[0]), argv, commands[i].argc);
    }
    for (unsigned i = 0; i < n; i++)
        feed_prefetch_entry(r->client, &keys[i]);
    for (unsigned i = 0; i < n; i++)
        feed_prefetch_value(r->client, &keys[i]);
}

bool replay_command_in(struct replay *r, int db, const struct bytes *argv, int argc)
{
    int before = replay_database(r);
    replay_select(r, db);
    bool good = replay_command(r, argv, argc);
    replay_select(r, before);
    return good;
}
