/* Answers that are sent while they are made, in chunks: scrapes, tails, long texts. The exchange is
 * EXCHANGE_STREAMING from flow_begin() to flow_end(). Nothing leaves that relies on what is not yet
 * as safe as promised. */
#ifndef ADMIN_FLOW_H
#define ADMIN_FLOW_H

#include "admin/exchange_state.h"

#define FLOW_ROOM  (256 << 10) /* bytes that wait to be sent before no more are made */
#define FLOW_LINES "application/x-ndjson"

/* The answer begins: its head, with 200 and this type. is_due: of one that rests, whether it may go
 * on; NULL: when there is room. */
bool flow_begin(struct exchange *x, const char *type, bool (*is_due)(struct exchange *x));
/* So many bytes may be added to x->body now. */
size_t flow_room(const struct exchange *x);
/* What is in x->body goes out, and the program is called again, at once or when it is due. */
void flow_go_on(struct exchange *x);
void flow_rest(struct exchange *x);
/* The same, and that was the last of it. */
void flow_end(struct exchange *x);
/* It cannot go on: of lines the last one tells the error, everything else is cut off, so that
 * nobody takes it for whole. */
void flow_break(struct exchange *x, const char *code, struct bytes why);

/* ---- For the exchange */

/* Whether there is something to do for a step. */
bool flow_is_due(struct exchange *x);
/* In front of a step: what was held goes out. False: there is nothing more to do now, or the answer
 * has ended. */
bool flow_may_step(struct exchange *x);

#endif
