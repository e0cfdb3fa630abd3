/* Replies: the same calls give RESP2 or RESP3. Writes into a chain; knows no client, no socket.
 * Cost of a small reply: a bump of a pointer and a memcpy. */
#ifndef PROTO_REPLY_H
#define PROTO_REPLY_H

#include "base/buf.h"
#include "base/err.h"
#include "base/num.h"
#include "ds/chain.h"

struct reply {
    struct chain *out;
    int resp;               /* 2 or 3 */
    unsigned errors;        /* error replies so far */
    char error_code[24];    /* first word of the latest error */
    struct chain *held;     /* the real output while an aggregate of unknown length is made */
    struct buf *error_text; /* keeps the latest error as well; NULL: nobody asks for it */
};

void reply_ok(struct reply *r);
/* text without CR and LF. */
void reply_simple(struct reply *r, const char *text);
void reply_error(struct reply *r, enum err e);
/* Begins with its code word, as "ERR ..."; CR and LF become spaces. */
void reply_error_bytes(struct reply *r, struct bytes text);
void reply_errorf(struct reply *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
void reply_int(struct reply *r, long long v);
void reply_bulk(struct reply *r, struct bytes x);
void reply_bulk_text(struct reply *r, const char *text);
void reply_bulk_int(struct reply *r, long long v);
/* By reference when it is long; takes a reference of its own. */
void reply_bulk_str(struct reply *r, struct str *s);
void reply_null(struct reply *r);
void reply_null_array(struct reply *r);
void reply_array(struct reply *r, size_t n);
/* n pairs; a flat array of 2n in RESP2. */
void reply_map(struct reply *r, size_t n);
/* An array in RESP2. */
void reply_set(struct reply *r, size_t n);
/* Out-of-band in RESP3; an array in RESP2. */
void reply_push(struct reply *r, size_t n);
/* RESP3 only: n pairs in front of the next reply; nothing in RESP2. */
void reply_attribute(struct reply *r, size_t n);
void reply_double(struct reply *r, double v);
/* A double that is text already: in RESP2 a string. */
void reply_double_text(struct reply *r, struct bytes text);
void reply_bool(struct reply *r, bool v);
void reply_bignum(struct reply *r, struct bytes digits);
/* kind: three letters, "txt" or "mkd". A bulk string in RESP2. */
void reply_verbatim(struct reply *r, const char *kind, struct bytes text);
/* Bytes that already are a reply. */
void reply_raw(struct reply *r, struct bytes x);

/* An aggregate whose length is known only at its end: what is written between the two calls goes
 * aside and follows its header. Does not nest. kind: '*', '%' or '~' (n counts pairs for '%'). */
void reply_later_begin(struct reply *r, struct chain *aside);
void reply_later_end(struct reply *r, char kind, size_t n);

/* Nobody will see any more of it: whoever makes much of it may stop. */
static inline bool reply_is_lost(const struct reply *r)
{
    return r->out->lost;
}

/* The header of an aggregate or bulk string into to (at least 24 bytes); returns its length. */
static inline size_t reply_header(char *to, char kind, uint64_t n)
{
    to[0] = kind;
    size_t len = 1 + num_print_uint(to + 1, n);
    to[len] = '\r';
    to[len + 1] = '\n';
    return len + 2;
}

#endif
