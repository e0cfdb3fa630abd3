/* CLIENT: inspecting and controlling connections.
 *
 * Subcommands about the own connection set a flag or text of struct client, on which engine/ acts:
 * REPLY (CLIENT_REPLY_OFF, CLIENT_REPLY_SKIP), NO-EVICT, NO-TOUCH, DURABLE (replies wait for
 * fsync), SETNAME, SETINFO. LIST, INFO and KILL are in client_list.c, TRACKING and related
 * subcommands in client_tracking.c; their constants are here, so that this file has the whole
 * container.
 *
 * What can fail: DURABLE needs an append-only file; REPLY OFF and SKIP are refused within EXEC,
 * whose array has a fixed number of replies; PAUSE takes milliseconds that must not overflow the
 * steady clock. UNBLOCK ends the wait of another client, which then gets its null or an error. */
#include "commands/index.h"

#include "base/num.h"
#include "commands/connection/client_list.h"
#include "commands/connection/client_name.h"
#include "commands/connection/client_tracking.h"
#include "engine/block.h"
#include "engine/pause.h"

static void do_client_id(struct call *call)
{
    reply_int(call->reply, (long long)call->client->id);
}

static void do_client_getname(struct call *call)
{
    if (call->client->name)
        reply_bulk_str(call->reply, call->client->name);
    else
        reply_null(call->reply);
}

static void do_client_setname(struct call *call)
{
    if (!client_name_check(call, call->argv[2]))
        return;
    client_name_set(call->client, call->argv[2]);
    reply_ok(call->reply);
}

static void do_client_setinfo(struct call *call)
{
    struct bytes what = call->argv[2], value = call->argv[3];
    struct client *c = call->client;
    struct str **to = bytes_is(what, "lib-name")  ? &c->lib_name
                      : bytes_is(what, "lib-ver") ? &c->lib_version
                                                  : NULL;
    if (!to) {
        reply_errorf(call->reply, "ERR Unrecognized option '%.*s'", (int)what.n, what.p);
        return;
    }
    if (!client_name_is_printable(value)) {
        reply_errorf(call->reply, "ERR %s cannot contain spaces, newlines or special characters.",
                     to == &c->lib_name ? "lib-name" : "lib-ver");
        return;
    }
    client_set_text(c, to, value.n ? str_new(value) : NULL);
    reply_ok(call->reply);
}

