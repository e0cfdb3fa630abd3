/* The options of SET, which GETEX shares in part. */
#ifndef COMMANDS_STRING_SET_OPTIONS_H
#define COMMANDS_STRING_SET_OPTIONS_H

#include "commands/expiry_arg.h"
#include "commands/string/condition.h"

enum set_flag {
    SET_NX = 1 << 0,
    SET_XX = 1 << 1,
    SET_GET = 1 << 2,
    SET_KEEPTTL = 1 << 3,
    SET_PERSIST = 1 << 4,
    SET_DEADLINE = 1 << 5,
    SET_CONDITION = 1 << 6, /* IFEQ and related words */
};

struct set_options {
    unsigned flags;
    struct condition condition;
    struct expiry_arg deadline;
};

/* Parses the options from argument i on; `allowed`: SET_ flags of the command's options besides EX
 * and related words. The number of a TTL is left to expiry_arg_parse(). False after the error
 * reply. */
bool set_options_parse(struct call *call, int i, unsigned allowed, struct set_options *o);

#endif
