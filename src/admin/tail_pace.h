/* How much of what happens a tail tells, and its lines. */
#ifndef ADMIN_TAIL_PACE_H
#define ADMIN_TAIL_PACE_H

#include "admin/exchange_state.h"

#define TAIL_LINE (64 << 10) /* bytes of a line */

struct tail_pace {
    int64_t filled_ms; /* of `left` */
    double left;       /* events that may be told now */
    uint64_t skipped, told;
    bool jumped;
    int64_t told_ms; /* when the line about that was written */
    int64_t said_ms; /* when any line was */
};

void tail_pace_begin(struct tail_pace *t, int64_t now_ms);
/* An event: whether it is told. If so it counts, else it is skipped. room: bytes that may be added.
 */
bool tail_pace_admits(struct tail_pace *t, size_t room, int64_t now_ms);
/* What there is to say besides events, now and then. */
void tail_pace_say(struct tail_pace *t, struct buf *out, size_t room, int64_t now_ms);

#endif
