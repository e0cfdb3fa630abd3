#include "engine/exec.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/observe.h"
#include "engine/rights.h"
#include "engine/tracking.h"
#include "engine/txn.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

void exec_count_error(struct engine *e, const char *code)
{
    e->total_errors++;
    struct dict_node *n = dict_ensure(&e->errors, bytes_text(code));
    n->value = (void *)((uintptr_t)n->value + 1);
}

/* The request gets an error and does not run; a transaction that it belongs to will not either. */
__attribute__((format(printf, 3, 4))) static void
refuse(struct client *c, const struct command *command, const char *format, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    if (command)
        c->engine->stats[registry_number(c->engine->registry, command)].rejected++;
    if (command && bytes_is(bytes_text(command->name), "exec")) {
        txn_end(c);
        reply_errorf(&c->reply, "EXECABORT Transaction discarded because of: %s",
                     strncmp(text, "ERR ", 4) == 0 ? text + 4 : text);
    } else {
        reply_errorf(&c->reply, "%s", text);
    }
    exec_count_error(c->engine, c->reply.error_code);
    if (c->flags & CLIENT_MULTI)
        c->flags |= CLIENT_TXN_BROKEN;
}

static void refuse_plainly(struct client *c, const struct command *command, enum err e)
{
    refuse(c, command, "%s", err_text(e).p);
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
    refuse(c, NULL, "ERR unknown command '%.*s', with args beginning with: %.*s", shown(q->argv[0]),
           q->argv[0].p, (int)list.n, list.p ? list.p : "");
    buf_free(&list);
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
            refuse(c, command, "ERR unknown subcommand '%.*s'. Try %s HELP.", shown(q->argv[1]),
                   q->argv[1].p, name);
            return NULL;
        }
        command = sub;
    }
    if (!command_arity_fits(command, q->argc) || (command->subcommands && !command->handler)) {
        refuse(c, command, "ERR wrong number of arguments for '%s' command",
               command_full_name(command));
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
        refuse_plainly(c, command, ERR_NOAUTH);
        return false;
    }
    if (c->flags & CLIENT_RESTRICTED) {
        struct buf why = {0};
        if (!rights_allow(c, c->user, command, q->argv, q->argc,
                          c->flags & CLIENT_MULTI ? "multi" : "toplevel", &why)) {
            refuse(c, command, "NOPERM %.*s", (int)why.n, why.p);
            buf_free(&why);
            return false;
        }
    }
    if ((c->flags & CLIENT_MULTI) && (command->flags & COMMAND_NO_MULTI)) {
        refuse(c, command, "ERR Command not allowed inside a transaction");
        return false;
    }
    if ((e->special & ENGINE_MAXMEMORY) && (command->flags & COMMAND_DENYOOM) &&
        !e->services.make_room(e->services.context)) {
        refuse_plainly(c, command, ERR_OOM);
        return false;
    }
    uint32_t flags = command->flags;
    if ((c->flags & CLIENT_MULTI) && c->txn && bytes_is(bytes_text(command->name), "exec"))
        flags |= c->txn->flags & COMMAND_WRITE;
    if ((e->special & ENGINE_DISK_FAILED) && (flags & COMMAND_WRITE)) {
        refuse(c, command, "MISCONF Errors writing to the AOF file: %s", e->settings->disk_error);
        return false;
    }
    if ((e->special & ENGINE_SAVE_FAILED) && (flags & COMMAND_WRITE)) {
        refuse_plainly(c, command, ERR_MISCONF_RDB);
        return false;
    }
    if ((c->flags & CLIENT_DURABLE) && (flags & COMMAND_WRITE) && !e->gate.promise.open) {
        refuse_plainly(c, command, ERR_NOT_DURABLE);
        return false;
    }
    if ((c->flags & CLIENT_SUBSCRIBED) && c->reply.resp == 2 &&
        !allowed_while_subscribed(command)) {
        refuse(c, command,
               "ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / "
               "QUIT / RESET are allowed in this context",
               command_full_name(command));
        return false;
    }
    if ((e->special & ENGINE_LOADING) && !(command->flags & COMMAND_LOADING)) {
        refuse_plainly(c, command, ERR_LOADING);
        return false;
    }
    if ((e->special & ENGINE_BUSY) && !(command->flags & COMMAND_ALLOW_BUSY)) {
        refuse_plainly(c, command, e->busy_function ? ERR_BUSY_FUNCTION : ERR_BUSY);
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

/* The journal knows commands by their own names, whatever requests call them. */
static void journal_renamed(const struct call *call)
{
    const char *name = command_full_name(call->command);
    struct bytes *argv = mem_alloc((size_t)call->argc * sizeof(*argv));
    memcpy(argv, call->argv, (size_t)call->argc * sizeof(*argv));
    argv[0] = bytes_of(name, strcspn(name, "|"));
    journal_add(call->engine->journal, call->db->id, argv, call->argc, bytes_of(NULL, 0));
    mem_free(argv);
}

static inline void journal_request(const struct call *call)
{
    struct engine *e = call->engine;
    if (__builtin_expect(e->commands_renamed, 0))
        journal_renamed(call);
    else
        journal_add(e->journal, call->db->id, call->argv, call->argc, call->raw);
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
        .durable = (c->flags & CLIENT_DURABLE) != 0,
    };
    long long dirty = store->dirty;
    uint64_t began = e->last_ticks;
    unsigned errors = c->reply.errors;
    uint64_t position = chain_end(&c->out), offset = e->journal->offset;

    store->written_now = offset + 1;
    store->hashed = q->hashed;
    journal_group_begin(e->journal);
    command->handler(&call);
    store->hashed.key = bytes_of(NULL, 0); /* something else may come to lie there */
    if (store->dirty != dirty && !call.rewritten && (command->flags & COMMAND_WRITE))
        journal_request(&call);
    journal_group_end(e->journal);
    if (__builtin_expect(!dlist_empty(&e->gate.pushed), 0) && e->journal->depth == 0)
        gate_group_ended(e);

    struct engine_stat *stat = &e->stats[registry_number(e->registry, command)];
    uint64_t now = clock_ticks();
    stat->ticks += now - began;
    if (__builtin_expect(now - began >= e->slow_ticks, 0))
        observe_slow_command(&call, now - began);
    if (__builtin_expect(e->special & ENGINE_MONITORED, 0) &&
        !(command->flags & (COMMAND_SKIP_MONITOR | COMMAND_ADMIN)))
        observe_show(c, command, q->argv, q->argc);
    e->last_ticks = now;
    if (call.wants_block)
        return true;
    stat->calls++;
    if (e->track_latency) {
        if (__builtin_expect(!stat->times, 0))
            stat->times = mem_zalloc(OBSERVE_BUCKETS * sizeof(*stat->times));
        stat->times[observe_bucket(now - began)]++;
    }
    e->total_commands++;
    c->total_commands++;
    if (c->reply.errors != errors) {
        stat->failed++;
        if (!call.errors_counted)
            exec_count_error(e, c->reply.error_code);
    }
    if (__builtin_expect(e->tracking->client_n > 0, 0) && (command->flags & COMMAND_READONLY)) {
        struct client *reader = c->flags & CLIENT_SCRIPT ? client_by_id(e, c->id) : c;
        if (reader && reader->tracking)
            tracking_remember(reader, command, q->argv, q->argc);
    }
    bool wrote = e->journal->offset != offset;
    if (wrote)
        c->written_offset = e->journal->offset;
    if (__builtin_expect(e->gate.promise.armed || call.durable, 0))
        gate_reply(&call, position, wrote);
    return false;
}

