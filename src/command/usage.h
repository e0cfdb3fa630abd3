/* The usage line of a command: its arguments in one short string, from which COMMAND DOCS and hints
 * derive.
 *
 *   name:type        an argument; types: key string int double pattern unix-time
 *   WORD             a word that is written as it is; 'x' the same for punctuation
 *   [ ... ]          optional          < a | b >   one of several
 *   ( ... )          a group           ...         behind something: once or more
 */
#ifndef COMMAND_USAGE_H
#define COMMAND_USAGE_H

#include "base/bytes.h"

enum usage_kind { USAGE_ARGUMENT, USAGE_TOKEN, USAGE_ONE_OF, USAGE_BLOCK };

struct usage {
    enum usage_kind kind;
    struct bytes name;  /* of an argument */
    struct bytes type;  /* of an argument */
    struct bytes token; /* the word itself, or the word in front of an argument */
    bool optional, multiple;
    struct usage *parts; /* of a choice or a block */
    int n;
};

/* The arguments as the parts of a block; never NULL. Belongs to the caller: usage_free(). text
 * outlives it. */
struct usage *usage_parse(const char *text);
void usage_free(struct usage *u);

#endif
