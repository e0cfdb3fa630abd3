/* Builds an effect from the fields of a request that it applies to. */
#ifndef COMMANDS_HASH_FIELD_EFFECT_H
#define COMMANDS_HASH_FIELD_EFFECT_H

#include "engine/call.h"

struct field_effect {
    struct bytes *argv;
    int head, n;       /* words before the fields; all words */
    const char *since; /* the first version of Redis that has it; NULL: all */
};

/* head: the n words before the fields, of which at most `most` follow. */
void field_effect_begin(struct field_effect *f, int most, const struct bytes *head, int n);
static inline void field_effect_add(struct field_effect *f, struct bytes field)
{
    f->argv[f->n++] = field;
}
/* Journals the command if it has any field, and returns the fields. count: room (NUM_INT_MAX) for
 * their number, which replaces the last word of the head; NULL: the command has no count. */
struct db_fields field_effect_journal(struct call *call, struct field_effect *f, char *count);
/* Frees it, and with it the fields that field_effect_journal() returned. */
void field_effect_end(struct field_effect *f);

#endif
