/* When a key or field expires, as commands take it: a TTL or a point in time, in seconds or
 * milliseconds. */
#ifndef COMMANDS_EXPIRY_ARG_H
#define COMMANDS_EXPIRY_ARG_H

#include "engine/call.h"

struct expiry_arg {
    bool seconds;  /* the unit, else milliseconds */
    bool absolute; /* since 1970, else from now */
    int argument;  /* which argument holds the number */
    int64_t at_ms; /* the result: since 1970 */
};

/* EX, PX, EXAT, PXAT set `seconds` and `absolute`; false: another word. */
bool expiry_arg_word(struct bytes word, struct expiry_arg *x);
/* Reads the number, which must be positive, into at_ms; false after the error reply. */
bool expiry_arg_parse(struct call *call, struct expiry_arg *x);
/* As expiry_arg_parse(), but any number that does not overflow will do. */
bool expiry_arg_parse_any(struct call *call, struct expiry_arg *x);
/* The error for a number that is out of range; returns false. */
bool expiry_arg_refuse(const struct call *call);

#endif
