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

/* "-seq" behind the n bytes of milliseconds. Sequence numbers mostly have one digit. */
static inline size_t print_behind_ms(char *to, size_t n, uint64_t seq)
{
    to[n++] = '-';
    if (seq < 10) {
        to[n] = (char)('0' + seq);
        return n + 1;
    }
    return n + num_print_uint(to + n, seq);
}

size_t stream_id_print(char *to, struct stream_id id)
{
    return print_behind_ms(to, num_print_uint(to, id.ms), id.seq);
}

size_t stream_id_print_near(struct stream_id_memo *m, char *to, struct stream_id id)
{
    uint64_t high = id.ms / 10000;
    if (high == 0)
        return stream_id_print(to, id);
    if (high != m->high) {
        m->high = high;
        m->n = num_print_uint(m->text, high);
    }
    /* All of the text, of whatever length: a copy of a constant size needs no call. */
    memcpy(to, m->text, sizeof(m->text));
    num_print_four(to + m->n, (unsigned)(id.ms - high * 10000));
    return print_behind_ms(to, m->n + 4, id.seq);
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