static void do_client_unblock(struct call *call)
{
    long long id;
    bool with_error = false;
    if (call->argc > 4) {
        helpers_bad_subcommand(call);
        return;
    }
    if (call->argc == 4) {
        if (bytes_is(call->argv[3], "error")) {
            with_error = true;
        } else if (!bytes_is(call->argv[3], "timeout")) {
            reply_errorf(call->reply, "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
            return;
        }
    }
    if (!call_int(call, 2, &id))
        return;
    struct client *c = client_by_id(call->engine, (uint64_t)id);
    reply_int(call->reply, c && block_end(c, with_error));
}

static void do_client_pause(struct call *call)
{
    long long span;
    bool writes_only = false;
    if (call->argc == 4) {
        if (bytes_is(call->argv[3], "write")) {
            writes_only = true;
        } else if (!bytes_is(call->argv[3], "all")) {
            reply_errorf(call->reply, "ERR CLIENT PAUSE mode must be WRITE or ALL");
            return;
        }
    }
    if (!num_parse_int(call->argv[2], &span)) {
        call_error(call, ERR_TIMEOUT_INT);
        return;
    }
    if (span < 0) {
        call_error(call, ERR_TIMEOUT_NEGATIVE);
        return;
    }
    if (!num_add(span, call->engine->steady_ms, &span)) {
        call_error(call, ERR_TIMEOUT_RANGE);
        return;
    }
    pause_begin(call->engine, span, writes_only);
    reply_ok(call->reply);
}

static void do_client_unpause(struct call *call)
{
    pause_end(call->engine);
    reply_ok(call->reply);
}

static void do_client_reply(struct call *call)
{
    struct client *c = call->client;
    struct bytes word = call->argv[2];
    if (bytes_is(word, "on")) {
        c->flags &= ~(unsigned)(CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP);
        c->reply.out = &c->out;
        reply_ok(call->reply);
    } else if ((c->flags & CLIENT_IN_EXEC) && (bytes_is(word, "off") || bytes_is(word, "skip"))) {
        /* EXEC has announced the number of replies. */
        reply_errorf(call->reply, "ERR CLIENT REPLY OFF and SKIP are not possible inside a "
                                  "transaction");
    } else if (bytes_is(word, "off")) {
        c->flags |= CLIENT_REPLY_OFF;
    } else if (bytes_is(word, "skip")) {
        if (!(c->flags & CLIENT_REPLY_OFF))
            c->flags |= CLIENT_REPLY_SKIP;
    } else {
        call_error(call, ERR_SYNTAX);
    }
}

static bool on_or_off(struct call *call, bool *on)
{
    *on = bytes_is(call->argv[2], "on");
    if (*on || bytes_is(call->argv[2], "off"))
        return true;
    call_error(call, ERR_SYNTAX);
    return false;
}

static void set_flag(struct call *call, unsigned flag)
{
    bool on;
    if (!on_or_off(call, &on))
        return;
    if (on)
        call->client->flags |= flag;
    else
        call->client->flags &= ~flag;
    reply_ok(call->reply);
}

static void do_client_no_evict(struct call *call)
{
    set_flag(call, CLIENT_NO_EVICT);
}

static void do_client_no_touch(struct call *call)
{
    set_flag(call, CLIENT_NO_TOUCH);
}

static void do_client_durable(struct call *call)
{
    if (!call->engine->gate.promise.open && bytes_is(call->argv[2], "on")) {
        call_error(call, ERR_NOT_DURABLE);
        return;
    }
    set_flag(call, CLIENT_DURABLE);
}

static void do_client_help(struct call *call)
{
    helpers_help(call, &client_command);
}

static const struct command client_id_command = {
    .name = "id",
    .full_name = "client|id",
    .usage = "",
    .summary = "Returns the ID of the connection.",
    .since = "5.0.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 2,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED,
    .handler = do_client_id,
};

static const struct command client_getname_command = {
    .name = "getname",
    .full_name = "client|getname",
    .usage = "",
    .summary = "Returns the name of the connection.",
    .since = "2.6.9",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 2,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED,
    .handler = do_client_getname,
};

static const struct command client_setname_command = {
    .name = "setname",
    .full_name = "client|setname",
    .usage = "connection-name:string",
    .summary = "Sets the name of the connection.",
    .since = "2.6.9",
    .complexity = "O(1)",
    .tips = "request_policy:all_nodes response_policy:all_succeeded",
    .group = GROUP_CONNECTION,
    .arity = 3,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED,
    .of_connection = true,
    .handler = do_client_setname,
};

static const struct command client_setinfo_command = {
    .name = "setinfo",
    .full_name = "client|setinfo",
    .usage = "attr:string value:string",
    .summary = "Sets the name or version of the client library.",
    .since = "7.2.0",
    .complexity = "O(1)",
    .tips = "request_policy:all_nodes response_policy:all_succeeded",
    .group = GROUP_CONNECTION,
    .arity = 4,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED,
    .of_connection = true,
    .handler = do_client_setinfo,
};

static const struct command client_info_command = {
    .name = "info",
    .full_name = "client|info",
    .usage = "",
    .summary = "Returns information about this connection.",
    .since = "6.2.0",
    .complexity = "O(1)",
    .tips = "nondeterministic_output",
    .group = GROUP_CONNECTION,
    .arity = 2,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED,
    .handler = client_list_do_info,
};

static const struct command client_list_command = {
    .name = "list",
    .full_name = "client|list",
    .usage = "[TYPE <normal | master | replica | pubsub>] [ID client-id:int...]",
    .summary = "Lists connections.",
    .since = "2.4.0",
    .complexity = "O(N) with N the connections",
    .tips = "nondeterministic_output",
    .group = GROUP_CONNECTION,
    .arity = -2,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_ADMIN | COMMAND_LOADING | COMMAND_NOSCRIPT |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = client_list_do_list,
};

static const struct command client_kill_command = {
    .name = "kill",
    .full_name = "client|kill",
    .usage = "(filter:string value:string)...",
    .summary = "Closes connections.",
    .since = "2.4.0",
    .complexity = "O(N) with N the connections",
    .group = GROUP_CONNECTION,
    .arity = -3,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_ADMIN | COMMAND_LOADING | COMMAND_NOSCRIPT |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = client_list_do_kill,
};

static const struct command client_unblock_command = {
    .name = "unblock",
    .full_name = "client|unblock",
    .usage = "client-id:int [<TIMEOUT | ERROR>]",
    .summary = "Unblocks a blocked client.",
    .since = "5.0.0",
    .complexity = "O(log N) with N the connections",
    .group = GROUP_CONNECTION,
    .arity = -3,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_ADMIN | COMMAND_LOADING | COMMAND_NOSCRIPT |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_client_unblock,
};

static const struct command client_pause_command = {
    .name = "pause",
    .full_name = "client|pause",
    .usage = "timeout:int [<WRITE | ALL>]",
    .summary = "Suspends the processing of commands for a time.",
    .since = "2.9.50",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = -3,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_ADMIN | COMMAND_LOADING | COMMAND_NOSCRIPT |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_client_pause,
};

static const struct command client_unpause_command = {
    .name = "unpause",
    .full_name = "client|unpause",
    .usage = "",
    .summary = "Resumes the processing of commands.",
    .since = "6.2.0",
    .complexity = "O(N) with N the paused clients",
    .group = GROUP_CONNECTION,
    .arity = 2,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_ADMIN | COMMAND_LOADING | COMMAND_NOSCRIPT |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_client_unpause,
};

static const struct command client_reply_command = {
    .name = "reply",
    .full_name = "client|reply",
    .usage = "<ON | OFF | SKIP>",
    .summary = "Sets whether this connection gets replies.",
    .since = "3.2.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 3,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED,
    .of_connection = true,
    .handler = do_client_reply,
};

static const struct command client_no_evict_command = {
    .name = "no-evict",
    .full_name = "client|no-evict",
    .usage = "<ON | OFF>",
    .summary = "Exempts this connection from client eviction.",
    .since = "7.0.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 3,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_ADMIN | COMMAND_LOADING | COMMAND_NOSCRIPT |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .of_connection = true,
    .handler = do_client_no_evict,
};

static const struct command client_no_touch_command = {
    .name = "no-touch",
    .full_name = "client|no-touch",
    .usage = "<ON | OFF>",
    .summary = "Sets whether this connection leaves the LRU and LFU statistics of keys unchanged.",
    .since = "7.2.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 3,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED,
    .of_connection = true,
    .handler = do_client_no_touch,
};

static const struct command client_durable_command = {
    .name = "durable",
    .full_name = "client|durable",
    .usage = "<ON | OFF>",
    .summary = "Delays replies to this connection's writes until they are synced to disk.",
    .since = "0.1.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 3,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_FAST | COMMAND_LOADING | COMMAND_NOSCRIPT |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .of_connection = true,
    .handler = do_client_durable,
};

static const struct command client_getredir_command = {
    .name = "getredir",
    .full_name = "client|getredir",
    .usage = "",
    .summary = "Returns the client to which invalidation messages are redirected.",
    .since = "6.0.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 2,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED,
    .handler = client_tracking_do_getredir,
};

static const struct command client_tracking_command = {
    .name = "tracking",
    .full_name = "client|tracking",
    .usage =
        "<ON | OFF> [REDIRECT client-id:int] [PREFIX prefix:string]... [BCAST] [OPTIN] [OPTOUT] "
        "[NOLOOP]",
    .summary = "Enables or disables invalidation messages for client-side caching.",
    .since = "6.0.0",
    .complexity = "O(1), and some for each key that is read",
    .group = GROUP_CONNECTION,
    .arity = -3,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED,
    .of_connection = true,
    .handler = client_tracking_do_tracking,
};

static const struct command client_caching_command = {
    .name = "caching",
    .full_name = "client|caching",
    .usage = "<YES | NO>",
    .summary = "Sets whether keys read by the next command are tracked.",
    .since = "6.0.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 3,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED,
    .of_connection = true,
    .handler = client_tracking_do_caching,
};

static const struct command client_trackinginfo_command = {
    .name = "trackinginfo",
    .full_name = "client|trackinginfo",
    .usage = "",
    .summary = "Returns the tracking state of this connection.",
    .since = "6.2.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 2,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE |
             COMMAND_UNTRACKED,
    .handler = client_tracking_do_trackinginfo,
};

static const struct command client_help_command = {
    .name = "help",
    .full_name = "client|help",
    .usage = "",
    .summary = "Lists the subcommands.",
    .since = "5.0.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = 2,
    .flags = COMMAND_KEEPS_CACHING | COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_client_help,
};

static const struct command *const client_subcommands[] = {
    &client_caching_command,      &client_tracking_command,
    &client_trackinginfo_command, &client_getname_command,
    &client_getredir_command,     &client_help_command,
    &client_id_command,           &client_info_command,
    &client_kill_command,         &client_list_command,
    &client_no_evict_command,     &client_no_touch_command,
    &client_durable_command,      &client_pause_command,
    &client_reply_command,        &client_setinfo_command,
    &client_setname_command,      &client_unblock_command,
    &client_unpause_command,      NULL};

const struct command client_command = {
    .name = "client",
    .usage = "",
    .summary = "Inspects and manages connections.",
    .since = "2.4.0",
    .complexity = "Depends on the subcommand.",
    .group = GROUP_CONNECTION,
    .arity = -2,
    .subcommands = client_subcommands,
};
