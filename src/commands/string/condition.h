/* Conditions on what a string is now: IFEQ, IFNE (its bytes), IFDEQ, IFDNE (their digest). */
#ifndef COMMANDS_STRING_CONDITION_H
#define COMMANDS_STRING_CONDITION_H

#include "engine/call.h"

#define CONDITION_DIGEST 16 /* hexadecimal digits */

struct condition {
    bool given;
    bool equal;     /* must be the same, else must differ */
    bool by_digest; /* what is compared */
    struct bytes operand;
};

/* IFEQ, IFNE, IFDEQ, IFDNE; false: another word. The operand is still to be set. */
bool condition_word(struct bytes word, struct condition *c);
/* Whether the operand can be one; false after the error reply. */
bool condition_check(const struct call *call, const struct condition *c);
/* e is a string, or NULL: absent, which equals nothing. */
bool condition_holds(const struct condition *c, const struct entry *e);
/* XXH3-64 of bytes in hexadecimal digits. */
void condition_digest(struct bytes x, char out[CONDITION_DIGEST]);

#endif
