/* Requests: bytes to arguments, without copying them. Two parsers of one grammar: request_quick()
 * for a whole, ordinary request in the buffer, and the incremental one for everything else (inline,
 * partial, large, malformed). Knows no socket and no command. */
#ifndef PROTO_REQUEST_H
#define PROTO_REQUEST_H

#include "base/bytes.h"
#include "base/str.h"

#include <stdint.h>

/* An argument of at least so many bytes is gathered in a string of its own. */
#define REQUEST_BIG 32768

struct request_limits {
    long long bulk;     /* longest argument */
    long long args;     /* most arguments */
    long long inline_;  /* longest inline line */
    bool authenticated; /* chooses the error texts */
};

enum request_state {
    REQUEST_MORE,  /* the bytes end before the request does */
    REQUEST_READY, /* argv is valid until the buffer changes or request_reset() */
    REQUEST_BAD,   /* error holds the text; the connection is to be closed */
};

struct request {
    struct bytes *argv;
    int argc, cap;
    long long left;  /* arguments still to come; -1: head not read */
    long long bulk;  /* length of the argument being read; -1: its head not read */
    size_t at;       /* bytes of the buffer already understood */
    struct str *big; /* the long argument being gathered */
    size_t big_got;
    size_t owned_n;     /* bytes of the long arguments gathered before */
    struct str **owned; /* strings behind arguments: owned[i] or NULL; length cap */
    char *text;         /* unescaped inline arguments */
    bool verbatim;      /* the request's bytes are the canonical form of argv */
    char error[128];
};

/* Parses one complete request from p..end into argv (max places). Returns its length in bytes, or
 * 0: ask the other parser. Limits on length are the caller's: nothing over REQUEST_BIG is accepted.
 */
size_t request_quick(const char *p, const char *end, struct bytes *argv, int max, int *argc);

void request_init(struct request *q);
/* Ready for the next request; keeps the allocation. */
void request_reset(struct request *q);
void request_free(struct request *q);

/* Continues at q->at of the n bytes at base. Arguments gathered in q->big are not in the buffer. */
enum request_state request_parse(struct request *q, const char *base, size_t n,
                                 const struct request_limits *limits);
/* The buffer moved; pointers into it follow. */
void request_rebase(struct request *q, const char *old_base, const char *new_base);
/* Where the missing bytes of a long argument go, so that they can be read there at once: returns
 * the place and sets room; NULL when none is being gathered. request_got() says how many came. */
char *request_place(struct request *q, size_t *room);
void request_got(struct request *q, size_t n);
/* Bytes that a request not yet complete holds outside the buffer. */
size_t request_memory(const struct request *q);
/* Those of them that have come. */
size_t request_gathered(const struct request *q);

#endif
