#include "engine/exec.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "command/keys.h"
#include "engine/txn.h"

#include <ctype.h>
#include <stdio.h>

void exec_count_error(struct engine *e, const char *code)
{
    e->total_errors++;
    struct dict_node *n = dict_ensure(&e->errors, bytes_text(code));
    n->value = (void *)((uintptr_t)n->value + 1);
}

static void refuse(struct client *c, const struct command *command)
{
    if (command)
        c->engine->stats[registry_number(c->engine->registry, command)].rejected++;
    exec_count_error(c->engine, c->reply.error_code);
    if (c->flags & CLIENT_MULTI)
        c->flags |= CLIENT_TXN_BROKEN;
}

/* The text of an argument as errors show it: at most 128 bytes. */
static int shown(struct bytes x)
{
    return x.n > 128 ? 128 : (int)x.n;
}

static void refuse_unknown(struct client *c, const struct exec_request *q)
{
    struct buf list = {0};
    for (int i = 1; i < q->argc && list.n < 128; i++) {
        int n = 128 - (int)list.n;
        if ((size_t)n > q->argv[i].n)
            n = (int)q->argv[i].n;
        buf_printf(&list, "'%.*s' ", n, q->argv[i].p);
    }
    reply_errorf(&c->reply, "ERR unknown command '%.*s', with args beginning with: %.*s",
                 shown(q->argv[0]), q->argv[0].p, (int)list.n, list.p ? list.p : "");
    buf_free(&list);
    refuse(c, NULL);
}

static const struct command *resolve(struct client *c, const struct exec_request *q)
{
    const struct command *command = q->command;
    if (!command)
        command = registry_find(c->engine->registry, q->argv[0]);
    if (!command && (bytes_is(q->argv[0], "post") || bytes_is(q->argv[0], "host:"))) {
        /* A web page that makes a browser talk to us. */
        log_line(
            LOG_WARNING,
            "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: "
            "commands to Redis. Connection from %s aborted.",
            c->address);
        client_close(c);
        return NULL;
    }
    if (!command) {
        refuse_unknown(c, q);
        return NULL;
    }
    if (command->subcommands && q->argc > 1) {
        const struct command *sub = registry_subcommand(command, q->argv[1]);
        if (!sub) {
            char name[32];
            snprintf(name, sizeof(name), "%s", command->name);
            for (char *p = name; *p; p++)
                *p = (char)toupper((unsigned char)*p);
            reply_errorf(&c->reply, "ERR unknown subcommand '%.*s'. Try %s HELP.",
                         shown(q->argv[1]), q->argv[1].p, name);
            refuse(c, command);
            return NULL;
        }
        command = sub;
    }
    if (!command_arity_fits(command, q->argc) || (command->subcommands && !command->handler)) {
        reply_errorf(&c->reply, "ERR wrong number of arguments for '%s' command",
                     command_full_name(command));
        refuse(c, command);
        return NULL;
    }
    return command;
}

static bool allowed_while_subscribed(const struct command *command)
{
    return command->group == GROUP_PUBSUB ? strstr(command->name, "subscribe") != NULL
                                          : bytes_is(bytes_text(command->name), "ping") ||
                                                bytes_is(bytes_text(command->name), "quit") ||
                                                bytes_is(bytes_text(command->name), "reset");
}

/* Everything that can stand in a request's way. True: it may run now. */
static bool judge(struct client *c, const struct command *command, const struct exec_request *q,
                  enum exec_result *result)
{
    struct engine *e = c->engine;
    *result = EXEC_DONE;
    if (c->flags & CLIENT_REPLAY) {
        /* A transaction is applied when it is whole. */
        if (!(c->flags & CLIENT_MULTI) || (command->flags & COMMAND_QUICK_MULTI))
            return true;
        txn_queue(c, command, q->argv, q->argc);
        return false;
    }
    if ((c->flags & CLIENT_ANONYMOUS) && !(command->flags & COMMAND_NO_AUTH)) {
        reply_error(&c->reply, ERR_NOAUTH);
        refuse(c, command);
        return false;
    }
    if ((c->flags & CLIENT_MULTI) && (command->flags & COMMAND_NO_MULTI)) {
        reply_errorf(&c->reply, "ERR Command not allowed inside a transaction");
        refuse(c, command);
        return false;
    }
    if ((e->special & ENGINE_MAXMEMORY) && (command->flags & COMMAND_DENYOOM)) {
        reply_error(&c->reply, ERR_OOM);
        refuse(c, command);
        return false;
    }
    uint32_t flags = command->flags;
    if ((c->flags & CLIENT_MULTI) && c->txn && bytes_is(bytes_text(command->name), "exec"))
        flags |= c->txn->flags & COMMAND_WRITE;
    if ((e->special & ENGINE_DISK_FAILED) && (flags & COMMAND_WRITE)) {
        reply_errorf(&c->reply, "MISCONF Errors writing to the AOF file: %s",
                     e->settings->disk_error);
        refuse(c, command);
        return false;
    }
    if ((e->special & ENGINE_SAVE_FAILED) && (flags & COMMAND_WRITE)) {
        reply_error(&c->reply, ERR_MISCONF_RDB);
        refuse(c, command);
        return false;
    }
    if ((c->flags & CLIENT_SUBSCRIBED) && c->reply.resp == 2 &&
        !allowed_while_subscribed(command)) {
        reply_errorf(&c->reply,
                     "ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / "
                     "QUIT / RESET are allowed in this context",
                     command_full_name(command));
        refuse(c, command);
        return false;
    }
    if ((e->special & ENGINE_LOADING) && !(command->flags & COMMAND_LOADING)) {
        reply_error(&c->reply, ERR_LOADING);
        refuse(c, command);
        return false;
    }
    if ((c->flags & CLIENT_MULTI) && !(command->flags & COMMAND_QUICK_MULTI)) {
        txn_queue(c, command, q->argv, q->argc);
        reply_simple(&c->reply, "QUEUED");
        return false;
    }
    if ((e->special & ENGINE_PAUSED) &&
        (!e->pause_writes_only || (flags & (COMMAND_WRITE | COMMAND_MAY_REPLICATE)))) {
        /* Nothing of a client between MULTI and EXEC is held but the EXEC itself. */
        *result = EXEC_HOLD;
        return false;
    }
    return true;
}

