#include "type/stream/stream_id.h"

#include "base/num.h"

#include <string.h>

/* Leading zeros are accepted here, as Redis does. */
static bool parse_part(struct bytes text, uint64_t *out)
{
    while (text.n > 1 && text.p[0] == '0') {
        text.p++;
        text.n--;
    }
    return num_parse_uint(text, out);
}

bool stream_id_parse(struct bytes text, uint64_t missing_seq, struct stream_id *out)
{
    struct stream_id id = {0, missing_seq};
    if (text.n == 0 || text.n > 127)
        return false;
    const char *dash = memchr(text.p, '-', text.n);
    size_t n = dash ? (size_t)(dash - text.p) : text.n;
    if (!parse_part(bytes_of(text.p, n), &id.ms))
        return false;
    if (dash && !parse_part(bytes_of(dash + 1, text.n - n - 1), &id.seq))
        return false;
    *out = id;
    return true;
}

/* IDs that are printed one after the other mostly differ in their last digits: what stands before
 * the last four of the milliseconds is kept from the time before. */
size_t stream_id_print(char *to, struct stream_id id)
{
    static struct {
        uint64_t high; /* ms / 10000 */
        size_t n;
        char text[24];
    } last;
    size_t n;
    uint64_t high = id.ms / 10000;
    if (high == 0) {
        n = num_print_uint(to, id.ms);
    } else {
        if (high != last.high) {
            last.high = high;
            last.n = num_print_uint(last.text, high);
        }
        memcpy(to, last.text, sizeof(last.text));
        num_print_four(to + last.n, (unsigned)(id.ms - high * 10000));
        n = last.n + 4;
    }
    to[n++] = '-';
    if (id.seq < 10) {
        to[n] = (char)('0' + id.seq);
        return n + 1;
    }
    return n + num_print_uint(to + n, id.seq);
}

bool stream_id_next(struct stream_id *id)
{
    if (id->seq != UINT64_MAX) {
        id->seq++;
    } else if (id->ms != UINT64_MAX) {
        id->ms++;
        id->seq = 0;
    } else {
        return false;
    }
    return true;
}

bool stream_id_previous(struct stream_id *id)
{
    if (id->seq != 0) {
        id->seq--;
    } else if (id->ms != 0) {
        id->ms--;
        id->seq = UINT64_MAX;
    } else {
        return false;
    }
    return true;
}
