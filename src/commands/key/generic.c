/* Keys of any type: existence, names, copies. */
#include "commands/index.h"
#include "commands/scan_args.h"

#include "base/num.h"
#include "store/evict.h"
#include "store/lru.h"
#include "type/string.h"
#include "type/value.h"

#include <limits.h>

static void delete_keys(struct call *call)
{
    long long n = 0;
    for (int i = 1; i < call->argc; i++) {
        struct bytes key = call->argv[i];
        if (!db_write(call->db, key))
            continue;
        db_delete(call->db, key);
        db_changed(call->db, key, DB_EVENT_GENERIC, "del");
        db_ready(call->db, key);
        n++;
    }
    db_count_changes(call->store, (uint64_t)n);
    reply_int(call->reply, n);
}

static void do_del(struct call *call)
{
    delete_keys(call);
}

const struct command del_command = {
    .name = "del",
    .usage = "key:key...",
    .summary = "Deletes keys.",
    .since = "1.0.0",
    .complexity = "O(N) with N the number of keys and of what they hold",
    .tips = "request_policy:multi_shard response_policy:agg_sum",
    .group = GROUP_GENERIC,
    .arity = -2,
    .flags = COMMAND_WRITE | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, -1, 1, KEY_RM | KEY_DELETE)},
    .handler = do_del,
};

static void do_unlink(struct call *call)
{
    delete_keys(call);
}

const struct command unlink_command = {
    .name = "unlink",
    .usage = "key:key...",
    .summary = "Deletes keys; large values are freed in the background.",
    .since = "4.0.0",
    .complexity = "O(1) for each key",
    .tips = "request_policy:multi_shard response_policy:agg_sum",
    .group = GROUP_GENERIC,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, -1, 1, KEY_RM | KEY_DELETE)},
    .handler = do_unlink,
};

static void do_exists(struct call *call)
{
    long long n = 0;
    for (int i = 1; i < call->argc; i++)
        n += db_read_notouch(call->db, call->argv[i]) != NULL;
    reply_int(call->reply, n);
}

const struct command exists_command = {
    .name = "exists",
    .usage = "key:key...",
    .summary = "Counts how many of the keys exist.",
    .since = "1.0.0",
    .complexity = "O(N) with N the number of keys",
    .tips = "request_policy:multi_shard response_policy:agg_sum",
    .group = GROUP_GENERIC,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_READONLY | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, -1, 1, KEY_RO)},
    .handler = do_exists,
};

static void do_touch(struct call *call)
{
    long long n = 0;
    for (int i = 1; i < call->argc; i++)
        n += db_read(call->db, call->argv[i]) != NULL;
    reply_int(call->reply, n);
}

const struct command touch_command = {
    .name = "touch",
    .usage = "key:key...",
    .summary = "Counts the keys that exist and marks them as used.",
    .since = "3.2.1",
    .complexity = "O(N) with N the number of keys",
    .tips = "request_policy:multi_shard response_policy:agg_sum",
    .group = GROUP_GENERIC,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_READONLY | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, -1, 1, KEY_RO)},
    .handler = do_touch,
};

static void do_type(struct call *call)
{
    struct entry *e = db_read_notouch(call->db, call->argv[1]);
    reply_simple(call->reply, e ? value_type_name(value_type(e)) : "none");
}

const struct command type_command = {
    .name = "type",
    .usage = "key:key",
    .summary = "Answers the type of what a key holds.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_GENERIC,
    .arity = 2,
    .flags = COMMAND_FAST | COMMAND_READONLY | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO)},
    .handler = do_type,
};

