/* HTTP/1.1: bytes to requests, one after the other, and the heads of responses. Strict, so that no
 * proxy in front can see another request than we do: what has two readings is refused. Knows no
 * socket, no route and no clock.
 *
 * Memory of a request: HTTP_HEAD_MOST, and its body. Cost: linear. */
#ifndef PROTO_HTTP_H
#define PROTO_HTTP_H

#include "base/buf.h"

#define HTTP_HEAD_MOST    (8 << 10) /* bytes, with the empty line */
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
    struct bytes name, value; /* the value without blanks around it */
};

enum http_step {
    HTTP_STEP_MORE,  /* all bytes are taken, the request goes on */
    HTTP_STEP_HEAD,  /* the head is complete: everything but the body is known. Told once */
    HTTP_STEP_WHOLE, /* so is the body; bytes behind it stay */
    HTTP_STEP_BAD,   /* to be answered with `status`; the connection cannot be used any more */
};

/* Zero-initialised: before a request. What it points to lives until http_reset(). */
struct http_request {
    enum { HTTP_IN_HEAD, HTTP_IN_BODY, HTTP_COMPLETE, HTTP_REFUSED } state;
    struct buf head, body;
    enum http_method method;
    bool is_old;           /* HTTP/1.0 */
    bool keeps_connection; /* the client wants to send more requests on it */
    struct bytes path;     /* of the target, still encoded; begins with a slash */
    struct bytes query;    /* behind the question mark */
    struct http_header headers[HTTP_HEADERS_MOST];
    size_t header_n;
    size_t body_n;   /* bytes that the body has, or will have */
    unsigned status; /* of HTTP_STEP_BAD: 400, 413, 414, 417, 431, 501 or 505 */
    const char *why;
};

/* Takes from the front of *in. */
enum http_step http_take(struct http_request *q, struct bytes *in);
/* Before the next request, or for good; keeps no memory. */
void http_reset(struct http_request *q);
/* Nothing of a request has come. */
static inline bool http_is_idle(const struct http_request *q)
{
    return q->state == HTTP_IN_HEAD && q->head.n == 0;
}

/* The only header of this name; NULL: there is none, or more than one (*twice, unless NULL). */
const struct bytes *http_header(const struct http_request *q, const char *name, bool *twice);
/* "GET" */
const char *http_method_name(enum http_method m);

/* Cuts a path into its parts between slashes, still encoded; "/" has one, which is empty. Returns
 * how many; 0: more than HTTP_PARTS_MOST. */
size_t http_path_parts(struct bytes path, struct bytes parts[HTTP_PARTS_MOST]);
/* Takes the next name=value from the front of *query, still encoded. False: there is none. */
bool http_query_next(struct bytes *query, struct bytes *name, struct bytes *value);
/* %XX to bytes, in queries also + to a blank. Writes at most from.n bytes, *n of them. False: a %
 * without two hexadecimal digits. */
bool http_decode(struct bytes from, bool is_query, char *to, size_t *n);

/* The head of a response. */
struct http_response {
    unsigned status;
    const char *type; /* Content-Type, or NULL */
    uint64_t length;  /* of the body */
    const char *more; /* further lines, each with its CR LF, or NULL */
    int64_t at_s;     /* the Date, since 1970 */
    bool has_length;  /* 204 and 304 have none */
    bool closes;      /* the connection ends behind it */
};
void http_write_head(struct buf *out, const struct http_response *r);
/* "Not Found" */
const char *http_status_text(unsigned status);

#endif
