/* A binding as words, as XBIND ADD takes them behind the source: the kind and what belongs to it,
 * BY and the routing field, TO and the destination. */
#ifndef TYPE_STREAM_STREAM_BINDINGS_WORDS_H
#define TYPE_STREAM_STREAM_BINDINGS_WORDS_H

#include "base/num.h"
#include "type/stream/stream_bindings.h"

#define STREAM_BINDINGS_WORDS_MOST (3 + 2 * STREAM_BINDINGS_PAIRS_MOST + 4)

struct stream_bindings_words {
    struct bytes words[STREAM_BINDINGS_WORDS_MOST];
    int n;
    int args_n; /* of them, behind the first: what belongs to the kind */
    char number[NUM_INT_MAX];
};
/* All of it, the routing field also where it is the usual one. */
void stream_bindings_words_print(const struct stream_binding_rule *rule,
                                 struct stream_bindings_words *out);

enum stream_bindings_words_read {
    STREAM_BINDINGS_WORDS_GOOD,
    STREAM_BINDINGS_WORDS_BAD,     /* a word is missing, unknown, or one too many */
    STREAM_BINDINGS_WORDS_RANGE,   /* so many pairs HEADERS cannot have */
    STREAM_BINDINGS_WORDS_TOO_MANY /* words in the pattern of TOPIC; else good, and *out is set */
};
/* *out borrows from the words. */
enum stream_bindings_words_read stream_bindings_words_read(const struct bytes *words, int n,
                                                           struct stream_binding_rule *out);

#endif
