/* Answers: bytes of RESP3 to values, for those who make something else of them. Takes the bytes in
 * pieces as they lie, copies none but of a line that two pieces share, and keeps nothing of what it
 * has told. Knows no client and no socket. Cost: linear, no recursion. */
#ifndef PROTO_ANSWER_H
#define PROTO_ANSWER_H

#include "base/buf.h"

#define ANSWER_DEPTH 64         /* values within one another */
#define ANSWER_LINE  (64 << 10) /* bytes of a simple string or an error */

enum answer_kind {
    ANSWER_NULL,
    ANSWER_BOOL,   /* number: 0 or 1 */
    ANSWER_INT,    /* number */
    ANSWER_DOUBLE, /* real, and text as it came */
    ANSWER_BIGNUM, /* text */
    ANSWER_SIMPLE, /* text */
    ANSWER_ERROR,  /* text, beginning with its code */
    ANSWER_STRING, /* n bytes, of which text is the first piece; also verbatim ones */
    ANSWER_PIECE,  /* text is the next piece of the string */
    ANSWER_ARRAY,  /* n values follow, and then ANSWER_CLOSE */
    ANSWER_SET,
    ANSWER_PUSH,
    ANSWER_MAP,       /* n pairs */
    ANSWER_ATTRIBUTE, /* n pairs; what it is of comes behind its end */
    ANSWER_CLOSE,     /* the end of the innermost of these */
};

struct answer_item {
    enum answer_kind kind;
    unsigned depth; /* of the value; of the reply itself: 0. CLOSE has that of what it closes */
    uint64_t n;
    long long number;
    double real;
    struct bytes text; /* valid until the next call, and as long as the pieces are */
};

enum answer_step {
    ANSWER_MORE,  /* all bytes are taken, the reply goes on */
    ANSWER_ITEM,  /* *item is the next thing */
    ANSWER_WHOLE, /* the reply has ended; bytes behind it stay */
    ANSWER_BAD,   /* this is no RESP3; nothing more can be told */
};

/* Zero-initialised: before a reply. */
struct answer {
    enum {
        ANSWER_AT_LINE,
        ANSWER_IN_STRING,
        ANSWER_AFTER_STRING, /* its line end is missing */
        ANSWER_BROKEN
    } state;
    bool begun; /* of the reply */
    unsigned depth;
    uint64_t left[ANSWER_DEPTH]; /* values still to come, at each level */
    uint64_t string_left;        /* bytes of the string still to come */
    unsigned skip;               /* of them: at its front, not told */
    struct buf line;             /* the front of one that the last piece held */
};

/* Takes from the front of *in what makes the next item. */
enum answer_step answer_next(struct answer *a, struct bytes *in, struct answer_item *item);
/* Bytes of a string that the item has not told yet: they come as ANSWER_PIECE. */
static inline uint64_t answer_string_left(const struct answer *a)
{
    return a->state == ANSWER_IN_STRING ? a->string_left : 0;
}
/* Before the next reply, or for good. */
void answer_reset(struct answer *a);

#endif
