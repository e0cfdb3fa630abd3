/* The journal's command for those fields of a request that something happened to. */
#ifndef COMMANDS_HASH_FIELD_EFFECT_H
#define COMMANDS_HASH_FIELD_EFFECT_H

#include "engine/call.h"

struct field_effect {
    struct bytes *argv;
    int head, n;       /* the words in front of the fields; all words */
    const char *since; /* the version of Redis that knows it; NULL: all do */
};

/* head: n words in front of the fields, of which there will be at most `most`. */
void field_effect_begin(struct field_effect *f, int most, const struct bytes *head, int n);
static inline void field_effect_add(struct field_effect *f, struct bytes field)
{
    f->argv[f->n++] = field;
}
/* Journals it if it names any field, and returns these. count: room (NUM_INT_MAX) for their number,
 * which takes the place of the last word in front; NULL: the command has no such word. */
struct db_fields field_effect_journal(struct call *call, struct field_effect *f, char *count);
/* The fields that field_effect_journal() returned are gone with it. */
void field_effect_end(struct field_effect *f);

#endif
