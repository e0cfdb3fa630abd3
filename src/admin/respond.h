/* Answers of the console's port: heads with what every one has to say to a browser, and errors. */
#ifndef ADMIN_RESPOND_H
#define ADMIN_RESPOND_H

#include "ds/chain.h"
#include "proto/http.h"

struct respond {
    unsigned status;
    const char *type; /* Content-Type; NULL: no body */
    struct bytes body;
    struct str *file;     /* the body instead, as gzip; a reference is taken */
    const char *file_tag; /* SHA-256 of what it is: it is kept, and asked for again with that */
    bool omits_body;      /* the request was HEAD */
    bool closes;
    bool is_tls;
    const char *allow;      /* of 405: the methods that there are */
    unsigned retry_after_s; /* of 429 and 503; 0: not told */
    const char *tag;        /* ETag, without its quotes; NULL or empty: none */
    struct bytes command;   /* of an answer without a body: what was run; n 0: not told */
    bool is_open_ended;     /* no length is told: the body follows, in chunks or up to the end */
    bool is_chunked;
    int64_t at_s;
};

/* Adds head and body to out. */
void respond(struct chain *out, const struct respond *r);
/* {"error": {"code": ..., "text": ..., "command": ...}}; command: empty, or what was run. */
void respond_error_body(struct buf *out, const char *code, struct bytes text, struct bytes command);

#endif
