/* The life of one command. A request takes one of two paths:
 *
 *   quick    exec_request(): no flag of the client (CLIENT_SLOW_PATH) or the server
 *            (engine.slow_path) is set, or the server is a replica and the command only reads.
 *            Goes straight to exec_run() after one branch.
 *   checked  run_checked(): admission decides. The request may be refused (an error, counted as
 *            rejected), queued by MULTI, or held by a pause (EXEC_HOLD: offered again unchanged).
 *            Its reply may be dropped; pushes to its client follow the reply.
 *
 * Both end in exec_run(): the handler runs within a journal group; its effects are journalled,
 * unless it did that itself; then the command is observed and counted, and its reply is marked with
 * the offset it relies on. A command that blocks is counted when it ends, with the time of all its
 * runs: block.c calls exec_again(), or exec_give_up() to end it with another reply.
 *
 * EXEC and scripts run their commands by exec_queued() and exec_for_script(), the replay of files
 * by a client of its own, and the server's own acts by exec_internal(), which neither observes nor
 * counts.
 *
 * A command's time begins where the previous one's ended, so each needs only one reading of the
 * cycle counter. exec_begin_clock() leaves out the time between commands. */
#include "engine/exec.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/histogram.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/admission.h"
#include "engine/client_line.h"
#include "engine/deliver.h"
#include "engine/gate.h"
#include "engine/observe.h"
#include "engine/pause.h"
#include "engine/rights.h"
#include "engine/tracking.h"
#include "engine/txn.h"

#include <ctype.h>
#include <stdio.h>

/* Length of an argument in error messages: at most 128 bytes. */
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
    admission_refuse(c, NULL, "ERR unknown command '%.*s', with args beginning with: %.*s",
                     shown(q->argv[0]), q->argv[0].p, (int)list.n, list.p ? list.p : "");
    buf_free(&list);
}

static const struct command *resolve(struct client *c, const struct exec_request *q)
{
    const struct command *command = q->command;
    if (!command)
        command = registry_find(c->engine->registry, q->argv[0]);
    if (!command && (bytes_is(q->argv[0], "post") || bytes_is(q->argv[0], "host:"))) {
        /* A web page may be making a browser talk to us. */
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
            admission_refuse(c, command, "ERR unknown subcommand '%.*s'. Try %s HELP.",
                             shown(q->argv[1]), q->argv[1].p, name);
            return NULL;
        }
        command = sub;
    }
    if (!command_arity_fits(command, q->argc) || (command->subcommands && !command->handler)) {
        admission_refuse(c, command, "ERR wrong number of arguments for '%s' command",
                         command_full_name(command));
        return NULL;
    }
    return command;
}

/* True: the request may run now. Else it was answered or queued, or is to be held: *result. */
static bool admit(struct client *c, const struct command *command, const struct exec_request *q,
                  enum exec_result *result)
{
    struct engine *e = c->engine;
    *result = EXEC_DONE;
    bool queues = (c->flags & CLIENT_MULTI) && !(command->flags & COMMAND_QUICK_MULTI);
    if (c->flags & CLIENT_REPLAY) {
        /* Transactions are applied when complete. */
        if (queues)
            txn_queue(c, command, command->flags, q->argv, q->argc);
        return !queues;
    }
    struct admission a = admission_ask(c, command, q, ADMISSION_REQUEST);
    if (admission_denied(c, &a))
        return false;
    if ((e->slow_path & (ENGINE_PAUSED | ENGINE_MOVING)) && !(c->flags & CLIENT_REPLICA) &&
        pause_holds(c, command, q, a.flags)) {
        if (pause_has_held_long(c))
            admission_refuse(c, command, "%s", err_text(ERR_NOREPLICAS).p);
        else
            *result = EXEC_HOLD;
        return false;
    }
    pause_forget(c);
    if (queues) {
        txn_queue(c, command, a.flags, q->argv, q->argc);
        reply_simple(&c->reply, "QUEUED");
        return false;
    }
    return true;
}

static inline void journal_request(struct call *call)
{
    struct engine *e = call->engine;
    if (__builtin_expect(e->commands_renamed || (call->command->flags & COMMAND_NEWER), 0))
        call_effect_request(call);
    else
        journal_add(e->journal, call->db->id, call->argv, call->argc, call->raw);
}

