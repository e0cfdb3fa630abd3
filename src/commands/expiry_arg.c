#include "commands/expiry_arg.h"

#include "base/num.h"

bool expiry_arg_word(struct bytes word, struct expiry_arg *x)
{
    *x = (struct expiry_arg){.seconds = bytes_is(word, "ex") || bytes_is(word, "exat"),
                             .absolute = bytes_is(word, "exat") || bytes_is(word, "pxat")};
    return x->seconds || x->absolute || bytes_is(word, "px");
}

bool expiry_arg_refuse(const struct call *call)
{
    reply_errorf(call->reply, "ERR invalid expire time in '%s' command",
                 command_full_name(call->command));
    return false;
}

/* Converts the unit, then adds the base: each step may overflow. */
static bool parse(struct call *call, struct expiry_arg *x, bool positive)
{
    long long v;
    if (!call_int(call, x->argument, &v))
        return false;
    if (positive && v <= 0)
        return expiry_arg_refuse(call);
    if (x->seconds && !num_mul(v, 1000, &v))
        return expiry_arg_refuse(call);
    if (!x->absolute && !num_add(v, call->now_ms, &v))
        return expiry_arg_refuse(call);
    x->at_ms = v;
    return true;
}

bool expiry_arg_parse(struct call *call, struct expiry_arg *x)
{
    return parse(call, x, true);
}

bool expiry_arg_parse_any(struct call *call, struct expiry_arg *x)
{
    return parse(call, x, false);
}
