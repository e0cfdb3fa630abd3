/* Limits as words, as XCFGSET takes them: MAXLEN n, MAXBYTES n, MAXAGE ms, OVERFLOW DROP strategy,
 * OVERFLOW REJECT. */
#ifndef TYPE_STREAM_STREAM_LIMITS_WORDS_H
#define TYPE_STREAM_STREAM_LIMITS_WORDS_H

#include "base/bytes.h"
#include "base/num.h"
#include "type/stream/stream_limits.h"

#define STREAM_LIMITS_WORDS_MOST 9

/* All of them, explicitly. */
struct stream_limits_words {
    struct bytes words[STREAM_LIMITS_WORDS_MOST];
    int n;
    char text[3][NUM_INT_MAX];
};
void stream_limits_words_print(const struct stream_limits *l, struct stream_limits_words *out);

enum stream_limits_words_read {
    STREAM_LIMITS_WORDS_TAKEN,
    STREAM_LIMITS_WORDS_UNKNOWN, /* no such option, or its value is missing or unknown */
    STREAM_LIMITS_WORDS_RANGE,   /* its value is not a number, or below -1 */
    STREAM_LIMITS_WORDS_AGAIN    /* it was given already */
};
/* Reads the option at words[*i] with its values, and moves *i to the last of them. given: a set of
 * the options so far, 0 at first. name: the option's name for errors. */
enum stream_limits_words_read stream_limits_words_option(struct stream_limits *l,
                                                         const struct bytes *words, int n, int *i,
                                                         unsigned *given, const char **name);

#endif
