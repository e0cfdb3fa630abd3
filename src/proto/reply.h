/* Replies: the same calls produce RESP2 or RESP3. Writes into a chain; knows no client, no socket.
 * Cost of a small reply: a memcpy. */
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
    char error_code[24];    /* code of the latest error */
    struct chain *held;     /* the real output while an aggregate of unknown length is written */
    struct buf *error_text; /* receives a copy of the latest error; NULL: not wanted */
};

void reply_ok(struct reply *r);
/* text without CR and LF. */
void reply_simple(struct reply *r, const char *text);
void reply_error(struct reply *r, enum err e);
/* text begins with an error code, as "ERR ..."; CR and LF become spaces. */
void reply_error_bytes(struct reply *r, struct bytes text);
void reply_errorf(struct reply *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
void reply_int(struct reply *r, long long v);
void reply_bulk(struct reply *r, struct bytes x);
void reply_bulk_text(struct reply *r, const char *text);
void reply_bulk_int(struct reply *r, long long v);
/* Long strings are sent by reference; takes its own reference. */
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
/* RESP3: n pairs precede the next reply; nothing in RESP2. */
void reply_attribute(struct reply *r, size_t n);
void reply_double(struct reply *r, double v);
/* A double given as text; a string in RESP2. */
void reply_double_text(struct reply *r, struct bytes text);
void reply_bool(struct reply *r, bool v);
void reply_bignum(struct reply *r, struct bytes digits);
/* kind: three letters, "txt" or "mkd". A bulk string in RESP2. */
void reply_verbatim(struct reply *r, const char *kind, struct bytes text);
/* A complete reply. */
void reply_raw(struct reply *r, struct bytes x);

/* An aggregate whose length is known only at its end: output between the two calls goes to `aside`,
 * and is appended after the header. Does not nest. kind: '*', '%' or '~' (n counts pairs for '%').
 */
void reply_later_begin(struct reply *r, struct chain *aside);
void reply_later_end(struct reply *r, char kind, size_t n);

/* The output is being dropped, so long replies may be aborted. */
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
