/* Writes JSON into a buffer, no more than it was allowed. Commas and colons come by themselves; the
 * caller keeps begin and end in pairs and gives each member of an object its name. Cost: a copy. */
#ifndef BASE_JSON_WRITE_H
#define BASE_JSON_WRITE_H

#include "base/buf.h"

#define JSON_WRITE_DEPTH 64 /* arrays and objects within one another */

/* Made by json_write_begin(); needs no end. */
struct json_write {
    struct buf *out; /* borrowed */
    size_t most;     /* out->n stays below */
    bool failed;     /* a limit of length or depth was reached: out is cut off */
    bool after_name;
    unsigned depth;
    uint64_t begun; /* bit d: the array or object of depth d has something in it */
    uint64_t is_object;
};

/* At most `most` bytes are added to out. */
struct json_write json_write_begin(struct buf *out, size_t most);
/* One text was written, all of it. */
bool json_write_is_whole(const struct json_write *w);

void json_write_object(struct json_write *w);
void json_write_object_end(struct json_write *w);
void json_write_array(struct json_write *w);
void json_write_array_end(struct json_write *w);
/* Of the member whose value comes next. What is no UTF-8 in it becomes U+FFFD. */
void json_write_name(struct json_write *w, struct bytes name);

void json_write_null(struct json_write *w);
void json_write_bool(struct json_write *w, bool v);
/* A number; beyond 2^53 in either direction a string, for readers who take numbers as doubles. */
void json_write_int(struct json_write *w, int64_t v);
void json_write_uint(struct json_write *w, uint64_t v);
/* What JSON has no number for (infinite, not a number) is null. */
void json_write_double(struct json_write *w, double v);
/* UTF-8 text. */
void json_write_text(struct json_write *w, const char *text);
/* A byte string: a string when it is UTF-8, else {"base64": "..."}. */
void json_write_bytes(struct json_write *w, struct bytes x);
/* The same of at most `most` bytes of it (a few less where a character would be split); when that
 * is not all: {"text" or "base64": "...", "bytes": its length, "cut": true}. */
void json_write_cut(struct json_write *w, struct bytes x, size_t most);
/* The same of bytes of which only the front is there: at least most + 3 of all, or all of them. */
void json_write_cut_front(struct json_write *w, struct bytes front, uint64_t all, size_t most);
/* A value that is JSON already. */
void json_write_raw(struct json_write *w, struct bytes json);

#endif
