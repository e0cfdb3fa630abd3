/* All input is in one buffer; bytes before `at` are done with.
 *
 *   plain   up to APPLY_AHEAD plain commands are split in place, their keys are prefetched, then
 *           they are applied one by one, each in a group of its own.
 *   others  a transaction, a large or unusual command, or an incomplete one: replica/groups finds
 *           its end. A transaction is applied when its EXEC has come, command by command, in one
 *           journal group.
 *
 * A group goes to the journal as the bytes received (journal_raw_begin()), then its commands run by
 * exec_run(), without checks of rights, memory, pauses or states, which the primary has made. They
 * run with expiry ignored: only the primary's DEL deletes expired keys.
 *
 * The stream may contain commands that change data, and a few that belong to the protocol. Any
 * other, unknown or failing command is logged and counted, and the stream goes on, since the
 * primary did the same. A command that does not run is kept out of our file, whose loader would
 * fail on it; of a transaction around it the file gets the effects of the other commands. The same
 * is done for a transaction with line ends inside: these mark where the primary's file held less
 * than its stream, before it restarted. A failed command is kept, as it does nothing in the loader
 * either, but not FUNCTION: a start ends if a library cannot be loaded. */
#include "replica/apply.h"

#include "base/assert.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/block.h"
#include "engine/exec.h"
#include "engine/feed.h"
#include "engine/gate.h"
#include "engine/observe.h"
#include "engine/rights.h"
#include "engine/session.h"
#include "persist/wrap.h"
#include "proto/request.h"
#include "replica/groups.h"
#include "replica/whole.h"

#include <limits.h>
#include <stdio.h>

#define ARGS  256              /* of all commands that are prefetched together */
#define USUAL (APPLY_ROOM * 4) /* size of the buffer; a larger one is shrunk */

struct parsed {
    const struct command *command; /* NULL: unknown */
    const struct bytes *argv;
    int argc;
    struct bytes raw;
    struct feed_key key;
};

/* How a command of the stream is treated. */
enum verdict {
    CHANGES,     /* runs; written to our file */
    IS_HEARD,    /* runs; stream-only */
    IS_WRAPPED,  /* PING with a command inside, which runs */
    MAKES_WHOLE, /* PING with a message for replica/whole.h; stream-only */
    ASKS,        /* GETACK */
    IS_UNKNOWN,
    IS_CUT_SHORT, /* wrong number of arguments */
    IS_FORBIDDEN,
    IS_NOWHERE, /* in a database that does not exist here; or a SELECT of one */
};

struct apply {
    struct replication *r;
    struct client *client;
    struct chain nowhere; /* for its replies, which are dropped */
    struct buf error;     /* the latest error reply */
    bool foreign;
    int beyond; /* the stream is in this database, which does not exist here; -1: in the client's */
    bool asked;
    uint64_t asked_at;
    uint64_t applied; /* end of the last group applied */
    uint64_t until;   /* as in apply_until() */
    bool has_more;    /* the last run ended because of `until` */
    const struct command *multi, *exec, *select, *ping, *migrate;
    const char *group; /* the bytes of the open group */
    char *in;          /* of cap bytes n are filled, and at are done with */
    size_t at, n, cap;
    struct groups groups; /* the piece that begins at `at` */
    struct bytes *wide;   /* arguments, if there are more than ARGS */
    int wide_cap;
    struct aof_parse_room wrapped; /* arguments of a command wrapped in PING */
    struct bytes args[ARGS];
    struct parsed commands[APPLY_AHEAD];
};

static struct client *make_client(struct apply *a, const struct apply_options *o)
{
    struct client *c = client_new(a->r->engine);
    rights_begin(c);
    c->flags |= CLIENT_REPLAY | CLIENT_PRIMARY;
    client_set_anonymous(c, false);
    c->fd = o->fd;
    snprintf(c->address, sizeof(c->address), "%s", o->address);
    snprintf(c->local_address, sizeof(c->local_address), "%s", o->local_address);
    a->nowhere = (struct chain){.pool = c->out.pool, .lost = true};
    c->reply.out = &a->nowhere;
    c->reply.error_text = &a->error;
    return c;
}

static const struct command *own(const struct apply *a, const char *name)
{
    return registry_find_original(a->r->engine->registry, bytes_text(name));
}