/* RENAME and RENAMENX. */
static void rename_key(struct call *call, bool only_new)
{
    struct bytes from = call->argv[1], to = call->argv[2];
    struct entry *e = db_write(call->db, from);
    if (!e) {
        call_error(call, ERR_NO_KEY);
        return;
    }
    if (bytes_equal(from, to)) {
        if (only_new)
            reply_int(call->reply, 0);
        else
            reply_ok(call->reply);
        return;
    }
    struct entry *old = db_write(call->db, to);
    enum value_type was = old ? value_type(old) : TYPE_STRING, is = value_type(e);
    bool had = old;
    if (had) {
        if (only_new) {
            reply_int(call->reply, 0);
            return;
        }
        db_delete(call->db, to);
    }
    e = db_take(call->db, from);
    e = entry_rename(e, to);
    db_add(call->db, e);
    db_changed(call->db, from, DB_EVENT_GENERIC, "rename_from");
    db_changed(call->db, to, DB_EVENT_GENERIC, "rename_to");
    if (had)
        db_overwritten(call->db, to, was, is);
    db_ready(call->db, from);
    db_ready(call->db, to);
    if (only_new)
        reply_int(call->reply, 1);
    else
        reply_ok(call->reply);
}

static void do_rename(struct call *call)
{
    rename_key(call, false);
}

const struct command rename_command = {
    .name = "rename",
    .usage = "key:key newkey:key",
    .summary = "Gives a key another name, overwriting what is there.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_GENERIC,
    .arity = 3,
    .flags = COMMAND_WRITE | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE),
             KEY_RANGE(2, 0, 1, KEY_OW | KEY_UPDATE)},
    .handler = do_rename,
};

static void do_renamenx(struct call *call)
{
    rename_key(call, true);
}

const struct command renamenx_command = {
    .name = "renamenx",
    .usage = "key:key newkey:key",
    .summary = "Gives a key another name unless that name is taken.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_GENERIC,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE),
             KEY_RANGE(2, 0, 1, KEY_OW | KEY_INSERT)},
    .handler = do_renamenx,
};

static bool parse_db(struct call *call, int i, enum err e, struct db **out)
{
    long long id;
    if (!num_parse_int(call->argv[i], &id)) {
        call_error(call, e);
        return false;
    }
    if (id < 0 || id >= call->store->count) {
        call_error(call, ERR_DB_INDEX);
        return false;
    }
    *out = &call->store->dbs[id];
    return true;
}

static void do_move(struct call *call)
{
    struct db *target;
    struct bytes key = call->argv[1];
    if (!parse_db(call, 2, ERR_NOT_INT, &target))
        return;
    if (target == call->db) {
        call_error(call, ERR_SAME_OBJECT);
        return;
    }
    if (!db_write(call->db, key) || db_write(target, key)) {
        reply_int(call->reply, 0);
        return;
    }
    struct entry *e = db_take(call->db, key);
    db_add(target, e);
    db_changed(call->db, key, DB_EVENT_GENERIC, "move_from");
    db_changed(target, key, DB_EVENT_GENERIC, "move_to");
    db_ready(call->db, key);
    db_ready(target, key);
    reply_int(call->reply, 1);
}

const struct command move_command = {
    .name = "move",
    .usage = "key:key db:int",
    .summary = "Moves a key to another database unless it exists there.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_GENERIC,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_move,
};

static void do_copy(struct call *call)
{
    struct db *target = call->db;
    bool replace = false;
    for (int i = 3; i < call->argc; i++) {
        if (bytes_is(call->argv[i], "replace")) {
            replace = true;
        } else if (bytes_is(call->argv[i], "db") && i + 1 < call->argc) {
            if (!parse_db(call, ++i, ERR_NOT_INT, &target))
                return;
        } else {
            call_error(call, ERR_SYNTAX);
            return;
        }
    }
    struct bytes from = call->argv[1], to = call->argv[2];
    if (target == call->db && bytes_equal(from, to)) {
        call_error(call, ERR_SAME_OBJECT);
        return;
    }
    struct entry *e = db_read(call->db, from);
    struct entry *old = e ? db_write(target, to) : NULL;
    enum value_type was = old ? value_type(old) : TYPE_STRING;
    bool had = old;
    if (!e || (had && !replace)) {
        reply_int(call->reply, 0);
        return;
    }
    struct entry *copy = value_copy(e, to);
    if (e->has_ttl)
        copy = entry_set_deadline(copy, entry_deadline_ms(e));
    db_delete(target, to);
    db_add(target, copy);
    db_changed(target, to, DB_EVENT_GENERIC, "copy_to");
    if (had)
        db_overwritten(target, to, was, value_type(copy));
    db_ready(target, to);
    reply_int(call->reply, 1);
}

