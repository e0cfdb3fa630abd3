#include "commands/bitmap/bitmap_args.h"

#include "base/num.h"

bool bitmap_args_offset(const struct call *call, struct bytes text, unsigned width, uint64_t *out)
{
    long long v;
    bool counted = width && text.n && text.p[0] == '#';
    if (counted)
        text = bytes_of(text.p + 1, text.n - 1);
    bool good = num_parse_int(text, &v) && (!counted || num_mul(v, width, &v)) && v >= 0 &&
                v / 8 < call->engine->settings->proto_max_bulk_len;
    if (!good) {
        reply_errorf(call->reply, "ERR bit offset is not an integer or out of range");
        return false;
    }
    *out = (uint64_t)v;
    return true;
}
