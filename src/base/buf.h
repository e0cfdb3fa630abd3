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

/* Makes room for n more bytes after the contents; returns its address. */
char *buf_room(struct buf *b, size_t n);
/* The same for sizes chosen by clients; NULL: out of memory. */
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