const struct command copy_command = {
    .name = "copy",
    .usage = "source:key destination:key [DB destination-db:int] [REPLACE]",
    .summary = "Copies the value under a key to another key.",
    .since = "6.2.0",
    .complexity = "O(N) with N what the value holds",
    .group = GROUP_GENERIC,
    .arity = -3,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS), KEY_RANGE(2, 0, 1, KEY_OW | KEY_UPDATE)},
    .handler = do_copy,
};

static void do_randomkey(struct call *call)
{
    struct entry *e = db_random(call->db);
    if (e)
        reply_bulk(call->reply, entry_key(e));
    else
        reply_null(call->reply);
}

const struct command randomkey_command = {
    .name = "randomkey",
    .usage = "",
    .summary = "Answers any key.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .tips = "request_policy:all_shards response_policy:special nondeterministic_output",
    .group = GROUP_GENERIC,
    .arity = 1,
    .flags = COMMAND_READONLY | COMMAND_WHOLE | COMMAND_KEYSPACE,
    .handler = do_randomkey,
};

static void do_dbsize(struct call *call)
{
    reply_int(call->reply, (long long)call->db->keys.used);
}

const struct command dbsize_command = {
    .name = "dbsize",
    .usage = "",
    .summary = "Answers how many keys the database holds.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .tips = "request_policy:all_shards response_policy:agg_sum",
    .group = GROUP_SERVER,
    .arity = 1,
    .flags = COMMAND_FAST | COMMAND_READONLY | COMMAND_WHOLE | COMMAND_KEYSPACE,
    .handler = do_dbsize,
};

static void note_key(struct scan_args *s, struct entry *e)
{
    reply_bulk(s->call->reply, entry_key(e));
    s->n++;
    s->found++;
}

/* What has expired is deleted when the walk has left it: what does not match is not looked at. */
static void scan_key(void *context, struct entry *e)
{
    struct scan_args *s = context;
    if (!scan_args_matches(s, entry_key(e)))
        return;
    if (db_is_due(s->call->store, e))
        buf_add(&s->due, bytes_of(&e, sizeof(struct entry *)));
    else if (s->type.n == 0 || bytes_is(s->type, value_type_name(value_type(e))))
        note_key(s, e);
}

static uint64_t scan_step(const void *collection, struct scan_args *s)
{
    struct db *db = s->call->db;
    (void)collection;
    uint64_t cursor = table_scan(&db->keys, s->cursor, scan_key, s);
    struct entry *const *due = (void *)s->due.p;
    for (size_t i = 0; i < s->due.n / sizeof(*due); i++)
        db_expire_if_due(db, due[i]);
    s->due.n = 0;
    return cursor;
}

static void do_keys(struct call *call)
{
    struct scan_args s = {.call = call, .pattern = call->argv[1]};
    struct chain aside = {0};
    s.all = bytes_is(s.pattern, "*");
    reply_later_begin(call->reply, &aside);
    struct table_walk w;
    table_walk_start(&w, &call->db->keys);
    for (struct entry *e; (e = table_walk_next(&w));)
        if (!db_is_due(call->store, e) && scan_args_matches(&s, entry_key(e)))
            note_key(&s, e);
    reply_later_end(call->reply, '*', s.n);
}

const struct command keys_command = {
    .name = "keys",
    .usage = "pattern:pattern",
    .summary = "Answers all keys that match a pattern.",
    .since = "1.0.0",
    .complexity = "O(N) with N the keys of the database",
    .tips = "request_policy:all_shards nondeterministic_output_order",
    .group = GROUP_GENERIC,
    .arity = 2,
    .flags = COMMAND_READONLY | COMMAND_WHOLE | COMMAND_DANGEROUS | COMMAND_KEYSPACE,
    .handler = do_keys,
};

static void do_scan(struct call *call)
{
    struct scan_args s;
    if (!scan_args_cursor(call, 1, &s) || !scan_args_options(call, 2, SCAN_ARGS_TYPE, &s))
        return;
    scan_args_walk(&s, call->db, scan_step);
    buf_free(&s.due);
}

