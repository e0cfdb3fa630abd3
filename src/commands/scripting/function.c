/* FUNCTION: libraries of functions.
 *
 * Libraries are in script/scripting; each subcommand calls one function there. Changes (LOAD,
 * DELETE, FLUSH, RESTORE) end with db_store_changed(): libraries belong to the data set and are
 * saved with it, but no key changes.
 *
 * RESTORE can be undone: the libraries are set aside, copied unless FLUSH is given, and those of
 * the payload loaded one by one. If one cannot be loaded (syntax error, name in use), the former
 * ones are put back. LOAD and RESTORE run the library's code once, to register its functions. */
#include "commands/index.h"

#include "persist/dump.h"
#include "script/scripting.h"

static void do_function_load(struct call *call)
{
    bool replace = false;
    int i = 2;
    for (; i < call->argc - 1; i++) {
        if (!bytes_is(call->argv[i], "replace")) {
            reply_errorf(call->reply, "ERR Unknown option given: %.*s", (int)call->argv[i].n,
                         call->argv[i].p);
            return;
        }
        replace = true;
    }
    const char *name = scripting_load(call->engine->scripting, call->argv[i],
                                      replace ? SCRIPTING_REPLACE : SCRIPTING_NEW, call->reply);
    if (!name)
        return;
    db_store_changed(call->store);
    reply_bulk_text(call->reply, name);
}

static void do_function_delete(struct call *call)
{
    if (!scripting_delete(call->engine->scripting, call->argv[2])) {
        reply_errorf(call->reply, "ERR Library not found");
        return;
    }
    db_store_changed(call->store);
    reply_ok(call->reply);
}

