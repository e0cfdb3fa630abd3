/* MODULE: modules are not supported; the list is empty. */
#include "commands/index.h"

static void do_module_list(struct call *call)
{
    reply_array(call->reply, 0);
}

/* Replies like Redis while enable-module-command forbids loading; else loading fails, too. */
static void do_module_load(struct call *call)
{
    if (!helpers_is_allowed(call, call->engine->settings->enable_module_command))
        reply_errorf(call->reply,
                     "ERR MODULE command not allowed. If the enable-module-command option is set "
                     "to \"local\", you can run it from a local connection, otherwise you need to "
                     "set this option in the configuration file, and then restart the server.");
    else
        reply_errorf(call->reply, "ERR there are no modules: this server can't load any");
}

static void do_module_help(struct call *call)
{
    helpers_help(call, &module_command);
}

#define SUB(word, count, version, text, args, advice, bits, function)                              \
    static const struct command module_##word##_command = {                                        \
        .name = #word,                                                                             \
        .full_name = "module|" #word,                                                              \
        .usage = args,                                                                             \
        .summary = text,                                                                           \
        .since = version,                                                                          \
        .complexity = "O(1)",                                                                      \
        .tips = advice,                                                                            \
        .group = GROUP_SERVER,                                                                     \
        .arity = count,                                                                            \
        .flags = (bits) | COMMAND_UNTRACKED,                                                       \
        .handler = function,                                                                       \
    }

#define LOADS (COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_NO_ASYNC_LOADING)

SUB(help, 2, "5.0.0", "Lists the subcommands.", "", NULL, COMMAND_LOADING | COMMAND_STALE,
    do_module_help);
SUB(list, 2, "4.0.0", "Lists modules: none.", "", "nondeterministic_output_order",
    COMMAND_ADMIN | COMMAND_NOSCRIPT, do_module_list);
SUB(load, -3, "4.0.0", "Loads a module: not supported.", "path:string [arg:string...]", NULL, LOADS,
    do_module_load);
SUB(loadex, -3, "7.0.0", "Loads a module: not supported.",
    "path:string [(CONFIG name:string value:string)...] [ARGS arg:string...]", NULL, LOADS,
    do_module_load);
SUB(unload, 3, "4.0.0", "Unloads a module: not supported.", "name:string", NULL, LOADS,
    do_module_load);

static const struct command *const module_subcommands[] = {
    &module_help_command,   &module_list_command,   &module_load_command,
    &module_loadex_command, &module_unload_command, NULL};

const struct command module_command = {
    .name = "module",
    .usage = "",
    .summary = "Module commands; modules are not supported.",
    .since = "4.0.0",
    .complexity = "Depends on the subcommand.",
    .group = GROUP_SERVER,
    .arity = -2,
    .subcommands = module_subcommands,
};
