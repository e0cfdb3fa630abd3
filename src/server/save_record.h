/* What became of the snapshots so far, and whether the save points ask for another. Pure: the
 * caller hands in time and changes. */
#ifndef SERVER_SAVE_RECORD_H
#define SERVER_SAVE_RECORD_H

#include "config/settings.h"

struct save_record {
    long long saved_dirty; /* store.dirty that the last good one holds */
    int64_t saved_ms;      /* when it ended, by the steady clock */
    int64_t saved_wall_ms; /* the same by the wall clock */
    int64_t tried_ms;      /* when the last child was begun, by the steady clock */
    int64_t last_s;        /* how long the last child took; -1: there was none */
    uint64_t count;        /* good ones of children, since save_record_reset_statistics() */
    size_t cow;            /* bytes that the last child did not share with us */
    bool ok;               /* the last one was */
};

/* A server that starts counts as saved. */
void save_record_begin(struct save_record *r, int64_t now_ms, int64_t wall_ms);
/* A snapshot with all changes up to `dirty` is in place. */
void save_record_saved(struct save_record *r, long long dirty, int64_t now_ms, int64_t wall_ms);
/* The number of a save point (settings.save_points) that asks for a snapshot now; -1: none does.
 * dirty: store.dirty as it stands. After a failure the next attempt is made 5 seconds behind the
 * last. */
int save_record_due(const struct save_record *r, const struct settings *c, long long dirty,
                    int64_t now_ms);
void save_record_reset_statistics(struct save_record *r);

#endif
