/* Conditions on a string's present value: IFEQ, IFNE (its bytes), IFDEQ, IFDNE (their digest). */
#ifndef COMMANDS_STRING_CONDITION_H
#define COMMANDS_STRING_CONDITION_H

#include "engine/call.h"

#define CONDITION_DIGEST 16 /* hexadecimal digits */

struct condition {
    bool given;
    bool equal;     /* must be equal, else must differ */
    bool by_digest; /* compare digests, else bytes */
    struct bytes operand;
};

/* IFEQ, IFNE, IFDEQ, IFDNE; false: another word. The caller sets the operand. */
bool condition_word(struct bytes word, struct condition *c);
/* Whether the operand is valid; false after the error reply. */
bool condition_check(const struct call *call, const struct condition *c);
/* e is a string, or NULL: absent, and equal to nothing. */
bool condition_holds(const struct condition *c, const struct entry *e);
/* XXH3-64 of the bytes, in hexadecimal. */
void condition_digest(struct bytes x, char out[CONDITION_DIGEST]);

#endif