struct apply *apply_new(struct replication *r, const struct apply_options *o)
{
    struct apply *a = mem_zalloc(sizeof(*a));
    struct store *s = r->engine->store;
    ASSERT(r->engine->journal->mode == JOURNAL_RAW);
    a->r = r;
    a->foreign = o->foreign;
    a->applied = r->engine->journal->offset;
    a->client = make_client(a, o);
    a->multi = own(a, "multi");
    a->exec = own(a, "exec");
    a->select = own(a, "select");
    a->ping = own(a, "ping");
    a->migrate = own(a, "migrate");
    a->beyond = o->db >= s->count ? o->db : -1;
    if (o->db >= 0 && a->beyond < 0)
        a->client->db = &s->dbs[o->db];
    return a;
}

void apply_free(struct apply *a)
{
    if (!a)
        return;
    a->client->reply.out = &a->client->out;
    session_close(a->client);
    chain_free(&a->nowhere);
    buf_free(&a->error);
    aof_parse_free(&a->wrapped);
    mem_free(a->in);
    mem_free(a->wide);
    mem_free(a);
}

size_t apply_waiting(const struct apply *a)
{
    return a->n - a->at;
}

struct client *apply_client(const struct apply *a)
{
    return a->client;
}

uint64_t apply_offset(const struct apply *a)
{
    return a->applied;
}

int apply_db(const struct apply *a)
{
    return a->beyond < 0 ? a->client->db->id : a->beyond;
}

bool apply_was_asked(struct apply *a, uint64_t *offset)
{
    bool asked = a->asked;
    a->asked = false;
    *offset = a->asked_at;
    return asked;
}

/* ---- Classifying commands */

/* Files and streams of Millrace use the original names of commands; those of Redis the names of the
 * requests, which may have been renamed there. */
static const struct command *command_of(const struct apply *a, const struct bytes *argv, int argc)
{
    const struct registry *all = a->r->engine->registry;
    const struct command *k = a->foreign ? registry_find(all, argv[0]) : NULL;
    if (!k)
        k = registry_find_original(all, argv[0]);
    if (!k && !a->foreign)
        k = registry_find(all, argv[0]);
    if (k && k->subcommands && argc > 1) {
        const struct command *sub = registry_subcommand(k, argv[1]);
        k = sub ? sub : k;
    }
    return k;
}

/* The database number of a SELECT. If it is not a valid number: the first that does not exist here,
 * so that what follows is skipped like that for a missing database. */
static int selects(const struct apply *a, const struct parsed *p)
{
    long long db;
    return num_parse_int(p->argv[1], &db) && db >= 0 && db < INT_MAX ? (int)db
                                                                     : a->r->engine->store->count;
}

/* This content of a PING is not an effect. */
static bool is_replconf(struct bytes wrapped)
{
    return bytes_has_prefix(wrapped, "*3\r\n$8\r\nREPLCONF\r\n");
}

static enum verdict judge(const struct apply *a, const struct parsed *p)
{
    const struct command *k = p->command;
    if (p->argc == 3 && bytes_is(p->argv[0], "replconf") && bytes_is(p->argv[1], "getack"))
        return ASKS;
    if (!k)
        return IS_UNKNOWN;
    if (!command_arity_fits(k, p->argc) || !k->handler)
        return IS_CUT_SHORT;
    /* Its result comes as DEL; running it would make us connect to any host. */
    if (k == a->migrate)
        return IS_FORBIDDEN;
    if (k == a->select)
        return selects(a, p) < a->r->engine->store->count ? CHANGES : IS_NOWHERE;
    if (k->flags & COMMAND_WRITE || k->group == GROUP_SCRIPTING)
        return a->beyond < 0 ? CHANGES : IS_NOWHERE;
    if (k == a->ping && p->argc > 1 && p->argv[1].n && p->argv[1].p[0] == '*')
        return is_replconf(p->argv[1]) ? MAKES_WHOLE : IS_WRAPPED;
    if (k == a->ping)
        return IS_HEARD;
    return k->flags & COMMAND_MAY_REPLICATE ? IS_HEARD : IS_FORBIDDEN;
}

static bool is_refused(enum verdict v)
{
    return v >= IS_UNKNOWN;
}

static bool is_kept(enum verdict v)
{
    return v == CHANGES || v == IS_WRAPPED;
}