/* The offset that a reply depends on; 0: none. */
static uint64_t read_offset(const struct call *call)
{
    struct engine *e = call->engine;
    if (call->command->flags & COMMAND_UNTRACKED)
        return 0;
    struct key_at keys[16];
    int n = keys_find(call->command, call->argv, call->argc, keys, 16);
    if (n <= 0 || n > 16 || (call->command->flags & COMMAND_WHOLE))
        return e->journal->offset;
    uint64_t most = 0;
    for (int i = 0; i < n; i++) {
        uint64_t at = e->store->written[hash_key(call->argv[keys[i].index]) % STORE_WRITTEN_SLOTS];
        if (at > most)
            most = at;
    }
    return most;
}

bool exec_run(struct client *c, const struct command *command, const struct exec_request *q,
              bool retry)
{
    struct engine *e = c->engine;
    struct store *store = e->store;
    struct call call = {
        .command = command,
        .client = c,
        .engine = e,
        .store = store,
        .db = c->db,
        .argv = q->argv,
        .argc = q->argc,
        .owned = q->owned,
        .raw = q->raw,
        .now_ms = store->now_ms,
        .reply = &c->reply,
        .retry = retry,
    };
    long long dirty = store->dirty;
    unsigned errors = c->reply.errors;
    uint64_t position = chain_end(&c->out), offset = e->journal->offset;
    uint64_t start = clock_ticks();

    store->written_now = offset + 1;
    journal_group_begin(e->journal);
    command->handler(&call);
    if (store->dirty != dirty && !call.rewritten && (command->flags & COMMAND_WRITE))
        journal_add(e->journal, call.db->id, call.argv, call.argc, call.raw);
    journal_group_end(e->journal);

    struct engine_stat *stat = &e->stats[registry_number(e->registry, command)];
    stat->ticks += clock_ticks() - start;
    if (call.wants_block)
        return true;
    stat->calls++;
    e->total_commands++;
    c->total_commands++;
    if (c->reply.errors != errors) {
        stat->failed++;
        exec_count_error(e, c->reply.error_code);
    }
    if (e->gate_on && !(c->flags & CLIENT_REPLAY)) {
        uint64_t needs = e->journal->offset != offset ? e->journal->offset : read_offset(&call);
        if (needs)
            client_mark(c, position, needs);
    }
    return false;
}

/* The command's own replies go nowhere when the client wants none. */
static enum exec_result run_special(struct client *c, const struct command *command,
                                    const struct exec_request *q)
{
    struct engine *e = c->engine;
    struct chain nowhere = {0};
    enum exec_result result;
    bool silent = c->flags & (CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP | CLIENT_REPLAY);
    if (silent)
        c->reply.out = &nowhere;
    if (judge(c, command, q, &result)) {
        if (c->flags & CLIENT_NO_TOUCH)
            e->store->touch = bytes_is(bytes_text(command->name), "touch");
        result = exec_run(c, command, q, false) ? EXEC_BLOCKED : EXEC_DONE;
        e->store->touch = true;
    }
    if (silent) {
        c->reply.out = &c->out;
        chain_free(&nowhere);
    }
    if (result != EXEC_HOLD) {
        c->flags &= ~(unsigned)CLIENT_REPLY_SKIP;
        if (c->flags & CLIENT_REPLY_SKIP_NEXT)
            c->flags ^= CLIENT_REPLY_SKIP_NEXT | CLIENT_REPLY_SKIP;
    }
    return result;
}

enum exec_result exec_request(struct client *c, const struct exec_request *q)
{
    const struct command *command = q->command;
    if (__builtin_expect(!command || command->subcommands || !command_arity_fits(command, q->argc),
                         0)) {
        command = resolve(c, q);
        if (!command) {
            c->total_commands++;
            return EXEC_DONE;
        }
    }
    c->last_command = command;
    if (__builtin_expect((c->flags & CLIENT_SPECIAL) || c->engine->special, 0))
        return run_special(c, command, q);
    return exec_run(c, command, q, false) ? EXEC_BLOCKED : EXEC_DONE;
}
