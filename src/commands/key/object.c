/* OBJECT: a value's encoding and last use. It does not count as use, so entries are looked up by
 * db_find(). */
#include "commands/index.h"

#include "base/num.h"
#include "store/evict.h"
#include "store/lru.h"
#include "type/string.h"
#include "type/value.h"

#include <limits.h>

/* db_find() counts neither as a hit nor as use of the key. */
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

static const struct command object_encoding_command = {
    .name = "encoding",
    .full_name = "object|encoding",
    .usage = "key:key",
    .summary = "Returns the internal encoding of a value.",
    .since = "2.2.3",
    .complexity = "O(1)",
    .tips = "nondeterministic_output",
    .group = GROUP_GENERIC,
    .arity = 3,
    .flags = COMMAND_READONLY | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RO)},
    .handler = do_object_encoding,
};

/* Whether Redis has a shared object for the value: small numbers, unless eviction needs a clock per
 * key. */
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

static const struct command object_refcount_command = {
    .name = "refcount",
    .full_name = "object|refcount",
    .usage = "key:key",
    .summary = "Returns the reference count of a value.",
    .since = "2.2.3",
    .complexity = "O(1)",
    .tips = "nondeterministic_output",
    .group = GROUP_GENERIC,
    .arity = 3,
    .flags = COMMAND_READONLY | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RO)},
    .handler = do_object_refcount,
};

static void do_object_idletime(struct call *call)
{
    struct entry *e;
    object_entry(call, &e);
    if (e && call->store->lru.lfu)
        reply_errorf(call->reply,
                     "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note "
                     "that when switching between policies at runtime LRU and LFU data will take "
                     "some time to adjust.");
    else if (e)
        reply_int(call->reply, lru_idle_s(&call->store->lru, e));
}

static const struct command object_idletime_command = {
    .name = "idletime",
    .full_name = "object|idletime",
    .usage = "key:key",
    .summary = "Returns the seconds since the last access to a key.",
    .since = "2.2.3",
    .complexity = "O(1)",
    .tips = "nondeterministic_output",
    .group = GROUP_GENERIC,
    .arity = 3,
    .flags = COMMAND_READONLY | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RO)},
    .handler = do_object_idletime,
};

static void do_object_freq(struct call *call)
{
    struct entry *e;
    object_entry(call, &e);
    if (e && !call->store->lru.lfu)
        reply_errorf(call->reply,
                     "ERR An LFU maxmemory policy is not selected, access frequency not tracked. "
                     "Please note that when switching between policies at runtime LRU and LFU "
                     "data will take some time to adjust.");
    else if (e)
        reply_int(call->reply, lru_frequency(&call->store->lru, e));
}

static const struct command object_freq_command = {
    .name = "freq",
    .full_name = "object|freq",
    .usage = "key:key",
    .summary = "Returns the LFU counter of a key.",
    .since = "4.0.0",
    .complexity = "O(1)",
    .tips = "nondeterministic_output",
    .group = GROUP_GENERIC,
    .arity = 3,
    .flags = COMMAND_READONLY | COMMAND_KEYSPACE,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RO)},
    .handler = do_object_freq,
};

static void do_object_help(struct call *call)
{
    helpers_help(call, &object_command);
}

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
    .summary = "Inspects the internals of values.",
    .since = "2.2.3",
    .complexity = "Depends on the subcommand.",
    .group = GROUP_GENERIC,
    .arity = -2,
    .subcommands = object_subcommands,
};
