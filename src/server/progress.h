/* The progress of a forked child, in a page of memory that it shares with its parent. */
#ifndef SERVER_PROGRESS_H
#define SERVER_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress;

/* NULL when there is no memory: all functions below accept that and do nothing. */
struct progress *progress_new(void);
void progress_free(struct progress *p);

/* In the parent, before the fork. slow: the child sleeps after each key (rdb-key-save-delay). */
void progress_begin(struct progress *p, uint64_t keys_total, bool slow);
/* In the child, after each key: once a second also measures how much memory is no longer shared. */
void progress_key(struct progress *p, uint64_t keys);
/* In the child, before it exits. */
void progress_end(struct progress *p);

struct progress_state {
    uint64_t keys, keys_total;
    size_t cow, cow_peak; /* bytes that are no longer shared */
    int64_t age_ms;       /* of cow; 0: not measured yet */
};
void progress_read(const struct progress *p, struct progress_state *out);

#endif
