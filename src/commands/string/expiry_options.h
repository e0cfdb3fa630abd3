/* The TTL options of MSETEX and INCREX: EX and related words, KEEPTTL or PERSIST. */
#ifndef COMMANDS_STRING_EXPIRY_OPTIONS_H
#define COMMANDS_STRING_EXPIRY_OPTIONS_H

#include "commands/expiry_arg.h"

struct expiry_options {
    bool timed, keep, persist, only_without;
    struct expiry_arg at;
};

/* Parses one such option at argument *i, and moves *i to its last argument. False, without a reply:
 * another word, or a second option. */
bool expiry_options_word(const struct call *call, int *i, struct expiry_options *x);

#endif
