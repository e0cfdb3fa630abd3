/* COMMAND: what there is, as the constants say it. */
#include "commands/index.h"

#include "base/glob.h"
#include "base/mem.h"
#include "command/categories.h"
#include "command/keys.h"
#include "command/usage.h"

#include <stdio.h>

#include <ctype.h>

static const struct {
    uint32_t flag;
    const char *name;
} flag_names[] = {
    {COMMAND_WRITE, "write"},
    {COMMAND_READONLY, "readonly"},
    {COMMAND_DENYOOM, "denyoom"},
    {COMMAND_ADMIN, "admin"},
    {COMMAND_PUBSUB, "pubsub"},
    {COMMAND_NOSCRIPT, "noscript"},
    {COMMAND_BLOCKING, "blocking"},
    {COMMAND_LOADING, "loading"},
    {COMMAND_STALE, "stale"},
    {COMMAND_SKIP_MONITOR, "skip_monitor"},
    {COMMAND_SKIP_SLOWLOG, "skip_slowlog"},
    {COMMAND_ASKING, "asking"},
    {COMMAND_FAST, "fast"},
    {COMMAND_NO_AUTH, "no_auth"},
    {COMMAND_NO_ASYNC_LOADING, "no_async_loading"},
    {COMMAND_NO_MULTI, "no_multi"},
    {COMMAND_MOVABLEKEYS, "movablekeys"},
    {COMMAND_ALLOW_BUSY, "allow_busy"},
    {COMMAND_NO_MANDATORY_KEYS, "no_mandatory_keys"},
};

static const struct {
    uint16_t flag;
    const char *name;
} key_flag_names[] = {
    {KEY_RO, "RO"},
    {KEY_RW, "RW"},
    {KEY_OW, "OW"},
    {KEY_RM, "RM"},
    {KEY_ACCESS, "access"},
    {KEY_UPDATE, "update"},
    {KEY_INSERT, "insert"},
    {KEY_DELETE, "delete"},
    {KEY_NOT_KEY, "not_key"},
    {KEY_INCOMPLETE, "incomplete"},
    {KEY_VARIABLE_FLAGS, "variable_flags"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void reply_flags(struct reply *r, uint32_t flags)
{
    size_t n = 0;
    for (size_t i = 0; i < COUNT(flag_names); i++)
        n += (flags & flag_names[i].flag) != 0;
    reply_set(r, n);
    for (size_t i = 0; i < COUNT(flag_names); i++)
        if (flags & flag_names[i].flag)
            reply_simple(r, flag_names[i].name);
}

static void reply_categories(struct reply *r, const struct command *c)
{
    struct bytes names[CATEGORIES_MOST];
    size_t n = categories_of(c, names);
    reply_set(r, n);
    for (size_t i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof(name), "@%.*s", (int)names[i].n, names[i].p);
        reply_simple(r, name);
    }
}

static void text(struct reply *r, const char *name)
{
    reply_bulk_text(r, name);
}

static void number(struct reply *r, const char *name, int v)
{
    text(r, name);
    reply_int(r, v);
}

static void reply_key_spec(struct reply *r, const struct key_spec *k)
{
    size_t n = 0;
    for (size_t i = 0; i < COUNT(key_flag_names); i++)
        n += (k->flags & key_flag_names[i].flag) != 0;
    reply_map(r, 3);
    text(r, "flags");
    reply_set(r, n);
    for (size_t i = 0; i < COUNT(key_flag_names); i++)
        if (k->flags & key_flag_names[i].flag)
            reply_simple(r, key_flag_names[i].name);
    if (k->unknown) {
        static const char *const parts[] = {"begin_search", "find_keys"};
        for (int i = 0; i < 2; i++) {
            text(r, parts[i]);
            reply_map(r, 2);
            text(r, "type");
            text(r, "unknown");
            text(r, "spec");
            reply_map(r, 0);
        }
        return;
    }
    text(r, "begin_search");
    reply_map(r, 2);
    text(r, "type");
    text(r, k->keyword ? "keyword" : "index");
    text(r, "spec");
    if (k->keyword) {
        reply_map(r, 2);
        text(r, "keyword");
        text(r, k->keyword);
        number(r, "startfrom", k->at);
    } else {
        reply_map(r, 1);
        number(r, "index", k->at);
    }
    text(r, "find_keys");
    reply_map(r, 2);
    text(r, "type");
    text(r, k->counted ? "keynum" : "range");
    text(r, "spec");
    reply_map(r, 3);
    if (k->counted) {
        number(r, "keynumidx", k->count_at);
        number(r, "firstkey", k->first);
        number(r, "keystep", k->step);
    } else {
        number(r, "lastkey", k->last);
        number(r, "keystep", k->step);
        number(r, "limit", k->limit);
    }
}

/* First key, last key, step as old clients want them. */
static void old_positions(const struct command *c, int *first, int *last, int *step)
{
    *first = *last = *step = 0;
    for (int i = 0; i < COMMAND_KEY_SPECS && c->keys[i].flags; i++) {
        const struct key_spec *k = &c->keys[i];
        if (k->keyword || k->counted || k->unknown)
            continue;
        int end = k->last < 0 ? k->last : k->at + k->last;
        if (*first == 0) {
            *first = k->at;
            *last = end;
            *step = k->step;
        } else if (*last >= 0 && (end < 0 || end > *last)) {
            *last = end;
        }
    }
}

static void reply_info(struct reply *r, const struct command *c)
{
    int first, last, step, specs = 0;
    size_t tips = 0, subs = 0;
    old_positions(c, &first, &last, &step);
    while (specs < COMMAND_KEY_SPECS && c->keys[specs].flags)
        specs++;
    for (const char *p = c->tips; p && *p; p = strchr(p, ' ') ? strchr(p, ' ') + 1 : "")
        tips++;
    for (const struct command *const *s = c->subcommands; s && *s; s++)
        subs++;
    reply_array(r, 10);
    text(r, command_full_name(c));
    reply_int(r, c->arity);
    reply_flags(r, c->flags);
    reply_int(r, first);
    reply_int(r, last);
    reply_int(r, step);
    reply_categories(r, c);
    reply_set(r, tips);
    for (const char *p = c->tips; p && *p;) {
        size_t n = strcspn(p, " ");
        reply_bulk(r, bytes_of(p, n));
        p += n + (p[n] == ' ');
    }
    reply_set(r, (size_t)specs);
    for (int i = 0; i < specs; i++)
        reply_key_spec(r, &c->keys[i]);
    reply_set(r, subs);
    for (const struct command *const *s = c->subcommands; s && *s; s++)
        reply_info(r, *s);
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
            reply_info(call->reply, *c);
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
            reply_info(call->reply, c);
        else
            reply_null(call->reply);
    }
}

