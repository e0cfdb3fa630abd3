/* The listpack format of Redis (https://github.com/antirez/listpack, as RDB files hold it): a run
 * of small strings and integers in one blob. Written and read for snapshots only. */
#ifndef PERSIST_LISTPACK_H
#define PERSIST_LISTPACK_H

#include "base/buf.h"

#include <stdint.h>

/* total bytes 4 | elements 2 | element ... | 0xff */
void listpack_begin(struct buf *b);
/* Strings that are canonical integers are written as such. */
void listpack_add(struct buf *b, struct bytes x);
void listpack_add_int(struct buf *b, int64_t v);
void listpack_end(struct buf *b);

struct listpack_reader {
    const unsigned char *p, *end;
};

/* False: not a listpack. Every later step checks bounds. */
bool listpack_open(struct listpack_reader *r, struct bytes blob);
/* The next element; scratch (24 bytes) takes an integer's text. False: at the end or damaged; *bad
 * says which. */
bool listpack_next(struct listpack_reader *r, char *scratch, struct bytes *out, bool *bad);
bool listpack_next_int(struct listpack_reader *r, int64_t *out);

#endif
