/* Writes JSON into a buffer, up to a limit. Adds commas and colons; the caller pairs begin and end
 * and names each member of an object. Cost: a copy. */
#ifndef BASE_JSON_WRITE_H
#define BASE_JSON_WRITE_H

#include "base/buf.h"

#define JSON_WRITE_DEPTH 64 /* nested arrays and objects */

/* Made by json_write_begin(); needs no cleanup. */
struct json_write {
    struct buf *out; /* borrowed */
    size_t most;     /* the limit of out->n */
    bool failed;     /* the limit of size or depth was exceeded: out is truncated */
    bool after_name;
    unsigned depth;
    uint64_t begun; /* bit d: the container at depth d is not empty */
    uint64_t is_object;
};

/* Adds at most `most` bytes to out. */
struct json_write json_write_begin(struct buf *out, size_t most);
/* The state at some point of writing, to return to when what follows turns out not to fit. */
struct json_write_mark {
    struct json_write state;
    size_t n;
};

static inline struct json_write_mark json_write_mark(const struct json_write *w)
{
    return (struct json_write_mark){*w, w->out->n};
}
/* Drops everything written since, also a failure. The buffer must not have been emptied meanwhile.
 */
static inline void json_write_rewind(struct json_write *w, const struct json_write_mark *m)
{
    *w = m->state;
    w->out->n = m->n;
}

/* Whether exactly one complete value was written. */
bool json_write_is_whole(const struct json_write *w);

void json_write_object(struct json_write *w);
void json_write_object_end(struct json_write *w);
void json_write_array(struct json_write *w);
void json_write_array_end(struct json_write *w);
/* The name of the member whose value comes next. Invalid UTF-8 becomes U+FFFD. */
void json_write_name(struct json_write *w, struct bytes name);

void json_write_null(struct json_write *w);
void json_write_bool(struct json_write *w, bool v);
/* A number, or a string if its magnitude exceeds 2^53, for readers that use doubles. */
void json_write_int(struct json_write *w, int64_t v);
void json_write_uint(struct json_write *w, uint64_t v);
/* Infinities and NaN become null. */
void json_write_double(struct json_write *w, double v);
/* UTF-8 text. */
void json_write_text(struct json_write *w, const char *text);
/* Writes bytes as a JSON string if they are UTF-8, else as {"base64": "..."}. Above 256 bytes, text
 * of which more than an eighth are control characters is written as Base64 too, since each of them
 * would be escaped as six bytes. So the output is at most 2.5 times as long as x; up to 256 bytes,
 * six times. */
void json_write_bytes(struct json_write *w, struct bytes x);
/* The same for at most `most` bytes of it (a few less if a character would be split); if that is
 * not all: {"text" or "base64": "...", "bytes": its length, "cut": true}. */
void json_write_cut(struct json_write *w, struct bytes x, size_t most);
/* The same if only the front is available: at least most + 3 of `all` bytes, or all of them. */
void json_write_cut_front(struct json_write *w, struct bytes front, uint64_t all, size_t most);
/* A value in JSON. */
void json_write_raw(struct json_write *w, struct bytes json);

#endif