/* ---- Errors */

/* Logs an error in one line, as Redis does: without the code ERR. */
static void report_error(struct apply *a, const char *error, const char *name)
{
    struct engine *e = a->r->engine;
    long long how = e->settings->propagation_error_behavior;
    if (strncmp(error, "ERR ", 4) == 0)
        error += 4;
    a->r->figures.errors++;
    log_line(LOG_WARNING,
             "== CRITICAL == This replica is sending an error to its master: '%s' after "
             "processing the command '%s'",
             error, name);
    if (how != 0)
        assert_failed("propagation-error-behavior is ignore", __FILE__, __LINE__);
}

static void report_refused(struct apply *a, enum verdict v, const struct parsed *p)
{
    char text[192];
    int n = p->argv[0].n > 64 ? 64 : (int)p->argv[0].n;
    const char *name = p->command ? command_full_name(p->command) : "<unknown>";
    if (v == IS_NOWHERE && p->command == a->select)
        a->beyond = selects(a, p);
    snprintf(text, sizeof(text), "%s '%.*s'%s",
             v == IS_NOWHERE     ? "DB index is out of range for"
             : v == IS_UNKNOWN   ? "unknown command"
             : v == IS_CUT_SHORT ? "wrong number of arguments for"
                                 : "a primary must not ask for",
             n, p->argv[0].p, v == IS_CUT_SHORT ? " command" : "");
    observe_count_error(a->r->engine, "ERR");
    report_error(a, text, name);
}

/* ---- Running */

static void keep_from_file(struct apply *a, struct bytes raw)
{
    journal_raw_skip(a->r->engine->journal, (size_t)(raw.p - a->group), raw.n);
}

/* whole: all its bytes in the stream, including a PING around it. */
static void run(struct apply *a, const struct parsed *p, struct bytes whole)
{
    struct client *c = a->client;
    struct exec_request q = {.command = p->command,
                             .argv = p->argv,
                             .argc = p->argc,
                             .raw = p->raw,
                             .hashed = &p->key.hashed};
    unsigned errors = c->reply.errors;
    c->last_command = p->command;
    exec_run(c, p->command, &q, false);
    if (p->command == a->select)
        a->beyond = -1;
    if (__builtin_expect(c->reply.errors == errors, 1))
        return;
    buf_add_char(&a->error, 0);
    report_error(a, a->error.p, command_full_name(p->command));
    if (bytes_has_prefix(bytes_text(command_full_name(p->command)), "function|"))
        keep_from_file(a, whole);
}

/* Runs a command wrapped in PING, which replicas that do not know it take for a PING. */
static void run_wrapped(struct apply *a, const struct parsed *ping)
{
    struct parsed p = {.argc = wrap_open(ping->argv, ping->argc, &a->wrapped),
                       .raw = ping->argv[1]};
    p.argv = a->wrapped.argv;
    if (!p.argc) {
        report_error(a, "what PING carries is no command", "ping");
        return;
    }
    p.command = command_of(a, p.argv, p.argc);
    enum verdict v = judge(a, &p);
    if (v == CHANGES && p.command != a->select) {
        run(a, &p, ping->raw);
        return;
    }
    report_refused(a, is_refused(v) ? v : IS_FORBIDDEN, &p);
    keep_from_file(a, ping->raw);
}

static void run_word(struct apply *a, const struct parsed *ping)
{
    int argc = wrap_open(ping->argv, ping->argc, &a->wrapped);
    if (!whole_hear(a->r, a->wrapped.argv, argc))
        report_error(a, "what PING carries is no word of the stream", "ping");
}

static void run_one(struct apply *a, enum verdict v, const struct parsed *p)
{
    if (__builtin_expect(v <= IS_HEARD, 1))
        run(a, p, p->raw);
    else if (v == IS_WRAPPED)
        run_wrapped(a, p);
    else if (v == MAKES_WHOLE)
        run_word(a, p);
    else if (v != ASKS)
        report_refused(a, v, p);
}

/* A journal group in which commands of the primary run. Expired keys read as absent meanwhile, and
 * are not deleted. */
struct group {
    bool ignored;
};

