/* Message ids already seen from each producer (XADD IDMP): in the order of arrival for each
 * producer, and by time for the whole stream, so that expiry costs only what it drops. Streams with
 * records are in one list, so that unused ones are cleaned up too. */
#ifndef TYPE_STREAM_STREAM_DEDUP_H
#define TYPE_STREAM_STREAM_DEDUP_H

#include "ds/dict.h"
#include "ds/dlist.h"
#include "type/stream/stream_id.h"

/* The limits of a stream of which a file or payload tells none, whatever is configured for new
 * streams: files leave out just these. */
#define STREAM_DEDUP_DURATION_S 100
#define STREAM_DEDUP_MAX_SIZE   100

struct stream_dedup_record {
    struct dlist_node node; /* in the producer's list */
    struct dlist_node by_time;
    struct stream_producer *producer;
    struct stream_id id; /* of the entry appended for it */
    int64_t at_ms;       /* when it was recorded, by the wall clock */
    size_t n;
    char iid[];
};

struct stream_producer {
    struct dict seen; /* iid to its record */
    struct dlist_node order;
    struct dict_node *node; /* its node in stream_dedup.producers: the name */
};

struct stream_dedup {
    struct dict producers;
    int64_t duration_s;
    uint64_t max_size;
    uint64_t tracked;           /* the number of records */
    struct dlist_node records;  /* all of them by time; zeroed: there never was one */
    struct dlist_node active;   /* in the list of streams with records */
    struct dlist_node *actives; /* that list (stream_context.h); NULL: none */
    uint64_t added, duplicates;
};

void stream_dedup_clear(struct stream_dedup *d);
const struct stream_dedup_record *stream_dedup_find(const struct stream_dedup *d,
                                                    struct bytes producer, struct bytes iid);
/* Replaces a record of the same pair (an expired one, when a file is read), and drops the
 * producer's oldest record when it has too many. */
void stream_dedup_record(struct stream_dedup *d, struct bytes producer, struct bytes iid,
                         struct stream_id id, int64_t now_ms);
/* As find, but ignores expired records; a hit counts as a duplicate. */
const struct stream_dedup_record *stream_dedup_meet(struct stream_dedup *d, struct bytes producer,
                                                    struct bytes iid, int64_t now_ms);
/* As record, for a new entry, which it counts. */
void stream_dedup_add(struct stream_dedup *d, struct bytes producer, struct bytes iid,
                      struct stream_id id, int64_t now_ms);
/* Sets the limits; records made under the old ones are dropped. */
void stream_dedup_set_limits(struct stream_dedup *d, int64_t duration_s, uint64_t max_size);
/* For the loader: restores the counters. */
void stream_dedup_set_counts(struct stream_dedup *d, uint64_t added, uint64_t duplicates);
/* Drops records older than the duration. */
void stream_dedup_expire(struct stream_dedup *d, int64_t now_ms);
/* The producers and records that stream_dedup_expire() would leave. O(expired records). */
void stream_dedup_left(const struct stream_dedup *d, int64_t now_ms, uint64_t *producers,
                       uint64_t *records);
/* stream_dedup_expire() for the next few streams of the list. */
void stream_dedup_expire_some(struct dlist_node *actives, int64_t now_ms, int streams);
/* Leaves the list: the stream will be freed by another thread. */
void stream_dedup_leave(struct stream_dedup *d);
/* The next record by time (r NULL: the oldest); NULL: no more. */
const struct stream_dedup_record *stream_dedup_next(const struct stream_dedup *d,
                                                    const struct stream_dedup_record *r);
void stream_dedup_copy(struct stream_dedup *to, const struct stream_dedup *from);

#endif
