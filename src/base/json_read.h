/* Reads JSON that a stranger wrote (RFC 8259), strictly and within bounds: one value and nothing
 * behind it, UTF-8, no name twice in an object, no comments, no trailing commas. A string of bytes
 * is written {"base64": "..."} where it is not UTF-8, and read as a string.
 *
 * Cost: linear in the text; memory: the text once more, and 64 bytes a value. */
#ifndef BASE_JSON_READ_H
#define BASE_JSON_READ_H

#include "base/bytes.h"

#define JSON_READ_DEPTH   16
#define JSON_READ_MOST    (1 << 20) /* bytes of text */
#define JSON_READ_VALUES  16384
#define JSON_READ_MEMBERS 256 /* of one object */
#define JSON_READ_WHY     96

enum json_read_kind {
    JSON_READ_NULL,
    JSON_READ_FALSE,
    JSON_READ_TRUE,
    JSON_READ_NUMBER,
    JSON_READ_STRING,
    JSON_READ_ARRAY,
    JSON_READ_OBJECT,
};

/* A value. All of a text lie in one array, each before what it holds. */
struct json_read_value {
    enum json_read_kind kind;
    uint32_t n;         /* of an array or object: what it holds */
    uint32_t next;      /* where the value behind this one is, and behind all that it holds */
    uint64_t name_hash; /* of a member of an object */
    struct bytes name;
    struct bytes text; /* a string's bytes, which may hold NUL; a number as it was written */
};

/* Zero-initialised is empty and valid. */
struct json_read {
    struct json_read_value *values; /* the first is the whole */
    size_t n, cap;
    char *strings;           /* what names and texts point to */
    char why[JSON_READ_WHY]; /* what is wrong, and at which byte */
};

/* False: why is told. Keeps nothing of the text. To be freed in any case. */
bool json_read(struct json_read *r, struct bytes text);
void json_read_free(struct json_read *r);

/* NULL: there is no such member, or it is no object. */
const struct json_read_value *
json_read_member(const struct json_read *r, const struct json_read_value *object, const char *name);
/* The first value within an array or object, and the one behind it; NULL: there is none. */
const struct json_read_value *json_read_first(const struct json_read_value *holder);
const struct json_read_value *json_read_next(const struct json_read *r,
                                             const struct json_read_value *holder,
                                             const struct json_read_value *v);
/* An integer: a number without fraction and exponent, or a string of such digits. */
bool json_read_int(const struct json_read_value *v, long long *out);

#endif