/* Counts a command that has ended once, with the time of all its runs. */
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
            stat->times = mem_zalloc(HISTOGRAM_CLASSES * sizeof(*stat->times));
        stat->times[histogram_class(ticks)]++;
    }
    e->stats.total_commands++;
    c->total_commands++;
    /* Errors within EXEC were counted for the commands it ran. */
    if (c->reply.errors != errors_before && c->reply.errors != c->errors_counted) {
        stat->failed++;
        if (!call->errors_counted)
            observe_count_error(e, c->reply.error_code);
        c->errors_counted = c->reply.errors;
    }
}

/* Runs the handler within a journal group for its effects. Inlined into both callers: a call costs
 * every command 20 instructions. */
__attribute__((always_inline)) static inline void run_handler(struct call *call,
                                                              const struct hashed_key *hashed)
{
    struct engine *e = call->engine;
    struct store *store = call->store;
    long long touched = store->touched, dirty = store->dirty;
    store->hashed = hashed;
    gate_group_begin(e);
    db_command_begins(store);
    call->command->handler(call);
    db_command_ends(store);
    store->hashed = NULL; /* its memory may be reused */
    if (store->touched != touched) {
        db_command_changed(store, dirty);
        if (!call->rewritten && (call->command->flags & COMMAND_WRITE))
            journal_request(call);
    }
    if (__builtin_expect(e->captured.waits, 0))
        e->captured.run(e);
    gate_group_end(e);
}

static inline struct call call_of(struct client *c, const struct command *command,
                                  const struct exec_request *q)
{
    struct engine *e = c->engine;
    return (struct call){
        .command = command,
        .client = c,
        .engine = e,
        .store = e->store,
        .db = c->db,
        .argv = q->argv,
        .argc = q->argc,
        .owned = q->owned,
        .raw = q->raw,
        .now_ms = e->store->now_ms,
        .reply = &c->reply,
    };
}

bool exec_run(struct client *c, const struct command *command, const struct exec_request *q,
              bool retry)
{
    struct engine *e = c->engine;
    struct call call = call_of(c, command, q);
    call.retry = retry;
    call.durable = (c->flags & CLIENT_DURABLE) != 0;
    uint64_t began = e->timing.last_ticks;
    unsigned errors = c->reply.errors;
    uint64_t position = chain_end(&c->out), offset = e->journal->effects_end;
    run_handler(&call, q->hashed);

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
    bool wrote = e->journal->effects_end != offset;
    if (wrote)
        c->written_offset = e->journal->effects_end;
    if (__builtin_expect(e->gate.promise.armed || call.durable, 0))
        gate_reply(&call, position, wrote);
    return false;
}

void exec_internal(struct client *c, const struct command *command, const struct exec_request *q)
{
    ASSERT(c->flags & CLIENT_ACT);
    struct call call = call_of(c, command, q);
    run_handler(&call, q->hashed);
    ASSERT(!call.wants_block);
    c->engine->timing.last_ticks = clock_ticks(); /* start of the next command's time */
}

void exec_queued(struct client *c, const struct command *command, const struct exec_request *q)
{
    struct admission a = admission_ask(c, command, q, ADMISSION_EXEC);
    if (!admission_denied(c, &a))
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
        admission_refuse(c, command, "%s", err_text(wrong).p);
        return;
    }
    struct admission a = admission_ask(c->caller, command, q, ADMISSION_SCRIPT);
    a.script = x;
    if (admission_denied(c, &a))
        return;
    x->wrote |= (command->flags & COMMAND_WRITE) != 0;
    c->last_command = command;
    c->user = c->caller->user; /* for handlers that check rights themselves */
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

/* ---- Replies of commands on the checked path */

/* Drops the reply if the client wants none, and delays pushes to the client until after it. */
struct answering {
    struct client_running running;
    struct chain nowhere;
    bool silent, tracked;
};

/* A replica's connection carries the stream: a reply would be taken for a part of it. */
static void end_answered_replica(struct client *c, struct chain *answer)
{
    const char *name = c->last_command ? command_full_name(c->last_command) : "";
    struct buf line = {0};
    struct iovec piece = {0};
    client_line_print(c, &line);
    log_line(LOG_WARNING, "Replica generated a reply to command '%s', disconnecting it: %.*s", name,
             (int)line.n - 1, line.p);
    buf_free(&line);
    chain_pieces(answer, &piece, 1, UINT64_MAX);
    const char *text = piece.iov_base;
    if (piece.iov_len > 3 && text[0] == '-')
        log_line(LOG_WARNING,
                 "== CRITICAL == This master is sending an error to its replica: '%.*s' after "
                 "processing the command '%s'",
                 (int)piece.iov_len - 3, text + 1, name);
    client_close(c);
}

