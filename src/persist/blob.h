/* The formats in which Redis keeps a run of small elements in one blob, as RDB files hold them:
 * listpack (persist/listpack.h), and of older versions ziplist and zipmap. Reading only.
 *
 *   ziplist  total bytes 4 | offset of the last 4 | elements 2 | element ... | 0xff
 *   element  the size of the one before (1, or 254 and 4) | encoding | bytes
 *   zipmap   pairs 1 | (size | key | size | free 1 | value | free bytes) ... | 0xff
 *   size     1 byte, or 254 and 4
 *
 * Source: the description of the RDB format at https://rdb.fnordig.de/file_format.html. */
#ifndef PERSIST_BLOB_H
#define PERSIST_BLOB_H

#include "persist/listpack.h"

enum blob_kind { BLOB_LISTPACK, BLOB_ZIPLIST, BLOB_ZIPMAP };

struct blob_reader {
    enum blob_kind kind;
    struct listpack_reader in; /* the rest, for all kinds */
    bool is_value;             /* of a zipmap: the next element is a value */
};

/* False: not such a blob. Every later step checks bounds. */
bool blob_open(struct blob_reader *r, enum blob_kind kind, struct bytes blob);
/* The next element; scratch (24 bytes) takes an integer's text. False: at the end or damaged; *bad
 * says which. */
bool blob_next(struct blob_reader *r, char *scratch, struct bytes *out, bool *bad);
bool blob_next_int(struct blob_reader *r, int64_t *out);

#endif
