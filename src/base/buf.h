/* A growing byte buffer. Zero-initialised is empty and valid. Contents live until the next call
 * that grows it. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/bytes.h"

struct buf {
    char *p;
    size_t n;
    size_t cap;
};

/* Room for n more bytes behind the contents; returns where they go. */
char *buf_room(struct buf *b, size_t n);
/* The same for sizes that somebody else chooses; NULL: there is not so much memory. */
char *buf_try_room(struct buf *b, size_t n);
void buf_add(struct buf *b, struct bytes x);
void buf_add_text(struct buf *b, const char *text);
void buf_add_char(struct buf *b, char c);
void buf_add_int(struct buf *b, long long v);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Drops the first n bytes. */
void buf_consume(struct buf *b, size_t n);
void buf_free(struct buf *b);

static inline struct bytes buf_bytes(const struct buf *b)
{
    return (struct bytes){b->p, b->n};
}

#endif
