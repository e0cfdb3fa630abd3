/* How far a child has come, told to its parent in a page of memory that both have. */
#ifndef SERVER_PROGRESS_H
#define SERVER_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress;

/* NULL: there is no memory; everything below bears that and tells nothing. */
struct progress *progress_new(void);
void progress_free(struct progress *p);

/* In the parent, before the fork. slow: there is a wait after each key. */
void progress_begin(struct progress *p, uint64_t keys_total, bool slow);
/* In the child: after each key; looks once a second at what of its memory is no longer shared. */
void progress_key(struct progress *p, uint64_t keys);
/* In the child: at its end. */
void progress_end(struct progress *p);

struct progress_state {
    uint64_t keys, keys_total;
    size_t cow, cow_peak; /* bytes that are no longer shared */
    int64_t age_ms;       /* of cow; 0: not measured yet */
};
void progress_read(const struct progress *p, struct progress_state *out);

#endif