static void answer_begin(struct answering *a, struct client *c)
{
    a->silent = client_is_silent(c);
    /* Requests of other clients while a script runs change nothing. */
    a->tracked = (c->flags & CLIENT_TRACKING) && !(c->engine->slow_path & ENGINE_BUSY);
    a->nowhere = (struct chain){.pool = c->out.pool, .lost = !(c->flags & CLIENT_REPLICA)};
    deliver_begin(&a->running, c);
    if (a->silent)
        c->reply.out = &a->nowhere;
    if (a->tracked)
        tracking_begin(c);
}

static void answer_end(struct answering *a)
{
    struct client *c = a->running.client;
    ASSERT(c->reply.out == &c->out || a->silent); /* CLIENT REPLY ON ends silence */
    if (a->tracked || c->engine->tracking->running == c)
        tracking_end(c);
    deliver_end(&a->running);
    if (a->silent) {
        c->reply.out = &c->out;
        if ((c->flags & CLIENT_REPLICA) && chain_end(&a->nowhere))
            end_answered_replica(c, &a->nowhere);
        chain_free(&a->nowhere);
    }
}

/* CLIENT CACHING holds for one command; a whole transaction counts as one. */
static void forget_caching(struct client *c, const struct command *command)
{
    if (c->tracking && !(c->flags & CLIENT_MULTI) &&
        !(command && (command->flags & COMMAND_KEEPS_CACHING)))
        c->tracking->flags &= ~(unsigned)TRACKING_CACHING;
}

/* The path for clients and server states that need checks before every request. */
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
    c->flags &= ~skip; /* the command may set it for the next one */
    const struct command *command = needs_resolve(q->command, q) ? resolve(c, q) : q->command;
    if (!command) {
        c->total_commands++;
    } else {
        c->last_command = command;
        if (admit(c, command, q, &result)) {
            if (c->flags & CLIENT_NO_TOUCH)
                e->store->touch = (command->flags & COMMAND_COUNTS_AS_USE) != 0;
            result = exec_run(c, command, q, false) ? EXEC_BLOCKED : EXEC_DONE;
            e->store->touch = true;
        }
    }
    answer_end(&answering);
    if (result == EXEC_DONE)
        forget_caching(c, command);
    else
        c->flags |= skip; /* not ended yet */
    return result;
}

enum exec_result exec_again(struct client *c, const struct command *command,
                            const struct exec_request *q, bool judged)
{
    struct answering answering;
    bool waits = false;
    ASSERT(c->wait && client_is_staying(c));
    answer_begin(&answering, c);
    struct admission a = admission_ask(c, command, q, ADMISSION_KEY);
    if (!judged || !admission_denied(c, &a)) {
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
    ASSERT(c->wait);
    uint64_t began = clock_ticks();
    unsigned errors = c->reply.errors;
    answer_begin(&answering, c);
    answer(&c->reply);
    count(&call, c->blocked_ticks + (clock_ticks() - began), errors);
    answer_end(&answering);
    c->flags &= ~(unsigned)CLIENT_REPLY_SKIP;
    forget_caching(c, command);
}

/* Reads take the quick path on a replica as well, since no check of a replica concerns them.
 * Containers do not: whether the subcommand writes is only looked up on the slow path. */
static bool only_reads(const struct engine *e, const struct command *command)
{
    return !(e->slow_path & ~(unsigned)(ENGINE_REPLICA | ENGINE_READ_ONLY)) && command &&
           !command->subcommands && !command->flags_for && !(command->flags & COMMAND_WRITE);
}

enum exec_result exec_request(struct client *c, const struct exec_request *q)
{
    const struct command *command = q->command;
    if (__builtin_expect((c->flags & CLIENT_SLOW_PATH) || c->engine->slow_path, 0) &&
        ((c->flags & CLIENT_SLOW_PATH) || !only_reads(c->engine, command)))
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
