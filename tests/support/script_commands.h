/* Commands for the tests of script, besides those of engine_commands.h: what is run is script_code.
 *
 *   EVAL key arg...     script_code as a script;  EVALRO the same, as one that only reads
 *   KEEP                adds script_code for good and answers its digest
 *   LOAD                loads the library script_code;  RELOAD in place of one of its name
 *   CALL name arg...    calls a function */
#ifndef SUPPORT_SCRIPT_COMMANDS_H
#define SUPPORT_SCRIPT_COMMANDS_H

#include "engine_commands.h"
#include "script/scripting.h"

static const char *script_code;

static void script_eval(struct call *call, bool readonly)
{
    struct scripting_request q = {.keys = call->argv + 1,
                                  .key_count = call->argc > 1,
                                  .args = call->argv + 2,
                                  .arg_count = call->argc > 2 ? call->argc - 2 : 0,
                                  .readonly = readonly};
    struct script *x =
        scripting_add(call->engine->scripting, bytes_text(script_code), false, call->reply);
    if (x)
        scripting_eval(call, x, &q);
}

static void do_eval(struct call *call)
{
    script_eval(call, false);
}

static void do_evalro(struct call *call)
{
    script_eval(call, true);
}

static void do_keep(struct call *call)
{
    struct script *x =
        scripting_add(call->engine->scripting, bytes_text(script_code), true, call->reply);
    if (x)
        reply_bulk_text(call->reply, scripting_digest(x));
}

static void script_load(struct call *call, enum scripting_load how)
{
    const char *name =
        scripting_load(call->engine->scripting, bytes_text(script_code), how, call->reply);
    if (name)
        reply_bulk_text(call->reply, name);
}

static void do_load(struct call *call)
{
    script_load(call, SCRIPTING_NEW);
}

static void do_reload(struct call *call)
{
    script_load(call, SCRIPTING_REPLACE);
}

static void do_call(struct call *call)
{
    const struct function *f = scripting_function(call->engine->scripting, call->argv[1]);
    struct scripting_request q = {.keys = call->argv + 2, .args = call->argv + 2};
    q.arg_count = call->argc - 2;
    if (f)
        scripting_fcall(call, f, &q);
    else
        reply_null(call->reply);
}

static const struct command eval_command = {
    .name = "eval", .arity = -1, .flags = COMMAND_NOSCRIPT, .handler = do_eval};
static const struct command evalro_command = {
    .name = "evalro", .arity = -1, .flags = COMMAND_NOSCRIPT, .handler = do_evalro};
static const struct command keep_command = {.name = "keep", .arity = 1, .handler = do_keep};
static const struct command load_command = {.name = "load", .arity = 1, .handler = do_load};
static const struct command reload_command = {.name = "reload", .arity = 1, .handler = do_reload};
static const struct command call_command = {.name = "call", .arity = -2, .handler = do_call};
static const struct command *const script_commands[] = {
    &put_command,    &has_command,  &fail_command, &both_command,   &hark_command, &eval_command,
    &evalro_command, &keep_command, &load_command, &reload_command, &call_command, NULL};

static inline struct bench *script_begin(void)
{
    struct bench *b = bench_begin(script_commands);
    b->engine.scripting = scripting_new(&b->engine);
    return b;
}

static inline void script_end(struct bench *b)
{
    scripting_free(b->engine.scripting);
    bench_end(b);
}

/* Whether the command, with this code, is answered so. */
static inline bool script_says(struct client *c, const char *line, const char *code,
                               const char *want)
{
    script_code = code;
    bench_says(c, line);
    if (bench_heard(c, want))
        return true;
    printf("# of %s: %s\n", line, code);
    return false;
}

#endif
