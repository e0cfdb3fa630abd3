#include "commands/scripting/script_call.h"

#include "engine/observe.h"
#include "script/scripting.h"

bool script_call_parse(struct call *call, bool readonly, struct scripting_request *q)
{
    long long n;
    if (!call_int(call, 2, &n))
        return false;
    if (n > call->argc - 3) {
        call_error(call, ERR_TOO_MANY_KEYS);
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

void script_call_show(struct call *call)
{
    if (call->engine->slow_path & ENGINE_MONITORED)
        observe_show(call->client, call->command, call->argv, call->argc);
}

uint32_t script_call_flags(const struct engine *e, struct bytes name, bool known, unsigned does)
{
    uint32_t flags = registry_find(e->registry, name)->flags;
    if (!known)
        return flags;
    if (!(does & SCRIPTING_STALE))
        flags &= ~(uint32_t)COMMAND_STALE;
    return (flags & ~(uint32_t)COMMAND_MAY_REPLICATE) |
           (does & SCRIPTING_WRITES ? COMMAND_WRITE : 0) |
           (does & SCRIPTING_GROWS ? COMMAND_DENYOOM : 0);
}
