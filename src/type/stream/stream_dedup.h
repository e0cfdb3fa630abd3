/* Producers' message ids already seen (XADD IDMP): for each producer, in the order they came. */
#ifndef TYPE_STREAM_STREAM_DEDUP_H
#define TYPE_STREAM_STREAM_DEDUP_H

#include "ds/dict.h"
#include "ds/dlist.h"
#include "type/stream/stream_id.h"

struct stream_dedup_record {
    struct dlist_node node; /* in the producer's list */
    struct stream_id id;    /* of the entry it became */
    int64_t at_ms;          /* when it was recorded, by the wall clock */
    size_t n;
    char iid[];
};

struct stream_producer {
    struct dict seen; /* iid to its record */
    struct dlist_node order;
};

struct stream_dedup {
    struct dict producers;
    int64_t duration_s;
    uint64_t max_size;
    uint64_t tracked; /* records now */
    uint64_t added, duplicates;
};

void stream_dedup_clear(struct stream_dedup *d);
const struct stream_dedup_record *stream_dedup_find(const struct stream_dedup *d,
                                                    struct bytes producer, struct bytes iid);
/* The pair is not known yet; the producer's oldest record goes when there are too many. */
void stream_dedup_record(struct stream_dedup *d, struct bytes producer, struct bytes iid,
                         struct stream_id id, int64_t now_ms);
/* Drops what is older than the duration. */
void stream_dedup_expire(struct stream_dedup *d, int64_t now_ms);
void stream_dedup_copy(struct stream_dedup *to, const struct stream_dedup *from);

#endif
