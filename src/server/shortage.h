/* Handles accept() failing for lack of descriptors or memory: the event loop would report the
 * waiting connections again and again, so the listener rests until the next tick. */
#ifndef SERVER_SHORTAGE_H
#define SERVER_SHORTAGE_H

#include <stdbool.h>
#include <stdint.h>

/* One for each kind of listeners. Zero-initialised. */
struct shortage {
    int64_t said_ms; /* last log line, by the steady clock; 0: never */
    uint64_t unsaid; /* failures since then that were not logged */
    bool rests;      /* a listener rests until the next tick */
};

/* Whether accept() failed with this errno for a shortage that may end. */
bool shortage_is(int error);
/* Notes a failure, and logs it at most once a minute. what: "client" or "console" connections. */
void shortage_met(struct shortage *s, int error, const char *what, int64_t steady_ms);

#endif
