/* Running scripts and functions. */
#include "commands/index.h"

#include "base/num.h"
#include "engine/observe.h"
#include "script/scripting.h"

/* Number of keys at argument 2, then keys, then arguments. False after an error reply. */
static bool parse(struct call *call, bool readonly, struct scripting_request *q)
{
    long long n;
    if (!call_int(call, 2, &n))
        return false;
    if (n > call->argc - 3) {
        reply_errorf(call->reply, "ERR Number of keys can't be greater than number of args");
        return false;
    }
    if (n < 0) {
        reply_errorf(call->reply, "ERR Number of keys can't be negative");
        return false;
    }
    *q = (struct scripting_request){.keys = call->argv + 3,
                                    .key_count = (int)n,
                                    .args = call->argv + 3 + n,
                                    .arg_count = call->argc - 3 - (int)n,
                                    .readonly = readonly};
    return true;
}

static void eval(struct call *call, bool readonly)
{
    struct scripting_request q;
    if (!parse(call, readonly, &q))
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
    if (!parse(call, readonly, &q))
        return;
    if (x)
        scripting_eval(call, x, &q);
    else
        call_error(call, ERR_NOSCRIPT);
}

static void fcall(struct call *call, bool readonly)
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
    if (parse(call, readonly, &q))
        scripting_fcall(call, f, &q);
}

/* MONITOR sees the script before what it runs. */
static void show(struct call *call)
{
    if (call->engine->slow_path & ENGINE_MONITORED)
        observe_show(call->client, call->command, call->argv, call->argc);
}

static void do_eval(struct call *call)
{
    show(call);
    eval(call, false);
}

static void do_eval_ro(struct call *call)
{
    show(call);
    eval(call, true);
}

static void do_evalsha(struct call *call)
{
    show(call);
    evalsha(call, false);
}

static void do_evalsha_ro(struct call *call)
{
    show(call);
    evalsha(call, true);
}

static void do_fcall(struct call *call)
{
    show(call);
    fcall(call, false);
}

static void do_fcall_ro(struct call *call)
{
    show(call);
    fcall(call, true);
}

/* What a script or function declares tells more than the command's own flags. */
static uint32_t flags_declared(const struct engine *e, struct bytes name, bool known, unsigned does)
{
    uint32_t flags = registry_find(e->registry, name)->flags;
    if (!known)
        return flags;
    return (flags & ~(uint32_t)COMMAND_MAY_REPLICATE) |
           (does & SCRIPTING_WRITES ? COMMAND_WRITE : 0) |
           (does & SCRIPTING_GROWS ? COMMAND_DENYOOM : 0);
}

static uint32_t eval_flags(struct engine *e, const struct bytes *argv, int argc)
{
    (void)argc;
    unsigned does = 0;
    bool known = scripting_declares(argv[1], &does);
    return flags_declared(e, argv[0], known, does);
}

static uint32_t evalsha_flags(struct engine *e, const struct bytes *argv, int argc)
{
    (void)argc;
    unsigned does = 0;
    struct script *x = scripting_find(e->scripting, argv[1]);
    bool known = x && scripting_declares(scripting_text(x), &does);
    return flags_declared(e, argv[0], known, does);
}

static uint32_t fcall_flags(struct engine *e, const struct bytes *argv, int argc)
{
    (void)argc;
    const struct function *f = scripting_function(e->scripting, argv[1]);
    return flags_declared(e, argv[0], f != NULL, f ? scripting_function_does(f) : 0);
}

#define RUNS                                                                                       \
    (COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_SKIP_MONITOR | COMMAND_NO_MANDATORY_KEYS |         \
     COMMAND_MOVABLEKEYS | COMMAND_WHOLE)
#define KEYS_RW                                                                                    \
    {                                                                                              \
        KEY_COUNTED(2, 0, 1, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)                                  \
    }
#define KEYS_RO                                                                                    \
    {                                                                                              \
        KEY_COUNTED(2, 0, 1, 1, KEY_RO | KEY_ACCESS)                                               \
    }

const struct command eval_command = {
    .name = "eval",
    .usage = "script:string numkeys:int [key:key...] [arg:string...]",
    .summary = "Runs a script.",
    .since = "2.6.0",
    .complexity = "Depends on the script.",
    .group = GROUP_SCRIPTING,
    .arity = -3,
    .flags = RUNS | COMMAND_MAY_REPLICATE,
    .keys = KEYS_RW,
    .handler = do_eval,
    .flags_for = eval_flags,
};

const struct command eval_ro_command = {
    .name = "eval_ro",
    .usage = "script:string numkeys:int [key:key...] [arg:string...]",
    .summary = "Runs a script that only reads.",
    .since = "7.0.0",
    .complexity = "Depends on the script.",
    .group = GROUP_SCRIPTING,
    .arity = -3,
    .flags = RUNS | COMMAND_READONLY,
    .keys = KEYS_RO,
    .handler = do_eval_ro,
    .flags_for = eval_flags,
};

const struct command evalsha_command = {
    .name = "evalsha",
    .usage = "sha1:string numkeys:int [key:key...] [arg:string...]",
    .summary = "Runs a script that the server knows, by its digest.",
    .since = "2.6.0",
    .complexity = "Depends on the script.",
    .group = GROUP_SCRIPTING,
    .arity = -3,
    .flags = RUNS | COMMAND_MAY_REPLICATE,
    .keys = KEYS_RW,
    .handler = do_evalsha,
    .flags_for = evalsha_flags,
};

const struct command evalsha_ro_command = {
    .name = "evalsha_ro",
    .usage = "sha1:string numkeys:int [key:key...] [arg:string...]",
    .summary = "Runs a script that only reads, by its digest.",
    .since = "7.0.0",
    .complexity = "Depends on the script.",
    .group = GROUP_SCRIPTING,
    .arity = -3,
    .flags = RUNS | COMMAND_READONLY,
    .keys = KEYS_RO,
    .handler = do_evalsha_ro,
    .flags_for = evalsha_flags,
};

const struct command fcall_command = {
    .name = "fcall",
    .usage = "function:string numkeys:int [key:key...] [arg:string...]",
    .summary = "Calls a function.",
    .since = "7.0.0",
    .complexity = "Depends on the function.",
    .group = GROUP_SCRIPTING,
    .arity = -3,
    .flags = RUNS | COMMAND_MAY_REPLICATE,
    .keys = KEYS_RW,
    .handler = do_fcall,
    .flags_for = fcall_flags,
};

const struct command fcall_ro_command = {
    .name = "fcall_ro",
    .usage = "function:string numkeys:int [key:key...] [arg:string...]",
    .summary = "Calls a function that only reads.",
    .since = "7.0.0",
    .complexity = "Depends on the function.",
    .group = GROUP_SCRIPTING,
    .arity = -3,
    .flags = RUNS | COMMAND_READONLY,
    .keys = KEYS_RO,
    .handler = do_fcall_ro,
    .flags_for = fcall_flags,
};