const struct command scan_command = {
    .name = "scan",
    .usage = "cursor:int [MATCH pattern:pattern] [COUNT count:int] [TYPE type:string]",
    .summary = "Walks all keys a little at a time.",
    .since = "2.8.0",
    .complexity = "O(1) for each call, O(N) for a whole walk",
    .tips = "nondeterministic_output request_policy:special response_policy:special",
    .group = GROUP_GENERIC,
    .arity = -2,
    .flags = COMMAND_READONLY | COMMAND_WHOLE | COMMAND_KEYSPACE,
    .handler = do_scan,
};

static void do_swapdb(struct call *call)
{
    long long id[2];
    for (int i = 0; i < 2; i++)
        if (!num_parse_int(call->argv[i + 1], &id[i])) {
            reply_errorf(call->reply, "ERR invalid %s DB index", i ? "second" : "first");
            return;
        }
    for (int i = 0; i < 2; i++)
        if (id[i] < 0 || id[i] >= call->store->count) {
            call_error(call, ERR_DB_INDEX);
            return;
        }
    db_swap(call->store, (int)id[0], (int)id[1]);
    reply_ok(call->reply);
}

const struct command swapdb_command = {
    .name = "swapdb",
    .usage = "index1:int index2:int",
    .summary = "Exchanges two databases.",
    .since = "4.0.0",
    .complexity = "O(N) with N the clients that watch or wait",
    .group = GROUP_SERVER,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_WHOLE | COMMAND_DANGEROUS | COMMAND_KEYSPACE,
    .handler = do_swapdb,
};

static bool flush_options(struct call *call)
{
    if (call->argc == 1 ||
        (call->argc == 2 && (bytes_is(call->argv[1], "async") || bytes_is(call->argv[1], "sync"))))
        return true;
    call_error(call, ERR_SYNTAX);
    return false;
}

static void do_flushdb(struct call *call)
{
    if (!flush_options(call))
        return;
    db_flush(call->db);
    CALL_EFFECT(call, BYTES("FLUSHDB"));
    reply_ok(call->reply);
}

const struct command flushdb_command = {
    .name = "flushdb",
    .usage = "[<ASYNC | SYNC>]",
    .summary = "Deletes all keys of the database.",
    .since = "1.0.0",
    .complexity = "O(N) with N the keys of the database",
    .tips = "request_policy:all_shards response_policy:all_succeeded",
    .group = GROUP_SERVER,
    .arity = -1,
    .flags = COMMAND_WRITE | COMMAND_WHOLE | COMMAND_DANGEROUS | COMMAND_KEYSPACE,
    .handler = do_flushdb,
};

static void do_flushall(struct call *call)
{
    if (!flush_options(call))
        return;
    for (int i = 0; i < call->store->count; i++)
        db_flush(&call->store->dbs[i]);
    CALL_EFFECT(call, BYTES("FLUSHALL"));
    call->engine->services.all_flushed(call->engine->services.context);
    reply_ok(call->reply);
}

const struct command flushall_command = {
    .name = "flushall",
    .usage = "[<ASYNC | SYNC>]",
    .summary = "Deletes all keys of all databases.",
    .since = "1.0.0",
    .complexity = "O(N) with N all keys",
    .tips = "request_policy:all_shards response_policy:all_succeeded",
    .group = GROUP_SERVER,
    .arity = -1,
    .flags = COMMAND_WRITE | COMMAND_WHOLE | COMMAND_DANGEROUS | COMMAND_KEYSPACE,
    .handler = do_flushall,
};

static void object_entry(struct call *call, struct entry **out)
{
    *out = db_find(call->db, call->argv[2]);
    if (!*out)
        reply_null(call->reply);
}

static void do_object_encoding(struct call *call)
{
    struct entry *e;
    object_entry(call, &e);
    if (e)
        reply_bulk_text(call->reply, value_encoding(e));
}