static void do_function_flush(struct call *call)
{
    bool known =
        call->argc == 2 ||
        (call->argc == 3 && (bytes_is(call->argv[2], "sync") || bytes_is(call->argv[2], "async")));
    if (!known) {
        reply_errorf(call->reply, "ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
        return;
    }
    scripting_flush_functions(call->engine->scripting);
    db_store_changed(call->store);
    reply_ok(call->reply);
}

static void do_function_list(struct call *call)
{
    struct bytes pattern = {0};
    bool with_code = false;
    for (int i = 2; i < call->argc; i++) {
        struct bytes word = call->argv[i];
        if (!with_code && bytes_is(word, "withcode")) {
            with_code = true;
        } else if (!pattern.p && bytes_is(word, "libraryname")) {
            if (i + 1 >= call->argc) {
                reply_errorf(call->reply, "ERR library name argument was not given");
                return;
            }
            pattern = call->argv[++i];
        } else {
            reply_errorf(call->reply, "ERR Unknown argument %.*s", (int)word.n, word.p);
            return;
        }
    }
    scripting_list(call->engine->scripting, pattern, with_code, call->reply);
}

static void do_function_stats(struct call *call)
{
    scripting_stats(call->engine->scripting, call->reply);
}

static void do_function_kill(struct call *call)
{
    if (scripting_kill(call->engine->scripting, true, call->reply))
        reply_ok(call->reply);
}

static struct bytes library_at(void *context, size_t i)
{
    return scripting_library(context, i);
}

static void do_function_dump(struct call *call)
{
    struct buf b = {0};
    dump_write_libraries(&b, library_at, call->engine->scripting);
    reply_bulk(call->reply, buf_bytes(&b));
    buf_free(&b);
}

struct restore {
    struct call *call;
    bool replace;
};

static bool restore_one(void *context, struct bytes code)
{
    struct restore *r = context;
    return scripting_load(r->call->engine->scripting, code,
                          r->replace ? SCRIPTING_REPLACE : SCRIPTING_RESTORE,
                          r->call->reply) != NULL;
}

/* Journals the payload with our version, since older servers reject payloads of newer ones. */
static void journal_restore(struct call *call)
{
    struct buf payload = {0};
    struct bytes argv[] = {BYTES("FUNCTION"), BYTES("RESTORE"), BYTES(""), BYTES("")};
    dump_write_libraries_again(&payload, call->argv[2]);
    argv[2] = buf_bytes(&payload);
    if (call->argc == 4)
        argv[3] = call->argv[3];
    call_effect(call, argv, call->argc);
    buf_free(&payload);
}

static void do_function_restore(struct call *call)
{
    struct scripting *s = call->engine->scripting;
    bool flush = false, replace = false;
    if (call->argc > 4) {
        helpers_bad_subcommand(call);
        return;
    }
    if (call->argc == 4) {
        struct bytes word = call->argv[3];
        flush = bytes_is(word, "flush");
        replace = bytes_is(word, "replace");
        if (!flush && !replace && !bytes_is(word, "append")) {
            reply_errorf(call->reply, "ERR Wrong restore policy given, value should be either "
                                      "FLUSH, APPEND or REPLACE.");
            return;
        }
    }
    /* All or nothing: the former libraries are put back if one cannot be loaded. */
    struct scripting_libraries *before = scripting_set_aside(s);
    struct restore r = {.call = call, .replace = replace};
    bool good = true;
    if (!flush)
        good = scripting_copy(s, before);
    enum dump_result result =
        good ? dump_read_libraries(call->argv[2], restore_one, &r) : DUMP_BAD_DATA;
    if (result != DUMP_GOOD) {
        scripting_put_back(s, before);
        if (result == DUMP_BAD_FRAME)
            call_error(call, ERR_DUMP_FRAME);
        else if (result == DUMP_BAD_DATA)
            reply_errorf(call->reply, "ERR failed loading functions payload");
        return;
    }
    scripting_drop(before);
    journal_restore(call);
    db_store_changed(call->store);
    reply_ok(call->reply);
}

static void do_function_help(struct call *call)
{
    helpers_help(call, &function_command);
}

static const struct command function_load_command = {
    .name = "load",
    .full_name = "function|load",
    .usage = "[REPLACE] function-code:string",
    .summary = "Creates a function library.",
    .since = "7.0.0",
    .complexity = "Depends on the library.",
    .tips = "request_policy:all_shards response_policy:all_succeeded",
    .group = GROUP_SCRIPTING,
    .arity = -3,
    .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_NOSCRIPT | COMMAND_WHOLE,
    .handler = do_function_load,
};
static const struct command function_delete_command = {
    .name = "delete",
    .full_name = "function|delete",
    .usage = "library-name:string",
    .summary = "Deletes a function library.",
    .since = "7.0.0",
    .complexity = "O(N) with N the library's functions",
    .tips = "request_policy:all_shards response_policy:all_succeeded",
    .group = GROUP_SCRIPTING,
    .arity = 3,
    .flags = COMMAND_WRITE | COMMAND_NOSCRIPT | COMMAND_WHOLE,
    .handler = do_function_delete,
};
static const struct command function_flush_command = {
    .name = "flush",
    .full_name = "function|flush",
    .usage = "[<ASYNC | SYNC>]",
    .summary = "Deletes all function libraries.",
    .since = "7.0.0",
    .complexity = "O(N) with N all functions",
    .tips = "request_policy:all_shards response_policy:all_succeeded",
    .group = GROUP_SCRIPTING,
    .arity = -2,
    .flags = COMMAND_WRITE | COMMAND_NOSCRIPT | COMMAND_WHOLE,
    .handler = do_function_flush,
};
static const struct command function_list_command = {
    .name = "list",
    .full_name = "function|list",
    .usage = "[LIBRARYNAME library-name-pattern:string] [WITHCODE]",
    .summary = "Lists function libraries.",
    .since = "7.0.0",
    .complexity = "O(N) with N all functions",
    .tips = "nondeterministic_output_order",
    .group = GROUP_SCRIPTING,
    .arity = -2,
    .flags = COMMAND_NOSCRIPT | COMMAND_WHOLE,
    .handler = do_function_list,
};
static const struct command function_dump_command = {
    .name = "dump",
    .full_name = "function|dump",
    .usage = "",
    .summary = "Returns all function libraries in serialized form.",
    .since = "7.0.0",
    .complexity = "O(N) with N all functions",
    .group = GROUP_SCRIPTING,
    .arity = 2,
    .flags = COMMAND_NOSCRIPT | COMMAND_WHOLE,
    .handler = do_function_dump,
};
static const struct command function_restore_command = {
    .name = "restore",
    .full_name = "function|restore",
    .usage = "serialized-value:string [<FLUSH | APPEND | REPLACE>]",
    .summary = "Creates function libraries from the reply of FUNCTION DUMP.",
    .since = "7.0.0",
    .complexity = "O(N) with N the functions",
    .tips = "request_policy:all_shards response_policy:all_succeeded",
    .group = GROUP_SCRIPTING,
    .arity = -3,
    .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_NOSCRIPT | COMMAND_WHOLE,
    .handler = do_function_restore,
};
static const struct command function_stats_command = {
    .name = "stats",
    .full_name = "function|stats",
    .usage = "",
    .summary = "Returns the running function and the number of libraries and functions.",
    .since = "7.0.0",
    .complexity = "O(1)",
    .tips = "nondeterministic_output request_policy:all_shards response_policy:special",
    .group = GROUP_SCRIPTING,
    .arity = 2,
    .flags = COMMAND_NOSCRIPT | COMMAND_ALLOW_BUSY | COMMAND_UNTRACKED,
    .handler = do_function_stats,
};
static const struct command function_kill_command = {
    .name = "kill",
    .full_name = "function|kill",
    .usage = "",
    .summary = "Stops the running function.",
    .since = "7.0.0",
    .complexity = "O(1)",
    .tips = "request_policy:all_shards response_policy:one_succeeded",
    .group = GROUP_SCRIPTING,
    .arity = 2,
    .flags = COMMAND_NOSCRIPT | COMMAND_ALLOW_BUSY | COMMAND_UNTRACKED,
    .handler = do_function_kill,
};
static const struct command function_help_command = {
    .name = "help",
    .full_name = "function|help",
    .usage = "",
    .summary = "Lists the subcommands.",
    .since = "7.0.0",
    .complexity = "O(1)",
    .group = GROUP_SCRIPTING,
    .arity = 2,
    .flags = COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_function_help,
};

static const struct command *const function_subcommands[] = {
    &function_delete_command, &function_dump_command,
    &function_flush_command,  &function_help_command,
    &function_kill_command,   &function_list_command,
    &function_load_command,   &function_restore_command,
    &function_stats_command,  NULL};

const struct command function_command = {
    .name = "function",
    .usage = "",
    .summary = "Manages function libraries.",
    .since = "7.0.0",
    .complexity = "Depends on the subcommand.",
    .group = GROUP_SCRIPTING,
    .arity = -2,
    .subcommands = function_subcommands,
};
