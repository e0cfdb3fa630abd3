/* Parses requests into arguments without copying. Two parsers of one grammar: request_quick() for a
 * complete, ordinary request in the buffer, and the incremental one for everything else (inline,
 * partial, large, malformed). Knows no socket and no command. */
#ifndef PROTO_REQUEST_H
#define PROTO_REQUEST_H

#include "base/bytes.h"
#include "base/str.h"

#include <stdint.h>

/* Arguments of at least this size are collected in strings of their own. */
#define REQUEST_BIG 32768

struct request_limits {
    long long bulk;     /* longest argument */
    long long args;     /* most arguments */
    long long inline_;  /* longest inline line */
    bool authenticated; /* affects the error texts */
};

enum request_state {
    REQUEST_MORE,  /* the request is incomplete */
    REQUEST_READY, /* argv is valid until the buffer changes or request_reset() */
    REQUEST_BAD,   /* `error` has the text; the connection must be closed */
};

struct request {
    struct bytes *argv;
    int argc, cap;
    long long left;  /* arguments yet to come; -1: head not read */
    long long bulk;  /* length of the argument being read; -1: its head not read */
    size_t at;       /* bytes of the buffer already parsed */
    struct str *big; /* the long argument being collected */
    size_t big_got;
    size_t owned_n;     /* bytes of the completed long arguments */
    struct str **owned; /* owned[i]: the string of argument i, or NULL; length cap */
    char *text;         /* unescaped inline arguments */
    bool verbatim;      /* the request's bytes are the canonical form of argv */
    char error[128];
};

/* Parses one complete request from p..end into argv (max places). Returns its length in bytes, or
 * 0: use the other parser. Does not accept arguments over REQUEST_BIG; other limits are checked by
 * the caller. */
size_t request_quick(const char *p, const char *end, struct bytes *argv, int max, int *argc);

void request_init(struct request *q);
/* Ready for the next request; keeps the allocation. */
void request_reset(struct request *q);
void request_free(struct request *q);

/* Continues at q->at of the n bytes at base. Long arguments (q->big) are not in the buffer. */
enum request_state request_parse(struct request *q, const char *base, size_t n,
                                 const struct request_limits *limits);
/* Adjusts the pointers after the buffer has moved. */
void request_rebase(struct request *q, const char *old_base, const char *new_base);
/* Where to read the missing bytes of a long argument, without the buffer, and how many fit; NULL:
 * no such argument is being collected. Followed by request_got() with the number of bytes read. */
char *request_place(struct request *q, size_t *room);
void request_got(struct request *q, size_t n);
/* Bytes allocated by an incomplete request outside of the buffer. */
size_t request_memory(const struct request *q);
/* Those of them that have been received. */
size_t request_gathered(const struct request *q);

#endif
