/* What a listening socket does when there is no descriptor, or no memory, for another connection:
 * the loop would tell of the waiting ones again and again, so it is not asked for a moment. */
#ifndef SERVER_SHORTAGE_H
#define SERVER_SHORTAGE_H

#include <stdbool.h>
#include <stdint.h>

/* Of one kind of listeners. Zero-initialised: none so far. */
struct shortage {
    int64_t said_ms; /* when the log was told, by the steady clock; 0: never */
    uint64_t unsaid; /* how often it was not told since */
    bool rests;      /* some listener rests: the next tick ends that */
};

/* Whether accept() has failed with this errno for want of something that may come back. */
bool shortage_is(int error);
/* It has: tells the log, once a minute. what: "client" connections, "console" ones. */
void shortage_met(struct shortage *s, int error, const char *what, int64_t steady_ms);

#endif
