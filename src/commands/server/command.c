/* COMMAND: the commands, as described by their constants.
 *
 * Nothing is listed twice: INFO (command_info.c) prints flags, categories and key specs of struct
 * command, DOCS (command_docs.c) its texts and the parsed usage line; GETKEYS uses keys_find(), as
 * rights and tracking do. Commands removed by rename-command are not shown, renamed ones under
 * their original name.
 *
 * What can fail: INFO and DOCS of an unknown command are null or nothing, not an error; GETKEYS has
 * different errors for an unknown command, one without keys, a wrong number of arguments, and
 * arguments that keys_find() cannot parse. */
#include "commands/index.h"

#include "base/glob.h"
#include "command/categories.h"
#include "command/keys.h"
#include "command/usage.h"
#include "commands/server/command_docs.h"
#include "commands/server/command_info.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void text(struct reply *r, const char *name)
{
    reply_bulk_text(r, name);
}

static size_t count_all(const struct registry *g)
{
    size_t n = 0;
    for (const struct command *const *c = registry_all(g); *c; c++)
        n += registry_is_reachable(g, *c);
    return n;
}

static void do_command(struct call *call)
{
    reply_array(call->reply, count_all(call->engine->registry));
    for (const struct command *const *c = registry_all(call->engine->registry); *c; c++)
        if (registry_is_reachable(call->engine->registry, *c))
            command_info_reply(call->reply, *c);
}

static void do_command_count(struct call *call)
{
    reply_int(call->reply, (long long)count_all(call->engine->registry));
}

static void do_command_info(struct call *call)
{
    if (call->argc == 2) {
        do_command(call);
        return;
    }
    reply_array(call->reply, (size_t)call->argc - 2);
    for (int i = 2; i < call->argc; i++) {
        const struct command *c = registry_find_full(call->engine->registry, call->argv[i]);
        if (c)
            command_info_reply(call->reply, c);
        else
            reply_null(call->reply);
    }
}

static void do_command_docs(struct call *call)
{
    struct registry *g = call->engine->registry;
    if (call->argc == 2) {
        reply_map(call->reply, count_all(g));
        for (const struct command *const *c = registry_all(g); *c; c++)
            if (registry_is_reachable(g, *c))
                command_docs_reply(call->reply, *c);
        return;
    }
    size_t n = 0;
    for (int i = 2; i < call->argc; i++)
        n += registry_find_full(g, call->argv[i]) != NULL;
    reply_map(call->reply, n);
    for (int i = 2; i < call->argc; i++) {
        const struct command *c = registry_find_full(g, call->argv[i]);
        if (c)
            command_docs_reply(call->reply, c);
    }
}

enum list_filter { LIST_ALL, LIST_PATTERN, LIST_CATEGORY, LIST_MODULE };

static bool is_listed(const struct command *c, enum list_filter filter, struct bytes wanted)
{
    switch (filter) {
    case LIST_PATTERN:
        return glob_match_nocase(wanted, bytes_text(command_full_name(c)));
    case LIST_CATEGORY:
        return categories_has(c, wanted);
    case LIST_MODULE:
        return false; /* there are none */
    default:
        return true;
    }
}

static size_t list(struct call *call, const struct command *const *all, enum list_filter filter,
                   struct bytes wanted)
{
    size_t n = 0;
    for (; all && *all; all++) {
        if (!registry_is_reachable(call->engine->registry, *all))
            continue;
        if (is_listed(*all, filter, wanted)) {
            text(call->reply, command_full_name(*all));
            n++;
        }
        n += list(call, (*all)->subcommands, filter, wanted);
    }
    return n;
}

static void do_command_list(struct call *call)
{
    static const struct {
        const char *name;
        enum list_filter filter;
    } filters[] = {{"pattern", LIST_PATTERN}, {"aclcat", LIST_CATEGORY}, {"module", LIST_MODULE}};
    struct chain aside = {0};
    struct bytes wanted = {0};
    enum list_filter filter = LIST_ALL;
    if (call->argc == 5 && bytes_is(call->argv[2], "filterby"))
        for (size_t i = 0; i < COUNT(filters); i++)
            if (bytes_is(call->argv[3], filters[i].name))
                filter = filters[i].filter;
    if (call->argc != 2 && filter == LIST_ALL) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (filter != LIST_ALL)
        wanted = call->argv[4];
    reply_later_begin(call->reply, &aside);
    size_t n = list(call, registry_all(call->engine->registry), filter, wanted);
    reply_later_end(call->reply, '*', n);
}

