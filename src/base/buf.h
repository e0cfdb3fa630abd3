/* A growing byte buffer. Zero-initialised is empty and valid. A call that grows it may move the
 * contents. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/bytes.h"

struct buf {
    char *p;
    size_t n;
    size_t cap;
};

/* The slow path of buf_room(). */
char *buf_grow(struct buf *b, size_t n);
/* Makes room for n more bytes after the contents; returns its address. */
static inline char *buf_room(struct buf *b, size_t n)
{
    return b->cap - b->n < n ? buf_grow(b, n) : b->p + b->n;
}
/* The same for sizes chosen by clients; NULL: out of memory. */
char *buf_try_room(struct buf *b, size_t n);
static inline void buf_add(struct buf *b, struct bytes x)
{
    if (x.n)
        memcpy(buf_room(b, x.n), x.p, x.n);
    b->n += x.n;
}
void buf_add_text(struct buf *b, const char *text);
static inline void buf_add_char(struct buf *b, char c)
{
    *buf_room(b, 1) = c;
    b->n++;
}
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
