/* Entry IDs: milliseconds and a sequence number, ordered; text form "ms-seq". */
#ifndef TYPE_STREAM_STREAM_ID_H
#define TYPE_STREAM_STREAM_ID_H

#include "base/bytes.h"

#include <stdint.h>

struct stream_id {
    uint64_t ms, seq;
};

#define STREAM_ID_MIN      ((struct stream_id){0, 0})
#define STREAM_ID_MAX      ((struct stream_id){UINT64_MAX, UINT64_MAX})
#define STREAM_ID_TEXT_MAX 44

static inline int stream_id_compare(struct stream_id a, struct stream_id b)
{
    if (a.ms != b.ms)
        return a.ms < b.ms ? -1 : 1;
    return a.seq < b.seq ? -1 : a.seq > b.seq;
}

static inline bool stream_id_is_zero(struct stream_id a)
{
    return a.ms == 0 && a.seq == 0;
}

/* "ms-seq" or "ms" (then seq is missing_seq). */
bool stream_id_parse(struct bytes text, uint64_t missing_seq, struct stream_id *out);
/* Returns the length; at most STREAM_ID_TEXT_MAX bytes. */
size_t stream_id_print(char *to, struct stream_id id);
/* The text of what IDs printed one after the other mostly have in common: all but the last four
 * digits of the milliseconds. Zeroed: empty. */
struct stream_id_memo {
    uint64_t high; /* ms / 10000 */
    size_t n;
    char text[24];
};
/* As stream_id_print(), cheaper when the ID is close to the one before. */
size_t stream_id_print_near(struct stream_id_memo *m, char *to, struct stream_id id);
/* Which of n > 0 IDs from first to last is about id, were they evenly spread. Below n, whatever the
 * arguments. */
static inline size_t stream_id_guess(struct stream_id first, struct stream_id last,
                                     struct stream_id id, size_t n)
{
    if (stream_id_compare(id, first) <= 0)
        return 0;
    if (stream_id_compare(id, last) >= 0)
        return n - 1;
    double share = first.ms != last.ms
                       ? (double)(id.ms - first.ms) / (double)(last.ms - first.ms)
                       : (double)(id.seq - first.seq) / (double)(last.seq - first.seq);
    size_t at = (size_t)(share * (double)(n - 1));
    return at < n ? at : n - 1;
}

/* The first of n ascending IDs that is >= id (n: none); id_at() tells them. From where it would be
 * if they were evenly spread, in growing steps to either side: each look may be a cache miss. At
 * most twice the looks of a binary search. */
static inline size_t stream_id_search(struct stream_id id, size_t n,
                                      struct stream_id (*id_at)(const void *context, size_t i),
                                      const void *context, struct stream_id first,
                                      struct stream_id last)
{
    if (n == 0)
        return 0;
    size_t low = 0, high = n, at = stream_id_guess(first, last, id, n);
    bool below = stream_id_compare(id_at(context, at), id) < 0, other = false;
    if (below)
        low = at + 1;
    else
        high = at;
    for (size_t step = 1; low < high && !other; step *= 2) {
        if (below)
            at = high - low > step ? low + step - 1 : high - 1;
        else
            at = high - low > step ? high - step : low;
        other = stream_id_compare(id_at(context, at), id) < 0;
        if (other)
            low = at + 1;
        else
            high = at;
        other = other != below;
    }
    while (low < high) {
        at = low + (high - low) / 2;
        if (stream_id_compare(id_at(context, at), id) < 0)
            low = at + 1;
        else
            high = at;
    }
    return low;
}

/* The next and previous ID; false at the end. */
bool stream_id_next(struct stream_id *id);
bool stream_id_previous(struct stream_id *id);

#endif
