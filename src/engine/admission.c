#include "engine/admission.h"

#include "base/assert.h"
#include "engine/observe.h"
#include "engine/rights.h"
#include "engine/state.h"
#include "engine/txn.h"

#include <stdarg.h>
#include <stdio.h>

void admission_refuse(struct client *c, const struct command *command, const char *format, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    if (command)
        c->engine->stats.of_command[registry_number(c->engine->registry, command)].rejected++;
    if (command && (command->flags & COMMAND_EXEC)) {
        txn_end(c);
        reply_errorf(&c->reply, "EXECABORT Transaction discarded because of: %s",
                     strncmp(text, "ERR ", 4) == 0 ? text + 4 : text);
    } else {
        reply_errorf(&c->reply, "%s", text);
    }
    observe_count_error(c->engine, c->reply.error_code);
    c->errors_counted = c->reply.errors;
    if (c->flags & CLIENT_MULTI)
        c->flags |= CLIENT_TXN_BROKEN;
}

static bool because(struct buf *why, enum err e)
{
    buf_add_text(why, err_text(e).p);
    return true;
}

static bool right_is_missing(const struct admission *a, struct buf *why)
{
    const char *context = "toplevel", *head = "NOPERM ";
    struct client *c = a->client;
    if (a->by == ADMISSION_SCRIPT) {
        context = "lua";
        head = "NOPERM ACL failure in script: ";
    } else if (a->by == ADMISSION_EXEC) {
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

/* Whether the command may allocate and memory is exhausted. Whatever is queued makes the queue
 * grow. */
static bool memory_is_missing(const struct admission *a)
{
    struct engine *e = a->client->engine;
    const struct command *k = a->command;
    bool grows = a->flags & COMMAND_DENYOOM;
    if (a->script)
        return grows && a->script->no_memory && !a->script->wrote;
    if (a->by == ADMISSION_REQUEST && (a->client->flags & CLIENT_MULTI))
        grows = grows || !(k->flags & COMMAND_LEAVES_MULTI);
    /* Nothing is evicted while a script runs or writes are paused. */
    return grows &&
           (e->slow_path & (ENGINE_MAXMEMORY | ENGINE_BUSY | ENGINE_PAUSED)) == ENGINE_MAXMEMORY &&
           !e->services.make_room(e->services.context);
}

static bool write_is_refused(const struct admission *a, struct buf *why)
{
    const struct client *c = a->client;
    if (!(a->flags & COMMAND_WRITE))
        return false;
    if (state_refuses_writes(c->engine, why))
        return true;
    return (c->flags & CLIENT_DURABLE) && !c->engine->gate.promise.open &&
           because(why, ERR_NOT_DURABLE);
}

/* Whether the state of client or server forbids the command. */
static bool state_forbids(const struct admission *a, struct buf *why)
{
    const struct client *c = a->client;
    const struct engine *e = c->engine;
    if ((c->flags & CLIENT_SUBSCRIBED) && c->reply.resp == 2 &&
        !(a->command->flags & COMMAND_OK_SUBSCRIBED)) {
        buf_printf(why,
                   "ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / "
                   "QUIT / RESET are allowed in this context",
                   command_full_name(a->command));
        return true;
    }
    if ((e->slow_path & ENGINE_STALE) && (a->lacking & COMMAND_STALE))
        return because(why, ERR_MASTERDOWN);
    if ((e->slow_path & ENGINE_LOADING) && (a->lacking & COMMAND_LOADING))
        return because(why, ERR_LOADING);
    if ((e->slow_path & ENGINE_ASYNC_LOADING) && (a->flags & COMMAND_NO_ASYNC_LOADING))
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

/* Commands from a primary or a file were checked when they first ran; only the script's own
 * declaration counts. */
static bool script_is_refused(const struct admission *a, struct buf *why)
{
    const struct client *c = a->client;
    bool replayed = c->flags & CLIENT_REPLAY;
    if (!replayed && (c->engine->slow_path & ENGINE_STALE) && (a->lacking & COMMAND_STALE))
        return because(why, ERR_SCRIPT_STALE);
    if ((c->flags & CLIENT_RESTRICTED) && right_is_missing(a, why))
        return true;
    if (a->script->readonly && (a->flags & (COMMAND_WRITE | COMMAND_MAY_REPLICATE)))
        return because(why, ERR_SCRIPT_READONLY);
    if (replayed)
        return false;
    if (write_is_refused(a, why))
        return true;
    return memory_is_missing(a) && because(why, ERR_OOM);
}

/* A queued command: EXEC was checked for it, but a command that ran before it may have made us a
 * replica. */
static bool queued_is_refused(const struct admission *a, struct buf *why)
{
    const struct client *c = a->client;
    ASSERT(c->flags & CLIENT_IN_EXEC);
    if ((c->flags & CLIENT_RESTRICTED) && right_is_missing(a, why))
        return true;
    return (a->flags & COMMAND_WRITE) && (c->engine->slow_path & ENGINE_READ_ONLY) &&
           because(why, ERR_READONLY);
}

static bool request_is_refused(const struct admission *a, struct buf *why)
{
    const struct client *c = a->client;
    bool comes = a->by == ADMISSION_REQUEST;
    if (comes && (c->flags & CLIENT_ANONYMOUS) && !(a->command->flags & COMMAND_NO_AUTH))
        return because(why, ERR_NOAUTH);
    if ((c->flags & CLIENT_RESTRICTED) && right_is_missing(a, why))
        return true;
    if (comes && (c->flags & CLIENT_MULTI) && (a->command->flags & COMMAND_NO_MULTI)) {
        buf_add_text(why, "ERR Command not allowed inside a transaction");
        return true;
    }
    if (memory_is_missing(a))
        return because(why, ERR_OOM);
    if (write_is_refused(a, why))
        return true;
    return comes && state_forbids(a, why);
}

/* True: it must not run, for the reason in *why. */
static bool is_refused(const struct admission *a, struct buf *why)
{
    ASSERT((a->by == ADMISSION_SCRIPT) == (a->script != NULL));
    switch (a->by) {
    case ADMISSION_SCRIPT:
        return script_is_refused(a, why);
    case ADMISSION_EXEC:
        return queued_is_refused(a, why);
    default:
        return request_is_refused(a, why);
    }
}

bool admission_denied(struct client *c, const struct admission *a)
{
    struct buf why = {0};
    if (!is_refused(a, &why))
        return false;
    /* MONITOR shows EXEC all the same, since the transaction ends with it. */
    if ((c->engine->slow_path & ENGINE_MONITORED) && (a->command->flags & COMMAND_EXEC))
        observe_show(c, a->command, a->q->argv, a->q->argc);
    admission_refuse(c, a->command, "%.*s", (int)why.n, why.p);
    buf_free(&why);
    return true;
}

struct admission admission_ask(struct client *c, const struct command *command,
                               const struct exec_request *q, enum admission_by by)
{
    struct admission a = {.client = c, .command = command, .q = q, .by = by};
    a.flags = command->flags_for ? command->flags_for(c->engine, q->argv, q->argc) : command->flags;
    a.lacking = ~a.flags;
    if (by == ADMISSION_REQUEST && (c->flags & CLIENT_MULTI) && (command->flags & COMMAND_EXEC)) {
        a.flags |= c->txn->flags;
        a.lacking |= c->txn->lacking;
    }
    return a;
}