static inline struct group group_begin(struct apply *a, struct bytes raw, int db, bool kept)
{
    struct engine *e = a->r->engine;
    struct group g = {e->store->expiry_ignored};
    a->group = raw.p;
    journal_raw_begin(e->journal, raw, db, kept);
    e->store->expiry_ignored = true;
    e->replaying_foreign = a->foreign;
    return g;
}

static inline void group_end(struct apply *a, struct group g)
{
    struct engine *e = a->r->engine;
    e->replaying_foreign = false;
    e->store->expiry_ignored = g.ignored;
    journal_raw_end(e->journal);
    a->applied = e->journal->offset;
    if (__builtin_expect(!dlist_empty(&e->gate.pushed), 0))
        gate_group_ended(e);
    if (__builtin_expect(block_has_work(e), 0))
        block_serve(e);
}

/* The stream's database after this command. */
static int db_behind(const struct apply *a, const struct parsed *p)
{
    return p->command == a->select && p->argc == 2 ? selects(a, p) : apply_db(a);
}

static void apply_command(struct apply *a, const struct parsed *p)
{
    enum verdict v = judge(a, p);
    if (__builtin_expect(v == ASKS, 0)) {
        a->asked = true;
        a->asked_at = a->r->engine->journal->offset;
    }
    struct group g = group_begin(a, p->raw, db_behind(a, p), is_kept(v));
    run_one(a, v, p);
    group_end(a, g);
    /* Redis answers with the offset before GETACK, so never with the stream's end. Ours may include
     * it. */
    if (__builtin_expect(v == ASKS && !a->foreign, 0))
        a->asked_at = a->applied;
}

static void apply_blank(struct apply *a, struct bytes raw)
{
    group_end(a, group_begin(a, raw, apply_db(a), false));
}

/* ---- Splitting */

/* Splits up to APPLY_AHEAD plain commands from p on and prefetches their keys; returns how many.
 * Stops before MULTI and anything that is not plain. */
static unsigned look_ahead(struct apply *a, const char *p, const char *end)
{
    unsigned n = 0;
    int used = 0;
    while (n < APPLY_AHEAD && p < end) {
        struct parsed *x = &a->commands[n];
        x->argv = a->args + used;
        size_t length = request_quick(p, end, a->args + used, ARGS - used, &x->argc);
        if (length == 0)
            break;
        x->command = command_of(a, x->argv, x->argc);
        if (x->command && x->command == a->multi)
            break;
        x->raw = bytes_of(p, length);
        feed_key(&x->key, a->client, x->command, x->argv, x->argc);
        used += x->argc;
        p += length;
        n++;
    }
    for (unsigned i = 0; i < n; i++)
        feed_prefetch_entry(a->client, &a->commands[i].key);
    for (unsigned i = 0; i < n; i++)
        feed_prefetch_value(a->client, &a->commands[i].key);
    return n;
}

/* Splits one complete command that is not plain; false: line ends. */
static bool split(struct apply *a, const char *p, size_t n, struct parsed *out)
{
    size_t length;
    int argc = groups_split(p, n, a->args, ARGS, &length);
    *out = (struct parsed){.argv = a->args, .argc = argc, .raw = bytes_of(p, length)};
    if (argc > ARGS) {
        if (argc > a->wide_cap) {
            mem_free(a->wide);
            a->wide = mem_alloc((size_t)argc * sizeof(*a->wide));
            a->wide_cap = argc;
        }
        groups_split(p, n, a->wide, argc, &length);
        out->argv = a->wide;
    }
    if (argc > 0)
        out->command = command_of(a, out->argv, argc);
    return argc > 0;
}

/* ---- Transactions */

/* The next commands of a transaction, in a->commands; returns how many, and their length in
 * *length. 0: line ends. */
static unsigned next_of_transaction(struct apply *a, const char *p, const char *end, size_t *length)
{
    unsigned n = look_ahead(a, p, end);
    if (n == 0 && split(a, p, (size_t)(end - p), &a->commands[0]))
        n = 1;
    const struct bytes *last = &a->commands[n ? n - 1 : 0].raw;
    *length = (size_t)(last->p + last->n - p);
    return n;
}

