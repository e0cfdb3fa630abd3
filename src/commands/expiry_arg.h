/* Expiry of a key or field as an argument: a TTL or a point in time, in seconds or milliseconds. */
#ifndef COMMANDS_EXPIRY_ARG_H
#define COMMANDS_EXPIRY_ARG_H

#include "engine/call.h"

struct expiry_arg {
    bool seconds;  /* the unit, else milliseconds */
    bool absolute; /* since 1970, else from now */
    int argument;  /* index of the argument with the number */
    int64_t at_ms; /* the result: since 1970 */
};

/* EX, PX, EXAT, PXAT set `seconds` and `absolute`; false: another word. */
bool expiry_arg_word(struct bytes word, struct expiry_arg *x);
/* Reads the number, which must be positive, into at_ms; false after the error reply. */
bool expiry_arg_parse(struct call *call, struct expiry_arg *x);
/* As expiry_arg_parse(), but accepts any number that does not overflow. */
bool expiry_arg_parse_any(struct call *call, struct expiry_arg *x);
/* The error reply for a number out of range; returns false. */
bool expiry_arg_refuse(const struct call *call);

#endif
