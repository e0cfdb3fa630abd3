/* FCALL and FCALL_RO: call a function of a library loaded by FUNCTION LOAD. */
#include "commands/index.h"

#include "base/num.h"
#include "commands/scripting/script_call.h"
#include "script/scripting.h"

static void call_function(struct call *call, bool readonly)
{
    struct scripting_request q;
    const struct function *f = scripting_function(call->engine->scripting, call->argv[1]);
    long long n;
    if (!f) {
        reply_errorf(call->reply, "ERR Function not found");
        return;
    }
    if (!num_parse_int(call->argv[2], &n)) {
        reply_errorf(call->reply, "ERR Bad number of keys provided");
        return;
    }
    if (script_call_parse(call, readonly, &q))
        scripting_fcall(call, f, &q);
}

static void do_fcall(struct call *call)
{
    script_call_show(call);
    call_function(call, false);
}

static void do_fcall_ro(struct call *call)
{
    script_call_show(call);
    call_function(call, true);
}

static uint32_t fcall_flags(struct engine *e, const struct bytes *argv, int argc)
{
    (void)argc;
    const struct function *f = scripting_function(e->scripting, argv[1]);
    return script_call_flags(e, argv[0], f != NULL, f ? scripting_function_does(f) : 0);
}

const struct command fcall_command = {
    .name = "fcall",
    .usage = "function:string numkeys:int [key:key...] [arg:string...]",
    .summary = "Calls a function.",
    .since = "7.0.0",
    .complexity = "Depends on the function.",
    .group = GROUP_SCRIPTING,
    .arity = -3,
    .flags = SCRIPT_CALL_FLAGS | COMMAND_MAY_REPLICATE,
    .keys = SCRIPT_CALL_KEYS_RW,
    .handler = do_fcall,
    .flags_for = fcall_flags,
};

const struct command fcall_ro_command = {
    .name = "fcall_ro",
    .usage = "function:string numkeys:int [key:key...] [arg:string...]",
    .summary = "Calls a read-only function.",
    .since = "7.0.0",
    .complexity = "Depends on the function.",
    .group = GROUP_SCRIPTING,
    .arity = -3,
    .flags = SCRIPT_CALL_FLAGS | COMMAND_READONLY,
    .keys = SCRIPT_CALL_KEYS_RO,
    .handler = do_fcall_ro,
    .flags_for = fcall_flags,
};