/* Whether all of it runs; *db: the stream's database after it. */
static bool all_run(struct apply *a, const char *p, const char *end, int *db)
{
    bool good = true;
    while (p < end) {
        size_t length;
        unsigned n = next_of_transaction(a, p, end, &length);
        good = good && n > 0; /* a file holds no line ends */
        for (unsigned i = 0; i < n; i++) {
            enum verdict v = judge(a, &a->commands[i]);
            bool frame = a->commands[i].command == a->multi || a->commands[i].command == a->exec;
            good = good && (frame || !is_refused(v));
            if (a->commands[i].command == a->select)
                *db = db_behind(a, &a->commands[i]);
        }
        p += length;
    }
    return good;
}

static void show(struct apply *a, const struct parsed *p)
{
    struct engine *e = a->r->engine;
    e->stats.of_command[registry_number(e->registry, p->command)].calls++;
    e->stats.total_commands++;
    if (e->slow_path & ENGINE_MONITORED)
        observe_show(a->client, p->command, p->argv, p->argc);
}

static void apply_transaction(struct apply *a, const char *p, size_t length)
{
    const char *end = p + length;
    int db = apply_db(a);
    bool kept = all_run(a, p, end, &db);
    struct group g = group_begin(a, bytes_of(p, length), db, kept);
    while (p < end) {
        size_t used;
        unsigned n = next_of_transaction(a, p, end, &used);
        for (unsigned i = 0; i < n; i++) {
            const struct parsed *x = &a->commands[i];
            if (x->command && (x->command == a->multi || x->command == a->exec))
                show(a, x);
            else
                run_one(a, judge(a, x), x);
        }
        p += used;
    }
    group_end(a, g);
}

/* ---- Bytes */

char *apply_place(struct apply *a, size_t *room)
{
    if (a->cap - a->n < APPLY_ROOM) {
        a->cap = a->cap < USUAL ? USUAL : a->cap * 2;
        a->in = mem_realloc(a->in, a->cap);
    }
    *room = a->cap - a->n;
    return a->in + a->n;
}

size_t apply_put(struct apply *a, struct bytes data)
{
    size_t room;
    char *to = apply_place(a, &room);
    size_t n = data.n < room ? data.n : room;
    memcpy(to, data.p, n);
    return n;
}

/* Applies what is not plain, or finds it incomplete. False: no more can be applied. */
static bool apply_piece(struct apply *a, enum groups_kind *kind)
{
    const char *p = a->in + a->at;
    *kind = groups_find(&a->groups, p, a->n - a->at);
    size_t length = a->groups.at;
    if (*kind == GROUPS_MORE || *kind == GROUPS_BAD)
        return false;
    a->groups = (struct groups){0};
    if (*kind == GROUPS_TRANSACTION)
        apply_transaction(a, p, length);
    else if (*kind == GROUPS_COMMAND && split(a, p, length, &a->commands[0]))
        apply_command(a, &a->commands[0]);
    else
        apply_blank(a, bytes_of(p, length));
    a->at += length;
    return true;
}

void apply_until(struct apply *a, uint64_t ticks)
{
    a->until = ticks;
}

bool apply_has_more(const struct apply *a)
{
    return a->has_more;
}

/* Removes the bytes that are done with from the buffer. */
static void compact(struct apply *a)
{
    a->n -= a->at;
    if (a->n && a->at)
        memmove(a->in, a->in + a->at, a->n);
    a->at = 0;
    if (a->n < APPLY_ROOM && a->cap > USUAL) {
        a->cap = USUAL;
        a->in = mem_realloc(a->in, a->cap);
    }
}

bool apply_run(struct apply *a, size_t n)
{
    enum groups_kind kind = GROUPS_MORE;
    struct engine *e = a->r->engine;
    ASSERT(n <= a->cap - a->n);
    a->n += n;
    a->client->total_in += n;
    a->client->active_ms = e->steady_ms;
    exec_begin_clock(e);
    a->has_more = false;
    while (a->at < a->n && !a->has_more) {
        unsigned plain = a->groups.at ? 0 : look_ahead(a, a->in + a->at, a->in + a->n);
        for (unsigned i = 0; i < plain; i++) {
            apply_command(a, &a->commands[i]);
            a->at += a->commands[i].raw.n;
        }
        if (plain == 0 && !apply_piece(a, &kind))
            break;
        a->has_more = a->until && a->at < a->n && clock_ticks() >= a->until;
    }
    compact(a);
    return kind != GROUPS_BAD;
}
