/* HTTP/1.1: an incremental parser of requests, and the heads of responses. Strict, to prevent
 * request smuggling: anything ambiguous, which a proxy might read differently, is refused. Knows no
 * socket, no route and no clock.
 *
 * Memory of a request: HTTP_HEAD_MOST plus its body. Cost: linear. */
#ifndef PROTO_HTTP_H
#define PROTO_HTTP_H

#include "base/buf.h"

#define HTTP_HEAD_MOST    (8 << 10) /* bytes, including the empty line */
#define HTTP_HEADERS_MOST 64
#define HTTP_TARGET_MOST  (4 << 10)
#define HTTP_BODY_MOST    (1 << 20)
#define HTTP_PARTS_MOST   16 /* of a path */

enum http_method {
    HTTP_METHOD_GET,
    HTTP_METHOD_HEAD,
    HTTP_METHOD_POST,
    HTTP_METHOD_PUT,
    HTTP_METHOD_PATCH,
    HTTP_METHOD_DELETE,
    HTTP_METHOD_OPTIONS,
    HTTP_METHODS
};

struct http_header {
    struct bytes name, value; /* the value is trimmed */
};

enum http_step {
    HTTP_STEP_MORE,  /* all bytes are consumed, the request continues */
    HTTP_STEP_HEAD,  /* the head is complete: everything but the body is known. Returned once */
    HTTP_STEP_WHOLE, /* the body is complete too; bytes after it are not consumed */
    HTTP_STEP_BAD,   /* answer with `status`, then close the connection */
};

/* Zero-initialised: expects a request. Pointers are valid until http_reset(). */
struct http_request {
    enum { HTTP_IN_HEAD, HTTP_IN_BODY, HTTP_COMPLETE, HTTP_REFUSED } state;
    struct buf head, body;
    enum http_method method;
    bool is_old;           /* HTTP/1.0 */
    bool keeps_connection; /* the client may send more requests */
    struct bytes path;     /* of the target, percent-encoded; begins with a slash */
    struct bytes query;    /* after the question mark */
    struct http_header headers[HTTP_HEADERS_MOST];
    size_t header_n;
    size_t body_n;   /* length of the body, also before it is complete */
    unsigned status; /* of HTTP_STEP_BAD: 400, 413, 414, 417, 431, 501 or 505 */
    const char *why;
};

/* Consumes from the front of *in. */
enum http_step http_take(struct http_request *q, struct bytes *in);
/* To be called before the next request, and at the end; frees all memory. */
void http_reset(struct http_request *q);
/* No byte of a request has been received. */
static inline bool http_is_idle(const struct http_request *q)
{
    return q->state == HTTP_IN_HEAD && q->head.n == 0;
}

/* The value of this header; NULL: none, or more than one (*twice, unless NULL). */
const struct bytes *http_header(const struct http_request *q, const char *name, bool *twice);
/* "GET" */
const char *http_method_name(enum http_method m);

/* Splits a path at slashes into parts, still encoded; "/" has one empty part. Returns how many; 0:
 * more than HTTP_PARTS_MOST. */
size_t http_path_parts(struct bytes path, struct bytes parts[HTTP_PARTS_MOST]);
/* Consumes the next name=value from the front of *query, still encoded. False: none left. */
bool http_query_next(struct bytes *query, struct bytes *name, struct bytes *value);
/* Decodes %XX, and in queries + as blank. Writes *n bytes, at most from.n. False: a % without two
 * hexadecimal digits. */
bool http_decode(struct bytes from, bool is_query, char *to, size_t *n);

/* The head of a response. */
struct http_response {
    unsigned status;
    const char *type; /* Content-Type, or NULL */
    uint64_t length;  /* of the body */
    const char *more; /* more header lines, each with CR LF, or NULL */
    int64_t at_s;     /* the Date, in Unix time */
    bool has_length;  /* 204 and 304 have none */
    bool closes;      /* the connection is closed after it */
};
void http_write_head(struct buf *out, const struct http_response *r);
/* "Not Found" */
const char *http_status_text(unsigned status);

#endif
