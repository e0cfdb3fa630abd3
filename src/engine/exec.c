#include "engine/exec.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/deliver.h"
#include "engine/observe.h"
#include "engine/rights.h"
#include "engine/tracking.h"
#include "engine/txn.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

/* Code words that are counted one by one: scripts may invent as many as they like. */
#define ERROR_CODES_MOST 128
#define ERROR_OTHERS     "ERRORSTATS_OVERFLOW"

void exec_count_error(struct engine *e, const char *code)
{
    e->stats.total_errors++;
    if (e->stats.errors.used >= ERROR_CODES_MOST && !dict_find(&e->stats.errors, bytes_text(code)))
        code = ERROR_OTHERS;
    struct dict_node *n = dict_ensure(&e->stats.errors, bytes_text(code));
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
        c->engine->stats.of_command[registry_number(c->engine->registry, command)].rejected++;
    if (command && bytes_is(bytes_text(command->name), "exec")) {
        txn_end(c);
        reply_errorf(&c->reply, "EXECABORT Transaction discarded because of: %s",
                     strncmp(text, "ERR ", 4) == 0 ? text + 4 : text);
    } else {
        reply_errorf(&c->reply, "%s", text);
    }
    exec_count_error(c->engine, c->reply.error_code);
    c->errors_counted = c->reply.errors;
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

/* ---- What may stand in a command's way: the one list, for all who run commands */

enum asked_by {
    BY_REQUEST = 1 << 0, /* it came just now */
    BY_EXEC = 1 << 1,    /* it was queued; EXEC was judged for all that is */
    BY_SCRIPT = 1 << 2,
    BY_KEY = 1 << 3, /* it waited, and what it waited for has come */
};

struct asked {
    struct client *client; /* whose rights count */
    const struct command *command;
    const struct exec_request *q;
    struct exec_script *script;
    unsigned by;
    uint32_t flags;   /* the command's; of EXEC also those of all that is queued */
    uint32_t lacking; /* flags that it, or something queued, does not have */
};

static bool because(struct buf *why, enum err e)
{
    buf_add_text(why, err_text(e).p);
    return true;
}

static bool is_named(const struct command *command, const char *name)
{
    return strcmp(command->name, name) == 0;
}

static bool right_is_missing(const struct asked *a, struct buf *why)
{
    const char *context = "toplevel", *head = "NOPERM ";
    struct client *c = a->client;
    if (a->by == BY_SCRIPT) {
        context = "lua";
        head = "NOPERM ACL failure in script: ";
    } else if (a->by == BY_EXEC) {
        context = "multi";
        head = "NOPERM ACLs rules changed between the moment the transaction was accumulated and "
               "the EXEC call. This command is no longer allowed for the following reason: ";
    } else if (c->flags & CLIENT_MULTI) {
        context = "multi";
    }
    struct buf text = {0};
    if (rights_allow(c, c->user, a->command, a->q->argv, a->q->argc, context, &text))
        return false;
    buf_add_text(why, head);
    buf_add(why, buf_bytes(&text));
    buf_free(&text);
    return true;
}

/* Whether memory is asked for and there is none. A queue grows by whatever is queued. */
static bool memory_is_missing(const struct asked *a)
{
    struct engine *e = a->client->engine;
    const struct command *k = a->command;
    bool grows = a->flags & COMMAND_DENYOOM;
    if (a->script)
        return grows && a->script->no_memory && !a->script->wrote;
    if (a->by == BY_REQUEST && (a->client->flags & CLIENT_MULTI))
        grows = grows || !(is_named(k, "exec") || is_named(k, "discard") || is_named(k, "quit") ||
                           is_named(k, "reset"));
    /* Nothing is evicted while a script runs or writes are paused. */
    return grows &&
           (e->slow_path & (ENGINE_MAXMEMORY | ENGINE_BUSY | ENGINE_PAUSED)) == ENGINE_MAXMEMORY &&
           !e->services.make_room(e->services.context);
}

bool exec_refuses_writes(const struct engine *e, struct buf *why)
{
    if (e->slow_path & ENGINE_DISK_FAILED)
        buf_printf(why, "MISCONF Errors writing to the AOF file: %s", e->settings->disk_error);
    else if (e->slow_path & ENGINE_SAVE_FAILED)
        because(why, ERR_MISCONF_RDB);
    else if (e->slow_path & ENGINE_FEW_REPLICAS)
        because(why, ERR_NOREPLICAS);
    else
        return false;
    return true;
}

static bool allowed_while_subscribed(const struct command *command)
{
    return command->group == GROUP_PUBSUB
               ? strstr(command->name, "subscribe") != NULL
               : is_named(command, "ping") || is_named(command, "quit") ||
                     is_named(command, "reset");
}

/* States in which only some requests are answered. */
static bool state_forbids(const struct asked *a, struct buf *why)
{
    const struct client *c = a->client;
    const struct engine *e = c->engine;
    if ((c->flags & CLIENT_SUBSCRIBED) && c->reply.resp == 2 &&
        !allowed_while_subscribed(a->command)) {
        buf_printf(why,
                   "ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / "
                   "QUIT / RESET are allowed in this context",
                   command_full_name(a->command));
        return true;
    }
    if ((e->slow_path & ENGINE_LOADING) && (a->lacking & COMMAND_LOADING))
        return because(why, ERR_LOADING);
    if ((e->slow_path & ENGINE_BUSY) && !(a->command->flags & COMMAND_ALLOW_BUSY))
        return because(why, e->busy_function ? ERR_BUSY_FUNCTION : ERR_BUSY);
    if (dlist_linked(&c->monitoring) &&
        (a->flags & (COMMAND_WRITE | COMMAND_READONLY | COMMAND_MAY_REPLICATE))) {
        buf_add_text(why, "ERR Replica can't interact with the keyspace");
        return true;
    }
    return false;
}

/* True: it does not run, for this reason. */
static bool is_refused(const struct asked *a, struct buf *why)
{
    const struct client *c = a->client;
    if (a->by == BY_REQUEST && (c->flags & CLIENT_ANONYMOUS) &&
        !(a->command->flags & COMMAND_NO_AUTH))
        return because(why, ERR_NOAUTH);
    if ((c->flags & CLIENT_RESTRICTED) && right_is_missing(a, why))
        return true;
    if (a->by == BY_EXEC)
        return false;
    if (a->by == BY_REQUEST && (c->flags & CLIENT_MULTI) &&
        (a->command->flags & COMMAND_NO_MULTI)) {
        buf_add_text(why, "ERR Command not allowed inside a transaction");
        return true;
    }
    if (a->script && a->script->readonly && (a->flags & (COMMAND_WRITE | COMMAND_MAY_REPLICATE)))
        return because(why, ERR_SCRIPT_READONLY);
    if (memory_is_missing(a))
        return because(why, ERR_OOM);
    if ((a->flags & COMMAND_WRITE) && exec_refuses_writes(c->engine, why))
        return true;
    if ((a->flags & COMMAND_WRITE) && (c->flags & CLIENT_DURABLE) && !c->engine->gate.promise.open)
        return because(why, ERR_NOT_DURABLE);
    return a->by == BY_REQUEST && state_forbids(a, why);
}

/* c gets the error reply. True: refused. */
static bool refuse_if(struct client *c, const struct asked *a)
{
    struct buf why = {0};
    if (!is_refused(a, &why))
        return false;
    /* The transaction ends all the same: that is shown. */
    if ((c->engine->slow_path & ENGINE_MONITORED) && is_named(a->command, "exec"))
        observe_show(c, a->command, a->q->argv, a->q->argc);
    refuse(c, a->command, "%.*s", (int)why.n, why.p);
    buf_free(&why);
    return true;
}

static struct asked asked_for(struct client *c, const struct command *command,
                              const struct exec_request *q, enum asked_by by)
{
    struct asked a = {.client = c, .command = command, .q = q, .by = by};
    a.flags = command->flags_for ? command->flags_for(c->engine, q->argv, q->argc) : command->flags;
    a.lacking = ~a.flags;
    if (by == BY_REQUEST && (c->flags & CLIENT_MULTI) && is_named(command, "exec")) {
        a.flags |= c->txn->flags;
        a.lacking |= c->txn->lacking;
    }
    return a;
}

/* True: the request may run now. Else it has been answered or queued, or is to be held. */
static bool admit(struct client *c, const struct command *command, const struct exec_request *q,
                  enum exec_result *result)
{
    struct engine *e = c->engine;
    *result = EXEC_DONE;
    bool queues = (c->flags & CLIENT_MULTI) && !(command->flags & COMMAND_QUICK_MULTI);
    if (c->flags & CLIENT_REPLAY) {
        /* A transaction is applied when it is whole. */
        if (queues)
            txn_queue(c, command, command->flags, q->argv, q->argc);
        return !queues;
    }
    struct asked a = asked_for(c, command, q, BY_REQUEST);
    if (refuse_if(c, &a))
        return false;
    if ((e->slow_path & ENGINE_PAUSED) &&
        (!e->pause.writes_only || (a.flags & (COMMAND_WRITE | COMMAND_MAY_REPLICATE)))) {
        *result = EXEC_HOLD;
        return false;
    }
    if (queues) {
        txn_queue(c, command, a.flags, q->argv, q->argc);
        reply_simple(&c->reply, "QUEUED");
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

/* The command has ended: counted once, with the time of all its runs. */
static inline void count(const struct call *call, uint64_t ticks, unsigned errors_before)
{
    struct engine *e = call->engine;
    struct client *c = call->client;
    struct engine_stat *stat = &e->stats.of_command[registry_number(e->registry, call->command)];
    stat->ticks += ticks;
    if (__builtin_expect(ticks >= e->timing.slow_ticks, 0))
        observe_slow_command(call, ticks);
    stat->calls++;
    if (e->timing.track_latency) {
        if (__builtin_expect(!stat->times, 0))
            stat->times = mem_zalloc(OBSERVE_BUCKETS * sizeof(*stat->times));
        stat->times[observe_bucket(ticks)]++;
    }
    e->stats.total_commands++;
    c->total_commands++;
    /* Errors within EXEC are those of the commands that it ran. */
    if (c->reply.errors != errors_before && c->reply.errors != c->errors_counted) {
        stat->failed++;
        if (!call->errors_counted)
            exec_count_error(e, c->reply.error_code);
        c->errors_counted = c->reply.errors;
    }
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
    long long touched = store->touched, dirty = store->dirty;
    uint64_t began = e->timing.last_ticks;
    unsigned errors = c->reply.errors;
    uint64_t position = chain_end(&c->out), offset = e->journal->offset;

    store->written_now = offset + 1;
    store->hashed = q->hashed;
    journal_group_begin(e->journal);
    command->handler(&call);
    store->hashed.key = bytes_of(NULL, 0); /* something else may come to lie there */
    if (store->touched != touched) {
        store->dirty += store->dirty == dirty;
        if (!call.rewritten && (command->flags & COMMAND_WRITE))
            journal_request(&call);
    }
    journal_group_end(e->journal);
    if (__builtin_expect(!dlist_empty(&e->gate.pushed), 0) && e->journal->depth == 0)
        gate_group_ended(e);

    uint64_t now = clock_ticks(), ticks = now - began;
    e->timing.last_ticks = now;
    if (__builtin_expect(e->slow_path & ENGINE_MONITORED, 0) && !retry &&
        !(command->flags & (COMMAND_SKIP_MONITOR | COMMAND_ADMIN)))
        observe_show(c, command, q->argv, q->argc);
    if (__builtin_expect(e->tracking->client_n > 0, 0) && (command->flags & COMMAND_READONLY)) {
        struct client *reader = c->flags & CLIENT_SCRIPT ? client_by_id(e, c->id) : c;
        if (reader && reader->tracking)
            tracking_remember(reader, command, q->argv, q->argc);
    }
    if (__builtin_expect(retry, 0))
        ticks += c->blocked_ticks;
    if (call.wants_block) {
        c->blocked_ticks = ticks;
        return true;
    }
    count(&call, ticks, errors);
    bool wrote = e->journal->offset != offset;
    if (wrote)
        c->written_offset = e->journal->offset;
    if (__builtin_expect(e->gate.promise.armed || call.durable, 0))
        gate_reply(&call, position, wrote);
    return false;
}

void exec_queued(struct client *c, const struct command *command, const struct exec_request *q)
{
    struct asked a = asked_for(c, command, q, BY_EXEC);
    if (!refuse_if(c, &a))
        exec_run(c, command, q, false);
}

void exec_for_script(struct client *c, struct exec_script *x, const struct exec_request *q)
{
    struct engine *e = c->engine;
    const struct command *command = registry_find(e->registry, q->argv[0]);
    if (command && command->subcommands && q->argc > 1)
        command = registry_subcommand(command, q->argv[1]);
    enum err wrong = ERR_NONE;
    if (!command)
        wrong = ERR_SCRIPT_UNKNOWN;
    else if (!command_arity_fits(command, q->argc) || !command->handler)
        wrong = ERR_SCRIPT_ARITY;
    else if ((command->flags & COMMAND_NOSCRIPT) &&
             (!e->debug.scripts_may_all || command->group == GROUP_SCRIPTING))
        wrong = ERR_SCRIPT_FORBIDDEN;
    if (wrong) {
        refuse_plainly(c, command, wrong);
        return;
    }
    struct asked a = asked_for(x->caller, command, q, BY_SCRIPT);
    a.script = x;
    if (refuse_if(c, &a))
        return;
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

static bool needs_resolve(const struct command *command, const struct exec_request *q)
{
    return !command || command->subcommands || !command_arity_fits(command, q->argc);
}

/* ---- Around a client's command when anything about it is special */

/* Its reply goes nowhere when the client wants none; what is pushed to the client follows it. */
struct answering {
    struct client_running running;
    struct chain nowhere;
    bool silent, tracked;
};

static void answer_begin(struct answering *a, struct client *c)
{
    a->silent = client_is_silent(c);
    /* What others ask for while a script runs changes nothing. */
    a->tracked = (c->flags & CLIENT_TRACKING) && !(c->engine->slow_path & ENGINE_BUSY);
    a->nowhere = (struct chain){.lost = true};
    deliver_begin(&a->running, c);
    if (a->silent)
        c->reply.out = &a->nowhere;
    if (a->tracked)
        tracking_begin(c);
}

static void answer_end(struct answering *a)
{
    struct client *c = a->running.client;
    if (a->tracked || c->engine->tracking->running == c)
        tracking_end(c);
    deliver_end(&a->running);
    if (a->silent) {
        c->reply.out = &c->out;
        chain_free(&a->nowhere);
    }
}

/* What was asked for one command (CLIENT CACHING) ends with it; all of a transaction is one. */
static void forget_caching(struct client *c, const struct command *command)
{
    if (c->tracking && !(c->flags & CLIENT_MULTI) &&
        !(command && strncmp(command_full_name(command), "client", 6) == 0))
        c->tracking->flags &= ~(unsigned)TRACKING_CACHING;
}

/* A client or a state of the server that needs a closer look at every request. */
static enum exec_result run_checked(struct client *c, const struct exec_request *q)
{
    struct engine *e = c->engine;
    enum exec_result result = EXEC_DONE;
    unsigned skip = c->flags & CLIENT_REPLY_SKIP;
    if (e->slow_path & ENGINE_CLIENT_LIMIT) {
        e->services.limit_clients(e->services.context);
        if (c->flags & CLIENT_CLOSING)
            return EXEC_DONE;
    }
    struct answering answering;
    answer_begin(&answering, c);
    c->flags &= ~skip; /* the command may ask for the next one */
    const struct command *command = needs_resolve(q->command, q) ? resolve(c, q) : q->command;
    if (!command) {
        c->total_commands++;
    } else {
        c->last_command = command;
        if (admit(c, command, q, &result)) {
            if (c->flags & CLIENT_NO_TOUCH)
                e->store->touch = is_named(command, "touch");
            result = exec_run(c, command, q, false) ? EXEC_BLOCKED : EXEC_DONE;
            e->store->touch = true;
        }
    }
    answer_end(&answering);
    if (result == EXEC_DONE)
        forget_caching(c, command);
    else
        c->flags |= skip; /* it has not ended */
    return result;
}

enum exec_result exec_again(struct client *c, const struct command *command,
                            const struct exec_request *q, bool judged)
{
    struct answering answering;
    bool waits = false;
    answer_begin(&answering, c);
    struct asked a = asked_for(c, command, q, BY_KEY);
    if (!judged || !refuse_if(c, &a)) {
        if (c->flags & CLIENT_NO_TOUCH)
            c->engine->store->touch = false;
        waits = exec_run(c, command, q, true);
        c->engine->store->touch = true;
    }
    answer_end(&answering);
    if (waits)
        return EXEC_BLOCKED;
    c->flags &= ~(unsigned)CLIENT_REPLY_SKIP;
    forget_caching(c, command);
    return EXEC_DONE;
}

void exec_give_up(struct client *c, const struct command *command, const struct exec_request *q,
                  void (*answer)(struct reply *reply))
{
    struct engine *e = c->engine;
    struct call call = {
        .command = command, .client = c, .engine = e, .argv = q->argv, .argc = q->argc};
    struct answering answering;
    uint64_t began = clock_ticks();
    unsigned errors = c->reply.errors;
    answer_begin(&answering, c);
    answer(&c->reply);
    count(&call, c->blocked_ticks + (clock_ticks() - began), errors);
    answer_end(&answering);
    c->flags &= ~(unsigned)CLIENT_REPLY_SKIP;
    forget_caching(c, command);
}

enum exec_result exec_request(struct client *c, const struct exec_request *q)
{
    const struct command *command = q->command;
    if (__builtin_expect((c->flags & CLIENT_SLOW_PATH) || c->engine->slow_path, 0))
        return run_checked(c, q);
    if (__builtin_expect(needs_resolve(command, q), 0)) {
        command = resolve(c, q);
        if (!command) {
            c->total_commands++;
            return EXEC_DONE;
        }
    }
    c->last_command = command;
    return exec_run(c, command, q, false) ? EXEC_BLOCKED : EXEC_DONE;
}
