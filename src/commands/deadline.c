#include "commands/deadline.h"

#include "base/num.h"

#include <limits.h>
#include <math.h>

bool deadline_word(struct bytes word, struct deadline *d)
{
    *d = (struct deadline){.seconds = bytes_is(word, "ex") || bytes_is(word, "exat"),
                           .absolute = bytes_is(word, "exat") || bytes_is(word, "pxat")};
    return d->seconds || d->absolute || bytes_is(word, "px");
}

static bool refuse(struct call *call)
{
    reply_errorf(call->reply, "ERR invalid expire time in '%s' command",
                 command_full_name(call->command));
    return false;
}

static bool parse(struct call *call, struct deadline *d, bool positive)
{
    long long v;
    if (!call_int(call, d->argument, &v))
        return false;
    if (positive && v <= 0)
        return refuse(call);
    if (d->seconds && !num_mul(v, 1000, &v))
        return refuse(call);
    if (!d->absolute && !num_add(v, call->now_ms, &v))
        return refuse(call);
    d->at_ms = v;
    return true;
}

bool deadline_parse(struct call *call, struct deadline *d)
{
    return parse(call, d, true);
}

bool deadline_parse_any(struct call *call, struct deadline *d)
{
    return parse(call, d, false);
}

bool deadline_timeout(const struct call *call, int i, int64_t *deadline_ms)
{
    long double seconds;
    if (!num_parse_long_double(call->argv[i], &seconds)) {
        call_error(call, ERR_TIMEOUT_FLOAT);
        return false;
    }
    if (seconds < 0) {
        call_error(call, ERR_TIMEOUT_NEGATIVE);
        return false;
    }
    seconds *= 1000;
    bool fits = seconds <= (long double)INT64_MAX;
    long long span = fits ? (long long)ceill(seconds) : 0, at = 0;
    if (!fits || (span && !num_add(span, call->engine->steady_ms, &at))) {
        reply_errorf(call->reply, "ERR timeout is out of range");
        return false;
    }
    *deadline_ms = at;
    return true;
}
