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
/* The next and previous ID; false at the end. */
bool stream_id_next(struct stream_id *id);
bool stream_id_previous(struct stream_id *id);

#endif
