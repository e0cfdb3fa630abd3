/* MEMORY: memory usage by purpose. */
#include "commands/index.h"

#include "base/mem.h"
#include "base/num.h"
#include "type/value.h"

#include <stdio.h>

static void do_memory_usage(struct call *call)
{
    long long samples = 5;
    for (int i = 3; i < call->argc; i += 2) {
        if (!bytes_is(call->argv[i], "samples") || i + 1 >= call->argc) {
            call_error(call, ERR_SYNTAX);
            return;
        }
        if (!call_int(call, i + 1, &samples))
            return;
        if (samples < 0) {
            call_error(call, ERR_SYNTAX);
            return;
        }
    }
    struct entry *e = db_find(call->db, call->argv[2]);
    if (e)
        reply_int(call->reply, (long long)value_memory(e, (size_t)samples));
    else
        reply_null(call->reply);
}

static void do_memory_purge(struct call *call)
{
    mem_purge();
    reply_ok(call->reply);
}

/* 0 for values that were not measured yet. */
static double ratio(size_t a, size_t b)
{
    return b ? (double)a / (double)b : 0;
}

static void field(struct reply *r, const char *name, long long v)
{
    reply_bulk_text(r, name);
    reply_int(r, v);
}

static void fraction(struct reply *r, const char *name, double v)
{
    reply_bulk_text(r, name);
    reply_double(r, v);
}

static void do_memory_stats(struct call *call)
{
    struct reply *r = call->reply;
    struct engine_memory m;
    size_t dbs = 0, keys = 0;
    call->engine->services.memory(call->engine->services.context, &m);
    for (int i = 0; i < call->store->count; i++) {
        dbs += call->store->dbs[i].keys.used > 0;
        keys += call->store->dbs[i].keys.used;
    }
    /* Estimates may come out negative: then they are 0. */
    size_t data = m.used > m.overhead ? m.used - m.overhead : 0,
           grown = m.used > m.startup ? m.used - m.startup : 0;
    reply_map(r, 27 + dbs);
    field(r, "peak.allocated", (long long)m.peak);
    field(r, "total.allocated", (long long)m.used);
    field(r, "startup.allocated", (long long)m.startup);
    field(r, "replication.backlog", (long long)m.backlog);
    field(r, "clients.slaves", (long long)m.replicas);
    field(r, "clients.normal", (long long)(m.clients - m.replicas));
    field(r, "cluster.links", 0);
    field(r, "aof.buffer", (long long)m.journal);
    field(r, "lua.caches", 0);
    field(r, "functions.caches", 0);
    for (int i = 0; i < call->store->count; i++) {
        const struct db *db = &call->store->dbs[i];
        char name[24];
        if (db->keys.used == 0)
            continue;
        snprintf(name, sizeof(name), "db.%d", i);
        reply_bulk_text(r, name);
        reply_map(r, 2);
        field(r, "overhead.hashtable.main", (long long)table_memory(&db->keys));
        field(r, "overhead.hashtable.expires", (long long)table_memory(&db->keys_with_ttl));
    }
    field(r, "overhead.total", (long long)m.overhead);
    field(r, "keys.count", (long long)keys);
    field(r, "keys.bytes-per-key", keys ? (long long)(grown / keys) : 0);
    field(r, "dataset.bytes", (long long)data);
    fraction(r, "dataset.percentage", 100 * ratio(data, grown));
    fraction(r, "peak.percentage", 100 * ratio(m.used, m.peak));
    field(r, "allocator.allocated", (long long)m.used);
    field(r, "allocator.active", (long long)m.active);
    field(r, "allocator.resident", (long long)m.resident);
    fraction(r, "allocator-fragmentation.ratio", ratio(m.active, m.used));
    field(r, "allocator-fragmentation.bytes", (long long)(m.active - m.used));
    fraction(r, "allocator-rss.ratio", ratio(m.resident, m.active));
    field(r, "allocator-rss.bytes", (long long)m.resident - (long long)m.active);
    fraction(r, "rss-overhead.ratio", ratio(m.rss, m.resident));
    field(r, "rss-overhead.bytes", (long long)m.rss - (long long)m.resident);
    fraction(r, "fragmentation", ratio(m.rss, m.used));
    field(r, "fragmentation.bytes", (long long)m.rss - (long long)m.used);
}

