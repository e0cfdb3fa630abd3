/* DEBUG: for test suites.
 *
 * The subcommands have no constants, since rights and COMMAND DOCS treat DEBUG as a whole: one
 * table has their names, their numbers of arguments and what they need. do_debug() checks in this
 * order: DEBUG is allowed (enable-debug-command); a row matches name and number of arguments; the
 * data are loaded (NEEDS_DATA); they may be loaded again (LOADS_DATA, not within EXEC).
 *
 * Some end the server on purpose (ASSERT, PANIC, SEGFAULT); SLEEP and AOF-FLUSH-SLEEP stop it for a
 * while; RELOAD and LOADAOF replace all data; the SET- ones change engine.debug, which production
 * code reads in a few places. QUICKLIST-PACKED-THRESHOLD and REPLYBUFFER tune internals of Redis
 * that do not exist here: they are accepted so that its tests run. */
#include "commands/index.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "engine/state.h"
#include "store/digest.h"
#include "store/lru.h"
#include "store/value_digest.h"
#include "type/string.h"
#include "type/value.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static void reply_digest(struct reply *r, const unsigned char digest[20])
{
    char text[41];
    for (int i = 0; i < 20; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    reply_simple(r, text);
}

static void digest_values(struct call *call)
{
    reply_array(call->reply, (size_t)call->argc - 2);
    for (int i = 2; i < call->argc; i++) {
        unsigned char digest[20] = {0};
        struct entry *e = db_find_past(call->db, call->argv[i]);
        if (e)
            value_digest(e, digest);
        reply_digest(call->reply, digest);
    }
}

static void populate(struct call *call)
{
    long long n, size = 0;
    if (!call_int(call, 2, &n) || (call->argc > 4 && !call_int(call, 4, &size)))
        return;
    struct bytes prefix = call->argc > 3 ? call->argv[3] : BYTES("key");
    struct buf key = {0}, value = {0};
    for (long long i = 0; i < n; i++) {
        key.n = value.n = 0;
        buf_add(&key, prefix);
        buf_printf(&key, ":%lld", i);
        buf_printf(&value, "value:%lld", i);
        if (size > 0) {
            size_t had = value.n;
            if ((size_t)size > had)
                memset(buf_room(&value, (size_t)size - had), 0, (size_t)size - had);
            value.n = (size_t)size;
        }
        if (db_find(call->db, buf_bytes(&key)))
            continue;
        db_add(call->db, string_new(buf_bytes(&key), buf_bytes(&value)));
        db_changed(call->db, buf_bytes(&key), 0, NULL);
        CALL_EFFECT(call, BYTES("SET"), buf_bytes(&key), buf_bytes(&value));
    }
    buf_free(&key);
    buf_free(&value);
    reply_ok(call->reply);
}

static void change_repl_id(struct call *call)
{
    /* No history may begin within a group of effects. */
    if (state_is_torn(call->engine)) {
        reply_errorf(call->reply, "ERR not within a transaction or a script");
        return;
    }
    log_line(LOG_WARNING, "Changing replication IDs after receiving DEBUG change-repl-id");
    journal_begin_history(call->engine->journal);
    reply_ok(call->reply);
}

/* Sends any command to replicas, to the append-only file, or to both, as if it had run. */
static void replicate(struct call *call)
{
    struct journal *j = call->engine->journal;
    const struct bytes *argv = call->argv + 3;
    int argc = call->argc - 3;
    struct buf text = {0};
    if (bytes_is(call->argv[2], "all")) {
        journal_add(j, call->db->id, argv, argc, bytes_of(NULL, 0));
    } else if (bytes_is(call->argv[2], "aof")) {
        journal_file_only(j, call->db->id, argv, argc);
    } else if (bytes_is(call->argv[2], "replica")) {
        journal_format(&text, argv, argc);
        journal_stream_only(j, buf_bytes(&text));
        buf_free(&text);
    } else {
        call_error(call, ERR_SYNTAX);
        return;
    }
    reply_ok(call->reply);
}

/* Parses the number at the argument's beginning, like Redis. */
static double number_of(struct bytes x)
{
    char *copy = mem_copy_text(x.p, x.n);
    double v = strtod(copy, NULL);
    mem_free(copy);
    return v > 0 ? v : 0; /* neither NaN nor the past */
}

#define SLEEP_MOST_S 1e6

static void sleep_for(struct call *call)
{
    double seconds = number_of(call->argv[2]);
    clock_delay((int64_t)((seconds < SLEEP_MOST_S ? seconds : SLEEP_MOST_S) * 1e6), 0);
    reply_ok(call->reply);
}

static void error(struct call *call)
{
    reply_errorf(call->reply, "%.*s", (int)call->argv[2].n, call->argv[2].p);
}

static void object(struct call *call)
{
    struct entry *e = db_find_past(call->db, call->argv[2]);
    if (!e) {
        call_error(call, ERR_NO_KEY);
        return;
    }
    char line[256];
    snprintf(line, sizeof(line),
             "Value at:%p refcount:1 encoding:%s serializedlength:%zu lru:%u "
             "lru_seconds_idle:%u",
             (void *)e, value_encoding(e), value_memory(e, 5), e->lru,
             lru_idle_s(&call->store->lru, e));
    reply_simple(call->reply, line);
}

static void protocol(struct call *call)
{
    struct reply *r = call->reply;
    struct bytes kind = call->argv[2];
    if (bytes_is(kind, "string")) {
        reply_bulk_text(r, "Hello World");
    } else if (bytes_is(kind, "integer")) {
        reply_int(r, 12345);
    } else if (bytes_is(kind, "double")) {
        reply_double(r, 3.141);
    } else if (bytes_is(kind, "null")) {
        reply_null(r);
    } else if (bytes_is(kind, "array") || bytes_is(kind, "set")) {
        if (bytes_is(kind, "set"))
            reply_set(r, 3);
        else
            reply_array(r, 3);
        for (int i = 0; i < 3; i++)
            reply_int(r, i);
    } else if (bytes_is(kind, "map")) {
        reply_map(r, 3);
        for (int i = 0; i < 3; i++) {
            reply_int(r, i);
            reply_bool(r, i == 1);
        }
    } else if (bytes_is(kind, "attrib")) {
        reply_attribute(r, 1);
        if (r->resp == 3) {
            reply_bulk_text(r, "key-popularity");
            reply_array(r, 2);
            reply_bulk_text(r, "key:123");
            reply_int(r, 90);
        }
        reply_bulk_text(r, "Some real reply following the attribute");
    } else if (bytes_is(kind, "push")) {
        reply_push(r, 2);
        reply_bulk_text(r, "server-cpu-usage");
        reply_int(r, 42);
    } else if (bytes_is(kind, "verbatim")) {
        reply_verbatim(r, "txt", BYTES("This is a verbatim\nstring"));
    } else if (bytes_is(kind, "true")) {
        reply_bool(r, true);
    } else if (bytes_is(kind, "false")) {
        reply_bool(r, false);
    } else if (bytes_is(kind, "bignum")) {
        reply_bignum(r, BYTES("1234567999999999999999999999999999999"));
    } else {
        reply_errorf(r, "ERR Wrong protocol type name. Please use one of the following: "
                        "string|integer|double|null|array|set|map|attrib|push|verbatim|true|"
                        "false");
    }
}

static void reload(struct call *call)
{
    struct engine_services *s = &call->engine->services;
    bool save = true, flush = true, merge = false;
    for (int i = 2; i < call->argc; i++) {
        if (bytes_is(call->argv[i], "nosave")) {
            save = false;
        } else if (bytes_is(call->argv[i], "noflush")) {
            flush = false;
        } else if (bytes_is(call->argv[i], "merge")) {
            merge = true;
        } else {
            reply_errorf(call->reply, "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and "
                                      "NOSAVE options.");
            return;
        }
    }
    if (s->reload(s->context, save, flush, merge))
        reply_errorf(call->reply, "ERR Error trying to load the RDB dump, check server logs.");
    else
        reply_ok(call->reply);
}

static void flag(struct call *call, bool *out)
{
    long long v;
    if (!call_int(call, 2, &v))
        return;
    *out = v != 0;
    reply_ok(call->reply);
}

/* Settings of Redis' internals without a counterpart. */
static void accept_knob(struct call *call)
{
    log_line(LOG_NOTICE, "DEBUG %.*s is not supported and has no effect", (int)call->argv[1].n,
             call->argv[1].p);
    reply_ok(call->reply);
}

static void add_chains(struct buf *b, const struct table *t)
{
    size_t chains[TABLE_CHAINS], longest = 0;
    buf_add_text(b, "Hash table 0 stats (main hash table):\n");
    if (t->used == 0) {
        buf_add_text(b, "No stats available for empty dictionaries\n");
        return;
    }
    table_chains(t, chains);
    size_t filled = t->buckets - chains[0];
    for (size_t i = 1; i < TABLE_CHAINS; i++)
        longest = chains[i] ? i : longest;
    buf_printf(b,
               " table size: %zu\n number of elements: %zu\n different slots: %zu\n"
               " max chain length: %zu\n avg chain length (counted): %.2f\n"
               " avg chain length (computed): %.2f\n Chain length distribution:\n",
               t->buckets, t->used, filled, longest, (double)t->used / (double)filled,
               (double)t->used / (double)filled);
    for (size_t i = 0; i < TABLE_CHAINS; i++)
        if (chains[i])
            buf_printf(b, "   %zu: %zu (%.2f%%)\n", i, chains[i],
                       100.0 * (double)chains[i] / (double)t->buckets);
}

static void table_figures(struct call *call)
{
    long long i;
    if (!call_int(call, 2, &i))
        return;
    if (i < 0 || i >= call->store->count) {
        reply_errorf(call->reply, "ERR Out of range database");
        return;
    }
    struct buf b = {0};
    buf_add_text(&b, "[Dictionary HT]\n");
    add_chains(&b, &call->store->dbs[i].keys);
    buf_add_text(&b, "[Expires HT]\n");
    add_chains(&b, &call->store->dbs[i].keys_with_ttl);
    reply_verbatim(call->reply, "txt", buf_bytes(&b));
    buf_free(&b);
}

static void table_figures_of_key(struct call *call)
{
    const struct entry *e = db_find(call->db, call->argv[2]);
    const struct table *t = e ? value_table(e) : NULL;
    struct buf b = {0};
    if (!e) {
        call_error(call, ERR_NO_KEY);
    } else if (!t) {
        reply_errorf(call->reply, "ERR The value stored at the specified key is not represented "
                                  "using an hash table");
    } else {
        add_chains(&b, t);
        reply_verbatim(call->reply, "txt", buf_bytes(&b));
    }
    buf_free(&b);
}

static void digest_all(struct call *call)
{
    unsigned char digest[20];
    digest_store(call->store, digest);
    reply_digest(call->reply, digest);
}

static void load_aof(struct call *call)
{
    struct engine_services *s = &call->engine->services;
    if (s->load_aof(s->context))
        reply_errorf(call->reply, "ERR Error trying to load the AOF files, check server logs.");
    else
        reply_ok(call->reply);
}

static void write_to_log(struct call *call)
{
    log_line(LOG_WARNING, "DEBUG LOG: %.*s", (int)call->argv[2].n, call->argv[2].p);
    reply_ok(call->reply);
}

static void set_active_expire(struct call *call)
{
    flag(call, &call->engine->debug.active_expire);
}

static void set_deny_scripts(struct call *call)
{
    flag(call, &call->engine->debug.scripts_may_all);
}

static void set_pause_cron(struct call *call)
{
    flag(call, &call->engine->debug.pause_cron);
}

static void set_skip_checksums(struct call *call)
{
    call->engine->debug.skip_checksums = number_of(call->argv[2]) != 0;
    reply_ok(call->reply);
}

static void set_flush_sleep(struct call *call)
{
    double us = number_of(call->argv[2]);
    call->engine->debug.flush_sleep_us =
        (int64_t)(us < SLEEP_MOST_S * 1e6 ? us : SLEEP_MOST_S * 1e6);
    reply_ok(call->reply);
}

static void rewrite_all(struct call *call)
{
    struct engine_services *s = &call->engine->services;
    int failed = call->engine->settings->file ? s->config_rewrite(s->context, true) : -EFAULT;
    if (failed)
        reply_errorf(call->reply, "ERR CONFIG-REWRITE-FORCE-ALL failed: %s", strerror(-failed));
    else
        reply_ok(call->reply);
}

static void fail_assertion(struct call *call)
{
    ASSERT(call == NULL); /* always fails: call is set */
}

static void fail_by_panic(struct call *call)
{
    (void)call;
    assert_failed("DEBUG PANIC", __FILE__, __LINE__);
}

static void crash(struct call *call)
{
    (void)call;
    raise(SIGSEGV);
}

static void help(struct call *call)
{
    static const char *const lines[] = {
        "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "AOF-FLUSH-SLEEP <microseconds>",
        "    Sleep before each write to the append-only file.",
        "ASSERT, PANIC, SEGFAULT",
        "    Crash.",
        "CHANGE-REPL-ID",
        "    Change the replication ID: replicas need a full synchronization.",
        "CONFIG-REWRITE-FORCE-ALL",
        "    Like CONFIG REWRITE, with all settings.",
        "DIGEST",
        "    Return a checksum of the data set.",
        "DIGEST-VALUE <key> [<key> ...]",
        "    Return checksums of values.",
        "ERROR <text>",
        "    Return an error.",
        "HTSTATS <db>, HTSTATS-KEY <key>",
        "    Return statistics of hash tables.",
        "LOADAOF",
        "    Empty the data set and load the append-only file.",
        "LOG <message>",
        "    Write a message to the log.",
        "OBJECT <key>",
        "    Return internal details of a value.",
        "PAUSE-CRON <0|1>",
        "    Stop periodic background tasks.",
        "POPULATE <count> [<prefix>] [<size>]",
        "    Create keys.",
        "PROTOCOL <type>",
        "    Return a value of a protocol type.",
        "RELOAD [option ...]",
        "    Save, empty and load the data set.",
        "REPLICATE <all|aof|replica> <command>",
        "    Propagate a command to replicas, the append-only file or both without running it.",
        "SET-ACTIVE-EXPIRE <0|1>",
        "    Disable active expiry.",
        "SET-SKIP-CHECKSUM-VALIDATION <0|1>",
        "    Whether RESTORE takes any checksum.",
        "SLEEP <seconds>",
        "    Stops the server for some seconds."};
    size_t n = sizeof(lines) / sizeof(lines[0]);
    reply_array(call->reply, n);
    for (size_t i = 0; i < n; i++)
        reply_simple(call->reply, lines[i]);
}

enum {
    NEEDS_DATA = 1, /* refused while the data are being loaded */
    LOADS_DATA = 2, /* not inside a transaction */
};

static const struct {
    const char *name;
    int least, most; /* including both names */
    unsigned how;
    void (*run)(struct call *call);
} subcommands[] = {
    {"aof-flush-sleep", 3, 3, 0, set_flush_sleep},
    {"assert", 2, 2, 0, fail_assertion},
    {"change-repl-id", 2, 2, 0, change_repl_id},
    {"config-rewrite-force-all", 2, 2, 0, rewrite_all},
    {"digest", 2, 2, NEEDS_DATA, digest_all},
    {"digest-value", 3, INT32_MAX, NEEDS_DATA, digest_values},
    {"error", 3, 3, 0, error},
    {"help", 2, 2, 0, help},
    {"htstats", 3, 4, NEEDS_DATA, table_figures},
    {"htstats-key", 3, 4, NEEDS_DATA, table_figures_of_key},
    {"loadaof", 2, 2, NEEDS_DATA | LOADS_DATA, load_aof},
    {"log", 3, 3, 0, write_to_log},
    {"object", 3, INT32_MAX, NEEDS_DATA, object},
    {"panic", 2, 2, 0, fail_by_panic},
    {"pause-cron", 3, 3, 0, set_pause_cron},
    {"populate", 3, 5, NEEDS_DATA, populate},
    {"protocol", 3, 3, 0, protocol},
    {"quicklist-packed-threshold", 2, INT32_MAX, 0, accept_knob},
    {"reload", 2, INT32_MAX, NEEDS_DATA | LOADS_DATA, reload},
    {"replicate", 4, INT32_MAX, 0, replicate},
    {"replybuffer", 2, INT32_MAX, 0, accept_knob},
    {"segfault", 2, 2, 0, crash},
    {"set-active-expire", 3, 3, 0, set_active_expire},
    {"set-disable-deny-scripts", 3, 3, 0, set_deny_scripts},
    {"set-skip-checksum-validation", 3, 3, 0, set_skip_checksums},
    {"sleep", 3, 3, 0, sleep_for},
};

static void do_debug(struct call *call)
{
    struct engine *e = call->engine;
    size_t i = 0, n = sizeof(subcommands) / sizeof(subcommands[0]);
    if (!helpers_is_allowed(call, e->settings->enable_debug_command)) {
        call_error(call, ERR_PROTECTED_DEBUG);
        return;
    }
    while (i < n && !(bytes_is(call->argv[1], subcommands[i].name) &&
                      call->argc >= subcommands[i].least && call->argc <= subcommands[i].most))
        i++;
    if (i == n)
        helpers_bad_subcommand(call);
    else if ((e->slow_path & ENGINE_LOADING) && (subcommands[i].how & NEEDS_DATA))
        call_error(call, ERR_LOADING);
    else if ((call->client->flags & CLIENT_IN_EXEC) && (subcommands[i].how & LOADS_DATA))
        reply_errorf(call->reply, "ERR the data can't be loaded anew inside a transaction");
    else
        subcommands[i].run(call);
}

const struct command debug_command = {
    .name = "debug",
    .usage = "subcommand:string [arg:string...]",
    .summary = "Commands for testing the server.",
    .since = "1.0.0",
    .complexity = "Depends on the subcommand.",
    .group = GROUP_SERVER,
    .arity = -2,
    .flags = COMMAND_ADMIN | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_WHOLE,
    .handler = do_debug,
};