void exec_for_script(struct client *c, struct exec_script *x, const struct exec_request *q)
{
    struct engine *e = c->engine;
    const struct command *command = registry_find(e->registry, q->argv[0]);
    if (command && command->subcommands && q->argc > 1)
        command = registry_subcommand(command, q->argv[1]);
    enum err refused = ERR_NONE;
    if (!command)
        refused = ERR_SCRIPT_UNKNOWN;
    else if (!command_arity_fits(command, q->argc) || !command->handler)
        refused = ERR_SCRIPT_ARITY;
    else if (command->flags & COMMAND_NOSCRIPT && !e->scripts_may_all)
        refused = ERR_SCRIPT_FORBIDDEN;
    else if ((command->flags & COMMAND_WRITE) && x->readonly)
        refused = ERR_SCRIPT_READONLY;
    else if ((command->flags & COMMAND_DENYOOM) && x->no_memory && !x->wrote)
        refused = ERR_OOM;
    else if ((command->flags & COMMAND_WRITE) && (e->special & ENGINE_SAVE_FAILED))
        refused = ERR_MISCONF_RDB;
    else if ((command->flags & COMMAND_WRITE) && (c->flags & CLIENT_DURABLE) &&
             !e->gate.promise.open)
        refused = ERR_NOT_DURABLE;
    if (command && refused)
        e->stats[registry_number(e->registry, command)].rejected++;
    if (refused) {
        reply_error(&c->reply, refused);
        exec_count_error(e, c->reply.error_code);
        return;
    }
    if ((command->flags & COMMAND_WRITE) && (e->special & ENGINE_DISK_FAILED)) {
        refuse(c, command, "MISCONF Errors writing to the AOF file: %s", e->settings->disk_error);
        return;
    }
    if (x->caller->flags & CLIENT_RESTRICTED) {
        struct buf why = {0};
        if (!rights_allow(x->caller, x->caller->user, command, q->argv, q->argc, "lua", &why)) {
            refuse(c, command, "NOPERM ACL failure in script: %.*s", (int)why.n, why.p);
            buf_free(&why);
            return;
        }
    }
    x->wrote |= (command->flags & COMMAND_WRITE) != 0;
    c->last_command = command;
    c->user = x->caller->user; /* for what a handler itself has to ask */
    exec_run(c, command, q, false);
    c->user = NULL;
}

