/* An incremental parser of RESP3 replies, for converting them to other formats. Takes the bytes in
 * pieces, copies only lines that span pieces, and stores nothing of what it has returned. Knows no
 * client and no socket. Cost: linear, no recursion. */
#ifndef PROTO_ANSWER_H
#define PROTO_ANSWER_H

#include "base/buf.h"

#define ANSWER_DEPTH 64         /* nested values */
#define ANSWER_LINE  (64 << 10) /* bytes of a simple string or an error */

enum answer_kind {
    ANSWER_NULL,
    ANSWER_BOOL,   /* number: 0 or 1 */
    ANSWER_INT,    /* number */
    ANSWER_DOUBLE, /* real, and text as received */
    ANSWER_BIGNUM, /* text */
    ANSWER_SIMPLE, /* text */
    ANSWER_ERROR,  /* text, beginning with its code */
    ANSWER_STRING, /* n bytes, of which text is the first piece; verbatim strings too */
    ANSWER_PIECE,  /* text is the next piece of the string */
    ANSWER_ARRAY,  /* n values follow, then ANSWER_CLOSE */
    ANSWER_SET,
    ANSWER_PUSH,
    ANSWER_MAP,       /* n pairs */
    ANSWER_ATTRIBUTE, /* n pairs; the value that it belongs to follows */
    ANSWER_CLOSE,     /* the end of the innermost of these */
};

struct answer_item {
    enum answer_kind kind;
    unsigned depth; /* of the value; 0: the reply itself. CLOSE: of what it closes */
    uint64_t n;
    long long number;
    double real;
    struct bytes text; /* valid until the next call, and as long as the input piece */
};

enum answer_step {
    ANSWER_MORE,  /* all bytes are consumed, the reply continues */
    ANSWER_ITEM,  /* *item is set */
    ANSWER_WHOLE, /* the reply has ended; bytes after it are not consumed */
    ANSWER_BAD,   /* not RESP3; parsing cannot continue */
};

/* Zero-initialised: expects a reply. */
struct answer {
    enum {
        ANSWER_AT_LINE,
        ANSWER_IN_STRING,
        ANSWER_AFTER_STRING, /* its line end is yet to come */
        ANSWER_BROKEN
    } state;
    bool begun; /* the reply has begun */
    unsigned depth;
    uint64_t left[ANSWER_DEPTH]; /* values yet to come, at each level */
    uint64_t string_left;        /* bytes of the string yet to come */
    unsigned skip;               /* of them, at its front: not reported */
    struct buf line;             /* the beginning of a line from the last piece */
};

/* Consumes the next item from the front of *in. */
enum answer_step answer_next(struct answer *a, struct bytes *in, struct answer_item *item);
/* Bytes of a string still to be returned as ANSWER_PIECE. */
static inline uint64_t answer_string_left(const struct answer *a)
{
    return a->state == ANSWER_IN_STRING ? a->string_left : 0;
}
/* To be called before the next reply, and at the end to free memory. */
void answer_reset(struct answer *a);

#endif
