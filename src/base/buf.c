#include "base/buf.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/num.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

char *buf_grow(struct buf *b, size_t n)
{
    size_t cap = b->cap ? b->cap * 2 : 64;
    while (cap - b->n < n)
        cap *= 2;
    b->p = mem_realloc(b->p, cap);
    b->cap = cap;
    return b->p + b->n;
}

char *buf_try_room(struct buf *b, size_t n)
{
    if (n > SIZE_MAX - b->n)
        return NULL;
    if (b->cap - b->n < n) {
        char *p = mem_try_realloc(b->p, b->n + n);
        if (!p)
            return NULL;
        b->p = p;
        b->cap = b->n + n;
    }
    return b->p + b->n;
}

void buf_add_text(struct buf *b, const char *text)
{
    buf_add(b, bytes_text(text));
}

void buf_add_int(struct buf *b, long long v)
{
    b->n += num_print_int(buf_room(b, NUM_INT_MAX), v);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    if (n > 0) {
        char *to = buf_room(b, (size_t)n + 1);
        vsnprintf(to, (size_t)n + 1, format, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

void buf_consume(struct buf *b, size_t n)
{
    ASSERT(n <= b->n);
    b->n -= n;
    if (b->n)
        memmove(b->p, b->p + n, b->n);
}

void buf_free(struct buf *b)
{
    mem_free(b->p);
    *b = (struct buf){0};
}
