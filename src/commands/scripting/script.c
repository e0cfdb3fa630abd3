/* SCRIPT: the script cache. */
#include "commands/index.h"

#include "script/scripting.h"

static void do_script_load(struct call *call)
{
    struct script *x = scripting_add(call->engine->scripting, call->argv[2], true, call->reply);
    if (x)
        reply_bulk_text(call->reply, scripting_digest(x));
}

static void do_script_exists(struct call *call)
{
    reply_array(call->reply, (size_t)call->argc - 2);
    for (int i = 2; i < call->argc; i++)
        reply_int(call->reply, scripting_find(call->engine->scripting, call->argv[i]) != NULL);
}

static void do_script_flush(struct call *call)
{
    bool known =
        call->argc == 2 ||
        (call->argc == 3 && (bytes_is(call->argv[2], "sync") || bytes_is(call->argv[2], "async")));
    if (!known) {
        reply_errorf(call->reply, "ERR SCRIPT FLUSH only support SYNC|ASYNC option");
        return;
    }
    scripting_flush(call->engine->scripting);
    reply_ok(call->reply);
}

static void do_script_kill(struct call *call)
{
    if (scripting_kill(call->engine->scripting, false, call->reply))
        reply_ok(call->reply);
}

static void do_script_show(struct call *call)
{
    struct script *x = scripting_find(call->engine->scripting, call->argv[2]);
    if (x)
        reply_bulk(call->reply, scripting_text(x));
    else
        call_error(call, ERR_NOSCRIPT);
}

static void do_script_debug(struct call *call)
{
    if (bytes_is(call->argv[2], "no"))
        reply_ok(call->reply);
    else if (bytes_is(call->argv[2], "yes") || bytes_is(call->argv[2], "sync"))
        reply_errorf(call->reply, "ERR there is no script debugger in this server");
    else
        reply_errorf(call->reply, "ERR Use SCRIPT DEBUG YES/SYNC/NO");
}

static void do_script_help(struct call *call)
{
    helpers_help(call, &script_command);
}

static const struct command script_load_command = {
    .name = "load",
    .full_name = "script|load",
    .usage = "script:string",
    .summary = "Adds a script to the cache and returns its SHA1 digest.",
    .since = "2.6.0",
    .complexity = "O(N) with N the script's length",
    .tips = "request_policy:all_nodes response_policy:all_succeeded",
    .group = GROUP_SCRIPTING,
    .arity = 3,
    .flags = COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_script_load,
};
static const struct command script_exists_command = {
    .name = "exists",
    .full_name = "script|exists",
    .usage = "sha1:string...",
    .summary = "Returns which scripts are cached.",
    .since = "2.6.0",
    .complexity = "O(N) with N the digests",
    .tips = "request_policy:all_shards response_policy:agg_logical_and",
    .group = GROUP_SCRIPTING,
    .arity = -3,
    .flags = COMMAND_NOSCRIPT | COMMAND_UNTRACKED,
    .handler = do_script_exists,
};
static const struct command script_flush_command = {
    .name = "flush",
    .full_name = "script|flush",
    .usage = "[<ASYNC | SYNC>]",
    .summary = "Empties the script cache.",
    .since = "2.6.0",
    .complexity = "O(N) with N the scripts",
    .tips = "request_policy:all_nodes response_policy:all_succeeded",
    .group = GROUP_SCRIPTING,
    .arity = -2,
    .flags = COMMAND_NOSCRIPT | COMMAND_UNTRACKED,
    .handler = do_script_flush,
};
static const struct command script_kill_command = {
    .name = "kill",
    .full_name = "script|kill",
    .usage = "",
    .summary = "Stops the running script.",
    .since = "2.6.0",
    .complexity = "O(1)",
    .tips = "request_policy:all_shards response_policy:one_succeeded",
    .group = GROUP_SCRIPTING,
    .arity = 2,
    .flags = COMMAND_NOSCRIPT | COMMAND_ALLOW_BUSY | COMMAND_UNTRACKED,
    .handler = do_script_kill,
};
static const struct command script_show_command = {
    .name = "show",
    .full_name = "script|show",
    .usage = "sha1:string",
    .summary = "Returns the source of a cached script.",
    .since = "8.0.0",
    .complexity = "O(1)",
    .group = GROUP_SCRIPTING,
    .arity = 3,
    .flags = COMMAND_NOSCRIPT | COMMAND_UNTRACKED,
    .handler = do_script_show,
};
static const struct command script_debug_command = {
    .name = "debug",
    .full_name = "script|debug",
    .usage = "<YES | SYNC | NO>",
    .summary = "Not supported: only NO is accepted.",
    .since = "3.2.0",
    .complexity = "O(1)",
    .group = GROUP_SCRIPTING,
    .arity = 3,
    .flags = COMMAND_NOSCRIPT | COMMAND_UNTRACKED,
    .handler = do_script_debug,
};
static const struct command script_help_command = {
    .name = "help",
    .full_name = "script|help",
    .usage = "",
    .summary = "Lists the subcommands.",
    .since = "5.0.0",
    .complexity = "O(1)",
    .group = GROUP_SCRIPTING,
    .arity = 2,
    .flags = COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_script_help,
};

static const struct command *const script_subcommands[] = {
    &script_debug_command, &script_exists_command, &script_flush_command, &script_help_command,
    &script_kill_command,  &script_load_command,   &script_show_command,  NULL};

const struct command script_command = {
    .name = "script",
    .usage = "",
    .summary = "Manages the script cache.",
    .since = "2.6.0",
    .complexity = "Depends on the subcommand.",
    .group = GROUP_SCRIPTING,
    .arity = -2,
    .subcommands = script_subcommands,
};
