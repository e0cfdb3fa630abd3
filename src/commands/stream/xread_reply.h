/* The reply of XREAD and XREADGROUP: entries, stream by stream, up to the limits of the call
 * (COUNT, MAXCOUNT, MAXSIZE). */
#ifndef COMMANDS_STREAM_XREAD_REPLY_H
#define COMMANDS_STREAM_XREAD_REPLY_H

#include "commands/stream/xread_args.h"
#include "type/stream/stream.h"

/* One call. */
struct xread {
    struct call *call;
    struct xread_args args;
    uint64_t entries; /* in the reply so far */
    int64_t now_ms;   /* the clock of the group being served */
    uint64_t start;   /* output position where the reply begins */
    uint64_t outside; /* bytes in outer chains, which will precede the present one */
    struct buf acked; /* IDs of one stream that were delivered with NOACK and are to be deleted */
    bool held_back;   /* the reader's own cap stopped it: other readers may find something */
    bool stands_by;   /* in the last group another consumer has the seat (broker_seat.h) */
};

enum xread_from { XREAD_AFTER, XREAD_NEW, XREAD_LAST, XREAD_NEWEST }; /* an ID, ">", "$", "+" */

/* One stream of the call. */
struct xread_source {
    struct bytes key;
    const struct stream *stream;    /* NULL: absent */
    struct stream *own;             /* the same, writable; NULL: XREAD */
    struct stream_group *group;     /* NULL: XREAD */
    struct stream_consumer *reader; /* of the group */
    enum xread_from from;
    struct stream_id after; /* entries above this one */
};

/* How many entries the next stream may contribute; 0: none. */
uint64_t xread_reply_room(const struct xread *x);
/* MAXSIZE is reached; the first entry always fits. */
bool xread_reply_is_full(const struct xread *x);

/* Between begin and end the output goes beside the reply, until it is known what must precede it.
 */
struct xread_aside {
    struct chain chain, *out;
    bool counts; /* the number of entries is written at the end */
};
void xread_reply_begin_aside(struct xread *x, struct xread_aside *a);
/* Returns to the reply; the caller moves or frees what was written aside. */
void xread_reply_end_aside(struct xread *x, struct xread_aside *a);
/* Begins an array of n entries, or fewer if MAXSIZE cuts it short; UINT64_MAX: unknown. */
void xread_reply_begin_entries(struct xread *x, struct xread_aside *a, uint64_t n);
void xread_reply_end_entries(struct xread *x, struct xread_aside *a, uint64_t n);

/* All streams, as a map in RESP3. */
void xread_reply_streams(struct reply *r, size_t n);
void xread_reply_key(struct reply *r, struct bytes key);
/* An entry with how long it has been pending and how often it was delivered. */
void xread_reply_claimed(const struct call *call, struct stream_entry *e, int64_t idle_ms,
                         uint64_t count);

#endif
