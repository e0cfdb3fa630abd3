#include "commands/mpop_args.h"

#include "base/num.h"
#include "commands/helpers.h"
#include "commands/timeout_arg.h"

/* Like Redis, checks COUNT's value before what follows it. */
static bool parse_count(struct call *call, int i, long long *count)
{
    *count = 1;
    if (i == call->argc)
        return true;
    enum err e = ERR_NONE;
    if (i + 1 >= call->argc || !bytes_is(call->argv[i], "count"))
        e = ERR_SYNTAX;
    else if (!num_parse_int(call->argv[i + 1], count) || *count < 1)
        e = ERR_COUNT_GREATER_ZERO;
    else if (i + 2 != call->argc)
        e = ERR_SYNTAX;
    if (e)
        call_error(call, e);
    return !e;
}

bool mpop_args_parse(struct call *call, int at, bool blocks, const char *first, const char *second,
                     struct mpop_args *out)
{
    *out = (struct mpop_args){.keys = call->argv + at + 1};
    if (!helpers_numkeys(call, at, ERR_SYNTAX, &out->key_count))
        return false;
    int i = at + 1 + out->key_count;
    out->second = i < call->argc && bytes_is(call->argv[i], second);
    if (i >= call->argc || (!out->second && !bytes_is(call->argv[i], first))) {
        call_error(call, ERR_SYNTAX);
        return false;
    }
    return parse_count(call, i + 1, &out->count) &&
           (!blocks || timeout_arg_parse(call, 1, &out->deadline_ms));
}
