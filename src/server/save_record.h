/* The record of past snapshots, and whether a save point asks for another. Pure: the caller passes
 * time and changes. */
#ifndef SERVER_SAVE_RECORD_H
#define SERVER_SAVE_RECORD_H

#include "config/settings.h"

struct save_record {
    long long saved_dirty; /* store.dirty as of the last good snapshot */
    int64_t saved_ms;      /* when it ended, steady clock */
    int64_t saved_wall_ms; /* the same, wall clock */
    int64_t tried_ms;      /* when the last child started, steady clock */
    int64_t last_s;        /* duration of the last child; -1: none yet */
    uint64_t count;        /* successful children since save_record_reset_statistics() */
    size_t cow;            /* bytes that the last child did not share with its parent */
    bool ok;               /* the last snapshot succeeded */
};

/* A server that starts counts as saved. */
void save_record_begin(struct save_record *r, int64_t now_ms, int64_t wall_ms);
/* A snapshot with all changes up to `dirty` has succeeded. */
void save_record_saved(struct save_record *r, long long dirty, int64_t now_ms, int64_t wall_ms);
/* The index of a save point (settings.save_points) that is due, or -1. dirty: store.dirty now.
 * After a failure the next attempt is due 5 seconds after the last. */
int save_record_due(const struct save_record *r, const struct settings *c, long long dirty,
                    int64_t now_ms);
void save_record_reset_statistics(struct save_record *r);

#endif
