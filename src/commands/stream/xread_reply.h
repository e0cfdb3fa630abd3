/* XREAD and XREADGROUP while they are answered: entries of one stream after the other, until the
 * limits of the call (COUNT, MAXCOUNT, MAXSIZE) are reached. */
#ifndef COMMANDS_STREAM_XREAD_REPLY_H
#define COMMANDS_STREAM_XREAD_REPLY_H

#include "commands/stream/xread_args.h"
#include "type/stream/stream.h"

/* One call. */
struct xread {
    struct call *call;
    struct xread_args args;
    uint64_t entries; /* in the reply so far */
    int64_t now_ms;   /* of the group that is served */
    uint64_t start;   /* output position where the reply begins */
    uint64_t outside; /* bytes of chains that the one being written to will be moved behind */
    struct buf acked; /* IDs of one stream that were given with NOACK and are to be deleted */
    bool held_back;   /* by a cap of its own: others may find something where it found nothing */
    bool stands_by;   /* the group read last serves somebody else (broker_seat.h) */
};

enum xread_from { XREAD_AFTER, XREAD_NEW, XREAD_LAST, XREAD_NEWEST }; /* an ID, ">", "$", "+" */

/* One stream of the call. */
struct xread_source {
    struct bytes key;
    const struct stream *stream;    /* NULL: absent */
    struct stream *own;             /* the same for change; NULL: XREAD */
    struct stream_group *group;     /* NULL: XREAD */
    struct stream_consumer *reader; /* of the group */
    enum xread_from from;
    struct stream_id after; /* entries above this one */
};

/* How many entries the stream that is next may give; 0: none. */
uint64_t xread_reply_room(const struct xread *x);
/* MAXSIZE is reached; the first entry always fits. */
bool xread_reply_is_full(const struct xread *x);

/* What is written between begin and end goes beside the reply, for what must stand before it. */
struct xread_aside {
    struct chain chain, *out;
    bool counts; /* how many entries there are is told when they are there */
};
void xread_reply_begin_aside(struct xread *x, struct xread_aside *a);
/* The reply goes on where it stood; what was written aside still has to be moved or freed. */
void xread_reply_end_aside(struct xread *x, struct xread_aside *a);
/* An array of entries. n: how many there will be, unless MAXSIZE cuts it short; UINT64_MAX: nobody
 * knows. */
void xread_reply_begin_entries(struct xread *x, struct xread_aside *a, uint64_t n);
void xread_reply_end_entries(struct xread *x, struct xread_aside *a, uint64_t n);

/* All streams, as a map in RESP3. */
void xread_reply_streams(struct reply *r, size_t n);
void xread_reply_key(struct reply *r, struct bytes key);
/* An entry with how long it has been pending and how often it was delivered. */
void xread_reply_claimed(const struct call *call, struct stream_entry *e, int64_t idle_ms,
                         uint64_t count);

#endif
