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
    /* Rounded up: a wait must not end early, and 0.0001 s is not "no timeout". */
    bool fits = seconds <= (long double)INT64_MAX;
    long long span = fits ? (long long)ceill(seconds) : 0, at = 0;
    if (!fits || (span && !num_add(span, call->engine->steady_ms, &at))) {
        call_error(call, ERR_TIMEOUT_RANGE);
        return false;
    }
    *deadline_ms = at;
    return true;
}

bool timeout_arg_parse_ms(const struct call *call, int i, int64_t *deadline_ms)
{
    long long ms;
    if (!num_parse_int(call->argv[i], &ms)) {
        call_error(call, ERR_TIMEOUT_INT);
        return false;
    }
    if (ms < 0) {
        call_error(call, ERR_TIMEOUT_NEGATIVE);
        return false;
    }
    if (ms > INT64_MAX - call->engine->steady_ms) {
        call_error(call, ERR_TIMEOUT_RANGE);
        return false;
    }
    *deadline_ms = ms ? call->engine->steady_ms + ms : 0;
    return true;
}
