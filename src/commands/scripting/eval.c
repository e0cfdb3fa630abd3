/* EVAL, EVALSHA and their read-only forms. scripting_add() caches a script by its SHA1, which
 * EVALSHA takes. */
#include "commands/index.h"

#include "commands/scripting/script_call.h"
#include "script/scripting.h"

static void eval(struct call *call, bool readonly)
{
    struct scripting_request q;
    if (!script_call_parse(call, readonly, &q))
        return;
    struct script *x = scripting_add(call->engine->scripting, call->argv[1], false, call->reply);
    if (x)
        scripting_eval(call, x, &q);
}

static void evalsha(struct call *call, bool readonly)
{
    struct scripting_request q;
    struct script *x = scripting_find(call->engine->scripting, call->argv[1]);
    if (call->argv[1].n != 40) {
        call_error(call, ERR_NOSCRIPT);
        return;
    }
    if (!script_call_parse(call, readonly, &q))
        return;
    if (x)
        scripting_eval(call, x, &q);
    else
        call_error(call, ERR_NOSCRIPT);
}

static void do_eval(struct call *call)
{
    script_call_show(call);
    eval(call, false);
}

static void do_eval_ro(struct call *call)
{
    script_call_show(call);
    eval(call, true);
}

static void do_evalsha(struct call *call)
{
    script_call_show(call);
    evalsha(call, false);
}

static void do_evalsha_ro(struct call *call)
{
    script_call_show(call);
    evalsha(call, true);
}

static uint32_t eval_flags(struct engine *e, const struct bytes *argv, int argc)
{
    (void)argc;
    unsigned does = 0;
    bool known = scripting_declares(argv[1], &does);
    return script_call_flags(e, argv[0], known, does);
}

static uint32_t evalsha_flags(struct engine *e, const struct bytes *argv, int argc)
{
    (void)argc;
    unsigned does = 0;
    struct script *x = scripting_find(e->scripting, argv[1]);
    bool known = x && scripting_declares(scripting_text(x), &does);
    return script_call_flags(e, argv[0], known, does);
}

const struct command eval_command = {
    .name = "eval",
    .usage = "script:string numkeys:int [key:key...] [arg:string...]",
    .summary = "Runs a script.",
    .since = "2.6.0",
    .complexity = "Depends on the script.",
    .group = GROUP_SCRIPTING,
    .arity = -3,
    .flags = SCRIPT_CALL_FLAGS | COMMAND_MAY_REPLICATE,
    .keys = SCRIPT_CALL_KEYS_RW,
    .handler = do_eval,
    .flags_for = eval_flags,
};

const struct command eval_ro_command = {
    .name = "eval_ro",
    .usage = "script:string numkeys:int [key:key...] [arg:string...]",
    .summary = "Runs a read-only script.",
    .since = "7.0.0",
    .complexity = "Depends on the script.",
    .group = GROUP_SCRIPTING,
    .arity = -3,
    .flags = SCRIPT_CALL_FLAGS | COMMAND_READONLY,
    .keys = SCRIPT_CALL_KEYS_RO,
    .handler = do_eval_ro,
    .flags_for = eval_flags,
};

const struct command evalsha_command = {
    .name = "evalsha",
    .usage = "sha1:string numkeys:int [key:key...] [arg:string...]",
    .summary = "Runs a cached script by its SHA1 digest.",
    .since = "2.6.0",
    .complexity = "Depends on the script.",
    .group = GROUP_SCRIPTING,
    .arity = -3,
    .flags = SCRIPT_CALL_FLAGS | COMMAND_MAY_REPLICATE,
    .keys = SCRIPT_CALL_KEYS_RW,
    .handler = do_evalsha,
    .flags_for = evalsha_flags,
};

const struct command evalsha_ro_command = {
    .name = "evalsha_ro",
    .usage = "sha1:string numkeys:int [key:key...] [arg:string...]",
    .summary = "Runs a cached read-only script by its SHA1 digest.",
    .since = "7.0.0",
    .complexity = "Depends on the script.",
    .group = GROUP_SCRIPTING,
    .arity = -3,
    .flags = SCRIPT_CALL_FLAGS | COMMAND_READONLY,
    .keys = SCRIPT_CALL_KEYS_RO,
    .handler = do_evalsha_ro,
    .flags_for = evalsha_flags,
};
