/* The usage line of a command: its arguments in one short string, from which COMMAND DOCS and hints
 * are derived.
 *
 *   name:type        an argument; types: key string int double pattern unix-time
 *   WORD             a literal word; 'x' the same for punctuation
 *   [ ... ]          optional          < a | b >   one of several
 *   ( ... )          a group           ...         after something: one or more times */
#ifndef COMMAND_USAGE_H
#define COMMAND_USAGE_H

#include "base/bytes.h"

enum usage_kind { USAGE_ARGUMENT, USAGE_TOKEN, USAGE_ONE_OF, USAGE_BLOCK };

struct usage {
    enum usage_kind kind;
    struct bytes name;  /* of an argument */
    struct bytes type;  /* of an argument */
    struct bytes token; /* the literal word, or the one before an argument */
    bool optional, multiple;
    struct usage *parts; /* of a choice or a block */
    int n;
};

/* Parses text into the parts of a block; never NULL. The caller frees it by usage_free(); text must
 * outlive it. */
struct usage *usage_parse(const char *text);
void usage_free(struct usage *u);

#endif
