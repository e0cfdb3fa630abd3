#include "commands/timeout_arg.h"

#include "base/num.h"

#include <math.h>

bool timeout_arg_parse(const struct call *call, int i, int64_t *deadline_ms)
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
