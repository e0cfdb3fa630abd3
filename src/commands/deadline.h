/* Deadlines as commands take them: a span or a moment, in seconds or milliseconds. */
#ifndef COMMANDS_DEADLINE_H
#define COMMANDS_DEADLINE_H

#include "engine/call.h"

struct deadline {
    bool seconds;  /* the unit, else milliseconds */
    bool absolute; /* since 1970, else from now */
    int argument;  /* which argument holds the number */
    int64_t at_ms; /* the result */
};

/* EX, PX, EXAT, PXAT; false: another word. */
bool deadline_word(struct bytes word, struct deadline *d);
/* Reads the number, which must be positive; false after the error reply. */
bool deadline_parse(struct call *call, struct deadline *d);
/* As deadline_parse(), but any number that does not overflow is good. */
bool deadline_parse_any(struct call *call, struct deadline *d);

/* How long a blocking command waits: seconds, with a fraction; *deadline_ms (by the steady clock) 0
 * stands for ever. False after the error reply. */
bool deadline_timeout(const struct call *call, int i, int64_t *deadline_ms);

#endif
