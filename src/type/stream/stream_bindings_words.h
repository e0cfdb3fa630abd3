/* A binding as words, as in XBIND ADD after the source: the kind and its arguments, BY and the
 * routing field, TO and the destination. */
#ifndef TYPE_STREAM_STREAM_BINDINGS_WORDS_H
#define TYPE_STREAM_STREAM_BINDINGS_WORDS_H

#include "base/num.h"
#include "type/stream/stream_bindings.h"

#define STREAM_BINDINGS_WORDS_MOST (3 + 2 * STREAM_BINDINGS_PAIRS_MOST + 4)

struct stream_bindings_words {
    struct bytes words[STREAM_BINDINGS_WORDS_MOST];
    int n;
    int args_n; /* of them, after the first: the kind's arguments */
    char number[NUM_INT_MAX];
};
/* Everything explicit, including the default routing field. */
void stream_bindings_words_print(const struct stream_binding_rule *rule,
                                 struct stream_bindings_words *out);

enum stream_bindings_words_read {
    STREAM_BINDINGS_WORDS_GOOD,
    STREAM_BINDINGS_WORDS_BAD,     /* a word is missing, unknown, or one too many */
    STREAM_BINDINGS_WORDS_RANGE,   /* HEADERS cannot have this many pairs */
    STREAM_BINDINGS_WORDS_TOO_MANY /* the TOPIC pattern has too many words; *out is set
                                      nevertheless */
};
/* *out borrows from the words. */
enum stream_bindings_words_read stream_bindings_words_read(const struct bytes *words, int n,
                                                           struct stream_binding_rule *out);

#endif