/* Describes anything unusual. */
static void do_memory_doctor(struct call *call)
{
    struct engine_memory m;
    struct buf b = {0};
    call->engine->services.memory(call->engine->services.context, &m);
    long long limit = call->engine->settings->maxmemory;
    if (m.used < 5u << 20) {
        buf_add_text(&b, "There is too little data to report on memory.\n");
    } else {
        if (ratio(m.peak, m.used) > 1.5)
            buf_add_text(&b,
                         "* Peak: at its peak the server used more than one and a half times as "
                         "much as now. The system may not have got all of it back; MEMORY "
                         "PURGE gives it back.\n");
        if (ratio(m.rss, m.used) > 1.4 && m.rss - m.used > 10u << 20)
            buf_add_text(&b, "* Fragmentation: the process holds over 1.4 times what is in use. "
                             "MEMORY PURGE may help; a restart does.\n");
        if (m.clients > m.used / 4)
            buf_add_text(&b,
                         "* Clients: over a quarter of the memory is in buffers of clients. See "
                         "CLIENT LIST (omem, qbuf) and client-output-buffer-limit.\n");
        if (limit && m.used > (size_t)limit / 10 * 9)
            buf_add_text(&b, "* Limit: over nine tenths of maxmemory are in use.\n");
        if (b.n == 0)
            buf_add_text(&b, "Nothing stands out.\n");
    }
    reply_verbatim(call->reply, "txt", buf_bytes(&b));
    buf_free(&b);
}

static void do_memory_malloc_stats(struct call *call)
{
    struct buf b = {0};
    mem_print_stats(&b.p, &b.n);
    reply_verbatim(call->reply, "txt", buf_bytes(&b));
    buf_free(&b);
}

static const struct command memory_stats_command = {
    .name = "stats",
    .full_name = "memory|stats",
    .usage = "",
    .summary = "Returns a breakdown of memory usage.",
    .since = "4.0.0",
    .complexity = "O(N) with N the clients",
    .tips = "nondeterministic_output request_policy:all_shards response_policy:special",
    .group = GROUP_SERVER,
    .arity = 2,
    .flags = 0,
    .handler = do_memory_stats,
};
static const struct command memory_doctor_command = {
    .name = "doctor",
    .full_name = "memory|doctor",
    .usage = "",
    .summary = "Reports memory problems.",
    .since = "4.0.0",
    .complexity = "O(N) with N the clients",
    .tips = "nondeterministic_output request_policy:all_shards response_policy:special",
    .group = GROUP_SERVER,
    .arity = 2,
    .flags = 0,
    .handler = do_memory_doctor,
};
static const struct command memory_malloc_stats_command = {
    .name = "malloc-stats",
    .full_name = "memory|malloc-stats",
    .usage = "",
    .summary = "Returns the statistics of the memory allocator.",
    .since = "4.0.0",
    .complexity = "Depends on the allocator.",
    .tips = "nondeterministic_output request_policy:all_shards response_policy:special",
    .group = GROUP_SERVER,
    .arity = 2,
    .flags = 0,
    .handler = do_memory_malloc_stats,
};

static void do_memory_help(struct call *call)
{
    helpers_help(call, &memory_command);
}

static const struct command memory_usage_command = {
    .name = "usage",
    .full_name = "memory|usage",
    .usage = "key:key [SAMPLES count:int]",
    .summary = "Returns the memory used by a key and its value.",
    .since = "4.0.0",
    .complexity = "O(N) with N the samples",
    .group = GROUP_SERVER,
    .arity = -3,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RO)},
    .handler = do_memory_usage,
};
static const struct command memory_purge_command = {
    .name = "purge",
    .full_name = "memory|purge",
    .usage = "",
    .summary = "Returns unused memory to the operating system.",
    .since = "4.0.0",
    .complexity = "Depends on the memory.",
    .tips = "request_policy:all_shards response_policy:all_succeeded",
    .group = GROUP_SERVER,
    .arity = 2,
    .flags = COMMAND_UNTRACKED,
    .handler = do_memory_purge,
};
static const struct command memory_help_command = {
    .name = "help",
    .full_name = "memory|help",
    .usage = "",
    .summary = "Lists the subcommands.",
    .since = "4.0.0",
    .complexity = "O(1)",
    .group = GROUP_SERVER,
    .arity = 2,
    .flags = COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_memory_help,
};

static const struct command *const memory_subcommands[] = {&memory_doctor_command,
                                                           &memory_help_command,
                                                           &memory_malloc_stats_command,
                                                           &memory_purge_command,
                                                           &memory_stats_command,
                                                           &memory_usage_command,
                                                           NULL};

const struct command memory_command = {
    .name = "memory",
    .usage = "",
    .summary = "Inspects memory usage.",
    .since = "4.0.0",
    .complexity = "Depends on the subcommand.",
    .group = GROUP_SERVER,
    .arity = -2,
    .subcommands = memory_subcommands,
};