/* Lower case, as the names of documented arguments are. */
static void reply_lower(struct reply *r, struct bytes x)
{
    char name[64];
    size_t n = x.n < sizeof(name) ? x.n : sizeof(name);
    for (size_t i = 0; i < n; i++)
        name[i] = (char)tolower((unsigned char)x.p[i]);
    reply_bulk(r, bytes_of(name, n));
}

static void reply_arguments(struct reply *r, const struct usage *u);

static void reply_argument(struct reply *r, const struct usage *u)
{
    static const struct {
        const char *ours, *theirs;
    } types[] = {{"key", "key"},       {"string", "string"},   {"int", "integer"},
                 {"double", "double"}, {"pattern", "pattern"}, {"unix-time", "unix-time"}};
    bool named = u->kind == USAGE_ARGUMENT, token = u->token.n > 0, parts = u->n > 0;
    size_t flags = (size_t)(u->optional + u->multiple);
    reply_map(r, 2 + (size_t)named + token + (flags > 0) + parts);
    text(r, "name");
    if (named)
        reply_lower(r, u->name);
    else if (u->kind == USAGE_TOKEN)
        reply_lower(r, u->token);
    else
        text(r, u->kind == USAGE_ONE_OF ? "choice" : "block");
    text(r, "type");
    if (named) {
        const char *type = "string";
        for (size_t i = 0; i < COUNT(types); i++)
            if (bytes_is(u->type, types[i].ours))
                type = types[i].theirs;
        text(r, type);
        text(r, "display_text");
        reply_lower(r, u->name);
    } else {
        text(r, u->kind == USAGE_TOKEN    ? "pure-token"
                : u->kind == USAGE_ONE_OF ? "oneof"
                                          : "block");
    }
    if (token) {
        text(r, "token");
        reply_bulk(r, u->token);
    }
    if (flags) {
        text(r, "flags");
        reply_set(r, flags);
        if (u->optional)
            reply_simple(r, "optional");
        if (u->multiple)
            reply_simple(r, "multiple");
    }
    if (parts) {
        text(r, "arguments");
        reply_arguments(r, u);
    }
}

static void reply_arguments(struct reply *r, const struct usage *u)
{
    reply_array(r, (size_t)u->n);
    for (int i = 0; i < u->n; i++)
        reply_argument(r, &u->parts[i]);
}

static void reply_docs(struct reply *r, const struct command *c)
{
    struct usage *u = usage_parse(c->usage);
    size_t subs = 0;
    for (const struct command *const *s = c->subcommands; s && *s; s++)
        subs++;
    text(r, command_full_name(c));
    reply_map(r, 4 + (size_t)(u->n > 0) + (subs > 0));
    text(r, "summary");
    text(r, c->summary);
    text(r, "since");
    text(r, c->since);
    text(r, "group");
    text(r, command_group_name(c->group));
    text(r, "complexity");
    text(r, c->complexity);
    if (u->n) {
        text(r, "arguments");
        reply_arguments(r, u);
    }
    usage_free(u);
    if (subs) {
        text(r, "subcommands");
        reply_map(r, subs);
        for (const struct command *const *s = c->subcommands; *s; s++)
            reply_docs(r, *s);
    }
}

static void do_command_docs(struct call *call)
{
    struct registry *g = call->engine->registry;
    if (call->argc == 2) {
        reply_map(call->reply, count_all(g));
        for (const struct command *const *c = registry_all(g); *c; c++)
            if (registry_is_reachable(g, *c))
                reply_docs(call->reply, *c);
        return;
    }
    size_t n = 0;
    for (int i = 2; i < call->argc; i++)
        n += registry_find_full(g, call->argv[i]) != NULL;
    reply_map(call->reply, n);
    for (int i = 2; i < call->argc; i++) {
        const struct command *c = registry_find_full(g, call->argv[i]);
        if (c)
            reply_docs(call->reply, c);
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

static void reply_key_flags(struct reply *r, unsigned flags)
{
    size_t n = 0;
    for (size_t k = 0; k < COUNT(key_flag_names); k++)
        n += (flags & key_flag_names[k].flag) != 0;
    reply_set(r, n);
    for (size_t k = 0; k < COUNT(key_flag_names); k++)
        if (flags & key_flag_names[k].flag)
            reply_simple(r, key_flag_names[k].name);
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
                reply_key_flags(call->reply, keys.at[i].flags);
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
    .summary = "Counts the commands.",
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
    .summary = "Describes commands for clients.",
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
    .summary = "Documents commands.",
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
    .summary = "Names the commands.",
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
    .summary = "Answers which arguments of a request are keys.",
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
    .summary = "Answers which arguments of a request are keys, and what is done to them.",
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
    .summary = "Describes all commands.",
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
