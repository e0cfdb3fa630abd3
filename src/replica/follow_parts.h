/* What follow.c (states and answers) and follow_io.c (the socket) share; nobody else includes it.
 */
#ifndef REPLICA_FOLLOW_PARTS_H
#define REPLICA_FOLLOW_PARTS_H

#include "base/buf.h"
#include "ds/chain.h"
#include "engine/timer.h"
#include "io/dial.h"
#include "replica/apply.h"
#include "replica/follow.h"
#include "replica/handshake.h"
#include "replica/receive.h"

struct follow {
    struct replication *r;
    char *host;
    int port;
    enum follow_state state;
    bool fetches; /* for a primary that is not confirmed: once, and the role stays */
    bool ended;   /* that has ended, well or not */
    bool knows;
    bool ready;   /* the socket may have something, or takes something */
    bool loads;   /* in TRANSFER: services.load() runs */
    bool by_sync; /* the primary knows no PSYNC: there are no offsets */
    bool was_up;  /* since the server became its replica */
    int db;       /* that the stream is in; -1: unknown */
    struct dial *dial;
    struct conn *conn;
    struct chain out;
    struct buf in;
    struct handshake handshake;
    struct receive *receive;
    struct apply *apply;
    bool ack_due;   /* the primary is to hear how far we are */
    bool ack_asked; /* it has asked: up to ack_offset */
    uint64_t ack_offset;
    int64_t try_ms, io_ms, down_ms, ticked_ms, acked_ms;
    int delay;
    struct timer timer;
    bool due;
};

static inline int64_t follow_now(const struct follow *f)
{
    return f->r->engine->steady_ms;
}

/* ---- follow.c */

void follow_set_state(struct follow *f, enum follow_state state);
/* The attempt has failed: the next one waits. */
void follow_fail(struct follow *f);
/* The connection is gone. */
void follow_lost(struct follow *f, const char *why);
/* What has come, in f->in. */
void follow_use_bytes(struct follow *f);
/* So many bytes of the stream stand where apply_place() said. */
bool follow_take_stream(struct follow *f, size_t n);

/* ---- follow_io.c */

/* The primary is not read while our file cannot take what it sends. */
bool follow_is_held(const struct follow *f);
void follow_dial(struct follow *f);
void follow_go_on_dialling(struct follow *f);
void follow_read_link(struct follow *f);
void follow_send_out(struct follow *f);

#endif
