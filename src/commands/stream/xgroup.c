/* XGROUP: creates and deletes groups and consumers, and sets positions.
 *
 * Each subcommand parses its options, then looks up the stream, then the group: that is the order
 * in which Redis reports errors. CREATE MKSTREAM creates the stream too, which is a change of the
 * key for those who watch it; all else is quiet, since a change of groups is not one of the key.
 * DESTROY wakes readers of the group: their command runs again and finds it destroyed. All are
 * journalled as received: nothing in them depends on the clock but a consumer's times, which are
 * not restored. */
#include "commands/index.h"

#include "base/num.h"
#include "broker/broker.h"
#include "broker/broker_consume.h"
#include "broker/broker_presence.h"
#include "broker/broker_retry.h"
#include "commands/stream/stream_args.h"

/* The stream, which must exist; false after the error reply. */
static bool need_stream(struct call *call, struct stream **s)
{
    if (!stream_args_write(call, call->argv[2], s))
        return false;
    if (*s)
        return true;
    call_error(call, ERR_XGROUP_NO_KEY);
    return false;
}

static bool need_group(struct call *call, struct stream *s, struct stream_group **g)
{
    *g = stream_find_group(s, call->argv[3]);
    if (*g)
        return true;
    stream_args_no_such_group(call, call->argv[2], call->argv[3]);
    return false;
}

/* Changes of groups are not changes of the key for WATCH. */
static void changed(struct call *call, const char *event)
{
    db_changed_quietly(call->db, call->argv[2]);
    db_notify(call->db, call->argv[2], DB_EVENT_STREAM, event);
}

/* [MKSTREAM] [ENTRIESREAD n] from argument 5 on. */
static bool parse_options(struct call *call, bool create, bool *make, long long *read)
{
    *make = false;
    *read = -1;
    for (int i = 5; i < call->argc; i++) {
        if (create && bytes_is(call->argv[i], "mkstream")) {
            *make = true;
        } else if (bytes_is(call->argv[i], "entriesread") && i + 1 < call->argc) {
            if (!call_int(call, ++i, read))
                return false;
            if (*read < 0 && *read != -1) {
                call_error(call, ERR_ENTRIES_READ);
                return false;
            }
        } else {
            helpers_bad_subcommand(call);
            return false;
        }
    }
    return true;
}

static bool parse_start(struct call *call, const struct stream *s, bool strict,
                        struct stream_id *id)
{
    if (bytes_equal(call->argv[4], BYTES("$"))) {
        *id = s ? s->last_id : STREAM_ID_MIN;
        return true;
    }
    return stream_args_id(call, call->argv[4], 0, strict, id);
}

static void do_xgroup_create(struct call *call)
{
    struct stream *s;
    struct stream_id id;
    bool make;
    long long read;
    struct bytes key = call->argv[2];
    if (!parse_options(call, true, &make, &read) || !stream_args_write(call, key, &s))
        return;
    if (!s && !make) {
        call_error(call, ERR_XGROUP_NO_KEY);
        return;
    }
    if (!parse_start(call, s, true, &id))
        return;
    if (!s) {
        s = stream_args_create(call, key);
        db_changed(call->db, key, 0, NULL);
        db_ready(call->db, key);
    }
    if (!stream_add_group(s, call->argv[3], id, read)) {
        call_error(call, ERR_BUSYGROUP);
        return;
    }
    changed(call, "xgroup-create");
    reply_ok(call->reply);
}

static void do_xgroup_setid(struct call *call)
{
    struct stream *s;
    struct stream_group *g;
    struct stream_id id;
    bool make;
    long long read;
    if (!parse_options(call, false, &make, &read) || !need_stream(call, &s) ||
        !need_group(call, s, &g) || !parse_start(call, s, false, &id))
        return;
    stream_group_set_position(g, id, read);
    if (g->policy) /* waiting readers may find something; pushes do not poll */
        db_ready(call->db, call->argv[2]);
    changed(call, "xgroup-setid");
    reply_ok(call->reply);
}

static void do_xgroup_destroy(struct call *call)
{
    struct stream *s;
    struct bytes key = call->argv[2];
    if (!need_stream(call, &s))
        return;
    struct stream_group *g = stream_find_group(s, call->argv[3]);
    bool had_policy = g && g->policy;
    if (had_policy)
        broker_watch_drop(g, BROKER_WATCH_GROUP_GOES);
    bool gone = stream_remove_group(s, call->argv[3]);
    if (had_policy)
        broker_policy_changed(call->engine->broker, call->db, db_find(call->db, key), NULL, false);
    if (gone) {
        changed(call, "xgroup-destroy");
        db_ready(call->db, key);
    }
    reply_int(call->reply, gone);
}