int exec_is_allowed(const struct client *c, const struct exec_request *q)
{
    const struct command *command = registry_find(c->engine->registry, q->argv[0]);
    if (command && command->subcommands && q->argc > 1)
        command = registry_subcommand(command, q->argv[1]);
    int which;
    const char *pattern;
    if (!command || !command_arity_fits(command, q->argc))
        return -1;
    return check_all(c->user, c->engine->registry, command, q->argv, q->argc, &which, &pattern) ==
           CHECK_OK;
}

static bool is_odd(const struct command *command, const struct exec_request *q)
{
    return !command || command->subcommands || !command_arity_fits(command, q->argc);
}

/* A client or a state of the server that needs a closer look at every request. The request's
 * replies go nowhere when the client wants none. */
static enum exec_result run_special(struct client *c, const struct exec_request *q)
{
    struct engine *e = c->engine;
    struct chain nowhere = {0};
    enum exec_result result = EXEC_DONE;
    unsigned skip = c->flags & CLIENT_REPLY_SKIP;
    bool silent = skip || (c->flags & (CLIENT_REPLY_OFF | CLIENT_REPLAY));
    c->flags &= ~skip; /* the command may ask for the next one */
    if (silent)
        c->reply.out = &nowhere;
    const struct command *command = is_odd(q->command, q) ? resolve(c, q) : q->command;
    if (!command) {
        c->total_commands++;
    } else {
        c->last_command = command;
        if (c->flags & CLIENT_TRACKING)
            tracking_begin(c);
        if (judge(c, command, q, &result)) {
            if (c->flags & CLIENT_NO_TOUCH)
                e->store->touch = bytes_is(bytes_text(command->name), "touch");
            result = exec_run(c, command, q, false) ? EXEC_BLOCKED : EXEC_DONE;
            e->store->touch = true;
        }
        if (e->tracking->running)
            tracking_end(c, command);
    }
    if (silent) {
        c->reply.out = &c->out;
        chain_free(&nowhere);
    }
    if (result == EXEC_HOLD)
        c->flags |= skip;
    return result;
}

enum exec_result exec_request(struct client *c, const struct exec_request *q)
{
    const struct command *command = q->command;
    if (__builtin_expect((c->flags & CLIENT_SPECIAL) || c->engine->special, 0))
        return run_special(c, q);
    if (__builtin_expect(is_odd(command, q), 0)) {
        command = resolve(c, q);
        if (!command) {
            c->total_commands++;
            return EXEC_DONE;
        }
    }
    c->last_command = command;
    return exec_run(c, command, q, false) ? EXEC_BLOCKED : EXEC_DONE;
}
