/* DEBUG: what test suites use. */
#include "commands/families.h"

#include "commands/helpers.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "store/digest.h"
#include "store/lru.h"
#include "type/string.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

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
        struct entry *e = db_peek(call->db, call->argv[i]);
        if (e)
            digest_value(e, digest);
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
        if (db_peek(call->db, buf_bytes(&key)))
            continue;
        db_add(call->db, string_new(buf_bytes(&key), buf_bytes(&value)));
        db_changed(call->db, buf_bytes(&key), 0, NULL);
        CALL_EFFECT(call, BYTES("SET"), buf_bytes(&key), buf_bytes(&value));
    }
    buf_free(&key);
    buf_free(&value);
    reply_ok(call->reply);
}

static void sleep_for(struct call *call)
{
    double seconds;
    if (!call_double(call, 2, &seconds))
        return;
    if (seconds > 0) {
        struct timespec t = {.tv_sec = (time_t)seconds,
                             .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
        nanosleep(&t, NULL);
    }
    reply_ok(call->reply);
}

static void object(struct call *call)
{
    struct entry *e = db_peek(call->db, call->argv[2]);
    if (!e) {
        call_error(call, ERR_NO_KEY);
        return;
    }
    char line[256];
    snprintf(line, sizeof(line),
             "Value at:%p refcount:1 encoding:%s serializedlength:%zu lru:%u "
             "lru_seconds_idle:%u",
             (void *)e, value_encoding(e), value_memory(e, 5), e->lru, lru_idle_s(call->store, e));
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
    bool save = true, flush = true;
    for (int i = 2; i < call->argc; i++) {
        if (bytes_is(call->argv[i], "nosave")) {
            save = false;
        } else if (bytes_is(call->argv[i], "noflush")) {
            flush = false;
        } else if (!bytes_is(call->argv[i], "merge")) {
            reply_errorf(call->reply, "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and "
                                      "NOSAVE options.");
            return;
        }
    }
    if (s->reload(s->context, save, flush))
        reply_errorf(call->reply, "ERR Error trying to load the RDB dump, check server logs.");
    else
        reply_ok(call->reply);
}

static bool flag(struct call *call, bool *out)
{
    long long v;
    if (!call_int(call, 2, &v))
        return false;
    *out = v != 0;
    reply_ok(call->reply);
    return true;
}

static void accept_knob(struct call *call)
{
    reply_ok(call->reply);
}

static void help(struct call *call)
{
    static const char *const lines[] = {
        "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "DIGEST",
        "    Answers a checksum over all data.",
        "DIGEST-VALUE <key> [<key> ...]",
        "    Answers checksums of values.",
        "JMAP",
        "    Not here.",
        "LOADAOF",
        "    Empties the data set and loads the append-only file.",
        "LOG <message>",
        "    Writes a line to the log.",
        "OBJECT <key>",
        "    Describes how a value is held.",
        "PAUSE-CRON <0|1>",
        "    Stops housekeeping.",
        "POPULATE <count> [<prefix>] [<size>]",
        "    Makes keys.",
        "PROTOCOL <type>",
        "    Answers a value of a protocol type.",
        "RELOAD [option ...]",
        "    Saves, empties and loads the data set.",
        "SEGFAULT",
        "    Crashes.",
        "SET-ACTIVE-EXPIRE <0|1>",
        "    Stops active expiry.",
        "SLEEP <seconds>",
        "    Stops the server for some seconds."};
    size_t n = sizeof(lines) / sizeof(lines[0]);
    reply_array(call->reply, n);
    for (size_t i = 0; i < n; i++)
        reply_simple(call->reply, lines[i]);
}

/* What has to wait while the data is being loaded. */
static bool touches_data(struct bytes sub)
{
    static const char *const names[] = {"digest", "digest-value", "populate",   "object",
                                        "reload", "loadaof",      "htstats-key"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (bytes_is(sub, names[i]))
            return true;
    return false;
}

static void do_debug(struct call *call)
{
    struct bytes sub = call->argv[1];
    struct engine *e = call->engine;
    bool on;
    if (!helpers_is_allowed(call, e->settings->enable_debug_command)) {
        call_error(call, ERR_PROTECTED_DEBUG);
        return;
    }
    if ((e->special & ENGINE_LOADING) && touches_data(sub)) {
        call_error(call, ERR_LOADING);
    } else if (bytes_is(sub, "help") && call->argc == 2) {
        help(call);
    } else if (bytes_is(sub, "digest") && call->argc == 2) {
        unsigned char digest[20];
        digest_store(call->store, digest);
        reply_digest(call->reply, digest);
    } else if (bytes_is(sub, "digest-value") && call->argc > 2) {
        digest_values(call);
    } else if (bytes_is(sub, "populate") && call->argc > 2 && call->argc < 6) {
        populate(call);
    } else if (bytes_is(sub, "sleep") && call->argc == 3) {
        sleep_for(call);
    } else if (bytes_is(sub, "object") && call->argc >= 3) {
        object(call);
    } else if (bytes_is(sub, "protocol") && call->argc == 3) {
        protocol(call);
    } else if ((call->client->flags & CLIENT_IN_EXEC) &&
               (bytes_is(sub, "reload") || bytes_is(sub, "loadaof"))) {
        reply_errorf(call->reply, "ERR the data can't be loaded anew inside a transaction");
    } else if (bytes_is(sub, "reload")) {
        reload(call);
    } else if (bytes_is(sub, "loadaof") && call->argc == 2) {
        if (e->services.load_aof(e->services.context))
            reply_errorf(call->reply, "ERR Error trying to load the AOF files, check server logs.");
        else
            reply_ok(call->reply);
    } else if (bytes_is(sub, "log") && call->argc == 3) {
        log_line(LOG_WARNING, "DEBUG LOG: %.*s", (int)call->argv[2].n, call->argv[2].p);
        reply_ok(call->reply);
    } else if (bytes_is(sub, "set-active-expire") && call->argc == 3) {
        if (flag(call, &on))
            e->active_expire = on;
    } else if (bytes_is(sub, "set-disable-deny-scripts") && call->argc == 3) {
        if (flag(call, &on))
            e->scripts_may_all = on;
    } else if (bytes_is(sub, "pause-cron") && call->argc == 3) {
        if (flag(call, &on))
            e->pause_cron = on;
    } else if (bytes_is(sub, "quicklist-packed-threshold") || bytes_is(sub, "replybuffer") ||
               bytes_is(sub, "set-skip-checksum-validation") || bytes_is(sub, "aof-flush-sleep") ||
               bytes_is(sub, "config-rewrite-force-all")) {
        /* Knobs of Redis' internals that have no counterpart. */
        accept_knob(call);
    } else if (bytes_is(sub, "segfault") && call->argc == 2) {
        raise(SIGSEGV);
    } else if (bytes_is(sub, "htstats-key") && call->argc >= 3) {
        reply_bulk_text(call->reply, "The value stored at the specified key is not represented "
                                     "using an hash table");
    } else {
        helpers_bad_subcommand(call);
    }
}

const struct command debug_command = {
    .name = "debug",
    .usage = "subcommand:string [arg:string...]",
    .summary = "Tools for testing the server.",
    .since = "1.0.0",
    .complexity = "Depends on the subcommand.",
    .group = GROUP_SERVER,
    .arity = -2,
    .flags = COMMAND_ADMIN | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_WHOLE,
    .handler = do_debug,
};