/* What Redis has one object for: small numbers, unless eviction wants a clock for each. */
static bool is_shared(const struct call *call, const struct entry *e)
{
    const struct settings *s = call->engine->settings;
    char scratch[NUM_INT_MAX];
    long long v;
    if (value_type(e) != TYPE_STRING || strcmp(value_encoding(e), "int") != 0)
        return false;
    if (s->maxmemory > 0 && evict_has_clock((enum evict_policy)s->maxmemory_policy))
        return false;
    return num_parse_int(string_view(e, scratch), &v) && v >= 0 && v < 10000;
}

static void do_object_refcount(struct call *call)
{
    struct entry *e;
    object_entry(call, &e);
    if (e)
        reply_int(call->reply, is_shared(call, e) ? INT_MAX : 1);
}

static void do_object_idletime(struct call *call)
{
    struct entry *e;
    object_entry(call, &e);
    if (e && call->store->lfu)
        reply_errorf(call->reply,
                     "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note "
                     "that when switching between policies at runtime LRU and LFU data will take "
                     "some time to adjust.");
    else if (e)
        reply_int(call->reply, lru_idle_s(call->store, e));
}

static void do_object_freq(struct call *call)
{
    struct entry *e;
    object_entry(call, &e);
    if (e && !call->store->lfu)
        reply_errorf(call->reply,
                     "ERR An LFU maxmemory policy is not selected, access frequency not tracked. "
                     "Please note that when switching between policies at runtime LRU and LFU "
                     "data will take some time to adjust.");
    else if (e)
        reply_int(call->reply, lru_frequency(call->store, e));
}

static void do_object_help(struct call *call)
{
    helpers_help(call, &object_command);
}

static const struct command object_encoding_command = {
    .name = "encoding",
    .full_name = "object|encoding",
    .usage = "key:key",
    .summary = "Names the internal form of a value.",
    .since = "2.2.3",
    .complexity = "O(1)",
    .tips = "nondeterministic_output",
    .group = GROUP_GENERIC,
    .arity = 3,
    .flags = COMMAND_READONLY | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RO)},
    .handler = do_object_encoding,
};
static const struct command object_refcount_command = {
    .name = "refcount",
    .full_name = "object|refcount",
    .usage = "key:key",
    .summary = "Answers how many references a value has.",
    .since = "2.2.3",
    .complexity = "O(1)",
    .tips = "nondeterministic_output",
    .group = GROUP_GENERIC,
    .arity = 3,
    .flags = COMMAND_READONLY | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RO)},
    .handler = do_object_refcount,
};
static const struct command object_idletime_command = {
    .name = "idletime",
    .full_name = "object|idletime",
    .usage = "key:key",
    .summary = "Answers the seconds since a key was used.",
    .since = "2.2.3",
    .complexity = "O(1)",
    .tips = "nondeterministic_output",
    .group = GROUP_GENERIC,
    .arity = 3,
    .flags = COMMAND_READONLY | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RO)},
    .handler = do_object_idletime,
};
static const struct command object_freq_command = {
    .name = "freq",
    .full_name = "object|freq",
    .usage = "key:key",
    .summary = "Answers how often a key is used, under an LFU policy.",
    .since = "4.0.0",
    .complexity = "O(1)",
    .tips = "nondeterministic_output",
    .group = GROUP_GENERIC,
    .arity = 3,
    .flags = COMMAND_READONLY | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RO)},
    .handler = do_object_freq,
};
static const struct command object_help_command = {
    .name = "help",
    .full_name = "object|help",
    .usage = "",
    .summary = "Lists the subcommands.",
    .since = "6.2.0",
    .complexity = "O(1)",
    .group = GROUP_GENERIC,
    .arity = 2,
    .flags = COMMAND_LOADING | COMMAND_STALE | COMMAND_KEYSPACE,
    .handler = do_object_help,
};

static const struct command *const object_subcommands[] = {
    &object_encoding_command, &object_freq_command,     &object_help_command,
    &object_idletime_command, &object_refcount_command, NULL};

const struct command object_command = {
    .name = "object",
    .usage = "",
    .summary = "Looks at how values are held.",
    .since = "2.2.3",
    .complexity = "Depends on the subcommand.",
    .group = GROUP_GENERIC,
    .arity = -2,
    .subcommands = object_subcommands,
};