static void do_xgroup_createconsumer(struct call *call)
{
    struct stream *s;
    struct stream_group *g;
    if (!need_stream(call, &s) || !need_group(call, s, &g))
        return;
    bool made = stream_group_add_consumer(g, call->argv[4], stream_args_now(call, g)) != NULL;
    if (made) {
        changed(call, "xgroup-createconsumer");
    }
    reply_int(call->reply, made);
}

/* Releases the consumer's entries; the group has a policy. */
static uint64_t release(struct call *call, struct stream *s, struct stream_group *g,
                        const struct stream_consumer *c)
{
    struct broker_group at = broker_act_in(call, call->argv[2], s, g);
    uint64_t n = broker_retry_delete_consumer(&at, c);
    helpers_effect_from(call, BYTES("XGROUP"), 1);
    return n;
}

static void do_xgroup_delconsumer(struct call *call)
{
    struct stream *s;
    struct stream_group *g;
    uint64_t pending = 0;
    if (!need_stream(call, &s) || !need_group(call, s, &g))
        return;
    struct stream_consumer *c = stream_group_consumer(g, call->argv[4]);
    if (c) {
        if (g->policy && !call_is_replay(call))
            pending = release(call, s, g, c);
        broker_presence_forget(g, c);
        broker_consume_forget(g, c);
        pending += stream_group_remove_consumer(g, c);
        changed(call, "xgroup-delconsumer");
    }
    reply_int(call->reply, (long long)pending);
}

static void do_xgroup_help(struct call *call)
{
    helpers_help(call, &xgroup_command);
}

static const struct command xgroup_create_command = {
    .name = "create",
    .full_name = "xgroup|create",
    .usage = "key:key group:string <id:string | '$'> [MKSTREAM] [ENTRIESREAD entries-read:int]",
    .summary = "Creates a consumer group.",
    .since = "5.0.0",
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = -5,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_xgroup_create,
};
static const struct command xgroup_setid_command = {
    .name = "setid",
    .full_name = "xgroup|setid",
    .usage = "key:key group:string <id:string | '$'> [ENTRIESREAD entries-read:int]",
    .summary = "Sets the last-delivered ID of a group.",
    .since = "5.0.0",
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = -5,
    .flags = COMMAND_WRITE,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xgroup_setid,
};
static const struct command xgroup_destroy_command = {
    .name = "destroy",
    .full_name = "xgroup|destroy",
    .usage = "key:key group:string",
    .summary = "Deletes a group and its pending entries.",
    .since = "5.0.0",
    .complexity = "O(N) with N the pending entries",
    .group = GROUP_STREAM,
    .arity = 4,
    .flags = COMMAND_WRITE,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_xgroup_destroy,
};
static const struct command xgroup_createconsumer_command = {
    .name = "createconsumer",
    .full_name = "xgroup|createconsumer",
    .usage = "key:key group:string consumer:string",
    .summary = "Creates a consumer.",
    .since = "6.2.0",
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = 5,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_xgroup_createconsumer,
};
static const struct command xgroup_delconsumer_command = {
    .name = "delconsumer",
    .full_name = "xgroup|delconsumer",
    .usage = "key:key group:string consumer:string",
    .summary =
        "Deletes a consumer. Its pending entries are released if the group has a policy, and "
        "otherwise no longer pending.",
    .since = "5.0.0",
    .complexity = "O(N) with N the pending entries of the group",
    .group = GROUP_STREAM,
    .arity = 5,
    .flags = COMMAND_WRITE,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_xgroup_delconsumer,
};
static const struct command xgroup_help_command = {
    .name = "help",
    .full_name = "xgroup|help",
    .usage = "",
    .summary = "Lists the subcommands.",
    .since = "5.0.0",
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = 2,
    .flags = COMMAND_LOADING | COMMAND_STALE,
    .handler = do_xgroup_help,
};

static const struct command *const xgroup_subcommands[] = {&xgroup_create_command,
                                                           &xgroup_createconsumer_command,
                                                           &xgroup_delconsumer_command,
                                                           &xgroup_destroy_command,
                                                           &xgroup_help_command,
                                                           &xgroup_setid_command,
                                                           NULL};

const struct command xgroup_command = {
    .name = "xgroup",
    .usage = "",
    .summary = "Manages consumer groups.",
    .since = "5.0.0",
    .complexity = "Depends on the subcommand.",
    .group = GROUP_STREAM,
    .arity = -2,
    .subcommands = xgroup_subcommands,
};
