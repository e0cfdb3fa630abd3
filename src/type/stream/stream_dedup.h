/* Producers' message ids already seen (XADD IDMP): for each producer, in the order they came; of
 * the whole stream by time, so that what is too old goes at the cost of what goes. Streams that
 * have such records are in one list, so that those nobody uses are cleaned up too. */
#ifndef TYPE_STREAM_STREAM_DEDUP_H
#define TYPE_STREAM_STREAM_DEDUP_H

#include "ds/dict.h"
#include "ds/dlist.h"
#include "type/stream/stream_id.h"

struct stream_dedup_record {
    struct dlist_node node; /* in the producer's list */
    struct dlist_node by_time;
    struct stream_producer *producer;
    struct stream_id id; /* of the entry it became */
    int64_t at_ms;       /* when it was recorded, by the wall clock */
    size_t n;
    char iid[];
};

struct stream_producer {
    struct dict seen; /* iid to its record */
    struct dlist_node order;
    struct dict_node *node; /* its own: the name */
};

struct stream_dedup {
    struct dict producers;
    int64_t duration_s;
    uint64_t max_size;
    uint64_t tracked;           /* records now */
    struct dlist_node records;  /* all of them by time; zeroed: none ever */
    struct dlist_node active;   /* among those that have records */
    struct dlist_node *actives; /* their list (stream_context.h); NULL: it is in none */
    uint64_t added, duplicates;
};

void stream_dedup_clear(struct stream_dedup *d);
const struct stream_dedup_record *stream_dedup_find(const struct stream_dedup *d,
                                                    struct bytes producer, struct bytes iid);
/* A record of the same pair (one that has expired, when a file is read) is replaced; the producer's
 * oldest record goes when there are too many. */
void stream_dedup_record(struct stream_dedup *d, struct bytes producer, struct bytes iid,
                         struct stream_id id, int64_t now_ms);
/* As find, among those that are not too old; what it finds counts as a duplicate. */
const struct stream_dedup_record *stream_dedup_meet(struct stream_dedup *d, struct bytes producer,
                                                    struct bytes iid, int64_t now_ms);
/* As record, for an entry that is new: counts it. */
void stream_dedup_add(struct stream_dedup *d, struct bytes producer, struct bytes iid,
                      struct stream_id id, int64_t now_ms);
/* Other limits: what was recorded under the old ones is forgotten. */
void stream_dedup_set_limits(struct stream_dedup *d, int64_t duration_s, uint64_t max_size);
/* For the loader: what was counted before. */
void stream_dedup_set_counts(struct stream_dedup *d, uint64_t added, uint64_t duplicates);
/* Drops what is older than the duration. */
void stream_dedup_expire(struct stream_dedup *d, int64_t now_ms);
/* What dropping them would leave, without doing it: producers and records. O(too old records). */
void stream_dedup_left(const struct stream_dedup *d, int64_t now_ms, uint64_t *producers,
                       uint64_t *records);
/* The same as dropping for the next few streams of such a list. */
void stream_dedup_expire_some(struct dlist_node *actives, int64_t now_ms, int streams);
/* The stream will be freed by another thread: it is no longer among them. */
void stream_dedup_leave(struct stream_dedup *d);
/* The next record in the order of time (r NULL: the oldest); NULL: no more. */
const struct stream_dedup_record *stream_dedup_next(const struct stream_dedup *d,
                                                    const struct stream_dedup_record *r);
void stream_dedup_copy(struct stream_dedup *to, const struct stream_dedup *from);

#endif