static void get_keys(struct call *call, bool with_flags)
{
    const struct bytes *argv = call->argv + 2;
    int argc = call->argc - 2;
    const struct command *c = registry_find(call->engine->registry, argv[0]);
    if (c && c->subcommands && argc > 1)
        c = registry_subcommand(c, argv[1]);
    if (!c) {
        reply_errorf(call->reply, "ERR Invalid command specified");
        return;
    }
    if (!keys_possible(c)) {
        reply_errorf(call->reply, "ERR The command has no key arguments");
        return;
    }
    if (!command_arity_fits(c, argc)) {
        reply_errorf(call->reply, "ERR Invalid number of arguments specified for command");
        return;
    }
    struct keys keys;
    keys_find(&keys, c, argv, argc);
    if (!keys.n && !(c->flags & COMMAND_NO_MANDATORY_KEYS)) {
        reply_errorf(call->reply, "ERR Invalid arguments specified for command");
    } else {
        reply_array(call->reply, (size_t)keys.n);
        for (int i = 0; i < keys.n; i++) {
            if (with_flags)
                reply_array(call->reply, 2);
            reply_bulk(call->reply, argv[keys.at[i].index]);
            if (with_flags)
                command_info_reply_key_flags(call->reply, keys.at[i].flags);
        }
    }
    keys_free(&keys);
}

static void do_command_getkeys(struct call *call)
{
    get_keys(call, false);
}

static void do_command_getkeysandflags(struct call *call)
{
    get_keys(call, true);
}

static void do_command_help(struct call *call)
{
    helpers_help(call, &command_command);
}

static const struct command command_count_command = {
    .name = "count",
    .full_name = "command|count",
    .usage = "",
    .summary = "Returns the number of commands.",
    .since = "2.8.13",
    .complexity = "O(1)",
    .categories = "@connection",
    .group = GROUP_SERVER,
    .arity = 2,
    .flags = COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_command_count,
};

static const struct command command_info_command = {
    .name = "info",
    .full_name = "command|info",
    .usage = "[command-name:string...]",
    .summary = "Returns information about commands, for clients.",
    .since = "2.8.13",
    .complexity = "O(N) with N the commands asked for",
    .tips = "nondeterministic_output_order",
    .categories = "@connection",
    .group = GROUP_SERVER,
    .arity = -2,
    .flags = COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_command_info,
};

static const struct command command_docs_command = {
    .name = "docs",
    .full_name = "command|docs",
    .usage = "[command-name:string...]",
    .summary = "Returns the documentation of commands.",
    .since = "7.0.0",
    .complexity = "O(N) with N the commands asked for",
    .tips = "nondeterministic_output_order",
    .categories = "@connection",
    .group = GROUP_SERVER,
    .arity = -2,
    .flags = COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_command_docs,
};

static const struct command command_list_command = {
    .name = "list",
    .full_name = "command|list",
    .usage = "[FILTERBY PATTERN pattern:pattern]",
    .summary = "Lists the names of commands.",
    .since = "7.0.0",
    .complexity = "O(N) with N the commands",
    .tips = "nondeterministic_output_order",
    .categories = "@connection",
    .group = GROUP_SERVER,
    .arity = -2,
    .flags = COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_command_list,
};

static const struct command command_getkeys_command = {
    .name = "getkeys",
    .full_name = "command|getkeys",
    .usage = "command:string [arg:string...]",
    .summary = "Returns the keys of a full command.",
    .since = "2.8.13",
    .complexity = "O(N) with N the arguments",
    .categories = "@connection",
    .group = GROUP_SERVER,
    .arity = -3,
    .flags = COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_command_getkeys,
};

static const struct command command_getkeysandflags_command = {
    .name = "getkeysandflags",
    .full_name = "command|getkeysandflags",
    .usage = "command:string [arg:string...]",
    .summary = "Returns the keys of a full command and how each is accessed.",
    .since = "7.0.0",
    .complexity = "O(N) with N the arguments",
    .categories = "@connection",
    .group = GROUP_SERVER,
    .arity = -3,
    .flags = COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_command_getkeysandflags,
};

static const struct command command_help_command = {
    .name = "help",
    .full_name = "command|help",
    .usage = "",
    .summary = "Lists the subcommands.",
    .since = "5.0.0",
    .complexity = "O(1)",
    .categories = "@connection",
    .group = GROUP_SERVER,
    .arity = 2,
    .flags = COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_command_help,
};

static const struct command *const command_subcommands[] = {
    &command_count_command,   &command_docs_command,
    &command_getkeys_command, &command_getkeysandflags_command,
    &command_help_command,    &command_info_command,
    &command_list_command,    NULL};

const struct command command_command = {
    .name = "command",
    .usage = "",
    .summary = "Returns information about all commands.",
    .since = "2.8.13",
    .complexity = "O(N) with N the commands",
    .tips = "nondeterministic_output_order",
    .categories = "@connection",
    .group = GROUP_SERVER,
    .arity = -1,
    .flags = COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,
    .subcommands = command_subcommands,
    .handler = do_command,
};
